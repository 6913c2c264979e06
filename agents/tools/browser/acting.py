"""Clicks and keystrokes on a page: on the approved host only, and secrets only into the document they are for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agents.tools.browser.arguments import Act, Action, Click, Fill, Press, Select, Wait
from agents.tools.browser.house import Visit
from agents.tools.browser.pages import reason, settle
from agents.tools.http import near
from agents.tools.way_out import Refused, read
from orchestrator.contracts import ToolError
from orchestrator.outside import Outside

if TYPE_CHECKING:
    from playwright.async_api import Dialog, ElementHandle, Page


@dataclass
class Deeds:
    """What was done so far."""

    completed: int = 0
    begun: bool = False
    problem: str = ""
    covered: list[str] = field(default_factory=list)
    """Selectors that hold secrets now: pictures leave them out."""


async def perform(visit: Visit, outside: Outside, arguments: Act) -> Deeds:
    """All actions in order, up to the first that cannot be done. Raises ToolError only where nothing has been done yet."""
    deeds = Deeds()
    if arguments.stay:
        await visit.do(lambda page: _as_shown(page, arguments))
    visit.fence.around(None)
    await visit.do(_listen)
    try:
        for number, action in enumerate(arguments.actions, 1):
            await _perform_one(visit, outside, arguments, action, deeds)
            deeds.completed = number
    except ToolError as error:
        if not deeds.begun:
            raise
        number = deeds.completed + 1
        deeds.problem = f"action {number} ({arguments.actions[deeds.completed].do}) was not done: {error}"
    else:
        await visit.do(settle)
    finally:
        visit.fence.around(near(_host_of(visit.page, arguments.host)))
        if not visit.page.is_closed():
            await visit.do(_listen_no_more)
    return deeds


async def _perform_one(visit: Visit, outside: Outside, arguments: Act, action: Action, deeds: Deeds) -> None:
    await visit.do(lambda page: _on_host(page, arguments.host))
    if isinstance(action, Fill) and action.handle:
        await _fill_secret(visit, outside, action, action.handle, deeds)
    else:
        await _begin(outside, action, deeds)
        await visit.do(lambda page: _do(page, action))


async def _begin(outside: Outside, action: Action, deeds: Deeds) -> None:
    """The first action that may change something is the irreversible moment."""
    if not deeds.begun and not isinstance(action, Wait):
        await outside.in_doubt()
        deeds.begun = True


async def _agree(dialog: Dialog) -> None:
    """A click was approved, and so is the page's "are you sure?" that follows it."""
    await dialog.accept()


async def _listen(page: Page) -> None:
    page.on("dialog", _agree)


async def _listen_no_more(page: Page) -> None:
    page.remove_listener("dialog", _agree)


async def _as_shown(page: Page, arguments: Act) -> None:
    """Whoever approved saw one address: the session's page must be that very one, its part behind the # included."""
    if page.url == "about:blank":
        raise ToolError("the session's page is not open any more: call again without stay")
    if _whole(page.url) != _whole(arguments.url):
        raise ToolError("the session's page is at another address by now: read it again, and call with the address it has, or without stay")


def _whole(url: str) -> tuple[str, str]:
    return read(url).url, urlsplit(url).fragment


def _host_of(page: Page, otherwise: str) -> str:
    """Where the page stands now."""
    try:
        return read(page.url).host
    except Refused:
        return otherwise


async def _on_host(page: Page, host: str) -> None:
    if (there := read(page.url).host) not in near(host):
        raise ToolError(f"the page went on to {there}: what is done there needs a call of its own, with that address")


async def _fill_secret(visit: Visit, outside: Outside, action: Fill, handle: tuple[str, str], deeds: Deeds) -> None:
    """Type a secret into the very document whose address it was asked for.

    The element belongs to one document; if the page goes elsewhere between the question and the typing, the element is
    dead and typing fails. Playwright types from a world of its own, which the page's scripts cannot look into.
    """
    element = await visit.do(lambda page: _element(page, action.selector))
    where = await visit.do(lambda page: _document(element))
    secret = await outside.secret(handle[0], where)
    value = secret.fields.get(handle[1], "")
    if not value:
        raise ToolError(f"the credential has no field {handle[1]!r}; it has {', '.join(sorted(secret.fields))}")
    visit.keeper.secrets.update(secret.fields.values())
    deeds.covered.append(action.selector)
    await _begin(outside, action, deeds)
    await visit.do(lambda page: _type(element, value))


async def _element(page: Page, selector: str) -> ElementHandle:
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    try:
        return await page.locator(selector).element_handle()
    except Error as error:
        raise ToolError(f"{selector!r}: {reason(error)}") from None


async def _document(element: ElementHandle) -> str:
    frame = await element.owner_frame()
    if frame is None:
        raise ToolError("the field is in no page any more")
    return read(frame.url).url


async def _type(element: ElementHandle, value: str) -> None:
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    try:
        await element.fill(value)
    except Error:
        raise ToolError("the field could not be filled: the page may have changed meanwhile") from None


async def _do(page: Page, action: Action) -> None:
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    try:
        match action:
            case Click():
                await page.locator(action.selector).click()
            case Fill():
                await page.locator(action.selector).fill(action.value)
            case Select():
                await _choose(page, action)
            case Press():
                await (page.locator(action.selector).press(action.key) if action.selector else page.keyboard.press(action.key))
            case Wait() if action.selector:
                await page.locator(action.selector).first.wait_for(state="visible")
            case Wait():
                await asyncio.sleep(action.seconds)
    except Error as error:
        raise ToolError(reason(error)) from None
    if isinstance(action, Click | Press):
        await settle(page)


async def _choose(page: Page, action: Select) -> None:
    """By the option's words, else by its value."""
    wanted = page.locator(action.selector)
    words = [text.strip() for text in await wanted.locator("option").all_inner_texts()]
    if action.option in words:
        await wanted.select_option(label=action.option)
    else:
        await wanted.select_option(value=action.option)
