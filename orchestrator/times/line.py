"""A line of lexemes as the productions see it, and the smallest productions: numbers and amounts of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.times.elements import Element, Length
from orchestrator.times.terms import Kind, Term
from orchestrator.times.tokens import Lexeme
from orchestrator.times.vocabulary import Vocabulary

DAYISH = frozenset({Kind.WEEKDAY, Kind.OFFSET, Kind.WHOLE, Kind.FIXED_DAY, Kind.DAY_MARK, Kind.MONTH})
REPEATING = (Kind.EVERY, Kind.REPEAT, Kind.TIMES, Kind.WEEKDAYS, Kind.DAY_SETS)
TIMES = frozenset({"times", "mal", "veces", "次"})
NO_KINDS: frozenset[Kind] = frozenset()
MOST_SKIPPED = 8
"""Words that mean nothing by themselves, in a row; a text of nothing else is not gone through again at each of them."""
LONGEST_NUMBER = 12
"""Signs of a number in Chinese."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a production found and the place just after it."""

    element: Element
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """The lexemes with the kinds of each; `moves`: the line says that something is moved, by which verbs (-1 to earlier, 1 to later)."""

    lexemes: Sequence[Lexeme]
    vocabulary: Vocabulary
    kinds: Sequence[frozenset[Kind]]
    verbs: frozenset[int]

    @classmethod
    def of(cls, lexemes: Sequence[Lexeme], vocabulary: Vocabulary) -> Line:
        kinds = [NO_KINDS if not lexeme.terms else frozenset([term.kind for term in lexeme.terms]) for lexeme in lexemes]
        verbs = frozenset(term.value for lexeme in lexemes for term in lexeme.terms if term.kind is Kind.MOVE)
        return cls(lexemes, vocabulary, kinds, verbs)

    def at(self, place: int) -> Lexeme | None:
        return self.lexemes[place] if 0 <= place < len(self.lexemes) else None

    def term(self, place: int, kind: Kind) -> Term | None:
        if not 0 <= place < len(self.kinds) or kind not in self.kinds[place]:
            return None
        return self.lexemes[place].term(kind)

    def has(self, place: int, *kinds: Kind) -> bool:
        return 0 <= place < len(self.kinds) and not self.kinds[place].isdisjoint(kinds)

    def skip(self, place: int, *kinds: Kind) -> int:
        """The place after any lexemes of these kinds, of which no sentence has many in a row."""
        end = place + MOST_SKIPPED
        while 0 <= place < min(end, len(self.kinds)) and not self.kinds[place].isdisjoint(kinds):
            place += 1
        return place

    @property
    def repeats(self) -> bool:
        """Whether the line speaks of something that repeats."""
        return any(not kinds.isdisjoint(REPEATING) for kinds in self.kinds) or any(lexeme.text in TIMES for lexeme in self.lexemes)

    def text(self, place: int) -> str:
        lexeme = self.at(place)
        return lexeme.text if lexeme else ""

    def glued(self, place: int) -> bool:
        """Whether nothing stands between this lexeme and the one before."""
        lexeme = self.at(place)
        return lexeme is not None and lexeme.glued

    def digits(self, place: int) -> int | None:
        lexeme = self.at(place)
        return lexeme.number if lexeme else None

    @property
    def moves(self) -> bool:
        """Whether something is moved here, from one time to another."""
        return bool(self.verbs)

    @property
    def moves_by(self) -> int:
        """1 where something is put off, -1 where it is brought forward, 0 where nothing is moved."""
        return 0 if not self.verbs else -1 if -1 in self.verbs else 1

    @property
    def puts_off(self) -> bool:
        """Whether the verb itself says later or earlier: retrasa, adelanta."""
        return any(self.verbs)

    def day_just_before(self, place: int) -> bool:
        """Whether a day was named right before, a comma apart at most."""
        if self.text(place - 1) == ",":
            place -= 1
        return self.has(place - 1, *DAYISH)


@dataclass(frozen=True, slots=True)
class Count:
    """A number and the place just after it."""

    value: int
    end: int


def number(line: Line, place: int) -> Count | None:
    """Digits or number words: 20, twenty-five, treinta y cinco, 二十三."""
    digits = line.digits(place)
    if digits is not None:
        return Count(digits, place + 1)
    return number_words(line, place)


def number_words(line: Line, place: int) -> Count | None:
    term = line.term(place, Kind.NUMBER)
    if term is None:
        return None
    if line.vocabulary.language == "zh":
        return _han_number(line, place)
    value, end = term.value, place + 1
    if value >= 20 and value % 10 == 0:
        after = end + 1 if line.text(end) == "-" or (line.has(end, Kind.AND) and line.vocabulary.language == "es") else end
        ones = line.term(after, Kind.NUMBER)
        if ones is not None and 0 < ones.value < 10:
            return Count(value + ones.value, after + 1)
    return Count(value, end)


def _han_number(line: Line, place: int) -> Count:
    """二十三: units multiply, digits add. More signs in a row than any number has are none of it."""
    total, digit, end = 0, 0, place + LONGEST_NUMBER
    while place < end and (term := line.term(place, Kind.NUMBER)) is not None:
        if term.value in (10, 100):
            total += (digit or 1) * term.value
            digit = 0
        else:
            digit = digit * 10 + term.value
        place += 1
    return Count(total + digit, place)


def ordinal(line: Line, place: int) -> Count | None:
    """3rd, third, 3., 第三."""
    term = line.term(place, Kind.ORDINAL)
    if term is not None:
        if term.value >= 20 and term.value % 10 == 0 and line.text(place + 1) == "-":
            ones = line.term(place + 2, Kind.ORDINAL)
            if ones is not None:
                return Count(term.value + ones.value, place + 3)
        return Count(term.value, place + 1)
    tens = line.term(place, Kind.NUMBER)
    if tens is not None and tens.value in (20, 30):  # twenty-first
        after = place + 2 if line.text(place + 1) == "-" else place + 1
        ones = line.term(after, Kind.ORDINAL)
        if ones is not None and ones.value < 10:
            return Count(tens.value + ones.value, after + 1)
    digits = line.digits(place)
    if digits is not None and line.glued(place + 1) and line.has(place + 1, Kind.ORDINAL_MARK):
        return Count(digits, place + 2)
    return None


UNIT_LENGTHS = {
    "second": Length(seconds=1),
    "minute": Length(minutes=1),
    "quarter_hour": Length(minutes=15),
    "half_hour": Length(minutes=30),
    "three_quarter_hour": Length(minutes=45),
    "hour": Length(minutes=60),
    "day": Length(days=1),
    "workday": Length(days=1),
    "week": Length(days=7),
    "fortnight": Length(days=14),
    "month": Length(months=1),
    "year": Length(months=12),
}


def times_unit(count: float, unit: str) -> Length:
    base = UNIT_LENGTHS[unit]
    if base.months and count % 1:
        return Length(months=int(base.months * count), days=round(30 * (base.months * count % 1)))
    if base.days and count % 1:
        return Length(minutes=round(base.days * count * 24 * 60))
    return Length(round(base.minutes * count), round(base.days * count), round(base.months * count), round(base.seconds * count))


@dataclass(frozen=True, slots=True)
class Amount:
    """A length, the place after it, whether it was counted ("two hours") or only named ("an hour"), and its finest unit."""

    length: Length
    end: int
    counted: bool
    unit: str


def amount(line: Line, place: int) -> Amount | None:
    """20 minutes, half an hour, an hour and a half, two and a half hours, 1h30, 一个半小时, 三刻钟."""
    first = _simple_amount(line, place)
    if first is None:
        return None
    after = first.end
    joined = after + 1 if line.has(after, Kind.AND) else after
    if first.unit in ("hour", "day", "week", "month", "year"):
        half = line.skip(joined, Kind.ARTICLE)
        if joined > after and line.has(half, Kind.HALF) and not line.has(half + 1, Kind.UNIT):
            return Amount(first.length.plus(times_unit(0.5, first.unit)), half + 1, True, "minute")
        if joined > after and line.has(half, Kind.QUARTER) and first.unit == "hour":
            return Amount(first.length.plus(Length(minutes=15)), half + 1, True, "minute")
        second = _simple_amount(line, joined)
        if second is not None and _size(second.length) < _size(first.length) and (second.counted or joined > after):
            return Amount(first.length.plus(second.length), second.end, True, second.unit)
        minutes = line.digits(after)
        if first.unit == "hour" and minutes is not None and minutes < 60 and line.glued(after):
            return Amount(first.length.plus(Length(minutes=minutes)), after + 1, True, "minute")
    return first


def _size(length: Length) -> float:
    return length.seconds / 60 + length.minutes + (length.days + 30 * length.months) * 24 * 60


def _simple_amount(line: Line, place: int) -> Amount | None:
    half = line.skip(place, Kind.ARTICLE)
    if line.has(half, Kind.HALF, Kind.QUARTER, Kind.THREE_QUARTERS):
        share = 0.5 if line.has(half, Kind.HALF) else 0.25 if line.has(half, Kind.QUARTER) else 0.75
        unit_place = line.skip(half + 1, Kind.ARTICLE, Kind.COUNTER, Kind.OF)
        unit = line.term(unit_place, Kind.UNIT)
        if unit is not None and unit.name != "minute":
            return Amount(times_unit(share, unit.name), unit_place + 1, True, "minute")
    and_half = line.term(place, Kind.AND_HALF)
    if and_half is not None and (unit := line.term(place + 1, Kind.UNIT)) is not None:
        return Amount(times_unit(and_half.value + 0.5, unit.name), place + 2, True, unit.name)
    count = number(line, place)
    if count is None:
        unit = line.term(place + 1, Kind.UNIT)
        if line.has(place, Kind.ARTICLE) and unit is not None:
            return Amount(times_unit(1, unit.name), place + 2, False, unit.name)
        unit = line.term(place, Kind.UNIT)
        halved = line.has(place + 1, Kind.AND) and line.has(place + 2, Kind.HALF)  # en hora y media
        if unit is not None and (unit.name == "quarter_hour" or (halved and unit.name == "hour")):
            return Amount(times_unit(1, unit.name), place + 1, False, unit.name)
        return None
    return _counted(line, count)


def _counted(line: Line, count: Count) -> Amount | None:
    end, value = count.end, float(count.value)
    if line.text(end) in ".," and line.glued(end) and line.glued(end + 1) and line.digits(end + 1) == 5:
        end, value = end + 2, value + 0.5  # 1.5 hours
    end = line.skip(end, Kind.COUNTER)
    after_and = line.skip(end + 1, Kind.ARTICLE) if line.has(end, Kind.AND) else end
    if line.has(after_and, Kind.HALF) and line.has(after_and + 1, Kind.UNIT, Kind.COUNTER):
        end, value = line.skip(after_and + 1, Kind.COUNTER), value + 0.5  # two and a half hours, 一个半小时
    if line.text(end) == "-" and line.has(end + 1, Kind.UNIT):
        end += 1  # a 45-minute call
    unit = line.term(end, Kind.UNIT)
    if unit is None:
        return None
    return Amount(times_unit(value, unit.name), end + 1, True, unit.name)
