"""What Telegram sends, as we understand it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.base import GROUP, PRIVATE, Incoming, Kind
from bot.channels.telegram_updates import Me, read_all

ME = Me(7, "our_bot")
ADA: dict[str, Any] = {"id": 5, "is_bot": False, "first_name": "Ada", "last_name": "L", "language_code": "de"}
PRIVATE_CHAT = {"id": 5, "type": "private"}
GROUP_CHAT = {"id": -9, "type": "supergroup"}


def said(text: str | None = None, *, chat: dict[str, Any] = PRIVATE_CHAT, field: str = "message", **more: Any) -> list[Incoming]:
    message: dict[str, Any] = {"message_id": 3, "date": 1_700_000_000, "from": ADA, "chat": chat, **more}
    if text is not None:
        message["text"] = text
    return read_all([{"update_id": 11, field: message}], ME)


def test_a_text() -> None:
    [got] = said("hello")
    assert got == Incoming(
        "telegram", "11", "5", "5", Kind.TEXT, "hello", {"message_id": 3}, PRIVATE, True, "Ada L", "de", datetime.fromtimestamp(1_700_000_000, UTC)
    )


def test_updates_come_in_the_order_of_their_ids() -> None:
    updates = [{"update_id": n, "message": {"message_id": n, "date": 1, "from": ADA, "chat": PRIVATE_CHAT, "text": str(n)}} for n in (100, 9, 99)]
    assert [got.text for got in read_all(updates, ME)] == ["9", "99", "100"]


def test_the_bots_name_is_taken_off() -> None:
    assert [got.text for got in said("/tasks@Our_Bot all")] == ["/tasks all"]
    assert [got.text for got in said("@our_bot, hello", chat=GROUP_CHAT)] == ["hello"]
    assert [got.text for got in said("mail me@our_bot.example")] == ["mail me@our_bot.example"]


@pytest.mark.parametrize(
    ("text", "more", "addressed"),
    [
        ("hello all", {}, False),
        ("/tasks", {}, True),
        ("/tasks@our_bot", {}, True),
        ("/tasks@other_bot", {}, False),
        ("hi @our_bot", {}, True),
        ("hi @our_bottle", {}, False),
        ("yes", {"reply_to_message": {"from": {"id": 7}}}, True),
        ("yes", {"reply_to_message": {"from": {"id": 8}}}, False),
        ("you", {"entities": [{"type": "text_mention", "offset": 0, "length": 3, "user": {"id": 7}}]}, True),
    ],
)
def test_group_talk_is_for_us_only_when_it_says_so(text: str, more: dict[str, Any], addressed: bool) -> None:
    [got] = said(text, chat=GROUP_CHAT, **more)
    assert (got.chat_kind, got.chat_id, got.addressed) == (GROUP, "-9", addressed)


def test_a_button_press_carries_token_and_press() -> None:
    query = {"id": "99", "from": ADA, "data": "tok", "message": {"message_id": 3, "chat": PRIVATE_CHAT, "date": 0}}
    [got] = read_all([{"update_id": 12, "callback_query": query}], ME)
    assert (got.kind, got.payload, got.chat_id) == (Kind.BUTTON, {"token": "tok", "press_id": "99", "message_id": 3}, "5")


def test_an_edit_is_marked() -> None:
    [got] = said("at 4", field="edited_message", edit_date=1_700_000_060)
    assert got.payload == {"message_id": 3, "edited": True}


def test_files_and_voice_carry_what_is_needed_to_fetch_them() -> None:
    [voice] = said(voice={"file_id": "F1", "file_unique_id": "u", "duration": 3, "mime_type": "audio/ogg", "file_size": 9})
    assert (voice.kind, voice.payload["file_id"], voice.payload["seconds"]) == (Kind.VOICE, "F1", 3)
    [photo] = said(photo=[{"file_id": "small"}, {"file_id": "large"}], caption="the receipt")
    assert (photo.kind, photo.payload["file_id"], photo.text) == (Kind.FILE, "large", "the receipt")
    [document] = said(document={"file_id": "F2", "file_name": "a.pdf"})
    assert document.payload["name"] == "a.pdf"
    assert [got.kind for got in said(sticker={"file_id": "s"})] == [Kind.OTHER]


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 1},
        {"update_id": 1, "message": {}},
        {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": PRIVATE_CHAT, "text": "from a channel"}},
        {"update_id": 1, "message": {"message_id": 1, "date": 1, "from": {**ADA, "is_bot": True}, "chat": PRIVATE_CHAT, "text": "from a bot"}},
        {"update_id": 1, "message": {"message_id": 1, "date": 1, "from": ADA, "chat": GROUP_CHAT, "new_chat_members": []}},
        {"update_id": 1, "message": {"message_id": 1, "date": 10**30, "from": ADA, "chat": PRIVATE_CHAT, "text": "x"}},
        {"update_id": 1, "callback_query": {"id": "1", "from": ADA, "inline_message_id": "x", "data": "y"}},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": {"message_id": 1, "date": 1, "from": ADA, "chat": None, "text": "x"}},
    ],
)
def test_what_we_cannot_use_is_left_out(update: dict[str, Any]) -> None:
    assert read_all([update, {"update_id": 2, "message": {"message_id": 2, "date": 1, "from": ADA, "chat": PRIVATE_CHAT, "text": "ok"}}], ME)[0].text == "ok"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["message_id", "from", "chat", "id", "type", "text", "date", "is_bot", "entities", "photo", "data", "message", "document", "file_id"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["update_id", "message", "callback_query", "edited_message"]), _VALUES, max_size=3))
@settings(max_examples=300, deadline=None)
def test_no_update_breaks_the_batch(update: dict[str, Any]) -> None:
    good = {"update_id": 2, "message": {"message_id": 2, "date": 1, "from": ADA, "chat": PRIVATE_CHAT, "text": "ok"}}
    assert any(got.text == "ok" for got in read_all([update, good], ME))
