"""A conversation with a server: agreeing on a version, what tools it has, calling one."""

from __future__ import annotations

import json
from typing import Any

from agents.tools.mcp.messages import Broken, Complaint, Message, Wire
from orchestrator.contracts import ToolError

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Of the protocol, ours first; what they differ in does not concern listing and calling tools."""
PAGES = 20
MOST_TOOLS = 100
LONGEST_TOOL = 50_000
"""Characters of one tool's description with its schemas."""
LONGEST_CURSOR = 2_000
LISTING_SECONDS = 20.0
"""At most, for each question but a call."""


class Session:
    """One client of one server. `seconds` limits each call."""

    def __init__(self, wire: Wire, seconds: float) -> None:
        self._wire = wire
        self._seconds = seconds
        self._has_tools = False

    @property
    def alive(self) -> bool:
        return self._wire.alive

    async def open(self) -> None:
        """Raises ToolError or TransientError; the server is then ended."""
        await self._wire.open()
        try:
            ours = {"protocolVersion": VERSIONS[0], "capabilities": {}, "clientInfo": {"name": "majordomo", "version": "1"}}
            found = await self._asked("initialize", ours)
            version = found.get("protocolVersion")
            if version not in VERSIONS:
                raise ToolError(f"the server speaks no version of the protocol that we know ({', '.join(VERSIONS)})")
            self._wire.agreed(str(version))
            capabilities = found.get("capabilities")
            self._has_tools = isinstance(capabilities, dict) and isinstance(capabilities.get("tools"), dict)
            await self._wire.tell("notifications/initialized")
        except BaseException:
            await self._wire.close()
            raise

    async def tools(self) -> tuple[Message, ...]:
        """Every tool as the server describes it, unread; the first of a name counts. Raises Broken for a list without an end."""
        found: dict[str, Message] = {}
        cursor, pages = "", 0
        while self._has_tools:
            page = await self._asked("tools/list", {"cursor": cursor} if cursor else {})
            for tool in _list(page.get("tools")):
                if isinstance(tool, dict) and isinstance(tool.get("name"), str) and len(json.dumps(tool)) <= LONGEST_TOOL:
                    found.setdefault(tool["name"], tool)
            cursor, pages = page.get("nextCursor") or "", pages + 1
            if not cursor:
                break
            if not isinstance(cursor, str) or len(cursor) > LONGEST_CURSOR or pages >= PAGES or len(found) > MOST_TOOLS:
                raise Broken(f"the server's list of tools has no end ({pages} pages, {len(found)} tools)")
        if len(found) > MOST_TOOLS:
            raise Broken(f"the server has more than {MOST_TOOLS} tools")
        return tuple(found.values())

    async def call(self, tool: str, arguments: Message) -> Message:
        """The result as it came. Raises Complaint, NotSent, Broken or ToolError."""
        return await self._wire.ask("tools/call", {"name": tool, "arguments": arguments}, self._seconds)

    async def close(self) -> None:
        await self._wire.close()

    async def _asked(self, method: str, params: Message) -> Message:
        try:
            return await self._wire.ask(method, params, min(LISTING_SECONDS, self._seconds))
        except Complaint as error:
            raise ToolError(f"the server answered {method} with error {error.code}") from None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
