"""What comes due when. One sweep over one table: every due instant ends as ran, late, missed or skipped, and none fires twice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator import times
from storage.database import savepoint
from storage.models import OccurrenceRow, ScheduleRow, new_id
from storage.signals import announce

TOPIC = "schedules"
ONCE, RRULE, CRON, INTERVAL = "once", "rrule", "cron", "interval"
RAN, LATE, MISSED, SKIPPED = "ran", "late", "missed", "skipped"
TASK, ORDER, LAST_TASK = "task", "order", "last_task"
"""The kind of a schedule that begins a task; in its payload the order, and the task it began last."""
OWN_ZONE = "own_zone"
"""In its payload: the instant when it was last reckoned in the zone of its person; empty where a zone was named for it. Unknown where it stands nowhere."""
ELAPSED, SNOOZED = "elapsed", "snoozed"
"""In its payload: its instant is the same wherever its person is ("in 20 minutes"), or counts from when it rang before."""
MOST = 200
"""Schedules that one person may have running, paused ones and reminders among them."""
LATE_AFTER = timedelta(seconds=90)
"""An occurrence that fires this much after its instant is said to be late."""
BATCH = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """`start` is the first due instant; `rule` an RRULE, a cron expression or an interval in seconds, by `repeat`.

    `own_zone`: nobody named the zone for this one, it is that of the person; where they correct it, the schedule moves along.
    """

    person_id: str
    chat_id: str
    kind: str
    title: str
    zone: str
    start: datetime
    repeat: str = ONCE
    rule: str = ""
    zone_assumed: bool = False
    own_zone: bool = False
    task_id: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """What the due instants of a schedule follow from; a stored schedule is one, too."""

    repeat: str
    rule: str
    zone: str
    start_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """One occurrence that has come due, with how it ends."""

    schedule: Any
    due_at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class Fired:
    """How a due instant ended after all, and the notification that was sent, if one was."""

    outcome: str
    notification: str | None = None


Fire = Callable[[sa.Connection, Due], Fired]
"""Does what a due schedule is for."""


def create(connection: sa.Connection, new: NewSchedule, now: datetime) -> str:
    """Store a schedule under the person's next short number; returns its id."""
    schedule_id = new_id()
    number = connection.execute(sa.select(sa.func.coalesce(sa.func.max(ScheduleRow.number), 0) + 1).where(ScheduleRow.person_id == new.person_id)).scalar_one()
    connection.execute(
        sa.insert(ScheduleRow),
        {
            "id": schedule_id, "number": number, "person_id": new.person_id, "chat_id": new.chat_id, "task_id": new.task_id, "kind": new.kind,
            "title": new.title[:500], "repeat": new.repeat, "rule": new.rule, "zone": new.zone, "zone_assumed": new.zone_assumed,
            "start_at": new.start, "next_due": new.start, "created_at": now,
            "payload": {**new.payload, OWN_ZONE: now.isoformat()} if new.own_zone or new.zone_assumed else new.payload,
        },
    )  # fmt: skip
    announce(connection, TOPIC)
    return schedule_id


def following(schedule: Any, after: datetime) -> datetime | None:
    """The next due instant after `after`, in the schedule's own zone; None when there is none."""
    match schedule.repeat:
        case "rrule":
            return times.next_after(schedule.rule, after, zone=schedule.zone, start=schedule.start_at)
        case "cron":
            return times.next_cron(schedule.rule, after, zone=schedule.zone)
        case "interval":
            return times.next_interval(float(schedule.rule), after, start=schedule.start_at)
    return None


def next_due(connection: sa.Connection) -> datetime | None:
    """When the sweep has to wake up."""
    found: datetime | None = connection.execute(sa.select(sa.func.min(ScheduleRow.next_due)).where(ScheduleRow.state == "active")).scalar()
    return found


def sweep(connection: sa.Connection, now: datetime, fire: Fire) -> int:
    """End every due instant. Of several missed by a repeating schedule only the latest is told, as late; the others are missed."""
    query = sa.select(ScheduleRow.__table__).where(ScheduleRow.state == "active", ScheduleRow.next_due <= now)
    query = query.order_by(ScheduleRow.next_due).limit(BATCH).with_for_update(skip_locked=True)
    return sum(_end_safely(connection, schedule, now, fire) for schedule in connection.execute(query).all())


def _end_safely(connection: sa.Connection, schedule: Any, now: datetime, fire: Fire) -> int:
    """What goes wrong with one schedule must not hold up the others: its instants are missed, and it goes on. A database in trouble raises."""
    try:
        with savepoint(connection):
            return _end_due(connection, schedule, now, fire)
    except sa.exc.OperationalError:
        raise
    except Exception:  # the edge of a sweep
        logger.exception("something that came due could not be done; its instant is missed", extra={"schedule": schedule.id, "due_at": str(schedule.next_due)})
    try:
        with savepoint(connection):
            return _end_due(connection, schedule, now, _miss)
    except sa.exc.OperationalError:
        raise
    except Exception:  # the edge of a sweep
        logger.exception("this schedule cannot be followed; it is paused", extra={"schedule": schedule.id})
    connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == schedule.id).values(state="paused"))
    return 1


def _miss(connection: sa.Connection, due: Due) -> Fired:
    return Fired(MISSED)


def _end_due(connection: sa.Connection, schedule: Any, now: datetime, fire: Fire) -> int:
    instants = [schedule.next_due]
    upcoming = following(schedule, schedule.next_due)
    while upcoming is not None and upcoming <= now:
        instants.append(upcoming)
        upcoming = following(schedule, upcoming)
    *missed, latest = instants
    for instant in missed:
        if occurrence(connection, schedule.id, instant) is None:
            _record(connection, schedule.id, instant, now, Fired(MISSED))
    outcome = LATE if now - latest > LATE_AFTER else RAN
    if occurrence(connection, schedule.id, latest) is None:  # an instant that ended already, before its rhythm was changed, does not fire again
        _record(connection, schedule.id, latest, now, fire(connection, Due(schedule, latest, outcome)))
    state = "active" if upcoming is not None else "done"
    moved = sa.update(ScheduleRow).where(ScheduleRow.id == schedule.id, ScheduleRow.next_due == schedule.next_due)
    connection.execute(moved.values(next_due=upcoming, state=state))
    return len(instants)


def skip_next(connection: sa.Connection, schedule: Any, now: datetime) -> datetime | None:
    """Leave the next occurrence out; returns the one after it. A paused schedule stays paused; one that nothing follows is over."""
    if schedule.next_due is None:
        return None
    upcoming = following(schedule, schedule.next_due)
    if occurrence(connection, schedule.id, schedule.next_due) is None:
        _record(connection, schedule.id, schedule.next_due, now, Fired(SKIPPED))
    moved = sa.update(ScheduleRow).where(ScheduleRow.id == schedule.id)
    connection.execute(moved.values(next_due=upcoming) if upcoming else moved.values(next_due=None, state="done"))
    return upcoming


def wanted_after_all(connection: sa.Connection, schedule_id: str, due_at: datetime) -> None:
    """An instant that was left out and is now named outright comes due like any other."""
    left_out = (OccurrenceRow.schedule_id == schedule_id, OccurrenceRow.due_at == due_at, OccurrenceRow.outcome == SKIPPED)
    connection.execute(sa.delete(OccurrenceRow).where(*left_out))


def of_person(connection: sa.Connection, person_id: str, limit: int = 30) -> list[Any]:
    """A person's active and paused schedules, soonest first."""
    query = sa.select(ScheduleRow.__table__).where(ScheduleRow.person_id == person_id, ScheduleRow.state.in_(("active", "paused")))
    return list(connection.execute(query.order_by(ScheduleRow.next_due).limit(limit)))


def occurrence(connection: sa.Connection, schedule_id: str, due_at: datetime) -> Any:
    """How an instant of a schedule ended; None where there was none."""
    query = sa.select(OccurrenceRow.__table__).where(OccurrenceRow.schedule_id == schedule_id, OccurrenceRow.due_at == due_at)
    return connection.execute(query).first()


def record_run(connection: sa.Connection, schedule_id: str, at: datetime, fired: Fired) -> None:
    """It ran beside its rhythm, because somebody asked."""
    _record(connection, schedule_id, at, at, fired)


def running(connection: sa.Connection, person_id: str) -> int:
    """How many schedules of a person may still come due."""
    query = sa.select(sa.func.count()).select_from(ScheduleRow)
    return int(connection.execute(query.where(ScheduleRow.person_id == person_id, ScheduleRow.state.in_(("active", "paused")))).scalar_one())


def find(connection: sa.Connection, person_id: str, number: int) -> Any:
    """A person's schedule by its short number, if it has not ended; None when there is none."""
    query = sa.select(ScheduleRow.__table__).where(ScheduleRow.person_id == person_id, ScheduleRow.number == number)
    return connection.execute(query.where(ScheduleRow.state.in_(("active", "paused")))).first()


def load(connection: sa.Connection, schedule_id: str) -> Any:
    """A schedule by its id, ended or not; None when there is none."""
    return connection.execute(sa.select(ScheduleRow.__table__).where(ScheduleRow.id == schedule_id)).first()


def begun(connection: sa.Connection, schedule: Any, task_id: str) -> None:
    """Keep which task it began last."""
    connection.execute(sa.update(ScheduleRow).where(ScheduleRow.id == schedule.id).values(payload={**schedule.payload, LAST_TASK: task_id}))


def _record(connection: sa.Connection, schedule_id: str, due_at: datetime, now: datetime, fired: Fired) -> None:
    connection.execute(
        sa.insert(OccurrenceRow),
        {"id": new_id(), "schedule_id": schedule_id, "due_at": due_at, "outcome": fired.outcome, "fired_at": now, "notification_id": fired.notification},
    )
