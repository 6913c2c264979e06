"""Killed at any moment, a notification is told and forwarded, or neither; and what was being sent is sent again under its id."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.models import NotificationRow, OutgoingRow
from tests.conftest import count
from tests.crash.majordomo import ROOT, majordomo, telegram
from tests.notices.desk import Desk
from tests.notices.errand import MOMENTS
from tests.servers import discord

CHAT = 700


def run(desk: Desk, moment: str, how: str = "together") -> int:
    command = [sys.executable, "-m", "tests.notices.errand", desk.database.url, moment, how]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False).returncode


def standing(desk: Desk) -> tuple[int, int]:
    """Notifications and messages in the chat."""
    return tuple(count(desk.database, sa.select(sa.func.count()).select_from(row)) for row in (NotificationRow, OutgoingRow))  # type: ignore[return-value]


def test_killed_at_any_moment_it_is_there_whole_or_not_at_all(desk: Desk) -> None:
    ada = desk.person()
    desk.discord(ada)
    for moment in MOMENTS:
        assert run(desk, moment) == -signal.SIGKILL
        whole = moment == "committed"
        assert standing(desk) == ((1, 1) if whole else (0, 0)) and len(desk.deliveries(ada)) == whole, moment


def test_queued_in_a_transaction_of_its_own_it_would_be_lost(desk: Desk) -> None:
    """The twin."""
    ada = desk.person()
    desk.discord(ada)
    assert run(desk, "committed", "apart") == -signal.SIGKILL
    assert standing(desk) == (1, 1) and desk.deliveries(ada) == []


@pytest.mark.timeout(180)
async def test_the_program_killed_while_it_delivers_loses_nothing_and_keeps_the_address_to_itself() -> None:
    with discord.running() as server:
        server.burst, server.window = 1000, 1.0
        url = server.webhook()
        token = server.webhooks["987654321098765432"]
        async with telegram() as api, majordomo(api, DISCORD_API_ROOT=server.root, MAJORDOMO_OWNERS=f"telegram:{CHAT}") as bot:
            await bot.start()
            api.say(CHAT, f"/notifications discord {url}")
            shown = await api.shown(CHAT, "Kept, encrypted: discord.com …5432", timeout=30)
            assert token not in shown.text
            api.say(CHAT, "/notifications test discord")
            await api.shown(CHAT, "on its way", timeout=30)
            await until(lambda: server.titles == ["Test"])
            for n in range(6):
                api.say(CHAT, f"remind me in {2 + n // 2} seconds to water plant{n}")
            await until(lambda: len(server.titles) > 1)
            await bot.kill()
            await bot.start()
            await until(lambda: all(any(f"plant{n}" in title for title in server.titles) for n in range(6)))
            await until(lambda: set(bot.states("notice_deliveries")) == {"sent"})
            repeated = [title for title in server.titles if title.startswith("↻")]
            plain = [title for title in server.titles if not title.startswith("↻")]
            assert len(plain) == len(set(plain)) and len(repeated) <= 2 and server.refusals == []
            assert await bot.stop() == 0
            files = [path for path in Path(bot.folder).rglob("*") if path.is_file()]
            assert not [path.name for path in files if token.encode() in path.read_bytes()]
            assert api.violations == []


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.05)
