"""Takes back what was done: runs the call that the effect itself named when it happened."""

from __future__ import annotations

from orchestrator.contracts import Card, Context, Declined, Done, Lane, MajordomoError, Outcome, Task, TransientError

CODES = frozenset({"gone", "taken", "past", "soon", "far", "closed", "step", "when", "full", "newer"})
"""What the calendar, the reminders and the business raise for agents to put in words."""


def _reason(context: Context, raised: str) -> str:
    return context.words(f"undo-reason-{raised}") if raised in CODES else raised


class Undo:
    """Started by a press of Undo or by /undo, for one entry of the ledger."""

    name = "undo"
    task_types = frozenset({"undo"})
    lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type == "undo" and "effect" in task.slots

    async def process(self, task: Task, context: Context) -> Outcome:
        label = str(task.slots["label"])
        try:
            await context.call(str(task.slots["tool"]), key="undo", **dict(task.slots["arguments"]))
        except TransientError:
            raise
        except MajordomoError as error:
            await context.call("undo.settle", key="settle-failed", effect=str(task.slots["effect"]), taken_back=False)
            return Declined(Card(context.words("undo-failed", label=label, reason=_reason(context, str(error)))), "could not be undone")
        await context.call("undo.settle", key="settle-done", effect=str(task.slots["effect"]), taken_back=True)
        return Done(Card(context.words("undo-finished", label=label)))
