"""What adding and moving share: a time that must be free is looked at before and after, in every calendar of the account."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agents.tools.caldav import ics
from agents.tools.caldav.account import Account, Calendars, Session
from agents.tools.caldav.changes import Change, Once, carry_out, confirm, load, look, save, undo_of, withdraw
from agents.tools.caldav.dav import Stored
from agents.tools.caldav.reading import look as look_at
from agents.tools.caldav.reading import shown_times
from agents.tools.caldav.repeating import Clockwork, Occurrence
from agents.tools.caldav.timing import home, parsed
from orchestrator.contracts import Json, ToolError
from orchestrator.outside import Found, Outside, Reconciled, Result

TURNS = 6
"""Two who book the same time from different processes both see each other and both step back; then they try again."""


class Taken(ToolError):
    """That time is not free."""


@dataclass(frozen=True)
class Plan:
    """A change to be made, and the times that must be free for it (none: they need not be)."""

    change: Change
    wanted: Sequence[tuple[datetime, datetime]] = ()


async def perform(calendars: Calendars, session: Session, outside: Outside, plan: Plan) -> Change:
    """Make a change. Raises Taken where a time that must be free is not: then nothing is left of it."""
    before = Once(outside.in_doubt)
    if not plan.wanted:
        return await carry_out(session.dav, outside, plan.change, before)
    async with calendars.queue(session.place):
        for turn in range(TURNS):
            await refuse_taken(session, outside, plan)
            change = await carry_out(session.dav, outside, plan.change, before)
            try:
                await refuse_taken(session, outside, plan)
                return change
            except Taken:
                plan = Plan(await withdraw(session.dav, outside, change), plan.wanted)
                await asyncio.sleep(random.uniform(0.05, 0.4) * (turn + 1))
        raise Taken


async def refuse_taken(session: Session, outside: Outside, plan: Plan) -> None:
    """Raises Taken, naming the time, where another event lies in one that must be free."""
    zone = home(outside)
    own = {part.href for part in plan.change.parts}
    start, end = min(begins for begins, _ in plan.wanted), max(ends for _, ends in plan.wanted)
    found, complete = await look_at(session, session.calendars, start, end, zone)
    for seen in found:
        if seen.stored.href in own or not ics.is_busy(seen.occurrence.event):
            continue
        begins, ends = seen.occurrence.span(zone)
        if any(begins < until and ends > since for since, until in plan.wanted):
            shown = shown_times(seen.occurrence.start, seen.occurrence.end, zone)
            raise Taken(f"that time is not free: there is something from {shown['start']} to {shown['end']}; choose another, or set only_if_free to false")
    if not complete:
        raise Taken("it cannot be said for certain that the time is free, as some events could not be read; set only_if_free to false to book all the same")


async def after_doubt(calendars: Calendars, outside: Outside, account: Account, wanted: bool = False) -> tuple[Found, Change | None, Session]:
    """What became of an interrupted change. One that lies in a time which had to be free, and is not, is taken back."""
    session = await calendars.open(outside, account)
    change = load(outside)
    if change is None:
        return Found.UNKNOWN, None, session
    confirm(session, change)
    found, seen = await look(session.dav, change)
    if found is not Found.UNKNOWN:
        save(outside, seen)
    if found is Found.DONE and wanted:
        try:
            await refuse_taken(session, outside, Plan(seen, spans_of(seen, home(outside))))
        except Taken:
            await withdraw(session.dav, outside, seen)
            return Found.NOT_DONE, seen, session
    return found, seen, session


def spans_of(change: Change, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The times that the events of a change take."""
    out = []
    for part in change.parts:
        for event in ics.read(part.after).events if part.after else ():
            start = ics.moment(event, "DTSTART", zone)
            if start is not None:
                begins = ics.instant(start, zone)
                out.append((begins, begins + ics.duration(event, zone)))
    return out


def result(account: Account, key: str, change: Change, zone: ZoneInfo, source: str = "") -> Result:
    """What a change gave: the event as it now stands, or as it stood."""
    part = change.parts[0]
    value: dict[str, Json] = {"id": part.href, "title": change.label}
    if part.after is not None and (event := _newest(part.after)) is not None:
        start = ics.moment(event, "DTSTART", zone)
        if start is not None:
            length = ics.duration(event, zone)
            end = ics.instant(start, zone) + length if isinstance(start, datetime) else start + length
            value |= {"uid": ics.plain(event, "UID", 300), **shown_times(start, end, zone)}
    return Result(value, source=source, private=True, undo=undo_of(account, key, change))


def reconciled(found: Found, given: Result | None) -> Reconciled:
    return Reconciled(found, given if found is Found.DONE else None)


def _newest(data: bytes) -> object | None:
    events = ics.read(data).events
    return max(events, key=lambda event: str((event.get("LAST-MODIFIED") and event["LAST-MODIFIED"].dt.isoformat()) or "")) if events else None


def occurrence_of(stored: Stored, original: str, zone: ZoneInfo) -> tuple[ics.Document, Occurrence]:
    """The event, or the one occurrence of it that was meant. Raises ToolError where that is not clear."""
    document = ics.read(stored.data)
    repeats = "RRULE" in document.master or "RDATE" in document.master or len(document.events) > 1
    if not repeats:
        start = ics.moment(document.master, "DTSTART", zone)
        if start is None:
            raise ics.Unreadable
        if original:
            raise ToolError("that event does not repeat: leave out occurrence")
        return document, Occurrence(start, start, document.master)
    if not original:
        raise ToolError("that event repeats: name the occurrence, as caldav.agenda gives it")
    try:
        since = ics.instant(parsed(original), zone)
    except (ValueError, OverflowError):
        raise ToolError("that is no occurrence; caldav.agenda gives them") from None
    return document, _meant(document, since, zone)


def _meant(document: ics.Document, since: datetime, zone: ZoneInfo) -> Occurrence:
    """The occurrence whose rule put it at this instant, wherever it was moved to since."""
    for one in Clockwork(zone).around(document, since - timedelta(days=2), since + timedelta(days=2)):
        if one.original and ics.instant(parsed(one.original), zone) == since:
            return one
    raise ToolError("that event has no such occurrence (any more); look at the agenda again")
