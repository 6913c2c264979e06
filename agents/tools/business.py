"""What the business is and when it is open; and changing that by message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pydantic

from orchestrator import times
from orchestrator.business import Business, BusinessBook
from orchestrator.business.model import in_language
from orchestrator.contracts import Effect, Json, Role, ToolError, ToolScope, Words
from orchestrator.outside import Undo
from orchestrator.spoken import clock_text, day_text, moment_text

SEARCHED_DAYS = 21
"""How far ahead the next opening is looked for."""
TAKEN_BACK = frozenset({"name", "address", "phone", "email", "hours", "services"})
"""What is changed by one sentence, and put back by Undo; the first set-up changes more."""


class Nothing(pydantic.BaseModel):
    """No arguments."""


class Day(pydantic.BaseModel):
    """A day in ISO 8601, or none for the whole week."""

    day: datetime | None = None


class Changes(pydantic.BaseModel):
    """Facts as majordomo.yaml would have them under `business`; `instead_of` are those that must still stand for them to be taken."""

    facts: dict[str, Any]
    instead_of: dict[str, Any] = {}


class Moment(pydantic.BaseModel):
    """An instant in ISO 8601."""

    moment: datetime


@dataclass
class Facts:
    """Name, address, contact, services with prices, staff."""

    book: BusinessBook
    name: str = "business.facts"
    version: int = 1
    description: str = "The facts about the business."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Nothing

    def run(self, scope: ToolScope, arguments: Nothing) -> Json:
        business, language = self.book.current(scope.connection), scope.task.language
        return {
            "name": business.name,
            "sample": business.sample,
            "profile": business.profile.value,
            "zone": business.zone,
            "address": in_language(business.address, language),
            "directions": in_language(business.directions, language),
            "phone": business.phone,
            "email": business.email,
            "emergency": in_language(business.emergency, language),
            "staff": [person.name for person in business.staff],
            "services": [
                {
                    "id": s.id,
                    "name": s.called(language),
                    "minutes": s.minutes,
                    "price": None if s.price is None else float(s.price),
                    "currency": business.currency,
                }
                for s in business.services
            ],
        }


def business_zone(business: Business, scope: ToolScope) -> ZoneInfo:
    return ZoneInfo(business.zone or scope.person.effective_zone)


def next_opening(business: Business, now: datetime) -> datetime | None:
    """When it opens next, in the zone of `now`; None where no day within three weeks is open."""
    for ahead in range(SEARCHED_DAYS):
        day = (now + timedelta(days=ahead)).date()
        for hours in business.open_on(day):
            opens = datetime.combine(day, hours.opens, now.tzinfo)
            if opens > now:
                return opens
    return None


@dataclass
class OpeningHours:
    """When the business is open: on one day, or in the week; whether now, until when, and when next."""

    book: BusinessBook
    name: str = "business.hours"
    version: int = 1
    description: str = "Opening hours of a day or of the week."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Day

    def run(self, scope: ToolScope, arguments: Day) -> Json:
        business, language = self.book.current(scope.connection), scope.task.language
        now = scope.now.astimezone(business_zone(business, scope))
        monday = now - timedelta(days=now.weekday())
        closes = next((h.closes for h in business.open_on(now.date()) if h.opens <= now.time().replace(tzinfo=None) < h.closes), None)
        opens = next_opening(business, now)
        found: dict[str, Any] = {
            "known": bool(business.hours),
            "open_now": closes is not None,
            "closes": clock_text(datetime.combine(now.date(), closes), language) if closes else "",
            "next_open": moment_text(opens, language, now) if opens else "",
            "week": [self._of_day(business, monday + timedelta(days=n), language, now, usual=True) for n in range(7)],
            "closures": [
                " ".join(filter(None, (days_text(closure.first, closure.last, language), in_language(closure.reason, language))))
                for closure in business.closures
                if closure.last >= now.date()
            ],
            "closed": [
                {"first": str(closure.first), "last": str(closure.last), "days": days_text(closure.first, closure.last, language)}
                for closure in business.closures
                if closure.last >= now.date()
            ],
        }
        if arguments.day:
            found["day"] = self._of_day(business, arguments.day.astimezone(now.tzinfo), language, now)
        return found

    def _of_day(self, business: Business, moment: datetime, language: str, now: datetime, *, usual: bool = False) -> dict[str, Any]:
        closure = None if usual else business.closure_on(moment.date())
        hours = business.usual_on(moment.date()) if usual else business.open_on(moment.date())
        return {
            "day": day_text(moment, language, now),
            "weekday": weekday_text(moment, language),
            "hours": ", ".join(map(str, hours)),
            "reason": in_language(closure.reason, language) if closure else "",
            "today": moment.date() == now.date(),
        }


def days_text(first: Any, last: Any, language: str) -> str:
    texts = [day_text(datetime.combine(day, datetime.min.time()), language) for day in ((first, last) if last != first else (first,))]
    return " – ".join(texts)


def weekday_text(moment: datetime, language: str) -> str:
    from babel.dates import format_datetime  # noqa: PLC0415 - heavy

    return str(format_datetime(moment.replace(tzinfo=None), "EEEE", locale=language))


@dataclass
class ChangeFacts:
    """Keep facts about the business that its owner says in chat; they win over majordomo.yaml."""

    book: BusinessBook
    words: Words
    name: str = "business.change"
    version: int = 1
    description: str = "Change facts about the business."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Changes

    def run(self, scope: ToolScope, arguments: Changes) -> Json:
        """Raises ToolError for facts that make no sense, and "newer" where others stand than those to be replaced."""
        if scope.person.role is not Role.OWNER:
            raise ToolError("only the owner can change the business")
        before = self.book.current(scope.connection).model_dump(mode="json")
        if any(before.get(name) != value for name, value in arguments.instead_of.items()):
            raise ToolError("newer")
        after = self.book.change(scope.connection, arguments.facts, scope.person.id, scope.now).model_dump(mode="json")
        names = sorted(arguments.facts)
        return {"changed": names} | self._taken_back(scope, {name: before[name] for name in names}, {name: after[name] for name in names})

    def _taken_back(self, scope: ToolScope, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        if not set(before) <= TAKEN_BACK:
            return {}
        language = scope.task.language
        facts = ", ".join(self.words(language, f"fact-{name}", {}) for name in before)
        return {"before": before, "after": after, "label": self.words(language, "closing-undo-changed", {"facts": facts})}

    def undo(self, arguments: Changes, output: dict[str, Any]) -> Undo | None:
        """Taking a change back says what was there before, unless it was changed again since."""
        if "before" not in output:
            return None
        return Undo("business.change", {"facts": output["before"], "instead_of": output["after"]}, output["label"])


@dataclass
class Describe:
    """A moment in the person's words."""

    name: str = "time.describe"
    version: int = 1
    description: str = "Say a moment in words."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Moment

    def run(self, scope: ToolScope, arguments: Moment) -> Json:
        return times.describe(arguments.moment, now=scope.now, zone=scope.person.effective_zone, language=scope.task.language)
