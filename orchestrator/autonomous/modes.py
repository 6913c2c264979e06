"""Whether and how often: a person's autonomous mode, switched, asked for, and set off by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator import times
from orchestrator.contracts import MajordomoError, Person, Role
from orchestrator.tasks.people import chat_of
from orchestrator.times.wall import localized
from storage.models import AutonomousRow, AutonomousRunRow, ChatRow, new_id
from storage.signals import announce

TOPIC = "autonomous"
PAUSE = timedelta(minutes=1)
"""Between two runs that somebody sets off by hand."""
ON_THE_CLOCK = timedelta(hours=12)
"""Intervals from this length on keep the time of day over daylight saving; shorter ones count elapsed time."""


class Interval(StrEnum):
    """How often; the names are those of the REST API."""

    QUARTER = "15min"
    HALF = "30min"
    HOUR = "1hour"
    THREE_HOURS = "3hours"
    SIX_HOURS = "6hours"
    TWELVE_HOURS = "12hours"
    DAY = "24hours"

    @property
    def minutes(self) -> int:
        number = int(self.value.rstrip("minhours"))
        return number if self.value.endswith("min") else 60 * number


BY_MINUTES = {interval.minutes: interval for interval in Interval}


class NotForGuests(MajordomoError):
    """Autonomous mode is for the owner and for members, in a private chat."""


@dataclass(frozen=True, slots=True)
class Mode:
    """Where a person's autonomous mode stands. `running` is true while a run is asked for or under way."""

    enabled: bool
    interval: Interval
    last_run: datetime | None = None
    next_run: datetime | None = None
    running: bool = False


@dataclass(frozen=True, slots=True)
class Requested:
    """The answer to "run now": the run's id; or, if it was too soon or one is under way, None and how long to wait."""

    run_id: str | None
    wait: timedelta = timedelta()
    running: bool = False


_request = (
    sa.update(AutonomousRow)
    .where(
        AutonomousRow.person_id == sa.bindparam("person"),
        AutonomousRow.open_run_id.is_(None),
        sa.or_(AutonomousRow.requested_at.is_(None), AutonomousRow.requested_at <= sa.bindparam("before")),
    )
    .values(open_run_id=sa.bindparam("run"), requested_at=sa.bindparam("at"))
)
"""Takes the one place for an open run, if it is free and the pause is over."""


def status(connection: sa.Connection, person: Person) -> Mode:
    """How it stands; off and hourly for somebody who never touched it."""
    row = connection.execute(sa.select(AutonomousRow.__table__).where(AutonomousRow.person_id == person.id)).first()
    if row is None:
        return Mode(False, Interval.HOUR)
    return Mode(row.enabled, BY_MINUTES[row.minutes], row.last_run_at, row.next_due, row.open_run_id is not None)


def configure(
    connection: sa.Connection, person: Person, now: datetime, *, enabled: bool | None = None, interval: Interval | None = None, chat_id: str | None = None
) -> Mode:
    """Switch it, choose how often, or both; `chat_id` is where it reports (left out: the person's own private chat).

    The first run comes one interval from now; saying again what holds already changes nothing. Raises NotForGuests.
    """
    _ensure(connection, person, now, chat_id)
    mode = status(connection, person)
    wanted = mode.enabled if enabled is None else enabled
    chosen = interval or mode.interval
    values: dict[str, Any] = {"enabled": wanted, "minutes": chosen.minutes, "changed_at": now}
    if chat_id is not None:
        values["chat_id"] = _private(connection, person, chat_id)
    if not wanted:
        values["next_due"] = None
    elif (wanted, chosen) != (mode.enabled, mode.interval):
        anchor = now.astimezone(UTC).replace(second=0, microsecond=0)
        values |= {"anchor_at": anchor, "zone": person.effective_zone, "next_due": following(anchor, chosen.minutes, person.effective_zone, anchor)}
    connection.execute(sa.update(AutonomousRow).where(AutonomousRow.person_id == person.id).values(**values))
    announce(connection, TOPIC)
    return status(connection, person)


def run_now(connection: sa.Connection, person: Person, now: datetime) -> Requested:
    """Ask for a run at once, also while the mode is off: at most one a minute, and none beside one that is open. Raises NotForGuests."""
    _ensure(connection, person, now, None)
    run_id = new_id()
    if connection.execute(_request, {"person": person.id, "before": now - PAUSE, "run": run_id, "at": now}).rowcount != 1:
        row = connection.execute(sa.select(AutonomousRow.__table__).where(AutonomousRow.person_id == person.id)).one()
        again = row.requested_at + PAUSE if row.requested_at is not None else now
        return Requested(None, max(timedelta(), again - now), row.open_run_id is not None)
    connection.execute(sa.insert(AutonomousRunRow), {"id": run_id, "person_id": person.id, "due_at": now, "asked": True})
    announce(connection, TOPIC)
    return Requested(run_id)


def following(anchor: datetime, minutes: int, zone: str, after: datetime) -> datetime:
    """The next due instant after `after`, in UTC, counted from the anchor."""
    if timedelta(minutes=minutes) < ON_THE_CLOCK:
        return times.next_interval(60.0 * minutes, after, start=anchor)
    home, step = ZoneInfo(zone), timedelta(minutes=minutes)
    begin = anchor.astimezone(home).replace(tzinfo=None)
    number = (after.astimezone(home).replace(tzinfo=None) - begin) // step - 1
    while True:
        found = localized(begin + max(0, number) * step, home).astimezone(UTC)
        if found > after:
            return found
        number = max(0, number) + 1


def _ensure(connection: sa.Connection, person: Person, now: datetime, chat_id: str | None) -> None:
    """The person's row; made at the first touch."""
    if person.role is Role.GUEST:
        raise NotForGuests
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(AutonomousRow).values(
        person_id=person.id, chat_id=_private(connection, person, chat_id), enabled=False, minutes=Interval.HOUR.minutes, zone=person.effective_zone,
        anchor_at=now, changed_at=now,
    )  # fmt: skip
    connection.execute(new.on_conflict_do_nothing())


def _private(connection: sa.Connection, person: Person, chat_id: str | None) -> str:
    """A chat that nobody else reads: the one given, if it is private, else the person's own."""
    given = sa.select(ChatRow.id).where(ChatRow.id == chat_id, ChatRow.person_id == person.id, ChatRow.kind == "private")
    own = (connection.execute(given).scalar() if chat_id else None) or chat_of(connection, person.id)
    if own is None:
        raise NotForGuests
    return str(own)
