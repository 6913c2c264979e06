"""A letter with permission, as a new user would send it: the real program, over Telegram and on the web page, no model configured."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, async_playwright

from bot.web.guard import COOKIE
from tests.crash.majordomo import Majordomo, majordomo, telegram
from tests.servers import smtp
from tests.servers.postgres import free_port
from tests.servers.telegram.api import Api
from tests.servers.telegram.messages import Message

CHAT = 700
CHROMIUM = Path("/usr/bin/chromium")
HOLD = 3.0


async def press(api: Api, message: Message, label: str, *, stale: bool = False) -> str:
    update = await api.user(CHAT).press(message, label, stale=stale)
    return (await api.wait_for_toast(update)).text


def settings(server: smtp.MailServer, **more: str) -> dict[str, str]:
    return {"SMTP_URL": server.url, "MAJORDOMO_OWNERS": f"telegram:{CHAT}", "MAJORDOMO_MAIL_HOLD": str(HOLD), **more}


@pytest.mark.timeout(150)
async def test_over_telegram_asked_edited_approved_and_delivered_once() -> None:
    with smtp.running() as server:
        async with telegram() as api, majordomo(api, **settings(server)) as bot:  # type: ignore[arg-type]
            await bot.start()
            api.say(CHAT, "email dentist@example.com that I'm late")
            await api.shown(CHAT, "Which subject", timeout=30)
            api.say(CHAT, "Appointment today")
            first = await api.shown(CHAT, "It cannot be undone", timeout=30)
            assert "dentist@example.com" in first.text and "I'm late" in first.text and "NOT be done" in first.text
            await press(api, first, "Edit")
            await press(api, await api.shown(CHAT, "What do you want to change"), "Text")
            await api.shown(CHAT, "What shall it be instead")
            seen = len(api.texts(CHAT))
            api.say(CHAT, "I will be 20 minutes late")
            second = await api.shown(CHAT, "20 minutes late", after=seen, timeout=60)
            assert server.letters == []
            await press(api, second, "Approve")
            held = await api.shown(CHAT, "In 3 seconds", timeout=60)
            assert "Undo" in str(held.buttons) and server.letters == []
            begun = time.monotonic()
            await api.shown(CHAT, r"sent .*dentist@example.com|dentist@example.com.* sent", after=seen, timeout=30)
            assert time.monotonic() - begun > HOLD / 2
            (letter,) = server.letters
            assert letter.recipients == ("dentist@example.com",) and "20 minutes late" in letter.text
            await _old_buttons_are_dead(api, bot, first)
            assert list(server.deliveries().values()) == [1] and api.violations == []


async def _old_buttons_are_dead(api: Api, bot: Majordomo, first: Message) -> None:
    """The replaced card has none any more; a client that still shows them presses in vain, also after a restart."""
    assert not first.buttons
    await bot.kill()
    await bot.start()
    api.say(CHAT, "/approvals")
    await api.shown(CHAT, "Nothing waits for your approval", timeout=60)
    api.say(CHAT, "/trace 1")
    await api.shown(CHAT, r"email\.send", timeout=60)


@pytest.mark.browser
@pytest.mark.timeout(150)
async def test_on_the_web_page_taken_back_in_time() -> None:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with smtp.running() as server:
        async with telegram() as api, majordomo(api, **settings(server, MAJORDOMO_PORT=str(free_port()))) as bot:  # type: ignore[arg-type]
            await bot.start()
            address, secret = await _printed_address(bot)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
                context = await browser.new_context()
                await context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
                page = await context.new_page()
                await page.goto(address)
                await _write(page, "email dentist@example.com that I'm late")
                await page.get_by_text("Which subject").wait_for(timeout=30_000)
                await _write(page, "Appointment today")
                await page.get_by_role("button", name="Approve").click(timeout=30_000)
                await page.get_by_role("button", name="Undo").click(timeout=30_000)
                await page.get_by_text("was not sent").last.wait_for(timeout=30_000)
                await asyncio.sleep(HOLD)
                assert server.letters == []
                await browser.close()


async def _printed_address(bot: Majordomo) -> tuple[str, str]:
    path = bot.folder / "data" / "web.json"
    async with asyncio.timeout(30), httpx.AsyncClient() as client:
        while True:
            try:
                found = json.loads(path.read_text())
                await client.get(f"{found['address']}/health")
                return str(found["address"]), str(found["secret"])
            except (OSError, KeyError, ValueError, httpx.HTTPError):
                await asyncio.sleep(0.1)


async def _write(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.keyboard.press("Enter")
