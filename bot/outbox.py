"""Delivers what stands in the outbox: every row once, in its chat's order, never twice unmarked.

A row is committed as `sending` before a byte leaves and as `sent` after the platform has confirmed it. One exchange with
the database does both, for as many chats as there are: it writes down what has ended and claims what may go next. On
SQLite it joins the transactions that post something, so that a reply is claimed by the commit that earned it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot import outbox_rows
from bot.channels.base import Channel
from bot.delivery import deliver
from bot.delivery_order import Choice, DeliveryOrder
from bot.outbox_rows import Claimed, Head, Result
from orchestrator.contracts import Clock
from orchestrator.tasks.outgoing import TOPIC
from storage.companions import Companion
from storage.database import Database
from storage.signals import retract

SWEEP = 1.0
"""Seconds between two looks while something waits; a signal is never waited for in vain."""
IDLE_SWEEP = 5.0
LAST_WAIT = 10.0
"""Seconds that `stop` gives what is under way."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What one transaction did: deliveries written down, rows claimed, in how many seconds something else is due."""

    settled: list[Result]
    claimed: list[Claimed] = field(default_factory=list)
    due: float | None = None
    leading: bool = True


class Outbox:
    """The one sender. `limited` False sends as fast as the platform takes it; `is_leader` tells whether it is our duty.

    Channels may be added to `channels` before `run`.
    """

    def __init__(
        self, database: Database, channels: Mapping[str, Channel], clock: Clock, *, limited: bool = True, is_leader: Callable[[], bool] = lambda: True
    ) -> None:
        self._database = database
        self._clock = clock
        self._is_leader = is_leader
        self._order = DeliveryOrder(channels, limited=limited)
        self._wake = asyncio.Event()
        self._asked = False
        self._due: float | None = None
        """On the monotonic clock; None: nothing waits."""
        self._stopping = False
        self._ended = asyncio.Event()
        self._ended.set()
        self._recovered = False
        self._results: list[Result] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._companion: Companion[_Exchange] | None = None

    async def run(self) -> None:
        """Deliver until `stop` is called. What a dead process left in the middle is repeated first, marked."""
        companion = self._companion = Companion(TOPIC, self._exchange, self._committed, self._begin)
        leave = self._database.join(companion)
        unsubscribe = self._database.signals.subscribe(TOPIC, lambda _subject: self._ask())
        self._ended.clear()
        try:
            while not self._stopping:
                self._asked = False
                await self._round(companion)
                await self._sleep()
        finally:
            leave()
            unsubscribe()
            self._ended.set()

    async def stop(self) -> None:
        """Claim nothing more, let what is under way end, and write down how it ended."""
        self._stopping = True
        self._wake.set()
        await self._ended.wait()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LAST_WAIT)
        for task in self._under_way:
            task.cancel()
        if self._results and self._companion is not None:
            try:
                await self._database.run(self._companion)
            except SQLAlchemyError:
                logger.exception("how the last messages ended could not be written down; they are repeated, marked")

    async def _sleep(self) -> None:
        """Until something is due, or was posted, or ended and has not been written down on the way."""
        while not (self._asked or self._results or self._stopping):
            seconds = IDLE_SWEEP if self._due is None else min(self._due - monotonic(), SWEEP)
            if seconds <= 0:
                return
            self._wake.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                return

    def _ask(self) -> None:
        """An exchange is wanted."""
        self._asked = True
        self._wake.set()

    async def _round(self, companion: Companion[_Exchange]) -> None:
        """One exchange; afterwards it is known when something is due."""
        if not self._is_leader() and not self._results:
            self._recovered = False
            self._due = monotonic() + SWEEP
            return
        try:
            await self._database.run(companion)
        except SQLAlchemyError:
            logger.exception("the outbox could not be read or written; trying again")
            await asyncio.sleep(SWEEP)
            self._due = monotonic()

    def _exchange(self, connection: sa.Connection, _subjects: list[str]) -> _Exchange:
        """Runs in the writer. Of our memory it changes nothing but adds what the database says, so it may run again."""
        results = list(self._results)
        outbox_rows.settle(connection, results)
        if self._stopping or not self._is_leader():
            return _Exchange(results, leading=False)
        retract(connection, TOPIC)
        heads = outbox_rows.heads(connection)
        if not self._recovered or self._orphans(heads):
            self._recover(connection)
            heads = outbox_rows.heads(connection)
        if not heads:
            return _Exchange(results)
        unknown = self._order.unknown_chats(heads)
        addresses = outbox_rows.addresses(connection, unknown) if unknown else {}
        statuses = self._statuses(connection, heads)
        self._order.learn(addresses, statuses)
        choice: Choice = self._order.choose(heads, self._clock.now(), results)
        claimed = outbox_rows.claim(connection, choice.heads, self._order.targets(choice.heads)) if choice.heads else []
        return _Exchange(results, claimed, choice.due)

    def _committed(self, done: _Exchange | None) -> None:
        """In the writer's thread, before its next transaction. Results are only ever added behind those that it read."""
        if done is None:
            self._recovered = False  # a claim may have been committed without our hearing of it
            return
        self._recovered = done.leading
        del self._results[: len(done.settled)]
        self._order.ended(done.settled)
        self._order.started(done.claimed)

    def _begin(self, done: _Exchange) -> None:
        """On the event loop, after each exchange, also those that went along with somebody else's transaction: what was claimed leaves."""
        for row in done.claimed:
            self._start(row)
        self._due = None if done.due is None else monotonic() + done.due
        self._wake.set()  # whoever sleeps reckons anew

    def _orphans(self, heads: list[Head]) -> bool:
        """Whether something is marked as being sent that nobody sends: a claim of a dying process came in late."""
        ours = self._order.under_way
        return any(head.state == outbox_rows.SENDING and head.seq not in ours for head in heads)

    def _recover(self, connection: sa.Connection) -> None:
        left = outbox_rows.recover(connection, self._order.under_way)
        if left:
            logger.warning("messages that may have been sent before the last stop are repeated, marked", extra={"count": left})

    def _statuses(self, connection: sa.Connection, heads: list[Head]) -> dict[tuple[str, str], str]:
        unknown = self._order.unknown_statuses(heads)
        found = ((head, outbox_rows.status_message(connection, head)) for head in unknown)
        return {(head.chat_id, head.lane): platform_id for head, platform_id in found if platform_id}

    def _start(self, row: Claimed) -> None:
        task = asyncio.create_task(self._deliver(row))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, row: Claimed) -> None:
        if not self._is_leader():
            self._order.ended([Result(row, outbox_rows.SENDING)])
            return  # we were stopped since it was claimed: whoever leads now repeats it, marked
        result = await deliver(self._order.channel(row.chat_id), row, self._order.address(row.chat_id), self._clock)
        self._results.append(result)
        self._wake.set()
