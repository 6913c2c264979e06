"""A person wants a human: the owner gets the conversation, answers through the bot, and hands it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from orchestrator.contracts import Action, Button, Card, Person, Role, Words
from orchestrator.tasks import outgoing
from storage.models import ChatRow, IdentityRow, MessageRow, OutgoingRow, PersonRow

LAST_LINES = 10
LINE_LENGTH = 300


class ChatView(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def handover(self) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class OwnerChat:
    chat_id: str
    person_id: str
    language: str


def owner_chat(connection: sa.Connection) -> OwnerChat | None:
    """Where the owner was last seen: the private chat with their latest message."""
    latest = sa.func.max(MessageRow.seq)
    query = (
        sa.select(ChatRow.id, ChatRow.person_id, PersonRow.language)
        .join(PersonRow, PersonRow.id == ChatRow.person_id)
        .outerjoin(MessageRow, MessageRow.chat_id == ChatRow.id)
        .where(PersonRow.role == Role.OWNER.value, ChatRow.kind == "private")
        .group_by(ChatRow.id, ChatRow.person_id, PersonRow.language)
        .order_by(latest.desc().nulls_last())
        .limit(1)
    )
    row = connection.execute(query).first()
    return OwnerChat(row.id, row.person_id, row.language) if row else None


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whose conversation is handed over; `name` as the owner is shown it."""

    chat_id: str
    person_id: str
    name: str
    since: str


def waiting(connection: sa.Connection, owner_chat_id: str | None = None) -> list[Guest]:
    """Whose conversations are handed over (to this chat of the owner's), the latest first; two of one name are told apart."""
    query = sa.select(ChatRow.id, ChatRow.person_id, ChatRow.handover, PersonRow.name).join(PersonRow, PersonRow.id == ChatRow.person_id)
    rows = [row for row in connection.execute(query.where(ChatRow.handover.is_not(None))) if row.handover and "owner_chat" in row.handover]
    mine = [row for row in rows if owner_chat_id in (None, row.handover["owner_chat"])]
    mine.sort(key=lambda row: (row.handover.get("since", ""), row.id), reverse=True)
    names = [row.name for row in mine]
    return [
        Guest(row.id, row.person_id, _called(connection, row.person_id, row.name, alone=names.count(row.name) == 1), row.handover.get("since", ""))
        for row in mine
    ]


def _called(connection: sa.Connection, person_id: str, name: str, *, alone: bool) -> str:
    if name and alone:
        return name
    platform = _platform_name(connection, person_id)
    return f"{name} ({platform})" if name else platform


def start(connection: sa.Connection, chat_id: str, person: Person, words: Words, now: datetime, reason: str = "") -> bool:
    """Give a chat to the owner. False when there is no other owner's chat to give it to."""
    owner = owner_chat(connection)
    if owner is None or owner.chat_id == chat_id:
        return False
    _set(connection, chat_id, {"owner_chat": owner.chat_id, "since": now.isoformat()})
    _set(connection, owner.chat_id, {"speaking_with": chat_id})
    name = person.name or _platform_name(connection, person.id)
    text = words(owner.language, "handover-begins", {"name": name, "reason": reason, "lines": _last_lines(connection, chat_id)})
    if others := [guest.name for guest in waiting(connection, owner.chat_id) if guest.chat_id != chat_id]:
        text += "\n" + words(owner.language, "handover-others", {"names": ", ".join(others)})
    button = Button(words(owner.language, "button-hand-back"), Action("handback", chat_id))
    outgoing.post(connection, outgoing.Envelope(owner.chat_id, owner.person_id, now), Card(text, ((button,),)))
    return True


def to_owner(connection: sa.Connection, chat: ChatView, person: Person, text: str, envelope: outgoing.Envelope) -> bool:
    """Pass what a guest writes on to the owner. False where the owner's chat is gone: the bot answers again."""
    target = _chat(connection, str((chat.handover or {}).get("owner_chat")))
    if target is None:
        _set(connection, chat.id, None)
        return False
    shown = f"**{person.name or _platform_name(connection, person.id)}:** {text}"
    outgoing.post(connection, outgoing.Envelope(target.id, target.person_id, envelope.now, message_id=envelope.message_id), Card(shown))
    return True


def to_guest(connection: sa.Connection, guest: Guest, text: str, envelope: outgoing.Envelope) -> None:
    """Pass what the owner writes on to a guest."""
    outgoing.post(connection, outgoing.Envelope(guest.chat_id, guest.person_id, envelope.now, message_id=envelope.message_id), Card(text))


def hand_back(connection: sa.Connection, chat_id: str, words: Words, now: datetime) -> bool:
    """The bot answers again in this chat; whoever else waits for the owner goes on waiting. False when it already does."""
    row = connection.execute(
        sa.select(ChatRow.handover, ChatRow.person_id, PersonRow.language).join(PersonRow, PersonRow.id == ChatRow.person_id).where(ChatRow.id == chat_id)
    ).first()
    if row is None or not row.handover:
        return False
    _set(connection, chat_id, None)
    if "owner_chat" not in row.handover:  # an owner who goes leaves nobody behind
        for guest in waiting(connection, chat_id):
            hand_back(connection, guest.chat_id, words, now)
        return True
    settle(connection, row.handover["owner_chat"])
    outgoing.post(connection, outgoing.Envelope(chat_id, row.person_id, now), Card(words(row.language, "handover-ends", {})))
    return True


def tell_owner(connection: sa.Connection, chat_id: str, words: Words, key: str, name: str, now: datetime) -> None:
    """Say something about a guest in the owner's chat, if it is still there."""
    query = sa.select(ChatRow.person_id, PersonRow.language).join(PersonRow, PersonRow.id == ChatRow.person_id).where(ChatRow.id == chat_id)
    if (owner := connection.execute(query).first()) is not None:
        outgoing.post(connection, outgoing.Envelope(chat_id, owner.person_id, now), Card(words(owner.language, key, {"name": name})))


def settle(connection: sa.Connection, owner_chat_id: str) -> None:
    """The owner's chat speaks with the latest guest who still waits, or with the bot."""
    left = waiting(connection, owner_chat_id)
    _set(connection, owner_chat_id, {"speaking_with": left[0].chat_id} if left else None)


def _chat(connection: sa.Connection, chat_id: str) -> Any:
    return connection.execute(sa.select(ChatRow.id, ChatRow.person_id).where(ChatRow.id == chat_id)).first()


def _set(connection: sa.Connection, chat_id: str, value: dict[str, Any] | None) -> None:
    connection.execute(sa.update(ChatRow).where(ChatRow.id == chat_id).values(handover=value if value is not None else sa.null()))


def _last_lines(connection: sa.Connection, chat_id: str) -> str:
    said = sa.select(MessageRow.received_at.label("at"), MessageRow.text.label("text"), sa.literal("→").label("way")).where(MessageRow.chat_id == chat_id)
    lines = [(row.at, row.way, row.text) for row in connection.execute(said.order_by(MessageRow.seq.desc()).limit(LAST_LINES))]
    replied = sa.select(OutgoingRow.created_at, OutgoingRow.card).where(OutgoingRow.chat_id == chat_id, OutgoingRow.kind == outgoing.MESSAGE)
    lines += [(row.created_at, "←", row.card["text"]) for row in connection.execute(replied.order_by(OutgoingRow.seq.desc()).limit(LAST_LINES))]
    lines.sort(key=lambda line: line[0])
    return "\n".join(f"{way} {text[:LINE_LENGTH]}" for _, way, text in lines[-LAST_LINES:])


def _platform_name(connection: sa.Connection, person_id: str) -> str:
    row = connection.execute(sa.select(IdentityRow.channel, IdentityRow.external_id).where(IdentityRow.person_id == person_id)).first()
    return f"{row.channel} {row.external_id}" if row else "?"
