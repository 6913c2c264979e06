"""The hand of one outside call, written by hand: what a tool does with it is recorded, secrets are kept to their URL."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.contracts import Person, Priority, Role, Task, TaskState, ToolError
from orchestrator.outside import Secret

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PERSON = Person("person-1", Role.OWNER, "", "en", "Europe/Berlin", "Europe/Berlin")


def a_task(person: Person = PERSON, *, identity: str = "task-1") -> Task:
    return Task(identity, 1, "errand", "errand", TaskState.IN_PROGRESS, "", "", {}, person.id, "chat-1", person.language, Priority.NORMAL)


@dataclass
class FakeOutside:
    """`secrets` maps (handle, url) to a value; `before_doubt` runs inside `in_doubt`, and may raise."""

    person: Person
    folder: Path
    secrets: Mapping[tuple[str, str], Secret] = field(default_factory=dict)
    key: str = "0123456789abcdef0123456789abcdef"
    now: datetime = NOW
    task: Task = field(default_factory=a_task)
    before_doubt: Callable[[], Awaitable[None]] | None = None
    doubts: int = 0
    charges: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    asked_for: list[tuple[str, str]] = field(default_factory=list)
    tries: list[tuple[str, bool]] = field(default_factory=list)

    def judged(self, name: str, content: bytes) -> bytes:
        if name in self.files and hashlib.sha256(content).hexdigest() != self.files[name]:
            raise ToolError(f"the file {name} was changed since this was decided")
        return content

    def charging(self) -> None:
        self.charges += 1

    async def in_doubt(self) -> None:
        if self.before_doubt is not None:
            await self.before_doubt()
        self.doubts += 1

    async def tried(self, handle: str, *, accepted: bool) -> None:
        self.tries.append((handle, accepted))

    async def secret(self, handle: str, url: str) -> Secret:
        self.asked_for.append((handle, url))
        if (handle, url) not in self.secrets:
            raise ToolError("that credential is not for this address")
        return self.secrets[handle, url]


def outside(folder: Path, **given: object) -> FakeOutside:
    """Somebody's call, with their folder made."""
    folder.mkdir(parents=True, exist_ok=True)
    return FakeOutside(PERSON, folder, **given)  # type: ignore[arg-type]
