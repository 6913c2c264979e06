"""The guarded way out against a corpus of tricks: nothing may reach the forbidden listener, and without the guard it is reached."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from agents.tools.way_out import Ask, Limits, Proxy, Refused, WayOut, destination, fetch
from agents.tools.way_out.addresses import is_own, judged
from agents.tools.way_out.door import dial
from orchestrator.contracts import MajordomoError, ToolError
from tests.tools.ssrf_servers import Listener, Site, Unguarded, forbidden_listener, names, network, site

CASES = [json.loads(line) for line in (Path(__file__).parent / "ssrf_addresses.jsonl").read_text(encoding="utf-8").splitlines()]
PUBLIC = "93.184.216.34"
QUICK = Limits(connect_seconds=2, whole_seconds=4)


async def redirects(request: web.Request) -> web.StreamResponse:
    """`/go?to=…&hops=n`: n redirects, the last to where it was told."""
    if request.path != "/go":
        return web.Response(text="a public page")
    hops = int(request.query["hops"])
    onward = request.query["to"] if hops <= 1 else f"/go?hops={hops - 1}&to={quote(request.query['to'], safe='')}"
    return web.Response(status=302, headers={"Location": onward})


@dataclass
class Ground:
    """A public site, the forbidden listener, and a network in which every other address is that listener."""

    site: Site
    listener: Listener

    def way(self, kind: type[WayOut], answers: list[list[str]]) -> WayOut:
        book = {"rebound.example": answers}
        allowed = frozenset({("127.0.0.1", self.site.port)})
        return kind(allowed, QUICK, resolver=names(book), dialler=network(self.listener, self.site, frozenset({PUBLIC, "2606:2800:220:1::1"})))


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    async with site(redirects) as public, forbidden_listener() as listener:
        yield Ground(public, listener)


async def attempt(ground: Ground, kind: type[WayOut], case: dict[str, Any]) -> str:
    """What became of one case: "refused" or "went through"."""
    way = ground.way(kind, case.get("answers", []))
    port = str(ground.listener.port)
    url = case.get("url", "").replace("{port}", port)
    try:
        match case["kind"]:
            case "name":
                url = f"http://rebound.example:{port}/"
            case "rebinding":
                url = f"http://rebound.example:{port}/"
                await way.check(url)
            case "rebinding-redirect":
                url = f"http://rebound.example:{port}/go?hops=1&to=http://rebound.example:{port}/"
            case "redirect":
                url = f"{ground.site.url}/go?hops={case['hops']}&to={quote(case['to'].replace('{port}', port), safe='')}"
        await fetch(way, Ask("GET", url))
    except MajordomoError as error:
        assert "secret" not in str(error)
        return "refused"
    return "went through"


async def test_no_trick_reaches_the_forbidden_listener(ground: Ground) -> None:
    assert len(CASES) >= 200
    wrong = [case for case in CASES if await attempt(ground, WayOut, case) != "refused"]
    assert wrong == []
    assert ground.listener.hits == []


async def test_without_the_guard_they_all_do(ground: Ground) -> None:
    tricks = [case for case in CASES if case.get("twin", True)]
    missed = []
    for case in tricks:
        before = len(ground.listener.hits)
        await attempt(ground, Unguarded, case)
        if len(ground.listener.hits) == before:
            missed.append(case)
    assert missed == []
    assert len(ground.listener.hits) >= 200


async def test_real_connections_to_this_machine_are_refused_and_without_the_guard_made(ground: Ground) -> None:
    """The same with the real network: the addresses that this machine answers to."""
    spellings = ["127.0.0.1", "127.1", "0", "0.0.0.0", "2130706433", "localhost", "[::ffff:127.0.0.1]", "127.9.9.9", "０.０.０.０"]
    for host in spellings:
        with pytest.raises(Refused):
            await fetch(WayOut(limits=QUICK), Ask("GET", f"http://{host}:{ground.listener.port}/"))
    assert ground.listener.hits == []
    for host in spellings:
        assert (await fetch(Unguarded(limits=QUICK), Ask("GET", f"http://{host}:{ground.listener.port}/"))).body == b"secret"
    assert len(ground.listener.hits) == len(spellings)


async def test_a_connection_that_is_led_elsewhere_is_not_used(ground: Ground) -> None:
    """The address was good, whom we are talking to is not: nothing is written."""

    async def led(address: str, port: int) -> Any:
        return await dial("127.0.0.1", ground.listener.port)

    with pytest.raises(Refused, match="led to another place"):
        await fetch(WayOut(limits=QUICK, dialler=led), Ask("GET", f"http://{PUBLIC}/"))
    await asyncio.sleep(0.1)
    assert [hit for hit in ground.listener.hits if "GET" in hit] == []


async def test_only_the_named_server_is_allowed(ground: Ground) -> None:
    way = WayOut(limits=QUICK).allowing(ground.site.url)
    assert (await fetch(way, Ask("GET", f"http://2130706433:{ground.site.port}/"))).body == b"a public page"
    for url in (f"http://localhost:{ground.site.port}/", f"http://127.0.0.2:{ground.site.port}/", f"http://127.0.0.1:{ground.listener.port}/"):
        with pytest.raises(Refused):
            await fetch(way, Ask("GET", url))
    assert ground.listener.hits == []


async def test_no_proxy_of_the_environment_is_used(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{ground.listener.port}")
    monkeypatch.setenv("NO_PROXY", "")
    assert (await fetch(ground.site.way_out, Ask("GET", ground.site.url))).body == b"a public page"
    assert ground.listener.hits == []


async def test_what_was_meant_for_one_host_does_not_go_to_another(ground: Ground) -> None:
    way = ground.way(WayOut, [[PUBLIC]])
    ask = Ask("GET", f"{ground.site.url}/go?hops=1&to=http://rebound.example:8080/next", {"X-Api-Key": "k", "Accept": "text/plain"})
    await fetch(way, ask)
    assert [request.headers.get("X-Api-Key") for request in ground.site.asked] == ["k", None]
    assert ground.site.asked[1].headers["Accept"] == "text/plain" and ground.site.asked[1].headers["Host"] == "rebound.example:8080"


async def test_a_secure_redirect_to_an_open_connection_is_refused() -> None:
    from agents.tools.way_out.fetching import Answer, _onward

    with pytest.raises(Refused, match="secure to an open"):
        _onward(Ask("GET", "https://example.org/"), Answer("https://example.org/", 302, {"location": "x"}, b"", moved_to="http://example.org/"))


def test_public_addresses_stay_open() -> None:
    import ipaddress

    for text in ("93.184.216.34", "8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:82a::200e", "64:ff9b::808:808", "::ffff:8.8.8.8"):
        assert judged(ipaddress.ip_address(text)) is None, text
    assert is_own(ipaddress.ip_address("127.0.0.1")) and not is_own(ipaddress.ip_address("8.8.8.8"))


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("HTTPS://Example.ORG", "https://example.org/"),
        ("http://example.org:80/a?b#c", "http://example.org/a?b"),
        ("https://example.org.:8443/ü?q=ä", "https://example.org:8443/%C3%BC?q=%C3%A4"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[2606:4700:0:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://0x08.8.2056/", "http://8.8.8.8/"),
    ],
)
def test_an_address_has_one_spelling(url: str, clean: str) -> None:
    assert destination(url).url == clean == destination(clean).url


async def test_a_refusal_says_why() -> None:
    with pytest.raises(ToolError, match="it leads to a private network"):
        await WayOut().check("http://10.0.0.1/")


async def raw(port: int, text: str) -> str:
    """What a proxy says to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    async with asyncio.timeout(60):
        said = await reader.read()
    writer.close()
    return said.decode()


async def test_the_proxy_serves_its_browser_only_and_checks_every_target(ground: Ground) -> None:
    proxy = Proxy(ground.site.way_out)
    await proxy.start()
    known = "Proxy-Authorization: Basic " + base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode() + "\r\n"
    bad = f"127.0.0.1:{ground.listener.port}"
    try:
        assert (await raw(proxy.port, f"GET {ground.site.url}/ HTTP/1.1\r\nHost: x\r\n\r\n")).startswith("HTTP/1.1 407 ")
        assert (await raw(proxy.port, f"CONNECT 127.0.0.1:{ground.site.port} HTTP/1.1\r\nHost: x\r\n\r\n")).startswith("HTTP/1.1 407 ")
        page = await raw(
            proxy.port, f"GET {ground.site.url}/ HTTP/1.1\r\nHost: internal\r\n{known}\r\nGET {ground.site.url}/second HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        assert page.startswith("HTTP/1.1 200 ") and page.endswith("a public page")
        assert [request.path for request in ground.site.asked] == ["/"]
        assert ground.site.asked[0].headers["Host"] == f"127.0.0.1:{ground.site.port}" and "Proxy-Authorization" not in ground.site.asked[0].headers
        inside = "GET /through HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        tunnel = await raw(proxy.port, f"CONNECT 127.0.0.1:{ground.site.port} HTTP/1.1\r\nHost: x\r\n{known}\r\n{inside}")
        assert tunnel.startswith("HTTP/1.1 200 Connection established") and tunnel.endswith("a public page")
        targets = [f"GET http://{bad}/", f"CONNECT {bad}", f"CONNECT localhost:{ground.listener.port}", f"CONNECT [::1]:{ground.listener.port}", f"CONNECT 0x7f.1:{ground.listener.port}",
                   f"GET http://x@{bad}/", f"GET ftp://{bad}/", "GET file:///etc/passwd", "GET /", f"CONNECT {bad}/", f"CONNECT user@{bad}", "CONNECT 127.0.0.1", f"GET https://{bad}/",
                   f"CONNECT 127.0.0.1.:{ground.listener.port}", f"CONNECT 2130706433:{ground.listener.port}"]  # fmt: skip
        for target in targets:
            assert (await raw(proxy.port, f"{target} HTTP/1.1\r\nHost: x\r\n{known}\r\n")).startswith("HTTP/1.1 403 "), target
        assert len(proxy.refused) == len(targets)
        assert ground.listener.hits == []
    finally:
        await proxy.close()
