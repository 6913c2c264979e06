"""Tasks by HTTP: made in words or by type, listed, filtered and paged, edited, moved on, answered, traced."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Method, Route, TaskState
from orchestrator.tasks import manager
from storage.models import TaskRow
from tests.api.api_house import ApiHouse, Party, running
from tests.api.specialists import Specialists


async def make(party: Party, **body: Any) -> Any:
    return await party.json("POST", "/tasks", 201, json=body)


async def test_words_are_routed_like_a_chat_message_and_the_task_carries_what_was_said_of_it(api: ApiHouse) -> None:
    given = {
        "text": "Remind me tomorrow at 9 to call the dentist", "priority": "high", "project": "Teeth", "tags": ["health", "phone"],
        "due_at": "2099-01-02T10:00:00+02:00", "description": "the one in Mitte", "settings": {"model": "small"},
    }  # fmt: skip
    answer = await api.owner.client.post("/tasks", json=given)
    task = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/v1/tasks/{task['id']}")
    assert (task["type"], task["agent"], task["state"], task["priority"]) == ("reminder_set", "reminders", "completed", "high")
    assert (task["project"], task["tags"], task["due_at"], task["settings"]) == ("Teeth", ["health", "phone"], "2099-01-02T08:00:00Z", {"model": "small"})
    assert len(task["schedule_ids"]) == 1
    trace = await api.owner.json("GET", f"/tasks/{task['number']}/trace")
    assert trace["decision"]["task_type"] == "reminder_set"
    assert trace["steps"]
    parent = await api.owner.json("GET", f"/tasks/{task['parent_id']}")
    assert (parent["type"], parent["number"], parent["may"]) == ("triage", None, [])
    for action in ("pause", "cancel", "retry", "execute"):
        await api.owner.json("POST", f"/tasks/{parent['id']}/{action}", 409)


async def test_several_requests_in_one_text_become_several_tasks(api: ApiHouse) -> None:
    task = await make(api.owner, text="What are your opening hours, and remind me tomorrow at 9 to call the dentist")
    assert len(task["siblings"]) == 1
    subtasks = await api.owner.json("GET", f"/tasks/{task['parent_id']}/subtasks")
    assert {entry["id"] for entry in subtasks["items"]} == {task["id"], *task["siblings"]}


async def test_a_type_names_its_agent_and_slots_reach_it(api: ApiHouse) -> None:
    task = await make(api.owner, type="echoing", config={"a": [1, {"b": None}]}, title="Echo")
    assert (task["state"], task["title"], task["result"]["echo"]) == ("completed", "Echo", {"a": [1, {"b": None}]})


async def test_what_cannot_be_begun_is_a_problem_that_names_the_field_and_leaves_nothing(api: ApiHouse) -> None:
    bodies: list[tuple[dict[str, Any], str, str]] = [
        ({}, "invalid", "body"), ({"type": "no_such_thing"}, "unknown-type", "body.type"), ({"text": "/cancel 3"}, "is-command", "body.text"),
        ({"text": "glorb wibble zzz"}, "not-understood", "body.text"), ({"text": "hello", "colour": 1}, "invalid", "body.colour"), ({"text": "hello", "slots": {"a": 1}}, "invalid", "body"),
        ({"text": "hello", "due_at": "tomorrow"}, "invalid", "body.due_at"), ({"text": "hello", "schedule_id": "nobody's"}, "invalid", "body.schedule_id"),
    ]  # fmt: skip
    for body, code, field in bodies:
        problem = await api.owner.json("POST", "/tasks", 422, json=body)
        assert (problem["type"], problem["field"]) == (f"urn:majordomo:problem:{code}", field), problem
        assert problem["remedy"]
    assert (await api.owner.json("GET", "/tasks?type=triage"))["items"] == []


async def test_filters_find_what_they_name_and_nothing_else(anywhere: ApiHouse) -> None:
    one = await make(
        anywhere.owner, type="echoing", title="Paint the 100% fence", project="Garden", tags=["out", "wood"], priority="low", due_at="2099-03-01T00:00:00Z"
    )
    two = await make(anywhere.owner, type="asking", title="Order paint", tags=["in"])
    cases = {
        "state=completed": [one], "live=true": [two], "live=false": [one], "live=true&state=completed": [], "type=asking": [two], "agent=echoing": [one],
        "project=Garden": [one], "tag=wood": [one], "tag=woo": [], "priority=low&priority=urgent": [one], "q=PAINT": [two, one], "q=100%25": [one], "q=1_0": [],
        "due_after=2099-01-01T00:00:00Z": [one], "due_before=2099-01-01T00:00:00Z": [], "created_after=2020-01-01T00:00:00%2B02:00": [two, one],
        "created_before=2020-01-01T00:00:00Z": [], "type=triage&type=asking&state=pending": [two],
    }  # fmt: skip
    for query, expected in cases.items():
        found = await anywhere.owner.json("GET", f"/tasks?{query}")
        assert [entry["id"] for entry in found["items"]] == [entry["id"] for entry in expected], query
    assert (await anywhere.other.json("GET", "/tasks"))["items"] == []


async def test_pages_neither_repeat_nor_skip_while_tasks_come_in(anywhere: ApiHouse) -> None:
    before = [(await make(anywhere.owner, type="echoing", title=f"t{n}"))["id"] for n in range(7)]
    seen, address = [], "/tasks?limit=2&type=echoing"
    while address:
        found = await anywhere.owner.json("GET", address.removeprefix("/api/v1"))
        seen += [entry["id"] for entry in found["items"]]
        await make(anywhere.owner, type="echoing", title="pushing in")
        address = found["next"]
    assert seen == before[::-1]
    problem = await anywhere.owner.json("GET", "/tasks?cursor=WyJ4IiwieSJd", 400)
    assert problem["field"] == "query.cursor"


async def test_editing_changes_what_is_written_and_never_the_state(api: ApiHouse) -> None:
    task = await make(api.owner, type="echoing", tags=["a"], due_at="2099-01-01T00:00:00Z")
    changed = await api.owner.json(
        "PATCH", f"/tasks/{task['number']}", json={"title": "New", "tags": ["b", "b", "c"], "due_at": None, "priority": "background"}
    )
    assert (changed["title"], changed["tags"], changed["due_at"], changed["priority"]) == ("New", ["b", "c"], None, "background")
    assert {name: changed[name] for name in ("state", "project", "result")} == {name: task[name] for name in ("state", "project", "result")}
    assert (await api.owner.json("PATCH", f"/tasks/{task['id']}", 422, json={"state": "pending"}))["field"] == "body.state"


async def test_pause_resume_and_cancel_go_the_way_of_the_commands(api: ApiHouse) -> None:
    task = await make(api.owner, type="lasting")
    await api.until(api.owner, task["id"], "in_progress")
    paused = await api.owner.json("POST", f"/tasks/{task['id']}/pause")
    assert (paused["state"], paused["may"]) == ("paused", ["resume", "cancel", "execute"])
    problem = await api.owner.json("POST", f"/tasks/{task['id']}/pause", 409)
    assert (problem["state"], problem["may"]) == ("paused", ["resume", "cancel", "execute"])
    assert "resume" in problem["remedy"]
    assert (await api.owner.json("POST", f"/tasks/{task['number']}/resume"))["state"] in {"pending", "in_progress"}
    await api.until(api.owner, task["id"], "in_progress")
    assert (await api.owner.json("POST", f"/tasks/{task['id']}/cancel"))["state"] == "cancelled"
    rows = api.rows(TaskRow.__table__.select().where(TaskRow.id == task["id"]))
    assert (rows[0].epoch, rows[0].state) == (1, TaskState.CANCELLED.value)


async def test_what_failed_is_retried_and_what_has_ended_begins_anew(api: ApiHouse) -> None:
    task = await make(api.owner, type="failing_once", tags=["x"])
    failed = await api.until(api.owner, task["id"], "failed")
    assert (failed["error"]["message"], failed["dead_letter"], failed["may"]) == ("there is no paper", True, ["retry", "execute"])
    await api.owner.json("POST", f"/tasks/{task['id']}/retry")
    done = await api.until(api.owner, task["id"], "completed")
    assert (done["result"], done["may"]) == ({"printed": True}, ["execute"])
    again = await api.owner.client.post(f"/tasks/{task['id']}/execute")
    assert (again.status_code, again.json()["type"], again.json()["tags"]) == (201, "failing_once", ["x"])
    assert again.headers["location"].endswith(again.json()["id"]) and again.json()["id"] != task["id"]


async def test_questions_are_answered_and_the_task_goes_on(api: ApiHouse) -> None:
    task = await make(api.owner, type="asking")
    asked = await api.until(api.owner, task["id"], "awaiting_input")
    assert [(q["kind"], q["prompt"]) for q in asked["questions"]] == [("text", "Which day?")]
    await api.owner.json("POST", f"/tasks/{task['id']}/answer", json={"answer": "Monday", "question": asked["questions"][0]["id"]})
    async with asyncio.timeout(60):
        while not (found := await api.owner.json("GET", f"/tasks/{task['id']}"))["questions"]:
            await asyncio.sleep(0.03)
    assert [option["value"] for option in found["questions"][0]["options"]] == ["red", "blue"]
    problem = await api.owner.json("POST", f"/tasks/{task['id']}/answer", 422, json={"answer": "no idea at all"})
    assert (problem["field"], problem["remedy"]) == ("body.answer", "one of: Red, Blue")
    await api.owner.json("POST", f"/tasks/{task['id']}/answer", json={"answer": "blue"})
    done = await api.until(api.owner, task["id"], "completed")
    assert done["result"] == {"day": "Monday", "color": "blue"}
    await api.owner.json("POST", f"/tasks/{task['id']}/answer", 409, json={"answer": "red"})
    steps = await api.owner.json("GET", f"/tasks/{task['id']}/executions?limit=1")
    second = await api.owner.json("GET", steps["next"].removeprefix("/api/v1"))
    assert [step["key"] for step in steps["items"] + second["items"]] == ["day", "color"]


async def test_voided_steps_stay_in_the_trace_and_are_marked(api: ApiHouse) -> None:
    task = await make(api.owner, type="dividing")
    await api.until(api.owner, task["id"], "failed", "completed")
    await api.owner.json("POST", f"/tasks/{task['id']}/retry")
    await api.until(api.owner, task["id"], "failed", "completed")
    trace = await api.owner.json("GET", f"/tasks/{task['id']}/trace")
    assert [step["voided"] for step in trace["steps"] if step["key"] == "part"].count(True) == 1


async def test_what_only_the_model_can_tell_is_left_to_it_and_its_tasks_carry_what_was_given(folder: Path, specialists: Specialists) -> None:
    async with running(folder, agents=specialists.agents, engine=False) as api:
        object.__setattr__(api.house.services, "uses_model", True)
        asked = await make(api.owner, text="glorb wibble zzz", tags=["x"], priority="urgent", project="P")
        assert (asked["type"], asked["state"], asked["may"]) == ("triage", "pending", ["cancel"])

        def decide(connection: sa.Connection) -> None:
            now = api.house.clock.now()
            assert manager.take(connection, asked["id"], 0, now) is not None
            route = Route(asked["text"], "echoing", "echoing", "echoing", 0.9, Method.MODEL, True, "en")
            api.house.desk.decided_by_model(connection, asked["id"], route)

        api.house.database.write_now(decide)
        found = await api.owner.json("GET", "/tasks?type=echoing")
        assert [(task["tags"], task["priority"], task["project"], task["state"]) for task in found["items"]] == [(["x"], "urgent", "P", "completed")]
