"""What a person wants to be told, where and when: choices by kind and channel, quiet hours, the digest, the preferred chat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Person
from orchestrator.tasks.quiet_hours import QuietHours, next_at, quiet_until
from storage.models import ChatRow, MessageRow, NoticeChoiceRow, NoticeSettingsRow

REMINDER, COMPLETED, FAILED, APPROVAL, CREDENTIAL = "reminder", "completed", "failed", "approval", "credential"
BUDGET, AUTONOMOUS, HEALTH, ALERT = "budget", "autonomous", "health", "alert"
KINDS = (REMINDER, COMPLETED, FAILED, APPROVAL, CREDENTIAL, BUDGET, AUTONOMOUS, HEALTH, ALERT)
CHAT, DISCORD, EMAIL, WEBHOOK = "chat", "discord", "email", "webhook"
CHANNELS = (CHAT, DISCORD, EMAIL, WEBHOOK)
API = "api"
"""The channel of chats that only record what is said: nobody reads along there."""
MEDICATION = "medication"
URGENT = frozenset({REMINDER, CREDENTIAL, ALERT, MEDICATION})
"""These pass quiet hours and never wait for a digest."""
FAMILIES = {"appointment_reminder": HEALTH, MEDICATION: HEALTH, "lab_result": HEALTH}
"""Kinds that share another one's choice."""
NEAR = timedelta(hours=1)
"""What would have less time than this left when the waiting ends does not wait."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """As they stand for one person. `unwanted` are the pairs of kind and channel that were switched off."""

    person_id: str
    zone: str
    quiet: QuietHours | None = None
    digest_at: int | None = None
    chat_id: str | None = None
    unwanted: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def wants(self, kind: str, channel: str) -> bool:
        return (family(kind), channel) not in self.unwanted

    def waits_until(self, kind: str, now: datetime, *, useful_until: datetime | None = None, urgent: bool = False) -> datetime | None:
        """Until when a notice of this kind waits: for the digest, else for the end of quiet hours; None where it goes at once."""
        if urgent or kind in URGENT:
            return None
        until = next_at(self.digest_at, now, self.zone) if self.digest_at is not None else quiet_until(self.quiet, now, self.zone)
        return None if until is None or (useful_until is not None and useful_until < until + NEAR) else until

    def is_quiet(self, now: datetime) -> bool:
        return quiet_until(self.quiet, now, self.zone) is not None


def family(kind: str) -> str:
    """The kind whose choice counts for this one; one that nobody here knows counts as an alert does."""
    return FAMILIES.get(kind, kind if kind in KINDS else ALERT)


def load(connection: sa.Connection, person: Person) -> Preferences:
    row = connection.execute(sa.select(NoticeSettingsRow.__table__).where(NoticeSettingsRow.person_id == person.id)).first()
    choices = connection.execute(
        sa.select(NoticeChoiceRow.kind, NoticeChoiceRow.channel).where(NoticeChoiceRow.person_id == person.id, NoticeChoiceRow.wanted.is_(False))
    )
    unwanted = frozenset((choice.kind, choice.channel) for choice in choices)
    if row is None:
        return Preferences(person.id, person.effective_zone, unwanted=unwanted)
    quiet = QuietHours(row.quiet_start, row.quiet_end) if row.quiet_start is not None and row.quiet_end is not None else None
    return Preferences(person.id, person.effective_zone, quiet, row.digest_at, row.chat_id, unwanted)


def set_quiet(connection: sa.Connection, person_id: str, hours: QuietHours | None, now: datetime) -> None:
    """Quiet hours from now on; None for none. Call `digests.rearrange` afterwards: what waits may be due at another time."""
    _change(connection, person_id, now, {"quiet_start": hours.start if hours else None, "quiet_end": hours.end if hours else None})


def set_digest(connection: sa.Connection, person_id: str, minutes: int | None, now: datetime) -> None:
    """One digest a day at so many minutes into it; None for none. Raises ValueError. Call `digests.rearrange` afterwards."""
    if minutes is not None and not 0 <= minutes < 24 * 60:
        raise ValueError("the digest needs a time of day")
    _change(connection, person_id, now, {"digest_at": minutes})


def set_chat(connection: sa.Connection, person_id: str, chat_id: str | None, now: datetime) -> None:
    _change(connection, person_id, now, {"chat_id": chat_id})


def choose(connection: sa.Connection, person_id: str, kind: str, channel: str, *, wanted: bool) -> None:
    """Switch a kind on or off on a channel. Raises ValueError for what is neither."""
    if kind not in KINDS or channel not in CHANNELS:
        raise ValueError("that kind or channel of notifications is not known")
    mine = (NoticeChoiceRow.person_id == person_id, NoticeChoiceRow.kind == kind, NoticeChoiceRow.channel == channel)
    if connection.execute(sa.update(NoticeChoiceRow).where(*mine).values(wanted=wanted)).rowcount == 0:
        connection.execute(sa.insert(NoticeChoiceRow).values(person_id=person_id, kind=kind, channel=channel, wanted=wanted))


def preferred_chat(connection: sa.Connection, preferences: Preferences) -> str | None:
    """The chat a person chose, else the private one they wrote in last, else their first; None where there is none to read in."""
    readable = (ChatRow.person_id == preferences.person_id, ChatRow.channel != API, ChatRow.kind == "private")
    if preferences.chat_id is not None and (chosen := _first(connection, sa.select(ChatRow.id).where(*readable, ChatRow.id == preferences.chat_id))):
        return chosen
    last = sa.select(MessageRow.chat_id).join(ChatRow, ChatRow.id == MessageRow.chat_id).where(*readable, MessageRow.person_id == preferences.person_id)
    return _first(connection, last.order_by(MessageRow.seq.desc()).limit(1)) or _first(
        connection, sa.select(ChatRow.id).where(*readable).order_by(ChatRow.created_at).limit(1)
    )


def chats_for(connection: sa.Connection, preferences: Preferences, chat_id: str) -> tuple[str, ...]:
    """Where a notice of this chat is shown: there; where nobody reads along there, also in the preferred chat."""
    channel = _first(connection, sa.select(ChatRow.channel).where(ChatRow.id == chat_id)) if chat_id else None
    if channel is not None and channel != API:
        return (chat_id,)
    preferred = preferred_chat(connection, preferences)
    return tuple(found for found in (chat_id if channel else None, preferred) if found)


def is_present(connection: sa.Connection, person_id: str, chat_id: str, now: datetime, within: timedelta) -> bool:
    """Whether the person wrote in this chat lately: then what is said there is an answer."""
    query = sa.select(MessageRow.received_at).where(MessageRow.person_id == person_id, MessageRow.chat_id == chat_id, MessageRow.channel != API)
    last: datetime | None = connection.execute(query.order_by(MessageRow.seq.desc()).limit(1)).scalar()
    return last is not None and now - last <= within


def _first(connection: sa.Connection, query: sa.Select[Any]) -> str | None:
    found: str | None = connection.execute(query).scalar()
    return found


def _change(connection: sa.Connection, person_id: str, now: datetime, values: Mapping[str, Any]) -> None:
    changed = sa.update(NoticeSettingsRow).where(NoticeSettingsRow.person_id == person_id).values(**values, changed_at=now)
    if connection.execute(changed).rowcount == 0:
        connection.execute(sa.insert(NoticeSettingsRow).values(person_id=person_id, **values, changed_at=now))
