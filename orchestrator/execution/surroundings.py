"""What every run of an agent shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orchestrator.actions.credentials import Credentials
from orchestrator.actions.dispatcher import Dispatcher
from orchestrator.contracts import Catalogue, Clock, Person, Queue, Task, Words
from orchestrator.outside import Secret

Think = Callable[[str], Awaitable[str]]


class Secrets(Protocol):
    """The vault as an outside call sees it."""

    async def reveal(self, person: Person, task: Task, tool: str, handle: str, url: str) -> Secret:
        """The value for exactly this scheme, host, port and tool; its use is recorded. Raises ToolError."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Injected once by the composition root. `think` is None where no language model is configured."""

    catalogue: Catalogue
    queue: Queue
    dispatcher: Dispatcher
    clock: Clock
    words: Words
    think: Think | None = None
    secrets: Secrets | None = None
    credentials: Credentials | None = None
    files: Path = Path("data/files")

    def folder_of(self, person_id: str) -> Path:
        """The person's own folder, made when it is first wanted."""
        folder = self.files / person_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder
