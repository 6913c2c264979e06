"""The browsers of this process: one Chromium and one profile a task, in a thread of their own, ended when nobody needs them."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import importlib.util
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agents.tools.browser.chromium import launch
from agents.tools.browser.fence import Fence
from agents.tools.way_out import Allowance, Concealer, Proxy, WayOut
from orchestrator.contracts import ToolError, TransientError

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Playwright

T = TypeVar("T")

SOCKETS = "majordomo-browser-"
"""How our folders for Chromium's sockets begin; the process's number follows."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """`folder` holds the profiles, one a task, removed with it. Times in seconds, sizes in bytes."""

    folder: Path
    chromium: Path = Path("/usr/bin/chromium")
    idle_seconds: float = 60.0
    page_seconds: float = 30.0
    element_seconds: float = 10.0
    """How long an element gets to appear and become usable."""
    most: int = 4
    """How many Chromiums run at once in this process."""
    file_bytes: int = 50_000_000


@dataclass
class Running:
    """One task's Chromium; lives in the browsers' thread."""

    context: BrowserContext
    proxy: Proxy
    sockets: tempfile.TemporaryDirectory[str]
    pages: dict[str, Fence] = field(default_factory=dict)
    visitors: int = 0
    used: float = field(default_factory=time.monotonic)


@dataclass
class Visit:
    """A page for the length of one call. Everything that is done with it happens in the browsers' thread, through `do`."""

    fence: Fence
    running: Running
    keeper: Keeper
    browsers: Browsers
    cut_off: bool = False
    """Whether whoever used the page went away while it was busy: what it is still doing would break into the next call."""

    @property
    def page(self) -> Page:
        return self.fence.page

    async def do(self, work: Callable[[Page], Coroutine[Any, Any, T]]) -> T:
        """Raises TransientError where the page does not answer in time: then its Chromium is ended."""
        try:
            return await self.browsers.run(self._limited(work))
        except asyncio.CancelledError:
            self.cut_off = True
            raise

    async def _limited(self, work: Callable[[Page], Coroutine[Any, Any, T]]) -> T:
        from playwright.async_api import Error  # noqa: PLC0415 - an optional part

        try:
            async with asyncio.timeout(self.browsers.settings.page_seconds * 2):
                return await work(self.page)
        except TimeoutError:
            await self.browsers.stop(self.running)
            raise TransientError("the page did not answer in time") from None
        except Error as error:
            logger.info("a browser broke off", extra={"fault": type(error).__name__})
            raise TransientError("the browser broke off") from None


@dataclass
class Keeper:
    """What a task's browser remembers beyond its process: its profile, and what secrets were typed into its pages."""

    profile: Path
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    running: Running | None = None
    secrets: set[str] = field(default_factory=set, repr=False)
    cookies: list[Any] = field(default_factory=list, repr=False)
    """Cookies of an ended Chromium, for its successor: a login outlives an idle minute, but not this process."""

    @property
    def private(self) -> bool:
        """Whether its pages may show what only the person sees."""
        return bool(self.secrets)

    @property
    def concealer(self) -> Concealer:
        return Concealer(tuple(self.secrets))


class Browsers:
    """`visit` gives a page; `end` forgets a task; `close` ends everything. May be used from any event loop."""

    def __init__(self, way_out: WayOut, settings: BrowserSettings) -> None:
        self.way_out, self.settings = way_out, settings
        self._own = settings.folder / str(os.getpid())
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._playwright: Playwright | None = None
        self._starting: asyncio.Lock | None = None
        self._keepers: dict[str, Keeper] = {}

    def missing(self) -> str:
        """Why there can be no browser here; empty where there can."""
        if not os.access(self.settings.chromium, os.X_OK):
            return f"Chromium is not installed at {self.settings.chromium}"
        return "" if importlib.util.find_spec("playwright") else "the package playwright is not installed"

    @asynccontextmanager
    async def visit(self, task_id: str, session: str = "") -> AsyncIterator[Visit]:
        """A page of the task's browser: a new one, or the one that this session left open."""
        if why := self.missing():
            raise ToolError(f"there is no browser here: {why}")
        entering = asyncio.ensure_future(self.run(self._enter(task_id, session)))
        try:
            visit, lock = await asyncio.shield(entering)
        except asyncio.CancelledError:
            entering.add_done_callback(functools.partial(self._turned_back, bool(session)))
            raise
        try:
            yield visit
        finally:
            await asyncio.shield(self.run(self._leave(visit, lock, keep=bool(session))))

    async def end(self, task_id: str) -> None:
        """The task is over: its Chromium ends and its profile is deleted."""
        if self._loop is not None:
            await self.run(self._end(task_id))

    async def close(self) -> None:
        """End every Chromium, delete every profile."""
        with self._guard:
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None:
            return
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._end_all(), loop))
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join, 10)
        shutil.rmtree(self._own, ignore_errors=True)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the browsers' thread and wait for it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._started()))

    def _turned_back(self, keep: bool, entering: asyncio.Future[tuple[Visit, asyncio.Lock]]) -> None:
        """Whoever asked for the page is gone before it came."""
        if not entering.cancelled() and entering.exception() is None and self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._leave(*entering.result(), keep=keep), self._loop)

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._starting = asyncio.Lock()
                self._thread = threading.Thread(target=self._live, args=(self._loop,), name="browsers", daemon=True)
                self._thread.start()
                _sweep(self.settings.folder)
                asyncio.run_coroutine_threadsafe(self._watch(), self._loop)
            return self._loop

    @staticmethod
    def _live(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, asyncio.sleep(0.1), return_exceptions=True))
        loop.close()

    # --- in the browsers' thread ---

    async def _enter(self, task_id: str, session: str) -> tuple[Visit, asyncio.Lock]:
        keeper = self._keepers.setdefault(task_id, Keeper(self._own / hashlib.sha256(task_id.encode()).hexdigest()[:20]))
        lock = keeper.locks.setdefault(session, asyncio.Lock()) if session else asyncio.Lock()
        await lock.acquire()
        try:
            async with keeper.starting:
                running = keeper.running or await self._launched(keeper)
                running.visitors += 1
            try:
                fenced = running.pages.get(session) if session else None
                if fenced is None or fenced.page.is_closed():
                    fenced = await self._new_page(running)
                if session:
                    running.pages[session] = fenced
            except BaseException:
                running.visitors -= 1
                raise
        except BaseException:
            lock.release()
            raise
        return Visit(fenced, running, keeper, self), lock

    async def _new_page(self, running: Running) -> Fence:
        from playwright.async_api import Error  # noqa: PLC0415 - an optional part

        try:
            fenced = Fence(await running.context.new_page())
            await fenced.put_up()
        except Error:
            await self.stop(running)
            raise TransientError("the browser broke off; try again") from None
        fenced.page.set_default_navigation_timeout(self.settings.page_seconds * 1000)
        fenced.page.set_default_timeout(self.settings.element_seconds * 1000)
        return fenced

    async def _leave(self, visit: Visit, lock: asyncio.Lock, *, keep: bool) -> None:
        try:
            if (visit.cut_off or not keep) and not visit.page.is_closed():
                await self._quietly(visit.page.close())
        finally:
            visit.running.visitors -= 1
            visit.running.used = time.monotonic()
            lock.release()

    async def _launched(self, keeper: Keeper) -> Running:
        await self._make_room()
        proxy = Proxy(self.way_out, Allowance(count=self.settings.file_bytes + 10_000_000))
        await proxy.start()
        sockets = tempfile.TemporaryDirectory(prefix=f"{SOCKETS}{os.getpid()}-", ignore_cleanup_errors=True)
        try:
            context = await launch(await self._driver(), self.settings.chromium, keeper.profile, Path(sockets.name), proxy)
            await self._remembered(context, keeper)
        except BaseException:
            await proxy.close()
            sockets.cleanup()
            raise
        running = keeper.running = Running(context, proxy, sockets)
        context.on("close", lambda _: asyncio.ensure_future(self._ended(keeper, running)))
        context.on("page", lambda page: asyncio.ensure_future(self._no_popups(page)))
        return running

    async def _remembered(self, context: BrowserContext, keeper: Keeper) -> None:
        """The cookies of the Chromium before this one. Raises TransientError where it broke: then it has ended, and the next begins without them."""
        from playwright.async_api import Error  # noqa: PLC0415 - an optional part

        try:
            await context.add_cookies(keeper.cookies)
        except BaseException as error:
            await self._quietly(context.close())
            if not isinstance(error, Error):
                raise
            keeper.cookies = []
            raise TransientError("the browser broke off; try again") from None

    async def _driver(self) -> Playwright:
        from playwright.async_api import async_playwright  # noqa: PLC0415 - an optional part, 0.2 s

        assert self._starting is not None
        async with self._starting:
            if self._playwright is None:
                self._playwright = await async_playwright().start()
            return self._playwright

    async def _no_popups(self, page: Page) -> None:
        """What a page opens beside itself is closed; its address can be opened by a call of its own."""
        if await page.opener() is not None:
            await self._quietly(page.close())

    async def _make_room(self) -> None:
        living = [keeper.running for keeper in self._keepers.values() if keeper.running is not None]
        if len(living) < self.settings.most:
            return
        idle = sorted((running for running in living if not running.visitors), key=lambda running: running.used)
        if not idle:
            raise TransientError("all browsers are in use")
        await self._put_to_sleep(next(keeper for keeper in self._keepers.values() if keeper.running is idle[0]), idle[0])

    async def stop(self, running: Running) -> None:
        """End one Chromium; its profile stays."""
        for keeper in self._keepers.values():
            self._gone(keeper, running)
        await self._quietly(running.context.close())
        await running.proxy.close()
        running.sockets.cleanup()

    async def _put_to_sleep(self, keeper: Keeper, running: Running) -> None:
        async def remember() -> None:
            keeper.cookies = list(await running.context.cookies())

        async with keeper.starting:
            if running.visitors == 0:
                await self._quietly(remember())
                await self.stop(running)

    def _gone(self, keeper: Keeper, running: Running) -> None:
        if keeper.running is running:
            keeper.running = None

    async def _ended(self, keeper: Keeper, running: Running) -> None:
        """A Chromium ended, asked to or not."""
        self._gone(keeper, running)
        await running.proxy.close()
        running.sockets.cleanup()

    async def _watch(self) -> None:
        """Ends what has been idle, the driver too when no Chromium is left."""
        while True:
            await asyncio.sleep(min(1.0, self.settings.idle_seconds / 4))
            now = time.monotonic()
            for keeper in tuple(self._keepers.values()):
                running = keeper.running
                if running is not None and not running.visitors and now - running.used > self.settings.idle_seconds:
                    await self._put_to_sleep(keeper, running)
            if self._playwright is not None and not any(keeper.running or keeper.starting.locked() for keeper in self._keepers.values()):
                driver, self._playwright = self._playwright, None
                await self._quietly(driver.stop())

    async def _end(self, task_id: str) -> None:
        keeper = self._keepers.pop(task_id, None)
        if keeper is None:
            return
        if keeper.running is not None:
            await self.stop(keeper.running)
        await asyncio.to_thread(shutil.rmtree, keeper.profile, ignore_errors=True)

    async def _end_all(self) -> None:
        for task_id in tuple(self._keepers):
            await self._end(task_id)
        if self._playwright is not None:
            driver, self._playwright = self._playwright, None
            await self._quietly(driver.stop())

    async def _quietly(self, work: Awaitable[object]) -> None:
        """Closing what may be gone already: a fault is logged, nothing more."""
        from playwright.async_api import Error  # noqa: PLC0415 - an optional part

        try:
            async with asyncio.timeout(10):
                await work
        except (Error, TimeoutError) as error:
            logger.info("a browser did not close by itself", extra={"fault": type(error).__name__})


def _sweep(folder: Path) -> None:
    """Remove what processes that no longer live left: profiles, and folders for sockets."""
    if not Path("/proc/self").exists():
        return
    sockets = [left for left in Path(tempfile.gettempdir()).glob(f"{SOCKETS}*-*") if left.lstat().st_uid == os.geteuid()]
    for left in (*(folder.glob("*") if folder.is_dir() else ()), *sockets):
        number = left.name.removeprefix(SOCKETS).partition("-")[0]
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            shutil.rmtree(left, ignore_errors=True)
