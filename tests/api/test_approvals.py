"""Approvals by HTTP: bound to the digest of what was shown, decided once by who may, edited into a new ask."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.actions import approvals
from storage.models import ApprovalRow, AuditRow
from tests.api.api_house import ApiHouse
from tests.api.specialists import Specialists


async def letter(api: ApiHouse, body: str = "Dear Ann") -> tuple[str, Any]:
    """A task that waits for permission to send a letter, and the approval."""
    task = await api.owner.json("POST", "/tasks", 201, json={"type": "writing", "slots": {"body": body}})
    waiting = await api.until(api.owner, task["id"], "awaiting_approval")
    return task["id"], await api.owner.json("GET", f"/approvals/{waiting['approvals'][0]}")


async def test_what_was_shown_is_what_is_sent_and_only_once(api: ApiHouse, specialists: Specialists) -> None:
    task, shown = await letter(api)
    assert (shown["kind"], shown["tool"], shown["arguments"]["body"], shown["may_decide"]) == ("effect", "mail.send", "Dear Ann", True)
    listed = await api.owner.json("GET", f"/approvals?task={task}")
    assert [entry["digest"] for entry in listed["items"]] == [shown["digest"]]
    wrong = {"decision": "approve", "digest": "0" * 64}
    assert (await api.owner.json("POST", f"/approvals/{shown['id']}/decide", 409, json=wrong))["type"].endswith("digest-differs")
    assert (await api.owner.json("POST", f"/approvals/{shown['id']}/decide", 422, json={"decision": "sent", "digest": shown["digest"]}))[
        "field"
    ] == "body.decision"
    decision = {"decision": "approve", "digest": shown["digest"]}
    answers = await asyncio.gather(*(api.owner.client.post(f"/approvals/{shown['id']}/decide", json=decision) for _ in range(16)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 15}
    done = await api.until(api.owner, task, "completed")
    assert (specialists.world.done.total(), specialists.world.texts) == (1, ["ann@example.com: Dear Ann"])
    assert done["result"]["sent"]
    trace = await api.owner.json("GET", f"/tasks/{task}/trace")
    assert [(effect["state"], effect["approval_id"]) for effect in trace["effects"]] == [("done", shown["id"])]
    assert api.rows(sa.select(AuditRow.subject).where(AuditRow.kind == "approval", AuditRow.task_id == task)) == [("approve",)]


async def test_an_edit_makes_a_new_ask_with_a_digest_of_its_own(api: ApiHouse, specialists: Specialists) -> None:
    task, shown = await letter(api)
    path = f"/approvals/{shown['id']}/decide"
    assert (await api.owner.json("POST", path, 422, json={"decision": "edit", "digest": shown["digest"], "changes": {"to": 3}}))["field"] == "body.changes.to"
    edited = await api.owner.json("POST", path, json={"decision": "edit", "digest": shown["digest"], "changes": {"body": "Dear Bob"}})
    assert (edited["arguments"]["body"], edited["state"]) == ("Dear Bob", "pending")
    assert edited["digest"] != shown["digest"]
    assert (await api.owner.json("POST", path, 409, json={"decision": "approve", "digest": shown["digest"]}))["type"].endswith("superseded")
    await api.owner.json("POST", f"/approvals/{edited['id']}/decide", json={"decision": "approve", "digest": edited["digest"]})
    await api.until(api.owner, task, "completed")
    assert specialists.world.texts == ["ann@example.com: Dear Bob"]


async def test_declining_and_cancelling_send_nothing(api: ApiHouse, specialists: Specialists) -> None:
    task, shown = await letter(api)
    await api.owner.json("POST", f"/approvals/{shown['id']}/decide", json={"decision": "later", "digest": shown["digest"]})
    declined = await api.owner.json("POST", f"/approvals/{shown['id']}/decide", json={"decision": "decline", "digest": shown["digest"]})
    assert (declined["state"], declined["decision"], declined["decided_by"]) == ("decided", "decline", api.owner.person.id)
    assert (await api.until(api.owner, task, "completed"))["result"] == {"sent": False}
    task, shown = await letter(api)
    await api.owner.json("POST", f"/tasks/{task}/cancel")
    answer = await api.owner.json("POST", f"/approvals/{shown['id']}/decide", 409, json={"decision": "approve", "digest": shown["digest"]})
    assert answer["title"]
    assert specialists.world.done.total() == 0


async def test_a_guests_letter_is_decided_by_the_owner_and_not_by_another(api: ApiHouse) -> None:
    _, shown = await letter(api)

    def give(connection: sa.Connection) -> None:
        connection.execute(sa.update(ApprovalRow).values(person_id=api.other.person.id))

    api.house.database.write_now(give)
    seen = await api.other.json("GET", f"/approvals/{shown['id']}")
    assert seen["may_decide"] is False
    for decision in ({"decision": "approve"}, {"decision": "edit", "changes": {"body": "x"}}):
        await api.other.json("POST", f"/approvals/{shown['id']}/decide", 403, json=decision | {"digest": shown["digest"]})
    assert (await api.owner.json("GET", f"/approvals/{shown['id']}"))["state"] == "pending"


async def test_to_others_an_approval_does_not_exist_and_without_the_condition_it_would(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    _, shown = await letter(api)
    decision = {"decision": "approve", "digest": shown["digest"]}
    await api.other.json("GET", f"/approvals/{shown['id']}", 404)
    await api.other.json("POST", f"/approvals/{shown['id']}/decide", 404, json=decision)
    assert (await api.other.json("GET", "/approvals"))["items"] == []
    monkeypatch.setattr(approvals, "visible_to", lambda person_id: sa.true())
    assert (await api.other.json("GET", f"/approvals/{shown['id']}"))["digest"] == shown["digest"]
    assert len((await api.other.json("GET", "/approvals"))["items"]) == 1
    await api.other.json("POST", f"/approvals/{shown['id']}/decide", 403, json=decision)
    assert (await api.owner.json("GET", f"/approvals/{shown['id']}"))["state"] == "pending"
