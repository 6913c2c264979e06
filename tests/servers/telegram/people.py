"""The other side of the chat: people who write, press and send files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from tests.servers.telegram.marks import Entity, utf16_length
from tests.servers.telegram.messages import Button, Chat, Message, Sent, StoredFile
from tests.servers.telegram.platform import Platform, Press
from tests.servers.telegram.refusals import Json
from tests.servers.telegram.schema import Upload
from tests.servers.telegram.sending import attachment

_DETECTED = re.compile(
    r"(?P<bot_command>(?<![\w/])/[a-zA-Z0-9_]{1,64}(?:@\w+)?)|(?P<url>https?://[^\s<>]+)|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<mention>(?<!\w)@[a-zA-Z]\w{3,31})|(?P<hashtag>(?<!\w)#\w*[^\W\d]\w*)"
)
_HINTS = frozenset("/@#")


@dataclass(frozen=True)
class User:
    """A person. Methods give the update that the bot will get; `chat` names a group, else it is the private chat."""

    platform: Platform
    id: int
    name: str
    language_code: str = "en"

    @property
    def sender(self) -> Json:
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": self.language_code}

    @property
    def chat(self) -> Chat:
        """The private chat with the bot."""
        return self.platform.chat(self.id)

    async def send(self, text: str, *, chat: int | None = None, reply_to: int | Message | Sent | None = None) -> Json:
        """Write a text; a command or link in it is marked as Telegram would."""
        return self.platform.updates.push(self.message(text, chat=chat, reply_to=reply_to))

    def message(self, text: str, *, chat: int | None = None, reply_to: int | Message | Sent | None = None) -> Json:
        """An update with a text, not yet queued and without an id."""
        body: Json = {"text": text}
        if entities := detected(text):
            body["entities"] = entities
        return {"message": self._compose(chat, text, body, reply_to)}

    async def send_file(self, name: str, content: bytes, *, mime: str = "application/octet-stream", caption: str = "", chat: int | None = None) -> Json:
        """Send a document."""
        return self._push_file("document", Upload(name, content, mime), caption, chat)

    async def send_photo(self, content: bytes, *, caption: str = "", chat: int | None = None) -> Json:
        """Send a photo."""
        return self._push_file("photo", Upload("photo.jpg", content, "image/jpeg"), caption, chat)

    async def send_voice(self, content: bytes, *, seconds: int = 1, mime: str = "audio/ogg", chat: int | None = None) -> Json:
        """Send a voice message of so many seconds."""
        update = self._push_file("voice", Upload("voice.oga", content, mime), "", chat)
        update["message"]["voice"]["duration"] = seconds
        return update

    async def send_location(self, latitude: float, longitude: float, *, chat: int | None = None) -> Json:
        """Share a place."""
        body = {"location": {"latitude": latitude, "longitude": longitude}}
        return self.platform.updates.push({"message": self._compose(chat, "", body, None)})

    async def edit(self, update: Json | int, text: str, *, chat: int | None = None) -> Json:
        """Change an earlier text of one's own; an update or a message id."""
        number = update if isinstance(update, int) else int(update["message"]["message_id"])
        message = self.platform.chat(chat or self.id).messages[number]
        if message.source is None or message.sender != self.id:
            raise AssertionError(f"message {number} is not of {self.name}")
        message.text = text
        message.source = {**message.source, "text": text, "edit_date": int(self.platform.now())}
        message.source.pop("entities", None)
        if entities := detected(text):
            message.source["entities"] = entities
        return self.platform.updates.push({"edited_message": message.source})

    async def press(self, target: Message | Sent | int | None, choice: str, *, chat: int | None = None, stale: bool = False) -> Json:
        """Press a button by label or data; on the newest message that has it where no target is named. `stale` taps what is no longer shown.

        Raises AssertionError where nobody could press it.
        """
        room = self.platform.chat(chat or self.id)
        message = self._target(room, target, choice)
        button = _button(message, choice)
        if button is None and stale:
            before = [one for log in (self.platform.edits, self.platform.sent) for one in reversed(log) if one.message_id == message.message_id]
            button = next((found for one in before if (found := _button(one, choice))), None) or Button(choice, choice)
        if button is None or (message.deleted and not stale):
            raise AssertionError(f"no button {choice!r} on {message.text!r}; there are {message.labels}")
        press = Press(f"{self.id}{len(self.platform.presses) + 1:08d}", room.id, self.id, message.message_id, self.platform.now())
        self.platform.presses[press.query_id] = press
        query = {"id": press.query_id, "from": self.sender, "message": self.platform.json(message), "chat_instance": str(room.id), "data": button.data}
        return self.platform.updates.push({"callback_query": query})

    def block(self, blocked: bool = True) -> Json:
        """Block the bot, or let it in again."""
        self.chat.blocked = blocked
        old, new = ("member", "kicked") if blocked else ("kicked", "member")
        change = {
            "chat": self.chat.described(), "from": self.sender, "date": int(self.platform.now()),
            "old_chat_member": self._membership(old), "new_chat_member": self._membership(new),
        }  # fmt: skip
        return self.platform.updates.push({"my_chat_member": change})

    def _membership(self, status: str) -> Json:
        until = {"until_date": 0} if status == "kicked" else {}
        return {"user": self.platform.bot, "status": status, **until}

    def _target(self, room: Chat, target: Message | Sent | int | None, choice: str) -> Message:
        if target is None:
            for message in reversed(room.visible):
                if _button(message, choice):
                    return message
            raise AssertionError(f"no button {choice!r} in chat {room.id}; there are {[label for one in room.visible for label in one.labels]}")
        return room.messages[target if isinstance(target, int) else target.message_id]

    def _push_file(self, kind: str, upload: Upload, caption: str, chat: int | None) -> Json:
        file = self.platform.store(upload)
        body = attachment(kind, file) | ({"caption": caption} if caption else {})
        return self.platform.updates.push({"message": self._compose(chat, caption, body, None, file)})

    def _compose(self, chat: int | None, text: str, body: Json, reply_to: Any, file: StoredFile | None = None) -> Json:
        room = self.platform.chat(chat or self.id)
        room.known = True
        if room.kind == "private" and not room.title:
            room.title = self.name
        number, now = self.platform.next_message_id(), self.platform.now()
        source: Json = {"message_id": number, "from": self.sender, "chat": room.described(), "date": int(now), **body}
        if reply_to is not None:
            replied = room.messages[reply_to if isinstance(reply_to, int) else reply_to.message_id]
            source["reply_to_message"] = {key: value for key, value in self.platform.json(replied).items() if key != "reply_to_message"}
        room.heard.append(number)
        room.messages[number] = Message(room.id, number, self.id, text, now, self.platform.sequence, source=source, file=file)
        return source

    def speaking(self, language_code: str) -> User:
        """The same person with the app in another language."""
        return replace(self, language_code=language_code)


def _button(message: Message | Sent, choice: str) -> Button | None:
    buttons = [button for row in message.buttons for button in row if button.data]
    return next((button for button in buttons if choice in (button.text, button.data)), None)


def detected(text: str) -> list[Entity]:
    """Commands, addresses, mentions and tags as Telegram finds them in a person's text."""
    if not _HINTS.intersection(text):
        return []
    return [{"type": match.lastgroup, "offset": utf16_length(text[: match.start()]), "length": utf16_length(match[0])} for match in _DETECTED.finditer(text)]
