"""A task needs a password: the real program asks, keeps it in the vault and nowhere else, and goes on by itself."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from bot.web.guard import COOKIE
from tests.crash import credential_agent
from tests.crash.majordomo import ROOT, Majordomo, majordomo, telegram
from tests.encodings import encodings, found_in, found_in_files
from tests.servers.openai_api import ModelServer
from tests.servers.portal import Portal
from tests.servers.postgres import free_port
from tests.servers.telegram.api import Api, until_taken
from tests.servers.telegram.messages import Message
from tests.servers.telegram.schema import Upload

CHAT = 700
USER, SECRET = "ann.example", 'Tr0ub4dor"&3/€-geheim 7'
MOVABLE = """
import pathlib
from datetime import timedelta
import bot.sweeps, orchestrator.clock as clock
bot.sweeps.MINUTE = 0.5
now, shift = clock.SystemClock.now, pathlib.Path('shift')
clock.SystemClock.now = lambda self: now(self) + timedelta(minutes=float(shift.read_text() if shift.exists() else 0))
"""
"""The program's clock goes ahead by the minutes that a file says; what is done each minute is done twice a second."""
NOT_TAKEN_OUT = """
import orchestrator.actions.credentials as credentials
credentials.Credentials.take = lambda *given: None
"""


@dataclass
class Story:
    """One bot, the portal it is to visit, the model that sums up, and the person in Telegram."""

    api: Api
    bot: Majordomo
    portal: Portal
    model: ModelServer
    heard: dict[str, bytes] = field(default_factory=dict)
    """What left the house elsewhere: command lines, streams, pages; by name."""

    async def ask(self) -> Message:
        """The task begins; the card that asks for the access."""
        self.api.say(CHAT, f"visit portal {self.portal.url}")
        return await self.api.shown(CHAT, "I need your access to Portal", timeout=30)

    async def press(self, message: Message, label: str, *, stale: bool = False) -> str:
        update = await self.api.user(CHAT).press(message, label, stale=stale)
        return (await self.api.wait_for_toast(update, timeout=60)).text

    async def seen(self) -> Message:
        return await self.api.shown(CHAT, "all is well", timeout=30)

    def move(self, minutes: float) -> None:
        (self.bot.folder / "shift").write_text(str(minutes))

    async def look_behind(self) -> None:
        """What the person and the operator can ask for afterwards: the trace with its file, and the audit log."""
        self.api.say(CHAT, "/trace 1")
        await self.api.shown(CHAT, r"http\.get", timeout=60)
        self.api.say(CHAT, "/credentials")
        await self.api.shown(CHAT, "one credential", timeout=60)
        await self.api.quiet(0.3)
        self.heard["audit export"] = await asyncio.to_thread(self._command, "audit", "export")
        assert b'"credential"' in self.heard["audit export"]

    def _command(self, *words: str) -> bytes:
        ran = subprocess.run([sys.executable, "-m", "bot", *words], cwd=self.bot.folder, env=self.bot.environment, capture_output=True, timeout=60, check=True)
        return ran.stdout + ran.stderr

    def places(self) -> list[str]:
        """Where the secret stands, in any encoding: files and output of the program, requests to Telegram, prompts, and what was heard."""
        assert (self.bot.folder / "data" / "majordomo.db").stat().st_size > 0
        found = found_in_files(SECRET, self.bot.folder)
        told = {f"Telegram: {request.method}": _bytes(request.parameters) for request in self.api.requests}
        told |= {f"Telegram file {file.name}": file.content for file in self.api.platform.files.values()}
        told |= {f"prompt {number}": repr(call).encode() + call.prompt.encode() for number, call in enumerate(self.model.calls)}
        return found + [f"{place} ({name})" for place, data in (told | self.heard).items() for name in found_in(SECRET, data)]


def _bytes(parameters: dict[str, Any]) -> bytes:
    values = (value.content if isinstance(value, Upload) else str(value).encode() for value in parameters.values())
    return b"\n".join(values)


@asynccontextmanager
async def story(code: str = MOVABLE, *, thinks: bool = False, **environment: str) -> AsyncIterator[Story]:
    async with Portal(USER, SECRET) as portal, ModelServer(models=("test-model",)) as model, telegram() as api:
        model.script("Sum up this page", reply="The page is fine.")
        given = {"MAJORDOMO_OWNERS": f"telegram:{CHAT}"}
        given |= {"MAJORDOMO_MODEL": "openai:test-model", "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-x"} if thinks else {}
        async with majordomo(api, code=code, **given, **environment) as bot:  # type: ignore[arg-type]
            plugin = credential_agent.install(bot.folder)
            bot.environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{plugin}"
            (bot.folder / "majordomo.yaml").write_text(credential_agent.CONFIG.format(port=portal.port))
            await bot.start()
            yield Story(api, bot, portal, model)


@pytest.mark.timeout(120)
async def test_by_message_after_a_kill_it_goes_on_by_itself_and_the_secret_is_in_the_vault_alone() -> None:
    async with story(thinks=True) as on:
        card = await on.ask()
        assert credential_agent.REASON in card.text and "127.0.0.1" in card.text and card.labels == ["Provide", "Decline"]
        await on.press(card, "Provide")
        await on.api.shown(CHAT, "as your next message", timeout=60)
        await on.bot.kill()
        await on.bot.start()
        pasted = on.api.say(CHAT, f"{USER}\n{SECRET}")
        answer = await on.seen()
        assert on.portal.let_in == 1 and "The page is fine." in answer.text and "[redacted]" in answer.text
        await on.look_behind()
        assert (CHAT, pasted["message"]["message_id"]) in on.api.platform.deleted
        assert any("Sum up this page" in call.prompt for call in on.model.calls)
        assert set(on.bot.states("tasks")) == {"completed"} and on.bot.states("credential_requests") == {"provided": 1} and on.api.violations == []
        assert on.places() == []


@pytest.mark.timeout(120)
async def test_by_form_after_a_kill_and_a_day_without_an_answer_it_is_asked_again_and_goes_on_by_itself() -> None:
    port = str(free_port())
    async with story(MAJORDOMO_PORT=port, MAJORDOMO_PUBLIC_URL=f"http://127.0.0.1:{port}") as on:
        first = await on.ask()
        await on.press(first, "Provide")
        old = _link(await on.api.shown(CHAT, "within 10 minutes", timeout=60))
        await on.bot.kill()
        on.move(24 * 60 + 1)
        await on.bot.start()
        again = await on.api.shown(CHAT, "so I ask once more", timeout=30)
        assert again.labels == ["Provide", "Decline"] and first.labels == [] and "Nobody answered in time" in first.text
        await on.press(again, "Provide")
        await on.api.until(lambda: any("/secret/" in text and old not in text for text in on.api.texts(CHAT)), 60)
        new = _link(on.api.chat(CHAT).visible[-1])
        async with _browser() as person:
            assert (await person.get(old)).status_code == 410
            answer = await _fill(person, new)
            assert answer.status_code == 200
            on.heard["form"] = answer.content
        answer_card = await on.seen()
        assert on.portal.let_in == 1 and "[redacted]" in answer_card.text
        await on.look_behind()
        assert on.bot.states("credential_requests") == {"expired": 1, "provided": 1} and on.api.violations == []
        assert on.places() == []


@pytest.mark.timeout(60)
async def test_the_same_search_finds_a_message_that_was_not_taken_out() -> None:
    """The twin: with the taking-out at intake switched off."""
    async with story(MOVABLE + NOT_TAKEN_OUT) as on:
        await on.press(await on.ask(), "Provide")
        await on.api.shown(CHAT, "as your next message", timeout=60)
        on.api.say(CHAT, f"{USER}\n{SECRET}")
        await until_taken(on.api)
        await on.api.quiet(0.3)
        assert any("majordomo.db" in place for place in on.places())


@pytest.mark.timeout(120)
async def test_on_the_web_page_the_form_works_once_for_ten_minutes_and_for_this_browser_alone() -> None:
    async with story(MAJORDOMO_PORT=str(free_port())) as on:
        async with Page(on) as page:
            await page.say(f"visit portal {on.portal.url}")
            await page.press("Provide")
            old = await page.link()
            on.move(11)
            async with _browser() as person:
                assert (await person.get(old)).status_code == 410
            await page.press("New link")
            new = await page.link(other_than=old)
            async with _browser() as stranger:
                assert (await stranger.post(new, data={"username": "x", "password": "y"})).status_code == 403
                assert (await stranger.get(new, headers={"Host": "evil.example"})).status_code == 421
            async with _browser() as person:
                looked = await person.get(new)
                assert looked.status_code == 200 and "form-action 'self'" in looked.headers["content-security-policy"]
                assert "//" not in looked.text.partition("<main")[2], "no content of anybody else's"
                crossed = await _fill(person, new, headers={"Sec-Fetch-Site": "cross-site"})
                assert crossed.status_code == 403
                both = await asyncio.gather(_fill(person, new), _fill(person, new))
                assert sorted(answer.status_code for answer in both) == [200, 410], "used up by the first POST"
                assert (await person.get(new)).status_code == 410
                on.heard |= {f"form {number}": answer.content for number, answer in enumerate(both)}
            await page.until("all is well")
            on.heard |= {"stream": page.stream, "history": (await page.client.get("/chat/history")).content}
        assert on.portal.let_in == 1 and b"[redacted]" in on.heard["stream"]
        assert on.places() == []


class Page:
    """The web chat as its page sees it: sends, presses, and reads the stream of events."""

    def __init__(self, on: Story) -> None:
        self.on = on
        self.stream = b""
        self._number = 0

    async def __aenter__(self) -> Page:
        path = self.on.bot.folder / "data" / "web.json"
        async with asyncio.timeout(30):
            while not path.exists() or "address" not in json.loads(path.read_text()):
                await asyncio.sleep(0.05)
        found = json.loads(path.read_text())
        self.client = httpx.AsyncClient(base_url=found["address"], headers={"Origin": found["address"]}, cookies={COOKIE: found["secret"]}, timeout=30)
        await self._until_open()
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self.client.aclose()

    async def say(self, text: str) -> None:
        await self._send("/chat/messages", {"text": text})

    async def press(self, label: str) -> None:
        token = await self._found(
            lambda: next((key["token"] for event in reversed(self.events) for row in event.get("buttons", ()) for key in row if key["label"] == label), None)
        )
        await self._send("/chat/presses", {"token": token, "label": label})

    async def link(self, other_than: str = "") -> str:
        found: str = await self._found(lambda: next((one for event in self.events if (one := _address(event.get("markdown", ""))) and one != other_than), None))
        return found

    async def until(self, words: str) -> None:
        await self._found(lambda: words.encode() in self.stream or None)

    @property
    def events(self) -> list[Any]:
        lines = self.stream.decode(errors="replace").split("\n")[:-1]
        return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]

    async def _send(self, path: str, body: dict[str, str]) -> None:
        self._number += 1
        answer = await self.client.post(path, json={"client_id": f"client-{self._number:04d}", **body})
        assert answer.status_code == 202, answer.text

    async def _found(self, look: Any) -> Any:
        async with asyncio.timeout(30):
            while (found := look()) is None:
                await asyncio.sleep(0.02)
        return found

    async def _until_open(self) -> None:
        async with asyncio.timeout(30):
            while True:
                try:
                    await self.client.get("/health")
                    return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    async def _read(self) -> None:
        async with self.client.stream("GET", "/chat/events", timeout=None) as answer:
            async for chunk in answer.aiter_bytes():
                self.stream += chunk


def _browser() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=30)


async def _fill(person: httpx.AsyncClient, address: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """Open the form by its address, and send it from there; by its own cookie where it is sent twice at once."""
    page = await person.get(address)
    proof = page.text.partition('name="proof" value="')[2].partition('"')[0]
    cookies = {"Cookie": page.headers["set-cookie"].partition(";")[0]}
    return await person.post(address, data={"username": USER, "password": SECRET, "proof": proof}, headers={**(headers or {}), **cookies})


def _link(message: Message) -> str:
    return _address(message.text) or next(entity["url"] for entity in message.entities if "url" in entity)


def _address(text: str) -> str:
    found = re.search(r"http://[\w.:]+/secret/[0-9a-f]{32}", text)
    return found.group() if found else ""


def test_the_search_knows_more_than_six_encodings() -> None:
    assert len(encodings(SECRET)) >= 6
    for forms in encodings(SECRET).values():
        for form in forms:
            assert found_in(SECRET, b"before " + form + b" after")
