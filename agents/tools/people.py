"""A person's own settings, what they asked before, and the way to a human."""

from __future__ import annotations

from dataclasses import dataclass

import pydantic
import sqlalchemy as sa

from agents.tools.business import business_zone, next_opening
from orchestrator import times
from orchestrator.business import BusinessBook
from orchestrator.contracts import Effect, Json, Role, ToolError, ToolScope, Words
from orchestrator.spoken import clock_text, day_text, in_zone, moment_text
from orchestrator.tasks import handover, manager, statistics, zones
from orchestrator.tasks.people import choose_language
from storage.models import PersonRow

LANGUAGE_NAMES = {
    "english": "en", "englisch": "en", "inglés": "en", "ingles": "en", "英语": "en", "英文": "en", "german": "de", "deutsch": "de", "alemán": "de",
    "aleman": "de", "德语": "de", "德文": "de", "spanish": "es", "spanisch": "es", "español": "es", "espanol": "es", "castellano": "es",
    "西班牙语": "es", "西班牙文": "es", "chinese": "zh", "chinesisch": "zh", "chino": "zh", "mandarin": "zh", "中文": "zh", "汉语": "zh", "普通话": "zh",
}  # fmt: skip


class Text(pydantic.BaseModel):
    """What a person wrote."""

    text: str = ""


@dataclass
class SetZone:
    """Reckon in the zone of the place a person names."""

    name: str = "people.set_zone"
    version: int = 1
    description: str = "Change a person's time zone."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        zone = times.find_zone(arguments.text, scope.task.language)
        if zone is None:
            raise ToolError("no place or time zone that I know is named")
        moved = zones.move_assumed(scope.connection, scope.person.id, zone, scope.now)
        scope.connection.execute(sa.update(PersonRow).where(PersonRow.id == scope.person.id).values(zone=zone))
        return {"id": zone, "zone": zone.replace("_", " "), "moved": moved}


@dataclass
class TellTime:
    """What the clock shows where the person is, or at the place they name."""

    name: str = "people.clock"
    version: int = 1
    description: str = "Tell the time and the date."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        language = scope.task.language
        zone = times.find_zone(arguments.text, language) or scope.person.effective_zone
        here = in_zone(scope.now, zone)
        return {"clock": clock_text(here, language), "day": day_text(here, language), "zone": zone.replace("_", " ")}


@dataclass
class SetLanguage:
    """Speak the language a person names; says so in it."""

    words: Words
    name: str = "people.set_language"
    version: int = 1
    description: str = "Change a person's language."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        low = arguments.text.casefold()
        language = next((code for name, code in LANGUAGE_NAMES.items() if name in low), None)
        if language is None:
            raise ToolError("no language that I speak is named")
        choose_language(scope.connection, scope.person.id, language)
        return {"language": language, "said": self.words(language, "language-set", {})}


@dataclass
class History:
    """The last things a person asked for."""

    name: str = "people.history"
    version: int = 1
    description: str = "List recent requests."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        found = manager.recent(scope.connection, scope.person.id, limit=11)
        return [{"number": task.number, "title": task.title} for task in found if task.id != scope.task.id and task.type not in {"history", "triage"}][:8]


@dataclass
class SetName:
    """Call a person by the name they give."""

    name: str = "people.set_name"
    version: int = 1
    description: str = "Change a person's name."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        name = " ".join(arguments.text.split())[:100]
        if not name:
            raise ToolError("no name is given")
        scope.connection.execute(sa.update(PersonRow).where(PersonRow.id == scope.person.id).values(name=name))
        return {"name": name}


@dataclass
class Counts:
    """How many tasks a person has, and how they went, as a text."""

    words: Words
    name: str = "people.statistics"
    version: int = 1
    description: str = "Statistics about a person's tasks."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        return statistics.describe(scope.connection, scope.person, self.words, scope.now)


@dataclass
class StartHandover:
    """Give this chat to the owner; says whether somebody could be reached, and when they are there."""

    book: BusinessBook
    words: Words
    name: str = "handover.start"
    version: int = 1
    description: str = "Hand the conversation to a human."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        business = self.book.current(scope.connection)
        now = scope.now.astimezone(business_zone(business, scope))
        opens = next_opening(business, now)
        owner = scope.person.role is Role.OWNER
        reached = (
            not owner
            and scope.task.chat_id is not None
            and handover.start(scope.connection, scope.task.chat_id, scope.person, self.words, scope.now, arguments.text[:300])
        )
        return {
            "reached": reached,
            "owner": owner,
            "open": not business.hours or business.is_open(now.replace(tzinfo=None)),
            "next_open": moment_text(opens, scope.task.language, now) if opens else "",
        }
