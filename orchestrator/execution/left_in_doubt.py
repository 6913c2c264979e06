"""Effects that a task leaves in doubt: a failing task first asks its person what became of them; of an ended one the person is told."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from orchestrator.actions import asking, effects
from orchestrator.contracts import Task
from orchestrator.execution.surroundings import Surroundings
from orchestrator.tasks import manager, notifications, outgoing
from orchestrator.tasks.people import person_of

SETTLES_WITHIN = timedelta(minutes=15)
"""By then a worker that was still doing it has settled it: no tool may take longer."""


def ask(connection: sa.Connection, around: Surroundings, task: Task) -> bool:
    """Ask about everything this task has in doubt. False: there is nothing, or nobody to ask."""
    person = person_of(connection, task.person_id)
    if task.chat_id is None:
        return False
    left = effects.unclear_in(connection, task.id, (effects.IN_DOUBT,))
    for entry in left:
        if effects.move(connection, entry.id, (effects.IN_DOUBT,), effects.UNKNOWN):
            around.dispatcher.rules.ask_about(connection, person, task, entry)
    return bool(left)


def sweep(connection: sa.Connection, around: Surroundings) -> int:
    """Of what a stopped or ended task left in doubt no run will say what became: its person is told to look. Returns how many."""
    now = around.clock.now()
    told = 0
    for entry in effects.left_in_doubt(connection, now - SETTLES_WITHIN):
        task = manager.load(connection, entry.task_id)
        if task is None or not effects.move(connection, entry.id, (effects.IN_DOUBT,), effects.UNKNOWN, finished_at=now):
            continue
        told += 1
        if task.chat_id is None:
            continue
        person = person_of(connection, entry.person_id)
        summary = asking.visible(entry.summary)
        text = around.words(person.language, "left-in-doubt", {"number": task.number, "summary": summary})
        notice = notifications.Notice(notifications.FAILED, summary[:300], text, outcome="failure")
        notifications.notify(connection, outgoing.Envelope(task.chat_id, person.id, now, task.id), notice, around.words, person.language)
    return told
