"""The web chat as a channel: what it shows are event rows, which the page reads by id, in order, again after a break."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.cards.html import to_html
from bot.channels.base import Capabilities, Intake, Markup, Part, Unreachable
from orchestrator.contracts import Clock
from orchestrator.tasks import events
from storage.database import Database
from storage.models import ChatRow, EventRow
from storage.signals import announce

NAME, CHAT, OWNER = "web", "local", "owner"
CAPABILITIES = Capabilities(text_limit=20_000, markup=Markup.MARKDOWN, edits=True, files=True)


class WebChannel:
    """Delivers into our own database, so nothing it does is ever ambiguous: a repeated send finds its row."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, database: Database, clock: Clock, chat: str = CHAT) -> None:
        self._database = database
        self._clock = clock
        self.chat = chat
        self.intake: Intake | None = None

    async def run(self, intake: Intake) -> None:
        """The page's requests bring the messages; until cancelled they are let in."""
        self.intake = intake
        try:
            await asyncio.Event().wait()
        finally:
            self.intake = None

    async def send(self, chat: str, part: Part) -> str:
        data: dict[str, Any] = {
            "html": to_html(part.markdown or part.text),
            "markdown": part.markdown or part.text,
            "buttons": [[{"label": key.label, "token": key.token} for key in row] for row in part.keys],
        }
        if part.file is not None:
            data["file"] = {"name": part.file.name, "media_type": part.file.media_type, "content": part.file.content}
        return await self._record(chat, events.MESSAGE, data, f"out:{part.outgoing_id}" if part.outgoing_id else None, part.task_id)

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        buttons = [[{"label": key.label, "token": key.token} for key in row] for row in part.keys]
        text = part.markdown or part.text
        data = {"of": platform_id, "html": to_html(text), "markdown": text, "buttons": buttons}
        await self._record(chat, "edit", data, None, part.task_id)

    async def answer_press(self, press_id: str, text: str) -> None:
        await self._record(self.chat, "toast", {"text": text, "press": press_id}, None, None)

    async def remove(self, chat: str, platform_id: str) -> None:
        return None

    async def typing(self, chat: str) -> None:
        return None

    async def close(self) -> None:
        return None

    async def _record(self, chat: str, kind: str, data: dict[str, Any], key: str | None, task_id: str | None) -> str:
        now = self._clock.now()
        found: str | None = await self._database.write(lambda connection: _store(connection, chat, kind, data, key, task_id, now), key=chat)
        if found is None:
            raise Unreachable("this chat does not exist")
        return found


def _store(connection: sa.Connection, chat: str, kind: str, data: dict[str, Any], key: str | None, task_id: str | None, now: datetime) -> str | None:
    row = connection.execute(sa.select(ChatRow.id, ChatRow.person_id).where(ChatRow.channel == NAME, ChatRow.external_id == chat)).first()
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
