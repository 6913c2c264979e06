"""The parts of a time expression, as the productions find them."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from orchestrator.times.reading import Precision


class Which(StrEnum):
    """Which of many: "Friday", "this Friday", "next Friday", "last Friday"."""

    BARE = "bare"
    THIS = "this"
    NEXT = "next"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Days from `first` up to, not including, `after`."""

    first: date
    after: date
    precision: Precision = Precision.DAY


def one_day(day: date) -> DaySpan:
    return DaySpan(day, day + timedelta(days=1))


def month_start(day: date, months: int = 0) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def add_months(day: date, months: int) -> date:
    """The same day so many months on, or that month's last day where it is shorter."""
    first = month_start(day, months)
    return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))


@dataclass(frozen=True, slots=True)
class OffsetDay:
    """today, tomorrow, übermorgen, 大后天"""

    days: int

    def on(self, today: date) -> DaySpan:
        return one_day(today + timedelta(days=self.days))


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A weekday; `weeks` counts on from it ("Monday week")."""

    weekday: int
    which: Which = Which.BARE
    weeks: int = 0

    def on(self, today: date) -> DaySpan:
        monday = today - timedelta(days=today.weekday())
        if self.which is Which.NEXT:
            day = monday + timedelta(days=7 + self.weekday)
        elif self.which is Which.LAST:
            day = today - timedelta(days=(today.weekday() - self.weekday - 1) % 7 + 1)
        elif self.which is Which.THIS and self.weekday == today.weekday():
            day = today
        else:
            day = today + timedelta(days=(self.weekday - today.weekday() - 1) % 7 + 1)
        return one_day(day + timedelta(weeks=self.weeks))


@dataclass(frozen=True, slots=True)
class WeekdayOfWeek:
    """A weekday of a week counted from this one: "Friday next week", 下下周一"""

    weekday: int
    weeks: int

    def on(self, today: date) -> DaySpan:
        monday = today - timedelta(days=today.weekday())
        return one_day(monday + timedelta(days=self.weekday, weeks=self.weeks))


@dataclass(frozen=True, slots=True)
class NextWorkday:
    """The next day from Monday to Friday after today."""

    def on(self, today: date) -> DaySpan:
        return one_day(today + timedelta(days={4: 3, 5: 2}.get(today.weekday(), 1)))


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A date; without a year (or month) the next such day, today included."""

    day: int
    month: int | None = None
    year: int | None = None
    months_on: int | None = None
    """Months from this one, for "the 5th of next month"."""
    years_on: int | None = None

    def on(self, today: date) -> DaySpan | None:
        """None when there is no such day (30 February)."""
        if self.months_on is not None:
            return self._in(month_start(today, self.months_on))
        if self.month is None:
            for months in range(12):
                found = self._in(month_start(today, months))
                if found and found.first >= today:
                    return found
            return None
        if self.year is not None or self.years_on is not None:
            return self._in(date(self.year or today.year + (self.years_on or 0), self.month, 1))
        for years in range(9):
            found = self._in(date(today.year + years, self.month, 1))
            if found and found.first >= today:
                return found
        return None

    def _in(self, month: date) -> DaySpan | None:
        if 1 <= self.day <= calendar.monthrange(month.year, month.month)[1]:
            return one_day(month.replace(day=self.day))
        return None


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The first Monday of the month; nth -1 is the last. Without months or month: the next to come."""

    nth: int
    weekday: int
    months_on: int | None = None
    month: int | None = None

    def on(self, today: date) -> DaySpan | None:
        if self.months_on is not None:
            found = self._in(month_start(today, self.months_on))
            if self.months_on == 0 and found is not None and found < today:
                found = self._in(month_start(today, 1))
            return one_day(found) if found else None
        for months in range(24):
            first = month_start(today, months)
            if self.month is not None and first.month != self.month:
                continue
            found = self._in(first)
            if found and found >= today:
                return one_day(found)
        return None

    def _in(self, first: date) -> date | None:
        days = calendar.monthrange(first.year, first.month)[1]
        matching = [first.replace(day=day) for day in range(1, days + 1) if first.replace(day=day).weekday() == self.weekday]
        place = self.nth - 1 if self.nth > 0 else self.nth
        return matching[place] if place < len(matching) else None


@dataclass(frozen=True, slots=True)
class WholeWeek:
    weeks: int

    def on(self, today: date) -> DaySpan:
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=self.weeks)
        return DaySpan(monday, monday + timedelta(days=7), Precision.WEEK)


@dataclass(frozen=True, slots=True)
class Weekend:
    weeks: int

    def on(self, today: date) -> DaySpan:
        saturday = today - timedelta(days=today.weekday()) + timedelta(days=5, weeks=self.weeks)
        return DaySpan(saturday, saturday + timedelta(days=2), Precision.DAY)


@dataclass(frozen=True, slots=True)
class WholeMonth:
    """A month counted from this one, or by its number (the next to come, the running one included)."""

    months: int = 0
    number: int | None = None
    year: int | None = None

    def on(self, today: date) -> DaySpan:
        first = month_start(today, self.months)
        if self.number is not None:
            first = date(self.year or today.year, self.number, 1)
            if self.year is None and first < month_start(today):
                first = first.replace(year=first.year + 1)
        return DaySpan(first, month_start(first, 1), Precision.MONTH)


@dataclass(frozen=True, slots=True)
class WholeYear:
    """A year counted from this one, or by its number."""

    years: int = 0
    number: int | None = None

    def on(self, today: date) -> DaySpan:
        year = self.number or today.year + self.years
        return DaySpan(date(year, 1, 1), date(year + 1, 1, 1), Precision.MONTH)


class Edge(StrEnum):
    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class EdgeOf:
    """The start, middle or end of a week, month or year."""

    edge: Edge
    whole: WholeWeek | WholeMonth | WholeYear

    def on(self, today: date) -> DaySpan:
        """Where the running period's start or middle is over, the next one's."""
        found = self._within(self.whole.on(today))
        if found.first < today and self == EdgeOf(Edge.END, WholeWeek(0)):
            return one_day(today + timedelta(days=6 - today.weekday()))  # on the weekend the week ends on Sunday
        if found.first < today and self.whole == WholeMonth():
            return self._within(WholeMonth(1).on(today))
        if found.first < today and self.whole == WholeWeek(0):
            return self._within(WholeWeek(1).on(today))
        return found

    def _within(self, span: DaySpan) -> DaySpan:
        if isinstance(self.whole, WholeWeek):
            days = {Edge.START: 0, Edge.MIDDLE: 2, Edge.END: 4}
            return one_day(span.first + timedelta(days=days[self.edge]))
        if self.edge is Edge.END:
            return one_day(span.after - timedelta(days=1))
        if self.edge is Edge.START:
            return one_day(span.first)
        return one_day(span.first.replace(day=15) if isinstance(self.whole, WholeMonth) else span.first.replace(month=7))


@dataclass(frozen=True, slots=True)
class DayRange:
    """From one day up to and including another."""

    first: DayElement
    last: DayElement

    def on(self, today: date) -> DaySpan | None:
        first = self.first.on(today)
        last = self.last.on(first.first) if first else None
        if first is None or last is None or last.after <= first.first:
            return None
        return DaySpan(first.first, last.after, Precision.DAY)


DayElement = OffsetDay | NamedDay | NextWorkday | WeekdayOfWeek | CalendarDay | NthWeekday | WholeWeek | Weekend | WholeMonth | WholeYear | EdgeOf | DayRange


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day. `exact`: the half of the day was said or is plain (15:00, 3 am, 03:00). Hour 24 is the midnight that ends the day."""

    hour: int
    minute: int = 0
    exact: bool = False
    word: bool = False
    """Said as a word ("noon"), which may also serve as a day part."""

    @property
    def minutes(self) -> int:
        return self.hour * 60 + self.minute


@dataclass(frozen=True, slots=True)
class ClockRange:
    first: Clock
    last: Clock


@dataclass(frozen=True, slots=True)
class DayPart:
    name: str


@dataclass(frozen=True, slots=True)
class Length:
    """An amount of time; calendar units stay apart from clock units, because a day is not always 24 hours."""

    minutes: int = 0
    days: int = 0
    months: int = 0
    seconds: int = 0

    def plus(self, other: Length) -> Length:
        return Length(self.minutes + other.minutes, self.days + other.days, self.months + other.months, self.seconds + other.seconds)

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.minutes, seconds=self.seconds, days=self.days + 30 * self.months)


@dataclass(frozen=True, slots=True)
class Shift:
    """A length away from now, or from another event when `anchored` ("an hour before")."""

    length: Length
    sign: int = 1
    anchored: bool = False
    later: bool = False
    """Said as "later", which in a correction counts from the moment corrected."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long something takes: "for 45 minutes"."""

    length: Length


@dataclass(frozen=True, slots=True)
class AnchoredPart:
    """A part of a day counted from another event: "the evening before"."""

    days: int
    part: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A recurrence; `first` names the first day when the rule alone does not."""

    frequency: str
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    nth: int = 0
    part: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Weekdays that a recurrence said elsewhere in the text does not fall on: "…, but not on Sundays", 除了星期四."""

    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """Until when: the end of a range or a recurrence."""

    until: DayElement | Clock
    clock: Clock | None = None
    """The clock time on the last day, when both are said."""


@dataclass(frozen=True, slots=True)
class Opening:
    """From when on: the start of a recurrence."""

    start: DayElement


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that look like a time; `soft` ones only count when nothing else was read."""

    soft: bool = False
    daily: bool = False
    """So many times a day: a recurrence where the clock times are said as well."""
    impossible: bool = False
    """A date or clock time that does not exist: whatever else was read, the moment is open."""
    perhaps: bool = False
    """It may be no time at all: it counts only where no day is named beside it."""


@dataclass(frozen=True, slots=True)
class PartOfDay:
    """A day and its part in one word: "tonight"."""

    days: int
    part: str


Element = DayElement | Clock | ClockRange | DayPart | Shift | Lasting | AnchoredPart | Repeat | LeftOut | Bound | Opening | Unread | PartOfDay
