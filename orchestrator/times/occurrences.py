"""Repeats as recurrence rules, and their first occurrence."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from orchestrator.times.dial import PARTS, candidates, range_minutes
from orchestrator.times.elements import Clock, ClockRange, DayRange, Repeat, month_start
from orchestrator.times.moments import Frame, Moments, bound_end
from orchestrator.times.reading import Precision, Recurrence
from orchestrator.times.selection import Chosen
from orchestrator.times.wall import moment

DEFAULT_MINUTES = 9 * 60
"""When something that repeats runs if no clock time was said; the reading then has no clock."""
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST_SEARCH = 366 * 9
"""Days; 29 February comes round within them."""


def recurrence(chosen: Chosen, frame: Frame) -> tuple[Recurrence, Moments]:
    """The rule and its first occurrence after now."""
    repeat = chosen.repeat
    assert repeat is not None
    part = repeat.part or chosen.part_name
    if isinstance(chosen.clock, ClockRange) and repeat.frequency in ("MINUTELY", "HOURLY"):
        return _within_hours(chosen, chosen.clock, frame)
    minutes, length = _clock_minutes(chosen, part)
    if minutes is None and repeat.frequency not in ("MINUTELY", "HOURLY"):
        minutes = DEFAULT_MINUTES
    every = _all_minutes(chosen, part, minutes)
    first = min(_first(repeat, each, chosen, frame) for each in every or (None,))
    rule = _rule(repeat, every)
    end = bound_end(chosen, first, frame) or _opening_end(chosen, frame)
    if end is not None:
        rule += f";UNTIL={(end - timedelta(seconds=1)).astimezone(ZoneInfo('UTC')):%Y%m%dT%H%M%SZ}"
    elif chosen.lasting is not None and (chosen.lasting.length.days or chosen.lasting.length.months):
        last = first + chosen.lasting.length.duration - timedelta(seconds=1)
        rule += f";UNTIL={last.astimezone(ZoneInfo('UTC')):%Y%m%dT%H%M%SZ}"
    until = moment(first.date(), minutes + length, frame.zone) if length and minutes is not None else None
    precision = Precision.MINUTE if chosen.clock or repeat.frequency in ("MINUTELY", "HOURLY") else Precision.DAY_PART if part else Precision.DAY
    return Recurrence(rule), Moments(first, precision, until)


def _opening_end(chosen: Chosen, frame: Frame) -> datetime | None:
    """every day from tomorrow until 5 December: the days named as one stretch end the recurrence too."""
    if chosen.opening is None or not isinstance(chosen.opening.start, DayRange):
        return None
    span = chosen.opening.start.on(frame.today)
    return moment(span.after, 0, frame.zone) if span else None


def _within_hours(chosen: Chosen, clock: ClockRange, frame: Frame) -> tuple[Recurrence, Moments]:
    """every two hours between 9 and 17: the same clock times every day."""
    assert chosen.repeat is not None
    begin, end = range_minutes(clock, "")
    step = chosen.repeat.interval * (60 if chosen.repeat.frequency == "HOURLY" else 1)
    if step < 60 and (60 % step or begin % 60):
        step = 60
    stops = [each % (24 * 60) for each in range(begin, end + 1, step)]
    hours, past = sorted({each // 60 for each in stops}), sorted({each % 60 for each in stops})
    if len(past) > 1 and end % 60 == 0 and len(hours) > 1:
        hours.remove(max(hours))  # the last full hour would run on past the end
    days = ",".join(CODES[each] for each in chosen.repeat.weekdays)
    rule = f"FREQ=DAILY;{f'BYDAY={days};' if days else ''}BYHOUR={','.join(map(str, hours))};BYMINUTE={','.join(map(str, past))}"
    first = min(_first(Repeat("DAILY"), each, chosen, frame) for each in stops)
    return Recurrence(rule), Moments(first, Precision.MINUTE)


def _clock_minutes(chosen: Chosen, part: str) -> tuple[int | None, int]:
    """The minutes of the day it happens at, and how long it then lasts."""
    if isinstance(chosen.clock, ClockRange):
        begin, end = range_minutes(chosen.clock, part)
        return begin, end - begin
    if isinstance(chosen.clock, Clock):
        return candidates(chosen.clock, part)[0] % (24 * 60), 0
    if part:
        return PARTS[part].start, PARTS[part].end - PARTS[part].start
    return None, 0


def _all_minutes(chosen: Chosen, part: str, first: int | None) -> tuple[int, ...]:
    """Every clock time said, where one rule can hold them: it needs the same minute for all."""
    if first is None:
        return ()
    more = {candidates(each.element, part)[0] % (24 * 60) for each in chosen.more_clocks if isinstance(each.element, Clock)}
    return tuple(sorted({first, *(each for each in more if each % 60 == first % 60)}))


def _rule(repeat: Repeat, minutes: tuple[int, ...]) -> str:
    parts = [f"FREQ={repeat.frequency}"]
    if repeat.interval > 1:
        parts.append(f"INTERVAL={repeat.interval}")
    if repeat.month_days:
        parts.append("BYMONTHDAY=" + ",".join(map(str, repeat.month_days)))
    if repeat.months:
        parts.append("BYMONTH=" + ",".join(map(str, repeat.months)))
    if repeat.weekdays:
        nth = str(repeat.nth) if repeat.nth else ""
        parts.append("BYDAY=" + ",".join(nth + CODES[each] for each in repeat.weekdays))
    if minutes and repeat.frequency not in ("MINUTELY", "HOURLY"):
        parts.append(f"BYHOUR={','.join(str(each // 60) for each in minutes)};BYMINUTE={minutes[0] % 60}")
    return ";".join(parts)


def _first(repeat: Repeat, minutes: int | None, chosen: Chosen, frame: Frame) -> datetime:
    opening = chosen.opening.start.on(frame.today) if chosen.opening else None
    begin = opening.first if opening else frame.today
    if repeat.frequency in ("MINUTELY", "HOURLY"):
        step = timedelta(minutes=repeat.interval * (60 if repeat.frequency == "HOURLY" else 1))
        if minutes is not None or opening is not None:
            found = moment(begin, minutes or 0, frame.zone)
            return found if found > frame.now else moment(begin + timedelta(days=1), minutes or 0, frame.zone)
        return (frame.now.astimezone(ZoneInfo("UTC")) + step).astimezone(frame.zone).replace(second=0, microsecond=0)
    for days in range(LONGEST_SEARCH):
        day = begin + timedelta(days=days)
        if not _falls_on(repeat, day):
            continue
        found = moment(day, minutes or 0, frame.zone)
        if found > frame.now:
            return found
    return moment(begin, minutes or 0, frame.zone)


def _falls_on(repeat: Repeat, day: date) -> bool:
    if repeat.months and day.month not in repeat.months:
        return False
    if repeat.month_days:
        last = (month_start(day, 1) - timedelta(days=1)).day
        return day.day in {each if each > 0 else last + 1 + each for each in repeat.month_days}
    if repeat.weekdays and day.weekday() not in repeat.weekdays:
        return False
    if repeat.nth > 0:
        return (day.day - 1) // 7 + 1 == repeat.nth
    return repeat.nth == 0 or (day + timedelta(days=7)).month != day.month
