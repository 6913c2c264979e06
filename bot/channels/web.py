"""The web chat as a channel: what it shows are event rows, which the page reads by id, in order, again after a break."""

from __future__ import annotations

import asyncio

from bot.channels.base import Intake, Part
from bot.channels.recording import CAPABILITIES, TOAST, Recording
from orchestrator.contracts import Clock
from storage.database import Database

NAME, CHAT, OWNER = "web", "local", "owner"


class WebChannel:
    """Delivers into our own database."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, database: Database, clock: Clock, chat: str = CHAT) -> None:
        self._recording = Recording(database, clock, NAME)
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
        return await self._recording.send(chat, part)

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        await self._recording.edit(chat, platform_id, part)

    async def answer_press(self, press_id: str, text: str) -> None:
        await self._recording.record(self.chat, TOAST, {"text": text, "press": press_id}, None, None)

    async def remove(self, chat: str, platform_id: str) -> None:
        return None

    async def typing(self, chat: str) -> None:
        return None

    async def close(self) -> None:
        return None
