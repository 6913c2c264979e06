"""What people are told unasked: a reminder, a finished or failed task, something that waits for them; with buttons that act.

Each notice is a row before anybody is told. It goes at once, or waits for the end of quiet hours or the digest
(`digests`); in the same transaction it is queued for the person's places outside the chat (`deliveries`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import Action, Button, Card, Person, Words
from orchestrator.tasks import deliveries, outgoing, preferences, schedules
from orchestrator.tasks.people import person_of
from orchestrator.tasks.preferences import ALERT as ALERT
from orchestrator.tasks.preferences import APPROVAL as APPROVAL
from orchestrator.tasks.preferences import AUTONOMOUS as AUTONOMOUS
from orchestrator.tasks.preferences import BUDGET as BUDGET
from orchestrator.tasks.preferences import CHAT, DISCORD, EMAIL, WEBHOOK, Preferences
from orchestrator.tasks.preferences import COMPLETED as COMPLETED
from orchestrator.tasks.preferences import CREDENTIAL as CREDENTIAL
from orchestrator.tasks.preferences import FAILED as FAILED
from orchestrator.tasks.preferences import HEALTH as HEALTH
from orchestrator.tasks.preferences import REMINDER as REMINDER
from storage.models import NotificationRow, new_id
from storage.signals import announce

DONE, SNOOZE, READ, READ_ALL = "done", "snooze", "read", "read_all"
SNOOZES = (600, 3600)
"""Seconds that the snooze buttons of a reminder offer."""
PRESENT = timedelta(minutes=30)
"""Who wrote in a chat this lately is there: what is said to them is an answer, and neither waits nor is kept as unread."""
ASKS = frozenset({APPROVAL, BUDGET})
OPENED = frozenset({COMPLETED, FAILED, CREDENTIAL, AUTONOMOUS, ALERT})
"""Kinds whose task can be opened by a button."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification says and belongs to. After `until` it is of no use; `urgent` passes quiet hours whatever its kind."""

    kind: str
    title: str
    text: str
    task_id: str | None = None
    schedule_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    outcome: Literal["success", "failure", "info"] = "info"
    until: datetime | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a notice beside a card: whether that card should make no sound."""

    id: str
    silent: bool


def notify(connection: sa.Connection, envelope: outgoing.Envelope, notice: Notice, words: Words, language: str) -> str:
    """Store a notification and tell it, now or when it may be told; returns its id.

    It is shown in the chat of the envelope; where that is empty or nobody reads along there, in the person's preferred one.
    """
    wishes = preferences.load(connection, person_of(connection, envelope.person_id))
    until = wishes.waits_until(notice.kind, envelope.now, useful_until=notice.until, urgent=notice.urgent)
    notification_id = _store(connection, envelope, notice, until)
    if until is None:
        card = Card(notice.text, buttons_of(connection, notification_id, notice.kind, notice.task_id, words, language))
        if wishes.wants(notice.kind, CHAT):
            for chat_id in preferences.chats_for(connection, wishes, envelope.chat_id):
                outgoing.post(connection, _to(envelope, chat_id), card)
    _forward(connection, wishes, notice, envelope.now, language, notification_id, waits=until is not None)
    return notification_id


def alongside(connection: sa.Connection, envelope: outgoing.Envelope, notice: Notice, words: Words, language: str) -> Standing:
    """The same for what a card in the envelope's chat shows anyway, a result or an ask: kept account of and told elsewhere.

    In quiet hours the card is there, without a sound, and the notice waits; to who is there in the chat it is an answer.
    """
    wishes = preferences.load(connection, person_of(connection, envelope.person_id))
    if preferences.is_present(connection, envelope.person_id, envelope.chat_id, envelope.now, PRESENT):
        notification_id = _store(connection, envelope, notice, None)
        _forward(connection, wishes, notice, envelope.now, language, notification_id, waits=False)
        mark(connection, notification_id, READ, envelope.now)
        return Standing(notification_id, silent=False)
    until = wishes.waits_until(notice.kind, envelope.now, useful_until=notice.until, urgent=notice.urgent)
    notification_id = _store(connection, envelope, notice, until)
    if until is None and wishes.wants(notice.kind, CHAT):
        card = Card(notice.text, buttons_of(connection, notification_id, notice.kind, notice.task_id, words, language))
        for chat_id in preferences.chats_for(connection, wishes, envelope.chat_id):
            if chat_id != envelope.chat_id:
                outgoing.post(connection, _to(envelope, chat_id), card)
    _forward(connection, wishes, notice, envelope.now, language, notification_id, waits=until is not None)
    return Standing(notification_id, silent=until is not None and wishes.is_quiet(envelope.now))


def _store(connection: sa.Connection, envelope: outgoing.Envelope, notice: Notice, waits_until: datetime | None) -> str:
    notification_id = new_id()
    data = notice.data | ({"until": notice.until.isoformat()} if notice.until is not None else {}) | ({"urgent": True} if notice.urgent else {})
    connection.execute(
        sa.insert(NotificationRow),
        {
            "id": notification_id, "person_id": envelope.person_id, "chat_id": envelope.chat_id or None, "task_id": notice.task_id,
            "schedule_id": notice.schedule_id, "kind": notice.kind, "title": notice.title, "text": notice.text, "outcome": notice.outcome,
            "data": data, "waits_until": waits_until, "told_at": None if waits_until else envelope.now, "created_at": envelope.now,
        },
    )  # fmt: skip
    if waits_until is not None:
        announce(connection, deliveries.TOPIC)
    return notification_id


def _forward(connection: sa.Connection, wishes: Preferences, notice: Notice, now: datetime, language: str, notification_id: str, *, waits: bool) -> None:
    """Machines are told at once; what people read waits with the rest."""
    number = deliveries.number_of(connection, notice.task_id)
    message = deliveries.Message(notice.kind, notice.title, notice.text, now, notice.outcome, number, language=language)
    deliveries.forward(connection, wishes, (WEBHOOK,) if waits else (WEBHOOK, DISCORD, EMAIL), message, now, notification_id)


def _to(envelope: outgoing.Envelope, chat_id: str) -> outgoing.Envelope:
    return outgoing.Envelope(chat_id, envelope.person_id, envelope.now, envelope.task_id, envelope.message_id)


def keep(connection: sa.Connection, person_id: str, chat_id: str | None, kind: str, title: str, text: str, now: datetime) -> str:
    """Keep account of what a card says that is posted in the same transaction; it goes nowhere else. Returns its id."""
    return _store(connection, outgoing.Envelope(chat_id or "", person_id, now), Notice(kind, title, text, outcome="failure"), None)


def was_told_of_ask(connection: sa.Connection, person_id: str, ask_id: str) -> bool:
    """Whether a person has a notification of this ask."""
    mine = (NotificationRow.person_id == person_id, NotificationRow.kind.in_(ASKS), NotificationRow.data["ask"].as_string() == ask_id)
    return connection.execute(sa.select(NotificationRow.id).where(*mine).limit(1)).first() is not None


# --- buttons ---


def buttons_of(connection: sa.Connection, notification_id: str, kind: str, task_id: str | None, words: Words, language: str) -> tuple[tuple[Button, ...], ...]:
    """What can be done about a notice of this kind."""
    if kind == REMINDER:
        return _reminder_buttons(notification_id, words, language)
    number = deliveries.number_of(connection, task_id) if kind in ASKS | OPENED else None
    if number is None:
        return ()
    retry = (Button(words(language, "button-retry", {}), Action("say", value=f"/retry {number}")),) if kind == FAILED else ()
    command = "/approvals" if kind in ASKS else f"/task {number}"
    return ((*retry, Button(words(language, "button-open", {}), Action("say", value=command))),)


def _reminder_buttons(notification_id: str, words: Words, language: str) -> tuple[tuple[Button, ...], ...]:
    def button(key: str, value: str) -> Button:
        return Button(words(language, key, {}), Action("notification", notification_id, value))

    return (
        (button("button-done", DONE), button("button-snooze-short", f"{SNOOZE}:600")),
        (button("button-snooze-hour", f"{SNOOZE}:3600"), button("button-snooze-day", f"{SNOOZE}:86400")),
    )


def read_all_button(words: Words, language: str) -> Button:
    return Button(words(language, "button-read-all", {}), Action("notification", "", READ_ALL))


def act(connection: sa.Connection, envelope: outgoing.Envelope, person: Person, notification_id: str, value: str, words: Words) -> str:
    """Perform a button of a notification; returns the catalogue key of the short answer."""
    if value == READ_ALL:
        mark_all_read(connection, person.id, envelope.now)
        return "press-all-read"
    row = find(connection, notification_id, person.id)
    if row is None:
        return "press-spent"
    if value == DONE:
        mark(connection, row.id, DONE, envelope.now)
        outgoing.post(connection, envelope, Card(words(person.language, "reminder-done", {"title": row.title})))
        return "press-taken"
    if value.startswith(SNOOZE):
        seconds = int(value.partition(":")[2] or SNOOZES[0])
        due = snooze(connection, row, person, envelope.now, seconds)
        text = words(person.language, "reminder-snoozed", {"title": row.title, "when": _clock(due, person)})
        outgoing.post(connection, envelope, Card(text))
        return "press-taken"
    mark(connection, row.id, READ, envelope.now)
    return "press-taken"


# --- the list ---


def find(connection: sa.Connection, notification_id: str, person_id: str) -> Any:
    query = sa.select(NotificationRow.__table__).where(NotificationRow.id == notification_id, NotificationRow.person_id == person_id)
    return connection.execute(query).first()


def latest_reminder(connection: sa.Connection, person_id: str) -> Any:
    """The reminder that last went off and is still open."""
    query = sa.select(NotificationRow.__table__).where(
        NotificationRow.person_id == person_id, NotificationRow.kind == REMINDER, NotificationRow.state == "open"
    )
    return connection.execute(query.order_by(NotificationRow.id.desc()).limit(1)).first()


def unread(connection: sa.Connection, person_id: str, limit: int = 10) -> list[Any]:
    """Newest first, those that still wait to be told among them."""
    return list(recent(connection, person_id, limit, unread_only=True))


def unread_count(connection: sa.Connection, person_id: str) -> int:
    query = sa.select(sa.func.count()).select_from(NotificationRow).where(NotificationRow.person_id == person_id, NotificationRow.read_at.is_(None))
    return int(connection.execute(query).scalar_one())


def recent(connection: sa.Connection, person_id: str, limit: int = 10, *, unread_only: bool = False, before: str | None = None) -> Sequence[Any]:
    """A person's notifications, newest first; `before` is the id that the last page ended with."""
    query = sa.select(NotificationRow.__table__).where(NotificationRow.person_id == person_id)
    if unread_only:
        query = query.where(NotificationRow.read_at.is_(None))
    if before is not None:
        query = query.where(NotificationRow.id < before)
    return connection.execute(query.order_by(NotificationRow.id.desc()).limit(limit)).all()


def mark(connection: sa.Connection, notification_id: str, state: str, now: datetime) -> None:
    """What was read or done need not be told any more."""
    values: dict[str, Any] = {"read_at": now} if state == READ else {"state": state, "read_at": now}
    told = sa.func.coalesce(NotificationRow.told_at, now)
    changed = sa.update(NotificationRow).where(NotificationRow.id == notification_id)
    connection.execute(changed.values(**values, waits_until=None, told_at=told))


def mark_one(connection: sa.Connection, person_id: str, notification_id: str, now: datetime, *, read: bool = True) -> bool:
    """Read or unread, as the person wishes. False where it is not theirs."""
    if find(connection, notification_id, person_id) is None:
        return False
    if read:
        mark(connection, notification_id, READ, now)
    else:
        connection.execute(sa.update(NotificationRow).where(NotificationRow.id == notification_id).values(read_at=None))
    return True


def mark_all_read(connection: sa.Connection, person_id: str, now: datetime) -> int:
    """Returns how many were unread."""
    mine = sa.update(NotificationRow).where(NotificationRow.person_id == person_id, NotificationRow.read_at.is_(None))
    told = sa.func.coalesce(NotificationRow.told_at, now)
    return int(connection.execute(mine.values(read_at=now, waits_until=None, told_at=told)).rowcount)


def snooze(connection: sa.Connection, row: Any, person: Person, now: datetime, seconds: int) -> datetime:
    """Say it again later: a schedule of its own, so that a repeating reminder keeps its rhythm."""
    mark(connection, row.id, "snoozed", now)
    due = now + timedelta(seconds=seconds)
    new = schedules.NewSchedule(person.id, row.chat_id, REMINDER, row.title, person.effective_zone, due, payload={**row.data, "snoozed": True})
    schedules.create(connection, new, now)
    return due


def _clock(moment: datetime, person: Person) -> datetime:
    return moment.astimezone(ZoneInfo(person.effective_zone))
