"""What the desk offers by button beside an answer: another agent, another meaning."""

from __future__ import annotations

from orchestrator.contracts import Action, AnswerKind, Button, Card, Option
from orchestrator.tasks import manager, questions, routes
from orchestrator.triage import work
from orchestrator.triage.taxonomy import UNCLEAR
from orchestrator.triage.turn import Turn

REROUTE, ZONE, CLARIFY = "reroute", "zone", "clarify"
USUAL = ("appointment_booking", "reminder_set", "opening_hours", "business_faq", "human_handover")
OFFERED = 5


def reroute_button(turn: Turn, task_id: str) -> Button:
    """ "That was not meant": leads to another agent and keeps the sentence as an example."""
    return Button(turn.words("button-wrong"), Action(REROUTE, task_id))


def offer_other_agents(turn: Turn, task_id: str) -> None:
    """Ask what was meant instead."""
    task = manager.load(turn.connection, task_id)
    route = routes.of_task(turn.connection, turn.person.id, task_id)
    if task is None or route is None:
        return
    likely = [route.runner_up] if route.runner_up and route.runner_up not in {"oos", UNCLEAR} else []
    intents = list(dict.fromkeys([*likely, *USUAL]))
    options = [Option(work.intent_name(turn, intent), intent) for intent in intents if intent != route.intent][:OFFERED]
    data = {"text": route.text, "wrong": route.intent}
    questions.ask(turn.connection, turn.envelope(), None, CLARIFY, Card(turn.words("what-instead")), AnswerKind.CHOICE, options, data)
