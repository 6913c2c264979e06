"""Delivers what goes to people's places outside the chat, and tells what waited for the end of quiet hours or for the digest.

A delivery is committed as being sent before a byte leaves. One at a time goes to a place; a failed one is tried again later
and later, under the same id, and given up after the last attempt. Of a place that fails, its person is told once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from orchestrator.contracts import Action, Button, Card, Clock, LostRace, Words
from orchestrator.tasks import deliveries, digests, notifications, outgoing, places, preferences
from orchestrator.tasks.deliveries import Claimed, Dead
from orchestrator.tasks.people import owners, person_of
from orchestrator.tasks.places import Address, BadAddress, Places
from storage.database import Database
from storage.vault import KeyServiceDown

if TYPE_CHECKING:
    from bot.forwarding_senders import Ended, Sender

AT_ONCE = 8
A_HOST = 2
"""Deliveries under way to the same host."""
LONGEST_SLEEP = 30.0
LAST_WAIT = 5.0
AFTER_TROUBLE = timedelta(seconds=5)
KEYS_AGAIN = timedelta(minutes=1)
"""How long a delivery waits when the service that keeps the key to its address does not answer."""
UNKNOWN = "it may have arrived, and is not sent twice"

logger = logging.getLogger(__name__)

Senders = Callable[[], Mapping[str, "Sender"]]
"""Makes what speaks to the places, by channel: called when the first delivery is due, for its libraries cost memory."""


@dataclass(slots=True)
class Pauses:
    """Which places and hosts want to be left alone until when; kept in memory, for a host says it again."""

    until: dict[str, datetime] = field(default_factory=dict)

    def set(self, what: str, until: datetime) -> None:
        self.until[what] = max(until, self.until.get(what, until))

    def holds(self, what: str, now: datetime) -> datetime | None:
        found = self.until.get(what)
        if found is not None and found <= now:
            del self.until[what]
            return None
        return found


@dataclass(frozen=True, slots=True)
class Duty:
    """What forwarding needs of the house. `discord` is the operator's own webhook, which the first owner gets."""

    database: Database
    places: Places
    clock: Clock
    words: Words
    senders: Senders
    is_leader: Callable[[], bool] = lambda: True
    discord: str = field(default="", repr=False)


class Forwarding:
    """Runs in the process that leads. Every change is a compare-and-set, so a second one does no harm."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty
        self._wake = asyncio.Event()
        self._senders: Mapping[str, Sender] | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._hosts: dict[str, str] = {}
        self._pauses = Pauses()
        self._recovered = False
        self._given = False

    async def run(self) -> None:
        """Until cancelled; what is under way then gets a few seconds to end."""
        unsubscribe = self._duty.database.signals.subscribe(deliveries.TOPIC, lambda _: self._wake.set())
        try:
            while True:
                self._wake.clear()
                due = await self._round() if self._duty.is_leader() else None
                now = self._duty.clock.now()
                seconds = LONGEST_SLEEP if due is None else min(max((due - now).total_seconds(), 0.0), LONGEST_SLEEP)
                try:
                    async with asyncio.timeout(seconds + 0.005):  # not wait_for: it can swallow a cancellation that comes with the wake-up
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            unsubscribe()
            await self._end()

    async def _end(self) -> None:
        working = list(self._under_way.values())
        if working:
            await asyncio.wait(working, timeout=LAST_WAIT)
        for task in working:
            task.cancel()

    async def _round(self) -> datetime | None:
        """Tell what is due, begin what may be delivered; returns when something is due next. One part that fails does not stop the others."""
        found: list[datetime | None] = []
        for part in (self._prepare, self._tell_waiting, self._begin_due, self._wipe):
            try:
                found.append(await part(self._duty.clock.now()))
            except Exception:  # the edge of a worker: it is tried again a little later
                logger.exception("a part of forwarding failed; it is tried again", extra={"part": part.__name__})
                found.append(self._duty.clock.now() + AFTER_TROUBLE)
        return min((instant for instant in found if instant is not None), default=None)

    async def _prepare(self, now: datetime) -> datetime | None:
        if not self._recovered:
            await self._duty.database.write(self._take_over)
            self._recovered = True
        if self._duty.discord and not self._given:
            self._given = await self._duty.database.write(self._give_own)
        return None

    async def _tell_waiting(self, now: datetime) -> datetime | None:
        waiting = await self._duty.database.read(digests.next_due)
        if waiting is None or waiting > now:
            return waiting
        await self._duty.database.write(lambda connection: digests.sweep(connection, now, self._duty.words))
        return await self._duty.database.read(digests.next_due)

    async def _begin_due(self, now: datetime) -> datetime | None:
        due = await self._duty.database.read(deliveries.next_due)
        return await self._begin(now) if due is not None and due <= now else due

    async def _begin(self, now: datetime) -> datetime | None:
        """Claim what may go; what has to wait for its host is looked at again when that is over."""
        busy = {place for place in list(self._pauses.until) if self._pauses.holds(place, now)} | self._under_way.keys()
        room = AT_ONCE - len(self._under_way)
        claimed = await self._duty.database.write(lambda connection: deliveries.claim(connection, now, busy=busy, limit=room)) if room > 0 else []
        for delivery in claimed:
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way[delivery.place_id] = task
            task.add_done_callback(lambda _, place=delivery.place_id: self._left(place))  # type: ignore[misc]
        pauses = [until for until in self._pauses.until.values() if until > now]
        later = await self._duty.database.read(lambda connection: deliveries.next_due(connection, after=now))
        return min((instant for instant in (*pauses, later) if instant is not None), default=None)

    def _left(self, place_id: str) -> None:
        self._under_way.pop(place_id, None)
        self._hosts.pop(place_id, None)
        self._wake.set()

    # --- one delivery ---

    async def _deliver(self, delivery: Claimed) -> None:
        try:
            await self._attempt(delivery)
        except Exception:  # the edge of a worker: its lease runs out, and it is tried again
            logger.exception("a delivery failed in our own code", extra={"delivery": delivery.id, "channel": delivery.channel})

    async def _attempt(self, delivery: Claimed) -> None:
        database = self._duty.database
        if delivery.doubtful and not deliveries.may_repeat(delivery.channel):
            await database.write(lambda connection: self._bury(connection, delivery, UNKNOWN, broken=False))
            return
        sender = (await self._loaded()).get(delivery.channel)
        try:
            address = await database.write(lambda connection: self._open(connection, delivery))
        except BadAddress:
            await database.write(lambda connection: self._bury(connection, delivery, "its address is not kept any more", broken=True))
            return
        except KeyServiceDown as error:
            logger.warning("an address cannot be opened now", extra={"delivery": delivery.id, "fault": str(error)})
            await database.write(lambda connection: deliveries.put_off(connection, delivery, self._duty.clock.now() + KEYS_AGAIN))
            return
        if sender is None:
            await database.write(lambda connection: self._bury(connection, delivery, "nothing can be sent there from here", broken=True))
            return
        if not self._may_go(delivery, address):
            later = self._duty.clock.now() + timedelta(seconds=1)
            await database.write(lambda connection: deliveries.put_off(connection, delivery, later))
            return

        doubted = False

        async def in_doubt() -> None:
            nonlocal doubted
            if not await database.write(lambda connection: deliveries.doubt(connection, delivery)):
                raise LostRace
            doubted = True

        ended = await sender.send(delivery, address, self._duty.clock.now(), in_doubt)
        doubtful = delivery.doubtful or (ended.doubtful and doubted)
        await database.write(lambda connection: self._settle(connection, delivery, ended, doubtful))
        self._pause(delivery, address, ended)
        logger.info("delivery", extra={"delivery": delivery.id, "channel": delivery.channel, "arrived": ended.arrived, "attempt": delivery.attempt})

    async def _loaded(self) -> Mapping[str, Sender]:
        if self._senders is None:
            self._senders = await asyncio.to_thread(self._duty.senders)
        return self._senders

    def _open(self, connection: sa.Connection, delivery: Claimed) -> Address:
        now = self._duty.clock.now()
        address = self._duty.places.open(connection, delivery.place_id, now)
        if delivery.event == deliveries.CODE:
            return Address(address.url, self._duty.places.code(connection, delivery.place_id, now))
        return address

    def _may_go(self, delivery: Claimed, address: Address) -> bool:
        """Whether its host has room for one more; two of the same host never wait for each other's answers for long."""
        host, now = _host(address), self._duty.clock.now()
        if self._pauses.holds(host, now) is not None or sum(known == host for known in self._hosts.values()) >= A_HOST:
            return False
        self._hosts[delivery.place_id] = host
        return True

    def _pause(self, delivery: Claimed, address: Address, ended: Ended) -> None:
        if ended.pause > 0:
            until = self._duty.clock.now() + timedelta(seconds=ended.pause)
            self._pauses.set(_host(address) if ended.whole_host else delivery.place_id, until)

    def _settle(self, connection: sa.Connection, delivery: Claimed, ended: Ended, doubtful: bool) -> None:
        now = self._duty.clock.now()
        if ended.arrived:
            deliveries.sent(connection, delivery, now)
        elif ended.limited:
            deliveries.put_off(connection, delivery, now + timedelta(seconds=ended.pause))
        elif not ended.again:
            self._bury(connection, delivery, ended.error, broken=ended.broken, doubtful=doubtful)
        elif (dead := deliveries.failed(connection, delivery, ended.error, now, doubtful=doubtful)) is not None:
            self._tell(connection, dead)

    def _bury(self, connection: sa.Connection, delivery: Claimed, error: str, *, broken: bool, doubtful: bool | None = None) -> None:
        known = delivery.doubtful if doubtful is None else doubtful
        dead = deliveries.bury(connection, delivery, error, self._duty.clock.now(), doubtful=known, broken=broken)
        if dead is not None:
            self._tell(connection, dead)

    def _tell(self, connection: sa.Connection, dead: Dead) -> None:
        """Once for each place until it works again, in the chat alone."""
        person, now = person_of(connection, dead.person_id), self._duty.clock.now()
        if dead.told:
            return
        chat_id = preferences.preferred_chat(connection, preferences.load(connection, person))
        words = self._duty.words
        text = words(person.language, "place-fails", {"shown": dead.shown, "reason": dead.error})
        again = Button(words(person.language, "button-send-again", {}), Action("say", value="/notifications retry"))
        notifications.keep(connection, person.id, chat_id, notifications.ALERT, dead.shown, text, now)
        if chat_id is not None:
            outgoing.post(connection, outgoing.Envelope(chat_id, person.id, now), Card(text, ((again,),)))

    # --- house-keeping ---

    def _take_over(self, connection: sa.Connection) -> None:
        """What a process before us was sending may be sent again."""
        now = self._duty.clock.now()
        if self._duty.database.is_sqlite and (left := deliveries.recover(connection, now)):
            logger.warning("deliveries that were under way at the last stop are tried again", extra={"count": left})

    def _give_own(self, connection: sa.Connection) -> bool:
        """The operator's own Discord webhook, for the first owner who comes, unless they had one. False while nobody came."""
        for owner in owners(connection)[:1]:
            if not any(place.channel == preferences.DISCORD for place in places.ever_of(connection, owner.id)):
                self._duty.places.add_discord(connection, owner.id, self._duty.discord, self._duty.clock.now())
            return True
        return False

    async def _wipe(self, now: datetime) -> datetime | None:
        """Secrets that were shown once leave our database."""
        if await self._duty.database.read(places.has_shown_secrets):
            await self._duty.database.write(lambda connection: places.wipe_shown_secrets(connection, now))
        return None


def _host(address: Address) -> str:
    return urlsplit(address.url).netloc.rpartition("@")[2] or address.url.rpartition("@")[2]
