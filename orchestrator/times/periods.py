"""Productions for weeks, weekends, months and years, and their edges: next week, this weekend, in March, Ende des Monats."""

from __future__ import annotations

from orchestrator.times.elements import DayElement, Edge, EdgeOf, Weekend, Which, WholeMonth, WholeWeek, WholeYear
from orchestrator.times.line import Line, Match
from orchestrator.times.terms import Kind

WHICH = ((Kind.NEXT, Which.NEXT), (Kind.COMING, Which.BARE), (Kind.THIS, Which.THIS), (Kind.LAST, Which.LAST))
STEPS = {Which.BARE: 1, Which.NEXT: 1, Which.THIS: 0, Which.LAST: -1}
EDGES = ((Kind.START, Edge.START), (Kind.MIDDLE, Edge.MIDDLE), (Kind.END, Edge.END))
FIRST_YEAR, LAST_YEAR = 1970, 2199


def which_one(line: Line, place: int) -> tuple[Which, int, int]:
    """Which one, how often that was said (下下周), and the place after."""
    for kind, which in WHICH:
        if line.has(place, kind):
            end = line.skip(place, kind)
            return which, end - place, end
    return Which.BARE, 0, place


def which_after(line: Line, place: int) -> tuple[Which, int, int]:
    """Spanish says it after the noun: el lunes que viene, la semana próxima."""
    if line.vocabulary.language == "es":
        return which_one(line, place)
    return Which.BARE, 0, place


def whole(line: Line, place: int, dated: bool = True) -> Match | None:
    """next week, this weekend, next month, in March, the week after next"""
    begin = line.skip(place, Kind.THE)
    word = line.term(begin, Kind.WHOLE)
    if word is not None:
        return Match(_whole(word.name, word.value), begin + 1)
    which, said, after = which_one(line, begin)
    after = line.skip(after, Kind.COUNTER)
    unit = line.term(after, Kind.UNIT)
    weekend = line.term(after, Kind.DAY_SET)
    if said == 0 and unit is not None:
        which, said, end = which_after(line, after + 1)
    else:
        end = after + 1
    if weekend is not None and weekend.name == "weekend":
        if which is Which.BARE and said == 0:
            which, said, end = which_after(line, after + 1)
        if not said and not line.has(place - 1, Kind.ON, Kind.AT, Kind.FOR, Kind.THE) and not line.has(place, Kind.THE) and line.vocabulary.language != "zh":
            return None
        return Match(Weekend(STEPS[which] if said and which is not Which.BARE else 0), end)
    if unit is not None and said and unit.name in ("week", "month", "year"):
        return Match(_whole(unit.name, STEPS[which] * said), end)
    year = year_after(line, place)[0] if line.has(place - 1, Kind.IN) else None
    if year is not None and not line.has(place + 1, Kind.YEAR_MARK, Kind.MONEY, Kind.UNIT):
        return Match(WholeYear(number=year), place + 1)
    return _named_month(line, place) if dated else None


def _whole(name: str, steps: int) -> DayElement:
    if name == "week":
        return WholeWeek(steps)
    if name == "weekend":
        return Weekend(steps)
    return WholeMonth(steps) if name == "month" else WholeYear(steps)


def _named_month(line: Line, place: int) -> Match | None:
    """in March, next June, June 2027"""
    begin = line.skip(place, Kind.NEXT, Kind.THIS, Kind.COMING, Kind.MIDDLE)
    month = line.term(begin, Kind.MONTH) or line.term(begin, Kind.MONTH_WEAK)
    if month is None:
        return None
    year, end = year_after(line, begin + 1)
    led = begin > place or line.has(place - 1, Kind.IN, Kind.UNTIL, Kind.BY, Kind.FROM, Kind.FOR) or year is not None
    if line.has(begin, Kind.MONTH_WEAK) and not (led and (begin > place or line.has(place - 1, Kind.IN) or year)):
        return None
    return Match(WholeMonth(number=month.value, year=year), end) if led else None


def edge_of(line: Line, place: int) -> Match | None:
    """the end of the month, Mitte nächster Woche, a finales de mes, 月底"""
    begin = line.skip(place, Kind.THE)
    for kind, edge in EDGES:
        term = line.term(begin, kind)
        if term is None:
            continue
        if term.name:
            return Match(EdgeOf(edge, _edge_whole(term.name, term.value)), begin + 1)
        after = line.skip(begin + 1, Kind.OF, Kind.THE)
        match = whole(line, after)
        if match is not None and isinstance(match.element, WholeWeek | WholeMonth | WholeYear):
            return Match(EdgeOf(edge, match.element), match.end)
        unit = line.term(after, Kind.UNIT)
        if unit is not None and unit.name in ("week", "month", "year") and (after > begin + 1 or not line.has(place, Kind.THE)):
            return Match(EdgeOf(edge, _edge_whole(unit.name, 0)), after + 1)
        month = line.term(after, Kind.MONTH) or line.term(after, Kind.MONTH_WEAK)
        if month is not None:
            year, end = year_after(line, after + 1)
            return Match(EdgeOf(edge, WholeMonth(number=month.value, year=year)), end)
    return None


def _edge_whole(name: str, steps: int) -> WholeWeek | WholeMonth | WholeYear:
    return WholeWeek(steps) if name == "week" else WholeMonth(steps) if name == "month" else WholeYear(steps)


def year_after(line: Line, place: int) -> tuple[int | None, int]:
    begin = line.skip(place + 1 if line.text(place) == "," else place, Kind.OF)
    year, lexeme = line.digits(begin), line.at(begin)
    if year is not None and lexeme is not None and len(lexeme.text) == 4 and FIRST_YEAR <= year <= LAST_YEAR:
        return year, begin + 1
    return None, place
