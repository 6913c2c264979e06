"""The first conversation with the owner, and every later change of the same facts; a person's zone and language."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from agents.setup_closing import handled, is_about_hours, is_question, tell, week
from orchestrator.contracts import Action, AnswerKind, Button, Card, Context, Declined, Done, Lane, Option, Outcome, Role, Task, ToolError

Answer = Callable[[Task, Context], Awaitable[Outcome]]
PROFILES = ("me", "household", "shop", "practice")
BUSINESSES = frozenset({"shop", "practice"})
OF_THE_SAMPLE: dict[str, Any] = {"sample": False, "address": {}, "directions": {}, "phone": "", "email": "", "staff": [], "faq": [], "closures": []}
IN_A_SAMPLE_SHOP: dict[str, Any] = {"name": "Majordomo", "services": [], "hours": {}}
"""What was only true of the sample gives way once a real house takes its place."""
SKIP = re.compile(
    r"^\W*(?:skip|later|next|no|none|überspringen|später|weiter|nein|keine?|saltar|omitir|después|luego|ninguno|跳过|以后|稍后|没有|不)\W*$", re.I
)

OWN_NAME = re.compile(
    r"^\W*(?:my name(?: is|'s)|i am called|call me|ich heiße|mein name ist|nenn(?:en sie)? mich|me llamo|mi nombre es|ll[aá]m[ae]me|我叫|我的名字[是叫]|叫我)\s*(.+?)[\s.!。！]*$",
    re.I,
)
"""A person's own name; the house is called by "our name is …"."""


ZONE_ALONE = re.compile(r"^\W*(?:my )?(?:time ?zone|zeitzone|(?:meine )?zeitzone|(?:mi )?(?:zona|huso) horari[ao]|(?:我的)?时区)\W*$", re.I)


def skip_button(context: Context) -> tuple[tuple[Button, ...], ...]:
    text = context.words("button-skip")
    return ((Button(text, Action("say", value=text)),),)


async def ask(context: Context, key: str, prompt: str) -> str | None:
    """A question that may be skipped."""
    answer = str(await context.ask(f"free-{key}", Card(context.words(prompt), skip_button(context))))
    return None if SKIP.match(answer) or answer.strip() == context.words("button-skip") else answer.strip()


async def setup(task: Task, context: Context) -> Outcome:
    """Whom it is for, then what such a house needs; each answer may be left out."""
    if context.person.role is not Role.OWNER:
        return Declined(Card(context.words("command-owner-only")), "owner only")
    options = [Option(context.words(f"setup-profile-{profile}"), profile) for profile in PROFILES]
    profile = str(await context.choose("profile", context.words("setup-profile"), options))
    known = await context.call("business.facts", key="known")
    facts: dict[str, Any] = {"profile": profile}
    if profile in BUSINESSES:
        facts |= await _business(context)
    elif name := await ask(context, "name", "setup-your-name"):
        await context.call("people.set_name", key="set-name", text=name)
    if known["sample"] and (profile not in BUSINESSES or "name" in facts):
        facts = OF_THE_SAMPLE | (IN_A_SAMPLE_SHOP if profile not in BUSINESSES else {}) | facts
    if zone := await _zone(context):
        facts["zone"] = zone
    try:
        await context.call("business.change", key="change", facts=facts)
    except ToolError as error:
        return Declined(Card(context.words("setup-refused", reason=str(error))), str(error))
    return Done(Card(context.words("setup-done"), (tuple(_say(context, key) for key in ("example-remind", "example-help")),)), {"profile": profile})


def _say(context: Context, key: str) -> Button:
    text = context.words(key)
    return Button(text, Action("say", value=text))


async def _business(context: Context) -> dict[str, Any]:
    """Name, hours and services of a shop or practice. A sample's own facts give way only to answers."""
    facts: dict[str, Any] = {}
    if name := await ask(context, "name", "setup-business-name"):
        facts["name"] = name
    if hours := await ask(context, "hours", "setup-hours"):
        read = await context.call("business.read", key="read-hours", text=hours, afresh=True)
        if read and "hours" in read:
            facts["hours"] = read["hours"]
        else:
            await context.say(context.words("setup-hours-unread"), key="hours-unread")
    if services := await ask(context, "services", "setup-services"):
        listed = await context.call("business.read_services", key="read-services", text=services)
        if listed:
            facts["services"] = listed
    return facts


async def _zone(context: Context) -> str | None:
    answer = await ask(context, "zone", "setup-zone")
    if answer is None:
        return None
    try:
        found = await context.call("people.set_zone", key="set-zone", text=answer)
    except ToolError:
        await context.say(context.words("zone-unknown"), key="zone-unread")
        return None
    return str(found["id"])


async def setup_change(task: Task, context: Context) -> Outcome:
    """ "Change our opening hours to 9-17 Mon-Fri", "our name is now …", "we are closed on 24 December"."""
    if is_question(task.text) and (context.person.role is Role.OWNER or is_about_hours(task.text)):
        return await tell(task, context)
    if context.person.role is not Role.OWNER:
        return Declined(Card(context.words("command-owner-only")), "owner only")
    facts = await context.call("business.read", key="read", text=task.text)
    if (facts is None or "hours" in facts) and (outcome := await handled(task, context)) is not None:
        return outcome
    if facts is None:
        told = str(await context.ask("free-what", context.words("setup-what")))
        if (own := OWN_NAME.match(told)) is not None:
            named = await context.call("people.set_name", key="own-name", text=own.group(1))
            return Done(Card(context.words("setup-own-name", name=named["name"])))
        facts = await context.call("business.read", key="read-answer", text=told)
    if facts is None:
        return Declined(Card(context.words("setup-unread")), "not understood")
    try:
        await context.call("business.change", key="change", facts=facts)
    except ToolError as error:
        return Declined(Card(context.words("setup-refused", reason=str(error))), str(error))
    return Done(Card(await _changed(context, facts)), {"changed": sorted(facts)})


async def _changed(context: Context, facts: dict[str, Any]) -> str:
    """What was understood, said back."""
    if "hours" in facts:
        return await week(context)
    if "services" in facts:
        return context.words("setup-changed-price")
    fact, value = next(iter(facts.items()))
    return context.words("setup-changed", fact=context.words(f"fact-{fact}"), value=str(value))


async def settings_timezone(task: Task, context: Context) -> Outcome:
    """A question about the zone is answered; a place that is named becomes the person's; else we ask for one."""
    if is_question(task.text) or ZONE_ALONE.match(task.text):
        known = await context.call("people.clock", key="clock", text=task.text)
        own = context.person.effective_zone.replace("_", " ") == known["zone"]
        return Done(Card(context.words("zone-yours" if own else "zone-there", zone=known["zone"], clock=known["clock"])))
    for place in (task.text, None):
        try:
            text = place or str(await context.ask("place", context.words("zone-which"), AnswerKind.ZONE))
            found = await context.call("people.set_zone", key="zone" if place else "zone-answer", text=text)
            return Done(Card(context.words("zone-set", zone=found["zone"], moved=found["moved"])), found)
        except ToolError:
            continue
    return Declined(Card(context.words("zone-unknown")), "no zone was named")


async def settings_language(task: Task, context: Context) -> Outcome:
    try:
        found = await context.call("people.set_language", key="language", text=task.text)
    except ToolError:
        return Declined(Card(context.words("language-unknown")), "no language was named")
    return Done(Card(found["said"]), {"language": found["language"]})


ANSWERS: dict[str, Answer] = {"setup": setup, "setup_change": setup_change, "settings_timezone": settings_timezone, "settings_language": settings_language}


class Setup:
    """Keeps what the house and a person have told about themselves."""

    name = "setup"
    task_types = frozenset(ANSWERS)
    lane = Lane.INSTANT

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        answer = ANSWERS.get(task.type)
        return await answer(task, context) if answer else Declined(Card(context.words("unclear")), "unknown request")
