"""Whose calendars: the house's (CALDAV_URL), or a person's own by a credential of theirs. Each call opens them anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pydantic

from agents.tools.caldav.dav import Collection, Dav, Stored
from agents.tools.caldav.server import CalDavServer
from agents.tools.logins import trying
from agents.tools.way_out import WayOut, destination
from orchestrator.contracts import Role, ToolError
from orchestrator.outside import Deed, Outside, Reach

AT_ONCE = 4
"""Requests to one server; more than a few at a time are turned away by many."""
NOT_SET_UP = "no calendar server is set up (CALDAV_URL), and no credential of one was named"


def _server(text: str) -> str:
    if not text:
        return ""
    place = destination(text)
    if place.scheme != "https" or urlsplit(place.url).query:
        raise ValueError("must be https://host/path/")
    return place.url


class Account(pydantic.BaseModel):
    """Which calendar server: the house's, or one that the person gave a credential for."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    credential: str = pydantic.Field(
        default="", max_length=200, pattern=r"^(cred://.+)?$", description="Handle of the person's own calendar account; empty: the house's."
    )
    server: Annotated[str, pydantic.AfterValidator(_server)] = pydantic.Field(
        default="", max_length=1000, description="With a credential: the account's address, https://host/path/."
    )

    @pydantic.model_validator(mode="after")
    def both_or_neither(self) -> Account:
        if bool(self.credential) != bool(self.server):
            raise ValueError("credential and server belong together")
        return self


@dataclass(frozen=True)
class Session:
    """An account that was looked into: its calendars, and the hand to change them."""

    dav: Dav
    server: CalDavServer
    calendars: Sequence[Collection]

    @property
    def place(self) -> str:
        """What a kept change is bound to: this account and no other."""
        return f"{self.server.user}|{self.server.url}"

    def calendar(self, name: str) -> Collection:
        """The calendar of a name; of none, the configured or the first one. Raises ToolError."""
        wanted = name or self.server.calendar
        if not wanted and self.calendars:
            return self.calendars[0]
        for one in self.calendars:
            if wanted in {one.name, one.href, one.href.rstrip("/").rpartition("/")[2]}:
                return one
        known = ", ".join(one.name for one in self.calendars) or "none"
        raise ToolError(f"there is no calendar {wanted!r}; there are: {known}" if wanted else "this account has no calendar that takes events")

    def chosen(self, name: str) -> Sequence[Collection]:
        """The calendar of a name; of none, all."""
        return [self.calendar(name)] if name else self.calendars

    async def stored(self, identity: str) -> tuple[Collection, Stored]:
        """An event by the id that caldav.agenda gave. Raises ToolError where it is gone or in no calendar of this account."""
        calendar = next((one for one in self.calendars if one.holds(identity)), None)
        if calendar is None:
            raise ToolError("no calendar of this account holds an event of that id; caldav.agenda gives the ids")
        found = await self.dav.get(identity)
        if found is None:
            raise ToolError("that event is gone; look at the agenda again")
        if not found.etag:
            raise ToolError(f"{self.dav.host} does not say which version of an event it has (ETag), so nothing is changed there")
        return calendar, found

    def organiser(self) -> str:
        """The address that invitations come from. Raises ToolError where it is not known."""
        if "@" not in self.server.user:
            raise ToolError("attendees can only be invited from an account whose user name is its e-mail address")
        return self.server.user


@dataclass
class Calendars:
    """What the tools share: the house's account, if there is one, the way out, and a queue for each calendar that is booked in."""

    way_out: WayOut
    house: CalDavServer | None = None
    _queues: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = field(default_factory=WeakKeyDictionary, repr=False)

    def reach(self, account: Account, deed: Deed, recipients: Sequence[str] = (), files: tuple[str, ...] = ()) -> Reach:
        """Raises ToolError where there is no calendar to look into."""
        found = tuple(dict.fromkeys(recipients))
        deed = Deed.MAIL if found else deed
        if account.server:
            return Reach(deed, frozenset({destination(account.server).host}), found, files, account.credential)
        if self.house is None:
            raise ToolError(NOT_SET_UP)
        return Reach(deed, frozenset({self.house.host}), found, files)

    async def open(self, outside: Outside, account: Account) -> Session:
        """The secret is asked for before anything is connected to: only a server that it is scoped to is ever reached."""
        if account.server:
            server, way_out = CalDavServer.of(await outside.secret(account.credential, account.server), account.server), self.way_out
        else:
            server = self._house(outside)
            way_out = self.way_out.allowing(server.url)
        dav = Dav(way_out, server, self._queue(f"requests to {server.host}", AT_ONCE))
        async with trying(outside, account.credential):
            calendars = await dav.calendars()
        return Session(dav, server, calendars)

    def _house(self, outside: Outside) -> CalDavServer:
        if self.house is None:
            raise ToolError(NOT_SET_UP)
        if outside.person.role is not Role.OWNER:
            raise ToolError("only the owner may use the house's calendar; name a credential of your own")
        return self.house

    def queue(self, place: str) -> asyncio.Semaphore:
        """Bookings in an account that must find their time free happen one after the other within this process."""
        return self._queue(f"bookings in {place}", 1)

    def _queue(self, name: str, width: int) -> asyncio.Semaphore:
        queues = self._queues.setdefault(asyncio.get_running_loop(), {})
        return queues.setdefault(name, asyncio.Semaphore(width))
