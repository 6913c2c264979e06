"""Methods that change or remove what stands in a chat, and answer presses."""

from __future__ import annotations

from typing import Any

from tests.servers.telegram.call import Call, Handler
from tests.servers.telegram.marks import utf16_length
from tests.servers.telegram.messages import Chat, Message, keyboard
from tests.servers.telegram.platform import QUERY_SECONDS, Toast
from tests.servers.telegram.refusals import bad, wrong
from tests.servers.telegram.sending import CAPTION_LIMIT, check_keyboard, text_of

DELETE_SECONDS = 48 * 3600
TOAST_LIMIT = 200
SAME = "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"


def _find(call: Call, what: str) -> tuple[Chat, Message]:
    if call.get("inline_message_id"):
        raise bad("MESSAGE_ID_INVALID")
    if call.get("chat_id") is None or call.get("message_id") is None:
        raise wrong("message identifier is not specified")
    chat = call.platform.reachable(call.get("chat_id"))
    message = chat.messages.get(call.get("message_id"))
    if message is None or message.deleted:
        raise bad(f"message to {what} not found")
    return chat, message


def _own(call: Call) -> tuple[Chat, Message]:
    chat, message = _find(call, "edit")
    if message.sender != 0:
        raise bad("message can't be edited")
    return chat, message


def edit_text(call: Call) -> Any:
    return _edit(call, "text")


def edit_caption(call: Call) -> Any:
    return _edit(call, "caption")


def _edit(call: Call, name: str) -> Any:
    text, entities = text_of(call, name) if name == "text" else text_of(call, name, CAPTION_LIMIT)
    markup = call.get("reply_markup")
    check_keyboard(markup)
    chat, message = _own(call)
    if (name == "text") == (message.file is not None):
        raise bad(f"there is no {name} in the message to edit")
    if message.text == text and message.entities == entities and _rows(message.markup) == _rows(markup):
        raise bad(SAME)
    call.platform.count(chat)
    message.text, message.entities, message.markup, message.buttons = text, entities, markup, keyboard(markup)
    call.platform.changed(call.method, message)
    return call.platform.json(message)


def edit_markup(call: Call) -> Any:
    markup = call.get("reply_markup")
    check_keyboard(markup)
    chat, message = _own(call)
    if _rows(message.markup) == _rows(markup):
        raise bad(SAME)
    call.platform.count(chat)
    message.markup, message.buttons = markup, keyboard(markup)
    call.platform.changed(call.method, message)
    return call.platform.json(message)


def _rows(markup: Any) -> Any:
    return [row for row in (markup or {}).get("inline_keyboard", []) if row]


def delete_message(call: Call) -> Any:
    chat, message = _find(call, "delete")
    _delete(call, chat, message)
    return True


def delete_messages(call: Call) -> Any:
    """Those that are not there are passed over."""
    chat = call.platform.reachable(call.get("chat_id"))
    if not 1 <= len(call.get("message_ids")) <= 100:
        raise wrong("too many message identifiers specified")
    for number in call.get("message_ids"):
        if (message := chat.messages.get(number)) is not None and not message.deleted:
            _delete(call, chat, message)
    return True


def _delete(call: Call, chat: Chat, message: Message) -> None:
    if call.platform.now() - message.time > DELETE_SECONDS or (message.sender != 0 and chat.kind != "private"):
        raise bad("message can't be deleted for everyone")
    message.deleted = True
    call.platform.deleted.append((chat.id, message.message_id))
    call.platform.announce()


def answer_press(call: Call) -> Any:
    text = str(call.get("text", ""))
    if utf16_length(text) > TOAST_LIMIT:
        raise wrong("MESSAGE_TOO_LONG")
    press = call.platform.presses.get(call.get("callback_query_id"))
    if press is None or press.answered or call.platform.now() - press.at > QUERY_SECONDS:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    press.answered = True
    call.platform.toasts.append(Toast(press.query_id, press.chat_id, text, bool(call.get("show_alert")), call.platform.now()))
    call.platform.announce()
    return True


def react(call: Call) -> Any:
    message = _find(call, "react")[1]
    if len(call.get("reaction") or []) > 1:
        raise bad("REACTIONS_TOO_MANY")
    message.reactions = call.get("reaction") or []
    call.platform.announce()
    return True


HANDLERS: dict[str, Handler] = {
    "editMessageText": edit_text, "editMessageCaption": edit_caption, "editMessageReplyMarkup": edit_markup, "deleteMessage": delete_message,
    "deleteMessages": delete_messages, "answerCallbackQuery": answer_press, "setMessageReaction": react,
}  # fmt: skip
