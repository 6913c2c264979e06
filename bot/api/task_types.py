"""/task-types: what kinds of tasks there are, the JSON schema of their configuration, and whether one would do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi import Path as InPath
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Anything
from bot.api.idempotency import Answer, InSending
from bot.api.problems import Problem, invalid, not_found
from bot.app import House
from orchestrator.contracts import Agent

Reading = Annotated[Caller, Depends(caller("tasks:read"))]
TypeName = Annotated[str, InPath(max_length=64, examples=["reminder_set"])]


class TaskTypeView(BaseModel):
    """A kind of task."""

    type: str
    agent: str


class TaskTypeList(BaseModel):
    items: list[TaskTypeView]


class TaskTypeDetail(TaskTypeView):
    """`config_schema` is what the `slots` (or `config`) of a new task must match."""

    config_schema: dict[str, Any]


class Configuration(BaseModel):
    """The configuration to look at; `slots` is another name for it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"config": {"rest": "call the dentist"}}]})
    config: dict[str, Anything] = Field(max_length=100, validation_alias=AliasChoices("config", "slots"))


class ConfigurationFault(BaseModel):
    """What is wrong, where, and how to mend it."""

    field: str = Field(examples=["config.when.start"])
    message: str
    remedy: str


class Verdict(BaseModel):
    """Whether a task could be made so. `config` is what it would get, defaults included; null where something is wrong."""

    valid: bool
    errors: list[ConfigurationFault]
    config: dict[str, Any] | None


def router() -> APIRouter:
    made = APIRouter(tags=["task types"])
    made.add_api_route("/task-types", listed, methods=["GET"])
    made.add_api_route("/task-types/{task_type}", read, methods=["GET"])
    made.add_api_route("/task-types/{task_type}/validate", validate, methods=["POST"], response_model=Verdict)
    return made


async def listed(caller: Reading, house: InHouse) -> TaskTypeList:
    """Every type of task that can be asked for."""
    from agents.configurations import MADE_BY_THE_HOUSE  # noqa: PLC0415

    await asyncio.to_thread(house.catalogue.look)
    pairs = sorted((task_type, agent.name) for agent in house.catalogue.agents for task_type in agent.task_types if task_type not in MADE_BY_THE_HOUSE)
    return TaskTypeList(items=[TaskTypeView(type=task_type, agent=agent) for task_type, agent in pairs])


async def read(task_type: TypeName, caller: Reading, house: InHouse) -> TaskTypeDetail:
    """One type, with the JSON schema of its configuration."""
    agent, model = await asyncio.to_thread(_known, house, task_type)
    return TaskTypeDetail(type=task_type, agent=agent.name, config_schema=model.model_json_schema())


async def validate(task_type: TypeName, body: Configuration, caller: Reading, sending: InSending) -> Response:
    """Whether a configuration would do; each fault names its field and the remedy. Nothing is made."""
    from agents.configurations import check  # noqa: PLC0415

    _, model = await asyncio.to_thread(_known, sending.house, task_type)
    config, faults = check(model, body.config)
    errors = [ConfigurationFault(field=f"config.{fault.field}", message=fault.message, remedy=fault.remedy) for fault in faults]
    verdict = Verdict(valid=not faults, errors=errors, config=None if faults else config)
    return await sending.do(caller, body, lambda connection, now: Answer.of(verdict))


def configured(house: House, task_type: str, given: Mapping[str, Any], at: str = "body") -> dict[str, Any]:
    """The slots of a new task of this type, defaults included. Raises Problem 422 that names each field of what stands `at` this place.

    A type that nobody knows is left to whoever makes the task.
    """
    from agents.configurations import check, model_of  # noqa: PLC0415

    agent = house.catalogue.agent_for(task_type)
    if agent is None:
        return dict(given)
    model = model_of(agent, task_type)
    if model is None:
        raise Problem(422, "unknown-type", "Tasks of this type cannot be asked for.", field=f"{at}.type", remedy="GET /task-types lists those that can")
    config, faults = check(model, given)
    if faults:
        raise invalid([(f"{at}.slots.{fault.field}", f"{fault.message}; {fault.remedy}") for fault in faults])
    return config


def _known(house: House, task_type: str) -> tuple[Agent, type[BaseModel]]:
    from agents.configurations import model_of  # noqa: PLC0415

    agent = house.catalogue.agent_for(task_type)
    model = model_of(agent, task_type) if agent is not None else None
    if agent is None or model is None:
        raise not_found("task type")
    return agent, model
