"""Open asks to a person. An answer is one compare-and-set; waking the task that waits for it is a separate act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Action, AnswerKind, Button, Card, Json, Option, Task
from orchestrator.tasks import journal, outgoing
from orchestrator.tasks.journal import Step
from storage.models import QuestionRow, StepRow, new_id

EXPIRY = timedelta(hours=24)
BUTTONS_PER_ROW = 2
YES, NO = "yes", "no"

_columns = (
    QuestionRow.id, QuestionRow.task_id, QuestionRow.person_id, QuestionRow.chat_id, QuestionRow.key, QuestionRow.kind, QuestionRow.prompt,
    QuestionRow.options, QuestionRow.data, QuestionRow.outgoing_id, QuestionRow.created_at,
)  # fmt: skip
_open_in_chat = (
    sa.select(*_columns)
    .where(QuestionRow.chat_id == sa.bindparam("chat"), QuestionRow.state == "open", QuestionRow.person_id == sa.bindparam("person"))
    .order_by(QuestionRow.id.desc())
)


@dataclass(frozen=True, slots=True)
class Question:
    """An open ask, as the desk sees it."""

    id: str
    task_id: str | None
    person_id: str
    chat_id: str
    key: str
    kind: AnswerKind
    prompt: str
    options: tuple[Option, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    outgoing_id: str | None = None
    created_at: datetime | None = None


def ask(
    connection: sa.Connection, envelope: outgoing.Envelope, task: Task | None, key: str, prompt: Card, kind: AnswerKind, options: Sequence[Option],
    data: dict[str, Any] | None = None, *, lead: str = "",
) -> str:  # fmt: skip
    """Store a question and show it, once: a question of this task and key that is open already is not shown again.

    `lead` is shown before the prompt and not kept.
    """
    if task is not None:
        already = sa.select(QuestionRow.id).where(QuestionRow.task_id == task.id, QuestionRow.key == key, QuestionRow.state == "open")
        if (existing := connection.execute(already).scalar()) is not None:
            return str(existing)
    question_id = new_id()
    text = f"{lead}\n{prompt.text}" if lead else prompt.text
    shown = Card(text, prompt.buttons or _buttons(question_id, options), prompt.files, prompt.silent)
    outgoing_id = outgoing.post(connection, envelope, shown)
    connection.execute(
        sa.insert(QuestionRow),
        {
            "id": question_id, "task_id": task.id if task else None, "person_id": envelope.person_id, "chat_id": envelope.chat_id, "key": key,
            "kind": kind.value, "prompt": prompt.text, "options": [{"label": o.label, "value": o.value} for o in options], "data": data or {},
            "outgoing_id": outgoing_id, "epoch": task.epoch if task else 0, "created_at": envelope.now, "expires_at": envelope.now + EXPIRY,
        },
    )  # fmt: skip
    return question_id


def _buttons(question_id: str, options: Sequence[Option]) -> tuple[tuple[Button, ...], ...]:
    buttons = [Button(option.label, Action("answer", question_id, str(n))) for n, option in enumerate(options)]
    return tuple(tuple(buttons[n : n + BUTTONS_PER_ROW]) for n in range(0, len(buttons), BUTTONS_PER_ROW))


def open_in_chat(connection: sa.Connection, chat_id: str, person_id: str) -> list[Question]:
    """Open questions of a person in a chat, newest first."""
    return [_from_row(row) for row in connection.execute(_open_in_chat, {"chat": chat_id, "person": person_id})]


def open_of_task(connection: sa.Connection, person_id: str, task_id: str) -> list[Question]:
    """Open questions that a task asks this person, newest first."""
    mine = (QuestionRow.task_id == task_id, QuestionRow.person_id == person_id, QuestionRow.state == "open")
    return [_from_row(row) for row in connection.execute(sa.select(*_columns).where(*mine).order_by(QuestionRow.id.desc()))]


def find(connection: sa.Connection, question_id: str, person_id: str) -> Question | None:
    row = connection.execute(sa.select(*_columns).where(QuestionRow.id == question_id, QuestionRow.person_id == person_id)).first()
    return _from_row(row) if row else None


def answer(connection: sa.Connection, question: Question, value: Json, now: datetime) -> bool:
    """Take an answer. True for the one answer that counts; later ones and those after expiry find the question closed."""
    closing = sa.update(QuestionRow).where(QuestionRow.id == question.id, QuestionRow.state == "open")
    if connection.execute(closing.values(state="answered", answer={"value": value}, answered_at=now)).rowcount != 1:
        return False
    if question.outgoing_id:
        outgoing.spend(connection, question.outgoing_id, now)
    return True


def journal_answer(connection: sa.Connection, task: Task, question: Question, value: Json, now: datetime) -> None:
    """The answer becomes the finished step that `ask` hands back in the next segment."""
    count = connection.execute(sa.select(sa.func.count()).select_from(StepRow).where(StepRow.task_id == task.id, StepRow.voided == "")).scalar_one()
    journal.write(connection, task, Step(question.key, "ask", "", value, input=question.prompt, seq=count), now)


def close(connection: sa.Connection, question: Question, state: str, now: datetime) -> bool:
    """Expire or cancel an open question; it competes with answers for the same row."""
    query = sa.update(QuestionRow).where(QuestionRow.id == question.id, QuestionRow.state == "open")
    if connection.execute(query.values(state=state, answered_at=now)).rowcount != 1:
        return False
    if question.outgoing_id:
        outgoing.spend(connection, question.outgoing_id, now)
    return True


def due(connection: sa.Connection, now: datetime, limit: int = 100) -> list[Question]:
    """Open questions whose time is over."""
    query = sa.select(*_columns).where(QuestionRow.state == "open", QuestionRow.expires_at <= now)
    return [_from_row(row) for row in connection.execute(query.limit(limit))]


def _from_row(row: Any) -> Question:
    options = tuple(Option(o["label"], o["value"]) for o in row.options)
    return Question(
        row.id, row.task_id, row.person_id, row.chat_id, row.key, AnswerKind(row.kind), row.prompt, options, row.data, row.outgoing_id, row.created_at
    )


def was_asked(connection: sa.Connection, person_id: str, key: str) -> bool:
    """Whether a person was ever asked this by the desk itself."""
    query = sa.select(QuestionRow.id).where(QuestionRow.person_id == person_id, QuestionRow.key == key, QuestionRow.task_id.is_(None)).limit(1)
    return connection.execute(query).first() is not None
