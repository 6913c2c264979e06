"""From a text to the time elements in it: masks what only looks like a time, then tries the productions at each place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from orchestrator.times import clock, day, numeric, recurrence, relative
from orchestrator.times.elements import Clock, DayPart, Element, NamedDay, Repeat, WeekdayOfWeek
from orchestrator.times.line import MOST_SKIPPED, Line, Match
from orchestrator.times.terms import Kind, Term
from orchestrator.times.tokens import Lexeme, lex
from orchestrator.times.vocabulary import Vocabulary

Production = Callable[[Line, int], Match | None]

PRODUCTIONS: tuple[Production, ...] = (
    numeric.numeric_date,
    recurrence.repeat,
    recurrence.left_out,
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
    relative.times_a_day,
    relative.vague,
)

LEADS = frozenset(
    {
        Kind.AT, Kind.NEAR, Kind.ON, Kind.IN, Kind.BY, Kind.FOR, Kind.TO, Kind.FROM, Kind.UNTIL, Kind.THE, Kind.BETWEEN, Kind.OF,
        Kind.AFTER, Kind.WITHIN, Kind.ONTO, Kind.SHADE,
    }
)  # fmt: skip
CURRENCIES = frozenset("$€£¥₹")
LONGEST_PLAIN_NUMBER = 4
"""Digits; a longer run is a telephone or account number, not a time."""
PHONE_DIGITS = 7
WEEKDAY_MARKS = frozenset({",", "-", "–", ".", "/"})
AFTER_WEEKDAY = (Kind.AT, Kind.AND, Kind.PART, Kind.BARE_PART, Kind.UNTIL, Kind.FROM, Kind.TO, Kind.MONTH, Kind.THE)
BEFORE_WEEKDAY = (Kind.ON, Kind.EVERY, Kind.NEXT, Kind.THIS, Kind.AND, Kind.UNTIL, Kind.TO, Kind.FROM)
MOST_READ = 600
"""Words and signs in which a time is looked for: whoever writes more says when in the beginning."""


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
    line = Line.of(_settled(_masked(lex(text, vocabulary)[:MOST_READ]), text), vocabulary)
    found: list[Found] = []
    place, used = 0, 0
    while place < len(line.lexemes):
        lexeme = line.lexemes[place]
        begin, match = _best(line, place) if lexeme.terms or lexeme.number is not None else (place, None)
        if match is None:
            place += 1
            continue
        if line.has(begin - 1, Kind.REJECTED):
            place = used = match.end
            continue
        found.append(_with_leads(line, begin, match, used))
        match = _more_clocks(line, match, found)
        part = _inner_part(line, match)
        if part is not None:
            found.append(replace(found[-1], element=part))
        place = used = match.end
    return line, found


def _best(line: Line, place: int) -> tuple[int, Match | None]:
    """The longest match here, or just behind the prepositions here where one reaches further."""
    begin, best = place, _longest(line, place)
    probe = place
    while probe < place + MOST_SKIPPED and line.has(probe, *LEADS):
        probe += 1
        lexeme = line.at(probe)
        match = _longest(line, probe) if lexeme is not None and (lexeme.terms or lexeme.number is not None) else None
        if match is not None and (best is None or match.end > best.end):
            begin, best = probe, match
    return begin, best


def _more_clocks(line: Line, match: Match, found: list[Found]) -> Match:
    """at 8, 14 and 20: bare hours that go on a list of clock times, where something repeats."""
    while isinstance(match.element, Clock):
        place = match.end
        while line.text(place) in (",", "、") or line.has(place, Kind.AND):
            place += 1
        if place == match.end or not line.repeats:
            break
        more = clock.certain_clock(line, place) or clock.bare_hour(line, place)
        following = line.at(more.end) if more else None
        if more is None or not isinstance(more.element, Clock) or (following is not None and following.is_word and not following.terms):
            break
        match = more
        found.append(_with_leads(line, place, match, place))
    return match


def _inner_part(line: Line, match: Match) -> DayPart | None:
    """The part inside a compound: Montagvormittag, freitagabends."""
    if not isinstance(match.element, NamedDay | WeekdayOfWeek | Repeat):
        return None
    term = line.term(match.end - 1, Kind.WEEKDAY) or line.term(match.end - 1, Kind.WEEKDAYS)
    return DayPart(term.name) if term is not None and term.name else None


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
    end = (
        line.skip(match.end, Kind.OF, Kind.SHADE, *((Kind.HENCE,) if isinstance(match.element, Clock) else ()))
        if line.vocabulary.language == "zh"
        else line.skip(match.end, Kind.SHADE)
    )
    return Found(match.element, begin, end, line.lexemes[begin].start, line.lexemes[end - 1].end, frozenset(leads))


def _settled(lexemes: list[Lexeme], text: str) -> list[Lexeme]:
    """Short names of weekdays that are also words count where a time goes on, or where they are written as a name."""
    settled = list(lexemes)
    for place, lexeme in enumerate(lexemes):
        weak = lexeme.term(Kind.WEEKDAY_WEAK)
        if weak is None:
            continue
        following = lexemes[place + 1] if place + 1 < len(lexemes) else None
        goes_on = following is not None and (
            following.number is not None or following.text in WEEKDAY_MARKS or any(following.term(kind) for kind in AFTER_WEEKDAY)
        )
        if goes_on and (text[lexeme.start].isupper() or (place and any(lexemes[place - 1].term(kind) for kind in BEFORE_WEEKDAY))):
            settled[place] = replace(lexeme, terms=(Term(Kind.WEEKDAY, weak.value), *lexeme.terms))
    return settled


def _masked(lexemes: list[Lexeme]) -> list[Lexeme]:
    """Prices, percentages, telephone numbers, #42 and "task 4" stop being numbers."""
    opaque: set[int] = set()
    for place, lexeme in enumerate(lexemes):
        if lexeme.number is None and not (lexeme.text.isdecimal() and len(lexeme.text) > LONGEST_PLAIN_NUMBER):
            continue
        before = lexemes[place - 1] if place else None
        after = lexemes[place + 1] if place + 1 < len(lexemes) else None
        if (
            len(lexeme.text) > LONGEST_PLAIN_NUMBER
            or (before is not None and (before.text in CURRENCIES or before.text in ("#", "+") or before.term(Kind.MONEY) is not None))
            or (after is not None and (after.text in CURRENCIES or after.text == "%" or after.term(Kind.MONEY) is not None))
        ):
            opaque.add(place)
    opaque |= _phone_places(lexemes)
    return [replace(lexeme, number=None, terms=()) if place in opaque else lexeme for place, lexeme in enumerate(lexemes)]


def _phone_places(lexemes: list[Lexeme]) -> set[int]:
    """Runs of digit groups that are too many digits for a date."""
    places: set[int] = set()
    run: list[int] = []
    for place, lexeme in enumerate([*lexemes, None]):
        if lexeme is not None and (lexeme.text.isdecimal() or (run and lexeme.text in "-()/+.")):
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
    return len(widths) == 3 and ((widths[0] == 4 and max(widths[1:]) <= 2) or (widths[2] == 4 and max(widths[:2]) <= 2))
