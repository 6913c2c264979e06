"""Moving, removing and taking back: what stood there before is kept."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import pydantic

from agents.tools.caldav import ics
from agents.tools.caldav.account import Account, Calendars
from agents.tools.caldav.adding import Line, refuse_others
from agents.tools.caldav.booking import Plan, after_doubt, occurrence_of, perform, reconciled, result
from agents.tools.caldav.changes import Change, ChangeKey, Part, confirm, load
from agents.tools.caldav.repeating import Occurrence
from agents.tools.caldav.timing import When, ZoneName, home, parsed, span
from orchestrator.contracts import Effect, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Reconciled, Result

LABEL = 100


def _lower(text: str) -> str:
    return text.strip().lower()


People = Annotated[tuple[Annotated[Line, pydantic.Field(max_length=320), pydantic.AfterValidator(_lower)], ...], pydantic.Field(max_length=200)]
"""Addresses as an event names them: some are none of mail."""


class OneEvent(Account):
    """An event that is there."""

    id: str = pydantic.Field(max_length=1000, pattern=r"^/[^\s?#\\]+$", description="The id that caldav.agenda gave.")
    title: Line = pydantic.Field(min_length=1, max_length=400, description="Its title, as caldav.agenda gave it: the person is shown it.")
    occurrence: str = pydantic.Field(
        default="", max_length=40, pattern=r"^[0-9T:+.Z-]*$", description="Of an event that repeats: which one, as caldav.agenda gave it."
    )
    attendees: People = pydantic.Field(default=(), description="Its attendees, as caldav.agenda gave them: the server may tell them of the change.")


class MoveArguments(OneEvent):
    start: When = pydantic.Field(description="The new start: 2026-11-24T15:00 in the person's zone, or a day for a whole-day event.")
    end: When | None = pydantic.Field(default=None, description="The new end; default: it lasts as long as before.")
    zone: ZoneName = pydantic.Field(default="", description="A time zone such as Europe/Berlin, if not the person's own.")
    only_if_free: bool = pydantic.Field(default=True, description="Refuse where the new time is taken already.")


class RemoveArguments(OneEvent):
    whole_series: bool = pydantic.Field(default=False, description="Of an event that repeats: remove all of it.")


class RestoreArguments(Account):
    """What `caldav.restore` takes."""

    change: ChangeKey = pydantic.Field(description="The change to take back, as its undo names it.")
    title: str = pydantic.Field(max_length=400, description="What it was about.")
    attendees: People = pydantic.Field(default=(), description="Whom the server may tell.")


@dataclass
class Move:
    """Gives an event another time."""

    calendars: Calendars
    name: str = "caldav.move"
    version: int = 1
    description: str = "Move one event of the person's calendar on a CalDAV server, or one occurrence of a repeating one, to another time. Can be undone."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = MoveArguments
    credits: int = 3
    seconds: float = 90.0

    def reach(self, arguments: MoveArguments) -> Reach:
        return self.calendars.reach(arguments, Deed.OWN, arguments.attendees)

    def preview(self, arguments: MoveArguments, words: Phrase) -> Preview:
        times = " – ".join(filter(None, (arguments.start, arguments.end)))
        return Preview(words("caldav-move-summary", title=arguments.title, start=arguments.start), _rows(arguments, words, f"{times} {arguments.zone}".strip()))

    async def act(self, outside: Outside, arguments: MoveArguments) -> Result:
        session = await self.calendars.open(outside, arguments)
        zone = home(outside, arguments.zone)
        change = load(outside)
        if change is None:
            _, stored = await session.stored(arguments.id)
            document, meant = occurrence_of(stored, arguments.occurrence, zone)
            _agree(arguments, meant.event)
            begins, ends = span(arguments.start, arguments.end or "", zone)
            if not arguments.end:
                length = ics.duration(meant.event, zone)
                ends = (ics.instant(begins, zone) + length) if isinstance(begins, datetime) else begins + length
            after = _moved(document, meant, begins, ends, outside.now)
            part = Part(href=stored.href, before=stored.data, etag_before=stored.etag, after=after.written())
            people = tuple(dict.fromkeys(address for event in document.events for address in ics.addresses(event)))
            refuse_others(people, arguments.attendees)
            change = Change(place=session.place, label=_label(meant.event), at=outside.now, people=people, parts=(part,))
            wanted = (ics.instant(begins, zone), ics.instant(ends, zone))
        else:
            confirm(session, change)
            begins, ends = span(arguments.start, arguments.end or "", zone)
            wanted = (ics.instant(begins, zone), ics.instant(ends, zone))
        made = change if change.made else await perform(self.calendars, session, outside, Plan(change, (wanted,) if arguments.only_if_free else ()))
        return result(arguments, outside.key, made, zone, f"calendar at {session.dav.host}")

    async def reconcile(self, outside: Outside, arguments: MoveArguments) -> Reconciled:
        found, change, session = await after_doubt(self.calendars, outside, arguments)
        given = result(arguments, outside.key, change, home(outside, arguments.zone), f"calendar at {session.dav.host}") if change else None
        return reconciled(found, given)


@dataclass
class Remove:
    """Takes an event out of a calendar."""

    calendars: Calendars
    name: str = "caldav.remove"
    version: int = 1
    description: str = "Remove one event, or one occurrence of a repeating one, from the person's calendar on a CalDAV server. Can be undone."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = RemoveArguments
    credits: int = 3
    seconds: float = 60.0

    def reach(self, arguments: RemoveArguments) -> Reach:
        return self.calendars.reach(arguments, Deed.OWN, arguments.attendees)

    def preview(self, arguments: RemoveArguments, words: Phrase) -> Preview:
        key = "caldav-remove-series" if arguments.whole_series else "caldav-remove-summary"
        return Preview(words(key, title=arguments.title), _rows(arguments, words))

    async def act(self, outside: Outside, arguments: RemoveArguments) -> Result:
        session = await self.calendars.open(outside, arguments)
        zone = home(outside)
        change = load(outside)
        if change is None:
            _, stored = await session.stored(arguments.id)
            document, event, after = self._without(arguments, stored.data, stored, zone, outside.now)
            _agree(arguments, event)
            people = tuple(dict.fromkeys(address for one in document.events for address in ics.addresses(one)))
            refuse_others(people, arguments.attendees)
            part = Part(href=stored.href, before=stored.data, etag_before=stored.etag, after=after)
            change = Change(place=session.place, label=_label(event), at=outside.now, people=people, parts=(part,))
        confirm(session, change)
        made = change if change.made else await perform(self.calendars, session, outside, Plan(change))
        return self._result(arguments, outside, made, f"calendar at {session.dav.host}")

    async def reconcile(self, outside: Outside, arguments: RemoveArguments) -> Reconciled:
        found, change, session = await after_doubt(self.calendars, outside, arguments)
        given = self._result(arguments, outside, change, f"calendar at {session.dav.host}") if change else None
        return reconciled(found, given)

    def _without(self, arguments: RemoveArguments, data: bytes, stored: Any, zone: Any, now: datetime) -> tuple[ics.Document, Any, bytes | None]:
        if arguments.whole_series:
            document = ics.read(data)
            return document, document.master, None
        document, meant = occurrence_of(stored, arguments.occurrence, zone)
        return document, meant.event, _excepted(document, meant, now).written() if meant.original else None

    def _result(self, arguments: RemoveArguments, outside: Outside, change: Change, where: str) -> Result:
        given = result(arguments, outside.key, change, home(outside), where)
        return Result({"id": arguments.id, "title": change.label, "removed": arguments.occurrence or "whole"}, where, True, given.undo)


@dataclass
class Restore:
    """Takes a change of a calendar back."""

    calendars: Calendars
    name: str = "caldav.restore"
    version: int = 1
    description: str = (
        "Take back a change of a calendar: what was removed or moved stands again as before, what was added goes. Refuses where somebody changed it since."
    )
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = RestoreArguments
    credits: int = 2
    seconds: float = 90.0

    def reach(self, arguments: RestoreArguments) -> Reach:
        return self.calendars.reach(arguments, Deed.OWN, arguments.attendees)

    def preview(self, arguments: RestoreArguments, words: Phrase) -> Preview:
        people = ((words("caldav-attendees"), ", ".join(arguments.attendees)),) if arguments.attendees else ()
        return Preview(words("caldav-restore-summary", title=arguments.title), people)

    async def act(self, outside: Outside, arguments: RestoreArguments) -> Result:
        session = await self.calendars.open(outside, arguments)
        change = load(outside)
        if change is None:
            former = load(outside, arguments.change)
            if former is None or not any(part.made for part in former.parts):
                raise ToolError("that change can no longer be taken back: what was there before is not kept any more")
            if former.label != arguments.title or {_lower(one) for one in former.people} - set(arguments.attendees):
                raise ToolError("that change was about another event than the one named")
            confirm(session, former)
            change = former.reversed(outside.now)
        confirm(session, change)
        made = change if change.made else await perform(self.calendars, session, outside, Plan(change))
        return result(arguments, outside.key, made, home(outside), f"calendar at {session.dav.host}")

    async def reconcile(self, outside: Outside, arguments: RestoreArguments) -> Reconciled:
        found, change, session = await after_doubt(self.calendars, outside, arguments)
        return reconciled(found, result(arguments, outside.key, change, home(outside), f"calendar at {session.dav.host}") if change else None)


def _rows(arguments: OneEvent, words: Phrase, when: str = "") -> tuple[tuple[str, str], ...]:
    rows = (
        ("caldav-when", when),
        ("caldav-occurrence", arguments.occurrence),
        ("caldav-attendees", ", ".join(arguments.attendees)),
        ("caldav-account", arguments.server),
    )
    return tuple((words(label), value) for label, value in rows if value)


def _label(event: Any) -> str:
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in ics.plain(event, "SUMMARY", LABEL)).split())
    return text or "?"


def _agree(arguments: OneEvent, event: Any) -> None:
    """What a person is shown is what is changed. Raises ToolError where the title is that of another event."""
    said = " ".join(arguments.title.casefold().split())
    real = " ".join("".join(letter if letter.isprintable() else " " for letter in ics.plain(event, "SUMMARY", 300)).casefold().split()) or "?"
    if said != real:
        raise ToolError(f"the event of that id is called {_label(event)!r}, not {arguments.title!r}; look at the agenda again")


def _moved(document: ics.Document, meant: Occurrence, begins: ics.Moment, ends: ics.Moment, now: datetime) -> ics.Document:
    """A copy of the event in which it, or one occurrence of it, has other times."""
    after = document.copy()
    if not meant.original:
        event = after.master
    elif "RECURRENCE-ID" in meant.event:
        event = after.events[document.events.index(meant.event)]
    else:
        event = copy.deepcopy(document.master)
        for name in ("RRULE", "RDATE", "EXDATE", "EXRULE"):
            event.pop(name, None)
        ics.add_time(event, "recurrence-id", meant.start)
        after.calendar.add_component(event)
    ics.set_times(event, begins, ends)
    ics.touch(event, now)
    return after


def _excepted(document: ics.Document, meant: Occurrence, now: datetime) -> ics.Document:
    """A copy of the event without one occurrence."""
    after = document.copy()
    if "RECURRENCE-ID" in meant.event:
        after.calendar.subcomponents.remove(after.events[document.events.index(meant.event)])
    if after.events:
        ics.add_time(after.master, "exdate", parsed(meant.original))
        ics.touch(after.master, now)
    return after
