"""Quiet hours and digest time as instants: wall-clock times in a person's zone, right on the days the clocks change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestrator.times.wall import moment

DAY = 24 * 60
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end`, in minutes into the day; over midnight where `end` is the smaller one."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < DAY and 0 <= self.end < DAY) or self.start == self.end:
            raise ValueError("quiet hours begin and end at two different times of a day")


def quiet_until(hours: QuietHours | None, now: datetime, zone: str) -> datetime | None:
    """When the quiet that holds at `now` ends, UTC; None where it is not quiet.

    They begin at the first and end at the last of a time that comes twice; a time that is skipped counts as the instant after the gap.
    """
    if hours is None:
        return None
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    for day in (today - ONE_DAY, today):
        begin = moment(day, hours.start, place).astimezone(UTC)
        finish = _last(day + ONE_DAY if hours.end < hours.start else day, hours.end, place)
        if begin <= now < finish:
            return finish
    return None


def next_at(minutes: int, now: datetime, zone: str) -> datetime:
    """The next instant, UTC, at which a person's clock shows so many minutes into the day; once a day, on every day."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    instants = (moment(today + timedelta(days=ahead), minutes, place).astimezone(UTC) for ahead in range(3))
    return next(instant for instant in instants if instant > now)


def _last(day: date, minutes: int, place: ZoneInfo) -> datetime:
    naive = datetime.combine(day, time(minutes // 60, minutes % 60))
    later = naive.replace(tzinfo=place, fold=1).astimezone(UTC)
    exists = later.astimezone(place).replace(tzinfo=None) == naive
    return later if exists else moment(day, minutes, place).astimezone(UTC)
