"""/autonomous: whether and how often the house looks after a person's affairs by itself, and what came of it."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Instant
from bot.api.idempotency import Answer, InSending, refused_key
from bot.api.preferences import house_places
from bot.api.problems import Problem, invalid
from bot.app import House
from bot.forwarding_house import load_senders
from orchestrator.autonomous import modes, runs
from orchestrator.autonomous.modes import Interval, NotForGuests
from orchestrator.autonomous.runs import Run
from orchestrator.tasks import deliveries, places
from orchestrator.tasks.deliveries import Claimed, Message
from orchestrator.tasks.places import Address, BadAddress
from orchestrator.tasks.preferences import DISCORD
from storage.models import new_id

NOT_DISCORD = "this is no Discord webhook; copy its address from Discord: https://discord.com/api/webhooks/…"
Reading = Annotated[Caller, Depends(caller("settings:read"))]
Writing = Annotated[Caller, Depends(caller("settings:write"))]
WebhookAddress = Annotated[SecretStr, Field(max_length=400)]


class ModeView(BaseModel):
    """How it stands. `discord` is the webhook it reports to, as far as it may be seen."""

    enabled: bool
    interval: Interval
    discord: str | None = Field(examples=["discord.com …4321"])
    last_run: datetime | None
    next_run: datetime | None
    running: bool


class ModeChanges(BaseModel):
    """What is left out stays; `discord_webhook: null` takes the webhook away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"enabled": True, "interval": "1hour"}]})
    enabled: bool | None = None
    interval: Interval | None = None
    discord_webhook: WebhookAddress | None = None


class Begun(BaseModel):
    """The run that was asked for; GET /autonomous/runs tells how it ended."""

    run_id: str


class WebhookTest(BaseModel):
    """The address to try; left out, the one that is set up."""

    model_config = ConfigDict(extra="forbid")
    webhook_url: WebhookAddress | None = None


class Tested(BaseModel):
    """`sent`: Discord took it; `queued`: it is on its way to the webhook that is set up."""

    status: Literal["sent", "queued"]


class RunView(BaseModel):
    """One due instant or request. `result` of one that ran: idle, acted or failed."""

    id: str
    due_at: datetime
    asked: bool
    state: str
    outcome: str = Field(description="ran, late, missed or skipped; empty until it has ended")
    result: str
    reason: str
    found: int
    deeds: list[dict[str, Any]]
    started_at: datetime | None
    ended_at: datetime | None


class RunList(BaseModel):
    items: list[RunView]


def router() -> APIRouter:
    made = APIRouter(tags=["autonomous"])
    made.add_api_route("/autonomous", read, methods=["GET"])
    made.add_api_route("/autonomous", change, methods=["PUT"])
    made.add_api_route("/autonomous/execute", execute, methods=["POST"], status_code=202, response_model=Begun)
    made.add_api_route("/autonomous/runs", history, methods=["GET"])
    made.add_api_route("/autonomous/test-webhook", test_webhook, methods=["POST"], response_model=Tested)
    return made


async def read(caller: Reading, house: InHouse) -> ModeView:
    """On or off, how often, the last and the next run."""
    return await house.database.read(lambda connection: _shown(connection, caller))


async def change(body: ModeChanges, caller: Writing, house: InHouse) -> ModeView:
    """Switch it, choose how often, or where it reports besides the chat."""
    known = house_places(house)

    def work(connection: sa.Connection) -> ModeView:
        now, person = house.clock.now(), caller.person
        try:
            modes.configure(connection, person, now, enabled=body.enabled, interval=body.interval)
            if body.discord_webhook is not None:
                known.add_discord(connection, person.id, body.discord_webhook.get_secret_value(), now)
        except NotForGuests as error:
            raise Problem(403, "not-allowed", "Autonomous mode is not for guests.", remedy="ask the owner") from error
        except BadAddress as error:
            raise invalid([("body.discord_webhook", NOT_DISCORD)]) from error
        if body.discord_webhook is None and "discord_webhook" in body.model_fields_set:
            for place in _discord(connection, person.id):
                known.remove(connection, person.id, place.id, now)
        return _shown(connection, caller)

    return await house.database.write(work, key=caller.person.id)


async def execute(caller: Writing, sending: InSending) -> Response:
    """Run now, at most once a minute, and never beside a run that is under way."""

    def work(connection: sa.Connection, now: datetime) -> Answer:
        try:
            asked = modes.run_now(connection, caller.person, now)
        except NotForGuests as error:
            raise Problem(403, "not-allowed", "Autonomous mode is not for guests.", remedy="ask the owner") from error
        if asked.run_id is not None:
            return Answer.of(Begun(run_id=asked.run_id), 202)
        if asked.running:
            raise Problem(409, "conflict", "A run is under way.", remedy="wait until it has ended: GET /autonomous")
        seconds = max(1, math.ceil(asked.wait.total_seconds()))
        raise Problem(429, "too-soon", "The last run was asked for a moment ago.", remedy=f"wait {seconds} s", headers={"Retry-After": str(seconds)})

    return await sending.do(caller, None, work)


async def history(
    caller: Reading, house: InHouse, limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[Instant | None, Query(description="Only runs due before: `due_at` of the last one of the page before.")] = None,
) -> RunList:  # fmt: skip
    """Your runs, the latest first."""
    found = await house.database.read(lambda connection: runs.history(connection, caller.person.id, limit, before=before))
    return RunList(items=[_run(run) for run in found])


async def test_webhook(caller: Writing, sending: InSending, body: WebhookTest | None = None) -> Response:
    """Send a test message to Discord: to an address that is not kept, without an Idempotency-Key, or to the one that is set up."""
    house, message = sending.house, _test_message(sending.house, caller)
    if body is not None and body.webhook_url is not None:
        refused_key(sending.key)
        await _send_once(house, caller, body.webhook_url.get_secret_value(), message)
        return Answer.of(Tested(status="sent")).response()

    def work(connection: sa.Connection, now: datetime) -> Answer:
        if not places.test(connection, caller.person.id, DISCORD, message, now):
            raise Problem(409, "no-webhook", "No Discord webhook is set up.", remedy="PUT /autonomous with discord_webhook, or give webhook_url")
        return Answer.of(Tested(status="queued"))

    return await sending.do(caller, body, work)


async def _send_once(house: House, caller: Caller, url: str, message: Message) -> None:
    try:
        clean, _ = house_places(house).read_discord(url)
    except BadAddress as error:
        raise invalid([("body.webhook_url", NOT_DISCORD)]) from error
    senders = await asyncio.to_thread(load_senders, house.settings, house.database, house.words, ())
    once = Claimed(new_id(), caller.person.id, "", DISCORD, deliveries.TEST, message, 1, False)

    async def in_doubt() -> None:
        """A test that may have arrived is not sent again."""

    ended = await senders[DISCORD].send(once, Address(clean), house.clock.now(), in_doubt)
    if not ended.arrived:
        raise Problem(502, "not-delivered", "Discord did not take it.", ended.error, "body.webhook_url", "look whether the webhook still exists in Discord")


def _test_message(house: House, caller: Caller) -> Message:
    language = caller.person.language
    title, text = house.words(language, "test-title", {}), house.words(language, "test-text", {})
    return Message(deliveries.TEST, title, text, house.clock.now(), "success", language=language)


def _discord(connection: sa.Connection, person_id: str) -> list[places.Place]:
    return [place for place in places.of_person(connection, person_id) if place.channel == DISCORD]


def _shown(connection: sa.Connection, caller: Caller) -> ModeView:
    mode = modes.status(connection, caller.person)
    discord = next((place.shown for place in _discord(connection, caller.person.id)), None)
    return ModeView(enabled=mode.enabled, interval=mode.interval, discord=discord, last_run=mode.last_run, next_run=mode.next_run, running=mode.running)


def _run(run: Run) -> RunView:
    same = {name: getattr(run, name) for name in RunView.model_fields if name != "deeds"}
    return RunView(**same, deeds=[dict(deed) for deed in run.deeds])
