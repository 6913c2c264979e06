"""Duties that one process holds at a time: taken by compare-and-set, kept by renewal, lost by expiry."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.models import LeaseRow

TERM = timedelta(seconds=15)


def acquire(connection: sa.Connection, name: str, holder: str, now: datetime, term: timedelta = TERM) -> bool:
    """Take or renew a duty. True when `holder` has it until `now + term`."""
    mine = sa.or_(LeaseRow.holder == holder, LeaseRow.expires_at <= now)
    taken = sa.update(LeaseRow).where(LeaseRow.name == name, mine).values(holder=holder, expires_at=now + term, term=LeaseRow.term + 1)
    if connection.execute(taken).rowcount == 1:
        return True
    if connection.execute(sa.select(LeaseRow.name).where(LeaseRow.name == name)).first() is not None:
        return False
    savepoint = connection.begin_nested()
    try:
        connection.execute(sa.insert(LeaseRow).values(name=name, holder=holder, expires_at=now + term))
        savepoint.commit()
    except sa.exc.IntegrityError:
        savepoint.rollback()
        return False
    return True


def release(connection: sa.Connection, name: str, holder: str) -> None:
    """Give a duty up at once, so that another process need not wait for its expiry."""
    connection.execute(sa.delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder))
