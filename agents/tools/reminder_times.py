"""Times that count from something else, as tools: "the evening before" an appointment, "an hour later" than before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import pydantic
import sqlalchemy as sa

from agents.tools.reminder_names import NUMBERED
from orchestrator import languages, times
from orchestrator.contracts import Effect, Json, ToolError, ToolScope
from orchestrator.tasks.schedules import CRON, RRULE
from orchestrator.triage.requests import target_of, when_slot
from storage.models import CalendarEventRow

EARLIER = re.compile(r"\b(?:earlier|forward|sooner|früher|vor|vorziehen|vorverlegen|nach vorn\w*|antes|adelant\w+)\b|提前|提早|早", re.I)
"""Without one of these, what is moved by an hour is moved to later."""
FAR_APART = ("America/New_York", "Asia/Tokyo")
LATER = {"en": ("later", "earlier"), "de": ("später", "früher"), "es": ("más tarde", "antes")}


def rule_at(repeat: str, rule: str, clock: datetime) -> str:
    """The rule of a rhythm for another time of day, by the clock on the wall. Raises ToolError("rhythm") for one that rings several times a day by it."""
    if repeat == CRON:
        minute, _, rest = rule.partition(" ")
        hour, _, days = rest.strip().partition(" ")
        if not (minute.isdecimal() and hour.isdecimal()):
            raise ToolError("rhythm")
        return f"{clock.minute} {clock.hour} {days.strip()}"
    parts = [part.partition("=") for part in rule.split(";")]
    if repeat != RRULE or not any(name == "BYHOUR" for name, _, _ in parts):
        return rule
    if any("," in value for name, _, value in parts if name in ("BYHOUR", "BYMINUTE")):
        raise ToolError("rhythm")
    kept = [f"{name}={value}" for name, _, value in parts if name not in ("BYHOUR", "BYMINUTE")]
    return ";".join([*kept, f"BYHOUR={clock.hour}", f"BYMINUTE={clock.minute}"])


def is_elapsed(scope: ToolScope, start: datetime) -> bool:
    """Whether the request says a time that is this instant in every zone: "in 20 minutes", "at 9 in Tokyo"."""
    text, language = scope.task.text, languages.clear_language(scope.task.text) or scope.task.language
    here, there = (times.read(text, now=scope.now, zone=zone, language=language).start for zone in FAR_APART)
    return here is not None and here == there and abs(start - here) < timedelta(minutes=1)


class Anchored(pydantic.BaseModel):
    """A text like "the evening before" and the instant it counts from; without one, the next appointment's."""

    text: str
    anchor: datetime | None = None


class Moved(pydantic.BaseModel):
    """What a person wrote, and the instant that it changes."""

    text: str
    previous: datetime


@dataclass
class ReadAnchored:
    """The instant that "the evening before" means, with the appointment that it is before."""

    name: str = "time.before"
    version: int = 1
    description: str = "Read a time that counts from an event."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Anchored

    def run(self, scope: ToolScope, arguments: Anchored) -> Json:
        query = sa.select(CalendarEventRow.id, CalendarEventRow.start_at).where(
            CalendarEventRow.person_id == scope.person.id, CalendarEventRow.state == "booked", CalendarEventRow.start_at > scope.now
        )
        query = query.order_by(CalendarEventRow.start_at)
        if arguments.anchor is not None:
            query = query.where(CalendarEventRow.start_at == arguments.anchor)
        event = scope.connection.execute(query.limit(1)).first()
        anchor = arguments.anchor or (event.start_at if event else None)
        if anchor is None:
            return None
        language = languages.clear_language(arguments.text) or scope.task.language
        reading = times.read(arguments.text, now=scope.now, zone=scope.person.effective_zone, language=language, anchor=anchor)
        return {
            "start": reading.start.isoformat() if reading.start else None,
            "has_clock": True,
            "has_day": True,
            "event_id": event.id if event else None,
        }


@dataclass
class ReadMoved:
    """The new time of something that is to be moved: "to Thursday", "an hour later", "by one week"; what is left out stays as it was."""

    name: str = "time.moved"
    version: int = 1
    description: str = "Read the new time of something that is moved."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Moved

    def run(self, scope: ToolScope, arguments: Moved) -> Json:
        zone, language = scope.person.effective_zone, languages.clear_language(arguments.text) or scope.task.language
        target = target_of(NUMBERED.sub("", arguments.text), language)
        reading = times.refine(arguments.previous, target, now=scope.now, zone=zone, language=language)
        if reading.start is None and language in LATER:  # "put it off by a week" says no more than "a week"
            shift = LATER[language][bool(EARLIER.search(target))]
            reading = times.refine(arguments.previous, f"{target.rstrip(' .!?')} {shift}", now=scope.now, zone=zone, language=language)
        if reading.start is None or reading.unread:
            return None
        slot = when_slot(reading, zone)
        return slot and slot | {"has_day": True, "has_clock": reading.precision is times.Precision.MINUTE}


TOOLS = (ReadAnchored, ReadMoved)
