"""What every run of an agent shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from orchestrator.actions.dispatcher import Dispatcher
from orchestrator.contracts import Catalogue, Clock, Queue, Words

Think = Callable[[str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Injected once by the composition root. `think` is None where no language model is configured."""

    catalogue: Catalogue
    queue: Queue
    dispatcher: Dispatcher
    clock: Clock
    words: Words
    think: Think | None = None
