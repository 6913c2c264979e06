"""Whether a service took a credential: the vault hears of it, so that one that was refused is asked for anew instead of tried for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from orchestrator.contracts import ToolError
from orchestrator.outside import Outside


class LoginRefused(ToolError):
    """The service did not take this user name, password or token. Not for rights that are missing, nor for a server that is busy."""


@asynccontextmanager
async def trying(outside: Outside, handle: str) -> AsyncIterator[None]:
    """Around the first exchange in which a service judges the credential `handle`; "" for a login that is none of the person's."""
    try:
        yield
    except LoginRefused:
        if handle:
            await outside.tried(handle, accepted=False)
        raise
    if handle:
        await outside.tried(handle, accepted=True)
