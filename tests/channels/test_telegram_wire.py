"""The connection to Telegram: what the server does with it, and what may be concluded about the request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from telegram import Bot, InputFile
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.channels import telegram_wire
from bot.channels.telegram_wire import Broken, GatewayFailed, NotConnected, Wire
from tests.channels.raw_server import TOKEN, Answer, always, http, serving

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning", "ignore::telegram.warnings.PTBUserWarning")
OK = json.dumps({"ok": True, "result": {"message_id": 1}}).encode()


@asynccontextmanager
async def talking(answer: Answer) -> AsyncIterator[tuple[Bot, list[bytes]]]:
    """A bot over our wire to a server that answers like this, and the requests that came."""
    wire = Wire()
    async with serving(answer) as (root, requests):
        yield Bot(TOKEN, base_url=f"{root}/bot", request=wire, get_updates_request=wire), requests
    await wire.shutdown()


async def send(bot: Bot) -> int:
    message = await bot.do_api_request("SendMessage", {"chat_id": 1, "text": "grüß 😀"}, read_timeout=0.3)
    return int(message["message_id"])


async def test_a_request_is_plain_json_over_a_connection_that_is_kept() -> None:
    async with talking(always(http(200, OK))) as (bot, requests):
        assert [await send(bot) for _ in range(3)] == [1, 1, 1]
    head, body = requests[0].split(b"\r\n\r\n")
    assert head.startswith(f"POST /bot{TOKEN}/SendMessage HTTP/1.1\r\n".encode())
    assert json.loads(body)["text"] == "grüß 😀"


async def test_chunked_and_unsized_answers_are_read() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + f"{len(OK):x};x=1\r\n".encode() + OK + b"\r\n0\r\nTrailer: x\r\n\r\n"
    async with talking(always(chunked)) as (bot, _):
        assert [await send(bot) for _ in range(2)] == [1, 1]
    async with talking(always(b"HTTP/1.1 200 OK\r\n\r\n" + OK, close=True)) as (bot, _):
        assert [await send(bot) for _ in range(2)] == [1, 1]


async def test_a_file_travels_as_multipart() -> None:
    async with talking(always(http(200, OK))) as (bot, requests):
        document = InputFile("BEGIN:VCALENDAR ü".encode(), filename='vi"sit.ics')
        await bot.do_api_request("SendDocument", {"chat_id": 1, "document": document})
    assert b'name="chat_id"\r\n\r\n1\r\n' in requests[0]
    assert b'filename="vi_sit.ics"' in requests[0]
    assert "BEGIN:VCALENDAR ü".encode() in requests[0]


async def test_no_server_means_nothing_was_sent() -> None:
    async with talking(always(b"")) as (bot, _):
        pass
    with pytest.raises(NotConnected):
        await send(bot)


@pytest.mark.parametrize(
    "payload", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", http(200, OK)[:-5], b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
async def test_a_connection_that_breaks_in_the_middle_leaves_it_open(payload: bytes) -> None:
    async with talking(always(payload, close=True)) as (bot, requests):
        with pytest.raises(Broken):
            await send(bot)
        assert len(requests) == 1


async def test_silence_leaves_it_open() -> None:
    async with talking(always(b"")) as (bot, _):
        with pytest.raises(Broken, match="no answer"):
            await send(bot)


async def test_a_gateway_that_answers_with_html_leaves_it_open() -> None:
    async with talking(always(http(502, b"<html><h1>502 Bad Gateway</h1></html>"))) as (bot, _):
        with pytest.raises(GatewayFailed, match="502"):
            await send(bot)


async def test_success_that_is_no_json_leaves_it_open() -> None:
    async with talking(always(http(200, b"<html>welcome to the hotel</html>"))) as (bot, _):
        with pytest.raises(TelegramError) as caught:
            await send(bot)
        assert not isinstance(caught.value, BadRequest | NotConnected)


@pytest.mark.parametrize(
    ("payload", "seconds"),
    [
        (http(429, b'{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":7}}'), 7),
        (http(429, b"<html>slow down</html>", "Retry-After: 9"), 9),
        (http(429, b""), 3),
    ],
)
async def test_too_many_requests_always_says_how_long(payload: bytes, seconds: int) -> None:
    async with talking(always(payload)) as (bot, _):
        with pytest.raises(RetryAfter) as caught:
            await send(bot)
        after = caught.value.retry_after
        assert (after if isinstance(after, int) else after.total_seconds()) == seconds


async def test_a_connection_the_server_has_closed_is_not_used_again() -> None:
    async with talking(always(http(200, OK), close=True)) as (bot, requests):
        for _ in range(3):
            await send(bot)
            await asyncio.sleep(0.02)
        assert len(requests) == 3


async def test_a_connection_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_wire, "IDLE_SECONDS", 0.0)
    async with talking(always(http(200, OK))) as (bot, requests):
        assert [await send(bot), await send(bot)] == [1, 1]
        assert len(requests) == 2
