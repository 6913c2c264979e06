"""Productions for clock times: 9am, 15:30, half past six, halb drei, las tres y media, 下午三点半."""

from __future__ import annotations

from orchestrator.times.elements import Clock, ClockRange, DayPart, Unread
from orchestrator.times.line import Line, Match, number
from orchestrator.times.terms import Kind

HOURS_A_DAY = 24
HOUR_UNITS = frozenset({"h", "hs", "hrs", "horas"})
"""Marks of an hour that are also a length: "a las 2 horas", but "dura 2 horas"."""
BESIDE_HOURS = (Kind.OFFSET, Kind.OFFSET_PART, Kind.WEEKDAY, Kind.ON, Kind.PART, Kind.THIS, Kind.NEXT, Kind.FOR, Kind.OCLOCK, Kind.AM, Kind.PM)
HOUR_LEADS = (Kind.AT, Kind.NEAR, Kind.FROM, Kind.UNTIL, Kind.BETWEEN, Kind.TO)
MINUTES_AN_HOUR = 60


def clock_time(line: Line, place: int) -> Match | None:
    """A time that needs no preposition to be one, or a bare hour after "at"."""
    led = line.has(place, Kind.AT, Kind.NEAR, Kind.UNTIL)
    if line.has(place, Kind.FOR, Kind.ONTO) and line.has(place - 1, Kind.EVENT):  # an alarm for 8
        return certain_clock(line, place + 1) or _hour_and_minutes(line, place + 1)
    begin = line.skip(place, Kind.AT, Kind.NEAR, Kind.UNTIL)
    if line.vocabulary.language == "en" and line.has(place, Kind.AFTER, Kind.BEFORE, Kind.BY):  # after 3, but not after 3 attempts
        found = _short_hour(line, place + 1)
        following = line.at(found.end) if found else None
        return None if found and following is not None and following.is_word and not line.has(found.end, *BESIDE_HOURS) else found
    found = certain_clock(line, begin)
    if found is None and led:
        found = bare_hour(line, begin)
    return found


def clock_word(line: Line, place: int) -> Match | None:
    """noon, midnight"""
    term = line.term(place, Kind.CLOCK_WORD)
    if term is None:
        return None
    return Match(Clock(term.value // 60, term.value % 60, exact=True, word=True), place + 1)


def certain_clock(line: Line, place: int) -> Match | None:
    return _colon(line, place) or _before_or_after(line, place) or _spoken(line, place)


def _hour_and_minutes(line: Line, place: int) -> Match | None:
    """seven fifteen; or the hour alone"""
    hour = bare_hour(line, place)
    if hour is None or not isinstance(hour.element, Clock):
        return None
    minute, after = _spoken_minutes(line, hour.end)
    return _with_half(line, place, hour.element.hour, minute, after) if after > hour.end and hour.element.minute == 0 else hour


def bare_hour(line: Line, place: int) -> Match | None:
    """9, nine, or 1430; only where the words around say that it is a time."""
    count = number(line, place)
    if count is None or (line.glued(count.end) and line.text(count.end) in ("%", ".", "/", ":") and line.digits(count.end + 1) is not None):
        return None
    if line.has(count.end, Kind.UNIT) or line.has(count.end, Kind.MONEY) or line.has(count.end, Kind.MONTH):
        return None
    lexeme = line.at(place)
    if lexeme is not None and lexeme.number is not None and len(lexeme.text) == 4:
        hour, minute = divmod(count.value, 100)
        return Match(Clock(hour, minute, exact=True), count.end) if hour < HOURS_A_DAY and minute < MINUTES_AN_HOUR else None
    if count.value > HOURS_A_DAY:
        return None
    return Match(Clock(count.value, exact=not 1 <= count.value <= 12), count.end)


def _colon(line: Line, place: int) -> Match | None:
    """15:30, 3:30 pm, 15.30 Uhr, 15h30, 9:00:00"""
    hour, minute = line.digits(place), line.digits(place + 2)
    separator = line.text(place + 1)
    if hour is None or minute is None or not (line.glued(place + 1) and line.glued(place + 2)):
        return None
    lexeme, minutes = line.lexemes[place], line.lexemes[place + 2]
    end = place + 3
    if separator == "." and not (line.has(end, Kind.OCLOCK, Kind.AM, Kind.PM) or line.has(place - 1, Kind.AT)):
        return None
    if separator not in (":", "：", ".", "h") or len(minutes.text) != 2 or len(lexeme.text) > 2:
        return None
    if line.text(end) == ":" and line.glued(end) and line.digits(end + 1) is not None:
        end += 2
    if line.has(end, Kind.OCLOCK):
        end += 1
    return _with_half(line, place, hour, minute, end, exact=lexeme.text.startswith("0") or hour > 12)


def _spoken(line: Line, place: int) -> Match | None:
    """9am, nine o'clock, 15 Uhr 30, 三点半, las tres y media: an hour with a mark that makes it one."""
    count = number(line, place)
    if count is not None and 100 <= count.value <= 1259 and _half_of_day(line, count.end) is not None:
        return _with_half(line, place, count.value // 100, count.value % 100, count.end)  # 615am
    if count is None or count.value > 99:
        return None
    end, minute, marked = count.end, 0, False
    if line.has(end, Kind.OCLOCK) and (line.text(end) not in HOUR_UNITS or count.value > 12 or line.has(place - 1, *HOUR_LEADS)):
        end, marked = end + 1, True
        minute, end = _minutes_after(line, end)
    elif line.vocabulary.language == "es" or line.has(place - 1, Kind.AT):
        minute, after = _spoken_minutes(line, end)
        marked = after > end
        end = after
    half = _half_of_day(line, end)
    if half is None and not marked and not (count.value <= 12 and line.has(end, Kind.PART)):
        return None
    return _with_half(line, place, count.value, minute, end)


def _spoken_minutes(line: Line, place: int) -> tuple[int, int]:
    """y media, y cuarto, menos diez; "at six thirty": minutes right after the hour. Returns minutes and the place after."""
    if line.vocabulary.language == "es":
        sign = 1 if line.has(place, Kind.AND) else -1 if line.has(place, Kind.BEFORE_HOUR) else 0
        if sign:
            fraction = 30 if line.has(place + 1, Kind.HALF) else 15 if line.has(place + 1, Kind.QUARTER) else 0
            if fraction:
                return sign * fraction, place + 2
            count = number(line, place + 1)
            if count is not None and count.value < MINUTES_AN_HOUR and count.value % 5 == 0 and not line.has(count.end, Kind.UNIT):
                return sign * count.value, count.end
        return 0, place
    count = number(line, place)
    if count is not None and line.digits(place) is None and 10 <= count.value < MINUTES_AN_HOUR and not line.has(count.end, Kind.UNIT):
        return count.value, count.end
    return 0, place


def _minutes_after(line: Line, place: int) -> tuple[int, int]:
    """The minutes after "Uhr" or 点: 30, dreißig, 半, 一刻, 十分."""
    if line.has(place, Kind.HALF):
        return 30, place + 1
    short = number(line, place + 1) if line.has(place, Kind.BEFORE_HOUR) and line.vocabulary.language == "zh" else None
    if short is not None and line.has(short.end, Kind.MINUTES, Kind.QUARTER):  # 三点差五分
        return -short.value * (15 if line.has(short.end, Kind.QUARTER) else 1), short.end + 1
    quarter = number(line, place)
    if quarter is not None and line.has(quarter.end, Kind.QUARTER):
        return 15 * quarter.value, quarter.end + 1
    if line.has(place, Kind.QUARTER) and line.vocabulary.language == "zh":
        return 15, place + 1
    if line.vocabulary.language == "es":
        return _spoken_minutes(line, place)
    if quarter is None or quarter.value >= MINUTES_AN_HOUR or line.vocabulary.language == "en":
        return 0, place
    if line.has(quarter.end, Kind.MINUTES):
        return quarter.value, quarter.end + 1
    if line.has(quarter.end, Kind.UNIT, Kind.COUNTER, Kind.OCLOCK) or (line.glued(quarter.end) and line.digits(quarter.end) is None):
        return 0, place
    return quarter.value, quarter.end


def _before_or_after(line: Line, place: int) -> Match | None:
    """half past six, quarter to five, ten to nine, halb drei, dreiviertel vier, fünf vor halb drei"""
    begin = line.skip(place, Kind.ARTICLE)
    if line.vocabulary.half_before:
        direct = 30 if line.has(begin, Kind.HALF) else 45 if line.has(begin, Kind.THREE_QUARTERS) else 15 if line.has(begin, Kind.QUARTER) else 0
        hour = _hour_of(line, begin + 1) if direct else None
        if hour is not None:
            return _with_half(line, place, (hour[0] - 1) or 12, direct, hour[1])
    elif line.has(begin, Kind.HALF) and line.has(place - 1, Kind.AT, Kind.NEAR) and (spoken := _hour_of(line, begin + 1)) is not None:
        return _with_half(line, place, spoken[0], 30, spoken[1])  # at half six
    if line.vocabulary.language == "zh":
        return _short_of(line, place)
    minutes, after = _leading_minutes(line, begin)
    if not minutes:
        return None
    sign = 1 if line.has(after, Kind.PAST) else -1 if line.has(after, Kind.BEFORE_HOUR) else 0
    if not sign:
        return None
    base = 0
    if line.vocabulary.half_before and line.has(after + 1, Kind.HALF):
        after, base = after + 1, -30
    hour = _hour_of(line, after + 1)
    if hour is None:
        return None
    return _with_half(line, place, hour[0], base + sign * minutes, hour[1])


def _short_of(line: Line, place: int) -> Match | None:
    """差五分四点, 差一刻五点: short of the hour."""
    count = number(line, place + 1) if line.has(place, Kind.BEFORE_HOUR) else None
    if count is None or not line.has(count.end, Kind.MINUTES, Kind.QUARTER):
        return None
    minutes = 15 * count.value if line.has(count.end, Kind.QUARTER) else count.value
    hour = number(line, count.end + 1)
    if hour is None or not line.has(hour.end, Kind.OCLOCK) or not 0 < minutes < MINUTES_AN_HOUR:
        return None
    return _with_half(line, place, hour.value, -minutes, hour.end + 1)


def _leading_minutes(line: Line, place: int) -> tuple[int, int]:
    if line.has(place, Kind.HALF) and not line.vocabulary.half_before:
        return 30, place + 1
    if line.has(place, Kind.QUARTER):
        return 15, place + 1
    count = number(line, place)
    if count is None or not 0 < count.value < 30:
        return 0, place
    if line.has(count.end, Kind.UNIT):
        unit = line.term(count.end, Kind.UNIT)
        return (count.value, count.end + 1) if unit is not None and unit.name == "minute" else (0, place)
    if count.value % 5 or line.has(place - 1, Kind.FROM, Kind.BETWEEN):
        return 0, place
    return count.value, count.end


def _hour_of(line: Line, place: int) -> tuple[int, int] | None:
    """An hour from 1 to 12 (or a clock word), with its "o'clock"."""
    word = line.term(place, Kind.CLOCK_WORD)
    if word is not None:
        return word.value // 60, place + 1
    count = number(line, place)
    if count is None or not 1 <= count.value <= HOURS_A_DAY or line.has(count.end, Kind.UNIT, Kind.MONTH, Kind.MONEY):
        return None
    return count.value, line.skip(count.end, Kind.OCLOCK)


def _half_of_day(line: Line, place: int) -> bool | None:
    """True for pm, False for am, None for neither. German "am" is only this when glued to the hour."""
    if line.has(place, Kind.PM):
        return True
    if line.has(place, Kind.AM) and (line.glued(place) or not line.has(place, Kind.ON)):
        return False
    return None


def _with_half(line: Line, place: int, hour: int, minute: int, end: int, exact: bool = False) -> Match:
    """The clock with its am or pm, or what could not be read."""
    total = hour * MINUTES_AN_HOUR + minute
    half = _half_of_day(line, end)
    if half is not None:
        end += 1
        exact = True
        if hour <= 12:
            total = total % (12 * MINUTES_AN_HOUR) + (12 * MINUTES_AN_HOUR if half else 0)
    if total < 0:
        total += 12 * MINUTES_AN_HOUR
    if hour > HOURS_A_DAY or not -MINUTES_AN_HOUR < minute < MINUTES_AN_HOUR or total > HOURS_A_DAY * MINUTES_AN_HOUR:
        return Match(Unread(impossible=True), end)
    return Match(Clock(total // 60, total % 60, exact=exact or not 1 <= hour <= 12), end)


def _short_hour(line: Line, place: int) -> Match | None:
    """A bare hour of two digits at most: "from 1000 to 2000" is no time."""
    return None if (line.digits(place) or 0) > HOURS_A_DAY else bare_hour(line, place)


def clock_range(line: Line, place: int) -> Match | None:
    """from 9 to 11, between 2 and 4, 9-11am, von 9 bis 11 Uhr, de 9 a 11, 九点到十一点"""
    if line.moves and not line.has(place, Kind.BETWEEN):
        return None
    led = line.has(place, Kind.FROM, Kind.BETWEEN)
    begin = line.skip(line.skip(place, Kind.FROM, Kind.BETWEEN), Kind.AT, Kind.NEAR)
    first = certain_clock(line, begin) or clock_word(line, begin) or _short_hour(line, begin)
    if first is None or not isinstance(first.element, Clock):
        return None
    joint = first.end
    if line.text(joint) not in ("-", "–", "—", "~", "～") and not line.has(joint, Kind.TO, Kind.UNTIL, Kind.AND):
        return None
    if line.has(joint, Kind.AND) and not line.has(place, Kind.BETWEEN):
        return None
    second_place = line.skip(joint + 1, Kind.AT, Kind.NEAR, Kind.UNTIL, Kind.THE)
    if line.has(second_place, Kind.PART):
        second_place += 1
    second = certain_clock(line, second_place) or clock_word(line, second_place) or _short_hour(line, second_place)
    if second is None or not isinstance(second.element, Clock):
        return None
    end = line.skip(second.end, Kind.TO) if line.vocabulary.language == "zh" else second.end
    sure = certain_clock(line, begin) is not None or certain_clock(line, second_place) is not None or line.has(place + 1, Kind.AT)
    if not (led or sure or line.has(place - 1, Kind.AT) or line.has(place, Kind.AT) or line.day_just_before(place)):
        return None
    return Match(ClockRange(first.element, second.element), end)


def day_part(line: Line, place: int) -> Match | None:
    """in the morning; and beside a day: Monday morning"""
    term = line.term(place, Kind.PART)
    if term is None and (line.day_just_before(place) or line.has(place - 1, Kind.EVERY)):
        term = line.term(place, Kind.BARE_PART)
    if term is None and line.has(place - 1, Kind.ON):
        term = line.term(place, Kind.BARE_PART)
    return Match(DayPart(term.name), place + 1) if term else None
