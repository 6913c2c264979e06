"""Wall-clock times as moments: daylight saving right in both directions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHORT_STEP = timedelta(minutes=1)


def zone_of(zone: str | ZoneInfo) -> ZoneInfo:
    """The zone by its IANA key; raises ZoneInfoNotFoundError for an unknown one."""
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


def moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The moment so many wall-clock minutes into a day; 24 * 60 and more is the day after.

    A time that the spring change skips becomes the first instant after the gap; one that autumn repeats is the first of the two.
    """
    day += timedelta(days=minutes // (24 * 60))
    minutes %= 24 * 60
    return localized(datetime.combine(day, time(minutes // 60, minutes % 60)), zone)


def localized(naive: datetime, zone: ZoneInfo) -> datetime:
    """A naive wall-clock time in its zone, by the same rules as `moment`."""
    aware = naive.replace(tzinfo=zone, fold=0)
    if aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive:
        return aware
    return _after_gap(aware, zone)


def _after_gap(aware: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after the gap that swallowed this wall time."""
    before = aware.utcoffset() or timedelta()
    later = aware.replace(fold=1).utcoffset() or timedelta()
    gap = abs(before - later)
    low = aware.astimezone(UTC) - gap - SHORT_STEP
    high = aware.astimezone(UTC) + gap + SHORT_STEP
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle in (low, high):
            break
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.astimezone(zone)
