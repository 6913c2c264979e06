"""Counts for /stats, the API and the metrics. `Whose` says over whose rows; each function is one page and one query or two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.contracts import ENDED, RUNNING, WAITING, Person, TaskState, Words
from orchestrator.times.wall import localized
from storage.models import CredentialRow, CredentialUseRow, MailRow, OutgoingRow, PersonRow, SpendRow, TaskRow

TRIAGE = "triage"
"""Tasks that only sort a message are counted nowhere, but for the tokens they took."""
DAYS = 30
SPANS = (("24h", timedelta(hours=24)), ("7d", timedelta(days=7)), ("30d", timedelta(days=30)))
COMPLETED, FAILED, CANCELLED = TaskState.COMPLETED.value, TaskState.FAILED.value, TaskState.CANCELLED.value
_timed = sa.func.count(TaskRow.started_at).label("timed")
HANDED_OVER = frozenset({"sent", "delivered", "bounced"})
"""Mail that a provider took."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Over whose rows is counted (None: everybody's, for the owner), and in which zone a day begins."""

    person_id: str | None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Figures:
    """Tasks of one kind. Rates are in percent of those that ended, the average in milliseconds from start to completion."""

    name: str
    total: int
    completed: int
    failed: int
    cancelled: int
    average_ms: float

    @property
    def ended(self) -> int:
        return self.completed + self.failed + self.cancelled

    @property
    def success_rate(self) -> float:
        return percent(self.completed, self.ended)

    @property
    def error_rate(self) -> float:
        return percent(self.failed, self.ended)


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything there is, by state, by type and by agent."""

    whole: Figures
    by_state: Mapping[str, int]
    by_type: tuple[Figures, ...]
    by_agent: tuple[Figures, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """How many tasks were made on one day."""

    day: date
    created: int


@dataclass(frozen=True, slots=True)
class AgentDay:
    """What one agent ended on one day; tokens and credits are those of the tasks that ended then."""

    day: date
    figures: Figures
    tokens: int
    credits: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls of tools and models took within a span up to now (24h, 7d, 30d)."""

    span: str
    calls: int
    tokens: int
    credits: float


@dataclass(frozen=True, slots=True)
class Queue:
    """What is not ended: `depth` tasks wait for a worker, `running` are at work, `waiting` wait for a person; messages wait to be sent."""

    depth: int
    running: int
    waiting: int
    paused: int
    active_agents: tuple[str, ...]
    outbox: int


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """How often a tool used the credentials for a service."""

    service: str
    tool: str
    uses: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """Letters by status. The delivery rate is in percent of those a provider took and that did not bounce; the failure rate of all that were tried."""

    by_status: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def delivery_rate(self) -> float:
        taken = sum(self.by_status.get(status, 0) for status in HANDED_OVER)
        return percent(taken - self.by_status.get("bounced", 0), taken)

    @property
    def failure_rate(self) -> float:
        tried = self.total - self.by_status.get("queued", 0)
        return percent(self.by_status.get("failed", 0) + self.by_status.get("bounced", 0), tried)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Every page at once, but for the agents' days. `last_day` counts the tasks made in the last 24 hours."""

    totals: Totals
    last_day: int
    queue: Queue
    days: tuple[Day, ...]
    usage: tuple[Usage, ...]
    credentials: tuple[CredentialUse, ...]
    mail: Mail


def gather(connection: sa.Connection, whose: Whose, now: datetime) -> Statistics:
    """The overview."""
    return Statistics(
        totals=totals(connection, whose),
        last_day=made_since(connection, whose, now - timedelta(hours=24)),
        queue=queue(connection, whose),
        days=days(connection, whose, now),
        usage=usage(connection, whose, now),
        credentials=credentials(connection, whose, now),
        mail=mail(connection, whose, now),
    )


def of(person: Person) -> Whose:
    return Whose(person.id, person.effective_zone)


def totals(connection: sa.Connection, whose: Whose) -> Totals:
    """Counts, rates and durations, from one walk along an index."""
    took, along_index = _took(connection), (TaskRow.person_id, TaskRow.type, TaskRow.agent, TaskRow.state)
    query = sa.select(TaskRow.type, TaskRow.agent, TaskRow.state, sa.func.count().label("n"), _timed, sa.func.sum(took).label("ms"))
    rows = connection.execute(_mine(query, TaskRow, whose).where(TaskRow.type != TRIAGE).group_by(*along_index)).all()
    by_state: Counter[str] = Counter()
    for row in rows:
        by_state[row.state] += row.n
    return Totals(figures("", rows), dict(by_state), _grouped(rows, "type"), _grouped(rows, "agent"))


def made_since(connection: sa.Connection, whose: Whose, since: datetime) -> int:
    """How many tasks were made from an instant on."""
    query = sa.select(sa.func.count()).select_from(TaskRow).where(TaskRow.created_at >= since, TaskRow.type != TRIAGE)
    return int(connection.execute(_mine(query, TaskRow, whose)).scalar_one())


def days(connection: sa.Connection, whose: Whose, now: datetime, count: int = DAYS) -> tuple[Day, ...]:
    """Tasks made on each of the last `count` days, the oldest first; a day is the person's own, 23 or 25 hours long at a change of the clock."""
    wanted = local_days(now, whose.zone, count)
    bounds = _bounds(wanted)
    within = (TaskRow.created_at >= bounds.c.first, TaskRow.created_at < bounds.c.end, TaskRow.type != TRIAGE)
    made = _mine(sa.select(sa.func.count(TaskRow.created_at)), TaskRow, whose).where(*within).correlate(bounds).scalar_subquery()
    found = {row[0]: row[1] for row in connection.execute(sa.select(bounds.c.day, made))}
    return tuple(Day(day, found[number]) for number, (day, _, _) in enumerate(wanted))


def agent_days(connection: sa.Connection, whose: Whose, now: datetime, count: int = DAYS, *, agent: str = "") -> tuple[AgentDay, ...]:
    """What each agent ended on each of the last `count` days, the latest first; days without any are left out."""
    wanted = local_days(now, whose.zone, count)
    bounds, took = _bounds(wanted), _took(connection)
    query = sa.select(
        bounds.c.day, TaskRow.agent, TaskRow.state, sa.func.count().label("n"), _timed, sa.func.sum(took).label("ms"),
        sa.func.sum(TaskRow.tokens).label("tokens"), sa.func.sum(TaskRow.credits).label("credits"),
    ).select_from(bounds.join(TaskRow, sa.and_(TaskRow.finished_at >= bounds.c.first, TaskRow.finished_at < bounds.c.end)))  # fmt: skip
    query = _mine(query, TaskRow, whose).where(TaskRow.type != TRIAGE, *((TaskRow.agent == agent,) if agent else ()))
    grouped: dict[tuple[int, str], list[Any]] = {}
    for row in connection.execute(query.group_by(bounds.c.day, TaskRow.agent, TaskRow.state)):
        grouped.setdefault((row.day, row.agent), []).append(row)
    return tuple(
        AgentDay(wanted[number][0], figures(name, rows), sum(int(row.tokens) for row in rows), _credits(sum(row.credits for row in rows)))
        for (number, name), rows in sorted(grouped.items(), key=lambda item: (-item[0][0], item[0][1]))
    )


def _credits(total: float) -> float:
    """To a millionth: in what order a database adds up shows behind it."""
    return round(float(total), 6)


def usage(connection: sa.Connection, whose: Whose, now: datetime) -> tuple[Usage, ...]:
    """Tokens and credits in 24 hours, 7 and 30 days; what deciding about messages took is counted in."""
    calls = _within(SpendRow, now, SpendRow.tokens, SpendRow.credits)
    spent = connection.execute(_mine(calls, SpendRow, whose).where(SpendRow.created_at >= now - SPANS[-1][1], SpendRow.state == "settled")).one()
    sorting = _mine(_within(TaskRow, now, TaskRow.tokens), TaskRow, whose)
    sorted_ = connection.execute(sorting.where(TaskRow.created_at >= now - SPANS[-1][1], TaskRow.type == TRIAGE, TaskRow.tokens > 0)).one()
    found = []
    for number, (name, _) in enumerate(SPANS):
        count, tokens, credits = spent[3 * number : 3 * number + 3]
        asked, more = sorted_[2 * number : 2 * number + 2]
        found.append(Usage(name, int(count + asked), int(tokens + more), _credits(credits)))
    return tuple(found)


def queue(connection: sa.Connection, whose: Whose) -> Queue:
    """What is under way at this moment."""
    live = [state.value for state in TaskState if state not in ENDED]
    query = _mine(sa.select(TaskRow.state, TaskRow.agent, sa.func.count()), TaskRow, whose).where(TaskRow.state.in_(live), TaskRow.type != TRIAGE)
    by_state: Counter[str] = Counter()
    active: Counter[str] = Counter()
    for state, agent, count in connection.execute(query.group_by(TaskRow.state, TaskRow.agent)):
        by_state[state] += count
        if state in RUNNING:
            active[agent] += count
    unsent = (
        sa.select(sa.func.count()).select_from(OutgoingRow).where(OutgoingRow.state.in_(sa.literal_column(f"'{s}'") for s in ("queued", "sending", "retry")))
    )
    return Queue(
        by_state[TaskState.PENDING], sum(by_state[state] for state in RUNNING), sum(by_state[state] for state in WAITING), by_state[TaskState.PAUSED],
        tuple(sorted(active)), int(connection.execute(unsent.where(*_belongs(OutgoingRow.person_id, whose))).scalar_one()),
    )  # fmt: skip


def credentials(connection: sa.Connection, whose: Whose, now: datetime, count: int = DAYS) -> tuple[CredentialUse, ...]:
    """Which tools used which credentials in the last `count` days, the most used first."""
    uses = sa.func.count().label("uses")
    query = sa.select(CredentialRow.service, CredentialUseRow.tool, uses, sa.func.max(CredentialUseRow.at).label("last"))
    query = query.join(CredentialRow, CredentialRow.id == CredentialUseRow.credential_id).where(CredentialUseRow.at >= now - timedelta(days=count))
    query = _mine(query, CredentialUseRow, whose).group_by(CredentialRow.service, CredentialUseRow.tool)
    return tuple(CredentialUse(*row) for row in connection.execute(query.order_by(uses.desc(), CredentialRow.service, CredentialUseRow.tool)))


def mail(connection: sa.Connection, whose: Whose, now: datetime, count: int = DAYS) -> Mail:
    """What became of the letters of the last `count` days."""
    query = sa.select(MailRow.status, sa.func.count()).where(MailRow.created_at >= now - timedelta(days=count))
    return Mail({row[0]: row[1] for row in connection.execute(_mine(query, MailRow, whose).group_by(MailRow.status))})


# --- as a message ---

SHOWN_KINDS = 5


def describe(connection: sa.Connection, person: Person, words: Words, now: datetime) -> str:
    """The overview in the person's words: what there is, how it went, what it took."""
    found = gather(connection, of(person), now)

    def say(key: str, **given: object) -> str:
        return words(person.language, key, given)

    whole, queue_, spent = found.totals.whole, found.queue, found.usage
    tokens, waiting = spent[-1].tokens, queue_.depth + queue_.running + queue_.waiting + queue_.paused
    lines = [say("stats", total=whole.total, today=found.last_day, waiting=waiting, success=whole.success_rate, tokens=tokens)]
    states = ", ".join(f"{say('state-' + name.replace('_', '-'))} {count}" for name, count in sorted(found.totals.by_state.items()))
    lines += [states] if states else []
    for kind in (*found.totals.by_type[:SHOWN_KINDS], *found.totals.by_agent[:SHOWN_KINDS]):
        lines.append(say("stats-kind", name=kind.name.replace("_", " "), total=kind.total, success=kind.success_rate, seconds=round(kind.average_ms / 1000, 1)))
    lines.append(say("stats-queue", depth=queue_.depth, running=queue_.running, agents=", ".join(queue_.active_agents) or "-"))
    lines += [say("stats-usage", span=one.span, tokens=one.tokens, credits=round(one.credits)) for one in spent if one.calls]
    lines += [say("stats-credential", service=one.service, tool=one.tool, uses=one.uses) for one in found.credentials[:SHOWN_KINDS]]
    if found.mail.total:
        lines.append(say("stats-mail", total=found.mail.total, delivered=found.mail.delivery_rate, failed=found.mail.failure_rate))
    return "\n".join(lines)


# --- what the pages share ---


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def figures(name: str, rows: Iterable[Any]) -> Figures:
    """The figures of rows that carry a state, a count, and how many completed ones took how long."""
    by_state: Counter[str] = Counter()
    timed, spent = 0, 0.0
    for row in rows:
        by_state[row.state] += row.n
        if row.state == COMPLETED and row.timed:
            timed, spent = timed + row.timed, spent + float(row.ms)
    average = round(spent / timed, 3) if timed else 0.0
    return Figures(name, sum(by_state.values()), by_state[COMPLETED], by_state[FAILED], by_state[CANCELLED], average)


def local_days(now: datetime, zone: str, count: int) -> list[tuple[date, datetime, datetime]]:
    """The last days of a zone up to today: the date, its first instant, and the first one after it."""
    home = ZoneInfo(zone)
    today = now.astimezone(home).date()
    dates = [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
    return [(day, _begin(day, home), _begin(day + timedelta(days=1), home)) for day in dates]


def _begin(day: date, home: ZoneInfo) -> datetime:
    return localized(datetime.combine(day, time()), home).astimezone(UTC)


def _grouped(rows: Iterable[Any], by: str) -> tuple[Figures, ...]:
    """Figures for each type or agent, the most frequent first."""
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(getattr(row, by), []).append(row)
    return tuple(sorted((figures(name, members) for name, members in groups.items()), key=lambda one: (-one.total, one.name)))


def _belongs(column: Any, whose: Whose) -> tuple[sa.ColumnElement[bool], ...]:
    """Everybody is named one by one: the indexes begin with the person."""
    return (column == whose.person_id if whose.person_id is not None else column.in_(sa.select(PersonRow.id)),)


def _mine(query: Any, table: Any, whose: Whose) -> Any:
    return query.where(*_belongs(table.person_id, whose))


def _took(connection: sa.Connection) -> sa.ColumnElement[float]:
    """Milliseconds between a task's start and its end."""
    if connection.dialect.name == "sqlite":
        return (sa.func.julianday(TaskRow.finished_at, type_=sa.Float) - sa.func.julianday(TaskRow.started_at, type_=sa.Float)) * 86_400_000.0
    return sa.cast(sa.extract("epoch", TaskRow.finished_at - TaskRow.started_at), sa.Float) * 1000.0


def _within(table: Any, now: datetime, *summed: Any) -> Any:
    """For each span: how many rows, and the sums over them."""
    columns: list[sa.ColumnElement[Any]] = []
    for _, span in SPANS:
        recent = table.created_at >= now - span
        columns.append(sa.func.coalesce(sa.func.sum(sa.case((recent, 1), else_=0)), 0))
        columns += [sa.func.coalesce(sa.func.sum(sa.case((recent, column), else_=0)), 0) for column in summed]
    return sa.select(*columns)


def _bounds(wanted: list[tuple[date, datetime, datetime]]) -> Any:
    """The days as a table of their own, so that one query counts into all of them along an index."""
    instant = TaskRow.created_at.type
    columns = (sa.column("day", sa.Integer), sa.column("first", instant), sa.column("end", instant))
    return sa.values(*columns, name="days").data([(number, first, end) for number, (_, first, end) in enumerate(wanted)]).cte("bounds")
