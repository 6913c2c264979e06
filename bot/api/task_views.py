"""Tasks as the API shows them, and as it takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

import sqlalchemy as sa
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.api.fields import Anything, Instant, Label, Line, Named, PriorityName
from orchestrator.actions import approvals
from orchestrator.contracts import AnswerKind, TaskState
from orchestrator.tasks import listing, questions
from orchestrator.tasks.listing import Sheet
from orchestrator.tasks.particulars import Particulars
from orchestrator.tasks.questions import Question
from orchestrator.triage import steering

LONGEST_TEXT = 20_000
SCHEDULE = "schedule_id"
"""Under this name a task's settings hold the schedule that it belongs to."""


class TaskView(BaseModel):
    """A task."""

    id: str = Field(examples=["0198a1f0-3b1c-7c57-9d4e-2f6b1a0c9e11"])
    number: int | None = Field(description="What its person sees; triage tasks have none.", examples=[12])
    parent_id: str | None = Field(description="The task that made it; of what came by text, the triage task.")
    type: str = Field(examples=["reminder_set"])
    agent: str = Field(examples=["reminders"])
    title: str
    description: str
    text: str = Field(description="What was asked for, in words.")
    language: str
    project: str | None
    tags: list[str]
    settings: dict[str, Any] = Field(description="Model and agent settings.")
    schedule_id: str | None
    due_at: datetime | None
    state: TaskState
    priority: PriorityName
    progress: int = Field(description="Percent.", ge=0, le=100)
    slots: dict[str, Any] = Field(description="Details of the request; the configuration of a task made by type.")
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    work_ms: int = Field(description="Time worked on it.")
    tokens: int
    credits: float
    not_before: datetime | None = Field(description="A retry waits until then.")
    dead_letter: bool = Field(description="It failed for good and can be retried by hand.")
    archived_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    last_run_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, sheet: Sheet) -> Self:
        same = {name: getattr(sheet, name) for name in cls.model_fields if hasattr(sheet, name)}
        own = {
            "priority": PriorityName.of(sheet.priority), "dead_letter": sheet.dead_letter_at is not None, "tags": [str(tag) for tag in sheet.tags],
            "schedule_id": sheet.settings.get(SCHEDULE),
        }  # fmt: skip
        return cls.model_validate(same | own)


class OptionView(BaseModel):
    label: str
    value: Anything


class QuestionView(BaseModel):
    """An open question of a task."""

    id: str
    kind: AnswerKind
    prompt: str
    options: list[OptionView]
    created_at: datetime | None

    @classmethod
    def of(cls, question: Question) -> Self:
        options = [OptionView(label=option.label, value=option.value) for option in question.options]
        return cls(id=question.id, kind=question.kind, prompt=question.prompt, options=options, created_at=question.created_at)


class TaskDetail(TaskView):
    """A task, what may be done to it, and what it waits for."""

    may: list[str] = Field(default=[], description="Actions that its state allows.", examples=[["pause", "cancel"]])
    questions: list[QuestionView] = Field(default=[], description="Open ones; answer at /tasks/{task}/answer.")
    approvals: list[str] = Field(default=[], description="Ids of open ones; decide at /approvals/{approval}/decide.")
    schedule_ids: list[str] = Field(default=[], description="Schedules that it has made.")
    siblings: list[str] = Field(default=[], description="Ids of further tasks that the same text asked for.")


class NewTaskBody(BaseModel):
    """A new task: by `text`, which is routed like a chat message, or by `type` with its `slots`; `config` is another name for slots."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "Remind me tomorrow at 9 to call the dentist", "priority": "high", "tags": ["health"]}]}
    )
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)] | None = None
    type: Named | None = Field(default=None, description="The type of task; GET /task-types lists them.")
    slots: dict[str, Anything] = Field(default={}, max_length=100, validation_alias=AliasChoices("slots", "config"))
    title: Line | None = None
    description: str = Field(default="", max_length=LONGEST_TEXT)
    project: Label | None = None
    tags: list[Label] = Field(default=[], max_length=50)
    due_at: Instant | None = None
    priority: PriorityName | None = None
    settings: dict[str, Anything] = Field(default={}, max_length=100)
    schedule_id: str | None = Field(default=None, max_length=36, description="A schedule of yours that it belongs to.")

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.text is None and self.type is None:
            raise ValueError("give text, or a type")
        if self.slots and self.type is None:
            raise ValueError("slots go with a type; what text asks for is read from the text")
        return self

    def particulars(self) -> Particulars:
        settings = {**self.settings, **({SCHEDULE: self.schedule_id} if self.schedule_id else {})}
        priority = self.priority.priority if self.priority else None
        return Particulars(self.title or "", self.description, self.project, tuple(self.tags), self.due_at, priority, settings)


class TaskChanges(BaseModel):
    """What is to be written anew; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"priority": "low", "tags": ["later"], "due_at": None}]})
    title: Line = ""
    description: str = Field(default="", max_length=LONGEST_TEXT)
    project: Label | None = None
    tags: list[Label] = Field(default=[], max_length=50)
    due_at: Instant | None = None
    priority: PriorityName = PriorityName.NORMAL
    settings: dict[str, Anything] = Field(default={}, max_length=100)

    def changes(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in self.model_fields_set}
        return said | ({"priority": self.priority.priority} if "priority" in said else {})


def detail(connection: sa.Connection, person_id: str, task_id: str, now: datetime, siblings: list[str] | None = None) -> TaskDetail:
    """Everything about one task of this person."""
    sheet = listing.sheet(connection, person_id, task_id)
    task = listing.find(connection, person_id, task_id)
    waiting = [ask.id for ask in approvals.pending_for(connection, person_id, now) if ask.task_id == task_id]
    own = {
        "may": steering.possible(task) if task else (), "questions": [QuestionView.of(asked) for asked in questions.open_of_task(connection, person_id, task_id)],
        "approvals": waiting, "schedule_ids": listing.schedules_of(connection, person_id, task_id), "siblings": siblings or [],
    }  # fmt: skip
    return TaskDetail.model_validate(TaskView.of(sheet).model_dump() | own)
