"""What may be sent now: one message at a time in each chat, statuses at most once a second, within the limits.

Everything here is memory; what is not remembered (after a restart) is looked up or is simply not being sent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from bot.channels.base import Channel
from bot.delivery_limits import RATES, TELEGRAM, Limits
from bot.outbox_rows import LINE, SENDING, SENT, Address, Claimed, Head, Result
from orchestrator.tasks.outgoing import EDIT, REMOVE, STATUS, TOAST

STATUS_EVERY = 1.0
"""Seconds between two edits of one status message."""
REMEMBERED = 4096
AT_ONCE = 64
"""The most deliveries under way at a time."""


@dataclass(slots=True)
class Choice:
    """What to claim, and in how many seconds something else may be due (None: nothing waits)."""

    heads: list[Head] = field(default_factory=list)
    due: float | None = None

    def later(self, seconds: float) -> None:
        self.due = seconds if self.due is None else min(self.due, seconds)


@dataclass(slots=True)
class _Shown:
    """A status message that stands in a chat."""

    platform_id: str
    edited_at: float


class DeliveryOrder:
    """Remembers what is under way. `choose` only reads; `started` and `ended` are called once it is committed."""

    def __init__(self, channels: Mapping[str, Channel], *, limited: bool) -> None:
        self._channels = channels
        self._limited = limited
        self._limits: dict[str, Limits] = {}
        self._busy: dict[tuple[str, str], int] = {}
        self._addresses: dict[str, Address] = {}
        self._statuses: OrderedDict[tuple[str, str], _Shown] = OrderedDict()

    @property
    def under_way(self) -> list[int]:
        return list(self._busy.values())

    def unknown_chats(self, heads: Iterable[Head]) -> set[str]:
        return {head.chat_id for head in heads} - self._addresses.keys()

    def unknown_statuses(self, heads: Iterable[Head]) -> list[Head]:
        return [head for head in heads if head.kind == STATUS and (head.chat_id, head.lane) not in self._statuses]

    def learn(self, addresses: Mapping[str, Address], statuses: Mapping[tuple[str, str], str]) -> None:
        self._addresses.update(addresses)
        for key, platform_id in statuses.items():
            self._statuses.setdefault(key, _Shown(platform_id, 0.0))

    def address(self, chat_id: str) -> Address:
        return self._addresses[chat_id]

    def channel(self, chat_id: str) -> Channel:
        return self._channels[self._addresses[chat_id].channel]

    def targets(self, heads: Iterable[Head]) -> dict[int, str]:
        """Which message each status edits, where there is one already."""
        shown = ((head.seq, self._statuses.get((head.chat_id, head.lane))) for head in heads if head.kind == STATUS)
        return {seq: status.platform_id for seq, status in shown if status is not None}

    def choose(self, heads: Iterable[Head], now: datetime, ended: Iterable[Result]) -> Choice:
        """The heads that may go now, oldest first; `ended` are deliveries whose lanes are free again."""
        choice = Choice()
        ended = list(ended)
        busy = self._busy.keys() - {_lane(result.claimed) for result in ended}
        just_shown = {(result.claimed.chat_id, result.claimed.lane) for result in ended if result.claimed.kind == STATUS}
        held = {chat for chat, lane in busy if lane == LINE}
        drawn: set[str] = set()
        rooms: dict[str, int] = {}
        for head in heads:
            if len(busy) + len(choice.heads) >= AT_ONCE:
                choice.later(STATUS_EVERY)
                break
            if self._addresses[head.chat_id].channel not in self._channels:
                continue
            line = _first_of_status(head, self._statuses) or head.lane == LINE
            if head.state == SENDING or (head.chat_id, head.lane) in busy or (line and head.chat_id in held):
                continue
            again = head.kind == STATUS and (head.chat_id, head.lane) in just_shown
            wait = STATUS_EVERY if again else self._wait(head, now, drawn, rooms)
            if wait > 0:
                choice.later(wait)
            else:
                choice.heads.append(head)
            if line:
                held.add(head.chat_id)
        return choice

    def started(self, claimed: Iterable[Claimed]) -> None:
        for row in claimed:
            self._busy[_lane(row)] = row.seq
            address = self._addresses[row.chat_id]
            if self._counts(address.channel, row.kind):
                self._limits_of(address.channel).draw(address.external_id, group=address.group)
        self._forget()

    def ended(self, results: Iterable[Result]) -> None:
        for result in results:
            row = result.claimed
            self._busy.pop(_lane(row), None)
            address = self._addresses[row.chat_id]
            if result.pause:
                self._limits_of(address.channel).refused(address.external_id, result.pause, whole_bot=result.whole_bot)
            if row.kind == STATUS and result.state == SENT and result.platform_id:
                self._statuses[row.chat_id, row.lane] = _Shown(result.platform_id, monotonic())

    def _forget(self) -> None:
        """Old memories go; nothing of a chat that something is under way to."""
        if len(self._addresses) > REMEMBERED:
            chats = {chat for chat, _ in self._busy}
            self._addresses = {chat: address for chat, address in self._addresses.items() if chat in chats}
        while len(self._statuses) > REMEMBERED:
            self._statuses.popitem(last=False)

    def _wait(self, head: Head, now: datetime, drawn: set[str], rooms: dict[str, int]) -> float:
        """Seconds until this head may go; 0 is now. One message a chat and what the channel has room for at a time."""
        due = (head.not_before - now).total_seconds() if head.not_before else 0.0
        shown = self._statuses.get((head.chat_id, head.lane)) if head.kind == STATUS else None
        if shown is not None:
            due = max(due, shown.edited_at + STATUS_EVERY - monotonic())
        address = self._addresses[head.chat_id]
        if head.kind == TOAST or due > 0 or not self._counts(address.channel, head.kind):
            return due
        limits = self._limits_of(address.channel)
        wait = limits.wait(address.external_id, group=address.group)
        if wait > 0 or not limits.enabled:
            return wait
        room = rooms.setdefault(address.channel, limits.room())
        if room < 1 or head.chat_id in drawn:
            return 0.05
        rooms[address.channel] -= 1
        drawn.add(head.chat_id)
        return 0.0

    def _counts(self, channel: str, kind: str) -> bool:
        """Whether the platform counts it: what a channel shows otherwise, or not at all, is no message."""
        can = self._channels[channel].capabilities
        if kind == TOAST:
            return not can.toasts
        return can.edits or kind not in (STATUS, EDIT, REMOVE)

    def _limits_of(self, channel: str) -> Limits:
        limits = self._limits.get(channel)
        if limits is None:
            enabled = self._limited and self._channels[channel].capabilities.limited
            limits = self._limits[channel] = Limits(enabled, rates=RATES.get(channel, TELEGRAM))
        return limits


def _lane(row: Claimed) -> tuple[str, str]:
    """Where a delivery keeps others back: an edit of a status only its own lane, everything else its chat's line."""
    return (row.chat_id, LINE) if row.kind == STATUS and not row.target else (row.chat_id, row.lane)


def _first_of_status(head: Head, statuses: Mapping[tuple[str, str], _Shown]) -> bool:
    """A status not shown yet is a new message: it waits its turn."""
    return head.kind == STATUS and (head.chat_id, head.lane) not in statuses
