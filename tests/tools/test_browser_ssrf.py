"""Pages that want Chromium to knock at forbidden places: through the guarded way out nobody knocks, without it they do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from agents.tools.browser import BrowserRead, Browsers, BrowserSettings, chromium
from agents.tools.browser.arguments import Read
from agents.tools.browser.fence import Fence
from agents.tools.way_out import WayOut
from orchestrator.contracts import MajordomoError
from tests.tools.outside import FakeOutside, outside
from tests.tools.ssrf_servers import Listener, Site, Unguarded, forbidden_listener, names, site

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium"),
]
PAGES = [json.loads(line) for line in (Path(__file__).parent / "ssrf_pages.jsonl").read_text(encoding="utf-8").splitlines()]
AT_ONCE = 6
KNOCK = "fetch('http://127.0.0.1:{port}/x', {mode: 'no-cors'})"


@dataclass
class Ground:
    """A hostile site, and for each of its pages a forbidden listener of its own."""

    site: Site
    listeners: dict[str, Listener]

    def way(self, kind: type[WayOut]) -> WayOut:
        return kind(frozenset({("127.0.0.1", self.site.port)}), resolver=names({"rebound.example": [["127.0.0.1"]], "x.localhost": [["127.0.0.1"]]}))


@asynccontextmanager
async def hostile() -> AsyncIterator[Ground]:
    listeners: dict[str, Listener] = {}

    async def serve(request: web.Request) -> web.StreamResponse:
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query["url"]})
        if request.path in ("/worker.js", "/service.js"):
            return web.Response(text=KNOCK.replace("{port}", request.query["port"]), content_type="text/javascript")
        if not request.path.startswith("/case/") or not request.path[6:].isdigit():
            return web.Response(status=404)
        page = PAGES[int(request.path[6:])]
        port = str(listeners[page["name"]].port)
        if page.get("redirect"):
            return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{port}/x"})
        return web.Response(text="<!doctype html><meta charset=utf-8>" + page["body"].replace("{port}", port), content_type="text/html")

    async with AsyncExitStack() as stack:
        for page in PAGES:
            listeners[page["name"]] = await stack.enter_async_context(forbidden_listener())
        yield Ground(await stack.enter_async_context(site(serve)), listeners)


async def see_all(ground: Ground, browsers: Browsers, hand: FakeOutside) -> None:
    """Every page is opened as a model would, and given time to do its worst."""
    some = asyncio.Semaphore(AT_ONCE)

    async def see(number: int) -> None:
        async with some:
            try:
                await BrowserRead(browsers).act(hand, Read(url=f"{ground.site.url}/case/{number}", session=f"page {number}"))
            except MajordomoError as error:
                assert "secret" not in str(error)

    await asyncio.gather(*(see(number) for number in range(len(PAGES))))
    await asyncio.sleep(3)


async def visited(tmp_path: Path, kind: type[WayOut]) -> tuple[Ground, list[str]]:
    """Which pages' listeners were hit."""
    async with hostile() as ground:
        browsers = Browsers(ground.way(kind), BrowserSettings(tmp_path / "browsers", page_seconds=10))
        try:
            await see_all(ground, browsers, outside(tmp_path / "files"))
        finally:
            await browsers.close()
        assert all(ground.site.count(f"/case/{number}") for number in range(len(PAGES)))
        return ground, [name for name, listener in ground.listeners.items() if listener.hits]


async def test_no_page_makes_chromium_knock(tmp_path: Path) -> None:
    _, hit = await visited(tmp_path, WayOut)
    assert hit == []


async def test_without_the_guard_they_knock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fence, "keeps_out", lambda fence, url: False)
    monkeypatch.setattr(chromium, "GUARDED", ())
    monkeypatch.setattr(chromium, "PREFERENCES", {})
    monkeypatch.setattr(chromium, "SERVICE_WORKERS", "allow")
    _, hit = await visited(tmp_path, Unguarded)
    expected = [page["name"] for page in PAGES if page.get("twin", True)]
    print(f"hit without the guard: {len(hit)} of {len(PAGES)}; not hit: {sorted({page['name'] for page in PAGES} - set(hit))}")
    assert [name for name in expected if name not in hit] == []


async def test_no_page_leads_to_files_or_to_the_browsers_own_pages(tmp_path: Path) -> None:
    targets = ["file:///etc/passwd", "chrome://version", "chrome://net-export", "view-source:file:///etc/passwd", "devtools://devtools/bundled/inspector.html"]

    async def serve(request: web.Request) -> web.StreamResponse:
        if not request.path[1:].isdigit():
            return web.Response(status=404)
        target = targets[int(request.path[1:])]
        script = f"<iframe src='{target}'></iframe><a id=a href='{target}'>x</a><script>a.click(); setTimeout(() => location = '{target}', 50)</script>"
        return web.Response(text=f"<p>the page</p>{script}", content_type="text/html")

    async with site(serve) as public:
        browsers = Browsers(public.way_out, BrowserSettings(tmp_path / "browsers", page_seconds=10))
        hand = outside(tmp_path / "files")
        try:
            for number in range(len(targets)):
                found: Any = (await BrowserRead(browsers).act(hand, Read(url=f"{public.url}/{number}"))).value
                assert found["url"].startswith(public.url) and "root:" not in str(found) and found["text"].startswith("the page")
        finally:
            await browsers.close()
