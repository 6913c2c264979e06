"""What a mail says: its text, plain even where it came as HTML, and its attachments. Strangers wrote all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any

from agents.tools.email.address import CONTROL

LONGEST_TEXT = 50_000
"""Characters of a mail that are handed on; the rest is said to be missing."""
LONGEST_HEADER = 1000
MOST_PARTS = 200
SILENT_TAGS = frozenset({"script", "style", "head", "title", "template", "noscript"})
BLOCK_TAGS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "hr", "section", "article", "pre"})
BLANKS = re.compile(r"[^\S\n]+")
GAPS = re.compile(r"\n\s*\n\s*")
UNSAFE_IN_NAMES = re.compile(r"[^\w .()+@-]+")


@dataclass(frozen=True, slots=True)
class AttachedFile:
    number: int
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Headers:
    sender: str
    """The bare address, lower-case; empty where there is none."""
    shown_sender: str
    to: str
    subject: str
    date: datetime | None
    message_id: str


@dataclass(frozen=True, slots=True)
class Content:
    headers: Headers
    text: str
    cut: bool
    files: tuple[AttachedFile, ...]


def parse(content: bytes) -> Message:
    return message_from_bytes(content, policy=compat32)


def read(content: bytes) -> Content:
    """Take a mail apart; whatever is malformed is passed over, never raised."""
    message = parse(content)
    plain, html = "", ""
    files: list[AttachedFile] = []
    for part in _parts(message):
        kind = part.get_content_type()
        attached = part.get_content_disposition() == "attachment" or bool(_filename(part))
        if not attached and kind == "text/plain" and not plain:
            plain = _text(part)
        elif not attached and kind == "text/html" and not html:
            html = _text(part)
        elif attached or not kind.startswith("text/"):
            files.append(AttachedFile(len(files) + 1, _name(part, len(files) + 1), kind, _bytes(part)))
    text = plain if plain.strip() else of_html(html)
    text = text.replace("\r\n", "\n").strip()
    return Content(headers(message), text[:LONGEST_TEXT], len(text) > LONGEST_TEXT, tuple(files))


def headers(message: Message) -> Headers:
    sender = decoded(message["From"])
    name, address = parseaddr(sender)
    shown = f"{name} <{address}>" if name and address else address or sender
    return Headers(address.lower(), shown, decoded(message["To"]), decoded(message["Subject"]), _date(message["Date"]), decoded(message["Message-ID"]))


def decoded(value: Any) -> str:
    """A header in one readable line; an encoding nobody knows leaves it as it came."""
    raw = "" if value is None else str(value)
    try:
        text = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError):
        text = raw
    return " ".join(CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).split())[:LONGEST_HEADER]


def of_html(html: str) -> str:
    """The words of an HTML mail; where a link says something else than its address, the address stands behind it."""
    reader = _Words()
    reader.feed(html)
    reader.close()
    lines = (BLANKS.sub(" ", line).strip() for line in "".join(reader.out).splitlines())
    return GAPS.sub("\n\n", "\n".join(lines)).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._silent = 0
        self._link = ""
        self._label: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT_TAGS:
            self._silent += 1
        elif tag == "body":
            self._silent = 0
        elif tag in BLOCK_TAGS:
            self.out.append("\n")
        elif tag == "a":
            self._link, self._label = dict(attrs).get("href") or "", []
        elif tag == "img" and (words := dict(attrs).get("alt")):
            self.out.append(f"[{words}]")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT_TAGS:
            self._silent = max(0, self._silent - 1)
        elif tag in BLOCK_TAGS:
            self.out.append("\n")
        elif tag == "a" and self._link:
            label = "".join(self._label).strip()
            if self._link.startswith(("http://", "https://", "mailto:")) and self._link.removeprefix("mailto:") != label:
                self.out.append(f" ({self._link})")
            self._link = ""

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.out.append(re.sub(r"\s+", " ", data))
        if self._link:
            self._label.append(data)


def safe_name(name: str, fallback: str) -> str:
    """A file name that is only a name: no folder, no leading dot, nothing that a shell or a terminal reads."""
    last = re.split(r"[/\\]", CONTROL.sub("", name))[-1]
    clean = UNSAFE_IN_NAMES.sub("_", last).strip(" .")[:120]
    return clean or fallback


def _parts(message: Message) -> Iterator[Message]:
    """Everything that is not a mere container; a mail within a mail is one attachment."""
    waiting: list[Message] = [message]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting[:0] = contained(part)
        else:
            yield part


def contained(part: Message) -> list[Message]:
    """What lies within a part. A text is not asked for: it would be decoded as its header says, which raises for some encodings."""
    inner = part.get_payload() if part.is_multipart() else []
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []


def _bytes(part: Message) -> bytes:
    if part.is_multipart():
        return b"\n".join(one.as_bytes() for one in contained(part))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    content = _bytes(part)
    try:
        return content.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):  # "idna", "undefined" or a name with a NUL in it: strangers choose it
        return content.decode("utf-8", "replace")


def _name(part: Message, number: int) -> str:
    return safe_name(decoded(_filename(part)), f"attachment-{number}")


def _filename(part: Message) -> str:
    """As the mail gives it; a name in an encoding that cannot be read is still a name."""
    try:
        return part.get_filename() or ""
    except ValueError:
        return "unreadable name"


def _date(value: Any) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(value))
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
