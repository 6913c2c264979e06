"""Deliveries recorded as events in our own database: what channels that people read by asking for it have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.cards.html import to_html
from bot.channels.base import Capabilities, Markup, Part, Unreachable, nothing_left
from orchestrator.contracts import Clock
from orchestrator.tasks import events
from storage.database import Database
from storage.models import ChatRow, EventRow
from storage.signals import announce

CAPABILITIES = Capabilities(text_limit=20_000, markup=Markup.MARKDOWN, edits=True, files=True)
TOAST = "toast"


@dataclass(frozen=True, slots=True)
class Recording:
    """Records for the chats of one channel. Nothing it does is ever ambiguous: a repeated send finds its row."""

    database: Database
    clock: Clock
    channel: str

    async def send(self, chat: str, part: Part) -> str:
        data = _shown(part)
        if part.file is not None:
            data["file"] = {"name": part.file.name, "media_type": part.file.media_type, "content": part.file.content}
        return await self.record(chat, events.MESSAGE, data, f"out:{part.outgoing_id}" if part.outgoing_id else None, part.task_id)

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        await self.record(chat, events.EDIT, {"of": platform_id, **_shown(part)}, None, part.task_id)

    async def record(self, chat: str, kind: str, data: dict[str, Any], key: str | None, task_id: str | None) -> str:
        """The event's id. Raises Unreachable where there is no such chat, NotDelivered where the database is away."""
        now = self.clock.now()
        writing = self.database.write(lambda connection: _store(connection, (self.channel, chat), kind, data, key, task_id, now), key=chat)
        found: str | None = await nothing_left(writing)
        if found is None:
            raise Unreachable("this chat does not exist")
        return found


def _shown(part: Part) -> dict[str, Any]:
    text = part.markdown or part.text
    return {"html": to_html(text), "markdown": text, "buttons": [[{"label": key.label, "token": key.token} for key in row] for row in part.keys]}


def _store(
    connection: sa.Connection, place: tuple[str, str], kind: str, data: dict[str, Any], key: str | None, task_id: str | None, now: datetime
) -> str | None:
    query = sa.select(ChatRow.id, ChatRow.person_id).where(ChatRow.channel == place[0], ChatRow.external_id == place[1])
    row = connection.execute(query).first()
    if row is None:
        return None
    if key is not None:
        existing = connection.execute(sa.select(EventRow.id).where(EventRow.key == key)).scalar()
        if existing is not None:
            return str(existing)
    values = {"person_id": row.person_id, "chat_id": row.id, "task_id": task_id, "kind": kind, "key": key, "data": data, "created_at": now}
    event_id = connection.execute(sa.insert(EventRow).values(**values).returning(EventRow.id)).scalar_one()
    announce(connection, events.TOPIC, row.id)
    return str(event_id)
