"""Tools on a real browser: for pages that need scripts, forms or a login. Plain pages and JSON are quicker with http.get."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from agents.tools.browser import arguments as told
from agents.tools.browser.acting import perform
from agents.tools.browser.house import Browsers, Visit
from agents.tools.browser.pages import fault, open_page, picture, reading, records, shown_url
from agents.tools.browser.saving import plain_name, save
from agents.tools.http import near
from agents.tools.way_out import destination, read
from orchestrator.contracts import Effect, Json, ToolError, TransientError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

if TYPE_CHECKING:
    from playwright.async_api import Page


@dataclass(frozen=True)
class _Looking:
    """What the tools that only look have in common."""

    browsers: Browsers

    def reach(self, arguments: told.Open) -> Reach:
        return Reach(Deed.READ, frozenset({arguments.host}))

    def preview(self, arguments: told.Open, words: Phrase) -> Preview:
        return Preview(words("browser-look-summary", host=arguments.host), ((words("http-address"), destination(arguments.url).url),))


@dataclass(frozen=True)
class BrowserRead(_Looking):
    """The text of a page."""

    name: str = "browser.read"
    version: int = 1
    description: str = "Open a web page in a real browser, scripts included, and return its readable text, title and links. Redirects to another host are reported as moved_to."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = told.Read
    credits: int = 20
    seconds: float = 120.0

    async def act(self, outside: Outside, arguments: told.Read) -> Result:
        async with self.browsers.visit(outside.task.id, arguments.session) as visit:
            if moved := await open_page(visit, read(arguments.url), arguments.wait_for):
                return _elsewhere(visit, arguments, moved)
            found = await visit.do(reading)
            conceal = visit.keeper.concealer
            return Result(found.value(conceal, links=arguments.links) | _held(visit), source=conceal(found.url), private=visit.keeper.private)


@dataclass(frozen=True)
class BrowserExtract(_Looking):
    """Records from a page."""

    name: str = "browser.extract"
    version: int = 1
    description: str = "Open a web page in a real browser and return a list of records: one for each element that `rows` selects, with `fields` from inside it."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = told.Extract
    credits: int = 20
    seconds: float = 120.0

    async def act(self, outside: Outside, arguments: told.Extract) -> Result:
        async with self.browsers.visit(outside.task.id, arguments.session) as visit:
            if moved := await open_page(visit, read(arguments.url), arguments.wait_for):
                return _elsewhere(visit, arguments, moved)
            found = await visit.do(lambda page: records(page, arguments.rows, arguments.fields, arguments.most))
            url = await visit.do(_where)
            conceal = visit.keeper.concealer
            shown: list[Json] = [{name: conceal(text) if text is not None else None for name, text in record.items()} for record in found]
            return Result({"url": conceal(url), "count": len(shown), "records": shown} | _held(visit), source=conceal(url), private=visit.keeper.private)


@dataclass(frozen=True)
class BrowserScreenshot(_Looking):
    """A picture of a page."""

    name: str = "browser.screenshot"
    version: int = 1
    description: str = "Open a web page in a real browser and save a picture of it (PNG) among the person's files."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = told.Picture
    credits: int = 20
    seconds: float = 120.0

    async def act(self, outside: Outside, arguments: told.Picture) -> Result:
        async with self.browsers.visit(outside.task.id, arguments.session) as visit:
            if moved := await open_page(visit, read(arguments.url)):
                return _elsewhere(visit, arguments, moved)
            image = await visit.do(lambda page: picture(page, whole=arguments.whole))
            url = visit.keeper.concealer(await visit.do(_where))
            path = await asyncio.to_thread(save, outside, "screenshots", _picture_name(arguments.host, outside), image)
            return Result({"path": path, "url": url, "bytes": len(image)} | _held(visit), source=url, private=visit.keeper.private)


@dataclass(frozen=True)
class BrowserDownload(_Looking):
    """A file from an address."""

    name: str = "browser.download"
    version: int = 1
    description: str = "Download the file at a web address with a real browser (with the session's login, if any) and save it among the person's files."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = told.Download
    credits: int = 20
    seconds: float = 180.0

    async def act(self, outside: Outside, arguments: told.Download) -> Result:
        async with self.browsers.visit(outside.task.id, arguments.session) as visit:
            place = await self.browsers.way_out.check(arguments.url)
            visit.fence.around(near(place.host))
            try:
                content, suggested = await visit.do(lambda page: _fetched(page, place.url))
            except (ToolError, TransientError):
                if visit.fence.moved_to:
                    return _elsewhere(visit, arguments, visit.fence.moved_to)
                raise
            size = content.stat().st_size if isinstance(content, Path) else len(content)
            if size > self.browsers.settings.file_bytes:
                raise ToolError(f"the file is larger than {self.browsers.settings.file_bytes // 1_000_000} MB")
            name = plain_name(arguments.name or suggested or place.url.partition("?")[0], "download")
            path = await asyncio.to_thread(save, outside, "downloads", name, content)
            return Result({"path": path, "bytes": size, "url": place.url}, source=place.url, private=visit.keeper.private)


@dataclass(frozen=True)
class BrowserAct:
    """Clicks and fills."""

    browsers: Browsers
    name: str = "browser.act"
    version: int = 1
    description: str = (
        "Open a web page in a real browser and click, fill, select or press keys on it, in order; returns the text afterwards and a picture. Cannot be undone. "
        "Actions stop where the page leaves the address's host. Passwords are given as cred://id#field, never as text."
    )
    effect: Effect = Effect.IRREVERSIBLE
    arguments: type[pydantic.BaseModel] = told.Act
    credits: int = 50
    seconds: float = 300.0

    def reach(self, arguments: told.Act) -> Reach:
        return Reach(Deed.WRITE, frozenset({arguments.host}), credential=arguments.credential)

    def preview(self, arguments: told.Act, words: Phrase) -> Preview:
        shown = [(words("http-address"), arguments.where)]
        if arguments.session:
            shown.append((words("browser-session"), arguments.session))
        if arguments.stay:
            shown.append((words("browser-stay"), words("browser-stay-means")))
        shown += [(words("browser-step", number=number), _told(action, words)) for number, action in enumerate(arguments.actions, 1)]
        return Preview(words("browser-act-summary", host=arguments.host, count=len(arguments.actions)), tuple(shown))

    async def act(self, outside: Outside, arguments: told.Act) -> Result:
        async with self.browsers.visit(outside.task.id, arguments.session) as visit:
            if not arguments.stay and (moved := await open_page(visit, read(arguments.url))):
                raise ToolError(f"the address leads on to {visit.keeper.concealer(moved)}: what is done there needs a call of its own, with that address")
            deeds = await perform(visit, outside, arguments)
            return await self._afterwards(visit, outside, arguments, deeds.completed, deeds.problem, tuple(deeds.covered))

    async def _afterwards(self, visit: Visit, outside: Outside, arguments: told.Act, completed: int, problem: str, covered: tuple[str, ...]) -> Result:
        """What the page says now. The deeds are done: a page that cannot be read any more does not undo them."""
        conceal = visit.keeper.concealer
        value: dict[str, Json] = {"completed": completed, "of": len(arguments.actions)}
        if problem:
            value["problem"] = conceal(problem)
        source = destination(arguments.url).url
        try:
            found = await visit.do(reading)
            source = found.url
            value |= found.value(conceal) | _held(visit)
            image = await visit.do(lambda page: picture(page, whole=False, hidden=covered))
            value["screenshot"] = await asyncio.to_thread(save, outside, "screenshots", _picture_name(arguments.host, outside), image)
        except (ToolError, TransientError, OSError) as error:
            value["unread"] = conceal(str(error))
        return Result(value, source=conceal(source), private=visit.keeper.private)


def _elsewhere(visit: Visit, arguments: told.Open, moved: str) -> Result:
    """The address leads to another host, and nothing was loaded from there: who wants it asks for it by name."""
    conceal, url = visit.keeper.concealer, destination(arguments.url).url
    return Result({"url": conceal(url), "moved_to": conceal(moved)}, source=conceal(url), private=visit.keeper.private)


def _held(visit: Visit) -> dict[str, Json]:
    """Where a page that was loaded wanted to go by itself and was not let."""
    return {"moved_to": visit.keeper.concealer(visit.fence.moved_to)} if visit.fence.moved_to else {}


async def _where(page: Page) -> str:
    return shown_url(page)


async def _fetched(page: Page, url: str) -> tuple[bytes | Path, str]:
    """The file, as bytes or where the browser put it, and the name the server gave."""
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    begun: list[Any] = []
    page.on("download", lambda download: begun.append(download))
    try:
        response = await page.goto(url, wait_until="commit")
        if response is None or not response.ok:
            raise ToolError(f"there is no file: the server answered {response.status if response else 'nothing'}")
        return await response.body(), ""
    except Error as error:
        await asyncio.sleep(0.2)
        if not begun:
            raise fault(error, destination(url).host) from None
    try:
        path = await begun[0].path()
    except Error:
        raise ToolError("the download broke off: it may be too large") from None
    return Path(path), str(begun[0].suggested_filename)


def _picture_name(host: str, outside: Outside) -> str:
    return f"{plain_name(host, 'page')}-{outside.now:%Y%m%d}-{outside.key[:8]}.png"


def _told(action: told.Action, words: Phrase) -> str:
    match action:
        case told.Click():
            return words("browser-click", what=action.selector)
        case told.Fill():
            return words("browser-fill", what=action.selector, value=action.value)
        case told.Select():
            return words("browser-select", what=action.selector, value=action.option)
        case told.Press():
            return words("browser-press", key=action.key)
        case told.Wait():
            return words("browser-wait")
