"""Ids that appear late are not skipped, and what will never appear holds nobody up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
import sqlalchemy as sa

from orchestrator.tasks import events
from storage.database import Database
from storage.frontier import UNKNOWN, Frontier
from storage.models import EventRow
from tests.conftest import NOW
from tests.people import settle

pytestmark = [pytest.mark.postgres]


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    from storage import schema

    opened = Database(postgres_url)
    schema.ensure(opened.engine)
    yield opened
    opened.engine.dispose()


def insert(connection: sa.Connection, person: str, kind: str) -> int:
    values = {"person_id": person, "kind": kind, "data": {}, "created_at": NOW}
    return int(connection.execute(sa.insert(EventRow).values(**values).returning(EventRow.id)).scalar_one())


def frontier() -> Frontier:
    return Frontier(cast(sa.Table, EventRow.__table__))


def read(database: Database, reader: Frontier, last: int) -> list[int]:
    def work(connection: sa.Connection) -> list[int]:
        upto = reader.advance(connection)
        return [event.id for event in events.after(connection, last, upto)] if upto != UNKNOWN else []

    return database.read_now(work)


def test_a_lower_id_that_commits_later_is_waited_for(database: Database) -> None:
    person, reader = settle(database).person.id, frontier()
    read(database, reader, 0)
    with database.engine.connect() as early, early.begin():
        low = insert(early, person, "low")
        high = database.write_now(lambda connection: insert(connection, person, "high"))
        assert low < high
        assert read(database, reader, 0) == []
        assert reader.waits
    assert read(database, reader, 0) == [low, high]
    assert not reader.waits


def test_without_the_gate_the_lower_id_is_lost(database: Database) -> None:
    """The twin: a reader that goes on from the highest id it sees."""
    person = settle(database).person.id
    with database.engine.connect() as early, early.begin():
        low = insert(early, person, "low")
        high = database.write_now(lambda connection: insert(connection, person, "high"))
        seen = [event.id for event in database.read_now(lambda connection: events.after(connection, 0, high))]
    later = [event.id for event in database.read_now(lambda connection: events.after(connection, seen[-1], high))]
    assert low not in seen + later


def test_an_id_that_was_rolled_back_holds_nobody_up(database: Database) -> None:
    person, reader = settle(database).person.id, frontier()
    read(database, reader, 0)
    with database.engine.connect() as failing:
        insert(failing, person, "never")
        failing.rollback()
    kept = database.write_now(lambda connection: insert(connection, person, "kept"))
    assert read(database, reader, 0) == [kept]


def test_the_first_look_waits_for_the_writers_it_meets(database: Database) -> None:
    person, reader = settle(database).person.id, frontier()
    with database.engine.connect() as early, early.begin():
        low = insert(early, person, "low")
        high = database.write_now(lambda connection: insert(connection, person, "high"))
        assert database.read_now(reader.advance) == UNKNOWN
        newer = database.write_now(lambda connection: insert(connection, person, "newer"))
        assert database.read_now(reader.advance) == UNKNOWN
    assert read(database, reader, 0) == [low, high, newer]


def test_a_writer_that_began_after_the_gap_is_not_waited_for(database: Database) -> None:
    """A house that is always writing must not stand still."""
    person, reader = settle(database).person.id, frontier()
    read(database, reader, 0)
    with database.engine.connect() as early, early.begin():
        low = insert(early, person, "low")
        high = database.write_now(lambda connection: insert(connection, person, "high"))
        assert read(database, reader, 0) == []
        with database.engine.connect() as late, late.begin():
            insert(late, person, "late")
            early.commit()
            assert read(database, reader, 0) == [low, high]
