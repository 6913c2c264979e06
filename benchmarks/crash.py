"""What people see of duplicates and of kills: every sendMessage is counted at the platform, chat by chat.

    python -m benchmarks.crash [--runs 20] [--seed 1]

Duplicates: an update twice in one batch, again after its answer, again after a restart. Crash: ten chats write six
messages each and more keep coming, the process is killed 0-200 ms later, three more write while it is dead, it starts again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.crash.majordomo import Ledger, majordomo, telegram

CHATS = range(6001, 6011)
EACH = 5
AT_ONCE = 6
LATEST_KILL = 0.2
PACE = 0.003
"""Seconds between further messages until the kill, so that it meets work."""
WHILE_DEAD = 3


@dataclass
class Duplicates:
    """How many updates came again in each way, and how many replies that cost."""

    twice_in_a_batch: int = 0
    after_the_answer: int = 0
    after_a_restart: int = 0
    handed_over_again: int = 0
    answered_again: int = 0


@dataclass
class Crashes:
    """Over all runs. `in_flight` are kills that left work undone, by what the database and the platform said then."""

    runs: int = 0
    in_flight: int = 0
    messages: int = 0
    answered: int = 0
    lost: int = 0
    unmarked_doubles: int = 0
    marked_repetitions: int = 0
    marked_copies: int = 0
    unsolicited: int = 0
    out_of_order_chats: int = 0
    restart_seconds: list[float] = field(default_factory=list)
    at_the_kills: dict[str, int] = field(default_factory=dict)


async def duplicates() -> Duplicates:
    """Each way with `EACH` updates."""
    found = Duplicates()
    async with telegram() as api, majordomo(api) as bot:
        ledger = Ledger(api)
        pushed: list[dict[str, Any]] = [ledger.ask(chat) for chat in CHATS[:EACH]]
        for update in pushed:
            api.push(update)
        found.twice_in_a_batch = EACH
        await bot.start()
        await ledger.until_answered(30)
        again = [ledger.ask(chat) for chat in CHATS[EACH:]]
        await ledger.until_answered(30)
        for update in again:
            api.again(update)
        found.after_the_answer = len(again)
        await asyncio.sleep(1)
        await bot.stop()
        for update in pushed + again:
            api.again(update)
        found.after_a_restart = len(pushed + again)
        await bot.start()
        ledger.ask(CHATS[0])
        await ledger.until_answered(30, then_wait=1.0)
        found.handed_over_again = api.duplicates
        found.answered_again = ledger.copies() + len(ledger.unsolicited)
    return found


async def crashes(runs: int, seed: int) -> Crashes:
    """One bot and one database, killed `runs` times."""
    dice = random.Random(seed)
    found, seen = Crashes(runs=runs), Counter[str]()
    async with telegram() as api, majordomo(api) as bot:
        ledger = Ledger(api)
        await bot.start()
        for _ in range(runs):
            for _ in range(AT_ONCE):
                for chat in CHATS:
                    ledger.ask(chat)
            end = time.monotonic() + dice.random() * LATEST_KILL
            while time.monotonic() < end:
                await asyncio.sleep(PACE)
                ledger.ask(dice.choice(CHATS))
            await bot.kill()
            left = Counter({f"message {state}": count for state, count in bot.states("messages_in").items() if state != "handled"})
            left += Counter({f"reply {state}": count for state, count in bot.states("outbox").items() if state != "sent"})
            left += Counter({"message not taken": api.pending})
            found.in_flight += bool(left)
            seen += left
            for chat in dice.sample(CHATS, WHILE_DEAD):
                ledger.ask(chat)
            found.restart_seconds.append(round(await bot.start(), 2))
            await ledger.until_answered(30)
        _judge(found, ledger)
    found.at_the_kills = dict(seen)
    return found


def _judge(found: Crashes, ledger: Ledger) -> None:
    found.messages = ledger.count
    found.lost = len(ledger.open)
    found.answered = found.messages - found.lost
    found.unmarked_doubles = len(ledger.unmarked_doubles())
    found.marked_repetitions = ledger.marked()
    found.marked_copies = ledger.copies() - found.unmarked_doubles
    found.unsolicited = len(ledger.unsolicited)
    found.out_of_order_chats = len(ledger.misplaced())


def main() -> None:
    parser = argparse.ArgumentParser(description="Duplicates and kills, counted at the platform.")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    load = round(os.getloadavg()[0], 2)
    results: dict[str, Any] = {"duplicates": asdict(asyncio.run(duplicates())), "crashes": asdict(asyncio.run(crashes(given.runs, given.seed)))}
    for part, values in results.items():
        print(part)
        for name, value in values.items():
            shown = f"median {sorted(value)[len(value) // 2]}" if isinstance(value, list) and value else value
            print(f"  {name:<24} {shown}")
    print(json.dumps({"load_average": load, **results}))


if __name__ == "__main__":
    main()
