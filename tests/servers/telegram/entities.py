"""Text with marks as Telegram reads it: HTML, MarkdownV2 and Markdown become entities with UTF-16 offsets, or are refused."""

from __future__ import annotations

from typing import Any

from tests.servers.telegram.html_marks import parse_html
from tests.servers.telegram.markdown_marks import parse_markdown, parse_markdown_v2
from tests.servers.telegram.marks import Broken, Entity, utf16_length
from tests.servers.telegram.refusals import Parameters, wrong

TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    ]
)
READERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}
LINK_SCHEMES = ("http://", "https://", "tg://", "ton://", "tel:", "mailto:")


def formatted(parameters: Parameters, text: str, key: str = "entities") -> tuple[str, list[Entity]]:
    """Text and entities after parse_mode or the given entities, trimmed as Telegram trims. Raises a 400 where the marks are broken."""
    mode = str(parameters.get("parse_mode") or "")
    try:
        if mode:
            reader = READERS.get(mode.lower())
            if reader is None:
                raise wrong("unsupported parse_mode")
            text, entities = reader(text)
        else:
            entities = [checked(entity, text) for entity in parameters.get(key) or []]
    except Broken as broken:
        raise wrong(f"can't parse entities: {broken}") from broken
    return trimmed(text, entities)


def checked(entity: Entity, text: str) -> Entity:
    """The entity itself. Raises Broken where it does not fit the text."""
    kind, offset, length = entity["type"], entity["offset"], entity["length"]
    if kind not in TYPES:
        raise Broken(f"unsupported entity type {kind}")
    encoded = text.encode("utf-16-le", "surrogatepass")
    if offset < 0 or length <= 0 or offset + length > len(encoded) // 2:
        raise Broken(f"entity of type {kind} at {offset}+{length} lies outside the text of {len(encoded) // 2} UTF-16 units")
    for edge in (offset, offset + length):
        if 0xDC <= int.from_bytes(encoded[2 * edge + 1 : 2 * edge + 2], "little") <= 0xDF:
            raise Broken(f"entity of type {kind} splits a character at {edge}")
    if kind == "text_link" and not str(entity.get("url", "")).lower().startswith(LINK_SCHEMES):
        raise Broken("text_link without a valid url")
    if kind == "custom_emoji" and not entity.get("custom_emoji_id"):
        raise Broken("custom_emoji without custom_emoji_id")
    return entity


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without white space at both ends; entities moved and cut with it."""
    bare = text.strip()
    if bare == text:
        return text, entities
    left = utf16_length(text) - utf16_length(text.lstrip())
    end, found = utf16_length(bare), []
    for entity in entities:
        start = max(0, entity["offset"] - left)
        stop = min(end, entity["offset"] + entity["length"] - left)
        if stop > start:
            found.append({**entity, "offset": start, "length": stop - start})
    return bare, found


def units(text: str, offset: int, length: int) -> str:
    """The part of a text that an entity covers."""
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le")


def covered(text: str, entity: dict[str, Any]) -> str:
    """The words that an entity marks."""
    return units(text, entity["offset"], entity["length"])
