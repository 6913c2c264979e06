"""From an event to whoever watches: one changing task with a thousand idle listeners beside it, then all of them on the changing one.

    python -m benchmarks.live [--listeners 1000] [--events 200]

A real `majordomo run` with its own folder, database (SQLite) and port. A task is held and let go by the API; each change is an
event. The time goes from the event's own stamp, made in its transaction before the commit, to the line at the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import websockets

from orchestrator import access, people
from orchestrator.contracts import Role
from orchestrator.people import LOCAL, LOCAL_OWNER, Caller
from storage import schema
from storage.database import Database
from tests.servers.postgres import free_port

ROOT = Path(__file__).resolve().parents[1]
PACE = 0.05
"""Seconds between two changes."""
AT_ONCE = 50
"""Listeners that connect at the same time."""
TARGET_MS = 200.0
KEYS = 8


@dataclass
class Watched:
    """Milliseconds from event to listener."""

    listeners: int
    events: int
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0

    @classmethod
    def of(cls, listeners: int, taken: list[float]) -> Watched:
        cuts = statistics.quantiles(taken, n=100, method="inclusive")
        return cls(listeners, len(taken), round(cuts[49], 1), round(cuts[98], 1), round(max(taken), 1))


@dataclass
class Figures:
    """All of it; memory in megabytes of the server's process."""

    load: tuple[float, float, float] = (0.0, 0.0, 0.0)
    connected_in_seconds: float = 0.0
    memory_before: float = 0.0
    memory_with_listeners: float = 0.0
    idle_cpu_percent: float = 0.0
    sse: Watched | None = None
    websocket: Watched | None = None
    everybody: Watched | None = None


@dataclass
class Line:
    """One SSE stream over a bare socket: what it costs the client is next to nothing."""

    taken: list[float] = field(default_factory=list)
    _writer: asyncio.StreamWriter | None = None
    _reading: asyncio.Task[None] | None = None

    async def open(self, port: int, path: str, key: str) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\nAccept: text/event-stream\r\n\r\n"
        self._writer.write(head.encode())
        answer = await reader.readline()
        if b" 200 " not in answer:
            raise RuntimeError(f"refused: {answer!r}")
        while b": open" not in await reader.readline():
            continue
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        async for line in reader:
            if line.startswith(b"data: ") and (stamp := json.loads(line[6:]).get("created_at")):
                self.taken.append(since(stamp))

    def close(self) -> None:
        if self._reading is not None and self._writer is not None:
            self._reading.cancel()
            self._writer.close()


def since(stamp: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds() * 1000


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[tuple[psutil.Process, int, list[str]]]:
    """A running Majordomo: its process, its port, and keys of its owner, for each may call 600 times a minute."""
    url, port = f"sqlite+aiosqlite:///{folder}/data/majordomo.db", free_port()
    database = Database(url)
    schema.ensure(database.engine)
    person = database.write_now(lambda connection: people.admit(connection, Caller(LOCAL, LOCAL_OWNER), Role.OWNER, datetime.now(UTC)))
    scopes = access.allowed_to(person)
    keys = database.write_now(lambda connection: [access.create(connection, person, "bench", scopes, datetime.now(UTC)).secret for _ in range(KEYS)])
    database.engine.dispose()
    surroundings = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "MAJORDOMO_CONFIG": str(folder / "majordomo.yaml"), "MAJORDOMO_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=ROOT, env=surroundings, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False) as client:
            for _ in range(600):
                if await answers(client, f"http://127.0.0.1:{port}/health"):
                    break
                await asyncio.sleep(0.2)
        yield psutil.Process(process.pid), port, keys
    finally:
        process.terminate()
        await process.wait()


async def answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).is_success
    except httpx.TransportError:
        return False


async def change(client: httpx.AsyncClient, task: str, times: int) -> None:
    """Hold the task and let it go: an event each."""
    for number in range(times):
        began = time.monotonic()
        (await client.post(f"/tasks/{task}/{'resume' if number % 2 else 'pause'}")).raise_for_status()
        await asyncio.sleep(max(0.0, PACE - (time.monotonic() - began)))


async def waiting_task(client: httpx.AsyncClient) -> str:
    """One that asks when, and so waits."""
    made = await client.post("/tasks", json={"type": "reminder_set", "slots": {"rest": "call"}})
    made.raise_for_status()
    return str(made.json()["id"])


async def listen(port: int, keys: list[str], task: str, count: int) -> list[Line]:
    lines = [Line() for _ in range(count)]
    for start in range(0, count, AT_ONCE):
        key = keys[start // AT_ONCE % len(keys)]
        await asyncio.gather(*(line.open(port, f"/tasks/{task}/stream", key) for line in lines[start : start + AT_ONCE]))
    await asyncio.sleep(0.5)
    return lines


async def hear(port: int, key: str, task: str, taken: list[float]) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with websockets.connect(f"ws://127.0.0.1:{port}/api/v1/tasks/{task}/ws", additional_headers=headers, proxy=None) as opened:
        async for said in opened:
            taken.append(since(json.loads(said)["created_at"]))


async def measure(listeners: int, count: int) -> Figures:
    found = Figures(os.getloadavg())
    with tempfile.TemporaryDirectory() as folder:
        async with house(Path(folder)) as (process, port, keys):
            key = keys[0]
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30)
            async with client:
                idle, changing = await waiting_task(client), await waiting_task(client)
                found.memory_before = process.memory_info().rss / 1e6
                began = time.monotonic()
                lines = await listen(port, keys[1:], idle, listeners)
                found.connected_in_seconds = round(time.monotonic() - began, 1)
                found.memory_with_listeners = process.memory_info().rss / 1e6
                found.idle_cpu_percent = await idle_share(process)
                await beside_idle_ones(client, port, key, changing, count, listeners, found)
                await everybody(client, lines, idle, count, found)
    return found


async def idle_share(process: psutil.Process) -> float:
    process.cpu_percent()
    await asyncio.sleep(5)
    return process.cpu_percent()


async def beside_idle_ones(client: httpx.AsyncClient, port: int, key: str, task: str, count: int, listeners: int, found: Figures) -> None:
    (line,) = await listen(port, [key], task, 1)
    heard: list[float] = []
    hearing = asyncio.create_task(hear(port, key, task, heard))
    await asyncio.sleep(0.5)
    line.taken.clear()
    heard.clear()
    await change(client, task, count)
    await asyncio.sleep(1)
    hearing.cancel()
    line.close()
    found.sse, found.websocket = Watched.of(listeners + 2, line.taken), Watched.of(listeners + 2, heard)


async def everybody(client: httpx.AsyncClient, lines: list[Line], task: str, count: int, found: Figures) -> None:
    """Every listener's own task changes: each event goes to all of them."""
    for line in lines:
        line.taken.clear()
    for _ in range(max(2, count // 20)):
        await change(client, task, 2)
        await asyncio.sleep(1)
    found.everybody = Watched.of(len(lines), [taken for line in lines for taken in line.taken])
    for line in lines:
        line.close()


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--listeners", type=int, default=1000)
    asked.add_argument("--events", type=int, default=200)
    wanted = asked.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    found = asyncio.run(measure(wanted.listeners, wanted.events))
    for name, value in asdict(found).items():
        print(f"{name:<24}{value}")
    print(json.dumps(asdict(found)))
    return 0 if found.sse is not None and found.sse.p99 <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
