"""What a person may see of the books: budget and trace."""

from __future__ import annotations

from orchestrator.actions import budgets
from orchestrator.triage.turn import Turn


def budget(turn: Turn, rest: str) -> None:
    """/budget: what is spent and what is left, today and this month."""
    policy = turn.services.runner.around.dispatcher.rules.policy.budgets
    lines = []
    for limit, taken, added in budgets.standing(turn.connection, turn.person, policy, turn.now):
        whole = limit.credits + added
        given = {"taken": round(taken), "whole": round(whole), "money": f"{taken * policy.credit:.2f} {policy.currency}"}
        lines.append(turn.words(f"budget-{limit.scope}", **given))
    lines.append(turn.words("budget-task", whole=round(policy.task)))
    turn.reply("\n".join(lines))
