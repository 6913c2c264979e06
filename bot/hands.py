"""The tools that reach outside, put together from the settings. This module is loaded when the first of them is wanted."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from agents.tools.browser import BrowserAct, BrowserDownload, BrowserExtract, BrowserRead, Browsers, BrowserScreenshot, BrowserSettings
from agents.tools.caldav import CalDavServer, Calendars
from agents.tools.caldav import tools as calendar_tools
from agents.tools.code import CodeRun
from agents.tools.email.delivery import CheckBounces
from agents.tools.email.log import DatabaseMailLog
from agents.tools.email.reading import Mailboxes, MailboxTraces, Mark, Read, SaveAttachment, Search
from agents.tools.email.send import Send
from agents.tools.email.sent import ListSent
from agents.tools.files import FileHouse
from agents.tools.files import tools as file_tools
from agents.tools.http import HttpGet, HttpSend
from agents.tools.image import ImageAnnotate, ImageConvert, ImageGenerate, ImageResize, Provider
from agents.tools.mcp import McpFault, McpServers, named_variables, read_servers, tools_of
from agents.tools.sandbox.box import Box
from agents.tools.sandbox.probe import probe
from agents.tools.search import PublicEngines, SearchWeb, SearXNG
from agents.tools.sql import DatabasePlace, Databases
from agents.tools.sql import tools as sql_tools
from agents.tools.way_out import WayOut
from bot.mail_settings import mail_server, mailbox_server
from bot.settings import ConfigurationError, Settings, named
from orchestrator.outside import OutsideTool
from storage.database import Database

logger = logging.getLogger(__name__)

PUBLIC_OPENAI = "https://api.openai.com/v1"
CHROMIUM = (Path("/usr/bin/chromium"), Path("/usr/bin/chromium-browser"), Path("/usr/bin/google-chrome"))


class Hands:
    """Every outside tool that this machine and these settings allow, and what must be closed with them."""

    def __init__(self, settings: Settings, database: Database, private_hosts: tuple[str, ...] = ()) -> None:
        allowed = frozenset((host, int(port)) for host, _, port in (entry.rpartition(":") for entry in private_hosts))
        way_out = WayOut(allowed)
        self._browsers = Browsers(way_out, BrowserSettings(settings.data_folder / "browser", chromium()))
        engine = SearXNG(settings.searxng_url, WayOut()) if settings.searxng_url else PublicEngines(WayOut())
        web = (HttpGet(way_out), HttpSend(way_out), SearchWeb(engine), *self._browsing())
        self._servers = mcp_servers(settings, way_out)
        self.tools = cast(
            tuple[OutsideTool, ...], (*_mail(settings, database), *web, *_own(settings, way_out), *_calendars(settings, way_out), *tools_of(self._servers))
        )

    async def close(self) -> None:
        await self._browsers.close()
        await self._servers.close()

    def _browsing(self) -> tuple[Any, ...]:
        if missing := self._browsers.missing():
            logger.info("there is no browser", extra={"reason": missing})
            return ()
        return tuple(kind(self._browsers) for kind in (BrowserRead, BrowserExtract, BrowserScreenshot, BrowserDownload, BrowserAct))


def _mail(settings: Settings, database: Database) -> tuple[Any, ...]:
    log, server, mailbox = DatabaseMailLog(database), mail_server(settings), mailbox_server(settings)
    mailboxes = Mailboxes(mailbox)
    send = Send(server, log, MailboxTraces(mailbox) if mailbox else None, hold=settings.mail_hold)
    return (send, ListSent(), Search(mailboxes), Read(mailboxes), SaveAttachment(mailboxes), Mark(mailboxes), CheckBounces(mailboxes, log))


def _own(settings: Settings, way_out: WayOut) -> tuple[Any, ...]:
    """Tools that work on the person's own files, and on the operator's databases."""
    house = FileHouse()
    pictures: tuple[Any, ...] = (ImageResize(house), ImageConvert(house), ImageAnnotate(house))
    if settings.openai_key and settings.image_model:
        provider = Provider(settings.openai_base_url or PUBLIC_OPENAI, settings.openai_key, settings.image_model)
        pictures = (*pictures, ImageGenerate(house, provider, way_out))
    databases = tuple(DatabasePlace(name, url, name in settings.writable_databases) for name, url in settings.databases)
    return (*file_tools(house), *pictures, *_code(house), *(sql_tools(Databases(databases)) if databases else ()))


def _code(house: FileHouse) -> tuple[Any, ...]:
    """The sandbox, where the probe's escapes all fail; without it there is no such tool."""
    box = Box()
    with ThreadPoolExecutor(1) as apart:
        found = apart.submit(lambda: asyncio.run(probe(box))).result()
    if not found.usable:
        logger.warning("code.run is absent", extra={"reason": found.reason})
        return ()
    return (CodeRun(house, box),)


def _calendars(settings: Settings, way_out: WayOut) -> tuple[OutsideTool, ...]:
    return calendar_tools(Calendars(way_out, calendar_server(settings)))


def calendar_server(settings: Settings) -> CalDavServer | None:
    """Raises ConfigurationError for a CALDAV_URL that cannot be used."""
    try:
        return CalDavServer.read(settings.caldav_url) if settings.caldav_url else None
    except ValueError as error:
        raise ConfigurationError(f"CALDAV_URL cannot be used: {error}.", "write https://user:password@host/path/") from None


def mcp_servers(settings: Settings, way_out: WayOut) -> McpServers:
    """The MCP servers that majordomo.yaml names, looked at. Raises ConfigurationError."""
    try:
        servers = read_servers(settings.config_file)
    except McpFault as fault:
        raise ConfigurationError(f"{settings.config_file}: {fault}", "correct the section mcp") from None
    found = McpServers(servers, settings.data_folder / "mcp", way_out, named(named_variables(servers)))
    found.look()
    return found


def chromium() -> Path:
    """The first browser of this machine, or where it would be."""
    return next((path for path in CHROMIUM if path.exists()), CHROMIUM[0])
