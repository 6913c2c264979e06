"""Telegram's updates as `Incoming`. What we cannot use becomes None; nothing in an update makes this raise."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.channels.base import GROUP, PRIVATE, Incoming, Kind
from orchestrator.contracts import Json

CHANNEL = "telegram"
ALLOWED = ("message", "edited_message", "callback_query")
_FILES = ("document", "photo", "video", "animation", "video_note")
_VOICES = ("voice", "audio")
_OTHERS = ("sticker", "location", "venue", "contact", "poll", "dice", "story")
_COMMAND = re.compile(r"^/([A-Za-z0-9_]+)@([A-Za-z0-9_]+)")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself."""

    id: int
    username: str


def read_all(updates: Iterable[Mapping[str, Any]], me: Me) -> list[Incoming]:
    """The updates that mean something to us, in the order of their ids."""
    found = []
    for number, update in numbered(updates):
        try:
            incoming = read(update, me)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
            logger.warning("an update could not be read and was left out", extra={"update": number, "error": repr(error)})
            continue
        if incoming is not None:
            found.append(incoming)
    return found


def numbered(updates: Iterable[Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """Updates with their ids, in order; what has no id is none."""
    found = [(update["update_id"], update) for update in updates if isinstance(update, dict) and isinstance(update.get("update_id"), int)]
    return sorted(found, key=lambda pair: pair[0])


def read(update: Mapping[str, Any], me: Me) -> Incoming | None:
    """One update. Raises KeyError, TypeError and their like (a date beyond all years) for what is not shaped like one."""
    if "callback_query" in update:
        return _press(update["update_id"], update["callback_query"])
    message = update.get("message") or update.get("edited_message")
    if message is None or message.get("from", {"is_bot": True}).get("is_bot"):
        return None
    chat = message["chat"]
    content = _content(message)
    if content is None or chat["type"] not in ("private", "group", "supergroup"):
        return None
    kind, text, payload = content
    payload["message_id"] = message["message_id"]
    if "edited_message" in update:
        payload["edited"] = True
    private = chat["type"] == "private"
    addressed = private or _addressed(message, text, me)
    sender = message["from"]
    return Incoming(
        channel=CHANNEL,
        platform_id=str(update["update_id"]),
        chat_id=str(chat["id"]),
        sender_id=str(sender["id"]),
        kind=kind,
        text=_without_name(text, me),
        payload=payload,
        chat_kind=PRIVATE if private else GROUP,
        addressed=addressed,
        sender_name=_name(sender),
        language_code=str(sender.get("language_code") or ""),
        sent_at=datetime.fromtimestamp(message.get("edit_date") or message["date"], UTC),
    )


def _press(update_id: int, query: Mapping[str, Any]) -> Incoming | None:
    message = query.get("message")
    if message is None or "data" not in query:
        return None
    sender = query["from"]
    return Incoming(
        channel=CHANNEL,
        platform_id=str(update_id),
        chat_id=str(message["chat"]["id"]),
        sender_id=str(sender["id"]),
        kind=Kind.BUTTON,
        payload={"token": str(query["data"]), "press_id": str(query["id"]), "message_id": message["message_id"]},
        chat_kind=PRIVATE if message["chat"].get("type", "private") == "private" else GROUP,
        sender_name=_name(sender),
        language_code=str(sender.get("language_code") or ""),
    )


def _content(message: Mapping[str, Any]) -> tuple[Kind, str, dict[str, Json]] | None:
    """Kind, text and payload; None for a service message (somebody joined, a title changed)."""
    if "text" in message:
        return Kind.TEXT, str(message["text"]), {}
    caption = str(message.get("caption") or "")
    for name in (*_VOICES, *_FILES):
        if name in message:
            found = message[name]
            largest = found[-1] if isinstance(found, list) else found
            return Kind.VOICE if name in _VOICES else Kind.FILE, caption, _file(name, largest)
    for name in _OTHERS:
        if name in message:
            return Kind.OTHER, caption, {"what": name}
    return None


def _file(what: str, found: Mapping[str, Any]) -> dict[str, Json]:
    known = {"name": "file_name", "media_type": "mime_type", "size": "file_size", "seconds": "duration"}
    return {"what": what, "file_id": found["file_id"], **{ours: found[theirs] for ours, theirs in known.items() if theirs in found}}


def _addressed(message: Mapping[str, Any], text: str, me: Me) -> bool:
    """Whether group talk is meant for the bot: a command, a mention, or a reply to what it said."""
    command = _COMMAND.match(text)
    if command:
        return command.group(2).lower() == me.username.lower()
    if text.startswith("/"):
        return True
    if message.get("reply_to_message", {}).get("from", {}).get("id") == me.id:
        return True
    entities = [*message.get("entities", ()), *message.get("caption_entities", ())]
    if any(entity.get("type") == "text_mention" and entity.get("user", {}).get("id") == me.id for entity in entities):
        return True
    return re.search(rf"@{re.escape(me.username)}(?![A-Za-z0-9_])", text, re.IGNORECASE) is not None


def _without_name(text: str, me: Me) -> str:
    """`/tasks@our_bot` is /tasks, and "@our_bot, hello" is "hello"."""
    if not me.username or "@" not in text:
        return text
    command = _COMMAND.match(text)
    if command and command.group(2).lower() == me.username.lower():
        return f"/{command.group(1)}{text[command.end() :]}"
    mention = re.match(rf"\s*@{re.escape(me.username)}(?![A-Za-z0-9_])[\s,:;]*", text, re.IGNORECASE)
    return text[mention.end() :] if mention else text


def _name(sender: Mapping[str, Any]) -> str:
    return " ".join(str(part) for part in (sender.get("first_name"), sender.get("last_name")) if part)
