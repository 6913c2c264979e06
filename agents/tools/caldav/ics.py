"""Calendar objects (RFC 5545) as others wrote them: read within limits, changed a little, written back with their own time zones."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestrator.contracts import ToolError
from orchestrator.times.wall import localized

LARGEST = 1_000_000
MOST_LINES = 30_000
DEEPEST = 6
MOST_PEOPLE = 500
YEARS = range(1583, 9000)
"""Those that can be reckoned with in every zone."""
FOLD = re.compile(rb"\r?\n[ \t]")
LINE = re.compile(r"\r\n|\n|\r")
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
UTC_ZONE = ZoneInfo("UTC")
BROKEN = "vBroken"
"""What icalendar makes of a value that it cannot read."""
PRODUCT = "-//Majordomo//EN"
FAULTS = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError, LookupError)
"""What a parser of broken input may raise."""

Moment = datetime | date


class Unreadable(ToolError):
    """That is no calendar entry that could be read."""


@dataclass(frozen=True)
class Document:
    """A calendar object: its events, and its time zones word for word."""

    calendar: Any
    zones: tuple[str, ...] = ()

    @property
    def events(self) -> list[Any]:
        return [part for part in self.calendar.subcomponents if part.name == "VEVENT"]

    @property
    def master(self) -> Any:
        """The event itself, not one that stands for a single occurrence of it."""
        return next((event for event in self.events if "RECURRENCE-ID" not in event), None) or self.events[0]

    def uids(self) -> list[str]:
        return list(dict.fromkeys(str(event.get("UID", "")) for event in self.events))

    def copy(self) -> Document:
        return Document(copy.deepcopy(self.calendar), self.zones)

    def written(self) -> bytes:
        """As it is sent to a server."""
        if not self.zones:
            return bytes(self.calendar.to_ical())
        head, mark, tail = self.calendar.to_ical().partition(b"BEGIN:VEVENT\r\n")
        return bytes(head + "".join(f"{_folded(zone)}\r\n" for zone in self.zones).encode() + mark + tail)


def read(data: bytes) -> Document:
    """Raises Unreadable for what is broken, too large or no calendar. Definitions of time zones are kept but never run: names decide."""
    import icalendar  # noqa: PLC0415 - 0.1 s that only a calendar needs

    if len(data) > LARGEST:
        raise Unreadable(f"that calendar has more than {LARGEST} bytes")
    lines = [line for line in LINE.split(UNSEEN.sub("", FOLD.sub(b"", data).decode("utf-8-sig", "replace"))) if line.strip()]
    if len(lines) > MOST_LINES:
        raise Unreadable(f"that calendar has more than {MOST_LINES} lines")
    kept, zones = _without_zones(lines)
    try:
        calendar = icalendar.Calendar.from_ical("\r\n".join(kept) + "\r\n")
    except FAULTS:
        raise Unreadable from None
    if getattr(calendar, "name", "") != "VCALENDAR":
        raise Unreadable
    document = Document(calendar, zones)
    if not document.events or not all(isinstance(_value(event, "DTSTART"), date) for event in document.events):
        raise Unreadable("there is no event with a start in it that could be read")
    return document


def new_document(events: Sequence[Any], zones: tuple[str, ...] = ()) -> Document:
    """A calendar object of its own for one event (and its single occurrences)."""
    import icalendar  # noqa: PLC0415 - see read

    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    for event in events:
        calendar.add_component(event)
    if not zones:
        earliest = min(_day(event) for event in events) - timedelta(days=400)
        calendar.add_missing_timezones(first_date=earliest, last_date=earliest + timedelta(days=366 * 12))
    return Document(calendar, zones)


def moment(event: Any, name: str, home: ZoneInfo) -> Moment | None:
    """A date, or an aware time: one without a zone that is known counts in `home`. None where there is none."""
    found = _value(event, name)
    if not isinstance(found, date):
        return None
    return placed(found, _zone_id(event, name), home)


def placed(found: Moment, zone_id: str, home: ZoneInfo) -> Moment:
    """A time in the zone that its TZID names."""
    if not isinstance(found, datetime):
        return found
    if found.tzinfo is None:
        return localized(found, zone_named(zone_id) or home)
    return found


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of a TZID: an IANA name, or one that ends in it (/citadel.org/20210210_1/Europe/Berlin)."""
    parts = name.strip("/").split("/")
    for count in (len(parts), 3, 2):
        try:
            return ZoneInfo("/".join(parts[-count:]))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


def instant(value: Moment, home: ZoneInfo) -> datetime:
    """The instant, UTC; a day begins at midnight in `home`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return localized(datetime(value.year, value.month, value.day), home).astimezone(UTC)


def duration(event: Any, home: ZoneInfo) -> timedelta:
    """How long it lasts, never negative."""
    start, end = moment(event, "DTSTART", home), moment(event, "DTEND", home)
    if start is not None and end is not None:
        both_days = not isinstance(start, datetime) and not isinstance(end, datetime)
        length = end - start if both_days else instant(end, home) - instant(start, home)
        return max(length, timedelta(0)) or (timedelta(days=1) if both_days else timedelta(0))
    given = _value(event, "DURATION")
    if isinstance(given, timedelta):
        return max(given, timedelta(0))
    return timedelta(0) if isinstance(start, datetime) else timedelta(days=1)


def set_times(event: Any, start: Moment, end: Moment) -> None:
    """Put an event elsewhere, in its own zone where that has a name, else in UTC."""
    zone = _zone_id(event, "DTSTART")
    known = ZoneInfo(zone) if zone and getattr(zone_named(zone), "key", "") == zone else UTC
    for name in ("DTSTART", "DTEND", "DURATION"):
        event.pop(name, None)
    for name, value in (("dtstart", start), ("dtend", end)):
        event.add(name, value.astimezone(known) if isinstance(value, datetime) else value)


def touch(event: Any, now: datetime) -> None:
    """Say that it was changed, so that other programs take the new version."""
    sequence = event.pop("SEQUENCE", 0)
    event.add("sequence", min(int(sequence) if str(sequence).isdigit() else 0, 1_000_000) + 1)
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        event.pop(name, None)
        event.add(name.lower(), now.astimezone(UTC))


def add_time(event: Any, name: str, value: Moment) -> None:
    """Add a property such as EXDATE, written as the event's own start is: a day, or a time in its zone."""
    start = _value(event, "DTSTART")
    zone = _zone_id(event, "DTSTART")
    if not isinstance(start, datetime):
        event.add(name, value.date() if isinstance(value, datetime) else value)
    elif isinstance(value, datetime):
        there = value.astimezone(start.tzinfo) if start.tzinfo is not None else value.replace(tzinfo=None)
        event.add(name, there, parameters={"TZID": zone} if zone else None)


def addresses(event: Any) -> tuple[str, ...]:
    """Whom the server may tell of a change: organiser and attendees, lower-case."""
    found = []
    for name in ("ORGANIZER", "ATTENDEE"):
        for value in _all(event, name):
            text = str(value)
            found.append((text[7:] if text.lower().startswith("mailto:") else text).strip().lower())
    return tuple(dict.fromkeys(address for address in found if address))[:MOST_PEOPLE]


def plain(event: Any, name: str, most: int) -> str:
    """A text of an event as it can be shown: no control characters, cut at `most` characters."""
    value = event.get(name, "")
    text = UNSEEN.sub("", str(value[0] if isinstance(value, list) else value)).strip()
    return text if len(text) <= most else text[:most] + " […]"


def is_busy(event: Any) -> bool:
    """Whether it takes up time, in free/busy."""
    return str(event.get("TRANSP", "OPAQUE")).upper() != "TRANSPARENT" and str(event.get("STATUS", "")).upper() != "CANCELLED"


def same(one: bytes, other: bytes) -> bool:
    """Whether two calendar objects say the same of when, what and who; servers write them anew in their own way."""
    try:
        return _meaning(read(one)) == _meaning(read(other))
    except Unreadable:
        return one == other


def _meaning(document: Document) -> frozenset[tuple[str, ...]]:
    home = UTC_ZONE
    rows = []
    for event in document.events:
        times = tuple(str(found) if not isinstance(found, datetime) else str(found.astimezone(UTC)) for found in
                      (moment(event, name, home) for name in ("DTSTART", "RECURRENCE-ID")))  # fmt: skip
        texts = tuple(plain(event, name, LARGEST) for name in ("UID", "SUMMARY", "LOCATION"))
        rule = ";".join(value.to_ical().decode() for value in _all(event, "RRULE"))
        exceptions = ",".join(sorted(str(value) for value in dates(event, "EXDATE", home)))
        rows.append((*times, str(duration(event, home)), *texts, rule, exceptions, *sorted(addresses(event))))
    return frozenset(rows)


def dates(event: Any, name: str, home: ZoneInfo) -> list[Moment]:
    """The times of EXDATE or RDATE; of a period, its start."""
    found: list[Moment] = []
    for value in sound(event, name):
        zone = str(getattr(value, "params", {}).get("TZID", ""))
        for entry in getattr(value, "dts", []):
            inner = getattr(entry, "dt", None)
            inner = inner[0] if isinstance(inner, tuple) else inner
            if isinstance(inner, date) and inner.year in YEARS:
                found.append(placed(inner, zone, home))
    return found


def sound(event: Any, name: str) -> list[Any]:
    """The values of a property that could be read."""
    return [value for value in _all(event, name) if type(value).__name__ != BROKEN]


def broken(event: Any, name: str) -> bool:
    """Whether a property has a value that could not be read."""
    return any(type(value).__name__ == BROKEN for value in _all(event, name))


def _all(event: Any, name: str) -> list[Any]:
    values = event.get(name, [])
    return values if isinstance(values, list) else [values]


def _value(event: Any, name: str) -> Any:
    found = next((getattr(value, "dt", None) for value in sound(event, name)), None)
    return found if not isinstance(found, date) or found.year in YEARS else None


def _zone_id(event: Any, name: str) -> str:
    return next((str(value.params.get("TZID", "")) for value in sound(event, name)), "")


def _day(event: Any) -> date:
    start = _value(event, "DTSTART")
    return start.date() if isinstance(start, datetime) else start


def _without_zones(lines: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The lines without definitions of time zones, and those. Raises Unreadable for what is nested too deeply."""
    kept: list[str] = []
    zones: list[list[str]] = []
    inside, depth = False, 0
    for line in lines:
        word = line.strip().upper()
        depth += word.startswith("BEGIN:") - word.startswith("END:")
        if depth > DEEPEST or word.startswith(("BEGIN;", "END;")) or (word == "BEGIN:VTIMEZONE" and depth != 2):
            raise Unreadable
        if word == "BEGIN:VTIMEZONE":
            inside = True
            zones.append([])
        (zones[-1] if inside else kept).append(line)
        if inside and depth < 2:
            inside = False
    if inside:
        raise Unreadable
    return kept, tuple("\r\n".join(zone) for zone in zones)


def _folded(block: str) -> str:
    """Lines of at most 75 bytes (RFC 5545), cut between characters."""
    out = []
    for line in block.split("\r\n"):
        while len(line.encode()) > 74:
            cut = 60 if line[:60].isascii() else 18
            out.append(line[:cut])
            line = " " + line[cut:]
        out.append(line)
    return "\r\n".join(out)
