"""What of a person's deeds can be taken back, newest first, and how each is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from orchestrator.actions import effects
from orchestrator.actions.effects import Entry
from orchestrator.contracts import Words
from storage.models import EffectRow, TaskRow

CALLED = frozenset({"calendar.book", "calendar.cancel", "calendar.move", "reminders.create", "reminders.delete", "reminders.change"})
"""Their labels say only what it was done to; the button has to say what was done, too."""
CANCELLING = "calendar.cancel"
SUBJECTS = ("event_id", "schedule_id")
LOOKED_AT = 40


@dataclass(frozen=True, slots=True)
class Offer:
    """An entry that can be taken back. `tried`: taking it back has failed before; `chat_id`: where it was asked for."""

    entry: Entry
    chat_id: str | None
    tried: bool


def offers(connection: sa.Connection, person_id: str, limit: int = 5, *, task_id: str = "") -> list[Offer]:
    """Of several deeds on one thing only the newest: the ones before it are taken back after it. What failed before comes last."""
    query = sa.select(EffectRow.id, EffectRow.task_id, EffectRow.tool, EffectRow.state, EffectRow.result, TaskRow.chat_id)
    query = query.join(TaskRow, TaskRow.id == EffectRow.task_id).where(EffectRow.person_id == person_id, EffectRow.key != effects.UNDOING_KEY)
    can = {entry.id: entry for entry in effects.undoable(connection, person_id, LOOKED_AT)}
    tried, found = _tried(connection, person_id), []
    seen: set[str] = set()
    for row in connection.execute(query.order_by(EffectRow.id.desc()).limit(LOOKED_AT)):
        subject = _subject((row.result or {}).get("value"))
        entry = can.get(row.id)
        if subject not in seen and entry is not None and task_id in ("", row.task_id):
            found.append(Offer(entry, row.chat_id, row.id in tried))
        if subject is not None and (entry is not None or row.tool == CANCELLING or row.state == effects.UNDOING):
            seen.add(subject)  # a cancellation that was taken back booked anew: the first booking is no more
    return sorted(found, key=lambda offer: offer.tried)[:limit]


def _subject(value: object) -> str | None:
    """What a deed was done to, by its id."""
    return next((str(value[name]) for name in SUBJECTS if value.get(name)), None) if isinstance(value, dict) else None


def _tried(connection: sa.Connection, person_id: str) -> set[str]:
    """The effects whose undoing has failed."""
    query = sa.select(TaskRow.slots).where(TaskRow.person_id == person_id, TaskRow.type == "undo", TaskRow.state == "failed")
    return {str(slots.get("effect")) for slots in connection.execute(query.order_by(TaskRow.id.desc()).limit(LOOKED_AT)).scalars()}


def of_tasks(connection: sa.Connection, task_ids: list[str]) -> set[str]:
    """Which of these tasks the ledger knows: what they did can be taken back, or was."""
    return set(connection.execute(sa.select(EffectRow.task_id).where(EffectRow.task_id.in_(task_ids))).scalars())


def called(words: Words, language: str, entry: Entry) -> str:
    """What taking this entry back takes back: "booking: haircut, Monday 10:00"."""
    label = entry.undo.label if entry.undo is not None else entry.summary
    return words(language, f"undo-of-{entry.tool.replace('.', '-')}", {"label": label}) if entry.tool in CALLED else label


def is_fresh(entry: Entry, now: datetime, within: timedelta) -> bool:
    """Whether it was done so lately that "undo" alone can mean it."""
    return now - entry.created_at <= within
