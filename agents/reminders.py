"""Reminders: set, list, change, delete, done, snooze."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from agents.reminders_negated import CONTRAST, is_polite, not_to_forget, unwanted
from agents.reminders_titles import MEANS_EVENT, TIMER, WAKING, exception_in, shortened, stated, subject_of
from orchestrator.contracts import Action, AnswerKind, Button, Card, Context, Declined, Done, Json, Lane, Option, Outcome, Task, ToolError

Answer = Callable[[Task, Context], Awaitable[Outcome]]
TRIES = 5
"""How often a time is asked for before giving up."""
SHOWN = 8
"""Reminders among which a person chooses."""
NONE_OF_THESE = ""
TIMELESS = frozenset({"past", "when"})
"""Why a reminder could not be set, where another time may mend it."""
ALL = re.compile(r"\b(?:all|alle|everything|every|sämtliche|todos|todas)\b|所有|全部", re.I)


def says(context: Context, *keys: str) -> tuple[Button, ...]:
    return tuple(Button(text, Action("say", value=text)) for text in (context.words(key) for key in keys))


def is_settled(when: Json) -> bool:
    return bool(when and when.get("start") and not when.get("unread"))


def when_prompt(context: Context, title: str) -> str:
    return context.words("reminder-when", title=title) if title else context.words("reminder-when-untitled")


async def ask_when(context: Context, key: str, lead: str) -> Any:
    """Ask for a time, with three to press."""
    return await context.ask(key, Card(lead, (says(context, "time-soon", "time-evening"), says(context, "time-tomorrow"))), AnswerKind.WHEN)


async def agree_on_time(task: Task, context: Context, title: str) -> Any:
    """The time of the request, or the one that the person is asked for."""
    when = task.slots.get("when")
    if when and when.get("anchored") and not when.get("start"):
        found = await context.call("time.before", key="before", text=task.text, anchor=task.slots.get("anchor"))
        if found and found.get("start"):
            return found
    if is_settled(when):
        return when
    if when and when.get("duration") and TIMER.search(task.text):
        due = await context.now() + timedelta(seconds=float(when["duration"]))
        return {"start": due.isoformat(), "has_clock": True, "has_day": True}
    unread = list((when or {}).get("unread") or ())
    said = await ask_when(context, "when", context.words("reminder-unread", words=", ".join(unread)) if unread else when_prompt(context, title))
    return await _with_clock_said(task, context, said, unread) if unread and when and when.get("has_clock") else said


async def _with_clock_said(task: Task, context: Context, said: Any, unread: list[str]) -> Any:
    """A day that was asked for, at the clock time that stood beside the one that could not be read ("3/12 at 10")."""
    if said.get("has_clock") or said.get("recurrence") or not said.get("start"):
        return said
    text = task.text
    for words in unread:
        text = text.replace(words, " ")
    return await context.call("time.moved", key="clock", text=text, previous=said["start"]) or said


async def reminder_set(task: Task, context: Context) -> Outcome:
    if task.slots.get("earlier_failed"):
        return Declined(Card(context.words("reminder-earlier-failed")), "the earlier request did not succeed")
    if unwanted(task.text) is not None:
        return await (reminder_change if CONTRAST.search(task.text) else reminder_delete)(task, context)
    wanted = str(task.slots.get("rest") or ("" if task.slots.get("when") else task.text))
    wanted = wanted if (kept := not_to_forget(wanted)) is None else kept
    wanted, exception = exception_in(wanted) if (task.slots.get("when") or {}).get("recurrence") else (wanted, "")
    title = subject_of(stated(wanted) if task.slots.get("when") else wanted, task.language)
    when = await agree_on_time(task, context, title)
    if when.get("event_id") and MEANS_EVENT.fullmatch(title):
        title = ""
    if TIMER.search(title):
        title = TIMER.sub("", title).strip(" ,.:，：") or context.words("reminder-timer")
    if not title and WAKING.search(task.text):
        title = context.words("reminder-wake-up")
    if not title:
        title = await _title_of_event(task, context, when.get("event_id"))
    if not title:
        title = await _ask_title(context)
    if not title:
        return Declined(Card(context.words("reminder-untitled")), "nothing was named")
    return await _set(context, title, when, exception)


async def _ask_title(context: Context) -> str:
    """What to be reminded of; thanks are no title and are answered. Empty where nothing was named."""
    lead = "reminder-what"
    for attempt in range(TRIES):
        said = str(await context.ask(f"free-title-{attempt}" if attempt else "free-title", context.words(lead)))
        if not is_polite(said):
            return said
        lead = "reminder-what-still"
    return ""


async def _set(context: Context, title: str, when: Any, exception: str) -> Outcome:
    """Set it, asking for another time where this one cannot be; what could not be kept of the wish is said."""
    kept = shortened(title)
    notes = [context.words("reminder-no-exception", exception=exception)] if exception else []
    notes += [context.words("reminder-shortened", count=len(kept))] if kept != title else []
    for attempt in range(TRIES):
        with context.scope(attempt):
            try:
                made = await context.call("reminders.create", key="create", title=kept, when=when)
                return Done(Card("\n".join([_told(context, "reminder-set", made), *notes])), data=made)
            except ToolError as error:
                if str(error) == "full":
                    return Declined(Card(context.words("reminder-full")), "too many reminders")
                if str(error) not in TIMELESS:
                    raise
                when = await ask_when(context, "again", context.words("reminder-past") if str(error) == "past" else when_prompt(context, kept))
    return Declined(Card(context.words("reminder-gave-up")), "no time was agreed on")


async def _title_of_event(task: Task, context: Context, event_id: str | None) -> str:
    """The appointment that is reminded of, in the person's words; empty where there is none."""
    if event_id is None:
        return str((task.slots.get("earlier") or {}).get("title") or "")
    events = await context.call("calendar.list", key="of-event", own=True)
    return next((f"{event['title']}, {event['when']}" for event in events if event["event_id"] == event_id), "")


def _told(context: Context, key: str, made: dict[str, Any]) -> str:
    return context.words(f"{key}-repeating" if made["repeats"] else key, title=made["title"], when=made["when"], rule=made["repeats"])


def _changed(context: Context, made: dict[str, Any]) -> Card:
    delete = Button(context.words("button-delete-reminder"), Action("say", value=context.words("say-delete-reminder", number=str(made["number"]))))
    return Card(_told(context, "reminder-changed", made), ((delete,),))


async def reminder_list(task: Task, context: Context) -> Outcome:
    when = task.slots.get("when") or {}
    stretch = {"start": when["start"], "end": when.get("end")} if when.get("start") and when.get("has_day") and not when.get("has_clock") else {}
    found = await context.call("reminders.find", key="find", **stretch)
    if not found:
        return Done(Card(context.words("reminders-none-then" if stretch else "reminders-none"), (says(context, "example-remind"),)))
    lines = [context.words("reminders-title", count=len(found)), *(_line(context, one) for one in found)]
    return Done(Card("\n".join(lines)))


def _line(context: Context, one: dict[str, Any]) -> str:
    if one["paused"]:
        when = context.words("reminder-paused", rule=one["repeats"] or one["when"])
    else:
        when = f"{one['when']} ({one['repeats']})" if one["repeats"] else one["when"]
    return f"- **{one['number']}** {one['title']}: {when}"


async def which(task: Task, context: Context, prompt: str) -> dict[str, Any] | Done | Declined:
    """The reminder that is meant, where that is sure; else asked for. An outcome where there is none, or none of them is."""
    said = {} if task.slots.get("correction") else {"text": task.text, "rest": str(task.slots.get("rest") or "")}
    found = await context.call("reminders.find", key="find", id=(task.slots.get("subject") or {}).get("schedule_id"), **said)
    if not found:
        return Declined(Card(context.words("reminders-none")), "no reminders")
    unlike = found[0]["meant"] == "unlike"
    if len(found) == 1 and not unlike:
        return dict(found[0])
    options = [Option(f"{one['title'][:40]} · {one['when']}", one["schedule_id"]) for one in found[:SHOWN]]
    lead = f"{context.words('reminder-unlike')} " if unlike else ""
    chosen = await context.choose("which", lead + context.words(prompt), [*options, Option(context.words("reminder-none-of-these"), NONE_OF_THESE)])
    one = next((one for one in found if one["schedule_id"] == chosen), None)
    return dict(one) if one is not None else Done(Card(context.words("reminders-untouched")))


async def reminder_change(task: Task, context: Context) -> Outcome:
    one = await which(task, context, "reminder-which-change")
    if not isinstance(one, dict):
        return one
    when = task.slots.get("when")
    if not (when or {}).get("recurrence") and not task.slots.get("correction"):
        when = await context.call("time.moved", key="moved", text=task.text, previous=one["start"]) or when
    if not is_settled(when):
        when = await ask_when(context, "when", when_prompt(context, one["title"]))
    for attempt in range(TRIES):
        with context.scope(attempt):
            try:
                made = await context.call("reminders.change", key="change", id=one["schedule_id"], when=when)
                return Done(_changed(context, made), data=made)
            except ToolError as error:
                if str(error) == "rhythm":
                    return Declined(Card(context.words("reminder-own-rhythm", title=one["title"])), "its rhythm has no one time of day")
                if str(error) not in TIMELESS:
                    raise
                when = await ask_when(context, "again", context.words("reminder-past") if str(error) == "past" else when_prompt(context, one["title"]))
    return Declined(Card(context.words("reminder-gave-up")), "no time was agreed on")


async def reminder_delete(task: Task, context: Context) -> Outcome:
    if ALL.search(task.text):
        return await _delete_all(context)
    if (name := unwanted(str(task.slots.get("rest") or task.text))) is not None:
        return await _offer_to_delete(context, name or (context.words("reminder-wake-up") if WAKING.search(task.text) else ""))
    one = await which(task, context, "reminder-which-delete")
    if not isinstance(one, dict):
        return one
    gone = await context.call("reminders.delete", key="delete", id=one["schedule_id"])
    return Done(Card(context.words("reminder-deleted", title=gone["title"])), data={"title": gone["title"]})


async def _offer_to_delete(context: Context, name: str) -> Outcome:
    """ "Don't remind me of the pills": what rings of that name is offered; where nothing does, nothing is to be done."""
    found = await context.call("reminders.find", key="find", text=name, rest=name)
    fitting = [one for one in found if one["meant"] == "sure" or not name]
    if not found and not name:
        return Done(Card(context.words("reminders-none")))
    if not fitting:
        return Done(Card(context.words("reminder-none-of-name", title=name), (says(context, "say-list-reminders"),) if found else ()))
    names = [(f"{one['title'][:40]} · {one['repeats'] or one['when']}", one["schedule_id"]) for one in fitting[:SHOWN]]
    if len(names) == 1:
        buttons = (
            tuple(Button(context.words(f"reminder-{key}"), Action("say", value=context.words(word))) for key, word in (("do-delete", "yes"), ("keep", "no"))),
        )
        sure = await context.ask("sure", Card(context.words("reminder-unwanted", title=names[0][0]), buttons), AnswerKind.YES_NO)
        chosen = names[0][1] if sure == "yes" else NONE_OF_THESE
    else:
        options = [*(Option(*name) for name in names), Option(context.words("reminder-none-of-these"), NONE_OF_THESE)]
        chosen = await context.choose("which", context.words("reminder-which-delete"), options)
    if chosen not in [identity for _, identity in names]:
        return Done(Card(context.words("reminders-kept")))
    gone = await context.call("reminders.delete", key="delete", id=chosen)
    return Done(Card(context.words("reminder-deleted", title=gone["title"])), data={"title": gone["title"]})


async def _delete_all(context: Context) -> Outcome:
    found = await context.call("reminders.find", key="find")
    if not found:
        return Declined(Card(context.words("reminders-none")), "no reminders")
    buttons = (says(context, "yes", "no"),)
    if await context.ask("sure", Card(context.words("reminders-delete-all", count=len(found)), buttons), AnswerKind.YES_NO) != "yes":
        return Done(Card(context.words("reminders-kept")))
    for one in found:
        await context.call("reminders.delete", key=f"delete-{one['schedule_id']}", id=one["schedule_id"])
    return Done(Card(context.words("reminders-all-deleted", count=len(found))))


async def reminder_done(task: Task, context: Context) -> Outcome:
    try:
        ended = await context.call("reminders.done", key="done", text=task.text, rest=str(task.slots.get("rest") or ""))
    except ToolError:
        one = await which(task, context, "reminder-which-done")
        if not isinstance(one, dict):
            return one
        try:
            ended = await context.call("reminders.done", key="end", id=one["schedule_id"])
        except ToolError:
            return Declined(Card(context.words("reminder-gone", title=one["title"])), "it has ended meanwhile")
    return Done(Card(context.words("reminder-ended", title=ended["title"])))


async def reminder_snooze(task: Task, context: Context) -> Outcome:
    when = task.slots.get("when") or {}
    seconds = {"seconds": int(when["duration"])} if when.get("duration") and not when.get("start") else {}
    try:
        later = await context.call("reminders.snooze", key="snooze", start=when.get("start"), **seconds)
    except ToolError:
        if is_settled(when) and await context.call("reminders.find", key="live"):
            return await reminder_change(task, context)  # "push the vitamins to 9" before it has gone off
        return Declined(Card(context.words("reminder-nothing-rang")), "nothing rang")
    return Done(Card(context.words("reminder-later", title=later["title"], when=later["when"])))


ANSWERS: dict[str, Answer] = {
    "reminder_set": reminder_set,
    "reminder_list": reminder_list,
    "reminder_change": reminder_change,
    "reminder_delete": reminder_delete,
    "reminder_done": reminder_done,
    "reminder_snooze": reminder_snooze,
}


class Reminders:
    name = "reminders"
    task_types = frozenset(ANSWERS)
    lane = Lane.INSTANT

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        answer = ANSWERS.get(task.type)
        return await answer(task, context) if answer else Declined(Card(context.words("unclear")), "unknown request")
