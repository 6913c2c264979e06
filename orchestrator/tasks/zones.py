"""Where a person lives, as far as clocks go: asked once, changed at any time; what was reckoned in a guessed zone moves along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Card, Person, Words
from orchestrator.tasks import digests, outgoing, rhythms, schedules
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
    settled = _corrected(settings.get(SETTLED), zone, now)
    query = sa.select(ScheduleRow.__table__).where(ScheduleRow.person_id == person_id, ScheduleRow.state.in_(("active", "paused")))
    moved, along = 0, []
    for row in connection.execute(query).all():
        if not (row.zone_assumed or (settled is not None and _reckoned_in(row, settled))):
            continue
        start = rhythms.in_zone(row.start_at, row, zone)
        due = rhythms.due_in_zone(row, zone, now) if row.next_due else None
        moved += due != row.next_due
        along.append(row.id)
        connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == row.id).values(zone=zone, start_at=start, next_due=due, zone_assumed=False))
    kept = {**settings, SETTLED: {"zone": zone, "at": now.isoformat(), "moved": along}}
    connection.execute(sa.update(PersonRow).where(PersonRow.id == person_id).values(settings=kept))
    still_asked = (QuestionRow.person_id == person_id, QuestionRow.key == "zone", QuestionRow.task_id.is_(None), QuestionRow.state == "open")
    connection.execute(sa.update(QuestionRow).where(*still_asked).values(state="cancelled", answered_at=now))
    if moved:
        announce(connection, schedules.TOPIC)
    return moved


def _corrected(settled: Mapping[str, Any] | None, zone: str, now: datetime) -> Mapping[str, Any] | None:
    """How the zone was settled a moment ago, where another one corrects it now."""
    if settled is None or settled["zone"] == zone or now - datetime.fromisoformat(settled["at"]) > CORRECTED_WITHIN:
        return None
    return settled


def _reckoned_in(row: Any, settled: Mapping[str, Any]) -> bool:
    """Whether it moved when the zone was settled, or was reckoned in that zone since because it was the person's. Not where the zone was named for it, or may have been."""
    own = row.payload.get(schedules.OWN_ZONE)
    if row.zone != settled["zone"] or own == "":
        return False
    return row.id in settled["moved"] or (own is not None and datetime.fromisoformat(own) >= datetime.fromisoformat(settled["at"]))
