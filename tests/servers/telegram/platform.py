"""What the platform knows of one bot: chats, messages, files, presses, and everything that was applied."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.telegram.faults import Faults
from tests.servers.telegram.flood_control import FloodControl
from tests.servers.telegram.marks import Entity
from tests.servers.telegram.messages import Chat, Message, Sent, StoredFile, described, keyboard
from tests.servers.telegram.refusals import Json, Parameters, Refusal, bad, flood
from tests.servers.telegram.schema import Upload
from tests.servers.telegram.update_queue import UpdateQueue

QUERY_SECONDS = 900
BOT: Json = {"id": 4242, "is_bot": True, "first_name": "Majordomo", "username": "majordomo_test_bot"}


@dataclass
class Press:
    """A button press that waits for its answer."""

    query_id: str
    chat_id: int
    user_id: int
    message_id: int
    at: float
    answered: bool = False


@dataclass(frozen=True)
class Toast:
    """The answer to a button press."""

    query_id: str
    chat_id: int
    text: str
    alert: bool
    time: float


@dataclass
class Platform:
    """State of the platform for one bot. `shift` moves its clock by seconds, for rules that take hours."""

    flood: FloodControl
    faults: Faults = field(default_factory=Faults)
    bot: Json = field(default_factory=lambda: dict(BOT))
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    presses: dict[str, Press] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    edits: list[Sent] = field(default_factory=list)
    deleted: list[tuple[int, int]] = field(default_factory=list)
    toasts: list[Toast] = field(default_factory=list)
    profile: dict[tuple[str, ...], Any] = field(default_factory=dict)
    sequence: int = 0
    shift: float = 0.0
    on_sent: list[Callable[[Sent], None]] = field(default_factory=list)
    _message_id: int = 0
    _file_number: int = 0
    _changes: list[asyncio.Future[None]] = field(default_factory=list)
    updates: UpdateQueue = field(init=False)

    def __post_init__(self) -> None:
        self.updates = UpdateQueue(now=self.now)

    def now(self) -> float:
        """Unix time in seconds as the platform sees it."""
        return time.time() + self.shift

    def chat(self, number: int) -> Chat:
        """The chat itself, made at first mention; the bot may not write to it before it is known."""
        found = self.chats.get(number)
        if found is None:
            found = self.chats[number] = Chat(number)
        return found

    def reachable(self, number: Any) -> Chat:
        """The chat that a request names. Raises as Telegram does for one that is unknown, blocked or migrated."""
        found = self.chats.get(number) if isinstance(number, int) else None
        if found is None or not found.known:
            raise bad("chat not found")
        if found.migrated_to is not None:
            raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=found.migrated_to)
        if found.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return found

    def count(self, chat: Chat) -> None:
        """Flood control. Raises a 429."""
        seconds = self.flood.wait(chat.id, chat.kind != "private", time.monotonic() + self.shift)
        if seconds:
            raise flood(seconds)

    def next_message_id(self) -> int:
        self._message_id += 1
        return self._message_id

    def store(self, upload: Upload) -> StoredFile:
        """Keep a file and give it an id."""
        self._file_number += 1
        stored = StoredFile(f"BQADAgAD{self._file_number:06d}", upload.name, upload.mime, upload.content)
        self.files[stored.file_id] = stored
        return stored

    def show(
        self,
        method: str,
        chat: Chat,
        parameters: Parameters,
        text: str,
        entities: list[Entity],
        *,
        file: StoredFile | None = None,
        extra: Json | None = None,
    ) -> Message:
        """A message of the bot stands in the chat; all checks are done."""
        markup = parameters.get("reply_markup")
        message = Message(
            chat.id, self.next_message_id(), 0, text, self.now(), self._next(), entities, markup, keyboard(markup),
            (parameters.get("reply_parameters") or {}).get("message_id"), bool(parameters.get("disable_notification")), file=file, extra=extra or {},
        )  # fmt: skip
        chat.messages[message.message_id] = message
        self._record(self.sent, method, message)
        return message

    def changed(self, method: str, message: Message) -> None:
        """A message of the bot was edited."""
        message.edits += 1
        message.edited_at = self.now()
        message.sequence = self._next()
        self._record(self.edits, method, message)

    def json(self, message: Message) -> Json:
        return described(message, self.chat(message.chat_id), self.bot)

    def announce(self) -> None:
        """Wake everybody who waits for something to have happened."""
        waiting, self._changes = self._changes, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def change(self) -> None:
        """Until the next thing happens."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._changes.append(future)
        await future

    def _next(self) -> int:
        self.sequence += 1
        return self.sequence

    def _record(self, log: list[Sent], method: str, message: Message) -> None:
        entry = Sent(
            method, message.chat_id, message.message_id, message.text, self.now(), message.sequence, tuple(message.entities), message.buttons,
            message.reply_to, message.silent, message.file,
        )  # fmt: skip
        log.append(entry)
        chat = self.chats[message.chat_id]
        chat.changed = message.sequence
        if log is self.sent:
            chat.sent.append(entry)
            if entry.reply_to is not None:
                chat.quoting.setdefault(entry.reply_to, []).append(entry)
        for callback in self.on_sent:
            callback(entry)
        self.announce()
