"""From a text to the time elements in it: masks what only looks like a time, then tries the productions at each place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from orchestrator.times import clock, day, numeric, recurrence, relative
from orchestrator.times.elements import Element
from orchestrator.times.line import Line, Match
from orchestrator.times.terms import Kind
from orchestrator.times.tokens import Lexeme, lex
from orchestrator.times.vocabulary import Vocabulary

Production = Callable[[Line, int], Match | None]

PRODUCTIONS: tuple[Production, ...] = (
    numeric.numeric_date,
    recurrence.repeat,
    clock.clock_range,
    day.day_range,
    relative.shift,
    day.part_of_day,
    day.day,
    clock.clock_time,
    clock.clock_word,
    day.day_of_month,
    clock.day_part,
    relative.lasting,
    relative.unread_clock,
    relative.vague,
)

LEADS = frozenset(
    {
        Kind.AT, Kind.NEAR, Kind.ON, Kind.IN, Kind.BY, Kind.FOR, Kind.TO, Kind.FROM, Kind.UNTIL, Kind.THE, Kind.BETWEEN, Kind.OF,
        Kind.AFTER, Kind.WITHIN,
    }
)  # fmt: skip
CURRENCIES = frozenset("$€£¥₹")
LONGEST_PLAIN_NUMBER = 4
"""Digits; a longer run is a telephone or account number, not a time."""
PHONE_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Found:
    """An element with its lexemes, its character range, and the prepositions that led to it."""

    element: Element
    begin: int
    end: int
    start_char: int
    end_char: int
    leads: frozenset[Kind]


def find(text: str, vocabulary: Vocabulary) -> tuple[Line, list[Found]]:
    """The time elements of a text in order, never overlapping."""
    line = Line(_masked(lex(text, vocabulary)), vocabulary)
    found: list[Found] = []
    place, used = 0, 0
    while place < len(line.lexemes):
        lexeme = line.lexemes[place]
        match = _longest(line, place) if lexeme.terms or lexeme.number is not None else None
        if match is None:
            place += 1
            continue
        found.append(_with_leads(line, place, match, used))
        place = used = match.end
    return line, found


def _longest(line: Line, place: int) -> Match | None:
    best: Match | None = None
    for production in PRODUCTIONS:
        match = production(line, place)
        if match is not None and (best is None or match.end > best.end):
            best = match
    return best


def _with_leads(line: Line, place: int, match: Match, used: int) -> Found:
    begin, leads = place, set[Kind]()
    for inner in range(place, match.end):
        kinds = {term.kind for term in line.lexemes[inner].terms} & LEADS
        if not kinds:
            break
        leads |= kinds
    while begin > used and line.has(begin - 1, *LEADS):
        begin -= 1
        leads |= {term.kind for term in line.lexemes[begin].terms} & LEADS
    end = line.skip(match.end, Kind.OF) if line.vocabulary.language == "zh" else match.end
    return Found(match.element, begin, end, line.lexemes[begin].start, line.lexemes[end - 1].end, frozenset(leads))


def _masked(lexemes: list[Lexeme]) -> list[Lexeme]:
    """Prices, percentages, telephone numbers, #42 and "task 4" stop being numbers."""
    opaque: set[int] = set()
    for place, lexeme in enumerate(lexemes):
        if lexeme.number is None and not (lexeme.text.isdecimal() and len(lexeme.text) > LONGEST_PLAIN_NUMBER):
            continue
        before = lexemes[place - 1] if place else None
        after = lexemes[place + 1] if place + 1 < len(lexemes) else None
        if len(lexeme.text) > LONGEST_PLAIN_NUMBER:
            opaque.add(place)
        elif before is not None and (before.text in CURRENCIES or before.text in ("#", "+") or before.term(Kind.MONEY) is not None):
            opaque.add(place)
        elif after is not None and (after.text in CURRENCIES or after.text == "%" or after.term(Kind.MONEY) is not None):
            opaque.add(place)
    opaque |= _phone_places(lexemes)
    return [replace(lexeme, number=None, terms=()) if place in opaque else lexeme for place, lexeme in enumerate(lexemes)]


def _phone_places(lexemes: list[Lexeme]) -> set[int]:
    """Runs of digit groups that are too many digits for a date."""
    places: set[int] = set()
    run: list[int] = []
    for place, lexeme in enumerate([*lexemes, None]):
        if lexeme is not None and (lexeme.text.isdecimal() or run and lexeme.text in "-()/+."):
            run.append(place)
            continue
        groups = [lexemes[each].text for each in run if lexemes[each].text.isdecimal()]
        marks = {lexemes[each].text for each in run} - set(groups)
        date_like = len(groups) == 3 and len(marks) == 1 and (len(groups[0]) == 4 or len(groups[2]) in (2, 4))
        if sum(map(len, groups)) >= PHONE_DIGITS and not date_like and len(groups) > 1 and max(map(len, groups)) > 2 and not _has_date(groups):
            places.update(run)
        run = []
    return places


def _has_date(groups: list[str]) -> bool:
    """Whether the groups begin as a date does: 2026-12-24, 24.12.2026."""
    widths = [len(group) for group in groups[:3]]
    return len(widths) == 3 and (widths[0] == 4 and max(widths[1:]) <= 2 or widths[2] == 4 and max(widths[:2]) <= 2)
