"""Several services named in one request about appointments: cancelled together once that is confirmed; booked one at a time, and that is said."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from orchestrator.contracts import Action, AnswerKind, Button, Card, Context, Done, Outcome, Task, ToolError

TOGETHER = re.compile(r"\b(?:and|und|sowie|y|e|plus)\b|[,，、&+和跟及]", re.I)
ALL = re.compile(r"\b(?:all|both|every|alle|beide|sämtliche|todas|todos|ambas|ambos)\b|所有的?|全部|都(?=取消|删|不)|两个都", re.I)
TWICE = re.compile(
    r"\b(?:for (?:me and (?:my|our|her|him)\b|my \w+ and me\b|us both|both of us|the two of us|two people|two)|(?:two|2|three|3) (?:hair|appointment|cut|beard|trim|colour|booking|slot|consult|massage|treatment)"
    r"|für (?:mich und (?:meine?n?|unsere?n?)\b|meine?n? \w+ und mich|uns beide|uns zwei|zwei personen|zwei)|(?:zwei|2|drei|3) (?:termine|haarschnitte|haar|bart|beratung|färb|massage|behandlung)"
    r"|para (?:m[ií] y (?:para )?(?:mi|nuestr[ao])\b|mi \w+ y (?:para )?(?:m[ií]|yo)|nosotros dos|los dos|las dos|dos personas|dos)|(?:dos|2|tres|3) (?:cortes|citas|reservas|tintes|arreglos|consultas|masajes))"
    r"|我和我?(?:太太|老婆|妻子|先生|老公|丈夫|儿子|女儿|朋友|妈妈|爸爸|妈|爸)|我们(?:两个?人?|俩)|[两二2]个?(?:人|位|次|份)",
    re.I,
)
"""More than one of the same is wished for."""


async def cancelled(task: Task, context: Context) -> Outcome | None:
    """Cancel one appointment of each service that is named, or all that are meant by "all", after a question; None where it is not such a request."""
    events = await _all_of_them(task, context) if ALL.search(task.text) else await _one_of_each(task, context)
    if not events:
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


async def _one_of_each(task: Task, context: Context) -> list[dict[str, Any]]:
    """The appointments of the services that are named, where each is booked exactly once."""
    named = await context.call("calendar.understand", key="services", text=task.text)
    if len(named["services"]) < 2 or not TOGETHER.search(task.text):
        return []
    mine = await context.call("calendar.list", key="several", own=True)
    events = [event for event in mine if event["service"] in named["services"]]
    return events if sorted(event["service"] for event in events) == sorted(named["services"]) else []


async def _all_of_them(task: Task, context: Context) -> list[dict[str, Any]]:
    """Several that fit what is said: all there are, those of a day, those of a name."""
    found = list((await context.call("calendar.meant", key="all-of-them", text=ALL.sub(" ", task.text)))["events"])
    return found if len(found) > 1 and found[0]["meant"] != "unlike" else []


def told_of_the_rest(task: Task, context: Context, outcome: Outcome, wish: dict[str, Any], facts: dict[str, Any]) -> Outcome:
    """A booking's outcome, with what else was named and is to be booked separately."""
    if isinstance(outcome, Done) and TWICE.search(task.text):
        return _told_of_the_second(context, outcome, wish, facts)
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


def _told_of_the_second(context: Context, outcome: Done, wish: dict[str, Any], facts: dict[str, Any]) -> Outcome:
    """Only one was booked: that is said, and the next one offered."""
    name = next((str(one["name"]) for one in facts["services"] if one["id"] == wish["service"]), str((outcome.data or {}).get("title", "")))
    button = Button(context.words("button-book", service=name), Action("say", value=context.words("say-book", service=name)))
    text = f"{outcome.card.text}\n{context.words('appointment-one-of-several')}"
    return replace(outcome, card=replace(outcome.card, text=text, buttons=(*outcome.card.buttons, (button,))))
