"""An agent of the tests that changes the world in several ways: files, events, a letter, files and events again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
VISIT, SPARE = "Visit", "Spare"
FIRST_DAY = datetime(2027, 1, 1, tzinfo=UTC)
BOOKED_AT, SPARE_AT, MOVED_TO = 9, 12, 15
"""Hours in UTC."""


def moment(code: str, hour: int) -> datetime:
    """A time that no other letter's events have."""
    number = 0
    for letter in code.removeprefix("qa"):
        number = number * 26 + ord(letter) - ord("a")
    return FIRST_DAY + timedelta(days=number, hours=hour)


class Deliver:
    """Writes a note, books two events, sends one letter, throws a draft away, moves one event and removes the other; then says what became of letter and visit."""

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
        visit = await self._book(context, "book", f"{VISIT} {code}", moment(code, BOOKED_AT))
        spare = await self._book(context, "spare", f"{SPARE} {code}", moment(code, SPARE_AT), only_if_free=False)
        said = f"{code} sent"
        try:
            await context.call("email.send", key="send", to=[f"{code}@example.com"], subject=f"Letter {code}", body="It is on its way.")
        except ToolError as refusal:
            said = f"{code} not sent: {refusal}"
        await context.call("files.delete", key="drop", name=f"draft-{code}.txt")
        if spare:
            await context.call("caldav.remove", key="cancel", id=spare, title=f"{SPARE} {code}")
        if visit:
            await context.call("caldav.move", key="move", id=visit, title=f"{VISIT} {code}", start=moment(code, MOVED_TO).isoformat())
        return Done(Card(f"{said}; visit {'not booked' if visit is None else 'booked'}"))

    async def _book(self, context: Context, key: str, title: str, start: datetime, **more: bool) -> str | None:
        """The event's id; None where it was refused, nothing where a person says that it stands there and nobody knows its id."""
        try:
            booked = await context.call("caldav.add", key=key, title=title, start=start.isoformat(), **more)
        except ToolError:
            return None
        return str(booked.get("id", "")) if isinstance(booked, dict) else ""


def install(folder: Path) -> Path:
    """Make this agent an installed one for whoever has the returned folder on its path."""
    plugin = folder / "plugin"
    described = plugin / "majordomo_deliver.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: majordomo-deliver\nVersion: 1\n")
    (described / "entry_points.txt").write_text(POINTS)
    return plugin
