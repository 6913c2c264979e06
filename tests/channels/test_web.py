"""The web chat over real HTTP: who is let in, what is kept once, what the stream brings, and that nothing foreign runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from bot.channels.base import Part
from bot.web.guard import COOKIE
from storage.models import EventRow, MessageRow
from tests.channels.web_house import CALENDAR, WebHouse, stream, web_house
from tests.conftest import count

HELLO = {"client_id": "page-00000001", "text": "Hi"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with web_house(tmp_path) as running:
        yield running


async def test_the_page_opens_with_the_secret_of_the_printed_address_only(house: WebHouse) -> None:
    async with house.client(session=False) as client:
        locked = await client.get("/")
        assert locked.status_code == 403 and "printed" in locked.text
        assert (await client.get("/", params={"key": "wrong-ä"})).status_code == 403
        opened = await client.get("/", params={"key": house.guard.secret})
        assert opened.status_code == 303 and opened.headers["location"] == "/"
        cookie = opened.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}={house.guard.secret}") and "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
        page = await client.get("/")
        assert page.status_code == 200 and "composer" in page.text


@pytest.mark.parametrize("path", ["/chat/history", "/chat/events", "/chat/files/1"])
async def test_nothing_is_read_without_the_cookie(house: WebHouse, path: str) -> None:
    async with house.client(session=False) as client:
        assert (await client.get(path)).status_code == 403
    async with house.client(session=False) as client:
        assert (await client.get(path, headers={"Cookie": f"{COOKIE}=wrong"})).status_code == 403


async def test_nothing_is_said_without_the_cookie(house: WebHouse) -> None:
    async with house.client(session=False) as client:
        assert (await client.post("/chat/messages", json=HELLO)).status_code == 403
        assert (await client.post("/chat/presses", json={"client_id": "page-00000001", "token": "t" * 20})).status_code == 403
    assert count(house.database, sa.select(sa.func.count()).select_from(MessageRow)) == 0


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", ""])
@pytest.mark.parametrize("path", ["/", "/static/chat.js", "/chat/history"])
async def test_a_foreign_host_is_misdirected(house: WebHouse, host: str, path: str) -> None:
    async with house.client() as client:
        assert (await client.get(path, headers={"Host": host})).status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
async def test_another_site_may_not_write_or_read(house: WebHouse, origin: str) -> None:
    async with house.client(origin=origin) as client:
        assert (await client.post("/chat/messages", json=HELLO)).status_code == 403
        assert (await client.get("/chat/history")).status_code == 403
        assert (await client.get("/chat/events")).status_code == 403


async def test_writing_needs_an_origin_and_the_same_site(house: WebHouse) -> None:
    async with house.client(origin=None) as client:
        assert (await client.post("/chat/messages", json=HELLO)).status_code == 403
        assert (await client.get("/chat/history")).status_code == 200
    async with house.client() as client:
        assert (await client.post("/chat/messages", json=HELLO, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert count(house.database, sa.select(sa.func.count()).select_from(MessageRow)) == 0


async def test_the_same_client_id_is_one_message_and_one_answer(house: WebHouse) -> None:
    async with house.client() as client:
        answers = await asyncio.gather(*(client.post("/chat/messages", json=HELLO) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {202}
        assert (await stream(client, count=1))[0].data["html"] == "<p>echo: Hi</p>"
        await asyncio.sleep(0.3)
        assert (await client.post("/chat/messages", json=HELLO)).status_code == 202
        await asyncio.sleep(0.3)
        entries = (await client.get("/chat/history")).json()["entries"]
    assert [entry["mine"] for entry in entries] == [True, False]
    assert count(house.database, sa.select(sa.func.count()).select_from(MessageRow)) == 1


async def test_what_cannot_be_a_message_is_refused(house: WebHouse) -> None:
    async with house.client() as client:
        for body in ({}, {"client_id": "short", "text": "x"}, {**HELLO, "text": ""}, {**HELLO, "text": "x" * 20_001}):
            assert (await client.post("/chat/messages", json=body)).status_code == 422


async def test_a_broken_stream_goes_on_with_nothing_missed_or_doubled(house: WebHouse) -> None:
    total = 30
    async with house.client() as client:

        async def talk() -> None:
            for number in range(total):
                await client.post("/chat/messages", json={"client_id": f"page-{number:08}", "text": str(number)})

        talking = asyncio.create_task(talk())
        seen = await stream(client, count=3)
        while len(seen) < total:
            seen += await stream(client, count=min(5, total - len(seen)), last=seen[-1].id, header=True)
        await talking
    assert [event.data["html"] for event in seen] == [f"<p>echo: {number}</p>" for number in range(total)]
    assert len({event.id for event in seen}) == total


async def test_a_part_sent_again_is_shown_once(house: WebHouse) -> None:
    async with house.client() as client:
        await client.post("/chat/messages", json=HELLO)
        await stream(client, count=1)
        first = await house.channel.send("local", Part("twice", outgoing_id="same"))
        assert await house.channel.send("local", Part("twice", outgoing_id="same")) == first
        await house.channel.edit("local", first, Part("changed", outgoing_id="other"))
        entries = (await client.get("/chat/history")).json()["entries"]
    assert [entry["html"] for entry in entries if not entry["mine"]] == ["<p>echo: Hi</p>", "<p>changed</p>"]


async def test_buttons_are_pressed_and_answered(house: WebHouse) -> None:
    async with house.client() as client:
        await client.post("/chat/messages", json={**HELLO, "text": "card"})
        (card,) = await stream(client, count=1)
        approve = card.data["buttons"][0][0]
        press = {"client_id": "press-000001", **approve}
        assert (await client.post("/chat/presses", json=press)).status_code == 202
        assert (await client.post("/chat/presses", json=press)).status_code == 202
        events = await stream(client, count=2, last=card.id)
    assert {(event.kind, event.data.get("text") or event.data.get("html")) for event in events} == {
        ("toast", "chosen Approve"),
        ("message", "<p>pressed Approve</p>"),
    }
    assert count(house.database, sa.select(sa.func.count()).select_from(MessageRow).where(MessageRow.kind == "button")) == 1


async def test_files_are_downloads_with_their_name(house: WebHouse) -> None:
    async with house.client() as client:
        await client.post("/chat/messages", json={**HELLO, "text": "file"})
        _, file = await stream(client, count=2)
        assert file.data["file"] == CALENDAR.name and "content" not in str(file.data)
        got = await client.get(f"/chat/files/{file.id}")
        assert got.status_code == 200 and got.text == CALENDAR.content and got.headers["content-type"].startswith("text/calendar")
        disposition = unquote(got.headers["content-disposition"])
        assert disposition.startswith("attachment") and "fürdich.ics" in disposition
        assert (await client.get(f"/chat/files/{file.id - 1}")).status_code == 404
        assert (await client.get("/chat/files/999999")).status_code == 404


@pytest.mark.parametrize("path", ["/", "/static/chat.js", "/static/chat.css", "/chat/history", "/chat/files/9", "/nowhere"])
async def test_every_answer_forbids_foreign_code(house: WebHouse, path: str) -> None:
    async with house.client() as client:
        headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[press](javascript:alert(1))",
    "[press](JaVaScRiPt:alert(1))",
    "[press](java&#115;cript:alert(1))",
    "[press](data:text/html,<script>alert(1)</script>)",
    '![x](x" onerror="alert(1))',
    '[x](https://a.example/"onmouseover="alert(1))',
    "`<svg/onload=alert(1)>`",
    '```"><script>\n<script>alert(1)</script>\n```',
    "<a href='javascript:alert(1)'>x</a>",
    "<javascript:alert(1)>",
]


@dataclass(frozen=True)
class Element:
    tag: str
    attributes: dict[str, str]


@dataclass
class Elements(HTMLParser):
    """Reads HTML as a browser would: which elements with which attributes."""

    found: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Element(tag, {name: value or "" for name, value in attrs}))


def elements(fragment: str) -> list[Element]:
    reader = Elements()
    reader.feed(fragment)
    reader.close()
    return reader.found


@pytest.mark.parametrize("attack", ATTACKS)
async def test_what_strangers_write_is_inert(house: WebHouse, attack: str) -> None:
    async with house.client() as client:
        await client.post("/chat/messages", json={**HELLO, "text": attack})
        (reply,) = await stream(client, count=1)
        entries = (await client.get("/chat/history")).json()["entries"]
    for fragment in [reply.data["html"], *(entry["html"] for entry in entries)]:
        for element in elements(fragment):
            assert element.tag in {"p", "a", "code", "pre", "br", "em", "strong"}, fragment
            assert set(element.attributes) <= {"href", "rel", "target", "class"}, fragment
            assert element.attributes.get("href", "https://").startswith(("https://", "http://")), fragment


async def test_the_server_closes_while_a_page_listens(house: WebHouse) -> None:
    async with house.client() as client, client.stream("GET", "/chat/events") as answer:
        assert answer.status_code == 200
        async with asyncio.timeout(60):
            await house.stop()
    assert count(house.database, sa.select(sa.func.count()).select_from(EventRow)) == 0
