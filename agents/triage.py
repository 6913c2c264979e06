"""The front desk's own voice: greetings, help, small talk, what it cannot do, and the way to a human."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from orchestrator.contracts import Action, Button, Card, Context, Declined, Done, Lane, Outcome, Role, Task

Answer = Callable[[Task, Context], Awaitable[Outcome]]
JOKES = 3
MOODS = {
    "joke": ("joke", "witz", "chiste", "笑话", "funny", "lustig"),
    "clock": ("what time", "the time", "what day", "date", "wie spät", "viel uhr", "welcher", "welchen", "welches", "wievielte", "qué hora", "que hora", "qué día",
              "que dia", "qué dia", "fecha", "几点", "什么时间", "几号", "几日", "星期几", "周几", "礼拜几"),
    "who": ("who are you", "what are you", "your name", "are you a bot", "are you human", "real person", "wer bist", "wer sind sie", "wie hei", "quién eres",
            "quien eres", "cómo te llamas", "eres un", "你是谁", "你叫什么", "机器人", "真人"),
}  # fmt: skip


def says(context: Context, *keys: str) -> tuple[Button, ...]:
    """Buttons that stand for typing what they say."""
    return tuple(Button(text, Action("say", value=text)) for text in (context.words(key) for key in keys))


def examples(context: Context, profile: str) -> tuple[tuple[Button, ...], ...]:
    """Three things to try, by what the house is."""
    first = ("example-hours", "example-book") if profile in ("shop", "practice") else ("example-calendar", "example-tasks")
    return (says(context, first[0]), says(context, first[1]), says(context, "example-remind"))


async def greeting(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    earlier = await context.call("people.history", key="earlier")
    name = context.person.name.split(" ")[0] if context.person.name else ""
    if earlier:
        return Done(Card(context.words("greeting-again-named", name=name) if name else context.words("greeting-again")))
    key = "greeting-first-business" if facts["profile"] in ("shop", "practice") else "greeting-first"
    text = context.words(key, name=facts["name"])
    if facts["sample"] and context.person.role is Role.OWNER:
        text += "\n" + context.words("greeting-sample")
    return Done(Card(text, examples(context, facts["profile"])))


async def help_(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    lines = [context.words("help-title", name=facts["name"])]
    lines += [f"- {context.words(key)}" for key in ("help-appointments", "help-inquiries", "help-reminders", "help-human")]
    if context.person.role is not Role.GUEST:
        lines += [f"- {context.words(key)}" for key in ("help-mail", "help-tasks", "help-permission", "help-own")]
    if context.person.role is Role.OWNER:
        lines.append(f"- {context.words('help-owner')}")
    lines.append(f"- {context.words('help-data')}")
    return Done(Card("\n".join(lines), examples(context, facts["profile"])))


async def thanks(task: Task, context: Context) -> Outcome:
    return Done(Card(context.words("thanks-reply")))


async def goodbye(task: Task, context: Context) -> Outcome:
    return Done(Card(context.words("goodbye-reply")))


async def small_talk(task: Task, context: Context) -> Outcome:
    low = task.text.casefold()
    mood = next((mood for mood, words in MOODS.items() if any(word in low for word in words)), "fine")
    if mood == "joke":
        return Done(Card(context.words(f"joke-{int(await context.random('joke') * JOKES) + 1}")))
    if mood == "clock":
        return Done(Card(context.words("small-talk-clock", **await context.call("people.clock", key="clock", text=task.text))))
    facts = await context.call("business.facts", key="facts")
    return Done(Card(context.words(f"small-talk-{mood}", name=facts["name"])))


async def unclear(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    return Done(Card(context.words("unclear"), (*examples(context, facts["profile"]), says(context, "example-human"))))


async def human_handover(task: Task, context: Context) -> Outcome:
    found = await context.call("handover.start", key="handover", text=task.text)
    if found["owner"]:
        return Done(Card(context.words("handover-yourself")))
    facts = await context.call("business.facts", key="facts")
    return Done(Card(_handed_over(context, found, facts["phone"])), data=found)


def _handed_over(context: Context, found: dict[str, object], phone: object) -> str:
    if not found["reached"]:
        return context.words("handover-nobody", phone=str(phone or "-"))
    if found["open"]:
        return context.words("handover-told")
    return context.words("handover-closed", when=str(found["next_open"] or "-"))


async def complaint_wrong(task: Task, context: Context) -> Outcome:
    buttons = (Button(context.words("button-what-meant"), Action("say", value="/wrong")), *says(context, "example-human"))
    return Done(Card(context.words("complaint-sorry"), (buttons,)))


async def emergency(task: Task, context: Context) -> Outcome:
    """The operator's emergency sentence and a human; no advice."""
    facts = await context.call("business.facts", key="facts")
    found = await context.call("handover.start", key="handover", text=task.text)
    lines = [facts["emergency"] or context.words("emergency-default")]
    if found["reached"]:
        lines.append(context.words("emergency-told"))
    elif facts["phone"] and not found["owner"]:
        lines.append(context.words("emergency-phone", phone=facts["phone"]))
    return Done(Card("\n".join(lines)), data=found)


async def symptom(task: Task, context: Context) -> Outcome:
    """No advice on health: when to call for help, and a human; where none can be reached, the ways to one."""
    facts = await context.call("business.facts", key="facts")
    found = await context.call("handover.start", key="handover", text=task.text)
    lines = [context.words("symptom-no-advice"), facts["emergency"] or context.words("emergency-default")]
    if found["reached"]:
        return Done(Card("\n".join([*lines, context.words("emergency-told")])), data=found)
    return Done(Card("\n".join([*lines, context.words("symptom-offer")]), (says(context, "example-appointment", "example-human"),)), data=found)


async def not_possible_yet(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    wanted = str(task.slots.get("wanted") or "")
    what = context.words("intent-" + wanted.replace("_", "-")) if wanted else context.words("that")
    return Done(Card(context.words("not-yet", what=what), examples(context, facts["profile"])))


async def history(task: Task, context: Context) -> Outcome:
    found = await context.call("people.history", key="earlier")
    if not found:
        return Done(Card(context.words("history-none")))
    lines = [context.words("history-title"), *(f"- **#{one['number']}** {one['title']}" for one in found)]
    return Done(Card("\n".join(lines)), data=found)


async def statistics(task: Task, context: Context) -> Outcome:
    return Done(Card(await context.call("people.statistics", key="counts")))


ANSWERS: dict[str, Answer] = {
    "greeting": greeting,
    "help": help_,
    "thanks": thanks,
    "goodbye": goodbye,
    "small_talk": small_talk,
    "unclear": unclear,
    "human_handover": human_handover,
    "complaint_wrong": complaint_wrong,
    "emergency": emergency,
    "symptom": symptom,
    "not_possible_yet": not_possible_yet,
    "history": history,
    "statistics": statistics,
}


class Triage:
    name = "triage"
    task_types = frozenset(ANSWERS)
    lane = Lane.INSTANT

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        answer = ANSWERS.get(task.type)
        return await answer(task, context) if answer else Declined(Card(context.words("unclear")), "unknown request")
