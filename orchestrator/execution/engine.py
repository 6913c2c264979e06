"""The queue and the workers: DBOS Transact, embedded on SQLite, shared on Postgres. The only file that knows it.

One DBOS workflow is one segment of one task, under the id `<task>:<segment>`, queued in the transaction that made it
due: it starts exactly once. Our journal memoizes the steps, so a workflow that is run again repeats nothing.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from orchestrator.contracts import RUNNING, Clock, Task, TaskState
from orchestrator.execution import engine_tables
from storage.database import POSTGRES_PARAMETERS, Database, make_engine, sync_url
from storage.models import TaskRow, WorkerRow, new_id
from storage.signals import announce

if TYPE_CHECKING:
    from dbos import DBOSClient

APPLICATION_VERSION = "1"
"""Pinned: by default DBOS hashes the source and strands old work after an upgrade."""
TRIAGE, WORK = "triage", "work"
TOPIC = "engine"
SEGMENT = "majordomo_segment"
IDLE_POLL, BUSY_POLL = 0.5, 0.1
"""Seconds between looks into the queue (idle CPU of the process: 0.8 % and 2.4 %)."""
BUSY_FOR = 5.0
HEARTBEAT = 3.0
LOOKED_FOR_EVERY = 30.0
"""Seconds between two looks for what was claimed and not begun."""
DEAD_AFTER = timedelta(seconds=12)
LAST_WAIT = 30.0
"""Seconds that a stop waits for a start."""
MAX_RECOVERIES = 10
FINISHED_KEPT = timedelta(days=1)

Run = Callable[[str, int], Awaitable[None]]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How much one worker does at a time, and one person may have running."""

    per_person: int = 10
    per_worker: int = 32
    threads: int = 16


@dataclass(slots=True)
class Patience:
    """Where the database was away all workers were silent: all are given the time to say that they live before one is taken for dead."""

    heard_at: float
    until: float = 0.0

    def is_over(self) -> bool:
        """To be asked after each heartbeat of our own."""
        now = monotonic()
        if now - self.heard_at > 2 * HEARTBEAT:
            self.until = now + DEAD_AFTER.total_seconds()
        self.heard_at = now
        return now >= self.until


class Engine:
    """Implements the Queue port. `start` makes this process a worker; `enqueue` works before that, too, on Postgres once `prepare` was called."""

    def __init__(self, database: Database, clock: Clock, settings: EngineSettings | None = None) -> None:
        self.executor_id = new_id()
        self._database = database
        self._clock = clock
        self._settings = settings or EngineSettings()
        self._client: DBOSClient | None = None
        self._client_lock = threading.Lock()
        self._coming_up: asyncio.Task[None] | None = None
        self._jobs: list[asyncio.Task[None]] = []
        self._running: Counter[str] = Counter()
        """The segments that run here, by their ids at DBOS; one that was taken from us and came back does so twice for a while."""
        self._patience = Patience(0.0)
        self._busy_until = 0.0
        self._working = False
        self._migrated = False

    def enqueue(self, connection: sa.Connection, task: Task, *, delay: float = 0.0) -> None:
        options: dict[str, Any] = {
            "workflow_name": SEGMENT,
            "queue_name": TRIAGE if task.type == "triage" else WORK,
            "workflow_id": f"{task.id}:{task.segment}",
            "queue_partition_key": task.person_id,
            "priority": int(task.priority),
            "app_version": APPLICATION_VERSION,
            **({"delay_seconds": delay} if delay else {}),
        }
        announce(connection, TOPIC)
        if self._database.is_sqlite and not self._migrated:
            engine_tables.ensure(connection)
        self._connect().enqueue_in_transaction(connection, options, task.id, task.segment)  # type: ignore[arg-type]
        self._busy_until = monotonic() + BUSY_FOR + delay

    async def prepare(self) -> None:
        """On Postgres, DBOS's tables, to be called before anybody queues work; on SQLite the first job brings them.

        DBOS makes indexes there on a connection of its own and waits for every open transaction: one of ours that waited for it would never end.
        """
        if not self._database.is_sqlite and not self._migrated:
            await asyncio.to_thread(self._migrate)

    async def start(self, run: Run) -> None:
        """Become a worker: launch DBOS, take over what dead workers left, keep the heartbeat.

        Who gives it up meanwhile calls `stop`: a thread that loads DBOS goes on, and is waited for there.
        """
        self._coming_up = asyncio.create_task(self._come_up(run))
        await asyncio.shield(self._coming_up)
        self._jobs = [asyncio.create_task(work) for work in (self._keep_alive(), self._pace(), self._look_for_dropped())]

    async def stop(self) -> None:
        """Let what is running end, for a while. A start that is still coming up is waited for: DBOS is one in a
        process, and what is left of one is what the next engine would get, with the old database behind it."""
        if self._coming_up is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WAIT):
                    await asyncio.gather(self._coming_up, return_exceptions=True)
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        if self._working:
            from dbos import DBOS

            self._working = False
            await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=8, destroy_registry=True)
            try:
                await self._database.write(lambda connection: connection.execute(sa.delete(WorkerRow).where(WorkerRow.id == self.executor_id)))
            except sa.exc.SQLAlchemyError:
                logger.warning("that this worker has stopped could not be told; it is taken for dead in a moment")

    # --- DBOS ---

    async def _come_up(self, run: Run) -> None:
        """It says that it lives before it can begin anything: what a worker had begun that nobody has heard of would never be taken over."""
        await self._database.write(self._beat)
        await asyncio.to_thread(self._launch, run)
        await self._database.write(self._beat)
        self._patience = Patience(heard_at=monotonic())
        await asyncio.to_thread(self._take_over_at_start)

    def _connect(self) -> DBOSClient:
        """Touches no table: whoever calls may be in the middle of a transaction."""
        with self._client_lock:
            if self._client is None:
                from dbos import DBOSClient

                self._client = DBOSClient(**self._location(), lazy=True)
            return self._client

    def _migrate(self) -> None:
        """On a connection of DBOS's own: never while a transaction of ours waits for it."""
        from dbos import DBOS

        DBOS.migrate(sync_url(self._database.url).render_as_string(hide_password=False))
        self._migrated = True

    def _location(self) -> dict[str, Any]:
        url = sync_url(self._database.url)
        if self._database.is_sqlite:
            return {"system_database_url": url.render_as_string(hide_password=False), "system_database_engine": self._engine()}
        return {"system_database_url": url.update_query_dict(POSTGRES_PARAMETERS).render_as_string(hide_password=False)}

    def _engine(self) -> sa.Engine:
        if not hasattr(self, "_own_engine"):
            self._own_engine = make_engine(self._database.url, size=3, begins=False)
        return self._own_engine

    def _launch(self, run: Run) -> None:
        from dbos import DBOS

        if not self._migrated and not self._database.is_sqlite:
            self._migrate()
        try:
            self._make(run)
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            raise
        self._migrated = self._working = True

    def _make(self, run: Run) -> None:
        from dbos import DBOS

        DBOS(
            config={
                "name": "majordomo",
                "application_version": APPLICATION_VERSION,
                "executor_id": self.executor_id,
                "max_executor_threads": self._settings.threads,
                "log_level": "ERROR",
                **self._location(),  # type: ignore[typeddict-item]
            }
        )

        @DBOS.workflow(name=SEGMENT, max_recovery_attempts=MAX_RECOVERIES)
        async def segment(task_id: str, number: int) -> None:
            self._busy_until = monotonic() + BUSY_FOR
            flow = f"{task_id}:{number}"
            self._running[flow] += 1
            try:
                await run(task_id, number)
            finally:
                self._running -= Counter({flow: 1})

        DBOS.launch()
        for name in (TRIAGE, WORK):
            DBOS.register_queue(
                name, partition_concurrency=self._settings.per_person, worker_concurrency=self._settings.per_worker, polling_interval_sec=IDLE_POLL
            )

    async def _pace(self) -> None:
        """Look into the queue often while tasks run, seldom when idle."""
        from dbos import DBOS

        interval = IDLE_POLL
        while True:
            await asyncio.sleep(BUSY_POLL)
            wanted = BUSY_POLL if monotonic() < self._busy_until else IDLE_POLL
            if wanted == interval:
                continue
            try:
                for name in (TRIAGE, WORK):
                    queue = await asyncio.to_thread(DBOS.retrieve_queue, name)
                    if queue is not None:
                        await asyncio.to_thread(queue.set_polling_interval_sec, wanted)
                interval = wanted
            except Exception:  # the edge of a worker
                logger.warning("the pace of the queues could not be set; trying again", exc_info=True)
                await asyncio.sleep(HEARTBEAT)

    # --- dead workers ---

    def _beat(self, connection: sa.Connection) -> None:
        now = self._clock.now()
        beaten = connection.execute(sa.update(WorkerRow).where(WorkerRow.id == self.executor_id).values(heartbeat_at=now)).rowcount
        if not beaten:
            connection.execute(sa.insert(WorkerRow).values(id=self.executor_id, host=socket.gethostname(), started_at=now, heartbeat_at=now))

    async def _keep_alive(self) -> None:
        """Say that we live, and take over from those who do not."""
        while not self._database.is_sqlite:
            await asyncio.sleep(HEARTBEAT)
            try:
                await self._database.write(self._beat)
                await self._bury_the_dead()
            except Exception:  # the edge of a worker
                logger.exception("heartbeat failed; trying again")

    async def _bury_the_dead(self) -> None:
        if not self._patience.is_over():
            return
        for dead in await self._database.read(self._dead):
            await asyncio.to_thread(self._take_over, [dead])
            await self._database.write(lambda connection, dead=dead: connection.execute(sa.delete(WorkerRow).where(WorkerRow.id == dead)))  # type: ignore[misc]

    async def _look_for_dropped(self) -> None:
        """Now and then, what DBOS has claimed for us and does not run, as where the database went away in between."""
        idle: set[str] = set()
        while True:
            await asyncio.sleep(LOOKED_FOR_EVERY)
            try:
                idle = await self._begin_what_was_dropped(idle)
            except Exception:  # the edge of a worker
                logger.exception("what was claimed and not begun could not be looked for; trying again")

    async def _begin_what_was_dropped(self, before: set[str]) -> set[str]:
        """Queue it again where it looked so before; what did not may be just beginning or just ending. Returns what looks so now."""
        claimed = await self._database.read(lambda connection: engine_tables.claimed_by(connection, self.executor_id))
        idle = {flow: queue for flow, queue in claimed.items() if not self._running[flow]}
        dropped = before & idle.keys()
        if dropped:
            logger.warning("segments were claimed and not begun; they are queued again", extra={"segments": len(dropped)})
            await asyncio.to_thread(self._queue_again, {flow: idle[flow] for flow in dropped})
        return idle.keys() - dropped

    def _dead(self, connection: sa.Connection) -> list[str]:
        oldest: datetime = self._clock.now() - DEAD_AFTER
        query = sa.select(WorkerRow.id).where(WorkerRow.heartbeat_at < oldest, WorkerRow.id != self.executor_id)
        return list(connection.execute(query).scalars())

    def _take_over_at_start(self) -> None:
        """On SQLite the data folder's lock says that nobody else lives: everything unfinished is ours."""
        if self._database.is_sqlite:
            self._take_over(None)

    def _take_over(self, executors: list[str] | None) -> None:
        """Queue again what these workers (or, for None, all before us) had begun, after raising the lease of the tasks that still are at it.

        A task that has come to a later segment meanwhile may be running in this very process: its lease is not touched.
        """
        from dbos import DBOS

        found = DBOS.list_workflows(status="PENDING", executor_id=executors, load_input=False, load_output=False)
        ours = [flow for flow in found if flow.executor_id != self.executor_id]
        if not ours:
            return
        begun = [(task, int(segment)) for task, _, segment in (flow.workflow_id.rpartition(":") for flow in ours)]
        raised = sa.update(TaskRow).where(sa.tuple_(TaskRow.id, TaskRow.segment).in_(begun)).values(lease=TaskRow.lease + 1)
        self._database.write_now(lambda connection: connection.execute(raised))
        logger.info("taking over", extra={"segments": len(ours)})
        self._queue_again({flow.workflow_id: flow.queue_name for flow in ours})

    def _queue_again(self, flows: Mapping[str, str | None]) -> None:
        """Each in the queue it came from."""
        from dbos import DBOS

        for name in (TRIAGE, WORK):
            if ids := [flow for flow, queue in flows.items() if queue == name]:
                DBOS.resume_workflows(ids, queue_name=name)


def has_unfinished(connection: sa.Connection) -> bool:
    """Whether tasks are left that the engine must go on with."""
    states = [state.value for state in (TaskState.PENDING, *RUNNING)]
    return connection.execute(sa.select(TaskRow.id).where(TaskRow.state.in_(states)).limit(1)).first() is not None


def monotonic() -> float:
    """Monotonic seconds, the same from every thread."""
    return time.monotonic()
