"""Where a person lives, as far as clocks go: asked once, changed at any time; what was reckoned in a guessed zone moves along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import Card, Person, Words
from orchestrator.tasks import digests, outgoing
from orchestrator.tasks.people import person_of
from storage.models import PersonRow, QuestionRow, ScheduleRow
from storage.signals import announce

SETTLED = "zone_settled"
"""In a person's settings: the zone that was settled last, when, and what moved along."""
CORRECTED_WITHIN = timedelta(hours=24)
"""Another zone named so soon corrects the one before; a later one is a journey, and what was set stays at its instant."""


def settle(connection: sa.Connection, envelope: outgoing.Envelope, person: Person, zone: str, words: Words) -> None:
    """The person has told us their zone: keep it, move reminders set in a guessed one, and say so."""
    connection.execute(sa.update(PersonRow).where(PersonRow.id == person.id).values(zone=zone))
    moved = move_assumed(connection, person.id, zone, envelope.now)
    digests.rearrange(connection, person_of(connection, person.id), envelope.now)
    text = words(person.language, "zone-set", {"zone": zone.replace("_", " "), "moved": moved})
    outgoing.post(connection, envelope, Card(text))


def move_assumed(connection: sa.Connection, person_id: str, zone: str, now: datetime) -> int:
    """Keep the wall-clock time of schedules made in a guessed zone, or in one that is corrected now. Returns how many come due at another instant."""
    settings = connection.execute(sa.select(PersonRow.settings).where(PersonRow.id == person_id)).scalar_one()
    guessed = sa.or_(ScheduleRow.zone_assumed.is_(True), _corrected(settings.get(SETTLED), zone, now))
    query = sa.select(ScheduleRow.id, ScheduleRow.zone, ScheduleRow.start_at, ScheduleRow.next_due, ScheduleRow.repeat)
    moved, along = 0, []
    for row in connection.execute(query.where(ScheduleRow.person_id == person_id, ScheduleRow.state == "active", guessed)).all():
        start = rezone(row.start_at, row.zone, zone)
        due = rezone(row.next_due, row.zone, zone) if row.next_due else None
        moved += due != row.next_due
        along.append(row.id)
        connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == row.id).values(zone=zone, start_at=start, next_due=due, zone_assumed=False))
    kept = {**settings, SETTLED: {"zone": zone, "at": now.isoformat(), "moved": along}}
    connection.execute(sa.update(PersonRow).where(PersonRow.id == person_id).values(settings=kept))
    still_asked = (QuestionRow.person_id == person_id, QuestionRow.key == "zone", QuestionRow.task_id.is_(None), QuestionRow.state == "open")
    connection.execute(sa.update(QuestionRow).where(*still_asked).values(state="cancelled", answered_at=now))
    if moved:
        announce(connection, "schedules")
    return moved


def _corrected(settled: Mapping[str, Any] | None, zone: str, now: datetime) -> sa.ColumnElement[bool]:
    """What moved when the zone was settled a moment ago, and what was set in that zone since."""
    if settled is None or settled["zone"] == zone or now - datetime.fromisoformat(settled["at"]) > CORRECTED_WITHIN:
        return sa.false()
    since = sa.and_(ScheduleRow.zone == settled["zone"], ScheduleRow.created_at >= datetime.fromisoformat(settled["at"]))
    return sa.or_(ScheduleRow.id.in_(settled["moved"]), since)


def rezone(instant: datetime, old: str, new: str) -> datetime:
    """The instant at which the same wall-clock time stands in another zone."""
    wall = instant.astimezone(ZoneInfo(old)).replace(tzinfo=None)
    return wall.replace(tzinfo=ZoneInfo(new)).astimezone(UTC)
