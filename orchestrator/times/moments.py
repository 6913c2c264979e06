"""From the chosen elements to moments: which half of the day, today or tomorrow, where a day part begins and ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from orchestrator.times.dial import DAY_MINUTES, NOON, PARTS, candidates, range_minutes
from orchestrator.times.elements import (
    AnchoredPart,
    CalendarDay,
    Clock,
    ClockRange,
    DayElement,
    DaySpan,
    NamedDay,
    PartOfDay,
    Shift,
    Which,
    add_months,
    one_day,
)
from orchestrator.times.reading import Precision
from orchestrator.times.selection import Chosen
from orchestrator.times.wall import moment


@dataclass(frozen=True, slots=True)
class Moments:
    """A start with its precision, and an end for ranges."""

    start: datetime
    precision: Precision
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The moment and place a text is read in."""

    now: datetime
    zone: ZoneInfo
    anchor: datetime | None = None

    @property
    def today(self) -> date:
        return self.now.date()


def moments(chosen: Chosen, frame: Frame) -> Moments | None:
    """The moment the elements speak of; None when they name none, or none that exists."""
    if chosen.shift is not None:
        return _shifted(chosen, frame)
    part = chosen.part_name
    span = _day_span(chosen, frame)
    if chosen.day is not None and span is None:
        return None
    if isinstance(chosen.clock, ClockRange):
        return _clock_range(chosen.clock, part, span, frame)
    if isinstance(chosen.clock, Clock):
        start = clock_moment(chosen.clock, part, span, chosen, frame)
        return Moments(start, Precision.MINUTE, bound_end(chosen, start, frame))
    if part:
        return _part_moment(part, span, frame)
    if span is None:
        return None
    end = moment(span.after, 0, frame.zone) if (span.after - span.first).days > 1 else None
    start = moment(span.first, 0, frame.zone)
    return Moments(start, span.precision, end or bound_end(chosen, start, frame))


def _day_span(chosen: Chosen, frame: Frame) -> DaySpan | None:
    if chosen.day is not None:
        return chosen.day.on(frame.today)
    if isinstance(chosen.part, PartOfDay):
        return one_day(frame.today + timedelta(days=chosen.part.days))
    return None


def clock_moment(clock: Clock, part: str, span: DaySpan | None, chosen: Chosen, frame: Frame) -> datetime:
    """The moment of a clock time: on the day named, else the next one to come."""
    options = candidates(clock, part)
    if span is not None:
        for days in range(1, (span.after - span.first).days):  # at the weekend at 10, said on its Saturday at noon
            if moment(span.first + timedelta(days=days - 1), max(options), frame.zone) > frame.now:
                break
            span = replace(span, first=span.first + timedelta(days=days))
        found = _on_day(options, clock, part, span.first, frame)
        if found <= frame.now:
            return _later_day(options, chosen, found, frame)
        return found
    for days in (0, 1, 2):
        for minutes in options:
            found = moment(frame.today + timedelta(days=days), minutes, frame.zone)
            if found > frame.now:
                return found
    return found


def _on_day(options: tuple[int, ...], clock: Clock, part: str, day: date, frame: Frame) -> datetime:
    if day == frame.today and not clock.exact and not part:
        options = (*options, options[0] + NOON) if options[0] < NOON else options
    for minutes in options:
        found = moment(day, minutes, frame.zone)
        if found > frame.now:
            return found
    return moment(day, options[0], frame.zone)


def _later_day(options: tuple[int, ...], chosen: Chosen, found: datetime, frame: Frame) -> datetime:
    """Past times move on where the words allow it: this Saturday at 9 said at 10, tonight at 1."""
    day = chosen.day
    if isinstance(day, CalendarDay) and day.year is None and day.months_on is None:
        later = day.on(frame.today + timedelta(days=1))
        return moment(later.first, options[0], frame.zone) if later else found
    if isinstance(day, NamedDay) and day.which is Which.THIS:
        return moment(frame.today + timedelta(days=7), options[0], frame.zone)
    if isinstance(chosen.part, PartOfDay) and chosen.part.part in ("night", "evening") and options[0] < 6 * 60:
        return moment(frame.today + timedelta(days=1), options[0], frame.zone)
    return found


def _clock_range(clocks: ClockRange, part: str, span: DaySpan | None, frame: Frame) -> Moments:
    """Both ends in the same half of the day where only one says which."""
    first, last = range_minutes(clocks, part)
    day = span.first if span is not None else frame.today
    start = moment(day, first, frame.zone)
    if span is None and start <= frame.now:
        day += timedelta(days=1)
        start = moment(day, first, frame.zone)
    return Moments(start, Precision.MINUTE, moment(day, last if last > first else last + DAY_MINUTES, frame.zone))


def _part_moment(part: str, span: DaySpan | None, frame: Frame) -> Moments:
    window = PARTS[part]
    day = span.first if span is not None else frame.today
    if span is None and moment(day, window.start, frame.zone) <= frame.now:
        day += timedelta(days=1)
    return Moments(moment(day, window.start, frame.zone), Precision.DAY_PART, moment(day, window.end, frame.zone))


def bound_end(chosen: Chosen, start: datetime, frame: Frame) -> datetime | None:
    """The end that "until" names: a clock time on the day of the start, or the end of a day."""
    if chosen.bound is None:
        return None
    until = chosen.bound.until
    if isinstance(until, Clock):
        minutes = until.minutes if until.exact else until.minutes % NOON
        end = moment(start.date(), minutes, frame.zone)
        while end <= start:
            minutes += NOON if not until.exact else DAY_MINUTES
            end = moment(start.date(), minutes, frame.zone)
        return end
    span = until.on(start.date()) if isinstance(until, DayElement) else None
    if span is not None and chosen.bound.clock is not None:
        return moment(span.first, candidates(chosen.bound.clock, "")[0], frame.zone)
    return moment(span.after, 0, frame.zone) if span else None


def _shifted(chosen: Chosen, frame: Frame) -> Moments | None:
    shift = chosen.shift
    assert shift is not None
    if isinstance(shift, AnchoredPart):
        return _anchored_part(shift, chosen, frame)
    base = anchor_of(chosen, frame) if shift.anchored else frame.now
    if base is None:
        return None
    length = shift.length
    if chosen.day is not None and not shift.anchored and length.days and length.days % 7 == 0:  # Montag in zwei Wochen, morgen in einer Woche
        span = chosen.day.on(frame.today)
        base = moment(span.first, 0, frame.zone) if span else base
    if not length.days and not length.months:
        return Moments(add_exact(base, shift.sign * timedelta(minutes=length.minutes, seconds=length.seconds), frame.zone), Precision.MINUTE)
    day = add_months(base.astimezone(frame.zone).date(), shift.sign * length.months) + timedelta(days=shift.sign * length.days)
    part = chosen.part_name
    if isinstance(chosen.clock, Clock):
        return Moments(moment(day, candidates(chosen.clock, part)[0], frame.zone), Precision.MINUTE)
    if part:
        return _part_moment(part, one_day(day), frame)
    if chosen.day is not None:
        return Moments(moment(day, 0, frame.zone), Precision.DAY)
    local = base.astimezone(frame.zone)
    at_clock = moment(day, local.hour * 60 + local.minute, frame.zone)
    if length.minutes or shift.anchored:
        return Moments(add_exact(at_clock, shift.sign * timedelta(minutes=length.minutes), frame.zone), Precision.MINUTE)
    return Moments(moment(day, 0, frame.zone), Precision.DAY)


def anchor_of(chosen: Chosen, frame: Frame) -> datetime | None:
    """What "before" and "after" count from: a day or clock time named beside them (two days before Christmas), else the known event."""
    shift = chosen.shift
    by_days = isinstance(shift, AnchoredPart) or (isinstance(shift, Shift) and bool(shift.length.days or shift.length.months))
    if by_days and chosen.day is not None:
        span = chosen.day.on(frame.today)
        return moment(span.first, 0, frame.zone) if span else None
    if not by_days and isinstance(chosen.clock, Clock):
        span = _day_span(chosen, frame)
        return clock_moment(chosen.clock, chosen.part_name, span, chosen, frame)
    return frame.anchor


def _anchored_part(shift: AnchoredPart, chosen: Chosen, frame: Frame) -> Moments | None:
    """The evening before the anchor, or its own clock on the day before."""
    anchor = anchor_of(chosen, frame)
    if anchor is None:
        return None
    anchor = anchor.astimezone(frame.zone)
    day = anchor.date() + timedelta(days=shift.days)
    if isinstance(chosen.clock, Clock):
        return Moments(moment(day, candidates(chosen.clock, shift.part)[0], frame.zone), Precision.MINUTE)
    if shift.part:
        return _part_moment(shift.part, one_day(day), frame)
    if chosen.day is not None:
        return Moments(moment(day, 0, frame.zone), Precision.DAY)
    return Moments(moment(day, anchor.hour * 60 + anchor.minute, frame.zone), Precision.MINUTE)


def add_exact(base: datetime, step: timedelta, zone: ZoneInfo) -> datetime:
    """Elapsed time, not wall-clock time: two hours later is two hours later over a clock change too."""
    from_utc = (base.astimezone(UTC_ZONE) + step).astimezone(zone)
    return from_utc.replace(microsecond=0)


UTC_ZONE = ZoneInfo("UTC")
