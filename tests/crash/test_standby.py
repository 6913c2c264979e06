"""Two `run` on one Postgres: the one that stands by takes over when the other is killed, stopped or asked to end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.crash.majordomo import Ledger, Majordomo, majordomo, telegram
from tests.servers.telegram.api import Api

CHATS = range(4001, 4007)
AT_ONCE = 3.0
"""Seconds from the death of one to the first answer of the other, on a busy machine."""
WHEN_STOPPED = 25.0
"""The same where the term of 15 s has to pass."""

WITHOUT_LEASE = """
import bot.leading
async def win(leadership): pass
async def keep(leadership): await bot.leading.asyncio.Event().wait()
bot.leading.Leadership.win, bot.leading.Leadership.keep = win, keep
"""
"""The twin: every `run` takes itself for the one that receives and sends."""

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]


@asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[Api, Ledger, Majordomo, Majordomo]]:
    """The one that leads has answered; the other stands by."""
    async with telegram() as api, majordomo(api, database_url=url) as first, majordomo(api, database_url=url) as second:
        await first.start()
        await second.start(until_polling=False)
        async with asyncio.timeout(30):
            while "standing by" not in second.log():
                await asyncio.sleep(0.05)
        ledger = Ledger(api)
        ask_everybody(ledger)
        await ledger.until_answered(20, then_wait=0.0)
        yield api, ledger, first, second


def ask_everybody(ledger: Ledger) -> None:
    for chat in CHATS:
        ledger.ask(chat)


def check(api: Api, ledger: Ledger) -> None:
    assert ledger.unmarked_doubles() == []
    assert ledger.misplaced() == []
    assert ledger.unsolicited == []
    assert api.violations == []


async def test_when_one_is_killed_the_other_answers_at_once(postgres_url: str) -> None:
    async with two(postgres_url) as (api, ledger, first, _):
        ask_everybody(ledger)
        await asyncio.sleep(0.02)
        await first.kill()
        began = time.monotonic()
        ask_everybody(ledger)
        await ledger.until_answered(40, then_wait=0.0)
        taken = time.monotonic() - began
        print(f"\nall answered by the other {taken:.2f} s after the kill")
        assert taken < AT_ONCE
        check(api, ledger)


async def test_one_that_ends_in_good_order_hands_over_at_once_and_nothing_is_marked(postgres_url: str) -> None:
    async with two(postgres_url) as (api, ledger, first, _):
        ask_everybody(ledger)
        assert await first.stop() == 0
        ask_everybody(ledger)
        await ledger.until_answered(AT_ONCE)
        assert ledger.copies() == ledger.marked() == 0
        check(api, ledger)


async def test_one_that_is_stopped_and_woken_does_nothing_twice_and_ends(postgres_url: str) -> None:
    async with two(postgres_url) as (api, ledger, first, second):
        ask_everybody(ledger)
        await asyncio.sleep(0.02)
        os.killpg(first.pid, signal.SIGSTOP)
        began = time.monotonic()
        ask_everybody(ledger)
        await ledger.until_answered(60, then_wait=0.0)
        taken = time.monotonic() - began
        os.killpg(first.pid, signal.SIGCONT)
        for _ in range(20):
            ask_everybody(ledger)
            await asyncio.sleep(0.05)
        await ledger.until_answered(30, then_wait=1.0)
        print(f"\nall answered by the other {taken:.2f} s after the stop; {ledger.marked()} marked repetitions")
        assert taken < WHEN_STOPPED
        async with asyncio.timeout(60):
            while first.running:
                await asyncio.sleep(0.1)
        assert "taken over the channels" in first.log()
        assert second.running
        check(api, ledger)


# --- what the lease is for ---


async def _two_at_once(url: str, code: str = "") -> tuple[Api, Ledger]:
    """Two `run`, both alive, on a platform that takes its time to answer."""
    async with telegram() as api, majordomo(api, database_url=url, code=code) as first, majordomo(api, database_url=url, code=code) as second:
        await first.start()
        await second.start(until_polling=bool(code))
        ledger = Ledger(api)
        api.faults.add("sendMessage", "slow", times=None, seconds=0.3)
        for _ in range(5):
            ask_everybody(ledger)
            await asyncio.sleep(0.1)
        await ledger.until_answered(60, then_wait=1.0)
        return api, ledger


async def test_of_two_at_once_one_receives_and_sends(postgres_url: str) -> None:
    api, ledger = await _two_at_once(postgres_url)
    assert ledger.copies() == 0
    assert api.requests_refused(409) == 0
    check(api, ledger)


async def test_without_the_lease_both_would_send_the_same(postgres_url: str) -> None:
    api, ledger = await _two_at_once(postgres_url, WITHOUT_LEASE)
    print(f"\n{ledger.count} messages, {ledger.copies()} shown twice; {api.requests_refused(409)} polls that met another")
    assert ledger.copies() > 0
    assert api.requests_refused(409) > 0
