"""Postgres is away for a while: the API says so, in its own words, and listeners hear what happens when it is back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import websockets

from bot.api.app import PATH
from bot.web.guard import COOKIE
from tests.api.api_house import ApiHouse, running
from tests.api.live_clients import begin, happen, hear, socket
from tests.conftest import new_database
from tests.servers import postgres

pytestmark = pytest.mark.postgres


@asynccontextmanager
async def house(folder: Path, server: postgres.Server) -> AsyncIterator[ApiHouse]:
    with new_database(server.address) as url:
        async with running(folder, url=url, engine=False) as api:
            yield api


async def test_the_page_is_told_to_send_it_again(folder: Path, own_postgres: postgres.Server) -> None:
    async with house(folder, own_postgres) as api:
        said = {"client_id": "said-once-only", "text": "note: milk"}
        origin = api.address.removesuffix(PATH)
        async with httpx.AsyncClient(base_url=origin, cookies={COOKIE: "secret"}, headers={"Origin": origin}, trust_env=False) as page:
            own_postgres.unplug()
            away = await page.post("/chat/messages", json=said)
            own_postgres.plug_in()
            back = await page.post("/chat/messages", json=said)
        assert (away.status_code, back.status_code) == (503, 202)
        assert "Retry-After" in away.headers


async def test_requests_are_refused_for_a_while_and_listeners_go_on(folder: Path, own_postgres: postgres.Server) -> None:
    async with house(folder, own_postgres) as api:
        task = await begin(api, api.owner)
        async with socket(api, f"/tasks/{task.id}/ws", api.owner.key) as opened:
            assert [event["kind"] for event in await hear(opened, 1)] == ["status"]
            own_postgres.unplug()
            refused = await api.owner.client.get("/tasks")
            posted = await api.owner.client.post("/tasks", json={"type": "custom", "title": "Away", "priority": "high"})
            with pytest.raises(websockets.InvalidStatus, match="503"):
                async with socket(api, f"/tasks/{task.id}/ws", api.owner.key):
                    raise AssertionError("nobody can tell whose key this is")
            own_postgres.plug_in()
            await api.owner.json("GET", "/tasks")
            await happen(api, task, 3)
            assert [event["data"]["percent"] for event in await hear(opened, 3)] == [0, 1, 2]
        for answer in (refused, posted):
            told = answer.json()
            assert (answer.status_code, told["type"]) == (503, "urn:majordomo:problem:no-database")
            assert "try again" in told["remedy"]
            assert "postgres" not in answer.text.lower()
            assert int(answer.headers["Retry-After"]) > 0
