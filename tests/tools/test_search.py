"""Searching the web: a server of SearXNG's shape on this machine, and public engines behind the guarded way out."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from agents.tools.search import PublicEngines, Query, SearchWeb, SearXNG
from agents.tools.way_out import Limits, Refused, WayOut
from orchestrator.contracts import ToolError, TransientError
from tests.tools.outside import FakeOutside, outside
from tests.tools.ssrf_servers import Site, forbidden_listener, site

FOUND = [
    {"title": "  Dentists\n in Lisbon ", "url": "https://example.org/dentists", "content": "word " * 400, "engine": "one"},
    {"title": "Again", "url": "https://EXAMPLE.org:443/dentists#top", "content": ""},
    {"title": "Bad", "url": "javascript:alert(1)", "content": "x"},
    {"title": "No address", "content": "x"},
    {"title": None, "url": "http://example.com/ä", "content": None},
]


async def serve(request: web.Request) -> web.StreamResponse:
    """What SearXNG answers."""
    match request.query.get("q"):
        case "forbidden":
            return web.Response(status=403)
        case "busy":
            return web.Response(status=429)
        case "broken":
            return web.json_response({"results": "none"})
        case _:
            return web.json_response({"query": request.query["q"], "results": FOUND})


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async with site(serve) as running:
        yield running


@pytest.fixture
def hand(tmp_path: Path) -> FakeOutside:
    return outside(tmp_path / "files")


async def test_results_are_clean_and_named_after_their_source(server: Site, hand: FakeOutside) -> None:
    tool = SearchWeb(SearXNG(server.url, WayOut()))
    call = Query(query="dentist & Lisbon", count=5, period="month", language="en")
    found: Any = await tool.act(hand, call)
    assert [result["url"] for result in found.value["results"]] == ["https://example.org/dentists", "http://example.com/%C3%A4"]
    assert found.value["results"][0]["title"] == "Dentists in Lisbon" and len(found.value["results"][0]["snippet"]) == 600
    assert (found.source, found.private) == ("127.0.0.1", False) and tool.reach(call).hosts == {"127.0.0.1"}
    assert dict(server.asked[0].query) == {"q": "dentist & Lisbon", "format": "json", "safesearch": "1", "time_range": "month", "language": "en"}


async def test_a_server_that_will_not_or_cannot(server: Site, hand: FakeOutside) -> None:
    tool = SearchWeb(SearXNG(server.url, WayOut()))
    for query, error in (("forbidden", ToolError), ("busy", TransientError), ("broken", ToolError)):
        with pytest.raises(error):
            await tool.act(hand, Query(query=query))
    await tool.act(hand, Query(query="words"))
    with pytest.raises(Refused):
        await WayOut().check(server.url)


@pytest.mark.skipif(importlib.util.find_spec("ddgs") is None, reason="the package ddgs is not installed")
async def test_public_engines_are_asked_through_the_guarded_way_out_only(hand: FakeOutside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every engine's name leads to this machine: the way out looks each up, and opens none."""
    looked_up = []

    async def look_up(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    async with forbidden_listener() as listener:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{listener.port}")
        way = replace(WayOut(limits=Limits(connect_seconds=2)), resolver=look_up)
        tool = SearchWeb(PublicEngines(way))
        with pytest.raises(TransientError, match="no search engine answered"):
            await tool.act(hand, Query(query="words"))
        assert set(looked_up) == tool.reach(Query(query="words")).hosts
        assert listener.hits == []
