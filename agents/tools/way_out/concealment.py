"""Takes secrets out of what came back: a server that was shown one may repeat it, as it is or in another coding."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

MARK = "[secret]"
SHORTEST = 3
"""Values shorter than this are in every text."""


def codings(value: str) -> frozenset[str]:
    """A value and its usual codings."""
    raw = value.encode()
    packed = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    in_addresses = {quote(value), quote(value, safe=""), quote_plus(value)}
    in_pages = {html.escape(value), html.escape(value, quote=False), value.replace("&", "&amp;")}
    in_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return frozenset({value, raw.hex(), raw.hex().upper(), *packed, *(text.rstrip("=") for text in packed), *in_addresses, *in_pages, *in_json})


@dataclass(frozen=True)
class Concealer:
    """`Concealer(values)(text)`: the text with every value, in every usual coding, replaced by a mark."""

    values: Iterable[str] = field(repr=False)

    def __post_init__(self) -> None:
        forms = {form for value in self.values if len(value) >= SHORTEST for form in codings(value)}
        object.__setattr__(self, "_forms", sorted(forms, key=len, reverse=True))
        object.__setattr__(self, "_pattern", re.compile("|".join(map(re.escape, self._forms))) if forms else None)

    _forms: list[str] = field(init=False, repr=False, default_factory=list)
    _pattern: re.Pattern[str] | None = field(init=False, repr=False, default=None)

    def __call__(self, text: str, *, cut: bool = False) -> str:
        """`cut`: the text ends where a limit fell, so a value may stand there in part."""
        if self._pattern is None:
            return text
        shown = self._pattern.sub(MARK, text)
        return self._trimmed(shown) if cut else shown

    def _trimmed(self, text: str) -> str:
        for form in self._forms:
            for length in range(len(form) - 1, SHORTEST - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + MARK
        return text
