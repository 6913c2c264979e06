"""Emergencies and symptoms: recognised by rules, before any routing; no advice, but the emergency sentence and a human."""

from __future__ import annotations

from orchestrator.contracts import Method, Route
from orchestrator.triage import work
from orchestrator.triage.emergencies import Level, assess
from orchestrator.triage.taxonomy import TRIAGE_AGENT
from orchestrator.triage.turn import Turn

TASK_TYPES = {Level.EMERGENCY: "emergency", Level.SYMPTOM: "symptom"}


def respond(turn: Turn) -> bool:
    """Whether the message was one of these and is answered."""
    route = route_of(turn)
    if route is not None:
        work.begin(turn, [route])
    return route is not None


def route_of(turn: Turn) -> Route | None:
    """Where such a message goes; None for any other."""
    level = assess(turn.text)
    if level is None:
        return None
    task_type = TASK_TYPES[level]
    return Route(turn.text, task_type, task_type, TRIAGE_AGENT, 1.0, Method.RULE, True, turn.language)
