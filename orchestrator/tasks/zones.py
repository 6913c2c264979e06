"""Where a person lives, as far as clocks go: asked once, changed at any time; what was reckoned in a guessed zone moves along."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import Card, Person, Words
from orchestrator.tasks import digests, outgoing
from orchestrator.tasks.people import person_of
from storage.models import PersonRow, ScheduleRow
from storage.signals import announce


def settle(connection: sa.Connection, envelope: outgoing.Envelope, person: Person, zone: str, words: Words) -> None:
    """The person has told us their zone: keep it, move reminders set in a guessed one, and say so."""
    connection.execute(sa.update(PersonRow).where(PersonRow.id == person.id).values(zone=zone))
    moved = move_assumed(connection, person.id, zone, envelope.now)
    digests.rearrange(connection, person_of(connection, person.id), envelope.now)
    text = words(person.language, "zone-set", {"zone": zone.replace("_", " "), "moved": moved})
    outgoing.post(connection, envelope, Card(text))


def move_assumed(connection: sa.Connection, person_id: str, zone: str, now: datetime) -> int:
    """Keep the wall-clock time of schedules made in a guessed zone. Returns how many now come due at another instant."""
    query = sa.select(ScheduleRow.id, ScheduleRow.zone, ScheduleRow.start_at, ScheduleRow.next_due, ScheduleRow.repeat).where(
        ScheduleRow.person_id == person_id, ScheduleRow.state == "active", ScheduleRow.zone_assumed.is_(True)
    )
    moved = 0
    for row in connection.execute(query).all():
        start = rezone(row.start_at, row.zone, zone)
        due = rezone(row.next_due, row.zone, zone) if row.next_due else None
        moved += due != row.next_due
        connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == row.id).values(zone=zone, start_at=start, next_due=due, zone_assumed=False))
    if moved:
        announce(connection, "schedules")
    return moved


def rezone(instant: datetime, old: str, new: str) -> datetime:
    """The instant at which the same wall-clock time stands in another zone."""
    wall = instant.astimezone(ZoneInfo(old)).replace(tzinfo=None)
    return wall.replace(tzinfo=ZoneInfo(new)).astimezone(UTC)
