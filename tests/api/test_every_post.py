"""Every POST of the OpenAPI, sent twice under one Idempotency-Key: it is done once and answered the same, or it refuses the header."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot.api import idempotency
from orchestrator.tasks import deliveries
from storage.models import CredentialRow, IdempotencyRow, NoticeDeliveryRow, NoticePlaceRow, OccurrenceRow
from tests.api.api_house import ApiHouse
from tests.api.live_clients import begin
from tests.api.test_approvals import letter
from tests.api.test_resources import PORTAL, SECRET, tell, wanted

DISCORD = {"channel": "discord", "address": "https://discord.com/api/webhooks/123456789/abcdefgh"}
DAILY = {"title": "Water", "repeat": "rrule", "rule": "FREQ=DAILY", "at": "2040-01-01T08:00:00Z", "zone": "UTC"}
REFUSING = {"/preferences/places", "/credential-requests/{request_id}/form"}
NOT_SENT = {"/tasks/{task}/undo"}
"""Only its header is looked at: an effect that can be taken back needs more than a walk."""

Prepared = tuple[str, Any]
"""The address, and the body."""


async def schedule(api: ApiHouse) -> str:
    return str((await api.owner.json("POST", "/schedules", 201, json=DAILY))["id"])


def on_schedule(verb: str) -> Callable[[ApiHouse], Awaitable[Prepared]]:
    async def prepare(api: ApiHouse) -> Prepared:
        found = await schedule(api)
        if verb == "resume":
            await api.owner.json("POST", f"/schedules/{found}/pause")
        return f"/schedules/{found}/{verb}", None

    return prepare


def on_task(verb: str, *before: str) -> Callable[[ApiHouse], Awaitable[Prepared]]:
    async def prepare(api: ApiHouse) -> Prepared:
        task = (await begin(api, api.owner)).id
        for step in before:
            await api.owner.json("POST", f"/tasks/{task}/{step}")
        return f"/tasks/{task}/{verb}", None

    return prepare


async def retried(api: ApiHouse) -> Prepared:
    task = (await api.owner.json("POST", "/tasks", 201, json={"type": "failing_once"}))["id"]
    await api.until(api.owner, task, "failed", seconds=60)
    return f"/tasks/{task}/retry", None


async def answered(api: ApiHouse) -> Prepared:
    made = await api.owner.json("POST", "/tasks", 201, json={"type": "reminder_set", "slots": {"rest": "water the plants"}})
    return f"/tasks/{made['id']}/answer", {"answer": "tomorrow at 8"}


async def decided(api: ApiHouse) -> Prepared:
    _, shown = await letter(api)
    return f"/approvals/{shown['id']}/decide", {"decision": "decline", "digest": shown["digest"]}


async def with_discord(api: ApiHouse, path: str) -> Prepared:
    place = (await api.owner.json("POST", "/preferences/places", 201, json=DISCORD))["id"]
    return path.format(place=place), None


async def confirmed(api: ApiHouse) -> Prepared:
    known = api.house.runner.around.places
    assert known is not None
    object.__setattr__(known, "mails", True)
    place = (await api.owner.json("POST", "/preferences/places", 201, json={"channel": "email", "address": "me@example.org"}))["id"]
    return "/preferences/places/confirm-email", {"code": await api.house.database.read(lambda connection: known.code(connection, place, api.house.clock.now()))}


async def plain(path: str, body: Any = None) -> Prepared:
    return path, body


async def of_request(api: ApiHouse, verb: str) -> Prepared:
    return f"/credential-requests/{await wanted(api, api.owner)}/{verb}", None


async def acted(api: ApiHouse) -> Prepared:
    return f"/notifications/{await tell(api, api.owner, 'n')}/act", {"action": "snooze", "seconds": 600}


PREPARED: dict[str, Callable[[ApiHouse], Awaitable[Prepared]]] = {
    "/tasks": lambda api: plain("/tasks", {"type": "echoing"}),
    "/tasks/{task}/pause": on_task("pause"), "/tasks/{task}/resume": on_task("resume", "pause"), "/tasks/{task}/cancel": on_task("cancel"),
    "/tasks/{task}/execute": on_task("execute", "pause"), "/tasks/{task}/retry": retried, "/tasks/{task}/answer": answered,
    "/task-types/{task_type}/validate": lambda api: plain("/task-types/reminder_set/validate", {"config": {"rest": "buy milk"}}),
    "/approvals/{approval}/decide": decided,
    "/autonomous/execute": lambda api: plain("/autonomous/execute"),
    "/autonomous/test-webhook": lambda api: with_discord(api, "/autonomous/test-webhook"),
    "/credentials": lambda api: plain("/credentials", PORTAL | {"service": "Clinic"}),
    "/credential-requests/{request_id}/form": lambda api: of_request(api, "form"),
    "/credential-requests/{request_id}/decline": lambda api: of_request(api, "decline"),
    "/notifications/read-all": lambda api: plain("/notifications/read-all"),
    "/notifications/{notification}/act": acted,
    "/preferences/places": lambda api: plain("/preferences/places", DISCORD),
    "/preferences/places/confirm-email": confirmed,
    "/preferences/places/{place}/test": lambda api: with_discord(api, "/preferences/places/{place}/test"),
    "/schedules": lambda api: plain("/schedules", DAILY),
    "/schedules/{schedule}/pause": on_schedule("pause"), "/schedules/{schedule}/resume": on_schedule("resume"),
    "/schedules/{schedule}/skip": on_schedule("skip"), "/schedules/{schedule}/run": on_schedule("run"),
}  # fmt: skip


async def walk(api: ApiHouse) -> list[str]:
    """Every POST that neither repeats its answer nor refuses the header."""
    wrong = []
    for path, methods in (await api.owner.json("GET", "/openapi.json"))["paths"].items():
        if "post" not in methods:
            continue
        told = any(parameter["name"] == idempotency.KEY for parameter in methods["post"].get("parameters", ()))
        if told == (path in REFUSING):
            wrong.append(f"{path}: the description says otherwise")
        if path in NOT_SENT:
            continue
        if path not in PREPARED:
            wrong.append(f"{path}: this walk does not know it")
            continue
        address, body = await PREPARED[path](api)
        headers = {idempotency.KEY: f"walk {path}"}
        first, again = [await api.owner.client.post(address, json=body, headers=headers) for _ in range(2)]
        if path in REFUSING:
            refused = {(answer.status_code, answer.json().get("field")) for answer in (first, again)}
            right = refused == {(422, f"header.{idempotency.KEY}")}
        else:
            same = (first.status_code, first.text) == (again.status_code, again.text)
            right = first.status_code < 300 and same and again.headers.get(idempotency.REPLAYED) == "true"
        if not right:
            wrong.append(f"{path}: {first.status_code} {first.text[:300]} | {again.status_code} {again.text[:300]}")
    return wrong


async def test_every_post_repeats_its_answer_or_refuses_the_header(api: ApiHouse) -> None:
    assert await walk(api) == []
    secrets = "".join(str(row) for row in api.rows(sa.select(IdempotencyRow.__table__)))
    assert SECRET not in secrets and not re.search("whsec_|/secret/", secrets)


async def test_without_the_entry_of_the_key_the_walk_finds_them_all(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    monkeypatch.setattr(idempotency, "_once", lambda connection, claim, work, now: work(connection, now))
    assert {line.partition(":")[0] for line in await walk(api)} == PREPARED.keys() - REFUSING


async def test_one_key_skips_one_day(anywhere: ApiHouse) -> None:
    found, headers = await schedule(anywhere), {idempotency.KEY: "skip"}
    for _ in range(2):
        shown = await anywhere.owner.json("POST", f"/schedules/{found}/skip", headers=headers)
        assert shown["next_due"] == "2040-01-02T08:00:00Z"
    assert anywhere.rows(sa.select(OccurrenceRow.outcome)) == [("skipped",)]


async def test_another_secret_under_the_same_key_is_another_request(anywhere: ApiHouse) -> None:
    headers = {idempotency.KEY: "portal"}
    await anywhere.owner.json("POST", "/credentials", 201, json=PORTAL, headers=headers)
    other = PORTAL | {"fields": {"username": "jane", "password": "another"}}
    problem = await anywhere.owner.json("POST", "/credentials", 422, json=other, headers=headers)
    assert problem["type"] == "urn:majordomo:problem:idempotency-key-reused"
    assert len(anywhere.rows(sa.select(CredentialRow.id))) == 1


async def test_a_wrong_code_counts_as_a_try_and_is_not_kept(anywhere: ApiHouse) -> None:
    path, body = await confirmed(anywhere)
    for key in ("a", "a", "b"):
        answer = await anywhere.owner.client.post(path, json={"code": "WRONG"}, headers={idempotency.KEY: key})
        assert (answer.status_code, answer.headers["content-type"], answer.json()["field"]) == (422, "application/problem+json", "body.code")
        assert idempotency.REPLAYED not in answer.headers
    assert anywhere.rows(sa.select(NoticePlaceRow.tries)) == [(3,)]
    await anywhere.owner.json("POST", path, json=body, headers={idempotency.KEY: "a"})


async def test_an_address_that_is_only_tried_takes_no_key_and_a_queued_test_is_sent_once(anywhere: ApiHouse) -> None:
    headers = {idempotency.KEY: "test"}
    body = {"webhook_url": DISCORD["address"]}
    problem = await anywhere.owner.json("POST", "/autonomous/test-webhook", 422, json=body, headers=headers)
    assert problem["type"] == "urn:majordomo:problem:idempotency-key-refused"
    address, _ = await with_discord(anywhere, "/autonomous/test-webhook")
    for _ in range(2):
        assert await anywhere.owner.json("POST", address, headers=headers) == {"status": "queued"}
    tests = sa.select(sa.func.count()).select_from(NoticeDeliveryRow).where(NoticeDeliveryRow.event == deliveries.TEST)
    assert anywhere.rows(tests) == [(1,)]
