"""Alive, ready, well: what operators and Prometheus are told, and the one word to the owner when it turns bad or good."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

import bot.health as health_room
from bot.app import House
from bot.health import GOOD_AFTER, Finding, Health, Place
from bot.settings import read
from bot.web import operators
from orchestrator.contracts import Card
from orchestrator.tasks import manager, outgoing
from orchestrator.tasks.manager import NewTask
from orchestrator.words import LANGUAGES, Catalogues
from storage.database import Database
from storage.models import MessageRow, NotificationRow, OutgoingRow, StepRow, TaskRow, new_id
from tests.conftest import NOW, MovedClock
from tests.people import Somebody, replies, settle

TOKEN = "a-token-of-the-operator"


class Ward:
    """Health over one owner's house; the disk is looked at in the test's own folder."""

    def __init__(self, database: Database, clock: MovedClock, folder: Path, *, model_url: str = "", language: str = "en") -> None:
        self.database, self.clock = database, clock
        self.owner = settle(database, language=language)
        self.health = Health(database, clock, Catalogues(strict=True), Place(folder, model_url))

    async def look(self, times: int = 1) -> dict[str, Finding]:
        found: list[Finding] = []
        for _ in range(times):
            self.clock.move(minutes=5)
            found = await self.health.look()
            self.database.write_now(lambda connection: connection.execute(sa.update(OutgoingRow).where(OutgoingRow.state == "queued").values(state="sent")))
        return {finding.name: finding for finding in found}

    def told(self) -> list[str]:
        return replies(self.database, self.owner.chat_id)

    def fail_tasks(self, count: int) -> None:
        for _ in range(count):
            add_task(self.database, self.owner, self.clock, state="failed", finished_at=self.clock.now(), dead_letter_at=self.clock.now())


def add_task(database: Database, somebody: Somebody, clock: MovedClock, **values: Any) -> str:
    def work(connection: sa.Connection) -> str:
        new = NewTask("research", "general", somebody.person.id, somebody.chat_id, "en", "t", "t")
        task = manager.create(connection, new, clock.now())
        connection.execute(sa.update(TaskRow).where(TaskRow.id == task.id).values(**values))
        return task.id

    return database.write_now(work)


@pytest.fixture
def ward(plain: Database, clock: MovedClock, tmp_path: Path) -> Ward:
    return Ward(plain, clock, tmp_path)


# --- the looks ---


async def test_a_healthy_house_says_nothing(ward: Ward) -> None:
    found = await ward.look(times=12)
    assert not any(finding.bad for finding in found.values()) and ward.told() == []
    assert set(found) == {"failing", "stuck", "unhandled", "unsent", "dead_letters", "disk"}


async def test_tasks_that_keep_failing_are_told_once_and_their_end_once(ward: Ward) -> None:
    """One alert when it gets bad and one when it is good again, however often it is looked at in between."""
    ward.fail_tasks(5)
    await ward.look(times=6)
    assert len(ward.told()) == 1 and "keep failing: 5" in ward.told()[0]
    ward.fail_tasks(3)
    await ward.look(times=2)
    assert len(ward.told()) == 1
    ward.clock.move(hours=2)
    await ward.look(times=10)
    assert len(ward.told()) == 2 and "well again" in ward.told()[1]
    kinds = sa.select(NotificationRow.kind, NotificationRow.outcome).order_by(NotificationRow.id)
    assert [tuple(row) for row in ward.database.read_now(lambda connection: connection.execute(kinds).all())] == [("alert", "failure"), ("alert", "success")]


async def test_without_memory_of_what_was_told_the_owner_is_flooded(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a check that turns at every bad look."""
    monkeypatch.setattr(health_room, "_turns", lambda connection, finding, now: finding.bad)
    ward.fail_tasks(5)
    await ward.look(times=6)
    assert len(ward.told()) == 6


async def test_one_good_look_between_bad_ones_is_no_recovery(ward: Ward) -> None:
    for _ in range(4):
        ward.fail_tasks(5)
        await ward.look()
        ward.clock.move(hours=2)
        await ward.look()
    assert len(ward.told()) == 1
    await ward.look(times=GOOD_AFTER)
    assert len(ward.told()) == 2


async def test_what_was_told_outlives_a_restart(ward: Ward, tmp_path: Path) -> None:
    ward.fail_tasks(5)
    await ward.look()
    again = Health(ward.database, ward.clock, Catalogues(), Place(tmp_path))
    ward.clock.move(minutes=5)
    await again.look()
    assert len(ward.told()) == 1


async def test_two_processes_at_once_tell_it_once(database: Database, clock: MovedClock, tmp_path: Path) -> None:
    ward = Ward(database, clock, tmp_path)
    ward.fail_tasks(5)
    other = Health(Database(ward.database.url), ward.clock, Catalogues(), Place(tmp_path))
    await asyncio.gather(ward.health.look(), other.look())
    assert len(ward.told()) == 1
    await other._database.close()


async def test_few_failures_among_many_successes_are_no_alarm(ward: Ward) -> None:
    ward.fail_tasks(5)
    for _ in range(6):
        add_task(ward.database, ward.owner, ward.clock, state="completed", finished_at=ward.clock.now())
    assert not (await ward.look())["failing"].bad


async def test_each_trouble_is_seen(database: Database, clock: MovedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything at once is one message, with a line for each."""
    ward = Ward(database, clock, tmp_path)
    old = NOW.replace(hour=5)
    add_task(ward.database, ward.owner, ward.clock, state="in_progress", last_run_at=old)

    def trouble(connection: sa.Connection) -> None:
        chat, person = ward.owner.chat_id, ward.owner.person.id
        waiting = {"channel": "web", "chat_id": chat, "person_id": person, "kind": "text", "text": "hello", "payload": {}, "received_at": old}
        connection.execute(sa.insert(MessageRow), {"id": new_id(), "platform_id": "1", **waiting})
        card = {"text": "said", "buttons": [], "files": [], "silent": False}
        rows = [
            {"id": new_id(), "chat_id": chat, "person_id": person, "card": card, "state": state, "created_at": old} for state in ["failed"] * 10 + ["retry"]
        ]
        connection.execute(sa.insert(OutgoingRow), rows)

    ward.database.write_now(trouble)
    monkeypatch.setattr(health_room, "LEAST_SPACE", 2**62)
    found = await ward.look()
    assert {name for name, finding in found.items() if finding.bad} == {"stuck", "unhandled", "unsent", "dead_letters", "disk"}
    alerts = [text for text in ward.told() if "Something is wrong" in text]
    assert len(alerts) == 1 and alerts[0].count("\n- ") == 5


async def test_a_model_is_looked_at_only_where_one_is_configured(plain: Database, clock: MovedClock, tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ward = Ward(plain, clock, tmp_path, model_url=f"http://127.0.0.1:{port}/v1")
    assert not (await ward.look())["model"].bad
    server.close()
    await server.wait_closed()
    assert (await ward.look())["model"].bad and ward.told() == []
    await ward.look()
    assert len(ward.told()) == 1 and "model's server cannot be reached" in ward.told()[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_has_its_words(language: str) -> None:
    words = Catalogues(strict=True)
    for name in ("failing", "stuck", "unhandled", "unsent", "dead-letters", "disk", "model"):
        assert words(language, f"health-is-bad-{name}", {"number": 3}) != words(language, f"health-is-good-{name}", {"number": 3})


# --- asked over HTTP ---


async def forever() -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def asked(database: Database, clock: MovedClock, *, client: str = "127.0.0.1", token: str = "") -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    """The routes over a house whose works are plain ones, and a client at an address."""
    works = [asyncio.create_task(forever(), name=name) for name in ("handling", "outbox", "sweeps", "engine", "telegram")]
    settings = read({"DATABASE_URL": "sqlite:///unused/x.db", **({"MAJORDOMO_METRICS_TOKEN": token} if token else {})})
    house = SimpleNamespace(database=database, clock=clock, settings=settings, works=works, channels={"telegram": object()})
    app = FastAPI()
    operators.add_to(app, cast(House, house))
    transport = httpx.ASGITransport(app, client=(client, 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as browser:
        yield browser, house
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)


async def test_ready_when_every_part_works(plain: Database, clock: MovedClock) -> None:
    async with asked(plain, clock) as (browser, house):
        answer = await browser.get("/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "missing": []})
        next(work for work in house.works if work.get_name() == "telegram").cancel()
        await asyncio.sleep(0)
        answer = await browser.get("/ready")
        assert (answer.status_code, answer.json()["missing"]) == (503, ["channel telegram"])


async def test_not_ready_without_a_database(clock: MovedClock, tmp_path: Path) -> None:
    gone = Database("postgresql://nobody@127.0.0.1:9/gone")
    async with asked(gone, clock) as (browser, _):
        answer = await browser.get("/ready")
        assert (answer.status_code, answer.json()["missing"]) == (503, ["database"])
        assert "gone" not in answer.text and "127.0.0.1" not in answer.text


@pytest.mark.parametrize(
    ("client", "headers", "token", "status"),
    [
        ("127.0.0.1", {}, "", 200),
        ("127.0.0.1", {}, TOKEN, 200),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, "", 403),
        ("127.0.0.1", {"Host": "bot.example.org"}, "", 403),
        ("192.0.2.7", {}, "", 403),
        ("192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, TOKEN, 200),
        ("192.0.2.7", {"Authorization": "Bearer wrong"}, TOKEN, 403),
        ("192.0.2.7", {"Authorization": "Bearer "}, "", 403),
        ("127.0.0.1", {"Authorization": "Bearer wrong"}, TOKEN, 403),
    ],
)
async def test_metrics_are_read_from_this_machine_or_with_the_token(
    plain: Database, clock: MovedClock, client: str, headers: dict[str, str], token: str, status: int
) -> None:
    async with asked(plain, clock, client=client, token=token) as (browser, _):
        answer = await browser.get("/metrics", headers=headers)
        assert answer.status_code == status and (status == 200) == ("majordomo_queue_depth" in answer.text)


def samples(text: str) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found["|".join([sample.name, *(f"{key}={value}" for key, value in sorted(sample.labels.items()))])] = sample.value
    return found


async def test_metrics_say_what_is_in_the_database_and_nothing_of_people(database: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.metrics.KEPT_SECONDS", 0.0)
    owner = settle(database)
    add_task(database, owner, clock, state="completed", started_at=clock.now(), finished_at=clock.now().replace(minute=2), tokens=70)
    task = add_task(database, owner, clock, text="a secret wish")

    def happen(connection: sa.Connection, number: int) -> None:
        row = {"id": new_id(), "channel": "telegram", "platform_id": str(number), "chat_id": owner.chat_id, "person_id": owner.person.id, "kind": "text"}
        connection.execute(sa.insert(MessageRow), {**row, "text": "a secret word", "payload": {}, "received_at": clock.now()})
        for key, error in (("one", None), ("two", {"type": "ToolError", "message": "no"})):
            step = {"id": new_id(), "task_id": task, "seq": number, "key": f"{key}{number}", "kind": "call", "name": "http.get", "error": error}
            connection.execute(sa.insert(StepRow), {**step, "created_at": clock.now()})
        outgoing.post(connection, outgoing.Envelope(owner.chat_id, owner.person.id, clock.now()), Card("said"))

    async with asked(database, clock) as (browser, _):
        database.write_now(lambda connection: happen(connection, 1))
        clock.move(minutes=1)
        first = samples((await browser.get("/metrics")).text)
        database.write_now(lambda connection: happen(connection, 2))
        clock.move(minutes=1)
        answer = await browser.get("/metrics")
        await browser.get("/metrics")
    found = samples(answer.text)
    assert "majordomo_messages_total|channel=telegram|kind=text" not in first
    assert found["majordomo_messages_total|channel=telegram|kind=text"] == 1
    assert found["majordomo_tool_calls_total|outcome=done|tool=http.get"] == found["majordomo_tool_calls_total|outcome=failed|tool=http.get"] == 1
    assert (found["majordomo_tasks|state=completed"], found["majordomo_tasks|state=pending"], found["majordomo_queue_depth"]) == (1, 1, 1)
    assert found["majordomo_tasks_ended_total|state=completed|type=research"] == 1
    assert found["majordomo_task_seconds_count|type=research"] == 1
    assert abs(found["majordomo_task_seconds_sum|type=research"] - 120) < 0.01
    assert (found["majordomo_outbox|state=queued"], found["majordomo_model_tokens_total"], found["majordomo_credits_total"]) == (2, 70, 0)
    assert "secret" not in answer.text and owner.person.id not in answer.text and owner.chat_id not in answer.text


async def test_reading_metrics_is_the_only_thing_that_costs() -> None:
    """Nothing of the message path knows the metrics: the libraries are loaded by the first scrape."""
    code = "import sys, bot.serving, bot.app; print(any(name.startswith('prometheus_client') or name == 'bot.metrics' for name in sys.modules))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0].strip() == b"False"
