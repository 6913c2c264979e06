"""What became of our messages. The platform often takes one and says only later, by webhook, that it failed: then it goes back to the outbox."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.channels.whatsapp import contacts
from bot.channels.whatsapp.intake import Status
from bot.channels.whatsapp.wire import BUSY, CLOSED, LONGEST_PAIR_WAIT, PAIR_RATE
from bot.outbox_rows import FAILED, QUEUED, RETRY, SENDING, SENT, WAITING
from orchestrator.tasks import outgoing
from storage.models import OutgoingRow, WhatsAppDeliveryRow
from storage.signals import announce

ACCEPTED = "accepted"
RANKS = {ACCEPTED: 0, "sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 5}
"""Statuses come in any order, and more than once: the furthest counts."""
KEPT = timedelta(days=30)
Row = WhatsAppDeliveryRow

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that the platform has taken: its own id, the row it belongs to and which of its parts it is."""

    platform_id: str
    chat: str
    outgoing_id: str
    part: int = 0

    @classmethod
    def of(cls, platform_id: str, chat: str, part_id: str) -> Accepted:
        outgoing_id, _, number = part_id.partition(":")
        return cls(platform_id, chat, outgoing_id, int(number or 0))


def accepted(connection: sa.Connection, sent: Accepted, now: datetime) -> bool:
    """Note what was sent; its status may have come before this, or come in this moment: True where a failure waits to be acted upon."""
    ours: dict[str, Any] = {"chat": sent.chat, "outgoing_id": sent.outgoing_id, "part": sent.part}
    new = _insert(connection).values(platform_id=sent.platform_id, state=ACCEPTED, at=now, settled=True, **ours)
    connection.execute(new.on_conflict_do_update(index_elements=[Row.platform_id], set_=ours))
    return unsettled(connection)


def note(connection: sa.Connection, statuses: Sequence[Status], now: datetime) -> None:
    """Write down statuses; failures of messages that we know are settled at once."""
    for status in statuses:
        values: dict[str, Any] = {
            "state": status.state, "code": status.code, "detail": status.detail, "at": status.at, "settled": status.state != "failed",
        }  # fmt: skip
        new = _insert(connection).values(platform_id=status.platform_id, **values).on_conflict_do_nothing(index_elements=[Row.platform_id])
        if connection.execute(new).rowcount < 1:
            rank = RANKS.get(status.state, 0)
            as_far = [state for state, other in RANKS.items() if other >= rank]
            further = sa.update(Row).where(Row.platform_id == status.platform_id, Row.state.not_in(as_far))
            connection.execute(further.values(**values))
    if any(status.state == "failed" for status in statuses):
        settle(connection, now)


def settle(connection: sa.Connection, now: datetime) -> int:
    """Act upon failures: try again where that can help, else say that it failed. Returns how many were settled."""
    waiting = sa.select(Row.__table__).where(Row.settled.is_(False), Row.outgoing_id.is_not(None)).order_by(Row.at).limit(200)
    return sum(_settle(connection, row, now) for row in connection.execute(waiting).all())


def unsettled(connection: sa.Connection) -> bool:
    """Whether a failure of a message of ours waits to be acted upon."""
    return connection.execute(sa.select(Row.platform_id).where(Row.settled.is_(False), Row.outgoing_id.is_not(None)).limit(1)).first() is not None


def forget_old(connection: sa.Connection, now: datetime) -> int:
    """Statuses are kept for 30 days. Belongs to the retention sweep."""
    return connection.execute(sa.delete(Row).where(Row.at < now - KEPT)).rowcount


def _settle(connection: sa.Connection, failed: Any, now: datetime) -> bool:
    """False where it is settled later: a part of the message is on its way in this moment."""
    row = connection.execute(sa.select(OutgoingRow.state, OutgoingRow.card, OutgoingRow.attempts).where(OutgoingRow.id == failed.outgoing_id)).first()
    if row is not None and row.state == SENDING:
        return False
    if row is not None and row.state in (SENT, QUEUED, RETRY, WAITING) and not _back(connection, failed, row, now):
        return False
    connection.execute(sa.update(Row).where(Row.platform_id == failed.platform_id).values(settled=True))
    return True


def _insert(connection: sa.Connection) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(Row)


def _back(connection: sa.Connection, failed: Any, row: Any, now: datetime) -> bool:
    """Into the outbox again, or given up. False where the message has moved on since it was read."""
    done = [str(part) for part in row.card.get("sent_parts", ())]
    values: dict[str, Any] = {"error": f"{failed.code}: {failed.detail}", "platform_id": None}
    if failed.code == CLOSED:
        contacts.refused_since(connection, failed.chat, failed.at, now)
        values |= {"state": RETRY, "not_before": None}
    elif failed.code == PAIR_RATE or failed.code in BUSY:
        wait = min(4 ** (row.attempts + 1), LONGEST_PAIR_WAIT)
        values |= {"state": RETRY, "not_before": now + timedelta(seconds=wait), "attempts": row.attempts + 1}
    else:
        logger.warning("WhatsApp did not deliver a message", extra={"outgoing": failed.outgoing_id, "code": failed.code})
        values |= {"state": FAILED}
    again = values["state"] == RETRY
    if again and row.state == WAITING:  # what waits for its person goes on waiting, now with this part
        values |= {"state": WAITING, "not_before": None}
    if again and done:
        # The parts from the failed one on go again. Later ones that did arrive are then seen twice: so they are marked.
        values |= {"card": {**row.card, "sent_parts": done[: failed.part]}, "repeated": failed.part < len(done)}
    as_read = sa.update(OutgoingRow).where(OutgoingRow.id == failed.outgoing_id, OutgoingRow.state == row.state)
    if not connection.execute(as_read.values(**values)).rowcount:
        return False
    announce(connection, outgoing.TOPIC)
    return True
