"""A task's life against a model: whatever is tried in whatever order, only legal steps happen and none is lost or doubled."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from orchestrator.contracts import ENDED, LIVE, RUNNING, TRANSITIONS, WAITING, IllegalTransition, LostRace, Task, TaskState
from orchestrator.tasks import manager
from orchestrator.tasks.manager import NewTask
from storage import schema
from storage.database import Database
from storage.models import TaskRow
from tests.conftest import NOW
from tests.people import settle

RUNS = 10_000 if os.environ.get("MAJORDOMO_SOAK") else 2_000
STEPS = 50 if os.environ.get("MAJORDOMO_SOAK") else 20

_folder = tempfile.TemporaryDirectory()


class World:
    """One database for every run: each run has a task of its own."""

    database: Database | None = None
    person = ""
    chat = ""

    @classmethod
    def open(cls) -> Database:
        if cls.database is None:
            cls.database = Database(f"sqlite+aiosqlite:///{Path(_folder.name)}/life.db")
            schema.ensure(cls.database.engine)
            with cls.database.engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
            somebody = settle(cls.database)
            cls.person, cls.chat = somebody.person.id, somebody.chat_id
        return cls.database


class Life(RuleBasedStateMachine):
    """The model is the state we believe in; stale snapshots play the worker that was stopped and wakes again."""

    @initialize()
    def begin(self) -> None:
        self.database = World.open()
        self.connection = self.database.engine.connect()
        self.transaction = self.connection.begin()
        new = NewTask(type="errand", agent="errand", person_id=World.person, chat_id=World.chat, language="en")
        self.task: Task = manager.create(self.connection, new, NOW)
        self.stale: list[Task] = []
        self.paused_from: TaskState | None = None

    def teardown(self) -> None:
        if hasattr(self, "transaction"):
            self.transaction.rollback()
            self.connection.close()

    def remember(self, after: Task) -> None:
        self.stale.append(self.task)
        self.task = after

    @rule(to=st.sampled_from(list(TaskState)))
    def any_step(self, to: TaskState) -> None:
        before = self.task.state
        if to in TRANSITIONS[before]:
            self.remember(manager.transition(self.connection, self.task, to, NOW))
        else:
            with pytest.raises(IllegalTransition):
                manager.transition(self.connection, self.task, to, NOW)

    @precondition(lambda self: self.task.state in LIVE and self.task.state is not TaskState.PAUSED)
    @rule()
    def pause(self) -> None:
        self.paused_from = self.task.state
        before = self.task
        self.remember(manager.pause(self.connection, self.task, NOW))
        assert self.task.lease == before.lease + 1

    @precondition(lambda self: self.task.state is TaskState.PAUSED)
    @rule()
    def resume(self) -> None:
        self.remember(manager.resume(self.connection, self.task, NOW))
        assert self.task.state in WAITING | {TaskState.PENDING}

    @rule()
    def cancel(self) -> None:
        if self.task.state in ENDED:
            with pytest.raises(IllegalTransition):
                manager.cancel(self.connection, self.task, NOW)
            return
        before = self.task.epoch
        self.remember(manager.cancel(self.connection, self.task, NOW))
        assert self.task.epoch == before + 1

    @precondition(lambda self: self.task.state is TaskState.FAILED)
    @rule()
    def retry(self) -> None:
        self.remember(manager.retry(self.connection, self.task, NOW))

    @rule(segment_back=st.integers(0, 1))
    def worker_takes(self, segment_back: int) -> None:
        taken = manager.take(self.connection, self.task.id, self.task.segment - segment_back, NOW)
        runnable = self.task.state in {TaskState.PENDING, TaskState.IN_PROGRESS} and segment_back == 0
        assert (taken is not None) == runnable
        if taken is not None:
            self.remember(taken)

    @precondition(lambda self: any(old.lease != self.task.lease or old.epoch != self.task.epoch for old in self.stale))
    @rule()
    def a_stopped_worker_wakes(self) -> None:
        old = next(old for old in self.stale if old.lease != self.task.lease or old.epoch != self.task.epoch)
        with pytest.raises(LostRace):
            manager.guard(self.connection, old, NOW)

    @invariant()
    def the_database_agrees(self) -> None:
        if not hasattr(self, "task"):
            return
        row = self.connection.execute(
            sa.select(TaskRow.state, TaskRow.segment, TaskRow.epoch, TaskRow.lease, TaskRow.finished_at).where(TaskRow.id == self.task.id)
        ).one()
        assert (row.state, row.segment, row.epoch, row.lease) == (self.task.state.value, self.task.segment, self.task.epoch, self.task.lease)
        assert (self.task.state in ENDED) <= (row.finished_at is not None)


@pytest.mark.timeout(3000)
def test_only_legal_lives() -> None:
    checks = settings(max_examples=RUNS, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    run_state_machine_as_test(Life, settings=checks)


def test_every_state_can_be_left_or_is_an_end() -> None:
    assert set(TRANSITIONS) == set(TaskState)
    assert all(TRANSITIONS[state] for state in LIVE)
    assert all(TaskState.CANCELLED in TRANSITIONS[state] for state in LIVE)
    assert all(not TRANSITIONS[state] for state in ENDED - {TaskState.FAILED})
    assert all(TaskState.PAUSED in TRANSITIONS[state] for state in RUNNING | WAITING | {TaskState.PENDING})
