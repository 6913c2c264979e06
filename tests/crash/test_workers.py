"""Several workers on Postgres: one killed, one stopped and woken; the work goes on within 30 s and nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from tests.crash.majordomo import majordomo, telegram
from tests.crash.plugin.majordomo_errand import PAUSE, STEPS, STEPS_HERE
from tests.crash.workshop import WITH_PLUGIN, WITHOUT_ENGINE, Workshop
from tests.servers.telegram.api import Api

ERRANDS, MOST_ERRANDS = 6, 16
WORKERS = 3
GOES_ON = 30.0
"""Seconds within which the tasks of a dead or stopped worker go on, on a machine that has nothing else to do."""
PATIENCE = 90.0
"""Seconds that this may take where other tests run beside it."""
ENDLESS = 1000
"""Steps of an errand that is not over before a second worker has started, however long that takes."""
QUICK = """
from datetime import timedelta
import orchestrator.execution.engine as engine
engine.DEAD_AFTER, engine.HEARTBEAT = timedelta(seconds=4), 1.0
"""
"""A worker is taken for dead sooner, so that the test need not wait so long."""
LEASELESS = """
import orchestrator.tasks.manager as manager
import sqlalchemy as sa
from storage.models import TaskRow
whole = manager.fence
manager.fence = lambda task: tuple(part for part in whole(task) if "tasks.lease" not in str(part))
manager._move = sa.update(TaskRow).where(
    TaskRow.id == sa.bindparam("of_task"), TaskRow.state == sa.bindparam("from_state"), TaskRow.segment == sa.bindparam("from_segment"),
    TaskRow.epoch == sa.bindparam("from_epoch"), sa.bindparam("from_lease") == sa.bindparam("from_lease"),
)
"""
"""The twin without the lease: a write asks for the task's state, segment and epoch, not for who may run it."""

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]


@asynccontextmanager
async def workshop(url: str) -> AsyncIterator[tuple[Api, Workshop]]:
    """A `run` that leaves the durable work to workers, of which there are none yet."""
    async with telegram() as api, majordomo(api, database_url=url, code=WITHOUT_ENGINE, PYTHONPATH=WITH_PLUGIN) as bot:
        shop = Workshop(bot)
        await bot.start()
        try:
            yield api, shop
        finally:
            shop.end()


async def until(holds: Callable[[], bool], seconds: float) -> float:
    """How long it took, in seconds."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.05)
    return time.monotonic() - began


def notes(url: str) -> Counter[str]:
    """The steps in our database, and how often each was done."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return Counter(connection.execute(sa.text("SELECT title FROM person_notifications WHERE kind = 'errand'")).scalars())
    finally:
        engine.dispose()


def unfinished(shop: Workshop, worker: subprocess.Popen[bytes]) -> set[str]:
    """The tasks that this worker was the last to work at."""
    last = {one.task: one for one in shop.noted()}
    return {task for task, one in last.items() if one.pid == worker.pid and one.number < STEPS - 1}


def go_on(shop: Workshop, tasks: Collection[str], without: Collection[subprocess.Popen[bytes]]) -> bool:
    """Whether others than these workers have worked at each of the tasks."""
    gone = {worker.pid for worker in without}
    last = {one.task: one.pid for one in shop.noted()}
    return all(last[task] not in gone for task in tasks)


async def taken_over(shop: Workshop, worker: subprocess.Popen[bytes], gone: list[subprocess.Popen[bytes]], number: signal.Signals) -> str:
    """Send a worker a signal; how many tasks it held, and after how many seconds others than the `gone` went on with them."""
    os.killpg(worker.pid, number)
    await asyncio.sleep(0.05)
    held = unfinished(shop, worker)
    assert held
    first = await until(lambda: any(go_on(shop, [task], gone) for task in held), PATIENCE)
    whole = first + await until(lambda: go_on(shop, held, gone), PATIENCE)
    assert whole < GOES_ON or "MAJORDOMO_SOAK" not in os.environ
    return f"{number.name}: {len(held)} tasks held, the first went on after {first:.1f} s, all after {whole:.1f} s"


async def test_one_worker_killed_one_stopped_and_woken(postgres_url: str) -> None:
    async with workshop(postgres_url) as (api, shop):
        workers = [shop.start_worker() for _ in range(WORKERS)]
        await until(lambda: all(shop.is_ready(number) for number in range(WORKERS)), 60)
        errands = 0
        while errands < ERRANDS or sum(bool(unfinished(shop, worker)) for worker in workers) < 2:
            assert errands < MOST_ERRANDS, "one worker takes everything"
            api.say(900 + errands, f"run errand {errands}")
            errands += 1
            await until(lambda: len({one.task for one in shop.noted()}) == errands, 60)  # noqa: B023 - over before the next one
        gone = sorted(workers, key=lambda worker: len(unfinished(shop, worker)), reverse=True)[:2]
        signals = (signal.SIGKILL, signal.SIGSTOP)
        told = await asyncio.gather(*(taken_over(shop, worker, gone, number) for worker, number in zip(gone, signals, strict=True)))
        print("", *told, sep="\n")
        os.killpg(gone[1].pid, signal.SIGCONT)
        for user in range(errands):
            await api.shown(900 + user, f"errand done: run errand {user}", timeout=PATIENCE + STEPS * PAUSE)
        await asyncio.sleep(2)
    done = notes(postgres_url)
    assert len(done) == errands * STEPS
    assert set(done.values()) == {1}
    for user in range(errands):
        assert sum("errand done" in text for text in api.texts(900 + user)) == 1
    assert api.violations == []


# --- what the lease is for ---


async def _stopped_between_two_steps(url: str, code: str = "") -> list[tuple[str, int]]:
    """A worker is stopped, another takes its task over and gets ahead, the first is woken. Returns what was done twice."""
    async with workshop(url) as (api, shop):
        shop.bot.environment[STEPS_HERE] = str(ENDLESS)
        first = shop.start_worker(QUICK + code)
        await until(lambda: shop.is_ready(0), 60)
        api.say(900, "run errand 1")
        await until(lambda: len(shop.noted()) > 0, 60)
        second = shop.start_worker(QUICK + code)
        await until(lambda: shop.is_ready(1), 60)
        so_far = len(shop.noted())
        await until(lambda: len(shop.noted()) > so_far, PATIENCE)
        await asyncio.sleep(PAUSE / 3)
        os.killpg(first.pid, signal.SIGSTOP)
        await until(lambda: sum(one.pid == second.pid for one in shop.noted()) >= 2, PATIENCE)
        os.killpg(first.pid, signal.SIGCONT)
        await asyncio.sleep(PAUSE * 4)
        return shop.doubles()


async def test_a_worker_that_was_taken_over_does_nothing_any_more(postgres_url: str) -> None:
    assert await _stopped_between_two_steps(postgres_url) == []


async def test_without_the_lease_it_would_do_a_step_that_another_has_done(postgres_url: str) -> None:
    assert len(await _stopped_between_two_steps(postgres_url, LEASELESS)) >= 1
