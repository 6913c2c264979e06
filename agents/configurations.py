"""What a task of each type may be told beforehand: its configuration, which becomes the task's slots.

An agent of a package brings its own as `configurations`, a mapping from task type to a pydantic model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from orchestrator.contracts import Agent, Plan, PlanStep

Words = Annotated[str, Field(min_length=1, max_length=400)]
MADE_BY_THE_HOUSE = frozenset({"undo", "booking_accept", "booking_decline", "booking_move", "triage"})
"""Types that only the house itself makes: they carry out what a person has decided elsewhere."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class When(_Closed):
    """A time. Without a clock it is a day; with a recurrence it repeats from there on."""

    start: AwareDatetime = Field(description="With its offset.", examples=["2026-11-24T10:00:00+01:00"])
    end: AwareDatetime | None = Field(default=None, description="Where a stretch of time is meant.")
    recurrence: str | None = Field(default=None, max_length=300, description="RFC 5545.", examples=["FREQ=WEEKLY;BYDAY=MO"])
    has_clock: bool = Field(default=True, description="False: any time of that day.")
    has_day: bool = True


class Open(BaseModel):
    """Nothing is said about the configuration of this type: its text says everything, or its agent takes what it likes."""

    model_config = ConfigDict(extra="allow")


class AboutTime(_Closed):
    when: When | None = Field(default=None, description="Which day, or from when to when.")


class Reminder(_Closed):
    """What to be reminded of, and when; what is left out is asked for."""

    rest: Words | None = Field(default=None, description="What to be reminded of.", examples=["call the dentist"])
    when: When | None = Field(default=None, description="When it rings.")


class WhichReminder(_Closed):
    rest: Words | None = Field(default=None, description="Which one: words of it, or its number as #7.")
    when: When | None = Field(default=None, description="The new time.")


class Appointment(_Closed):
    """What to book, with whom and when; what is left out is asked for."""

    service: Words | None = Field(default=None, description="The id of a service, as /business tells it.")
    staff: Words | None = Field(default=None, description="Who should do it.")
    when: When | None = Field(default=None, description="The wished time.")
    rest: Words | None = Field(default=None, description="A title for an entry of one's own.")


class Goal(_Closed):
    goal: Annotated[str, Field(min_length=1, max_length=2000)] = Field(description="What is to be reached.")


class Steps(_Closed):
    """Steps to carry out, in an order in which they can be done."""

    goal: str | None = Field(default=None, max_length=500, description="What they are for.")
    steps: tuple[PlanStep, ...] = Field(min_length=1, max_length=20)


BUILT_IN: Mapping[str, type[BaseModel]] = {
    "reminder_set": Reminder, "reminder_change": WhichReminder, "reminder_delete": WhichReminder, "reminder_done": WhichReminder,
    "reminder_snooze": WhichReminder, "reminder_list": AboutTime, "appointment_booking": Appointment, "appointment_reschedule": Appointment,
    "appointment_cancel": Appointment, "appointment_list": AboutTime, "appointment_availability": Appointment, "opening_hours": AboutTime,
    "general": Goal, "custom": Steps,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a configuration: where, what, and how to mend it."""

    field: str
    message: str
    remedy: str


def model_of(agent: Agent, task_type: str) -> type[BaseModel] | None:
    """The model of a task type's configuration; None where the house alone makes such tasks."""
    if task_type in MADE_BY_THE_HOUSE:
        return None
    own: Mapping[str, type[BaseModel]] = getattr(agent, "configurations", {})
    return own.get(task_type) or BUILT_IN.get(task_type, Open)


def check(model: type[BaseModel], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The configuration with its defaults, and what is wrong with it; one of the two is empty."""
    try:
        read = model.model_validate(given)
        if isinstance(read, Steps):
            Plan.model_validate({"goal": read.goal or "-", "steps": read.steps})
    except ValidationError as error:
        return {}, [_fault(model, fault) for fault in error.errors(include_url=False, include_input=False)]
    return (dict(given) if model.model_config.get("extra") == "allow" else read.model_dump(mode="json", exclude_none=True)), []


def _fault(model: type[BaseModel], fault: Any) -> Fault:
    where = ".".join(str(part) for part in fault["loc"]) or "steps"
    match fault["type"]:
        case "extra_forbidden":
            known = ", ".join(model.model_fields) or "none"
            remedy = f"leave it out; this type takes: {known}" if len(fault["loc"]) == 1 else "leave it out"
        case "missing":
            remedy = "add it"
        case "timezone_aware":
            remedy = "add the offset from UTC, such as 2026-11-24T10:00:00+01:00, or Z"
        case kind if "datetime" in kind:
            remedy = "write an ISO 8601 instant, such as 2026-11-24T10:00:00+01:00"
        case kind if kind.endswith("_type"):
            remedy = f"give a {kind.removesuffix('_type').replace('model_attributes', 'object').replace('dict', 'object').replace('tuple', 'list')}"
        case _:
            remedy = "change it as the message says; the schema tells what may stand there"
    return Fault(where, fault["msg"].removeprefix("Value error, "), remedy)
