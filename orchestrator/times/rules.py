"""When something that repeats runs next: recurrence rules in wall-clock time, and plain intervals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from orchestrator.times.wall import localized, zone_of

LONGEST_OFFSET = timedelta(hours=2)


def next_after(rule: str, after: datetime, *, zone: str | ZoneInfo, start: datetime) -> datetime | None:
    """The first occurrence after a moment, in UTC; None when the rule has ended.

    The rule counts wall-clock time in the zone from `start` (its DTSTART, aware). Daily and longer rules keep their wall clock over
    daylight saving: a time in the spring gap runs at the first instant after it, a repeated one in autumn runs once, the first time.
    Rules by the minute or hour count elapsed time. Raises ValueError for a rule that is none.
    """
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - 30 ms that reading a text need not wait

    home = zone_of(zone)
    if _counts_elapsed(rule):
        series = rrulestr(rule, dtstart=start.astimezone(UTC))
        found = series.after(after.astimezone(UTC))
        return found.astimezone(UTC) if found else None
    series = rrulestr(_without_zone(rule, home), dtstart=start.astimezone(home).replace(tzinfo=None, fold=0))
    wall: datetime | None = series.after(after.astimezone(home).replace(tzinfo=None) - LONGEST_OFFSET)
    while wall is not None:
        found = localized(wall, home)
        if found > after:
            return found.astimezone(UTC)
        wall = series.after(wall)
    return None


def next_interval(seconds: float, after: datetime, start: datetime) -> datetime:
    """The first moment after `after` that is a whole number of intervals from `start`. Raises ValueError unless seconds > 0."""
    if seconds <= 0:
        raise ValueError("an interval must be longer than nothing")
    if after < start:
        return start
    return start + ((after - start) // timedelta(seconds=seconds) + 1) * timedelta(seconds=seconds)


def _counts_elapsed(rule: str) -> bool:
    return "FREQ=HOURLY" in rule or "FREQ=MINUTELY" in rule or "FREQ=SECONDLY" in rule


def _without_zone(rule: str, zone: ZoneInfo) -> str:
    """UNTIL in UTC becomes wall-clock time, as the rest of the rule is."""
    parts = []
    for part in rule.removeprefix("RRULE:").split(";"):
        if part.startswith("UNTIL=") and part.endswith("Z"):
            until = datetime.strptime(part[6:], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(zone)
            part = f"UNTIL={until:%Y%m%dT%H%M%S}"
        parts.append(part)
    return ";".join(parts)
