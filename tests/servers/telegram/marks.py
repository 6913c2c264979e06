"""What every reader of marks builds on: the text so far, its length in UTF-16 units, the entities that are open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Entity = dict[str, Any]


class Broken(Exception):
    """Marks that Telegram refuses; the text says which and where."""


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, as the platform counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def byte_offset(text: str, index: int) -> int:
    """UTF-8 bytes before this character: the platform's error messages count in them."""
    return len(text[:index].encode())


@dataclass
class Open:
    """An entity whose end has not come yet; `mark` is what opened it, `at` where in the source."""

    kind: str
    offset: int
    at: int
    mark: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Page:
    """The bare text and its entities while a source is read."""

    text: list[str] = field(default_factory=list)
    length: int = 0
    entities: list[Entity] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.text.append(text)
        self.length += utf16_length(text)

    def close(self, **extra: Any) -> None:
        """End the innermost entity; an empty one leaves no trace."""
        ended = self.open.pop()
        if self.length > ended.offset:
            self.entities.append({"type": ended.kind, "offset": ended.offset, "length": self.length - ended.offset, **ended.extra, **extra})

    @property
    def top(self) -> Open | None:
        return self.open[-1] if self.open else None

    def done(self) -> tuple[str, list[Entity]]:
        return "".join(self.text), sorted(self.entities, key=lambda entity: (entity["offset"], -entity["length"]))
