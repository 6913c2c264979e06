"""Appointments in our own calendar: book, move, cancel, list, free times. Closed or taken times lead to others nearby."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from agents.appointments_several import cancelled, told_of_the_rest
from orchestrator.contracts import Action, AnswerKind, Attachment, Button, Card, Context, Declined, Done, Json, Lane, Option, Outcome, Role, Task, ToolError

Answer = Callable[[Task, Context], Awaitable[Outcome]]
TRIES = 8
"""How many times are tried before giving up."""
ANYBODY = ""
PER_ROW = 2
REASONS = {
    "taken": "appointment-taken", "closed": "appointment-closed", "past": "appointment-past",
    "soon": "appointment-soon", "far": "appointment-far", "step": "appointment-step",
}  # fmt: skip
ENTRY_LEAD = re.compile(
    r"^\W*(?:(?:please|bitte|por favor|请|帮我|can you|could you|kannst du|puedes|i(?:'d| would) like to|ich möchte|quiero|me gustaría|我想)\s*)?"
    r"(?:book|schedule|make|set up|arrange|add|put|plan|buch\w*|vereinbar\w*|mach\w*|trag\w*|reserva\w*|agenda\w*|pon\w*|haz\w*|预约|预订|安排|添加)?\s*"
    r"(?:me\s+|mir\s+|for me\s+)?(?:an?\s+|einen\s+|ein\s+|una?\s+|个|一个)?",
    re.I,
)


def says(context: Context, *keys: str) -> tuple[Button, ...]:
    return tuple(Button(text, Action("say", value=text)) for text in (context.words(key) for key in keys))


def shown(event: dict[str, Any]) -> dict[str, Any]:
    """What a task keeps of an event."""
    return {name: value for name, value in event.items() if name != "ics"}


async def ask_time(context: Context, key: str, lead: str, options: list[dict[str, Any]]) -> Any:
    """Ask for a time; free ones to press, any other to type."""
    buttons = [Button(option["label"], Action("say", value=option["label"])) for option in options]
    rows = tuple(tuple(buttons[n : n + PER_ROW]) for n in range(0, len(buttons), PER_ROW))
    return await context.ask(key, Card(lead, rows), AnswerKind.WHEN)


def joined(earlier: Json, new: Json) -> Json:
    """A clock time without a day is meant for the day that was spoken of."""
    if earlier and earlier.get("start") and earlier.get("has_day") and not new.get("has_day") and new.get("has_clock"):
        return {**new, "start": f"{earlier['start'][:10]}{new['start'][10:]}", "has_day": True}
    return new


def kept_to(when: Json, part: Json) -> tuple[Json, str | None]:
    """The time to look for, and the part of the day to which offers keep, where that holds for more than one day."""
    if not part or (when or {}).get("has_clock"):
        return when, None
    if part["days"]:
        return part["days"], part["part"]
    return ({}, part["part"]) if part["any_day"] else (when, None)


def answered(earlier: Json, new: Json, part: str | None) -> tuple[Json, str | None]:
    """What an answer makes of the wish: "only in the afternoon" keeps to the days that were spoken of, "at 4" to the day."""
    if new.get("precision") == "day_part" and not new.get("has_day") and not new.get("has_clock"):
        return (_days_of(earlier), new.get("part_of_day"))
    return joined(earlier, new), part if not new.get("has_clock") and not new.get("part_of_day") else None


def _days_of(when: Json) -> Json:
    """The day or days of a wish without its clock; nothing where none was named."""
    if not when or not when.get("start") or not when.get("has_day"):
        return {}
    if when.get("end") and when.get("precision") in ("week", "month"):
        return when
    return {"start": f"{when['start'][:10]}T00:00:00{when['start'][19:]}", "precision": "day", "has_day": True}


# --- booking ---


async def booking(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    wish = await context.call("calendar.understand", key="wish", text=task.text)
    if wish["personal"]:
        title = ENTRY_LEAD.sub("", str(task.slots.get("rest") or task.text), count=1).strip(" .!?,") or task.text
        return await settle(task, context, {"service": None, "staff": None}, title, wish.get("part"))
    if not facts["services"]:
        return Declined(Card(context.words("services-unknown"), (says(context, "example-human"),)), "nothing can be booked")
    staff = await _staff(context, facts, wish, task.slots.get("staff"))
    service = wish["service"] or task.slots.get("service") or await _service(context, facts)
    called = next(str(one["name"]) for one in facts["services"] if one["id"] == service)
    booked = await settle(task, context, {"service": service, "staff": staff}, called, wish.get("part"))
    return told_of_the_rest(task, context, booked, wish, facts)


async def _staff(context: Context, facts: dict[str, Any], wish: dict[str, Any], offered: Json) -> str | None:
    """Who is asked for; where that is nobody of ours, who may do instead."""
    if not wish["stranger"]:
        named = wish["staff"] or offered
        return str(named) if named else None
    if len(facts["staff"]) < 2:
        await context.say(context.words("appointment-stranger-alone", name=wish["stranger"]), key="stranger")
        return None
    options = [*(Option(name, name) for name in facts["staff"]), Option(context.words("option-anybody"), ANYBODY)]
    chosen = await context.choose("staff", context.words("appointment-stranger", name=wish["stranger"], staff=", ".join(facts["staff"])), options)
    return str(chosen) or None


async def _service(context: Context, facts: dict[str, Any]) -> str:
    if len(facts["services"]) == 1:
        return str(facts["services"][0]["id"])
    options = [Option(f"{one['name']} · {one['minutes']} min", one["id"]) for one in facts["services"]]
    return str(await context.choose("service", context.words("appointment-which-service"), options))


async def settle(task: Task, context: Context, wish: dict[str, Any], title: str, kept: Json = None) -> Outcome:
    """Book the wished time if it can be had; else talk until one is. `kept` is the part of the day that the message keeps to."""
    when, part = kept_to(task.slots.get("when") or {}, kept)
    lead, repeats = "", bool(when.get("recurrence")) and not (kept or {}).get("part")
    if when.get("unread"):
        lead, when = context.words("appointment-unread", words=", ".join(when["unread"])), {}
    for attempt in range(TRIES):
        with context.scope(attempt):
            found = await context.call("calendar.find", key="find", **wish, when=when, **({"part": part} if part else {}))
            reason = found["reason"]
            if found["exact"]:
                if found.get("clash") and not await _both(context, found["clash"]):
                    return _left(context, found["clash"])
                try:
                    event = await context.call("calendar.book", key="book", **wish, start=found["exact"]["start"], title=title)
                    return _booked(context, event, "appointment-booked", only_first=repeats)
                except ToolError as error:
                    reason = str(error)
            if not found["options"]:
                return Declined(Card(context.words("appointment-none-free"), (says(context, "example-human"),)), "nothing free")
            answer = await ask_time(context, "when", lead or _lead(context, found, reason, title), found["options"])
            (when, part), lead = answered(when, answer, part), ""
    return Declined(Card(context.words("appointment-none-free"), (says(context, "example-human"),)), "no time was agreed on")


async def _both(context: Context, clash: dict[str, Any]) -> bool:
    """Whether somebody who has something at that time already wants this, too."""
    buttons = tuple((Button(context.words(key), Action("say", value=context.words(key))),) for key in ("clash-yes", "clash-no"))
    return bool(await context.ask("also", Card(context.words("appointment-clash", **clash), buttons), AnswerKind.YES_NO) == "yes")


def _left(context: Context, clash: dict[str, Any]) -> Outcome:
    return Done(Card(context.words("appointment-clash-left", **clash), (says(context, "say-move-it"),)))


def _reason(context: Context, found: dict[str, Any], reason: str, title: str) -> str:
    return context.words(REASONS[reason], wanted=found["wanted"], title=title, until=found.get("until", ""), step=found.get("step", 0))


def _lead(context: Context, found: dict[str, Any], reason: str, title: str) -> str:
    if reason in REASONS:
        return _reason(context, found, reason, title)
    if found["wanted"]:
        return context.words("appointment-choose-on", wanted=found["wanted"], title=title)
    return context.words("appointment-choose", title=title)


def _booked(context: Context, event: dict[str, Any], key: str, *, only_first: bool = False) -> Done:
    text = context.words(key if event["staff"] else f"{key}-private", title=event["title"], staff=event["staff"], when=event["when"])
    if only_first:
        text += "\n" + context.words("appointment-only-first")
    file = Attachment("appointment.ics", "text/calendar", event["ics"])
    return Done(Card(text, (says(context, "say-move-it", "say-cancel-it"),), (file,)), shown(event))


# --- changing ---


async def reschedule(task: Task, context: Context) -> Outcome:
    event = await which(task, context, "appointment-which-move")
    if event is None:
        return _nothing(context)
    return await move(task, context, event)


async def move(task: Task, context: Context, event: dict[str, Any]) -> Outcome:
    """Find the new time; one without a clock keeps the old clock, one without a day the old day."""
    when = task.slots.get("when") or {}
    if not task.slots.get("correction"):
        when = await context.call("time.moved", key="moved", text=task.text, previous=event["start"]) or when
    if not when.get("start") or when.get("unread"):
        when = await context.ask("when", context.words("appointment-new-time", title=event["title"], when=event["when"]), AnswerKind.WHEN)
    if when.get("start") and not when.get("has_clock") and when.get("precision") == "day":
        when = {**when, "start": when["start"][:11] + event["start"][11:], "has_clock": True, "precision": "minute", "end": None}
    when = joined({"start": event["start"], "has_day": True}, when)
    wish = {"service": event["service"] or None, "staff": event["staff"] or None, "moving": event["event_id"]}
    for attempt in range(TRIES):
        with context.scope(attempt):
            found = await context.call("calendar.find", key="find", **wish, when=when)
            reason = found["reason"]
            if reason == "taken" and wish["staff"]:
                found = await context.call("calendar.find", key="find-anybody", **{**wish, "staff": None}, when=when)
                reason = found["reason"]
            if found["exact"]:
                if found.get("clash") and not await _both(context, found["clash"]):
                    return _left(context, found["clash"])
                try:
                    moved = await context.call("calendar.move", key="move", event_id=event["event_id"], start=found["exact"]["start"])
                    return _booked(context, moved, "appointment-moved")
                except ToolError as error:
                    reason = str(error)
                    if reason == "gone":
                        return _nothing(context)
            if not found["options"]:
                break
            when = joined(when, await ask_time(context, "again", _lead(context, found, reason, event["title"]), found["options"]))
    return Declined(Card(context.words("appointment-none-free"), (says(context, "example-human"),)), "no time was agreed on")


async def cancel(task: Task, context: Context) -> Outcome:
    if (together := await cancelled(task, context)) is not None:
        return together
    event = await which(task, context, "appointment-which-cancel")
    if event is None:
        return _nothing(context)
    try:
        gone = await context.call("calendar.cancel", key="cancel", event_id=event["event_id"])
    except ToolError:
        return _nothing(context)
    again = Button(context.words("button-book-again"), Action("say", value=context.words("say-book", service=gone["title"])))
    return Done(
        Card(context.words("appointment-cancelled", title=gone["title"], when=gone["when"]), ((again,),)),
        {"cancelled": gone["event_id"], "title": gone["title"]},
    )


def _nothing(context: Context) -> Outcome:
    return Done(Card(context.words("appointment-none"), (says(context, "example-book"),)))


async def which(task: Task, context: Context, prompt: str) -> dict[str, Any] | None:
    """The appointment that is meant: the one just spoken of, the only one, the one whose service is named; else asked for."""
    spoken_of = (task.slots.get("subject") or {}).get("event_id")
    found: list[dict[str, Any]] = await context.call("calendar.list", key="mine", own=not spoken_of)
    named = await context.call("calendar.understand", key="named", text=task.text)
    day = _day_named(task)
    for event in found:
        if event["event_id"] == spoken_of and named["service"] in (None, event["service"]) and day in ("", event["start"][:10]):
            return event
    fitting = [event for event in found if event["service"] in named["services"]]
    unlike = bool(named["services"]) and not fitting  # of what is named there is nothing: the others are only offered
    likely = fitting or found
    likely = [event for event in likely if named["staff"] == event["staff"]] or likely
    on_day = [event for event in likely if event["start"][:10] == day]
    if len(on_day or likely) <= 1 and not (unlike and likely) and (on_day or not likely or not day):
        return next(iter(on_day or likely), None)
    likely = on_day or likely
    options = [Option(f"{event['title']} · {event['short']}", event["event_id"]) for event in likely[:8]]
    chosen = await context.choose("which", context.words(prompt), options)
    return next((event for event in found if event["event_id"] == chosen), None)


def _day_named(task: Task) -> str:
    """The day of the appointment that is to be cancelled, as "2026-11-24"; empty where none is named."""
    when = task.slots.get("when") or {}
    return str(when["start"])[:10] if task.type == "appointment_cancel" and when.get("start") and when.get("has_day") else ""


# --- looking ---


async def calendar_list(task: Task, context: Context) -> Outcome:
    when = task.slots.get("when") or {}
    start, end = when.get("start"), when.get("end")
    if start and not end and when.get("precision") == "day":
        end = f"{start[:10]}T23:59:59{start[19:]}"
    events = await context.call("calendar.list", key="events", start=start, end=end)
    reminders = [one for one in await context.call("reminders.find", key="reminders") if not one["paused"] and (not end or one["start"] < end)]
    if not events and not reminders:
        coming = await context.call("calendar.list", key="coming")
        lines = [context.words("calendar-empty"), *([context.words("calendar-next"), _line(coming[0])] if coming else [])]
        return Done(Card("\n".join(lines), (says(context, "example-book"),)))
    lines = [context.words("calendar-title"), *(_line(event) for event in events)] if events else []
    if reminders:
        lines += [context.words("calendar-reminders"), *(f"- {one['when']}: {one['title']}" for one in reminders)]
    return Done(Card("\n".join(lines)), {"events": [event["event_id"] for event in events]})


def _line(event: dict[str, Any]) -> str:
    beside = ", ".join(part for part in (event["staff"], event["who"]) if part)
    return f"- {event['when']}: {event['title']}" + (f" ({beside})" if beside else "")


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
        lead = _reason(context, found, found["reason"], called)
    else:
        lead = context.words("free-times-on", wanted=found["wanted"]) if found["wanted"] else context.words("free-times")
    buttons = [Button(o["label"], Action("say", value=context.words("say-book-at", service=called or "-", when=o["label"]))) for o in options]
    lines = [lead, *(f"- {option['label']}" for option in found["options"])]
    return Done(
        Card("\n".join(lines), tuple(tuple(buttons[n : n + PER_ROW]) for n in range(0, len(buttons), PER_ROW))),
        {"options": found["options"], "service": service, "staff": wish["staff"]},
    )


# --- the business answers a booking ---


async def accept(task: Task, context: Context) -> Outcome:
    return await _answer_booking(task, context, "calendar.accept", "booking-accepted")


async def decline(task: Task, context: Context) -> Outcome:
    return await _answer_booking(task, context, "calendar.cancel", "booking-declined")


async def _answer_booking(task: Task, context: Context, tool: str, said: str) -> Outcome:
    if context.person.role is not Role.OWNER:
        return Declined(Card(context.words("command-owner-only")), "owner only")
    try:
        event = await context.call(tool, key="answer", event_id=str((task.slots.get("subject") or {}).get("event_id")))
    except ToolError:
        return Declined(Card(context.words("booking-gone")), "the booking is gone")
    return Done(Card(context.words(said, title=event["title"], when=event["when"])), shown(event))


async def move_booking(task: Task, context: Context) -> Outcome:
    if context.person.role is not Role.OWNER:
        return Declined(Card(context.words("command-owner-only")), "owner only")
    event = await which(task, context, "appointment-which-move")
    return await move(task, context, event) if event else Declined(Card(context.words("booking-gone")), "the booking is gone")


ANSWERS: dict[str, Answer] = {
    "appointment_booking": booking,
    "appointment_reschedule": reschedule,
    "appointment_cancel": cancel,
    "appointment_list": calendar_list,
    "appointment_availability": availability,
    "booking_accept": accept,
    "booking_move": move_booking,
    "booking_decline": decline,
}


class Appointments:
    """Books with the business, or moves and cancels what a person has booked."""

    name = "appointments"
    task_types = frozenset(ANSWERS)
    lane = Lane.INSTANT

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        answer = ANSWERS.get(task.type)
        return await answer(task, context) if answer else Declined(Card(context.words("unclear")), "unknown request")
