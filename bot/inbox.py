"""Stored once, then acknowledged: what a channel hands over is committed under its unique id before it is confirmed.

A duplicate ends here, silently, and so does whoever may not come in. Whatever a known person sent becomes a message
row and wakes the front desk.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from bot.channels.base import GROUP, Channel, DeliveryError, Incoming, Kind, Part
from orchestrator.contracts import Clock, Json, Person, Words
from orchestrator.people import Caller, Door, Entry, language_of
from orchestrator.tasks.inbox import TOPIC
from storage.database import Database
from storage.models import ChatRow, MessageRow, new_id
from storage.signals import announce

ID_COUNTS = timedelta(days=14)
"""How long a platform id bars its like; Telegram may start its numbers anew."""
TEXT_LIMIT = 20_000
KNOWN = 4096
NOTICES_A_MINUTE = 20
START = "/start"
URGENT = re.compile(r"^\s*/?(?:stop|cancel)\b", re.I)
"""What a person must be able to say at any moment, whatever waits before it."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What a database cannot keep: one such character must not hold up the whole queue."""
_REPLIES = {Entry.TOLD: "stranger-private", Entry.WRONG_CODE: "stranger-wrong-code"}

logger = logging.getLogger(__name__)


TakeSecret = Callable[[sa.Connection, str, str, str, datetime], str | None]
"""Given chat, person and text: the id of the credential request whose answer this was, after it was taken into the vault."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Which chat and person a message belongs to."""

    chat_id: str
    person_id: str


@dataclass(slots=True)
class _Taken:
    """What one transaction did: places to remember, replies owed to strangers."""

    places: dict[tuple[str, str, str], _Place] = field(default_factory=dict)
    notices: list[tuple[Incoming, str]] = field(default_factory=list)


class Inbox:
    """The one way in. `channels` is where strangers are answered; it may be filled after this is made."""

    def __init__(self, database: Database, clock: Clock, door: Door, words: Words, channels: Mapping[str, Channel]) -> None:
        self._database = database
        self._clock = clock
        self._door = door
        self._words = words
        self._channels = channels
        self._places: OrderedDict[tuple[str, str, str], _Place] = OrderedDict()
        self._notices: deque[datetime] = deque(maxlen=NOTICES_A_MINUTE)
        self._telling: set[asyncio.Task[None]] = set()
        self.take_secret: TakeSecret = lambda connection, chat_id, person_id, text, now: None

    async def take(self, batch: Sequence[Incoming]) -> None:
        """Store a batch in one transaction, in the order of its platform ids. Returns after the commit.

        Raises what the database raises; then nothing of the batch was stored and it may be handed over again.
        """
        meant = [item for item in batch if item.chat_kind != GROUP or item.addressed]
        if not meant:
            return
        meant.sort(key=_order)
        now = self._clock.now()
        try:
            taken = await self._store(meant, now, self._places)
        except IntegrityError:
            # Somebody we remember was forgotten meanwhile: ask the database about everybody.
            self._places.clear()
            taken = await self._store(meant, now, {})
        self._remember(taken.places)
        for item, key in taken.notices:
            self._answer_stranger(item, key, now)

    def forget(self) -> None:
        """Ask the database again who is who: people were removed or their rights changed."""
        self._places.clear()

    async def close(self) -> None:
        for telling in list(self._telling):
            telling.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def _store(self, batch: list[Incoming], now: datetime, known: Mapping[tuple[str, str, str], _Place]) -> _Taken:
        def work(connection: sa.Connection) -> _Taken:
            return store(connection, self._door, batch, known, now, self.take_secret)

        return await self._database.write(work, key=batch[0].channel)

    def _remember(self, places: dict[tuple[str, str, str], _Place]) -> None:
        self._places.update(places)
        while len(self._places) > KNOWN:
            self._places.popitem(last=False)

    def _answer_stranger(self, item: Incoming, key: str, now: datetime) -> None:
        """Best effort, never queued: what strangers cause must not cost us much."""
        full = len(self._notices) == NOTICES_A_MINUTE and now - self._notices[0] < timedelta(minutes=1)
        channel = self._channels.get(item.channel)
        if full or channel is None:
            return
        self._notices.append(now)
        telling = asyncio.create_task(self._tell(channel, item, self._words(language_of(item.language_code), key)))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tell(self, channel: Channel, item: Incoming, text: str) -> None:
        try:
            await channel.send(item.chat_id, Part(text))
        except DeliveryError as error:
            logger.info("a stranger was not told that the bot is private", extra={"channel": item.channel, "error": str(error)})


def store(
    connection: sa.Connection, door: Door, batch: Sequence[Incoming], known: Mapping[tuple[str, str, str], _Place], now: datetime, take_secret: TakeSecret
) -> _Taken:
    """One insert for the whole batch when everybody in it is known."""
    taken = _Taken()
    rows: list[dict[str, Any]] = []
    for item in batch:
        key = (item.channel, item.chat_id, item.sender_id)
        place, paired = known.get(key) or taken.places.get(key), False
        if place is None:
            place, paired = _let_in(connection, door, item, taken, now)
        if place is None or (item.payload.get("edited") and not _edits_the_latest(connection, place, item)):
            continue
        row = _row(item, place, now, text=START if paired else _storable(item.text)[:TEXT_LIMIT])
        if item.kind is Kind.TEXT and (request := take_secret(connection, place.chat_id, place.person_id, item.text, now)) is not None:
            row |= {"text": "", "payload": {"secret_of": request, "message_id": item.payload.get("message_id")}}
        rows.append(row)
    if rows:
        connection.execute(_INSERTS[connection.dialect.name], rows)
        for chat_id in dict.fromkeys(row["chat_id"] for row in rows):
            announce(connection, TOPIC, chat_id)
    return taken


def release_old_ids(connection: sa.Connection, now: datetime) -> int:
    """Let platform ids older than 14 days be used again; returns how many. Belongs to the retention sweep."""
    old = sa.and_(MessageRow.received_at < now - ID_COUNTS, MessageRow.platform_id.not_like("old:%"))
    freed = "old:" + sa.cast(MessageRow.seq, sa.String)
    return connection.execute(sa.update(MessageRow).where(old).values(platform_id=freed)).rowcount


def _let_in(connection: sa.Connection, door: Door, item: Incoming, taken: _Taken, now: datetime) -> tuple[_Place | None, bool]:
    """The place of somebody we do not remember, and whether they came in by a code just now."""
    if _seen(connection, item):
        return None, False
    private = item.chat_kind != GROUP
    caller = Caller(item.channel, item.sender_id, _storable(item.sender_name), item.language_code, private)
    entry, person = door.enter(connection, caller, item.text if item.kind is Kind.TEXT else "", now)
    if person is None:
        if entry in _REPLIES:
            taken.notices.append((item, _REPLIES[entry]))
        return None, False
    place = _Place(_chat(connection, item, person, now), person.id)
    taken.places[item.channel, item.chat_id, item.sender_id] = place
    return place, entry is Entry.PAIRED


def _seen(connection: sa.Connection, item: Incoming) -> bool:
    """Whether this very message is stored: a duplicate is nobody's first contact."""
    query = sa.select(MessageRow.seq).where(MessageRow.channel == item.channel, MessageRow.platform_id == item.platform_id)
    return connection.execute(query).first() is not None


def _chat(connection: sa.Connection, item: Incoming, person: Person, now: datetime) -> str:
    find = sa.select(ChatRow.id).where(ChatRow.channel == item.channel, ChatRow.external_id == item.chat_id)
    found = connection.execute(find).scalar()
    if found is not None:
        return str(found)
    values = {"id": new_id(), "person_id": person.id, "channel": item.channel, "external_id": item.chat_id, "kind": item.chat_kind, "created_at": now}
    connection.execute(sa.insert(ChatRow).values(**values))
    return str(values["id"])


def _edits_the_latest(connection: sa.Connection, place: _Place, item: Incoming) -> bool:
    """An edit counts as new text only if nothing was said since, and if it changes what was said."""
    query = sa.select(MessageRow.text, MessageRow.payload, MessageRow.platform_id).where(MessageRow.chat_id == place.chat_id)
    latest = connection.execute(query.order_by(MessageRow.seq.desc()).limit(1)).first()
    if latest is None:
        return False
    return bool(latest.payload.get("message_id") == item.payload.get("message_id") and latest.text != item.text)


def _row(item: Incoming, place: _Place, now: datetime, *, text: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "channel": item.channel,
        "platform_id": item.platform_id,
        "chat_id": place.chat_id,
        "person_id": place.person_id,
        "kind": item.kind.value,
        "urgent": item.kind is Kind.BUTTON or URGENT.match(text) is not None,
        "text": text,
        "payload": _storable_json(item.payload),
        "sent_at": item.sent_at,
        "received_at": now,
    }


def _order(item: Incoming) -> tuple[int, str]:
    """Numeric ids by their number; others stay as they came."""
    return (len(item.platform_id), item.platform_id) if item.platform_id.isdecimal() else (0, "")


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("", text)


def _storable_json(value: Json) -> Json:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, dict):
        return {_storable(str(key)): _storable_json(inner) for key, inner in value.items()}
    return [_storable_json(inner) for inner in value] if isinstance(value, list) else value


_UNIQUE = ["channel", "platform_id"]
_INSERTS: Mapping[str, Any] = {
    "sqlite": sqlite.insert(MessageRow).on_conflict_do_nothing(index_elements=_UNIQUE),
    "postgresql": postgresql.insert(MessageRow).on_conflict_do_nothing(index_elements=_UNIQUE),
}
