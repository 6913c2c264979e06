"""Houses with MCP servers for the tests: the notes over both ways, the rogue, and who of them still lives."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agents.tools.mcp import McpServers, McpTool, Program, Rule, Server, tools_of
from orchestrator.contracts import Effect
from orchestrator.outside import Deed
from tests.tools.outside import FakeOutside

SERVERS = Path(__file__).parent
LOOK = {"look": Rule(Effect.READ, Deed.READ)}


def notes_program(**given: Any) -> Server:
    return Server("notes", Program(sys.executable, (str(SERVERS / "mcp_notes.py"),), **given), {"everything": Rule(Effect.READ, Deed.READ)}, seconds=20)


def rogue(way: str, folder: Path, *, seconds: float = 10.0, rules: dict[str, Rule] | None = None, **given: Any) -> Server:
    folder.mkdir(parents=True, exist_ok=True)
    return Server("rogue", Program(sys.executable, ("-I", str(SERVERS / "mcp_rogue.py"), way, str(folder)), **given), rules or {}, seconds=seconds)


def tool_of(house: McpServers, name: str) -> McpTool:
    return next(tool for tool in tools_of(house) if isinstance(tool, McpTool) and tool.name == name)


async def use(house: McpServers, name: str, hand: FakeOutside, **arguments: Any) -> Any:
    tool = tool_of(house, name)
    return (await tool.act(hand, tool.arguments.model_validate(arguments))).value


@contextmanager
def notes_on_the_network(*, json_response: bool = False, token: str = "") -> Iterator[str]:
    """The notes over streamable HTTP, behind a token if one is given."""
    import uvicorn

    from tests.servers.mcp_notes import notes

    inner: Any = notes().streamable_http_app(json_response=json_response)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        sent = dict(scope.get("headers", []))
        if scope["type"] == "http" and token and sent.get(b"authorization") != f"Bearer {token}".encode():
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"no"})
            return
        await inner(scope, receive, send)

    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(guarded, log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/mcp"
    finally:
        server.should_exit = True
        thread.join(10)


def lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(numbers: str) -> None:
    for _ in range(50):
        if not any(lives(int(number)) for number in numbers.split()):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"still there: {[number for number in numbers.split() if lives(int(number))]}")


def rogues(folder: Path) -> list[int]:
    """The rogues of this test that live."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = entry.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in said and b"mcp_rogue" in said and int(entry.parent.name) != os.getpid():
            found.append(int(entry.parent.name))
    return found
