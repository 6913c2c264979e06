"""A neutral card becomes the parts that a channel can show."""

from __future__ import annotations

from dataclasses import replace

from bot.cards import markdown
from bot.cards.rich import Rich, shorten, spans, split, units, with_room_above_keys
from bot.channels.base import Capabilities, Key, Markup, Part
from orchestrator.contracts import Button, Card

AGAIN = "↻ "
"""Stands before a message that may have arrived once already."""


def parts(card: Card, can: Capabilities) -> list[Part]:
    """Every message it takes to show the card: text in pieces, the buttons under the last one, then each file.

    The same card gives the same parts every time. Raises ValueError for a card that shows nothing.
    """
    keys = _keys(card.buttons, can)
    shown = _texts(card, can, can.text_limit - units(AGAIN), can.keyed_text_limit - units(AGAIN) if keys and can.keyed_text_limit else 0)
    if shown and keys:
        shown[-1] = replace(shown[-1], keys=keys)
    files = [Part("", file=attachment, silent=True) for attachment in card.files] if can.files else []
    if not shown and not files:
        raise ValueError("the card shows nothing")
    return shown + files


def only_part(card: Card, can: Capabilities) -> Part:
    """The card in one message, cut with a visible mark: an edit cannot become two messages."""
    if can.markup is Markup.MARKDOWN:
        return parts(card, can)[0]
    rich = shorten(_read(card, can), can.text_limit - units(AGAIN))
    if not rich.text:
        raise ValueError("the card shows nothing")
    return replace(_part(rich, card, can), keys=_keys(card.buttons, can))


def marked_again(part: Part) -> Part:
    """The part with the sign that it may be a repetition."""
    if part.file is not None:
        return replace(part, text=AGAIN.strip())
    moved = tuple(replace(span, offset=span.offset + units(AGAIN)) for span in part.spans)
    return replace(
        part,
        text=AGAIN + part.text,
        spans=moved,
        markdown=AGAIN + part.markdown if part.markdown else "",
    )


def without_markup(part: Part, can: Capabilities) -> Part:
    """The same text plain, for when the platform refuses our formatting; link addresses are kept if they fit."""
    if not any(span.kind == "link" for span in part.spans):
        return replace(part, spans=())
    spelled = part.text
    for span in sorted(
        (s for s in part.spans if s.kind == "link"),
        key=lambda s: s.offset,
        reverse=True,
    ):
        raw = spelled.encode("utf-16-le")
        end = 2 * (span.offset + span.length)
        label = raw[2 * span.offset : end].decode("utf-16-le")
        if label != span.value:
            spelled = raw[:end].decode("utf-16-le") + f" ({span.value})" + raw[end:].decode("utf-16-le")
    return replace(part, text=spelled if units(spelled) <= can.text_limit else part.text, spans=())


def _texts(card: Card, can: Capabilities, limit: int, keyed: int) -> list[Part]:
    """`keyed` is the limit of the last piece, 0 where it is like the others."""
    if can.markup is Markup.MARKDOWN:
        source = markdown.clean(card.text).strip()
        pieces = [piece.text for piece in split(Rich(source), limit)]
        return [Part(markdown.read(piece).text, markdown=piece, silent=card.silent) for piece in pieces]
    riches = split(_read(card, can), limit)
    return [_part(rich, card, can) for rich in (with_room_above_keys(riches, keyed) if keyed else riches)]


def _read(card: Card, can: Capabilities) -> Rich:
    rich = markdown.read(card.text)
    if can.markup is Markup.PLAIN:
        return Rich(markdown.with_addresses(rich))
    return markdown.spelled(rich) if can.markup is Markup.SPELLED else rich


def _part(rich: Rich, card: Card, can: Capabilities) -> Part:
    return Part(rich.text, spans(rich) if can.markup in (Markup.SPANS, Markup.SPELLED) else (), silent=card.silent)


def _keys(rows: tuple[tuple[Button, ...], ...], can: Capabilities) -> tuple[tuple[Key, ...], ...]:
    """Rows no longer than the channel shows, labels cut with a mark, no button lost while there is room."""
    laid: list[tuple[Key, ...]] = []
    left = can.keys_max
    for row in rows:
        keys = [Key(_label(button.label, can.label_limit), button.action.subject) for button in row[:left]]
        left -= len(keys)
        laid += [tuple(keys[n : n + can.keys_per_row]) for n in range(0, len(keys), can.keys_per_row)]
    return tuple(laid)


def _label(label: str, limit: int) -> str:
    shown = " ".join(markdown.clean(label).split()) or "…"
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"
