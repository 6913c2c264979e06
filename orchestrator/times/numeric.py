"""Productions for dates in digits: 2026-12-24, 24.12., 24/12/2026. What could be two dates is reported, not guessed."""

from __future__ import annotations

from orchestrator.times.elements import CalendarDay, Unread
from orchestrator.times.line import Line, Match
from orchestrator.times.terms import Kind

ROUND_THE_CLOCK = (24, 7)
DATE_LEADS = (Kind.ON, Kind.THE, Kind.BY, Kind.FOR, Kind.UNTIL, Kind.TO, Kind.ONTO, Kind.FROM, Kind.BETWEEN, Kind.WEEKDAY, Kind.AFTER, Kind.OFFSET)

NEVER_AFTER_DATE = (Kind.UNIT, Kind.OCLOCK, Kind.AM, Kind.PM, Kind.MONEY, Kind.COUNTER)
COUNTED = frozenset(
    [
        "part",
        "step",
        "episode",
        "invoice",
        "score",
        "size",
        "ratio",
        "format",
        "teil",
        "schritt",
        "folge",
        "rechnung",
        "note",
        "größe",
        "verhältnis",
        "parte",
        "paso",
        "episodio",
        "factura",
        "nota",
        "talla",
        "formato",
        "第",
        "发票",
        "比分",
        "评分",
    ]
)
"""What "3/12" behind it counts, or scores."""
FRACTIONS = frozenset({(1, 2), (1, 3), (2, 3), (1, 4), (3, 4)})


def numeric_date(line: Line, place: int) -> Match | None:
    first, second = line.digits(place), line.digits(place + 2)
    separator = line.text(place + 1)
    if first is None or second is None or separator not in ("-", ".", "/") or not (line.glued(place + 1) and line.glued(place + 2)):
        return None
    third = line.digits(place + 4)
    if third is not None and line.text(place + 3) == separator and line.glued(place + 3) and line.glued(place + 4):
        return _three(line, place, (first, second, third))
    return _two(line, place, first, second)


def _three(line: Line, place: int, numbers: tuple[int, int, int]) -> Match | None:
    widths = [len(line.text(place + step)) for step in (0, 2, 4)]
    end = place + 5
    if widths[0] == 4 and widths[1] <= 2 and widths[2] <= 2:
        return _checked(line, place, end, numbers[2], numbers[1], numbers[0])
    if widths[0] > 2 or widths[1] > 2 or widths[2] not in (2, 4):
        return None
    year = numbers[2] if widths[2] == 4 else 2000 + numbers[2]
    return _day_and_month(line, place, end, numbers[0], numbers[1], year)


def _two(line: Line, place: int, first: int, second: int) -> Match | None:
    """24.12. or 24/12; a dash needs its year, and 24/7 is no date."""
    separator = line.text(place + 1)
    end = place + 3
    if separator == "-" or (first, second) == ROUND_THE_CLOCK or max(len(line.text(place)), len(line.text(place + 2))) > 2:
        return None
    if separator == ".":
        if line.text(end) == "." and line.glued(end):
            end += 1
        elif not line.vocabulary.dotted_dates or len(line.text(place + 2)) < 2 or (line.glued(end) and line.text(end) in ("%", "€")):
            return None
    elif not (1 <= first <= 31 and 1 <= second <= 31) or line.text(end) == "/":
        return None
    if line.text(end - 1) != "." and not _stands_as_date(line, place, end):
        return None
    return _day_and_month(line, place, end, first, second, None)


def _stands_as_date(line: Line, place: int, end: int) -> bool:
    """Whether the words around make a date of what could be a fraction or a version: a preposition, a weekday, a clock time, nothing."""
    before, after = line.at(place - 1), line.at(end)
    if before is not None and (line.has(place - 1, *DATE_LEADS) or before.text in (",", "(", "-", "–", ".")):
        return True
    if before is None and (after is None or bool(after.terms) or after.number is not None or not after.is_word):
        return True
    return before is not None and _reads_as_date(line, place, end)


def _reads_as_date(line: Line, place: int, end: int) -> bool:
    """Whether two numbers in the middle of a text are rather a date than a fraction, two hours or a version: "haircut 3/12 at 10"."""
    if line.text(place + 1) == ".":
        return line.has(end, Kind.AT) and not line.has(place - 1, Kind.AT, Kind.NEAR)
    if (
        line.text(place - 1) == "/"
        or line.text(place - 1) in COUNTED
        or line.has(place - 1, Kind.ARTICLE)
        or (line.has(place - 1, Kind.AT) and not line.has(place - 1, Kind.ON))
    ):
        return False
    if line.has(end, *NEVER_AFTER_DATE) or (line.has(end, Kind.OF) and not line.has(end, Kind.IN, Kind.ON, Kind.FROM)):
        return False
    if (line.digits(place), line.digits(place + 2)) in FRACTIONS:
        return line.has(end, Kind.AT) and line.digits(place - 1) is None
    return True


def _day_and_month(line: Line, place: int, end: int, first: int, second: int, year: int | None) -> Match | None:
    vocabulary = line.vocabulary
    dotted = line.text(place + 1) == "."
    if first > 12 or second > 12 or first == second:
        day, month = (first, second) if second <= 12 else (second, first)
    elif vocabulary.month_first:
        day, month = second, first
    elif vocabulary.day_first or dotted:
        day, month = first, second
    else:
        return Match(Unread(impossible=True, perhaps=year is None and not line.has(place - 1, *DATE_LEADS)), end)
    return _checked(line, place, end, day, month, year)


def _checked(line: Line, place: int, end: int, day: int, month: int, year: int | None) -> Match:
    found = CalendarDay(day, month, year)
    longest = 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    if not (1 <= month <= 12 and 1 <= day <= longest):
        return Match(Unread(impossible=True), end)
    return Match(found, end)
