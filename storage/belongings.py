"""Whose row it is: every table walked by its columns, so that a table added tomorrow is exported and erased like the rest.

A row belongs to a person where a column says so (`person_id`, or any reference to people), where it is part of a task, a
message or anything else of theirs, or where it names them as a platform does. The audit log alone is left as it is: its
entries are chained, and cutting one out would look like tampering.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.models import AuditHeadRow, AuditRow, Base, ChatRow, IdentityRow, MessageRow, OutgoingRow, PersonRow, TaskRow

TOPIC = "people left"
LEAVING = "leaving_since"
"""Set in a person's settings from the erasure until the last word to them has been delivered."""
CHAINED = frozenset({AuditRow.__tablename__, AuditHeadRow.__tablename__})
SHELL = frozenset({PersonRow.__tablename__, ChatRow.__tablename__})
"""What the last word still needs; it goes when that is delivered."""
READ_BY_OTHERS = (OutgoingRow.__tablename__, TaskRow.__tablename__)
"""Rows by which others are recognised, and which therefore go last."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Names:
    """What a person is known by besides their id: pairs of channel and outside id."""

    person_id: str
    outside: tuple[tuple[str, str], ...]


def names_of(connection: sa.Connection, person_id: str) -> Names:
    found = [tuple(row) for table in (IdentityRow, ChatRow) for row in connection.execute(_outside(table).where(table.person_id == person_id))]
    return Names(person_id, tuple(sorted({(str(channel), str(external)) for channel, external in found})))


def table_of(kind: type[Base]) -> sa.Table:
    """The table of a model."""
    return Base.metadata.tables[kind.__tablename__]


def tables() -> list[sa.Table]:
    """Every table that may hold something of a person's, those that refer before those referred to."""
    found = [table for table in reversed(Base.metadata.sorted_tables) if table.name not in CHAINED | SHELL]
    last = [table for name in READ_BY_OTHERS for table in found if table.name == name]
    return [*(table for table in found if table not in last), *last]


def belongs(table: sa.Table, names: Names) -> sa.ColumnElement[bool] | None:
    """What is true of this person's rows in a table; None where it holds nothing of people's."""
    mine = [column == names.person_id for column in table.c if column.name == "person_id" or _refers_to(column, PersonRow)]
    if table.name != TaskRow.__tablename__ and "task_id" in table.c:
        mine.append(table.c.task_id.in_(sa.select(TaskRow.id).where(TaskRow.person_id == names.person_id)))
    if "outgoing_id" in table.c:
        mine.append(table.c.outgoing_id.in_(sa.select(OutgoingRow.id).where(OutgoingRow.person_id == names.person_id)))
    if "person_id" not in table.c:
        mine += [*_of_parents(table, names), *_by_outside_name(table, names)]
    return sa.or_(*mine) if mine else None


def rows(connection: sa.Connection, table: sa.Table, names: Names, columns: list[sa.Column[Any]]) -> Iterator[dict[str, Any]]:
    """A person's rows of one table, in the order of its key; for what they read themselves: another's row that only mentions them is left out."""
    where = table.c.person_id == names.person_id if "person_id" in table.c else belongs(table, names)
    if where is None or not columns:
        return
    query = sa.select(*columns).where(where).order_by(*table.primary_key.columns)
    for row in connection.execute(query).yield_per(BATCH):
        yield dict(row._mapping)


def erase(connection: sa.Connection, person_id: str, last_chat: str, now: datetime, keep: frozenset[str] = frozenset()) -> None:
    """Delete a person's rows in every table but the audit log. What is left is a nameless row and one chat for the last word; see `finish`.

    `keep` are ids of outgoing messages that the last word changes. Deletes their data key, too: what was sealed for them opens never again.
    """
    names = names_of(connection, person_id)
    _overwrite(connection, True)
    _leave_chats_to_others(connection, person_id)
    for table in tables():
        where = belongs(table, names)
        if where is not None:
            kept = sa.and_(where, table.c.id.not_in(keep)) if keep and table.name == OutgoingRow.__tablename__ else where
            connection.execute(sa.delete(table).where(kept))
        for column in _mentions(table):
            connection.execute(sa.update(table).where(column == person_id).values({column.name: None}))
    connection.execute(sa.delete(ChatRow).where(ChatRow.person_id == person_id, ChatRow.id != last_chat))
    connection.execute(sa.update(ChatRow).where(ChatRow.id == last_chat).values(handover=sa.null(), busy_until=None, busy_message_id=None))
    nameless = {"role": "guest", "name": "", "zone": None, "assumed_zone": "UTC", "task_count": 0, "settings": {LEAVING: now.isoformat()}}
    connection.execute(sa.update(PersonRow).where(PersonRow.id == person_id).values(**nameless))
    _overwrite(connection, False)


def leaving(connection: sa.Connection) -> dict[str, datetime]:
    """People who were erased and are owed the last word, and since when."""
    query = sa.select(PersonRow.id, PersonRow.settings).where(sa.cast(PersonRow.settings, sa.String).contains(LEAVING))
    return {row.id: datetime.fromisoformat(row.settings[LEAVING]) for row in connection.execute(query) if LEAVING in row.settings}


def told(connection: sa.Connection, person_id: str) -> bool:
    """Whether nothing is on its way to them any more."""
    waiting = sa.select(OutgoingRow.seq).where(OutgoingRow.person_id == person_id, OutgoingRow.state.in_(("queued", "sending", "retry")))
    return connection.execute(waiting.limit(1)).first() is None


def finish(connection: sa.Connection, person_id: str) -> None:
    """The last of a person goes. A chat in which somebody has written since is theirs now."""
    _overwrite(connection, True)
    _leave_chats_to_others(connection, person_id)
    for table in tables():
        if (where := belongs(table, Names(person_id, ()))) is not None:
            connection.execute(sa.delete(table).where(where))
    connection.execute(sa.delete(PersonRow).where(PersonRow.id == person_id))
    _overwrite(connection, False)


def _leave_chats_to_others(connection: sa.Connection, person_id: str) -> None:
    """A group is not erased for all when the one who brought the house into it goes."""
    theirs = sa.select(ChatRow.id, sa.func.max(MessageRow.person_id).label("other")).join(MessageRow, MessageRow.chat_id == ChatRow.id)
    theirs = theirs.where(ChatRow.person_id == person_id, MessageRow.person_id != person_id).group_by(ChatRow.id)
    for row in connection.execute(theirs).all():
        connection.execute(sa.update(ChatRow).where(ChatRow.id == row.id).values(person_id=row.other))


def _outside(table: type[IdentityRow | ChatRow]) -> sa.Select[str, str]:
    query = sa.select(table.channel, table.external_id)
    return query.where(ChatRow.kind == "private") if table is ChatRow else query


def _refers_to(column: sa.Column[Any], table: type[Base]) -> bool:
    return any(key.column.table.name == table.__tablename__ for key in column.foreign_keys)


def _of_parents(table: sa.Table, names: Names) -> list[sa.ColumnElement[bool]]:
    """Rows of a table without people that hang on a row with one, such as a time of a schedule."""
    found: list[sa.ColumnElement[bool]] = []
    for column in table.c:
        for key in column.foreign_keys:
            parent = key.column.table
            if "person_id" in parent.c:
                found.append(column.in_(sa.select(key.column).where(parent.c.person_id == names.person_id)))
    return found


def _by_outside_name(table: sa.Table, names: Names) -> list[sa.ColumnElement[bool]]:
    """Rows that name a person as a platform does: with the channel beside it, or as the chat or user of one channel's own table, also in what it keeps whole."""
    if {"channel", "external_id"} <= set(table.c.keys()):
        return [sa.and_(table.c.channel == channel, table.c.external_id == external) for channel, external in names.outside]
    known = [external for channel, external in names.outside if table.name.startswith(f"{channel}_")]
    found: list[sa.ColumnElement[bool]] = [table.c[name].in_(known) for name in ("chat", "user_id") if name in table.c and known]
    kept_whole = [column for column in table.c if isinstance(column.type, sa.JSON)]
    return found + [sa.cast(column, sa.String).contains(f'"{external}"', autoescape=True) for column in kept_whole for external in known]


def _mentions(table: sa.Table) -> list[sa.Column[Any]]:
    """Columns that say who did something in a row that is somebody else's, or the house's."""
    return [column for column in table.c if column.nullable and not column.foreign_keys and (column.name.endswith("_by") or column.name == "second_id")]


def _overwrite(connection: sa.Connection, on: bool) -> None:
    """On SQLite, whether what is deleted is also overwritten in the file."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA secure_delete={'ON' if on else 'OFF'}").close()


def empty_log(engine: sa.Engine) -> bool:
    """On SQLite, bring the write-ahead log into the file and empty it: older states of erased rows stand in it. False while a reader is in the way."""
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = cursor.fetchone()
        cursor.close()
        return found is not None and found[0] == 0
    finally:
        connection.close()
