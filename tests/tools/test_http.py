"""Reading and sending over HTTP against a real server: what a model gets, what the server gets, and what neither may."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pydantic
import pytest
from aiohttp import web

from agents.tools import http
from agents.tools.http import CUT, TEXT_LIMIT, Get, HttpGet, HttpSend, Send
from agents.tools.way_out import Ask, Limits, Refused, fetch
from agents.tools.way_out.concealment import codings
from orchestrator.contracts import ToolError, TransientError
from orchestrator.outside import Deed, Secret
from orchestrator.words import LANGUAGES, Catalogues
from tests.tools.outside import FakeOutside, outside
from tests.tools.ssrf_servers import Site, site

PASSWORD = "hunter2 & <friends>"
TOKEN = "tok-91f7"
HANDLE = "cred://portal"
PAGE = """<!doctype html><html><head><title>Our &amp; hours</title><script>var x = "<p>no</p>";</script><style>p{}</style></head><body>
<nav><a href="/about">About   us</a> <a href="javascript:x()">no</a></nav><h1>Hours</h1><table><tr><td>Mon</td><td>9&ndash;18</td></tr></table>
<p>Closed on <b>Sun</b>day.<br>See <a href="https://example.org/map#x">the map</a>.</p><script>document.write("no")</script></body></html>"""


async def answers(request: web.Request) -> web.StreamResponse:
    """The site of these tests."""
    match request.path:
        case "/stories.json":
            return web.json_response({"stories": ["one", "two"], "page": request.query.get("page", "")})
        case "/locked":
            return web.Response(status=401, headers={"WWW-Authenticate": request.query["asks"]} if request.query["asks"] else {})
        case "/coded":
            return web.Response(body=b"caf\xc3\xa9..", headers={"Content-Type": f"text/plain; charset={request.query['as']}"})
        case "/long":
            return web.Response(text="word " * 40_000)
        case "/picture":
            return web.Response(body=b"\x89PNG\x00\x00", content_type="image/png")
        case "/bomb":
            return web.Response(body=gzip.compress(b"0" * 300_000_000, 9), headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"})
        case "/strange":
            return web.Response(body=b"??", headers={"Content-Encoding": "br", "Content-Type": "text/plain"})
        case "/slow":
            await asyncio.sleep(5)
            return web.Response(text="late")
        case "/busy":
            return web.Response(status=503)
        case "/page":
            return web.Response(text=PAGE, content_type="text/html")
        case "/spelled.json":
            return web.Response(text='{"a": "' + "".join(f"\\u{ord(letter):04x}" for letter in TOKEN) + '"}', content_type="application/json")
        case "/spelled.html":
            return web.Response(text="".join(f"&#{ord(letter)};" for letter in TOKEN), content_type="text/html")
        case "/limit":
            return web.Response(status=429)
        case "/garbage":
            assert request.transport is not None
            request.transport.write(b"NONSENSE\r\n\r\n")
            request.transport.close()
            return web.Response()
        case "/echo":
            said = request.headers.get("Authorization", "") + "|" + request.headers.get("X-Api-Key", "")
            return web.json_response({"said": said, **{str(place): form for place, form in enumerate(codings(PASSWORD) | codings(TOKEN))}})
        case "/away":
            raise web.HTTPFound("http://elsewhere.example/taken?from=here")
        case "/moved":
            raise web.HTTPMovedPermanently("/stories.json")
        case "/loop":
            raise web.HTTPFound("/loop")
        case "/jar":
            answer = web.HTTPFound("/echo-cookie")
            answer.set_cookie("session", "1")
            raise answer
        case "/echo-cookie":
            return web.json_response({"cookie": request.headers.get("Cookie", "")})
        case _:
            return web.json_response({"method": request.method, "received": (await request.read()).decode()}, status=404 if request.path == "/none" else 200)


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async with site(answers) as running:
        yield running


@pytest.fixture
def hand(tmp_path: Path) -> FakeOutside:
    return outside(tmp_path / "files")


async def test_json_is_read_with_its_source(server: Site, hand: FakeOutside) -> None:
    found = await HttpGet(server.way_out).act(hand, Get(url=f"{server.url}/stories.json", query={"page": "2 & 3"}))
    assert isinstance(found.value, dict)
    assert found.value["json"] == {"stories": ["one", "two"], "page": "2 & 3"}
    assert (found.source, found.private) == (f"{server.url}/stories.json?page=2%20%26%203", False)
    assert hand.doubts == 0


async def test_of_a_page_the_words_are_read(server: Site, hand: FakeOutside) -> None:
    found: Any = (await HttpGet(server.way_out).act(hand, Get(url=f"{server.url}/page"))).value
    assert found["title"] == "Our & hours"
    assert found["text"] == "About us no\n\nHours\n\nMon 9–18\n\nClosed on Sunday.\nSee the map."
    assert found["links"] == [{"text": "About us", "url": f"{server.url}/about"}, {"text": "the map", "url": "https://example.org/map"}]
    raw: Any = (await HttpGet(server.way_out).act(hand, Get(url=f"{server.url}/page", raw=True))).value
    assert raw["text"] == PAGE


async def test_long_and_binary_answers_stay_small(server: Site, hand: FakeOutside) -> None:
    tool = HttpGet(server.way_out)
    long = (await tool.act(hand, Get(url=f"{server.url}/long"))).value
    picture = (await tool.act(hand, Get(url=f"{server.url}/picture"))).value
    assert isinstance(long, dict) and isinstance(picture, dict)
    assert long["truncated"] is True and str(long["text"]).endswith(CUT) and len(str(long["text"])) == TEXT_LIMIT + len(CUT)
    assert picture["bytes"] == 6 and "text" not in picture


async def test_a_bomb_is_cut_and_a_strange_packing_refused(server: Site, hand: FakeOutside) -> None:
    tool = HttpGet(replace(server.way_out, limits=Limits(body_bytes=100_000)))
    bomb = (await tool.act(hand, Get(url=f"{server.url}/bomb"))).value
    assert isinstance(bomb, dict) and bomb["truncated"] is True
    with pytest.raises(ToolError, match="packed"):
        await tool.act(hand, Get(url=f"{server.url}/strange"))


async def test_slow_busy_and_absent_servers_are_for_later(server: Site, hand: FakeOutside) -> None:
    tool = HttpGet(replace(server.way_out, limits=Limits(whole_seconds=0.3)))
    for path in ("/slow", "/busy"):
        with pytest.raises(TransientError):
            await tool.act(hand, Get(url=server.url + path))
    with pytest.raises(TransientError, match="cannot be reached"):
        await HttpGet(replace(server.way_out, allowed=frozenset({("127.0.0.1", 9999)}))).act(hand, Get(url="http://127.0.0.1:9999/"))


async def test_redirects_are_followed_on_the_host_and_reported_off_it(server: Site, hand: FakeOutside) -> None:
    tool = HttpGet(server.way_out)
    moved = await tool.act(hand, Get(url=f"{server.url}/moved"))
    away = await tool.act(hand, Get(url=f"{server.url}/away"))
    jar = await tool.act(hand, Get(url=f"{server.url}/jar"))
    assert isinstance(moved.value, dict) and isinstance(away.value, dict) and isinstance(jar.value, dict)
    assert moved.source == f"{server.url}/stories.json" and moved.value["status"] == 200
    assert (away.value["status"], away.value["moved_to"]) == (302, "http://elsewhere.example/taken?from=here")
    assert jar.value["json"] == {"cookie": ""}
    with pytest.raises(ToolError, match="more than 5 times"):
        await tool.act(hand, Get(url=f"{server.url}/loop"))
    assert server.count("/loop") == 6


@pytest.mark.parametrize(("how", "extra"), [("basic", ""), ("auto", ""), ("bearer", ""), ("header", "X-Api-Key")])
async def test_a_credential_reaches_its_server_and_does_not_come_back(server: Site, hand: FakeOutside, how: str, extra: str) -> None:
    url = f"{server.url}/echo"
    word = PASSWORD if how in ("basic", "auto") else TOKEN
    hand.secrets = {(HANDLE, url): Secret({"username": "ann@example.org", "password": PASSWORD} if how in ("basic", "auto") else {"token": word})}
    found = await HttpGet(server.way_out).act(hand, Get.model_validate({"url": url, "credential": HANDLE, "credential_as": how, "credential_header": extra}))
    shown, sent = json.dumps(found.value), server.asked[-1].headers.get("Authorization", "") + server.asked[-1].headers.get("X-Api-Key", "")
    packed = base64.b64encode(f"ann@example.org:{PASSWORD}".encode()).decode()
    assert sent == {"bearer": f"Bearer {word}", "header": word}.get(how, f"Basic {packed}")
    assert found.private and "[secret]" in shown
    assert not [form for form in (*codings(word), packed, sent) if form in shown]


@pytest.mark.parametrize("path", ["/spelled.json", "/spelled.html"])
async def test_a_secret_in_other_letters_does_not_come_back(server: Site, hand: FakeOutside, path: str) -> None:
    hand.secrets = {(HANDLE, server.url + path): Secret({"token": TOKEN})}
    found = await HttpGet(server.way_out).act(hand, Get(url=server.url + path, credential=HANDLE))
    assert "[secret]" in json.dumps(found.value) and TOKEN not in json.dumps(found.value)


async def test_a_credential_follows_no_redirect_and_is_for_its_address_only(server: Site, hand: FakeOutside) -> None:
    hand.secrets = {(HANDLE, f"{server.url}/moved"): Secret({"token": "tok-91f7"})}
    found = await HttpGet(server.way_out).act(hand, Get(url=f"{server.url}/moved", credential=HANDLE))
    assert isinstance(found.value, dict) and found.value["status"] == 301 and server.count("/stories.json") == 0
    with pytest.raises(ToolError, match="not for this address"):
        await HttpGet(server.way_out).act(hand, Get(url=f"{server.url}/echo", credential=HANDLE))
    assert server.count("/echo") == 0


async def test_sending_is_in_doubt_just_before_it_is_written(server: Site, hand: FakeOutside) -> None:
    async def look() -> None:
        await asyncio.sleep(0.1)
        assert server.asked == []

    hand.before_doubt = look
    found = await HttpSend(server.way_out).act(hand, Send(url=f"{server.url}/orders", json_body={"item": "Brötchen"}))
    assert isinstance(found.value, dict) and found.value["accepted"] is True
    assert hand.doubts == 1 and json.loads(server.bodies[0]) == {"item": "Brötchen"}
    assert server.asked[0].headers["Idempotency-Key"] == hand.key and server.asked[0].headers["Host"] == f"127.0.0.1:{server.port}"


async def test_what_failed_before_the_doubt_was_never_in_doubt(server: Site, hand: FakeOutside) -> None:
    with pytest.raises(TransientError):
        await HttpSend(replace(server.way_out, allowed=frozenset({("127.0.0.1", 9999)}))).act(hand, Send(url="http://127.0.0.1:9999/", text="x"))
    with pytest.raises(Refused):
        await HttpSend(server.way_out).act(hand, Send(url="http://10.0.0.1/", text="x"))
    assert hand.doubts == 0

    async def stop() -> None:
        raise ToolError("stopped")

    hand.before_doubt = stop
    with pytest.raises(ToolError, match="stopped"):
        await HttpSend(server.way_out).act(hand, Send(url=f"{server.url}/orders", text="x"))
    assert server.asked == []


@pytest.mark.parametrize(
    ("path", "error"), [("/strange", TransientError), ("/garbage", TransientError), ("/busy", TransientError), ("/slow", TransientError), ("/limit", ToolError)]
)
async def test_what_failed_after_the_doubt_is_never_said_not_to_have_happened(server: Site, hand: FakeOutside, path: str, error: type[Exception]) -> None:
    """Only where the server itself says that it did nothing."""
    tool = HttpSend(replace(server.way_out, limits=Limits(whole_seconds=1)))
    with pytest.raises(error):
        await tool.act(hand, Send(url=server.url + path, text="x"))
    assert hand.doubts == 1 and len(server.asked) == 1


async def test_twins_without_the_rules_about_secrets(server: Site, hand: FakeOutside, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret sent as a common header follows a redirect; without the concealer it comes back."""
    await fetch(server.way_out, Ask("GET", f"{server.url}/moved", {"Authorization": f"Bearer {TOKEN}"}))
    assert [request.headers.get("Authorization") for request in server.asked] == [f"Bearer {TOKEN}"] * 2
    monkeypatch.setattr(http, "Concealer", lambda values: lambda text, **_: text)
    hand.secrets = {(HANDLE, f"{server.url}/echo"): Secret({"token": TOKEN})}
    found = await HttpGet(server.way_out).act(hand, Get(url=f"{server.url}/echo", credential=HANDLE))
    assert TOKEN in json.dumps(found.value)


async def test_forms_deletions_refusals_and_no_redirect(server: Site, hand: FakeOutside) -> None:
    tool = HttpSend(server.way_out)
    await tool.act(hand, Send(url=f"{server.url}/form", form={"name": "Ann Lee", "when": "now"}))
    assert server.bodies[-1] == b"name=Ann+Lee&when=now"
    gone = Send(url=f"{server.url}/none", method="DELETE")
    found = await tool.act(hand, gone)
    assert isinstance(found.value, dict) and found.value["accepted"] is False and found.value["status"] == 404
    assert (tool.reach(gone).deed, tool.reach(gone).hosts) == (Deed.DELETION, frozenset({"127.0.0.1"}))
    await tool.act(hand, Send(url=f"{server.url}/moved", text="x"))
    assert server.count("/stories.json") == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"headers": {"Authorization": "Bearer x"}},
        {"headers": {"cookie": "a=b"}},
        {"headers": {"Host": "internal"}},
        {"headers": {"X-A": "b\r\nHost: internal"}},
        {"headers": {"X-A: b\r\nY": "c"}},
        {"url": "file:///etc/passwd"},
        {"url": "http://user:word@example.org/"},
        {"credential_as": "header", "credential_header": "Cookie"},
        {"person": "somebody"},
    ],
)
def test_arguments_that_no_call_may_have(wrong: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        Get.model_validate({"url": "https://example.org/", **wrong})


def test_a_person_is_shown_all_that_will_be_sent() -> None:
    catalogues = Catalogues(strict=True)
    call = Send(url="https://example.org/a b".replace(" ", "%20"), query={"q": "1"}, headers={"X-A": "b"}, json_body={"item": 1}, credential=HANDLE)
    for language in LANGUAGES:

        def words(message: str, /, language: str = language, **arguments: Any) -> str:
            return catalogues(language, message, arguments)

        shown = HttpSend(Site().way_out).preview(call, words)
        assert "example.org" in shown.summary
        assert [value for _, value in shown.details] == ["https://example.org/a%20b?q=1", "b", HANDLE, '{"item": 1}']


@pytest.mark.parametrize("named", ["idna", "undefined", "punycode", "no-such", "base64"])
async def test_an_encoding_that_is_none_breaks_nothing(server: Site, hand: FakeOutside, named: str) -> None:
    found = (await HttpGet(server.way_out).act(hand, Get(url=f"{server.url}/coded", query={"as": named}))).value
    assert isinstance(found, dict) and found["text"] == "café.."


@pytest.mark.parametrize(
    ("path", "asks", "tries"),
    [
        ("/locked", 'Basic realm="x"', [(HANDLE, False)]),
        ("/locked", "", [(HANDLE, False)]),
        ("/locked", "Bearer", []),
        ("/stories.json", "", [(HANDLE, True)]),
    ],
)
async def test_the_vault_hears_whether_a_credential_was_taken(server: Site, hand: FakeOutside, path: str, asks: str, tries: list[tuple[str, bool]]) -> None:
    """Sent as Basic: a server that wants it another way has not called it wrong."""
    url = server.url + path
    hand.secrets = {(HANDLE, f"{url}?asks={quote(asks)}"): Secret({"username": "ann", "password": PASSWORD})}
    await HttpGet(server.way_out).act(hand, Get(url=url, query={"asks": asks}, credential=HANDLE))
    assert hand.tries == tries
