"""Several workers on Postgres: one killed, one stopped and woken again; the work goes on and nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.crash.majordomo import ROOT, Majordomo, majordomo, telegram
from tests.crash.plugin.majordomo_errand import STEPS

PLUGIN = Path(__file__).parent / "plugin"
ERRANDS = 6
CONFIG = (
    "business: {name: Workshop}\nintents:\n  errand:\n    keywords: ['^run errand']\n    examples: ['run errand one', 'run errand two', 'run errand three']\n"
)
TAKEN_OVER = 30.0


def start_worker(bot: Majordomo, number: int) -> subprocess.Popen[bytes]:
    with (bot.folder / f"worker{number}").open("wb") as log:
        environment = {**bot._environment, "PYTHONPATH": f"{ROOT}{os.pathsep}{PLUGIN}"}
        return subprocess.Popen([sys.executable, "-m", "bot", "worker"], cwd=bot.folder, env=environment, stdout=log, stderr=log, start_new_session=True)


def notes(url: str) -> Counter[str]:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return Counter(connection.execute(sa.text("SELECT text FROM examples WHERE intent = 'errand'")).scalars())
    finally:
        engine.dispose()


async def until_notes(url: str, wanted: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while len(notes(url)) < wanted:
            await asyncio.sleep(0.2)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
@pytest.mark.timeout(180)
async def test_one_worker_killed_one_stopped_and_woken(postgres_url: str) -> None:
    async with telegram() as api, majordomo(api, database_url=postgres_url, PYTHONPATH=f"{ROOT}{os.pathsep}{PLUGIN}") as bot:
        (bot.folder / "majordomo.yaml").write_text(CONFIG)
        await bot.start()
        workers = [start_worker(bot, number) for number in (1, 2)]
        try:
            await asyncio.sleep(6)
            for user in range(ERRANDS):
                api.say(900 + user, f"run errand {user}")
            await until_notes(postgres_url, ERRANDS * 2, 40)
            os.killpg(workers[0].pid, signal.SIGKILL)
            os.killpg(workers[1].pid, signal.SIGSTOP)
            await until_notes(postgres_url, ERRANDS * STEPS, TAKEN_OVER + STEPS)
            os.killpg(workers[1].pid, signal.SIGCONT)
            for user in range(ERRANDS):
                await api.until(900 + user, f"errand done: run errand {user}", timeout=TAKEN_OVER)
            await asyncio.sleep(3)
        finally:
            for worker in workers:
                if worker.poll() is None:
                    os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
    done = notes(postgres_url)
    assert len(done) == ERRANDS * STEPS
    assert set(done.values()) == {1}
    for user in range(ERRANDS):
        assert sum("errand done" in text for text in api.texts(900 + user)) == 1
