"""Updates until somebody confirms them."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.servers.telegram.refusals import Json, Refusal

KEPT_SECONDS = 24 * 3600
BATCH_LIMIT = 100
UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that come only when allowed_updates names them."""


def kind_of(update: Json) -> str:
    """The one key of an update that is not its id."""
    return next(key for key in update if key != "update_id")


@dataclass(eq=False)
class Waiting:
    """An update that is not confirmed. `out_of_order` ones (duplicates, late ones) survive a higher offset until they were given out once."""

    update: Json
    at: float
    out_of_order: bool = False
    given: bool = False


@dataclass
class UpdateQueue:
    """The queue of one bot. `shuffle` mixes each batch; `now` gives Unix seconds; `sink` takes all updates while a webhook is set."""

    now: Callable[[], float] = time.time
    next_id: int = 100_000
    allowed: list[str] = field(default_factory=list)
    shuffle: random.Random | None = None
    waiting: deque[Waiting] = field(default_factory=deque)
    sink: Callable[[Waiting], None] | None = None
    confirmed: dict[int, Json] = field(default_factory=dict)
    dropped: list[Json] = field(default_factory=list)
    highest: int = 0
    polls: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _poller: int = 0
    _ended_by: str = ""

    def push(self, update: Json) -> Json:
        """Queue an update; without an id it gets the next one. A kind that the bot did not ask for is dropped."""
        if "update_id" not in update:
            update = {"update_id": self.next_id, **update}
        number = int(update["update_id"])
        self.next_id = max(self.next_id, number + 1)
        if not self.wanted(kind_of(update)):
            self.dropped.append(update)
            return update
        self._put(Waiting(update, self.now(), out_of_order=number <= self.highest))
        self.highest = max(self.highest, number)
        return update

    def redeliver(self, update_id: int) -> Json:
        """Give an update out twice, or once more. Raises KeyError if it never came.

        One that nobody has seen yet gets its duplicate right behind it: a higher number before lower ones would confirm those unseen.
        """
        place = next((index for index, one in enumerate(self.waiting) if one.update["update_id"] == update_id and not one.given), None)
        if place is not None:
            self.waiting.insert(place + 1, Waiting(self.waiting[place].update, self.now(), out_of_order=True))
            return self.waiting[place].update
        known = next((one.update for one in self.waiting if one.update["update_id"] == update_id), None)
        update = known or self.confirmed[update_id]
        self._put(Waiting(update, self.now(), out_of_order=True), first=True)
        return update

    def _put(self, one: Waiting, first: bool = False) -> None:
        if self.sink is not None:
            self.sink(one)
        elif first:
            self.waiting.appendleft(one)
        else:
            self.waiting.append(one)
        self._arrived.set()

    def wanted(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in UNASKED

    def confirm(self, one: Waiting) -> None:
        self.confirmed[int(one.update["update_id"])] = one.update

    def interrupt(self, reason: str) -> None:
        """End a long poll that is under way with a 409."""
        self._poller += 1
        self._ended_by = reason
        self._arrived.set()

    async def poll(self, offset: int, limit: int, seconds: float, alive: Callable[[], bool]) -> list[Json]:
        """One getUpdates. `alive` tells whether the asker still listens. Raises a 409 for the earlier of two."""
        self.interrupt("other getUpdates request; make sure that only one bot instance is running")
        mine, self.polls = self._poller, self.polls + 1
        self._advance(offset)
        end = time.monotonic() + seconds
        while not self.waiting and (left := end - time.monotonic()) > 0:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), left)
            except TimeoutError:
                break
            if mine != self._poller:
                raise Refusal(409, f"Conflict: terminated by {self._ended_by}")
        return self._batch(limit) if alive() else []

    def _advance(self, offset: int) -> None:
        oldest = self.now() - KEPT_SECONDS
        while self.waiting and self.waiting[0].at < oldest:
            self.waiting.popleft()
        if offset < 0:
            while len(self.waiting) > -offset:
                self.confirm(self.waiting.popleft())
            return
        if not any(one.out_of_order for one in self.waiting):
            while self.waiting and self.waiting[0].update["update_id"] < offset:
                self.confirm(self.waiting.popleft())
            return
        kept: deque[Waiting] = deque()
        for one in self.waiting:
            below = one.update["update_id"] < offset
            if below and (one.given or not one.out_of_order):
                self.confirm(one)
            else:
                kept.append(one)
        self.waiting = kept

    def _batch(self, limit: int) -> list[Json]:
        batch = [self.waiting[index] for index in range(min(limit, len(self.waiting)))]
        for one in batch:
            one.given = True
        updates = [one.update for one in batch]
        if self.shuffle:
            self.shuffle.shuffle(updates)
        return updates
