"""The platform's limits on how much a bot may write, and the penalty for not listening."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

CHAT_BURST, CHAT_RATE = 5, 1.0
GROUP_A_MINUTE, OVERALL_A_SECOND = 20, 30
LONGEST_PENALTY = 60


@dataclass
class _Bucket:
    tokens: float = CHAT_BURST
    at: float = 0.0
    blocked_until: float = 0.0
    offences: int = 0
    minute: deque[float] = field(default_factory=deque)


@dataclass
class FloodControl:
    """Five at once and then one a second in a chat, twenty a minute in a group, thirty a second overall; times are seconds of any steady clock."""

    enabled: bool = True
    refused: int = 0
    _chats: dict[int, _Bucket] = field(default_factory=dict)
    _overall: deque[float] = field(default_factory=deque)

    def wait(self, chat: int, group: bool, now: float) -> int:
        """Seconds to keep silent, 0 if the message may go out and is counted. Writing into a silence prolongs it."""
        if not self.enabled:
            return 0
        bucket = self._chats.setdefault(chat, _Bucket(at=now))
        if bucket.blocked_until > now:
            bucket.offences += 1
            bucket.blocked_until = min(bucket.blocked_until + 2**bucket.offences, now + LONGEST_PENALTY)
            self.refused += 1
            return max(1, math.ceil(bucket.blocked_until - now))
        bucket.tokens = min(CHAT_BURST, bucket.tokens + (now - bucket.at) * CHAT_RATE)
        bucket.at = now
        lacking = max(self._chat_wait(bucket), self._group_wait(bucket, now) if group else 0.0, self._overall_wait(now))
        if lacking > 0:
            self.refused += 1
            seconds = max(1, math.ceil(lacking))
            bucket.blocked_until = now + seconds
            return seconds
        bucket.tokens -= 1
        bucket.offences = 0
        self._overall.append(now)
        if group:
            bucket.minute.append(now)
        return 0

    def _chat_wait(self, bucket: _Bucket) -> float:
        return 0.0 if bucket.tokens >= 1 else (1 - bucket.tokens) / CHAT_RATE

    def _group_wait(self, bucket: _Bucket, now: float) -> float:
        while bucket.minute and now - bucket.minute[0] >= 60:
            bucket.minute.popleft()
        return 60 - (now - bucket.minute[0]) if len(bucket.minute) >= GROUP_A_MINUTE else 0.0

    def _overall_wait(self, now: float) -> float:
        while self._overall and now - self._overall[0] >= 1:
            self._overall.popleft()
        return 1 - (now - self._overall[0]) if len(self._overall) >= OVERALL_A_SECOND else 0.0
