"""Live events: nothing missed, nothing doubled, nobody else's, and no longer than one may."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
import websockets

from bot.api import streams
from bot.event_stream import KEPT, Ended, EventStream, Listener, Wanted
from orchestrator import access
from orchestrator.contracts import TaskState
from orchestrator.tasks import events, manager
from orchestrator.tasks.events import Event
from storage.database import Database
from storage.models import EventRow
from storage.signals import announce
from tests.api.api_house import ApiHouse
from tests.api.live_clients import begin, curl, happen, hear, socket, watch
from tests.conftest import NOW
from tests.people import settle


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are looked at ten times as often."""
    monkeypatch.setattr(streams, "EVERY", 0.2)


def percents(found: list[dict[str, object]]) -> list[int]:
    return [event["data"]["percent"] for event in found if event["kind"] == "progress"]  # type: ignore[index]


# --- going on -----------------------------------------------------------------------------------------------------------


async def test_a_dropped_stream_goes_on_after_the_last_event_with_nothing_missed_or_doubled(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    address = f"{api.address}/tasks/{task.id}/events"
    ids: list[int] = []
    seen: list[dict[str, object]] = []
    writing = asyncio.create_task(happen(api, task, 100))
    last = "0"
    while len(seen) < 101:
        async with curl(address, api.owner.key, "-H", f"Last-Event-ID: {last}") as process:
            part = await watch(process, min(17, 101 - len(seen)))
        ids += part.ids
        seen += part.events
        last = str(ids[-1])
    await writing
    assert percents(seen) == list(range(100))
    assert ids == sorted(set(ids))


async def test_the_same_over_websockets(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    seen: list[dict[str, object]] = []
    writing = asyncio.create_task(happen(api, task, 100))
    last: int | None = None
    while len(seen) < 101:
        async with socket(api, f"/tasks/{task.id}/ws", api.owner.key, last) as opened:
            seen += await hear(opened, min(17, 101 - len(seen)))
        last = int(seen[-1]["id"])  # type: ignore[call-overload]
    await writing
    assert percents(seen) == list(range(100))


async def test_a_stream_of_a_person_tells_all_their_tasks_and_no_others(api: ApiHouse) -> None:
    mine, other, theirs = await begin(api, api.owner, "one"), await begin(api, api.owner, "two"), await begin(api, api.other, "not yours")
    async with socket(api, "/ws", api.owner.key, 0) as opened:
        for task in (theirs, mine, other):
            await happen(api, task, 1)
        found = await hear(opened, 4)
    assert [event["task_id"] for event in found] == [mine.id, other.id, mine.id, other.id]
    page = await api.other.json("GET", "/events")
    assert {event["task_id"] for event in page["items"]} == {theirs.id}


async def test_events_are_listed_in_pages(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    await happen(api, task, 25)
    found, after = [], 0
    while True:
        page = await api.owner.json("GET", f"/tasks/{task.id}/events", params={"after": after, "limit": 10})
        found += page["items"]
        if page["next"] is None:
            break
        after = page["next"]
    assert [event["kind"] for event in found] == ["status"] + ["progress"] * 25
    assert all(event["created_at"].endswith("Z") for event in found)


async def test_a_life_is_told_whole_and_the_stream_ends_with_it(api: ApiHouse) -> None:
    task = await begin(api, api.owner)

    def live(connection: sa.Connection) -> None:
        now = datetime.now(UTC)
        running = manager.transition(connection, task, TaskState.IN_PROGRESS, now)
        later = manager.transition(connection, running, TaskState.PENDING, now, error={"message": "the line dropped"}, attempts=1)
        again = manager.transition(connection, later, TaskState.IN_PROGRESS, now)
        manager.complete(connection, again, {"answer": 42}, now)

    async with curl(f"{api.address}/tasks/{task.id}/stream?until=ended", api.owner.key) as process:
        await api.house.database.write(live)
        found = await watch(process)
    told = [(event["kind"], event["data"].get("state")) for event in found.events]
    assert told == [
        ("status", "pending"), ("status", "in_progress"), ("error", None), ("status", "pending"), ("status", "in_progress"), ("result", None),
        ("status", "completed"),
    ]  # fmt: skip
    assert found.events[5]["data"] == {"result": {"answer": 42}}
    async with curl(f"{api.address}/tasks/{task.id}/stream?until=ended&last_event_id={found.ids[-1]}", api.owner.key) as process:
        assert (await watch(process)).events == []


async def test_what_a_task_says_is_info_and_carries_no_button(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    said = {"html": "<p>Which?</p>", "markdown": "Which?", "buttons": [[{"label": "This", "token": "secret-token"}]]}
    await api.house.database.write(lambda connection: events.record(connection, task, events.MESSAGE, said, datetime.now(UTC)))
    page = await api.owner.json("GET", f"/tasks/{task.id}/events")
    assert (page["items"][-1]["kind"], page["items"][-1]["data"]) == ("info", {"text": "Which?"})
    assert "secret-token" not in json.dumps(page)


async def test_an_id_of_another_database_begins_at_the_present(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    async with socket(api, f"/tasks/{task.id}/ws", api.owner.key, 10**15) as opened:
        await happen(api, task, 1)
        assert percents(await hear(opened, 1)) == [0]


# --- rights -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("often")
async def test_a_revoked_key_ends_its_streams_with_the_reason(api: ApiHouse) -> None:
    task, key = await begin(api, api.owner), api.key(api.owner.person)
    kept = api.key(api.owner.person)
    async with (
        curl(f"{api.address}/tasks/{task.id}/events", key.secret) as process,
        socket(api, "/ws", key.secret) as opened,
        socket(api, "/ws", kept.secret) as other,
    ):
        await watch(process, 1)
        api.house.database.write_now(lambda connection: access.revoke(connection, api.owner.person.id, key.key.id, api.house.clock.now()))
        ended = await watch(process)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(opened.recv(), 10)
        assert ended.closed is not None and ended.closed["reason"] == "not_allowed_any_more"
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
        await happen(api, task, 1)
        assert percents(await hear(other, 1)) == [0]


@pytest.mark.usefixtures("often")
async def test_without_the_look_at_rights_the_stream_would_go_on(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    monkeypatch.setattr(access, "still_known", lambda connection, key, now: access.Known(api.owner.person, key, frozenset({"tasks:read"}), None))
    task, key = await begin(api, api.owner), api.key(api.owner.person)
    async with socket(api, "/ws", key.secret) as opened:
        api.house.database.write_now(lambda connection: access.revoke(connection, api.owner.person.id, key.key.id, api.house.clock.now()))
        await asyncio.sleep(0.6)
        await happen(api, task, 1)
        assert percents(await hear(opened, 1)) == [0]


async def test_nobody_watches_another_persons_task(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    for path in (f"/tasks/{task.id}/events", f"/tasks/{task.id}/stream"):
        answer = await api.other.client.get(path, headers={"Accept": "text/event-stream"})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with socket(api, f"/tasks/{task.id}/ws", api.other.key):
            raise AssertionError("let in")
    assert refused.value.response.status_code == 404


async def test_a_browser_sends_its_key_as_the_first_message(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    address = f"{api.address.replace('http', 'ws', 1)}/tasks/{task.id}/ws"
    async with websockets.connect(address, proxy=None) as opened:
        await opened.send(json.dumps({"key": api.owner.key}))
        assert (await hear(opened, 1))[0]["data"]["state"] == "pending"
    for said in ('{"key": "mjd_wrong"}', "no json", "[1]", '{"key": null}'):
        async with websockets.connect(address, proxy=None) as opened:
            await opened.send(said)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(opened.recv(), 10)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


async def test_a_key_without_the_scope_is_refused(api: ApiHouse) -> None:
    key = api.key(api.owner.person, "notifications:read")
    assert (await api.client(key.secret).get("/events")).status_code == 403
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with socket(api, "/ws", key.secret):
            raise AssertionError("let in")
    assert refused.value.response.status_code == 403


# --- slow ones, and the end -----------------------------------------------------------------------------------------------


async def test_who_does_not_read_is_let_go(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    address = urlsplit(api.address)
    with sockets.socket() as line:
        line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        line.connect((address.hostname, address.port))
        line.sendall(f"GET {address.path}/tasks/{task.id}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {api.owner.key}\r\n\r\n".encode())
        async with asyncio.timeout(60):
            while api.house.live.listeners < 1:
                await asyncio.sleep(0.02)

        def flood(connection: sa.Connection) -> None:
            for _ in range(KEPT + 500):
                events.record(connection, task, events.PROGRESS, {"percent": 1, "label": "x" * 10_000}, datetime.now(UTC))

        await api.house.database.write(flood)
        (listener,) = next(iter(api.house.live._shelves.values()))
        async with asyncio.timeout(60):
            while listener.ended is None:
                await asyncio.sleep(0.02)
    assert listener.ended is Ended.SLOW
    assert len(listener.waiting) == 0


def test_what_waits_for_a_listener_is_bounded() -> None:
    listener = Listener(Wanted(task_id="t"))
    for number in range(KEPT + 1):
        listener.give(Event(number + 1, "p", None, "t", "progress", {}, NOW))
    assert listener.ended is Ended.SLOW
    assert not listener.waiting


async def test_streams_end_when_the_house_closes(api: ApiHouse) -> None:
    task = await begin(api, api.owner)
    async with curl(f"{api.address}/tasks/{task.id}/events", api.owner.key) as process, socket(api, "/ws", api.owner.key) as opened:
        await watch(process, 1)
        api.api.state.closing.set()
        ended = await watch(process)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(opened.recv(), 10)
    assert ended.closed is not None and ended.closed["reason"] == "closing"
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001


# --- Postgres ---------------------------------------------------------------------------------------------------------------


async def follow(live: EventStream, person: str, last: int, count: int) -> list[int]:
    found: list[int] = []
    async for event in live.follow(Listener(Wanted(person_id=person)), last, 5):
        found += [event.id] if event is not None else []
        if len(found) == count:
            break
    return found


async def test_an_event_that_commits_after_a_later_one_is_seen_and_in_order(database: Database) -> None:
    person, live = settle(database).person.id, EventStream(database)

    def insert(connection: sa.Connection) -> int:
        row = {"person_id": person, "kind": "progress", "data": {}, "created_at": NOW}
        return int(connection.execute(sa.insert(EventRow).values(**row).returning(EventRow.id)).scalar_one())

    watching = asyncio.create_task(follow(live, person, 0, 3))
    first = await database.write(insert)
    if database.is_sqlite:
        low, high = await database.write(insert), await database.write(insert)
    else:
        with database.engine.connect() as early, early.begin():
            low = insert(early)
            high = await database.write(insert)
            database.write_now(lambda connection: announce(connection, events.TOPIC))
            await asyncio.sleep(0.3)
            assert not watching.done()
    database.write_now(lambda connection: announce(connection, events.TOPIC))
    assert await asyncio.wait_for(watching, 10) == [first, low, high]
    live.close()
