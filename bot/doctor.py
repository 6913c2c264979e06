"""`majordomo doctor`: what is wrong with this set-up, and how to mend it. Looks, and changes nothing."""

from __future__ import annotations

import importlib.util
import ipaddress
import json
import os
import shutil
import socket
import stat
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from bot import settings as environment
from bot.doctor_tools import TOOL_CHECKS
from bot.findings import Finding
from bot.process import in_use
from bot.settings import ConfigurationError, Settings, Strangers
from orchestrator.business import ConfigFault, load

LEAST_FREE = 200 * 2**20
PATIENCE = 5.0
NO_MODEL = (
    "none set; appointments, reminders, questions about the business and mail work without one. Reading pages, research, writing, "
    "work on files and whatever else has no specialist need one: set MAJORDOMO_MODEL"
)
LOOPBACK_NAMES = frozenset({"localhost"})


def examine() -> list[Finding]:
    """Look at everything that can be looked at; later checks need settings that can be read."""
    try:
        settings = environment.read()
    except ConfigurationError as error:
        return [Finding("settings", error.fault, error.remedy)]
    findings = [Finding("settings", note=repr(settings))]
    for check in CHECKS:
        findings += list(check(settings))
    return findings


def _python(settings: Settings) -> Iterator[Finding]:
    clash = importlib.util.find_spec("agents")
    ours = clash is not None and Path(__file__).resolve().parent.parent / "agents" / "__init__.py" == Path(clash.origin or "").resolve()
    if not ours:
        yield Finding("packages", "another package named agents is installed and hides ours.", "pip uninstall openai-agents")
    else:
        yield Finding("packages", note=f"Python {sys.version.split()[0]}")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_folder
    if not folder.exists():
        parent = next(place for place in [folder.absolute(), *folder.absolute().parents] if place.exists())
        if not os.access(parent, os.W_OK):
            yield Finding("data folder", f"{folder} cannot be made here.", f"give yourself the right to write in {parent}, or set DATABASE_URL elsewhere")
        else:
            yield Finding("data folder", note=f"{folder} will be made at the first start")
        return
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        yield Finding("data folder", f"{folder} cannot be written.", f"make it a folder of yours: chown {os.geteuid()} {folder}; chmod 700 {folder}")
    elif stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("data folder", f"others can read {folder}: it holds your messages.", f"chmod 700 {folder}")
    elif shutil.disk_usage(folder).free < LEAST_FREE:
        yield Finding("data folder", f"less than {LEAST_FREE // 2**20} MB are free on its disk.", "free some space; messages cannot be stored without it")
    else:
        yield Finding("data folder", note=f"{folder}" + (", in use by a running Majordomo" if in_use(folder) else ""))
    for path in (folder / "web.json", settings.key_file):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding("secrets", f"others can read {path}.", f"chmod 600 {path}")


def _database(settings: Settings) -> Iterator[Finding]:
    import sqlalchemy as sa  # noqa: PLC0415 - not needed where the settings are wrong already

    from storage import schema  # noqa: PLC0415
    from storage.database import make_engine, sync_url  # noqa: PLC0415

    url = sync_url(settings.database_url)
    if settings.database_url.startswith("sqlite") and not Path(url.database or "").exists():
        yield Finding("database", note="will be made at the first start")
        return
    try:
        engine = make_engine(settings.database_url)
        found = schema.revision(engine)
        engine.dispose()
    except (sa.exc.SQLAlchemyError, OSError) as error:
        remedy = "check that the server runs and that DATABASE_URL has the right host, user and password" if url.host else "restore a backup, or move it away"
        yield Finding("database", f"cannot be opened ({type(error).__name__}).", remedy)
        return
    if found is not None and found > schema.HEAD:
        yield Finding(
            "database", f"was made by a newer Majordomo (schema {found}, this one knows {schema.HEAD}).", "update Majordomo, or restore an older backup"
        )
    else:
        yield Finding("database", note=f"schema {found or 'not made yet'}")


def _business(settings: Settings) -> Iterator[Finding]:
    path = settings.config_file
    if not path.exists():
        yield Finding("majordomo.yaml", note="will be written at the first start")
        return
    try:
        business = load(path)
    except (ConfigFault, OSError) as fault:
        yield Finding("majordomo.yaml", str(fault), f"mend it in {path}, then run this again")
        return
    sample = ", still the sample business: change the name and the facts to yours" if business.sample else ""
    yield Finding("majordomo.yaml", note=f"{business.name}{sample}")


def _web(settings: Settings) -> Iterator[Finding]:
    if not _is_loopback(settings.host) and not settings.public_url.startswith("https://"):
        yield Finding(
            "web chat", f"listens on {settings.host}, open to the network without encryption.",
            "set MAJORDOMO_HOST=127.0.0.1 and put a TLS proxy before it, with MAJORDOMO_PUBLIC_URL=https://…",
        )  # fmt: skip
        return
    if settings.data_folder.exists() and in_use(settings.data_folder):
        yield Finding("web chat", note=f"port {settings.port}, running")
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            yield Finding(
                "web chat", f"port {settings.port} on {settings.host} is taken by another program.", "end that program, or set MAJORDOMO_PORT to a free port"
            )
            return
    yield Finding("web chat", note=f"port {settings.port} is free")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


def _telegram(settings: Settings) -> Iterator[Finding]:
    if not settings.telegram_token:
        yield Finding("Telegram", note="no token set, so it is off")
        return
    webhook = bool(settings.telegram_secret)
    if webhook and not settings.public_url.startswith("https://") and not settings.telegram_root.startswith("http://127."):
        yield Finding(
            "Telegram", "a webhook secret is set, but no public https address.", "set MAJORDOMO_PUBLIC_URL=https://…, or remove TELEGRAM_WEBHOOK_SECRET to poll"
        )
        return
    address = f"{settings.telegram_root}/bot{settings.telegram_token}/getMe"
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            name = json.load(answer)["result"].get("username", "?")
    except urllib.error.HTTPError as error:
        if error.code in {401, 404}:
            yield Finding("Telegram", "refuses the token.", "copy TELEGRAM_BOT_TOKEN from BotFather again; a token changes when it is revoked")
        else:
            yield Finding("Telegram", f"answers with status {error.code}.", "wait and run this again")
        return
    except (OSError, ValueError, KeyError):
        yield Finding("Telegram", f"{settings.telegram_root} does not answer.", "check the network, a firewall, and TELEGRAM_API_ROOT")
        return
    yield Finding("Telegram", note=f"@{name}, by {'webhook' if webhook else 'polling'}")
    if not settings.owners and settings.strangers is not Strangers.PAIR:
        yield Finding("owner", "MAJORDOMO_STRANGERS lets no code in, and MAJORDOMO_OWNERS is empty.", "set MAJORDOMO_OWNERS=telegram:YOUR_NUMERIC_ID")


def _model(settings: Settings) -> Iterator[Finding]:
    if not settings.model:
        yield Finding("language model", note=NO_MODEL)
        return
    provider = settings.model.partition(":")[0]
    if importlib.util.find_spec("langchain") is None or importlib.util.find_spec(f"langchain_{provider.replace('-', '_')}") is None:
        yield Finding("language model", f"the library for {provider} is not installed.", f"pip install 'majordomo[models]' langchain-{provider}")
        return
    if provider == "openai" and not settings.openai_key and not settings.openai_base_url:
        yield Finding("language model", "OPENAI_API_KEY is missing.", "set it, or set OPENAI_BASE_URL to a server of your own, or empty MAJORDOMO_MODEL")
        return
    yield Finding("language model", note=settings.model)


def _mail(settings: Settings) -> Iterator[Finding]:
    from bot.mail_settings import mail_server, mailbox_server  # noqa: PLC0415 - loads the libraries of mail

    if not settings.smtp_url:
        yield Finding("mail", note="no SMTP_URL set, so nothing is sent")
    try:
        server, _ = mail_server(settings), mailbox_server(settings)
    except ConfigurationError as error:
        yield Finding("mail", error.fault, error.remedy)
        return
    if server is not None:
        yield Finding("mail", note=f"sends as {server.sender.spec} through {server.endpoint.host}")


def _policy(settings: Settings) -> Iterator[Finding]:
    from orchestrator.actions.policy import PolicyFault, read  # noqa: PLC0415

    try:
        policy = read(settings.config_file)
    except PolicyFault as fault:
        yield Finding("policy", str(fault), f"mend it in {settings.config_file}, then run this again")
        return
    asked = ", ".join(deed.value for deed, verdict in policy.deeds.items() if verdict.value == "ask")
    yield Finding("policy", note=f"asks before: {asked}; a task may spend {policy.budgets.task:g} credits")


def _custom(settings: Settings) -> Iterator[Finding]:
    from orchestrator.triage import configured  # noqa: PLC0415 - loads plans

    try:
        tasks = configured.read(settings.config_file)
    except ConfigFault as fault:
        yield Finding("custom tasks", str(fault), "mend the lines named, then run this again")
        return
    except (OSError, ValueError, yaml.YAMLError):
        return  # told already: the file itself cannot be read
    if tasks:
        yield Finding("custom tasks", note=", ".join(task.name for task in tasks))


def _whatsapp(settings: Settings) -> Iterator[Finding]:
    keys = settings.whatsapp
    if not keys:
        yield Finding("WhatsApp", note="no number set, so it is off")
        return
    from bot.channels.whatsapp.check import look  # noqa: PLC0415 - loads the templates' reader

    for fault, remedy, note in look(keys, settings.config_file, PATIENCE):
        yield Finding("WhatsApp", fault, remedy, note)
    if not settings.public_url.startswith("https://"):
        yield Finding("WhatsApp", note="MAJORDOMO_PUBLIC_URL is no https address: secrets cannot be asked for on WhatsApp, for the form cannot be reached")


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _python,
    _folder,
    _database,
    _business,
    _web,
    _telegram,
    _whatsapp,
    _model,
    _mail,
    _policy,
    _custom,
    *TOOL_CHECKS,
)
"""In the order in which they are told."""
