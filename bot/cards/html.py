"""Markdown from strangers as HTML that is safe by construction: every tag in it is ours.

The parser passes no HTML through, accepts no link but http and https, and shows an image as a link to it.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from bot.cards import markdown

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_REL = "noopener noreferrer nofollow"
_TAG = re.compile(r"<[^>]*>")


def to_html(text: str) -> str:
    """A fragment for the web chat; line breaks are kept. Never empty unless the text is blank."""
    cleaned = markdown.clean(text).strip()
    rendered = str(_parser().render(cleaned)).strip()
    shows = _TAG.sub("", rendered).strip() or "<hr" in rendered
    return rendered if shows else escape(cleaned)


@cache
def _parser() -> MarkdownIt:
    made = markdown.parser.__wrapped__()
    made.options["breaks"] = True
    made.add_render_rule("link_open", _link)
    made.add_render_rule("image", _image)
    return made


def _link(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: Any,
    env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    if not token.attrGet("href"):
        token.attrs = {}
        return str(self.renderToken(tokens, index, options, env))
    token.attrSet("rel", _REL)
    token.attrSet("target", "_blank")
    return str(self.renderToken(tokens, index, options, env))


def _image(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: Any,
    env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    address = str(token.attrGet("src") or "")
    if not address:
        return escape(token.content)
    return f'<a href="{escape(address)}" rel="{_REL}" target="_blank">{escape(token.content or address)}</a>'
