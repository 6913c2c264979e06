"""Who is who on WhatsApp, and until when we may write to them: the rows behind the channel. Everything runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.channels.base import Incoming
from bot.channels.whatsapp.intake import CHANNEL, PRESS_ID, Arrival
from bot.channels.whatsapp.wire import Recipient
from bot.outbox_rows import RETRY, WAITING
from orchestrator.tasks import outgoing
from storage.models import ChatRow, IdentityRow, MessageRow, OutgoingRow, PersonRow, WhatsAppContactRow
from storage.signals import announce

WINDOW = timedelta(hours=24)
"""How long after a person's last message one may write freely."""
Row = WhatsAppContactRow


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as the channel needs them. `last_at` is when they last wrote."""

    chat: str
    recipient: Recipient
    last_at: datetime | None = None
    last_message_id: str = ""
    refused_at: datetime | None = None
    reaction_id: str = ""
    reaction_task: str = ""
    language: str = "en"

    def is_open(self, now: datetime) -> bool:
        """Whether one may write freely. Of somebody who never wrote here we do not know: the platform will say."""
        if self.refused_at is not None:
            return False
        return self.last_at is None or now - self.last_at < WINDOW


def find(connection: sa.Connection, chat: str) -> Contact:
    """The contact behind a chat; one that is not known is reached by what the chat is called."""
    row = connection.execute(sa.select(Row.__table__).where(Row.chat == chat)).first()
    spoken = sa.select(PersonRow.language).join(IdentityRow, IdentityRow.person_id == PersonRow.id)
    language = connection.execute(spoken.where(IdentityRow.channel == CHANNEL, IdentityRow.external_id == chat)).scalar() or "en"
    if row is None:
        return Contact(chat, Recipient(phone=chat) if chat.isdecimal() else Recipient(user_id=chat), language=language)
    recipient = Recipient(row.phone or "", row.user_id or "")
    reaction = (row.reaction_id or "", row.reaction_task or "")
    return Contact(chat, recipient, row.last_at, row.last_message_id or "", row.refused_at, *reaction, language)


def known(connection: sa.Connection, arrivals: Sequence[Arrival]) -> list[Incoming]:
    """The messages under the chats that stand for their senders; notes when each last wrote, and wakes what waited for that."""
    found, opened = [], []
    for arrival in arrivals:
        chat = _chat_of(connection, arrival)
        incoming = replace(arrival.incoming, chat_id=chat, sender_id=chat)
        opened += [chat] if _wrote(connection, incoming) else []
        found.append(incoming)
    for chat in dict.fromkeys(opened):
        wake(connection, chat)
    return found


def wake(connection: sa.Connection, chat: str) -> int:
    """What waited for the person to write again goes out now. Returns how much."""
    chats = sa.select(ChatRow.id).where(ChatRow.channel == CHANNEL, ChatRow.external_id == chat)
    waiting = sa.update(OutgoingRow).where(OutgoingRow.chat_id.in_(chats), OutgoingRow.state == WAITING)
    woken = connection.execute(waiting.values(state=RETRY, not_before=None)).rowcount
    if woken:
        announce(connection, outgoing.TOPIC)
    return woken


def wake_open(connection: sa.Connection, now: datetime) -> int:
    """The same for every chat that may be written to: for what began to wait just when its person wrote."""
    writable = sa.select(Row.chat).where(Row.refused_at.is_(None), Row.last_at > now - WINDOW)
    here = sa.select(ChatRow.external_id).join(OutgoingRow, OutgoingRow.chat_id == ChatRow.id)
    stuck = here.where(OutgoingRow.state == WAITING, ChatRow.channel == CHANNEL, ChatRow.external_id.in_(writable)).distinct()
    return sum(wake(connection, chat) for chat in connection.execute(stuck).scalars().all())


def refused(connection: sa.Connection, contact: Contact, now: datetime) -> bool:
    """The platform says that the window is closed. False where the person has written since, so that it is open again."""
    same = Row.last_at.is_(None) if contact.last_at is None else Row.last_at == contact.last_at
    noted = connection.execute(sa.update(Row).where(Row.chat == contact.chat, same).values(refused_at=now)).rowcount
    if not noted and connection.execute(sa.select(Row.chat).where(Row.chat == contact.chat)).first() is None:
        connection.execute(
            sa.insert(Row).values(chat=contact.chat, phone=contact.recipient.phone or None, user_id=contact.recipient.user_id or None, refused_at=now)
        )
        return True
    return noted > 0


def refused_since(connection: sa.Connection, chat: str, at: datetime, now: datetime) -> None:
    """The same, told later by a status of the moment `at`: whoever has written since has opened the window."""
    before = sa.or_(Row.last_at.is_(None), Row.last_at <= at)
    connection.execute(sa.update(Row).where(Row.chat == chat, before).values(refused_at=now))


def first_telling(connection: sa.Connection, chat: str, now: datetime) -> bool:
    """Whether the owner has not been told yet that something waits for this chat; from now on they have."""
    telling = sa.update(Row).where(Row.chat == chat, Row.told_at.is_(None)).values(told_at=now)
    return connection.execute(telling).rowcount > 0


def reacting(connection: sa.Connection, chat: str, message_id: str | None, task_id: str | None) -> None:
    """Which message carries our sign that a task goes on."""
    connection.execute(sa.update(Row).where(Row.chat == chat).values(reaction_id=message_id, reaction_task=task_id))


def place_of_press(connection: sa.Connection, press_id: str) -> tuple[str, str] | None:
    """The chat of a pressed button, and the id of the message that pressed it."""
    query = sa.select(ChatRow.external_id, MessageRow.platform_id).join(ChatRow, ChatRow.id == MessageRow.chat_id)
    named = MessageRow.platform_id == press_id if len(press_id) < PRESS_ID else MessageRow.platform_id.startswith(press_id, autoescape=True)
    row = connection.execute(query.where(MessageRow.channel == CHANNEL, named).limit(1)).first()
    return None if row is None else (str(row.external_id), str(row.platform_id))


def is_stored(connection: sa.Connection, platform_id: str) -> bool:
    return connection.execute(sa.select(MessageRow.seq).where(MessageRow.channel == CHANNEL, MessageRow.platform_id == platform_id)).first() is not None


def person_in(connection: sa.Connection, chat: str) -> str | None:
    """The id of the person behind a chat, if they have come in."""
    query = sa.select(IdentityRow.person_id).where(IdentityRow.channel == CHANNEL, IdentityRow.external_id == chat)
    found: str | None = connection.execute(query).scalar()
    return found


def _chat_of(connection: sa.Connection, arrival: Arrival) -> str:
    """By the platform's id first. A phone number alone names a chat only as long as no other id has come with it: numbers change hands."""
    by_id = _row(connection, Row.user_id == arrival.user_id) if arrival.user_id else None
    by_phone = _row(connection, Row.phone == arrival.phone) if arrival.phone else None
    if by_id is None and by_phone is not None and arrival.user_id and by_phone.user_id:
        _set(connection, by_phone.chat, phone=None)  # the number has gone to somebody else
        by_phone = None
    if by_id is not None and by_phone is not None and by_phone.chat != by_id.chat:
        if by_phone.user_id:
            _set(connection, by_phone.chat, phone=None)
        else:  # two names of one person, met apart: the number's chat, which an owner may be named by, gets the id
            _set(connection, by_id.chat, user_id=None)
            by_id = None
    row = by_id or by_phone
    if row is None:
        return _meet(connection, arrival)
    if arrival.user_id and not row.user_id:
        _set(connection, row.chat, user_id=arrival.user_id)
    if arrival.phone and row.phone != arrival.phone:
        _set(connection, row.chat, phone=arrival.phone)
    return str(row.chat)


def _meet(connection: sa.Connection, arrival: Arrival) -> str:
    """A chat is called by the phone number where there is one (that is how owners are named), unless somebody was called so before."""
    numbered = (f"{arrival.phone or arrival.user_id}~{count}" for count in range(2, 1000))
    names = (name for name in (arrival.phone, arrival.user_id, *numbered) if name)
    chat = next(name for name in names if _row(connection, Row.chat == name) is None)
    connection.execute(sa.insert(Row).values(chat=chat, user_id=arrival.user_id or None, phone=arrival.phone or None))
    return chat


def _wrote(connection: sa.Connection, incoming: Incoming) -> bool:
    """Whoever writes opens the window again; True where this is news. A late arrival or a repetition is none."""
    later = sa.or_(Row.last_at.is_(None), Row.last_at < incoming.sent_at)
    newest: dict[str, Any] = {"last_at": incoming.sent_at, "last_message_id": incoming.platform_id, "refused_at": None, "told_at": None}
    return connection.execute(sa.update(Row).where(Row.chat == incoming.chat_id, later).values(**newest)).rowcount > 0


def _row(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Any:
    return connection.execute(sa.select(Row.__table__).where(condition)).first()


def _set(connection: sa.Connection, chat: str, **values: Any) -> None:
    connection.execute(sa.update(Row).where(Row.chat == chat).values(**values))
