"""Schedules that begin tasks, by HTTP: checked when they are made, begun when they come due or are run, told with their task."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.execution.due import DueWork
from storage.models import ScheduleRow, TaskRow
from tests.api.api_house import ApiHouse

GOOD = {"rest": "call the dentist", "when": {"start": "2099-01-01T09:00:00+01:00"}}
BODY: dict[str, Any] = {
    "title": "Echo", "repeat": "cron", "rule": "0 9 * * 1", "zone": "Europe/Berlin", "task": {"type": "echoing", "text": "say it", "slots": {"volume": 11}}
}  # fmt: skip


def begun(api: ApiHouse) -> list[Any]:
    query: Any = sa.select(TaskRow.id, TaskRow.text).where(TaskRow.type == "echoing").order_by(TaskRow.id)
    return api.rows(query)


def come_due(api: ApiHouse, schedule: str) -> None:
    """What the sweep does once the instant is there."""

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == schedule).values(next_due=api.house.clock.now()))
        DueWork(api.house.runner).sweep(connection)

    api.house.database.write_now(work)


async def test_a_schedule_shows_the_task_that_it_begins(anywhere: ApiHouse) -> None:
    made = await anywhere.owner.json("POST", "/schedules", 201, json=BODY)
    assert (made["kind"], made["task_id"], made["task"]) == ("task", None, {"type": "echoing", "text": "say it", "slots": {"volume": 11}})
    assert await anywhere.owner.json("GET", f"/schedules/{made['id']}") == made
    worded = await anywhere.owner.json("POST", "/schedules", 201, json=BODY | {"task": {"type": "echoing"}})
    assert worded["task"]["text"] == "Echo"
    reminder = await anywhere.owner.json("POST", "/schedules", 201, json={name: BODY[name] for name in BODY if name != "task"})
    assert (reminder["kind"], reminder["task"]) == ("reminder", None)
    assert begun(anywhere) == []


async def test_what_could_not_be_begun_is_refused_with_its_field_and_a_remedy(anywhere: ApiHouse) -> None:
    bad = {"rest": "", "when": {"start": "2099-01-01T09:00:00"}, "colour": "red"}
    for task, field in (
        ({"type": "no_such_type"}, "body.task.type"), ({"type": "undo"}, "body.task.type"), ({"slots": {}}, "body.task.type"),
        ({"type": "reminder_set", "slots": bad}, "body.task.slots."),
    ):  # fmt: skip
        problem = await anywhere.owner.json("POST", "/schedules", 422, json=BODY | {"task": task})
        assert problem["field"].startswith(field), task
        assert problem["remedy"]
    fields = {fault["field"] for fault in problem["errors"]}
    assert fields == {"body.task.slots.rest", "body.task.slots.when.start", "body.task.slots.colour"}
    assert (await anywhere.owner.json("GET", "/schedules"))["items"] == []


async def test_run_now_begins_it_once_under_a_key_and_its_rhythm_stays(anywhere: ApiHouse) -> None:
    made = await anywhere.owner.json("POST", "/schedules", 201, json=BODY)
    for _ in range(2):
        ran = await anywhere.owner.json("POST", f"/schedules/{made['id']}/run", headers={"Idempotency-Key": "run"})
        assert ran["outcome"] == "ran"
    ((task, text),) = begun(anywhere)
    shown = await anywhere.owner.json("GET", f"/schedules/{made['id']}")
    assert (text, shown["task_id"], shown["next_due"], shown["task"]) == ("say it", task, made["next_due"], made["task"])
    await anywhere.other.json("POST", f"/schedules/{made['id']}/run", 404)
    assert len(begun(anywhere)) == 1


async def test_what_comes_due_begins_and_its_occurrence_is_told(anywhere: ApiHouse) -> None:
    made = await anywhere.owner.json("POST", "/schedules", 201, json=BODY)
    come_due(anywhere, made["id"])
    ((task, _),) = begun(anywhere)
    (ended,) = (await anywhere.owner.json("GET", f"/schedules/{made['id']}/occurrences"))["items"]
    assert (ended["outcome"], ended["notification_id"]) == ("ran", None)
    shown = await anywhere.owner.json("GET", f"/schedules/{made['id']}")
    assert (shown["task_id"], shown["state"]) == (task, "active")
    assert datetime.fromisoformat(shown["next_due"]) > anywhere.house.clock.now()
    assert (await anywhere.owner.json("GET", f"/tasks/{task}"))["title"] == "say it"
    await anywhere.other.json("GET", f"/tasks/{task}", 404)


async def test_one_that_is_still_at_work_is_not_begun_again(anywhere: ApiHouse) -> None:
    made = await anywhere.owner.json("POST", "/schedules", 201, json=BODY | {"task": {"type": "lasting"}})
    await anywhere.owner.json("POST", f"/schedules/{made['id']}/run")
    assert (await anywhere.owner.json("POST", f"/schedules/{made['id']}/run"))["outcome"] == "skipped"
    assert len(anywhere.rows(sa.select(TaskRow.id).where(TaskRow.type == "lasting"))) == 1


async def test_its_result_arrives(api: ApiHouse) -> None:
    made = await api.owner.json("POST", "/schedules", 201, json=BODY)
    await api.owner.json("POST", f"/schedules/{made['id']}/run")
    task = (await api.owner.json("GET", f"/schedules/{made['id']}"))["task_id"]
    done = await api.until(api.owner, task, "completed", seconds=60)
    assert (done["result"]["text"], done["result"]["echo"]["volume"]) == ("say it", 11)
    events = (await api.owner.json("GET", f"/tasks/{task}/events?limit=50"))["items"]
    assert [event["data"]["result"]["text"] for event in events if event["kind"] == "result"] == ["say it"]


async def test_a_request_that_was_longer_in_the_chat_than_one_may_be_here_is_shown_whole(anywhere: ApiHouse) -> None:
    made = await anywhere.owner.json("POST", "/schedules", 201, json=BODY)

    def say_more(connection: sa.Connection) -> None:
        payload = connection.execute(sa.select(ScheduleRow.payload).where(ScheduleRow.id == made["id"])).scalar_one()
        payload["order"]["text"] = "cats " * 1000
        connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == made["id"]).values(payload=payload))

    anywhere.house.database.write_now(say_more)
    (shown,) = (await anywhere.owner.json("GET", "/schedules"))["items"]
    assert shown["task"]["text"] == "cats " * 1000
