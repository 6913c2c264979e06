"""Markdown from strangers, read into text with marks. Nothing in it is trusted and nothing of it is lost.

HTML is text, only http and https are links, a table becomes a list, and an image is named, not shown.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from bot.cards.rich import Mark, Rich

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]|[\ud800-\udfff]")
"""Characters that show nothing, or turn the reading direction of what follows."""
_PLAIN = re.compile(r"^[^*_`\[\]<>#|~\\&!]*$")
_LIST = re.compile(r"^\s*(?:[-+] |\d+[.)] |-{3,}\s*$)", re.MULTILINE)
_PAIRS = {"strong_open": "bold", "em_open": "italic", "s_open": "strike"}
_ENDS = {
    "strong_close": "bold",
    "em_close": "italic",
    "s_close": "strike",
    "link_close": "link",
}
_NEST = 20


def is_web_address(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def clean(text: str) -> str:
    """Without control characters, lone surrogates and direction overrides."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables and strike-through, without HTML and without what makes text vanish (references)."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - plain answers never need it

    made = MarkdownIt("commonmark", {"html": False, "maxNesting": _NEST}).enable(["table", "strikethrough"])
    made.disable(["html_block", "html_inline", "reference", "lheading", "code"])
    made.validateLink = is_web_address  # type: ignore[method-assign, assignment]
    return made


def read(markdown: str) -> Rich:
    """Text and marks. A text that Markdown would leave empty comes back as it is."""
    text = clean(markdown).strip()
    if _PLAIN.match(text) and not _LIST.search(text):
        return Rich(text)
    rich = _Reader().read(parser().parse(text))
    return rich if rich.text.strip() else Rich(text)


def plain(markdown: str) -> str:
    """For where nothing can be emphasised; an address stands in brackets behind its link."""
    return with_addresses(read(markdown))


def with_addresses(rich: Rich) -> str:
    """The text, every link's address spelled out unless it is its own label."""
    text = rich.text
    for mark in sorted((m for m in rich.marks if m.kind == "link"), key=lambda m: m.end, reverse=True):
        if text[mark.start : mark.end] != mark.value:
            text = f"{text[: mark.end]} ({mark.value}){text[mark.end :]}"
    return text


def spelled(rich: Rich) -> Rich:
    """The same with every link's address behind it in brackets, the other marks kept; for platforms without links under text."""
    out, marks, moves, at = [], [], [], 0
    for link in sorted((m for m in rich.marks if m.kind == "link"), key=lambda m: m.end):
        if rich.text[link.start : link.end] != link.value:
            addition = f" ({link.value})"
            out += [rich.text[at : link.end], addition]
            moves.append((link.end, len(addition)))
            at = link.end
    for mark in (m for m in rich.marks if m.kind != "link"):
        start, end = (place + sum(length for after, length in moves if after <= place - shy) for place, shy in ((mark.start, 0), (mark.end, 1)))
        marks.append(Mark(mark.kind, start, end, mark.value))
    return Rich("".join((*out, rich.text[at:])), tuple(marks))


class _Reader:
    """Walks the tokens once. `gap` is how many line breaks are due before the next text."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.at = 0
        self.gap = 0
        self.marks: list[Mark] = []
        self.open: list[tuple[str, int, str]] = []
        self.lists: list[int] = []
        self.prefix = ""
        self.header: list[str] = []
        self.cells: list[Rich] | None = None

    def read(self, tokens: list[Token]) -> Rich:
        for token in tokens:
            self.block(token)
        while self.open:
            self.end(self.open[-1][0])
        return Rich("".join(self.out), tuple(self.marks))

    def write(self, text: str) -> None:
        if not text:
            return
        self.flush()
        self.out.append(text)
        self.at += len(text)

    def start(self, kind: str, value: str = "") -> None:
        self.flush()
        self.open.append((kind, self.at, value))

    def flush(self) -> None:
        """Line breaks and bullets come before a mark, not under it."""
        if self.gap and self.out:
            self.out.append("\n" * self.gap)
            self.at += self.gap
        self.gap = 0
        if self.prefix:
            self.out.append(self.prefix)
            self.at += len(self.prefix)
            self.prefix = ""

    def end(self, kind: str) -> None:
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index][0] == kind:
                _, start, value = self.open.pop(index)
                if start < self.at and (value or kind != "link"):
                    self.marks.append(Mark(kind, start, self.at, value))
                return

    def block(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self.inline_or_cell(token)
        elif kind in ("fence", "code_block"):
            self.marked(
                "pre",
                token.content.rstrip("\n"),
                token.info.split()[0] if token.info.strip() else "",
            )
            self.gap = 2
        elif kind == "hr":
            self.write("———")
            self.gap = 2
        elif kind == "heading_open":
            self.start("bold")
        elif kind == "heading_close":
            self.end("bold")
            self.gap = 2
        elif kind == "paragraph_close":
            self.gap = max(self.gap, 1 if token.hidden else 2)
        elif kind == "blockquote_open":
            self.start("quote")
        elif kind == "blockquote_close":
            self.end("quote")
            self.gap = 2
        elif kind.endswith(("list_open", "list_close")) or kind.startswith("list_item"):
            self.enumeration(token)
        elif kind.startswith(("table", "tr_", "thead")):
            self.table(token)

    def enumeration(self, token: Token) -> None:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            first = int(token.attrGet("start") or 1) if kind.startswith("ordered") else -1
            self.lists.append(first)
            self.gap = min(self.gap, 1) if len(self.lists) > 1 else self.gap
        elif kind == "list_item_open":
            if self.prefix:
                self.flush()
            number = self.lists[-1]
            bullet = "• " if number < 0 else f"{number}. "
            self.lists[-1] = number + 1 if number >= 0 else number
            self.prefix = "  " * (len(self.lists) - 1) + bullet
        elif kind == "list_item_close":
            if self.prefix:
                self.flush()
            self.gap = 1
        else:
            self.lists.pop()
            self.gap = 1 if self.lists else 2

    def table(self, token: Token) -> None:
        """Each row is a line: its first cell in bold, the others behind the names of their columns."""
        kind = token.type
        if kind == "table_open":
            self.header = []
        elif kind == "tr_open":
            self.cells = []
        elif kind == "tr_close":
            cells, self.cells = self.cells or [], None
            if not self.header:
                self.header = [cell.text for cell in cells] or [""]
            else:
                self.row(cells)
        elif kind == "table_close":
            if self.header and not self.out:
                self.write(" · ".join(self.header))
            self.header = []
            self.gap = 2

    def row(self, cells: list[Rich]) -> None:
        self.prefix = "• "
        for index, cell in enumerate(cells):
            name = self.header[index] if index < len(self.header) else ""
            if index == 0:
                self.start("bold")
                self.paste(cell)
                self.end("bold")
            elif cell.text:
                self.write(" – " if index == 1 else ", ")
                self.write(f"{name}: " if name else "")
                self.paste(cell)
        self.gap = 1

    def paste(self, rich: Rich) -> None:
        self.flush()
        self.marks.extend(Mark(m.kind, m.start + self.at, m.end + self.at, m.value) for m in rich.marks)
        self.write(rich.text)

    def inline_or_cell(self, token: Token) -> None:
        if self.cells is None:
            for child in token.children or ():
                self.inline(child)
            return
        cell = _Reader()
        for child in token.children or ():
            cell.inline(child)
        self.cells.append(cell.read([]))

    def inline(self, token: Token) -> None:
        kind = token.type
        if kind == "text" or kind == "text_special":
            self.write(token.content)
        elif kind in ("softbreak", "hardbreak"):
            self.write("\n")
        elif kind == "code_inline":
            self.marked("code", token.content)
        elif kind in _PAIRS:
            self.start(_PAIRS[kind])
        elif kind == "link_open":
            self.start("link", str(token.attrGet("href") or ""))
        elif kind in _ENDS:
            self.end(_ENDS[kind])
        elif kind == "image":
            address = str(token.attrGet("src") or "")
            self.marked("link", token.content or address, address)
        else:
            self.write(token.content)

    def marked(self, kind: str, text: str, value: str = "") -> None:
        self.start(kind, value)
        self.write(text)
        self.end(kind)
