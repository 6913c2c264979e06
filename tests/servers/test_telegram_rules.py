"""The stand-in for Telegram against the platform's rules, over plain HTTP."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.servers.telegram import TOKEN, TelegramServer
from tests.servers.telegram.entities import formatted
from tests.servers.telegram.flood_control import FloodControl
from tests.servers.telegram.people import detected
from tests.servers.telegram.refusals import Refusal
from tests.servers.telegram.schema import SPECIFICATION, Schema

ROOT = Path(__file__).resolve().parents[2]


class Http:
    """A client that says whatever it likes."""

    def __init__(self, server: TelegramServer, session: aiohttp.ClientSession) -> None:
        self.server, self.session = server, session

    async def __call__(self, method: str, **parameters: Any) -> Any:
        """The result. Raises Refusal."""
        async with self.session.post(f"{self.server.root}/bot{self.server.token}/{method}", json=parameters) as answer:
            body = await answer.json()
        if not body["ok"]:
            raise Refusal(body["error_code"], body["description"], **body.get("parameters", {}))
        return body["result"]


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest.fixture
async def http(server: TelegramServer) -> AsyncIterator[Http]:
    async with aiohttp.ClientSession() as session:
        yield Http(server, session)


needs_description = pytest.mark.skipif(not SPECIFICATION.exists(), reason="Telegram's description of its methods is not beside this repository")


@needs_description
@pytest.mark.parametrize(
    ("method", "parameters", "reason"),
    [
        ("sendMessage", {"chat_id": 7}, "message text is empty"),
        ("sendMessage", {"text": "x"}, "chat_id is required"),
        ("sendMessage", {"chat_id": 7, "text": 5}, "can't parse parameter text"),
        ("sendMessage", {"chat_id": [7], "text": "x"}, "can't parse parameter chat_id"),
        ("sendMessage", {"chat_id": 7, "text": "x", "colour": "red"}, "no parameter colour"),
        ("sendMessage", {"chat_id": 7, "text": "x", "disable_notification": "perhaps"}, "true or false"),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": "{"}, "can't parse JSON"),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": {"inline_keyboard": [[{"txt": "a"}]]}}, "InlineKeyboardButton"),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_parameters": {"message_id": "5"}}, "an integer is expected"),
        ("sendMessage", {"chat_id": 7, "text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "outside the text"),
        ("sendMessage", {"chat_id": 7, "text": "👋x", "entities": [{"type": "bold", "offset": 1, "length": 1}]}, "splits a character"),
        ("sendMessage", {"chat_id": 7, "text": " \n "}, "text is empty"),
        ("sendMessage", {"chat_id": 7, "text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ("sendChatAction", {"chat_id": 7, "action": "dancing"}, "wrong parameter action"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "MESSAGE_TOO_LONG"),
        ("setMyCommands", {"commands": [{"command": "Not Good", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setWebhook", {"url": "http://example.org/"}, "HTTPS URL must be provided"),
        ("setWebhook", {"url": "https://example.org/", "secret_token": "a b"}, "unallowed characters"),
        ("setMessageReaction", {"chat_id": 7, "message_id": 1, "reaction": [{"type": "emoji"}]}, "lacks emoji"),
        ("sendDocument", {"chat_id": 7, "document": "no-such-file"}, "wrong remote file identifier"),
        ("sendDice", {"chat_id": 7}, "not played by this stand-in"),
    ],
)
async def test_wrong_requests_are_refused_and_recorded(server: TelegramServer, http: Http, method: str, parameters: dict[str, Any], reason: str) -> None:
    await server.user(7).send("hi")
    with pytest.raises(Refusal, match=r"^Bad Request: ") as refused:
        await http(method, **parameters)
    assert reason in refused.value.description
    assert [violation.method for violation in server.violations] == [method] and server.sent == []


@pytest.mark.parametrize(
    "button",
    [
        {"text": "", "callback_data": "x"},
        {"text": "a", "callback_data": "x" * 65},
        {"text": "a", "callback_data": ""},
        {"text": "a", "callback_data": "ü" * 33},
        {"text": "a"},
        {"text": "a", "url": "javascript:alert(1)"},
        {"text": "a", "url": "https://a.example", "callback_data": "x"},
    ],
)
async def test_buttons_that_nobody_would_see(server: TelegramServer, http: Http, button: dict[str, str]) -> None:
    await server.user(7).send("hi")
    with pytest.raises(Refusal):
        await http("sendMessage", chat_id=7, text="x", reply_markup={"inline_keyboard": [[button]]})
    assert len(server.violations) == 1


async def test_forms_queries_and_any_case_are_understood(server: TelegramServer, http: Http) -> None:
    await server.user(7).send("hi")
    address = f"{server.root}/bot{server.token}"
    keys = json.dumps({"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]})
    for sending in (
        http.session.get(f"{address}/SENDMESSAGE", params={"chat_id": "7", "text": "query"}),
        http.session.post(f"{address}/sendMessage", data={"chat_id": "7", "text": "form", "reply_markup": keys, "disable_notification": "true"}),
    ):
        async with sending as answer:
            assert answer.status == 200
    async with http.session.post(f"{address}/sendMessage", data=b"{broken", headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400
    async with http.session.post(f"{address}/noSuchMethod") as answer:
        assert answer.status == 404
    assert [(one.text, one.silent, one.labels) for one in server.sent] == [("query", False, []), ("form", True, ["A"])]


async def test_an_update_stays_until_a_higher_offset(server: TelegramServer, http: Http) -> None:
    ids = [(await server.user(7).send(str(number)))["update_id"] for number in range(150)]
    first = await http("getUpdates")
    assert [one["update_id"] for one in first] == ids[:100] == [one["update_id"] for one in await http("getUpdates", limit=500)]
    assert [one["update_id"] for one in await http("getUpdates", offset=ids[40], limit=3)] == ids[40:43]
    assert [one["update_id"] for one in await http("getUpdates", offset=-2)] == ids[-2:]
    assert (await http("getUpdates", offset=ids[-1] + 1), server.pending) == ([], 0)


async def test_duplicates_and_late_updates_are_given_out_once_more(server: TelegramServer, http: Http) -> None:
    a, b, c = [(await server.user(7).send(text))["update_id"] for text in "abc"]
    assert len(await http("getUpdates")) == 3
    assert await http("getUpdates", offset=c + 1) == []
    server.redeliver(b)
    assert [one["update_id"] for one in await http("getUpdates", offset=c + 1)] == [b]
    assert await http("getUpdates", offset=c + 1) == []
    server.push({"update_id": a, **{key: value for key, value in server.updates.confirmed[a].items() if key != "update_id"}})
    assert [one["update_id"] for one in await http("getUpdates", offset=c + 1)] == [a]
    server.updates.shuffle = random.Random(1)
    ids = [(await server.user(7).send(str(number)))["update_id"] for number in range(20)]
    mixed = [one["update_id"] for one in await http("getUpdates", offset=c + 1)]
    assert mixed != ids and sorted(mixed) == ids


async def test_a_long_poll_wakes_at_once_and_old_updates_are_gone(server: TelegramServer, http: Http) -> None:
    polling = asyncio.create_task(http("getUpdates", timeout=20, allowed_updates=["message"]))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    update = await server.user(7).send("hi")
    assert [one["update_id"] for one in await polling] == [update["update_id"]]
    assert time.monotonic() - started < 0.5
    server.user(7).block()
    assert len(server.updates.dropped) == 1
    server.advance(25 * 3600)
    assert await http("getUpdates") == []


async def test_a_press_is_answered_once_and_not_too_late(server: TelegramServer, http: Http) -> None:
    ada = server.user(7)
    await ada.send("hi")
    await http("sendMessage", chat_id=7, text="?", reply_markup={"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]})
    with pytest.raises(AssertionError, match="Yes"):
        await ada.press(None, "No")
    first, second = await ada.press(None, "Yes"), await ada.press(None, "y")
    await http("answerCallbackQuery", callback_query_id=first["callback_query"]["id"])
    with pytest.raises(Refusal, match="too old"):
        await http("answerCallbackQuery", callback_query_id=first["callback_query"]["id"])
    server.advance(3600)
    with pytest.raises(Refusal, match="too old"):
        await http("answerCallbackQuery", callback_query_id=second["callback_query"]["id"])
    shown = server.chat(7).visible[0].message_id
    await http("editMessageReplyMarkup", chat_id=7, message_id=shown)
    with pytest.raises(AssertionError):
        await ada.press(shown, "Yes")
    assert (await ada.press(shown, "Yes", stale=True))["callback_query"]["data"] == "y"


async def test_files_have_limits(server: TelegramServer, http: Http) -> None:
    ada = server.user(7)
    large = await ada.send_file("large.bin", bytes(20 * 2**20 + 1))
    with pytest.raises(Refusal, match="file is too big"):
        await http("getFile", file_id=large["message"]["document"]["file_id"])
    form = aiohttp.FormData({"chat_id": "7"})
    form.add_field("document", bytes(53 * 2**20), filename="huge.bin")
    async with http.session.post(f"{server.root}/bot{server.token}/sendDocument", data=form) as answer:
        assert answer.status == 413


async def test_replies_need_a_message_to_reply_to(server: TelegramServer, http: Http) -> None:
    update = await server.user(7).send("hi")
    number = update["message"]["message_id"]
    with pytest.raises(Refusal, match="replied not found"):
        await http("sendMessage", chat_id=7, text="x", reply_parameters={"message_id": 404})
    sent = await http("sendMessage", chat_id=7, text="x", reply_parameters={"message_id": number})
    assert sent["reply_to_message"]["text"] == "hi"
    assert [one.text for one in server.replies_to(update)] == ["x"]


def test_flood_control() -> None:
    control = FloodControl()
    assert [control.wait(1, False, 0.0) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert control.wait(1, False, 0.5) == 3, "two more seconds for not listening"
    assert control.wait(1, False, 3.1) == 0
    assert [control.wait(-1, True, 100.0 + 2 * number) for number in range(20)] == [0] * 20
    assert control.wait(-1, True, 141.0) == 19
    assert sum(control.wait(chat, False, 1000.0) == 0 for chat in range(100, 140)) == 30
    assert FloodControl(enabled=False).wait(1, False, 0.0) == 0


@pytest.mark.parametrize(
    ("mode", "source", "text", "entities"),
    [
        ("HTML", "<b>a<i>b</i></b> &lt;c&gt; &amp;amp; &#33;", "ab <c> &amp; !", ["bold 0+2", "italic 1+1"]),
        ("HTML", '<pre><code class="language-py">x&lt;1</code></pre>', "x<1", ["pre 0+3"]),
        ("HTML", '👋 <a href="https://a.example/?a=1&amp;b=2">link</a>', "👋 link", ["text_link 3+4"]),
        ("HTML", "<blockquote expandable>q</blockquote><tg-spoiler>s</tg-spoiler>", "qs", ["expandable_blockquote 0+1", "spoiler 1+1"]),
        (
            "MarkdownV2",
            "*b _i_* __u__ ~s~ ||p|| `c`",
            "b i u s p c",
            ["bold 0+3", "italic 2+1", "underline 4+1", "strikethrough 6+1", "spoiler 8+1", "code 10+1"],
        ),
        ("MarkdownV2", "1\\. [a\\!](https://a.example/\\)) 👋*x*", "1. a! 👋x", ["text_link 3+2", "bold 8+1"]),
        ("MarkdownV2", "```py\nx = 1.0\n```", "x = 1.0", ["pre 0+7"]),
        ("MarkdownV2", ">one\n>two\nthree", "one\ntwo\nthree", ["blockquote 0+7"]),
        ("Markdown", "*b* _i_ `c` [l](https://a.example)", "b i c l", ["bold 0+1", "italic 2+1", "code 4+1", "text_link 6+1"]),
        ("", "  a *b*  ", "a *b*", []),
    ],
)
def test_marks_become_entities(mode: str, source: str, text: str, entities: list[str]) -> None:
    found, marks = formatted({"parse_mode": mode}, source)
    assert (found, [f"{mark['type']} {mark['offset']}+{mark['length']}" for mark in marks]) == (text, entities)


def test_given_entities_move_with_trimmed_text() -> None:
    assert formatted({"entities": [{"type": "bold", "offset": 0, "length": 4}]}, "  ab ") == ("ab", [{"type": "bold", "offset": 0, "length": 2}])


def test_what_telegram_finds_in_a_persons_text() -> None:
    assert [(one["type"], one["offset"], one["length"]) for one in detected("👋 /go@a_bot https://a.example me@b.example #tag")] == [
        ("bot_command", 3, 9), ("url", 13, 17), ("email", 31, 12), ("hashtag", 44, 4),
    ]  # fmt: skip


async def test_without_the_description_the_short_table_holds(tmp_path: Path) -> None:
    async with TelegramServer(schema=Schema.load(tmp_path / "absent.json")) as server, aiohttp.ClientSession() as session:
        http = Http(server, session)
        await server.user(7).send("hi")
        await http("sendMessage", chat_id="7", text="x", reply_markup='{"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}')
        with pytest.raises(Refusal, match="chat_id"):
            await http("sendMessage", text="x")
        assert not server.schema.complete and server.chat(7).visible[0].labels == ["A"]


async def test_many_updates_are_cheap(server: TelegramServer, http: Http) -> None:
    """20,000 updates through the queue and 1,000 messages, client included, on what one core gives."""
    people = [server.user(number) for number in range(1, 21)]
    started = time.process_time()
    for number in range(20_000):
        await people[number % 20].send(f"message {number}")
    taken, offset = 0, 0
    while batch := await http("getUpdates", offset=offset):
        taken, offset = taken + len(batch), batch[-1]["update_id"] + 1
    queue_seconds = time.process_time() - started
    started = time.process_time()
    await asyncio.gather(*(http("sendMessage", chat_id=number % 20 + 1, text=f"answer {number}") for number in range(1000)))
    rate = 1000 / (time.process_time() - started)
    print(f"\n20,000 updates in {queue_seconds:.2f} s of processor time, {rate:.0f} sendMessage/s with their client")
    assert (taken, len(server.sent)) == (20_000, 1000)
    assert queue_seconds < 10 and rate > 400


async def test_replies_are_found_with_and_without_quotation(server: TelegramServer, http: Http) -> None:
    ada = server.user(7)
    first = await ada.send("one")
    await http("sendMessage", chat_id=7, text="re one")
    await http("sendMessage", chat_id=7, text="more")
    second, third = await ada.send("two"), await ada.send("three")
    await http("sendMessage", chat_id=7, text="re three", reply_parameters={"message_id": third["message"]["message_id"]})
    await http("sendMessage", chat_id=7, text="re two", reply_parameters={"message_id": second["message"]["message_id"]})
    assert [[one.text for one in server.replies_to(update)] for update in (first, second, third)] == [["re one", "more"], ["re two"], ["re three"]]


async def test_waiting_sees_new_and_edited_messages_only(server: TelegramServer, http: Http) -> None:
    ada = server.user(7)

    async def echo() -> None:
        [update] = await http("getUpdates", timeout=5)
        shown = await http("sendMessage", chat_id=7, text="working")
        await http("editMessageText", chat_id=7, message_id=shown["message_id"], text=f"done {update['message']['text']}")
        await http("getUpdates", offset=update["update_id"] + 1)

    running = asyncio.create_task(echo())
    assert (await server.ask(ada, "a", "^done")).text == "done a"
    await running
    await server.quiet(0.05)
    with pytest.raises(AssertionError, match="done a"):
        await server.wait_for(7, "done", 0.05, since=server.mark())


async def test_a_group_that_migrates_and_its_limit(server: TelegramServer, http: Http) -> None:
    server.group(-5, "Family")
    server.migrate(-5, -1005)
    with pytest.raises(Refusal) as refused:
        await http("sendMessage", chat_id=-5, text="x")
    assert refused.value.extra == {"migrate_to_chat_id": -1005}
    await server.user(7).send("hi all", chat=-1005)
    [update] = await http("getUpdates")
    assert (update["message"]["chat"], update["message"]["from"]["id"]) == ({"id": -1005, "type": "supergroup", "title": "Family"}, 7)
    await http("sendMessage", chat_id=-1005, text="x")


async def test_as_a_process(tmp_path: Path) -> None:
    record = tmp_path / "sent.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.telegram", "--record", str(record), cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        root = (await process.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{root}/control/say", json=[{"user": 7, "text": "hi"}]) as answer:
                assert [update["message"]["text"] for update in await answer.json()] == ["hi"]
            async with session.post(f"{root}/bot{TOKEN}/sendMessage", json={"chat_id": 7, "text": "hello"}) as answer:
                assert answer.status == 200
            async with session.get(f"{root}/control/state") as answer:
                assert [one["text"] for one in (await answer.json())["sent"]] == ["hello"]
    finally:
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert json.loads(record.read_text(encoding="utf-8"))["text"] == "hello"
