"""Every agent and tool of the house: the built-in ones in plain sight, installed ones found by their entry points."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from agents.appointments import Appointments
from agents.custom import Custom
from agents.email import Email
from agents.general import General
from agents.inquiries import Inquiries
from agents.reminders import Reminders
from agents.setup import Setup
from agents.tools import agenda, answers, booking, business, calendar, closures, facts, people, reminders, undoing
from agents.triage import Triage
from agents.undo import Undo
from orchestrator.business import BusinessBook
from orchestrator.contracts import Agent, Tool, Words
from orchestrator.outside import OutsideTool

AGENT_GROUP = "majordomo.agents"
TOOL_GROUP = "majordomo.tools"

logger = logging.getLogger(__name__)


def built_in_agents() -> tuple[Agent, ...]:
    return (Triage(), Inquiries(), Reminders(), Appointments(), Setup(), Undo(), Email(), General(), Custom())


def built_in_tools(book: BusinessBook, words: Words) -> tuple[Tool, ...]:
    about_business = (business.Facts(book), business.OpeningHours(book), answers.Search(book), business.ChangeFacts(book, words))
    changing_facts = (facts.ReadFacts(book), facts.ReadServices(), closures.Close(book, words), closures.Reopen(book, words))
    reading = (calendar.FindService, calendar.FindTimes, calendar.Upcoming, agenda.Matching, agenda.Rings)
    changing = (booking.Book, booking.Reschedule, booking.Cancel, booking.Accept)
    about_calendar = tuple(kind(book, words) for kind in (*reading, *changing))
    own_settings = (people.SetZone(), people.SetLanguage(words), people.SetName())
    about_people = (*own_settings, people.TellTime(), people.History(), people.Counts(words), people.StartHandover(book, words))
    found = (*about_business, *changing_facts, business.Describe(), undoing.SettleUndo(), *about_calendar, *about_people, *(kind() for kind in reminders.TOOLS))
    return cast(tuple[Tool, ...], found)


class Catalog:
    """The Catalogue port. Installed agents and tools are looked for once, at the first name that is not built in."""

    def __init__(
        self,
        *,
        book: BusinessBook,
        words: Words,
        agents: Sequence[Agent] = (),
        tools: Sequence[Tool] = (),
        outside: Callable[[], Sequence[OutsideTool]] = tuple,
    ) -> None:
        self._agents = {agent.name: agent for agent in (*built_in_agents(), *agents)}
        self._tools = {tool.name: tool for tool in (*built_in_tools(book, words), *tools)}
        self._by_type = {task_type: agent for agent in self._agents.values() for task_type in agent.task_types}
        self.looked = False
        self._outside = outside
        self._looking = threading.Lock()

    @property
    def agents(self) -> Sequence[Agent]:
        self.look()
        return tuple(self._agents.values())

    def agent(self, name: str) -> Agent | None:
        if name not in self._agents:
            self.look()
        return self._agents.get(name)

    def agent_for(self, task_type: str) -> Agent | None:
        if task_type not in self._by_type:
            self.look()
        return self._by_type.get(task_type)

    def tool(self, name: str) -> Tool | None:
        if name not in self._tools:
            self.look()
        return self._tools.get(name)

    @property
    def tools(self) -> Sequence[Tool]:
        self.look()
        return tuple(self._tools.values())

    def look(self) -> None:
        """Add what installed packages bring; several threads may ask at once, and all wait for the one that looks."""
        with self._looking:
            if self.looked:
                return
            for agent in _installed(AGENT_GROUP):
                self._agents.setdefault(agent.name, agent)
                for task_type in agent.task_types:
                    self._by_type.setdefault(task_type, agent)
            for tool in _installed(TOOL_GROUP):
                self._tools.setdefault(tool.name, tool)
            for tool in self._outside():
                self._tools.setdefault(tool.name, tool)
            self.looked = True


def _installed(group: str) -> Iterator[Any]:
    """Each entry point names a class or function that gives an agent or tool; one that cannot be loaded is logged and left out."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - reads every installed distribution

    for point in entry_points(group=group):
        try:
            yield point.load()()
        except Exception:
            logger.exception("an installed part could not be loaded", extra={"group": group, "entry_point": point.name})
