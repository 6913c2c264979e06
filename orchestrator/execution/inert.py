"""Text that a model wrote after reading what outsiders wrote: nothing in it is a live link, picture or tag."""

from __future__ import annotations

import re

CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.S)
LINK = re.compile(r"!?\[([^\]\n]*)\]\(\s*<?([^)\s>]*)[^)\n]*\)")
ADDRESS = re.compile(
    r"(?<![\w@`.-])(?:[a-z][a-z0-9+.-]{1,15}://|www\.|(?:mailto|tel|javascript|data|tg):)[^\s`<>\"']+|(?<![\w@`./-])(?:[\w-]+\.)+[a-z]{2,18}(?::\d+)?(?:/[^\s`<>\"']*)?(?![\w@])",
    re.I,
)
TAIL = re.compile(r"[.,;:!?)\]}]+$")


def inert(text: str) -> str:
    """Links become their words and their address as code, which no channel makes live; pictures likewise; tags are written out."""
    parts = CODE.split(text)
    return "".join(part if CODE.fullmatch(part) else _quiet(part) for part in parts).strip()


def _quiet(text: str) -> str:
    spelled = LINK.sub(lambda match: f"{match.group(1)} ({match.group(2)})", text).replace("[", "(").replace("]", ")").replace("`", "’")
    return ADDRESS.sub(_as_code, spelled.replace("<", "‹").replace(">", "›"))


def _as_code(match: re.Match[str]) -> str:
    address = match.group()
    tail = TAIL.search(address)
    end = tail.start() if tail else len(address)
    return f"`{address[:end]}`{address[end:]}"
