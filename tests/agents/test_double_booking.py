"""Double booking tried by many threads at once, on SQLite and on Postgres; with the constraint taken away, it happens."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from agents.tools.booking import Book, NewBooking
from orchestrator.business import BusinessBook, parse
from orchestrator.contracts import Task, TaskState, ToolError, ToolScope
from orchestrator.words import Catalogues
from storage.database import Database
from storage.models import CalendarEventRow
from tests.conftest import NOW, count
from tests.people import settle

RIVALS = 6
ONE_CHAIR = parse(
    "business:\n  name: One chair\n  profile: shop\n  zone: Europe/Berlin\n  hours: {wednesday: 9-18}\n  staff: [Alex]\n"
    "  services:\n    - {name: haircut, minutes: 30, price: 35}\n"
)
WISH = datetime(2026, 11, 25, 14, tzinfo=UTC)


class WithoutConstraint(Book):
    """The twin: it looks whether the time is free, and claims nothing."""

    def take_slots(self, scope: ToolScope, calendar: str, start: datetime, end: datetime, event_id: str) -> None:
        return


def compete(database: Database, tool: Book) -> list[str]:
    """Every rival has seen the time free before the first one takes it; returns how each fared."""
    people = [settle(database, role="guest", external=f"guest{n}") for n in range(RIVALS)]
    outcomes: list[str] = []

    def book(n: int) -> None:
        somebody = people[n]
        task = Task(f"task{n}", 1, "appointment_booking", "appointments", TaskState.IN_PROGRESS, "", "", {}, somebody.person.id, somebody.chat_id, "en")

        def work(connection: sa.Connection) -> None:
            tool.run(ToolScope(connection, somebody.person, task, NOW), NewBooking(service="haircut", start=WISH))

        try:
            database.write_now(work)
            outcomes.append("booked")
        except ToolError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=book, args=(n,)) for n in range(RIVALS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def tool_of(kind: type[Book]) -> Any:
    return kind(BusinessBook(lambda: ONE_CHAIR), Catalogues())


async def test_one_of_many_gets_the_chair(database: Database) -> None:
    assert compete(database, tool_of(Book)) == ["booked"] + ["taken"] * (RIVALS - 1)
    assert count(database, sa.select(sa.func.count()).select_from(CalendarEventRow)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_twin_without_the_constraint_books_twice(database: Database) -> None:
    assert compete(database, tool_of(WithoutConstraint)).count("booked") > 1
