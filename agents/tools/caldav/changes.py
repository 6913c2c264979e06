"""Changes of a calendar: written down first, made under conditions so that a repeat changes nothing, kept for undo.

What stood there before is kept in the person's folder, `.majordomo/caldav/<key>.json`, for 30 days.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import pydantic

from agents.tools.caldav import ics
from agents.tools.caldav.account import Account, Session
from agents.tools.caldav.dav import Changed, Dav, Hook, Stored
from agents.tools.files.folder import Folder, Missing
from agents.tools.files.names import KEEP
from orchestrator.contracts import FatalError, Json, ToolError
from orchestrator.outside import Found, Outside, Undo

SHELF = (KEEP, "caldav")
KEPT_SECONDS = 30 * 86400
KEPT_BYTES = 100_000_000

ChangeKey = Annotated[str, pydantic.Field(pattern=r"^[0-9a-f]{32}$")]


class Part(pydantic.BaseModel):
    """One event of a change: None means that there is none."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    href: str
    before: bytes | None = None
    etag_before: str = ""
    after: bytes | None = None
    etag_after: str = ""
    made: bool = False


class Change(pydantic.BaseModel):
    """What a call does to a calendar. `place` is the account; `people` are those whom the server may tell."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    place: str
    label: str
    at: datetime
    people: tuple[str, ...] = ()
    parts: tuple[Part, ...]

    @property
    def made(self) -> bool:
        return all(part.made for part in self.parts)

    def reversed(self, at: datetime) -> Change:
        """The change that takes this one back: possible only while nobody else has changed the events."""
        parts = tuple(Part(href=part.href, before=part.after, etag_before=part.etag_after, after=part.before) for part in reversed(self.parts) if part.made)
        return Change(place=self.place, label=self.label, at=at, people=self.people, parts=parts)


class State(Enum):
    BEFORE = 0
    AFTER = 1
    OTHER = 2


class Once:
    """`outside.in_doubt`, awaited at the first of several writes."""

    def __init__(self, hook: Hook) -> None:
        self._hook: Hook | None = hook

    async def __call__(self) -> None:
        if self._hook is not None:
            hook, self._hook = self._hook, None
            await hook()


async def carry_out(dav: Dav, outside: Outside, change: Change, before: Hook) -> Change:
    """Make what of a change is not made yet. Raises Changed where an event is not what it was; parts made until then are taken back."""
    save(outside, change)
    parts = list(change.parts)
    for place, part in enumerate(parts):
        if part.made:
            continue
        try:
            parts[place] = await _make(dav, part, before)
        except (ToolError, FatalError):
            await _take_back(dav, parts[:place])
            raise
        save(outside, change.model_copy(update={"parts": tuple(parts)}))
    return change.model_copy(update={"parts": tuple(parts)})


async def withdraw(dav: Dav, outside: Outside, change: Change) -> Change:
    """Put everything back as it was before the change; it can be made again."""
    await _take_back(dav, change.parts)
    parts = []
    for part in change.parts:
        now = await dav.get(part.href) if part.before is not None else None
        parts.append(part.model_copy(update={"made": False, "etag_after": "", "etag_before": now.etag if now else ""}))
    fresh = change.model_copy(update={"parts": tuple(parts)})
    save(outside, fresh)
    return fresh


async def look(dav: Dav, change: Change) -> tuple[Found, Change]:
    """What became of an interrupted change. What is half made can be made whole, so it counts as not done."""
    states, parts = [], []
    for part in change.parts:
        state, now = await _state(dav, part)
        states.append(state)
        parts.append(part.model_copy(update={"made": state is State.AFTER, "etag_after": now.etag if now and state is State.AFTER else ""}))
    seen = change.model_copy(update={"parts": tuple(parts)})
    if State.OTHER in states:
        return Found.UNKNOWN, seen
    return (Found.NOT_DONE if State.BEFORE in states else Found.DONE), seen


async def _make(dav: Dav, part: Part, before: Hook) -> Part:
    etag = ""
    try:
        if part.after is None:
            await dav.delete(part.href, etag=part.etag_before, before=before)
        else:
            etag = await dav.put(part.href, part.after, etag=part.etag_before if part.before is not None else "", before=before)
    except Changed:
        state, now = await _state(dav, part)
        if state is not State.AFTER:
            raise
        etag = now.etag if now else ""
    if part.after is not None and not etag:
        found = await dav.get(part.href)
        etag = found.etag if found else ""
    return part.model_copy(update={"made": True, "etag_after": etag})


async def _take_back(dav: Dav, parts: Sequence[Part]) -> None:
    for part in reversed(parts):
        if part.made:
            await _make(dav, Part(href=part.href, before=part.after, etag_before=part.etag_after, after=part.before), _nothing)


async def _nothing() -> None:
    """The doubt was declared when the change was made."""


async def _state(dav: Dav, part: Part) -> tuple[State, Stored | None]:
    now = await dav.get(part.href)
    if now is None:
        return (State.AFTER if part.after is None else State.BEFORE if part.before is None else State.OTHER), None
    if part.before is not None and now.etag == part.etag_before:
        return State.BEFORE, now
    if part.after is not None and ics.same(now.data, part.after):
        return State.AFTER, now
    return State.OTHER, now


def save(outside: Outside, change: Change, key: str = "") -> None:
    """Write a change down, whole and on the disk, before it is made. Throws away what is older than 30 days."""
    name, data = f"{key or outside.key}.json", change.model_dump_json().encode()
    with Folder(outside.folder).opened(SHELF, make=True) as shelf:
        _tidy(shelf, len(data))
        descriptor = os.open(f"{name}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=shelf)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(f"{name}.new", name, src_dir_fd=shelf, dst_dir_fd=shelf)
        os.fsync(shelf)


def load(outside: Outside, key: str = "") -> Change | None:
    """The change made under a key; None where none is kept (any more)."""
    try:
        return Change.model_validate_json(Folder(outside.folder).read("/".join((*SHELF, f"{key or outside.key}.json"))))
    except (Missing, pydantic.ValidationError):
        return None


def undo_of(account: Account, key: str, change: Change) -> Undo:
    arguments: dict[str, Json] = {
        "change": key,
        "title": change.label,
        "attendees": list(change.people),
        **account.model_dump(include={"credential", "server"}),
    }
    return Undo("caldav.restore", arguments, change.label)


def confirm(session: Session, change: Change) -> None:
    """Raises ToolError where a kept change belongs to another account."""
    if change.place != session.place:
        raise ToolError("that change was made in another account than the one named")


def _tidy(shelf: int, more: int) -> None:
    total, oldest = more, time.time() - KEPT_SECONDS
    for name in os.listdir(shelf):
        found = os.stat(name, dir_fd=shelf, follow_symlinks=False)
        if found.st_mtime < oldest:
            os.unlink(name, dir_fd=shelf)
        else:
            total += found.st_size
    if total > KEPT_BYTES:
        raise ToolError("too many changes of calendars are kept for undo; try again when the oldest are 30 days old")
