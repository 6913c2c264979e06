"""HTML style marks, with the refusals of the platform's own reader."""

from __future__ import annotations

import re

from tests.servers.telegram.marks import Broken, Entity, Open, Page, byte_offset

KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline", "s": "strikethrough", "strike": "strikethrough",
    "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}  # fmt: skip
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TAG = re.compile(r"<(/?)([a-zA-Z0-9-]*)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*)\s*/?>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
_CHARACTER = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));")


def unescaped(text: str) -> str:
    """Character references resolved: the four names and all numbers, nothing else."""
    return _CHARACTER.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    if match[3]:
        return NAMED[match[3]]
    number = int(match[1]) if match[1] else int(match[2], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else match[0]


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Raises Broken as Telegram would."""
    page, index = Page(), 0
    while index < len(text):
        found = text.find("<", index)
        if found < 0:
            page.write(unescaped(text[index:]))
            break
        page.write(unescaped(text[index:found]))
        match = _TAG.match(text, found)
        if match is None:
            raise Broken(_why(text, found))
        (_end if match[1] else _begin)(page, text, match)
        index = match.end()
    if page.top:
        raise Broken(f'Can\'t find end tag corresponding to start tag "{page.top.mark}"')
    return page.done()


def _why(text: str, index: int) -> str:
    name = re.compile(r"[^\s>]*").match(text, index + 1)
    found, at = (name[0] if name else ""), byte_offset(text, index)
    if found and not found.startswith("/") and found.lower() not in KINDS:
        return f'Unsupported start tag "{found}" at byte offset {at}'
    return f"Unclosed start tag at byte offset {at}" if found else f'Unsupported start tag "" at byte offset {at}'


def _begin(page: Page, text: str, match: re.Match[str]) -> None:
    name, at = match[2].lower(), byte_offset(text, match.start())
    if name not in KINDS:
        raise Broken(f'Unsupported start tag "{name}" at byte offset {at}')
    attributes = {found[1].lower(): unescaped(found[2] or found[3] or found[4] or "") for found in _ATTRIBUTE.finditer(match[3])}
    opened = Open(KINDS[name], page.length, len("".join(page.text)), mark=name)
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise Broken(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
    if name == "tg-emoji":
        if not attributes.get("emoji-id", "").isdigit():
            raise Broken(f"Invalid custom emoji identifier specified at byte offset {at}")
        opened.extra["custom_emoji_id"] = attributes["emoji-id"]
    if name == "a":
        opened.extra["url"] = attributes.get("href", "")
    if name == "blockquote" and "expandable" in attributes:
        opened.kind = "expandable_blockquote"
    if name == "code" and page.top and page.top.kind == "pre" and attributes.get("class", "").startswith("language-"):
        page.top.extra["language"] = attributes["class"].removeprefix("language-")
    page.open.append(opened)


def _end(page: Page, text: str, match: re.Match[str]) -> None:
    name, at, top = match[2].lower(), byte_offset(text, match.start()), page.top
    if top is None:
        raise Broken(f"Unexpected end tag at byte offset {at}")
    if name and name != top.mark:
        raise Broken(f'Unmatched end tag at byte offset {at}, expected "</{top.mark}>", found "</{name}>"')
    if top.kind == "text_link" and not top.extra["url"]:
        top.extra["url"] = "".join(page.text)[top.at :]
    inside_pre = top.kind == "code" and len(page.open) > 1 and page.open[-2].kind == "pre"
    useless = top.kind == "text_link" and not _address(top.extra["url"])
    page.close()
    if (inside_pre or useless) and page.entities and page.entities[-1]["type"] in {"code", "text_link"}:
        page.entities.pop()


def _address(url: str) -> bool:
    """A link to no valid address stays plain text, as on the platform."""
    return bool(re.match(r"(?:(?:https?|tg|ton)://|(?:tel|mailto):)\S+|[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?\Z", url, re.IGNORECASE))
