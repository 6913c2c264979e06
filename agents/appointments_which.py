"""Which appointment is meant: by what is said of it, else the one spoken of last; where that is not sure, the person says it."""

from __future__ import annotations

from typing import Any

from agents.appointments_titles import title_of
from orchestrator.contracts import Action, Button, Card, Context, Done, Option, Outcome, Task

CHOSEN_AMONG = 8
"""Appointments among which a person chooses."""
NONE_OF_THESE = ""


def says(context: Context, *keys: str) -> tuple[Button, ...]:
    return tuple(Button(text, Action("say", value=text)) for text in (context.words(key) for key in keys))


def nothing(context: Context) -> Outcome:
    return Done(Card(context.words("appointment-none"), (says(context, "example-book"),)))


async def candidates(task: Task, context: Context) -> tuple[list[dict[str, Any]], bool]:
    """The appointments that may be meant, best first, each with how surely it is; and whether the text rather names something new."""
    said: dict[str, Any] = {} if task.slots.get("correction") else {"text": task.text, "moving": task.type != "appointment_cancel"}
    if not task.slots.get("named") and (task.slots.get("when") or {}).get("has_clock"):
        said["title"] = title_of(str(task.slots.get("rest") or ""))
    found = await context.call("calendar.meant", key="mine", spoken_of=(task.slots.get("subject") or {}).get("event_id"), **said)
    return list(found["events"]), bool(found["new"])


async def which(found: list[dict[str, Any]], context: Context, prompt: str) -> dict[str, Any] | Outcome:
    """The appointment that is meant, where that is sure; else asked for. An outcome where there is none, or none of them is."""
    if not found:
        return nothing(context)
    unlike = found[0]["meant"] == "unlike"
    if len(found) == 1 and not unlike:
        return found[0]
    options = [Option(_option(event), event["event_id"]) for event in found[:CHOSEN_AMONG]]
    lead = context.words(prompt)
    if unlike:
        lead = f"{context.words('appointment-unlike')} {lead}"
        options.append(Option(context.words("appointment-none-of-these"), NONE_OF_THESE))
    chosen = await context.choose("which", lead, options)
    one = next((event for event in found if event["event_id"] == chosen), None)
    return one if one is not None else Done(Card(context.words("appointment-untouched")))


def _option(event: dict[str, Any]) -> str:
    beside = f" ({event['who']})" if event["who"] else ""
    return f"{event['title']}{beside} · {event['short']}"
