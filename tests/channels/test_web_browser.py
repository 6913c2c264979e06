"""The web chat in a real Chromium: what a person sees, on a phone, in the dark, after a reload, and with the line cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, async_playwright, expect

from storage.models import MessageRow
from tests.channels.web_house import WebHouse, web_house
from tests.conftest import count

CHROMIUM = Path("/usr/bin/chromium")
QUIETLY = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium"),
]
LONG = "https://example.org/" + "very-long-" * 60


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with web_house(tmp_path) as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIETLY)
        yield started
        await started.close()


async def opened(page: Page, house: WebHouse) -> list[str]:
    """Open the printed address; returns the faults that the page will meet."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(f"a dialog: {dialog.message}"))
    await page.goto(f"{house.address}/?key={house.guard.secret}")
    await expect(page.locator("#connection")).to_have_text("connected")
    return faults


async def say(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.press("#text", "Enter")


async def test_a_conversation_with_buttons_outlives_a_reload(house: WebHouse, browser: Browser) -> None:
    page = await browser.new_page()
    faults = await opened(page, house)
    assert house.guard.secret not in page.url
    await say(page, "hello **there** <img src=x onerror=alert(1)>")
    replies = page.locator(".message:not(.mine)")
    await expect(replies).to_have_count(1)
    await expect(replies.locator("strong")).to_have_text("there")
    await expect(page.locator(".message.mine")).to_contain_text("hello **there**")
    await say(page, "card")
    await page.get_by_role("button", name="Approve").click()
    await expect(replies).to_have_count(3)
    await expect(replies.last).to_contain_text("pressed Approve")
    await expect(page.locator("#toast")).to_have_text("chosen Approve")
    await expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    await page.reload()
    await expect(replies).to_have_count(3)
    await expect(page.locator("#connection")).to_have_text("connected")
    await expect(page.locator("img")).to_have_count(0)
    assert faults == []


async def test_a_file_is_downloaded_by_its_name(house: WebHouse, browser: Browser) -> None:
    page = await browser.new_page()
    faults = await opened(page, house)
    await say(page, "file")
    async with page.expect_download() as download:
        await page.locator("a.file").click()
    assert (await (await download.value).path()).read_text() == "BEGIN:VCALENDAR\nEND:VCALENDAR\n"
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_nothing_scrolls_sideways(house: WebHouse, browser: Browser, scheme: str) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark" if scheme == "dark" else "light", has_touch=True)
    page = await context.new_page()
    faults = await opened(page, house)
    for text in (LONG, f"```\n{LONG}\n```", "card"):
        await say(page, text)
    await expect(page.locator(".message:not(.mine)")).to_have_count(3)
    widths = await page.evaluate("[document.documentElement.scrollWidth, document.getElementById('log').scrollWidth, window.innerWidth]")
    assert max(widths[:2]) <= widths[2] == 390
    red = int((await page.evaluate("getComputedStyle(document.body).backgroundColor")).removeprefix("rgb(").split(",")[0])
    assert red < 64 if scheme == "dark" else red > 192
    await expect(page.locator("#text")).to_be_in_viewport()
    assert faults == []


async def test_what_is_written_offline_is_kept_and_sent_once(house: WebHouse, browser: Browser) -> None:
    page = await browser.new_page()
    faults = await opened(page, house)
    await say(page, "before")
    replies = page.locator(".message:not(.mine)")
    await expect(replies).to_have_count(1)
    await house.stop()
    await say(page, "while away")
    await expect(page.locator(".message.unsent")).to_have_count(1)
    await page.wait_for_timeout(2500)
    await expect(page.locator(".message.unsent")).to_have_text("while away")
    await house.start()
    await expect(replies).to_have_count(2, timeout=60_000)
    await expect(page.locator(".message.unsent")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".message")).to_have_count(4)
    await page.wait_for_timeout(1000)
    assert count(house.database, sa.select(sa.func.count()).select_from(MessageRow)) == 2
    assert faults == []
