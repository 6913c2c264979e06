"""The tools that reach outside, put together from the settings. This module is loaded when the first of them is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from agents.tools.browser import BrowserAct, BrowserDownload, BrowserExtract, BrowserRead, Browsers, BrowserScreenshot, BrowserSettings
from agents.tools.email.delivery import CheckBounces
from agents.tools.email.log import DatabaseMailLog
from agents.tools.email.mailbox import MailboxServer
from agents.tools.email.reading import Mailboxes, MailboxTraces, Mark, Read, SaveAttachment, Search
from agents.tools.email.send import Send
from agents.tools.email.server import MailServer
from agents.tools.files import FileHouse
from agents.tools.files import tools as file_tools
from agents.tools.http import HttpGet, HttpSend
from agents.tools.way_out import WayOut
from bot.settings import ConfigurationError, Settings
from orchestrator.outside import OutsideTool
from storage.database import Database

CHROMIUM = (Path("/usr/bin/chromium"), Path("/usr/bin/chromium-browser"), Path("/usr/bin/google-chrome"))


def outside_tools(settings: Settings, database: Database, private_hosts: tuple[str, ...] = ()) -> tuple[OutsideTool, ...]:
    """Every outside tool that this machine and these settings allow; `private_hosts` may be reached although they are not public."""
    allowed = frozenset((host, int(port)) for host, _, port in (entry.rpartition(":") for entry in private_hosts))
    way_out = WayOut(allowed)
    found = (*_mail(settings, database), HttpGet(way_out), HttpSend(way_out), *_browser(settings, way_out), *file_tools(FileHouse()))
    return cast(tuple[OutsideTool, ...], found)


def _mail(settings: Settings, database: Database) -> tuple[Any, ...]:
    log, server, mailbox = DatabaseMailLog(database), mail_server(settings), mailbox_server(settings)
    mailboxes = Mailboxes(mailbox)
    send = Send(server, log, MailboxTraces(mailbox) if mailbox else None, hold=settings.mail_hold)
    return (send, Search(mailboxes), Read(mailboxes), SaveAttachment(mailboxes), Mark(mailboxes), CheckBounces(mailboxes, log))


def mail_server(settings: Settings) -> MailServer | None:
    """Raises ConfigurationError for an SMTP_URL that cannot be used."""
    try:
        return MailServer.read(settings.smtp_url) if settings.smtp_url else None
    except ValueError as error:
        raise ConfigurationError(f"SMTP_URL cannot be used: {error}.", "write smtps://user:password@host?from=me@example.com") from None


def mailbox_server(settings: Settings) -> MailboxServer | None:
    """Raises ConfigurationError for an IMAP_URL that cannot be used."""
    try:
        return MailboxServer.read(settings.imap_url) if settings.imap_url else None
    except ValueError as error:
        raise ConfigurationError(f"IMAP_URL cannot be used: {error}.", "write imaps://user:password@host") from None


def _browser(settings: Settings, way_out: WayOut) -> tuple[Any, ...]:
    chromium = next((path for path in CHROMIUM if path.exists()), None)
    if chromium is None:
        return ()
    browsers = Browsers(way_out, BrowserSettings(settings.data_folder / "browser", chromium))
    return tuple(kind(browsers) for kind in (BrowserRead, BrowserExtract, BrowserScreenshot, BrowserDownload, BrowserAct))
