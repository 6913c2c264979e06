"""An answer that comes in the very moment in which a task begins to wait for it is not lost: either the task sees it, or it finds the task waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.contracts import Card, Context, Done, Option, Outcome, Task, TaskState
from orchestrator.tasks import asks, manager
from orchestrator.triage import presses
from storage.database import Database
from tests.actions.stage import Mail, Stage, World, errand

BRIEFLY = 1.0
"""Seconds that the task stands between looking and waiting; who is kept out by its lock comes after them."""


class Moment:
    """The instant between "is anything asked?" and "then I wait"."""

    def __init__(self) -> None:
        self.looked, self.answered, self.lasts = threading.Event(), threading.Event(), BRIEFLY
        self._look = asks.waiting_state

    def look(self, connection: sa.Connection, task_id: str) -> TaskState | None:
        found = self._look(connection, task_id)
        if found is not None and not self.looked.is_set():
            self.looked.set()
            self.answered.wait(self.lasts)
        return found


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moment]:
    made = Moment()
    monkeypatch.setattr(asks, "waiting_state", made.look)
    yield made
    made.answered.set()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    from storage import schema

    opened = Database(postgres_url)
    schema.ensure(opened.engine)
    yield opened
    asyncio.run(opened.close())


async def letter(task: Task, context: Context) -> Outcome:
    await context.call("mail.send", key="send", to=["dentist@example.com"], subject="Late", body="I'm late")
    return Done(Card("Sent."))


async def question(task: Task, context: Context) -> Outcome:
    colour = await context.choose("colour", "Which?", [Option("Red", "red"), Option("Blue", "blue")])
    return Done(Card(f"{colour} it is."))


def pressed(on: Stage, moment: Moment, token: str) -> None:
    """On a connection of its own: one of the house's writers may be the one that stands still."""
    with on.database.engine.begin() as connection:
        presses.perform(on.turn(connection, "button", "", {"token": token, "press_id": "1"}, None))
    moment.answered.set()


async def answered_as_it_begins_to_wait(on: Stage, moment: Moment, label: str) -> TaskState:
    begun = asyncio.create_task(on.begin())
    await asyncio.to_thread(moment.looked.wait, 30)
    press = asyncio.create_task(asyncio.to_thread(pressed, on, moment, on.token(label)))
    task = await begun
    await press
    await on.pump()
    left = on.now(task)
    if left.state is TaskState.PENDING:  # the stage's queue, a list, may have offered the job before its transaction was over
        await on.run_segment(left.id, left.segment)
    return on.now(task).state


CASES = [pytest.param(letter, "Approve", id="an approval"), pytest.param(question, "Blue", id="an answer")]


@pytest.mark.postgres
@pytest.mark.parametrize(("script", "label"), CASES)
async def test_it_goes_on(postgres: Database, tmp_path: Path, moment: Moment, script: Any, label: str) -> None:
    on = Stage(postgres, tmp_path, agents=[errand(script)], tools=[Mail(World())])
    assert await answered_as_it_begins_to_wait(on, moment, label) is TaskState.COMPLETED


@pytest.mark.postgres
@pytest.mark.parametrize(("script", "label"), CASES)
async def test_without_the_lock_it_would_wait_for_ever(
    postgres: Database, tmp_path: Path, moment: Moment, monkeypatch: pytest.MonkeyPatch, script: Any, label: str
) -> None:
    monkeypatch.setattr(manager, "load", partial(_unlocked, manager.load))
    moment.lasts = 4  # nothing keeps the answer out: it is there before they are over
    on = Stage(postgres, tmp_path, agents=[errand(script)], tools=[Mail(World())])
    assert await answered_as_it_begins_to_wait(on, moment, label) in {TaskState.AWAITING_APPROVAL, TaskState.AWAITING_INPUT}


def _unlocked(load: Any, connection: sa.Connection, task_id: str, *, lock: bool = False) -> Task | None:
    found: Task | None = load(connection, task_id)
    return found
