"""The dial: the parts of the day, and which half of it a clock time means."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.times.elements import Clock, ClockRange

NOON, DAY_MINUTES = 12 * 60, 24 * 60
WAKING = range(7 * 60, 21 * 60)
"""Minutes of the day in which an hour said without its half is looked for."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the day in minutes: when a reminder fires, and when the part ends."""

    start: int
    end: int


PARTS = {
    "small_hours": Window(0, 6 * 60),
    "morning": Window(9 * 60, 12 * 60),
    "noon": Window(12 * 60, 14 * 60),
    "afternoon": Window(14 * 60, 18 * 60),
    "evening": Window(18 * 60, 22 * 60),
    "night": Window(21 * 60, 24 * 60),
}


def part_minutes(clock: Clock, part: str) -> int:
    """The minutes of the day of a clock time said with a day part: three in the afternoon, 凌晨三点."""
    minutes = clock.minutes
    if clock.hour > 12 or (clock.exact and not clock.word and clock.hour != 12 and part not in ("afternoon", "evening")):
        return minutes
    hour = clock.hour
    if part in ("morning", "small_hours"):
        return minutes - NOON if hour == 12 and part == "small_hours" else minutes
    if part == "noon":
        return minutes + NOON if hour < 5 else minutes
    if part == "afternoon" or (part == "evening" and 4 <= hour < 12):
        return minutes + NOON if hour < 12 else minutes
    if hour == 12:
        return minutes + NOON
    return minutes + NOON if part == "night" and hour > 5 else minutes


def candidates(clock: Clock, part: str) -> tuple[int, ...]:
    """The minutes of the day a clock time may mean, the likelier first."""
    if part:
        return (part_minutes(clock, part),)
    if clock.exact:
        return (clock.minutes,)
    early, late = clock.minutes % NOON, clock.minutes % NOON + NOON
    if clock.hour in (8, 9, 10, 11):
        return (early,)
    waking = tuple(each for each in (early, late) if each in WAKING)
    return waking or (late,)


def range_minutes(clocks: ClockRange, part: str) -> tuple[int, int]:
    """The two ends of a range of clock times, in minutes of the day."""
    first, last = clocks.first, clocks.last
    if last.exact and not first.exact and not part:
        late = last.minutes
        fitting = [each for each in (first.minutes % NOON, first.minutes % NOON + NOON) if each < late]
        return (fitting[-1] if fitting else first.minutes % NOON), late
    begin = candidates(first, part)[0]
    if last.exact:
        return begin, last.minutes
    end = last.minutes % NOON
    while end <= begin:
        end += NOON
    return begin, end
