"""Every route that names a thing, walked with the key of somebody else: to them it does not exist, and it stays as it was."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
import websockets

from orchestrator.tasks import listing
from tests.api.api_house import ApiHouse, Party
from tests.api.live_clients import socket
from tests.api.test_fuzz import known

NOBODYS = frozenset({"agent", "task_type"})
"""Names in paths that belong to the house, not to a person."""
BODIES: dict[str, Any] = {
    "PATCH /tasks/{task}": {"title": "taken over"}, "POST /tasks/{task}/answer": {"answer": "tomorrow at 10"},
    "PATCH /schedules/{schedule}": {"title": "taken over"}, "POST /notifications/{notification}/act": {"action": "done"},
}  # fmt: skip
NAME = re.compile(r"\{(\w+)\}")


async def things(api: ApiHouse) -> dict[str, str]:
    """One of each thing of the owner's, by the name that paths give it."""
    found = {name: values[0] for name, values in (await known(api)).items() if name not in NOBODYS}
    place = {"channel": "discord", "address": "https://discord.com/api/webhooks/123456789/abcdefgh"}
    found["place"] = (await api.owner.json("POST", "/preferences/places", 201, json=place))["id"]
    return found


async def breaches(api: ApiHouse, found: dict[str, str], stranger: Party) -> list[str]:
    """Every route that lets the stranger at something, or says that it is there."""
    document = await api.owner.json("GET", "/openapi.json")
    wrong = []
    for path, methods in document["paths"].items():
        names = set(NAME.findall(path)) - NOBODYS
        if not names:
            continue
        for method in methods:
            label = f"{method.upper()} {path}"
            if missing := names - found.keys() - {"approval", "email"}:
                wrong.append(f"{label}: this walk has no {missing}")
                continue
            address = NAME.sub(lambda name: found.get(name[1], "no-such-thing"), path)
            schema = _body_of(methods[method])
            answer = await stranger.client.request(method, address, json=BODIES.get(label, _example(label, schema)) if schema else None)
            if answer.status_code != 404:
                wrong.append(f"{label}: {answer.status_code} {answer.text[:200]}")
    return wrong


def _body_of(operation: dict[str, Any]) -> Any:
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")


def _example(label: str, schema: Any) -> Any:
    return {"decision": "decline", "digest": "0" * 64} if label.endswith("/decide") else {}


async def lists(api: ApiHouse, stranger: Party, found: dict[str, str]) -> list[str]:
    """Lists in which something of the owner's shows up."""
    document = await api.owner.json("GET", "/openapi.json")
    open_paths = [path for path, methods in document["paths"].items() if "get" in methods and "{" not in path and path != "/stream"]
    shown = []
    for path in open_paths:
        text = (await stranger.client.get(path)).text
        shown += [f"GET {path} shows {name}" for name, value in found.items() if value in text]
    return shown


async def test_nobody_gets_at_what_is_anothers(api: ApiHouse) -> None:
    found = await things(api)
    assert await breaches(api, found, api.other) == []
    assert await lists(api, api.other, found) == []
    assert len(await lists(api, api.owner, found)) >= 6
    task = await api.owner.json("GET", f"/tasks/{found['task']}")
    assert task["title"] != "taken over"
    for path in (f"/tasks/{found['task']}/ws",):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with socket(api, path, api.other.key):
                raise AssertionError("let in")
        assert refused.value.response.status_code == 404


async def test_without_the_condition_on_the_person_the_walk_finds_breaches(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: tasks of everybody are everybody's."""
    found = await things(api)
    monkeypatch.setattr(listing, "mine", lambda person_id: sa.true())
    wrong = await breaches(api, found, api.other)
    assert {label.split(":")[0] for label in wrong} >= {"GET /tasks/{task}", "PATCH /tasks/{task}", "GET /tasks/{task}/trace"}
    assert any(line.startswith("GET /tasks shows task") for line in await lists(api, api.other, found))
