"""The connection under python-telegram-bot's `Bot`: HTTP/1.1 over asyncio, through the library's own `BaseRequest`.

Two reasons for not taking its httpx transport: a send costs 0.1 ms of CPU instead of 0.6, and a failure says whether a
byte of the request may have left, which decides between trying again and repeating with a mark.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from telegram.error import NetworkError, RetryAfter
from telegram.request import BaseRequest, RequestData

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
IDLE_SECONDS = 25.0
"""How long an unused connection is trusted to be open still."""
POOLED = 32
BODY_LIMIT = 64 << 20


class NotConnected(NetworkError):
    """No connection: nothing was sent."""


class Broken(NetworkError):
    """The connection broke after something was sent: it may have been carried out."""


class GatewayFailed(NetworkError):
    """A 5xx: whether the request was carried out is anyone's guess."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class _Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float = field(default_factory=time.monotonic)

    @property
    def alive(self) -> bool:
        fresh = time.monotonic() - self.used_at < IDLE_SECONDS
        return fresh and not self.reader.at_eof() and not self.writer.is_closing()


class Wire(BaseRequest):
    """Keeps connections to one origin open between requests."""

    def __init__(self) -> None:
        self._idle: deque[_Line] = deque()
        self._tls: ssl.SSLContext | None = None

    @property
    def read_timeout(self) -> float:
        return READ_SECONDS

    async def initialize(self) -> None:
        """Nothing to prepare: connections are made when needed."""

    async def shutdown(self) -> None:
        while self._idle:
            self._idle.pop().writer.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request. Raises NotConnected, Broken, GatewayFailed, or RetryAfter for a 429 that names no time."""
        seconds = READ_SECONDS if read_timeout is BaseRequest.DEFAULT_NONE or read_timeout is None else float(read_timeout)
        reply = await self._exchange(url, _request(url, method, request_data), seconds)
        if reply.status >= 500:
            raise GatewayFailed(f"the server answered {reply.status}")
        if reply.status == 429 and b"retry_after" not in reply.body:
            after = reply.headers.get("retry-after", "")
            raise RetryAfter(int(after) if after.isdecimal() else 3)
        return reply.status, reply.body

    async def _exchange(self, url: str, request: bytes, seconds: float) -> _Reply:
        line = await self._connect(url)
        kept = False
        try:
            async with asyncio.timeout(seconds):
                line.writer.write(request)
                await line.writer.drain()
                reply = await _read(line.reader)
            kept = reply.headers.get("connection", "").lower() != "close"
            return reply
        except TimeoutError:
            raise Broken(f"no answer within {seconds:g} s") from None
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise Broken(f"the connection broke: {type(error).__name__}") from None
        finally:
            self._release(line, kept=kept)

    async def _connect(self, url: str) -> _Line:
        while self._idle:
            line = self._idle.pop()
            if line.alive:
                return line
            line.writer.close()
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        if secure and self._tls is None:
            self._tls = ssl.create_default_context()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return _Line(*await asyncio.open_connection(parts.hostname, parts.port or (443 if secure else 80), ssl=self._tls if secure else None))
        except (OSError, TimeoutError) as error:
            raise NotConnected(f"no connection to {parts.hostname}: {type(error).__name__}") from None

    def _release(self, line: _Line, *, kept: bool) -> None:
        if kept and len(self._idle) < POOLED:
            line.used_at = time.monotonic()
            self._idle.append(line)
        else:
            line.writer.close()


def _request(url: str, method: str, data: RequestData | None) -> bytes:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    kind, body = _body(data)
    head = f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: majordomo\r\nAccept: application/json\r\n"
    if method != "GET":
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode("ascii") + b"\r\n" + body


def _body(data: RequestData | None) -> tuple[str, bytes]:
    if data is None or (not data.parameters and not data.contains_files):
        return "application/json", b"{}"
    if not data.contains_files:
        return "application/json", json.dumps(data.json_parameters).encode()
    boundary = secrets.token_hex(16)
    return f"multipart/form-data; boundary={boundary}", b"".join(_sections(data, boundary))


def _sections(data: RequestData, boundary: str) -> Iterator[bytes]:
    for name, value in data.json_parameters.items():
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for name, (filename, content, media_type) in data.multipart_data.items():
        safe = "".join("_" if letter in '"\r\n\\' else letter for letter in filename)
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{safe}"\r\nContent-Type: {media_type}\r\n\r\n'.encode()
        yield content if isinstance(content, bytes) else content.read()
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


async def _read(reader: asyncio.StreamReader) -> _Reply:
    """One response. Raises ValueError when it is not HTTP."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, status = lines[0].split(" ", 2)[:2]
    if not version.startswith("HTTP/1."):
        raise ValueError("not HTTP")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    elif "content-length" in headers:
        length = int(headers["content-length"])
        if not 0 <= length <= BODY_LIMIT:
            raise ValueError("too long")
        body = await reader.readexactly(length)
    else:
        headers["connection"] = "close"
        body = await reader.read(BODY_LIMIT)
    return _Reply(int(status), headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks, total = [], 0
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        total += size
        if total > BODY_LIMIT:
            raise ValueError("too long")
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return b"".join(chunks)
