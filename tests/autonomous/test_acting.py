"""What a run does about what it finds: little, within policy and budget, once; and when there is nothing, nothing at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.actions import approvals, budgets
from orchestrator.actions.approvals import Ask, Kind, Shown
from orchestrator.actions.budgets import Limit
from orchestrator.contracts import AnswerKind, Card, Concern, Context, Done, Option, Outcome, Task, TaskState
from orchestrator.execution.runner import Limits
from orchestrator.tasks import manager, outgoing, questions
from orchestrator.words import LANGUAGES
from storage.database import Database
from storage.models import AutonomousMatterRow, CalendarEventRow, QuestionRow, StepRow, TaskRow, new_id
from tests.autonomous.stage import Stage, Watcher, set_up, stage_with
from tests.catalogue import Recording, ScriptedAgent, SmallCatalogue, make_runner
from tests.conftest import MovedClock, count
from tests.people import settle


@pytest.fixture
def stage(plain: Database, clock: MovedClock) -> Stage:
    return set_up(plain, clock)


# --- nothing to do ---


async def test_an_idle_run_sends_nothing_asks_no_model_and_is_accounted_for(database: Database, clock: MovedClock) -> None:
    """The counting model: a task that thinks counts one, any number of idle runs none."""
    model = CountingModel()
    stage = stage_that_thinks(database, clock, model)
    for _ in range(5):
        run = await stage.look_now()
        assert (run.outcome, run.result, run.found, run.notification_id) == ("ran", "idle", 0, None)
    assert (model.calls, stage.notes(), stage.told(), stage.queue.jobs) == (0, [], [], [])
    assert count(database, sa.select(sa.func.count()).select_from(TaskRow)) == 0
    assert count(database, sa.select(sa.func.count()).select_from(StepRow)) == 0
    stage.watcher.seen = [Concern("a thought", "think about the week", "thinking")]
    assert (await stage.look_now()).result == "acted" and model.calls == 1


class CountingModel:
    """Stands where the language model is asked, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    async def think(self, task: Task, context: Context) -> Outcome:
        self.calls += 1
        return Done(Card("thought"))


def stage_that_thinks(database: Database, clock: MovedClock, model: CountingModel) -> Stage:
    from orchestrator.contracts import Lane

    watcher, queue = Watcher(), Recording()
    thinker = ScriptedAgent("thinker", model.think, Lane.INSTANT, frozenset({"thinking"}))
    catalogue = SmallCatalogue((thinker, watcher))
    return stage_with(database, clock, make_runner(database, clock, catalogue, queue, Limits()), catalogue, queue, watcher, settle(database))


# --- questions and asks ---


def ask_something(stage: Stage) -> Task:
    task = stage.task("book a table", state="awaiting_input")

    def work(connection: sa.Connection) -> None:
        envelope = outgoing.Envelope(stage.somebody.chat_id, stage.person.id, stage.clock.now(), task.id)
        questions.ask(connection, envelope, task, "when", Card("When shall it be?"), AnswerKind.CHOICE, [Option("noon", "12"), Option("evening", "19")])

    stage.database.write_now(work)
    return task


async def test_an_unanswered_question_is_asked_again_once_with_live_buttons(stage: Stage) -> None:
    ask_something(stage)
    assert (await stage.look_now()).result == "idle"
    stage.clock.move(hours=1)
    run = await stage.look_now()
    assert (run.result, len(run.deeds)) == ("acted", 1)
    again, report = stage.told()[-2:]
    assert "still open (#1)" in again and "When shall it be?" in again and 'Asked again: "book a table" (#1)' in report
    open_now = sa.select(sa.func.count()).select_from(QuestionRow).where(QuestionRow.state == "open")
    assert count(stage.database, open_now) == 1
    stage.clock.move(hours=3)
    assert (await stage.look_now()).result == "idle"


def pending_ask(stage: Stage, lasts: timedelta) -> None:
    task = stage.task("send the letter", state="awaiting_approval")
    shown = Shown("Send a letter to Ada", (), ())
    new = Ask(Kind.EFFECT, task, "send", "d" * 64, shown, stage.person.id, stage.somebody.chat_id, stage.clock.now(), lasts, tool="email.send", version=1)
    stage.database.write_now(lambda connection: approvals.ask(connection, new))


async def test_an_ask_that_runs_out_is_shown_again_and_decided_by_nobody_but_the_person(stage: Stage) -> None:
    pending_ask(stage, timedelta(hours=24))
    assert (await stage.look_now()).result == "idle"
    stage.clock.move(hours=22, minutes=30)
    assert (await stage.look_now()).result == "acted"
    assert "Send a letter to Ada" in stage.told()[-2] and "Approve" in str(shown_buttons(stage))
    waiting = stage.database.read_now(lambda connection: approvals.pending_for(connection, stage.person.id, stage.clock.now()))
    assert [one.state for one in waiting] == ["pending"]
    assert stage.queue.jobs == []


def shown_buttons(stage: Stage) -> list[Any]:
    from storage.models import OutgoingRow

    query = sa.select(OutgoingRow.card).where(OutgoingRow.chat_id == stage.somebody.chat_id).order_by(OutgoingRow.seq)
    cards = stage.database.read_now(lambda connection: connection.execute(query).scalars().all())
    return [button["label"] for card in cards for row in card["buttons"] for button in row]


# --- tasks ---


async def test_a_fault_that_passes_is_tried_again_once(stage: Stage) -> None:
    task = stage.failed_task("TransientError")
    run = await stage.look_now()
    assert [deed["kind"] for deed in run.deeds] == ["failed"] and "Tried again" in stage.told()[-1]
    assert [job[0] for job in stage.queue.jobs] == [task.id]
    now = stage.clock.now()
    again = {"state": "failed", "finished_at": now, "dead_letter_at": now, "error": {"type": "TransientError", "message": "again"}}
    stage.database.write_now(lambda connection: connection.execute(sa.update(TaskRow).where(TaskRow.id == task.id).values(**again)))
    await stage.look_now()
    assert len(stage.queue.jobs) == 1 and stage.told()[-1].count("Failed:") == 1
    assert (await stage.look_now()).result == "idle"


@pytest.mark.parametrize("fault", ["FatalError", "ToolError", "ValueError"])
async def test_a_fault_that_stays_is_told_not_tried(stage: Stage, fault: str) -> None:
    stage.failed_task(fault)
    run = await stage.look_now()
    assert run.result == "acted" and stage.queue.jobs == [] and "/retry 1" in stage.told()[-1]


async def test_a_failure_that_the_person_has_seen_is_left_alone(stage: Stage) -> None:
    stage.failed_task("TransientError")
    stage.clock.move(minutes=5)
    stage.task("hello", agent="triage")
    stage.database.write_now(
        lambda connection: connection.execute(sa.update(TaskRow).where(TaskRow.agent == "triage").values(type="triage", state="completed"))
    )
    assert (await stage.look_now()).result == "idle" and stage.queue.jobs == []


async def test_what_the_agent_declined_is_no_failure(stage: Stage) -> None:
    stage.task(state="failed", error={"type": "Declined", "message": "no"}, finished_at=stage.clock.now())
    assert (await stage.look_now()).result == "idle"


async def test_what_is_due_or_stuck_is_told_once(stage: Stage) -> None:
    stage.task("the tax return", due_at=stage.clock.now() + timedelta(hours=20))
    stage.task("crunch numbers", state="in_progress", last_run_at=stage.clock.now() - timedelta(minutes=40))
    run = await stage.look_now()
    assert {deed["kind"] for deed in run.deeds} == {"due", "stuck"}
    assert '"the tax return" (#1)' in stage.told()[-1] and "22 November" in stage.told()[-1]
    assert "no sign of life for 42 minutes" in stage.told()[-1]
    assert (await stage.look_now()).result == "idle"


async def test_two_appointments_at_once_are_told_with_a_time_that_is_free(stage: Stage) -> None:
    begin = stage.clock.now() + timedelta(hours=3)
    rows = [
        {"title": title, "start_at": begin + timedelta(minutes=start), "end_at": begin + timedelta(minutes=start + 60), "calendar": title, "service": "s"}
        for title, start in (("dentist", 0), ("barber", 30), ("lunch", 90))
    ]
    made = [{**row, "id": new_id(), "person_id": stage.person.id, "chat_id": stage.somebody.chat_id, "created_at": stage.clock.now()} for row in rows]
    stage.database.write_now(lambda connection: connection.execute(sa.insert(CalendarEventRow), made))
    await stage.look_now()
    assert '"dentist" and "barber" overlap' in stage.told()[-1] and "You would be free" in stage.told()[-1] and "15:30" in stage.told()[-1]
    assert (await stage.look_now()).result == "idle"


# --- feeds, policy, budget ---


async def test_what_a_feed_proposes_becomes_a_task_once(stage: Stage) -> None:
    """Begun like any task of the person: what it does goes through the dispatcher, whose policy asks where it must."""
    stage.watcher.seen = [Concern("essay-7", "Plan time for the essay", "watch_over", {"essay": 7})]
    run = await stage.look_now()
    assert (run.result, len(stage.queue.jobs)) == ("acted", 1)
    task = stage.database.read_now(lambda connection: manager.find(connection, stage.person.id, 1))
    assert task is not None and task.slots == {"essay": 7, "schedule_run": run.id} and task.state is TaskState.PENDING
    assert (await stage.look_now()).result == "idle" and len(stage.queue.jobs) == 1


async def test_one_run_sets_off_five_tasks_and_leaves_the_rest_to_the_next(stage: Stage) -> None:
    stage.watcher.seen = [Concern(f"essay-{n}", f"Plan essay {n}", "watch_over") for n in range(7)]
    await stage.look_now()
    assert len(stage.queue.jobs) == 5
    await stage.look_now()
    assert len(stage.queue.jobs) == 7


async def test_without_budget_nothing_is_begun_and_it_is_said(stage: Stage) -> None:
    task = stage.task()
    day = Limit("day", "2026-11-21", 10_000)

    def spend(connection: sa.Connection) -> None:
        budgets.reserve(connection, stage.person, task, "k", "model", 10_000, (day,), stage.clock.now())
        budgets.settle(connection, task, "k", 10_000, stage.clock.now())

    stage.database.write_now(spend)
    stage.watcher.seen = [Concern("essay", "Plan time for the essay", "watch_over")]
    run = await stage.look_now()
    assert (run.result, stage.queue.jobs, run.deeds[0]["done"]) == ("failed", [], False)
    assert "the budget is used up" in stage.told()[-1]


async def test_a_feed_that_breaks_is_told_and_does_not_stop_the_run(stage: Stage) -> None:
    stage.watcher.broken = True
    stage.failed_task("FatalError")
    run = await stage.look_now()
    assert run.result == "failed" and {deed["kind"] for deed in run.deeds} == {"feed", "failed"}
    assert "watcher could not look ahead" in stage.told()[-1] and "Failed:" in stage.told()[-1]
    assert [row.outcome for row in stage.notes()] == ["failure"]
    assert (await stage.look_now()).result == "idle"


async def test_what_a_deed_wrote_is_undone_if_it_breaks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    task = stage.failed_task("TransientError")

    def breaks(connection: sa.Connection, *rest: Any, **more: Any) -> Task:
        manager.retry(connection, task, stage.clock.now())
        raise RuntimeError("broken")

    monkeypatch.setattr(stage.runner, "start", breaks)
    run = await stage.look_now()
    state = stage.database.read_now(lambda connection: connection.execute(sa.select(TaskRow.state).where(TaskRow.id == task.id)).scalar_one())
    assert (run.result, state) == ("failed", "failed") and "an unexpected error" in stage.told()[-1]


async def test_text_from_elsewhere_makes_no_marks_or_links(stage: Stage) -> None:
    stage.watcher.seen = [Concern("mail", "see [here](https://evil.example) **now** \u202e`x`")]
    await stage.look_now()
    said = stage.runs(1)[0].deeds[0]["said"]
    assert not set("[]()*`") & set(said) and "\u202e" not in said


# --- reports ---


async def test_a_run_that_did_something_is_one_notification(stage: Stage) -> None:
    stage.failed_task("FatalError")
    run = await stage.look_now()
    note = stage.notes()[0]
    assert (note.id, note.kind, note.outcome, note.data) == (run.notification_id, "autonomous", "success", {"run": run.id})
    assert note.title == "I looked around and saw to one thing"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_can_be_said_in_every_language(plain: Database, clock: MovedClock, language: str) -> None:
    """The catalogues are strict: a missing argument raises."""
    stage = set_up(plain, clock, language=language)
    ask_something(stage)
    pending_ask(stage, timedelta(hours=2, minutes=30))
    clock.move(hours=1)
    stage.failed_task("TransientError")
    stage.failed_task("FatalError")
    stage.task("due", due_at=clock.now())
    stage.watcher.seen = [Concern("a", "A"), Concern("b", "B", "watch_over"), Concern("c", "C", "nobody_does_this")]
    run = await stage.look_now()
    assert {deed["kind"] for deed in run.deeds} == {"question", "approval", "failed", "due", "concern"} and run.result == "failed"
    assert count(plain, sa.select(sa.func.count()).select_from(AutonomousMatterRow)) == 9
