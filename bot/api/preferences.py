"""/preferences/notifications: what a person wants to be told, where and when; and their places outside the chat."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.api.access import Caller, InHouse, caller
from bot.api.idempotency import Answer, InSending, WithoutKey
from bot.api.problems import Problem, invalid, not_found
from bot.app import House
from orchestrator.tasks import deliveries, digests, places, preferences
from orchestrator.tasks.deliveries import Message
from orchestrator.tasks.places import BadAddress, Place, Places, TooManyCodes
from orchestrator.tasks.preferences import CHANNELS, KINDS
from orchestrator.tasks.quiet_hours import QuietHours
from storage.models import ChatRow

CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
WHY = {
    "place-bad-discord": ("body.address", "this is no Discord webhook; copy its address from Discord"),
    "place-bad-webhook": ("body.address", "a webhook is called at https:// and a public host"),
    "place-bad-kind": ("body.kinds", f"there are {', '.join(KINDS)}"), "place-too-many": ("body.channel", "there are too many webhooks; take one away first"),
    "place-bad-email": ("body.address", "this is no e-mail address"), "place-no-mail": ("body.channel", "the house has no mail server; its operator sets SMTP_URL"),
}  # fmt: skip


def _clock(value: str) -> str:
    if not CLOCK.fullmatch(value):
        raise ValueError("a time of day is written HH:MM, such as 22:00")
    return value


Clock = Annotated[str, AfterValidator(_clock), Field(examples=["22:00"], json_schema_extra={"pattern": f"^{CLOCK.pattern}$"})]
Kind = Literal["reminder", "completed", "failed", "approval", "credential", "budget", "autonomous", "health", "alert"]
Channel = Literal["chat", "discord", "email", "webhook"]
Reading = Annotated[Caller, Depends(caller("settings:read"))]
Writing = Annotated[Caller, Depends(caller("settings:write"))]
PlaceId = Annotated[str, Path(max_length=36)]


class Quiet(BaseModel):
    """From when to when, in your time zone."""

    model_config = ConfigDict(extra="forbid")
    start: Clock
    end: Clock


class PreferencesView(BaseModel):
    """`choices` by kind: the channels on which you are told of it."""

    quiet: Quiet | None
    digest_at: Clock | None
    zone: str
    chat_id: str | None
    choices: dict[Kind, list[Channel]]


class PreferencesChanges(BaseModel):
    """What is left out stays; null switches off. A kind that is named in `choices` is told on exactly these channels."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"quiet": {"start": "22:00", "end": "07:00"}, "choices": {"completed": ["chat"]}}]}
    )
    quiet: Quiet | None = None
    digest_at: Clock | None = Field(default=None, description="One message a day instead of many, at this time.")
    chat_id: str | None = Field(default=None, max_length=36, description="The chat that you prefer; null: the one you wrote in last.")
    choices: dict[Kind, list[Channel]] = {}


class PlaceView(BaseModel):
    """A place outside the chat, without its address."""

    id: str
    channel: Channel
    state: str = Field(description="pending: it waits for its code; active; broken: it refuses everything")
    shown: str = Field(examples=["discord.com …4321"])
    kinds: list[str]
    created_at: datetime


class PlaceMade(PlaceView):
    """`secret` signs what goes to a webhook. It is shown this once."""

    secret: str | None = None


class PlaceList(BaseModel):
    items: list[PlaceView]


class NewPlace(BaseModel):
    """Discord: its webhook's address. email: your address, which gets a code. webhook: an https address; `kinds` narrows it."""

    model_config = ConfigDict(extra="forbid")
    channel: Literal["discord", "email", "webhook"]
    address: Annotated[SecretStr, Field(max_length=2000)]
    kinds: list[Kind] = Field(default=[], max_length=20)


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: str = Field(max_length=40, description="From the letter.")


class Queued(BaseModel):
    """How many messages are on their way."""

    queued: int


def router() -> APIRouter:
    made = APIRouter(tags=["preferences"])
    made.add_api_route("/preferences/notifications", read, methods=["GET"])
    made.add_api_route("/preferences/notifications", change, methods=["PUT"])
    made.add_api_route("/preferences/places", listed, methods=["GET"])
    made.add_api_route("/preferences/places", add, methods=["POST"], status_code=201, dependencies=[WithoutKey])
    made.add_api_route("/preferences/places/confirm-email", confirm, methods=["POST"], response_model=PlaceView)
    made.add_api_route("/preferences/places/{place}", remove, methods=["DELETE"], status_code=204)
    made.add_api_route("/preferences/places/{place}/test", test, methods=["POST"], status_code=202, response_model=Queued)
    return made


def house_places(house: House) -> Places:
    """The house's keeper of places. Raises Problem 503 where it has none."""
    found = house.runner.around.places
    if found is None:
        raise Problem(503, "no-vault", "There is no vault for addresses.", remedy="majordomo doctor tells why")
    return found


async def read(caller: Reading, house: InHouse) -> PreferencesView:
    """Quiet hours, digest and what is told where."""
    return await house.database.read(lambda connection: _shown(connection, caller))


async def change(body: PreferencesChanges, caller: Writing, house: InHouse) -> PreferencesView:
    """Change some of it."""

    def work(connection: sa.Connection) -> PreferencesView:
        now, person = house.clock.now(), caller.person
        said = body.model_fields_set
        if "quiet" in said:
            _set_quiet(connection, person.id, body.quiet, now)
        if "digest_at" in said:
            preferences.set_digest(connection, person.id, _minutes(body.digest_at) if body.digest_at else None, now)
        if "chat_id" in said:
            _check_chat(connection, caller, body.chat_id)
            preferences.set_chat(connection, person.id, body.chat_id, now)
        for kind, channels in body.choices.items():
            for channel in CHANNELS:
                preferences.choose(connection, person.id, kind, channel, wanted=channel in channels)
        digests.rearrange(connection, person, now)
        return _shown(connection, caller)

    return await house.database.write(work, key=caller.person.id)


async def listed(caller: Reading, house: InHouse) -> PlaceList:
    """Where you are told besides the chat; addresses are kept in the vault and not shown."""
    found = await house.database.read(lambda connection: places.of_person(connection, caller.person.id))
    return PlaceList(items=[PlaceView.model_validate(_place(place)) for place in found])


async def add(body: NewPlace, caller: Writing, house: InHouse) -> PlaceMade:
    """Add a place; Discord and e-mail have one each, a new one takes over."""
    known, person, address = house_places(house), caller.person, body.address.get_secret_value()

    def work(connection: sa.Connection) -> PlaceMade:
        now = house.clock.now()
        secret = None
        if body.channel == "discord":
            made = known.add_discord(connection, person.id, address, now)
        elif body.channel == "webhook":
            made, secret = known.add_webhook(connection, person.id, address, now, body.kinds)
        else:
            words = house.words
            letter = Message(deliveries.CODE, words(person.language, "place-code-title", {}), words(person.language, "place-code-text", {}), now)
            made = known.add_email(connection, person.id, address, letter, now)
        return PlaceMade.model_validate(_place(made) | {"secret": secret})

    try:
        return await house.database.write(work, key=person.id)
    except TooManyCodes as error:
        seconds = max(1, math.ceil(error.wait.total_seconds()))
        remedy = f"wait {seconds} s; the code that came last still counts"
        raise Problem(429, "too-many-codes", "Too many codes were sent.", str(error), "body.address", remedy, headers={"Retry-After": str(seconds)}) from error
    except BadAddress as error:
        raise invalid([WHY.get(error.key, ("body.address", "this address cannot be used"))]) from error


async def confirm(body: Code, caller: Writing, sending: InSending) -> Response:
    """Give the code that came by mail: the address is yours."""
    known = house_places(sending.house)

    def work(connection: sa.Connection, now: datetime) -> Answer:
        made = known.confirm_email(connection, caller.person.id, body.code, now)
        if made is None:
            wrong = "this code is wrong, too old, or was tried too often; add the address again for a new one"
            return Answer(422, invalid([("body.code", wrong)]).body())
        return Answer.of(PlaceView.model_validate(_place(made)))

    return await sending.do(caller, body, work)


async def remove(place: PlaceId, caller: Writing, house: InHouse) -> None:
    """Forget a place and its address."""
    known = house_places(house)
    if not await house.database.write(lambda connection: known.remove(connection, caller.person.id, place, house.clock.now()), key=caller.person.id):
        raise not_found("place")


async def test(place: PlaceId, caller: Writing, sending: InSending) -> Response:
    """Send a test message there."""
    house = sending.house

    def work(connection: sa.Connection, now: datetime) -> Answer:
        found = places.find(connection, caller.person.id, place)
        if found is None:
            raise not_found("place")
        if found.state == deliveries.PENDING:
            raise Problem(409, "conflict", "This address waits for its code.", remedy="POST /preferences/places/confirm-email")
        language = caller.person.language
        title, text = house.words(language, "test-title", {}), house.words(language, "test-text", {})
        deliveries.queue(connection, caller.person.id, place, found.channel, Message(deliveries.TEST, title, text, now, "success", language=language), now)
        return Answer.of(Queued(queued=1), 202)

    return await sending.do(caller, None, work)


def _set_quiet(connection: sa.Connection, person_id: str, quiet: Quiet | None, now: datetime) -> None:
    hours = None
    if quiet is not None:
        try:
            hours = QuietHours(_minutes(quiet.start), _minutes(quiet.end))
        except ValueError as error:
            raise invalid([("body.quiet", str(error) or "quiet hours need a beginning and another end")]) from error
    preferences.set_quiet(connection, person_id, hours, now)


def _check_chat(connection: sa.Connection, caller: Caller, chat_id: str | None) -> None:
    """Raises Problem 422 for a chat that is not the caller's own."""
    mine = sa.select(ChatRow.id).where(ChatRow.id == chat_id, ChatRow.person_id == caller.person.id, ChatRow.channel != preferences.API)
    if chat_id is not None and connection.execute(mine).first() is None:
        raise invalid([("body.chat_id", "there is no such chat of yours that can be read in")])


def _shown(connection: sa.Connection, caller: Caller) -> PreferencesView:
    found = preferences.load(connection, caller.person)
    quiet = Quiet(start=_time(found.quiet.start), end=_time(found.quiet.end)) if found.quiet is not None else None
    choices = {kind: [channel for channel in CHANNELS if found.wants(kind, channel)] for kind in KINDS}
    shown = {"quiet": quiet, "digest_at": None if found.digest_at is None else _time(found.digest_at), "zone": found.zone, "chat_id": found.chat_id}
    return PreferencesView.model_validate(shown | {"choices": choices})


def _place(place: Place) -> dict[str, object]:
    return {name: getattr(place, name) for name in ("id", "channel", "state", "shown", "created_at")} | {"kinds": list(place.kinds)}


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
