"""Questions about the business: hours, place, contact, services, prices, and whatever its operator has written down."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from orchestrator.contracts import Action, Button, Card, Context, Declined, Done, Lane, Outcome, Task

Answer = Callable[[Task, Context], Awaitable[Outcome]]
SEVERAL = re.compile(r"\b(?:and|or|plus|und|oder|sowie|y|e|o|u|más)\b|[,，、/&+]|和|跟|与|还有|加", re.I)
"""Stands between two things that are asked for at once."""
NOW_WORDS = ("now", "right now", "currently", "jetzt", "gerade", "ahora", "现在", "目前")


def says(context: Context, *keys: str) -> tuple[Button, ...]:
    return tuple(Button(text, Action("say", value=text)) for text in (context.words(key) for key in keys))


async def opening_hours(task: Task, context: Context) -> Outcome:
    when = task.slots.get("when") or {}
    asks_now = any(word in task.text.casefold() for word in NOW_WORDS)
    day = when.get("start") if when.get("has_day") and not asks_now else None
    hours = await context.call("business.hours", key="hours", day=day)
    if not hours["known"]:
        return Done(Card(context.words("hours-unknown"), (says(context, "example-human"),)))
    lines = [_of_day(context, hours["day"])] if hours.get("day") else _of_week(context, hours)
    if not hours.get("day") or hours["day"]["today"]:
        lines.append(_right_now(context, hours))
    return Done(Card("\n".join(lines)), data={"day": hours.get("day"), "open_now": hours["open_now"]})


def _of_day(context: Context, day: dict[str, Any]) -> str:
    if day["hours"]:
        return context.words("hours-open-on", day=day["day"], hours=day["hours"])
    if day["reason"]:
        return context.words("hours-closed-for", day=day["day"], reason=day["reason"])
    return context.words("hours-closed-on", day=day["day"])


def _of_week(context: Context, hours: dict[str, Any]) -> list[str]:
    """Neighbouring days with the same hours share a line."""
    groups: list[tuple[list[str], str]] = []
    for day in hours["week"]:
        if groups and groups[-1][1] == day["hours"]:
            groups[-1][0].append(day["weekday"])
        else:
            groups.append(([day["weekday"]], day["hours"]))
    lines = [context.words("hours-title")]
    for days, times in groups:
        span = days[0] if len(days) == 1 else f"{days[0]} – {days[-1]}"
        lines.append(f"- {span}: {times or context.words('hours-closed')}")
    lines += [context.words("hours-closure", days=closure) for closure in hours["closures"]]
    return lines


def _right_now(context: Context, hours: dict[str, Any]) -> str:
    if hours["open_now"]:
        return context.words("hours-open-now", until=hours["closes"])
    return context.words("hours-closed-now", when=hours["next_open"] or "-")


async def business_location(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    if not facts["address"]:
        return Done(Card(context.words("location-unknown"), (says(context, "example-human"),)))
    text = context.words("location", name=facts["name"], address=facts["address"])
    return Done(Card(f"{text}\n{facts['directions']}".strip()), data={"address": facts["address"]})


async def business_contact(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    lines = [context.words(f"contact-{kind}", value=facts[kind]) for kind in ("phone", "email") if facts[kind]]
    if not lines:
        return Done(Card(context.words("contact-unknown"), (says(context, "example-human"),)))
    return Done(Card("\n".join([context.words("contact-title", name=facts["name"]), *lines]), (says(context, "example-human"),)))


def _price(context: Context, service: dict[str, Any]) -> str:
    if service["price"] is None:
        return context.words("price-on-request")
    if service["price"] == 0:
        return context.words("price-free")
    return f"{service['price']:g} {service['currency']}" if service["price"] == int(service["price"]) else f"{service['price']:.2f} {service['currency']}"


def _line(context: Context, service: dict[str, Any]) -> str:
    return "- " + context.words("service-line", service=service["name"], minutes=service["minutes"], price=_price(context, service))


async def services_list(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    if not facts["services"]:
        return Done(Card(context.words("services-unknown"), (says(context, "example-human"),)))
    lines = [context.words("services-title"), *(_line(context, service) for service in facts["services"])]
    if facts["staff"]:
        lines.append(context.words("services-staff", staff=", ".join(facts["staff"])))
    return Done(Card("\n".join(lines), (says(context, "example-book"),)))


async def price_inquiry(task: Task, context: Context) -> Outcome:
    facts = await context.call("business.facts", key="facts")
    named = await context.call("calendar.understand", key="named", text=task.text)
    if named["service"] is None and task.slots.get("beside"):  # "book a cut and tell me what it costs"
        named = await context.call("calendar.understand", key="beside", text=str(task.slots["beside"]))
    if named["service"] is None:
        return await services_list_of(facts, context)
    if len(named["services"]) > 1 and SEVERAL.search(task.text):
        asked = {**facts, "services": [one for one in facts["services"] if one["id"] in named["services"]]}
        return await services_list_of(asked, context)
    return await of_service(named["service"], facts, context)


async def of_service(identity: str, facts: dict[str, Any], context: Context) -> Outcome:
    """Price and duration of one service, with a button that books it."""
    service = next(one for one in facts["services"] if one["id"] == identity)
    text = context.words("price-of", service=service["name"], price=_price(context, service), minutes=service["minutes"])
    book = Button(context.words("button-book", service=service["name"]), Action("say", value=context.words("say-book", service=service["name"])))
    return Done(Card(text, ((book,),)), data={"service": service["id"]})


async def services_list_of(facts: dict[str, Any], context: Context) -> Outcome:
    if not facts["services"]:
        return Done(Card(context.words("services-unknown"), (says(context, "example-human"),)))
    lines = [context.words("prices-title"), *(_line(context, service) for service in facts["services"])]
    return Done(Card("\n".join(lines), (says(context, "example-book"),)))


async def business_faq(task: Task, context: Context) -> Outcome:
    """What the operator has written, with its source; an honest "I don't know" where nothing fits."""
    found = await context.call("business.search", key="search", text=task.text)
    if found is None:
        named = await context.call("calendar.understand", key="named", text=task.text)
        if named["service"]:
            return await of_service(named["service"], await context.call("business.facts", key="facts"), context)
        return Done(Card(context.words("faq-unknown"), (says(context, "example-human"),)), data={"found": False})
    return Done(Card(f"{found['answer']}\n_{context.words('faq-source', source=found['source'])}_"), data={"found": True, "source": found["source"]})


ANSWERS: dict[str, Answer] = {
    "opening_hours": opening_hours,
    "business_location": business_location,
    "business_contact": business_contact,
    "services_list": services_list,
    "price_inquiry": price_inquiry,
    "business_faq": business_faq,
}


class Inquiries:
    name = "inquiries"
    task_types = frozenset(ANSWERS)
    lane = Lane.INSTANT

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        answer = ANSWERS.get(task.type)
        return await answer(task, context) if answer else Declined(Card(context.words("faq-unknown")), "unknown request")
