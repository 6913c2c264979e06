"""The test list of the autonomous mode's source document, point by point: its four requests over HTTP, its five security points, its flow with Discord."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.forwarding_shapes import COLOURS
from orchestrator.autonomous.modes import Interval
from orchestrator.contracts import Concern
from storage.database import Database
from tests.api.api_house import ApiHouse, Party
from tests.autonomous.stage import Stage, set_up, week_of
from tests.autonomous.test_rhythm import AUTUMN, HOURS, SPRING
from tests.conftest import MovedClock
from tests.notices.desk import desk_on
from tests.notices.post import post
from tests.servers import discord

PATH = "/autonomous"


async def ended_run(party: Party) -> Any:
    """The latest run, once it has ended."""
    async with asyncio.timeout(60):
        while True:
            runs = (await party.json("GET", f"{PATH}/runs"))["items"]
            if runs and runs[0]["state"] == "ended":
                return runs[0]
            await asyncio.sleep(0.03)


# --- its four requests ---


async def test_the_four_requests(api: ApiHouse) -> None:
    """Get the configuration, change it, set a run off, test the webhook: in this order, against the running server."""
    owner = api.owner
    mode = await owner.json("GET", PATH)
    assert mode == {"enabled": False, "interval": "1hour", "discord": None, "last_run": None, "next_run": None, "running": False}

    for interval in Interval:
        mode = await owner.json("PUT", PATH, json={"enabled": True, "interval": interval.value})
        assert (mode["enabled"], mode["interval"]) == (True, interval.value)
        ahead = datetime.fromisoformat(mode["next_run"]) - datetime.now(UTC)
        assert timedelta(minutes=interval.minutes - 2) < ahead <= timedelta(minutes=interval.minutes)
    assert await owner.json("GET", PATH) == mode

    begun = await owner.json("POST", f"{PATH}/execute", 202)
    run = await ended_run(owner)
    assert (run["id"], run["asked"], run["outcome"], run["result"]) == (begun["run_id"], True, "ran", "idle")
    assert (await owner.json("GET", PATH))["last_run"] is not None

    with discord.running() as server:
        around = api.house.runner.around
        api.house.settings = replace(api.house.settings, discord_root=server.root)
        api.house.runner.around = replace(around, places=replace(around.places, discord_root=server.root))  # type: ignore[type-var]
        assert await owner.json("POST", f"{PATH}/test-webhook", json={"webhook_url": server.webhook()}) == {"status": "sent"}
        assert len(server.embeds) == 1 and server.refusals == []


# --- its five security points ---


async def test_webhook_addresses_are_discords(api: ApiHouse) -> None:
    for wrong in (
        "https://evil.example/api/webhooks/1/x",
        "http://discord.com/api/webhooks/1/x",
        "http://169.254.169.254/",
        "https://discord.com.evil.example/",
    ):
        for method, path, body in (("PUT", PATH, {"discord_webhook": wrong}), ("POST", f"{PATH}/test-webhook", {"webhook_url": wrong})):
            fault = await api.owner.json(method, path, 422, json=body)
            assert "Discord" in str(fault) and wrong not in str(fault)


async def test_runs_are_rate_limited_with_a_clear_answer(api: ApiHouse) -> None:
    await api.owner.json("POST", f"{PATH}/execute", 202)
    await ended_run(api.owner)
    answer = await api.owner.client.post(f"{PATH}/execute")
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (429, "too-soon")
    assert 0 < int(answer.headers["Retry-After"]) <= 60 and "wait" in answer.json()["remedy"]


async def test_a_failing_part_does_not_stop_it(database: Database, clock: MovedClock) -> None:
    """Graceful degradation: the run is accounted for as failed, it is told, and the next one comes as ever."""
    stage = set_up(database, clock)
    mode = stage.switch(Interval.HOUR)
    stage.watcher.broken = True
    assert mode.next_run is not None
    await stage.pass_time(mode.next_run + timedelta(minutes=1))
    assert [(row.outcome, row.result) for row in stage.accounts()] == [("ran", "failed")] and len(stage.notes()) == 1
    assert stage.mode().next_run == mode.next_run + timedelta(hours=1)
    stage.watcher.broken = False
    await stage.pass_time(mode.next_run + timedelta(hours=1, minutes=1))
    assert [(row.outcome, row.result) for row in stage.accounts()] == [("ran", "failed"), ("ran", "idle")]


async def test_every_execution_is_on_record(api: ApiHouse) -> None:
    begun = await api.owner.json("POST", f"{PATH}/execute", 202)
    await ended_run(api.owner)
    runs = (await api.owner.json("GET", f"{PATH}/runs"))["items"]
    assert [run["id"] for run in runs] == [begun["run_id"]] and runs[0]["started_at"] <= runs[0]["ended_at"]


async def test_people_are_apart(api: ApiHouse) -> None:
    await api.owner.json("PUT", PATH, json={"enabled": True, "interval": "15min"})
    await api.owner.json("POST", f"{PATH}/execute", 202)
    await ended_run(api.owner)
    assert (await api.other.json("GET", PATH))["enabled"] is False
    assert (await api.other.json("GET", f"{PATH}/runs"))["items"] == []
    await api.other.json("POST", f"{PATH}/execute", 202)
    assert (await api.client().get(PATH)).status_code == 401
    reader = api.party(api.owner.somebody, "tasks:read")
    assert (await reader.client.post(f"{PATH}/execute")).status_code == 403


# --- its flow: a week, with Discord at the end ---


async def test_a_week_with_the_change_of_the_clock_reports_to_discord(database: Database, tmp_path: Path) -> None:
    """Three things in a week of three-hourly runs: three embeds in the colour of what came of them, in both ways the clock may change."""
    for begin in (SPRING, AUTUMN) if database.is_sqlite else (AUTUMN,):
        colours = await _week(database, tmp_path, begin)
        assert colours == [COLOURS["success"], COLOURS["success"], COLOURS["failure"]]


async def _week(database: Database, folder: Path, begin: datetime) -> list[int]:
    """The week that begins then; returns the colours of its embeds."""
    clock = MovedClock(begin.astimezone(UTC))
    desk = desk_on(database, folder, clock)
    with discord.running() as server:
        here = replace(desk, places=replace(desk.places, discord_root=server.root))
        somebody = here.person(f"at {begin:%m}")
        here.discord(somebody, server.webhook())
        stage = set_up(database, clock, somebody=somebody)
        stage.switch(Interval.THREE_HOURS)
        days = [begin.replace(day=begin.day + number).astimezone(UTC) for number in (1, 3, 5)]
        for number, day in enumerate(days):
            await stage.pass_time(day)
            _something_happens(stage, number)
        _, end = week_of(begin)
        await stage.pass_time(end.astimezone(UTC) + timedelta(seconds=1))
        async with post(here, DISCORD_API_ROOT=server.root) as office:
            await office.until_done()
        assert server.embeds[0]["title"] == "I looked around and saw to one thing" and "#1" in server.embeds[0]["description"]
        assert server.refusals == []
    mine = [row for row in stage.accounts() if row.person_id == somebody.person.id]
    assert len(mine) == HOURS[begin] // 3 and {row.outcome for row in mine} == {"ran"}
    assert Counter(row.result for row in mine) == {"idle": len(mine) - 3, "acted": 2, "failed": 1}
    assert sum(row.notification_id is not None for row in mine) == len(server.embeds) == len(stage.told())
    return [one["color"] for one in server.embeds]


def _something_happens(stage: Stage, number: int) -> None:
    """A task fails, an agent sees something coming, an agent proposes work that nobody does."""
    if number == 0:
        stage.failed_task("FatalError")
    elif number == 1:
        stage.watcher.seen = [Concern("exam", "The exam is on Friday")]
    else:
        stage.watcher.seen = [Concern("exam", "The exam is on Friday"), Concern("room", "Book a room", "nobody_does_this")]
