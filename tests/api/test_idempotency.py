"""A request with an Idempotency-Key is done once, however often and however concurrently it is sent."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from bot.api import idempotency
from storage.models import IdempotencyRow, TaskRow
from tests.api.api_house import ApiHouse

BODY = {"type": "echoing", "title": "Once"}


def made(api: ApiHouse) -> int:
    return len(api.rows(sa.select(TaskRow.id).where(TaskRow.type == "echoing")))


async def test_sixteen_at_once_with_one_key_make_one_task_and_get_one_answer(anywhere: ApiHouse) -> None:
    headers = {"Idempotency-Key": "order-66"}
    answers = await asyncio.gather(*(anywhere.owner.client.post("/tasks", json=BODY, headers=headers) for _ in range(16)))
    assert {(answer.status_code, answer.headers["location"], answer.text) for answer in answers} == {(201, answers[0].headers["location"], answers[0].text)}
    assert sorted(answer.headers.get("idempotency-replayed", "") for answer in answers) == [""] + ["true"] * 15
    assert made(anywhere) == 1


async def test_without_the_entry_of_the_key_sixteen_make_sixteen(anywhere: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_once", lambda connection, claim, work, now: work(connection, now))
    await asyncio.gather(*(anywhere.owner.client.post("/tasks", json=BODY, headers={"Idempotency-Key": "order-66"}) for _ in range(16)))
    assert made(anywhere) == 16


async def test_a_key_belongs_to_one_request_of_one_person_and_failures_are_not_kept(anywhere: ApiHouse) -> None:
    headers = {"Idempotency-Key": "k"}
    await anywhere.owner.json("POST", "/tasks", 422, json={"type": "no_such_type"}, headers=headers)
    await anywhere.owner.json("POST", "/tasks", 201, json=BODY, headers=headers)
    problem = await anywhere.owner.json("POST", "/tasks", 422, json=BODY | {"title": "Other"}, headers=headers)
    assert (problem["type"], problem["field"]) == ("urn:majordomo:problem:idempotency-key-reused", "header.Idempotency-Key")
    await anywhere.other.json("POST", "/tasks", 201, json=BODY, headers=headers)
    assert made(anywhere) == 2
    old = sa.update(IdempotencyRow).values(created_at=anywhere.house.clock.now() - idempotency.KEPT * 2)
    anywhere.house.database.write_now(lambda connection: connection.execute(old))
    await anywhere.owner.json("POST", "/tasks", 201, json=BODY | {"title": "Other"}, headers=headers)
