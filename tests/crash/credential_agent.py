"""An agent of the tests that needs a credential: it asks for it, uses it at a portal, and hands what it saw to the model."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.contracts import Card, Context, Declined, Done, Lane, Outcome, Task, ToolError

POINTS = """[majordomo.agents]
visit = tests.crash.credential_agent:Visit
"""
CONFIG = """
business: {{name: Errands}}
intents:
  visit:
    keywords: ['^visit portal']
    examples: ['visit portal one', 'visit portal two', 'visit portal three']
policy:
  private_hosts: ['127.0.0.1:{port}']
"""
REASON = "to see your results"


class Visit:
    """Logs in at the address that ends the message; says what the portal said."""

    name = "visit"
    task_types = frozenset({"visit"})
    lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type == "visit"

    async def process(self, task: Task, context: Context) -> Outcome:
        url = task.text.split()[-1]
        try:
            handle = await context.credential("login", service="Portal", kind="health_portal", url=url, tools=["http.get"], reason=REASON)
            page = await context.call("http.get", key="open", url=f"{url}/results", credential=handle)
        except ToolError as refusal:
            return Declined(Card(f"Not seen: {refusal}"), str(refusal))
        return Done(Card(f"Seen: {json.dumps(page)}\n{await self._summed_up(context, page)}"), {"page": page})

    async def _summed_up(self, context: Context, page: object) -> str:
        try:
            return await context.think("summary", f"Sum up this page: {json.dumps(page)}")
        except ToolError:
            return "No model."


def install(folder: Path) -> Path:
    """Make this agent an installed one for whoever has the returned folder on its path."""
    plugin = folder / "plugin"
    described = plugin / "majordomo_visit.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: majordomo-visit\nVersion: 1\n")
    (described / "entry_points.txt").write_text(POINTS)
    return plugin
