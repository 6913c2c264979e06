"""Databases that the configuration names: looked into, or changed, by one statement with parameters.

Reading cannot write, and not because a text was searched for bad words: SQLite is opened read-only with an authorizer
that lets nothing but SELECT pass; Postgres runs the statement as a cursor, which takes no other, in a READ ONLY
transaction that is rolled back, as a role that may neither read files nor run programs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pydantic

from agents.tools.sql.engines import DatabasePlace, Looking, Querying, SqlLimits, postgres_begin, postgres_read, sqlite_begin, sqlite_read, table_list
from orchestrator.contracts import Effect, Json, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.S)
REMOVAL = re.compile(r"\b(?:delete|drop|truncate|replace)\b", re.I)
CHANGES = re.compile(
    r"\s*(?:insert|update|delete|merge|replace|with|truncate|create\s+(?:table|(?:unique\s+)?index|view)|(?:alter|drop)\s+(?:table|index|view))\b", re.I
)


@dataclass(frozen=True)
class Databases:
    """The databases that there are."""

    places: tuple[DatabasePlace, ...] = ()
    limits: SqlLimits = field(default_factory=SqlLimits)

    def place(self, name: str) -> DatabasePlace:
        for place in self.places:
            if place.name == name:
                return place
        raise ToolError(f"there is no database {name!r}; there are: {', '.join(place.name for place in self.places) or 'none'}")

    def reach(self, deed: Deed, name: str) -> Reach:
        return Reach(deed, frozenset[str]().union(*(place.hosts for place in self.places if place.name == name)))


@dataclass
class DatabaseTables:
    """Says which tables there are."""

    databases: Databases
    name: str = "database.tables"
    version: int = 1
    description: str = "List the tables of a configured database with their columns and types."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Looking
    credits: int = 5
    seconds: float = 30.0

    def reach(self, arguments: Looking) -> Reach:
        return self.databases.reach(Deed.READ, arguments.database)

    def preview(self, arguments: Looking, words: Phrase) -> Preview:
        return Preview(words("database-tables-summary", database=arguments.database))

    async def act(self, outside: Outside, arguments: Looking) -> Result:
        place = self.databases.place(arguments.database)
        tables = await asyncio.to_thread(table_list, place, self.databases.limits)
        return Result({"database": place.name, "tables": tables}, source=f"database {place.name}", private=True)


@dataclass
class DatabaseQuery:
    """Reads."""

    databases: Databases
    name: str = "database.query"
    version: int = 1
    description: str = "Run one SELECT statement on a configured database, with values as :name parameters. It cannot change anything."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Querying
    credits: int = 20
    seconds: float = 30.0

    def reach(self, arguments: Querying) -> Reach:
        return self.databases.reach(Deed.READ, arguments.database)

    def preview(self, arguments: Querying, words: Phrase) -> Preview:
        return Preview(words("database-query-summary", database=arguments.database), _details(arguments, words))

    async def act(self, outside: Outside, arguments: Querying) -> Result:
        place = self.databases.place(arguments.database)
        read = sqlite_read if place.is_sqlite else postgres_read
        columns, rows = await asyncio.to_thread(read, place, arguments, self.databases.limits)
        return Result(_table(columns, rows, self.databases.limits), source=f"database {place.name}", private=True)


@dataclass
class DatabaseWrite:
    """Changes rows or tables, by one statement in a transaction of its own."""

    databases: Databases
    name: str = "database.write"
    version: int = 1
    description: str = (
        "Run one INSERT, UPDATE, DELETE or table statement on a configured database that allows it, with values as :name parameters. Cannot be undone."
    )
    effect: Effect = Effect.IRREVERSIBLE
    arguments: type[pydantic.BaseModel] = Querying
    credits: int = 20
    seconds: float = 60.0

    def reach(self, arguments: Querying) -> Reach:
        return self.databases.reach(Deed.DELETION if removes(arguments.statement) else Deed.WRITE, arguments.database)

    def preview(self, arguments: Querying, words: Phrase) -> Preview:
        key = "database-delete-summary" if removes(arguments.statement) else "database-write-summary"
        return Preview(words(key, database=arguments.database), _details(arguments, words))

    async def act(self, outside: Outside, arguments: Querying) -> Result:
        place = self.databases.place(arguments.database)
        if not place.writable:
            raise ToolError(f"the database {place.name} is configured for reading only")
        if not CHANGES.match(NOISE.sub(" ", arguments.statement)):
            raise ToolError("only INSERT, UPDATE, DELETE, MERGE and statements about tables, indexes and views can be run")
        begin = sqlite_begin if place.is_sqlite else postgres_begin
        pending = await asyncio.to_thread(begin, place, arguments, self.databases.limits)
        try:
            await outside.in_doubt()
            await asyncio.to_thread(pending.commit)
        finally:
            await asyncio.to_thread(pending.close)
        value = {"rows": pending.count, **_table(pending.columns, pending.rows, self.databases.limits)} if pending.columns else {"rows": pending.count}
        return Result(value, source=f"database {place.name}" if pending.columns else "", private=True)


def tools(databases: Databases) -> tuple[DatabaseTables | DatabaseQuery | DatabaseWrite, ...]:
    """Every tool of databases; the one that writes only where one may be written."""
    reading = (DatabaseTables(databases), DatabaseQuery(databases))
    return (*reading, DatabaseWrite(databases)) if any(place.writable for place in databases.places) else reading


def removes(statement: str) -> bool:
    """Whether a statement may take something away. A word in a name counts too: rather asked once too often."""
    return bool(REMOVAL.search(NOISE.sub(" ", statement)) or REMOVAL.search(statement))


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]], limits: SqlLimits) -> dict[str, Json]:
    """Columns and rows as JSON, cut to what can be read."""
    shown: list[Json] = []
    left = limits.characters
    for row in rows[: limits.rows]:
        cells = [_cell(value, limits.cell) for value in row]
        left -= sum(len(str(cell)) for cell in cells)
        if left < 0:
            break
        shown.append(list(cells))
    return {"columns": list(columns), "rows": shown, "truncated": len(shown) < len(rows)}


def _cell(value: Any, most: int) -> Json:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    text = str(value)
    return text if len(text) <= most else text[:most] + "…"


def _details(arguments: Querying, words: Phrase) -> tuple[tuple[str, str], ...]:
    values = ((words("database-value", name=name), str(value)) for name, value in arguments.values.items())
    return ((words("database-statement"), arguments.statement), *values)
