"""Stored messages as the desk takes them: oldest first within a chat, each by compare-and-set, so exactly once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.models import ChatRow, MessageRow, TaskRow, new_id
from storage.signals import announce

TOPIC = "inbox"
HELD = "held"
"""Announced with the chat in which somebody waits for a language model."""
RECEIVED, HANDLED = "received", "handled"

_columns = (MessageRow.seq, MessageRow.id, MessageRow.person_id, MessageRow.kind, MessageRow.text, MessageRow.payload, MessageRow.channel)
_lock = sa.select(ChatRow.id, ChatRow.channel, ChatRow.kind, ChatRow.handover, ChatRow.busy_until).where(ChatRow.id == sa.bindparam("chat")).with_for_update()
_waiting = sa.select(*_columns).where(MessageRow.chat_id == sa.bindparam("chat"), MessageRow.state == RECEIVED)
_oldest = _waiting.order_by(MessageRow.urgent.desc(), MessageRow.seq).limit(1)
_urgent = _waiting.where(MessageRow.urgent.is_(True)).order_by(MessageRow.seq).limit(1)
_handle = (
    sa.update(MessageRow).where(MessageRow.seq == sa.bindparam("number"), MessageRow.state == RECEIVED).values(state=HANDLED, handled_at=sa.bindparam("now"))
)


def lock_chat(connection: sa.Connection, chat_id: str) -> Any:
    """The chat's row, held to the end of the transaction: within a chat, messages are handled one at a time."""
    return connection.execute(_lock, {"chat": chat_id}).first()


def take_oldest(connection: sa.Connection, chat_id: str, now: datetime, *, urgent_only: bool = False) -> Any:
    """Mark the oldest waiting message of a chat as handled and return it, urgent ones first; None when there is none."""
    message = connection.execute(_urgent if urgent_only else _oldest, {"chat": chat_id}).first()
    if message is None or connection.execute(_handle, {"number": message.seq, "now": now}).rowcount != 1:
        return None
    return message


def keep_handled(connection: sa.Connection, channel: str, chat_id: str, person_id: str, text: str, now: datetime) -> str:
    """Keep what is being dealt with in this very transaction, as a message of its chat; returns its id."""
    message_id = new_id()
    values = {
        "id": message_id, "channel": channel, "platform_id": message_id, "chat_id": chat_id, "person_id": person_id, "kind": "text", "text": text,
        "state": HANDLED, "received_at": now, "handled_at": now,
    }  # fmt: skip
    connection.execute(sa.insert(MessageRow), values)
    return message_id


def has_waiting(connection: sa.Connection, chat_id: str) -> bool:
    """Whether another message of this chat waits."""
    return connection.execute(_oldest, {"chat": chat_id}).first() is not None


def of_task(connection: sa.Connection, task_id: str) -> Any:
    """The message that a task was made from."""
    query = sa.select(*_columns).join(TaskRow, TaskRow.message_id == MessageRow.id).where(TaskRow.id == task_id)
    return connection.execute(query).first()


def hold(connection: sa.Connection, chat_id: str, message_id: str, until: datetime) -> None:
    """Later messages of this chat wait for this one, no longer than `until`."""
    connection.execute(sa.update(ChatRow).where(ChatRow.id == chat_id).values(busy_until=until, busy_message_id=message_id))
    announce(connection, HELD, chat_id)


def held(connection: sa.Connection, chat_id: str, now: datetime) -> Any:
    """Channel and outside id of a chat that is held at this moment; None when it is free."""
    return connection.execute(sa.select(ChatRow.channel, ChatRow.external_id).where(ChatRow.id == chat_id, ChatRow.busy_until > now)).first()


def free(connection: sa.Connection, chat_id: str) -> None:
    connection.execute(sa.update(ChatRow).where(ChatRow.id == chat_id).values(busy_until=None, busy_message_id=None))


def chats_waiting(connection: sa.Connection, now: datetime) -> list[str]:
    """Chats with messages that nobody has handled, and that are not held back."""
    query = (
        sa.select(MessageRow.chat_id)
        .join(ChatRow, ChatRow.id == MessageRow.chat_id)
        .where(MessageRow.state == RECEIVED, sa.or_(ChatRow.busy_until.is_(None), ChatRow.busy_until <= now))
        .group_by(MessageRow.chat_id)
        .order_by(sa.func.min(MessageRow.seq))
    )
    return list(connection.execute(query).scalars())
