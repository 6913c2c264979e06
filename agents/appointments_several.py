"""Several services named in one request about appointments: cancelled together once that is confirmed; booked one at a time, and that is said."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from orchestrator.contracts import Action, AnswerKind, Button, Card, Context, Done, Outcome, Task, ToolError

TOGETHER = re.compile(r"\b(?:and|und|sowie|y|e|plus)\b|[,，、&+和跟及]", re.I)


async def cancelled(task: Task, context: Context) -> Outcome | None:
    """Cancel one appointment of each service that is named, after a question; None where not each of several named ones is booked exactly once."""
    named = await context.call("calendar.understand", key="services", text=task.text)
    if len(named["services"]) < 2 or not TOGETHER.search(task.text):
        return None
    mine = await context.call("calendar.list", key="several", own=True)
    events = [event for event in mine if event["service"] in named["services"]]
    if sorted(event["service"] for event in events) != sorted(named["services"]):
        return None
    told = "\n".join(f"- {event['title']}, {event['when']}" for event in events)
    buttons = tuple(Button(context.words(key), Action("say", value=context.words(key))) for key in ("yes", "no"))
    if await context.ask("all", Card(f"{context.words('appointments-cancel-these')}\n{told}", (buttons,)), AnswerKind.YES_NO) != "yes":
        return Done(Card(context.words("appointments-kept")))
    lines = []
    for event in events:
        try:
            gone = await context.call("calendar.cancel", key=f"cancel-{event['event_id']}", event_id=event["event_id"])
        except ToolError:
            continue  # somebody else has cancelled it since the question
        lines.append(context.words("appointment-cancelled", title=gone["title"], when=gone["when"]))
    return Done(Card("\n".join(lines) or context.words("appointment-none")))


def told_of_the_rest(task: Task, context: Context, outcome: Outcome, wish: dict[str, Any], facts: dict[str, Any]) -> Outcome:
    """A booking's outcome, with what else was named and is to be booked separately."""
    others = [one for one in facts["services"] if one["id"] in wish["services"] and one["id"] != wish["service"]]
    if not others or not isinstance(outcome, Done) or not TOGETHER.search(task.text):
        return outcome
    names = ", ".join(str(one["name"]) for one in others)
    buttons = tuple(
        (Button(context.words("button-book", service=one["name"]), Action("say", value=context.words("say-book", service=one["name"]))),) for one in others[:2]
    )
    card = replace(
        outcome.card, text=f"{outcome.card.text}\n{context.words('appointment-one-at-a-time', services=names)}", buttons=(*outcome.card.buttons, *buttons)
    )
    return replace(outcome, card=card)
