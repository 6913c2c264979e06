"""Productions for distances: in 20 minutes, two hours later, vor einer Stunde, the evening before; and lengths: for 45 minutes."""

from __future__ import annotations

from orchestrator.times.elements import AnchoredPart, Lasting, Length, Shift, Unread
from orchestrator.times.line import Line, Match, amount, number, ordinal
from orchestrator.times.terms import Kind, Term


def shift(line: Line, place: int) -> Match | None:
    """A distance from now, or from another event."""
    return _led(line, place) or _followed(line, place) or _anchored_part(line, place)


def _led(line: Line, place: int) -> Match | None:
    """in 20 minutes, within the hour, dentro de dos horas, vor einer Woche, hace dos días, 推迟一小时, 提前半小时"""
    behind = line.vocabulary.ago_before and line.has(place, Kind.AGO)
    pushed = 0
    if line.vocabulary.language == "zh":
        pushed = 1 if line.has(place, Kind.LATER) else -1 if line.has(place, Kind.EARLIER) else 0
    if (by := line.moves_by) and line.has(place, Kind.BY, Kind.AT, Kind.ONTO, Kind.FOR) and (moved := amount(line, place + 1)):
        return Match(Shift(moved.length, by, anchored=by < 0, later=by > 0), moved.end)  # postpone it by an hour, um eine Stunde
    if line.puts_off and line.vocabulary.language == "es" and (moved := amount(line, place)) and moved.end > place:
        return Match(Shift(moved.length, by, anchored=by < 0, later=by > 0), moved.end)  # retrasa la cita una hora
    beside = line.vocabulary.language == "zh" and place > 0 and line.glued(place) and line.has(place, Kind.AGO, Kind.HENCE)
    if beside:  # 会前一小时, 圣诞节前两天
        length = amount(line, place + 1)
        sign = -1 if line.has(place, Kind.AGO) else 1
        return Match(Shift(length.length, sign, anchored=True), length.end) if length and not line.has(length.end, Kind.AGO, Kind.HENCE) else None
    if not behind and not pushed and not line.has(place, Kind.IN, Kind.WITHIN):
        return None
    length = amount(line, line.skip(place + 1, Kind.NEAR, Kind.THE))
    if (
        length is None
        and line.vocabulary.language != "zh"
        and line.has(place, Kind.IN)
        and line.at(place + 2) is None
        and 0 < (line.digits(place + 1) or 0) < 100
    ):
        return Match(Unread(), place + 2)  # in 10: minutes or days?
    if length is None or (line.has(length.end, Kind.AGO) and not line.vocabulary.ago_before):
        return None
    if pushed:
        return Match(Shift(length.length, pushed, anchored=pushed < 0, later=pushed > 0), length.end)
    if behind and _event_follows(line, length.end):
        return Match(Shift(length.length, -1, anchored=True), length.end)
    end = line.skip(length.end, Kind.HENCE) if line.vocabulary.language != "es" else length.end
    return Match(Shift(length.length, -1 if behind else 1), end)


def _followed(line: Line, place: int) -> Match | None:
    """two hours later, 20 minutes from now, an hour ago, an hour before (the appointment), 两个小时后"""
    length = amount(line, place)
    if length is None:
        return None
    end = length.end
    if line.has(end, Kind.LATER):
        return Match(Shift(length.length, later=True), end + 1)
    if line.has(end, Kind.HENCE):
        return Match(Shift(length.length), end + 1)
    if line.has(end, Kind.EARLIER, Kind.BEFORE):
        return Match(Shift(length.length, -1, anchored=True), end + 1)
    if line.has(end, Kind.AGO) and line.vocabulary.ago_before and line.has(end + 1, Kind.FIXED_DAY, Kind.WEEKDAY):
        return Match(Shift(length.length, -1, anchored=True), end + 1)
    if line.has(end, Kind.AGO) and not line.vocabulary.ago_before:
        return Match(Shift(length.length, -1), end + 1)
    if line.has(end, Kind.AFTER):
        return Match(Shift(length.length, 1, anchored=True), end + 1)
    return None


def _event_follows(line: Line, place: int) -> bool:
    """vor dem Termin: an event to count from, not a length ago."""
    return line.has(place, Kind.BEFORE, Kind.EARLIER)


def _anchored_part(line: Line, place: int) -> Match | None:
    """the evening before, the day after, am Abend davor, el día anterior, 前一天晚上"""
    around = line.term(line.skip(place, Kind.THE, Kind.ON), Kind.DAY_AROUND)
    if around is not None:
        end = line.skip(place, Kind.THE, Kind.ON) + 1
        part = line.term(end, Kind.PART) or line.term(end, Kind.BARE_PART)
        return Match(AnchoredPart(around.value, part.name if part else around.name), end + 1 if part else end)
    begin = line.skip(place, Kind.THE, Kind.ON)
    led = line.term(begin, Kind.PART)
    if led is not None and line.has(begin + 1, Kind.BEFORE, Kind.EARLIER, Kind.AFTER):
        return Match(AnchoredPart(1 if line.has(begin + 1, Kind.AFTER) else -1, led.name), begin + 2)
    part = line.term(begin, Kind.BARE_PART)
    unit = line.term(begin, Kind.UNIT)
    if part is None and (unit is None or unit.name != "day"):
        return None
    end = begin + 1
    sign = -1 if line.has(end, Kind.BEFORE, Kind.EARLIER) else 1 if line.has(end, Kind.AFTER, Kind.LATER) else 0
    if not sign or begin == place:
        return None
    return Match(AnchoredPart(sign, part.name if part else ""), end + 1)


def lasting(line: Line, place: int) -> Match | None:
    """for 45 minutes, a 30-minute call, 一个小时的会: counted minutes or hours may stand alone."""
    in_a_word = line.term(place, Kind.LENGTH)
    if in_a_word is not None:
        return Match(Lasting(Length(minutes=in_a_word.value)), place + 1)
    led = line.has(place, Kind.FOR)
    length = amount(line, place + 1 if led else place)
    if length is not None and line.vocabulary.language == "de" and line.has(length.end, Kind.FOR):
        return Match(Lasting(length.length), length.end + 1)  # eine Stunde lang
    if length is None or not (led or (length.counted and not length.length.days and not length.length.months)):
        return None
    if (line.has(length.end, Kind.OF) and not length.counted) or line.has(place - 1, Kind.EVERY):
        return None
    return Match(Lasting(length.length), length.end)


EVENT_LEADS = (Kind.AT, Kind.NEAR, Kind.AFTER, Kind.BEFORE, Kind.BY, Kind.UNTIL, Kind.SHADE, Kind.TO)


def unread_clock(line: Line, place: int) -> Match | None:
    """at the third bell, at dawn, after lunch: a time that no clock knows."""
    begin = line.skip(place, Kind.AT, Kind.NEAR, Kind.ON, Kind.AFTER, Kind.BEFORE, Kind.BY, Kind.UNTIL, Kind.SHADE, Kind.TO)
    begin = line.skip(begin, Kind.THE)
    led = line.has(place, *EVENT_LEADS) or (line.has(place, Kind.ON) and line.vocabulary.language != "es")
    unled = not led or line.text(place) in ("zum", "zur")
    if unled and line.vocabulary.language != "zh":
        return None
    count = ordinal(line, begin)
    begin = count.end if count else line.skip(begin, Kind.NUMBER, Kind.LAST, Kind.NEXT)
    if not line.has(begin, Kind.EVENTIDE):
        return None
    end = begin + 1
    if line.vocabulary.language == "zh":
        return Match(Unread(), line.skip(end, Kind.HENCE, Kind.AGO))
    after = line.skip(end, Kind.OF, Kind.THE)
    if after > end and line.has(after, Kind.UNIT, Kind.BARE_PART, Kind.WEEKDAY, Kind.PART):
        end = after + 1
    return Match(Unread(), end)


def times_a_day(line: Line, place: int) -> Match | None:
    """three times a day, 每天三次: how often, but not when. With clock times beside it, it is a recurrence after all."""
    if line.has(place, Kind.REPEAT) and (often := number_end(line, place + 1)):
        return Match(Unread(daily=_is_daily(line.term(place, Kind.REPEAT))), often)
    if line.has(place - 1, Kind.EVERY) and (unit := line.term(place, Kind.UNIT)) and (often := number_end(line, place + 1)):
        return Match(Unread(daily=unit.name == "day"), often)
    term, count = line.term(place, Kind.TIMES), number(line, place)
    if count is not None and line.text(count.end) in ("times", "mal", "veces", "x"):
        end = count.end + 1
    elif term is not None and term.value > 1:
        end = place + 1
    else:
        return None
    after = line.skip(end, Kind.ARTICLE, Kind.PER, Kind.EVERY, Kind.IN, Kind.THE, Kind.OF)
    unit = line.term(after, Kind.UNIT)
    if unit is not None:
        return Match(Unread(daily=unit.name == "day"), after + 1)
    adverb = line.term(end, Kind.REPEAT)
    return Match(Unread(daily=_is_daily(adverb)), end + 1) if adverb is not None else None


def _is_daily(term: Term | None) -> bool:
    return term is not None and term.name == "DAILY" and term.value <= 1


def number_end(line: Line, place: int) -> int:
    """每天三次: the place after how often, 0 where that is not said."""
    count = number(line, place)
    term = line.term(place, Kind.TIMES)
    if term is not None and term.value > 1:
        return place + 1
    return count.end + 1 if count is not None and count.value > 1 and line.text(count.end) == "次" else 0


def vague(line: Line, place: int) -> Match | None:
    return Match(Unread(soft=True), place + 1) if line.has(place, Kind.VAGUE) else None
