"""What a run does about what it found: remind, show again, try once more, begin a task, tell. Nothing else, and nothing without policy and budget."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.actions import approvals, asking, budgets
from orchestrator.autonomous import looking, runs
from orchestrator.autonomous.looking import Kind, Matter
from orchestrator.autonomous.runs import Run
from orchestrator.contracts import Card, MajordomoError, Person, TaskState
from orchestrator.execution import orders
from orchestrator.execution.orders import Order
from orchestrator.execution.runner import Runner
from orchestrator.tasks import manager, outgoing, questions
from storage.database import savepoint

MOST_WORK = 5
"""Tasks that one run begins or tries again; the rest is left to the next."""
LONGEST = 120
TRANSIENT = frozenset({"TransientError", "Refused", "NoAnswer", "NotSent", "Broken"})
"""Errors after which trying again later may help."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deed:
    """What came of one matter: whether it was done, and the line that says so."""

    kind: Kind
    done: bool
    said: str
    task_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "done": self.done, "said": self.said, "task_id": self.task_id}


class NotDone(MajordomoError):
    """A matter that was left undone, with the catalogue key of why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Acting:
    """The deeds of one run, inside its one transaction."""

    connection: sa.Connection
    runner: Runner
    person: Person
    chat_id: str
    run: Run
    now: datetime
    quiet: bool = False
    """Whether it is a time at which the person is not to be disturbed: cards that ask wait for a later run."""
    _work: int = 0

    def all(self, matters: Sequence[Matter]) -> list[Deed]:
        """Deal with each; one that breaks is undone by itself and told as not done."""
        deeds = []
        for matter in matters:
            try:
                with savepoint(self.connection):
                    deed = _ACTS[matter.kind](self, matter)
                    if deed is not None:
                        runs.deal_with(self.connection, self.run, matter.key, self.now)
            except NotDone as error:
                deed = self._undone(matter, error.why)
            except Exception:
                logger.exception("an autonomous deed failed", extra={"kind": matter.kind.value, "run": self.run.id})
                deed = self._undone(matter, "autonomous-why-error")
            if deed is not None:
                deeds.append(deed)
        return deeds

    def _undone(self, matter: Matter, why: str) -> Deed:
        runs.deal_with(self.connection, self.run, matter.key, self.now)
        return Deed(matter.kind, False, self._say("autonomous-not-done", title=_short(str(matter.shown.get("title", ""))), why=self._say(why)))

    # --- the deeds; None means that the matter has settled itself, or is left to a later run ---

    def _remind(self, matter: Matter) -> Deed | None:
        """Ask again, with live buttons; the older card's act no more."""
        question = looking.open_question(self.connection, matter.subject, self.person.id)
        if self.quiet or question is None or not questions.close(self.connection, question, "asked_again", self.now):
            return None
        task = manager.load(self.connection, question.task_id) if question.task_id else None
        envelope = outgoing.Envelope(question.chat_id, self.person.id, self.now, question.task_id)
        lead = self._say("autonomous-still-open", number=matter.shown["number"])
        data = {**question.data, "asked_again": True}
        questions.ask(self.connection, envelope, task, question.key, Card(question.prompt), question.kind, question.options, data, lead=lead)
        return self._done(matter, "autonomous-question")

    def _show_ask(self, matter: Matter) -> Deed | None:
        """Show the ask again: only the person decides it."""
        approval = approvals.find(self.connection, matter.subject, self.person.id)
        if self.quiet or approval is None or approval.state != approvals.PENDING:
            return None
        words = self.runner.around.words
        asking.show(self.connection, approval, self.person, words, self.now, lead=self._say("ask-reminder"), chat_id=self._chat_of(approval))
        return self._done(matter, "autonomous-approval")

    def _chat_of(self, approval: approvals.Approval) -> str:
        return approval.chat_id if approval.approver_id == self.person.id else self.chat_id

    def _try_again(self, matter: Matter) -> Deed | None:
        """Once more, if the fault was of the kind that passes and it was not tried again before; else it is told."""
        task = manager.load(self.connection, matter.subject)
        if task is None or task.state is not TaskState.FAILED:
            return None
        if matter.shown["type"] not in TRANSIENT or self._tried(task.id):
            return self._done(matter, "autonomous-failed", task.id)
        if not self._may_work():
            return None
        self.runner.start(self.connection, manager.retry(self.connection, task, self.now), self.person)
        runs.deal_with(self.connection, self.run, f"retried:{task.id}", self.now)
        return self._done(matter, "autonomous-retried", task.id)

    def _tried(self, task_id: str) -> bool:
        return bool(runs.dealt_with(self.connection, self.person.id, [f"retried:{task_id}"]))

    def _concern(self, matter: Matter) -> Deed | None:
        """Begin the task that a feed proposes, as if the person had asked for it; what needs approval asks for it."""
        concern = matter.concern
        if concern is None or not concern.task_type:
            return self._done(matter, "autonomous-told")
        if not self._may_work():
            return None
        order = Order(concern.task_type, concern.text, self.person.language, {**concern.slots, "schedule_run": self.run.id})
        task = orders.begin(self.connection, self.runner, self.person, self.chat_id, order, self.now, {"autonomous": self.run.id})
        if task is None:
            raise NotDone("autonomous-why-no-agent")
        if task.state is TaskState.FAILED:
            return Deed(matter.kind, False, self._say("autonomous-started-failed", number=task.number, title=_short(concern.text)), task.id)
        return Deed(matter.kind, True, self._say("autonomous-started", number=task.number, title=_short(concern.text)), task.id)

    def _may_work(self) -> bool:
        """Whether this run may set off another task. Raises NotDone where the person's budget is used up."""
        policy = self.runner.around.dispatcher.rules.policy.budgets
        if any(taken >= limit.credits + added for limit, taken, added in budgets.standing(self.connection, self.person, policy, self.now)):
            raise NotDone("autonomous-why-budget")
        self._work += 1
        return self._work <= MOST_WORK

    def _tell(self, matter: Matter) -> Deed:
        return self._done(matter, f"autonomous-{matter.kind.value}")

    def _tell_clash(self, matter: Matter) -> Deed:
        return self._done(matter, "autonomous-clash-free" if matter.shown["free"] else "autonomous-clash")

    def _tell_broken(self, matter: Matter) -> Deed:
        return Deed(matter.kind, False, self._say("autonomous-feed", title=matter.subject))

    def _done(self, matter: Matter, key: str, task_id: str | None = None) -> Deed:
        shown = {name: _short(value) if isinstance(value, str) else value for name, value in matter.shown.items()}
        return Deed(matter.kind, True, self._say(key, **shown), task_id)

    def _say(self, key: str, **given: Any) -> str:
        return self.runner.around.words(self.person.language, key, given)


_ACTS: dict[Kind, Callable[[Acting, Matter], Deed | None]] = {
    Kind.QUESTION: Acting._remind,
    Kind.APPROVAL: Acting._show_ask,
    Kind.CREDENTIAL: Acting._tell,
    Kind.FAILED: Acting._try_again,
    Kind.DUE: Acting._tell,
    Kind.STUCK: Acting._tell,
    Kind.CLASH: Acting._tell_clash,
    Kind.CONCERN: Acting._concern,
    Kind.FEED: Acting._tell_broken,
}


def _short(text: str) -> str:
    """One line of somebody's text, with what cannot be seen written out and nothing that a chat would take for marks."""
    line = asking.visible(" ".join(text.split()))
    line = "".join("’" if char == "`" else char for char in line if char not in "*_[]()<>")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
