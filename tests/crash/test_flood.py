"""Given a flood from twenty people with a fifth of it twice, when the bot is restarted within, then each is answered once, in order."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest

from tests.crash.majordomo import Ledger, majordomo, telegram
from tests.servers.telegram.api import Api, until_taken

SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
UPDATES = 20_000 if SOAK else 400
PEOPLE = 20
CHUNK = 40
"""Updates pushed at a time; with what is left of the chunk before they fit into one batch of a hundred."""


class Flood:
    """Pushes chunks whose updates are shuffled, a tenth of them twice, with a tenth of older ones again."""

    def __init__(self, api: Api, seed: int) -> None:
        self.api = api
        self.ledger = Ledger(api)
        self.pushed: list[dict[str, Any]] = []
        self._dice = random.Random(seed)
        self._next = api.updates.next_id

    def push_chunk(self) -> None:
        fresh = []
        for _ in range(CHUNK):
            fresh.append({"update_id": self._next, **self.ledger.prepare(self._dice.randrange(PEOPLE) + 1001)})
            self._next += 1
        twice = self._dice.sample(fresh, CHUNK // 10)
        again = self._dice.sample(self.pushed, CHUNK // 10) if self.pushed else []
        batch = fresh + twice
        self._dice.shuffle(batch)
        for update in batch:
            self.api.push(update)
        for update in again:
            self.api.again(update)
        self.pushed += fresh


@pytest.mark.timeout(1800 if SOAK else 120)
async def test_a_flood_with_duplicates_and_restarts_is_answered_once_and_in_order() -> None:
    async with telegram() as api, majordomo(api) as bot:
        flood = Flood(api, 7)
        await bot.start()
        chunks = UPDATES // CHUNK
        for number in range(chunks):
            await until_taken(api)
            flood.push_chunk()
            if number in {chunks // 3, 2 * chunks // 3}:
                await asyncio.sleep(0.03)
                assert await bot.stop() == 0
                for update in flood.pushed[-5:]:
                    api.again(update)
                await bot.start()
        ledger = flood.ledger
        await ledger.until_answered(60 + UPDATES / 50)
        print(f"\n{ledger.count} updates, {api.duplicates} handed over again, {len(api.sent)} messages sent")
        assert api.duplicates >= UPDATES * 0.15
        assert len(api.sent) == ledger.count
        assert ledger.unmarked_doubles() == []
        assert ledger.marked() == 0
        assert ledger.misplaced() == []
        assert ledger.unsolicited == []
        assert api.violations == []
        assert await bot.stop() == 0
