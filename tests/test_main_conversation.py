"""The main job as a new user would see it: the real program, over Telegram by polling and by webhook and in the terminal, in four languages."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.crash.majordomo import ROOT, Majordomo, majordomo, telegram
from tests.servers.postgres import free_port
from tests.servers.telegram.api import Api
from tests.trained import trained_router

Turn = tuple[str, str]
"""What is said, and a pattern that one of the replies must match."""
STORIES: dict[str, list[Turn]] = {
    "en": [
        ("Hi", "assistant of Sample Salon"),
        ("what are your opening hours?", "09:00–18:00"),
        ("remind me in one minute to stretch", "remind you .*stretch"),
        ("book a haircut tomorrow at 3pm", "Booked: haircut .*15:00"),
        ("actually make it 4", "Moved: haircut .*16:00"),
        ("/tasks", "actually make it 4"),
    ],
    "de": [
        ("Hallo", "Sample Salon"),
        ("wann habt ihr geöffnet?", "09:00–18:00"),
        ("erinnere mich in einer Minute ans Dehnen", "Dehnen"),
        ("ich möchte morgen um 15 Uhr einen Haarschnitt buchen", "Haarschnitt.*15:00"),
        ("doch lieber um 16 Uhr", "Haarschnitt.*16:00"),
        ("/tasks", "doch lieber um 16 Uhr"),
    ],
    "es": [
        ("Hola", "Sample Salon"),
        ("¿cuál es el horario?", "09:00–18:00"),
        ("recuérdame dentro de un minuto estirarme", "estirarme"),
        ("quiero reservar un corte de pelo mañana a las 3 de la tarde", "corte de pelo.*15:00"),
        ("mejor a las 4", "corte de pelo.*16:00"),
        ("/tasks", "mejor a las 4"),
    ],
    "zh": [
        ("你好", "Sample Salon"),
        ("你们几点营业？", "09:00–18:00"),
        ("一分钟后提醒我伸展一下", "伸展"),
        ("我想预约明天下午三点剪发", "剪发.*15:00"),
        ("改成四点", "剪发.*16:00"),
        ("/tasks", "改成四点"),
    ],
}


async def converse(api: Api, chat: int, language: str) -> None:
    for said, wanted in STORIES[language]:
        before = len(api.chat(chat).sent)
        api.say(chat, said, language=language)
        await api.shown(chat, wanted, after=before, timeout=60)
        await asyncio.sleep(0.2)


async def hold(bot: Majordomo, api: Api, *, polling: bool = True) -> None:
    """One conversation after the other: each books the same hour, so each with another of the staff, or is offered other times."""
    await bot.start(until_polling=polling)
    for chat, language in enumerate(STORIES, start=501):
        await converse(api, chat, language)
        api.say(chat, {"en": "cancel my appointment", "de": "Termin absagen", "es": "cancela mi cita", "zh": "取消我的预约"}[language], language=language)
        await api.shown(chat, "Cancelled|[Aa]bgesagt|[Cc]ancelad|取消", timeout=60)
    assert api.violations == []


@pytest.mark.timeout(200)
async def test_over_telegram_by_polling() -> None:
    async with telegram() as api, majordomo(api) as bot:
        await hold(bot, api)
        for chat in range(501, 505):
            await api.shown(chat, "⏰", timeout=75)
        assert await bot.stop() == 0


@pytest.mark.timeout(120)
async def test_over_telegram_by_webhook() -> None:
    port = str(free_port())
    public = f"http://127.0.0.1:{port}"
    async with telegram() as api, majordomo(api, MAJORDOMO_PUBLIC_URL=public, MAJORDOMO_PORT=port, TELEGRAM_WEBHOOK_SECRET="a-secret-of-this-test") as bot:
        await hold(bot, api, polling=False)
        assert api.webhook.url.startswith(public)
        assert api.methods["getUpdates"] == 0
        assert await bot.stop() == 0


@pytest.mark.parametrize("language", list(STORIES))
def test_in_the_terminal(language: str) -> None:
    with tempfile.TemporaryDirectory(prefix="majordomo-terminal-") as folder:
        trained_router(Path(folder) / "data" / "cache")
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "COLUMNS": "200",
        }
        said = "\n".join(text for text, _ in STORIES[language]) + "\n"
        run = [sys.executable, "-m", "bot", "chat"]
        done = subprocess.run(run, input=said, capture_output=True, text=True, encoding="utf-8", cwd=folder, env=environment, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "Sample Salon" in done.stdout and "15:00" in done.stdout and "16:00" in done.stdout and STORIES[language][-1][1] in done.stdout
