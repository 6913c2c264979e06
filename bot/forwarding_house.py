"""Notifications outside the chat, put together from the settings; what speaks to the outside is loaded with the first delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.forwarding import Duty, Forwarding
from bot.settings import ConfigurationError, Settings
from orchestrator.actions.credentials import Credentials
from orchestrator.contracts import Clock, Words
from orchestrator.tasks.address_intake import AddressIntake
from orchestrator.tasks.places import PUBLIC_DISCORD, BadAddress, Places
from orchestrator.tasks.preferences import DISCORD, EMAIL, WEBHOOK
from storage.audit import AuditLog
from storage.database import Database
from storage.vault import Vault

if TYPE_CHECKING:
    from bot.forwarding_senders import Sender
    from bot.inbox import TakeSecret


def places_of(settings: Settings, vault: Vault, private_hosts: tuple[str, ...] = (), audit: AuditLog | None = None) -> Places:
    """Raises ConfigurationError for a DISCORD_WEBHOOK_URL that is none."""
    found = Places(vault, settings.discord_root, partial(clean, private_hosts), mails=bool(settings.smtp_url), audit=audit)
    if settings.discord_webhook:
        try:
            found.read_discord(settings.discord_webhook)
        except BadAddress:
            raise ConfigurationError("DISCORD_WEBHOOK_URL is no Discord webhook.", "copy it from Discord: https://discord.com/api/webhooks/…") from None
    return found


def clean(private_hosts: tuple[str, ...], url: str) -> str:
    """A webhook's address in its one spelling, if it may be called: encrypted and public, or named by the operator's policy. Raises ValueError."""
    import ipaddress  # noqa: PLC0415 - these are loaded when somebody sets up a webhook

    from agents.tools.way_out import destination, reason_against  # noqa: PLC0415

    place = destination(url)
    if f"{place.host}:{place.port}" in private_hosts:
        return place.url
    if place.scheme != "https":
        raise ValueError("a webhook's address must begin with https://")
    if place.host == "localhost" or ("." not in place.host and ":" not in place.host):
        raise ValueError("that address leads to this network")
    try:
        address = ipaddress.ip_address(place.host)
    except ValueError:
        return place.url
    if (why := reason_against(address)) is not None:
        raise ValueError(f"that address leads to {why}")
    return place.url


def taking(credentials: Credentials, places: Places) -> TakeSecret:
    """What is taken out of a message at intake: the answer to a request for a secret, else an address that is one."""
    addresses = AddressIntake(places)

    def take(connection: sa.Connection, chat_id: str, person_id: str, text: str, now: datetime) -> str | None:
        asked = credentials.take(connection, chat_id, person_id, text, now)
        return asked if asked is not None else addresses.take(connection, chat_id, person_id, text, now)

    return take


def forwarding(
    settings: Settings, database: Database, places: Places, clock: Clock, words: Words, is_leader: Callable[[], bool], private_hosts: tuple[str, ...]
) -> Forwarding:
    senders = partial(load_senders, settings, database, words, private_hosts)
    return Forwarding(Duty(database, places, clock, words, senders, is_leader, settings.discord_webhook))


def load_senders(settings: Settings, database: Database, words: Words, private_hosts: tuple[str, ...]) -> Mapping[str, Sender]:
    """By channel; without a mail server there is none for e-mail."""
    from agents.tools.email.log import DatabaseMailLog  # noqa: PLC0415 - with the first delivery
    from agents.tools.way_out import Limits, WayOut  # noqa: PLC0415
    from bot.forwarding_senders import DiscordSender, MailSender, WebhookSender  # noqa: PLC0415
    from bot.mail_settings import mail_server  # noqa: PLC0415

    allowed = frozenset((host, int(port)) for host, _, port in (entry.rpartition(":") for entry in private_hosts))
    way_out = WayOut(allowed, Limits(connect_seconds=10.0, whole_seconds=30.0, body_bytes=100_000))
    to_discord = WayOut(limits=way_out.limits)
    if settings.discord_root != PUBLIC_DISCORD:
        to_discord = to_discord.allowing(settings.discord_root)
    found: dict[str, Sender] = {DISCORD: DiscordSender(to_discord, words), WEBHOOK: WebhookSender(way_out)}
    if (server := mail_server(settings)) is not None:
        found[EMAIL] = MailSender(server, DatabaseMailLog(database), words)
    return found
