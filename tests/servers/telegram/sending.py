"""Methods that make new messages."""

from __future__ import annotations

import re
from typing import Any

from tests.servers.telegram.call import Call, Handler
from tests.servers.telegram.entities import formatted
from tests.servers.telegram.marks import utf16_length
from tests.servers.telegram.messages import Chat, StoredFile
from tests.servers.telegram.refusals import Json, bad, wrong
from tests.servers.telegram.schema import Upload
from tests.servers.telegram.wire import ATTACHED

TEXT_LIMIT, CAPTION_LIMIT, DATA_LIMIT, BUTTONS_LIMIT = 4096, 1024, 64, 100
UPLOAD_LIMIT, PHOTO_LIMIT = 50 * 2**20, 10 * 2**20
ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
FILES = {
    "sendDocument": "document", "sendPhoto": "photo", "sendVoice": "voice", "sendAudio": "audio", "sendVideo": "video", "sendAnimation": "animation",
    "sendVideoNote": "video_note", "sendSticker": "sticker",
}  # fmt: skip
_URL = re.compile(r"(?:(?:https?|tg|ton)://\S+|[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?)\Z", re.IGNORECASE)
_WHAT = ("url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat",
         "copy_text", "callback_game", "pay")  # fmt: skip


def text_of(call: Call, name: str = "text", limit: int = TEXT_LIMIT) -> tuple[str, list[Json]]:
    """The text after its marks. Raises a 400 for an empty or a long one."""
    text, entities = formatted(call.parameters, str(call.get(name, "")), "entities" if name == "text" else "caption_entities")
    if name == "text" and not text:
        raise wrong("message text is empty" if not str(call.get(name, "")).strip() else "text must be non-empty")
    if utf16_length(text) > limit:
        raise wrong("message is too long" if name == "text" else "message caption is too long")
    return text, entities


def check_keyboard(markup: Any) -> None:
    """Raises a 400 for buttons that the platform would not show."""
    if not markup or "inline_keyboard" not in markup:
        return
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > BUTTONS_LIMIT:
        raise wrong("reply markup is too long")
    for button in buttons:
        if not button["text"].strip():
            raise wrong("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        if sum(key in button for key in _WHAT) != 1:
            raise wrong("can't parse inline keyboard button: exactly one kind of button is expected")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= DATA_LIMIT:
            raise wrong("BUTTON_DATA_INVALID")
        if "url" in button and not _URL.match(button["url"]):
            raise wrong(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")


def addressed(call: Call) -> Chat:
    """The chat to write to, counted by flood control after everything else was found right."""
    chat = call.platform.reachable(call.get("chat_id"))
    reply = call.get("reply_parameters")
    if reply and not reply.get("allow_sending_without_reply"):
        found = chat.messages.get(reply["message_id"])
        if found is None or found.deleted:
            raise bad("message to be replied not found")
    return chat


def send_message(call: Call) -> Any:
    text, entities = text_of(call)
    check_keyboard(call.get("reply_markup"))
    chat = addressed(call)
    call.platform.count(chat)
    return call.platform.json(call.platform.show(call.method, chat, call.parameters, text, entities))


def stored(call: Call, value: Any, limit: int = UPLOAD_LIMIT) -> StoredFile:
    """The file itself, kept now or before. Raises a 400 or 413."""
    if isinstance(value, Upload):
        if not value.content:
            raise wrong("file must be non-empty")
        if len(value.content) > limit:
            raise bad("file is too big")
        return call.platform.store(value)
    if value in call.platform.files:
        return call.platform.files[value]
    if str(value).startswith(("http://", "https://")):
        raise bad("failed to get HTTP URL content")
    raise wrong("wrong remote file identifier specified: can't unserialize it")


def attachment(kind: str, file: StoredFile) -> Json:
    """The part of a message that tells of its file."""
    about: Json = {"file_id": file.file_id, "file_unique_id": file.file_id[-8:], "file_size": len(file.content)}
    match kind:
        case "photo":
            return {"photo": [{**about, "width": 90, "height": 90}, {**about, "width": 320, "height": 320}]}
        case "voice":
            return {"voice": {**about, "duration": 1, "mime_type": file.mime}}
        case "video" | "animation":
            return {kind: {**about, "duration": 1, "width": 320, "height": 240, "file_name": file.name, "mime_type": file.mime}}
        case "video_note":
            return {kind: {**about, "duration": 1, "length": 240}}
        case "sticker":
            return {kind: {**about, "type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}}
        case "audio":
            return {kind: {**about, "duration": 1, "file_name": file.name, "mime_type": file.mime}}
        case _:
            return {"document": {**about, "file_name": file.name, "mime_type": file.mime}}


def send_file(call: Call) -> Any:
    kind = FILES[call.method]
    caption, entities = text_of(call, "caption", CAPTION_LIMIT)
    check_keyboard(call.get("reply_markup"))
    chat = addressed(call)
    file = stored(call, call.get(kind), PHOTO_LIMIT if kind == "photo" else UPLOAD_LIMIT)
    call.platform.count(chat)
    shown = call.platform.show(call.method, chat, call.parameters, caption, entities, file=file, extra=attachment(kind, file))
    return call.platform.json(shown)


def send_media_group(call: Call) -> Any:
    media = call.get("media")
    if not 2 <= len(media) <= 10:
        raise wrong("wrong number of media in the group")
    chat, album = addressed(call), str(call.platform.sequence + 1)
    parts = []
    for one in media:
        value = one["media"]
        file = stored(call, call.uploads.get(value.removeprefix(ATTACHED), value) if value.startswith(ATTACHED) else value)
        parts.append((one, file, formatted(one, str(one.get("caption", "")), "caption_entities")))
    call.platform.count(chat)
    shown = []
    for one, file, (caption, entities) in parts:
        extra = {**attachment(one["type"], file), "media_group_id": album}
        shown.append(call.platform.json(call.platform.show(call.method, chat, call.parameters, caption, entities, file=file, extra=extra)))
    return shown


def send_chat_action(call: Call) -> Any:
    if call.get("action") not in ACTIONS:
        raise wrong("wrong parameter action in request")
    chat = call.platform.reachable(call.get("chat_id"))
    chat.actions.append((call.platform.now(), call.get("action")))
    call.platform.announce()
    return True


HANDLERS: dict[str, Handler] = {
    "sendMessage": send_message, "sendMediaGroup": send_media_group, "sendChatAction": send_chat_action, **dict.fromkeys(FILES, send_file),
}  # fmt: skip
