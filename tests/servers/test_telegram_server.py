"""The stand-in for Telegram, driven by two libraries of others: what they take for Telegram is near enough."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web

from tests.servers.telegram import TelegramServer
from tests.servers.telegram.faults import Kind
from tests.servers.telegram_clients import AiogramClient, Client, PtbClient, Refused

MAKERS: dict[str, Callable[[TelegramServer], Client]] = {"python-telegram-bot": PtbClient, "aiogram": AiogramClient}

BEFORE: tuple[Kind, ...] = ("bad_gateway", "server_error", "close_before")
AFTER: tuple[Kind, ...] = ("close_after", "bad_gateway_after")


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest.fixture(params=list(MAKERS))
async def client(request: pytest.FixtureRequest, server: TelegramServer) -> AsyncIterator[Client]:
    made = MAKERS[request.param](server)
    yield made
    await made.close()


async def test_a_conversation(server: TelegramServer, client: Client) -> None:
    assert await client.me() == "majordomo_test_bot"
    ada = server.user(7, "Ada")
    update = await ada.send("/start now")
    [got] = await client.poll()
    assert (got.update_id, got.message.text, got.message.entities[0].type) == (update["update_id"], "/start now", "bot_command")
    number = await client.send(7, "<b>Hi</b> <i>Ada</i> 👋", mode="HTML", rows=[[("Yes", "y"), ("No", "n")]], reply=got.message.message_id)
    shown = await server.wait_for(7, "^hi ada")
    assert (shown.message_id, shown.labels, shown.reply_to) == (number, ["Yes", "No"], got.message.message_id)
    assert [entity["type"] for entity in shown.entities] == ["bold", "italic"]
    press = await ada.press(shown, "Yes")
    [pressed] = await client.poll(got.update_id + 1)
    assert (pressed.callback_query.data, pressed.callback_query.message.message_id) == ("y", number)
    await client.answer(pressed.callback_query.id, "Done")
    assert (await server.wait_for_toast(press)).text == "Done"
    await client.edit(7, number, "Bye")
    assert (server.chat(7).texts, server.chat(7).visible[0].labels) == (["Bye"], [])
    await client.typing(7)
    await client.react(7, got.message.message_id, "👍")
    await client.delete(7, number)
    assert (server.chat(7).texts, len(server.sent), server.sent[0].text) == ([], 1, "Hi Ada 👋")
    assert server.replies_to(update) == server.sent
    assert server.violations == []


async def test_an_edited_message_and_files(server: TelegramServer, client: Client) -> None:
    ada, content = server.user(7, "Ada"), b"\x00\xffcontents" * 1000
    first = await ada.send("teh")
    await ada.edit(first, "the")
    await ada.send_file("notes.txt", content, mime="text/plain", caption="read")
    await ada.send_voice(b"OggS", seconds=3)
    _, edited, document, voice = await client.poll()
    assert (edited.edited_message.text, voice.message.voice.duration) == ("the", 3)
    assert (document.message.caption, document.message.document.file_name) == ("read", "notes.txt")
    assert await client.download(document.message.document.file_id) == content
    sent = await client.document(7, "answer.bin", content[::-1])
    assert await client.download(sent) == content[::-1]
    assert server.sent[0].file is not None and (server.sent[0].file.name, server.sent[0].text) == ("answer.bin", "a file")
    assert await client.album(7, [b"one", b"two"]) == 2
    assert [one.file.content for one in server.sent[1:] if one.file] == [b"one", b"two"]
    assert server.violations == []


async def test_how_the_bot_introduces_itself(server: TelegramServer, client: Client) -> None:
    assert await client.introduce() == ["tasks", "Described"]
    assert server.violations == []


async def test_updates_by_webhook(server: TelegramServer, client: Client) -> None:
    got: list[tuple[str, str, int]] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.json()
        if len(got) == 1:
            got.append(("", "", 0))
            return web.Response(status=500)
        message = body["message"]
        got.append((request.headers["X-Telegram-Bot-Api-Secret-Token"], message["text"], message["chat"]["id"]))
        return web.json_response({"method": "sendMessage", "chat_id": message["chat"]["id"], "text": f"re {message['text']}"})

    application = web.Application()
    application.router.add_post("/hook", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ada, bob = server.user(7), server.user(8)
    await ada.send("before")
    await client.webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", "s3cret")
    for number in range(5):
        await ada.send(f"ada {number}")
        await bob.send(f"bob {number}")
    await server.until(lambda: len(server.sent) == 11)
    assert [text for _, text, chat in got if chat == 7] == ["before", *(f"ada {number}" for number in range(5))]
    assert [text for _, text, chat in got if chat == 8] == [f"bob {number}" for number in range(5)]
    assert {secret for secret, _, chat in got if chat} == {"s3cret"}
    assert (server.pending, server.webhook.statuses.count(500)) == (0, 1)
    with pytest.raises(Exception, match="webhook is active"):
        await client.poll(seconds=0)
    await client.no_webhook()
    await ada.send("by poll again")
    assert [update.message.text for update in await client.poll()] == ["by poll again"]
    await runner.cleanup()
    assert server.violations == []


async def test_flood_control_and_refusals_reach_the_library(client: Client, server: TelegramServer) -> None:
    server.platform.flood.enabled = True
    await server.user(7).send("hi")
    for number in range(5):
        await client.send(7, f"burst {number}")
    with pytest.raises(Refused) as flooded:
        await client.send(7, "too much")
    assert (flooded.value.kind, flooded.value.value) == ("flood", 1)
    with pytest.raises(Refused) as worse:
        await client.send(7, "still too much")
    assert worse.value.value > flooded.value.value
    server.advance(60)
    await client.send(7, "patience")
    assert (len(server.sent), server.floods) == (6, 2)


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("<b>open", "HTML", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("<x>no</x>", "HTML", 'can\'t parse entities: Unsupported start tag "x" at byte offset 0'),
        ("a < b", "HTML", 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
        ("no. stop", "MarkdownV2", "can't parse entities: Character '.' is reserved and must be escaped"),
        ("*bold", "MarkdownV2", "can't parse entities: Can't find end of Bold entity at byte offset 0"),
        ("a _b", "Markdown", "can't parse entities: Can't find end of the entity starting at byte offset 2"),
        ("x" * 4097, None, "message is too long"),
        ("👋" * 2049, None, "message is too long"),
        ("<b> </b>", "HTML", "text must be non-empty"),
    ],
)
async def test_broken_text_is_a_bad_request(server: TelegramServer, client: Client, text: str, mode: str | None, reason: str) -> None:
    await server.user(7).send("hi")
    with pytest.raises(Refused) as refused:
        await client.send(7, text, mode=mode)
    assert refused.value.kind == "bad"
    assert reason.lower() in str(refused.value).lower()
    assert len(server.violations) == 1 and server.sent == []


async def test_what_is_impossible_now_is_refused_and_is_no_violation(server: TelegramServer, client: Client) -> None:
    async def reason(call: object) -> tuple[str, str]:
        with pytest.raises(Refused) as refused:
            await call  # type: ignore[misc]
        return refused.value.kind, str(refused.value)

    ada = server.user(7)
    assert "chat not found" in (await reason(client.send(7, "first word")))[1].lower()
    mine = (await ada.send("hi"))["message"]["message_id"]
    number = await client.send(7, "hello")
    assert "not modified" in (await reason(client.edit(7, number, "hello")))[1].lower()
    assert "can't be edited" in (await reason(client.edit(7, mine, "x")))[1].lower()
    assert "to edit not found" in (await reason(client.edit(7, 999, "x")))[1].lower()
    assert "query is too old" in (await reason(client.answer("404", "x")))[1].lower()
    server.advance(49 * 3600)
    assert "can't be deleted" in (await reason(client.delete(7, number)))[1].lower()
    ada.block()
    assert (await reason(client.send(7, "are you there?")))[0] == "forbidden"
    assert server.violations == []


async def test_faults_on_demand(server: TelegramServer, client: Client) -> None:
    async def outcome(text: str, mode: str | None = None) -> Exception | None:
        try:
            await client.send(7, text, mode=mode)
        except Exception as error:
            return error
        return None

    await server.user(7).send("hi")
    server.faults.add("sendMessage", "flood", retry_after=17)
    flooded = await outcome("a")
    assert isinstance(flooded, Refused) and flooded.value == 17
    server.faults.add("sendMessage", "migrate", migrate_to=-1007)
    moved = await outcome("b")
    assert isinstance(moved, Refused) and (moved.kind, moved.value) == ("migrate", -1007)
    for kind in BEFORE:
        server.faults.add("sendMessage", kind)
        assert await outcome(kind) is not None
    assert server.sent == []
    for kind in AFTER:
        server.faults.add("sendMessage", kind)
        assert await outcome(kind) is not None
    assert server.chat(7).texts == ["close_after", "bad_gateway_after"]
    markup = server.faults.add("sendMessage", "refuse_markup", times=None)
    assert isinstance(await outcome("<b>x</b>", "HTML"), Refused)
    assert await outcome("plain") is None
    assert markup.hits == 1 and server.violations == []


async def test_a_wrong_token(server: TelegramServer) -> None:
    server.token, right = "4242:AAwrong-token-of-this-machine-00", server.token
    client = PtbClient(server)
    server.token = right
    with pytest.raises(Refused) as refused:
        await client.me()
    assert refused.value.kind == "unauthorized"
    await client.close()


async def test_two_pollers_are_a_conflict_for_the_earlier(server: TelegramServer) -> None:
    async with aiohttp.ClientSession() as http:

        async def poll(seconds: int) -> int:
            async with http.post(f"{server.root}/bot{server.token}/getUpdates", json={"timeout": seconds}) as answer:
                return answer.status

        earlier = asyncio.create_task(poll(5))
        await asyncio.sleep(0.1)
        later = asyncio.create_task(poll(5))
        assert await earlier == 409
        await server.user(7).send("hi")
        assert await later == 200
