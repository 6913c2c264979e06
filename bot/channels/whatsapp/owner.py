"""The owner learns, once for each closed window, that a message waits for somebody who has not written for a day."""

from __future__ import annotations

import logging
from datetime import datetime

import sqlalchemy as sa

from bot.channels.whatsapp import contacts
from bot.channels.whatsapp.contacts import Contact
from bot.channels.whatsapp.intake import CHANNEL
from orchestrator.contracts import Words
from orchestrator.tasks import notifications, people
from orchestrator.tasks.outgoing import Envelope
from storage.models import ChatRow, IdentityRow, PersonRow

ALERT = "alert"

logger = logging.getLogger(__name__)


def tell_owner(connection: sa.Connection, words: Words, key: str, contact: Contact, purpose: str, now: datetime) -> bool:
    """Tell every owner in a chat that can be written to. False where they know already, or where there is no such chat."""
    if not contacts.first_telling(connection, contact.chat, now):
        return False
    logger.warning("a WhatsApp message waits until its person writes", extra={"purpose": purpose})
    told = False
    for owner in people.owners(connection):
        chat = _reachable_chat(connection, owner.id, now)
        if chat is None:
            continue
        text = words(owner.language, key, {"name": _name(connection, contact), "purpose": purpose})
        notifications.notify(connection, Envelope(chat, owner.id, now), notifications.Notice(ALERT, text[:120], text), words, owner.language)
        told = True
    return told


def _reachable_chat(connection: sa.Connection, person_id: str, now: datetime) -> str | None:
    """Any private chat but one on WhatsApp whose own window is closed."""
    query = sa.select(ChatRow.id, ChatRow.channel, ChatRow.external_id).where(ChatRow.person_id == person_id, ChatRow.kind == "private")
    for row in connection.execute(query.order_by(ChatRow.created_at)):
        if row.channel != CHANNEL or contacts.find(connection, row.external_id).is_open(now):
            return str(row.id)
    return None


def _name(connection: sa.Connection, contact: Contact) -> str:
    query = sa.select(PersonRow.name).join(IdentityRow, IdentityRow.person_id == PersonRow.id)
    found = connection.execute(query.where(IdentityRow.channel == CHANNEL, IdentityRow.external_id == contact.chat)).scalar()
    return str(found or contact.chat)
