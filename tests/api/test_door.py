"""The door of the API: nobody without a key has a body read, and no body holds the house up."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import uvicorn
import websockets

from bot import serving
from bot.api import door, sockets
from bot.api.door import BRACKET, STRING
from bot.api.problems import Problem
from tests.api.api_house import ApiHouse
from tests.servers.postgres import free_port

OPEN_STRING = b'{"text": "' + rb"\"" * 500_000
"""A string that is never closed, full of escaped quotes: were it tried again at each of them, it would take hours."""


def test_a_string_that_is_never_closed_is_looked_at_once() -> None:
    assert STRING.sub(b"", OPEN_STRING) == b"{: "
    door._check(OPEN_STRING)


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (rb'{"a": "[[", "b": "\"[", "c": "\\"}', b"{}"),
        (rb'["\u005b", "[\"[", "x', b"["),
        (rb'["never closed \"[ and a backslash at the end \\', b"["),
        (b'["never closed, half an escape \\', b"["),
        (b'"["[[', b"[["),
    ],
)
def test_brackets_in_strings_are_not_counted(body: bytes, left: bytes) -> None:
    assert b"".join(BRACKET.findall(STRING.sub(b"", body))) == left


def test_counting_stops_where_it_is_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = 0

    class Counting:
        @staticmethod
        def finditer(text: bytes) -> object:
            def found() -> object:
                nonlocal seen
                for bracket in BRACKET.finditer(text):
                    seen += 1
                    yield bracket

            return found()

    monkeypatch.setattr(door, "BRACKET", Counting)
    with pytest.raises(Problem) as refused:
        door._check(b"[" * 1_000_000)
    assert refused.value.status == 400 and seen == door.DEEPEST + 1


async def test_without_a_key_no_body_is_looked_at(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []
    monkeypatch.setattr(door, "_check", looked.append)
    for key in ("", "mjd_" + "x" * 43):
        for path in ("/tasks", "/nowhere"):
            answer = await api.client(key).post(path, content=OPEN_STRING, headers={"content-type": "application/json"})
            assert (answer.status_code, answer.json()["type"]) == (401, "urn:majordomo:problem:not-authenticated")
    assert looked == []
    await api.owner.json("POST", "/tasks", 422, content=b"{}", headers={"content-type": "application/json"})
    assert looked == [b"{}"]


async def test_a_body_that_comes_in_pieces_is_not_read_without_a_key(api: ApiHouse) -> None:
    """Not a byte of it is waited for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(b"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    async with asyncio.timeout(20):
        assert b" 401 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize("host", ["[", "]", "[::1", "a[b", "[x]"])
async def test_a_host_that_is_none_is_misdirected(host: str, api: ApiHouse) -> None:
    answer = await api.client(api.owner.key).get("/people/me", headers={"host": host})
    assert answer.status_code == 421


# --- WebSockets before their key --------------------------------------------------------------------------------------


async def test_callers_whose_key_is_awaited_are_few(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MOST_UNKNOWN", 2)
    address = f"{api.address.replace('http', 'ws', 1)}/ws"
    async with websockets.connect(address, proxy=None) as first, websockets.connect(address, proxy=None):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(address, proxy=None)
        assert refused.value.response.status_code == 429
        async with websockets.connect(address, proxy=None, additional_headers={"Authorization": f"Bearer {api.owner.key}"}):
            pass
        await first.send("{}")
        with pytest.raises(websockets.ConnectionClosed):
            await first.recv()
        async with websockets.connect(address, proxy=None) as another:
            await another.send(json.dumps({"key": api.owner.key}))
            async with asyncio.timeout(20):
                while api.api.state.unknown_sockets > 1:
                    await asyncio.sleep(0.01)


@pytest.mark.parametrize("size", [serving.LONGEST_FRAME, serving.LONGEST_FRAME + 1])
async def test_a_message_too_long_for_a_key_ends_the_connection(size: int) -> None:
    """With the server's own default, sixteen million bytes would be taken."""

    async def listen(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if (said := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": str(len(said["text"]))})

    port = free_port()
    server = uvicorn.Server(serving.server_config(listen, "127.0.0.1", port))
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        async with websockets.connect(f"ws://127.0.0.1:{port}", proxy=None) as opened:
            await opened.send("x" * size)
            if size <= serving.LONGEST_FRAME:
                assert await opened.recv() == str(size)
            else:
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await opened.recv()
                assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
    finally:
        server.should_exit = True
        await running
