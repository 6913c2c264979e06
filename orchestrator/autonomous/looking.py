"""What might need doing: a few reads, no model. What a run has dealt with before is left out, so that an idle look finds nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.actions import approvals
from orchestrator.autonomous import runs
from orchestrator.contracts import LIVE, RUNNING, Catalogue, Concern, Feed, Person, TaskState
from orchestrator.tasks import notifications, questions
from storage.models import CalendarEventRow, CredentialRequestRow, NotificationRow, QuestionRow, TaskRow

UNANSWERED_AFTER = timedelta(hours=1)
EXPIRING_WITHIN = timedelta(hours=2)
DUE_WITHIN = timedelta(hours=24)
STUCK_AFTER = timedelta(minutes=30)
FAILED_WITHIN = timedelta(hours=24)
AWAKE = (8, 20)
"""The hours of a person's day in which a free time is proposed."""
MOST = 20
"""Matters of one kind in one look."""
TRIAGE = "triage"

logger = logging.getLogger(__name__)


class Kind(StrEnum):
    """What a matter is about; the catalogue keys of what is told begin with it."""

    QUESTION = "question"
    APPROVAL = "approval"
    CREDENTIAL = "credential"
    FAILED = "failed"
    DUE = "due"
    STUCK = "stuck"
    CLASH = "clash"
    CONCERN = "concern"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that may need doing. `key` names it for good; `subject` is the row it concerns, `shown` what is said of it."""

    key: str
    kind: Kind
    subject: str = ""
    shown: dict[str, Any] = field(default_factory=dict)
    concern: Concern | None = None


def look(connection: sa.Connection, catalogue: Catalogue, person: Person, now: datetime) -> list[Matter]:
    """Everything that a run has not dealt with yet. Changes nothing."""
    found = [matter for check in CHECKS for matter in check(connection, person, now)]
    found += _feeds(connection, catalogue, person, now)
    known = runs.dealt_with(connection, person.id, [matter.key for matter in found]) if found else frozenset()
    return [matter for matter in {matter.key: matter for matter in found}.values() if matter.key not in known]


def _questions(connection: sa.Connection, person: Person, now: datetime) -> list[Matter]:
    """Questions that nobody has answered for an hour."""
    query = sa.select(QuestionRow.id, QuestionRow.task_id, QuestionRow.key, QuestionRow.prompt, TaskRow.number, TaskRow.title)
    query = query.join(TaskRow, TaskRow.id == QuestionRow.task_id).where(
        QuestionRow.person_id == person.id, QuestionRow.state == "open", QuestionRow.created_at <= now - UNANSWERED_AFTER, QuestionRow.expires_at > now
    )
    return [
        Matter(f"question:{row.task_id}:{row.key}", Kind.QUESTION, row.id, {"number": row.number or 0, "title": row.title, "prompt": row.prompt})
        for row in connection.execute(query.order_by(QuestionRow.id).limit(MOST))
    ]


def _approvals(connection: sa.Connection, person: Person, now: datetime) -> list[Matter]:
    """Asks that run out within two hours."""
    waiting = [one for one in approvals.pending_for(connection, person.id, now) if one.expires_at - now <= EXPIRING_WITHIN]
    return [Matter(f"approval:{one.id}", Kind.APPROVAL, one.id, {"title": one.shown.summary, "when": _here(one.expires_at, person)}) for one in waiting[:MOST]]


def _credentials(connection: sa.Connection, person: Person, now: datetime) -> list[Matter]:
    """Requests for a secret that run out within two hours."""
    row = CredentialRequestRow
    query = sa.select(row.id, row.service, row.expires_at).where(
        row.person_id == person.id, row.state == "pending", row.expires_at > now, row.expires_at <= now + EXPIRING_WITHIN
    )
    return [
        Matter(f"credential:{one.id}", Kind.CREDENTIAL, one.id, {"title": one.service, "when": _here(one.expires_at, person)})
        for one in connection.execute(query.limit(MOST))
    ]


def _failed(connection: sa.Connection, person: Person, now: datetime) -> list[Matter]:
    """Tasks that failed within the last day, since when the person has asked for nothing: they may not have read it."""
    latest = sa.select(sa.func.max(TaskRow.created_at)).where(TaskRow.person_id == person.id, TaskRow.type == TRIAGE)
    query = sa.select(TaskRow.id, TaskRow.number, TaskRow.title, TaskRow.epoch, TaskRow.error, TaskRow.parent_key, TaskRow.finished_at).where(
        TaskRow.person_id == person.id, TaskRow.finished_at >= now - FAILED_WITHIN, TaskRow.state == TaskState.FAILED.value, TaskRow.dead_letter_at.is_not(None)
    )
    last, read = connection.execute(latest).scalar(), _read_of(connection, person, now)
    found = []
    for row in connection.execute(query.order_by(TaskRow.finished_at).limit(MOST)):
        if row.parent_key is None and row.id not in read and (last is None or last <= row.finished_at):
            error = row.error or {}
            shown = {"number": row.number or 0, "title": row.title, "reason": str(error.get("message", "")), "type": str(error.get("type", ""))}
            found.append(Matter(f"failed:{row.id}:{row.epoch}", Kind.FAILED, row.id, shown))
    return found


def _read_of(connection: sa.Connection, person: Person, now: datetime) -> frozenset[str]:
    """Tasks whose failure the person has read of."""
    query = sa.select(NotificationRow.task_id).where(
        NotificationRow.person_id == person.id, NotificationRow.created_at >= now - FAILED_WITHIN, NotificationRow.kind == notifications.FAILED,
        NotificationRow.read_at.is_not(None), NotificationRow.task_id.is_not(None),
    )  # fmt: skip
    return frozenset(str(task_id) for task_id in connection.execute(query).scalars())


def _tasks(connection: sa.Connection, person: Person, now: datetime) -> list[Matter]:
    """Live tasks that are due within a day, or at work without a sign of life."""
    live = [state.value for state in LIVE]
    query = sa.select(TaskRow.id, TaskRow.number, TaskRow.title, TaskRow.state, TaskRow.due_at, TaskRow.last_run_at, TaskRow.segment).where(
        TaskRow.person_id == person.id, TaskRow.state.in_(live), TaskRow.type != TRIAGE
    )
    found = []
    for row in connection.execute(query.where(sa.or_(TaskRow.due_at <= now + DUE_WITHIN, TaskRow.last_run_at <= now - STUCK_AFTER)).limit(MOST)):
        shown = {"number": row.number or 0, "title": row.title}
        if row.due_at is not None and row.due_at <= now + DUE_WITHIN:
            found.append(Matter(f"due:{row.id}:{row.due_at.isoformat()}", Kind.DUE, row.id, {**shown, "when": _here(row.due_at, person)}))
        if row.state in RUNNING and row.last_run_at is not None and row.last_run_at <= now - STUCK_AFTER:
            since = round((now - row.last_run_at).total_seconds() / 60)
            found.append(Matter(f"stuck:{row.id}:{row.segment}", Kind.STUCK, row.id, {**shown, "minutes": since}))
    return found


def _calendar(connection: sa.Connection, person: Person, now: datetime) -> list[Matter]:
    """Two of the person's appointments at the same time, within a day; with a time at which they would be free."""
    row = CalendarEventRow
    query = sa.select(row.id, row.title, row.start_at, row.end_at).where(
        row.person_id == person.id, row.state == "booked", row.start_at >= now - DUE_WITHIN, row.start_at <= now + 2 * DUE_WITHIN
    )
    booked = connection.execute(query.order_by(row.start_at)).all()
    found = []
    for first, second in pairwise(booked):
        if second.start_at < first.end_at and now < second.start_at <= now + DUE_WITHIN:
            free = free_time(booked, second, person, now)
            shown = {"title": first.title, "other": second.title, "when": _here(second.start_at, person), "free": _here(free, person) if free else ""}
            found.append(Matter(f"clash:{first.id}:{second.id}:{second.start_at.isoformat()}", Kind.CLASH, second.id, shown))
    return found


def free_time(booked: Sequence[Any], moved: Any, person: Person, now: datetime) -> datetime | None:
    """The first time, by day, at which the appointment would fit between the others; None within the next day if there is none."""
    length = moved.end_at - moved.start_at
    others = sorted(((one.start_at, one.end_at) for one in booked if one.id != moved.id), key=lambda one: one[0])
    starts: list[datetime] = sorted({moved.start_at, *(end for _, end in others if end > now)})
    for start in starts:
        here = start.astimezone(ZoneInfo(person.effective_zone))
        ends = here.hour + (here.minute + length.total_seconds() / 60) / 60
        by_day = start <= now + 2 * DUE_WITHIN and here.hour >= AWAKE[0] and ends <= AWAKE[1]
        if by_day and all(end <= start or begin >= start + length for begin, end in others):
            return start
    return None


CHECKS = (_questions, _approvals, _credentials, _failed, _tasks, _calendar)
"""What every run looks at, in the order in which it is told."""


def _feeds(connection: sa.Connection, catalogue: Catalogue, person: Person, now: datetime) -> list[Matter]:
    """What the agents' feeds say; one that fails is a matter itself, told once a day."""
    found = []
    for agent in catalogue.agents:
        if not isinstance(agent, Feed):
            continue
        try:
            for concern in list(agent.concerns(connection, person, now))[:MOST]:
                found.append(Matter(f"feed:{agent.name}:{concern.key}"[:300], Kind.CONCERN, agent.name, {"title": concern.text}, concern))
        except Exception:
            logger.exception("a feed failed", extra={"agent": agent.name})
            found.append(Matter(f"feed:{agent.name}:failed:{now:%Y-%m-%d}", Kind.FEED, agent.name, {"title": agent.name}))
    return found


def open_question(connection: sa.Connection, question_id: str, person_id: str) -> questions.Question | None:
    """The question, if it is still open."""
    state = connection.execute(sa.select(QuestionRow.state).where(QuestionRow.id == question_id)).scalar()
    return questions.find(connection, question_id, person_id) if state == "open" else None


def _here(moment: datetime, person: Person) -> datetime:
    return moment.astimezone(ZoneInfo(person.effective_zone))
