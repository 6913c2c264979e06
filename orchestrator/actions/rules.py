"""What the checks of the dispatcher share: the policy, the words to ask in, and who is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from orchestrator.actions import approvals, asking, effects, permissions
from orchestrator.actions.approvals import Ask, Kind, Shown
from orchestrator.actions.budgets import Shortage
from orchestrator.actions.calls import Call, Pending
from orchestrator.actions.limits import Breaker
from orchestrator.actions.policy import Judgement, Policy
from orchestrator.contracts import Clock, Effect, FatalError, Json, Person, Task, Words
from storage.audit import AuditKind, AuditLog, Entry

UNKNOWN_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Judge:
    """Somebody who may decide, and the chat in which they are asked."""

    person: Person
    chat_id: str


def oneself(connection: sa.Connection, person: Person, task: Task) -> Judge:
    """A person decides for themselves, in the chat of the task. Raises FatalError where there is none."""
    if task.chat_id is None:
        raise FatalError("this task has no chat to ask in")
    return Judge(person, task.chat_id)


@dataclass(frozen=True, slots=True)
class Rules:
    """Injected once. `approver` names who decides about a task's effects; `second` who may after a while."""

    policy: Policy
    clock: Clock
    words: Words
    breaker: Breaker
    approver: Callable[[sa.Connection, Person, Task], Judge] = field(default=oneself)
    second: Callable[[sa.Connection], str | None] = field(default=lambda connection: None)
    audit: AuditLog | None = None
    house_hosts: frozenset[str] = frozenset()
    """Servers of the operator's own configuration (calendar, mailbox, search): what goes there does not leave the house."""

    def note(self, connection: sa.Connection, kind: AuditKind, subject: str, person_id: str, task_id: str | None, **data: Json) -> None:
        """Enter something into the audit log; `data` carries no secret."""
        if self.audit is not None:
            self.audit.append(connection, Entry(kind, subject, self.clock.now(), person_id, task_id, data))

    def say(self, person: Person, key: str, **given: object) -> str:
        return self.words(person.language, key, given)

    def ask_for_effect(self, call: Call, judgement: Judgement) -> Pending:
        """Show exactly what would be done, and park the call until somebody has decided."""
        judge = self.approver(call.connection, call.person, call.task)
        preview = call.preview(self.words)
        settings = self.policy.approvals
        second = self.second(call.connection) if settings.second_after_minutes else None
        new = Ask(
            Kind.EFFECT, call.task, call.key, call.digest(), Shown(preview.summary, preview.details, self._notes(call, judgement, judge.person)),
            judge.person.id, judge.chat_id, call.now, timedelta(hours=settings.hours), call.tool.name, call.tool.version, call.plain_arguments(),
            call.used_files(), second, timedelta(minutes=settings.second_after_minutes) if second else None,
            call.facts.tainted,
        )  # fmt: skip
        asking.open_ask(call.connection, new, judge.person, self.words)
        return Pending()

    def _notes(self, call: Call, judgement: Judgement, reader: Person) -> tuple[str, ...]:
        notes = [self.say(reader, reason) for reason in judgement.reasons]
        if call.facts.tainted:
            notes.append(self.say(reader, "note-sources", sources=", ".join(call.facts.sources[:5])))
        if call.person.id != reader.id:
            notes.append(self.say(reader, "note-for-person", name=call.person.name or call.person.role.value))
        undoable = "undoable" if call.tool.effect is Effect.REVERSIBLE else "final"
        return (*notes, self.say(reader, f"note-{undoable}", credits=round(estimate(call))))

    def tell_of_use(self, call: Call, permission_id: str) -> None:
        """Done without asking: the person hears of it, under which permission, and how to take that back; so does the audit log."""
        used = permissions.get(call.connection, permission_id)
        today = permissions.used_on(call.connection, used.id, call.person, call.now)
        self.note(call.connection, AuditKind.PERMISSION, "used", call.person.id, call.task.id, permission=used.id, digest=call.digest())
        given = {"number": used.number, "used": today, "most": used.at_most, "summary": asking.visible(call.preview(self.words).summary)}
        asking.tell(call.connection, call.task, call.person, self.say(call.person, "permission-used", **given), call.now)

    def ask_for_budget(self, connection: sa.Connection, person: Person, task: Task, key: str, shortage: Shortage) -> Pending:
        """Ask whether more may be spent. Raises FatalError once the person chose to stop, or did not answer in time."""
        earlier = approvals.latest(connection, task, key, Kind.BUDGET)
        if earlier is not None and earlier.state == approvals.PENDING:
            return Pending()
        if earlier is not None and earlier.decision == approvals.STOP:
            raise FatalError(self.say(person, "refused-budget-stop"))
        if earlier is not None and earlier.state == approvals.EXPIRED:
            raise FatalError(self.say(person, "refused-budget-expired"))
        limit, judge, budgets = shortage.limit, oneself(connection, person, task), self.policy.budgets
        given = {"credits": round(limit.credits + shortage.added), "taken": round(shortage.taken), "needed": round(shortage.needed), "number": task.number}
        notes = (self.say(person, "budget-note", money=f"{budgets.credit * 1000:.2f} {budgets.currency}", **given),)
        bound = {"scope": limit.scope, "subject": limit.subject, "credits": limit.credits}
        new = Ask(
            Kind.BUDGET, task, key, f"{limit.scope}:{limit.subject}", Shown(self.say(person, f"budget-reached-{limit.scope}", **given), (), notes),
            person.id, judge.chat_id, self.clock.now(), timedelta(hours=self.policy.approvals.hours), arguments=bound,
        )  # fmt: skip
        asking.open_ask(connection, new, person, self.words)
        return Pending()

    def ask_what_became(self, call: Call) -> None:
        """An effect was interrupted at its irreversible moment and cannot be looked up: only a person can say."""
        if call.effect_id is None or not effects.move(call.connection, call.effect_id, (effects.IN_DOUBT,), effects.UNKNOWN):
            return
        self.ask_about(call.connection, call.person, call.task, effects.get(call.connection, call.effect_id), call.preview(self.words).details)

    def ask_about(
        self, connection: sa.Connection, person: Person, task: Task, entry: effects.Entry, details: tuple[tuple[str, str], ...] = (), *, again: bool = False
    ) -> None:
        """Ask what became of an entry of the ledger; `again` where the person left it open before."""
        judge = oneself(connection, person, task)
        shown = Shown(entry.summary, details, (self.say(person, "note-unknown-again" if again else "note-unknown"),))
        new = Ask(
            Kind.UNKNOWN, task, entry.key, entry.digest, shown, person.id, judge.chat_id, self.clock.now(), UNKNOWN_KEPT, entry.tool, 0, entry.arguments,
        )  # fmt: skip
        asking.open_ask(connection, new, person, self.words)


def estimate(call: Call) -> float:
    """Credits that one call may cost; our own tools cost nothing."""
    return float(call.outside.credits) if call.outside is not None else 0.0
