"""Chats and the messages in them, as a person would see them now."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from tests.servers.telegram.marks import Entity
from tests.servers.telegram.refusals import Json


@dataclass(frozen=True)
class Button:
    """One button of an inline keyboard; `data` is empty for links."""

    text: str
    data: str = ""
    url: str = ""


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True)
class StoredFile:
    """A file on the platform."""

    file_id: str
    name: str
    mime: str
    content: bytes

    @property
    def path(self) -> str:
        return f"documents/{self.file_id}"


@dataclass(frozen=True)
class Sent:
    """A message or an edit at the moment when the platform applied it. `time` is Unix time in seconds, `sequence` counts all that was applied."""

    method: str
    chat_id: int
    message_id: int
    text: str
    time: float
    sequence: int
    entities: tuple[Entity, ...] = ()
    buttons: Keyboard = ()
    reply_to: int | None = None
    silent: bool = False
    file: StoredFile | None = None

    @property
    def labels(self) -> list[str]:
        return [button.text for row in self.buttons for button in row]


@dataclass
class Message:
    """A message in its present state. `sender` is 0 for the bot; `sequence` is that of its last change."""

    chat_id: int
    message_id: int
    sender: int
    text: str
    time: float
    sequence: int
    entities: list[Entity] = field(default_factory=list)
    markup: Json | None = None
    buttons: Keyboard = ()
    reply_to: int | None = None
    silent: bool = False
    edits: int = 0
    deleted: bool = False
    edited_at: float | None = None
    file: StoredFile | None = None
    extra: Json = field(default_factory=dict)
    source: Json | None = None
    reactions: list[Json] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        return [button.text for row in self.buttons for button in row]


@dataclass
class Chat:
    """A conversation; `known` once the bot may write to it; `changed` is the sequence of the last thing that the bot did there."""

    id: int
    kind: str = "private"
    title: str = ""
    known: bool = False
    blocked: bool = False
    migrated_to: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    actions: list[tuple[float, str]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    quoting: dict[int, list[Sent]] = field(default_factory=dict)
    changed: int = 0

    def replies_to(self, number: int) -> list[Sent]:
        """Messages of the bot that quote this one, else those sent between it and the next message of a person."""
        if number in self.quoting:
            return self.quoting[number]
        after = bisect_right(self.heard, number)
        end = self.heard[after] if after < len(self.heard) else None
        first = bisect_right(self.sent, number, key=_number)
        last = len(self.sent) if end is None else bisect_right(self.sent, end, key=_number)
        return [one for one in self.sent[first:last] if one.reply_to is None]

    @property
    def visible(self) -> list[Message]:
        """What the bot wrote and what still stands, oldest first."""
        return [message for message in self.messages.values() if message.sender == 0 and not message.deleted]

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.visible]

    def described(self) -> Json:
        """The Chat object of the platform."""
        key = "first_name" if self.kind == "private" else "title"
        return {"id": self.id, "type": self.kind, key: self.title or f"User {self.id}"}


def _number(sent: Sent) -> int:
    return sent.message_id


def described(message: Message, chat: Chat, bot: Json) -> Json:
    """The Message object of the platform for a message of the bot, or the person's own."""
    if message.source is not None:
        return message.source
    found: Json = {"message_id": message.message_id, "from": bot, "chat": chat.described(), "date": int(message.time)}
    if message.edited_at is not None:
        found["edit_date"] = int(message.edited_at)
    prefix = "caption_" if message.file else ""
    if message.text:
        found["caption" if message.file else "text"] = message.text
    if message.entities:
        found[f"{prefix}entities"] = message.entities
    if message.markup and "inline_keyboard" in message.markup:
        found["reply_markup"] = message.markup
    replied = chat.messages.get(message.reply_to) if message.reply_to else None
    if replied is not None:
        found["reply_to_message"] = {key: value for key, value in described(replied, chat, bot).items() if key != "reply_to_message"}
    return found | message.extra


def keyboard(markup: Any) -> Keyboard:
    """The buttons of an inline keyboard that has been checked."""
    rows = (markup or {}).get("inline_keyboard", [])
    return tuple(tuple(Button(one["text"], one.get("callback_data", ""), one.get("url", "")) for one in row) for row in rows)
