""" "More" under a long list: the next choices go out as a message of their own, once for each press."""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa

from bot.channels.base import Incoming
from bot.channels.whatsapp.intake import CHANNEL
from bot.channels.whatsapp.shown import Page, keys_after
from orchestrator.contracts import Words
from orchestrator.tasks import outgoing
from storage.models import ChatRow, OutgoingRow, PersonRow
from storage.signals import announce


def turn(connection: sa.Connection, batch: list[Incoming], words: Words, now: datetime) -> list[Incoming]:
    """Answer the presses of "More"; returns the other messages."""
    others = []
    for item in batch:
        page = Page.read(str(item.payload.get("token", "")))
        if page is None:
            others.append(item)
        else:
            _show(connection, item, page, words, now)
    return others


def _show(connection: sa.Connection, item: Incoming, page: Page, words: Words, now: datetime) -> None:
    """Only in the chat that the list was sent to; a repeated webhook finds the page queued already. The buttons keep their tokens."""
    query = sa.select(OutgoingRow.chat_id, OutgoingRow.person_id, OutgoingRow.task_id, OutgoingRow.card, PersonRow.language)
    here = query.join(ChatRow, ChatRow.id == OutgoingRow.chat_id).join(PersonRow, PersonRow.id == OutgoingRow.person_id)
    row = connection.execute(here.where(OutgoingRow.id == page.outgoing_id, ChatRow.channel == CHANNEL, ChatRow.external_id == item.chat_id)).first()
    page_id = str(uuid5(NAMESPACE_URL, f"{CHANNEL}:{item.platform_id}"))
    if row is None or connection.execute(sa.select(OutgoingRow.seq).where(OutgoingRow.id == page_id)).first() is not None:
        return
    keys = keys_after(row.card, page.shown)
    if not keys:
        return
    card = {
        "text": words(row.language, "whatsapp-more-choices", {}), "files": [], "silent": False,
        "buttons": [[{"label": key.label, "token": key.token} for key in line] for line in keys],
    }  # fmt: skip
    values = {"id": page_id, "chat_id": row.chat_id, "person_id": row.person_id, "task_id": row.task_id, "card": card, "created_at": now}
    connection.execute(sa.insert(OutgoingRow).values(kind=outgoing.MESSAGE, status_key="", **values))
    announce(connection, outgoing.TOPIC)
