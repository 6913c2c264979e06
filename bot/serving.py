"""Running the house: `majordomo run`, `worker` and `chat`."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

from bot import settings as environment
from bot.app import House, build, lock
from bot.channels.base import Channel
from bot.channels.moving_in import move_in
from bot.process import collect_from_now_on, in_use, many_files, start_logging, until_stopped
from bot.settings import ConfigurationError, Settings
from bot.warming import warm
from orchestrator.contracts import Role
from storage.listening import listen

if TYPE_CHECKING:
    import uvicorn

LONGEST_FRAME = 64 * 1024
"""Bytes of a WebSocket message from outside."""

logger = logging.getLogger(__name__)


async def serve() -> None:
    """The bot with all its channels, until SIGTERM or Ctrl-C."""
    start_logging()
    many_files()
    settings = environment.read()
    with ExitStack() as stack:
        lock(settings, stack)
        prepare_config(settings)
        house = build(settings)
        await house.engine.prepare()
        await house.duty.win()
        house.database.write_now(move_in)
        works = await house.start([*telegram_channels(house), *whatsapp_channels(house), web_channel(house), api_channel(house)])
        server = WebServer(house)
        works = [*works, asyncio.create_task(server.run(), name="web server")]
        warming = asyncio.create_task(warm(house), name="warming")
        if not house.database.is_sqlite:
            works += [asyncio.create_task(house.duty.keep(), name="duty"), asyncio.create_task(listen(house.database), name="listening")]
        try:
            await until_stopped(*works)
        finally:
            warming.cancel()
            await server.stop()
            await house.stop()
            await house.duty.give_up()


async def work() -> None:
    """Tasks only: another process holds the channels."""
    start_logging()
    settings = environment.read()
    if settings.database_url.startswith("sqlite"):
        raise ConfigurationError("A worker needs a database that several processes can share.", "set DATABASE_URL to postgresql+psycopg://…")
    house = build(settings)
    await house.engine.start(house.run_segment)
    collect_from_now_on()
    logger.info("worker ready", extra={"worker": house.engine.executor_id})
    try:
        await until_stopped()
    finally:
        await house.engine.stop()
        await house.reach.close()
        await house.database.close()


async def talk() -> None:
    """The terminal chat: attached to a running bot, or with a house of its own."""
    from rich.console import Console

    from bot.channels.remote_terminal import attach

    settings = environment.read()
    console = Console()
    if in_use(settings.data_folder):
        await attach(settings.data_folder, console)
        return
    logging.disable(logging.WARNING)
    with ExitStack() as stack:
        lock(settings, stack)
        prepare_config(settings)
        house = build(settings)
        house.database.write_now(move_in)
        channel = terminal_channel(house, console)
        works = await house.start([channel])
        try:
            await until_stopped(*(work for work in works if work.get_name() == channel.name))
        finally:
            await house.stop()


def prepare_config(settings: Settings) -> None:
    """At the first start, write a commented majordomo.yaml with a sample business that says it is one."""
    from orchestrator.business import write_sample

    if not settings.config_file.exists():
        write_sample(settings.config_file)


def telegram_channels(house: House) -> list[Channel]:
    if not house.settings.telegram_token:
        return []
    # Our Telegram library imports httpx, which imports a command line of its own (rich, pygments) if it can: 8 MB, 0.1 s.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    # It imports cryptography, too, if it can, for Telegram Passport, which we do not use: 6 MB.
    absent = {"cryptography": None} if "cryptography" not in sys.modules else {}
    sys.modules.update(absent)  # type: ignore[arg-type]
    try:
        from bot.channels.telegram import TelegramChannel
    finally:
        for name in absent:
            del sys.modules[name]

    return [TelegramChannel.from_settings(house.settings)]


def whatsapp_channels(house: House) -> list[Channel]:
    """Raises ConfigurationError for templates that cannot be read."""
    if not house.settings.whatsapp:
        return []
    from bot.channels.whatsapp.channel import Doorway, WhatsAppChannel
    from bot.channels.whatsapp.templates import read_templates

    templates = read_templates(house.settings.config_file)
    doorway = Doorway(house.database, house.clock, house.words, house.runner.around.files, templates)
    return [WhatsAppChannel(house.settings.whatsapp, doorway)]


def web_channel(house: House) -> Channel:
    from bot.channels.web import WebChannel

    return WebChannel(house.database, house.clock)


def terminal_channel(house: House, console: Any) -> Channel:
    """The web chat without its page, on this terminal."""
    from bot.channels.recording import Recording
    from bot.channels.terminal import NAME, TerminalChannel

    return TerminalChannel(console, record=Recording(house.database, house.clock, NAME))


def api_channel(house: House) -> Channel:
    from bot.channels.api import ApiChannel

    return ApiChannel(house.database, house.clock)


def pairing_code(role: str) -> str:
    """A new code for the present database."""
    from orchestrator import people
    from orchestrator.clock import SystemClock
    from storage import schema
    from storage.database import Database

    settings = environment.read()
    database = Database(settings.database_url)
    schema.ensure(database.engine)
    code: str = database.write_now(lambda connection: people.make_pairing_code(connection, Role(role), SystemClock().now()))
    return code


class WebServer:
    """The web chat's HTTP server; loaded after the first poll has begun, for it costs 0.4 s."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._server: uvicorn.Server | None = None
        self._app: Any = None
        self._api: Any = None

    async def run(self) -> None:
        await asyncio.sleep(0.05)
        self._server = await asyncio.to_thread(self._load)
        greet(self._house)
        await self._server.serve()

    async def stop(self) -> None:
        if self._server is not None:
            self._app.state.closing.set()
            self._api.close()
            self._server.should_exit = True
            await asyncio.sleep(0.2)

    def _load(self) -> uvicorn.Server:
        import uvicorn

        from bot.api.on_demand import PATH, OnDemand
        from bot.web import operators
        from bot.web.app import make_app
        from bot.web.guard import Guard, announce_address, session_secret
        from bot.web.secret_form import SecretForm
        from orchestrator.triage.secrets import given_by_form

        settings, house = self._house.settings, self._house
        folder = settings.data_folder
        public = settings.public_url.split("//")[-1].split("/")[0].split(":")[0]
        guard = Guard(session_secret(folder), public)
        channel = house.channels["web"]
        webhooks = {path: receive for known in house.channels.values() for path, receive in getattr(known, "webhooks", {}).items()}
        webhooks |= mail_webhooks(house)
        form = SecretForm(
            house.database, house.clock, house.words, guard, lambda connection, request, values: given_by_form(connection, house.runner, request, values)
        )
        self._api = OnDemand(lambda: api_of(house, guard))
        self._app = make_app(channel, house.database, guard, webhooks, form, {PATH: self._api}, house.live)  # type: ignore[arg-type]
        operators.add_to(self._app, house)
        announce_address(folder, f"http://{settings.host}:{settings.port}")
        server = uvicorn.Server(server_config(self._app, settings.host, settings.port))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        return server


def server_config(app: Any, host: str, port: int) -> uvicorn.Config:
    """How our HTTP server runs. Nobody says much over a WebSocket: a key, at most."""
    import uvicorn

    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        ws=cast(Any, web_socket),
        ws_max_size=LONGEST_FRAME,
    )


def web_socket(*given: Any, **named: Any) -> asyncio.Protocol:
    """Uvicorn's own protocol, loaded with the first connection that asks for a WebSocket: most houses never do."""
    from uvicorn.protocols.websockets.auto import AutoWebSocketsProtocol

    assert AutoWebSocketsProtocol is not None, "websockets stands in the lock file"
    return AutoWebSocketsProtocol(*given, **named)


def mail_webhooks(house: House) -> Mapping[str, Any]:
    """The doors of the mail providers that the settings name, by path."""
    if not house.settings.mail_webhooks.providers:
        return {}
    from agents.tools.way_out import WayOut
    from bot.mail_news import MailNews
    from bot.web.mail_webhooks import MailWebhooks, from_amazon

    return MailWebhooks(house.settings.mail_webhooks, MailNews(house.database, house.clock, house.words), from_amazon(WayOut())).doors()


def api_of(house: House, guard: Any) -> Any:
    """The HTTP API."""
    from bot.api.app import make_api

    return make_api(house, guard)


def greet(house: House) -> None:
    """What a person sees at the start: where to go, and how to become the owner elsewhere."""
    from bot.web.guard import session_secret
    from orchestrator import people

    settings = house.settings
    print(f"Majordomo is ready. Open  http://{settings.host}:{settings.port}/?key={session_secret(settings.data_folder)}", flush=True)
    if (settings.telegram_token or settings.whatsapp) and not settings.owners:
        code = house.database.write_now(lambda connection: people.make_pairing_code(connection, Role.OWNER, house.clock.now()))
        where = " or ".join(name for name, used in (("Telegram", settings.telegram_token), ("WhatsApp", settings.whatsapp)) if used)
        print(f"To be its owner in {where}, send the bot this code within 10 minutes:  {code}", flush=True)
