"""`read`: what a text says about time."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orchestrator.times.elements import AnchoredPart, Clock, ClockRange, DayElement, PartOfDay, Shift, Unread
from orchestrator.times.grammar import Found, find
from orchestrator.times.line import Line
from orchestrator.times.moments import Frame, Moments, anchor_of, moments
from orchestrator.times.occurrences import recurrence
from orchestrator.times.reading import Reading, Recurrence, Span
from orchestrator.times.selection import Chosen, choose
from orchestrator.times.terms import Kind
from orchestrator.times.vocabularies import vocabulary_of
from orchestrator.times.wall import zone_of

SPACES = re.compile(r"\s{2,}")
LOOSE_MARKS = re.compile(r"\s+([,.;:!?，。；：！？])")
DOUBLE_MARKS = re.compile(r"([,，;、])(?:\s*[,，;、])+")
EDGES = " \t\n,;:，、；：-–"


def read(text: str, *, now: datetime, zone: str | ZoneInfo, language: str, anchor: datetime | None = None) -> Reading:
    """Reads a text at a moment (aware), in the person's zone and language.

    `anchor` is the event that "an hour before" counts from. A day without a clock starts at 00:00 with precision DAY.
    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    frame = Frame(now.astimezone(zone_of(zone)), zone_of(zone), anchor)
    line, found = find(text, vocabulary_of(language))
    return resolve(text, line, choose(line, found), frame)


def resolve(text: str, line: Line, chosen: Chosen, frame: Frame) -> Reading:
    """The chosen elements as a reading of the text."""
    rule: Recurrence | None = None
    found: Moments | None
    if chosen.is_impossible:
        found = None
    elif chosen.repeat is not None:
        rule, found = recurrence(chosen, frame)
    else:
        found = moments(chosen, frame)
    if chosen.clock is not None or chosen.shift is not None:  # the time is known: "at 9, before lunch" leaves nothing to ask
        chosen.unread = [each for each in chosen.unread if each.impossible or each.daily]
        chosen.used = [each for each in chosen.used if not isinstance(each.element, Unread) or each.element.impossible or each.element.daily]
    unread = [text[each.start_char : each.end_char] for each in chosen.used if isinstance(each.element, Unread) and each.element in chosen.unread]
    if found is None and rule is None:
        chosen.used = sorted([*chosen.used, *chosen.vague], key=lambda each: each.begin)
        unread += [text[each.start_char : each.end_char] for each in chosen.vague]
        if not chosen.is_impossible:
            unread += [text[each.start_char : each.end_char] for each in chosen.used if isinstance(each.element, DayElement)]
    spans = _spans(line, chosen.used)
    part = chosen.part_name or None
    if chosen.repeat is not None and chosen.repeat.part:
        part = chosen.repeat.part
    if isinstance(chosen.shift, AnchoredPart) and chosen.shift.part:
        part = chosen.shift.part
    return Reading(
        start=found.start if found else None,
        end=found.end if found else None,
        recurrence=rule,
        duration=_duration(chosen),
        precision=found.precision if found else None,
        part_of_day=part,
        unread=tuple(unread),
        spans=spans,
        rest=_rest(text, spans),
        has_clock=isinstance(chosen.clock, Clock | ClockRange)
        or (isinstance(chosen.shift, Shift) and not chosen.shift.length.days and not chosen.shift.length.months),
        has_day=_has_day(chosen),
        anchored=_is_anchored(chosen, frame),
    )


def _is_anchored(chosen: Chosen, frame: Frame) -> bool:
    """Whether it counts from an event that the text itself gives no time for."""
    if not isinstance(chosen.shift, AnchoredPart) and not (isinstance(chosen.shift, Shift) and chosen.shift.anchored):
        return False
    return anchor_of(chosen, replace(frame, anchor=None)) is None


def _duration(chosen: Chosen) -> timedelta | None:
    """How long it takes; days of a recurrence are how long it goes on, and stand in its rule."""
    if chosen.lasting is None or (chosen.repeat is not None and (chosen.lasting.length.days or chosen.lasting.length.months)):
        return None
    return chosen.lasting.length.duration


def _has_day(chosen: Chosen) -> bool:
    if chosen.day is not None or isinstance(chosen.part, PartOfDay) or isinstance(chosen.shift, AnchoredPart):
        return True
    if isinstance(chosen.shift, Shift):
        return bool(chosen.shift.length.days or chosen.shift.length.months)
    return chosen.repeat is not None and bool(chosen.repeat.weekdays or chosen.repeat.month_days)


def _spans(line: Line, used: list[Found]) -> tuple[Span, ...]:
    """The ranges of the used elements; neighbours with at most a comma or "and" between them are one."""
    spans: list[Span] = []
    last_end = -1
    for each in used:
        between = range(last_end, each.begin)
        if spans and all(line.text(place) in ",，、-–" or line.has(place, Kind.AND) for place in between):
            spans[-1] = Span(spans[-1].start, each.end_char)
        else:
            spans.append(Span(each.start_char, each.end_char))
        last_end = each.end
    return tuple(spans)


def _rest(text: str, spans: tuple[Span, ...]) -> str:
    pieces, place = [], 0
    for span in spans:
        pieces.append(text[place : span.start])
        place = span.end
    pieces.append(text[place:])
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in text)
    joined = ("" if chinese else " ").join(piece.strip() if not chinese else piece for piece in pieces if piece.strip())
    return DOUBLE_MARKS.sub(r"\1", LOOSE_MARKS.sub(r"\1", SPACES.sub(" ", joined))).strip(EDGES)
