"""One request through the way out: redirects checked anew, bodies limited also after unpacking, secrets kept to one origin."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

import httpx

from agents.tools.way_out.destination import Destination
from agents.tools.way_out.door import Limits, Refused, WayOut, read
from agents.tools.way_out.transport import GuardedTransport
from orchestrator.contracts import FatalError, ToolError, TransientError

REDIRECTS = frozenset({301, 302, 303, 307, 308})
UNPACKERS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""What we understand of Content-Encoding, with zlib's window bits."""
PLAIN_HEADERS = frozenset({"accept", "accept-language", "user-agent"})
"""What goes along to another host; everything else was meant for the first."""
AGENT = "Majordomo/1"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. `secret_headers` go to the first address only, and with them no redirect is followed.

    `hosts` are those a redirect may lead to (None: any); `before_write` is awaited when the connection stands and
    nothing has been written yet.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    follow: bool = True
    hosts: frozenset[str] | None = None
    before_write: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`url` is where it came from at last; `cut` where the body was longer than the limit; `moved_to` a redirect not followed."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False
    moved_to: str = ""


async def fetch(way_out: WayOut, ask: Ask) -> Answer:
    """Do it. Raises Refused or another ToolError, TransientError for what may work later, FatalError for a bad certificate."""
    limits = way_out.limits
    try:
        async with asyncio.timeout(limits.whole_seconds), GuardedTransport(way_out) as transport:
            for _ in range(limits.redirects + 1):
                answer = await _once(transport, ask, limits)
                onward = _onward(ask, answer)
                if onward is None:
                    return answer
                ask = onward
        raise ToolError(f"the address was redirected more than {limits.redirects} times")
    except TimeoutError:
        raise TransientError(f"no complete answer came within {limits.whole_seconds:g} s") from None
    except httpx.TimeoutException:
        raise TransientError("no answer came in time") from None
    except httpx.NetworkError as error:
        if "secure connection" in str(error):
            raise FatalError(str(error)) from None
        raise TransientError("the connection broke off") from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise ToolError("what came back is not valid HTTP") from None


async def _once(transport: GuardedTransport, ask: Ask, limits: Limits) -> Answer:
    place = read(ask.url)
    headers = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate", **ask.headers, **ask.secret_headers}
    request = httpx.Request(ask.method, place.url, headers=headers, content=ask.content or None)
    if ask.before_write is not None:
        request.extensions["trace"] = _before_write(ask.before_write)
    request.extensions["timeout"] = httpx.Timeout(limits.whole_seconds).as_dict()
    response = await transport.handle_async_request(request)
    try:
        body, cut = await _body(response, limits.body_bytes)
    finally:
        await response.aclose()
    moved = _moved_to(place, response) if response.status_code in REDIRECTS else ""
    return Answer(place.url, response.status_code, dict(response.headers), body, cut, moved)


def _before_write(hook: Callable[[], Awaitable[None]]) -> Callable[[str, object], Awaitable[None]]:
    async def trace(event: str, info: object) -> None:
        if event.endswith("send_request_headers.started"):
            await hook()

    return trace


async def _body(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    parts, size = [], 0
    async for part in _unpacked(response, limit):
        parts.append(part)
        size += len(part)
        if size > limit:
            return b"".join(parts)[:limit], True
    return b"".join(parts), False


async def _unpacked(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """The body's bytes, never more than `limit` and one at a time: a small answer can unpack to a huge one."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity" or not coding:
        async for chunk in response.aiter_raw():
            yield chunk
        return
    if coding not in UNPACKERS:
        raise ToolError("the answer is packed in a way that was not asked for")
    unpacker = zlib.decompressobj(UNPACKERS[coding])
    try:
        async for chunk in response.aiter_raw():
            yield unpacker.decompress(chunk, limit + 1)
    except zlib.error:
        raise ToolError("the answer is packed wrongly") from None


def _moved_to(place: Destination, response: httpx.Response) -> str:
    """Where a redirect points, as a clean address; empty where it points nowhere that could be opened."""
    target = response.headers.get("location", "")
    try:
        return read(urljoin(place.url, target)).url if target else ""
    except (Refused, ValueError):
        return ""


def _onward(ask: Ask, answer: Answer) -> Ask | None:
    """The request that a redirect asks for; None where the answer stands as it is."""
    if answer.status not in REDIRECTS or not ask.follow or ask.secret_headers or ask.method not in {"GET", "HEAD"}:
        return None
    if "location" in answer.headers and not answer.moved_to:
        raise Refused("the address was redirected to one that cannot be opened")
    if not answer.moved_to:
        return None
    old, new = read(ask.url), read(answer.moved_to)
    if old.scheme == "https" and new.scheme == "http":
        raise Refused("the address was redirected from a secure to an open connection")
    if ask.hosts is not None and new.host not in ask.hosts:
        return None
    same = old.origin == new.origin
    return replace(ask, url=new.url, headers=ask.headers if same else {k: v for k, v in ask.headers.items() if k.lower() in PLAIN_HEADERS})
