"""Work that joins the transactions of others: what follows from a write at once is made durable by the same commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


def _nothing(_result: Any) -> None:
    """Most companions are done when the transaction is."""


@dataclass(frozen=True, slots=True, eq=False)
class Companion(Generic[T]):
    """Runs once at the end of every transaction that announces `topic`, with the announced subjects.

    `after` is called in the writer's thread before its next transaction: with what `work` returned once that is
    committed, with None when it is not known to be. `then` is called on the event loop, only after a commit.
    """

    topic: str
    work: Callable[[sa.Connection, list[str]], T]
    after: Callable[[T | None], None] = _nothing
    then: Callable[[T], None] = _nothing
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
