"""What is done with a page: opened, read, looked through for records, pictured."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agents.tools.browser.house import Visit
from agents.tools.http import near
from agents.tools.way_out import Concealer, Destination, Refused, read
from orchestrator.contracts import Json, ToolError, TransientError

if TYPE_CHECKING:
    from playwright.async_api import Page

TEXT_LIMIT = 50_000
LINK_LIMIT = 100
TALLEST = 16_000
"""Pixels; a taller page is pictured as far as the window shows it."""
SETTLE = 2.0
"""Seconds that a page gets to finish what it loads by script."""
READ = """([textLimit, linkLimit]) => {
    const clean = text => (text || '').replace(/[ \\t]+/g, ' ').replace(/\\n{3,}/g, '\\n\\n').trim();
    const main = document.querySelector('main, [role=main], article');
    const whole = clean(document.body ? document.body.innerText : document.documentElement.textContent);
    const best = main && clean(main.innerText).length > 200 ? clean(main.innerText) : whole;
    const links = [], seen = new Set();
    for (const link of (main && best !== whole ? main : document).querySelectorAll('a[href]')) {
        if (links.length >= linkLimit) break;
        if (!/^https?:/.test(link.href) || seen.has(link.href)) continue;
        seen.add(link.href);
        links.push({text: clean(link.innerText || link.title || '').slice(0, 200), url: String(link.href).slice(0, 2000)});
    }
    return {title: document.title.slice(0, 500), text: best.slice(0, textLimit), cut: best.length > textLimit, links};
}"""
EXTRACT = """([rows, fields, most]) => Array.from(document.querySelectorAll(rows)).slice(0, most).map(row => {
    const record = {};
    for (const [name, path] of Object.entries(fields)) {
        const at = path.lastIndexOf('@'), css = (at < 0 ? path : path.slice(0, at)).trim(), attribute = at < 0 ? '' : path.slice(at + 1);
        const found = css ? row.querySelector(css) : row;
        const value = !found ? null : attribute ? (['href', 'src'].includes(attribute) ? found[attribute] : found.getAttribute(attribute)) : found.innerText;
        record[name] = value === null || value === undefined ? null : String(value).trim().slice(0, 2000);
    }
    return record;
})"""
FAULTS_FOR_LATER = (
    "ERR_TUNNEL_CONNECTION_FAILED",
    "ERR_CONNECTION",
    "ERR_TIMED_OUT",
    "ERR_EMPTY_RESPONSE",
    "ERR_NETWORK_CHANGED",
    "ERR_PROXY",
    "ERR_HTTP_RESPONSE_CODE_FAILURE",
    "Timeout",
)
NETWORK_FAULT = re.compile(r"\bERR_[A-Z0-9_]{1,60}\b")
REASONS = (
    ("Timeout", "it was not found, or could not be used, in time"),
    ("strict mode violation", "more than one element matches; name one"),
    ("not a valid selector", "that is no valid selector"),
    ("Unexpected token", "that is no valid selector"),
    ("Unknown engine", "that is no valid selector"),
    ("Malformed selector", "that is no valid selector"),
    ("Error while parsing", "that is no valid selector"),
    ("not an <input>", "nothing can be written into this element"),
    ("cannot be filled", "nothing can be written into this element"),
    ("not a <select>", "the element is no list to choose from"),
    ("Unknown key", "there is no such key"),
)
"""Signs in the first line of a browser's error, and what is said of them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page says. `links` are (text, address)."""

    url: str
    title: str
    text: str
    cut: bool
    links: tuple[tuple[str, str], ...]

    def value(self, concealer: Concealer, *, links: bool = True) -> dict[str, Json]:
        """As a model sees it, without the secrets that were typed into it."""
        shown: dict[str, Json] = {"url": concealer(self.url), "title": concealer(self.title), "text": concealer(self.text, cut=self.cut), "truncated": self.cut}
        if links:
            shown["links"] = [{"text": concealer(text), "url": concealer(url)} for text, url in self.links]
        return shown


async def open_page(visit: Visit, place: Destination, wait_for: str = "") -> str:
    """Load an address; from here on the page may go to this host alone.

    Returns "", or, where the address is redirected to another host, the address there: then nothing was loaded. Raises
    Refused, ToolError or TransientError, each saying what became of it.
    """
    await visit.browsers.way_out.check(place.url)
    visit.fence.around(near(place.host))
    return await visit.do(lambda page: _opened(page, place, wait_for, visit))


async def _opened(page: Page, place: Destination, wait_for: str, visit: Visit) -> str:
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part
    from playwright.async_api import TimeoutError as TooLate  # noqa: PLC0415

    before = visit.running.proxy.refusals
    try:
        response = await page.goto(place.url, wait_until="domcontentloaded")
    except Error as error:
        if visit.fence.moved_to:
            return visit.fence.moved_to
        if visit.fence.held or visit.running.proxy.refusals > before:
            raise Refused(f"{place.host} led to an address that tools may not open") from None
        raise fault(error, place.host) from None
    if response is not None:
        mark = response.headers.get("x-way-out", "")
        if mark == "refused":
            raise Refused(f"{place.host} led to an address that tools may not open")
        if mark or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TransientError(f"{place.host} answered {response.status}; try again later")
    if wait_for:
        try:
            await page.wait_for_selector(wait_for)
        except TooLate:
            raise ToolError(f"nothing matching {wait_for!r} appeared on the page") from None
        except Error as error:
            raise ToolError(f"{wait_for!r} could not be waited for: {reason(error)}") from None
    await settle(page)
    return ""


async def settle(page: Page) -> None:
    """Give scripts a moment; a page that never rests, or goes away, is read as it is."""
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    try:
        await page.wait_for_load_state("networkidle", timeout=SETTLE * 1000)
    except Error:
        await asyncio.sleep(0)


def fault(error: Exception, host: str) -> ToolError | TransientError:
    """What a browser's error means."""
    text = str(error)
    if "Download is starting" in text or "ERR_ABORTED" in text:
        return ToolError("this address is a file, not a page: use browser.download")
    if "ERR_TOO_MANY_REDIRECTS" in text:
        return ToolError("the address is redirected in a circle")
    if any(sign in text for sign in FAULTS_FOR_LATER):
        return TransientError(f"{host} cannot be reached at the moment")
    found = NETWORK_FAULT.search(text)
    return ToolError("the page could not be opened" + (f" ({found[0]})" if found else ""))


def reason(error: Exception) -> str:
    """Why an element could not be used, in our words: what a browser says may quote the page."""
    text = (str(error).splitlines() or [""])[0]
    return next((words for sign, words in REASONS if sign in text), "the page did not allow it")


async def reading(page: Page) -> Reading:
    """The text, title and links of a page as a person would see them."""
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    for attempt in (1, 2):
        try:
            found = await page.evaluate(READ, [TEXT_LIMIT, LINK_LIMIT])
            links = tuple((str(link["text"]), str(link["url"])) for link in found["links"])
            return Reading(shown_url(page), str(found["title"]), str(found["text"]), bool(found["cut"]), links)
        except Error as error:
            if attempt == 2 or "context was destroyed" not in str(error):
                raise ToolError("the page could not be read: its own scripts stand in the way") from None
            await settle(page)
    raise ToolError("the page could not be read")


async def records(page: Page, rows: str, fields: dict[str, str], most: int) -> list[dict[str, str | None]]:
    """One record for each element that `rows` finds. Raises ToolError for a selector that is none."""
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    try:
        found: list[dict[str, str | None]] = await page.evaluate(EXTRACT, [rows, fields, most])
    except Error:
        raise ToolError("the page could not be looked through: are rows and fields CSS selectors?") from None
    return found


async def picture(page: Page, *, whole: bool, hidden: tuple[str, ...] = ()) -> bytes:
    """A PNG; what is typed into `hidden` selectors is covered."""
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    try:
        tall = await page.evaluate("document.documentElement.scrollHeight") if whole else 0
        masks = [page.locator(selector) for selector in hidden]
        return await page.screenshot(type="png", full_page=whole and tall <= TALLEST, mask=masks, animations="disabled")
    except Error:
        raise ToolError("no picture could be taken of this page") from None


def shown_url(page: Page) -> str:
    """Where the page is, the part behind the # included, when that is on the web. Raises ToolError otherwise."""
    try:
        part = urlsplit(page.url).fragment
        return read(page.url).url + (f"#{part}" if part else "")
    except Refused:
        raise ToolError("the page led to something that is not on the web") from None
