"""What a chat shows once, a key or a form's address, is for that chat: no key that only reads tasks gets it from a stream."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bot.api import live, sockets
from bot.api.access import Caller
from bot.event_stream import Wanted
from orchestrator.contracts import Action, Button, Card
from orchestrator.tasks import events, outgoing
from storage.models import EventRow, MessageRow, new_id
from tests.api.api_house import ApiHouse
from tests.api.live_clients import begin, curl, happen, hear, socket, watch
from tests.api.test_resources import wanted

FORM = "https://house.example/secret/" + "0123456789abcdef" * 2


async def told_in_the_chat(api: ApiHouse, text: str) -> str:
    """The owner writes into the web chat; everything that the chat showed, once it shows something new."""
    chat, house = api.owner.somebody.chat_id, api.house
    row = {
        "id": new_id(), "channel": "web", "platform_id": new_id(), "chat_id": chat, "person_id": api.owner.person.id, "kind": "text", "text": text,
        "payload": {}, "received_at": house.clock.now(),
    }  # fmt: skip

    def say(connection: sa.Connection) -> None:
        connection.execute(sa.insert(MessageRow), row)
        house.desk.handle_next(connection, chat)

    await house.database.write(say)
    return await shown_in_the_chat(api)


async def shown_in_the_chat(api: ApiHouse) -> str:
    query = sa.select(EventRow.data).where(EventRow.chat_id == api.owner.somebody.chat_id, EventRow.kind == events.MESSAGE)
    async with asyncio.timeout(60):
        while not (found := api.rows(query)):
            await asyncio.sleep(0.02)
    return json.dumps([row[0] for row in found])


async def all_that_is_read(api: ApiHouse, key: str) -> str:
    """Everything that a key gets: the page, the stream and the socket, up to an event that is certainly last."""
    task = await begin(api, api.owner, "the last")
    await happen(api, task, 1)
    page: dict[str, Any] = (await api.client(key).get("/events?limit=200")).json()
    async with curl(f"{api.address}/stream?last_event_id=0", key) as process, socket(api, "/ws", key, 0) as opened:
        lines = await watch(process, len(page["items"]))
        heard = await hear(opened, len(page["items"]))
    assert [event["id"] for event in heard] == lines.ids == [event["id"] for event in page["items"]]
    assert page["items"][-1]["task_id"] == task.id
    return json.dumps([page, lines.events, heard], ensure_ascii=False)


async def test_a_new_key_that_the_chat_shows_is_not_read_by_a_key_for_tasks(api: ApiHouse) -> None:
    reader = api.key(api.owner.person, "tasks:read").secret
    shown = re.search(r"mjd_[A-Za-z0-9_-]{20,}", await told_in_the_chat(api, "/apikey dashboard"))
    assert shown is not None
    assert shown[0] not in await all_that_is_read(api, reader)


async def test_without_the_rule_the_key_would_be_read(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""

    def everything(caller: Caller) -> Wanted:
        return Wanted(person_id=caller.person.id, kinds=live.KINDS)

    monkeypatch.setattr(live, "of_person", everything)
    monkeypatch.setattr(sockets, "of_person", everything)
    reader = api.key(api.owner.person, "tasks:read").secret
    shown = re.search(r"mjd_[A-Za-z0-9_-]{20,}", await told_in_the_chat(api, "/apikey dashboard"))
    assert shown is not None
    assert (await all_that_is_read(api, reader)).count(shown[0]) == 3


async def say_form(api: ApiHouse) -> str:
    """A task's chat shows the address of a form; the task's id."""
    request_id = await wanted(api, api.owner)
    task = (await api.owner.json("GET", f"/credential-requests/{request_id}"))["task_id"]
    envelope = outgoing.Envelope(api.owner.somebody.chat_id, api.owner.person.id, datetime.now(UTC), task)
    card = Card(f"Open this page: [{FORM}]({FORM})", ((Button("New link", Action("credential", request_id, "provide")),),))
    before = len(json.loads(await shown_in_the_chat(api)))
    await api.house.database.write(lambda connection: outgoing.post(connection, envelope, card))
    async with asyncio.timeout(60):
        while len(json.loads(await shown_in_the_chat(api))) <= before:
            await asyncio.sleep(0.02)
    assert FORM in await shown_in_the_chat(api)
    return str(task)


async def test_the_address_of_a_form_that_a_task_says_is_hidden(api: ApiHouse) -> None:
    task = await say_form(api)
    reader = api.key(api.owner.person, "tasks:read").secret
    page = (await api.client(reader).get(f"/tasks/{task}/events")).text
    everything = page + await all_that_is_read(api, reader)
    assert "/secret/" not in everything
    assert "Open this page: [•••](•••)" in page


async def test_without_the_rule_the_address_would_be_read(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    monkeypatch.setattr(live, "FORM", re.compile("(?!)"))
    task = await say_form(api)
    reader = api.key(api.owner.person, "tasks:read").secret
    assert FORM in (await api.client(reader).get(f"/tasks/{task}/events")).text
