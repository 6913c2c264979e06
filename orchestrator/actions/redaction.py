"""Secrets are taken out of whatever leaves a tool: results, errors, logs, traces. By exact value and its common encodings.

Found are: the value as it is; each character of it percent-encoded, JSON- or HTML-escaped, as `\\x..` or quoted-printable, in
any mixture and also escaped twice; base64, standard and URL-safe, at each of the three alignments within a longer text; hex.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterable

from orchestrator.contracts import Json

MARK = "[redacted]"
LAST_MARK = "***"
LEAST = 4
"""Shorter values are not looked for: they stand in ordinary text by chance, and the gaps would tell what they are."""
ENTIRE = 128
"""In longer secrets letters and digits are looked for as they are only: nothing escapes them, and the pattern stays small."""
NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos", " ": "nbsp"}
SHORT_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
SLASHES = r"\\{1,7}"
"""Backslashes double with each time that JSON is put into JSON: 1, 3, 7."""
WRAP = r"(?:[\r\n]|\\{1,7}[rn])*"
"""Line breaks inside base64, as mail has it."""


class Redactor:
    """Takes these values out. Costs nothing where there are none."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= LEAST}
        self._patterns = [re.compile(_pattern(form)) for form in sorted(forms, key=len, reverse=True)]

    def text(self, text: str) -> str:
        """The text with every occurrence replaced by a mark; overlapping ones by a single mark."""
        if not self._patterns:
            return text
        spans = self._spans(text)
        if not spans:
            return text
        redacted, end = [], 0
        for start, stop in spans:
            redacted += [text[end:start], MARK]
            end = stop
        result = "".join([*redacted, text[end:]])
        if not self._spans(result):
            return result
        # The mark itself, or what it now stands beside, spells a secret.
        return LAST_MARK if self._spans(MARK) else MARK

    def value(self, value: Json) -> Json:
        """The same for every text, name and number in a JSON value."""
        if not self._patterns or value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float):
            return MARK if self._spans(json.dumps(value)) else value
        if isinstance(value, dict):
            return self._object(value)
        return [self.value(item) for item in value]

    def _object(self, value: dict[str, Json]) -> Json:
        """Names that become the same by it are numbered, so that nothing is lost."""
        result: dict[str, Json] = {}
        for name, item in value.items():
            plain = self.text(name)
            free, number = plain, 2
            while free in result or (free != name and free in value):
                free, number = f"{plain} {number}", number + 1
            result[free] = self.value(item)
        return result

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand, overlaps joined, in order."""
        found: list[tuple[int, int]] = []
        for pattern in self._patterns:
            match = pattern.search(text)
            while match is not None:
                found.append(match.span())
                match = pattern.search(text, match.start() + 1)
        joined: list[tuple[int, int]] = []
        for start, stop in sorted(found):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
            else:
                joined.append((start, stop))
        return joined


def _forms(secret: str) -> set[str]:
    """The value, without the space around it that a form or a header loses, in both ways of writing accents."""
    return {unicodedata.normalize(form, text) for text in (secret, secret.strip()) for form in ("NFC", "NFD")} | {secret, secret.strip()}


def _pattern(secret: str) -> str:
    whole = len(secret) <= ENTIRE
    parts = re.findall(r"\\+|[^\\]", secret, re.DOTALL)
    plain = "".join(_character(part, escaped=whole or not (part.isascii() and part.isalnum())) for part in parts)
    raw = secret.encode("utf-8", "surrogatepass")
    return "|".join([plain, *_base64(raw), _hex(raw)])


def _character(character: str, *, escaped: bool) -> str:
    """One character as itself or in any escape; a run of backslashes is one, since doubling makes its length vary."""
    if not escaped:
        return re.escape(character)
    if character.startswith("\\"):
        return _backslashes(len(character))
    raw = character.encode("utf-8", "surrogatepass")
    ways = [re.escape(character)]
    if character == " ":
        ways.append(r"\+")
    if character in SHORT_ESCAPES:
        ways.append(SLASHES + SHORT_ESCAPES[character])
    elif character in "\"'/":
        ways.append(SLASHES + re.escape(character))
    ways.append("".join(rf"(?:%(?:25)*|=|{SLASHES}x){_digits(byte)}" for byte in raw))
    units = character.encode("utf-16-be", "surrogatepass")
    ways.append("".join(rf"{SLASHES}u{_digits(units[i])}{_digits(units[i + 1])}" for i in range(0, len(units), 2)))
    point = ord(character)
    names = [f"#0*{point}", "#[xX]0*" + "".join(_digit(digit) for digit in f"{point:x}"), *([NAMED[character]] if character in NAMED else [])]
    ways.append(f"&(?:amp;)*(?:{'|'.join(names)});?")
    return f"(?:{'|'.join(ways)})"


def _backslashes(count: int) -> str:
    return rf"(?:\\{{{count},{8 * count}}}|(?:(?:%(?:25)*|=|{SLASHES}x)5[cC]|{SLASHES}u005[cC]|&(?:amp;)*(?:#0*92|#[xX]0*5[cC]|bsol);?){{{count}}})"


def _digit(digit: str) -> str:
    return digit if digit.isdigit() else f"[{digit}{digit.upper()}]"


def _digits(byte: int) -> str:
    return "".join(_digit(digit) for digit in f"{byte:02x}")


def _base64(raw: bytes) -> list[str]:
    """The characters that do not depend on what stands before and after, and the ones beside them, which do in part."""
    patterns = []
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        core = WRAP.join(_sextet(character) for character in coded[first:last])
        edges = r"(?:[A-Za-z0-9+/_-]" + WRAP + ")?"
        patterns.append((edges if before else "") + core + (f"(?:{WRAP}[A-Za-z0-9+/_-])?" if (before + len(raw)) % 3 else "") + "(?:=|%3[dD]){0,2}")
    return patterns


def _sextet(character: str) -> str:
    return {"+": r"(?:[+-]|%2[bB])", "/": r"(?:[/_]|\\{1,7}/|%2[fF])"}.get(character, character)


def _hex(raw: bytes) -> str:
    return r"[ :]?".join(_digits(byte) for byte in raw)
