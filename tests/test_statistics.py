"""The statistics say what is in the database: every page against a count of all rows in plain Python, on both databases."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from benchmarks.statistics import NOW, OPEN, ZONE, fill
from orchestrator.actions import budgets
from orchestrator.actions.budgets import Limit
from orchestrator.tasks import manager, statistics
from orchestrator.tasks.manager import NewTask
from orchestrator.tasks.people import person_of
from orchestrator.tasks.statistics import Figures, Whose
from orchestrator.words import LANGUAGES, Catalogues
from storage.database import Database
from storage.models import CredentialRow, CredentialUseRow, MailRow, OutgoingRow, SpendRow, TaskRow
from tests.conftest import NOW as TODAY
from tests.people import settle

SOAK = bool(os.environ.get("MAJORDOMO_SOAK"))
TASKS = 100_000 if SOAK else 2_000
NEAR = 0.5
"""Milliseconds: SQLite reckons instants to the millisecond."""


@dataclass(frozen=True)
class Rows:
    """Every row of one person, or of all, as Python sees it."""

    tasks: list[Any]
    spending: list[Any]
    uses: list[Any]
    mails: list[Any]
    outgoing: list[Any]
    services: dict[str, str]


def rows_of(database: Database, person_id: str | None) -> Rows:
    def read(connection: sa.Connection) -> Rows:
        def every(table: Any) -> list[Any]:
            found = connection.execute(sa.select(table.__table__)).all()
            return [row for row in found if person_id is None or row.person_id == person_id]

        services = {row.id: row.service for row in connection.execute(sa.select(CredentialRow.id, CredentialRow.service))}
        return Rows(every(TaskRow), every(SpendRow), every(CredentialUseRow), every(MailRow), every(OutgoingRow), services)

    return database.read_now(read)


def expected(name: str, tasks: Iterable[Any]) -> Figures:
    tasks = list(tasks)
    states = Counter(task.state for task in tasks)
    spent = [(task.finished_at - task.started_at).total_seconds() * 1000 for task in tasks if task.state == "completed"]
    return Figures(name, len(tasks), states["completed"], states["failed"], states["cancelled"], sum(spent) / len(spent) if spent else 0.0)


def alike(found: Figures, wanted: Figures) -> bool:
    return (found.name, found.total, found.completed, found.failed, found.cancelled) == (
        wanted.name, wanted.total, wanted.completed, wanted.failed, wanted.cancelled,
    ) and abs(found.average_ms - wanted.average_ms) <= NEAR  # fmt: skip


def grouped(tasks: Iterable[Any], by: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for task in tasks:
        found[getattr(task, by)].append(task)
    return found


def day_of(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(ZONE)).date()


def check_totals(connection: sa.Connection, whose: Whose, rows: Rows) -> None:
    real = [task for task in rows.tasks if task.type != "triage"]
    found = statistics.totals(connection, whose)
    assert alike(found.whole, expected("", real))
    assert found.by_state == Counter(task.state for task in real)
    for kinds, by in ((found.by_type, "type"), (found.by_agent, "agent")):
        wanted = grouped(real, by)
        assert {one.name for one in kinds} == set(wanted)
        assert all(alike(one, expected(one.name, wanted[one.name])) for one in kinds)
        assert [one.total for one in kinds] == sorted((one.total for one in kinds), reverse=True)
    ended = found.whole.completed + found.whole.failed + found.whole.cancelled
    assert found.whole.success_rate == round(100 * found.whole.completed / ended, 2)
    assert found.whole.error_rate == round(100 * found.whole.failed / ended, 2)


def check_days(connection: sa.Connection, whose: Whose, rows: Rows) -> None:
    real = [task for task in rows.tasks if task.type != "triage"]
    made = Counter(day_of(task.created_at) for task in real)
    found = statistics.days(connection, whose, NOW)
    assert [one.day for one in found] == [day_of(NOW) - timedelta(days=back) for back in range(29, -1, -1)]
    assert [one.created for one in found] == [made[one.day] for one in found]
    ended = [task for task in real if task.finished_at is not None and task.finished_at >= NOW - timedelta(days=31)]
    wanted: dict[tuple[date, str], list[Any]] = defaultdict(list)
    for task in ended:
        if day_of(task.finished_at) >= found[0].day:
            wanted[(day_of(task.finished_at), task.agent)].append(task)
    by_agent = statistics.agent_days(connection, whose, NOW)
    assert {(one.day, one.figures.name) for one in by_agent} == set(wanted)
    for one in by_agent:
        tasks = wanted[(one.day, one.figures.name)]
        assert alike(one.figures, expected(one.figures.name, tasks))
        assert one.tokens == sum(task.tokens for task in tasks)
        assert one.credits == pytest.approx(sum(task.credits for task in tasks))
    assert statistics.agent_days(connection, whose, NOW, agent="email") == tuple(one for one in by_agent if one.figures.name == "email")


def check_usage(connection: sa.Connection, whose: Whose, rows: Rows) -> None:
    for found, span in zip(statistics.usage(connection, whose, NOW), (timedelta(hours=24), timedelta(days=7), timedelta(days=30)), strict=True):
        spent = [row for row in rows.spending if row.state == "settled" and row.created_at >= NOW - span]
        sorting = [task for task in rows.tasks if task.type == "triage" and task.tokens and task.created_at >= NOW - span]
        assert found.calls == len(spent) + len(sorting)
        assert found.tokens == sum(row.tokens for row in spent) + sum(task.tokens for task in sorting)
        assert found.credits == pytest.approx(sum(row.credits for row in spent))


def check_the_rest(connection: sa.Connection, whose: Whose, rows: Rows) -> None:
    real = [task for task in rows.tasks if task.type != "triage"]
    states = Counter(task.state for task in real)
    queue = statistics.queue(connection, whose)
    assert (queue.depth, queue.running, queue.paused) == (states["pending"], states["in_progress"], states["paused"])
    assert queue.waiting == states["awaiting_input"] + states["awaiting_approval"]
    assert queue.active_agents == tuple(sorted({task.agent for task in real if task.state == "in_progress"}))
    assert queue.outbox == sum(row.state in {"queued", "retry"} for row in rows.outgoing)
    assert queue.depth + queue.running + queue.waiting + queue.paused == sum(states[state] for state in OPEN)
    since = NOW - timedelta(days=30)
    uses = Counter((rows.services[row.credential_id], row.tool) for row in rows.uses if row.at >= since)
    assert {(one.service, one.tool): one.uses for one in statistics.credentials(connection, whose, NOW)} == uses
    letters = Counter(row.status for row in rows.mails if row.created_at >= since)
    mail = statistics.mail(connection, whose, NOW)
    assert mail.by_status == letters and mail.total == sum(letters.values())
    taken = letters["sent"] + letters["delivered"] + letters["bounced"]
    assert mail.delivery_rate == (round(100 * (letters["sent"] + letters["delivered"]) / taken, 2) if taken else 0.0)
    overview = statistics.gather(connection, whose, NOW)
    assert overview.last_day == sum(task.created_at >= NOW - timedelta(hours=24) for task in real)
    assert (overview.queue, overview.mail, overview.totals) == (queue, mail, statistics.totals(connection, whose))


@pytest.mark.timeout(900)
async def test_every_page_equals_an_independent_count(database: Database) -> None:
    people = database.write_now(lambda connection: fill(connection, TASKS))
    for person in (people[0], people[1], None):
        rows, whose = rows_of(database, person), Whose(person, ZONE)
        for check in (check_totals, check_days, check_usage, check_the_rest):
            database.read_now(lambda connection, check=check: check(connection, whose, rows))  # type: ignore[misc]  # noqa: B023


async def test_each_page_reads_an_index_and_never_every_task(database: Database) -> None:
    """What makes 200 ms hold: no page walks the table of tasks, so that its cost does not grow with what a task carries."""
    if not database.is_sqlite:
        pytest.skip("EXPLAIN QUERY PLAN is SQLite's")
    person = database.write_now(lambda connection: fill(connection, 50))[0]
    plans: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "tasks" in statement:
            plans.extend(row[3] for row in connection.connection.dbapi_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    database.read_now(lambda connection: statistics.gather(connection, Whose(person, ZONE), NOW))
    database.read_now(lambda connection: statistics.agent_days(connection, Whose(person, ZONE), NOW))
    assert [plan for plan in plans if "tasks" in plan and "COVERING INDEX" not in plan] == []
    assert sum("tasks USING COVERING INDEX" in plan for plan in plans) >= 5


async def test_nobody_is_counted_for_another(database: Database) -> None:
    people = database.write_now(lambda connection: fill(connection, 300))
    each = [database.read_now(lambda connection, one=one: statistics.totals(connection, Whose(one)).whole.total) for one in people]  # type: ignore[misc]
    assert database.read_now(lambda connection: statistics.totals(connection, Whose(None)).whole.total) == sum(each)
    assert each[0] > each[1] > 0
    assert database.read_now(lambda connection: statistics.totals(connection, Whose("nobody")).whole) == Figures("", 0, 0, 0, 0, 0.0)


async def test_a_settled_call_stands_with_its_task(database: Database) -> None:
    somebody = settle(database)
    new = NewTask("research", "general", somebody.person.id, somebody.chat_id, "en")

    def work(connection: sa.Connection) -> tuple[int, float]:
        task = manager.create(connection, new, TODAY)
        budgets.reserve(connection, somebody.person, task, "think", "model", 50, (Limit("task", task.id, 2000),), TODAY)
        budgets.settle(connection, task, "think", 12.5, TODAY, tokens=800)
        budgets.settle(connection, task, "think", 12.5, TODAY, tokens=800)
        row = connection.execute(sa.select(TaskRow.tokens, TaskRow.credits).where(TaskRow.id == task.id)).one()
        return row.tokens, row.credits

    assert database.write_now(work) == (800, 12.5)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_of_the_change_of_the_clock_has_23_or_25_hours(day: date) -> None:
    now = datetime(day.year, day.month, day.day, 20, tzinfo=ZoneInfo(ZONE))
    _, first, end = statistics.local_days(now, ZONE, 1)[0]
    assert end - first == timedelta(hours=23 if day.month == 3 else 25)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_stats_are_told_in_the_persons_language(database: Database, language: str) -> None:
    people = database.write_now(lambda connection: fill(connection, 300))
    words = Catalogues(strict=True)

    def read(connection: sa.Connection) -> str:
        return statistics.describe(connection, replace(person_of(connection, people[0]), language=language), words, NOW)

    told = database.read_now(read)
    assert words(language, "state-completed") in told and "reminders" in told and "30d" in told and "service-0" in told
