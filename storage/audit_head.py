"""The head of the audit log, kept outside the database in `<data folder>/audit.head`.

It holds the number and mac of an entry that is known to be committed. It may lag
behind the log, never lead it. The rule that finds a cut tail: the entry it names must be in the log with that mac. It is
made while the log is empty and afterwards only moves forward, from an entry that is still in the log; a log with entries and no head file
is a fault until a person accepts the log as it stands. What is cut before the head file has been moved on (see
`HeadKeeper.advance`: after each commit that appended) cannot be told from what was never written.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from storage.database import Database
from storage.models import AuditRow

GENESIS = "0" * 64
TOPIC = "audit"
"""Announced with every append; `follow` listens to it."""
PAUSE = 0.1
"""Seconds between two writes of the head file: each costs the disk a flush."""

logger = logging.getLogger(__name__)


class FaultKind(StrEnum):
    """What `verify` can find."""

    ALTERED = "altered"
    """An entry's mac does not fit its content: edited, forged, renumbered or moved."""
    MISSING = "missing"
    """Numbers are left out: entries were deleted."""
    UNCHAINED = "unchained"
    """An entry does not follow from the one before it: reordered, deleted, or spliced in from another copy of the log."""
    CUT = "cut"
    """The log ends before the head that was kept."""
    HEAD = "head"
    """The head in the database is not the last entry."""
    NO_HEAD_FILE = "no_head_file"
    """There are entries and no head outside: a cut tail could not be noticed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the log, at an entry's number."""

    kind: FaultKind
    seq: int
    text: str

    def __str__(self) -> str:
        return f"entry {self.seq}: {self.text}"


@dataclass(frozen=True, slots=True)
class Head:
    """An entry's number and mac; 0 and GENESIS before the first."""

    seq: int = 0
    mac: str = GENESIS


class HeadFile:
    """The head outside the database: `<data folder>/audit.head`, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Head | None:
        """None where there is none. Raises ValueError for a file that is no head."""
        try:
            found = json.loads(self.path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        if not isinstance(found, dict) or not isinstance(found.get("seq"), int) or not isinstance(found.get("mac"), str):
            raise ValueError(f"{self.path} is no head of an audit log: restore it, or accept the log as it stands with `majordomo audit verify --accept`")
        return Head(found["seq"], found["mac"])

    def write(self, head: Head) -> None:
        """Atomic and durable."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.new")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump({"seq": head.seq, "mac": head.mac}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)


class HeadKeeper:
    """Moves the head file on along the log. Several threads may call; one process keeps one file."""

    def __init__(self, file: HeadFile) -> None:
        self.file = file
        self._lock = threading.Lock()

    def advance(self, connection: sa.Connection) -> Fault | None:
        """Write the last committed entry, if the log still holds the one kept before. Call it on a connection that reads only, after commits.

        A fault, and the file left as it is, where the log was cut or has entries without ever having had a head file.
        """
        with self._lock:
            kept, last = self.file.read(), last_entry(connection)
            if kept is None and last.seq == 0:
                self.file.write(Head())
            if kept is None or kept == last:
                missing = kept is None and last.seq > 0
                return Fault(FaultKind.NO_HEAD_FILE, last.seq, "is the last one, but no head is kept outside the database") if missing else None
            if kept.seq and connection.execute(sa.select(AuditRow.mac).where(AuditRow.seq == kept.seq)).scalar() != kept.mac:
                return Fault(FaultKind.CUT, last.seq, f"is the last one, yet the head kept outside the database names {kept.seq}")
            self.file.write(last)
            return None

    def accept(self, connection: sa.Connection) -> Head:
        """Take the log as it stands: a person's decision after a restore or a move to another machine."""
        with self._lock:
            last = last_entry(connection)
            self.file.write(last)
            return last


async def follow(database: Database, keeper: HeadKeeper) -> NoReturn:
    """Move the head file on after commits, several at once where they come fast, until cancelled. Faults are logged as errors."""
    appended = asyncio.Event()
    appended.set()
    unsubscribe = database.signals.subscribe(TOPIC, lambda _: appended.set())
    try:
        while True:
            await appended.wait()
            appended.clear()
            fault = await database.read(keeper.advance)
            if fault is not None:
                logger.error("audit log at fault: %s", fault, extra={"fault": fault.kind.value, "entry": fault.seq})
            await asyncio.sleep(PAUSE)
    finally:
        unsubscribe()


def last_entry(connection: sa.Connection) -> Head:
    """The last entry that this transaction sees."""
    row = connection.execute(sa.select(AuditRow.seq, AuditRow.mac).order_by(AuditRow.seq.desc()).limit(1)).first()
    return Head() if row is None else Head(row.seq, row.mac)
