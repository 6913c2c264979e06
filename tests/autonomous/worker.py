"""A process of its own that carries out autonomous runs, for tests that kill it or race it against another.

    python -m tests.autonomous.worker URL INSTANT NOTES SWEEPS KILL_AT

Every look at the feed is noted in a file: when it began and when it ended, by whom. KILL_AT names where the process kills itself; empty, nowhere.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestrator.autonomous import Autonomous, runs
from orchestrator.contracts import Concern, Person
from storage.database import Database
from tests.autonomous.watcher import Watcher
from tests.catalogue import Recording, SmallCatalogue, make_runner
from tests.conftest import MovedClock

LOOKS_FOR = 0.05
"""Seconds that a look at the feed takes."""


class Noting(Watcher):
    """A feed that takes its time, and notes when."""

    def __init__(self, notes: Path, kill_at: str) -> None:
        super().__init__()
        self._notes = notes
        self._kill_at = kill_at

    def note(self, word: str) -> None:
        with self._notes.open("a") as file:
            file.write(f"{word} {os.getpid()}\n")

    def concerns(self, connection: Any, person: Person, now: datetime) -> Sequence[Concern]:
        self.note("begin")
        time.sleep(LOOKS_FOR)
        self.die_at("look")
        self.note("end")
        return [Concern("only-once", "something to tell")]

    def die_at(self, place: str) -> None:
        if self._kill_at == place:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, instant: str, notes: str, sweeps: int, kill_at: str) -> None:
    clock = MovedClock(datetime.fromisoformat(instant))
    database = Database(url)
    watcher = Noting(Path(notes), kill_at)
    autonomous = Autonomous(database, make_runner(database, clock, SmallCatalogue((watcher,)), Recording()))
    record = runs.record

    def recording(*given: Any, **more: Any) -> None:
        record(*given, **more)
        watcher.die_at("before the commit")

    runs.record = recording
    print("ready", flush=True)
    for _ in range(sweeps):
        await autonomous.sweep()
        await asyncio.sleep(0.01)
    watcher.die_at("after the commit")
    await database.close()


if __name__ == "__main__":
    exec(os.environ.get("TWIN", ""))
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]))
