"""A real `majordomo run` on the WhatsApp stand-in instead of Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import httpx

from tests.crash.majordomo import START_SECONDS, Majordomo, majordomo
from tests.servers.postgres import free_port
from tests.servers.telegram.api import Api
from tests.servers.whatsapp import PHONE_ID, SECRET, TOKEN, VERIFY, WhatsAppServer


@dataclass(frozen=True)
class NoTelegram:
    """Stands where a bot would be told of Telegram: there is none."""

    root: str = "http://127.0.0.1:1"
    token: str = ""
    polls: int = 0


@asynccontextmanager
async def on_whatsapp(**environment: str) -> AsyncIterator[tuple[WhatsAppServer, Majordomo]]:
    """The stand-in and a bot, not yet started."""
    port = str(free_port())
    async with WhatsAppServer(callback=f"http://127.0.0.1:{port}/whatsapp") as server:
        keys = {"WHATSAPP_TOKEN": TOKEN, "WHATSAPP_PHONE_ID": PHONE_ID, "WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_VERIFY_TOKEN": VERIFY}
        settings = {"WHATSAPP_API_ROOT": server.root, "MAJORDOMO_PORT": port, "TELEGRAM_BOT_TOKEN": "", **keys, **environment}
        async with majordomo(cast(Api, NoTelegram()), **settings) as bot:  # type: ignore[arg-type]
            yield server, bot


async def start(server: WhatsAppServer, bot: Majordomo) -> None:
    """Until the webhook shakes hands."""
    await bot.start(until_polling=False)
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                if await server.greet() == (200, "1158201444"):
                    return
            except httpx.HTTPError:
                if not bot.running:
                    raise AssertionError(bot.log()[-3000:]) from None
            await asyncio.sleep(0.05)
