"""The checks that every tool call passes, one function each, and what follows a call that was made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pydantic

from orchestrator.actions import approvals, asking, budgets, effects, permissions, taint
from orchestrator.actions.approvals import Kind
from orchestrator.actions.calls import Call, Pending, is_broken, is_read, mended, reach_of, texts
from orchestrator.actions.policy import Judgement, Verdict
from orchestrator.actions.rules import Rules, estimate
from orchestrator.contracts import Effect, FatalError, ToolError
from orchestrator.outside import Result
from storage.audit import AuditKind

# --- before the call ---


def schema(rules: Rules, call: Call) -> None:
    """Arguments must fit the tool's model; what the call touches is the tool's word, not the caller's."""
    if any(map(is_broken, texts(call.arguments))):
        call.arguments = mended(call.arguments)
        raise ToolError(f"{call.tool.name}: the arguments hold half a character (a lone surrogate), which is no text")
    try:
        call.arguments = call.tool.arguments.model_validate(call.arguments)
    except pydantic.ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ToolError(f"{call.tool.name}: {wrong}") from error
    call.reach = reach_of(call.tool, call.arguments)


def call_limit(rules: Rules, call: Call) -> None:
    """At most so many tool calls a task."""
    if call.calls_before >= rules.policy.limits.calls:
        raise FatalError(f"the limit of {rules.policy.limits.calls} tool calls for one task is reached")


def rates(rules: Rules, call: Call) -> None:
    """Not too often for the tool and the host; not at all while a failing tool rests."""
    rules.breaker.admit(call.tool.name, call.reach.hosts, call.now)


def marks(rules: Rules, call: Call) -> None:
    """Whether outsiders' content or the person's own was read in this task."""
    facts = taint.facts(call.connection, call.person, call.task, rules.policy.addresses)
    call.facts = replace(facts, hosts=facts.hosts | rules.house_hosts)


def policy(rules: Rules, call: Call) -> None:
    call.judgement = rules.policy.judge(call.tool.effect, call.reach, call.facts)
    if call.judgement.verdict is Verdict.REFUSE:
        raise refused(rules, call, "forbidden")


def local_policy(rules: Rules, call: Call) -> None:
    """A local tool changes our own database, in the transaction of its step, for its own person: a change to one's own things."""
    verdict = rules.policy.deeds.get(call.reach.deed, Verdict.ASK)
    if verdict is not Verdict.ALLOW:
        raise refused(rules, call, "forbidden")


def doubt(rules: Rules, call: Call) -> Pending | None:
    """What an earlier attempt may have done, before the task was tried anew, is asked about before anything is asked or done again."""
    if is_read(call.tool) or effects.of_call(call.connection, call) is not None:
        return None
    entry = effects.open_before(call.connection, call)
    if entry is None:
        return None
    said = approvals.latest(call.connection, call.task, call.key, Kind.UNKNOWN)
    if said is None:
        left = entry.state == effects.UNKNOWN
        effects.move(call.connection, entry.id, (effects.IN_DOUBT,), effects.UNKNOWN)
        rules.ask_about(call.connection, call.person, call.task, entry, call.preview(rules.words).details, again=left)
        return Pending()
    return None if said.decision == approvals.RESEND else _after_unknown(rules, call, entry)


def approval(rules: Rules, call: Call) -> Pending | None:
    """What policy asks about goes on only after a person's decision on exactly this plan; the plan in the row is what runs."""
    if call.judgement.verdict is not Verdict.ASK or permissions.covers(rules.policy.standing, call):
        return None
    found = approvals.latest(call.connection, call.task, call.key, Kind.EFFECT)
    if found is None:
        return _in_plan(rules, call)
    if found.state == approvals.PENDING:
        return Pending()
    if found.state != approvals.DECIDED:
        raise refused(rules, call, "expired" if found.state == approvals.EXPIRED else "called-off")
    if found.decision != approvals.APPROVE:
        raise refused(rules, call, "declined")
    call.arguments = call.tool.arguments.model_validate(found.arguments)
    call.reach = reach_of(call.tool, call.arguments)
    call.approval_id = found.id
    return None if call.digest() == found.digest else rules.ask_for_effect(call, Judgement(Verdict.ASK, ("because-changed",)))


def _in_plan(rules: Rules, call: Call) -> Pending | None:
    """A plan that its approver started covers this very step with these very arguments; everything else is asked about."""
    plan = approvals.started_plan(call.connection, call.task, call.key)
    if plan is None:
        return rules.ask_for_effect(call, call.judgement)
    judge = rules.approver(call.connection, call.person, call.task)
    if plan.decided_by == judge.person.id and plan.covers[call.key] == call.digest():
        call.approval_id = plan.id
        return None
    return rules.ask_for_effect(call, replace(call.judgement, reasons=(*call.judgement.reasons, "because-changed")))


def budget(rules: Rules, call: Call) -> Pending | None:
    """Reserve before the call what it may cost, or ask for more."""
    call.estimate = estimate(call)
    if call.paid and _was_begun(call):
        budgets.settle(call.connection, call.task, call.key, budgets.reserved(call.connection, call.task, call.key), call.now)
    limits = budgets.limits_for(rules.policy.budgets, call.person, call.task, call.now)
    shortage = budgets.reserve(call.connection, call.person, call.task, call.key, call.tool.name, call.estimate, limits, call.now)
    return None if shortage is None else rules.ask_for_budget(call.connection, call.person, call.task, call.key, shortage)


def _was_begun(call: Call) -> bool:
    """Whether an attempt at a paid call was begun and cut off: it may have been paid for, and counts in full, as a thought does."""
    entry = effects.of_call(call.connection, call)
    return entry is not None and entry.state in {effects.CLAIMED, effects.IN_DOUBT}


def ledger(rules: Rules, call: Call) -> Pending | None:
    """Enter the effect, or find what became of an earlier attempt at it."""
    if is_read(call.tool):
        return None
    entry = effects.of_call(call.connection, call)
    if entry is not None:
        call.effect_id = entry.id
        return _go_on(rules, call, entry)
    hold = float(getattr(call.tool, "hold", 0.0))
    until = call.now + timedelta(seconds=hold) if hold > 0 else None
    entry = effects.plan(call.connection, call, call.preview(rules.words).summary, hold_until=until)
    call.effect_id = entry.id
    if until is None:
        return None
    asking.show_hold(call.connection, call.task, call.person, entry, round(hold), rules.words, call.now)
    return Pending(until)


def _go_on(rules: Rules, call: Call, entry: effects.Entry) -> Pending | None:
    """An earlier attempt left its entry: what was only claimed is tried again, what was in doubt is looked after first."""
    if entry.state == effects.HELD and entry.not_before is not None and call.now < entry.not_before:
        return Pending(entry.not_before)
    if entry.state in effects.OPEN:
        if entry.digest != call.digest():
            effects.replan(call.connection, entry, call, call.preview(rules.words).summary)
        effects.claim(call.connection, entry.id)
    elif entry.state == effects.IN_DOUBT and call.tool.effect is Effect.IDEMPOTENT:
        effects.claim(call.connection, entry.id, (effects.IN_DOUBT,))
    elif entry.state == effects.IN_DOUBT:
        call.unsettled = True
    elif entry.state == effects.UNKNOWN:
        return _after_unknown(rules, call, entry)
    elif entry.state in {effects.DONE, effects.UNDONE}:
        call.known = Result(entry.result, undo=entry.undo)
    elif entry.state == effects.DROPPED:
        raise refused(rules, call, "dropped")
    else:
        raise refused(rules, call, "failed-before")
    return None


def _after_unknown(rules: Rules, call: Call, entry: effects.Entry) -> Pending | None:
    """What a person said of an effect that was interrupted at its irreversible moment."""
    said = approvals.latest(call.connection, call.task, call.key, Kind.UNKNOWN)
    if said is None or said.state == approvals.PENDING:
        return Pending()
    if said.decision == approvals.SENT:
        call.effect_id, call.known = entry.id, Result({"confirmed_by_person": True})
        effects.settle(call.connection, entry.id, call.known, call.known.value, call.now)
        budgets.settle(call.connection, call.task, call.key, budgets.reserved(call.connection, call.task, call.key), call.now)
        rules.note(
            call.connection, AuditKind.EFFECT, call.tool.name, call.person.id, call.task.id, digest=entry.digest, approval=entry.approval_id, confirmed=True
        )
        return None
    if said.decision == approvals.RESEND:
        effects.claim(call.connection, entry.id, (effects.UNKNOWN,))
        return None
    raise refused(rules, call, "unknown")


def refused(rules: Rules, call: Call, why: str) -> ToolError:
    """A refusal in the person's words: the agent shows it, or finds another way."""
    return ToolError(rules.say(call.person, f"refused-{why}", tool=call.tool.name))


# --- after the call ---


def settle_effect(rules: Rules, call: Call, result: Result) -> None:
    if call.effect_id is not None and call.known is None:
        effects.settle(call.connection, call.effect_id, result, result.value, call.now)


def settle_budget(rules: Rules, call: Call, result: Result) -> None:
    cost = estimate(call) if result.credits is None else result.credits
    budgets.settle(call.connection, call.task, call.key, cost, call.now)


def mark_task(rules: Rules, call: Call, result: Result) -> None:
    taint.mark(call.connection, call.task, result)


def audit(rules: Rules, call: Call, result: Result) -> None:
    """Effects stand in the audit log, by the digest of their plan; what was done under a permission is told, with its number."""
    if call.permission_id is not None and call.effect_id is not None:
        rules.tell_of_use(call, call.permission_id)
    if call.effect_id is not None:
        digest = effects.get(call.connection, call.effect_id).digest
        rules.note(call.connection, AuditKind.EFFECT, call.tool.name, call.person.id, call.task.id, digest=digest, approval=call.approval_id)


def record_undo(rules: Rules, call: Call, result: Result) -> None:
    """A change to our own database that says how it is taken back joins the ledger, for /undo."""
    undoing = getattr(call.tool, "undo", None)
    undo = undoing(call.arguments, result.value) if undoing is not None else None
    if undo is not None:
        entry = effects.plan(call.connection, call, undo.label, hold_until=None)
        effects.settle(call.connection, entry.id, Result(result.value, undo=undo), result.value, call.now)
