"""Telegram as a channel: polling, webhook, deliveries and what is concluded from every way in which they can fail."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from sqlalchemy.exc import OperationalError

from bot.channels import telegram
from bot.channels.base import Ambiguous, DeliveryError, Incoming, Key, MarkupRefused, NotDelivered, Part, RetryAfter, Span, Unchanged, Unreachable
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.settings import ConfigurationError
from bot.settings import read as read_settings
from orchestrator.contracts import Attachment
from tests.channels.raw_server import BAD_GATEWAY, CUT_OFF, TOKEN, ScriptedTelegram, http, refusal, serving

SECRET = "s3cret_-"


class World:
    """A scripted Bot API, the channel that talks to it, and what was taken in."""

    def __init__(self, root: str, server: ScriptedTelegram) -> None:
        self.root, self.server = root, server
        self.channel = TelegramChannel(TelegramSettings(TOKEN, root, poll_seconds=1))
        self.taken: list[Incoming] = []
        self.refuse = 0
        self.run: asyncio.Task[None] | None = None

    async def intake(self, batch: Sequence[Incoming]) -> None:
        if self.refuse:
            self.refuse -= 1
            raise OperationalError("insert", {}, Exception("disk full"))
        self.taken += batch

    def start(self) -> None:
        self.run = asyncio.create_task(self.channel.run(self.intake))

    async def stop(self) -> None:
        if self.run is not None:
            self.run.cancel()
            await asyncio.gather(self.run, return_exceptions=True)
        await self.channel.close()

    async def until(self, holds: Callable[[], bool], seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.005)

    def texts(self) -> list[str]:
        return [item.text for item in self.taken]


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(telegram, "_backoff", lambda _failures: 0.01)
    server = ScriptedTelegram()
    async with serving(server.answer) as (root, _):
        made = World(root, server)
        yield made
        await made.stop()


# --- polling ----------------------------------------------------------------------------------------------------------


async def test_what_waited_is_taken_in_order_and_acknowledged_only_after_it_was_stored(world: World) -> None:
    for number, text in ((12, "b"), (11, "a")):
        world.server.say(number, text)
    world.start()
    await world.until(lambda: len(world.server.named("getUpdates")) == 2)
    assert world.texts() == ["a", "b"]
    offsets = [call.get("offset") for call in world.server.named("getUpdates")]
    assert offsets == [None, 13]


async def test_the_offset_is_forgotten_once_everything_is_acknowledged(world: World) -> None:
    """Telegram may restart its numbers; an old offset would hide what comes then."""
    world.server.say(1000, "before")
    world.start()
    await world.until(lambda: len(world.server.named("getUpdates")) == 3)
    world.server.say(3, "after")
    await world.until(lambda: world.texts() == ["before", "after"])
    assert world.texts() == ["before", "after"]


async def test_what_could_not_be_stored_is_not_acknowledged(world: World) -> None:
    world.refuse = 2
    world.server.say(11, "keep me")
    world.start()
    await world.until(lambda: world.texts() == ["keep me"])
    assert [call.get("offset") for call in world.server.named("getUpdates")][:3] == [None, None, None]


async def test_polling_survives_whatever_the_server_does(world: World) -> None:
    faults: list[bytes | None] = [BAD_GATEWAY, CUT_OFF, b"", refusal(429, "Too Many Requests", retry_after=1), http(200, b"<html>"), refusal(500, "Internal")]
    world.server.faults = {"getMe": [BAD_GATEWAY, CUT_OFF], "getUpdates": faults}
    world.server.say(11, "still here")
    world.start()
    await world.until(lambda: world.texts() == ["still here"])
    assert not any(world.server.faults.values()), "every fault was met"


async def test_an_active_webhook_is_removed_when_we_poll(world: World) -> None:
    world.server.faults = {
        "getUpdates": [refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")]
    }
    world.server.say(11, "hello")
    world.start()
    await world.until(lambda: world.texts() == ["hello"])
    assert world.server.named("deleteWebhook") == [{}]


async def test_a_second_poller_is_named_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    conflict = refusal(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
    world.server.faults = {"getUpdates": [conflict] * 4}
    world.server.say(11, "hello")
    world.start()
    await world.until(lambda: world.texts() == ["hello"])
    assert [record.getMessage() for record in caplog.records].count("another process polls with the same bot token; only one may. Waiting for it to end") == 1


async def test_the_token_is_in_no_log_and_no_error(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world.server.faults = {
        "getMe": [refusal(400, f"no such thing as {TOKEN}")],
        "sendMessage": [refusal(403, f"bot{TOKEN} was blocked"), refusal(400, f"chat not found {TOKEN}"), CUT_OFF],
    }
    world.start()
    for _ in range(3):
        with pytest.raises(DeliveryError) as caught:
            await world.channel.send("5", Part("hi"))
        assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r}"
    await world.until(lambda: len(world.server.named("getUpdates")) > 0)
    assert TOKEN not in caplog.text


# --- webhook ----------------------------------------------------------------------------------------------------------


class Body:
    """A request body that tells whether somebody has read it."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks, self.read = list(chunks), 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.read += len(chunk)
            yield chunk


@pytest.fixture
async def hooked(world: World) -> World:
    world.channel = TelegramChannel(TelegramSettings(TOKEN, world.root, webhook_url="https://example.org/telegram", webhook_secret=SECRET))
    world.start()
    await world.until(lambda: len(world.server.named("setWebhook")) == 1)
    return world


def update(number: int = 11) -> bytes:
    return json.dumps(ScriptedTelegram().say(number, "hello")).encode()


async def test_the_webhook_is_set_with_its_secret(hooked: World) -> None:
    [call] = hooked.server.named("setWebhook")
    assert (call["url"], call["secret_token"]) == ("https://example.org/telegram", SECRET)
    assert call["allowed_updates"] == ["message", "edited_message", "callback_query"]
    assert hooked.server.named("getUpdates") == []


async def test_an_update_is_stored_and_then_answered_with_200(hooked: World) -> None:
    half = len(update()) // 2
    status = await hooked.channel.receive({"X-Telegram-Bot-Api-Secret-Token": SECRET}, Body(update()[:half], update()[half:]))
    assert (status, hooked.texts()) == (200, ["hello"])


@pytest.mark.parametrize("given", [None, "", "wrong", SECRET + "x", "ü"])
async def test_without_the_secret_the_body_is_not_even_read(hooked: World, given: str | None) -> None:
    body = Body(update())
    assert await hooked.channel.receive({} if given is None else {"x-telegram-bot-api-secret-token": given}, body) == 401
    assert (body.read, hooked.taken) == (0, [])


async def test_a_body_too_long_is_cut_short(hooked: World) -> None:
    headers = {"x-telegram-bot-api-secret-token": SECRET}
    announced = Body(b"x" * 100)
    assert await hooked.channel.receive(headers | {"content-length": str(2 << 20)}, announced) == 413
    assert announced.read == 0
    endless = Body(*[b"x" * (1 << 19)] * 10)
    assert await hooked.channel.receive(headers, endless) == 413
    assert endless.read <= 3 << 19


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"update_id": "1"}', b"\xff\xfe"])
async def test_what_is_no_update_is_refused(hooked: World, body: bytes) -> None:
    assert await hooked.channel.receive({"x-telegram-bot-api-secret-token": SECRET}, Body(body)) == 400


async def test_what_could_not_be_stored_is_asked_for_again(hooked: World) -> None:
    hooked.refuse = 1
    headers = {"x-telegram-bot-api-secret-token": SECRET}
    assert await hooked.channel.receive(headers, Body(update())) == 500
    assert await hooked.channel.receive(headers, Body(update())) == 200
    assert hooked.texts() == ["hello"]


@pytest.mark.parametrize("secret", ["", "no spaces", "ü", "x" * 257])
def test_a_webhook_without_a_proper_secret_refuses_to_start(secret: str) -> None:
    with pytest.raises(ValueError, match="TELEGRAM_WEBHOOK_SECRET"):
        TelegramSettings(TOKEN, webhook_url="https://example.org/telegram", webhook_secret=secret)


async def test_a_channel_without_a_webhook_takes_no_requests(world: World) -> None:
    assert await world.channel.receive({"x-telegram-bot-api-secret-token": ""}, Body(update())) == 401


# --- out --------------------------------------------------------------------------------------------------------------


async def test_a_message_travels_with_entities_and_buttons(world: World) -> None:
    spans = (Span("bold", 0, 2), Span("link", 3, 4, "https://a.b"), Span("pre", 8, 1, "python"), Span("strike", 0, 1), Span("quote", 0, 1))
    number = await world.channel.send("5", Part("hi link x", spans, keys=((Key("Go", "tok"),),), silent=True))
    [call] = world.server.named("sendMessage")
    assert number == "1"
    assert call["entities"] == [
        {"type": "bold", "offset": 0, "length": 2},
        {"type": "text_link", "offset": 3, "length": 4, "url": "https://a.b"},
        {"type": "pre", "offset": 8, "length": 1, "language": "python"},
        {"type": "strikethrough", "offset": 0, "length": 1},
        {"type": "blockquote", "offset": 0, "length": 1},
    ]
    assert call["reply_markup"] == {"inline_keyboard": [[{"text": "Go", "callback_data": "tok"}]]}
    assert call["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in call


async def test_everything_else_a_channel_can_do(world: World) -> None:
    await world.channel.edit("-100", "44", Part("new"))
    await world.channel.answer_press("99", "x" * 300)
    await world.channel.typing("5")
    await world.channel.set_commands([("/help", "What I can do")], "de")
    await world.channel.send("5", Part("", file=Attachment("visit.ics", "text/calendar", "BEGIN:VCALENDAR")))
    assert world.server.named("editMessageText")[0]["chat_id"] == -100
    assert len(world.server.named("answerCallbackQuery")[0]["text"]) == 200
    assert world.server.named("setMyCommands") == [{"commands": [{"command": "help", "description": "What I can do"}], "language_code": "de"}]
    assert world.server.shown == ["(file)"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(429, "Too Many Requests: retry after 7", retry_after=7), RetryAfter),
        (BAD_GATEWAY, Ambiguous),
        (refusal(500, "Internal Server Error"), Ambiguous),
        (CUT_OFF, Ambiguous),
        (b"", Ambiguous),
        (http(200, b"<html>"), Ambiguous),
        (refusal(403, "Forbidden: bot was blocked by the user"), Unreachable),
        (refusal(400, "Bad Request: chat not found"), Unreachable),
        (refusal(400, "Bad Request: message to edit not found"), Unreachable),
        (refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"), Unreachable),
        (refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001), Unreachable),
        (refusal(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"), Unchanged),
        (refusal(400, "Bad Request: can't parse entities: unsupported start tag"), MarkupRefused),
        (refusal(401, "Unauthorized"), NotDelivered),
    ],
)
async def test_every_failure_has_a_meaning(world: World, answer: bytes, error: type[Exception]) -> None:
    world.server.faults = {"sendMessage": [answer]}
    with pytest.raises(error) as caught:
        await world.channel.send("5", Part("hi"))
    assert not isinstance(caught.value, RetryAfter) or caught.value.seconds == 7


async def test_no_server_at_all_means_not_delivered() -> None:
    channel = TelegramChannel(TelegramSettings(TOKEN, "http://127.0.0.1:9"))
    with pytest.raises(NotDelivered):
        await channel.send("5", Part("hi"))
    await channel.typing("5")
    await channel.close()


# --- settings ---------------------------------------------------------------------------------------------------------


def chosen(**environment: str) -> TelegramChannel:
    return TelegramChannel.from_settings(read_settings({"TELEGRAM_BOT_TOKEN": TOKEN, **environment}))


def test_without_a_secret_updates_are_polled() -> None:
    assert chosen(MAJORDOMO_PUBLIC_URL="https://example.org").webhooks == {}


def test_with_a_secret_and_an_address_the_webhook_has_a_door() -> None:
    assert list(chosen(MAJORDOMO_PUBLIC_URL="https://example.org/", TELEGRAM_WEBHOOK_SECRET=SECRET).webhooks) == ["/telegram"]


@pytest.mark.parametrize(("address", "secret"), [("", SECRET), ("https://example.org", "not valid")])
def test_half_a_webhook_is_refused_with_a_remedy(address: str, secret: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        chosen(MAJORDOMO_PUBLIC_URL=address, TELEGRAM_WEBHOOK_SECRET=secret)
    assert caught.value.remedy
