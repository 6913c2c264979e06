"""The chat of the HTTP API: what is said there is recorded as events, which programs list or stream. Nothing comes in by it.

Requests come in by `bot/api`; a task that they make belongs to its person's API chat (`orchestrator.people.api_chat`).
"""

from __future__ import annotations

import asyncio

from bot.channels.base import Intake, Part
from bot.channels.recording import CAPABILITIES, Recording
from orchestrator.contracts import Clock
from orchestrator.people import API
from storage.database import Database


class ApiChannel:
    """Delivers into our own database. The chat's outside id is the person's id."""

    name = API
    capabilities = CAPABILITIES

    def __init__(self, database: Database, clock: Clock) -> None:
        self._recording = Recording(database, clock, API)

    async def run(self, intake: Intake) -> None:
        await asyncio.Event().wait()

    async def send(self, chat: str, part: Part) -> str:
        return await self._recording.send(chat, part)

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        await self._recording.edit(chat, platform_id, part)

    async def answer_press(self, press_id: str, text: str) -> None:
        return None

    async def remove(self, chat: str, platform_id: str) -> None:
        return None

    async def typing(self, chat: str) -> None:
        return None

    async def close(self) -> None:
        return None
