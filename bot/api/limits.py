"""How often a key may call, how large a body may be, how deep its JSON; and the headers that tell."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from bot.api.problems import Problem

CALLS = 600
WINDOW = 60.0
"""A key may call CALLS times in WINDOW seconds; the allowance comes back evenly."""
KEYS_REMEMBERED = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Limits:
    """A leaky bucket for each key, in this process. `tell` is monotonic time in seconds."""

    calls: int = CALLS
    window: float = WINDOW
    tell: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def take(self, connection: HTTPConnection, key_id: str) -> None:
        """Count one call; the answer will tell what is left. Raises Problem 429."""
        now = self.tell()
        bucket = self._buckets.pop(key_id, None) or _Bucket(float(self.calls), now)
        bucket.left = min(float(self.calls), bucket.left + (now - bucket.at) * self.calls / self.window)
        bucket.at = now
        self._buckets[key_id] = bucket
        while len(self._buckets) > KEYS_REMEMBERED:
            self._buckets.popitem(last=False)
        allowed = bucket.left >= 1
        bucket.left -= 1 if allowed else 0
        full_in = math.ceil((self.calls - bucket.left) * self.window / self.calls)
        headers = {"RateLimit-Limit": str(self.calls), "RateLimit-Remaining": str(int(bucket.left)), "RateLimit-Reset": str(full_in)}
        connection.state.limit_headers = headers
        if not allowed:
            wait = max(1, math.ceil((1 - bucket.left) * self.window / self.calls))
            raise Problem(429, "too-many-requests", "This key calls too often.", f"{self.calls} calls in {self.window:g} s are allowed.",
                          remedy=f"wait {wait} s", headers={"Retry-After": str(wait)})  # fmt: skip
