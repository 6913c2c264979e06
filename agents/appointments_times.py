"""Agreeing on a time for an appointment: what is wished for, what an answer makes of it, and why a time cannot be had."""

from __future__ import annotations

from typing import Any

from orchestrator.contracts import Action, AnswerKind, Button, Card, Context, Json

PER_ROW = 2
REASONS = {
    "taken": "appointment-taken", "closed": "appointment-closed", "past": "appointment-past",
    "soon": "appointment-soon", "far": "appointment-far", "step": "appointment-step",
}  # fmt: skip


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


def reason_of(context: Context, found: dict[str, Any], reason: str, title: str) -> str:
    return context.words(REASONS[reason], wanted=found["wanted"], title=title, until=found.get("until", ""), step=found.get("step", 0))


def lead_of(context: Context, found: dict[str, Any], reason: str, title: str) -> str:
    if reason in REASONS:
        return reason_of(context, found, reason, title)
    if found["wanted"]:
        return context.words("appointment-choose-on", wanted=found["wanted"], title=title)
    return context.words("appointment-choose", title=title)
