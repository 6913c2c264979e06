"""Our own calendar, as it is read: what is meant, what is free, what is booked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pydantic
import sqlalchemy as sa

from agents.tools import day_parts
from agents.tools.openings import Opening, Openings
from orchestrator import times
from orchestrator.business import Business, BusinessBook, Service
from orchestrator.business.model import MAIN_CALENDAR
from orchestrator.contracts import Effect, Json, Role, ToolError, ToolScope, Words
from orchestrator.spoken import short_text
from storage.models import CalendarEventRow, PersonRow

TITLED = re.compile(
    r"\b(?:(?i:dr)\b\.?\s+([\w-]{3,})|(?i:doctor|doktor|doctora?|prof|mr|mrs|ms|miss|herrn?|frau|señora?|sra?|don|doña)\b\.?\s+(?:(?i:dr)\.?\s+)?([A-ZÄÖÜÁÉÍÓÚÑ][\w-]+))"
)
TITLED_ZH = re.compile(r"([一-鿿])(?:医生|大夫|老师|先生|女士)")
WITH = re.compile(r"\b(?:[Ww]ith|[Bb]ei|[Cc]on)\s+([A-ZÄÖÜÁÉÍÓÚÑ][\w-]+)")
NOT_NAMES = frozenset(
    [
        "you",
        "your",
        "me",
        "my",
        "us",
        "our",
        "ihnen",
        "euch",
        "dir",
        "mir",
        "uns",
        "usted",
        "ustedes",
        "ti",
        "der",
        "die",
        "das",
        "dem",
        "einem",
        "einer",
        "el",
        "la",
        "los",
        "las",
        "un",
        "una",
        "the",
        "a",
        "an",
    ]
)
MEASURE = re.compile(r"(?<=[㐀-鿿])(?:一?个|一?次|一下)(?=[㐀-鿿])")
"""Stands between a Chinese verb and its noun without changing what is meant."""
LISTED = 20
FOR = ": "
"""Between a service and the guest for whom it is, in a title."""
FOR_WHOM = re.compile(
    r"\b(?:for|für|para)\s+((?:(?:Mr|Mrs|Ms|Dr|Herrn?|Frau|Sra?|Señora?|Don|Doña)\b\.?\s+)*[A-ZÄÖÜÁÉÍÓÚÑ][\w'-]+(?:\s+[A-ZÄÖÜÁÉÍÓÚÑ][\w'-]+)?)"
    r"|[给帮为替]([㐀-鿿]{2,4}?|[A-Za-z]\w+)\s*(?=预约|预订|预定|约|订|安排)"
)
"""Whom an owner names as the guest of a booking."""


class Text(pydantic.BaseModel):
    """What a person wrote."""

    text: str = ""


class When(pydantic.BaseModel):
    """A time as the desk has read it; see the slot `when`."""

    model_config = pydantic.ConfigDict(extra="ignore")

    start: datetime | None = None
    end: datetime | None = None
    precision: str | None = None
    has_clock: bool = False
    has_day: bool = False


class Wish(pydantic.BaseModel):
    """What somebody would like: a service (none in a private calendar), perhaps with somebody, some time; `moving` is an event that gives up its place.

    `part` is the part of the day to which offers keep, on each of the days.
    """

    service: str | None = None
    staff: str | None = None
    when: When = When()
    moving: str | None = None
    part: str | None = None


class Period(pydantic.BaseModel):
    """From when to when; open ends mean from now on. `own` leaves out what others booked, also for the owner."""

    start: datetime | None = None
    end: datetime | None = None
    own: bool = False


@dataclass
class CalendarTool:
    """What the calendar's tools share: the business and its zone, and events as agents get them."""

    book: BusinessBook
    words: Words
    version: int = 1

    def business(self, scope: ToolScope) -> Business:
        return self.book.current(scope.connection)

    def zone(self, scope: ToolScope) -> ZoneInfo:
        return ZoneInfo(self.business(scope).zone or scope.person.effective_zone)

    def service(self, scope: ToolScope, identity: str | None) -> Service | None:
        """The service of this name; None in a private calendar, as the owner of a business has one, too. Raises ToolError for one that is not offered."""
        business = self.business(scope)
        found = business.service(identity or "")
        if found is None and not business.is_personal and (identity or scope.person.role is not Role.OWNER):
            raise ToolError(f"there is no service named {identity}")
        return found

    def openings(self, scope: ToolScope, service: Service | None, staff: str | None, moving: str | None = None) -> Openings:
        business = self.business(scope)
        private = business.is_personal or (service is None and scope.person.role is Role.OWNER)
        calendars = (f"person:{scope.person.id}",) if private else business.staff_for(service)
        if staff is not None and staff in calendars:
            calendars = (staff,)
        return Openings(scope.connection, business, service, calendars, self.zone(scope), scope.now, moving, private=private)

    def event(self, scope: ToolScope, row: Any, language: str | None = None) -> dict[str, Any]:
        """An event as JSON; `when` in words, in the zone of the business."""
        language = language or scope.task.language
        start, end = row.start_at.astimezone(self.zone(scope)), row.end_at.astimezone(self.zone(scope))
        service = self.business(scope).service(row.service)
        return {
            "event_id": row.id,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "service": row.service,
            "staff": "" if row.calendar.startswith("person:") or row.calendar == MAIN_CALENDAR else row.calendar,
            "title": _title(row, service, language),
            "guest": guest_of(row),
            "when": times.describe(start, now=scope.now, zone=self.zone(scope), language=language),
            "short": short_text(start, language),
        }

    def own_event(self, scope: ToolScope, event_id: str) -> Any:
        """A booked event of this person; the owner may reach every one. Raises ToolError("gone")."""
        query = sa.select(CalendarEventRow.__table__).where(CalendarEventRow.id == event_id, CalendarEventRow.state == "booked")
        if scope.person.role is not Role.OWNER:
            query = query.where(CalendarEventRow.person_id == scope.person.id)
        row = scope.connection.execute(query).first()
        if row is None:
            raise ToolError("gone")
        return row


def guest_of(row: Any) -> str:
    """For whom an owner booked, where that was said; it stands behind the service."""
    return str(row.title).removeprefix(f"{row.service}{FOR}") if row.service and str(row.title).startswith(f"{row.service}{FOR}") else ""


def _title(row: Any, service: Service | None, language: str) -> str:
    if service is None:
        return str(row.title)
    return f"{service.called(language)} ({guest})" if (guest := guest_of(row)) else service.called(language)


@dataclass
class FindService(CalendarTool):
    """Which service and which member of staff a text names, and which part of the day it keeps to; `stranger` is somebody named who does not work here."""

    name: str = "calendar.understand"
    description: str = "Read service and staff from a text."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        business, low = self.business(scope), MEASURE.sub("", arguments.text.casefold())
        named = _services_named(low, business)
        service = named[0] if named else None
        staff = next((person.name for person in business.staff if _says(low, person.name.casefold())), None)
        known = {word.casefold() for s in business.services for word in s.words()}
        part = day_parts.read(arguments.text, now=scope.now, zone=self.zone(scope), language=scope.task.language)
        whose = _for_whom(arguments.text, business, [*known, *(one.name.casefold() for one in business.staff)], scope)
        stranger = None if staff or business.is_personal else _stranger(arguments.text, known)
        stranger = None if stranger and stranger in whose else stranger
        return {"guest": whose, "service": service.id if service else None, "staff": staff, "stranger": stranger, "personal": business.is_personal} | {
            "services": [one.id for one in named],
            "part": part.as_json() if part else None,
        }


def _for_whom(text: str, business: Business, known: list[str], scope: ToolScope) -> str:
    """The guest whom an owner books for; a time, a service or one of the staff is none."""
    if scope.person.role is not Role.OWNER or business.is_personal:
        return ""
    for found in FOR_WHOM.finditer(text):
        name = next(group for group in found.groups() if group)
        words = name.casefold().split()
        if times.read(name, now=scope.now, zone=scope.person.effective_zone, language=scope.task.language).start is None and not any(
            word in NOT_NAMES or any(one.startswith(word) or word in one.split() for one in known) for word in words
        ):
            return name
    return ""


def _services_named(text: str, business: Business) -> list[Service]:
    """The services a text names, the one named by the longest word first; a word inside a longer one does not count."""
    found: list[Service] = []
    words = sorted(((word.casefold(), service) for service in business.services for word in service.words()), key=lambda pair: -len(pair[0]))
    for word, service in words:
        if _says(text, word):
            text = text.replace(word, " ")
            if service not in found:
                found.append(service)
    return found


def _says(text: str, word: str) -> bool:
    """Whether a text has a word, or one that begins with it; Chinese writes no spaces, not even beside Latin letters."""
    return _beginning_with(word).search(text) is not None if word[:1].isalpha() and ord(word[0]) < 0x2E80 else word in text


@lru_cache(maxsize=2048)
def _beginning_with(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_㐀-鿿]){re.escape(word)}")


def _stranger(text: str, services: set[str]) -> str | None:
    """A name with a title, or one after "with", that is no service."""
    for pattern in (TITLED, TITLED_ZH, WITH):
        for found in pattern.finditer(text):
            name = next(group for group in found.groups() if group)
            if name.casefold() not in NOT_NAMES | services:
                return name if pattern is WITH else found.group().strip()
    return None


@dataclass
class FindTimes(CalendarTool):
    """Whether a wish can be had as it is (`exact`), why not (`reason`: past, soon, far, closed, step, taken), and times that can (`options`).

    `clash` is what the person has already at the exact time; `until` the last day for which one can book, `step` the minutes between beginnings.
    """

    name: str = "calendar.find"
    description: str = "Find free times for a wish."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Wish

    def run(self, scope: ToolScope, arguments: Wish) -> Json:
        openings = self.openings(scope, self.service(scope, arguments.service), arguments.staff, arguments.moving)
        if arguments.part in day_parts.HOURS:
            openings = replace(openings, hours=day_parts.HOURS[arguments.part])
        when, language = arguments.when, scope.task.language
        until = times.describe_day(openings.until, now=scope.now, zone=self.zone(scope), language=language)
        found: dict[str, Any] = {
            "exact": None,
            "reason": "",
            "wanted": "",
            "options": [],
            "clash": None,
            "until": until,
            "step": openings.business.booking.step,
        }
        if when.start is not None and when.has_clock and when.precision in (None, "minute"):
            start = when.start.astimezone(self.zone(scope))
            found["wanted"] = times.describe(start, now=scope.now, zone=self.zone(scope), language=language)
            found["reason"], free = openings.verdict(start)
            if free:
                found["exact"] = {"start": start.isoformat(), "staff": free[0]}
                found["clash"] = self._clash(scope, start, start + openings.length, arguments.moving)
                return found
            found["options"] = [_option(opening, language) for opening in openings.near(start)]
            return found
        begin = when.start.astimezone(self.zone(scope)) if when.start else scope.now.astimezone(self.zone(scope))
        end = when.end.astimezone(self.zone(scope)) if when.end else self._end_of(begin, day_named=when.start is not None)
        if when.start is not None:
            longer = when.end is not None and end - begin > timedelta(days=1)
            found["wanted"] = self._days_text(scope, begin, end if longer else begin)
            found["reason"] = self._closed_or_full(openings, begin, end)
        offers = openings.spread(begin, end) or replace(openings, hours=None).spread(begin, end)
        found["options"] = [_option(opening, language) for opening in offers]
        return found

    def _days_text(self, scope: ToolScope, begin: datetime, end: datetime) -> str:
        if end > begin:
            return times.describe_range(begin, end, now=scope.now, zone=self.zone(scope), language=scope.task.language)
        return times.describe_day(begin, now=scope.now, zone=self.zone(scope), language=scope.task.language)

    def _clash(self, scope: ToolScope, begin: datetime, end: datetime, moving: str | None) -> Json:
        """The first appointment of this person in a stretch, besides the one that moves: two members of staff may be free, the person is one."""
        query = sa.select(CalendarEventRow.__table__).where(
            CalendarEventRow.person_id == scope.person.id, CalendarEventRow.state == "booked",
            CalendarEventRow.start_at < end, CalendarEventRow.end_at > begin, CalendarEventRow.id != (moving or ""),
        )  # fmt: skip
        row = scope.connection.execute(query.order_by(CalendarEventRow.start_at).limit(1)).first()
        return {name: self.event(scope, row)[name] for name in ("title", "staff", "when")} if row else None

    def _end_of(self, begin: datetime, *, day_named: bool) -> datetime:
        midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(days=1 if day_named else 7)

    def _closed_or_full(self, openings: Openings, begin: datetime, end: datetime) -> str:
        if end <= openings.now:
            return "past"
        if begin > openings.until:
            return "far"
        days = (end - begin).days + 1
        is_open = any(
            self._overlap(openings, opens, closes, begin, end) for n in range(days) for opens, closes in openings.stretches((begin + timedelta(days=n)).date())
        )
        if not is_open:
            return "closed"
        return "" if openings.between(begin, end) else "taken"

    def _overlap(self, openings: Openings, opens: datetime, closes: datetime, begin: datetime, end: datetime) -> bool:
        """Whether an opening reaches into the stretch that is wished for, and into its part of the day."""
        if openings.hours is not None:
            begin, end = (
                max(begin, datetime.combine(opens, openings.hours[0], opens.tzinfo)),
                min(end, datetime.combine(opens, openings.hours[1], opens.tzinfo)),
            )
        return opens < end and closes > begin


def _option(opening: Opening, language: str) -> dict[str, Any]:
    return {"start": opening.start.isoformat(), "staff": opening.staff, "label": short_text(opening.start, language)}


@dataclass
class Upcoming(CalendarTool):
    """A person's appointments, soonest first; of the whole business, with who comes, for its owner."""

    name: str = "calendar.list"
    description: str = "List appointments."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Period

    def run(self, scope: ToolScope, arguments: Period) -> Json:
        start = max(scope.now, arguments.start) if arguments.start else scope.now
        query = sa.select(CalendarEventRow.__table__, PersonRow.name.label("who")).join(PersonRow, PersonRow.id == CalendarEventRow.person_id)
        query = query.where(CalendarEventRow.state == "booked", CalendarEventRow.end_at > start)
        if arguments.end:
            query = query.where(CalendarEventRow.start_at < arguments.end)
        if arguments.own or scope.person.role is not Role.OWNER:
            query = query.where(CalendarEventRow.person_id == scope.person.id)
        rows = scope.connection.execute(query.order_by(CalendarEventRow.start_at).limit(LISTED)).all()
        mine = scope.person.id
        return [self.event(scope, row) | {"own": row.person_id == mine, "who": row.who if row.person_id != mine else ""} for row in rows]
