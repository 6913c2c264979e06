"""Searching the web: a SearXNG server where one is configured, else public engines through the `ddgs` package."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, Protocol
from urllib.parse import quote, urlencode

import pydantic

from agents.tools.way_out import Ask, Proxy, WayOut, destination, fetch
from orchestrator.contracts import Effect, Json, ToolError, TransientError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

LONGEST_TITLE, LONGEST_SNIPPET = 300, 600
SECONDS = 15
PERIODS = {"day": "d", "week": "w", "month": "m", "year": "y"}
PUBLIC_ENGINES = {"duckduckgo": "html.duckduckgo.com", "brave": "search.brave.com", "mojeek": "www.mojeek.com"}
"""Engines that `ddgs` asks, with their hosts."""

logger = logging.getLogger(__name__)


class Query(pydantic.BaseModel):
    """What `search.web` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    query: str = pydantic.Field(min_length=1, max_length=400, description="What to look for, as one would type it into a search engine")
    count: int = pydantic.Field(default=10, ge=1, le=20, description="How many results at most")
    period: Literal["", "day", "week", "month", "year"] = pydantic.Field(default="", description="Only results of the last day, week, month or year")
    language: str = pydantic.Field(default="", pattern=r"^([a-z]{2}(-[A-Z]{2})?)?$", description="Language of the results, such as en or de-AT; empty: any")


@dataclass(frozen=True, slots=True)
class Hit:
    """One result."""

    title: str
    url: str
    snippet: str


class Engine(Protocol):
    """Somebody who can be asked."""

    @property
    def hosts(self) -> frozenset[str]: ...

    async def find(self, query: Query) -> Sequence[Hit]:
        """Raises ToolError or TransientError."""
        ...


@dataclass(frozen=True)
class SearXNG:
    """A SearXNG server of the operator's, private ones included; its settings must allow the format json."""

    url: str
    way_out: WayOut

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset({destination(self.url).host})

    async def find(self, query: Query) -> Sequence[Hit]:
        asked = {"q": query.query, "format": "json", "safesearch": "1"} | ({"time_range": query.period} if query.period else {})
        asked |= {"language": query.language} if query.language else {}
        ask = Ask(
            "GET", f"{destination(self.url).url.rstrip('/')}/search?{urlencode(asked, quote_via=quote)}", {"Accept": "application/json"}, hosts=self.hosts
        )
        answer = await fetch(self.way_out.allowing(self.url), ask)
        if answer.status == HTTPStatus.FORBIDDEN:
            raise ToolError("the search server refuses JSON: its settings must list json under search.formats")
        if answer.status != HTTPStatus.OK:
            raise TransientError(f"the search server answered {answer.status}")
        try:
            found = json.loads(answer.body)["results"]
            return hits(found, "title", "url", "content")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ToolError("the search server's answer could not be read") from None


@dataclass(frozen=True)
class PublicEngines:
    """Public search engines, read by `ddgs` through the guarded way out."""

    way_out: WayOut
    engines: tuple[str, ...] = tuple(PUBLIC_ENGINES)

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(PUBLIC_ENGINES[name] for name in self.engines)

    async def find(self, query: Query) -> Sequence[Hit]:
        try:
            from ddgs import DDGS  # noqa: PLC0415 - an optional part, 0.3 s
            from ddgs.exceptions import DDGSException  # noqa: PLC0415
        except ImportError:
            raise ToolError("there is no search here: set SEARXNG_URL or install the package ddgs") from None
        proxy = Proxy(self.way_out)
        await proxy.start()
        try:
            searcher = DDGS(proxy=f"http://{proxy.user}:{proxy.password}@127.0.0.1:{proxy.port}", timeout=SECONDS)
            found = await asyncio.to_thread(
                searcher.text,
                query.query,
                region=_region(query.language),
                timelimit=PERIODS.get(query.period),
                max_results=query.count,
                backend=",".join(self.engines),
            )
        except DDGSException as error:
            if "No results" in str(error) and not proxy.refusals:
                return ()
            logger.info("no search engine answered", extra={"fault": type(error).__name__})
            raise TransientError("no search engine answered; try again later") from None
        finally:
            await proxy.close()
        return hits(found, "title", "href", "body")


@dataclass(frozen=True)
class SearchWeb:
    """Searches the web."""

    engine: Engine
    name: str = "search.web"
    version: int = 1
    description: str = "Search the web; returns titles, addresses and snippets of the best results. Read an address with http.get or browser.read."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Query
    credits: int = 5
    seconds: float = 60.0
    public: bool = True

    def reach(self, arguments: Query) -> Reach:
        return Reach(Deed.READ, self.engine.hosts)

    def preview(self, arguments: Query, words: Phrase) -> Preview:
        return Preview(words("search-summary", query=arguments.query), ((words("search-engine"), ", ".join(sorted(self.engine.hosts))),))

    async def act(self, outside: Outside, arguments: Query) -> Result:
        found = (await self.engine.find(arguments))[: arguments.count]
        results: list[Json] = [{"title": hit.title, "url": hit.url, "snippet": hit.snippet} for hit in found]
        return Result({"results": results}, source=", ".join(sorted(self.engine.hosts)))


def hits(found: Iterable[Mapping[str, object]], title: str, url: str, snippet: str) -> Sequence[Hit]:
    """Results worth showing: on the web, each address once, of bounded length."""
    known: dict[str, Hit] = {}
    for entry in found:
        try:
            address = destination(str(entry.get(url) or "")).url
        except ValueError:
            continue
        known.setdefault(address, Hit(_plain(entry.get(title), LONGEST_TITLE), address, _plain(entry.get(snippet), LONGEST_SNIPPET)))
    return tuple(known.values())


def _plain(text: object, longest: int) -> str:
    return " ".join(str(text or "").split())[:longest]


def _region(language: str) -> str:
    """The way `ddgs` writes a language: us-en, de-de, wt-wt for any."""
    if not language:
        return "wt-wt"
    tongue, _, country = language.partition("-")
    return f"{(country or {'en': 'us', 'zh': 'cn'}.get(tongue, tongue)).lower()}-{tongue}"
