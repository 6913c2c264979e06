"""One tool call on its way through the dispatcher's checks, and what may become of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from orchestrator.actions.policy import Facts, Judgement, Verdict
from orchestrator.contracts import Effect, Json, Person, Task, Tool
from orchestrator.outside import Deed, OutsideTool, Preview, Reach, Result

BROKEN = re.compile("[\ud800-\udfff]")
LOOKING, CHANGING = Reach(Deed.READ), Reach(Deed.OWN)


@dataclass(slots=True)
class Call:
    """A call: what was asked, and what the checks so far have found. Lives for one pass; nothing of it is kept."""

    connection: sa.Connection
    person: Person
    task: Task
    key: str
    tool: Tool
    arguments: Any
    """What was asked for; after the schema check the tool's own typed model; after approval the approved plan."""
    now: datetime
    calls_before: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the content of each file that the call would use."""
    facts: Facts = field(default_factory=Facts)
    reach: Reach = field(default_factory=lambda: Reach(Deed.READ))
    judgement: Judgement = field(default_factory=lambda: Judgement(Verdict.ALLOW))
    estimate: float = 0.0
    approval_id: str | None = None
    permission_id: str | None = None
    """The standing permission that it is done under."""
    effect_id: str | None = None
    unsettled: bool = False
    """Whether an earlier attempt got into doubt, so that the world must be asked before anything is done."""
    known: Result | None = None
    """The result, where the ledger already has it."""

    @property
    def outside(self) -> OutsideTool | None:
        return outside_tool(self.tool)

    @property
    def paid(self) -> bool:
        """Whether an attempt may be charged by somebody else, whatever comes of it: the tool's own word."""
        return bool(getattr(self.tool, "paid", False))

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt at this step of this epoch (32 hex digits)."""
        return hashlib.sha256(f"{self.task.id}/{self.key}/{self.task.epoch}".encode()).hexdigest()[:32]

    def plain_arguments(self) -> dict[str, Json]:
        given: dict[str, Json] = self.arguments.model_dump(mode="json") if hasattr(self.arguments, "model_dump") else dict(self.arguments)
        return given

    def used_files(self) -> dict[str, str]:
        """The hashes of the files that this very plan uses. Raises FilesNeeded."""
        if missing := tuple(name for name in self.reach.files if name not in self.files):
            raise FilesNeeded(missing)
        return {name: self.files[name] for name in self.reach.files}

    def digest(self) -> str:
        """SHA-256 over everything that an approval binds, in canonical form (SAFETY). Raises FilesNeeded."""
        return plan_digest(
            self.tool.name,
            self.tool.version,
            self.plain_arguments(),
            self.used_files(),
            self.reach,
            self.person.id,
            self.task,
        )

    def preview(self, words: Any) -> Preview:
        """What a person is shown of it; a local tool says its name and arguments."""
        if self.outside is None:
            return Preview(self.tool.name, tuple((name, str(value)) for name, value in self.plain_arguments().items()))
        return self.outside.preview(self.arguments, lambda message, /, **given: words(self.person.language, message, given))


class FilesNeeded(Exception):
    """The content of these files must be hashed, outside the transaction, before the call can be judged."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True, slots=True)
class Pending:
    """The call waits: for a person, or until an instant. What it waits for stands in the database."""

    until: datetime | None = None


def plan_digest(tool: str, version: int, arguments: Json, files: Mapping[str, str], reach: Reach, person_id: str, task: Task) -> str:
    bound = {
        "tool": tool, "version": version, "arguments": arguments, "files": dict(files), "credential": reach.credential,
        "target": [sorted(reach.hosts), list(reach.recipients)], "person": person_id, "task": task.id, "epoch": task.epoch,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def texts(value: Any) -> Iterator[str]:
    """Every text and name in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


def is_broken(text: str) -> bool:
    """Whether a text holds lone surrogates: it can be neither hashed, stored nor sent."""
    return BROKEN.search(text) is not None


def mended(value: Any) -> Any:
    """A JSON value in which lone surrogates are written out, so that the journal can keep what was asked for."""
    if isinstance(value, str):
        return BROKEN.sub(lambda half: f"\\u{ord(half.group()):04x}", value)
    if isinstance(value, Mapping):
        return {mended(str(name)): mended(item) for name, item in value.items()}
    return [mended(item) for item in value] if isinstance(value, list | tuple) else value


def outside_tool(tool: Tool) -> OutsideTool | None:
    """The tool as one that reaches outside; None for one of our own database."""
    return cast(OutsideTool, tool) if hasattr(tool, "act") else None


def reach_of(tool: Tool, arguments: Any) -> Reach:
    """What a call touches, in the tool's own word; a local tool touches only the person's own."""
    outside = outside_tool(tool)
    if outside is not None:
        return outside.reach(arguments)
    return LOOKING if is_read(tool) else CHANGING


def is_read(tool: Tool) -> bool:
    return tool.effect is Effect.READ
