"""The outbox table as the sender uses it: what waits at the head of each line, claims, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.tasks.outgoing import EDIT, STATUS, TOAST
from storage.models import ChatRow, OutgoingRow

QUEUED, SENDING, RETRY = "queued", "sending", "retry"
SENT, FAILED, AMBIGUOUS, SUPERSEDED = "sent", "failed", "ambiguous", "superseded"
WAITING = "waiting"
"""Until the person writes again; it holds nothing else back."""
LINE = ""
"""The lane in which a chat's messages and edits go one after the other. Each status and each toast has its own."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a chat is."""

    channel: str
    external_id: str
    group: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The row that is next in its lane (of a status the newest); `first` is the oldest waiting there."""

    seq: int
    first: int
    chat_id: str
    lane: str
    kind: str
    state: str
    not_before: datetime | None
    status_key: str
    task_id: str | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours to deliver. `target` is the platform id of the message it edits, empty for a new one."""

    seq: int
    id: str
    chat_id: str
    lane: str
    task_id: str | None
    kind: str
    status_key: str
    card: dict[str, Any]
    repeated: bool
    attempts: int
    created_at: datetime
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claimed row. `sent_parts` are the platform ids of the parts that have arrived, if more follow.

    `pause` is how many seconds the platform asked for.
    """

    claimed: Claimed
    state: str
    platform_id: str | None = None
    error: str | None = None
    not_before: datetime | None = None
    repeated: bool = False
    attempts: int = 0
    sent_at: datetime | None = None
    sent_parts: tuple[str, ...] | None = None
    pause: float = 0.0
    whole_bot: bool = False


_WAITING = OutgoingRow.state.in_(sa.literal_column(f"'{state}'") for state in (QUEUED, SENDING, RETRY))
"""Written out, so that the partial index is used."""
_lane = sa.case(
    (OutgoingRow.kind == TOAST, sa.literal("t:") + sa.cast(OutgoingRow.seq, sa.String)),
    (OutgoingRow.kind == STATUS, sa.literal("s:") + sa.func.coalesce(OutgoingRow.task_id, "") + ":" + OutgoingRow.status_key),
    else_=sa.literal(LINE),
)
_lanes = sa.select(OutgoingRow.seq, OutgoingRow.chat_id, _lane.label("lane"), (OutgoingRow.kind == STATUS).label("newest")).where(_WAITING).subquery()
_ends = (
    sa.select(
        _lanes.c.lane,
        sa.func.min(_lanes.c.seq).label("first"),
        sa.func.max(_lanes.c.seq).label("last"),
        sa.func.max(sa.cast(_lanes.c.newest, sa.Integer)).label("newest"),
    )
    .group_by(_lanes.c.chat_id, _lanes.c.lane)
    .subquery()
)
_heads = (
    sa.select(
        OutgoingRow.seq,
        _ends.c.first,
        OutgoingRow.chat_id,
        _ends.c.lane,
        OutgoingRow.kind,
        OutgoingRow.state,
        OutgoingRow.not_before,
        OutgoingRow.status_key,
        OutgoingRow.task_id,
    )
    .join(_ends, OutgoingRow.seq == sa.case((_ends.c.newest == 1, _ends.c.last), else_=_ends.c.first))
    .order_by(OutgoingRow.seq)
)
_claim = (
    sa.update(OutgoingRow)
    .where(OutgoingRow.seq.in_(sa.bindparam("chosen", expanding=True)), OutgoingRow.state.in_((QUEUED, RETRY)))
    .values(state=SENDING)
    .returning(
        OutgoingRow.seq,
        OutgoingRow.id,
        OutgoingRow.chat_id,
        OutgoingRow.task_id,
        OutgoingRow.kind,
        OutgoingRow.status_key,
        OutgoingRow.card,
        OutgoingRow.repeated,
        OutgoingRow.attempts,
        OutgoingRow.created_at,
    )
)
_settle = (
    sa.update(OutgoingRow)
    .where(OutgoingRow.seq == sa.bindparam("number"), sa.or_(OutgoingRow.state == SENDING, OutgoingRow.state == RETRY))
    .values(
        state=sa.bindparam("new_state"),
        platform_id=sa.bindparam("new_platform_id"),
        error=sa.bindparam("new_error"),
        not_before=sa.bindparam("new_not_before"),
        repeated=sa.bindparam("new_repeated"),
        attempts=sa.bindparam("new_attempts"),
        sent_at=sa.bindparam("new_sent_at"),
    )
)
_addresses = sa.select(ChatRow.id, ChatRow.channel, ChatRow.external_id, ChatRow.kind)
_original = sa.select(OutgoingRow.platform_id).where(OutgoingRow.id == sa.bindparam("original"))


def heads(connection: sa.Connection) -> list[Head]:
    """What is next in every lane of every chat, oldest first."""
    return [Head(*row) for row in connection.execute(_heads)]


def addresses(connection: sa.Connection, chat_ids: Collection[str]) -> dict[str, Address]:
    rows = connection.execute(_addresses.where(ChatRow.id.in_(chat_ids)))
    return {row.id: Address(row.channel, row.external_id, row.kind != "private") for row in rows}


def claim(connection: sa.Connection, chosen: Sequence[Head], targets: dict[int, str]) -> list[Claimed]:
    """Mark rows as being sent. Older states of a status are dropped in favour of the newest.

    `targets` are the messages of statuses we remember; what an edit changes is looked up here.
    """
    for head in chosen:
        if head.kind == STATUS and head.first < head.seq:
            _supersede(connection, head)
    by_seq = {head.seq: head for head in chosen}
    rows = sorted(connection.execute(_claim, {"chosen": list(by_seq)}).all(), key=lambda row: int(row.seq))
    claimed = []
    for row in rows:
        target = targets.get(row.seq)
        if row.kind == EDIT:
            target = connection.execute(_original, {"original": row.status_key}).scalar()
        claimed.append(
            Claimed(
                row.seq,
                row.id,
                row.chat_id,
                by_seq[row.seq].lane,
                row.task_id,
                row.kind,
                row.status_key,
                row.card,
                row.repeated,
                row.attempts,
                row.created_at,
                target,
            )
        )
    return claimed


def status_message(connection: sa.Connection, head: Head) -> str | None:
    """The platform id of the message that shows this status, if it was sent before."""
    task = OutgoingRow.task_id.is_(None) if head.task_id is None else OutgoingRow.task_id == head.task_id
    mine = (task, OutgoingRow.chat_id == head.chat_id, OutgoingRow.kind == STATUS, OutgoingRow.status_key == head.status_key)
    query = sa.select(OutgoingRow.platform_id).where(*mine, OutgoingRow.state == SENT, OutgoingRow.platform_id.is_not(None))
    found = connection.execute(query.order_by(OutgoingRow.seq.desc()).limit(1)).scalar()
    return None if found is None else str(found)


def settle(connection: sa.Connection, results: Sequence[Result]) -> None:
    """Write down what became of claimed rows."""
    if not results:
        return
    connection.execute(_settle, [_values(result) for result in results])
    for result in results:
        if result.sent_parts is not None:
            card = {**result.claimed.card, "sent_parts": list(result.sent_parts)}
            connection.execute(sa.update(OutgoingRow).where(OutgoingRow.seq == result.claimed.seq).values(card=card))


def recover(connection: sa.Connection, ours: Collection[int]) -> int:
    """Rows that a dead process left in the middle of sending may have arrived: they are repeated once, marked.

    A toast is not: by now nobody looks at the button. `ours` are being sent by this process. Returns how many.
    """
    left = sa.and_(OutgoingRow.state == SENDING, OutgoingRow.seq.not_in(list(ours)))
    connection.execute(sa.update(OutgoingRow).where(left, OutgoingRow.kind == TOAST).values(state=FAILED, error="the process ended"))
    again = sa.update(OutgoingRow).where(left).values(state=RETRY, repeated=True, not_before=None, attempts=OutgoingRow.attempts + 1)
    return connection.execute(again).rowcount


def _supersede(connection: sa.Connection, head: Head) -> None:
    task = OutgoingRow.task_id.is_(None) if head.task_id is None else OutgoingRow.task_id == head.task_id
    older = sa.update(OutgoingRow).where(
        OutgoingRow.chat_id == head.chat_id,
        OutgoingRow.kind == STATUS,
        OutgoingRow.status_key == head.status_key,
        task,
        OutgoingRow.seq < head.seq,
        OutgoingRow.state.in_((QUEUED, RETRY)),
    )
    dropped = connection.execute(older.values(state=SUPERSEDED).returning(OutgoingRow.repeated)).scalars().all()
    if any(dropped):
        connection.execute(sa.update(OutgoingRow).where(OutgoingRow.seq == head.seq).values(repeated=True))


def _values(result: Result) -> dict[str, Any]:
    return {
        "number": result.claimed.seq,
        "new_state": result.state,
        "new_platform_id": result.platform_id,
        "new_error": result.error,
        "new_not_before": result.not_before,
        "new_repeated": result.repeated,
        "new_attempts": result.attempts,
        "new_sent_at": result.sent_at,
    }
