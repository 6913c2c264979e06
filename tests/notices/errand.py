"""A process that notifies and is killed at a named moment of the transaction. `python -m tests.notices.errand URL MOMENT apart|together`."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.tasks import deliveries, notifications, outgoing
from orchestrator.tasks.notifications import Notice
from orchestrator.words import Catalogues
from storage.database import Database
from storage.models import ChatRow

MOMENTS = ("queued", "committed")


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(module: Any, name: str, moment: str, wanted: str) -> None:
    """Killed right after this function has run."""
    known = getattr(module, name)

    def then_die(*arguments: Any, **named: Any) -> Any:
        found = known(*arguments, **named)
        if moment == wanted:
            die()
        return found

    setattr(module, name, then_die)


def main(url: str, moment: str, how: str) -> None:
    database, now = Database(url), datetime.now(UTC)
    queue = deliveries.queue
    for module, name, wanted in ((deliveries, "queue", "queued"),):
        deadly(module, name, moment, wanted)
    later: list[Any] = []
    if how == "apart":  # the twin: what goes elsewhere is queued in a transaction of its own
        deliveries.queue = lambda connection, *rest, **named: later.append((rest, named)) or ""  # type: ignore[func-returns-value]
    row = database.read_now(lambda connection: connection.execute(sa.select(ChatRow.id, ChatRow.person_id)).one())
    envelope = outgoing.Envelope(row.id, row.person_id, now)
    database.write_now(lambda connection: notifications.notify(connection, envelope, Notice("failed", "Bad", "Bad"), Catalogues(), "en"))
    if moment == "committed":
        die()
    for rest, named in later:
        database.write_now(lambda connection, rest=rest, named=named: queue(connection, *rest, **named))  # type: ignore[misc]


if __name__ == "__main__":
    main(*sys.argv[1:])
