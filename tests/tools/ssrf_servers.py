"""Servers for the tools' tests: a site that answers as told, and the forbidden listener, which counts whoever comes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from agents.tools.way_out import WayOut
from agents.tools.way_out.door import dial, resolve

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """An HTTP server on 127.0.0.1 that keeps what it was asked."""

    port: int = 0
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def way_out(self) -> WayOut:
        return WayOut(frozenset({("127.0.0.1", self.port)}))

    def count(self, path: str) -> int:
        return sum(request.path == path for request in self.asked)


@asynccontextmanager
async def site(handler: Handler) -> AsyncIterator[Site]:
    known = Site()

    async def answer(request: web.Request) -> web.StreamResponse:
        known.asked.append(request)
        known.bodies.append(await request.read())
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    known.port = int(runner.addresses[0][1])
    try:
        yield known
    finally:
        await runner.cleanup()


@dataclass
class Listener:
    """The forbidden place: every TCP connection and UDP packet counts, on every address of this machine."""

    port: int
    hits: list[str] = field(default_factory=list)


class _Packets(asyncio.DatagramProtocol):
    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self._listener.hits.append(f"udp {data[:20]!r}")


@asynccontextmanager
async def forbidden_listener() -> AsyncIterator[Listener]:
    opened = _everywhere(socket.SOCK_STREAM, 0)
    listener = Listener(int(opened.getsockname()[1]))

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(2):
                first = await reader.read(200)
        except (TimeoutError, OSError):
            first = b""
        listener.hits.append(f"tcp {first[:60]!r}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
        writer.close()

    packets, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Packets(listener), sock=_everywhere(socket.SOCK_DGRAM, listener.port))
    server = await asyncio.start_server(meet, sock=opened)
    try:
        yield listener
    finally:
        server.close()
        packets.close()


def _everywhere(kind: socket.SocketKind, port: int) -> socket.socket:
    try:
        opened = socket.socket(socket.AF_INET6, kind)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.bind(("::", port))
    except OSError:
        opened = socket.socket(socket.AF_INET, kind)
        opened.bind(("0.0.0.0", port))
    opened.setblocking(False)
    return opened


class Unguarded(WayOut):
    """The twin: the same way out without its rule."""

    def _reason(self, text: str) -> str | None:
        return None

    def _confirm(self, opened: socket.socket, address: str, *, named: bool) -> None:
        return None


def names(book: Mapping[str, Sequence[Sequence[str]]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that hands out what the book says, one answer after the other, the last one for ever: rebinding in person."""
    asked: dict[str, int] = {}

    async def look_up(host: str, port: int) -> Sequence[str]:
        if host not in book:
            return await resolve(host, port)
        place = asked[host] = asked.get(host, -1) + 1
        return book[host][min(place, len(book[host]) - 1)]

    return look_up


def network(listener: Listener, public: Site, addresses: frozenset[str]) -> Callable[[str, int], Awaitable[socket.socket]]:
    """A network in which some addresses are the public site and every other one is the forbidden listener: any connection counts."""

    async def lead(address: str, port: int) -> socket.socket:
        known = address in addresses or (address, port) == ("127.0.0.1", public.port)
        return _Led(await dial("127.0.0.1", public.port if known else listener.port), address)

    return lead


class _Led(socket.socket):
    """A connection that says it reached the address that was asked for."""

    def __init__(self, real: socket.socket, address: str) -> None:
        super().__init__(real.family, real.type, real.proto, real.detach())
        self.setblocking(False)
        self._address = address

    def getpeername(self) -> tuple[str, int]:
        return (self._address, 0)
