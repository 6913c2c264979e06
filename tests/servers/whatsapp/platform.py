"""What the platform knows: people and their windows, media, templates, rates; and every message that it took."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.whatsapp.people import Person
from tests.servers.whatsapp.refusals import Json, pair_rate, too_fast

WINDOW = 24 * 3600
PAIR_BURST, PAIR_SECONDS, EACH_SECOND = 45, 6.0, 80


@dataclass
class Media:
    """A file, uploaded by the bot or sent by a person."""

    content: bytes
    media_type: str
    name: str = ""


@dataclass
class Sent:
    """A message of the bot that was taken. `status` is what became of it."""

    id: str
    to: str
    kind: str
    text: str
    content: Json
    choices: list[tuple[str, str]] = field(default_factory=list)
    descriptions: dict[str, str] = field(default_factory=dict)
    is_list: bool = False
    file: Media | None = None
    reply_to: str = ""
    at: float = 0.0
    status: str = "sent"

    def choice(self, label: str) -> tuple[str, str]:
        """The id and title of the choice whose title or description has this label in it."""
        for choice, title in self.choices:
            if label.lower() in f"{title} {self.descriptions.get(choice, '')}".lower():
                return choice, title
        raise AssertionError(f"no {label!r} among {[title for _, title in self.choices]}")


@dataclass
class Template:
    """An approved template: one variable in its body, so many quick replies."""

    name: str
    language: str
    buttons: int = 0


@dataclass
class Platform:
    """One number. `limits` switches the rates on."""

    limits: bool = False
    shift: float = 0.0
    people: dict[str, Person] = field(default_factory=dict)
    last_wrote: dict[str, float] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    templates: dict[tuple[str, str], Template] = field(default_factory=dict)
    known_messages: dict[str, str] = field(default_factory=dict)
    """Of people and of the bot, by the person they were exchanged with."""
    sent: list[Sent] = field(default_factory=list)
    reactions: list[Sent] = field(default_factory=list)
    on_sent: list[Callable[[Sent], None]] = field(default_factory=list)
    _pairs: dict[str, tuple[float, float]] = field(default_factory=dict)
    _second: deque[float] = field(default_factory=deque)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        return time.time() + self.shift

    def wrote(self, person: Person) -> None:
        self.people[person.key] = person
        self.last_wrote[person.key] = self.now()

    def is_open(self, person: Person) -> bool:
        return self.now() - self.last_wrote.get(person.key, 0.0) < WINDOW

    def find(self, recipient: str) -> Person | None:
        return next((one for one in self.people.values() if recipient in (one.phone, one.user_id)), None)

    def keep(self, content: bytes, media_type: str, name: str = "") -> str:
        media_id = str(2621233374848000 + len(self.media))
        self.media[media_id] = Media(content, media_type, name)
        return media_id

    def draw(self, key: str) -> None:
        """One message to this person. Raises Refusal where it is one too many."""
        if not self.limits:
            return
        now = time.monotonic()
        while self._second and now - self._second[0] > 1:
            self._second.popleft()
        if len(self._second) >= EACH_SECOND:
            raise too_fast()
        level, at = self._pairs.get(key, (float(PAIR_BURST), now))
        level = min(PAIR_BURST, level + (now - at) / PAIR_SECONDS)
        if level < 1:
            self._pairs[key] = (level, now)
            raise pair_rate()
        self._pairs[key] = (level - 1, now)
        self._second.append(now)

    def took(self, sent: Sent) -> None:
        (self.reactions if sent.kind == "reaction" else self.sent).append(sent)
        self.known_messages[sent.id] = sent.to
        for told in self.on_sent:
            told(sent)
        self.changed()

    def changed(self) -> None:
        event, self._changed = self._changed, asyncio.Event()
        event.set()

    async def change(self) -> None:
        await self._changed.wait()

    def value(self, **what: Any) -> Json:
        """The value of a change of this number."""
        return {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}, **what}
