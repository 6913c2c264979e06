"""What waited for the end of quiet hours or for the digest is told: one message, grouped, with counts and buttons."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Action, Button, Card, Person, Words
from orchestrator.tasks import deliveries, notifications, outgoing, preferences
from orchestrator.tasks.deliveries import Message
from orchestrator.tasks.people import person_of
from orchestrator.tasks.preferences import APPROVAL, BUDGET, CHAT, CREDENTIAL, DISCORD, EMAIL, KINDS, Preferences, family
from orchestrator.tasks.quiet_hours import quiet_until
from storage.database import savepoint
from storage.models import ApprovalRow, CredentialRequestRow, NotificationRow
from storage.signals import announce

DIGEST = "digest"
AFTER_TROUBLE = timedelta(minutes=1)
BATCH = 100
"""People told in one go."""
SHOWN = 5
"""Titles of each kind that a digest names; the rest it counts."""
LATE = timedelta(minutes=15)
"""A digest this late, because nobody ran at its time, keeps to quiet hours as everything does."""

logger = logging.getLogger(__name__)


def next_due(connection: sa.Connection) -> datetime | None:
    """When something that waits is to be told."""
    found: datetime | None = connection.execute(sa.select(sa.func.min(NotificationRow.waits_until)).where(NotificationRow.waits_until.is_not(None))).scalar()
    return found


def sweep(connection: sa.Connection, now: datetime, words: Words) -> int:
    """Tell everybody what has waited for them till now. Returns how many notifications were told or need not be told any more."""
    due = sa.select(NotificationRow.person_id).where(NotificationRow.waits_until <= now).distinct().limit(BATCH)
    return sum(_tell_one(connection, person_id, now, words) for person_id in connection.execute(due).scalars().all())


def _tell_one(connection: sa.Connection, person_id: str, now: datetime, words: Words) -> int:
    """What goes wrong with one person's must not hold up the others': theirs waits a while and is tried again."""
    try:
        with savepoint(connection):
            return _tell(connection, person_of(connection, person_id), now, words)
    except Exception:  # the edge of a sweep
        logger.exception("what waited for somebody could not be told; it is tried again", extra={"person": person_id})
    mine = sa.update(NotificationRow).where(NotificationRow.person_id == person_id, NotificationRow.waits_until <= now)
    connection.execute(mine.values(waits_until=now + AFTER_TROUBLE))
    return 0


def rearrange(connection: sa.Connection, person: Person, now: datetime) -> int:
    """After a change of quiet hours, digest or zone: what waits is told when it now should be. Returns how many wait."""
    wishes = preferences.load(connection, person)
    waiting = connection.execute(
        sa.select(NotificationRow.__table__).where(NotificationRow.person_id == person.id, NotificationRow.waits_until.is_not(None))
    ).all()
    for row in waiting:
        until = wishes.waits_until(row.kind, now, useful_until=_useful_until(row), urgent=bool(row.data.get("urgent")))
        connection.execute(sa.update(NotificationRow).where(NotificationRow.id == row.id).values(waits_until=until or now))
    if waiting:
        announce(connection, deliveries.TOPIC)
    return len(waiting)


def _tell(connection: sa.Connection, person: Person, now: datetime, words: Words) -> int:
    due = sa.select(NotificationRow.__table__).where(NotificationRow.person_id == person.id, NotificationRow.waits_until <= now)
    rows = connection.execute(due.order_by(NotificationRow.id).with_for_update(skip_locked=True)).all()
    wishes = preferences.load(connection, person)
    quiet = quiet_until(wishes.quiet, now, wishes.zone)
    if quiet is not None and rows and now - min(row.waits_until for row in rows) > LATE:
        _set(connection, rows, {"waits_until": quiet})
        return 0
    open_rows = [row for row in rows if still_matters(connection, row)]
    settled = [row for row in rows if row not in open_rows]
    _set(connection, settled, {"waits_until": None, "told_at": now, "state": "done", "read_at": now})
    _set(connection, open_rows, {"waits_until": None, "told_at": now})
    if not open_rows:
        return len(rows)
    _show(connection, wishes, person, [row for row in open_rows if wishes.wants(row.kind, CHAT)], now, words)
    for channel in (DISCORD, EMAIL):
        meant = [row for row in open_rows if wishes.wants(row.kind, channel)]
        if meant:
            message, only = _message(connection, person, meant, now, words), meant[0].id if len(meant) == 1 else None
            deliveries.forward(connection, wishes, (channel,), message, now, only)
    return len(rows)


def _show(connection: sa.Connection, wishes: Preferences, person: Person, rows: Sequence[Any], now: datetime, words: Words) -> None:
    """One alone is shown as it is, in its own chat; several as one message in the chat that the person prefers."""
    if len(rows) == 1:
        row = rows[0]
        card = Card(row.text or row.title, notifications.buttons_of(connection, row.id, row.kind, row.task_id, words, person.language))
        chats = preferences.chats_for(connection, wishes, row.chat_id or "")
    else:
        card = digest_card(rows, words, person.language)
        preferred = preferences.preferred_chat(connection, wishes)
        chats = (preferred,) if preferred is not None else ()
    for chat_id in chats if rows else ():
        outgoing.post(connection, outgoing.Envelope(chat_id, person.id, now), card)


def digest_card(rows: Sequence[Any], words: Words, language: str) -> Card:
    """Grouped by kind, with counts; its buttons show everything or mark it as read."""
    buttons = (Button(words(language, "button-show-all", {}), Action("say", value="/notifications")), notifications.read_all_button(words, language))
    return Card(f"{words(language, 'digest-title', {'count': len(rows)})}\n\n{_grouped(rows, words, language)}", (buttons,))


def _message(connection: sa.Connection, person: Person, rows: Sequence[Any], now: datetime, words: Words) -> Message:
    """What goes to a place outside: the notice itself, or the digest of several."""
    if len(rows) == 1:
        row = rows[0]
        number = deliveries.number_of(connection, row.task_id)
        return Message(row.kind, row.title, row.text or row.title, row.created_at, row.outcome or "info", number, language=person.language)
    counts = {kind: sum(family(row.kind) == kind for row in rows) for kind in _kinds(rows)}
    outcome = "failure" if any(row.outcome == "failure" for row in rows) else "info"
    title = words(person.language, "digest-title", {"count": len(rows)})
    return Message(DIGEST, title, _grouped(rows, words, person.language), now, outcome, counts=counts, language=person.language)


def _grouped(rows: Sequence[Any], words: Words, language: str) -> str:
    parts = []
    for kind in _kinds(rows):
        mine = [row for row in rows if family(row.kind) == kind]
        lines = [f"**{words(language, f'kind-{kind}', {})} ({len(mine)})**", *(f"- {row.title[:120]}" for row in mine[:SHOWN])]
        if len(mine) > SHOWN:
            lines.append(words(language, "digest-more", {"count": len(mine) - SHOWN}))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _kinds(rows: Sequence[Any]) -> list[str]:
    """In their usual order; a kind that a part of its own brought stands among the alerts."""
    present = {family(row.kind) for row in rows}
    return [kind for kind in KINDS if kind in present]


def still_matters(connection: sa.Connection, row: Any) -> bool:
    """An ask that was decided meanwhile is not told any more."""
    asked = row.data.get("ask")
    if row.read_at is not None:
        return False
    if asked is None or row.kind not in {APPROVAL, BUDGET, CREDENTIAL}:
        return True
    table = CredentialRequestRow if row.kind == CREDENTIAL else ApprovalRow
    return bool(connection.execute(sa.select(table.state).where(table.id == asked)).scalar() == "pending")


def _useful_until(row: Any) -> datetime | None:
    text = row.data.get("until")
    return datetime.fromisoformat(text) if text else None


def _set(connection: sa.Connection, rows: Sequence[Any], values: dict[str, Any]) -> None:
    if rows:
        connection.execute(sa.update(NotificationRow).where(NotificationRow.id.in_([row.id for row in rows])).values(**values))
