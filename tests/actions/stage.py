"""A small stage for stories about permission: real database, desk parts and runner; a queue that is run by hand; a world that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from orchestrator.actions.dispatcher import Dispatcher
from orchestrator.actions.limits import Breaker
from orchestrator.actions.policy import load
from orchestrator.actions.rules import Rules
from orchestrator.contracts import Context, Effect, Lane, Outcome, Task, TransientError
from orchestrator.execution.due_asks import DueAsks
from orchestrator.execution.hands import Fenced
from orchestrator.execution.runner import Runner
from orchestrator.execution.surroundings import Surroundings
from orchestrator.outside import Deed, Found, Outside, Phrase, Preview, Reach, Reconciled, Result, Undo
from orchestrator.tasks import journal, manager, questions
from orchestrator.tasks.manager import NewTask
from orchestrator.tasks.people import person_of
from orchestrator.triage import decisions, dialogue, presses
from orchestrator.triage.turn import Chat, Services, Turn
from orchestrator.words import Catalogues
from storage.audit import AuditLog
from storage.database import Database
from storage.models import ApprovalRow, ButtonRow, OutgoingRow, TaskRow, new_id
from tests.catalogue import ScriptedAgent, SmallCatalogue
from tests.conftest import MovedClock
from tests.people import Somebody, settle

WORDS = Catalogues()


@dataclass
class World:
    """What really happened, counted outside our database."""

    done: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)
    trouble: Callable[[str], None] | None = None
    """Called at "before" and "after" the irreversible moment; may raise."""

    def at(self, moment: str) -> None:
        if self.trouble is not None:
            self.trouble(moment)


class Letter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: list[str]
    subject: str = ""
    body: str
    attachments: list[str] = []


@dataclass
class Mail:
    """A tool like mail: irreversible, to recipients."""

    world: World
    name: str = "mail.send"
    hold: float = 0.0
    version: int = 1
    description: str = "Sends a letter."
    effect: Effect = Effect.IRREVERSIBLE
    arguments: type[Any] = Letter
    credits: int = 10
    seconds: float = 5.0
    editable: tuple[str, ...] = ("to", "subject", "body")

    def reach(self, arguments: Letter) -> Reach:
        return Reach(Deed.MAIL, recipients=tuple(arguments.to), files=tuple(arguments.attachments))

    def preview(self, arguments: Letter, words: Phrase) -> Preview:
        return Preview(f"A letter to {', '.join(arguments.to)}", (("Subject", arguments.subject), ("Text", arguments.body)))

    async def act(self, outside: Outside, arguments: Letter) -> Result:
        self.world.at("before")
        await outside.in_doubt()
        self.world.done[outside.key] += 1
        self.world.texts.append(f"{','.join(arguments.to)}: {arguments.body}")
        self.world.at("after")
        return Result({"sent": outside.key})


@dataclass
class FindableMail(Mail):
    """Like mail whose sent folder can be searched."""

    async def reconcile(self, outside: Outside, arguments: Letter) -> Reconciled:
        if self.world.done[outside.key]:
            return Reconciled(Found.DONE, Result({"sent": outside.key}))
        return Reconciled(Found.NOT_DONE)


class Page(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    private: bool = False


@dataclass
class Look:
    """A tool that reads what outsiders (or the person) wrote."""

    world: World
    content: str = "hello"
    name: str = "page.read"
    version: int = 1
    description: str = "Reads a page."
    effect: Effect = Effect.READ
    arguments: type[Any] = Page
    credits: int = 5
    seconds: float = 5.0

    def reach(self, arguments: Page) -> Reach:
        return Reach(Deed.READ, hosts=frozenset({arguments.url.split("/")[2]}))

    def preview(self, arguments: Page, words: Phrase) -> Preview:
        return Preview(f"Read {arguments.url}")

    async def act(self, outside: Outside, arguments: Page) -> Result:
        self.world.done[f"read {arguments.url}"] += 1
        self.world.at("read")
        return Result({"text": self.content}, source="" if arguments.private else arguments.url, private=arguments.private)


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


@dataclass
class Erase:
    """A tool whose effect can be taken back."""

    world: World
    name: str = "note.erase"
    version: int = 1
    description: str = "Erases a note."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[Any] = Note
    credits: int = 1
    seconds: float = 5.0
    deed: Deed = Deed.OWN
    back: str = "note.bring_back"

    def reach(self, arguments: Note) -> Reach:
        return Reach(self.deed)

    def preview(self, arguments: Note, words: Phrase) -> Preview:
        return Preview(f"{self.name} {arguments.name}")

    async def act(self, outside: Outside, arguments: Note) -> Result:
        self.world.done[f"{self.name} {arguments.name}"] += 1
        undo = Undo(self.back, {"name": arguments.name}, f"erasing {arguments.name}") if self.back else None
        return Result({"name": arguments.name}, undo=undo)


@dataclass
class HandQueue:
    """Jobs that are run when the test says so, in order of their due time."""

    clock: MovedClock
    jobs: list[tuple[datetime, str, int]] = field(default_factory=list)

    def enqueue(self, connection: Any, task: Task, *, delay: float = 0.0) -> None:
        self.jobs.append((self.clock.now() + timedelta(seconds=delay), task.id, task.segment))


class Stage:
    """One person, their chat, agents and outside tools, and everything between them."""

    def __init__(
        self, database: Database, folder: Path, *, agents: Sequence[Any], tools: Sequence[Any], policy: Mapping[str, Any] | None = None, clock: MovedClock | None = None,
        somebody: Somebody | None = None, audit: AuditLog | None = None, **around: Any,
    ) -> None:  # fmt: skip
        self.database, self.clock = database, clock or MovedClock()
        self.catalogue = SmallCatalogue(tuple(agents), tuple(tools))
        self.queue = HandQueue(self.clock)
        rules_policy = load(policy)
        self.rules = Rules(rules_policy, self.clock, WORDS, Breaker(rules_policy.limits), audit=audit)
        self.dispatcher = Dispatcher(self.catalogue, self.clock, WORDS, self.rules)
        self.around = Surroundings(self.catalogue, self.queue, self.dispatcher, self.clock, WORDS, files=folder / "files", **around)
        self.runner = Runner(self.catalogue, self.around, self.queue)
        self.services = Services(lambda: None, self.runner, self.catalogue, self.clock, WORDS)  # type: ignore[arg-type,return-value]
        self.asks = DueAsks(self.runner)
        self.somebody = somebody or settle(database)

    # --- work ---

    async def begin(self, task_type: str = "errand", **slots: Any) -> Task:
        agent = self.catalogue.agent_for(task_type)
        assert agent is not None
        new = NewTask(task_type, agent.name, self.somebody.person.id, self.somebody.chat_id, "en", title=task_type, slots=slots)

        def work(connection: sa.Connection) -> Task:
            return self.runner.start(connection, manager.create(connection, new, self.clock.now()), self.somebody.person)

        task = await self.database.write(work)
        await self.pump()
        return self.now(task)

    async def pump(self) -> None:
        """Run every job that is due."""
        while due := sorted(job for job in self.queue.jobs if job[0] <= self.clock.now()):
            self.queue.jobs.remove(due[0])
            await self.run_segment(due[0][1], due[0][2])

    async def run_segment(self, task_id: str, number: int) -> None:
        task = await self.database.write(lambda connection: manager.take(connection, task_id, number, self.clock.now()))
        if task is None:
            return
        person, steps = await self.database.read(lambda connection: (person_of(connection, task.person_id), journal.read(connection, task_id)))
        await self.runner.run_segment(task, person, Fenced(self.database, self.clock), steps)

    def now(self, task: Task) -> Task:
        found = self.database.read_now(lambda connection: manager.load(connection, task.id))
        assert found is not None
        return found

    async def wait(self, **by: float) -> None:
        self.clock.move(**by)
        await self.database.write(self.asks.sweep)
        await self.pump()

    # --- the person ---

    async def say(self, text: str, who: Somebody | None = None) -> str:
        """Typed words, for what this stage knows: decisions, and answers to open questions."""

        def work(connection: sa.Connection) -> None:
            turn = self.turn(connection, "text", text, {}, who)
            open_questions = questions.open_in_chat(connection, turn.chat.id, turn.person.id)
            if decisions.said(turn, open_questions) or not open_questions:
                return
            if dialogue.take_answer(turn, open_questions[0], text) and open_questions[0].task_id is None:
                presses.house_answer(turn, open_questions[0], text)

        before = len(self.cards())
        await self.database.write(work)
        await self.pump()
        return "\n".join(card["text"] for card in self.cards()[before:])

    async def press(self, label: str, *, who: Somebody | None = None, token: str = "") -> str:
        """Press the newest live button with these words on it; returns the toast."""
        found = token or self.token(label)
        await self.database.write(lambda connection: presses.perform(self.turn(connection, "button", "", {"token": found, "press_id": "1"}, who)))
        await self.pump()
        return self.toasts()[-1]

    def token(self, label: str, *, spent: bool = False) -> str:
        state = ButtonRow.spent_at.is_not(None) if spent else ButtonRow.spent_at.is_(None)
        query = sa.select(ButtonRow.token).where(ButtonRow.label.contains(label), state).order_by(ButtonRow.created_at.desc(), ButtonRow.outgoing_id.desc())
        return str(self.database.read_now(lambda connection: connection.execute(query).scalars().first()))

    def turn(self, connection: sa.Connection, kind: str, text: str, payload: dict[str, Any], who: Somebody | None) -> Turn:
        one = who or self.somebody
        person = person_of(connection, one.person.id)
        return Turn(connection, self.services, new_id(), kind, text, payload, Chat(one.chat_id, "web", "private", None), person, self.clock.now())

    def cards(self, who: Somebody | None = None) -> list[dict[str, Any]]:
        return self._outgoing(("message", "status", "edit"), who)

    def toasts(self) -> list[str]:
        return [card["text"] for card in self._outgoing(("toast",), None, everywhere=True)]

    def heard(self) -> str:
        return "\n".join(card["text"] for card in self.cards())

    def buttons(self) -> list[str]:
        return [button["label"] for row in self.cards()[-1]["buttons"] for button in row]

    def approvals(self) -> list[Any]:
        return list(self.database.read_now(lambda connection: connection.execute(sa.select(ApprovalRow.__table__).order_by(ApprovalRow.id)).all()))

    def task_row(self, task: Task) -> Any:
        return self.database.read_now(lambda connection: connection.execute(sa.select(TaskRow.__table__).where(TaskRow.id == task.id)).one())

    def _outgoing(self, kinds: tuple[str, ...], who: Somebody | None, *, everywhere: bool = False) -> list[dict[str, Any]]:
        query = sa.select(OutgoingRow.card).where(OutgoingRow.kind.in_(kinds)).order_by(OutgoingRow.seq)
        if not everywhere:
            query = query.where(OutgoingRow.chat_id == (who or self.somebody).chat_id)
        return list(self.database.read_now(lambda connection: connection.execute(query).scalars().all()))


Script = Callable[[Task, Context], Awaitable[Outcome]]


def errand(script: Script, task_type: str = "errand") -> ScriptedAgent:
    return ScriptedAgent(task_type, script, Lane.DURABLE)


def unreachable(moment: str) -> None:
    raise TransientError("the other side is away")
