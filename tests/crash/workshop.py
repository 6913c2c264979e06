"""A bot with the plugin of the tests installed: its configuration, its workers, and what its steps left outside our database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.crash.majordomo import ROOT, Majordomo, code_to_run
from tests.crash.plugin.majordomo_errand import FILE

PLUGIN = Path(__file__).parent / "plugin"
CONFIG = """
business: {name: Workshop}
intents:
  errand:
    keywords: ['^run errand']
    examples: ['run errand one', 'run errand two', 'run errand three']
  rounds:
    keywords: ['^go round']
    examples: ['go round the house', 'go round the yard', 'go round the block']
"""
WITH_PLUGIN = f"{ROOT}{os.pathsep}{PLUGIN}"
"""The path on which Python finds it."""
WITHOUT_ENGINE = """
import asyncio, bot.app
bot.app.House._engine = lambda house: asyncio.Event().wait()
"""
"""A `run` that leaves all durable work to the workers."""


@dataclass(frozen=True)
class Noted:
    """One step that was done, by the process that did it."""

    pid: int
    task: str
    number: int


class Workshop:
    """Beside a bot: workers, and the file to which steps are noted."""

    def __init__(self, bot: Majordomo) -> None:
        self.bot = bot
        self.workers: list[subprocess.Popen[bytes]] = []
        self.file = bot.folder / "noted"
        bot.environment |= {FILE: str(self.file)}
        (bot.folder / "majordomo.yaml").write_text(CONFIG)

    def start_worker(self, code: str = "") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", code_to_run("worker", code)]
        with self.log(len(self.workers)).open("wb") as log:
            worker = subprocess.Popen(command, cwd=self.bot.folder, env=self.bot.environment, stdout=log, stderr=log, start_new_session=True)
        self.workers.append(worker)
        return worker

    def log(self, number: int) -> Path:
        return self.bot.folder / f"worker{number}"

    def is_ready(self, number: int) -> bool:
        return "worker ready" in self.log(number).read_text(errors="replace")

    def end(self) -> None:
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    def noted(self) -> list[Noted]:
        """Every step done, in order."""
        if not self.file.exists():
            return []
        lines = self.file.read_text().splitlines()
        return [Noted(int(pid), task, int(number)) for pid, task, number in (line.split() for line in lines)]

    def doubles(self) -> list[tuple[str, int]]:
        """Steps that were done more than once."""
        counts = Counter((one.task, one.number) for one in self.noted())
        return [step for step, times in counts.items() if times > 1]
