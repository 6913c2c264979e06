"""Productions for what repeats: every weekday, every other Monday, jeden Werktag, cada 2 horas, 每周一, daily, on Mondays."""

from __future__ import annotations

from orchestrator.times.day import month_date
from orchestrator.times.elements import CalendarDay, LeftOut, Repeat, Unread
from orchestrator.times.line import Line, Match, number, ordinal
from orchestrator.times.terms import Kind

FREQUENCIES = {"minute": "MINUTELY", "hour": "HOURLY", "day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
DAY_SETS = {"workday": (0, 1, 2, 3, 4), "weekend": (5, 6), "day": ()}
EVERY_WEEK = "WEEKLY"
AFTER_EXCEPTED = frozenset("提响叫发了的吧")
"""What may follow 不用 where it says no more than that nothing happens on those days."""
LAST, FIRST = -1, 1


def repeat(line: Line, place: int) -> Match | None:
    for production in (_every, _adverb, _plural_days, _times_per, _nth_of_each):
        match = production(line, place)
        if match is not None:
            return _without(line, match)
    return None


def _without(line: Line, match: Match) -> Match:
    """every day except Sunday, täglich außer am Wochenende"""
    found = match.element
    if not line.has(match.end, Kind.EXCEPT) or not isinstance(found, Repeat) or found.frequency not in ("DAILY", "WEEKLY") or found.interval > 1:
        return match
    days = _days_named(line, match.end + 1)
    if days is None:
        return match
    kept = tuple(each for each in found.weekdays or range(7) if each not in days[0])
    return Match(Repeat("WEEKLY", weekdays=kept, part=found.part), days[1] + _is_excepted(line, days[1], led=True))


def left_out(line: Line, place: int) -> Match | None:
    """The days that a rhythm named elsewhere leaves out: 除了星期四，工作日…; every day at 8 …, except on Sundays; …，星期天除外"""
    if not line.repeats:
        return None
    begin = line.skip(place, Kind.BUT)
    led = line.has(begin, Kind.EXCEPT)
    days = _days_named(line, begin + 1 if led else begin)
    if days is None:
        return None
    excepted = _is_excepted(line, days[1], led=led)
    return Match(LeftOut(days[0]), days[1] + excepted) if led or excepted else None


def _days_named(line: Line, place: int) -> tuple[tuple[int, ...], int] | None:
    """Weekdays, workdays or the weekend, one or plural, and the place after them."""
    begin = line.skip(place, Kind.ON, Kind.THE, Kind.AT)
    day_set = line.term(begin, Kind.DAY_SET) or line.term(begin, Kind.DAY_SETS)
    if day_set is not None:
        return (DAY_SETS[day_set.name], begin + 1) if DAY_SETS[day_set.name] else None
    return _weekday_list(line, begin) or _weekday_list(line, begin, Kind.WEEKDAYS) or _weekday_list(line, place, Kind.WEEKDAYS)


def _is_excepted(line: Line, place: int, *, led: bool) -> bool:
    """Whether the word here says of the days before it that they are left out."""
    term, after = line.term(place, Kind.EXCEPTED), line.at(place + 1)
    if term is None or (term.name == "led" and not led):
        return False
    return term.name != "last" or after is None or not after.is_word or after.text in AFTER_EXCEPTED


def _every(line: Line, place: int) -> Match | None:
    if not line.has(place, Kind.EVERY):
        return None
    begin = line.skip(place + 1, Kind.THE)
    interval = 1
    if line.has(begin, Kind.OTHER):
        interval, begin = 2, begin + 1
    else:
        nth = _nth_weekday(line, begin) or _several_nth(line, begin) or _last_day(line, begin)
        if nth is not None:
            return nth
        interval, begin = _interval(line, begin)
    return _every_unit(line, begin, interval) or _every_days(line, begin, interval) or _every_date(line, begin, interval)


def _interval(line: Line, place: int) -> tuple[int, int]:
    """every 2 hours, every third day, 每两个小时, alle zwei Wochen"""
    count = ordinal(line, place)
    if count is not None and line.has(count.end, Kind.UNIT, Kind.WEEKDAY, Kind.DAY_SET):
        return count.value, count.end
    count = number(line, place)
    if count is None:
        return 1, line.skip(place, Kind.COUNTER)
    after = line.skip(count.end, Kind.COUNTER)
    return (count.value, after) if line.has(after, Kind.UNIT) else (1, place)


def _every_unit(line: Line, place: int, interval: int) -> Match | None:
    unit = line.term(place, Kind.UNIT)
    end = place + 1
    if line.has(place, Kind.HALF):
        unit = line.term(line.skip(place + 1, Kind.ARTICLE, Kind.COUNTER), Kind.UNIT)
        if unit is not None and unit.name == "hour":
            return Match(Repeat("MINUTELY", 30), line.skip(place + 1, Kind.ARTICLE, Kind.COUNTER) + 1)
        return None
    if unit is None:
        return None
    if unit.name == "fortnight":
        return Match(Repeat("WEEKLY", 2 * interval), end)
    if unit.name == "quarter_hour":
        return Match(Repeat("MINUTELY", 15 * interval), end)
    frequency = FREQUENCIES.get(unit.name)
    if frequency is None:
        return None
    if unit.name == "day" and interval % 7 == 0:
        weekly = _on_days(line, end, Repeat("WEEKLY", interval // 7))  # alle 14 Tage freitags
        if weekly.end > end:
            return weekly
    return _on_days(line, end, Repeat(frequency, interval))


def _on_days(line: Line, place: int, base: Repeat) -> Match:
    """every week on Monday, every month on the 3rd, 每月三号"""
    begin = line.skip(place, Kind.ON, Kind.OF)
    if base.frequency == "WEEKLY":
        days = _weekday_list(line, line.skip(begin, Kind.THE)) or _weekday_list(line, place, Kind.WEEKDAYS)
        days = days or _weekday_list(line, begin, Kind.WEEKDAYS)
        if days is not None:
            return Match(Repeat("WEEKLY", base.interval, weekdays=days[0]), days[1])
    if base.frequency == "MONTHLY":
        nth = _nth(line, line.skip(begin, Kind.THE))
        if nth is not None:
            return Match(Repeat("MONTHLY", base.interval, weekdays=(nth[1],), nth=nth[0]), nth[2])
        after = line.skip(begin, Kind.THE, Kind.DAY_MARK)
        if line.has(after, Kind.END):
            return Match(Repeat("MONTHLY", base.interval, month_days=(-1,)), after + 1)
        count = ordinal(line, after) or (number(line, after) if after > place or line.vocabulary.language == "zh" else None)
        if count is not None and 1 <= count.value <= 31 and not line.has(count.end, Kind.OCLOCK, Kind.AM, Kind.PM):
            month_days, end = _more_days(line, count.value, line.skip(count.end, Kind.DAY_MARK))
            return Match(Repeat("MONTHLY", base.interval, month_days=month_days), end)
    if base.frequency == "YEARLY":
        dated = month_date(line, begin)
        if dated is not None and isinstance(dated.element, CalendarDay) and dated.element.month:
            return Match(Repeat("YEARLY", base.interval, month_days=(dated.element.day,), months=(dated.element.month,)), dated.end)
    return Match(base, place)


def _every_days(line: Line, place: int, interval: int) -> Match | None:
    """every Monday and Wednesday, every weekday, every morning, 每周一三五"""
    day_set = line.term(place, Kind.DAY_SET)
    if day_set is not None:
        return Match(Repeat(EVERY_WEEK, interval, weekdays=DAY_SETS[day_set.name]), place + 1)
    part = line.term(place, Kind.BARE_PART) or line.term(place, Kind.PART)
    if part is not None:
        return Match(Repeat("DAILY", interval, part=part.name), place + 1)
    days = _weekday_list(line, place)
    if days is None:
        return None
    if line.text(days[1]) == "次":  # 每周一次 is once a week, not on Mondays
        return Match(Repeat(EVERY_WEEK), days[1] + 1) if days[0] == (0,) else None
    return Match(Repeat(EVERY_WEEK, interval, weekdays=days[0]), days[1])


def _every_date(line: Line, place: int, interval: int) -> Match | None:
    """every 24 December, every 15th"""
    dated = month_date(line, place)
    if dated is not None and isinstance(dated.element, CalendarDay) and dated.element.month:
        return Match(Repeat("YEARLY", interval, month_days=(dated.element.day,), months=(dated.element.month,)), dated.end)
    count = ordinal(line, place)
    if count is not None and 1 <= count.value <= 31:
        month_days, after = _more_days(line, count.value, count.end)
        end = line.skip(after, Kind.OF, Kind.THE)
        if line.has(end, Kind.UNIT):
            return Match(Repeat("MONTHLY", interval, month_days=month_days), end + 1)
        if not (lexeme := line.at(after)) or not lexeme.is_word or lexeme.terms:
            return Match(Repeat("MONTHLY", interval, month_days=month_days), after)
    return None


def _more_days(line: Line, first: int, place: int) -> tuple[tuple[int, ...], int]:
    """the 1st and the 15th: further days of the month, and the place after them."""
    days = [first]
    while True:
        after = place
        while line.text(after) in (",", "、") or line.has(after, Kind.AND, Kind.THE, Kind.ON):
            after += 1
        count = ordinal(line, after) if after > place else None
        if count is None and after > place and line.vocabulary.language in ("zh", "es"):
            count = number(line, after)
            count = count if count is not None and (line.vocabulary.language == "es" or line.has(count.end, Kind.DAY_MARK)) else None
        if count is None or not 1 <= count.value <= 31 or line.has(count.end, Kind.OCLOCK, Kind.UNIT):
            return tuple(sorted(set(days))), place
        days.append(count.value)
        place = line.skip(count.end, Kind.DAY_MARK)


def _weekday_list(line: Line, place: int, kind: Kind = Kind.WEEKDAY) -> tuple[tuple[int, ...], int] | None:
    """Mondays joined by commas and "and", or a stretch of them: Monday to Friday."""
    first = line.term(place, kind)
    if first is None:
        return None
    days, end = [first.value], place + 1
    joint = line.skip(end, Kind.TO, Kind.UNTIL) if line.text(end) != "-" else end + 1
    last = line.term(joint, kind) if joint > end else None
    if last is not None:
        return tuple(range(first.value, last.value + 1)) if last.value > first.value else (first.value,), joint + 1
    while True:
        after = end
        while line.text(after) in (",", "、", "/") or line.has(after, Kind.AND, Kind.THE, Kind.EVERY, Kind.ON):
            after += 1
        following = line.term(after, kind)
        if following is None and line.vocabulary.language == "zh" and after == end:
            ones = line.term(after, Kind.NUMBER)  # 每周一三五
            if ones is not None and 1 <= ones.value <= 6 and not _goes_on(line, after + 1):
                days.append(ones.value - 1)
                end = after + 1
                continue
        if following is None or (after == end and line.vocabulary.language != "zh"):
            return tuple(sorted(set(days))), end
        days.append(following.value)
        end = after + 1


def _goes_on(line: Line, place: int) -> bool:
    """Whether a Chinese numeral is more than the next weekday: 三点, 二十点."""
    more = line.term(place, Kind.NUMBER)
    return line.has(place, Kind.OCLOCK, Kind.COUNTER, Kind.QUARTER) or (more is not None and more.value >= 10)


def _adverb(line: Line, place: int) -> Match | None:
    """daily, weekly on Mondays, monthly on the 3rd"""
    other = line.term(place, Kind.ALTERNATE)
    if other is not None:
        return Match(Repeat(EVERY_WEEK, 2, weekdays=(other.value,)), place + 1)
    term = line.term(place, Kind.REPEAT)
    if term is None:
        return None
    return _on_days(line, place + 1, Repeat(term.name, term.value or 1))


def _plural_days(line: Line, place: int) -> Match | None:
    """on Mondays, montags, los lunes y los miércoles, weekdays at 8, mornings"""
    begin = line.skip(place, Kind.ON, Kind.FROM)
    day_set = line.term(begin, Kind.DAY_SETS)
    if day_set is not None:
        return Match(Repeat(EVERY_WEEK, weekdays=DAY_SETS[day_set.name]), begin + 1)
    part = line.term(begin, Kind.PARTS)
    if part is not None:
        return Match(Repeat("DAILY", part=part.name), begin + 1)
    days = _weekday_list(line, begin, Kind.WEEKDAYS)
    mornings = _weekday_list(line, begin)
    if mornings is not None and len(mornings[0]) > 1 and line.vocabulary.language == "zh" and line.has(begin + 1, Kind.NUMBER):
        return Match(Repeat(EVERY_WEEK, weekdays=mornings[0]), mornings[1])  # 周一三五
    if mornings is not None and (part := line.term(mornings[1], Kind.PARTS)):  # Saturday mornings
        return Match(Repeat(EVERY_WEEK, weekdays=mornings[0], part=part.name), mornings[1] + 1)
    if days is None and line.vocabulary.language == "es" and line.text(place) == "de":
        stretch = _weekday_list(line, begin)  # de lunes a viernes
        days = stretch if stretch is not None and len(stretch[0]) > 1 else None
    return Match(Repeat(EVERY_WEEK, weekdays=days[0]), days[1]) if days else None


def _times_per(line: Line, place: int) -> Match | None:
    """once a week, einmal im Monat, una vez al día; more often than once leaves the times open and is not read."""
    term = line.term(place, Kind.TIMES)
    if term is None or term.value != 1:
        return None
    after = line.skip(place + 1, Kind.ARTICLE, Kind.PER, Kind.EVERY, Kind.IN, Kind.THE, Kind.OF)
    unit = line.term(after, Kind.UNIT)
    if unit is None or after == place + 1 or unit.name not in FREQUENCIES:
        return None
    return _on_days(line, after + 1, Repeat(FREQUENCIES[unit.name]))


def _nth(line: Line, place: int) -> tuple[int, int, int] | None:
    """first Monday, last Friday: its count, its weekday, the place after."""
    count = ordinal(line, place)
    nth, end = (count.value, count.end) if count else (-1, place + 1) if line.has(place, Kind.LAST) else (0, place)
    end = line.skip(end, Kind.COUNTER)
    weekday = line.term(end, Kind.WEEKDAY)
    if not nth or nth > 5 or weekday is None:
        return None
    return nth, weekday.value, end + 1


def _nth_weekday(line: Line, place: int) -> Match | None:
    """every first Monday of the month; "every last Friday" can mean nothing else, while "every third Monday" may count weeks"""
    nth = _nth(line, place)
    if nth is None:
        return None
    after = line.skip(nth[2], Kind.OF, Kind.THE, Kind.IN)
    unit = line.term(after, Kind.UNIT)
    if unit is None or unit.name != "month" or after == nth[2]:
        return Match(Repeat("MONTHLY", weekdays=(nth[1],), nth=nth[0]), nth[2]) if nth[0] in (FIRST, LAST) else None
    return Match(Repeat("MONTHLY", weekdays=(nth[1],), nth=nth[0]), after + 1)


def _several_nth(line: Line, place: int) -> Match | None:
    """every first and third Monday: two rhythms, which no rule of ours holds; it is asked about"""
    first = ordinal(line, place)
    second = ordinal(line, line.skip(first.end, Kind.AND, Kind.THE)) if first is not None and line.has(first.end, Kind.AND) else None
    return Match(Unread(impossible=True), second.end + 1) if second is not None and line.has(second.end, Kind.WEEKDAY) else None


def _last_day(line: Line, place: int) -> Match | None:
    """every last day of the month, jeden letzten Tag im Monat"""
    after = line.skip(place + 1, Kind.OF, Kind.THE, Kind.IN)
    unit = line.term(after, Kind.UNIT)
    if not line.has(place, Kind.END) or after == place + 1 or unit is None or unit.name != "month":
        return None
    return Match(Repeat("MONTHLY", month_days=(-1,)), after + 1)


def _nth_of_each(line: Line, place: int) -> Match | None:
    """the first Monday of every month, the 15th of each month"""
    begin = line.skip(place, Kind.ON, Kind.THE)
    begin = line.skip(begin, Kind.DAY_MARK)
    nth = _nth(line, begin)
    count = ordinal(line, begin) or (number(line, begin) if begin > place else None)
    end = nth[2] if nth else count.end if count else begin
    if line.has(begin, Kind.END):
        end = begin + 1
    month_days: tuple[int, ...] = (-1,) if count is None else (count.value,)
    if count is not None and nth is None:
        month_days, end = _more_days(line, count.value, end)
    every = line.skip(end, Kind.OF, Kind.THE, Kind.IN)
    unit = line.term(line.skip(every, Kind.EVERY, Kind.THE), Kind.UNIT)
    if end == begin or not line.has(every, Kind.EVERY) or unit is None or unit.name != "month":
        return None
    after = line.skip(every, Kind.EVERY, Kind.THE) + 1
    if nth is not None:
        return Match(Repeat("MONTHLY", weekdays=(nth[1],), nth=nth[0]), after)
    return Match(Repeat("MONTHLY", month_days=month_days), after) if all(each == -1 or 1 <= each <= 31 for each in month_days) else None
