"""Telegram's own description of its methods, held against every request; a short table where the description is absent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SPECIFICATION = Path(__file__).resolve().parents[3] / "shared" / "specs" / "telegram-bot-api-10.1.json"
MINIMAL = {
    "getMe": (), "getUpdates": (), "setWebhook": ("url",), "deleteWebhook": (), "getWebhookInfo": (), "sendMessage": ("chat_id", "text"),
    "editMessageText": ("text",), "editMessageReplyMarkup": (), "deleteMessage": ("chat_id", "message_id"), "answerCallbackQuery": ("callback_query_id",),
    "sendChatAction": ("chat_id", "action"), "sendDocument": ("chat_id", "document"), "getFile": ("file_id",), "setMyCommands": ("commands",), "logOut": (),
}  # fmt: skip
ENTITY_TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)


@dataclass(frozen=True)
class Method:
    required: frozenset[str]
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Schema:
    """Methods by lower-case name."""

    methods: dict[str, tuple[str, Method]]
    complete: bool

    @staticmethod
    @cache
    def load() -> Schema:
        if not SPECIFICATION.exists():
            return Schema({name.lower(): (name, Method(frozenset(required))) for name, required in MINIMAL.items()}, False)
        described = json.loads(SPECIFICATION.read_text())["methods"]
        return Schema({name.lower(): (name, _method(method)) for name, method in described.items()}, True)

    def check(self, method: str, arguments: dict[str, Any]) -> str:
        """The method's proper name. Raises Refused as Telegram would, for unknown methods and wrong parameters."""
        from tests.servers.bot_api import Refused

        found = self.methods.get(method.lower())
        if found is None:
            raise Refused(404, "Not Found")
        name, described = found
        missing = [parameter for parameter in described.required if arguments.get(parameter) in (None, "")]
        if missing and not (name == "setWebhook" and "url" in arguments):
            raise Refused(400, f"Bad Request: {missing[0]} is missing" if missing[0] != "text" else "Bad Request: message text is empty")
        if self.complete:
            unknown = set(arguments) - set(described.types)
            if unknown:
                raise Refused(400, f"Bad Request: {name} has no parameter {sorted(unknown)[0]}")
            for parameter, value in arguments.items():
                if not _fits(value, described.types[parameter]):
                    raise Refused(400, f"Bad Request: {parameter} is not of type {' or '.join(described.types[parameter])}")
        return name


def _method(described: dict[str, Any]) -> Method:
    fields = described.get("fields", [])
    return Method(frozenset(f["name"] for f in fields if f["required"]), {f["name"]: tuple(f["types"]) for f in fields})


def _fits(value: Any, types: tuple[str, ...]) -> bool:
    """Form fields arrive as text; numbers and booleans may be written so."""
    for kind in types:
        if kind == "Integer" and (isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdigit())):
            return True
        if kind == "Boolean" and (isinstance(value, bool) or value in {"true", "false", "True", "False", "1", "0"}):
            return True
        if kind == "Float" and (isinstance(value, int | float) or (isinstance(value, str) and value.replace(".", "", 1).isdigit())):
            return True
        if kind == "String" and isinstance(value, str):
            return True
        if kind.startswith("Array of") and isinstance(value, list):
            return True
        if kind == "InputFile" and isinstance(value, tuple):
            return True
        if (
            kind[0].isupper()
            and kind not in {"Integer", "Boolean", "Float", "String", "InputFile"}
            and not kind.startswith("Array")
            and isinstance(value, dict)
        ):
            return True
    return False


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def entities_fault(text: str, entities: list[dict[str, Any]]) -> str:
    """What is wrong with these entities; empty when nothing is."""
    length = utf16_length(text)
    for entity in entities:
        if entity.get("type") not in ENTITY_TYPES:
            return f"unknown type {entity.get('type')}"
        offset, size = entity.get("offset"), entity.get("length")
        if not isinstance(offset, int) or not isinstance(size, int) or offset < 0 or size <= 0 or offset + size > length:
            return "an entity lies outside the text"
        if entity["type"] == "text_link" and not str(entity.get("url", "")).startswith(("http://", "https://", "tg://")):
            return "a link without an address"
    return ""
