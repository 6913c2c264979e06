"""A running house with its HTTP API under a real server on a free port, and two people with a key each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI

from agents.catalog import Catalog
from agents.tools.http import HttpGet
from agents.tools.way_out import WayOut
from bot.api.app import PATH, make_api
from bot.api.limits import Limits
from bot.app import House, build
from bot.channels.api import ApiChannel
from bot.channels.web import WebChannel
from bot.settings import read
from bot.web.app import make_app
from bot.web.guard import Guard
from orchestrator import access
from orchestrator.business import BusinessBook, BusinessFile, sample_text
from orchestrator.contracts import Agent, Clock, Person, Tool
from orchestrator.words import Catalogues
from storage.models import new_id
from tests.people import Somebody, settle
from tests.servers.postgres import free_port

ALL_SCOPES = tuple(access.SCOPES)


@dataclass
class Party:
    """Somebody who calls the API: `client` has their key."""

    somebody: Somebody
    key: str
    key_id: str
    client: httpx.AsyncClient

    @property
    def person(self) -> Person:
        return self.somebody.person

    async def json(self, method: str, path: str, status: int = 200, **given: Any) -> Any:
        """The answer's body; the status must be the one expected."""
        answer = await self.client.request(method, path, **given)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:600]}"
        return answer.json() if answer.content else None


@dataclass
class ApiHouse:
    """`owner` owns the house; `other` is a member who must see nothing of the owner's."""

    house: House
    port: int
    api: FastAPI
    owner: Party
    other: Party
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    def client(self, key: str = "", **headers: str) -> httpx.AsyncClient:
        """A client with this key, or with none."""
        given = ({"Authorization": f"Bearer {key}"} if key else {}) | headers
        made = httpx.AsyncClient(base_url=self.address, headers=given, trust_env=False, timeout=60)
        self.clients.append(made)
        return made

    def key(self, person: Person, *scopes: str, **more: Any) -> access.Made:
        """A further key of a person; all scopes they may have where none is named."""
        wanted = scopes or access.allowed_to(person)
        return self.house.database.write_now(lambda connection: access.create(connection, person, "test", wanted, self.house.clock.now(), **more))

    def party(self, somebody: Somebody, *scopes: str) -> Party:
        made = self.key(somebody.person, *scopes)
        return Party(somebody, made.secret, made.key.id, self.client(made.secret))

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        return list(self.house.database.read_now(lambda connection: connection.execute(query).all()))

    async def until(self, party: Party, task: str, *states: str, seconds: float = 20) -> Any:
        """The task once it is in one of these states."""
        async with asyncio.timeout(seconds):
            while True:
                found = await party.json("GET", f"/tasks/{task}")
                if found["state"] in states:
                    return found
                await asyncio.sleep(0.03)


def own_folder(folder: Path) -> Path:
    """A new data folder in which the trained router of `folder` is at hand."""
    home, cache = folder / new_id(), folder / "cache"
    home.mkdir()
    cache.mkdir(exist_ok=True)
    (home / "cache").symlink_to(cache, target_is_directory=True)
    return home


def _reading() -> list[Any]:
    """The one tool that some of the tests name."""
    return [HttpGet(WayOut())]


@asynccontextmanager
async def running(
    folder: Path, *, url: str = "", clock: Clock | None = None, agents: Sequence[Agent] = (), tools: Sequence[Tool] = (), limits: Limits | None = None,
    engine: bool = True,
) -> AsyncIterator[ApiHouse]:  # fmt: skip
    """The house on a fresh SQLite file in a folder of its own below `folder` (or on `url`); the router's cache is shared."""
    home = own_folder(folder)
    config = home / "majordomo.yaml"
    config.write_text(sample_text().replace("# zone: Europe/Berlin    # left out: this machine's time zone", "zone: Europe/Berlin"), encoding="utf-8")
    settings = read({"DATABASE_URL": url or f"sqlite+aiosqlite:///{home}/majordomo.db", "MAJORDOMO_CONFIG": str(config)})
    business = BusinessFile(config)
    catalogue = Catalog(book=BusinessBook(business), words=Catalogues(), agents=agents, tools=tools, outside=_reading)
    house = build(settings, clock=clock, business=business, catalogue=catalogue)
    web, port = WebChannel(house.database, house.clock), free_port()
    await house.start([web, ApiChannel(house.database, house.clock)], engine=engine)
    guard = Guard("secret")
    api = make_api(house, guard, limits)
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(web, house.database, guard, None, None, {PATH: api}), port=port, log_level="warning", lifespan="off", timeout_graceful_shutdown=1
        )
    )
    serving = asyncio.create_task(server._serve())  # without its signal handlers: the tests keep theirs
    nobody = Party(settle(house.database), "", "", httpx.AsyncClient())
    served = ApiHouse(house, port, api, nobody, nobody)
    served.owner = served.party(nobody.somebody)
    served.other = served.party(settle(house.database, role="member", channel="telegram", external="1002"))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield served
    finally:
        fallen = [error for work in house.works if work.done() and not work.cancelled() and (error := work.exception()) is not None]
        for client in served.clients:
            await client.aclose()
        api.state.closing.set()
        server.should_exit = True
        await serving
        await house.stop()
    assert not fallen, f"works of the house ended by themselves: {fallen}"
