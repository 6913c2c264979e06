"""Kinds of fields that several resources share."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, StringConstraints
from pydantic.json_schema import WithJsonSchema

from orchestrator.contracts import Priority

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _in_utc(value: datetime) -> datetime:
    """Refuses what calendars cannot reckon with."""
    try:
        moment = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such instant") from error
    if not EARLIEST <= moment < LATEST:
        raise ValueError("an instant between 1970 and 2200 is wanted")
    return moment


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant with its offset; given back in UTC."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Named = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
"""The name of a task type or an agent."""
Anything = Annotated[Any, WithJsonSchema({"description": "Any JSON value."})]
TaskReference = Annotated[str, Path(max_length=64, description="The task's id, or the number that its person sees.", examples=["12"])]
Cursor = Annotated[str | None, Query(max_length=400, description="From `next` of the page before; left out for the first page.")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]


class PriorityName(StrEnum):
    """Urgent runs first."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    BACKGROUND = "background"

    @classmethod
    def of(cls, priority: Priority) -> PriorityName:
        return cls(priority.name.lower())

    @property
    def priority(self) -> Priority:
        return Priority[self.name]
