"""Parts as the messages of the Cloud API: text, reply buttons, lists with pages. Limits: CHANNELS, and Meta's reference of v23."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.cards.whatsapp import marked
from bot.channels.base import Capabilities, Key, Markup, Part
from bot.channels.whatsapp.wire import Body

TEXT, INTERACTIVE_TEXT, TITLE, ROW_TITLE, DESCRIPTION = 4096, 1024, 20, 24, 72
BUTTONS, ROWS = 3, 10
PAGE = "page:"
"""Begins what "More" hands back: the message it belongs to and how many choices were shown."""
CAPABILITIES = Capabilities(
    text_limit=TEXT, markup=Markup.SPELLED, edits=False, keys_per_row=1, keys_max=100, label_limit=ROW_TITLE + DESCRIPTION, limited=True,
    keyed_text_limit=INTERACTIVE_TEXT, toasts=False,
)  # fmt: skip
PLAIN = "text/plain"
DOCUMENTS = frozenset({
    PLAIN, "application/pdf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
})  # fmt: skip
"""What the platform takes as a document; any other text goes as plain text under its own name."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The words on a list: what opens it, and what turns its page."""

    choose: str
    more: str


@dataclass(frozen=True, slots=True)
class Page:
    """Which message's choices go on, and how many of them have been shown."""

    outgoing_id: str
    shown: int

    @property
    def token(self) -> str:
        return f"{PAGE}{self.outgoing_id}:{self.shown}"

    @classmethod
    def read(cls, token: str) -> Page | None:
        """None for a token of another kind."""
        outgoing_id, _, shown = token.removeprefix(PAGE).rpartition(":")
        return cls(outgoing_id, int(shown)) if token.startswith(PAGE) and outgoing_id and shown.isdecimal() else None


def body(part: Part, labels: Labels, page: Page | None = None) -> tuple[str, Body]:
    """The kind of message and its content. `page` says where the choices of this part begin, None where it is the first or only page."""
    keys = [key for row in part.keys for key in row]
    if not keys:
        return "text", {"preview_url": False, "body": marked(part.text, part.spans, TEXT)}
    text = {"text": marked(part.text, part.spans, INTERACTIVE_TEXT)}
    if _fit_on_buttons(keys):
        buttons = [{"type": "reply", "reply": {"id": key.token, "title": key.label}} for key in keys]
        return "interactive", {"type": "button", "body": text, "action": {"buttons": buttons}}
    first = page or Page(part.outgoing_id.partition(":")[0], 0)
    rows = [_row(key) for key in keys]
    if len(keys) > ROWS:
        shown = ROWS - 1 if first.outgoing_id else ROWS
        rows = rows[:shown] + ([{"id": Page(first.outgoing_id, first.shown + shown).token, "title": _cut(labels.more, ROW_TITLE)}] if first.outgoing_id else [])
    return "interactive", {"type": "list", "body": text, "action": {"button": _cut(labels.choose, TITLE), "sections": [{"rows": rows}]}}


def document(part: Part, media_id: str) -> Body:
    """A file that was uploaded, under its name."""
    assert part.file is not None
    return {"id": media_id, "filename": part.file.name[:240]} | ({"caption": part.text[:INTERACTIVE_TEXT]} if part.text else {})


def uploadable(media_type: str) -> str:
    """The media type under which the platform takes a file of ours."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain if plain in DOCUMENTS else PLAIN


def keys_after(card: Mapping[str, object], shown: int) -> tuple[tuple[Key, ...], ...]:
    """The buttons of a stored card behind the first `shown`."""
    rows = card.get("buttons")
    laid = [Key(str(one["label"])[: CAPABILITIES.label_limit], str(one["token"])) for row in (rows if isinstance(rows, list) else []) for one in row]
    return tuple((key,) for key in laid[shown:])


def _fit_on_buttons(keys: Sequence[Key]) -> bool:
    """Few, short, and no two alike: the platform refuses two buttons of one title."""
    labels = [key.label for key in keys]
    return len(keys) <= BUTTONS and len(set(labels)) == len(labels) and all(len(label) <= TITLE for label in labels)


def _row(key: Key) -> dict[str, str]:
    """A long label is cut in the title and stands whole below it."""
    row = {"id": key.token, "title": _cut(key.label, ROW_TITLE)}
    return row if len(key.label) <= ROW_TITLE else row | {"description": _cut(key.label, DESCRIPTION)}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
