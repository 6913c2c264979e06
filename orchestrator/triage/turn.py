"""One message being handled: everything the desk's parts need to decide and to reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator import languages
from orchestrator.contracts import Action, Button, Card, Catalogue, Clock, Person, Words
from orchestrator.execution.runner import Runner
from orchestrator.tasks import outgoing
from orchestrator.triage.cascade import Cascade


@dataclass(frozen=True, slots=True)
class Services:
    """What the desk shares between messages; injected once. `cascade` is asked for each time, for it may be retrained.

    `house_zone` is the zone that the business names now, empty where it names none.
    """

    cascade: Callable[[], Cascade]
    runner: Runner
    catalogue: Catalogue
    clock: Clock
    words: Words
    uses_model: bool = False
    house_zone: Callable[[sa.Connection], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class Chat:
    id: str
    channel: str
    kind: str
    handover: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Turn:
    """A message, who sent it where, and the transaction it is handled in."""

    connection: sa.Connection
    services: Services
    message_id: str
    kind: str
    text: str
    payload: dict[str, Any]
    chat: Chat
    person: Person
    now: datetime

    @property
    def language(self) -> str:
        return self.person.language

    @property
    def written(self) -> str:
        """The language of this message: what it says is read in it, though the person may be spoken to in another."""
        return languages.clear_language(self.text) or self.person.language

    def words(self, key: str, /, **arguments: Any) -> str:
        return self.services.words(self.language, key, arguments)

    def envelope(self, task_id: str | None = None) -> outgoing.Envelope:
        return outgoing.Envelope(self.chat.id, self.person.id, self.now, task_id, self.message_id)

    def reply(self, card: Card | str, task_id: str | None = None) -> str:
        """Queue an answer in this chat; returns its outgoing id."""
        return outgoing.post(self.connection, self.envelope(task_id), Card(card) if isinstance(card, str) else card)

    def saying(self, text: str) -> Turn:
        """The same turn as if the person had typed `text`."""
        return replace(self, kind="text", text=text, payload={})


def say_button(label: str, text: str) -> Button:
    """A button that stands for typing `text`."""
    return Button(label, Action("say", value=text))
