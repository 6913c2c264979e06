"""Which of the elements found make up the one time that the text speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from orchestrator.times.dial import part_minutes
from orchestrator.times.elements import (
    AnchoredPart,
    Bound,
    CalendarDay,
    Clock,
    ClockRange,
    DayElement,
    DayPart,
    DayRange,
    Element,
    Lasting,
    LeftOut,
    NamedDay,
    NthWeekday,
    Opening,
    PartOfDay,
    Repeat,
    Shift,
    Unread,
    WeekdayOfWeek,
    Which,
    WholeMonth,
    WholeWeek,
    WholeYear,
)
from orchestrator.times.grammar import Found
from orchestrator.times.line import Line
from orchestrator.times.terms import Kind

EARLIEST_HINTED = 4
"""Hours; a meal or a waking is not earlier than this on the dial."""
ONTO = frozenset({Kind.ONTO})
MOVING = ONTO | {Kind.TO}


@dataclass(slots=True)
class Chosen:
    """One element for each slot, the unread ones, and the places in the text they were found at."""

    day: DayElement | None = None
    clock: Clock | ClockRange | None = None
    part: DayPart | PartOfDay | None = None
    shift: Shift | AnchoredPart | None = None
    lasting: Lasting | None = None
    repeat: Repeat | None = None
    bound: Bound | None = None
    opening: Opening | None = None
    more_clocks: list[Found] = field(default_factory=list)
    vague: list[Found] = field(default_factory=list)
    """Soft unread words; they only count when nothing else was read."""
    unread: list[Unread] = field(default_factory=list)
    used: list[Found] = field(default_factory=list)

    @property
    def is_impossible(self) -> bool:
        """Whether a date or clock time that does not exist was named."""
        return any(each.impossible for each in self.unread)

    @property
    def weight(self) -> int:
        """How much of a time this is; the fuller of two rivals wins."""
        return 3 * (self.repeat is not None) + 2 * (self.clock is not None) + 2 * (self.shift is not None) + (self.day is not None) + (self.part is not None)

    @property
    def part_name(self) -> str:
        """The part of the day, "" without one."""
        if self.part is None:
            return ""
        return self.part.part if isinstance(self.part, PartOfDay) else self.part.name

    @property
    def is_guess(self) -> bool:
        """Whether there is nothing here but what may be no time at all."""
        return bool(self.used) and all(isinstance(each.element, Unread) and each.element.perhaps for each in self.used)

    @property
    def has_day(self) -> bool:
        return self.day is not None or self.shift is not None or self.repeat is not None or isinstance(self.part, PartOfDay)

    @property
    def is_empty(self) -> bool:
        return not self.weight and self.bound is None

    def take(self, found: Found) -> bool:
        """Fills the element's slot; False when it is taken."""
        element = found.element
        if isinstance(element, Unread):
            self.unread.append(element)
            if element.soft:
                self.vague.append(found)
        elif isinstance(element, Clock) and element.word and isinstance(self.clock, Clock):
            self.part = self.part or DayPart("noon" if element.hour == 12 else "night")
        elif isinstance(element, Clock) and isinstance(self.clock, Clock) and self.clock.word and not element.word:
            self.part = self.part or DayPart("noon" if self.clock.hour == 12 else "night")
            self.clock = element
        else:
            slot = _slot(found)
            taken = getattr(self, slot)
            if taken is not None and isinstance(element, Clock):
                self.more_clocks.append(found)
            if taken is not None and not self._combine(element):
                return False
            if taken is None:
                setattr(self, slot, element)
        if not (isinstance(element, Unread) and element.soft):
            self.used.append(found)
        return True

    def _combine(self, element: Element) -> bool:
        """A second day or recurrence that says more about the first one."""
        if isinstance(element, Repeat) and self.repeat is not None and element.frequency in ("HOURLY", "MINUTELY") and self.repeat.interval == 1:
            self.repeat = replace(element, weekdays=self.repeat.weekdays)
            return True
        if self.day is None or not isinstance(element, DayElement) or (both := _combined(self.day, element)) is None:
            return False
        self.day = both
        return True


def _combined(first: DayElement, second: DayElement) -> DayElement | None:
    """Two ways of naming one day: next month on the 3rd, next week on Friday, Tuesday the 5th. None where they are two days."""
    match first, second:
        case (WholeMonth(number=None) as month, CalendarDay(month=None) as day) | (CalendarDay(month=None) as day, WholeMonth(number=None) as month):
            return CalendarDay(day.day, months_on=month.months)
        case (WholeYear() as year, CalendarDay(year=None, months_on=None) as day) | (CalendarDay(year=None, months_on=None) as day, WholeYear() as year):
            return CalendarDay(day.day, day.month, years_on=year.years)
        case (WholeWeek() as week, NamedDay() as day) | (NamedDay() as day, WholeWeek() as week):
            return WeekdayOfWeek(day.weekday, week.weeks)
        case (NamedDay(), CalendarDay() as day) | (CalendarDay() as day, NamedDay()):
            return day
    return None


def _slot(found: Found) -> str:
    element = found.element
    for kinds, slot in (
        ((Clock, ClockRange), "clock"),
        ((DayPart, PartOfDay), "part"),
        ((Shift, AnchoredPart), "shift"),
        ((Lasting,), "lasting"),
        ((Repeat,), "repeat"),
        ((Bound,), "bound"),
        ((Opening,), "opening"),
    ):
        if isinstance(element, kinds):
            return slot
    return "day"


def choose(line: Line, found: Sequence[Found]) -> Chosen:
    """Clusters of neighbouring elements compete: one that something is moved to, else the fullest, else the first."""
    left_out = [each for each in found if isinstance(each.element, LeftOut)]
    found = _own_parts(_roles([each for each in found if each not in left_out], line.moves))
    clusters = [_filled(cluster) for cluster in _clusters(line, found)]
    if not clusters:
        return Chosen()
    filled = [cluster for cluster in clusters if not cluster.is_empty]
    main = max(filled, key=lambda cluster: cluster.weight, default=clusters[0])
    moved = [cluster for cluster in filled if cluster.used[0].leads & (MOVING if line.moves else ONTO)]
    if moved and moved[-1] is not clusters[0]:
        main = moved[-1]
    elif line.moves and len(filled) > 1 and _rivals(filled[0], filled[-1]):
        main = filled[-1]
    for cluster in clusters:
        if cluster is not main and not _rivals(main, cluster) and not (cluster.is_guess and main.has_day):
            for each in (*cluster.used, *cluster.vague):
                main.take(each)
    main.used.sort(key=lambda each: each.begin)
    _repeat_range(main)
    _leave_out(main, left_out)
    _add_clocks(main)
    _take_hint(line, main)
    return main


def _leave_out(chosen: Chosen, left_out: Sequence[Found]) -> None:
    """Take days out of a recurrence by the day or by weekdays; from any other none can be taken, and the words stay what they are."""
    repeat = chosen.repeat
    if repeat is None or repeat.frequency not in ("DAILY", "WEEKLY") or repeat.interval > 1:
        return
    out = {day for each in left_out if isinstance(each.element, LeftOut) for day in each.element.weekdays}
    kept = tuple(each for each in repeat.weekdays or range(7) if each not in out)
    if out and kept:
        chosen.repeat = replace(repeat, frequency="WEEKLY", weekdays=kept)
        chosen.used = sorted([*chosen.used, *left_out], key=lambda each: each.begin)


def _add_clocks(chosen: Chosen) -> None:
    """Every day at 8 and at 20, three times a day at 8, 14 and 20: further clock times of a recurrence."""
    if chosen.repeat is None and isinstance(chosen.clock, Clock) and any(each.daily for each in chosen.unread):
        chosen.repeat = Repeat("DAILY")
        chosen.unread = [each for each in chosen.unread if not each.daily]
    if chosen.repeat is None:
        chosen.more_clocks = []
    else:
        chosen.used = sorted([*chosen.used, *chosen.more_clocks], key=lambda each: each.begin)


def _take_hint(line: Line, chosen: Chosen) -> None:
    """ "wake me at 6", "dinner at 7": the words around tell the half of the day."""
    if not isinstance(chosen.clock, Clock) or chosen.clock.exact or chosen.part is not None or not EARLIEST_HINTED <= chosen.clock.hour < 12:
        return
    for lexeme in line.lexemes:
        hint = lexeme.term(Kind.HINT)
        if hint is not None:
            evening = hint.name == "evening"
            chosen.clock = Clock(chosen.clock.hour + (12 if evening else 0), chosen.clock.minute, exact=True)
            return


def _repeat_range(chosen: Chosen) -> None:
    """ "Monday to Friday at 8" and "the first Monday of the month" repeat; so does "every day from Monday to Friday"."""
    if isinstance(chosen.day, NthWeekday) and chosen.day.months_on is None and chosen.day.month is None and chosen.repeat is None:
        chosen.repeat = Repeat("MONTHLY", weekdays=(chosen.day.weekday,), nth=chosen.day.nth)
        chosen.day = None
        return
    days = chosen.opening.start if chosen.opening is not None else chosen.day
    if not isinstance(days, DayRange) or not isinstance(days.first, NamedDay) or not isinstance(days.last, NamedDay):
        return
    plain = days.first.which is Which.BARE and days.last.which is Which.BARE and days.first.weekday < days.last.weekday
    daily = chosen.repeat is not None and chosen.repeat.frequency == "DAILY" and chosen.repeat.interval == 1
    if not plain or not (daily or (chosen.repeat is None and chosen.clock is not None)):
        return
    part = chosen.repeat.part if chosen.repeat is not None else ""
    chosen.repeat = Repeat("WEEKLY", weekdays=tuple(range(days.first.weekday, days.last.weekday + 1)), part=part)
    chosen.day = chosen.opening = None


def _roles(found: Sequence[Found], moves: bool) -> list[Found]:
    """ "until Friday" bounds what was said before; "from Monday" opens a recurrence."""
    repeats = any(isinstance(each.element, Repeat) for each in found)
    begun = [each for each in found if isinstance(each.element, Clock | Repeat | PartOfDay | DayElement)]
    roles: list[Found] = []
    for each in found:
        element = each.element
        bounded = _bounded_day(roles, each)
        if bounded is not None and isinstance(element, Clock):  # to Friday 5pm
            last = roles[-1]
            roles[-1] = Found(Bound(bounded, element), last.begin, each.end, last.start_char, each.end_char, last.leads)
        elif isinstance(element, Clock | DayElement) and _bounds(each, begun[0], repeats, moves):
            roles.append(_with(each, Bound(element)))
        elif repeats and isinstance(element, DayElement):
            roles.append(_with(each, Opening(element)))
        else:
            roles.append(each)
    return roles


def _bounded_day(roles: Sequence[Found], each: Found) -> DayElement | None:
    """The day that the bound right before this element ends on."""
    if not roles or roles[-1].end != each.begin or not isinstance(roles[-1].element, Bound):
        return None
    until = roles[-1].element.until
    return until if isinstance(until, DayElement) else None


def _bounds(each: Found, first: Found, repeats: bool, moves: bool) -> bool:
    """Whether a day or clock time is the end of something."""
    if Kind.UNTIL in each.leads and Kind.OF not in each.leads and (each is not first or (repeats and isinstance(each.element, DayElement))):
        return True
    return Kind.TO in each.leads and isinstance(each.element, DayElement) and each is not first and Kind.FROM in first.leads and not moves


def _own_parts(found: list[Found]) -> list[Found]:
    """每天早上8点和晚上8点: where several clock times are said, each keeps the part of the day beside it."""
    if sum(isinstance(each.element, Clock) for each in found) < 2:
        return found
    kept: list[Found] = []
    for each in found:
        last = kept[-1] if kept else None
        pair = (last.element, each.element) if last is not None and last.end == each.begin else (None, None)
        match pair:
            case (DayPart() as part, Clock() as clock) | (Clock() as clock, DayPart() as part):
                assert last is not None
                minutes = part_minutes(clock, part.name)
                leads = last.leads | each.leads
                kept[-1] = Found(Clock(minutes // 60, minutes % 60, exact=True), last.begin, each.end, last.start_char, each.end_char, leads)
            case _:
                kept.append(each)
    return kept


def _with(found: Found, element: Bound | Opening) -> Found:
    return Found(element, found.begin, found.end, found.start_char, found.end_char, found.leads)


def _clusters(line: Line, found: Sequence[Found]) -> list[list[Found]]:
    clusters: list[list[Found]] = []
    for each in found:
        if clusters and _near(line, clusters[-1][-1], each) and not (each.leads & (MOVING if line.moves else ONTO) and not isinstance(each.element, Bound)):
            clusters[-1].append(each)
        else:
            clusters.append([each])
    return clusters


def _near(line: Line, first: Found, second: Found) -> bool:
    return all(line.text(place) in ",，、-–" or line.has(place, Kind.AND) for place in range(first.end, second.begin))


def _filled(cluster: Iterable[Found]) -> Chosen:
    chosen = Chosen()
    for each in cluster:
        chosen.take(each)
    return chosen


def _rivals(main: Chosen, other: Chosen) -> bool:
    """Whether both name the same thing, or a moment besides a distance."""
    same = any(getattr(main, slot) is not None and getattr(other, slot) is not None for slot in ("day", "clock", "shift", "repeat", "lasting"))
    parts = main.part is not None and other.part is not None
    mixed = (main.shift is not None and not other.is_empty) or (other.shift is not None and not main.is_empty)
    whole = (isinstance(main.part, PartOfDay) and other.day is not None) or (isinstance(other.part, PartOfDay) and main.day is not None)
    return same or parts or mixed or whole
