"""The words of an HTML page, without its scripts and markup: what a model needs of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from agents.tools.way_out import destination

UNREAD = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "object", "head", "select", "textarea"})
BREAKS = frozenset({
    "p", "div", "br", "li", "ul", "ol", "tr", "table", "section", "article", "header", "footer", "main", "nav", "aside", "h1", "h2", "h3", "h4", "h5", "h6",
    "pre", "blockquote", "form", "dt", "dd", "dl", "hr", "figure", "figcaption", "title",
})  # fmt: skip
EMPTY = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
LINK_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Words:
    """`links` are (text, address), each address once."""

    title: str
    text: str
    links: tuple[tuple[str, str], ...]


def words_of(page: str, base: str) -> Words:
    """Read a page; `base` is its address, for its links."""
    reader = _Reader(base)
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    links = tuple((" ".join(said.split())[:200], url) for url, said in list(reader.links.items())[:LINK_LIMIT])
    return Words(" ".join("".join(reader.title).split())[:500], text, links)


@dataclass
class _Reader(HTMLParser):
    base: str
    parts: list[str] = field(default_factory=list)
    title: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    _unread: list[str] = field(default_factory=list)
    _in_title: bool = False
    _link: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        if tag in UNREAD and tag not in EMPTY:
            self._unread.append(tag)
        if tag == "body":
            self._unread.clear()
        if tag in BREAKS:
            self.parts.append("\n")
        if tag in {"td", "th"}:
            self.parts.append(" ")
        if tag == "a":
            self._link = self._address(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag in self._unread:
            del self._unread[self._unread.index(tag) :]
        if tag in BREAKS:
            self.parts.append("\n")
        if tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        if self._in_title and not self.parts_begun():
            self.title.append(data)
        elif not self._unread:
            self.parts.append(data)
            if self._link:
                self.links[self._link] = self.links.get(self._link, "") + data

    def parts_begun(self) -> bool:
        """Whether words were read already: a title after that is one of a picture."""
        return any(part.strip() for part in self.parts)

    def _address(self, target: str) -> str:
        try:
            return destination(urljoin(self.base, target.strip())).url
        except ValueError:
            return ""
