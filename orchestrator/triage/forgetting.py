"""/forgetme: says what will go and what stays, and after a press of a button erases the person in one transaction.

What is left is a nameless row and the chat for the last word; `bot/leaving.py` removes both once it is delivered, with the
person's files.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import Action, Button, Card, IllegalTransition, Person, Role
from orchestrator.tasks import handover, manager, outgoing, people
from orchestrator.tasks.people import chat_of, owners
from orchestrator.triage.turn import Turn
from storage import belongings
from storage.audit import AuditKind
from storage.models import ApprovalRow, ButtonRow, CalendarEventRow, ChatRow, ExampleRow, MessageRow, ScheduleRow, TaskRow
from storage.signals import announce
from storage.vault import credentials as kept

ACTION = "forgetme"
YES, NO = "yes", "no"
LASTS = timedelta(minutes=10)
"""How long the buttons may be pressed: nobody erases themselves by an old card."""


def command(turn: Turn, rest: str) -> None:
    """Say what it means, with two buttons."""
    until = (turn.now + LASTS).isoformat()
    lines = [turn.words("forget-title"), *_what_goes(turn), turn.words("forget-stays")]
    if turn.person.role is Role.OWNER and len(owners(turn.connection)) == 1:
        lines.append(turn.words("forget-only-owner"))
    yes, no = (Button(turn.words(f"button-forget-{choice}"), Action(ACTION, until, choice)) for choice in (YES, NO))
    turn.reply(Card("\n".join([*lines, turn.words("forget-export-first")]), ((yes,), (no,))))


def pressed(turn: Turn, action: Action) -> str:
    """One of the two buttons."""
    if action.value != YES:
        turn.reply(turn.words("forget-kept"))
        return "press-taken"
    if turn.now > datetime.fromisoformat(action.subject):
        return "ask-expired"
    token = str(turn.payload.get("token", ""))
    card = turn.connection.execute(sa.select(ButtonRow.outgoing_id).where(ButtonRow.token == token)).scalar()
    leave(turn, str(card) if card else None)
    return "press-taken"


def leave(turn: Turn, card: str | None = None) -> None:
    """Stop what runs, tell those whom it concerns, erase, and owe the last word. `card` is the message that asked."""
    connection, person, words = turn.connection, turn.person, turn.services.words
    for chat_id in connection.execute(sa.select(ChatRow.id).where(ChatRow.person_id == person.id, ChatRow.handover.is_not(None))).scalars().all():
        handover.hand_back(connection, chat_id, words, turn.now)
    _stop_tasks(turn)
    _tell_the_business(turn)
    learned = connection.execute(sa.select(ExampleRow.id).where(ExampleRow.person_id == person.id).limit(1)).first()
    belongings.erase(connection, person.id, turn.chat.id, turn.now, frozenset({card} if card else ()))
    turn.services.runner.around.dispatcher.rules.note(connection, AuditKind.CONFIGURATION, "forgotten", person.id, None)
    envelope = outgoing.Envelope(turn.chat.id, person.id, turn.now)
    if card is not None:
        outgoing.revise(connection, envelope, card, Card(turn.words("forget-closed")))
    outgoing.post(connection, envelope, Card(turn.words("forget-done")))
    announce(connection, belongings.TOPIC, person.id)
    if learned is not None:
        announce(connection, "examples")


def _what_goes(turn: Turn) -> list[str]:
    counts = {
        "tasks": _count(turn, sa.select(sa.func.count()).select_from(TaskRow).where(TaskRow.person_id == turn.person.id, TaskRow.number.is_not(None))),
        "messages": _count(turn, sa.select(sa.func.count()).select_from(MessageRow).where(MessageRow.person_id == turn.person.id)),
        "schedules": _count(turn, sa.select(sa.func.count()).select_from(ScheduleRow).where(ScheduleRow.person_id == turn.person.id)),
        "bookings": len(_upcoming(turn)),
        "credentials": len(kept.all_of(turn.connection, turn.person.id)),
    }
    return [turn.words(f"forget-{name}", count=count) for name, count in counts.items() if count] + [turn.words("forget-rest")]


def _count(turn: Turn, query: sa.Select[int]) -> int:
    return int(turn.connection.execute(query).scalar_one())


def _stop_tasks(turn: Turn) -> None:
    """Theirs, by raising the epoch, so that a run under way loses its next write; and those of others that wait for their decision."""
    connection, now = turn.connection, turn.now
    mine = connection.execute(sa.select(TaskRow.id).where(TaskRow.person_id == turn.person.id, TaskRow.finished_at.is_(None))).scalars().all()
    waiting = sa.select(ApprovalRow.task_id).where(ApprovalRow.approver_id == turn.person.id, ApprovalRow.state == "pending").distinct()
    for task_id in dict.fromkeys([*mine, *connection.execute(waiting).scalars().all()]):
        task = manager.load(connection, task_id)
        if task is None:
            continue
        try:
            manager.cancel(connection, task, now)
        except IllegalTransition:
            continue  # a parent that was cancelled before took it along
        if task.person_id != turn.person.id and task.chat_id is not None:
            text = turn.services.words(task.language, "task-cancelled", {"number": task.number, "title": task.title})
            outgoing.post(connection, outgoing.Envelope(task.chat_id, task.person_id, now, task.id), Card(text))


def _upcoming(turn: Turn) -> list[sa.Row[tuple[str, datetime]]]:
    query = sa.select(CalendarEventRow.service, CalendarEventRow.start_at).where(CalendarEventRow.person_id == turn.person.id)
    return list(
        turn.connection.execute(query.where(CalendarEventRow.state == "booked", CalendarEventRow.start_at > turn.now).order_by(CalendarEventRow.start_at))
    )


def _tell_the_business(turn: Turn) -> None:
    """Owners learn which times are free again; not whose they were."""
    upcoming = _upcoming(turn)
    for owner in owners(turn.connection) if upcoming else ():
        chat_id = chat_of(turn.connection, owner.id)
        if owner.id == turn.person.id or chat_id is None:
            continue
        outgoing.post(turn.connection, outgoing.Envelope(chat_id, owner.id, turn.now), Card(_freed(turn, owner, upcoming)))


def _freed(turn: Turn, owner: Person, upcoming: list[sa.Row[tuple[str, datetime]]]) -> str:
    words, zone = turn.services.words, ZoneInfo(people.person_of(turn.connection, owner.id).effective_zone)
    lines = [words(owner.language, "forget-freed", {})]
    lines += [words(owner.language, "forget-freed-line", {"service": row.service, "when": row.start_at.astimezone(zone)}) for row in upcoming]
    return "\n".join(lines)
