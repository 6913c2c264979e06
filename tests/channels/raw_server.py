"""A server that answers byte for byte what a test wants, and a scripted Bot API on it for what a real one never does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

TOKEN = "7:AAsecretsecret"
Answer = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


def http(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def ok(result: Any) -> bytes:
    return http(200, json.dumps({"ok": True, "result": result}).encode())


def refusal(code: int, description: str, **parameters: Any) -> bytes:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return http(code, json.dumps(body | ({"parameters": parameters} if parameters else {})).encode())


BAD_GATEWAY = http(502, b"<html><h1>502 Bad Gateway</h1></html>", "Content-Type: text/html")
CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"


def always(payload: bytes, *, close: bool = False) -> Answer:
    async def answer(writer: asyncio.StreamWriter, _request: bytes) -> None:
        writer.write(payload)
        await writer.drain()
        if close:
            writer.close()

    return answer


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[str, list[bytes]]]:
    """`answer` gets every request. Yields the root address and the requests as they came."""
    requests: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
                requests.append(head + await reader.readexactly(length))
                await answer(writer, requests[-1])
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return  # the test is over, or the other side has had enough
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests
    finally:
        server.close()


@dataclass
class ScriptedTelegram:
    """Answers of the Bot API by method; `faults[method]` are raw answers given first, one a request (None: as usual)."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, list[bytes | None]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    apply_before_fault: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def named(self, method: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.calls if name == method]

    def say(self, number: int, text: str, sender: int = 5) -> dict[str, Any]:
        who = {"id": sender, "is_bot": False, "first_name": "Ada", "language_code": "en"}
        message = {"message_id": number, "date": 1_700_000_000, "from": who, "chat": {"id": sender, "type": "private"}, "text": text}
        update = {"update_id": number, "message": message}
        self.updates.append(update)
        self.arrived.set()
        return update

    async def answer(self, writer: asyncio.StreamWriter, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        method = head.split(b" ", 2)[1].rsplit(b"/", 1)[1].decode()
        parameters = {} if b"multipart" in head else {name: _decoded(name, value) for name, value in json.loads(body or b"{}").items()}
        self.calls.append((method, parameters))
        waiting = self.faults.get(method)
        fault = waiting.pop(0) if waiting else None
        if fault is None or self.apply_before_fault:
            result = await self._result(method, parameters)
        if fault is not None:
            writer.write(fault)
            writer.close()
            return
        writer.write(ok(result))
        await writer.drain()

    async def _result(self, method: str, parameters: dict[str, Any]) -> Any:
        if method == "getMe":
            return {"id": 7, "is_bot": True, "first_name": "B", "username": "our_bot"}
        if method == "getUpdates":
            return await self._updates(int(parameters.get("offset", 0)), float(parameters.get("timeout", 0)))
        if method in ("sendMessage", "sendDocument"):
            self.shown.append(str(parameters.get("text", "(file)")))
            return {"message_id": len(self.shown), "date": 1, "chat": {"id": parameters.get("chat_id", 5), "type": "private"}}
        return True

    async def _updates(self, offset: int, timeout: float) -> list[dict[str, Any]]:
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        if not self.updates:
            self.arrived.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self.arrived.wait()
            except TimeoutError:
                return []
        return list(self.updates)


def _decoded(name: str, value: Any) -> Any:
    """Parameters may be JSON within JSON."""
    inner = isinstance(value, str) and (value[:1] in ("[", "{") or name in ("chat_id", "offset", "timeout", "message_id"))
    return json.loads(value) if inner else value
