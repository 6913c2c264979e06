"""SQLite and Postgres as tools see them: one statement, within limits, and nothing that its kind may not do."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import psycopg
import pydantic
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from agents.tools.sql.faults import speaking
from orchestrator.contracts import Json, ToolError

Value = str | int | float | bool | None
Statement = Annotated[str, pydantic.Field(min_length=1, max_length=20_000, description="One SQL statement. Values stand in it as :name")]
UNWANTED = re.compile(
    r"""\bU&["']|\b(?:pg_(?:terminate|cancel)_backend|pg_(?:read|write|ls|stat|promote|reload|rotate|switch|create|drop|logical|replication)_?\w*|lo_\w+|dblink\w*"""
    r"""|set_config|query_to_\w+|cursor_to_\w+|database_to_\w+|xpath_table|pg_(?:try_)?advisory\w*|pg_notify|pg_sleep\w*)\b""",
    re.I,
)
"""Functions of Postgres that do something though they stand in a SELECT: a second line behind the role's own rights."""
POWERS = "SELECT rolsuper OR EXISTS (SELECT 1 FROM pg_roles p WHERE p.rolname IN ('pg_read_server_files','pg_write_server_files','pg_execute_server_program') AND pg_has_role(r.oid, p.oid, 'MEMBER')) FROM pg_roles r WHERE rolname = session_user"
READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
WRITES = READS | {
    sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_INDEX, sqlite3.SQLITE_DROP_VIEW, sqlite3.SQLITE_ALTER_TABLE, sqlite3.SQLITE_REINDEX,
}  # fmt: skip
UNSAFE_FUNCTIONS = frozenset({"load_extension", "writefile", "readfile", "edit", "fts3_tokenizer", "zipfile"})
STEPS = 10_000
"""Instructions of SQLite between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class SqlLimits:
    seconds: float = 15.0
    rows: int = 200
    cell: int = 2_000
    """Characters of one value."""
    characters: int = 60_000
    """Of a whole answer."""
    value_bytes: int = 10_000_000


@dataclass(frozen=True, slots=True)
class DatabasePlace:
    """A database by its name. `url` is SQLAlchemy's: sqlite:////srv/shop.db or postgresql+psycopg://user:password@host/name."""

    name: str
    url: str = field(repr=False)
    writable: bool = False

    @property
    def hosts(self) -> frozenset[str]:
        host = make_url(self.url).host
        return frozenset({host.lower()}) if host else frozenset()

    @property
    def is_sqlite(self) -> bool:
        return make_url(self.url).get_backend_name() == "sqlite"


class Looking(pydantic.BaseModel):
    """What `database.tables` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    database: str = pydantic.Field(max_length=60, description="The database's name in the configuration")


class Querying(Looking):
    """What `database.query` and `database.write` take."""

    statement: Statement
    values: dict[str, Value] = pydantic.Field(default={}, max_length=100, description="What stands for each :name")

    @property
    def written(self) -> str:
        """All of it, as it was written."""
        return " ".join((self.statement, *self.values, *map(str, self.values.values())))


@dataclass
class Pending:
    """A statement that has run in a transaction which is still open."""

    connection: Any
    place: str
    count: int
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def commit(self) -> None:
        with speaking(self.place):
            self.connection.commit()

    def close(self) -> None:
        self.connection.close()


def _sqlite(place: DatabasePlace, limits: SqlLimits, allowed: frozenset[int]) -> sqlite3.Connection:
    """A connection that can do what is allowed and nothing else. Raises ToolError where there is no such file."""
    path = make_url(place.url).database or ""
    if not Path(path).is_file():
        raise ToolError(f"the file of the database {place.name} does not exist")
    mode = "ro" if allowed == READS else "rw"
    connection = sqlite3.connect(f"file:{quote(path)}?mode={mode}", uri=True, timeout=limits.seconds, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA query_only = {'ON' if allowed == READS else 'OFF'}")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.value_bytes)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    return connection


def _guard(connection: sqlite3.Connection, limits: SqlLimits, allowed: frozenset[int]) -> None:
    """From here on: only the allowed actions, and an end to the patience."""

    def judge(action: int, first: str | None, second: str | None, _base: str | None, _trigger: str | None) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            return sqlite3.SQLITE_DENY if (second or "").lower() in UNSAFE_FUNCTIONS else sqlite3.SQLITE_OK
        inner = (first or "").lower() in {"sqlite_master", "sqlite_schema", "sqlite_temp_master"}
        plain = action in allowed or (inner and action in {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE} and allowed == WRITES)
        return sqlite3.SQLITE_OK if plain else sqlite3.SQLITE_DENY

    loop_end = _deadline(limits.seconds)
    connection.set_authorizer(judge)
    connection.set_progress_handler(loop_end, STEPS)


def _deadline(seconds: float) -> Any:
    end = time.monotonic() + seconds
    return lambda: int(time.monotonic() > end)


def sqlite_read(place: DatabasePlace, asked: Querying, limits: SqlLimits) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    with speaking(place.name, asked.written), contextlib.closing(_sqlite(place, limits, READS)) as connection:
        _guard(connection, limits, READS)
        cursor = connection.execute(asked.statement, asked.values)
        return [column[0] for column in cursor.description or ()], cursor.fetchmany(limits.rows + 1)


def sqlite_begin(place: DatabasePlace, asked: Querying, limits: SqlLimits) -> Pending:
    with speaking(place.name, asked.written):
        connection = _sqlite(place, limits, WRITES)
        try:
            connection.execute("BEGIN IMMEDIATE")
            _guard(connection, limits, WRITES)
            cursor = connection.execute(asked.statement, asked.values)
            rows = cursor.fetchmany(limits.rows + 1)
            connection.set_authorizer(None)
            connection.set_progress_handler(None, 0)
            return Pending(connection, place.name, max(cursor.rowcount, 0), [column[0] for column in cursor.description or ()], rows)
        except BaseException:
            connection.close()
            raise


def _postgres(place: DatabasePlace, limits: SqlLimits, *, read_only: bool) -> psycopg.Connection[Any]:
    url = make_url(place.url)
    if url.get_backend_name() != "postgresql":
        raise ToolError(f"the database {place.name} is neither SQLite nor Postgres; others are not supported")
    options = f"-c statement_timeout={int(limits.seconds * 1000)} -c idle_in_transaction_session_timeout=120000 -c default_transaction_read_only={'on' if read_only else 'off'}"
    given = {"sslmode": "prefer"} | {key: str(value) for key, value in url.query.items() if key in {"sslmode", "sslrootcert"}}
    where: dict[str, Any] = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database}
    connection = psycopg.connect(psycopg.conninfo.make_conninfo(**{**where, **given, "options": options, "connect_timeout": 10}))
    try:
        powers = connection.execute(POWERS).fetchone()
        if powers is None or powers[0]:
            raise ToolError(f"the database {place.name} is configured with a role that may read files or run programs: give it a role without such rights")
    except BaseException:
        connection.close()
        raise
    return connection


def _compiled(asked: Querying) -> tuple[str, Mapping[str, Value]]:
    """The statement in psycopg's spelling. Raises ToolError for what would do something behind a SELECT's back."""
    if found := UNWANTED.search(asked.statement):
        raise ToolError(f"{found.group(0)} cannot be used here")
    text = sa.text(asked.statement)
    if missing := set(text._bindparams) - set(asked.values):
        raise ToolError(f"there is no value for :{min(missing)}")
    return str(text.compile(dialect=postgresql.psycopg.dialect())), {name: asked.values[name] for name in text._bindparams}  # type: ignore[no-untyped-call]


def postgres_read(place: DatabasePlace, asked: Querying, limits: SqlLimits) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    statement, values = _compiled(asked)
    with speaking(place.name, asked.written), contextlib.closing(_postgres(place, limits, read_only=True)) as connection:
        with connection.cursor(name="looking") as cursor:
            cursor.execute(statement.encode(), values)
            rows = cursor.fetchmany(limits.rows + 1)
            columns = [column.name for column in cursor.description or ()]
        connection.rollback()
        return columns, rows


def postgres_begin(place: DatabasePlace, asked: Querying, limits: SqlLimits) -> Pending:
    statement, values = _compiled(asked)
    with speaking(place.name, asked.written):
        connection = _postgres(place, limits, read_only=False)
        try:
            cursor = connection.execute(statement.encode(), values, prepare=True)  # a prepared statement is a single one
            rows = cursor.fetchmany(limits.rows + 1) if cursor.description else []
            return Pending(connection, place.name, max(cursor.rowcount, 0), [column.name for column in cursor.description or ()], rows)
        except BaseException:
            connection.close()
            raise


def table_list(place: DatabasePlace, limits: SqlLimits) -> list[Json]:
    def connect() -> Any:
        return _sqlite(place, limits, READS) if place.is_sqlite else _postgres(place, limits, read_only=True)

    engine = sa.create_engine("sqlite://" if place.is_sqlite else "postgresql+psycopg://", creator=connect, poolclass=NullPool)
    found: list[Json] = []
    with speaking(place.name), engine.connect() as connection:
        looked = sa.inspect(connection)
        for table in (looked.get_table_names() + looked.get_view_names())[: limits.rows]:
            columns: list[Json] = [{"name": column["name"], "type": str(column["type"])} for column in looked.get_columns(table)]
            found.append({"table": table, "columns": columns})
    return found
