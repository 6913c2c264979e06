"""Cron expressions of five fields: minute, hour, day of month, month, day of week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from orchestrator.times.wall import moment, zone_of

MONTH_NAMES = {name: value for value, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)}
DAY_NAMES = {name: value for value, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
LONGEST_SEARCH = 366 * 9
"""Days; 29 February comes round within them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field's name and range."""

    name: str
    low: int
    high: int


FIELDS = (Field("minute", 0, 59), Field("hour", 0, 23), Field("day of month", 1, 31), Field("month", 1, 12), Field("day of week", 0, 7))


@dataclass(frozen=True, slots=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    either_day: bool
    """Both day fields are restricted: a day that fits either one runs."""

    def runs_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday


def next_cron(expression: str, after: datetime, zone: str | ZoneInfo) -> datetime | None:
    """The first run after a moment, in UTC; None when it never runs (30 February). Raises ValueError for what is no cron expression.

    Wall-clock time in the zone; a run in the spring gap happens at the first instant after it, one in the repeated hour of autumn once.
    """
    cron = parse(expression)
    home = zone_of(zone)
    first = after.astimezone(home).date() - timedelta(days=1)
    for days in range(LONGEST_SEARCH):
        day = first + timedelta(days=days)
        if not cron.runs_on(day):
            continue
        for hour in cron.hours:
            for minute in cron.minutes:
                found = moment(day, hour * 60 + minute, home)
                if found > after:
                    return found.astimezone(UTC)
    return None


@lru_cache(maxsize=256)
def parse(expression: str) -> Cron:
    """Raises ValueError that names the field."""
    fields = SHORTHANDS.get(expression.strip().lower(), expression).lower().split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"a cron expression has five fields, this one has {len(fields)}: {expression!r}")
    values = [_values(text, field) for text, field in zip(fields, FIELDS, strict=True)]
    weekdays = frozenset(each % 7 for each in values[4])
    return Cron(
        tuple(sorted(values[0])),
        tuple(sorted(values[1])),
        frozenset(values[2]),
        frozenset(values[3]),
        weekdays,
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _values(text: str, field: Field) -> set[int]:
    values: set[int] = set()
    for item in text.split(","):
        span, slash, step_text = item.partition("/")
        step = _number(step_text, field) if slash else 1
        if step < 1:
            raise ValueError(f"the step of the {field.name} must be at least 1: {item!r}")
        low, high = _bounds(span, field, open_end=bool(slash))
        values.update(range(low, high + 1, step))
    return values


def _bounds(span: str, field: Field, open_end: bool) -> tuple[int, int]:
    if span in ("*", "?"):
        return field.low, min(field.high, 6) if field.name == "day of week" else field.high
    first, dash, last = span.partition("-")
    low = _number(first, field)
    high = _number(last, field) if dash else field.high if open_end else low
    if not field.low <= low <= high <= field.high:
        raise ValueError(f"the {field.name} goes from {field.low} to {field.high}: {span!r}")
    return low, high


def _number(text: str, field: Field) -> int:
    names = MONTH_NAMES if field.name == "month" else DAY_NAMES if field.name == "day of week" else {}
    if text in names:
        return names[text]
    if not text.isdecimal():
        raise ValueError(f"not a {field.name}: {text!r}")
    return int(text)
