"""Looking into calendars: what is in them, and which times are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pydantic

from agents.tools.caldav import ics
from agents.tools.caldav.account import Account, Calendars, Session
from agents.tools.caldav.dav import Collection, Stored
from agents.tools.caldav.repeating import Clockwork, Occurrence
from agents.tools.caldav.timing import When, home, placed
from orchestrator.contracts import Effect, Json, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

LONGEST = timedelta(days=400)
WEEK = timedelta(days=7)
NAMED_PEOPLE = 20
SOURCES = 5


class Span(Account):
    """A time to look at."""

    start: When | None = pydantic.Field(default=None, description="From this day or time on; default: now.")
    end: When | None = pydantic.Field(default=None, description="Up to this time, or through this day; default: a week after the start.")
    calendar: str = pydantic.Field(default="", max_length=200, description="Name of one calendar; empty: all.")

    def window(self, outside: Outside, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Raises ToolError for an empty or a too long time."""
        start = ics.instant(placed(self.start, zone), zone) if self.start else outside.now
        last = placed(self.end, zone) if self.end else None
        if last is not None and not isinstance(last, datetime):
            last += timedelta(days=1)
        end = ics.instant(last, zone) if last is not None else start + WEEK
        if end <= start:
            raise ToolError("the end must be later than the start")
        if end - start > LONGEST:
            raise ToolError(f"at most {LONGEST.days} days can be looked at together")
        return start, end


class AgendaArguments(Span):
    text: str = pydantic.Field(default="", max_length=200, description="Only events with these words in title, place or description.")
    limit: int = pydantic.Field(default=100, ge=1, le=500, description="At most this many, the earliest first.")


class FreeBusyArguments(Span):
    minutes: int = pydantic.Field(default=30, ge=1, le=1440, description="Free times of at least this length are listed.")


@dataclass(frozen=True)
class Seen:
    """An occurrence, and where it came from."""

    calendar: Collection
    stored: Stored
    occurrence: Occurrence


async def look(session: Session, calendars: Sequence[Collection], start: datetime, end: datetime, zone: ZoneInfo) -> tuple[list[Seen], bool]:
    """Every occurrence in a time, the earliest first, and whether that is all. What cannot be read is left out and counts as missing."""
    answers = [(calendar, await session.dav.between(calendar, start, end)) for calendar in calendars]
    return await asyncio.to_thread(_expanded, answers, start, end, zone)


def _expanded(answers: list[tuple[Collection, list[Stored]]], start: datetime, end: datetime, zone: ZoneInfo) -> tuple[list[Seen], bool]:
    clockwork, found = Clockwork(zone), []
    for calendar, events in answers:
        for stored in events:
            try:
                document = ics.read(stored.data)
            except ics.Unreadable:
                clockwork.complete = False
                continue
            found += [Seen(calendar, stored, one) for one in clockwork.occurrences(document, start, end)]
    found.sort(key=lambda seen: (seen.occurrence.span(zone)[0], seen.stored.href))
    return found, clockwork.complete


@dataclass
class Agenda:
    """What is in the calendars."""

    calendars: Calendars
    name: str = "caldav.agenda"
    version: int = 1
    description: str = (
        "List the events of the person's calendars on a CalDAV server between two times, repeating ones with each occurrence, in the person's zone."
    )
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = AgendaArguments
    credits: int = 2
    seconds: float = 60.0

    def reach(self, arguments: AgendaArguments) -> Reach:
        return self.calendars.reach(arguments, Deed.READ)

    def preview(self, arguments: AgendaArguments, words: Phrase) -> Preview:
        return Preview(words("caldav-agenda-summary"))

    async def act(self, outside: Outside, arguments: AgendaArguments) -> Result:
        zone = home(outside)
        start, end = arguments.window(outside, zone)
        session = await self.calendars.open(outside, arguments)
        found, complete = await look(session, session.chosen(arguments.calendar), start, end, zone)
        wanted = [seen for seen in found if _says(seen.occurrence, arguments.text)]
        shown = wanted[: arguments.limit]
        value: dict[str, Json] = {
            "zone": zone.key,
            "events": [described(seen, zone) for seen in shown],
            "calendars": [one.name for one in session.calendars],
            "complete": complete and len(shown) == len(wanted),
        }
        return Result(value, source=source(session, [seen.occurrence for seen in shown]), private=True)


@dataclass
class FreeBusy:
    """Which times are taken."""

    calendars: Calendars
    name: str = "caldav.free_busy"
    version: int = 1
    description: str = "Say which times are taken and which are free in the person's calendars on a CalDAV server, without what the events say."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = FreeBusyArguments
    credits: int = 2
    seconds: float = 60.0

    def reach(self, arguments: FreeBusyArguments) -> Reach:
        return self.calendars.reach(arguments, Deed.READ)

    def preview(self, arguments: FreeBusyArguments, words: Phrase) -> Preview:
        return Preview(words("caldav-free-busy-summary"))

    async def act(self, outside: Outside, arguments: FreeBusyArguments) -> Result:
        zone = home(outside)
        start, end = arguments.window(outside, zone)
        session = await self.calendars.open(outside, arguments)
        found, complete = await look(session, session.chosen(arguments.calendar), start, end, zone)
        taken = merged([seen.occurrence.span(zone) for seen in found if ics.is_busy(seen.occurrence.event)], start, end)
        edges = [start, *(edge for pair in taken for edge in pair), end]
        free = [pair for pair in zip(edges[::2], edges[1::2], strict=True) if pair[1] - pair[0] >= timedelta(minutes=arguments.minutes)]
        value: dict[str, Json] = {"zone": zone.key, "busy": _pairs(taken, zone), "free": _pairs(free, zone), "complete": complete}
        return Result(value, private=True)


def merged(spans: list[tuple[datetime, datetime]], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Times put together where they meet, cut to [start, end)."""
    out: list[tuple[datetime, datetime]] = []
    for begins, ends in sorted((max(one, start), min(other, end)) for one, other in spans):
        if begins >= ends:
            continue
        if out and begins <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], ends))
        else:
            out.append((begins, ends))
    return out


def described(seen: Seen, zone: ZoneInfo) -> dict[str, Json]:
    """An occurrence as a model reads it; times in `zone`, the last day of a whole-day event meant with it."""
    one, event = seen.occurrence, seen.occurrence.event
    people: list[Json] = list(ics.addresses(event)[:NAMED_PEOPLE])
    value: dict[str, Json] = {
        "id": seen.stored.href,
        "calendar": seen.calendar.name,
        "title": ics.plain(event, "SUMMARY", 300),
        **shown_times(one.start, one.end, zone),
        "busy": ics.is_busy(event),
    }
    texts = {
        "location": ics.plain(event, "LOCATION", 300),
        "description": ics.plain(event, "DESCRIPTION", 1000),
        "status": ics.plain(event, "STATUS", 20).lower(),
    }
    value |= {name: text for name, text in texts.items() if text}
    if people:
        value["attendees"] = people
    if one.original:
        value["occurrence"] = one.original
    if not one.followed:
        value["note"] = "repeats in a way that was not followed; only this time of it is known"
    return value


def shown_times(start: ics.Moment, end: ics.Moment, zone: ZoneInfo) -> dict[str, Json]:
    if isinstance(start, datetime):
        return {"start": start.astimezone(zone).isoformat(), "end": ics.instant(end, zone).astimezone(zone).isoformat(), "all_day": False}
    last = end.date() if isinstance(end, datetime) else end
    return {"start": start.isoformat(), "end": max(start, last - timedelta(days=1)).isoformat(), "all_day": True}


def source(session: Session, occurrences: Sequence[Occurrence]) -> str:
    """Who wrote what the events say: anybody who could put one there, the organisers by name."""
    if not occurrences:
        return ""
    organisers = dict.fromkeys(address for one in occurrences if "ORGANIZER" in one.event for address in ics.addresses(one.event)[:1])
    named = ", ".join(list(organisers)[:SOURCES])
    return f"calendar at {session.dav.host}" + (f", events of {named}" if named else "")


def _says(one: Occurrence, text: str) -> bool:
    if not text:
        return True
    said = " ".join(ics.plain(one.event, name, 10_000) for name in ("SUMMARY", "LOCATION", "DESCRIPTION")).casefold()
    return all(word in said for word in text.casefold().split())


def _pairs(spans: Sequence[tuple[datetime, datetime]], zone: ZoneInfo) -> list[Json]:
    return [{"start": start.astimezone(zone).isoformat(), "end": end.astimezone(zone).isoformat()} for start, end in spans]
