"""Typed settings from the environment: the only place that reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from orchestrator.errors import MajordomoError

DEFAULT_DATABASE = "sqlite+aiosqlite:///./data/majordomo.db"
PUBLIC_TELEGRAM = "https://api.telegram.org"
PUBLIC_WHATSAPP = "https://graph.facebook.com"
PUBLIC_DISCORD = "https://discord.com"


class ConfigurationError(MajordomoError):
    """The configuration cannot be used."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(f"{fault}\n  What to do: {remedy}")
        self.fault = fault
        self.remedy = remedy


class Strangers(StrEnum):
    """What happens to people the bot does not know."""

    PAIR = "pair"
    WELCOME = "welcome"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class WhatsAppKeys:
    """A number of the WhatsApp Cloud API. Without a token and a phone id the channel is off."""

    token: str = field(default="", repr=False)
    phone_id: str = ""
    app_secret: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)
    root: str = PUBLIC_WHATSAPP

    def __bool__(self) -> bool:
        return bool(self.token or self.phone_id)


@dataclass(frozen=True, slots=True)
class MailWebhookKeys:
    """By what each provider's news of our mail are known to be its own. Empty: no webhook for it."""

    sendgrid: str = field(default="", repr=False)
    mailgun: str = field(default="", repr=False)
    ses_topics: frozenset[str] = frozenset()

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(name for name, key in (("sendgrid", self.sendgrid), ("mailgun", self.mailgun), ("ses", self.ses_topics)) if key)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything is, and what is switched on. Secrets are kept out of `repr`."""

    database_url: str
    config_file: Path
    host: str
    port: int
    public_url: str
    telegram_token: str
    telegram_root: str
    telegram_secret: str
    model: str
    openai_base_url: str
    openai_key: str
    owners: tuple[tuple[str, str], ...]
    send_limits: bool
    strangers: Strangers
    key_path: str = ""
    key_place: str = "file"
    smtp_url: str = ""
    imap_url: str = ""
    caldav_url: str = ""
    searxng_url: str = ""
    image_model: str = ""
    databases: tuple[tuple[str, str], ...] = ()
    """Names and URLs of the operator's databases that tools may read."""
    writable_databases: frozenset[str] = frozenset()
    metrics_token: str = field(default="", repr=False)
    """With it the metrics are read from elsewhere; without it, from this machine only."""
    mail_hold: float = 10.0
    """Seconds in which a mail that is about to leave can still be taken back."""
    mail_webhooks: MailWebhookKeys = field(default_factory=lambda: MailWebhookKeys())
    whatsapp: WhatsAppKeys = field(default_factory=lambda: WhatsAppKeys())

    discord_root: str = PUBLIC_DISCORD
    discord_webhook: str = ""
    """The operator's own webhook: the first owner gets it."""

    def __repr__(self) -> str:
        return f"Settings(database={self.database_url.split('@')[-1]!r}, telegram={bool(self.telegram_token)}, model={self.model!r})"

    @property
    def data_folder(self) -> Path:
        """Beside the SQLite database; ./data where the database is elsewhere."""
        if self.database_url.startswith("sqlite"):
            return Path(self.database_url.split("///", 1)[-1]).parent
        return Path("data")

    @property
    def key_file(self) -> Path:
        """The vault's key-encryption key, where it stands in a file."""
        return Path(self.key_path) if self.key_path else self.data_folder / "key"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment. Raises ConfigurationError that names the variable and the remedy."""
    env = {name: value.strip() for name, value in (os.environ if environment is None else environment).items()}
    return Settings(
        database_url=_database(env.get("DATABASE_URL") or DEFAULT_DATABASE),
        config_file=Path(env.get("MAJORDOMO_CONFIG") or "majordomo.yaml"),
        host=env.get("MAJORDOMO_HOST") or "127.0.0.1",
        port=_port(env.get("MAJORDOMO_PORT") or "8080"),
        public_url=env.get("MAJORDOMO_PUBLIC_URL", "").rstrip("/"),
        telegram_token=_token(env.get("TELEGRAM_BOT_TOKEN", "")),
        telegram_root=(env.get("TELEGRAM_API_ROOT") or PUBLIC_TELEGRAM).rstrip("/"),
        telegram_secret=env.get("TELEGRAM_WEBHOOK_SECRET", ""),
        model=_model(env.get("MAJORDOMO_MODEL", "")),
        openai_base_url=env.get("OPENAI_BASE_URL", ""),
        openai_key=env.get("OPENAI_API_KEY", ""),
        owners=_owners(env.get("MAJORDOMO_OWNERS", "")),
        send_limits=_switch("MAJORDOMO_SEND_LIMITS", env.get("MAJORDOMO_SEND_LIMITS", "on")),
        strangers=_strangers(env.get("MAJORDOMO_STRANGERS") or "pair"),
        key_path=env.get("MAJORDOMO_KEY_FILE", ""),
        key_place=env.get("MAJORDOMO_KEY_PLACE") or "file",
        smtp_url=env.get("SMTP_URL", ""),
        imap_url=env.get("IMAP_URL", ""),
        caldav_url=env.get("CALDAV_URL", ""),
        searxng_url=env.get("SEARXNG_URL", "").rstrip("/"),
        image_model=env.get("MAJORDOMO_IMAGE_MODEL", ""),
        databases=_databases(env.get("MAJORDOMO_DATABASES", "")),
        writable_databases=frozenset(filter(None, env.get("MAJORDOMO_WRITABLE_DATABASES", "").replace(" ", "").split(","))),
        metrics_token=env.get("MAJORDOMO_METRICS_TOKEN", ""),
        mail_hold=_seconds("MAJORDOMO_MAIL_HOLD", env.get("MAJORDOMO_MAIL_HOLD") or "10"),
        mail_webhooks=_mail_webhooks(env),
        whatsapp=_whatsapp(env),
        discord_root=_discord(env.get("DISCORD_API_ROOT") or PUBLIC_DISCORD),
        discord_webhook=env.get("DISCORD_WEBHOOK_URL", ""),
    )


def _discord(root: str) -> str:
    """Discord itself, or a test server on this machine: no other place may pass for Discord."""
    root = root.rstrip("/")
    if root != PUBLIC_DISCORD and not re.fullmatch(r"http://127\.\d{1,3}\.\d{1,3}\.\d{1,3}:\d{1,5}", root):
        raise ConfigurationError("DISCORD_API_ROOT is neither Discord nor a test server on this machine.", "leave it out; tests name http://127.0.0.1:port")
    return root


def _mail_webhooks(env: Mapping[str, str]) -> MailWebhookKeys:
    """The providers named, each with what its signature is checked by: without it nothing is taken, and there is no start."""
    needed = {"sendgrid": "SENDGRID_WEBHOOK_KEY", "mailgun": "MAILGUN_SIGNING_KEY", "ses": "SES_TOPICS"}
    wanted = [name.strip().lower() for name in env.get("MAJORDOMO_MAIL_WEBHOOKS", "").split(",") if name.strip()]
    for name in wanted:
        if name not in needed:
            raise ConfigurationError(f"MAJORDOMO_MAIL_WEBHOOKS names {name!r}.", f"name {', '.join(needed)}, or leave it out")
        if not env.get(needed[name]):
            raise ConfigurationError(
                f"{needed[name]} is missing, so news from {name} could be forged.", f"set it, or take {name} out of MAJORDOMO_MAIL_WEBHOOKS"
            )
    found = {name: env[needed[name]] for name in wanted}
    topics = frozenset(topic.strip() for topic in found.get("ses", "").split(",") if topic.strip())
    if wrong := [topic for topic in topics if not topic.startswith("arn:aws")]:
        raise ConfigurationError(f"SES_TOPICS has {wrong[0]!r}.", "write the topic's whole ARN: arn:aws:sns:region:number:name")
    return MailWebhookKeys(found.get("sendgrid", ""), found.get("mailgun", ""), topics)


def _whatsapp(env: Mapping[str, str]) -> WhatsAppKeys:
    """All of a number, or nothing: without the app secret a forged webhook could not be told from a true one."""
    keys = WhatsAppKeys(
        env.get("WHATSAPP_TOKEN", ""), env.get("WHATSAPP_PHONE_ID", ""), env.get("WHATSAPP_APP_SECRET", ""), env.get("WHATSAPP_VERIFY_TOKEN", ""),
        (env.get("WHATSAPP_API_ROOT") or PUBLIC_WHATSAPP).rstrip("/"),
    )  # fmt: skip
    if not keys:
        return keys
    needed = {"TOKEN": keys.token, "PHONE_ID": keys.phone_id, "APP_SECRET": keys.app_secret, "VERIFY_TOKEN": keys.verify_token}
    missing = [f"WHATSAPP_{name}" for name, value in needed.items() if not value]
    if missing:
        raise ConfigurationError(f"WhatsApp is half set up: {', '.join(missing)} is missing.", "docs/whatsapp.md says where each stands; set all four, or none")
    if not keys.phone_id.isdigit():
        raise ConfigurationError(f"WHATSAPP_PHONE_ID is {keys.phone_id!r}.", "copy the Phone number ID, which is digits only and is not the phone number")
    return keys


def _databases(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, url = entry.partition("=")
        if not equals or not name.strip().isidentifier() or "://" not in url:
            raise ConfigurationError("MAJORDOMO_DATABASES has an entry that is no name=URL.", "write shop=postgresql+psycopg://…;stock=sqlite:////srv/stock.db")
        found.append((name.strip(), url.strip()))
    return tuple(found)


def named(names: Iterable[str], environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables that majordomo.yaml names for a server of others, as far as they are set."""
    env = os.environ if environment is None else environment
    return {name: env[name] for name in names if name in env}


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise ConfigurationError(f"{name} is {text!r}.", "set it to seconds from 0 to 3600")
    return seconds


def _database(url: str) -> str:
    if not url.startswith(("sqlite+aiosqlite:///", "sqlite:///", "postgresql+psycopg://", "postgresql://")):
        raise ConfigurationError(
            "DATABASE_URL names no database that Majordomo knows.", f"use {DEFAULT_DATABASE} or postgresql+psycopg://user:password@host/name"
        )
    return url


def _port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise ConfigurationError(f"MAJORDOMO_PORT is {text!r}, which is no port.", "set it to a number from 1 to 65535, or leave it out for 8080")
    return int(text)


def _token(text: str) -> str:
    number, colon, secret = text.partition(":")
    if text and not (number.isdigit() and colon and len(secret) >= 8):
        raise ConfigurationError("TELEGRAM_BOT_TOKEN does not look like a bot token.", "copy it whole from BotFather: digits, a colon, then letters")
    return text


def _model(text: str) -> str:
    if text and ":" not in text:
        raise ConfigurationError(f"MAJORDOMO_MODEL is {text!r}, without a provider.", "write provider:model, such as openai:gpt-5-mini, or leave it empty")
    return text


def _owners(text: str) -> tuple[tuple[str, str], ...]:
    owners = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        channel, colon, external = entry.partition(":")
        external = external.lstrip("+") if channel == "whatsapp" else external
        if not colon or not external.lstrip("-").replace(".", "").isalnum():
            raise ConfigurationError(f"MAJORDOMO_OWNERS has {entry!r}, which is no channel:id.", "write telegram:1001, numeric ids, comma separated")
        if channel == "telegram" and not external.isdigit():
            raise ConfigurationError(f"MAJORDOMO_OWNERS names {entry!r}, which is no numeric id.", "use the numeric Telegram id: names can change hands")
        owners.append((channel, external))
    return tuple(owners)


def _switch(name: str, text: str) -> bool:
    if text.lower() not in {"", "on", "off"}:
        raise ConfigurationError(f"{name} is {text!r}.", "set it to on or off")
    return text.lower() != "off"


def _strangers(text: str) -> Strangers:
    try:
        return Strangers(text.lower())
    except ValueError:
        raise ConfigurationError(f"MAJORDOMO_STRANGERS is {text!r}.", "set it to pair, welcome or ignore") from None
