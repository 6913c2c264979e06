"""New work: a message becomes a triage task, completed at once, and one child task for each request in it."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from orchestrator.contracts import Action, Button, Card, Lane, Method, Route, Task, TaskState
from orchestrator.tasks import agent_log, manager, particulars, routes
from orchestrator.tasks.manager import NewTask
from orchestrator.tasks.particulars import Particulars
from orchestrator.triage.turn import Turn

SURE = 0.9
"""Below this confidence a reply offers a button to say that it was not meant."""


def begin(turn: Turn, found: list[Route], given: Particulars | None = None) -> list[Task]:
    """Create and start the tasks of a message. A request that refers to the one before it waits for that one's end.

    `given` is written on each; a message that the language model was asked about has what was given with it.
    """
    if given is None and (asked := turn.payload.get("model_asked")):
        given = particulars.kept(turn.connection, str(asked))
    triage = _triage_task(turn, found)
    started: list[Task] = []
    for route in found:
        previous = started[-1] if started and route.relation == "after" else None
        started.append(_child(turn, triage, route, previous, given or Particulars()))
    return started


def _triage_task(turn: Turn, found: list[Route]) -> Task:
    new = NewTask(
        type="triage", agent="triage", person_id=turn.person.id, chat_id=turn.chat.id, language=found[0].language,
        title=turn.text, text=turn.text, message_id=turn.message_id,
    )  # fmt: skip
    triage = manager.create(turn.connection, new, turn.now, state=TaskState.COMPLETED)
    agent_log.record(turn.connection, triage, agent_log.CREATED, turn.now, details={"intents": [route.intent for route in found]})
    return triage


def _child(turn: Turn, triage: Task, route: Route, previous: Task | None, given: Particulars) -> Task:
    agent = turn.services.catalogue.agent(route.agent)
    instant = agent is not None and agent.lane is Lane.INSTANT
    waits = previous is not None and previous.state not in {TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED}
    slots = dict(route.slots)
    if previous is not None and isinstance(previous.result, dict):
        slots |= {"earlier": previous.result, "anchor": previous.result.get("start")}
    if previous is not None and previous.state in {TaskState.FAILED, TaskState.CANCELLED}:
        slots["earlier_failed"] = True
    new = NewTask(
        type=route.task_type, agent=route.agent, person_id=turn.person.id, chat_id=turn.chat.id, language=route.language,
        title=route.text, text=route.text, slots=slots, message_id=turn.message_id, parent_id=triage.id,
        after_id=previous.id if previous is not None and waits else None, particulars=given,
    )  # fmt: skip
    task = manager.create(turn.connection, new, turn.now, state=TaskState.IN_PROGRESS if instant and not waits else TaskState.PENDING)
    routes.record(turn.connection, turn.person.id, turn.message_id, triage, task, route, turn.now)
    agent_log.record(turn.connection, task, agent_log.DELEGATED, turn.now, details={"confidence": route.confidence, "method": route.method.value})
    if waits:
        return task
    task = turn.services.runner.start(turn.connection, task, turn.person, turn.message_id)
    if not instant:
        turn.reply(Card(turn.words("task-started", number=task.number), silent=True, status_key=f"task:{task.id}"), task.id)
    return task


def offer_correction(turn: Turn, task: Task, route: Route) -> None:
    """Where the router was not quite sure, let the person say so with one press."""
    if route.method is Method.CLASSIFIER and route.confidence < SURE:
        button = Button(turn.words("button-wrong"), Action("reroute", task.id))
        turn.reply(Card(turn.words("maybe-wrong", intent=intent_name(turn, route.intent)), ((button,),), silent=True), task.id)


def intent_name(turn: Turn, intent: str) -> str:
    """An intent in the person's words ("book an appointment"); one that the operator added is called what they called it."""
    try:
        return turn.words("intent-" + intent.replace("_", "-"))
    except KeyError:
        return intent.removeprefix("custom_").replace("_", " ")


def reroute(connection: sa.Connection, turn: Turn, task: Task, intent: str) -> list[Task]:
    """Hand a request to another agent."""
    cascade = turn.services.cascade()
    route = cascade.route(task.text, intent, 1.0, Method.BUTTON, task.language, accepted=True)
    return begin(turn, [replace(route, slots={**task.slots, **route.slots})])
