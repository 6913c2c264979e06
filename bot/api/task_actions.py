"""What moves a task on: pause, resume, cancel, retry, execute, undo, answer. The same functions as behind the chat's commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.api import task_views
from bot.api.access import Caller
from bot.api.fields import Anything, TaskReference
from bot.api.idempotency import Answer, InSending
from bot.api.problems import Problem
from bot.api.task_views import LONGEST_TEXT, TaskDetail
from bot.api.tasks import Writing, of_caller
from bot.app import House
from orchestrator.actions import effects
from orchestrator.contracts import AnswerKind, IllegalTransition, Json, LostRace, Task, TaskState
from orchestrator.tasks import listing, questions
from orchestrator.tasks.questions import NO, YES, Question
from orchestrator.triage import dialogue, programs, steering, takebacks
from orchestrator.triage.turn import Turn

Move = Callable[[Turn, Task], Task]
MOVES: tuple[tuple[str, Move, str], ...] = (
    (steering.PAUSE, steering.pause, "Hold a task where it is. What runs meanwhile loses its next write."),
    (steering.RESUME, steering.resume, "Go on where it was held."),
    (steering.CANCEL, steering.cancel, "Stop it for good, and what it has started with it."),
    (steering.RETRY, steering.retry, "Try a failed one again: what is done stays done."),
    (steering.EXECUTE, steering.execute, "Run it now: a held one goes on, a failed one is tried again, and one that has ended begins anew as a new task."),
)


class AnswerBody(BaseModel):
    """An answer: text as one would type it, or an option's value."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"answer": "tomorrow at 10"}]})
    answer: Anything = Field(description="Text of any kind of question, the value of an option, a number, true or false.")
    question: str | None = Field(default=None, max_length=36, description="Which question, where several are open.")


class Undone(BaseModel):
    """What was taken back. `stopped`: it had not happened yet; `undoing`: the task `by` reverses it."""

    effect: str
    summary: str
    outcome: str = Field(examples=["undoing"])
    by: TaskDetail | None


def router() -> APIRouter:
    made = APIRouter(tags=["tasks"])
    for name, move, told in MOVES:
        made.add_api_route(
            f"/tasks/{{task}}/{name}", _moving(name, move), methods=["POST"], response_model=TaskDetail, description=told, operation_id=f"{name}_task"
        )
    made.add_api_route("/tasks/{task}/undo", undo, methods=["POST"], response_model=Undone)
    made.add_api_route("/tasks/{task}/answer", answer, methods=["POST"], response_model=TaskDetail)
    return made


def _moving(name: str, move: Move) -> Callable[..., Awaitable[Response]]:
    async def act(task: TaskReference, caller: Writing, sending: InSending) -> Response:
        def work(connection: sa.Connection, now: datetime) -> Answer:
            found = of_caller(connection, caller, task, lock=True)
            turn = _turn(sending.house, connection, caller, f"/{name} {found.number or found.id}", now)
            try:
                after = move(turn, found)
            except (IllegalTransition, LostRace) as error:
                raise cannot(found, name, str(error)) from error
            shown = task_views.detail(connection, caller.person.id, after.id, now)
            return Answer.of(shown) if after.id == found.id else Answer.of(shown, 201, f"/api/v1/tasks/{after.id}")

        return await sending.do(caller, None, work)

    act.__name__ = f"{name}_task"
    return act


def cannot(task: Task, verb: str, detail: str) -> Problem:
    """A step that the task's life does not know: names the state and what may be done instead."""
    may = steering.possible(task)
    state = task.state.value.replace("_", " ")
    return Problem(
        409, "illegal-transition", f"A task that is {state} cannot be moved by {verb}.", f"Task #{task.number} is {state}: {detail}",
        remedy=f"it allows: {', '.join(may) or 'nothing'}", extra={"state": task.state.value, "may": list(may)},
    )  # fmt: skip


def _turn(house: House, connection: sa.Connection, caller: Caller, said: str, now: datetime) -> Turn:
    return programs.turn(house.services, connection, caller.person, said, now)


# --- undo ---


async def undo(task: TaskReference, caller: Writing, sending: InSending) -> Response:
    """Take back the last thing that the task did to the world, or stop what is still held back."""

    def work(connection: sa.Connection, now: datetime) -> Answer:
        found = of_caller(connection, caller, task, lock=True)
        entries = effects.undoable(connection, caller.person.id, 1, task_id=found.id)
        if not entries:
            raise Problem(409, "nothing-to-undo", "Nothing that this task did can be taken back.", remedy="GET /tasks/{task}/trace lists its effects")
        turn = _turn(sending.house, connection, caller, f"/undo {found.number}", now)
        if found.chat_id is not None:
            turn = replace(turn, chat=replace(turn.chat, id=found.chat_id))
        told = takebacks.take_back(turn, entries[0])
        if told == "undo-too-late":
            raise Problem(409, "nothing-to-undo", "It is too late to take this back.")
        newest = listing.page(connection, caller.person.id, listing.TaskFilter(types=("undo",)), 1) if told != "undo-done" else []
        by = task_views.detail(connection, caller.person.id, newest[0].id, now) if newest else None
        outcome = "stopped" if told == "undo-done" else "undoing"
        return Answer.of(Undone(effect=entries[0].id, summary=entries[0].summary, outcome=outcome, by=by))

    return await sending.do(caller, None, work)


# --- answer ---


async def answer(task: TaskReference, body: AnswerBody, caller: Writing, sending: InSending) -> Response:
    """Answer the open question of a task; it goes on by itself."""

    def work(connection: sa.Connection, now: datetime) -> Answer:
        found = of_caller(connection, caller, task, lock=True)
        asked = _asked(questions.open_of_task(connection, caller.person.id, found.id), body, found)
        text = body.answer if isinstance(body.answer, str) else str(body.answer)
        turn = _turn(sending.house, connection, caller, text[:LONGEST_TEXT], now)
        if not dialogue.take_answer(turn, asked, _value(turn, asked, body.answer)):
            raise Problem(409, "already-answered", "This question is closed.", remedy="read the task again")
        return Answer.of(task_views.detail(connection, caller.person.id, found.id, now))

    return await sending.do(caller, body, work)


def _asked(open_questions: list[Question], body: AnswerBody, task: Task) -> Question:
    meant = [asked for asked in open_questions if body.question in (None, asked.id)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise Problem(409, "several-questions", "This task asks several things.", field="body.question", remedy="name one: " + ", ".join(a.id for a in meant))
    waits = " It waits for an approval." if task.state is TaskState.AWAITING_APPROVAL else ""
    raise Problem(
        409, "no-question", "This task asks nothing of that kind.", f"Task #{task.number} is {task.state.value}.{waits}", extra={"state": task.state.value}
    )


def _value(turn: Turn, asked: Question, given: Json) -> Json:
    """What the answer means to this question. Raises Problem 422 where it is none."""
    for option in asked.options:
        if option.value == given and type(option.value) is type(given):
            return option.value
    if asked.kind is AnswerKind.YES_NO and isinstance(given, bool):
        return YES if given else NO
    if asked.kind is AnswerKind.NUMBER and isinstance(given, int | float) and not isinstance(given, bool):
        return float(given) if abs(given) < 1e15 else _no_answer(asked)
    if isinstance(given, str):
        read = dialogue.reader(turn.saying(given)).read(asked, given)
        if read is not None:
            return read.value
    return _no_answer(asked)


def _no_answer(asked: Question) -> Any:
    choices = ", ".join(option.label for option in asked.options)
    raise Problem(
        422, "no-answer", f"This is no answer to a question of kind {asked.kind.value}.", asked.prompt, "body.answer",
        f"one of: {choices}" if choices else f"give what a {asked.kind.value} answer is in words",
    )  # fmt: skip
