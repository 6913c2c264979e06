"""One request as its user sees it: posted, watched by curl, the line dropped and taken up again; the same by WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.contracts import Card, Context, Done, Outcome, Task
from tests.api.api_house import ApiHouse, running
from tests.api.live_clients import Lines, curl, hear, socket, watch
from tests.catalogue import ScriptedAgent

STEPS = 30


async def count(task: Task, context: Context) -> Outcome:
    """Background work that tells how far it is."""
    for number in range(1, STEPS + 1):
        await context.progress(f"step {number} of {STEPS}", round(100 * number / STEPS))
        await asyncio.sleep(0.02)
    return Done(Card("All counted."), {"counted": STEPS})


@pytest.fixture
async def counting(folder: Path) -> AsyncIterator[ApiHouse]:
    async with running(folder, agents=(ScriptedAgent("counting", count),)) as served:
        yield served


async def post(api: ApiHouse) -> str:
    body = {"type": "counting", "title": "Count", "priority": "high"}
    return str((await api.owner.json("POST", "/tasks", 201, json=body))["id"])


async def by_curl(api: ApiHouse, task: str) -> list[dict[str, Any]]:
    """A line that drops after five events, each time taken up with the last id seen."""
    seen = Lines()
    while not any(event["data"].get("state") == "completed" for event in seen.events):
        last = str(seen.ids[-1] if seen.ids else 0)
        async with curl(f"{api.address}/tasks/{task}/stream", api.owner.key, "-H", f"Last-Event-ID: {last}") as process:
            for _ in range(5):
                part = await watch(process, 1)
                seen.events += part.events
                seen.ids += part.ids
                if part.events[0]["data"].get("state") == "completed":
                    break
    return seen.events


async def by_socket(api: ApiHouse, task: str) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    while not any(event["data"].get("state") == "completed" for event in seen):
        async with socket(api, f"/tasks/{task}/ws", api.owner.key, seen[-1]["id"] if seen else None) as opened:
            for _ in range(5):
                seen += await hear(opened, 1)
                if seen[-1]["data"].get("state") == "completed":
                    break
    return seen


async def test_a_posted_task_is_watched_over_dropped_lines_with_nothing_missed_or_doubled(counting: ApiHouse) -> None:
    task = await post(counting)
    curled, heard = await asyncio.gather(by_curl(counting, task), by_socket(counting, task))
    listed = (await counting.owner.json("GET", f"/tasks/{task}/events?limit=200"))["items"]
    upto = next(number for number, event in enumerate(listed) if event["data"].get("state") == "completed") + 1
    assert curled == heard == listed[:upto]
    assert [event["data"]["percent"] for event in curled if event["kind"] == "progress"] == [round(100 * n / STEPS) for n in range(1, STEPS + 1)]
    states = [event["data"]["state"] for event in curled if event["kind"] == "status"]
    assert (states[0], states[-2:]) == ("pending", ["in_progress", "completed"])
    assert [event["data"] for event in curled if event["kind"] == "result"] == [{"result": {"counted": STEPS}}]
    found = await counting.owner.json("GET", f"/tasks/{task}")
    assert (found["state"], found["progress"], found["result"]) == ("completed", 100, {"counted": STEPS})
