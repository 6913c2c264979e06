"""An agent with a feed, in a room of its own: a process that only needs it starts sooner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.contracts import Card, Concern, Context, Done, Lane, Outcome, Person, Task


@dataclass
class Watcher:
    """An agent with a feed: what it sees is set by the test; its work is to say so."""

    seen: list[Concern] = field(default_factory=list)
    broken: bool = False
    asked: int = 0
    name: str = "watcher"
    task_types: frozenset[str] = frozenset({"watch_over"})
    lane: Lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        return Done(Card("watched"))

    def concerns(self, connection: Any, person: Person, now: datetime) -> Sequence[Concern]:
        self.asked += 1
        if self.broken:
            raise ValueError("the feed broke")
        return self.seen
