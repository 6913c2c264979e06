"""Text with emphasis, measured as platforms measure it, and cut into pieces that fit.

Offsets count Python characters in here; `spans` gives them in UTF-16 units, which is what Telegram counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.channels.base import Span

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_BOUNDS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…])\s+|(?<=[。！？；])"),
    re.compile(r"\s+|(?<=[，、,;])"),
)
"""Where to cut, best first: between paragraphs, lines, sentences, words."""
_ALONE = frozenset({"code", "pre"})


@dataclass(frozen=True, slots=True)
class Mark:
    """Emphasis over the characters from `start` up to, not including, `end`."""

    kind: str
    start: int
    end: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Rich:
    """Text and the marks over it."""

    text: str
    marks: tuple[Mark, ...] = ()

    def piece(self, start: int, end: int) -> Rich:
        """The characters from `start` to `end`, without blank edges, under the marks that cover them."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        cut = (Mark(m.kind, max(m.start, start) - start, min(m.end, end) - start, m.value) for m in self.marks)
        return Rich(self.text[start:end], tuple(m for m in cut if m.start < m.end))


def units(text: str) -> int:
    """The length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text) + len(_ASTRAL.findall(text))


def spans(rich: Rich) -> tuple[Span, ...]:
    """The marks in UTF-16 units, outer before inner, with nothing around or inside code."""
    marks = sorted(_apart(rich.marks), key=lambda m: (m.start, -m.end))
    if rich.text.isascii() or not _ASTRAL.search(rich.text):
        return tuple(Span(m.kind, m.start, m.end - m.start, m.value) for m in marks)
    offsets = _utf16_offsets(rich.text)
    return tuple(Span(m.kind, offsets[m.start], offsets[m.end] - offsets[m.start], m.value) for m in marks)


def split(rich: Rich, limit: int) -> list[Rich]:
    """Pieces of at most `limit` UTF-16 units, cut where it hurts least; blank edges are dropped."""
    whole = rich.piece(0, len(rich.text))
    if units(whole.text) <= limit:
        return [whole] if whole.text else []
    pieces, start = [], 0
    while start < len(whole.text):
        end = _cut(whole.text, start, limit)
        piece = whole.piece(start, end)
        if piece.text:
            pieces.append(piece)
        start = end
    return pieces


def with_room_above_keys(pieces: list[Rich], limit: int) -> list[Rich]:
    """The same pieces, the last of them divided where it is longer than `limit`, so that its end fits above buttons."""
    if not pieces or units(pieces[-1].text) <= limit:
        return pieces
    whole = pieces[-1]
    tail = split(whole, limit)[-1]
    start = whole.text.rindex(tail.text)
    return [*pieces[:-1], whole.piece(0, start), whole.piece(start, len(whole.text))]


def shorten(rich: Rich, limit: int) -> Rich:
    """The beginning, ending in a visible mark when something is left out."""
    pieces = split(rich, limit)
    if len(pieces) < 2:
        return pieces[0] if pieces else rich.piece(0, 0)
    head = split(rich, limit - 2)[0]
    return Rich(f"{head.text} …", head.marks)


def _cut(text: str, start: int, limit: int) -> int:
    """The best end of a piece that begins at `start`."""
    end = _reach(text, start, limit)
    if end >= len(text):
        return len(text)
    soonest = start + (end - start) // 2
    for bound in _BOUNDS:
        ends = [found.end() for found in bound.finditer(text, soonest, end)]
        if ends and ends[-1] > start:
            return ends[-1]
    return end


def _reach(text: str, start: int, limit: int) -> int:
    """How far `limit` UTF-16 units carry."""
    end = min(len(text), start + limit)
    over = units(text[start:end]) - limit
    while over > 0:
        end -= (over + 1) // 2
        over = units(text[start:end]) - limit
    return max(end, start + 1)


def _apart(marks: Iterable[Mark]) -> Iterator[Mark]:
    """Platforms want code alone: what overlaps it is cut away around it."""
    marks = tuple(marks)
    holes = sorted((m.start, m.end) for m in marks if m.kind in _ALONE)
    for mark in marks:
        if mark.kind in _ALONE or not holes:
            yield mark
            continue
        start = mark.start
        for low, high in holes:
            if high <= start or low >= mark.end:
                continue
            if low > start:
                yield Mark(mark.kind, start, low, mark.value)
            start = max(start, high)
        if start < mark.end:
            yield Mark(mark.kind, start, mark.end, mark.value)


def _utf16_offsets(text: str) -> list[int]:
    offsets, at = [], 0
    for character in text:
        offsets.append(at)
        at += 2 if character > "\uffff" else 1
    offsets.append(at)
    return offsets
