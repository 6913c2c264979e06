"""`caldav.import_ics`: events of a file into a calendar, stripped of whatever would reach others or run something."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

import pydantic

from agents.tools.caldav import ics
from agents.tools.caldav.account import Account, Calendars, Session
from agents.tools.caldav.booking import Plan, after_doubt, perform, reconciled
from agents.tools.caldav.changes import Change, Part, confirm, load, undo_of
from agents.tools.caldav.dav import Collection
from agents.tools.files.folder import Folder
from agents.tools.files.names import FileName
from orchestrator.contracts import Effect, Json, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Reconciled, Result

MOST_EVENTS = 100
LONGEST_UID = 500
KEPT = frozenset({
    "UID", "SUMMARY", "DESCRIPTION", "LOCATION", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP",
    "CLASS", "CATEGORIES", "SEQUENCE", "DTSTAMP", "CREATED", "LAST-MODIFIED", "URL", "GEO", "PRIORITY",
})  # fmt: skip
"""Organiser and attendees are left out, since a server writes to them; alarms and attachments, since they can write mail and fetch addresses."""
UNKNOWN_RULE = "the file has an event that repeats more often than daily, or in a way that is not known; nothing is imported"
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


class ImportArguments(Account):
    """What `caldav.import_ics` takes."""

    file: FileName = pydantic.Field(description="An .ics file in the person's folder.")
    calendar: str = pydantic.Field(default="", max_length=200, description="Name of the calendar; empty: the usual one.")


@dataclass
class ImportIcs:
    """Puts the events of a file into a calendar."""

    calendars: Calendars
    name: str = "caldav.import_ics"
    version: int = 1
    description: str = (
        "Add the events of an .ics file in the person's folder to their calendar on a CalDAV server. "
        "Events that are there already are skipped; nobody is invited or answered. Can be undone."
    )
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = ImportArguments
    credits: int = 5
    seconds: float = 120.0

    def reach(self, arguments: ImportArguments) -> Reach:
        return self.calendars.reach(arguments, Deed.OWN, files=(arguments.file,))

    def preview(self, arguments: ImportArguments, words: Phrase) -> Preview:
        rows = (("caldav-calendar", arguments.calendar), ("caldav-account", arguments.server))
        return Preview(words("caldav-import-summary", name=arguments.file), tuple((words(label), value) for label, value in rows if value))

    async def act(self, outside: Outside, arguments: ImportArguments) -> Result:
        documents = await asyncio.to_thread(_documents, outside, arguments.file)
        session = await self.calendars.open(outside, arguments)
        change = load(outside)
        if change is None:
            calendar = session.calendar(arguments.calendar)
            parts = tuple([part for document in documents if (part := await _part(session, calendar, document)) is not None])
            change = Change(place=session.place, label=arguments.file, at=outside.now, parts=parts)
        confirm(session, change)
        made = change if change.made else await perform(self.calendars, session, outside, Plan(change))
        return _result(arguments, outside.key, made, len(documents))

    async def reconcile(self, outside: Outside, arguments: ImportArguments) -> Reconciled:
        found, change, _ = await after_doubt(self.calendars, outside, arguments)
        return reconciled(found, _result(arguments, outside.key, change, len(change.parts)) if change else None)


def _documents(outside: Outside, name: str) -> list[ics.Document]:
    """One calendar object for each event of the file. Raises ToolError."""
    data = Folder(outside.folder).read(name, ics.LARGEST + 1)
    document = ics.read(data)
    outside.judged(name, data)
    groups: dict[str, list[Any]] = {}
    for event in document.events:
        groups.setdefault(_uid(event), []).append(_cleaned(event))
    if len(groups) > MOST_EVENTS:
        raise ToolError(f"{name} has {len(groups)} events; at most {MOST_EVENTS} can be imported at once")
    return [ics.new_document(events) for events in groups.values()]


def _cleaned(event: Any) -> Any:
    """A copy with what belongs into one's own calendar, and nothing else. Raises ToolError for a rule that repeats without measure."""
    import icalendar  # noqa: PLC0415 - 0.1 s that only a calendar needs

    clean = icalendar.Event()
    for name in KEPT & set(event.keys()):
        for value in ics.sound(event, name):
            clean.add(name, value, encode=False)
    clean.pop("UID", None)
    clean.add("uid", _uid(event))
    if "DTSTAMP" not in clean:
        clean.add("dtstamp", ics.instant(event["DTSTART"].dt, ics.UTC_ZONE))
    for rule in _listed(clean.get("RRULE")):
        frequency = str(_listed(rule.get("FREQ"))[0]).upper() if rule.get("FREQ") else ""
        if frequency not in FREQUENCIES:
            raise ToolError(UNKNOWN_RULE)
    if ics.broken(event, "RRULE"):
        raise ToolError(UNKNOWN_RULE)
    return clean


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _uid(event: Any) -> str:
    """The event's own UID where it has a plain one, else one made of its content."""
    uid = str(event.get("UID", ""))
    if uid and len(uid) <= LONGEST_UID and uid.isprintable():
        return uid
    return hashlib.sha256(event.to_ical()).hexdigest()[:32] + "@imported"


async def _part(session: Session, calendar: Collection, document: ics.Document) -> Part | None:
    """None where the calendar has this event already."""
    uid = document.uids()[0]
    if await session.dav.with_uid(calendar, uid):
        return None
    return Part(href=calendar.href + hashlib.sha256(uid.encode()).hexdigest()[:32] + ".ics", after=document.written())


def _result(arguments: ImportArguments, key: str, change: Change, count: int) -> Result:
    titles: list[Json] = [ics.plain(ics.read(part.after).master, "SUMMARY", 300) for part in change.parts if part.after]
    value: dict[str, Json] = {"file": arguments.file, "added": len(change.parts), "there_already": count - len(change.parts), "titles": titles}
    return Result(value, source=f"file {arguments.file}", private=True, undo=undo_of(arguments, key, change) if change.parts else None)
