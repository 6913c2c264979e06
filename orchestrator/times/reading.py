"""What a text says about time: the values handed to the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Precision(StrEnum):
    """How exactly a moment was named. A DAY reading starts at 00:00 of that day; the clock is then nobody's word."""

    MINUTE = "minute"
    DAY_PART = "day_part"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """A character range of the text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Recurrence:
    """An RFC 5545 RRULE without its DTSTART (a reading's `start` is that)."""

    rule: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a text says about time.

    `start` and `end` are aware, in the person's zone; `end` is set for ranges, day parts, weeks and months. `unread` holds words
    that look like a time and could not be read: they are asked about, never guessed. `rest` is the text without the time words.
    """

    start: datetime | None = None
    end: datetime | None = None
    recurrence: Recurrence | None = None
    duration: timedelta | None = None
    precision: Precision | None = None
    part_of_day: str | None = None
    unread: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    rest: str = ""
    has_clock: bool = False
    has_day: bool = False
    anchored: bool = False
