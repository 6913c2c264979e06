"""The audit log: append-only, each entry chained to the one before by HMAC-SHA256, the head also kept outside the database.

The key is a data key of its own (scope `audit`), wrapped by the key-encryption key: rotating that one leaves the chain as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.audit_head import TOPIC, Fault, FaultKind, Head, last_entry
from storage.models import AuditHeadRow, AuditRow, new_id
from storage.signals import announce
from storage.vault.errors import KeyMissing
from storage.vault.sealing import AUDIT_SCOPE, Vault

BATCH = 500


class AuditKind(StrEnum):
    ROUTE = "route"
    APPROVAL = "approval"
    EFFECT = "effect"
    CREDENTIAL = "credential"
    CONFIGURATION = "configuration"
    UNDO = "undo"
    PERMISSION = "permission"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be told. `data` is JSON and carries no secret: who appends has redacted it."""

    kind: AuditKind
    subject: str
    at: datetime
    person_id: str | None = None
    task_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class AuditLog:
    """Appends to the log and verifies it. Safe to use from several threads; each call works on the caller's transaction."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def append(self, connection: sa.Connection, entry: Entry) -> int:
        """Add an entry inside this transaction; returns its number.

        The head's row stays locked until the transaction ends, so append late in it. Raises KeyMissing, and ValueError for data that is no JSON.
        """
        key = self._vault.data_key(connection, AUDIT_SCOPE)
        head = _lock_head(connection)
        content = json.loads(_canonical(dict(entry.data)))
        row: dict[str, Any] = {
            "seq": head.seq + 1, "id": new_id(), "at": _utc(entry.at), "person_id": entry.person_id, "task_id": entry.task_id,
            "kind": entry.kind.value, "subject": _storable(entry.subject), "data": content, "previous": head.mac,
        }  # fmt: skip
        row["mac"] = _mac(key, row)
        connection.execute(sa.insert(AuditRow).values(**row))
        connection.execute(sa.update(AuditHeadRow).where(AuditHeadRow.id == 1).values(seq=row["seq"], mac=row["mac"]))
        announce(connection, TOPIC)
        return head.seq + 1

    def accept_end(self, connection: sa.Connection) -> None:
        """Put the head back on the last entry, by a person's decision after the end was lost: the next entry follows from it."""
        _lock_head(connection)
        last = last_entry(connection)
        connection.execute(sa.update(AuditHeadRow).where(AuditHeadRow.id == 1).values(seq=last.seq, mac=last.mac))

    def verify(self, connection: sa.Connection, kept: Head | None) -> list[Fault]:
        """Every fault of the whole log, held against the head kept outside (`HeadFile.read`). Makes nothing. Raises KeyMissing.

        Give it a connection without an open transaction: it looks at one moment while others append.
        """
        return self.verify_by(CHECKS, connection, kept)

    def verify_by(self, checks: Sequence[Check], connection: sa.Connection, kept: Head | None) -> list[Fault]:
        """The same by some of the checks: what each one is good for shows when it is left out."""
        if connection.dialect.name == "postgresql" and not connection.in_transaction():
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        key = self._vault.find_key(connection, AUDIT_SCOPE)
        if key is None and last_entry(connection).seq:
            raise KeyMissing("the key of the audit log is not in the database.", "restore the database from a backup")
        walk = Walk(key=key or b"", kept=kept, head=_head(connection))
        for row in _rows(connection, sa.true()):
            walk.row = row
            for check in checks:
                walk.faults += check(walk)
            walk.before = Head(row["seq"], row["mac"])
        walk.row = None
        for check in checks:
            walk.faults += check(walk)
        return walk.faults

    def export(self, connection: sa.Connection, *, task_id: str | None = None, person_id: str | None = None) -> Iterator[str]:
        """Entries as JSON lines, oldest first; of one task, one person, or all."""
        wanted: list[sa.ColumnElement[bool]] = [sa.true()]
        wanted += [AuditRow.task_id == task_id] if task_id is not None else []
        wanted += [AuditRow.person_id == person_id] if person_id is not None else []
        for row in _rows(connection, sa.and_(*wanted)):
            yield json.dumps({**row, "at": row["at"].isoformat()}, ensure_ascii=False)


@dataclass(slots=True)
class Walk:
    """A verification on its way through the log. `row` is None once the last entry is behind."""

    key: bytes = field(repr=False)
    kept: Head | None
    head: Head | None
    row: dict[str, Any] | None = None
    before: Head = field(default_factory=Head)
    faults: list[Fault] = field(default_factory=list)


Check = Callable[[Walk], list[Fault]]


def contiguous(walk: Walk) -> list[Fault]:
    """Numbers go up by one."""
    if walk.row is None or walk.row["seq"] == walk.before.seq + 1:
        return []
    first, last = walk.before.seq + 1, walk.row["seq"] - 1
    return [Fault(FaultKind.MISSING, first, f"missing; the log goes on with {last + 1}")]


def chained(walk: Walk) -> list[Fault]:
    """Each entry names the mac of the one before."""
    if walk.row is None or hmac.compare_digest(walk.row["previous"], walk.before.mac):
        return []
    return [Fault(FaultKind.UNCHAINED, walk.row["seq"], "does not follow from the entry before it")]


def authentic(walk: Walk) -> list[Fault]:
    """Each mac fits its entry."""
    if walk.row is None or hmac.compare_digest(walk.row["mac"], _mac(walk.key, walk.row)):
        return []
    return [Fault(FaultKind.ALTERED, walk.row["seq"], "is not what was written")]


def head_is_last(walk: Walk) -> list[Fault]:
    """The head in the database is the last entry."""
    if walk.row is not None or (walk.head or Head()) == walk.before:
        return []
    found = walk.head or Head()
    return [Fault(FaultKind.HEAD, walk.before.seq, f"is the last one, yet the head of the log says {found.seq}")]


def head_kept_is_in(walk: Walk) -> list[Fault]:
    """The entry that the head outside names is in the log, with its mac."""
    if walk.kept is None:
        missing = walk.row is None and walk.before.seq > 0
        return (
            [Fault(FaultKind.NO_HEAD_FILE, walk.before.seq, "is the last one, but no head is kept outside the database to hold it against")] if missing else []
        )
    if walk.row is not None:
        wrong = walk.row["seq"] == walk.kept.seq and walk.row["mac"] != walk.kept.mac
        return [Fault(FaultKind.CUT, walk.kept.seq, "is another one than the head kept outside the database names")] if wrong else []
    if walk.before.seq >= walk.kept.seq:
        return []
    return [Fault(FaultKind.CUT, walk.before.seq, f"is the last one, yet the head kept outside the database names {walk.kept.seq}: the end was cut off")]


CHECKS: tuple[Check, ...] = (contiguous, chained, authentic, head_is_last, head_kept_is_in)


def _lock_head(connection: sa.Connection) -> Head:
    """The head, its row locked until this transaction ends. SQLite's writers are alone anyway."""
    chosen = sa.select(AuditHeadRow.seq, AuditHeadRow.mac).where(AuditHeadRow.id == 1).with_for_update()
    row = connection.execute(chosen).first()
    if row is None:
        last = last_entry(connection)
        make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(make(AuditHeadRow).values(id=1, seq=last.seq, mac=last.mac).on_conflict_do_nothing())
        row = connection.execute(chosen).one()
    return Head(row.seq, row.mac)


def _head(connection: sa.Connection) -> Head | None:
    row = connection.execute(sa.select(AuditHeadRow.seq, AuditHeadRow.mac).where(AuditHeadRow.id == 1)).first()
    return None if row is None else Head(row.seq, row.mac)


def _rows(connection: sa.Connection, wanted: sa.ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    """In order of their numbers, some at a time: the log is longer than memory should hold."""
    seen = -(2**62)
    while True:
        query = sa.select(*AuditRow.__table__.columns).where(wanted, AuditRow.seq > seen).order_by(AuditRow.seq).limit(BATCH)
        batch = [dict(row._mapping) for row in connection.execute(query)]
        if not batch:
            return
        yield from batch
        seen = batch[-1]["seq"]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _mac(key: bytes, row: Mapping[str, Any]) -> str:
    told = [row["seq"], row["id"], row["at"].isoformat(), row["person_id"], row["task_id"], row["kind"], row["subject"], row["data"], row["previous"]]
    return hmac.new(key, _canonical(told).encode(), hashlib.sha256).hexdigest()


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC)


def _storable(text: str) -> str:
    """Without what a database cannot keep as text: NUL, halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
