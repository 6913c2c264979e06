"""A server on the network: streamable HTTP, through the guarded way out. Each question is one POST, answered by JSON or a stream of events."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus

import httpx

from agents.tools.logins import LoginRefused
from agents.tools.mcp.messages import LONGEST, Broken, Exchange, Message, NotSent, notification, packed, question
from agents.tools.way_out import GuardedTransport, WayOut
from orchestrator.contracts import ToolError, TransientError

SESSION = re.compile(r"[\x21-\x7e]{1,256}")
CLOSING_SECONDS = 2.0
LOCKED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class AddressWire:
    """`headers` carry the credential; they go to this address alone, since no redirect is followed."""

    def __init__(self, url: str, way_out: WayOut, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = dict(headers)
        self._transport = GuardedTransport(way_out)
        self._session = self._version = ""
        self._number = 0
        self._alive = False

    @property
    def alive(self) -> bool:
        return self._alive

    async def open(self) -> None:
        self._alive = True

    async def ask(self, method: str, params: Message, seconds: float) -> Message:
        self._number += 1
        exchange = Exchange(self._number)
        try:
            async with asyncio.timeout(seconds), self._sent(packed(question(self._number, method, params)), seconds) as response:
                self._judge(response)
                if method == "initialize":
                    self._session = _session(response)
                async for raw in _messages(response, exchange):
                    for reply in exchange.take(raw):
                        await self._replied(packed(reply), seconds)
                    if exchange.answered:
                        break
        except TimeoutError:
            raise Broken(f"the server did not answer within {seconds:g} s") from None
        if not exchange.answered:
            raise Broken("the server's answer is not valid")
        return exchange.result()

    async def tell(self, method: str) -> None:
        await self._said(packed(notification(method)), CLOSING_SECONDS * 5)

    def agreed(self, version: str) -> None:
        self._version = version

    async def close(self) -> None:
        self._alive = False
        if self._session:
            with contextlib.suppress(TransientError, ToolError, TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS), self._sent(b"", CLOSING_SECONDS, "DELETE"):
                    self._session = ""
        await self._transport.aclose()

    async def _replied(self, content: bytes, seconds: float) -> None:
        """Answer what the server asks while it works. The question is out already: whatever goes wrong here, nobody may take it for not sent."""
        try:
            await self._said(content, seconds)
        except Broken:
            raise
        except (ToolError, TransientError) as error:
            raise Broken(f"the server asked something in between, and could not be answered: {error}") from None

    async def _said(self, content: bytes, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds), self._sent(content, seconds):
                return
        except TimeoutError:
            raise Broken(f"the server did not answer within {seconds:g} s") from None

    @contextlib.asynccontextmanager
    async def _sent(self, content: bytes, seconds: float, method: str = "POST") -> AsyncIterator[httpx.Response]:
        """A response whose body has not been read. Raises NotSent, Broken or ToolError."""
        fixed = {"Accept": "application/json, text/event-stream", "Accept-Encoding": "identity", "User-Agent": "Majordomo/1", **self._headers}
        if content:
            fixed["Content-Type"] = "application/json"
        if self._version:
            fixed["MCP-Protocol-Version"] = self._version
        if self._session:
            fixed["Mcp-Session-Id"] = self._session
        request = httpx.Request(method, self._url, headers=fixed, content=content or None, extensions={"timeout": httpx.Timeout(seconds).as_dict()})
        try:
            response = await self._transport.handle_async_request(request)
        except TransientError as error:
            raise NotSent(str(error)) from None
        except httpx.HTTPError as error:
            raise Broken(f"the connection broke off ({type(error).__name__})") from None
        try:
            yield response
        except httpx.HTTPError as error:
            raise Broken(f"the connection broke off ({type(error).__name__})") from None
        finally:
            await response.aclose()

    def _judge(self, response: httpx.Response) -> None:
        """Raises ToolError where the server says that it did nothing."""
        status = response.status_code
        if status == HTTPStatus.NOT_FOUND and self._session:
            self._alive = False
            raise NotSent("the server has forgotten the session")
        if status in LOCKED:
            why = f"the server asks for a credential ({status}), or does not take the one it was given"
            if status == HTTPStatus.UNAUTHORIZED:
                self._alive = False
                raise LoginRefused(why)
            raise ToolError(why)
        if status in LATER:
            raise NotSent(f"the server is busy ({status})")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Broken(f"the server failed ({status})")
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise ToolError(f"the server did not take the call ({status})")
        if response.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise Broken("the server's answer is packed in a way that was not asked for")


def _session(response: httpx.Response) -> str:
    named = response.headers.get("mcp-session-id", "")
    if named and not SESSION.fullmatch(named):
        raise Broken("the server named a session that cannot be used")
    return str(named)


async def _messages(response: httpx.Response, exchange: Exchange) -> AsyncIterator[bytes]:
    """The messages in a body, whichever way they come. Raises Broken for one that is too long."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        data: list[bytes] = []
        async for line in _lines(response, exchange):
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data = []
        return
    body = bytearray()
    async for chunk in response.aiter_raw():
        exchange.weigh(len(chunk))
        body += chunk
    if len(body) > LONGEST:
        raise Broken(f"the server said more than {LONGEST // 1_000_000} MB at once")
    yield bytes(body)


async def _lines(response: httpx.Response, exchange: Exchange) -> AsyncIterator[bytes]:
    """Lines of a stream; each byte is looked at once, however it is cut into chunks."""
    kept = bytearray()
    async for chunk in response.aiter_raw():
        exchange.weigh(len(chunk))
        first, *rest = chunk.split(b"\n")
        kept += first
        for part in rest:
            yield bytes(kept).removesuffix(b"\r")
            kept = bytearray(part)
        if len(kept) > LONGEST:
            raise Broken(f"the server said more than {LONGEST // 1_000_000} MB in one line")
