"""What an agent may have the house carry out for it, and what comes of it: plans of typed steps, and findings.

A plan names tools and arguments and nothing else: whether a step may be done is decided when it is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from orchestrator.cards import Json

THINK = "think"
"""The step that asks the language model; its one argument is `prompt`."""
MOST_STEPS = 20
REFERENCE = re.compile(r"\{([a-z][a-z0-9_]{0,30})((?:\.[A-Za-z_][\w-]{0,60}|\[-?\d{1,6}\]|\[(?:-?\d{1,6})?:(?:-?\d{1,6})?\])*)\}")
"""`{fetch.result[0:5]}`, `{fetch.result.title}`, and `{item}` in a step that is done for each item of a list."""
ITEM = "item"


class PlanStep(BaseModel):
    """One step. Text in `arguments` may refer to the result of an earlier step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,30}$", description="A short name, to refer to its result.")
    tool: str = Field(max_length=100, description="The name of a tool, or think, which asks the language model.")
    arguments: dict[str, Json] = Field(default_factory=dict, description="What the tool takes; {id.result.field[0:5]} stands for an earlier result.")
    each: str = Field(default="", max_length=200, description="A reference to a list: the step is done once for each {item} of it, side by side.")
    depends_on: tuple[str, ...] = Field(default=(), description="Steps that must be done before, besides those referred to.")
    note: str = Field(default="", max_length=200, description="What the step is for, in a few words.")
    stop_before: bool = Field(default=False, description="Stop and ask the person before this step.")

    @field_validator("each")
    @classmethod
    def _one_reference(cls, each: str) -> str:
        if each and not REFERENCE.fullmatch(each):
            raise ValueError("each must be one reference, such as {fetch.result[0:5]}")
        return each

    @property
    def needs(self) -> frozenset[str]:
        """The steps that must be done before this one."""
        return frozenset(self.depends_on) | frozenset(name for text in (self.each, *texts(self.arguments)) for name in named(text)) - {ITEM}


class Plan(BaseModel):
    """Steps in an order in which they can be done; those that do not need each other are done side by side."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    goal: str = Field(max_length=500, description="What is wanted, in one sentence.")
    steps: tuple[PlanStep, ...] = Field(min_length=1, max_length=MOST_STEPS)

    @model_validator(mode="after")
    def _in_order(self) -> Plan:
        before: set[str] = set()
        for step in self.steps:
            if step.id in before or step.id == ITEM:
                raise ValueError(f"the step name {step.id} is taken")
            if missing := step.needs - before:
                raise ValueError(f"the step {step.id} refers to {', '.join(sorted(missing))}, which does not come before it")
            before.add(step.id)
        return self


@dataclass(frozen=True, slots=True)
class Finding:
    """What reasoning came to. `sources` are the addresses and senders of what outsiders wrote; no link in `text` is live.

    `stopped` is empty, or why it ended early: time, thoughts, loop, faults.
    """

    text: str
    sources: tuple[str, ...] = ()
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of a plan. `wish` is what the person wants changed, and then nothing (more) was done; `failed` names the step that went wrong."""

    results: Mapping[str, Json] = field(default_factory=dict)
    credits: float = 0.0
    wish: str = ""
    failed: str = ""
    reason: str = ""


def texts(value: Json) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


def named(text: str) -> Iterator[str]:
    """The steps that a text refers to: `{id.result…}`, or `{item…}`."""
    for match in REFERENCE.finditer(text):
        if match.group(1) == ITEM or match.group(2).startswith(".result"):
            yield match.group(1)
