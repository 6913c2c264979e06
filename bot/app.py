"""The composition root: the one place that knows every part by name and puts them together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from agents.catalog import Catalog
from agents.custom import Custom
from agents.email import Email
from bot import forwarding_house
from bot.autonomous import AutonomousClock
from bot.channels.base import Channel
from bot.event_stream import EventStream
from bot.forwarding import Forwarding
from bot.handling import Handling
from bot.health import Health, Place
from bot.inbox import Inbox
from bot.intents import load_intents
from bot.keys import head_keeper, key_holder
from bot.leading import Leadership
from bot.leaving import Leaving
from bot.outbox import Outbox
from bot.process import outlasting, sole_use
from bot.settings import Settings
from bot.sweeps import Sweeps
from bot.typing_signs import TypingSigns
from orchestrator.actions.approvers import approver, second_of
from orchestrator.actions.credentials import Credentials, Revealing
from orchestrator.actions.dispatcher import Dispatcher
from orchestrator.actions.limits import Breaker
from orchestrator.actions.policy import Policy
from orchestrator.actions.policy import read as read_policy
from orchestrator.actions.rules import Rules
from orchestrator.autonomous import Autonomous
from orchestrator.business import BusinessBook, BusinessFile
from orchestrator.clock import SystemClock, machine_zone
from orchestrator.contracts import Agent, Clock
from orchestrator.execution.due import DueWork
from orchestrator.execution.engine import TOPIC, Engine, has_unfinished
from orchestrator.execution.runner import Runner
from orchestrator.execution.surroundings import Surroundings
from orchestrator.language_model import LanguageModel, ModelSettings
from orchestrator.outside import OutsideTool
from orchestrator.people import Door, Strangers
from orchestrator.triage import configured
from orchestrator.triage.desk import Desk
from orchestrator.triage.model_classifier import ModelClassifier
from orchestrator.triage.router import Router, learned_examples
from orchestrator.triage.segments import Segments
from orchestrator.triage.turn import Services
from orchestrator.words import Catalogues
from storage import schema
from storage.audit import AuditLog
from storage.audit_head import follow
from storage.database import Database
from storage.vault import Vault

LOCAL_CHANNELS = frozenset({"local", "web", "terminal"})
"""Chats on this machine can reach our own address."""
FORM_ONLY = frozenset({"whatsapp"})
"""Chats that keep what was said for ever: a secret is never asked for there, only in the form."""
ENGINE_DELAY = 1.5
"""Seconds after the start at which the engine is loaded: the first reply goes before it."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Reach:
    """The outside tools: mail, browser and web libraries are loaded when the first of them is wanted."""

    settings: Settings
    database: Database
    policy: Policy
    _hands: Any = None

    def tools(self) -> Sequence[OutsideTool]:
        from bot.hands import Hands  # noqa: PLC0415

        self._hands = Hands(self.settings, self.database, self.policy.private_hosts)
        return cast(Sequence[OutsideTool], self._hands.tools)

    async def close(self) -> None:
        if self._hands is not None:
            await self._hands.close()


@dataclass(slots=True)
class House:
    """Everything put together, not yet running. Tests build one with a clock or a catalogue of their own."""

    settings: Settings
    database: Database
    clock: Clock
    business: BusinessFile
    words: Catalogues
    catalogue: Catalog
    router: Router
    engine: Engine
    runner: Runner
    services: Services
    desk: Desk
    segments: Segments
    inbox: Inbox
    outbox: Outbox
    handling: Handling
    sweeps: Sweeps
    forwarding: Forwarding
    channels: dict[str, Channel]
    duty: Leadership
    reach: Reach
    live: EventStream
    _works: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self, channels: Sequence[Channel], *, engine: bool = True) -> list[asyncio.Task[None]]:
        """Let messages in and out. Returns the running works; one of them ending means trouble."""
        await self.engine.prepare()
        for channel in channels:
            self.channels[channel.name] = channel
        self._run(self.handling.run, "handling")
        self._run(self.outbox.run, "outbox")
        self._run(self.sweeps.run, "sweeps")
        self._run(self.forwarding.run, "forwarding")
        self._run(TypingSigns(self.database, self.channels, self.clock).run, "typing")
        for channel in channels:
            self._run(partial(channel.run, self.inbox.take), channel.name)
        if engine:
            self._run(self._engine, "engine")
        self._run(self._learn, "learning")
        self._run(self._follow_audit, "audit")
        self._run(self._leaving().run, "leaving")
        self._run(self._bounces, "bounces")
        self._run(AutonomousClock(self.database, Autonomous(self.database, self.runner), self.clock, self.duty.holds).run, "autonomous")
        self._run(self.health().run, "health")
        return self._works

    async def stop(self) -> None:
        """Stop taking, finish what is claimed, flush the outbox, close."""
        self.live.close()
        for work in self._works:
            if work.get_name() not in {"outbox", "handling"}:
                work.cancel()
        await self.handling.stop()
        await self.engine.stop()
        await self.reach.close()
        await self.outbox.stop()
        for work in self._works:
            work.cancel()
        await asyncio.gather(*self._works, return_exceptions=True)
        await self.inbox.close()
        for channel in self.channels.values():
            await channel.close()
        await self.database.close()

    def _run(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._works.append(asyncio.create_task(outlasting(work), name=name))

    async def _engine(self) -> None:
        """On SQLite the engine (about 17 MB, and its polling when idle) is loaded when there is durable work, not before."""
        wanted = asyncio.Event()
        unsubscribe = self.database.signals.subscribe(TOPIC, lambda _: wanted.set())
        try:
            await asyncio.sleep(ENGINE_DELAY)
            if self.database.is_sqlite and not await self.database.read(has_unfinished):
                await wanted.wait()
        finally:
            unsubscribe()
        await self.engine.start(self.run_segment)
        await asyncio.Event().wait()

    async def run_segment(self, task_id: str, number: int) -> None:
        """What the engine runs; the libraries of the outside tools are loaded before the first, off the loop."""
        if not self.catalogue.looked:
            await asyncio.to_thread(self.catalogue.look)
        await self.segments.run(task_id, number)

    async def _follow_audit(self) -> None:
        """Keep the head of the audit log outside the database, too; a log that was cut is told at start."""
        keeper = head_keeper(self.settings)
        fault = await self.database.read(keeper.advance)
        if fault is not None:
            logger.error("the audit log does not end as it should; majordomo audit verify tells more", extra={"fault": str(fault)})
        await follow(self.database, keeper)

    @property
    def works(self) -> Sequence[asyncio.Task[None]]:
        """What was started; one that has ended means trouble."""
        return tuple(self._works)

    def health(self) -> Health:
        place = Place(self.settings.data_folder, self.settings.openai_base_url if self.settings.model else "")
        return Health(self.database, self.clock, self.words, place, self.duty.holds)

    def _leaving(self) -> Leaving:
        settings = self.settings
        pairs = bool(settings.telegram_token) and not settings.owners
        return Leaving(self.database, self.clock, self.runner.around.files, self.inbox.forget, is_leader=self.duty.holds, pairs=pairs)

    async def _bounces(self) -> None:
        """Look in the house's inbox for mail that came back; without one there is nothing to do."""
        if not self.settings.imap_url:
            await asyncio.Event().wait()
        from bot.mail_news import MailNews, ReturnedMail  # noqa: PLC0415 - loads the libraries of mail
        from bot.mail_settings import mailbox_server  # noqa: PLC0415

        server = mailbox_server(self.settings)
        if server is not None:
            await ReturnedMail(server, MailNews(self.database, self.clock, self.words), is_leader=self.duty.holds).run()

    async def _learn(self) -> None:
        """Retrain when somebody has told us what they meant."""
        wanted = asyncio.Event()
        unsubscribe = self.database.signals.subscribe("examples", lambda _: wanted.set())
        try:
            while True:
                await wanted.wait()
                wanted.clear()
                await self.router.retrain(self.database)
        finally:
            unsubscribe()


def build(settings: Settings, *, clock: Clock | None = None, catalogue: Catalog | None = None, business: BusinessFile | None = None) -> House:
    """Wire the house. Opens the database and brings its schema up to date. Raises ConfigurationError, SchemaTooNew."""
    clock = clock or SystemClock()
    _check_mail(settings)
    database = Database(settings.database_url)
    schema.ensure(database.engine)
    duty = Leadership(database, clock)
    business = business or BusinessFile(settings.config_file)
    book = BusinessBook(business)
    words = Catalogues()
    policy = read_policy(settings.config_file)
    reach = Reach(settings, database, policy)
    catalogue = catalogue or Catalog(book=book, words=words, agents=_configured(settings), outside=reach.tools)
    router = Router.load(load_intents(settings.config_file), catalogue, settings.data_folder / "cache", database.read_now(learned_examples))
    engine = Engine(database, clock)
    model = _model(settings)
    credentials = _credentials(settings, words)
    places = forwarding_house.places_of(settings, credentials.vault, policy.private_hosts, credentials.audit)
    rules = Rules(
        policy, clock, words, Breaker(policy.limits), approver, second_of(policy.approvals.second_approver), credentials.audit, _house_hosts(settings)
    )
    around = Surroundings(
        catalogue, engine, Dispatcher(catalogue, clock, words, rules), clock, words, model, Revealing(credentials, database, clock.now), credentials,
        settings.data_folder / "files", places=places,
    )  # fmt: skip
    runner = Runner(catalogue, around, engine)
    services = Services(
        router.cascade, runner, catalogue, clock, words, uses_model=model is not None, house_zone=lambda connection: book.current(connection).zone
    )
    desk = Desk(services)
    classifier = ModelClassifier(model, router.labels) if model else None
    channels: dict[str, Channel] = {}
    door = Door(Strangers(settings.strangers.value), frozenset(settings.owners), zone=business().zone or machine_zone())
    inbox = Inbox(database, clock, door, words, channels)
    inbox.take_secret = forwarding_house.taking(credentials, places)
    return House(
        settings=settings, database=database, clock=clock, business=business, words=words, catalogue=catalogue, router=router, engine=engine, runner=runner,
        services=services, desk=desk, segments=Segments(database, runner, desk, services, classifier), inbox=inbox,
        outbox=Outbox(database, channels, clock, limited=settings.send_limits, is_leader=duty.holds), handling=Handling(database, desk, clock),
        forwarding=forwarding_house.forwarding(settings, database, places, clock, words, duty.holds, policy.private_hosts),
        sweeps=Sweeps(database, DueWork(runner), clock, is_leader=duty.holds), channels=channels, duty=duty, reach=reach,
        live=EventStream(database),
    )  # fmt: skip


def _credentials(settings: Settings, words: Catalogues) -> Credentials:
    """The vault with its audit log; the one-time form is reached at the public address, or at ours by chats on this machine."""
    vault = Vault(key_holder(settings))
    ours = f"http://{settings.host}:{settings.port}"

    def form_base(channel: str) -> str:
        return settings.public_url or (ours if channel in LOCAL_CHANNELS else "")

    return Credentials(vault, words, form_base, AuditLog(vault), form_only=FORM_ONLY)


def _configured(settings: Settings) -> tuple[Agent, ...]:
    """The agents that depend on settings: mail, and the named tasks in majordomo.yaml, where there are any. Raises ConfigFault."""
    tasks = configured.read(settings.config_file)
    return (Email(sends=bool(settings.smtp_url)), *((Custom({task.task_type: task.plan for task in tasks}),) if tasks else ()))


def _house_hosts(settings: Settings) -> frozenset[str]:
    return frozenset(host for url in (settings.caldav_url, settings.imap_url, settings.searxng_url) if (host := urlsplit(url).hostname))


def _check_mail(settings: Settings) -> None:
    """Raises ConfigurationError for mail servers that cannot be used; without any, nothing is loaded."""
    if settings.smtp_url or settings.imap_url:
        from bot.mail_settings import mail_server, mailbox_server  # noqa: PLC0415

        mail_server(settings)
        mailbox_server(settings)


def _model(settings: Settings) -> LanguageModel | None:
    if not settings.model:
        return None
    return LanguageModel(ModelSettings(settings.model, settings.openai_base_url, settings.openai_key))


def lock(settings: Settings, stack: ExitStack) -> Path:
    """Take the data folder for this process, for as long as `stack` is open."""
    stack.enter_context(sole_use(settings.data_folder))
    return settings.data_folder
