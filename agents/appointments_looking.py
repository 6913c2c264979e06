"""Looking into the calendar: what is booked and what rings then, and which times are free."""

from __future__ import annotations

from typing import Any

from agents.appointments_times import PER_ROW, REASONS, kept_to, reason_of
from agents.appointments_which import says
from orchestrator.contracts import Action, Button, Card, Context, Declined, Done, Outcome, Task


async def calendar_list(task: Task, context: Context) -> Outcome:
    start, end = _stretch(task.slots.get("when") or {})
    events = await context.call("calendar.list", key="events", start=start, end=end)
    if start and end:
        reminders = await context.call("calendar.rings", key="rings", start=start, end=end)
    else:
        reminders = [one for one in await context.call("reminders.find", key="reminders") if not one["paused"]]
    if not events and not reminders:
        coming = await context.call("calendar.list", key="coming")
        lines = [context.words("calendar-empty"), *([context.words("calendar-next"), _line(context, coming[0])] if coming else [])]
        return Done(Card("\n".join(lines), (says(context, "example-book"),)))
    lines = [context.words("calendar-title"), *(_line(context, event) for event in events)] if events else []
    if reminders:
        lines += [context.words("calendar-reminders"), *(f"- {one['when']}: {one['title']}" for one in reminders)]
    return Done(Card("\n".join(lines)), {"events": [event["event_id"] for event in events]})


def _stretch(when: dict[str, Any]) -> tuple[str | None, str | None]:
    """From when to when is asked for: of a day its whole, of an hour the rest of its day."""
    start, end = when.get("start"), when.get("end")
    if start and not end:
        end = f"{start[:10]}T23:59:59{start[19:]}"
    return start, end


def _line(context: Context, event: dict[str, Any]) -> str:
    title = event["title"].removesuffix(f" ({event['guest']})")
    who = event["guest"] if event["own"] else event["who"] or context.words("business-somebody")
    beside = ", ".join(part for part in (event["staff"], who) if part)
    return f"- {event['when']}: {title}" + (f" ({beside})" if beside else "")


async def availability(task: Task, context: Context) -> Outcome:
    """Free times, each a button that books it."""
    facts = await context.call("business.facts", key="facts")
    wish = await context.call("calendar.understand", key="wish", text=task.text)
    if not facts["services"] and not wish["personal"]:
        return Declined(Card(context.words("services-unknown"), (says(context, "example-human"),)), "nothing can be booked")
    service = wish["service"] or (facts["services"][0]["id"] if facts["services"] else None)
    called = next((str(one["name"]) for one in facts["services"] if one["id"] == service), "")
    when, part = kept_to(task.slots.get("when") or {}, wish.get("part"))
    found = await context.call("calendar.find", key="find", service=service, staff=wish["staff"], when=when, **({"part": part} if part else {}))
    options = [*([{"label": found["wanted"]}] if found["exact"] else []), *found["options"]]
    if not options:
        return Done(Card(context.words("appointment-none-free"), (says(context, "example-human"),)))
    if found["exact"]:
        lead = context.words("free-yes", wanted=found["wanted"])
    elif found["reason"] in REASONS:
        lead = reason_of(context, found, found["reason"], called)
    else:
        lead = context.words("free-times-on", wanted=found["wanted"]) if found["wanted"] else context.words("free-times")
    buttons = [Button(o["label"], Action("say", value=context.words("say-book-at", service=called or "-", when=o["label"]))) for o in options]
    lines = [lead, *(f"- {option['label']}" for option in found["options"])]
    return Done(
        Card("\n".join(lines), tuple(tuple(buttons[n : n + PER_ROW]) for n in range(0, len(buttons), PER_ROW))),
        {"options": found["options"], "service": service, "staff": wish["staff"]},
    )
