"""How far a table with counted ids can be read without skipping a row that is still to appear.

SQLite has one writer: ids appear in order. On Postgres a transaction takes its id when it inserts and shows its row when
it commits, so a lower id may appear after a higher one. Whoever may still bring such a row holds a row-exclusive lock on
the table, taken before the id and kept to the end: once all who held one when a gap was seen have ended, the gap is final.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import sqlalchemy as sa

UNKNOWN = -1
AT_ONCE = 1000
"""Ids looked at in one go."""

_holders = sa.text(
    "SELECT pid, virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND relation = to_regclass(:table)"
)
Holder = tuple[int, str]


@dataclass(slots=True)
class Frontier:
    """Every row that will ever have an id up to `settled` is visible to a statement begun after `advance` returned it."""

    table: sa.Table
    settled: int = UNKNOWN
    _target: int = UNKNOWN
    _awaited: frozenset[Holder] = field(default=frozenset())
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def advance(self, connection: sa.Connection) -> int:
        """Look how far the rows are settled now; UNKNOWN until the writers met at the start have ended. May be called from any thread."""
        with self._lock:
            if connection.dialect.name == "sqlite":
                self.settled = max(self.settled, self._highest(connection))
                return self.settled
            return self._advance(connection)

    def _advance(self, connection: sa.Connection) -> int:
        if self._target != UNKNOWN:
            self._awaited &= self._holders(connection)
            if not self._awaited:
                self.settled, self._target = max(self.settled, self._target), UNKNOWN
        found = self._visible(connection)
        if self.settled >= self._target:
            self._target = UNKNOWN
        gap = bool(found) and found[-1] != self.settled
        if gap and self._target == UNKNOWN:
            self._target, self._awaited = found[-1], self._holders(connection)
            if not self._awaited:
                self.settled, self._target = self._target, UNKNOWN
        return self.settled

    @property
    def waits(self) -> bool:
        """Whether a writer's end is awaited: then look again soon."""
        return self._target != UNKNOWN

    def _visible(self, connection: sa.Connection) -> list[int]:
        """The ids after the settled ones; `settled` moves over those that follow without a gap."""
        if self.settled == UNKNOWN:
            return [self._highest(connection)]
        ids = self.table.c.id
        found = list(connection.execute(sa.select(ids).where(ids > self.settled).order_by(ids).limit(AT_ONCE)).scalars())
        for known in found:
            if known != self.settled + 1:
                break
            self.settled = known
        return found

    def _highest(self, connection: sa.Connection) -> int:
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(self.table.c.id), 0))).scalar_one())

    def _holders(self, connection: sa.Connection) -> frozenset[Holder]:
        return frozenset((row.pid, row.virtualtransaction) for row in connection.execute(_holders, {"table": self.table.name}))
