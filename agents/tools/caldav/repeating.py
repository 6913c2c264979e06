"""When events happen: each occurrence of one that repeats, reckoned by us and within limits, in wall-clock time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from agents.tools.caldav.ics import YEARS, Document, Moment, broken, dates, duration, instant, moment, sound
from orchestrator.times.wall import localized

MOST_OCCURRENCES = 2_000
"""Of one call."""
MOST_STEPS = 150_000
MOST_TURNS = 2_400
"""Months (for yearly rules: years) that one rule is followed, whether it gives anything or not."""
SECONDS = 5.0
"""For all rules of one call together."""
LONGEST = timedelta(days=3660)
NUMBERS = {"BYMONTH": "bymonth", "BYMONTHDAY": "bymonthday", "BYYEARDAY": "byyearday", "BYWEEKNO": "byweekno", "BYSETPOS": "bysetpos"}
KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *NUMBERS})
DAY = re.compile(r"([+-]?\d{0,2})(MO|TU|WE|TH|FR|SA|SU)")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class TooMuch(Exception):
    """A rule would take too long, or is of a kind that is not followed."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an event takes. `original` is where its rule put it (empty for an event that does not repeat)."""

    start: Moment
    end: Moment
    event: Any
    original: str = ""
    followed: bool = True
    """False: it repeats in a way that was not followed, and only this time of it is known."""

    def span(self, home: ZoneInfo) -> tuple[datetime, datetime]:
        return instant(self.start, home), instant(self.end, home)


@dataclass
class Clockwork:
    """The limits of one call, used up as its rules are followed."""

    home: ZoneInfo
    left: int = MOST_OCCURRENCES
    seconds: float = SECONDS
    complete: bool = True

    def occurrences(self, document: Document, start: datetime, end: datetime) -> list[Occurrence]:
        """What of an event lies in [start, end). Where a limit was met, `complete` turns false."""
        found = []
        for one in self.around(document, start, end):
            begins, ends = one.span(self.home)
            if begins < end and (ends > start or begins == ends == start):
                if self.left <= 0:
                    self.complete = False
                    break
                self.left -= 1
                found.append(one)
        return found

    def around(self, document: Document, start: datetime, end: datetime) -> Iterator[Occurrence]:
        """Every occurrence that may touch [start, end), and perhaps some others."""
        changed = {}
        for event in document.events:
            if "RECURRENCE-ID" in event and (original := moment(event, "RECURRENCE-ID", self.home)) is not None:
                changed[(str(event.get("UID", "")), _key(original, self.home))] = original
                yield self._occurrence(event, _text(original))
        for event in document.events:
            if "RECURRENCE-ID" in event:
                continue
            uid = str(event.get("UID", ""))
            if "RRULE" not in event and "RDATE" not in event:
                yield self._occurrence(event, "")
                continue
            without = {_key(value, self.home) for value in dates(event, "EXDATE", self.home)}
            for begins, followed in self._starts(event, start, end):
                key = _key(begins, self.home)
                if key not in without and (uid, key) not in changed:
                    without.add(key)
                    yield self._placed(event, begins, _text(begins), followed=followed)

    def _occurrence(self, event: Any, original: str) -> Occurrence:
        start = moment(event, "DTSTART", self.home)
        assert start is not None  # `ics.read` lets no event without a start through
        return self._placed(event, start, original)

    def _placed(self, event: Any, start: Moment, original: str, *, followed: bool = True) -> Occurrence:
        length = min(duration(event, self.home), LONGEST)
        try:
            end = (start.astimezone(UTC) + length).astimezone(start.tzinfo) if isinstance(start, datetime) else start + length
        except OverflowError:
            end = start
        return Occurrence(start, end, event, original, followed)

    def _starts(self, event: Any, start: datetime, end: datetime) -> Iterator[tuple[Moment, bool]]:
        first = moment(event, "DTSTART", self.home)
        assert first is not None
        since = start - min(duration(event, self.home), LONGEST)
        began = time.monotonic()
        followed = True
        try:
            if self.seconds <= 0:
                raise TooMuch
            for rule in sound(event, "RRULE"):
                yield from ((found, True) for found in self._ruled(rule, first, since, end, began))
            if broken(event, "RRULE"):
                raise TooMuch
        except TooMuch:
            followed, self.complete = False, False
        finally:
            self.seconds -= time.monotonic() - began
        yield first, followed
        yield from ((value, True) for value in dates(event, "RDATE", self.home))

    def _ruled(self, rule: Any, first: Moment, start: datetime, end: datetime, began: float) -> Iterator[Moment]:
        zone = first.tzinfo if isinstance(first, datetime) else self.home
        wall = first.replace(tzinfo=None, fold=0) if isinstance(first, datetime) else datetime(first.year, first.month, first.day)
        last = end.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
        try:
            series = iter(_series(rule, wall, zone, start.astimezone(zone).replace(tzinfo=None)))
            for step, found in enumerate(series):
                if step > MOST_STEPS or (step % 500 == 0 and time.monotonic() - began > self.seconds):
                    raise TooMuch
                if found > last:
                    return
                yield _localized(found, zone) if isinstance(first, datetime) else found.date()
        except (ValueError, TypeError, OverflowError, IndexError, AttributeError, KeyError):
            raise TooMuch from None


def _localized(wall: datetime, zone: Any) -> datetime:
    return localized(wall, zone) if isinstance(zone, ZoneInfo) else wall.replace(tzinfo=zone)


def _series(rule: Any, wall: datetime, zone: Any, since: datetime) -> Any:
    """A rule of whole days or longer as dateutil's, with a limit on empty turns; one that is not counted begins shortly before `since`.

    Raises TooMuch for another kind, or ValueError.
    """
    from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, weekday  # noqa: PLC0415 - 30 ms that only a repeating event needs

    parts = {str(name).upper(): values if isinstance(values, list) else [values] for name, values in rule.items()}
    frequency = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY, "YEARLY": YEARLY}.get(str(parts["FREQ"][0]).upper())
    if frequency is None or not parts.keys() <= KNOWN:
        raise TooMuch
    given: dict[str, Any] = {
        "interval": int(parts.get("INTERVAL", [1])[0]),
        **{ours: [int(v) for v in parts[name]] for name, ours in NUMBERS.items() if name in parts},
    }
    if given["interval"] < 1:
        raise ValueError("interval")
    step = {DAILY: 1, WEEKLY: 7}.get(frequency, 0) * given["interval"]
    if step and "COUNT" not in parts and since - wall > timedelta(days=14):
        wall += timedelta(days=((since - wall).days - 7) // step * step)
    if "COUNT" in parts:
        given["count"] = int(parts["COUNT"][0])
    if "UNTIL" in parts and parts["UNTIL"][0].year in YEARS:
        given["until"] = _until(parts["UNTIL"][0], zone)
    if "WKST" in parts:
        given["wkst"] = DAYS.index(str(parts["WKST"][0]).upper())
    if "BYDAY" in parts:
        matches = [DAY.fullmatch(str(value).upper()) for value in parts["BYDAY"]]
        given["byweekday"] = [weekday(DAYS.index(match[2]), int(match[1]) if match[1] not in {"", "+", "-"} else None) for match in matches if match]
    return _patient()(frequency, dtstart=wall.replace(microsecond=0), **given)


@cache
def _patient() -> type:
    from dateutil.rrule import rrule  # noqa: PLC0415 - see _series

    class Patient(rrule):
        """A rule that gives nothing (30 February, each year) is else followed up to the year 9999, for seconds. dateutil looks
        at `_byeaster` once in every month or year that it turns to: there the turns are counted."""

        _turns = 0
        _easter: Any = None

        @property
        def _byeaster(self) -> Any:
            self._turns += 1
            if self._turns > MOST_TURNS:
                raise TooMuch
            return self._easter

        @_byeaster.setter
        def _byeaster(self, value: Any) -> None:
            self._easter = value

    return Patient


def _until(value: Moment, zone: Any) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, 23, 59, 59)
    return value.replace(tzinfo=None) if value.tzinfo is None else value.astimezone(zone).replace(tzinfo=None)


def _key(value: Moment, home: ZoneInfo) -> datetime | date:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _text(value: Moment) -> str:
    return value.isoformat()
