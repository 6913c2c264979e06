"""The catalogue: every promise of the contracts is kept by what is built in, and installed parts are found."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import Any

import pytest

from agents import catalog
from agents.catalog import Catalog
from orchestrator.business import Business, BusinessBook
from orchestrator.contracts import Agent, Card, Context, Done, Lane, Outcome, Task, Tool
from orchestrator.words import Catalogues


class Gardener:
    name = "gardener"
    task_types = frozenset({"water_plants"})
    lane = Lane.DURABLE

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        return Done(Card("watered"))


@dataclass
class Point:
    """An entry point as an installed package declares it."""

    name: str
    target: Any

    def load(self) -> Any:
        if isinstance(self.target, Exception):
            raise self.target
        return self.target


def make() -> Catalog:
    return Catalog(book=BusinessBook(Business), words=Catalogues())


def test_agents_and_tools_keep_the_contract() -> None:
    house = make()
    assert all(isinstance(agent, Agent) and agent.task_types for agent in house.agents)
    types = [task_type for agent in house.agents for task_type in agent.task_types]
    assert len(types) == len(set(types))
    for tool in catalog.built_in_tools(BusinessBook(Business), Catalogues()):
        assert isinstance(tool, Tool) and tool.description and house.tool(tool.name) is not None


def test_installed_parts_are_found_and_broken_ones_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    points = {catalog.AGENT_GROUP: [Point("broken", ImportError("gone")), Point("gardener", Gardener)], catalog.TOOL_GROUP: []}
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points[group])
    house = make()
    found = house.agent_for("water_plants")
    assert found is not None and found.name == "gardener" and house.agent("gardener") is found
    assert house.agent("nobody") is None
