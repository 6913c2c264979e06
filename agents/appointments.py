"""Appointments in our own calendar: book, move, cancel, list, free times. Closed or taken times lead to others nearby."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from agents.appointments_looking import availability, calendar_list
from agents.appointments_several import cancelled, told_of_the_rest
from agents.appointments_times import answered, ask_time, joined, kept_to, lead_of
from agents.appointments_titles import is_entry, title_of
from agents.appointments_which import candidates, nothing, says, which
from orchestrator.contracts import Action, AnswerKind, Attachment, Button, Card, Context, Declined, Done, Json, Lane, Option, Outcome, Role, Task, ToolError

Answer = Callable[[Task, Context], Awaitable[Outcome]]
TRIES = 8
"""How many times are tried before giving up."""
ANYBODY = ""


def shown(event: dict[str, Any]) -> dict[str, Any]:
    """What a task keeps of an event."""
    return {name: value for name, value in event.items() if name != "ics"}


# --- booking ---


async def booking(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    wish = await context.call("calendar.understand", key="wish", text=task.text)
    if wish["personal"] or (context.person.role is Role.OWNER and is_entry(task.text) and not wish["service"]):
        return await _entry(task, context, wish)
    if not facts["services"]:
        return Declined(Card(context.words("services-unknown"), (says(context, "example-human"),)), "nothing can be booked")
    staff = await _staff(context, facts, wish, task.slots.get("staff"))
    service = wish["service"] or task.slots.get("service") or await _service(context, facts)
    called = next(str(one["name"]) for one in facts["services"] if one["id"] == service)
    booked = await settle(task, context, {"service": service, "staff": staff}, called, wish.get("part"), guest=wish["guest"])
    return told_of_the_rest(task, context, booked, wish, facts)


async def _entry(task: Task, context: Context, wish: dict[str, Any]) -> Outcome:
    """Something of one's own in one's own calendar; a time alone is not booked before it is said for what."""
    title = title_of(str(task.slots.get("rest") or ("" if task.slots.get("when") else task.text)))
    if not title:
        title = str(await context.ask("free-title", context.words("appointment-what")))
    return await settle(task, context, {"service": None, "staff": None}, title, wish.get("part"))


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


async def settle(task: Task, context: Context, wish: dict[str, Any], title: str, kept: Json = None, *, guest: str = "") -> Outcome:
    """Book the wished time if it can be had; else talk until one is. `kept` is the part of the day that the message keeps to, `guest` for whom an owner books."""
    whose = {"guest": guest} if guest else {}
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
                    event = await context.call("calendar.book", key="book", **wish, start=found["exact"]["start"], title=title, **whose)
                    return _booked(context, event, "appointment-booked", only_first=repeats)
                except ToolError as error:
                    reason = str(error)
            if not found["options"]:
                return Declined(Card(context.words("appointment-none-free"), (says(context, "example-human"),)), "nothing free")
            answer = await ask_time(context, "when", lead or lead_of(context, found, reason, title), found["options"])
            (when, part), lead = answered(when, answer, part), ""
    return Declined(Card(context.words("appointment-none-free"), (says(context, "example-human"),)), "no time was agreed on")


async def _both(context: Context, clash: dict[str, Any]) -> bool:
    """Whether somebody who has something at that time already wants this, too."""
    buttons = tuple((Button(context.words(key), Action("say", value=context.words(key))),) for key in ("clash-yes", "clash-no"))
    return bool(await context.ask("also", Card(context.words("appointment-clash", **clash), buttons), AnswerKind.YES_NO) == "yes")


def _left(context: Context, clash: dict[str, Any]) -> Outcome:
    return Done(Card(context.words("appointment-clash-left", **clash), (says(context, "say-move-it"),)))


def _booked(context: Context, event: dict[str, Any], key: str, *, only_first: bool = False) -> Done:
    text = context.words(key if event["staff"] else f"{key}-private", title=event["title"], staff=event["staff"], when=event["when"])
    if only_first:
        text += "\n" + context.words("appointment-only-first")
    file = Attachment("appointment.ics", "text/calendar", event["ics"])
    return Done(Card(text, (says(context, "say-move-it", "say-cancel-it"),), (file,)), shown(event))


# --- changing ---


async def reschedule(task: Task, context: Context) -> Outcome:
    found, new = await candidates(task, context)
    if new:
        return await booking(replace(task, slots={**task.slots, "when": task.slots.get("as_read") or task.slots.get("when")}), context)
    event = await which(found, context, "appointment-which-move")
    if not isinstance(event, dict):
        return event
    return await _with(context, event, str(task.slots["with"])) if task.slots.get("with") else await move(task, context, event)


async def _with(context: Context, event: dict[str, Any], name: str) -> Outcome:
    """The same appointment with somebody else, where they work here and are free; otherwise it stays."""
    staff = (await context.call("calendar.understand", key="with", text=name))["staff"]
    kept = {"title": event["title"], "when": event["when"]}
    if staff is None:
        return Done(Card(context.words("appointment-staff-unknown", name=name, **kept)), shown(event))
    try:
        moved = await context.call("calendar.move", key="move", event_id=event["event_id"], start=event["start"], staff=staff)
    except ToolError:
        return Done(Card(context.words("appointment-staff-not-free", staff=staff, **kept), (says(context, "say-move-it"),)), shown(event))
    return _booked(context, moved, "appointment-booked")


async def move(task: Task, context: Context, event: dict[str, Any]) -> Outcome:
    """Find the new time; one without a clock keeps the old clock, one without a day the old day."""
    when = task.slots.get("when") or {}
    if not task.slots.get("correction"):
        when = await context.call("time.moved", key="moved", text=task.text, previous=event["start"]) or when
    if when.get("start") == event["start"]:
        when = {}  # "move my Tuesday appointment" says when it is, and not when it shall be
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
                        return nothing(context)
            if not found["options"]:
                break
            when = joined(when, await ask_time(context, "again", lead_of(context, found, reason, event["title"]), found["options"]))
    return Declined(Card(context.words("appointment-none-free"), (says(context, "example-human"),)), "no time was agreed on")


async def cancel(task: Task, context: Context) -> Outcome:
    if (together := await cancelled(task, context)) is not None:
        return together
    event = await which((await candidates(task, context))[0], context, "appointment-which-cancel")
    if not isinstance(event, dict):
        return event
    try:
        gone = await context.call("calendar.cancel", key="cancel", event_id=event["event_id"])
    except ToolError:
        return nothing(context)
    again = Button(context.words("button-book-again"), Action("say", value=context.words("say-book", service=gone["title"])))
    return Done(
        Card(context.words("appointment-cancelled", title=gone["title"], when=gone["when"]), ((again,),)),
        {"cancelled": gone["event_id"], "title": gone["title"]},
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
    meant = str((task.slots.get("subject") or {}).get("event_id"))
    found = await context.call("calendar.meant", key="mine", spoken_of=meant)
    event = next((one for one in found["events"] if one["event_id"] == meant), None)
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
