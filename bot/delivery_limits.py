"""How often one may send: the platforms' limits, kept by token buckets a little tighter than the platform's own.

Telegram: about 1 a second a chat with short bursts, 20 a minute a group, 30 a second overall. WhatsApp: one in 6 seconds to
one person after a burst of 45, 80 a second overall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

FORGET_AFTER = 300.0
"""Seconds after which a bucket nobody drew from is surely full again."""
REFUSALS, REFUSED_WITHIN = 3, 1.0
"""As many chats refused within so many seconds mean that the whole bot is meant."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Up to `burst` at once, then `each_second`."""

    burst: float
    each_second: float


CHAT = Rate(5, 0.97)
GROUP = Rate(5, 0.245)
"""In any minute at most 5 + 15."""
OVERALL = Rate(4, 25)
"""In any second at most 29."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The limits of one platform."""

    chat: Rate
    group: Rate
    overall: Rate


TELEGRAM = Rates(CHAT, GROUP, OVERALL)
PAIR = Rate(40, 0.164)
"""Leaves room for the reactions, which are not counted here."""
RATES = {"whatsapp": Rates(PAIR, PAIR, Rate(8, 70))}
"""By channel; the others keep to Telegram's."""


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    level: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until one may be drawn."""
        self.level = min(self.rate.burst, self.level + (now - self.at) * self.rate.each_second)
        self.at = now
        return 0.0 if self.level >= 1 - 1e-9 else (1 - self.level) / self.rate.each_second


@dataclass(slots=True)
class Limits:
    """Buckets of one channel. `enabled` off leaves only what the platform itself asks for (`retry_after`)."""

    enabled: bool = True
    time: Callable[[], float] = monotonic
    rates: Rates = TELEGRAM
    _chats: dict[str, _Bucket] = field(default_factory=dict)
    _all: _Bucket | None = None
    _paused: dict[str, float] = field(default_factory=dict)
    _paused_all: float = 0.0
    _refused: list[tuple[float, str]] = field(default_factory=list)

    def wait(self, chat: str, *, group: bool = False) -> float:
        """Seconds until something may be sent to this chat; 0 is now."""
        now = self.time()
        paused = max(self._paused.get(chat, 0.0), self._paused_all) - now
        if not self.enabled:
            return max(0.0, paused)
        return max(0.0, paused, self._bucket(chat, group, now).wait(now), self._overall(now).wait(now))

    def room(self) -> int:
        """How many messages may go at once, to chats that have nothing against it."""
        bucket = self._overall(self.time())
        bucket.wait(self.time())
        return int(bucket.level + 1e-9)

    def draw(self, chat: str, *, group: bool = False) -> None:
        """Count one message to this chat."""
        if not self.enabled:
            return
        now = self.time()
        for bucket in (self._bucket(chat, group, now), self._overall(now)):
            bucket.wait(now)
            bucket.level -= 1
        if len(self._chats) > 5000:
            self._chats = {key: b for key, b in self._chats.items() if now - b.at < FORGET_AFTER}

    def refused(self, chat: str, seconds: float, *, whole_bot: bool = False) -> None:
        """The platform asked for a pause in this chat; if it asks in several at once, the whole bot pauses."""
        now = self.time()
        self._paused = {key: until for key, until in self._paused.items() if until > now}
        self._paused[chat] = now + seconds
        self._refused = [(at, who) for at, who in self._refused if now - at < REFUSED_WITHIN and who != chat] + [(now, chat)]
        if whole_bot or (self.enabled and len(self._refused) >= REFUSALS):
            self._paused_all = max(self._paused_all, now + seconds)

    def _bucket(self, chat: str, group: bool, now: float) -> _Bucket:
        bucket = self._chats.get(chat)
        if bucket is None:
            rate = self.rates.group if group else self.rates.chat
            bucket = self._chats[chat] = _Bucket(rate, rate.burst, now)
        return bucket

    def _overall(self, now: float) -> _Bucket:
        if self._all is None:
            self._all = _Bucket(self.rates.overall, self.rates.overall.burst, now)
        return self._all
