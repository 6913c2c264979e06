"""A real MCP server, written with the official package: notes in memory. Run it for stdio; `app` serves streamable HTTP."""

from __future__ import annotations

import os
import sys
from typing import Any, Literal

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ToolAnnotations
from pydantic import BaseModel


class Tag(BaseModel):
    name: str
    weight: int = 1


def notes() -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("notes", log_level="ERROR")
    kept: list[str] = []

    @server.tool(description="Add a note.")
    def add(text: str, colour: Literal["red", "blue"] = "red", tags: list[Tag] | None = None) -> dict[str, Any]:
        kept.append(text)
        return {"number": len(kept), "text": text, "colour": colour, "tags": [tag.name for tag in tags or []]}

    @server.tool(description="List the notes.")
    def everything() -> list[str]:
        return kept

    @server.tool(description="Forget all notes.", annotations=ToolAnnotations(read_only_hint=True, destructive_hint=False))
    def wipe() -> str:
        kept.clear()
        return "wiped"

    @server.tool(description="The value of a setting.")
    def setting(key: str) -> str:
        return f"{key}={os.environ.get(key, '')}"

    @server.tool(description="Breaks.")
    def breaks() -> str:
        raise ValueError("the disk is full")

    @server.tool(description="Works slowly, tells how far it is.")
    async def slow(ctx: Context) -> str:
        for step in range(3):
            await ctx.report_progress(step, 3)
        return "done"

    return server


if __name__ == "__main__":
    sys.path.pop(0)
    notes().run("stdio")
