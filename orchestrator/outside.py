"""Tools that reach outside: what they declare, what they are handed, and what they give back.

A local tool (see `contracts.LocalTool`) writes our own database inside its step. A tool of this kind reads or changes
something else: a mail server, a web page, a file. The dispatcher decides whether a call may happen, keeps the ledger
of what was done, and hands the tool an `Outside`; the tool knows neither policy nor approval nor budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from orchestrator.contracts import Effect, Json, Person, Task


class Deed(StrEnum):
    """What a call amounts to: the words of the policy file."""

    READ = "read"
    """Looks at something and changes nothing."""
    COMPUTE = "compute"
    """Works in the sandbox, without network, on files it was given."""
    OWN = "own"
    """Changes the person's own calendar, files or reminders, and can be undone."""
    MAIL = "mail"
    """Sends mail."""
    WRITE = "external_write"
    """Changes something that belongs to others: a web form, a foreign database, a server."""
    DELETION = "deletion"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom and what one call touches; computed by the tool from typed arguments alone, never from a model's word."""

    deed: Deed
    hosts: frozenset[str] = frozenset()
    """Lower-case host names that the call will contact, as the arguments name them."""
    recipients: tuple[str, ...] = ()
    """Addresses that get something, for mail."""
    files: tuple[str, ...] = ()
    """Paths in the person's folder whose content leaves or is used; their hashes are part of an approval."""
    credential: str = ""
    """The handle (`cred://id`) whose value the call uses; empty for none."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person is shown before they approve: one plain sentence, then every argument that matters, whole."""

    summary: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Undo:
    """The call that takes an effect back; itself an effect that passes the dispatcher."""

    tool: str
    arguments: Mapping[str, Json]
    label: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave."""

    value: Json
    source: str = ""
    """Where content came from that others wrote (an address, a sender, a file name): it taints the task. Empty: none."""
    private: bool = False
    """Whether it was read from the person's mail, files, calendar, memory or vault."""
    undo: Undo | None = None
    credits: float | None = None
    """What it really cost; None: what `OutsideTool.credits` says."""


@dataclass(frozen=True, slots=True)
class Secret:
    """The value behind a handle, such as {"username": …, "password": …}. Never shown, logged or returned by a tool."""

    fields: Mapping[str, str] = field(repr=False)


class Outside(Protocol):
    """The hand of one outside call."""

    @property
    def person(self) -> Person: ...

    @property
    def task(self) -> Task: ...

    @property
    def now(self) -> datetime: ...

    @property
    def key(self) -> str:
        """The same 32 hex digits in every attempt at this step: the idempotency key (Message-ID, UID, request id)."""
        ...

    @property
    def folder(self) -> Path:
        """The person's own folder of files. It exists."""
        ...

    def judged(self, name: str, content: bytes) -> bytes:
        """`content` of a file of the reach, if it is still what the call was judged and approved by; raises ToolError where it was changed since."""
        ...

    def charging(self) -> None:
        """Say that the other side is asked now for something that it charges: the attempt counts against the budget, whatever comes of it."""
        ...

    async def in_doubt(self) -> None:
        """Commit that the irreversible moment comes now; awaited immediately before it.

        After a crash, what was before this is tried again, what was after it never: it is reconciled or asked about.
        """
        ...

    async def secret(self, handle: str, url: str) -> Secret:
        """The value of a credential for exactly this scheme, host and port. Raises ToolError where it is not for it."""
        ...

    async def tried(self, handle: str, *, accepted: bool) -> None:
        """Note whether the service took the credential: one that was refused is not handed out again, but asked for anew."""
        ...


class Found(StrEnum):
    """What looking after an interrupted effect showed."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`result` goes with DONE."""

    found: Found
    result: Result | None = None


class Phrase(Protocol):
    """A catalogue entry in the person's language."""

    def __call__(self, message: str, /, **arguments: Any) -> str: ...


@runtime_checkable
class OutsideTool(Protocol):
    """A named ability that reaches outside. One tool has one effect class: reading and writing are two tools."""

    name: str
    version: int
    description: str
    effect: Effect
    arguments: type[Any]
    """A pydantic model with `extra="forbid"`; no field of it is a secret (a handle is none)."""
    credits: int
    """What one call is estimated to cost."""
    seconds: float
    """How long one call may take before it counts as failed for the moment."""

    def reach(self, arguments: Any) -> Reach:
        """Whom and what this call touches. Pure."""
        ...

    def preview(self, arguments: Any, words: Phrase) -> Preview:
        """The effect in plain language, from the tool's own template. Pure."""
        ...

    async def act(self, outside: Outside, arguments: Any) -> Result:
        """Do it. Raises ToolError (choose another way), TransientError (try again later) or FatalError."""
        ...


@runtime_checkable
class Reconciling(Protocol):
    """A tool that can find out whether an interrupted effect happened."""

    async def reconcile(self, outside: Outside, arguments: Any) -> Reconciled:
        """Look for the traces of the effect with `outside.key`, without repeating it."""
        ...
