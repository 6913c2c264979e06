"""The stand-in with short words for tests that talk a lot: people by number, and counts of what was handed over."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import Any

from aiohttp import web

from tests.servers.telegram.call import Call
from tests.servers.telegram.messages import Message
from tests.servers.telegram.refusals import Json
from tests.servers.telegram.server import TelegramServer


class Api(TelegramServer):
    """People write as `user` numbers in their private chats of the same number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.handed_over: Counter[int] = Counter()

    @property
    def polls(self) -> int:
        return self.updates.polls

    @property
    def duplicates(self) -> int:
        """How many times an update was handed over beyond its first time."""
        return sum(times - 1 for times in self.handed_over.values())

    def requests_refused(self, status: int) -> int:
        """How many requests were answered with this status."""
        return sum(request.status == status for request in self.requests)

    def message(self, user: int, text: str, *, language: str = "en") -> Json:
        """A text from a user, not yet queued."""
        return self.user(user, language_code=language).message(text)

    def say(self, user: int, text: str, *, language: str = "en") -> Json:
        return self.push(self.message(user, text, language=language))

    def again(self, update: Json) -> Json:
        """The platform gives an update out once more."""
        return self.redeliver(int(update["update_id"]))

    def texts(self, chat: int) -> list[str]:
        """What the bot wrote in a chat, as it stands now."""
        return self.chat(chat).texts

    async def shown(self, chat: int, pattern: str, *, after: int = 0, timeout: float = 15.0) -> Message:
        """The first message of the bot in a chat, behind the first `after` ones, whose present text matches."""

        def found() -> Message | None:
            mine = [message for message in self.chat(chat).messages.values() if message.sender == 0][after:]
            return next((message for message in mine if re.search(pattern, message.text, re.I | re.S)), None)

        return await self._outcome(found, timeout, f"{pattern} in chat {chat}", lambda: self.texts(chat)[-5:])

    async def _poll(self, request: web.Request | None, call: Call) -> list[Json]:
        updates = await super()._poll(request, call)
        self.handed_over.update(int(update["update_id"]) for update in updates)
        return updates


async def until_taken(api: Api, seconds: float = 30.0) -> None:
    """Until every update has been confirmed, and the next poll has begun."""
    async with asyncio.timeout(seconds):
        while api.pending:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)
