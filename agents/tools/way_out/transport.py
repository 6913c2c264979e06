"""The way out as an httpx transport, for whoever speaks HTTP: `httpx.AsyncClient(transport=…, trust_env=False)`."""

from __future__ import annotations

# ruff: noqa: ASYNC109 - the parameter is part of httpcore's interface
import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from agents.tools.way_out.door import WayOut, read
from orchestrator.contracts import MajordomoError

CHUNK = 65536


class GuardedTransport(httpx.AsyncBaseTransport):
    """Every request makes its own judged connection. Follows no redirect, keeps no cookie, uses no proxy."""

    def __init__(self, way_out: WayOut) -> None:
        self._way_out = way_out
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        place = read(str(request.url))
        scheme, host, port = place.origin
        fixed = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
        wanted = httpcore.Request(
            request.method,
            httpcore.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=httpx.URL(place.url).raw_path),
            headers=[(b"Host", place.authority.encode()), *fixed],
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx(request):
            answer = await self._opened().handle_async_request(wanted)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, request), extensions=answer.extensions)

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    def _opened(self) -> httpcore.AsyncConnectionPool:
        if self._pool is None:
            tls = self._way_out.tls or _usual_tls()
            self._pool = httpcore.AsyncConnectionPool(ssl_context=tls, max_keepalive_connections=0, network_backend=_Backend(self._way_out))
        return self._pool


@functools.cache
def _usual_tls() -> ssl.SSLContext:
    """The certificates of the system; reading them takes 20 ms."""
    return ssl.create_default_context()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer, self._request = answer, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx(self._request):
            async for chunk in self._answer.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    """The errors that users of httpx know; our own pass as they are."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error), request=request) from error
    except httpcore.NetworkError as error:
        raise httpx.NetworkError(str(error), request=request) from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise httpx.ProtocolError(str(error), request=request) from error


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, way_out: WayOut) -> None:
        self._way_out = way_out

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        reader, writer = await asyncio.open_connection(sock=await self._way_out.connect(host, port))
        return _Stream(reader, writer)

    async def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None) -> httpcore.AsyncNetworkStream:
        raise MajordomoError("tools use no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout("nothing came in time") from None
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            async with asyncio.timeout(timeout):
                for start in range(0, len(buffer), CHUNK):
                    self._writer.write(buffer[start : start + CHUNK])
                    await self._writer.drain()
        except TimeoutError:
            raise httpcore.WriteTimeout("nothing was taken in time") from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self._writer.close()

    async def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            raise httpcore.ConnectTimeout("no secure connection came about in time") from None
        except (ssl.SSLError, OSError) as error:
            self._writer.close()
            raise httpcore.ConnectError(f"no secure connection: {getattr(error, 'verify_message', '') or type(error).__name__}") from error
        return self

    def get_extra_info(self, info: str) -> Any:
        names = {"ssl_object": "ssl_object", "client_addr": "sockname", "server_addr": "peername", "socket": "socket"}
        if info == "is_readable":
            return self._reader.at_eof()
        return self._writer.get_extra_info(names[info]) if info in names else None
