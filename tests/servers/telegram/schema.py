"""Telegram's own description of its methods, compiled once into checks; a short table where the description is absent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from tests.servers.telegram.refusals import Json, Parameters, Refusal, wrong

SPECIFICATION = Path(__file__).resolve().parents[4] / "shared" / "specs" / "telegram-bot-api-10.1.json"
Check = Callable[[Any, bool], Any]
"""Takes a value and whether it may come written as text; gives the value in its own type. Raises Mismatch."""

_INTEGER = re.compile(r"[+-]?\d{1,19}\Z")
_FIXED = re.compile(r"(?:always|must be) [“\"]([a-z_]+)[”\"]")

MINIMAL = {
    "getMe": "", "logOut": "", "close": "", "getWebhookInfo": "", "getMyCommands": "scope language_code", "deleteMyCommands": "scope language_code",
    "getUpdates": "offset limit timeout allowed_updates", "deleteWebhook": "drop_pending_updates", "getFile": "file_id!", "getChat": "chat_id!",
    "setWebhook": "url! ip_address max_connections allowed_updates drop_pending_updates secret_token certificate",
    "sendMessage": "chat_id! text! parse_mode entities link_preview_options disable_notification protect_content reply_parameters reply_markup",
    "editMessageText": "chat_id message_id inline_message_id text! parse_mode entities link_preview_options reply_markup",
    "editMessageReplyMarkup": "chat_id message_id inline_message_id reply_markup", "editMessageCaption": "chat_id message_id caption caption_entities",
    "deleteMessage": "chat_id! message_id!", "deleteMessages": "chat_id! message_ids!", "setMessageReaction": "chat_id! message_id! reaction is_big",
    "answerCallbackQuery": "callback_query_id! text show_alert url cache_time", "sendChatAction": "chat_id! action! message_thread_id",
    "sendDocument": "chat_id! document! caption", "sendPhoto": "chat_id! photo! caption", "sendVoice": "chat_id! voice! caption duration",
    "sendAudio": "chat_id! audio! caption", "sendVideo": "chat_id! video! caption", "sendMediaGroup": "chat_id! media!",
    "setMyCommands": "commands! scope language_code", "setMyDescription": "description language_code", "getMyDescription": "language_code",
    "setMyShortDescription": "short_description language_code", "getMyShortDescription": "language_code", "setMyName": "name language_code",
}  # fmt: skip
MINIMAL_TYPES: dict[str, tuple[str, ...]] = {
    "chat_id": ("Integer", "String"), "message_id": ("Integer",), "message_ids": ("Array of Integer",), "offset": ("Integer",), "limit": ("Integer",),
    "timeout": ("Integer",), "max_connections": ("Integer",), "duration": ("Integer",), "allowed_updates": ("Array of String",),
    "entities": ("Array of MessageEntity",), "caption_entities": ("Array of MessageEntity",), "reply_markup": ("InlineKeyboardMarkup",),
    "reply_parameters": ("ReplyParameters",), "link_preview_options": ("LinkPreviewOptions",), "commands": ("Array of BotCommand",),
    "scope": ("BotCommandScope",), "reaction": ("Array of ReactionType",), "media": ("Array of InputMedia",), "document": ("InputFile", "String"),
    "photo": ("InputFile", "String"), "voice": ("InputFile", "String"), "audio": ("InputFile", "String"), "video": ("InputFile", "String"),
    "disable_notification": ("Boolean",), "protect_content": ("Boolean",), "drop_pending_updates": ("Boolean",), "show_alert": ("Boolean",),
}  # fmt: skip


class Mismatch(Exception):
    """A value that is not of the type that the description names; the text says why."""


@dataclass(frozen=True)
class Upload:
    """A file in a multipart body."""

    name: str
    content: bytes
    mime: str


def _integer(value: Any, textual: bool) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if textual and isinstance(value, str) and _INTEGER.match(value):
        return int(value)
    raise Mismatch("an integer is expected")


def _float(value: Any, textual: bool) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if textual and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    raise Mismatch("a number is expected")


def _boolean(value: Any, textual: bool) -> bool:
    if isinstance(value, bool):
        return value
    if textual and isinstance(value, str) and value.lower() in {"true", "false", "1", "0"}:
        return value.lower() in {"true", "1"}
    raise Mismatch("true or false is expected")


def _string(value: Any, textual: bool) -> str:
    if isinstance(value, str):
        return value
    raise Mismatch("a string is expected")


def _file(value: Any, textual: bool) -> Upload:
    if isinstance(value, Upload):
        return value
    raise Mismatch("a file is expected")


SIMPLE: dict[str, Check] = {"Integer": _integer, "Float": _float, "Boolean": _boolean, "String": _string, "InputFile": _file, "True": _boolean}
"""Integer stands before String in every union, so that a written number becomes a number."""


def _read(value: Any, textual: bool) -> Any:
    if textual and isinstance(value, str):
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise Mismatch("can't parse JSON") from error
    return value


@dataclass(frozen=True)
class Several:
    """An array of one kind."""

    item: Check

    def __call__(self, value: Any, textual: bool) -> list[Any]:
        read = _read(value, textual)
        if not isinstance(read, list):
            raise Mismatch("an array is expected")
        return [self.item(one, False) for one in read]


@dataclass(frozen=True)
class Either:
    """A union: the first alternative that fits."""

    alternatives: tuple[Check, ...]

    def __call__(self, value: Any, textual: bool) -> Any:
        reasons = []
        for check in self.alternatives:
            try:
                return check(value, textual)
            except Mismatch as mismatch:
                reasons.append(str(mismatch))
        raise Mismatch(" or ".join(dict.fromkeys(reasons)))


@dataclass(frozen=True)
class Described:
    """An object of a described kind; its fields are compiled at first use, since kinds contain each other."""

    name: str
    types: Json

    @cached_property
    def fields(self) -> dict[str, Check]:
        return {field["name"]: compiled(tuple(field["types"]), self.types) for field in self.types[self.name].get("fields", [])}

    @cached_property
    def required(self) -> tuple[str, ...]:
        return tuple(field["name"] for field in self.types[self.name].get("fields", []) if field["required"])

    @cached_property
    def fixed(self) -> dict[str, str]:
        """Fields that tell kinds of a union apart: always of one value."""
        found = ((field["name"], _FIXED.search(field["description"])) for field in self.types[self.name].get("fields", []))
        return {name: match[1] for name, match in found if match}

    @cached_property
    def subtypes(self) -> Check | None:
        names = self.types[self.name].get("subtypes")
        return compiled(tuple(names), self.types) if names else None

    def __call__(self, value: Any, textual: bool) -> Any:
        read = _read(value, textual)
        if not isinstance(read, dict):
            raise Mismatch(f"an object {self.name} is expected")
        if self.name not in self.types:
            return read
        if self.subtypes:
            return self.subtypes(read, False)
        for name in self.required:
            if name not in read:
                raise Mismatch(f"{self.name} lacks {name}")
        return {name: self._field(name, one) for name, one in read.items() if one is not None}

    def _field(self, name: str, value: Any) -> Any:
        check = self.fields.get(name)
        if check is None:
            raise Mismatch(f"{self.name} has no {name}")
        if name in self.fixed and value != self.fixed[name]:
            raise Mismatch(f"{self.name} needs {name} {self.fixed[name]}")
        return check(value, False)


def compiled(kinds: tuple[str, ...], types: Json) -> Check:
    """One check for a union of type names such as `Integer` or `Array of Array of PhotoSize`."""
    checks = tuple(_one(kind, types) for kind in sorted(kinds, key=lambda kind: kind == "String"))
    return checks[0] if len(checks) == 1 else Either(checks)


def _one(kind: str, types: Json) -> Check:
    if kind.startswith("Array of "):
        return Several(_one(kind.removeprefix("Array of "), types))
    return SIMPLE.get(kind) or Described(kind, types)


@dataclass(frozen=True)
class Method:
    """One method with a check for each parameter."""

    name: str
    required: tuple[str, ...]
    parameters: dict[str, Check]


@dataclass(frozen=True)
class Schema:
    """Methods by lower-case name. `complete` is false where only the short table was at hand: unknown parameters then pass."""

    methods: dict[str, Method]
    complete: bool

    @staticmethod
    @cache
    def load(path: Path = SPECIFICATION) -> Schema:
        """Reads the description beside the repository; without it, the short table of what this house uses."""
        if not path.exists():
            return Schema({name.lower(): _minimal(name, fields) for name, fields in MINIMAL.items()}, False)
        described = json.loads(path.read_text(encoding="utf-8"))
        return Schema({name.lower(): _method(name, method, described["types"]) for name, method in described["methods"].items()}, True)

    def method(self, name: str) -> Method:
        """Raises a 404 for a method that Telegram does not have."""
        found = self.methods.get(name.lower())
        if found is None:
            raise Refusal(404, "Not Found", violation=True)
        return found

    def check(self, method: Method, given: Parameters) -> Parameters:
        """The parameters in their own types. Raises a 400 that names the first that is missing, unknown or of a wrong type."""
        present = {name: value for name, value in given.items() if value is not None}
        for name in method.required:
            if name not in present:
                raise wrong("message text is empty" if name == "text" else f"parameter {name} is required")
        found: Parameters = {}
        for name, value in present.items():
            check = method.parameters.get(name)
            if check is None:
                if self.complete:
                    raise wrong(f"{method.name} has no parameter {name}")
                continue
            try:
                found[name] = check(value, True)
            except Mismatch as mismatch:
                raise wrong(f"can't parse parameter {name}: {mismatch}") from mismatch
        return found


def _method(name: str, described: Json, types: Json) -> Method:
    fields = described.get("fields", [])
    required = tuple(field["name"] for field in fields if field["required"])
    return Method(name, required, {field["name"]: compiled(tuple(field["types"]), types) for field in fields})


def _minimal(name: str, fields: str) -> Method:
    names = fields.split()
    required = tuple(field.rstrip("!") for field in names if field.endswith("!"))
    return Method(name, required, {field.rstrip("!"): compiled(MINIMAL_TYPES.get(field.rstrip("!"), ("String",)), {}) for field in names})
