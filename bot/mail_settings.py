"""The mail servers of the settings; what cannot be used stops the start, with the remedy."""

from __future__ import annotations

from agents.tools.email.mailbox import MailboxServer
from agents.tools.email.server import MailServer
from bot.settings import ConfigurationError, Settings


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
