"""Given tasks of several segments, when the process is killed at any moment, then each goes on to its end and tells nothing twice unmarked."""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections import Counter

import pytest

from tests.crash.majordomo import Majordomo, code_of, majordomo, telegram
from tests.crash.plugin.majordomo_errand import ROUNDS
from tests.crash.sightings import Sightings
from tests.crash.workshop import WITH_PLUGIN, Workshop
from tests.servers.telegram.api import Api
from tests.servers.telegram.messages import Sent

SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
KILLS = 100 if SOAK else 3
CHATS = range(5001, 5007)
EAGER = """
import bot.app
bot.app.ENGINE_DELAY = 0.05
"""
"""The engine is loaded at once: most of each life is durable work."""
LATEST = 1.5
"""Seconds after the engine is back at work by which the process is dead."""

_SAID = re.compile(r"(qa[a-z]{4}) (round \d|go on after \d|done)")
_BEGUN = re.compile(r"I am on it \(#(\d+)\)")


def said(sent: Sent) -> str | None:
    """Which task tells what; that one was begun is told by its number."""
    if found := _BEGUN.search(sent.text):
        return f"{sent.chat_id} has #{found[1]}"
    found = _SAID.search(sent.text)
    return f"{found[1]} {found[2]}" if found else None


class People:
    """One task at a time in each chat: whoever is asked answers, and begins another when one is done."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.begun: dict[int, list[str]] = {}
        self.resting = False
        self.sightings = Sightings(api, said, self._answer)
        self._next = 0

    def begin(self, chat: int) -> None:
        code = code_of(self._next)
        self._next += 1
        self.begun.setdefault(chat, []).append(code)
        self.api.say(chat, f"go round {code}")

    def _answer(self, chat: int, seen: str) -> None:
        if seen.endswith("done") and not self.resting:
            self.begin(chat)
        elif "go on" in seen:
            self.api.say(chat, f"yes, on with {seen}")

    def expected(self, chat: int) -> list[str]:
        told = [f"{step} {number}" for number in range(ROUNDS) for step in ("round", "go on after")]
        tasks = enumerate(self.begun[chat], start=1)
        return [line for number, code in tasks for line in (f"{chat} has #{number}", *(f"{code} {step}" for step in (*told, "done")))]


async def kill_at_work(bot: Majordomo, people: People, dice: random.Random) -> Counter[str]:
    """Kill within moments of something new being told; returns how the unfinished tasks stood."""
    told = len(people.sightings.seen)
    async with asyncio.timeout(60):
        while len(people.sightings.seen) == told:
            await asyncio.sleep(0.01)
    await asyncio.sleep(dice.random() * LATEST)
    await bot.kill()
    states = bot.states("tasks")
    states.pop("completed", None)
    return states


@pytest.mark.timeout(1800 if SOAK else 120)
async def test_killed_at_any_moment_durable_work_goes_on_to_its_end() -> None:
    async with telegram() as api, majordomo(api, code=EAGER, PYTHONPATH=WITH_PLUGIN) as bot:
        Workshop(bot)
        people, dice, states, with_work = People(api), random.Random(3), Counter[str](), 0
        await bot.start()
        for chat in CHATS:
            people.begin(chat)
        for _ in range(KILLS):
            found = await kill_at_work(bot, people, dice)
            states += found
            with_work += bool(found)
            await bot.start()
        people.resting = True
        everything = [one for chat in CHATS for one in people.expected(chat)]
        await people.sightings.until_seen(everything, 90)
        tasks = sum(len(codes) for codes in people.begun.values())
        print(f"\n{tasks} tasks of {ROUNDS + 1} segments over {KILLS} kills, {with_work} with tasks under way: {dict(states)}; "
              f"{len(people.sightings.seen)} messages, {people.sightings.marked()} marked repetitions")  # fmt: skip
        assert with_work >= KILLS / 2
        assert people.sightings.unmarked_doubles() == []
        assert people.sightings.strange == []
        assert {chat: people.sightings.order[chat] for chat in CHATS} == {chat: people.expected(chat) for chat in CHATS}
        assert bot.states("tasks") == Counter(completed=tasks * 2), "every message of new work is a task of its own, and so is the work"
        assert api.violations == []
