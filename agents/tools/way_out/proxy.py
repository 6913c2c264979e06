"""A forward proxy on 127.0.0.1 that lets a browser out through the same checks as every other tool."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import secrets
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus

import h11

from agents.tools.way_out.destination import Destination
from agents.tools.way_out.door import WayOut, read
from orchestrator.contracts import MajordomoError, TransientError

HEAD_SECONDS = 10.0
HEAD_BYTES = 65536
CHUNK = 65536
HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"upgrade", b"host"})
TUNNEL = re.compile(r"[^/?#]+:\d{1,5}")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much one connection may carry, in bytes and seconds."""

    count: int = 200_000_000
    seconds: float = 600.0


class Proxy:
    """CONNECT and plain http requests. Only who knows `password`, made anew at each start, may use it."""

    def __init__(self, way_out: WayOut, allowance: Allowance | None = None) -> None:
        self.user = "majordomo"
        self.password = secrets.token_urlsafe(24)
        self.refused: deque[str] = deque(maxlen=100)
        """What was asked for and not opened, the newest last."""
        self.refusals = 0
        self._way_out, self._allowance = way_out, allowance or Allowance()
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        if self._server is None:
            raise MajordomoError("the proxy is not running")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_BYTES)

    async def close(self) -> None:
        """Let nobody in any more and break off what is running."""
        if self._server is not None:
            self._server.close()
            for task in tuple(self._running):
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        try:
            async with asyncio.timeout(self._allowance.seconds):
                await self._answer(_Side(h11.Connection(h11.SERVER, HEAD_BYTES), reader, writer))
        except (OSError, TimeoutError, h11.ProtocolError, asyncio.IncompleteReadError) as error:
            logger.debug("a proxied connection broke off", extra={"fault": type(error).__name__})
        except asyncio.CancelledError:
            logger.debug("a proxied connection was broken off by close")
        finally:
            writer.close()

    async def _answer(self, browser: _Side) -> None:
        async with asyncio.timeout(HEAD_SECONDS):
            request = await browser.next()
        if not isinstance(request, h11.Request):
            return
        if not self._known(request):
            await browser.refuse(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, ("Proxy-Authenticate", 'Basic realm="way out"'))
            return
        target = request.target.decode("latin-1")
        try:
            place = _place(request, target)
            opened = await self._way_out.connect(place.host, place.port)
        except TransientError:
            await browser.refuse(HTTPStatus.BAD_GATEWAY, ("X-Way-Out", "unreachable"))
            return
        except MajordomoError:
            self.refused.append(target[:200])
            self.refusals += 1
            await browser.refuse(HTTPStatus.FORBIDDEN, ("X-Way-Out", "refused"))
            return
        reader, writer = await asyncio.open_connection(sock=opened)
        try:
            if request.method == b"CONNECT":
                await self._tunnel(browser, reader, writer)
            else:
                await self._forward(browser, request, place, _Side(h11.Connection(h11.CLIENT, HEAD_BYTES), reader, writer))
        finally:
            writer.close()

    def _known(self, request: h11.Request) -> bool:
        expected = b"Basic " + base64.b64encode(f"{self.user}:{self.password}".encode())
        given = next((value for name, value in request.headers if name == b"proxy-authorization"), b"")
        return secrets.compare_digest(given, expected)

    async def _tunnel(self, browser: _Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        browser.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        writer.write(browser.state.trailing_data[0])
        outward = asyncio.ensure_future(self._pump(browser.reader, writer))
        try:
            await self._pump(reader, browser.writer)
            await outward
        finally:
            outward.cancel()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried = 0
        while (chunk := await reader.read(CHUNK)) and carried <= self._allowance.count:
            carried += len(chunk)
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _forward(self, browser: _Side, request: h11.Request, place: Destination, server: _Side) -> None:
        """One plain request and its answer; both connections end with it, so that no second request slips through to this server."""
        kept = [(name, value) for name, value in request.headers if name not in HOP_BY_HOP]
        path = place.url.removeprefix(f"http://{place.authority}")
        headers = [(b"host", place.authority.encode()), *kept, (b"connection", b"close")]
        await server.send(h11.Request(method=request.method, target=path, headers=headers))
        upload = asyncio.ensure_future(self._body(browser, server))
        try:
            answer = await server.next()
            while isinstance(answer, h11.InformationalResponse):
                answer = await server.next()
            if isinstance(answer, h11.Response):
                named = [(name, value) for name, value in answer.headers if name not in HOP_BY_HOP]
                await browser.send(h11.Response(status_code=answer.status_code, headers=[*named, (b"connection", b"close")], reason=answer.reason))
                await self._body(server, browser)
        finally:
            upload.cancel()
            await asyncio.gather(upload, return_exceptions=True)

    async def _body(self, giver: _Side, taker: _Side) -> None:
        carried = 0
        while isinstance(event := await giver.next(), h11.Data | h11.EndOfMessage):
            if isinstance(event, h11.EndOfMessage):
                await taker.send(h11.EndOfMessage())
                return
            carried += len(event.data)
            if carried > self._allowance.count:
                raise TimeoutError
            await taker.send(h11.Data(data=bytes(event.data)))


@dataclass(frozen=True, slots=True)
class _Side:
    """One end of an HTTP connection."""

    state: h11.Connection
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def next(self) -> object:
        while (event := self.state.next_event()) is h11.NEED_DATA:
            self.state.receive_data(await self.reader.read(CHUNK))
        return event

    async def send(self, event: h11.Event) -> None:
        if data := self.state.send(event):
            self.writer.write(data)
            await self.writer.drain()

    async def refuse(self, status: HTTPStatus, header: tuple[str, str]) -> None:
        headers = [header, ("Content-Length", "0"), ("Connection", "close")]
        await self.send(h11.Response(status_code=int(status), headers=headers, reason=status.phrase.encode()))
        await self.send(h11.EndOfMessage())


def _place(request: h11.Request, target: str) -> Destination:
    """Where the request wants to go. Raises Refused."""
    if request.method == b"CONNECT":
        return read(f"http://{target}/" if TUNNEL.fullmatch(target) else "")
    return read(target if target.startswith("http://") else "")
