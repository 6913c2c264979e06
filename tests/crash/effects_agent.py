"""An agent of the tests that changes the world in several ways: files, a letter, files again."""

from __future__ import annotations

from pathlib import Path

from orchestrator.contracts import Card, Context, Done, Lane, Outcome, Task, ToolError

POINTS = """[majordomo.agents]
deliver = tests.crash.effects_agent:Deliver
"""
CONFIG = """
business: {{name: Post office}}
intents:
  deliver:
    keywords: ['^deliver letter']
    examples: ['deliver letter one', 'deliver letter two', 'deliver letter three']
policy:
  deeds: {{mail: {mail}, deletion: allow}}
  limits: {{per_tool_minute: 100000, per_host_minute: 100000}}
budgets: {{day: 10000000, month: 10000000}}
"""
"""The limits are out of the way: these stories are long days of few people."""


class Deliver:
    """Writes a note, adds a line to it, sends one letter, throws a draft away; then says whether the letter was sent."""

    name = "deliver"
    task_types = frozenset({"deliver"})
    lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type == "deliver"

    async def process(self, task: Task, context: Context) -> Outcome:
        code = task.text.split()[-1]
        await context.call("files.write", key="note", name=f"note-{code}.txt", text="begun\n")
        await context.call("files.write", key="line", name=f"note-{code}.txt", text="once\n", if_exists="append")
        await context.call("files.write", key="draft", name=f"draft-{code}.txt", text=code)
        said = f"{code} sent"
        try:
            await context.call("email.send", key="send", to=[f"{code}@example.com"], subject=f"Letter {code}", body="It is on its way.")
        except ToolError as refusal:
            said = f"{code} not sent: {refusal}"
        await context.call("files.delete", key="drop", name=f"draft-{code}.txt")
        return Done(Card(said))


def install(folder: Path) -> Path:
    """Make this agent an installed one for whoever has the returned folder on its path."""
    plugin = folder / "plugin"
    described = plugin / "majordomo_deliver.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: majordomo-deliver\nVersion: 1\n")
    (described / "entry_points.txt").write_text(POINTS)
    return plugin
