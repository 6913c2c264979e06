"""MarkdownV2 and the old Markdown, with the refusals of the platform's own reader."""

from __future__ import annotations

import re

from tests.servers.telegram.marks import Broken, Entity, Open, Page, byte_offset

RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
ENDS = {"bold": "*", "italic": "_", "underline": "__", "strikethrough": "~", "spoiler": "||", "code": "`", "pre": "```", "text_link": "]"}
NAMES = {
    "bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough", "spoiler": "Spoiler", "code": "Code", "pre": "Pre",
    "text_link": "TextUrl", "custom_emoji": "CustomEmoji", "blockquote": "BlockQuote", "expandable_blockquote": "ExpandableBlockQuote",
}  # fmt: skip
_LANGUAGE = re.compile(r"[^\s`\\]+(?=\n)")


def parse_markdown_v2(text: str) -> tuple[str, list[Entity]]:
    """Raises Broken as Telegram would."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.source, self.index, self.page, self.line_start = text, 0, Page(), True

    def read(self) -> tuple[str, list[Entity]]:
        while self.index < len(self.source):
            character = self.source[self.index]
            following = self.source[self.index + 1 : self.index + 2]
            if character == "\\" and following and 0 < ord(following) <= 126:
                self._write(following, 2)
            elif character == "\n" and self._in_quote():
                self._end_line()
            elif character not in RESERVED or (self._in_code() and character != "`"):
                self._write(character, 1)
            elif not self._ends():
                self._begin(character)
        while self.page.top and self.page.top.kind.endswith("blockquote"):
            self.page.close()
        if self.page.top:
            opened = self.page.top
            raise Broken(f"Can't find end of {NAMES[opened.kind]} entity at byte offset {byte_offset(self.source, opened.at)}")
        return self.page.done()

    def _write(self, text: str, consumed: int) -> None:
        self.page.write(text)
        self.line_start = text == "\n"
        self.index += consumed

    def _in_code(self) -> bool:
        return self.page.top is not None and self.page.top.kind in {"code", "pre"}

    def _in_quote(self) -> bool:
        return self.page.top is not None and self.page.top.kind.endswith("blockquote")

    def _end_line(self) -> None:
        """A quotation goes on while its lines begin with the mark."""
        if self.source[self.index + 1 : self.index + 2] != ">":
            self.page.close()
        self._write("\n", 1)

    def _at(self, mark: str) -> bool:
        return self.source.startswith(mark, self.index)

    def _ends(self) -> bool:
        """Close the innermost entity if its end stands here."""
        top = self.page.top
        if top is None:
            return False
        if top.kind.endswith("blockquote"):
            return self._ends_quote(top)
        mark = "]" if top.kind == "custom_emoji" else ENDS[top.kind]
        if not self._at(mark) or (top.kind == "italic" and self._at("__")):
            return False
        self.index += len(mark)
        if mark == "]":
            self._link(top)
        else:
            self.page.close()
        return True

    def _ends_quote(self, top: Open) -> bool:
        if self._at(">") and self.line_start:
            self.index += 1
            return True
        if self._at("||") and self.source[self.index + 2 : self.index + 3] in {"", "\n"}:
            top.kind = "expandable_blockquote"
            self.index += 2
            return True
        return False

    def _link(self, top: Open) -> None:
        if not self._at("("):
            if top.kind == "custom_emoji":
                raise Broken("Custom emoji entity must contain a tg://emoji URL")
            top.kind, top.extra = "text_link", {"url": "".join(self.page.text)[int(top.mark) :]}
            return self.page.close()
        start, url = self.index, ""
        self.index += 1
        while self.index < len(self.source) and self.source[self.index] != ")":
            if self.source[self.index] == "\\" and self.index + 1 < len(self.source):
                self.index += 1
            url += self.source[self.index]
            self.index += 1
        if self.index >= len(self.source):
            raise Broken(f"Can't find end of a URL at byte offset {byte_offset(self.source, start)}")
        self.index += 1
        if top.kind == "custom_emoji":
            self.page.close(custom_emoji_id=url.removeprefix("tg://emoji?id="))
        else:
            self.page.close(url=url)
        return None

    def _begin(self, character: str) -> None:
        start = self.index
        for mark, kind in (("```", "pre"), ("`", "code"), ("__", "underline"), ("_", "italic"), ("*", "bold"), ("~", "strikethrough"), ("||", "spoiler")):
            if self._at(mark):
                self.page.open.append(Open(kind, self.page.length, start, mark))
                self.index += len(mark)
                if kind == "pre":
                    self._language()
                return
        if self._at("![") or self._at("["):
            kind = "custom_emoji" if self._at("!") else "text_link"
            self.page.open.append(Open(kind, self.page.length, start, str(len("".join(self.page.text)))))
            self.index += 2 if kind == "custom_emoji" else 1
        elif character == ">" and (self.line_start or not self.page.length):
            self.page.open.append(Open("blockquote", self.page.length, start, ">"))
            self.index += 1
        else:
            where = byte_offset(self.source, start)
            raise Broken(f"Character '{character}' is reserved and must be escaped with the preceding '\\' (byte offset {where})")

    def _language(self) -> None:
        match = _LANGUAGE.match(self.source, self.index)
        if match and self.page.top:
            self.page.top.extra["language"] = match[0]
            self.index = match.end()
        if self._at("\n"):
            self.index += 1


def parse_markdown(text: str) -> tuple[str, list[Entity]]:
    """The old Markdown: no nesting, four marks. Raises Broken as Telegram would."""
    page, index = Page(), 0
    while index < len(text):
        character = text[index]
        if character == "\\" and text[index + 1 : index + 2] and text[index + 1] in "_*`[":
            page.write(text[index + 1])
            index += 2
        elif character not in "_*`[":
            page.write(character)
            index += 1
        else:
            index = _span(page, text, index)
    return page.done()


def _span(page: Page, text: str, index: int) -> int:
    mark = "```" if text.startswith("```", index) else text[index]
    kind = {"_": "italic", "*": "bold", "`": "code", "```": "pre", "[": "text_link"}[mark]
    end = text.find("]" if mark == "[" else mark, index + len(mark))
    if end < 0:
        raise Broken(f"Can't find end of the entity starting at byte offset {byte_offset(text, index)}")
    page.open.append(Open(kind, page.length, index, mark))
    page.write(text[index + len(mark) : end])
    if mark != "[":
        page.close()
        return end + len(mark)
    close = text.find(")", end) if text.startswith("(", end + 1) else -1
    if close < 0:
        page.open.pop()
        return end + 1
    page.close(url=text[end + 2 : close])
    return close + 1
