"""Postgres goes away in the middle and comes back: nobody restarts anything, and what was under way goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.conftest import new_database
from tests.crash.majordomo import Ledger, majordomo, telegram
from tests.crash.plugin.majordomo_errand import STEPS
from tests.crash.test_workers import notes, until
from tests.crash.workshop import WITH_PLUGIN, WITHOUT_ENGINE, Workshop
from tests.servers import postgres
from tests.servers.telegram.api import Api

ERRANDS = 3
CHATS = range(700, 706)
GOES_ON = 120.0

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """One of this test's own: the others' must not go away."""
    if postgres.server_programs() is None:
        pytest.skip("Postgres is not installed: apt-get install postgresql")
    with postgres.serving() as served:
        yield served


@pytest.mark.parametrize(
    ("seconds", "workers"), [(3.0, 0), pytest.param(20.0, 0, marks=pytest.mark.soak), (1.0, 2), pytest.param(20.0, 2, marks=pytest.mark.soak)]
)
async def test_what_was_under_way_goes_on(server: postgres.Server, seconds: float, workers: int) -> None:
    """20 s is longer than a worker may be silent, and than a holder of the channels keeps its duty."""
    code = WITHOUT_ENGINE if workers else ""
    with new_database(server.address) as url:
        async with telegram() as api, majordomo(api, database_url=url, code=code, PYTHONPATH=WITH_PLUGIN) as bot:
            shop = Workshop(bot)
            await bot.start()
            others = [shop.start_worker() for _ in range(workers)]
            await until(lambda: all(shop.is_ready(number) for number in range(workers)), 60)
            try:
                ledger = await _unplug_at_work(server, seconds, api, shop)
                for user in range(ERRANDS):
                    await api.shown(900 + user, f"errand done: run errand {user}", timeout=GOES_ON)
                assert bot.running
                assert all(worker.poll() is None for worker in others)
            finally:
                shop.end()
            done = notes(url)
    assert len(done) == ERRANDS * STEPS
    assert set(done.values()) == {1}
    assert (ledger.unmarked_doubles(), ledger.misplaced()) == ([], [])
    assert api.violations == []


async def _unplug_at_work(server: postgres.Server, seconds: float, api: Api, shop: Workshop) -> Ledger:
    """Unplugged while errands run and people write, then plugged in again; every message is answered."""
    for user in range(ERRANDS):
        api.say(900 + user, f"run errand {user}")
    await until(lambda: len(shop.noted()) > ERRANDS * 2, 60)
    ledger = Ledger(api)
    server.unplug()
    for chat in CHATS:
        ledger.ask(chat)
    await asyncio.sleep(seconds)
    server.plug_in()
    for chat in CHATS:
        ledger.ask(chat)
    await ledger.until_answered(GOES_ON)
    return ledger


async def test_who_is_asked_to_stop_meanwhile_ends(server: postgres.Server) -> None:
    with new_database(server.address) as url:
        async with telegram() as api, majordomo(api, database_url=url, PYTHONPATH=WITH_PLUGIN) as bot:
            shop = Workshop(bot)
            await bot.start()
            api.say(900, "run errand 1")
            await until(lambda: len(shop.noted()) > 2, 60)
            server.unplug()
            await asyncio.sleep(1)
            await bot.stop()
            server.plug_in()
            await bot.start()
            await api.shown(900, "errand done: run errand 1", timeout=GOES_ON)
            done = notes(url)
    assert (len(done), set(done.values())) == (STEPS, {1})
