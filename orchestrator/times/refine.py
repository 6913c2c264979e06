"""`refine`: a correction of a moment: "make it 4", "no, Tuesday", "an hour later"."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orchestrator.times.clock import bare_hour
from orchestrator.times.dial import DAY_MINUTES, NOON, part_minutes
from orchestrator.times.elements import CalendarDay, Clock, DaySpan, PartOfDay, Shift, Unread, WeekdayOfWeek, WholeWeek, one_day
from orchestrator.times.grammar import Found, find
from orchestrator.times.line import Line, Match
from orchestrator.times.moments import Frame, Moments, moments
from orchestrator.times.read import resolve
from orchestrator.times.reading import Precision, Reading
from orchestrator.times.selection import Chosen, choose
from orchestrator.times.terms import Kind
from orchestrator.times.vocabularies import vocabulary_of
from orchestrator.times.wall import moment, zone_of

SENSIBLE = range(7 * 60, 22 * 60)
"""Minutes of the day; a bare hour is looked for in them, nearest to the old one."""


def refine(previous: datetime, text: str, *, now: datetime, zone: str | ZoneInfo, language: str) -> Reading:
    """What a correction makes of a moment: what it does not name stays as it was.

    Bare numbers count as clock times here. Without any time in the text the reading has no start.
    """
    home = zone_of(zone)
    frame = Frame(now.astimezone(home), home, previous.astimezone(home))
    line, found = find(text, vocabulary_of(language))
    found = _with_bare_hour(line, found)
    chosen = choose(line, found)
    reading = resolve(text, line, chosen, frame)
    changed = _changed(chosen, frame)
    if changed is None:
        return reading
    return replace(reading, start=changed.start, end=changed.end, precision=changed.precision)


def _with_bare_hour(line: Line, found: list[Found]) -> list[Found]:
    """A number that belongs to nothing else is the new hour."""
    if any(isinstance(each.element, Clock | Shift) for each in found):
        return found
    taken = {place for each in found for place in range(each.begin, each.end)}
    numbers = [(place, match) for place in range(len(line.lexemes)) if place not in taken and (match := bare_hour(line, place)) is not None]
    numbers = [each for each in numbers if not line.has(each[0] - 1, Kind.REJECTED)]
    for place, match in [each for each in numbers if _free(line, each[1])] or numbers:
        if isinstance(match.element, Clock):
            begin = place - 1 if line.has(place - 1, Kind.AT, Kind.TO, Kind.NEAR, Kind.THE) and place - 1 not in taken else place
            hour = Found(match.element, begin, match.end, line.lexemes[begin].start, line.lexemes[match.end - 1].end, frozenset())
            return sorted([*(each for each in found if not _soft(each)), hour], key=lambda each: each.begin)
    return found


def _soft(found: Found) -> bool:
    return isinstance(found.element, Unread) and found.element.soft


def _free(line: Line, match: Match) -> bool:
    following = line.at(match.end)
    return following is None or not following.is_word or bool(following.terms) or line.vocabulary.language == "zh"


def _changed(chosen: Chosen, frame: Frame) -> Moments | None:
    previous = frame.anchor
    assert previous is not None
    if chosen.repeat is not None:
        return None
    if isinstance(chosen.shift, Shift):
        shifted = replace(chosen.shift, anchored=True) if chosen.shift.later else chosen.shift
        return moments(replace(chosen, shift=shifted), frame)
    if isinstance(chosen.clock, Clock):
        part = chosen.part_name
        span = chosen.day.on(frame.today) if chosen.day else _part_span(chosen, frame) or one_day(previous.date())
        if span is None:
            return None
        return Moments(moment(span.first, _nearest(chosen.clock, part, previous), frame.zone), Precision.MINUTE)
    if chosen.clock is not None:
        day = chosen.day or None
        found = moments(chosen, frame)
        if found is None or day is not None or found.end is None:
            return found
        step = timedelta(days=(previous.date() - found.start.date()).days)
        return replace(found, start=found.start + step, end=found.end + step)
    if chosen.part is not None and chosen.day is None and _part_span(chosen, frame) is None:
        return moments(replace(chosen, day=CalendarDay(previous.day, previous.month, previous.year)), frame)
    if chosen.day is not None and chosen.part is None:
        if isinstance(chosen.day, WholeWeek):  # "next week": the same weekday and clock there
            chosen.day = WeekdayOfWeek(previous.weekday(), chosen.day.weeks)
        span = chosen.day.on(frame.today)
        if span is None or (span.after - span.first).days > 1:
            return moments(chosen, frame)
        return Moments(moment(span.first, previous.hour * 60 + previous.minute, frame.zone), Precision.MINUTE)
    return moments(chosen, frame)


def _part_span(chosen: Chosen, frame: Frame) -> DaySpan | None:
    if not isinstance(chosen.part, PartOfDay):
        return None
    return one_day(frame.today + timedelta(days=chosen.part.days))


def _nearest(clock: Clock, part: str, previous: datetime) -> int:
    """The half of the day that brings a bare hour nearest to the old clock."""
    if part:
        return part_minutes(clock, part)
    if clock.exact:
        return clock.minutes
    old = previous.hour * 60 + previous.minute
    halves = [clock.minutes % NOON, clock.minutes % NOON + NOON]
    fitting = [each for each in halves if each in SENSIBLE] or halves
    return min(fitting, key=lambda each: abs(each - old)) % DAY_MINUTES
