"""Duties that one process holds at a time: taken by compare-and-set, kept by renewal, lost by expiry or by death."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.models import LeaseRow

TERM = timedelta(seconds=15)


def acquire(connection: sa.Connection, name: str, holder: str, now: datetime, term: timedelta = TERM, *, gone: str | None = None) -> bool:
    """Take or renew a duty. True when `holder` has it until `now + term`.

    `gone` is a holder known to be dead: it need not be waited for.
    """
    free = sa.or_(LeaseRow.holder.in_([holder, gone] if gone else [holder]), LeaseRow.expires_at <= now)
    taken = sa.update(LeaseRow).where(LeaseRow.name == name, free).values(holder=holder, expires_at=now + term, term=LeaseRow.term + 1)
    if connection.execute(taken).rowcount == 1:
        return True
    if holder_of(connection, name) is not None:
        return False
    savepoint = connection.begin_nested()
    try:
        connection.execute(sa.insert(LeaseRow).values(name=name, holder=holder, expires_at=now + term))
        savepoint.commit()
    except sa.exc.IntegrityError:
        savepoint.rollback()
        return False
    return True


def holder_of(connection: sa.Connection, name: str) -> str | None:
    """Who has a duty, or had it last; None when nobody ever did."""
    return connection.execute(sa.select(LeaseRow.holder).where(LeaseRow.name == name)).scalar()
