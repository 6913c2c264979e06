"""Runs one segment of one task: the agent's `process` over its journal, and what follows from how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from orchestrator.actions import effects, taint, takeable
from orchestrator.contracts import (
    ENDED,
    RUNNING,
    WAITING,
    Action,
    Agent,
    Button,
    Card,
    Catalogue,
    Declined,
    Done,
    FatalError,
    Json,
    Lane,
    LostRace,
    MajordomoError,
    NotMine,
    Outcome,
    Person,
    Queue,
    Task,
    TaskState,
    TransientError,
    Waiting,
)
from orchestrator.execution import left_in_doubt
from orchestrator.execution.context import RunningContext
from orchestrator.execution.hands import Hand, InTransaction
from orchestrator.execution.surroundings import Surroundings
from orchestrator.tasks import agent_log, asks, family, journal, manager, notifications, outgoing
from orchestrator.tasks.people import person_of
from storage.database import TransactionLost, database_failed, savepoint

T = TypeVar("T")
MAX_ATTEMPTS = 3
UNDO_SHOWN = 3
BACKOFF = 2.0
"""Seconds before the first retry of a transient failure; each later one waits four times as long."""

logger = logging.getLogger(__name__)

Reroute = Callable[[sa.Connection, Task, str], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may use up."""

    attempts: int = MAX_ATTEMPTS
    backoff: float = BACKOFF


class Runner:
    """Shared by both lanes: the desk drives instant agents through it, the engine durable ones."""

    def __init__(self, catalogue: Catalogue, around: Surroundings, queue: Queue, limits: Limits | None = None) -> None:
        self.catalogue = catalogue
        self.around = around
        self.queue = queue
        self.limits = limits or Limits()
        self.reroute: Reroute | None = None

    # --- the instant lane ---

    def run_now(self, connection: sa.Connection, task: Task, person: Person, message_id: str | None = None) -> Task:
        """Run an instant agent inside the message's transaction; if it raises, its writes are undone and the task is failed honestly."""
        hand = InTransaction(connection)
        try:
            with savepoint(connection):
                drive(self._segment(task, person, hand, journal.read(connection, task.id) if task.segment else {}, message_id))
        except TransactionLost:
            raise
        except Exception as error:
            logger.exception("instant agent failed", extra={"task": task.id, "agent": task.agent})
            self._fail(connection, task, _describe(error), message_id)
        after = manager.load(connection, task.id) or task
        if after.state in ENDED and (task.segment or task.parent_key):
            # Before its first run has ended nobody can wait for a task, but the parent that made it.
            self._wake_followers(connection, after, message_id)
        return after

    def start(self, connection: sa.Connection, task: Task, person: Person, message_id: str | None = None) -> Task:
        """Begin or continue a pending task in the lane of its agent."""
        agent = self._agent(task)
        if agent.lane is Lane.INSTANT:
            running = manager.transition(connection, task, TaskState.IN_PROGRESS, self.around.clock.now()) if task.state is not TaskState.IN_PROGRESS else task
            return self.run_now(connection, running, person, message_id)
        self.queue.enqueue(connection, task)
        return task

    # --- the durable lane ---

    async def run_segment(self, task: Task, person: Person, hand: Hand, steps: dict[str, journal.Step], *, cuts_count: bool = False) -> None:
        """Run a durable segment to its end. A transient failure is tried again later; a lost race ends it silently.

        Raises what the database raises where the line to it was cut, unless cuts count as attempts, and where it is
        not even possible to write down how the segment ended.
        """
        try:
            await self._segment_or_its_failure(task, person, hand, steps, cuts_count)
        except LostRace:
            logger.info("segment lost its race", extra={"task": task.id, "segment": task.segment})

    async def _segment_or_its_failure(self, task: Task, person: Person, hand: Hand, steps: dict[str, journal.Step], cuts_count: bool) -> None:
        try:
            await self._segment(task, person, hand, steps, None)
        except LostRace:
            raise
        except Exception as error:
            if getattr(error, "connection_invalidated", False) and not cuts_count:
                raise
            failure = _describe(error)
            if isinstance(error, TransientError) or database_failed(error):
                await hand.write(task, lambda connection: self._retry_later(connection, task, failure))
                return
            logger.exception("agent failed", extra={"task": task.id, "agent": task.agent})
            await hand.write(task, lambda connection: self._fail(connection, task, failure, None))

    # --- shared ---

    async def _segment(self, task: Task, person: Person, hand: Hand, steps: dict[str, journal.Step], message_id: str | None) -> None:
        context = RunningContext(task, person, hand, steps, self.around, message_id)
        begun = self.around.clock.now()
        try:
            outcome = await self._agent(task).process(task, context)
        except Waiting:
            await hand.write(task, lambda connection: self._wait(connection, task, context))
            return
        await hand.write(task, lambda connection: self._end(connection, task, outcome, message_id, (self.around.clock.now() - begun), context.changed))

    def _end(self, connection: sa.Connection, task: Task, outcome: Outcome, message_id: str | None, spent: timedelta, changed: bool) -> None:
        now = self.around.clock.now()
        agent_log.record(connection, task, agent_log.PROCESSED, now, duration_ms=spent.total_seconds() * 1000)
        if isinstance(outcome, Done):
            card = self._with_undo(connection, task, outcome.card) if changed else outcome.card
            self.show(connection, task, self._noted(connection, task, card, notifications.COMPLETED), message_id)
            ended = manager.complete(connection, task, outcome.data, now)
        elif isinstance(outcome, Declined):
            self.show(connection, task, self._noted(connection, task, outcome.card, notifications.FAILED), message_id)
            ended = manager.fail(connection, task, {"type": "Declined", "message": outcome.reason}, now)
        else:
            ended = self._hand_on(connection, task, outcome)
        if not self._is_instant(task):
            self._wake_followers(connection, ended, message_id)

    def _with_undo(self, connection: sa.Connection, task: Task, card: Card) -> Card:
        """What can be taken back is reported with a button that does."""
        words = self.around.words
        rows = tuple(
            (Button(words(task.language, "button-undo-this", {"summary": takeable.called(words, task.language, entry)}), Action("undo", entry.id)),)
            for entry in effects.done_in(connection, task.id)
            if entry.undo is not None
        )
        return replace(card, buttons=(*card.buttons, *rows[:UNDO_SHOWN])) if card.text else card

    def _hand_on(self, connection: sa.Connection, task: Task, outcome: NotMine) -> Task:
        now = self.around.clock.now()
        ended = manager.fail(connection, task, {"type": "NotMine", "message": f"rerouted as {outcome.intent}"}, now)
        if self.reroute is not None:
            self.reroute(connection, ended, outcome.intent)
        return ended

    def _wait(self, connection: sa.Connection, task: Task, context: RunningContext) -> None:
        """Park the task: for a person while something is asked, until an instant, else for its children. What came meanwhile wakes it at once."""
        now = self.around.clock.now()
        manager.load(connection, task.id, lock=True)  # who answers at this moment is either seen here or finds the task waiting
        asked = asks.waiting_state(connection, task.id)
        if asked is not None:
            manager.transition(connection, task, asked, now)
            return
        if context.resume_at is not None:
            delay = max(0.0, (context.resume_at - now).total_seconds())
            later = manager.transition(connection, task, TaskState.PENDING, now, segment=task.segment + 1, not_before=context.resume_at)
            self.queue.enqueue(connection, later, delay=delay)
            return
        waiting = manager.transition(connection, task, TaskState.PENDING, now)
        if context.parked or journal.read(connection, task.id).keys() - context.seen:
            self.wake(connection, waiting, None)

    def go_on(self, connection: sa.Connection, task_id: str, message_id: str | None = None) -> None:
        """Something that was asked has been settled: a task that waits goes on. One that is about to wait sees it by itself."""
        task = manager.load(connection, task_id, lock=True)
        if task is not None and task.state in WAITING:
            self.wake(connection, task, message_id)

    def wake(self, connection: sa.Connection, task: Task, message_id: str | None) -> Task:
        """An answer or a child's result has come: the next segment."""
        now = self.around.clock.now()
        if task.state is TaskState.PENDING:
            task = manager.advance(connection, task, now)
        else:
            task = manager.transition(connection, task, TaskState.PENDING, now, segment=task.segment + 1)
        return self.start(connection, task, person_of(connection, task.person_id), message_id)

    def _wake_followers(self, connection: sa.Connection, task: Task, message_id: str | None) -> None:
        for follower in family.followers(connection, task):
            slots = {**follower.slots, **_handed_down(task)}
            taint.inherit(connection, follower.id, [task.id])
            follower = manager.release(connection, follower, slots)
            self.start(connection, follower, person_of(connection, follower.person_id), message_id)
        if task.parent_id is None or task.parent_key is None:
            return
        parent = manager.load(connection, task.parent_id, lock=True)
        if parent is None or parent.state in ENDED:
            return
        family.journal_result(connection, parent, task, self.around.clock.now())
        taint.inherit(connection, parent.id, [task.id])
        if parent.state is TaskState.PENDING:
            self.wake(connection, parent, message_id)

    def _retry_later(self, connection: sa.Connection, task: Task, failure: dict[str, Json]) -> None:
        attempts = task.attempts + 1
        now = self.around.clock.now()
        if attempts > self.limits.attempts:
            self._fail(connection, task, failure, None, dead_letter=True)
            return
        delay = self.limits.backoff * 4 ** (attempts - 1)
        again = manager.transition(
            connection, task, TaskState.PENDING, now, attempts=attempts, segment=task.segment + 1, error=failure, not_before=now + timedelta(seconds=delay)
        )
        self.queue.enqueue(connection, again, delay=delay)

    def _fail(self, connection: sa.Connection, task: Task, failure: dict[str, Json], message_id: str | None, *, dead_letter: bool = True) -> None:
        now = self.around.clock.now()
        if task.state in RUNNING and left_in_doubt.ask(connection, self.around, task):
            # What may have happened is cleared up first; the answer lets the task go on, or fail with the truth.
            manager.transition(connection, task, TaskState.AWAITING_APPROVAL, now, error=failure)
            return
        effects.not_taken_back(connection, task)
        text = self._how_it_failed(connection, task, failure)
        self.show(connection, task, self._noted(connection, task, Card(text), notifications.FAILED), message_id)
        ended = manager.fail(connection, task, failure, now, dead_letter=dead_letter)
        if not self._is_instant(task):
            self._wake_followers(connection, ended, message_id)

    def _how_it_failed(self, connection: sa.Connection, task: Task, failure: dict[str, Json]) -> str:
        """Says what was done before, and what may have been."""
        known = task.segment > 0 or not self._is_instant(task)
        done = "; ".join(entry.summary for entry in effects.done_in(connection, task.id)) if known else ""
        unclear = "; ".join(entry.summary for entry in effects.unclear_in(connection, task.id)) if known else ""
        given = {"number": task.number, "title": task.title, "reason": failure["message"], "done": done or "none", "unclear": unclear}
        return self.around.words(task.language, "task-failed-unclear" if unclear else "task-failed-after" if done else "task-failed", given)

    def _noted(self, connection: sa.Connection, task: Task, card: Card, kind: str) -> Card:
        """The end of background work is a notification, too; its card makes no sound in quiet hours, and a failure can be tried again."""
        if self._is_instant(task) or task.parent_id is not None or task.chat_id is None or not card.text:
            return card
        failed = kind == notifications.FAILED
        notice = notifications.Notice(kind, task.title or task.type, card.text, task.id, outcome="failure" if failed else "success")
        envelope = outgoing.Envelope(task.chat_id, task.person_id, self.around.clock.now(), task.id)
        standing = notifications.alongside(connection, envelope, notice, self.around.words, task.language)
        buttons = notifications.buttons_of(connection, standing.id, kind, task.id, self.around.words, task.language) if failed and not card.buttons else ()
        return replace(card, buttons=card.buttons or buttons, silent=card.silent or standing.silent)

    def show(self, connection: sa.Connection, task: Task, card: Card, message_id: str | None) -> None:
        """Send an agent's card to the task's chat, if it has one and there is something to show."""
        if task.chat_id is not None and card.text:
            outgoing.post(connection, outgoing.Envelope(task.chat_id, task.person_id, self.around.clock.now(), task.id, message_id), card)

    def _agent(self, task: Task) -> Agent:
        agent = self.catalogue.agent(task.agent)
        if agent is None:
            raise FatalError(f"the agent {task.agent} is not installed any more")
        return agent

    def _is_instant(self, task: Task) -> bool:
        agent = self.catalogue.agent(task.agent)
        return agent is not None and agent.lane is Lane.INSTANT


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never truly waits to its end. Raises FatalError if it does: instant agents may not."""
    steps: Generator[Any, Any, T] = coroutine.__await__()
    try:
        steps.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise FatalError("an instant agent tried to wait for something outside its transaction")


def _describe(error: Exception) -> dict[str, Json]:
    """What the task keeps of a failure: its kind, and its words only where they are ours."""
    known = isinstance(error, MajordomoError)
    return {"type": type(error).__name__, "message": str(error) if known else "an unexpected error"}


def _handed_down(task: Task) -> dict[str, Json]:
    """What a task tells the ones that waited for it: its result, and the instant that theirs may refer to."""
    result = task.result if isinstance(task.result, dict) else {}
    return {"earlier": result, "anchor": result.get("start"), "earlier_failed": task.state is not TaskState.COMPLETED}
