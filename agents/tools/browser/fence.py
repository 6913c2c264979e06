"""Which hosts a page may go to by itself: by a redirect, a script or a form. What it loads beside (pictures, frames) is the way out's business."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.tools.way_out import Refused, read

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

DOCUMENTS = {"patterns": [{"urlPattern": "*", "resourceType": "Document", "requestStage": "Request"}]}
"""Chromium pauses these requests, the second and later ones of a chain of redirects too (Playwright's own routes see the first only)."""

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Fence:
    """Around one page, for as long as it is open."""

    page: Page
    hosts: frozenset[str] | None = None
    """None: anywhere."""
    held: bool = False
    """Whether the page wanted to go elsewhere since `around`, and did not."""
    moved_to: str = ""
    """Where to, as a clean address; empty where it is none that could be opened."""

    async def put_up(self) -> None:
        """Raises Playwright's Error where the page is gone."""
        session = await self.page.context.new_cdp_session(self.page)
        page_frame = (await session.send("Target.getTargetInfo"))["targetInfo"]["targetId"]

        async def judge(request: dict[str, Any]) -> None:
            await self._judge(session, request, whole_page=request["frameId"] == page_frame)

        session.on("Fetch.requestPaused", judge)
        await session.send("Fetch.enable", DOCUMENTS)

    def around(self, hosts: frozenset[str] | None) -> None:
        """From here on, only there."""
        self.hosts, self.held, self.moved_to = hosts, False, ""

    def keeps_out(self, url: str) -> bool:
        """Whether the page itself may not go to an address."""
        if self.hosts is None:
            return False
        try:
            return read(url).host not in self.hosts
        except Refused:
            return True

    async def _judge(self, session: CDPSession, request: dict[str, Any], *, whole_page: bool) -> None:
        from playwright.async_api import Error  # noqa: PLC0415 - an optional part

        url, number = request["request"]["url"], {"requestId": request["requestId"]}
        try:
            if whole_page and self.keeps_out(url):
                self._hold(url)
                await session.send("Fetch.failRequest", {**number, "errorReason": "Aborted"})
            else:
                await session.send("Fetch.continueRequest", number)
        except Error as error:
            logger.info("a page was gone before its request was judged", extra={"fault": type(error).__name__})

    def _hold(self, url: str) -> None:
        self.held = True
        try:
            self.moved_to = read(url).url
        except Refused:
            self.moved_to = ""
