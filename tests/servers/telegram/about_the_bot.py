"""Methods about the bot itself, its files and its chats."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.servers.telegram.call import Call, Handler
from tests.servers.telegram.refusals import bad, wrong

DOWNLOAD_LIMIT = 20 * 2**20
COMMANDS_LIMIT = 100
_COMMAND = re.compile(r"/?[a-z0-9_]{1,32}\Z")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?\Z")
TEXTS = {
    "MyDescription": ("description", 512),
    "MyShortDescription": ("short_description", 120),
    "MyName": ("name", 64),
}


def get_me(call: Call) -> Any:
    rights = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False, "can_connect_to_business": False}
    return {**call.platform.bot, **rights, "has_main_web_app": False}


def get_file(call: Call) -> Any:
    file = call.platform.files.get(call.get("file_id"))
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(file.content) > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    return {"file_id": file.file_id, "file_unique_id": file.file_id[-8:], "file_size": len(file.content), "file_path": file.path}


def get_chat(call: Call) -> Any:
    chat = call.platform.reachable(call.get("chat_id"))
    return {**chat.described(), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(GIFTS, True)}


GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def _commands_key(call: Call) -> tuple[str, ...]:
    language = str(call.get("language_code", ""))
    if not _LANGUAGE.match(language):
        raise wrong("invalid language code specified")
    return "commands", language, json.dumps(call.get("scope") or {"type": "default"}, sort_keys=True)


def set_commands(call: Call) -> Any:
    commands = call.get("commands")
    if len(commands) > COMMANDS_LIMIT:
        raise wrong("can't set more than 100 commands")
    for command in commands:
        if not _COMMAND.match(command["command"]):
            raise wrong("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise wrong("BOT_COMMAND_DESCRIPTION_INVALID")
    call.platform.profile[_commands_key(call)] = [{**command, "command": command["command"].lstrip("/")} for command in commands]
    return True


def get_commands(call: Call) -> Any:
    return call.platform.profile.get(_commands_key(call), [])


def delete_commands(call: Call) -> Any:
    call.platform.profile.pop(_commands_key(call), None)
    return True


def set_text(call: Call) -> Any:
    name, limit = TEXTS[call.method.removeprefix("set")]
    text = str(call.get(name, ""))
    if len(text) > limit:
        raise wrong(f"{name} is too long")
    call.platform.profile[name, str(call.get("language_code", ""))] = text
    return True


def get_text(call: Call) -> Any:
    name, _ = TEXTS[call.method.removeprefix("get")]
    profile, language = call.platform.profile, str(call.get("language_code", ""))
    return {name: profile.get((name, language)) or profile.get((name, ""), "")}


def agree(call: Call) -> Any:
    return True


HANDLERS: dict[str, Handler] = {
    "getMe": get_me, "getFile": get_file, "getChat": get_chat, "setMyCommands": set_commands, "getMyCommands": get_commands,
    "deleteMyCommands": delete_commands, "logOut": agree, "close": agree, "setChatMenuButton": agree,
    **{f"set{name}": set_text for name in TEXTS}, **{f"get{name}": get_text for name in TEXTS},
}  # fmt: skip
