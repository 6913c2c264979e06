"""What the parts of Majordomo promise each other. Read this first.

A person's message becomes a triage *task*. A *route* names the *agent* for each request in it. The agent's
`process` runs in *segments*: it does its work through a *context*, which journals every step, and it ends in an
*outcome*. Whatever an agent does to the world or to the database is a call of a *tool*. What it shows is a *card*.

Specialists import this module and nothing else of the house.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from orchestrator.cards import Action as Action
from orchestrator.cards import AnswerKind as AnswerKind
from orchestrator.cards import Attachment as Attachment
from orchestrator.cards import Button as Button
from orchestrator.cards import Card as Card
from orchestrator.cards import Json as Json
from orchestrator.cards import Option as Option
from orchestrator.concerns import Concern as Concern
from orchestrator.concerns import Feed as Feed
from orchestrator.errors import DuplicateKey as DuplicateKey
from orchestrator.errors import FatalError as FatalError
from orchestrator.errors import IllegalTransition as IllegalTransition
from orchestrator.errors import JournalMismatch as JournalMismatch
from orchestrator.errors import LostRace as LostRace
from orchestrator.errors import MajordomoError as MajordomoError
from orchestrator.errors import ToolError as ToolError
from orchestrator.errors import TransientError as TransientError
from orchestrator.errors import Waiting as Waiting

if TYPE_CHECKING:
    from orchestrator.plans import Carried as Carried
    from orchestrator.plans import Finding as Finding
    from orchestrator.plans import Plan as Plan
    from orchestrator.plans import PlanStep as PlanStep


def __getattr__(name: str) -> Any:
    """Plans are loaded when somebody makes one: a start takes no longer for them."""
    if name not in {"Carried", "Finding", "Plan", "PlanStep"}:
        raise AttributeError(name)
    from orchestrator import plans  # noqa: PLC0415

    return getattr(plans, name)


# --- the life of a task -------------------------------------------------------------------------------------------


class TaskState(StrEnum):
    """Where a task stands. The names are those of the REST API and of /tasks."""

    PENDING = "pending"
    PLANNING = "planning"
    IN_PROGRESS = "in_progress"
    AWAITING_INPUT = "awaiting_input"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_CREDENTIALS = "awaiting_credentials"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = frozenset({TaskState.AWAITING_INPUT, TaskState.AWAITING_APPROVAL, TaskState.AWAITING_CREDENTIALS})
RUNNING = frozenset({TaskState.PLANNING, TaskState.IN_PROGRESS})
ENDED = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED})
LIVE = frozenset(TaskState) - ENDED
_FROM_RUNNING = WAITING | ENDED | {TaskState.PENDING, TaskState.PAUSED}
_FROM_WAITING = frozenset({TaskState.PENDING, TaskState.IN_PROGRESS, TaskState.PAUSED, TaskState.FAILED, TaskState.CANCELLED})
TRANSITIONS: Mapping[TaskState, frozenset[TaskState]] = {
    TaskState.PENDING: RUNNING | {TaskState.PAUSED, TaskState.CANCELLED, TaskState.FAILED},
    TaskState.PLANNING: _FROM_RUNNING | {TaskState.IN_PROGRESS},
    TaskState.IN_PROGRESS: _FROM_RUNNING | {TaskState.PLANNING},
    TaskState.AWAITING_INPUT: _FROM_WAITING,
    TaskState.AWAITING_APPROVAL: _FROM_WAITING,
    TaskState.AWAITING_CREDENTIALS: _FROM_WAITING,
    TaskState.PAUSED: WAITING | {TaskState.PENDING, TaskState.CANCELLED, TaskState.FAILED},
    TaskState.FAILED: frozenset({TaskState.PENDING}),
    TaskState.COMPLETED: frozenset(),
    TaskState.CANCELLED: frozenset(),
}
"""Every legal step of a task's life; the task manager refuses all others."""


class Priority(IntEnum):
    """Smaller runs earlier."""

    URGENT = 1
    HIGH = 3
    NORMAL = 5
    LOW = 7
    BACKGROUND = 9


class Lane(StrEnum):
    """INSTANT agents only read and write our own database and run inside the message's transaction."""

    INSTANT = "instant"
    DURABLE = "durable"


class Role(StrEnum):
    OWNER = "owner"
    MEMBER = "member"
    GUEST = "guest"


# --- values ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody we talk to. `zone` is None until they have told us; `effective_zone` is what we reckon with."""

    id: str
    role: Role
    name: str
    language: str
    zone: str | None
    effective_zone: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task as an agent sees it: read-only, one snapshot a segment."""

    id: str
    number: int
    type: str
    agent: str
    state: TaskState
    title: str
    text: str
    slots: Mapping[str, Json]
    person_id: str
    chat_id: str | None
    language: str
    priority: Priority = Priority.NORMAL
    segment: int = 0
    epoch: int = 0
    lease: int = 0
    attempts: int = 0
    parent_id: str | None = None
    parent_key: str | None = None
    result: Json = None
    created_at: datetime | None = None
    started_at: datetime | None = None


class Method(StrEnum):
    """Which step of the cascade decided."""

    COMMAND = "command"
    BUTTON = "button"
    RULE = "rule"
    KEYWORDS = "keywords"
    CLASSIFIER = "classifier"
    MODEL = "model"
    DIALOGUE = "dialogue"
    SUBTASK = "subtask"


@dataclass(frozen=True, slots=True)
class Route:
    """Who should do it, how sure we are, and why: what /why and `majordomo route` show."""

    text: str
    intent: str
    task_type: str
    agent: str
    confidence: float
    method: Method
    accepted: bool
    language: str
    runner_up: str | None = None
    runner_up_confidence: float = 0.0
    slots: Mapping[str, Json] = field(default_factory=dict)
    relation: str = ""
    """Empty, or "after": this request refers to the result of the one before it in the same message."""


# --- outcomes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """The work is finished. `card` is shown; `data` is kept as the result and feeds tasks that wait for this one."""

    card: Card
    data: Json = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The agent cannot do this; `card` says why and what can be done instead. The task ends as failed, without retry."""

    card: Card
    reason: str = "declined"


@dataclass(frozen=True, slots=True)
class NotMine:
    """The request belongs to another agent: it is routed again under `intent`."""

    intent: str


Outcome = Done | Declined | NotMine


# --- tools ----------------------------------------------------------------------------------------------------------


class Effect(StrEnum):
    """What a tool does to the world; an unknown tool counts as irreversible."""

    READ = "read"
    REVERSIBLE = "reversible"
    IDEMPOTENT = "idempotent"
    IRREVERSIBLE = "irreversible"


@dataclass(frozen=True, slots=True)
class ToolScope:
    """For whom, for which task, where and when a tool runs. `connection` is the step's own transaction."""

    connection: Any
    person: Person
    task: Task
    now: datetime


@runtime_checkable
class Tool(Protocol):
    """A named ability with typed arguments (a pydantic model) and one declared effect. See also `orchestrator.outside`."""

    name: str
    version: int
    description: str
    effect: Effect
    arguments: type[Any]


@runtime_checkable
class LocalTool(Tool, Protocol):
    """A tool of our own database: `run` writes only through `scope.connection`."""

    def run(self, scope: ToolScope, arguments: Any) -> Json:
        """Do it inside the step's transaction. Raises ToolError, TransientError or FatalError."""
        ...


# --- agents ---------------------------------------------------------------------------------------------------------


class Context(Protocol):
    """The hand of a running agent. Every call is journaled under its key; a finished step is handed back, not redone."""

    person: Person

    def words(self, message: str, /, **arguments: Any) -> str:
        """The text of a catalogue entry in the person's language."""
        ...

    async def now(self, key: str = "now") -> datetime:
        """The time of the first run of this step, UTC."""
        ...

    async def random(self, key: str) -> float:
        """A number in [0, 1), the same in every later run."""
        ...

    async def say(self, card: Card | str, *, key: str) -> None:
        """Send a message to the task's chat, once."""
        ...

    async def progress(self, label: str, percent: int) -> None:
        """Show how far the work is (0-100); edits one status message. Also the place where a stop takes effect."""
        ...

    async def ask(self, key: str, prompt: Card | str, kind: AnswerKind = AnswerKind.TEXT) -> Json:
        """Ask the person and wait, without holding anything, until they answer. WHEN gives a dict (see `When`)."""
        ...

    async def choose(self, key: str, prompt: Card | str, options: Sequence[Option]) -> Json:
        """Ask with buttons; returns the chosen option's value."""
        ...

    async def call(self, tool: str, /, *, key: str, **arguments: Json) -> Json:
        """Run a tool through the dispatcher. Raises ToolError or FatalError, the same in every later run."""
        ...

    async def credential(
        self, key: str, *, service: str, url: str, tools: Sequence[str], kind: str = "other", fields: Sequence[str] = ("username", "password"), reason: str = ""
    ) -> str:
        """The handle (`cred://id`) of the person's credential for a service, asked for in the chat where there is none.

        It can be used only at the scheme, host and port of `url` and by these tools. Raises ToolError where the person declined.
        """
        ...

    async def think(self, key: str, prompt: str) -> str:
        """One model answer, in the books. Raises ToolError where no model is configured, or where its answer is of no use."""
        ...

    async def pursue(self, key: str, goal: str, *, own: Sequence[str] = ()) -> Finding:
        """Reason, act and observe with every tool that reaches outside, and these local ones, until the goal is reached or it stops honestly.

        Raises ToolError where no model is configured.
        """
        ...

    async def carry_out(self, key: str, plan: Plan) -> Carried:
        """Show what a plan will do where it costs or writes, and carry it out once the person starts it. Raises ToolError where they do not."""
        ...

    async def subtask(self, key: str, task_type: str, **slots: Json) -> Json:
        """Start a child task and wait for its result. Raises ToolError when it fails."""
        ...

    def scope(self, name: object) -> AbstractContextManager[None]:
        """Prefix the keys inside, for loops."""
        ...

    async def all(self, *waits: Awaitable[Any]) -> list[Any]:
        """Ask several questions at once and wait for every answer."""
        ...


@runtime_checkable
class Agent(Protocol):
    """A specialist. `process` is a plain function of its journal: no I/O, clock or randomness but through the context."""

    name: str
    task_types: frozenset[str]
    lane: Lane

    def can_handle(self, task: Task) -> bool:
        """Whether this agent takes the task."""
        ...

    async def process(self, task: Task, context: Context) -> Outcome:
        """Do the work. May raise MajordomoError; any other exception fails the task as fatal."""
        ...


# --- ports: what crosses the wings, injected by bot/app.py ----------------------------------------------------------


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, UTC, timezone-aware."""
        ...


class Queue(Protocol):
    """The engine as the task manager sees it."""

    def enqueue(self, connection: Any, task: Task, *, delay: float = 0.0) -> None:
        """Queue the task's present segment inside the caller's transaction; `delay` in seconds."""
        ...


class Catalogue(Protocol):
    """The agents and tools of this house."""

    @property
    def agents(self) -> Sequence[Agent]: ...

    def agent(self, name: str) -> Agent | None: ...

    def agent_for(self, task_type: str) -> Agent | None: ...

    def tool(self, name: str) -> Tool | None: ...

    @property
    def tools(self) -> Sequence[Tool]: ...


class Words(Protocol):
    """Fluent catalogues: `words(language, key, arguments)`."""

    def __call__(self, language: str, message: str, arguments: Mapping[str, Any] | None = None) -> str: ...
