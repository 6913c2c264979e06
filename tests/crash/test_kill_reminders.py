"""Given reminders that fall due, when the process is killed while they go off, then each is shown, and not twice unmarked."""

from __future__ import annotations

import asyncio
import os
import random

import pytest
import sqlalchemy as sa

from tests.crash.majordomo import Majordomo, code_of, codes_in, majordomo, telegram
from tests.crash.sightings import Sightings
from tests.servers.telegram.api import Api
from tests.servers.telegram.messages import Sent

SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
ROUNDS = 40 if SOAK else 1
KILLS_A_ROUND = 3
CHATS = range(6001, 6009)
EACH = 3
SOONEST, LATEST = 4, 7
"""Seconds from the asking to the going off."""
RING = "⏰"


def meant(sent: Sent) -> str | None:
    """Which reminder, and whether it was made or went off."""
    code = next(iter(codes_in(sent.text)), None)
    return f"{code} {'due' if RING in sent.text else 'made'}" if code else None


def occurrences(bot: Majordomo) -> tuple[int, int]:
    """How many due instants have ended, and how many of them as something other than told."""
    engine = sa.create_engine(bot.database_url.replace("+aiosqlite", ""))
    try:
        with engine.connect() as connection:
            ended = connection.execute(sa.text("SELECT outcome, count(*) FROM occurrences GROUP BY outcome")).all()
    finally:
        engine.dispose()
    return sum(row[1] for row in ended), sum(row[1] for row in ended if row[0] not in ("ran", "late"))


class Wishes:
    """Asks for reminders, each with a word of its own."""

    def __init__(self, api: Api, dice: random.Random) -> None:
        self.api = api
        self.codes: list[str] = []
        self._dice = dice

    def ask(self) -> None:
        for chat in CHATS:
            for _ in range(EACH):
                code = code_of(len(self.codes))
                self.codes.append(code)
                self.api.say(chat, f"remind me in {self._dice.randint(SOONEST, LATEST)} seconds to water {code}")


async def one_round(bot: Majordomo, wishes: Wishes, sightings: Sightings, dice: random.Random) -> int:
    """Ask, wait for the first to go off, kill and start again while the others do. Returns how many were still to come at the kills."""
    before = len(wishes.codes)
    wishes.ask()
    fresh = wishes.codes[before:]
    await sightings.until_seen([f"{code} made" for code in fresh], 30, then_wait=0.0)
    async with asyncio.timeout(30):
        while not any(f"{code} due" in sightings.seen for code in fresh):
            await asyncio.sleep(0.005)
    open_at_kills = 0
    for _ in range(KILLS_A_ROUND):
        await asyncio.sleep(dice.random() * (LATEST - SOONEST) / KILLS_A_ROUND)
        await bot.kill()
        open_at_kills += sum(f"{code} due" not in sightings.seen for code in fresh)
        await bot.start()
    await sightings.until_seen([f"{code} due" for code in fresh], 30)
    return open_at_kills


@pytest.mark.timeout(1800 if SOAK else 120)
async def test_killed_while_reminders_go_off_each_is_shown_and_none_twice_unmarked() -> None:
    async with telegram() as api, majordomo(api) as bot:
        dice, sightings, open_at_kills = random.Random(9), Sightings(api, meant), 0
        wishes = Wishes(api, dice)
        await bot.start()
        for _ in range(ROUNDS):
            open_at_kills += await one_round(bot, wishes, sightings, dice)
        print(f"\n{len(wishes.codes)} reminders over {ROUNDS * KILLS_A_ROUND} kills, {open_at_kills} times one was still to go off at a kill; "
              f"{sightings.marked()} marked repetitions")  # fmt: skip
        assert open_at_kills > 0
        assert sightings.unmarked_doubles() == []
        assert sightings.strange == []
        assert occurrences(bot) == (len(wishes.codes), 0)
        assert api.violations == []
