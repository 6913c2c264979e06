"""The API, made when the first request for it comes: a start is no slower for it, and who never calls it does not carry it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

PATH = "/api/v1"


class OnDemand:
    """An ASGI application in the place of another. `make` runs in a thread, once."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
        await self._made(scope, receive, send)

    def close(self) -> None:
        """Open streams end."""
        if self._made is not None:
            self._made.state.closing.set()
