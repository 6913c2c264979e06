"""Times as a call names them: a day (2026-11-24), or a time (2026-11-24T15:00, with or without offset) in the person's zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import pydantic

from agents.tools.caldav.ics import Moment, instant
from orchestrator.contracts import ToolError
from orchestrator.outside import Outside
from orchestrator.times.wall import localized

EARLIEST, LATEST = 1970, 2199


def _spelled(text: str) -> str:
    """One spelling for each time. Raises ValueError."""
    try:
        found = parsed(text)
    except (ValueError, OverflowError):
        raise ValueError("must be a day such as 2026-11-24 or a time such as 2026-11-24T15:00") from None
    if not EARLIEST <= found.year <= LATEST:
        raise ValueError(f"must lie between {EARLIEST} and {LATEST}")
    return found.isoformat(timespec="minutes") if isinstance(found, datetime) else found.isoformat()


def _zone(name: str) -> str:
    if name:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be a time zone such as Europe/Berlin") from None
    return name


When = Annotated[str, pydantic.Field(max_length=40), pydantic.AfterValidator(_spelled)]
ZoneName = Annotated[str, pydantic.Field(max_length=60), pydantic.AfterValidator(_zone)]


def parsed(text: str) -> Moment:
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def placed(text: str, zone: ZoneInfo) -> Moment:
    """The day or the time in a zone. Raises ToolError for one that the clocks skip."""
    found = parsed(text)
    if not isinstance(found, datetime):
        return found
    if found.tzinfo is not None:
        return found.astimezone(zone)
    aware = localized(found, zone)
    if aware.replace(tzinfo=None) != found:
        raise ToolError(f"{text} does not exist in {zone.key}: the clocks go forward over it; choose another time")
    return aware


def span(start: str, end: str, zone: ZoneInfo) -> tuple[Moment, Moment]:
    """From when to when an event lasts; without an end one hour, or the whole day. A last day is meant with it. Raises ToolError."""
    begins = placed(start, zone)
    if not end:
        return begins, begins + (timedelta(hours=1) if isinstance(begins, datetime) else timedelta(days=1))
    ends = placed(end, zone)
    if isinstance(begins, datetime) != isinstance(ends, datetime):
        raise ToolError("start and end must both be days or both be times")
    if not isinstance(ends, datetime):
        ends += timedelta(days=1)
    if instant(ends, zone) <= instant(begins, zone):
        raise ToolError("the end must be later than the start")
    return begins, ends


def home(outside: Outside, zone: str = "") -> ZoneInfo:
    return ZoneInfo(zone or outside.person.effective_zone)
