"""House-keeping: stuck tasks are cancelled, old ones archived, questions expire, spent rows leave."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from orchestrator.contracts import ENDED, RUNNING, Words
from orchestrator.tasks import manager, notifications, outgoing
from orchestrator.tasks.rows import COLUMNS, from_row
from storage.models import ButtonRow, EventRow, MessageRow, TaskRow

STUCK_AFTER = timedelta(hours=2)
ARCHIVED_AFTER = timedelta(days=30)
IDS_KEPT = timedelta(days=14)
"""How long a platform's message id counts as seen."""
EVENTS_KEPT = timedelta(days=14)


def cancel_stuck(connection: sa.Connection, now: datetime, words: Words, after: timedelta = STUCK_AFTER) -> int:
    """Cancel running tasks without a sign of life, and tell their people. Returns how many."""
    states = [state.value for state in RUNNING]
    query = sa.select(*COLUMNS).where(TaskRow.state.in_(states), TaskRow.last_run_at < now - after)
    stuck = [from_row(row) for row in connection.execute(query.limit(100))]
    for task in stuck:
        manager.cancel(connection, task, now)
        if task.chat_id is not None:
            text = words(task.language, "task-stuck", {"number": task.number, "title": task.title, "hours": round(after.total_seconds() / 3600)})
            notice = notifications.Notice(notifications.FAILED, task.title or task.type, text, task.id, outcome="failure")
            notifications.notify(connection, outgoing.Envelope(task.chat_id, task.person_id, now, task.id), notice, words, task.language)
    return len(stuck)


def archive(connection: sa.Connection, now: datetime, after: timedelta = ARCHIVED_AFTER) -> int:
    """Mark tasks that ended long ago as archived; they leave the lists. Returns how many."""
    ended = [state.value for state in ENDED]
    query = sa.update(TaskRow).where(TaskRow.state.in_(ended), TaskRow.finished_at < now - after, TaskRow.archived_at.is_(None))
    return int(connection.execute(query.values(archived_at=now)).rowcount)


def forget_spent(connection: sa.Connection, now: datetime) -> int:
    """Drop what only served delivery: old events and spent buttons. Returns how many rows."""
    events = connection.execute(sa.delete(EventRow).where(EventRow.created_at < now - EVENTS_KEPT)).rowcount
    buttons = connection.execute(sa.delete(ButtonRow).where(ButtonRow.spent_at < now - IDS_KEPT)).rowcount
    return int(events) + int(buttons)


def waiting_messages(connection: sa.Connection) -> int:
    """How many stored messages nobody has handled yet."""
    query = sa.select(sa.func.count()).select_from(MessageRow).where(MessageRow.state == "received")
    return int(connection.execute(query).scalar_one())
