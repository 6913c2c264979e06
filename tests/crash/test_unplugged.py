"""Postgres goes away in the middle and comes back: nobody restarts anything, and what was under way goes on."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from tests.conftest import new_database
from tests.crash import effects_calendar
from tests.crash.effects_books import balance, look
from tests.crash.majordomo import Ledger, majordomo, telegram
from tests.crash.plugin.majordomo_errand import STEPS
from tests.crash.test_kill_effects import CHATS as LETTERS_FROM
from tests.crash.test_kill_effects import SHORTLY, Office, calendars, office
from tests.crash.test_kill_effects import until as come
from tests.crash.test_workers import notes, until
from tests.crash.workshop import WITH_PLUGIN, WITHOUT_ENGINE, Workshop
from tests.servers import postgres
from tests.servers.telegram.api import Api

ERRANDS = 3
CHATS = range(700, 706)
GOES_ON = 120.0
SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
UNPLUGS = int(os.environ.get("UNPLUGS", 100 if SOAK else 2))
SEED = int(os.environ.get("EFFECT_SEED", 11))

__all__ = ["calendars"]
"""The fixture that it is here, too."""
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(14400 if SOAK else 300)]


@pytest.mark.parametrize(
    ("seconds", "workers"), [(3.0, 0), pytest.param(20.0, 0, marks=pytest.mark.soak), (1.0, 2), pytest.param(20.0, 2, marks=pytest.mark.soak)]
)
async def test_what_was_under_way_goes_on(own_postgres: postgres.Server, seconds: float, workers: int) -> None:
    """20 s is longer than a worker may be silent, and than a holder of the channels keeps its duty."""
    code = WITHOUT_ENGINE if workers else ""
    with new_database(own_postgres.address) as url:
        async with telegram() as api, majordomo(api, database_url=url, code=code, PYTHONPATH=WITH_PLUGIN) as bot:
            shop = Workshop(bot)
            await bot.start()
            others = [shop.start_worker() for _ in range(workers)]
            await until(lambda: all(shop.is_ready(number) for number in range(workers)), 60)
            try:
                ledger = await _unplug_at_work(own_postgres, seconds, api, shop)
                for user in range(ERRANDS):
                    await api.shown(900 + user, f"errand done: run errand {user}", timeout=GOES_ON)
                assert bot.running
                assert all(worker.poll() is None for worker in others)
                logs = [shop.log(number).read_text(errors="replace") for number in range(workers)]
                assert not any("taking over" in log for log in logs), "all were silent, and none of them was dead"
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


async def test_who_is_asked_to_stop_meanwhile_ends(own_postgres: postgres.Server) -> None:
    with new_database(own_postgres.address) as url:
        async with telegram() as api, majordomo(api, database_url=url, PYTHONPATH=WITH_PLUGIN) as bot:
            shop = Workshop(bot)
            await bot.start()
            api.say(900, "run errand 1")
            await until(lambda: len(shop.noted()) > 2, 60)
            own_postgres.unplug()
            await asyncio.sleep(1)
            await bot.stop()
            own_postgres.plug_in()
            await bot.start()
            await api.shown(900, "errand done: run errand 1", timeout=GOES_ON)
            done = notes(url)
    assert (len(done), set(done.values())) == (STEPS, {1})


# --- letters and events under way ---


async def unplug_somewhere(on: Office, server: postgres.Server, dice: random.Random) -> None:
    """Anywhere; as the mail server or the calendar comes to something; or while they have it and we have not heard. For less or longer than we try to write it down."""
    where = dice.choice(("", "", "MAIL", "DATA", "BODY", "delivered", effects_calendar.PUT, effects_calendar.DELETE, "changed"))
    out = asyncio.Event()

    def unplug(*_: object) -> None:
        if not out.is_set():
            out.set()
            server.unplug()

    if where == "delivered":
        on.server.on_delivery = unplug
    elif where == "changed":
        on.calendar.on_change = unplug
    elif where:
        verbs = on.calendar.verbs if where in effects_calendar.CHANGES else on.server.verbs
        seen = verbs.count(where)
        await come(lambda: verbs.count(where) > seen, 8.0)
        await asyncio.sleep(dice.random() * SHORTLY)
    if where in {"delivered", "changed"}:
        await come(out.is_set, 8.0)
    unplug()
    on.server.on_delivery, on.calendar.on_change = None, None
    await asyncio.sleep(dice.choice((0.0, 0.3, 2.0, 6.0)) * dice.random())
    server.plug_in()
    look(on.bot, on.tally)
    assert on.bot.running, on.bot.log()[-2000:]


async def test_every_letter_and_event_comes_once_or_is_asked_about(own_postgres: postgres.Server) -> None:
    dice = random.Random(SEED)
    with new_database(own_postgres.address) as url:
        async with office(database_url=url) as on:
            await on.bot.start()
            for chat in LETTERS_FROM:
                on.people.begin(chat)
            for _ in range(UNPLUGS):
                heard = len(on.people.outcomes)
                await unplug_somewhere(on, own_postgres, dice)
                await come(lambda: len(on.people.outcomes) > heard, GOES_ON)  # noqa: B023 - over before the next one
            on.people.resting = True
            await on.people.until_ended(list(on.people.begun), GOES_ON)
            await asyncio.sleep(0.3)
            balance(on.bot, on.people, on.tally)
            print(f"\n{on.tally}")
            assert on.tally.faults == []
            assert on.tally.figures["doubled unasked"] == 0
            assert on.people.api.violations == []
