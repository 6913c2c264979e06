"""Given work in flight, when the process is killed at any moment, then every message is answered and nothing twice unmarked."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.crash.majordomo import MARK, Ledger, Majordomo, majordomo, telegram
from tests.servers.telegram.api import Api

SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
KILLS = 300 if SOAK else 8
KILLS_ON_POSTGRES = 300 if SOAK else 3
KILLS_OVER_REMINDERS = 30 if SOAK else 4
CHATS = range(2001, 2011)
LATEST = 0.4
"""Seconds after the first message by which the process is dead."""

FORGETFUL_INBOX = """
import secrets
import bot.inbox
row = bot.inbox._row
bot.inbox._row = lambda *given, **more: {**row(*given, **more), "platform_id": secrets.token_hex(8)}
"""
"""The twin without the unique id: each delivery of an update is a message of its own."""

FORGETFUL_DESK = """
import orchestrator.tasks.inbox as inbox
taken = set()
def take_oldest(connection, chat_id, now, *, urgent_only=False):
    waiting = connection.execute(inbox._waiting.order_by(inbox.MessageRow.seq), {"chat": chat_id}).all()
    message = next((one for one in waiting if one.seq not in taken), None)
    taken.update([message.seq] if message else [])
    return message
inbox.take_oldest = take_oldest
"""
"""The twin without the compare-and-set: what was handled is known to this process, and its row stays `received`."""

FORGETFUL_OUTBOX = """
import sqlalchemy as sa
import bot.outbox_rows as rows
from storage.models import OutgoingRow
def recover(connection, ours):
    left = sa.and_(OutgoingRow.state == rows.SENDING, OutgoingRow.seq.not_in(list(ours)))
    return connection.execute(sa.update(OutgoingRow).where(left).values(state=rows.QUEUED)).rowcount
rows.recover = recover
"""
"""The twin without the mark: what was being sent is taken for unsent."""


@dataclass
class Story:
    """Kills, and what stood in the database at each."""

    bot: Majordomo
    ledger: Ledger
    dice: random.Random
    messages: Counter[str] = field(default_factory=Counter)
    replies: Counter[str] = field(default_factory=Counter)
    with_work: int = 0

    async def once(self) -> None:
        """Messages keep coming until the process dies; three more come while it is dead.

        Half of the deaths find a bot that had caught up, half one that was still at what the death before had left.
        """
        if self.dice.random() < 0.5:
            await self.ledger.until_answered(60, then_wait=0.0)
        for chat in CHATS:
            self.ledger.ask(chat)
        end = asyncio.get_running_loop().time() + self.dice.random() * LATEST
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.004)
            self.ledger.ask(self.dice.choice(CHATS))
        await self.bot.kill()
        self._look()
        for chat in self.dice.sample(CHATS, 3):
            self.ledger.ask(chat)
        await self.bot.start()

    def _look(self) -> None:
        messages, replies = self.bot.states("messages_in"), self.bot.states("outbox")
        for settled in ("handled", "sent"):
            messages.pop(settled, None)
            replies.pop(settled, None)
        untaken = self.ledger.api.pending
        self.messages += messages + Counter({"not yet taken": untaken})
        self.replies += replies
        self.with_work += bool(messages or replies or untaken)

    def report(self, kills: int) -> str:
        return (
            f"{kills} kills, {self.with_work} with work in flight; {self.ledger.count} messages, {self.ledger.marked()} marked repetitions; "
            f"at the kills: messages {dict(self.messages)}, replies {dict(self.replies)}"
        )


async def _story(kills: int, database_url: str = "") -> Ledger:
    """Kills the bot again and again, and looks at what people saw of it."""
    async with telegram() as api, majordomo(api, database_url=database_url) as bot:
        story = Story(bot, Ledger(api), random.Random(11))
        await bot.start()
        for _ in range(kills):
            await story.once()
        await story.ledger.until_answered(90)
        print(f"\n{story.report(kills)}")
        assert story.with_work >= kills * 0.6
        assert story.ledger.misplaced() == []
        assert story.ledger.unsolicited == []
        assert api.violations == []
        return story.ledger


@pytest.mark.timeout(3600 if SOAK else 120)
async def test_killed_at_any_moment_nothing_is_lost_or_doubled_unmarked() -> None:
    ledger = await _story(KILLS)
    assert ledger.unmarked_doubles() == []


@pytest.mark.postgres
@pytest.mark.timeout(3600 if SOAK else 120)
async def test_killed_at_any_moment_nothing_is_lost_or_doubled_unmarked_on_postgres(postgres_url: str) -> None:
    ledger = await _story(KILLS_ON_POSTGRES, postgres_url)
    assert ledger.unmarked_doubles() == []


# --- at the worst moment ---


async def _killed_while_sending(api: Api, code: str = "") -> list[str]:
    """The platform has shown a reply; the process dies before it hears of it. Returns what the chat saw in the end."""
    async with majordomo(api, code=code) as bot:
        await bot.start()
        ledger = Ledger(api, then=lambda _sent: bot.kill_now())
        ledger.ask(2001)
        async with asyncio.timeout(60):
            while bot.running:
                await asyncio.sleep(0.01)
        ledger.then = None
        ledger.ask(2001)
        await bot.start()
        await ledger.until_answered(20)
        return [("↻ " if marked else "") + str(ledger.asked[2001].index(answered)) for answered, marked in ledger.answers[2001]]


async def test_killed_between_showing_and_hearing_of_it_there_is_one_marked_copy() -> None:
    async with telegram() as api:
        assert await _killed_while_sending(api) == ["0", f"{MARK} 0", "1"]


async def test_without_the_mark_that_copy_would_be_a_plain_double() -> None:
    async with telegram() as api:
        assert await _killed_while_sending(api, FORGETFUL_OUTBOX) == ["0", "0", "1"]


async def _delivered_again(api: Api, code: str = "") -> tuple[int, int]:
    """An update twice in a batch, again after its answer, again after a kill. Returns messages asked and replies seen."""
    async with majordomo(api, code=code) as bot:
        ledger = Ledger(api)
        for chat in CHATS:
            api.push(ledger.ask(chat))
        await bot.start()
        await ledger.until_answered(20)
        again = [ledger.ask(chat) for chat in CHATS]
        await ledger.until_answered(20)
        for update in again:
            api.again(update)
        await asyncio.sleep(0.5)
        await bot.kill()
        for update in again:
            api.again(update)
        await bot.start()
        ledger.ask(2001)
        await ledger.until_answered(20)
        assert api.duplicates >= 3 * len(CHATS) - 2
        return ledger.count, len(api.sent)


async def test_an_update_delivered_again_is_answered_once() -> None:
    async with telegram() as api:
        asked, seen = await _delivered_again(api)
        assert asked == seen == 21


async def test_without_unique_ids_it_would_be_answered_twice() -> None:
    async with telegram() as api:
        asked, seen = await _delivered_again(api, FORGETFUL_INBOX)
        assert seen >= asked + 2 * len(CHATS)


async def _handled_before_the_kill(api: Api, code: str = "") -> tuple[int, int]:
    """Messages were answered; the process dies; another one starts. Returns messages asked and replies seen."""
    async with majordomo(api, code=code) as bot:
        ledger = Ledger(api)
        await bot.start()
        for chat in CHATS:
            ledger.ask(chat)
        await ledger.until_answered(20)
        await bot.kill()
        await bot.start()
        ledger.ask(2001)
        await ledger.until_answered(20)
        return ledger.count, len(api.sent)


async def test_a_message_that_was_handled_is_not_handled_by_the_next_process() -> None:
    async with telegram() as api:
        assert await _handled_before_the_kill(api) == (11, 11)


async def test_without_the_compare_and_set_it_would_be_handled_twice() -> None:
    async with telegram() as api:
        asked, seen = await _handled_before_the_kill(api, FORGETFUL_DESK)
        assert seen >= asked + len(CHATS)


# --- what was done, and when ---


async def test_killed_at_any_moment_each_reminder_is_made_once() -> None:
    async with telegram() as api, majordomo(api) as bot:
        ledger, dice, unmade = Ledger(api), random.Random(5), 0
        await bot.start()
        for _ in range(KILLS_OVER_REMINDERS):
            await ledger.until_answered(60, then_wait=0.0)
            for chat in (*CHATS,) * 5:
                ledger.ask(chat, "remind me tomorrow at 9 to water {code}")
            await api.shown(2001, "water", after=len(api.texts(2001)))
            await asyncio.sleep(dice.random() * LATEST / 4)
            await bot.kill()
            unmade += ledger.count - sum(bot.states("schedules").values())
            await bot.start()
        await ledger.until_answered(60)
        print(f"\n{ledger.count} reminders over {KILLS_OVER_REMINDERS} kills, {unmade} unmade at the kills, {ledger.marked()} marked repetitions")
        assert unmade > 0
        assert sum(bot.states("schedules").values()) == ledger.count
        assert ledger.unmarked_doubles() == []
        assert ledger.misplaced() == []
        assert ledger.unsolicited == []


async def test_a_reminder_that_fell_due_while_dead_is_shown_once() -> None:
    async with telegram() as api, majordomo(api) as bot:
        await bot.start()
        api.say(2001, "remind me in 4 seconds to descale the kettle")
        await api.shown(2001, "I will remind you.*kettle", timeout=60)
        await bot.kill()
        await asyncio.sleep(4.5)
        await bot.start()
        await api.shown(2001, "⏰.*kettle", timeout=60)
        await bot.kill()
        await bot.start()
        await asyncio.sleep(2)
        plain = [text for text in api.texts(2001) if not text.startswith(MARK)]
        again = [text for text in api.texts(2001) if text.startswith(MARK)]
        assert [("⏰" in text, "kettle" in text) for text in plain] == [(False, True), (True, True)]
        assert set(again) <= {f"{MARK} {text}" for text in plain}
        assert len(set(again)) == len(again)
