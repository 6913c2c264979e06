"""What a person may see of the books: what was spent, and what a task did step by step."""

from __future__ import annotations

import json

from orchestrator.actions import asking, budgets
from orchestrator.contracts import Attachment, Card, Task
from orchestrator.tasks import journal
from orchestrator.tasks.journal import Step
from orchestrator.triage.turn import Turn

SHOWN_STEPS = 25
LONGEST = 160
UNSAID = frozenset({"now", "random"})
"""Steps that only keep a run repeatable."""


def budget(turn: Turn, rest: str) -> None:
    """/budget: what is spent and what is left, today and this month."""
    policy = turn.services.runner.around.dispatcher.rules.policy.budgets
    lines = []
    for limit, taken, added in budgets.standing(turn.connection, turn.person, policy, turn.now):
        given = {"taken": round(taken), "whole": round(limit.credits + added), "money": f"{taken * policy.credit:.2f} {policy.currency}"}
        lines.append(turn.words(f"budget-{limit.scope}", **given))
    lines.append(turn.words("budget-task", whole=round(policy.task)))
    turn.reply("\n".join(lines))


def trace(turn: Turn, task: Task) -> None:
    """/trace: the steps of a task in a few words, and the whole record as a file."""
    steps = [step for step in journal.read(turn.connection, task.id).values() if step.kind not in UNSAID]
    if not steps:
        turn.reply(turn.words("trace-none", number=task.number), task.id)
        return
    state = turn.words("state-" + task.state.value.replace("_", "-"))
    credits = round(sum(step.credits for step in steps))
    lines = [turn.words("trace-title", number=task.number, title=task.title[:80], state=state, steps=len(steps), credits=credits)]
    lines += [f"{number}. {_line(turn, step)}" for number, step in enumerate(steps[:SHOWN_STEPS], 1)]
    lines.append(turn.words("trace-file"))
    whole = json.dumps([_record(step) for step in steps], ensure_ascii=False, indent=2)
    turn.reply(Card("\n".join(lines), files=(Attachment(f"trace-{task.number}.json", "application/json", whole),)), task.id)


def _line(turn: Turn, step: Step) -> str:
    said = turn.words(f"step-{step.kind}", name=step.name)
    if step.error is not None:
        said += ", " + turn.words("step-failed", reason=_short(step.error.get("message", "")))
    elif step.output not in (None, "", {}):
        said += f": {_short(step.output)}"
    spent = f"{step.duration_ms / 1000:.1f} s" + (f", {round(step.credits)} credits" if step.credits else "")
    reasoning = f" _{_short(step.reasoning)}_" if step.reasoning else ""
    return f"{said} ({spent}){reasoning}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = asking.visible(" ".join(text.split()))
    return f"`{text[:LONGEST].replace('`', chr(0x2019))}{'…' if len(text) > LONGEST else ''}`"


def _record(step: Step) -> dict[str, object]:
    return {
        "key": step.key, "kind": step.kind, "name": step.name, "reasoning": step.reasoning, "input": step.input, "output": step.output, "error": step.error,
        "tokens": step.tokens, "credits": step.credits, "duration_ms": step.duration_ms, "at": step.created_at.isoformat() if step.created_at else None,
    }  # fmt: skip
