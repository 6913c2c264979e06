"""`caldav.add`: one event, once, in a time that is free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pydantic

from agents.tools.caldav import ics
from agents.tools.caldav.account import Account, Calendars, Session
from agents.tools.caldav.booking import Plan, after_doubt, perform, reconciled, result
from agents.tools.caldav.changes import Change, Part, confirm, load
from agents.tools.caldav.repeating import Clockwork
from agents.tools.caldav.timing import When, ZoneName, home, span
from agents.tools.email.address import parse
from orchestrator.contracts import Effect, ToolError
from orchestrator.outside import Deed, Found, Outside, Phrase, Preview, Reach, Reconciled, Result

LOOKED_AHEAD = timedelta(days=400)
"""So far a repeating event is compared with what is in the calendar."""
HIDDEN = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _line(text: str) -> str:
    if any(not letter.isprintable() or letter in HIDDEN for letter in text):
        raise ValueError("must be one line without control characters")
    return text.strip()


def _text(text: str) -> str:
    if ics.UNSEEN.search(text) or any(letter in HIDDEN for letter in text):
        raise ValueError("must be plain text without control characters")
    return text.strip()


def _address(text: str) -> str:
    return parse(text).normal


Line = Annotated[str, pydantic.AfterValidator(_line)]
Address = Annotated[str, pydantic.Field(max_length=320), pydantic.AfterValidator(_address)]
Attendees = Annotated[tuple[Address, ...], pydantic.Field(max_length=50)]


class Repeat(pydantic.BaseModel):
    """How an event repeats: for ever, where neither count nor until is given."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    every: Literal["day", "week", "month", "year"] = pydantic.Field(description="The step.")
    interval: int = pydantic.Field(default=1, ge=1, le=366, description="2 with week: every second week.")
    weekdays: tuple[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"], ...] = pydantic.Field(default=(), description="With week: on these days.")
    count: int | None = pydantic.Field(default=None, ge=1, le=1000, description="How many times in all.")
    until: date | None = pydantic.Field(default=None, description="The last day on which it may happen.")

    @pydantic.model_validator(mode="after")
    def _one_end(self) -> Repeat:
        if self.count is not None and self.until is not None:
            raise ValueError("give count or until, not both")
        if self.weekdays and self.every != "week":
            raise ValueError("weekdays go with every week")
        return self

    def rule(self, start: ics.Moment, zone: ZoneInfo) -> dict[str, Any]:
        """As an RRULE."""
        frequency = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}[self.every]
        rule: dict[str, Any] = {"FREQ": frequency, "INTERVAL": self.interval}
        if self.weekdays:
            rule["BYDAY"] = list(self.weekdays)
        if self.count is not None:
            rule["COUNT"] = self.count
        if self.until is not None:
            last = self.until + timedelta(days=1)
            rule["UNTIL"] = ics.instant(last, zone) - timedelta(seconds=1) if isinstance(start, datetime) else self.until
        return rule


class AddArguments(Account):
    """What `caldav.add` takes."""

    title: Line = pydantic.Field(min_length=1, max_length=300, description="What it is: one line.")
    start: When = pydantic.Field(description="2026-11-24T15:00 in the person's zone (or with an offset), or a day, 2026-11-24, for a whole-day event.")
    end: When | None = pydantic.Field(default=None, description="The end, or the last day of a whole-day event; default: one hour, or one day.")
    zone: ZoneName = pydantic.Field(default="", description="A time zone such as Europe/Berlin, if not the person's own.")
    location: Line = pydantic.Field(default="", max_length=300, description="Where.")
    description: Annotated[str, pydantic.AfterValidator(_text)] = pydantic.Field(default="", max_length=10_000, description="More about it.")
    attendees: Attendees = pydantic.Field(default=(), description="E-mail addresses of who is invited: the server writes to them.")
    repeat: Repeat | None = pydantic.Field(default=None, description="How it repeats; leave out for once.")
    remind_minutes: int | None = pydantic.Field(default=None, ge=0, le=40_320, description="Shown by the person's calendar program so long before.")
    busy: bool = pydantic.Field(default=True, description="Whether the time counts as taken.")
    only_if_free: bool = pydantic.Field(default=True, description="Refuse where the time is taken already.")
    calendar: str = pydantic.Field(default="", max_length=200, description="Name of the calendar; empty: the usual one.")


@dataclass
class Add:
    """Puts an event into a calendar."""

    calendars: Calendars
    name: str = "caldav.add"
    version: int = 1
    description: str = (
        "Add one event to the person's calendar on a CalDAV server. Unless told otherwise it refuses a time that is taken. Attendees get an invitation by mail."
    )
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = AddArguments
    credits: int = 3
    seconds: float = 90.0

    def reach(self, arguments: AddArguments) -> Reach:
        return self.calendars.reach(arguments, Deed.OWN, arguments.attendees)

    def preview(self, arguments: AddArguments, words: Phrase) -> Preview:
        times = " – ".join(filter(None, (arguments.start, arguments.end)))
        repeat = arguments.repeat.model_dump(mode="json", exclude_defaults=True) if arguments.repeat else {}
        rows = (
            ("caldav-when", f"{times} {arguments.zone}".strip()),
            ("caldav-where", arguments.location),
            ("caldav-text", arguments.description),
            ("caldav-attendees", ", ".join(arguments.attendees)),
            ("caldav-repeats", ", ".join(f"{name}: {value if not isinstance(value, list) else ' '.join(value)}" for name, value in repeat.items())),
            ("caldav-calendar", arguments.calendar),
            ("caldav-account", arguments.server),
        )
        key = "caldav-add-inviting" if arguments.attendees else "caldav-add-summary"
        return Preview(words(key, title=arguments.title, start=arguments.start), tuple((words(label), value) for label, value in rows if value))

    async def act(self, outside: Outside, arguments: AddArguments) -> Result:
        zone = home(outside, arguments.zone)
        begins, ends = span(arguments.start, arguments.end or "", zone)
        session = await self.calendars.open(outside, arguments)
        known = load(outside)
        if known is not None:
            confirm(session, known)
        document = ics.new_document([self._event(session, outside, arguments, zone)])
        change = known or self._change(session, outside, arguments, document)
        wanted: tuple[tuple[datetime, datetime], ...] = ()
        if arguments.only_if_free and arguments.busy:
            start = ics.instant(begins, zone)
            until = start + LOOKED_AHEAD if arguments.repeat else ics.instant(ends, zone)
            wanted = tuple(one.span(zone) for one in Clockwork(zone).occurrences(document, start, until))
        made = change if change.made else await perform(self.calendars, session, outside, Plan(change, wanted))
        return result(arguments, outside.key, made, zone)

    async def reconcile(self, outside: Outside, arguments: AddArguments) -> Reconciled:
        """By its UID, which is made of the key of the step."""
        found, change, session = await after_doubt(self.calendars, outside, arguments, arguments.only_if_free and arguments.busy and not arguments.repeat)
        if change is None:
            here = await session.dav.with_uid(session.calendar(arguments.calendar), uid_of(outside.key))
            if not here:
                return Reconciled(Found.NOT_DONE)
            stored = here[0]
            part = Part(href=stored.href, after=stored.data, etag_after=stored.etag, made=True)
            change = Change(place=session.place, label=arguments.title, at=outside.now, people=arguments.attendees, parts=(part,))
            found = Found.DONE
        return reconciled(found, result(arguments, outside.key, change, home(outside, arguments.zone)))

    def _change(self, session: Session, outside: Outside, arguments: AddArguments, document: ics.Document) -> Change:
        href = session.calendar(arguments.calendar).href + f"{outside.key}.ics"
        return Change(
            place=session.place, label=arguments.title, at=outside.now, people=arguments.attendees, parts=(Part(href=href, after=document.written()),)
        )

    def _event(self, session: Session, outside: Outside, arguments: AddArguments, zone: ZoneInfo) -> Any:
        import icalendar  # noqa: PLC0415 - 0.1 s that only a calendar needs

        begins, ends = span(arguments.start, arguments.end or "", zone)
        event = icalendar.Event()
        event.add("uid", uid_of(outside.key))
        event.add("dtstamp", outside.now)
        event.add("summary", arguments.title)
        event.add("dtstart", begins)
        event.add("dtend", ends)
        event.add("transp", "OPAQUE" if arguments.busy else "TRANSPARENT")
        for name, text in (("location", arguments.location), ("description", arguments.description)):
            if text:
                event.add(name, text)
        if arguments.repeat is not None:
            event.add("rrule", arguments.repeat.rule(begins, zone))
        if arguments.attendees:
            event.add("organizer", f"mailto:{session.organiser()}")
        for address in arguments.attendees:
            event.add("attendee", f"mailto:{address}", parameters={"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE", "ROLE": "REQ-PARTICIPANT"})
        if arguments.remind_minutes is not None:
            event.add_component(_alarm(arguments.title, arguments.remind_minutes))
        return event


def uid_of(key: str) -> str:
    return f"{key}@majordomo"


def _alarm(title: str, minutes: int) -> Any:
    import icalendar  # noqa: PLC0415 - see Add

    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", timedelta(minutes=-minutes))
    return alarm


def refuse_others(people: tuple[str, ...], named: tuple[str, ...]) -> None:
    """Whom the server tells must have been named, as they were approved. Raises ToolError."""
    if missing := sorted(set(people) - set(named)):
        raise ToolError(f"others have this event too, and the server may tell them: name them in attendees ({', '.join(missing[:50])})")
