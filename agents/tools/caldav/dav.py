"""CalDAV on the wire (RFC 4791): finding calendars, asking for what lies in a time, storing and deleting under conditions."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.sax.saxutils import escape

from agents.tools.caldav.server import CalDavServer
from agents.tools.logins import LoginRefused
from agents.tools.way_out import Answer, Ask, Concealer, Refused, WayOut, fetch, read
from orchestrator.contracts import ToolError, TransientError

D, C = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
WELL_KNOWN = "/.well-known/caldav"
BODY_BYTES = 10_000_000
REQUEST_SECONDS = 30.0
LARGEST_EVENT = 1_000_000
MOST_CALENDARS = 100
BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
ABOUT = "<D:resourcetype/><D:displayname/><C:supported-calendar-component-set/><C:calendar-home-set/><D:current-user-principal/>"
Hook = Callable[[], Awaitable[None]]


class Changed(ToolError):
    """The event was changed by somebody else in the meantime; look at it again."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A calendar on the server; `href` is its path, with a slash at the end."""

    href: str
    name: str

    def holds(self, href: str) -> bool:
        """Whether this is the path of something that lies directly in the calendar."""
        inner = unquote(href.removeprefix(self.href))
        return href.startswith(self.href) and "/" not in inner and inner not in {"", ".", ".."}


@dataclass(frozen=True, slots=True)
class Stored:
    """A calendar object as the server has it."""

    href: str
    etag: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Found:
    href: str
    props: Mapping[str, Xml.Element]


class Dav:
    """One account. Every method raises ToolError, TransientError or FatalError; nothing leaves for another origin."""

    def __init__(self, way_out: WayOut, server: CalDavServer, turn: AbstractAsyncContextManager[object] | None = None) -> None:
        """`turn` is entered for each request: how many a server is asked at once."""
        limits = replace(way_out.limits, body_bytes=BODY_BYTES, whole_seconds=min(REQUEST_SECONDS, way_out.limits.whole_seconds))
        self._way_out = replace(way_out, limits=limits, tls=server.tls() or way_out.tls)
        self._turn: AbstractAsyncContextManager[object] = turn or nullcontext()
        self._base = read(server.url)
        header = server.authorization()
        self._secret = {"Authorization": header} if header else {}
        self.conceal = Concealer((server.password, server.token, header.partition(" ")[2]))
        self.host = self._base.host

    async def calendars(self) -> list[Collection]:
        """Every calendar of the account that takes events; the one that the address itself names comes alone."""
        home = await self._home()
        if isinstance(home, Collection):
            return [home]
        found = [self._collection(one) for one in await self._propfind(home, ABOUT, "1")]
        return [one for one in found if one is not None][:MOST_CALENDARS]

    async def between(self, calendar: Collection, start: datetime, end: datetime) -> list[Stored]:
        """Every event of which some occurrence may lie in a time, whole."""
        span = f'<C:time-range start="{_utc(start)}" end="{_utc(end)}"/>'
        return await self._query(calendar, span)

    async def with_uid(self, calendar: Collection, uid: str) -> list[Stored]:
        """The events of this UID: at most one where the server keeps the rules."""
        wanted = f'<C:prop-filter name="UID"><C:text-match collation="i;octet">{escape(uid)}</C:text-match></C:prop-filter>'
        return await self._query(calendar, wanted)

    async def get(self, href: str) -> Stored | None:
        """An event; None where there is none."""
        answer = await self._ask("GET", href, headers={"Accept": "text/calendar"})
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return None
        self._expect(answer, HTTPStatus.OK)
        if len(answer.body) > LARGEST_EVENT or answer.cut:
            raise ToolError(f"that event has more than {LARGEST_EVENT} bytes and is not read")
        return Stored(href, answer.headers.get("etag", ""), answer.body)

    async def put(self, href: str, data: bytes, *, etag: str, before: Hook | None) -> str:
        """Store an event: a new one where `etag` is empty, else in the place of exactly that version. The new ETag, if the server says it. Raises Changed."""
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        answer = await self._ask("PUT", href, data, {"Content-Type": "text/calendar; charset=utf-8", **condition}, before)
        self._expect(answer, HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT)
        return "" if answer.headers.get("etag", "").startswith("W/") else answer.headers.get("etag", "")

    async def delete(self, href: str, *, etag: str, before: Hook | None) -> None:
        """Delete exactly that version; nothing happens where there is none. Raises Changed."""
        answer = await self._ask("DELETE", href, b"", {"If-Match": etag} if etag else {}, before)
        if answer.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            self._expect(answer, HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.ACCEPTED)

    async def _home(self) -> str | Collection:
        """Where the calendars of the account stand, or the calendar that the address names."""
        path = urlsplit(self._base.url).path
        for start in (path, await self._well_known() if path == "/" else ""):
            if start and (found := await self._described(start)):
                return found
        raise ToolError(f"{self.host} shows no calendars at this address; CALDAV_URL or server must name the account's or the calendar's own address")

    async def _described(self, href: str) -> str | Collection | None:
        for one in await self._propfind(href, ABOUT, "0"):
            if (itself := self._collection(one)) is not None:
                return itself
            if home := self._inner(one, f"{C}calendar-home-set"):
                return home
            if (principal := self._inner(one, f"{D}current-user-principal")) and principal != href:
                for deeper in await self._propfind(principal, ABOUT, "0"):
                    if home := self._inner(deeper, f"{C}calendar-home-set"):
                        return home
        return None

    async def _well_known(self) -> str:
        answer = await self._ask("PROPFIND", WELL_KNOWN, _propfind_body(ABOUT), {"Depth": "0", "Content-Type": "application/xml; charset=utf-8"})
        return self._href(answer.moved_to) if answer.moved_to else ""

    async def _propfind(self, href: str, props: str, depth: str) -> list[_Found]:
        answer = await self._ask("PROPFIND", href, _propfind_body(props), {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"})
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} or answer.moved_to:
            return []
        self._expect(answer, HTTPStatus.MULTI_STATUS)
        return list(self._responses(answer))

    async def _query(self, calendar: Collection, condition: str) -> list[Stored]:
        inner = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{condition}</C:comp-filter></C:comp-filter>'
        body = f"<C:calendar-query {SPACES}><D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter>{inner}</C:filter></C:calendar-query>"
        answer = await self._ask("REPORT", calendar.href, body.encode(), {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"})
        self._expect(answer, HTTPStatus.MULTI_STATUS)
        found = []
        for one in self._responses(answer):
            data = one.props.get(f"{C}calendar-data")
            etag = one.props.get(f"{D}getetag")
            if data is not None and data.text and calendar.holds(one.href) and len(data.text) <= LARGEST_EVENT:
                found.append(Stored(one.href, (etag.text or "").strip() if etag is not None else "", data.text.encode()))
        return found

    def _collection(self, one: _Found) -> Collection | None:
        kind = one.props.get(f"{D}resourcetype")
        if kind is None or kind.find(f"{C}calendar") is None:
            return None
        supported = one.props.get(f"{C}supported-calendar-component-set")
        if supported is not None and len(supported) and not any(comp.get("name", "").upper() == "VEVENT" for comp in supported):
            return None
        shown = one.props.get(f"{D}displayname")
        href = one.href if one.href.endswith("/") else one.href + "/"
        name = (shown.text or "").strip() if shown is not None else ""
        return Collection(href, "".join(letter if letter.isprintable() else " " for letter in name or unquote(href.rstrip("/").rpartition("/")[2]))[:100])

    def _inner(self, one: _Found, name: str) -> str:
        element = one.props.get(name)
        found = element.find(f"{D}href") if element is not None else None
        return self._href((found.text or "").strip()) if found is not None and found.text else ""

    def _responses(self, answer: Answer) -> Iterator[_Found]:
        for response in _xml(answer).iter(f"{D}response"):
            href = response.findtext(f"{D}href", "").strip()
            props: dict[str, Xml.Element] = {}
            for part in response.findall(f"{D}propstat"):
                if " 200" in part.findtext(f"{D}status", ""):
                    props |= {child.tag: child for child in part.findall(f"{D}prop/*")}
            if href and props:
                yield _Found(self._href(href), props)

    def _href(self, href: str) -> str:
        """A path on this very server, in one spelling. Raises ToolError for another: the password is for this one only."""
        try:
            place = read(urljoin(self._base.url, href))
        except (Refused, ValueError):
            raise ToolError(f"{self.host} answered with an address that cannot be read") from None
        if place.origin != self._base.origin:
            raise ToolError(f"{self.host} keeps these calendars at {place.scheme}://{place.authority}; give that as the server's address")
        return quote(unquote(urlsplit(place.url).path), safe="/@:!$&'()*+,;=~-._")

    async def _ask(self, method: str, href: str, body: bytes = b"", headers: Mapping[str, str] | None = None, before: Hook | None = None) -> Answer:
        url = urljoin(self._base.url, self._href(href))
        begun = False

        async def begin() -> None:
            nonlocal begun
            if before is not None:
                await before()
            begun = True

        ask = Ask(method, url, headers or {}, body, self._secret, follow=False, before_write=begin if before is not None else None)
        try:
            async with self._turn:
                answer = await fetch(self._way_out, ask)
        except ToolError as error:
            if begun:
                raise TransientError(f"the change was sent, and it is not known whether it was made: {error}") from None
            raise
        if (answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and answer.status != HTTPStatus.INSUFFICIENT_STORAGE) or answer.status in BUSY:
            raise TransientError(f"the calendar server {self.host} answered {answer.status}; try again later")
        return answer

    def _expect(self, answer: Answer, *statuses: HTTPStatus) -> None:
        if answer.status in statuses:
            return
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise LoginRefused(f"{self.host} did not accept the user name and password of the calendar")
        if answer.status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
            raise Changed
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ToolError(f"{self.host} has no such calendar")
        said = {
            HTTPStatus.FORBIDDEN: "it is not allowed",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "it is too large",
            HTTPStatus.INSUFFICIENT_STORAGE: "it is full",
        }
        raise ToolError(f"{self.host} refused this: {said.get(HTTPStatus(answer.status), '') or f'it answered {answer.status}'}")


def _propfind_body(props: str) -> bytes:
    return f"<D:propfind {SPACES}><D:prop>{props}</D:prop></D:propfind>".encode()


def _xml(answer: Answer) -> Xml.Element:
    """The answer, without anything that could grow: a document type is not taken. Raises ToolError."""
    if answer.cut:
        raise ToolError("the calendar server's answer is too large; ask for a shorter time")
    try:
        text = answer.body.decode("utf-8-sig")
        if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
            raise ValueError("a document type")
        return Xml.fromstring(text)
    except (ValueError, Xml.ParseError):
        raise ToolError("the calendar server's answer is not valid") from None


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
