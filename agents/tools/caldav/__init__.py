"""Calendars on a CalDAV server: looked at, changed so that it can be undone, never booked twice."""

from agents.tools.caldav.account import Calendars
from agents.tools.caldav.adding import Add
from agents.tools.caldav.changing import Move, Remove, Restore
from agents.tools.caldav.importing import ImportIcs
from agents.tools.caldav.reading import Agenda, FreeBusy
from agents.tools.caldav.server import CalDavServer
from orchestrator.outside import OutsideTool

__all__ = ["Add", "Agenda", "CalDavServer", "Calendars", "FreeBusy", "ImportIcs", "Move", "Remove", "Restore", "tools"]


def tools(calendars: Calendars) -> tuple[OutsideTool, ...]:
    """Every tool of calendars on a server."""
    return (Agenda(calendars), FreeBusy(calendars), Add(calendars), Move(calendars), Remove(calendars), Restore(calendars), ImportIcs(calendars))
