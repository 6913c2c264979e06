"""Reminders: set, list, change, delete, done, snooze."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from orchestrator.contracts import Action, AnswerKind, Button, Card, Context, Declined, Done, Json, Lane, Option, Outcome, Task, ToolError

Answer = Callable[[Task, Context], Awaitable[Outcome]]
TRIES = 5
"""How often a time is asked for before giving up."""
LEADS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"^\W*(?:please|can you|could you|would you|will you|hey|hi|ok|and|also|then|i(?:'d| would) like you to|i need you to|i want you to)\b[\s,]*",
        r"^\W*(?:set|create|add|make|put|give me|i need|i want|schedule)\s+(?:up\s+)?(?:me\s+)?(?:a|an|another|one)?\s*(?:new\s+)?(?:daily\s+|weekly\s+)?reminder\b[\s,:]*",
        r"^\W*reminder\b[\s,:]*",
        r"^\W*(?:do not|don't) let me forget\b[\s,:]*",
        r"^\W*(?:remind|ping|nudge|wake|alert|tell) me\b(?:\s+up)?[\s,:]*",
        r"^\W*(?:to|about|of|that i (?:need|have|must)\s*(?:to)?|that|for|i (?:need|have) to|with)\b[\s,:]*",
        r"^\W*(?:bitte|kannst du|können sie|könntest du|könnten sie|und|auch|dann|ich möchte,? dass du|ich brauche)\b[\s,]*",
        r"^\W*(?:setz|setze|stell|stelle|erstell|erstelle|leg|lege|mach|mache)\s+(?:mir\s+)?(?:bitte\s+)?(?:eine|ne|die)?\s*erinnerung(?:\s+an)?\b[\s,:]*",
        r"^\W*(?:eine\s+)?erinnerung\b(?:\s+(?:an|für))?[\s,:]*",
        r"^\W*(?:erinner(?:e|n sie)?|weck(?:e|en sie)?|sag(?:e|en sie)?)\s+(?:mich|mir)\b[\s,:]*",
        r"^\W*(?:erinnern?|bitte|daran|dass ich|dass|an (?:den|die|das)|an|für|zu|mich|bescheid|auch)\b[\s,:]*",
        r"^\W*(?:por favor|puedes|podrías|puede|podría|quiero que|necesito que|y|también|luego)\b[\s,]*",
        r"^\W*(?:pon(?:me)?|crea(?:me)?|añade|programa|haz(?:me)?|quiero|necesito)\s+(?:un|otro)?\s*recordatorio\b[\s,:]*",
        r"^\W*(?:un\s+)?recordatorio\b[\s,:]*",
        r"^\W*(?:me\s+(?:l[oa]s?\s+)?)?(?:recu[eé]rd[ae](?:me|nos|s)?(?:l[oa]s?)?|record[aá]r(?:mel[oa]s?)|recordar(?:me|nos)?|av[ií]s[ae](?:me)?(?:l[oa]s?)?|avisarme|acuérda(?:me|te)?)\b[\s,:]*",
        r"^\W*(?:que tengo que|que debo|de que|que|de|para|tengo que|sobre)\b(?!\w)[\s,:]*",
        r"^[\s，,。：:]*(?:请|麻烦|帮我|你能|能不能|可以|记得|别忘了|到时候|到时|然后|还有|并且|并|再|也|设(?:置|定)?(?:一?个)?(?:闹钟|提醒)|(?:一?个)?提醒[：:，,]?(?!我)|要|得|的时候|时候|时)[\s，,]*",
        r"^[\s，,。]*(?:提醒一下我|提醒(?:我|一下)|叫我|通知我|告诉我)[\s，,]*",
    )
)
TAIL = re.compile(r"[\s,.;:!?，。！？、]*(?:\b(?:please|bitte|por favor|daran|at|on|um|am|a las|el)\b|吧|一下|好吗|谢谢)?[\s,.;:!?，。！？、]*$", re.I)
JOINED = re.compile(
    r"\b(ab|an|auf|raus|rein|runter|rauf|heraus|herein|hinaus|aus|bei|durch|ein|fertig|fest|her|hin|los|mit|nach|um|vor|vorbei|weg|weiter|zu|zurück|zusammen)zu(\w{3,}n)\b|\bzu\s+(?=\w+e?n\b\W*$)",
    re.I,
)
WAKING = re.compile(r"\b(?:wake me|alarm|weck\w*|wecker|despiért\w*|alarma)\b|叫醒|起床|闹钟", re.I)
TIMER = re.compile(
    r"(?:(?:set|start|run)\s+)?(?:a|an|the|my)?\s*\b(?:timer|countdown)\b(?:\s+(?:for|of))?|(?:(?:stell|starte?)\w*\s+)?(?:einen|den|mir einen)?\s*\b(?:timer|eieruhr|kurzzeitwecker)\b(?:\s+(?:auf|für|von))?"
    r"|(?:(?:pon(?:me)?|inicia|programa)\s+)?(?:un|una|el|la)?\s*\b(?:temporizador|cuenta atrás)\b(?:\s+(?:de|para))?|(?:设|开|定)?(?:置|始)?(?:一?个)?(?:倒计时|计时器?|定时器?)",
    re.I,
)
MEANS_EVENT = re.compile(
    r"(?:about |of )?(?:it|that|this|(?:my|the|this) (?:appointment|booking|visit))(?: too| also| as well)?|(?:an )?(?:es|das|(?:meinen|den|diesen) termin)(?: auch)?|auch"
    r"|(?:lo|la|eso|(?:mi|la|esta) (?:cita|reserva))(?: también)?|(?:它|这个|那个|我的预约|预约|这件事)",
    re.I,
)
"""A subject that is no more than the appointment itself."""
ALL = re.compile(r"\b(?:all|alle|everything|every|sämtliche|todos|todas)\b|所有|全部", re.I)


def says(context: Context, *keys: str) -> tuple[Button, ...]:
    return tuple(Button(text, Action("say", value=text)) for text in (context.words(key) for key in keys))


def subject_of(rest: str, language: str) -> str:
    """What to be reminded of, without the words that ask for it: "remind me to call mum" is "call mum"."""
    text, before = rest.strip(), ""
    while text != before:
        before = text
        for lead in LEADS:
            text = lead.sub("", text, count=1)
    text = re.sub(r"\s{2,}", " ", TAIL.sub("", text)).strip(" ,，：:")
    if language == "de":
        text = JOINED.sub(lambda found: f"{found.group(1)}{found.group(2)}" if found.group(1) else "", text)
    if language == "zh":
        text = re.sub(r"(?:的时候|时)?[，,]?(?:请|记得)?提醒我?$", "", text)
    return text


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
    unread = ", ".join((when or {}).get("unread") or ())
    return await ask_when(context, "when", context.words("reminder-unread", words=unread) if unread else when_prompt(context, title))


async def reminder_set(task: Task, context: Context) -> Outcome:
    if task.slots.get("earlier_failed"):
        return Declined(Card(context.words("reminder-earlier-failed")), "the earlier request did not succeed")
    title = subject_of(str(task.slots.get("rest") or ("" if task.slots.get("when") else task.text)), task.language)
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
        title = str(await context.ask("free-title", context.words("reminder-what")))
    for attempt in range(TRIES):
        with context.scope(attempt):
            try:
                made = await context.call("reminders.create", key="create", title=title, when=when)
                return Done(_made(context, "reminder-set", made), data=made)
            except ToolError as error:
                if str(error) == "full":
                    return Declined(Card(context.words("reminder-full")), "too many reminders")
                when = await ask_when(context, "again", context.words("reminder-past") if str(error) == "past" else when_prompt(context, title))
    return Declined(Card(context.words("reminder-gave-up")), "no time was agreed on")


async def _title_of_event(task: Task, context: Context, event_id: str | None) -> str:
    """The appointment that is reminded of, in the person's words; empty where there is none."""
    if event_id is None:
        return str((task.slots.get("earlier") or {}).get("title") or "")
    events = await context.call("calendar.list", key="of-event", own=True)
    return next((f"{event['title']}, {event['when']}" for event in events if event["event_id"] == event_id), "")


def _made(context: Context, key: str, made: dict[str, Any]) -> Card:
    text = context.words(f"{key}-repeating" if made["repeats"] else key, title=made["title"], when=made["when"], rule=made["repeats"])
    undo = Button(context.words("button-delete-reminder"), Action("say", value=context.words("say-delete-reminder", number=str(made["number"]))))
    return Card(text, ((undo,),))


async def reminder_list(task: Task, context: Context) -> Outcome:
    when = task.slots.get("when") or {}
    stretch = {"start": when["start"], "end": when.get("end")} if when.get("start") and when.get("has_day") and not when.get("has_clock") else {}
    found = await context.call("reminders.find", key="find", **stretch)
    if not found:
        return Done(Card(context.words("reminders-none-then" if stretch else "reminders-none"), (says(context, "example-remind"),)))
    lines = [context.words("reminders-title", count=len(found)), *(_line(context, one) for one in found)]
    return Done(Card("\n".join(lines)))


def _line(context: Context, one: dict[str, Any]) -> str:
    when = f"{one['when']} ({one['repeats']})" if one["repeats"] else one["when"]
    return f"- **{one['number']}** {one['title']}: {when}"


async def which(task: Task, context: Context, prompt: str) -> dict[str, Any] | None:
    """The reminder that is meant; asked where several may be."""
    spoken_of = (task.slots.get("subject") or {}).get("schedule_id")
    found = await context.call(
        "reminders.find", key="find", text="" if task.slots.get("correction") else str(task.slots.get("rest") or task.text), id=spoken_of
    )
    if len(found) <= 1:
        return found[0] if found else None
    options = [Option(f"{one['title'][:40]} · {one['when']}", one["schedule_id"]) for one in found[:8]]
    chosen = await context.choose("which", context.words(prompt), options)
    return next((one for one in found if one["schedule_id"] == chosen), None)


async def reminder_change(task: Task, context: Context) -> Outcome:
    one = await which(task, context, "reminder-which-change")
    if one is None:
        return Declined(Card(context.words("reminders-none")), "no reminders")
    when = task.slots.get("when")
    if not (when or {}).get("recurrence") and not task.slots.get("correction"):
        when = await context.call("time.moved", key="moved", text=task.text, previous=one["start"]) or when
    if not is_settled(when):
        when = await ask_when(context, "when", when_prompt(context, one["title"]))
    for attempt in range(TRIES):
        with context.scope(attempt):
            try:
                made = await context.call("reminders.change", key="change", id=one["schedule_id"], when=when)
                return Done(_made(context, "reminder-changed", made), data=made)
            except ToolError as error:
                when = await ask_when(context, "again", context.words("reminder-past") if str(error) == "past" else when_prompt(context, one["title"]))
    return Declined(Card(context.words("reminder-gave-up")), "no time was agreed on")


async def reminder_delete(task: Task, context: Context) -> Outcome:
    if ALL.search(task.text):
        return await _delete_all(context)
    one = await which(task, context, "reminder-which-delete")
    if one is None:
        return Declined(Card(context.words("reminders-none")), "no reminders")
    gone = await context.call("reminders.delete", key="delete", id=one["schedule_id"])
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
        ended = await context.call("reminders.done", key="done", text=str(task.slots.get("rest") or task.text))
    except ToolError:
        one = await which(task, context, "reminder-which-done")
        if one is None:
            return Done(Card(context.words("reminders-none")))
        ended = await context.call("reminders.delete", key="end", id=one["schedule_id"])
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
