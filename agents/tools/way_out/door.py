"""The one way out for all tools: a name is resolved once, every address it has is judged, and that very address is connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from agents.tools.way_out.addresses import judged
from agents.tools.way_out.destination import Destination, destination, host_name
from orchestrator.contracts import ToolError, TransientError

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
Dial = Callable[[str, int], Awaitable[socket.socket]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and seconds of one request."""

    connect_seconds: float = 10.0
    whole_seconds: float = 60.0
    body_bytes: int = 2_000_000
    redirects: int = 5


class Refused(ToolError):
    """That address is not open to tools."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a name, as the system knows it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def dial(address: str, port: int) -> socket.socket:
    """A connection to exactly this address. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
    except BaseException:
        opened.close()
        raise
    return opened


@dataclass(frozen=True)
class WayOut:
    """What every connection of a tool goes through. Reads no environment: no proxies, no netrc.

    `allowed` names private servers of the operator's configuration as (host, port), the host as `host_name` writes it;
    no other private address can be reached. `resolver` and `dialler` are how names are looked up and addresses
    connected to.
    """

    allowed: frozenset[tuple[str, int]] = frozenset()
    limits: Limits = field(default_factory=Limits)
    tls: ssl.SSLContext | None = None
    resolver: Resolver = resolve
    dialler: Dial = dial

    def allowing(self, *urls: str) -> WayOut:
        """The same way out, with the private servers of these addresses allowed too."""
        places = {(place.host, place.port) for place in map(destination, urls)}
        return replace(self, allowed=self.allowed | places)

    async def check(self, url: str) -> Destination:
        """Where an address leads, if tools may go there. Raises Refused, or TransientError where the name does not resolve."""
        place = read(url)
        await self.addresses(place.host, place.port)
        return place

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The judged addresses of a host; one bad one spoils them all. Raises Refused or TransientError."""
        named = (host, port) in self.allowed
        try:
            found: Sequence[str] = [str(ipaddress.ip_address(host))]
        except ValueError:
            found = await self._resolved(host, port)
        for text in found:
            if (why := self._reason(text)) and not named:
                raise Refused(f"{host} cannot be opened: it leads to {why}, and tools only reach the public internet")
        return found

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connected socket to a judged address of this host. Raises Refused or TransientError."""
        try:
            async with asyncio.timeout(self.limits.connect_seconds):
                return await self._connect(host_name(f"[{host}]" if ":" in host else host), port)
        except TimeoutError:
            raise TransientError(f"{host} did not answer within {self.limits.connect_seconds:g} s") from None
        except ValueError as error:
            raise Refused(f"that address cannot be opened: {error}") from None

    async def _connect(self, host: str, port: int) -> socket.socket:
        fault = "it has no address"
        for address in await self.addresses(host, port):
            try:
                opened = await self.dialler(address, port)
            except OSError as error:
                fault = error.strerror or type(error).__name__
                continue
            try:
                self._confirm(opened, address, named=(host, port) in self.allowed)
            except BaseException:
                opened.close()
                raise
            return opened
        raise TransientError(f"{host} cannot be reached: {fault}")

    def _confirm(self, opened: socket.socket, address: str, *, named: bool) -> None:
        """Whom we are talking to is who we meant to."""
        peer = str(opened.getpeername()[0])
        if (why := self._reason(peer)) and not named:
            raise Refused(f"the connection was led to another place: {why}")
        if ipaddress.ip_address(peer) != ipaddress.ip_address(address):
            raise Refused("the connection was led to another place")

    def _reason(self, text: str) -> str | None:
        try:
            return judged(ipaddress.ip_address(text))
        except ValueError:
            return "something that is no address"

    async def _resolved(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(self.limits.connect_seconds):
                found = await self.resolver(host, port)
        except TimeoutError:
            raise TransientError(f"the name {host} could not be looked up in time") from None
        except (OSError, UnicodeError):
            raise TransientError(f"the name {host} could not be looked up: it may not exist") from None
        if not found:
            raise TransientError(f"the name {host} has no address")
        return found


def read(url: str) -> Destination:
    """`destination`, as a tool says it. Raises Refused."""
    try:
        return destination(url)
    except ValueError as error:
        raise Refused(f"that address cannot be opened: {error}") from None
