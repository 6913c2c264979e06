"""docs/api.md: its examples run, its table names what there is, and every endpoint of the source documents is in it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from bot.api.app import PATH
from orchestrator.contracts import Priority, TaskState
from tests.api.api_house import ApiHouse

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SEEDS = ROOT.parent / "shared" / "seeds"
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.M | re.S)
ROW = re.compile(r"^\| `(?P<theirs>(?:GET|POST|PUT|PATCH|DELETE|ws) [^`]+)` \| `(?P<ours>[^`]+)`", re.M)
WITHOUT = {"POST /api/v1/utils/ai-task-templates", "GET /api/v1/utils/ai-task-templates/popular"}
"""Said on the page to have no counterpart."""
METHODS = r"GET|POST|PUT|PATCH|DELETE"


async def run(api: ApiHouse, *command: str, script: str) -> str:
    surroundings = {"PATH": os.environ["PATH"], "API": api.address, "KEY": api.owner.key, "NO_PROXY": "127.0.0.1", "HOME": os.environ.get("HOME", "/")}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=surroundings
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate(script.encode())
    assert process.returncode == 0, said.decode()[-2000:]
    return said.decode()


async def test_the_examples_run_in_their_order(api: ApiHouse) -> None:
    blocks = BLOCK.findall(PAGE)
    shell = "set -euo pipefail\nset -x\n" + "\n".join(code for language, code in blocks if language == "bash")
    said = await run(api, "bash", "-s", script=shell)
    assert '"kind":"status"' in said
    for code in (code for language, code in blocks if language == "python"):
        assert re.match(r"\d+ (status|progress|result|error|info) ", await run(api, sys.executable, "-", script=code))


async def test_every_endpoint_of_the_table_exists(api: ApiHouse) -> None:
    paths = (await api.owner.json("GET", "/openapi.json"))["paths"]
    sockets = {route.path for route in api.api.routes if hasattr(route, "path")}
    for row in ROW.finditer(PAGE):
        method, _, path = row["ours"].partition(" ")
        path = path.partition("?")[0]
        assert path in sockets if method == "ws" else method.lower() in paths.get(path, {}), row["ours"]


def test_every_endpoint_of_the_source_documents_is_in_the_table() -> None:
    if not SEEDS.is_dir():
        pytest.skip("the source documents are not here")
    named = {(method, _path(path)) for method, path in _endpoints()}
    assert len(named) > 35
    rows = {tuple(row["theirs"].split(" ", 1)) for row in ROW.finditer(PAGE)}
    told = {(method, _path(path)) for method, path in rows} | {(method, _path(path)) for method, path in (one.split(" ", 1) for one in WITHOUT)}
    assert sorted(named - told) == []


def test_every_state_and_priority_is_told() -> None:
    for name in [state.value for state in TaskState] + [priority.name.lower() for priority in Priority]:
        assert f"`{name}`" in PAGE, name


def test_the_page_names_the_path() -> None:
    assert f"`{PATH}`" in PAGE


def _endpoints() -> set[tuple[str, str]]:
    """Methods and paths as the documents write them: in lists, in code and in curl lines."""
    found: set[tuple[str, str]] = set()
    for document in sorted(SEEDS.glob("*.txt")):
        text = document.read_text(encoding="utf-8", errors="replace")
        for methods, path in re.findall(rf"\b((?:{METHODS})(?:/(?:{METHODS}))*) (/api/[\w{{}}/.-]+)", text):
            found |= {(method, path) for method in methods.split("/")}
        found |= {(method.upper(), path) for method, path in re.findall(r"@app\.(get|put|post|delete)\(\"(/api/[^\"]+)\"", text)}
        found |= {("ws", path) for path in re.findall(r"ws://[\w:.]+(/ws/[\w/]+)", text)}
    return found


def _path(path: str) -> str:
    """Without what differs in writing: the name of a parameter, a last slash."""
    return re.sub(r"\{\w+\}", "{}", path).rstrip("/.`")
