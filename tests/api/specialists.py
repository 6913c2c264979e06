"""Specialists of these tests: one that asks, one that fails, one that lasts, one that writes letters and waits for permission."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from orchestrator.contracts import Agent, Card, Context, Done, FatalError, Lane, Option, Outcome, Task, Tool, ToolError
from tests.actions.stage import Mail, World
from tests.catalogue import ScriptedAgent


async def ask(task: Task, context: Context) -> Outcome:
    day = await context.ask("day", "Which day?")
    color = await context.choose("color", "Which colour?", (Option("Red", "red"), Option("Blue", "blue")))
    return Done(Card(f"{day}, {color}"), {"day": day, "color": color})


async def fail(task: Task, context: Context) -> Outcome:
    if task.epoch == 0:
        raise FatalError("there is no paper")
    return Done(Card("printed"), {"printed": True})


async def last(task: Task, context: Context) -> Outcome:
    for n in range(400):
        await context.progress(f"round {n}", min(n, 99))
        await asyncio.sleep(0.05)
    return Done(Card("at last"))


async def write(task: Task, context: Context) -> Outcome:
    try:
        sent = await context.call("mail.send", key="letter", to=["ann@example.com"], subject="Hello", body=str(task.slots.get("body", "Dear Ann")))
    except ToolError as refusal:
        return Done(Card(f"not sent: {refusal}"), {"sent": False})
    return Done(Card("sent"), {"sent": sent})


async def divide(task: Task, context: Context) -> Outcome:
    result = await context.subtask("part", "failing_once", note="from above")
    return Done(Card("divided"), {"part": result})


async def answer_at_once(task: Task, context: Context) -> Outcome:
    return Done(Card("here"), {"echo": dict(task.slots), "text": task.text})


@dataclass
class Specialists:
    """What a house of these tests has besides the built-in ones; `world` counts the letters that left."""

    world: World = field(default_factory=World)

    @property
    def agents(self) -> tuple[Agent, ...]:
        return (
            ScriptedAgent("asking", ask), ScriptedAgent("failing_once", fail), ScriptedAgent("lasting", last), ScriptedAgent("writing", write),
            ScriptedAgent("dividing", divide), ScriptedAgent("echoing", answer_at_once, Lane.INSTANT),
        )  # fmt: skip

    @property
    def tools(self) -> tuple[Tool, ...]:
        return (Mail(self.world),)
