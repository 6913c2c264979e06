"""What no specialist serves: reasons with a language model and every installed tool, under the house's limits and approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.contracts import Card, Context, Declined, Done, Lane, Outcome, Role, Task, ToolError

if TYPE_CHECKING:
    from orchestrator.contracts import Finding

OWN = ("calendar.find", "calendar.list", "reminders.find", "business.facts", "business.hours", "business.read", "business.read_services", "business.search")
"""Local tools that only look and are worth offering to a model; those that are not installed are left out."""


class General:
    """One goal, pursued until it is reached or honestly given up."""

    name = "general"
    task_types = frozenset({"general"})
    lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        if context.person.role is Role.GUEST:
            return Declined(Card(context.words("general-not-for-guests")), "guests cannot use the general agent")
        try:
            finding = await context.pursue("work", str(task.slots.get("goal") or task.text or task.title), own=OWN)
        except ToolError as refusal:
            return Declined(Card(context.words("general-no-model")), str(refusal))
        card = Card(told(finding, context))
        if finding.stopped and not finding.text:
            return Declined(card, f"stopped: {finding.stopped}")
        return Done(card, {"text": finding.text, "sources": list(finding.sources), "stopped": finding.stopped})


def told(finding: Finding, context: Context) -> str:
    """The answer, why it ends early, and where its content comes from."""
    lines = [context.words(f"general-stopped-{finding.stopped}")] if finding.stopped else []
    lines += [finding.text] if finding.text else [] if finding.stopped else [context.words("general-nothing")]
    if finding.sources:
        lines += ["", context.words("general-sources", sources=", ".join(f"`{source.replace('`', '’')}`" for source in finding.sources))]
    return "\n".join(lines)
