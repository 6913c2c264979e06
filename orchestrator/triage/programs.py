"""Requests of programs: the same triage and the same work as for a message, but never part of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import Json, Method, Person, Route, Task
from orchestrator.errors import MajordomoError
from orchestrator.people import API, api_chat
from orchestrator.tasks import inbox
from orchestrator.tasks.particulars import Particulars
from orchestrator.triage import commands, dialogue, safety, work
from orchestrator.triage.desk import WORTH_ASKING, Desk
from orchestrator.triage.requests import split, with_details
from orchestrator.triage.taxonomy import DESK, OUT_OF_SCOPE, UNCLEAR
from orchestrator.triage.turn import Chat, Services, Turn


class NotUnderstood(MajordomoError):
    """It cannot be told what this asks for."""

    def __init__(self, candidates: tuple[str, ...]) -> None:
        super().__init__()
        self.candidates = candidates


class IsCommand(MajordomoError):
    """This is a command, not work."""


class NoSuchType(MajordomoError):
    """No agent takes tasks of this type."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request: text, which is routed, or a type with its slots, which names its agent; with a type the text only gives details."""

    text: str = ""
    type: str = ""
    slots: Mapping[str, Json] = field(default_factory=dict)
    particulars: Particulars = field(default_factory=Particulars)


def turn(services: Services, connection: sa.Connection, person: Person, said: str, now: datetime) -> Turn:
    """What a program asked in a person's name, kept as a handled message of the person's API chat."""
    chat_id = api_chat(connection, person, now)
    message_id = inbox.keep_handled(connection, API, chat_id, person.id, said, now)
    return Turn(connection, services, message_id, "text", said, {}, Chat(chat_id, API, "private", None), person, now)


def begin(turn: Turn, desk: Desk, wanted: Wanted) -> list[Task]:
    """Begin what is wanted; the first task is the one asked for. Raises NotUnderstood, IsCommand, NoSuchType; then nothing has begun.

    Where only the language model can tell what is meant, it is the triage task that asks it.
    """
    if wanted.type:
        return work.begin(turn, [_chosen(turn, wanted)], wanted.particulars)
    if commands.is_command(turn.text):
        raise IsCommand
    if (urgent := safety.route_of(turn)) is not None:
        return work.begin(turn, [urgent], wanted.particulars)
    found = split(turn.text, turn.language, turn.services.cascade())
    if any(route.agent == DESK for route in found if route.accepted):
        raise IsCommand
    if len(found) == 1 and not found[0].accepted:
        if turn.services.uses_model:
            return [desk.ask_model(turn, found[0], wanted.particulars)]
        raise NotUnderstood(_candidates(found[0]))
    return work.begin(turn, [_detailed(turn, route) for route in found], wanted.particulars)


def _chosen(turn: Turn, wanted: Wanted) -> Route:
    agent = turn.services.catalogue.agent_for(wanted.type)
    if agent is None:
        raise NoSuchType
    text = wanted.text or wanted.particulars.title
    route = Route(text, wanted.type, wanted.type, agent.name, 1.0, Method.COMMAND, True, turn.written, slots=dict(wanted.slots))
    if not wanted.text or "when" in wanted.slots:
        return route
    read = with_details(route, now=turn.now, zone=turn.person.effective_zone, language=turn.written)
    return replace(read, slots={**read.slots, **wanted.slots})


def _detailed(turn: Turn, route: Route) -> Route:
    read = route if "when" in route.slots else with_details(route, now=turn.now, zone=turn.person.effective_zone, language=turn.written)
    return dialogue.refer(turn, read)


def _candidates(route: Route) -> tuple[str, ...]:
    both = ((route.intent, route.confidence), (route.runner_up, route.runner_up_confidence))
    return tuple(intent for intent, confidence in both if intent and confidence >= WORTH_ASKING and intent not in {OUT_OF_SCOPE, UNCLEAR})
