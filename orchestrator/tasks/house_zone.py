"""Who has not told us their time zone is reckoned with in the house's, also after that changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import Person
from orchestrator.tasks import digests, rhythms, schedules
from storage.models import PersonRow, ScheduleRow
from storage.signals import announce


def follow(connection: sa.Connection, person: Person, zone: str, now: datetime) -> Person:
    """The person as reckoned with in the house's `zone` (empty where the house names none); what was set in the guessed one keeps its time on the wall."""
    if person.zone is not None or not zone or person.effective_zone == zone:
        return person
    connection.execute(sa.update(PersonRow).where(PersonRow.id == person.id).values(assumed_zone=zone))
    guessed = (ScheduleRow.person_id == person.id, ScheduleRow.zone_assumed.is_(True), ScheduleRow.zone == person.effective_zone)
    for row in connection.execute(sa.select(ScheduleRow.__table__).where(*guessed, ScheduleRow.state.in_(("active", "paused")))).all():
        start, due = rhythms.in_zone(row.start_at, row, zone), rhythms.due_in_zone(row, zone, now) if row.next_due else None
        connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == row.id).values(zone=zone, start_at=start, next_due=due))
    announce(connection, schedules.TOPIC)
    followed = replace(person, effective_zone=zone)
    digests.rearrange(connection, followed, now)
    return followed
