"""Shows "typing…" in the chats where somebody waits for a language model. The instant path never comes here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.channels.base import Channel
from orchestrator.contracts import Clock
from orchestrator.tasks import inbox
from storage.database import Database

EVERY = 4.0
"""Seconds; a platform shows it for about five."""


class TypingSigns:
    """One task for each chat that is held. Durable work needs none: its status message says that it goes on."""

    def __init__(self, database: Database, channels: Mapping[str, Channel], clock: Clock) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._showing: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        unsubscribe = self._database.signals.subscribe(inbox.HELD, self._begin)
        try:
            await asyncio.Event().wait()
        finally:
            unsubscribe()
            for showing in self._showing.values():
                showing.cancel()

    def _begin(self, chat_id: str) -> None:
        if chat_id not in self._showing:
            showing = self._showing[chat_id] = asyncio.create_task(self._show(chat_id))
            showing.add_done_callback(lambda _: self._showing.pop(chat_id, None))

    async def _show(self, chat_id: str) -> None:
        while True:
            held = await self._database.read(lambda connection: inbox.held(connection, chat_id, self._clock.now()))
            channel = self._channels.get(held.channel) if held is not None else None
            if held is None or channel is None:
                return
            await channel.typing(held.external_id)
            await asyncio.sleep(EVERY)
