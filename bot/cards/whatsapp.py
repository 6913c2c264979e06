"""Text with marks as WhatsApp writes it: `*bold*`, `_italic_`, `~strike~`, ```` `code` ```` and `> quote`, each within one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.channels.base import Span

SIGNS = {"bold": "*", "italic": "_", "strike": "~", "code": "`"}
FENCE = "```"
Sign = tuple[int, int, int, str]
"""Where it stands, whether it ends (-1) or begins (1) something, and how deep: outer marks begin first and end last."""


def marked(text: str, spans: Sequence[Span], limit: int) -> str:
    """The text with its marks; without them where it would become longer than `limit` characters.

    A mark that WhatsApp would not read as one (inside a word, around its own sign) is left out: the text matters more.
    """
    inserted: list[Sign] = []
    for depth, (kind, start, end) in enumerate(_characters(text, spans)):
        if kind == "quote":
            inserted += [(line, 0, depth, "> ") for line, _ in _lines(text, start, end)]
        elif kind == "pre":
            inserted += [] if FENCE in text[start:end] else [(start, 1, depth, FENCE), (end, -1, -depth, FENCE)]
        elif kind in SIGNS:
            inserted += _signs(text, start, end, SIGNS[kind], depth)
    shown, at = [], 0
    for place, _, _, sign in sorted(inserted):
        shown += [text[at:place], sign]
        at = place
    whole = "".join((*shown, text[at:]))
    return whole if len(whole) <= limit else text


def _signs(text: str, start: int, end: int, sign: str, depth: int) -> Iterator[Sign]:
    for first, last in _lines(text, start, end):
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        inside_a_word = (first > 0 and text[first - 1].isalnum()) or (last < len(text) and text[last].isalnum())
        if first == last or sign in text[first:last] or inside_a_word:
            continue
        yield first, 1, depth, sign
        yield last, -1, -depth, sign


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for line in text[start:end].split("\n"):
        if line.strip():
            yield at, at + len(line)
        at += len(line) + 1


def _characters(text: str, spans: Sequence[Span]) -> list[tuple[str, int, int]]:
    """Kinds with their offsets in characters; spans count UTF-16 units. The longest come first."""
    if text.isascii():
        found = [(span.kind, span.offset, span.offset + span.length) for span in spans]
    else:
        units, at = {0: 0}, 0
        for number, letter in enumerate(text, start=1):
            at += 2 if letter > "\uffff" else 1
            units[at] = number
        found = [(s.kind, units.get(s.offset, 0), units.get(s.offset + s.length, len(text))) for s in spans]
    return sorted(found, key=lambda one: (one[1], -one[2]))
