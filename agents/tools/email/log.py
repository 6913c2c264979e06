"""The log of sent mail: what left, through whom, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import sqlalchemy as sa

from storage.database import Database
from storage.models import MailRow, new_id


class MailStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    """The provider took it."""
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    """The provider refused it: nothing left."""
    UNKNOWN = "unknown"
    """It was handed over, and no answer came."""


FOLLOWS = {
    MailStatus.SENT: frozenset({MailStatus.QUEUED, MailStatus.UNKNOWN, MailStatus.FAILED}),
    MailStatus.FAILED: frozenset({MailStatus.QUEUED}),
    MailStatus.UNKNOWN: frozenset({MailStatus.QUEUED, MailStatus.UNKNOWN}),
    MailStatus.DELIVERED: frozenset({MailStatus.QUEUED, MailStatus.SENT, MailStatus.UNKNOWN}),
    MailStatus.BOUNCED: frozenset({MailStatus.QUEUED, MailStatus.SENT, MailStatus.UNKNOWN, MailStatus.DELIVERED}),
}
"""From which states a state may be reached: late news never makes a bounced mail look sent, nor a refused repetition an unknown one unsent."""


@dataclass(frozen=True, slots=True)
class MailEntry:
    """A letter about to leave."""

    person_id: str
    task_id: str
    effect_key: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    subject: str
    body: str
    attachments: tuple[str, ...]
    provider: str
    message_id: str


@dataclass(frozen=True, slots=True)
class LoggedMail:
    """A letter of the log, as people and the console see it."""

    id: str
    entry: MailEntry
    status: MailStatus
    answer: str
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime


class MailLog(Protocol):
    """Where `email.send` writes what it does: outside tools have no connection of their own."""

    async def record(self, entry: MailEntry, now: datetime) -> None:
        """Note a letter before it leaves; an earlier attempt of the same effect is the same letter."""
        ...

    async def update(self, message_id: str, status: MailStatus, answer: str, now: datetime) -> bool:
        """Note what became of it. False where there is no such letter, or news are older than what is known."""
        ...

    async def status(self, effect_key: str) -> MailStatus | None:
        """What is known of the letter of an effect."""
        ...

    async def changed(self, effect_key: str) -> datetime | None:
        """When that became known: for a letter whose fate is open, no later than a call's length before it was handed over."""
        ...


class DatabaseMailLog:
    """The log in our own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, entry: MailEntry, now: datetime) -> None:
        await self._database.write(lambda connection: record(connection, entry, now), key=entry.task_id)

    async def update(self, message_id: str, status: MailStatus, answer: str, now: datetime) -> bool:
        return await self._database.write(lambda connection: update(connection, message_id, status, answer, now), key=message_id)

    async def status(self, effect_key: str) -> MailStatus | None:
        return await self._database.read(lambda connection: status_of(connection, effect_key))

    async def changed(self, effect_key: str) -> datetime | None:
        query = sa.select(MailRow.updated_at).where(MailRow.effect_key == effect_key)
        return await self._database.read(lambda connection: connection.execute(query).scalar())


def record(connection: sa.Connection, entry: MailEntry, now: datetime) -> None:
    """Note a letter as queued; of a letter that is known already, only one that failed or is queued is queued again."""
    known = status_of(connection, entry.effect_key)
    if known is None:
        row = {
            "id": new_id(), "person_id": entry.person_id, "task_id": entry.task_id, "effect_key": entry.effect_key, "to": list(entry.to), "cc": list(entry.cc),
            "bcc": list(entry.bcc), "subject": entry.subject, "body": entry.body, "attachments": list(entry.attachments), "provider": entry.provider,
            "message_id": entry.message_id, "status": MailStatus.QUEUED.value, "answer": "", "created_at": now, "updated_at": now,
        }  # fmt: skip
        connection.execute(sa.insert(MailRow), row)
    elif known in {MailStatus.FAILED, MailStatus.QUEUED}:
        again = sa.update(MailRow).where(MailRow.effect_key == entry.effect_key)
        connection.execute(again.values(status=MailStatus.QUEUED.value, answer="", updated_at=now))


def update(connection: sa.Connection, message_id: str, status: MailStatus, answer: str, now: datetime) -> bool:
    """Move a letter on, where that is news (`FOLLOWS`)."""
    before = [state.value for state in FOLLOWS.get(status, frozenset())]
    values: dict[str, Any] = {"status": status.value, "answer": answer, "updated_at": now}
    if status is MailStatus.SENT:
        values["sent_at"] = now
    change = sa.update(MailRow).where(MailRow.message_id == message_id, MailRow.status.in_(before))
    return connection.execute(change.values(**values)).rowcount == 1


def sent(connection: sa.Connection, message_id: str, answer: str, now: datetime) -> bool:
    return update(connection, message_id, MailStatus.SENT, answer, now)


def bounced(connection: sa.Connection, message_id: str, reason: str, now: datetime) -> bool:
    return update(connection, message_id, MailStatus.BOUNCED, reason, now)


def status_of(connection: sa.Connection, effect_key: str) -> MailStatus | None:
    found = connection.execute(sa.select(MailRow.status).where(MailRow.effect_key == effect_key)).scalar()
    return MailStatus(found) if found else None


def mails_of(connection: sa.Connection, person_id: str, limit: int = 20) -> Sequence[LoggedMail]:
    """A person's letters, newest first."""
    query = sa.select(MailRow.__table__).where(MailRow.person_id == person_id).order_by(MailRow.created_at.desc(), MailRow.id.desc()).limit(limit)
    return [_logged(row) for row in connection.execute(query)]


def counts(connection: sa.Connection, since: datetime) -> dict[MailStatus, int]:
    """Letters by status since an instant: the delivery rates of the statistics."""
    query = sa.select(MailRow.status, sa.func.count()).where(MailRow.created_at >= since).group_by(MailRow.status)
    return {MailStatus(row[0]): row[1] for row in connection.execute(query)}


def _logged(row: Any) -> LoggedMail:
    entry = MailEntry(
        row.person_id, row.task_id, row.effect_key, tuple(row.to), tuple(row.cc), tuple(row.bcc), row.subject, row.body, tuple(row.attachments), row.provider,
        row.message_id,
    )  # fmt: skip
    return LoggedMail(row.id, entry, MailStatus(row.status), row.answer, row.created_at, row.sent_at, row.updated_at)
