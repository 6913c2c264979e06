"""What became of our messages. The platform often takes one and says only later, by webhook, that it failed: then it goes back to the outbox."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.channels.whatsapp import contacts
from bot.channels.whatsapp.intake import Status
from bot.channels.whatsapp.wire import BUSY, CLOSED, LONGEST_PAIR_WAIT, PAIR_RATE
from bot.outbox_rows import FAILED, QUEUED, RETRY, SENT
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
    """Note what was sent; its status may have come before this: True where it says that the message failed."""
    ours: dict[str, Any] = {"chat": sent.chat, "outgoing_id": sent.outgoing_id, "part": sent.part}
    if not connection.execute(sa.update(Row).where(Row.platform_id == sent.platform_id).values(**ours)).rowcount:
        connection.execute(sa.insert(Row).values(platform_id=sent.platform_id, state=ACCEPTED, at=now, settled=True, **ours))
        return False
    return unsettled(connection)


def note(connection: sa.Connection, statuses: Sequence[Status], now: datetime) -> None:
    """Write down statuses; failures of messages that we know are settled at once."""
    for status in statuses:
        row = connection.execute(sa.select(Row.state).where(Row.platform_id == status.platform_id)).first()
        values: dict[str, Any] = {
            "state": status.state, "code": status.code, "detail": status.detail, "at": status.at, "settled": status.state != "failed",
        }  # fmt: skip
        if row is None:
            connection.execute(sa.insert(Row).values(platform_id=status.platform_id, **values))
        elif RANKS.get(status.state, 0) > RANKS.get(row.state, 0):
            connection.execute(sa.update(Row).where(Row.platform_id == status.platform_id).values(**values))
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
    row = connection.execute(sa.select(OutgoingRow.state, OutgoingRow.card, OutgoingRow.attempts).where(OutgoingRow.id == failed.outgoing_id)).first()
    if row is not None and row.state not in (SENT, QUEUED, RETRY):
        if row.state != FAILED:
            return False  # a later part of it is under way: once that has ended
        row = None
    if row is not None:
        _back(connection, failed, row, now)
    connection.execute(sa.update(Row).where(Row.platform_id == failed.platform_id).values(settled=True))
    return True


def _back(connection: sa.Connection, failed: Any, row: Any, now: datetime) -> None:
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
    if values["state"] == RETRY and done:
        # The parts from the failed one on go again. Later ones that did arrive are then seen twice: so they are marked.
        values |= {"card": {**row.card, "sent_parts": done[: failed.part]}, "repeated": failed.part < len(done)}
    connection.execute(sa.update(OutgoingRow).where(OutgoingRow.id == failed.outgoing_id).values(**values))
    announce(connection, outgoing.TOPIC)
