"""Productions for distances: in 20 minutes, two hours later, vor einer Stunde, the evening before; and lengths: for 45 minutes."""

from __future__ import annotations

from orchestrator.times.elements import AnchoredPart, Lasting, Shift, Unread
from orchestrator.times.line import Line, Match, amount
from orchestrator.times.terms import Kind


def shift(line: Line, place: int) -> Match | None:
    """A distance from now, or from another event."""
    return _led(line, place) or _followed(line, place) or _anchored_part(line, place)


def _led(line: Line, place: int) -> Match | None:
    """in 20 minutes, within the hour, dentro de dos horas, vor einer Woche, hace dos días, 推迟一小时, 提前半小时"""
    behind = line.vocabulary.ago_before and line.has(place, Kind.AGO)
    pushed = 0
    if line.vocabulary.language == "zh":
        pushed = 1 if line.has(place, Kind.LATER) else -1 if line.has(place, Kind.EARLIER) else 0
    if not behind and not pushed and not line.has(place, Kind.IN, Kind.WITHIN):
        return None
    length = amount(line, line.skip(place + 1, Kind.NEAR, Kind.THE))
    if length is None or line.has(length.end, Kind.AGO) and not line.vocabulary.ago_before:
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
    begin = line.skip(place, Kind.THE, Kind.ON)
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
    led = line.has(place, Kind.FOR)
    length = amount(line, place + 1 if led else place)
    if length is None or not (led or length.counted and not length.length.days and not length.length.months):
        return None
    if line.has(length.end, Kind.OF) and not length.counted or line.has(place - 1, Kind.EVERY):
        return None
    return Match(Lasting(length.length), length.end)


def unread_clock(line: Line, place: int) -> Match | None:
    """at the third bell, at dawn, after lunch: a time that no clock knows."""
    begin = line.skip(place, Kind.AT, Kind.NEAR, Kind.ON, Kind.AFTER, Kind.BEFORE, Kind.BY, Kind.UNTIL)
    begin = line.skip(begin, Kind.THE)
    begin = line.skip(begin, Kind.ORDINAL, Kind.NUMBER, Kind.LAST, Kind.NEXT)
    if not line.has(begin, Kind.EVENTIDE):
        return None
    end = begin + 1
    after = line.skip(end, Kind.OF, Kind.THE)
    if after > end and line.has(after, Kind.UNIT, Kind.BARE_PART, Kind.WEEKDAY, Kind.PART):
        end = after + 1
    return Match(Unread(" ".join(line.text(each) for each in range(place, end))), end)


def vague(line: Line, place: int) -> Match | None:
    return Match(Unread(line.text(place), soft=True), place + 1) if line.has(place, Kind.VAGUE) else None
