"""Limits on calls: how many a task, a tool and a host may have, and a rest for tools that keep failing."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from datetime import datetime, timedelta

from orchestrator.actions.policy import Limits
from orchestrator.contracts import TransientError

MINUTE = timedelta(minutes=1)


class Breaker:
    """Counts in this process; each worker keeps its own. A person's call that is refused is tried again later by itself."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._recent: dict[str, deque[datetime]] = defaultdict(deque)
        self._failures: dict[str, int] = defaultdict(int)
        self._rests_until: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def admit(self, tool: str, hosts: frozenset[str], now: datetime) -> None:
        """Count a call. Raises TransientError while the tool rests or a rate is reached."""
        with self._lock:
            if (until := self._rests_until.get(tool)) is not None and now < until:
                raise TransientError(f"{tool} failed {self._limits.failures} times in a row and rests for a while")
            rates = [(f"tool {tool}", self._limits.per_tool_minute), *((f"host {host}", self._limits.per_host_minute) for host in sorted(hosts))]
            for name, most in rates:
                times = self._recent[name]
                while times and now - times[0] >= MINUTE:
                    times.popleft()
                if len(times) >= most:
                    raise TransientError(f"{name} was called {most} times within a minute")
            for name, _ in rates:
                self._recent[name].append(now)

    def succeeded(self, tool: str) -> None:
        with self._lock:
            self._failures.pop(tool, None)
            self._rests_until.pop(tool, None)

    def failed(self, tool: str, now: datetime) -> None:
        """A time-out or refusal of the other side; a tool's honest "no" does not count."""
        with self._lock:
            self._failures[tool] += 1
            if self._failures[tool] >= self._limits.failures:
                self._rests_until[tool] = now + timedelta(seconds=self._limits.rest_seconds)
                self._failures[tool] = 0
