"""What the dispatcher costs: the time of `context.call` less the tool's own, on SQLite with synchronous=FULL.

    python -m benchmarks.dispatcher [--calls 1000] [--folder DIR]

Real database, journal, budgets, ledger, audit log and runner; the tools return at once. An effect is let through by policy
here, so that no waiting for a person is in the figures. `raw commit` is one row written by bare sqlite3 to the same disk.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.contracts import Card, Context, Done, Effect, Outcome, Task, TaskState
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result
from storage import schema
from storage.audit import AuditLog
from storage.database import Database
from storage.vault import FileKeys, Vault
from tests.actions.stage import Stage, errand
from tests.conftest import MovedClock

TARGET_MS = 5.0
CALLS_A_TASK = 50
WARM_UP = CALLS_A_TASK
POLICY = {"deeds": {"external_write": "allow"}, "limits": {"per_tool_minute": 10**6}, "budgets": {"task": 10**6, "day": 10**9, "month": 10**9}}


class Number(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int


class RealClock(MovedClock):
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class AtOnce:
    """A tool without work of its own; `spent` are the seconds of each call that were nobody's but the tool's."""

    name: str
    effect: Effect
    deed: Deed
    version: int = 1
    description: str = "Returns its number."
    arguments: type[BaseModel] = Number
    credits: int = 1
    seconds: float = 5.0
    spent: list[float] = field(default_factory=list)

    def reach(self, arguments: Number) -> Reach:
        return Reach(self.deed)

    def preview(self, arguments: Number, words: Phrase) -> Preview:
        return Preview(f"{self.name} {arguments.number}")

    async def act(self, outside: Outside, arguments: Number) -> Result:
        if self.effect is not Effect.READ:
            await outside.in_doubt()
        began = time.perf_counter()
        result = Result({"number": arguments.number})
        self.spent.append(time.perf_counter() - began)
        return result


@dataclass
class Figures:
    """Milliseconds; `processor` is computing time of the whole process for one call, the task's own beginning and end shared out."""

    load_average: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))
    values: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, taken: list[float]) -> None:
        ordered = sorted(taken)
        self.values[f"{name}: p50 ms"] = round(statistics.median(ordered) * 1000, 2)
        self.values[f"{name}: p99 ms"] = round(ordered[max(0, round(len(ordered) * 0.99) - 1)] * 1000, 2)

    def table(self) -> str:
        lines = [f"{name:<36} {value:>10}" for name, value in self.values.items()]
        return "\n".join([*lines, f"{'load average at the start':<36} {self.load_average:>10}"])


TOOLS = (AtOnce("read", Effect.READ, Deed.READ), AtOnce("irreversible", Effect.IRREVERSIBLE, Deed.WRITE))


def caller(tool: AtOnce, taken: list[float]) -> Callable[[Task, Context], Awaitable[Outcome]]:
    async def script(task: Task, context: Context) -> Outcome:
        for number in range(CALLS_A_TASK):
            began = time.perf_counter()
            await context.call(tool.name, key=f"call-{number}", number=number)
            taken.append(time.perf_counter() - began - tool.spent[-1])
        return Done(Card("Done."))

    return script


async def overhead(tool: AtOnce, calls: int, folder: Path, figures: Figures) -> None:
    """Seconds of each call beyond the tool's own; the first ones, in which everything is loaded, are left out."""
    taken: list[float] = []
    computed = 0.0
    database = Database(f"sqlite+aiosqlite:///{folder}/{tool.name}.db")
    schema.ensure(database.engine)
    stage = Stage(database, folder, agents=[errand(caller(tool, taken))], tools=[tool], policy=POLICY, clock=RealClock())
    stage.dispatcher.rules = replace(stage.rules, audit=AuditLog(Vault(FileKeys(folder / "key"))))
    while len(taken) < calls + WARM_UP:
        gc.collect()
        if len(taken) == WARM_UP:
            computed = time.process_time()
        task = await stage.begin()
        if task.state is not TaskState.COMPLETED:
            raise RuntimeError(f"the task ended as {task.state}: {stage.heard()}")
    computed = time.process_time() - computed
    await database.close()
    figures.add(tool.name, taken[WARM_UP:])
    figures.values[f"{tool.name}: processor ms"] = round(computed / (len(taken) - WARM_UP) * 1000, 2)


def raw_commits(calls: int, folder: Path) -> list[float]:
    """Seconds of one small row and its commit, by bare sqlite3 with the same pragmas."""
    connection: Any = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE row (number INTEGER)")
    taken = []
    for number in range(calls):
        began = time.perf_counter()
        connection.execute("INSERT INTO row VALUES (?)", (number,))
        taken.append(time.perf_counter() - began)
    connection.close()
    return taken


async def measure(calls: int, folder: Path) -> Figures:
    figures = Figures()
    figures.add("raw commit", raw_commits(calls, folder))
    for tool in TOOLS:
        await overhead(tool, calls, folder, figures)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=1000, help="of each tool")
    parser.add_argument("--folder", type=Path, default=None, help="where the database is made; the disk counts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        figures = asyncio.run(measure(given.calls, Path(folder)))
    print(figures.table())
    print(json.dumps(asdict(figures)))
    return 0 if figures.values["read: p50 ms"] <= TARGET_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
