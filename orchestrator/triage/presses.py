"""What pressing a button does. A button acts once, for its own person, in its own chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Action, Method, Role, Route
from orchestrator.tasks import manager, notifications, outgoing, questions, routes, zones
from orchestrator.tasks.questions import Question
from orchestrator.triage import api_keys, commands, decisions, dialogue, edits, forgetting, handing, meant, permissions, secrets, takebacks, timetable, work
from orchestrator.triage.offers import CLARIFY, REROUTE, ZONE, offer_other_agents
from orchestrator.triage.requests import with_details
from orchestrator.triage.taxonomy import DESK, UNCLEAR
from orchestrator.triage.turn import Turn
from storage.models import ButtonRow


def perform(turn: Turn) -> Turn | None:
    """Act on a press. Returns the turn of a text when the button stands for typing it; None when the press is dealt with."""
    token = str(turn.payload.get("token", ""))
    row = turn.connection.execute(sa.select(ButtonRow.__table__).where(ButtonRow.token == token)).first()
    if row is None or row.chat_id != turn.chat.id or row.person_id != turn.person.id:
        _toast(turn, "press-not-yours")
        return None
    action = Action(row.action["kind"], row.action["subject"], row.action["value"])
    if action.kind == "say":
        _toast(turn, "press-taken")
        return replace(turn.saying(action.value), payload={"pressed_on": row.outgoing_id})
    if not _spend(turn, row):
        _toast(turn, "press-spent")
        if action.kind == "approval":
            decisions.pressed_late(turn, action)
        return None
    if action.kind == "answer" and (asked := questions.find(turn.connection, action.subject, turn.person.id)) is not None and asked.key in SETTLED:
        return _settled(turn, asked, asked.options[int(action.value)].value)
    act = ACTIONS.get(action.kind)
    _toast(turn, act(turn, action) if act is not None else "press-unknown")
    return None


def _spend(turn: Turn, row: Any) -> bool:
    """One press of one button of a card counts."""
    claimed = sa.update(ButtonRow).where(ButtonRow.token == row.token, ButtonRow.spent_at.is_(None)).values(spent_at=turn.now)
    if turn.connection.execute(claimed).rowcount != 1:
        return False
    outgoing.spend(turn.connection, row.outgoing_id, turn.now)
    return True


def _toast(turn: Turn, key: str) -> None:
    outgoing.toast(turn.connection, turn.envelope(), turn.payload, turn.words(key))


def _answer(turn: Turn, action: Action) -> str:
    question = questions.find(turn.connection, action.subject, turn.person.id)
    if question is None:
        return "press-spent"
    option = question.options[int(action.value)]
    if not dialogue.take_answer(turn, question, option.value):
        return "press-spent"
    if question.key == CLARIFY:
        clarified(turn, question, option.value)
    elif question.task_id is None:
        house_answer(turn, question, option.value)
    return "press-taken"


def _settled(turn: Turn, question: Question, value: Any) -> Turn | None:
    if not dialogue.take_answer(turn, question, value):
        _toast(turn, "press-spent")
        return None
    _toast(turn, "press-taken")
    return SETTLED[question.key](turn, question, value)


def _notification(turn: Turn, action: Action) -> str:
    return notifications.act(turn.connection, turn.envelope(), turn.person, action.subject, action.value, turn.services.words)


def _hand_back(turn: Turn, action: Action) -> str:
    if turn.person.role is not Role.OWNER:
        return "press-not-yours"
    return "press-taken" if handing.give(turn, action.subject) else "press-spent"


def _reroute(turn: Turn, action: Action) -> str:
    """ "Wrong agent": offer the runner-up and its neighbours; the choice is kept as an example."""
    task = manager.load(turn.connection, action.subject)
    if task is None or task.person_id != turn.person.id:
        return "press-not-yours"
    offer_other_agents(turn, task.id)
    return "press-taken"


def clarified(turn: Turn, question: Question, intent: Any) -> None:
    """The person said what they meant: do that, and keep the sentence as an example of it."""
    text = str(question.data.get("text", ""))
    cascade = turn.services.cascade()
    if intent != UNCLEAR:
        routes.keep_example(turn.connection, turn.person.id, text, str(intent), turn.language, turn.now)
    route = cascade.route(text, str(intent), 1.0, Method.BUTTON, turn.language, accepted=True, runner_up=question.data.get("wrong"))
    detailed = dialogue.refer(turn, with_details(route, now=turn.now, zone=turn.person.effective_zone))
    if detailed.agent == DESK:
        commands.run_intent(turn, detailed)
    else:
        work.begin(turn, [detailed])


def house_answer(turn: Turn, question: Question, value: Any) -> None:
    """An answer to one of the desk's own questions."""
    if edits.answered(turn, question, value) or timetable.answered(turn, question, value):
        return
    if question.key == ZONE:
        zones.settle(turn.connection, turn.envelope(), turn.person, str(value), turn.services.words)


def _zone(turn: Turn, action: Action) -> str:
    zones.settle(turn.connection, turn.envelope(), turn.person, action.value, turn.services.words)
    return "press-taken"


def _task(turn: Turn, action: Action) -> str:
    """Start a task of the type in `value` about the event in `subject`: how the business answers a booking."""
    agent = turn.services.catalogue.agent_for(action.value)
    if agent is None:
        return "press-unknown"
    said = work.intent_name(turn, action.value)
    slots = {"subject": {"event_id": action.subject}}
    work.begin(turn, [Route(said, action.value, action.value, agent.name, 1.0, Method.BUTTON, True, turn.language, slots=slots)])
    return "press-taken"


SETTLED: dict[str, Callable[[Turn, Question, Any], Turn | None]] = {meant.MEANT: meant.settled, handing.TO: handing.settled}
"""Questions about a text that is kept: once they are answered, it may go on as a message of its own."""
ACTIONS: dict[str, Callable[[Turn, Action], str]] = {
    "answer": _answer,
    "approval": decisions.pressed,
    permissions.KIND: permissions.pressed,
    "undo": takebacks.pressed,
    "credential": secrets.pressed,
    "forget": secrets.forget,
    forgetting.ACTION: forgetting.pressed,
    "notification": _notification,
    "handback": _hand_back,
    "apikey": api_keys.pressed,
    "task": _task,
    REROUTE: _reroute,
    ZONE: _zone,
}
"""What each kind of button does; returns the catalogue key of the short answer beside it."""
