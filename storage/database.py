"""The way to the database: short functions over a SQLAlchemy Core connection, run by writer and reader threads.

A write is a plain function of a connection. On SQLite one writer thread takes everything that waits into one
transaction, a savepoint for each, and one commit makes all of it durable, with what companions add to it; on Postgres
several writer threads run one transaction each. The caller awaits the result, which arrives only after the commit.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.companions import Companion
from storage.signals import Signals, announced, call_on_loops

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

GROUP = 64
"""The most writes that share one SQLite commit."""
POSTGRES_WRITERS = 4
READERS = 2
CONFLICT_RETRIES = 10
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON", "cache_size=-4000")
POSTGRES_REACH = {"connect_timeout": "10", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000"}
"""A server that does not answer any more is given up after some seconds (the last in ms), not after the system's minutes or hours."""
POSTGRES_PARAMETERS = {**POSTGRES_REACH, "options": "-c idle_in_transaction_session_timeout=5000"}
"""A process stopped in the middle of a transaction loses it after 5 s, and with it the locks that others wait for."""
CONFLICTS = frozenset({"40001", "40P01"})
"""Postgres's codes for a serialisation failure and a deadlock: the transaction is simply run again."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    """A write that somebody waits for, a companion's that runs with it, or one that is both."""

    work: Work[Any] | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any] | None = None
    companion: Companion[Any] | None = None
    result: Any = None
    error: BaseException | None = None

    def ended(self) -> None:
        """In the writer's thread: the companion learns of it before the next transaction."""
        if self.companion is not None and self.work is not None:
            self.companion.after(None if self.error else self.result)

    def tell(self) -> None:
        """On the event loop: hand over the result."""
        if self.companion is not None and self.work is not None and self.error is None:
            self.companion.then(self.result)
        if self.future is None or self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def sync_url(url: str) -> sa.URL:
    """The same database through a driver that blocks: ours runs in threads of its own."""
    parsed = sa.make_url(url)
    return parsed.set(drivername="sqlite") if parsed.get_backend_name() == "sqlite" else parsed.set(drivername="postgresql+psycopg")


def make_engine(url: str, *, size: int = 1, begins: bool = True) -> sa.Engine:
    """A pool of at most `size` connections; on SQLite with our pragmas and BEGIN IMMEDIATE.

    `begins=False` leaves beginning to the driver, for a library that issues its own BEGIN.
    """
    parsed = sync_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_size=size, max_overflow=0, pool_pre_ping=True, connect_args=POSTGRES_PARAMETERS)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = sa.create_engine(parsed, pool_size=size, max_overflow=0, poolclass=sa.QueuePool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    if begins:
        event.listen(engine, "begin", _begin_immediate)
    else:
        event.listen(engine, "connect", _let_driver_begin)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _let_driver_begin(connection: Any, _record: Any) -> None:
    connection.isolation_level = "IMMEDIATE"


def _begin_immediate(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE")


def database_failed(error: BaseException) -> bool:
    """Whether the database itself failed, so that the same may go well later. What cannot stand in it is the fault of who wrote it."""
    return isinstance(error, DBAPIError | PoolTimeout | PendingRollbackError) and not isinstance(error, IntegrityError | DataError)


class TransactionLost(OperationalError):
    """SQLite has undone the whole transaction, as where the disk is full in its middle. What is written after that would stand alone."""


class Database:
    """Opens on first use; `close` ends its threads after what is queued."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = sync_url(url).get_backend_name() == "sqlite"
        self.signals = Signals()
        writers = 1 if self.is_sqlite else POSTGRES_WRITERS
        self.engine = make_engine(url, size=writers + READERS)
        self._queues: list[queue.SimpleQueue[_Job | None]] = [queue.SimpleQueue() for _ in range(writers)]
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._companions: tuple[Companion[Any], ...] = ()
        self._threads: list[threading.Thread] = []
        self._turn = 0
        self._lock = threading.Lock()

    async def write(self, work: Work[T], *, key: str = "") -> T:
        """Run `work` in a transaction; returns after the commit. Writes with the same key keep their order.

        Raises whatever `work` raises, after rolling back what it wrote.
        """
        self._start()
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, future := loop.create_future())
        self._queues[self._pick(key)].put(job)
        result: T = await future
        return result

    def join(self, companion: Companion[Any]) -> Callable[[], None]:
        """Let `companion` run with the writes that announce its topic; returns what ends that.

        Companions run in the order in which they joined. Only SQLite's single writer has them join; on Postgres they
        run when `run` asks, and otherwise the signal wakes whoever listens.
        """
        if not self.is_sqlite:
            return lambda: None
        self._companions = (*self._companions, companion)

        def leave() -> None:
            self._companions = tuple(known for known in self._companions if known is not companion)

        return leave

    async def run(self, companion: Companion[T]) -> T:
        """Have a companion run soon, in a transaction of its own or in another's. Raises whatever it raises."""
        self._start()
        loop = asyncio.get_running_loop()
        job = _Job(None, loop, future := loop.create_future(), companion)
        self._queues[self._pick("")].put(job)
        result: T = await future
        return result

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a reading connection, beside the writers."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)

    def read_now(self, work: Work[T]) -> T:
        """The same without an event loop, in the caller's thread."""
        with self.engine.connect().execution_options(reading=True) as connection:
            return work(connection)

    def write_now(self, work: Work[T]) -> T:
        """One transaction in the caller's thread: start-up and the command line."""
        with self.engine.begin() as connection:
            self.signals.take(connection)
            result = work(connection)
            notices = self.signals.take(connection)
        self.signals.deliver(notices)
        return result

    async def close(self) -> None:
        """End the writer threads once their queues are empty, then the connections."""
        threads, self._threads = self._threads, []
        for jobs in self._queues:
            jobs.put(None)
        for thread in threads:
            await asyncio.get_running_loop().run_in_executor(None, thread.join)
        self._readers.shutdown()
        self.engine.dispose()

    def _pick(self, key: str) -> int:
        if len(self._queues) == 1:
            return 0
        if key:
            return hash(key) % len(self._queues)
        self._turn += 1
        return self._turn % len(self._queues)

    def _start(self) -> None:
        if self._threads:
            return
        with self._lock:
            if self._threads:
                return
            run = self._run_grouped if self.is_sqlite else self._run_singly
            self._threads = [threading.Thread(target=run, args=(jobs,), name=f"writer-{n}", daemon=True) for n, jobs in enumerate(self._queues)]
            for thread in self._threads:
                thread.start()

    # SQLite: everything that waits in one commit

    def _run_grouped(self, jobs: queue.SimpleQueue[_Job | None]) -> None:
        while (first := jobs.get()) is not None:
            group, ended = [first], False
            while len(group) < GROUP and not jobs.empty():
                job = jobs.get()
                if job is None:
                    ended = True
                    break
                group.append(job)
            self._commit_group(group)
            if ended:
                return

    def _commit_group(self, group: list[_Job]) -> None:
        notices: list[tuple[str, str]] = []
        joined: list[_Job] = []
        try:
            with self.engine.connect() as connection, connection.begin():
                self.signals.take(connection)
                for job in group:
                    if job.work is not None:
                        self._in_savepoint(connection, job)
                self._join(connection, group, joined)
                notices = self.signals.take(connection)
        except Exception as error:  # the edge of the writer, of which there is only one
            logger.exception("commit failed", extra={"writes": len(group)})
            for job in (*group, *joined):
                job.error = job.error or error
        self._hand_over([*joined, *group], notices)

    def _join(self, connection: sa.Connection, group: list[_Job], joined: list[_Job]) -> None:
        """Run the companions of what was announced or asked for; who asked for one gets its result."""
        wanted = [job.companion for job in group if job.companion is not None]
        for companion in dict.fromkeys((*self._companions, *wanted)):
            asked = [job for job in group if job.companion is companion]
            subjects = announced(connection, companion.topic)
            if not asked and not subjects:
                continue
            job = _Job(partial(_accompany, companion, subjects), companion.loop, companion=companion)
            joined.append(job)
            self._in_savepoint(connection, job)
            if job.error is not None and not asked:
                logger.error("what should have joined a transaction failed", extra={"topic": companion.topic}, exc_info=job.error)
            for waiting in asked:
                waiting.result, waiting.error = job.result, job.error

    def _in_savepoint(self, connection: sa.Connection, job: _Job) -> None:
        mark = self.signals.mark(connection)
        assert job.work is not None
        try:
            with savepoint(connection):
                job.result = job.work(connection)
        except Exception as error:
            self.signals.rewind(connection, mark)
            job.error = error
            if not _in_transaction(connection):
                raise

    def _hand_over(self, jobs: list[_Job], notices: list[tuple[str, str]]) -> None:
        for job in jobs:
            try:
                job.ended()
            except Exception:  # the edge of the writer
                logger.exception("a companion could not be told how its transaction ended")
        call_on_loops([*((job.loop, job.tell) for job in jobs), *self.signals.calls(notices)])

    # Postgres: one transaction a write

    def _run_singly(self, jobs: queue.SimpleQueue[_Job | None]) -> None:
        while (job := jobs.get()) is not None:
            notices: list[tuple[str, str]] = []
            if job.work is None and job.companion is not None:
                job.work = partial(_accompany, job.companion, [])
            try:
                notices = self._with_retries(job)
            except Exception as error:
                job.error = error
            self._hand_over([job], notices)

    def _with_retries(self, job: _Job) -> list[tuple[str, str]]:
        assert job.work is not None
        for attempt in range(CONFLICT_RETRIES):
            try:
                with self.engine.begin() as connection:
                    self.signals.take(connection)
                    job.result = job.work(connection)
                    return self.signals.take(connection)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) not in CONFLICTS or attempt == CONFLICT_RETRIES - 1:
                    raise
        raise AssertionError("unreachable")


@contextmanager
def savepoint(connection: sa.Connection) -> Iterator[None]:
    """Undo what the block wrote if it raises. On SQLite a tenth of the price of SQLAlchemy's own (0.2 ms)."""
    if connection.dialect.name != "sqlite":
        with connection.begin_nested():
            yield
        return
    depth = connection.info["savepoints"] = connection.info.get("savepoints", 0) + 1
    try:
        _execute_raw(connection, f"SAVEPOINT part_{depth}")
        try:
            yield
        except BaseException as error:
            if not _in_transaction(connection):
                raise TransactionLost("SAVEPOINT", None, error) from error
            _execute_raw(connection, f"ROLLBACK TO part_{depth}")
            _execute_raw(connection, f"RELEASE part_{depth}")
            raise
        _execute_raw(connection, f"RELEASE part_{depth}")
    finally:
        connection.info["savepoints"] = depth - 1


def _in_transaction(connection: sa.Connection) -> bool:
    """Of SQLite, which may have ended it by itself."""
    return cast(sqlite3.Connection, connection.connection.dbapi_connection).in_transaction


def _execute_raw(connection: sa.Connection, statement: str) -> None:
    """Past SQLAlchemy's machinery, but with its errors."""
    try:
        cast(sqlite3.Connection, connection.connection.dbapi_connection).execute(statement).close()
    except sqlite3.Error as error:
        raise OperationalError(statement, None, error) from error


def _accompany(companion: Companion[Any], subjects: list[str], connection: sa.Connection) -> Any:
    return companion.work(connection, subjects)
