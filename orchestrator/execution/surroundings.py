"""What every run of an agent shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from orchestrator.actions import prices
from orchestrator.actions.credentials import Credentials
from orchestrator.actions.dispatcher import Dispatcher
from orchestrator.contracts import Catalogue, Clock, Person, Queue, Task, Words
from orchestrator.language_model import Reply
from orchestrator.outside import Secret
from orchestrator.tasks.places import Places


class Model(Protocol):
    """The language model as a running agent sees it. See `orchestrator.language_model.LanguageModel`."""

    @property
    def name(self) -> str: ...

    async def ready(self) -> Any: ...

    async def converse(self, messages: Sequence[Any], tools: Sequence[Any], *, most_tokens: int) -> Reply: ...


class Secrets(Protocol):
    """The vault as an outside call sees it."""

    async def reveal(self, person: Person, task: Task, tool: str, handle: str, url: str) -> Secret:
        """The value for exactly this scheme, host, port and tool; its use is recorded. Raises ToolError, TransientError."""
        ...

    async def tried(self, person: Person, task: Task, handle: str, *, accepted: bool) -> None:
        """Whether the service took it."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Injected once by the composition root. `model` is None where no language model is configured."""

    catalogue: Catalogue
    queue: Queue
    dispatcher: Dispatcher
    clock: Clock
    words: Words
    model: Model | None = None
    secrets: Secrets | None = None
    credentials: Credentials | None = None
    files: Path = Path("data/files")
    prices: prices.Prices = field(default_factory=prices.load)
    places: Places | None = None

    def folder_of(self, person_id: str) -> Path:
        """The person's own folder, made when it is first wanted."""
        folder = self.files / person_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder
