"""Productions for days: tomorrow, next Friday, 24 December, on the 3rd, 24.12., this weekend, end of the month, 下周一."""

from __future__ import annotations

from orchestrator.times.elements import (
    CalendarDay,
    DayElement,
    DayRange,
    NamedDay,
    NextWorkday,
    NthWeekday,
    OffsetDay,
    PartOfDay,
    Unread,
    WeekdayOfWeek,
    Which,
    WholeMonth,
    WholeWeek,
)
from orchestrator.times.line import Line, Match, amount, number, number_words, ordinal
from orchestrator.times.numeric import numeric_date
from orchestrator.times.periods import FIRST_YEAR, LAST_YEAR, STEPS, edge_of, which_after, which_one, whole, year_after
from orchestrator.times.terms import Kind


def day(line: Line, place: int) -> Match | None:
    """One day, or a week, weekend or month."""
    for production in (edge_of, nth_weekday, month_date, offset_day, named_day, fixed_day, whole):
        match = production(line, place)
        if match is not None:
            return match
    return None


def offset_day(line: Line, place: int) -> Match | None:
    term = line.term(place, Kind.OFFSET)
    if term is None:
        return None
    if line.has(place, Kind.BARE_PART) and (line.has(place - 1, Kind.EVERY, Kind.THIS, Kind.ON) or line.day_just_before(place)):
        return None  # "heute Morgen": there it is the part of the day
    return Match(OffsetDay(term.value), place + 1)


def part_of_day(line: Line, place: int) -> Match | None:
    """tonight, 今晚, and "this morning"."""
    term = line.term(place, Kind.OFFSET_PART)
    if term is not None:
        return Match(PartOfDay(term.value, term.name), place + 1)
    if line.has(place, Kind.THIS) and (term := line.term(place + 1, Kind.BARE_PART)):
        return Match(PartOfDay(0, term.name), place + 2)
    return None


def named_day(line: Line, place: int) -> Match | None:
    """Friday, next Friday, Friday next week, a week on Monday, el lunes que viene."""
    begin = line.skip(place, Kind.THE)
    if line.has(begin, Kind.WHOLE):
        weekday = line.term(line.skip(begin + 1, Kind.OF, Kind.ON), Kind.WEEKDAY)
        word = line.term(begin, Kind.WHOLE)
        if weekday is not None and word is not None and word.name == "week":
            return Match(WeekdayOfWeek(weekday.value, word.value), line.skip(begin + 1, Kind.OF, Kind.ON) + 1)
    if line.has(begin, Kind.AFTER_NEXT) and (weekday := line.term(begin + 1, Kind.WEEKDAY)):
        return Match(WeekdayOfWeek(weekday.value, 2), begin + 2)
    which, said, begin = which_one(line, begin)
    day_set = line.term(line.skip(begin, Kind.COUNTER), Kind.DAY_SET)
    if said and which is Which.NEXT and day_set is not None and day_set.name == "workday":
        return Match(NextWorkday(), line.skip(begin, Kind.COUNTER) + 1)
    weekday = line.term(begin, Kind.WEEKDAY)
    if weekday is None:
        return _week_on(line, place)
    if said > 1:
        return Match(WeekdayOfWeek(weekday.value, STEPS[which] * said), begin + 1)
    end = begin + 1
    if line.text(end) == "." and line.glued(end) and len(line.text(begin)) <= 3:
        end += 1
    if which is Which.BARE:
        after = line.skip(end, Kind.OF, Kind.THE)
        week = whole(line, after) if not line.has(after, Kind.WEEKDAY) else None
        if week is not None and isinstance(week.element, WholeWeek):
            return Match(WeekdayOfWeek(weekday.value, week.element.weeks), week.end)
        unit = line.term(end, Kind.UNIT)
        if unit is not None and unit.name == "week":
            return Match(NamedDay(weekday.value, weeks=1), end + 1)
        which, _, end = which_after(line, end)
    dated = month_date(line, line.skip(end + 1 if line.text(end) == "," else end, Kind.ON, Kind.THE))
    if dated is not None and not isinstance(dated.element, Unread):
        return dated  # "Thursday, 24 December": the date says more
    numbered = ordinal(line, line.skip(end, Kind.THE)) if line.has(end, Kind.THE) else None
    if numbered is not None and 1 <= numbered.value <= 31 and _stands_free(line, numbered.end):
        return Match(CalendarDay(numbered.value), numbered.end)  # Friday the 5th
    return Match(NamedDay(weekday.value, which), end)


def _week_on(line: Line, place: int) -> Match | None:
    """a week on Monday, Montag in einer Woche"""
    length = amount(line, place)
    if length is not None and length.length.days and length.length.days % 7 == 0 and (term := line.term(length.end, Kind.OFFSET)):
        return Match(OffsetDay(length.length.days + term.value), length.end + 1)
    weekday = line.term(length.end + 1, Kind.WEEKDAY) if length and line.has(length.end, Kind.ON, Kind.FROM) else None
    if length is None or weekday is None or not length.length.days or length.length.days % 7:
        return None
    return Match(NamedDay(weekday.value, weeks=length.length.days // 7), length.end + 2)


def fixed_day(line: Line, place: int) -> Match | None:
    term = line.term(place, Kind.FIXED_DAY)
    return Match(CalendarDay(term.value % 100, term.value // 100), place + 1) if term else None


def nth_weekday(line: Line, place: int) -> Match | None:
    """the first Monday of the month, the last Friday in March, el primer lunes del mes que viene"""
    begin = line.skip(place, Kind.THE)
    if line.vocabulary.language == "zh":
        return _han_nth_weekday(line, begin)
    count = ordinal(line, begin)
    nth, end = (count.value, count.end) if count else (-1, begin + 1) if line.has(begin, Kind.LAST) else (0, begin)
    weekday = line.term(end, Kind.WEEKDAY)
    if not nth or nth > 5 or weekday is None:
        return None
    after = line.skip(end + 1, Kind.OF, Kind.THE, Kind.IN)
    if line.has(after, Kind.EVERY):
        return None
    found = whole(line, after)
    month = line.term(after, Kind.MONTH) or line.term(after, Kind.MONTH_WEAK)
    if month is not None and after > end + 1:
        return Match(NthWeekday(nth, weekday.value, month=month.value), after + 1)
    if found is not None and isinstance(found.element, WholeMonth):
        return Match(NthWeekday(nth, weekday.value, found.element.months), found.end)
    unit = line.term(after, Kind.UNIT)
    if unit is not None and unit.name == "month" and after > end + 1:
        return Match(NthWeekday(nth, weekday.value, None), after + 1)
    return None


def _han_nth_weekday(line: Line, place: int) -> Match | None:
    """下个月第一个周一, 这个月最后一个星期五"""
    month = whole(line, place)
    if month is None or not isinstance(month.element, WholeMonth):
        return None
    begin = line.skip(month.end, Kind.OF)
    count = ordinal(line, begin)
    nth, end = (count.value, count.end) if count else (-1, begin + 1) if line.has(begin, Kind.LAST) else (0, begin)
    end = line.skip(end, Kind.COUNTER)
    weekday = line.term(end, Kind.WEEKDAY)
    if not nth or weekday is None:
        return None
    return Match(NthWeekday(nth, weekday.value, month.element.months, month.element.number), end + 1)


def month_date(line: Line, place: int) -> Match | None:
    """24 December, December 24th, the 3rd of next month, 12月24日, 24. Dezember 2026"""
    if line.vocabulary.language == "zh":
        return _han_date(line, place)
    begin = line.skip(place, Kind.THE)
    return _month_then_day(line, begin) or _day_then_month(line, begin)


def _month_then_day(line: Line, place: int) -> Match | None:
    month = line.term(place, Kind.MONTH) or line.term(place, Kind.MONTH_WEAK)
    if month is None or line.vocabulary.language != "en":
        return None
    begin = place + 1
    if line.text(begin) == "." and line.glued(begin):
        begin += 1
    begin = line.skip(begin, Kind.THE)
    count = ordinal(line, begin) or number(line, begin)
    if count is None or line.text(count.end) == ":" or line.has(count.end, Kind.AM, Kind.PM):
        return None
    year, end = year_after(line, count.end)
    if year is None and count.value >= FIRST_YEAR:
        return None
    return _dated(line, place, end, count.value, month.value, year)


def _day_then_month(line: Line, place: int) -> Match | None:
    count = ordinal(line, place) or number(line, place)
    if count is None:
        return None
    begin = line.skip(count.end, Kind.OF, Kind.THE)
    if line.text(count.end) == "." and line.glued(count.end):
        begin = count.end + 1
    month = line.term(begin, Kind.MONTH) or line.term(begin, Kind.MONTH_WEAK)
    if month is not None:
        end = begin + 1
        if line.text(end) == "." and line.glued(end) and len(line.text(begin)) <= 4 and line.at(end + 1) is not None:
            end += 1
        year, end = year_after(line, end)
        return _dated(line, place, end, count.value, month.value, year)
    if begin > count.end and 1 <= count.value <= 31:  # the 3rd of next month, of the month
        following = whole(line, begin)
        if following is not None and isinstance(following.element, WholeMonth):
            return Match(CalendarDay(count.value, months_on=following.element.months), following.end)
        unit = line.term(begin, Kind.UNIT)
        if unit is not None and unit.name == "month" and line.has(begin - 1, Kind.THE, Kind.OF):
            return Match(CalendarDay(count.value), begin + 1)
    return None


def _dated(line: Line, place: int, end: int, day_of_month: int, month: int, year: int | None) -> Match:
    longest = 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    if not 1 <= day_of_month <= longest:
        return Match(Unread(impossible=True), end)
    return Match(CalendarDay(day_of_month, month, year), end)


def _han_date(line: Line, place: int) -> Match | None:
    """2026年12月24日, 明年三月五号, 下个月三号, 24号"""
    year, begin = _han_year(line, place)
    count = number(line, begin)
    if count is not None and line.has(count.end, Kind.MONTH_MARK):
        day_count = number(line, count.end + 1)
        if day_count is None or not 1 <= count.value <= 12:
            if day_count is not None and line.has(day_count.end, Kind.DAY_MARK):
                return Match(Unread(impossible=True), day_count.end + 1)  # 13月5日
            found = WholeMonth(number=count.value, year=year)
            return Match(found, count.end + 1) if 1 <= count.value <= 12 and not line.has(count.end + 1, Kind.END, Kind.START) else None
        end = day_count.end + 1 if line.has(day_count.end, Kind.DAY_MARK) else day_count.end
        return _dated(line, place, end, day_count.value, count.value, year)
    month = whole(line, place, dated=False)
    if month is not None and isinstance(month.element, WholeMonth) and month.element.number is None:
        count = number(line, line.skip(month.end, Kind.OF))
        if count is not None and line.has(count.end, Kind.DAY_MARK):
            return Match(CalendarDay(count.value, months_on=month.element.months), count.end + 1)
    count = number(line, place)
    if count is not None and line.has(count.end, Kind.DAY_MARK):
        if not 1 <= count.value <= 31:
            return Match(Unread(impossible=True), count.end + 1)
        return Match(CalendarDay(count.value), count.end + 1)
    return None


def _han_year(line: Line, place: int) -> tuple[int | None, int]:
    year = line.digits(place)
    if year is not None and FIRST_YEAR <= year <= LAST_YEAR and line.has(place + 1, Kind.YEAR_MARK):
        return year, place + 2
    return None, place


def day_of_month(line: Line, place: int) -> Match | None:
    """on the 3rd, am 3., el día 3: a day of the month by its number alone."""
    if not line.has(place, Kind.ON, Kind.THE, Kind.BY, Kind.UNTIL, Kind.FROM):
        return None
    begin = line.skip(place, Kind.ON, Kind.BY, Kind.UNTIL, Kind.FROM)
    begin = line.skip(begin, Kind.THE)
    spelled = number_words(line, begin) is not None or line.has(begin, Kind.ORDINAL)
    if line.vocabulary.language == "es":
        marked = line.has(begin - 1, Kind.DAY_MARK) or line.has(begin, Kind.DAY_MARK)
        begin = line.skip(begin, Kind.DAY_MARK)
        count = number(line, begin)
        singular = line.text(place).endswith("el")
        if count is None or (not marked and not singular) or line.has(count.end, Kind.UNIT):
            return None
        if not marked and not _stands_free(line, count.end):
            return None
    else:
        count = ordinal(line, begin)
    if count is None or (spelled and not _stands_free(line, count.end)) or (line.digits(count.end) is not None and line.glued(count.end)):
        return None
    if not spelled and not _stands_free(line, count.end) and (not line.has(place, Kind.ON) or line.has(count.end, Kind.EVENTIDE)):
        return None
    if not 1 <= count.value <= 31:
        return Match(Unread(impossible=True), count.end)
    return Match(CalendarDay(count.value), count.end)


def _stands_free(line: Line, place: int) -> bool:
    """Whether no noun follows that the number could belong to ("the third floor")."""
    lexeme = line.at(place)
    if line.has(place, Kind.UNIT, Kind.MONEY, Kind.EVENTIDE, Kind.DAY_SET, Kind.HINT, Kind.EVENT):
        return False
    return lexeme is None or (not lexeme.is_word and lexeme.number is None) or bool(lexeme.terms)


def day_range(line: Line, place: int) -> Match | None:
    """from Monday to Wednesday, 3 to 5 December, vom 3. bis 5. Dezember"""
    if line.moves:
        return None
    led = line.has(place, Kind.FROM, Kind.BETWEEN)
    begin = line.skip(line.skip(place, Kind.FROM, Kind.BETWEEN), Kind.THE)
    first = _single_day(line, begin)
    if first is None:
        return _shared_month_range(line, begin)
    joint = first.end
    if line.text(joint) not in ("-", "–") and not line.has(joint, Kind.TO, Kind.UNTIL) and not (line.has(place, Kind.BETWEEN) and line.has(joint, Kind.AND)):
        return None
    second_place = line.skip(joint + 1, Kind.TO, Kind.THE, Kind.UNTIL)
    second = _single_day(line, second_place) or _day_after(line, first, second_place)
    if second is None or not (led or type(first.element) is type(second.element)):
        return None
    return Match(DayRange(_as_day(first), _as_day(second)), second.end)


def _single_day(line: Line, place: int) -> Match | None:
    for production in (month_date, numeric_date, offset_day, named_day, fixed_day):
        match = production(line, place)
        if match is not None and not isinstance(match.element, Unread):
            return match
    return None


def _day_after(line: Line, first: Match, place: int) -> Match | None:
    """from 4 January to the 8th: the second day in the month of the first."""
    count = ordinal(line, place) or number(line, place)
    start = first.element
    if count is None or not isinstance(start, CalendarDay) or not start.day < count.value <= 31 or not _stands_free(line, count.end):
        return None
    return Match(CalendarDay(count.value, start.month, start.year, start.months_on), count.end)


def _as_day(match: Match) -> DayElement:
    assert isinstance(match.element, DayElement)
    return match.element


def _shared_month_range(line: Line, place: int) -> Match | None:
    """3 to 5 December: the month is said once."""
    first = ordinal(line, place) or number(line, place)
    spelled = ordinal(line, place) is not None
    if first is not None and spelled and (line.text(first.end) in ("-", "–") or line.has(first.end, Kind.TO, Kind.UNTIL)):
        start = Match(CalendarDay(first.value), first.end)
        end_day = _day_after(line, start, line.skip(first.end + 1, Kind.THE))
        if end_day is not None and month_date(line, line.skip(first.end + 1, Kind.THE)) is None:
            return Match(DayRange(CalendarDay(first.value), _as_day(end_day)), end_day.end)  # the 9th to the 11th
    if first is None or not (line.text(first.end) in ("-", "–") or line.has(first.end, Kind.TO, Kind.UNTIL)):
        return None
    second = month_date(line, line.skip(first.end + 1, Kind.THE))
    if second is None or not isinstance(second.element, CalendarDay) or not 1 <= first.value < second.element.day:
        return None
    last = second.element
    return Match(DayRange(CalendarDay(first.value, last.month, last.year, last.months_on), last), second.end)
