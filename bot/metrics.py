"""Prometheus metrics, read from the database when they are asked for: nothing is counted while a message is handled.

No text and no person stands in a label. What only grows is counted from the first scrape on, as by any fresh process;
tasks, credits and tokens are those of the whole database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from orchestrator.contracts import Clock
from orchestrator.tasks import statistics
from orchestrator.tasks.statistics import Totals, Whose
from storage.database import Database
from storage.models import CounterRow, MessageRow, OutgoingRow, PersonRow, StepRow, TaskRow

if TYPE_CHECKING:
    from prometheus_client.core import Metric

SETTLED = timedelta(seconds=10)
"""Rows younger than this are left to the next scrape: on Postgres an older number may still be committed."""
KEPT_SECONDS = 5.0
"""A scrape sooner than this gets the numbers of the one before."""
EVERYBODY = Whose(None)


@dataclass(frozen=True, slots=True)
class Numbers:
    """One reading."""

    totals: Totals
    depth: int
    outbox: dict[str, int]
    messages: dict[tuple[str, str], int]
    calls: dict[tuple[str, str], int]
    tokens: int
    credits: float


@dataclass(slots=True)
class Tally:
    """Counts rows as they come, by walking on from the last one seen."""

    table: Any
    ordered: Any
    at: Any
    labels: tuple[Any, ...]
    only: tuple[sa.ColumnElement[bool], ...] = ()
    _seen: Any = None
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def read(self, connection: sa.Connection, now: datetime) -> dict[tuple[str, str], int]:
        newest = connection.execute(sa.select(sa.func.max(self.ordered)).where(*self._after(), self.at <= now - SETTLED)).scalar()
        if self._seen is None:
            self._seen = newest if newest is not None else self._nothing()
        elif newest is not None:
            query = sa.select(*self.labels, sa.func.count()).where(*self._after(), self.ordered <= newest, *self.only).group_by(*self.labels)
            for row in connection.execute(query):
                self._counts[(str(row[0]), str(row[1]))] += row[2]
            self._seen = newest
        return dict(self._counts)

    def _after(self) -> tuple[sa.ColumnElement[bool], ...]:
        return () if self._seen is None else (self.ordered > self._seen,)

    def _nothing(self) -> Any:
        return 0 if isinstance(self.ordered.type, sa.BigInteger) else ""


class Metrics:
    """The collector of one process, with a registry of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._read_at = -KEPT_SECONDS
        self._numbers: Numbers | None = None
        self._messages = Tally(MessageRow, MessageRow.seq, MessageRow.received_at, (MessageRow.channel, MessageRow.kind))
        ended = sa.case((sa.func.coalesce(sa.cast(StepRow.error, sa.Text), "null") == "null", "done"), else_="failed").label("ended")
        self._calls = Tally(StepRow, StepRow.id, StepRow.created_at, (StepRow.name, ended), (StepRow.kind == "call",))

    async def page(self) -> bytes:
        """What Prometheus reads, in its text format."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest  # noqa: PLC0415 - only where metrics are read

        if self._numbers is None or monotonic() - self._read_at >= KEPT_SECONDS:
            self._numbers = await self._database.read(self._read)
            self._read_at = monotonic()
        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        registry.register(_Shown(self._numbers))
        return generate_latest(registry)

    def _read(self, connection: sa.Connection) -> Numbers:
        now = self._clock.now()
        waiting = sa.select(OutgoingRow.state, sa.func.count()).group_by(OutgoingRow.state)
        unsent = waiting.where(OutgoingRow.state.in_(sa.literal_column(f"'{state}'") for state in ("queued", "sending", "retry")))
        tokens = sa.select(sa.func.coalesce(sa.func.sum(TaskRow.tokens), 0)).where(TaskRow.person_id.in_(sa.select(PersonRow.id)))
        credits = sa.select(sa.func.coalesce(sa.func.sum(CounterRow.spent), 0.0)).where(CounterRow.scope == "month")
        return Numbers(
            statistics.totals(connection, EVERYBODY),
            statistics.queue(connection, EVERYBODY).depth,
            {row[0]: row[1] for row in connection.execute(unsent)},
            self._messages.read(connection, now),
            self._calls.read(connection, now),
            int(connection.execute(tokens).scalar_one()),
            float(connection.execute(credits).scalar_one()),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """One reading as Prometheus's families."""

    numbers: Numbers

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily  # noqa: PLC0415 - only where metrics are read

        numbers = self.numbers
        states = GaugeMetricFamily("majordomo_tasks", "Tasks by state.", labels=["state"])
        for state, count in sorted(numbers.totals.by_state.items()):
            states.add_metric([state], count)
        ended = CounterMetricFamily("majordomo_tasks_ended", "Tasks that ended, by type and how.", labels=["type", "state"])
        took = SummaryMetricFamily("majordomo_task_seconds", "Seconds from start to completion, by type.", labels=["type"])
        for kind in numbers.totals.by_type:
            for state, count in (("completed", kind.completed), ("failed", kind.failed), ("cancelled", kind.cancelled)):
                ended.add_metric([kind.name, state], count)
            took.add_metric([kind.name], count_value=kind.completed, sum_value=kind.average_ms * kind.completed / 1000)
        outbox = GaugeMetricFamily("majordomo_outbox", "Messages that wait to be sent, by state.", labels=["state"])
        for state, count in sorted(numbers.outbox.items()):
            outbox.add_metric([state], count)
        yield from (states, ended, took, outbox)
        yield GaugeMetricFamily("majordomo_queue_depth", "Tasks that wait for a worker.", value=numbers.depth)
        yield _counted("majordomo_messages", "Messages that came in.", ("channel", "kind"), numbers.messages)
        yield _counted("majordomo_tool_calls", "Calls of tools.", ("tool", "outcome"), numbers.calls)
        yield CounterMetricFamily("majordomo_model_tokens", "Tokens that language models took.", value=numbers.tokens)
        yield CounterMetricFamily("majordomo_credits", "Credits that calls of tools and models took.", value=numbers.credits)


def _counted(name: str, text: str, labels: tuple[str, str], counts: dict[tuple[str, str], int]) -> Metric:
    from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415 - only where metrics are read

    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family
