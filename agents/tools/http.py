"""Reading and sending over HTTP: JSON interfaces, feeds, plain pages, webhooks."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import pydantic

from agents.tools.readable import words_of
from agents.tools.way_out import Answer, Ask, Concealer, WayOut, destination, fetch
from orchestrator.contracts import Effect, Json, ToolError, TransientError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result, Secret

TEXT_LIMIT = 50_000
"""Characters of a body that are handed back; a model reads no more at once."""
CUT = "\n[… cut here: the rest is longer than the limit]"
SHOWN_HEADERS = ("content-type", "last-modified", "etag", "location", "retry-after", "link", "date", "x-total-count")
FORBIDDEN_HEADERS = frozenset({
    "authorization", "cookie", "proxy-authorization", "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect",
    "keep-alive", "proxy-connection", "idempotency-key", "accept-encoding", "content-encoding", "x-forwarded-for", "x-forwarded-host", "forwarded",
})  # fmt: skip
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
TURNED_AWAY = frozenset({HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
TEXTUAL = re.compile(r"^(?:text/|application/(?:[\w.+-]*\+)?(?:json|xml|javascript|yaml|x-www-form-urlencoded|x-ndjson|rss|atom))|^$", re.I)
HTML = frozenset({"text/html", "application/xhtml+xml"})
TOKEN_FIELDS = ("token", "api_key", "key", "secret", "password", "value")


def _web_address(url: str) -> str:
    destination(url)
    return url


WebAddress = Annotated[str, pydantic.AfterValidator(_web_address), pydantic.Field(description="The whole address, beginning with https:// or http://")]


class Call(pydantic.BaseModel):
    """What reading and sending have in common."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    url: WebAddress
    query: dict[str, str] = pydantic.Field(default={}, description="Parameters added to the address")
    headers: dict[str, str] = pydantic.Field(default={}, description="Extra headers. Authorization and Cookie are not possible: use credential")
    credential: str = pydantic.Field(
        default="", pattern=r"^(cred://[\w.:-]+)?$", description="Handle of a stored credential, cred://…, if the server asks for one"
    )
    credential_as: Literal["auto", "basic", "bearer", "header"] = pydantic.Field(
        default="auto", description="How the server wants it: basic (user name and password), bearer (a token), header (a header of its own)"
    )
    credential_header: str = pydantic.Field(default="", description="The name of that header, such as X-Api-Key")

    @pydantic.field_validator("headers")
    @classmethod
    def _plain(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if name.lower() in FORBIDDEN_HEADERS or not HEADER.fullmatch(name):
                raise ValueError(f"the header {name[:40]} cannot be set")
            if not value.isprintable() or not value.isascii():
                raise ValueError(f"the header {name[:40]} has a value that cannot be sent")
        return headers

    @pydantic.model_validator(mode="after")
    def _named(self) -> Call:
        if self.credential_as == "header" and (not HEADER.fullmatch(self.credential_header) or self.credential_header.lower() in FORBIDDEN_HEADERS):
            raise ValueError("credential_as header needs credential_header, the name of a header such as X-Api-Key")
        return self

    @property
    def address(self) -> str:
        """The one spelling of the address, with the query in it."""
        place = destination(self.url)
        parts = urlsplit(place.url)
        query = "&".join(filter(None, (parts.query, urlencode(self.query, quote_via=quote))))
        return destination(urlunsplit(parts._replace(query=query))).url

    @property
    def host(self) -> str:
        return destination(self.url).host


class Get(Call):
    """What `http.get` takes."""

    raw: bool = pydantic.Field(default=False, description="HTML as it is; otherwise the page's words, title and links")


class Send(Call):
    """What `http.send` takes: at most one of json_body, form and text."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = pydantic.Field(default="POST", description="What is done")
    json_body: Json = pydantic.Field(default=None, description="A body sent as JSON")
    form: dict[str, str] = pydantic.Field(default={}, description="A body sent as form fields")
    text: str = pydantic.Field(default="", description="A body sent as plain text")

    @pydantic.model_validator(mode="after")
    def _one_body(self) -> Send:
        if sum(("json_body" in self.model_fields_set and self.json_body is not None, bool(self.form), bool(self.text))) > 1:
            raise ValueError("give one of json_body, form and text")
        return self

    def body(self) -> tuple[str, bytes]:
        """Content-Type and the bytes."""
        if self.form:
            return "application/x-www-form-urlencoded", urlencode(self.form).encode()
        if self.text:
            return "text/plain; charset=utf-8", self.text.encode()
        if self.json_body is not None:
            return "application/json", json.dumps(self.json_body, ensure_ascii=False).encode()
        return "", b""


@dataclass(frozen=True)
class HttpGet:
    """Reads an address."""

    way_out: WayOut
    name: str = "http.get"
    version: int = 1
    description: str = (
        "Read a public web address or JSON interface with GET. Redirects within the host are followed; one to another host is reported as moved_to."
    )
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Get
    credits: int = 5
    seconds: float = 75.0
    public: bool = True

    def reach(self, arguments: Get) -> Reach:
        return Reach(Deed.READ, frozenset({arguments.host}), credential=arguments.credential)

    def preview(self, arguments: Get, words: Phrase) -> Preview:
        return Preview(words("http-get-summary", host=arguments.host), _details(arguments, words))

    async def act(self, outside: Outside, arguments: Get) -> Result:
        secret, concealer = await _secret(outside, arguments)
        headers = {"Accept": "application/json, text/*;q=0.9, */*;q=0.5", **arguments.headers}
        ask = Ask("GET", arguments.address, headers, secret_headers=secret, hosts=near(arguments.host))
        answer = await fetch(self.way_out, ask)
        await _judged(outside, arguments, secret, answer)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in BUSY:
            raise TransientError(f"{arguments.host} answered {_status(answer.status)}; try again later")
        return Result(_shown(answer, concealer, raw=arguments.raw), source=concealer(answer.url), private=bool(arguments.credential))


@dataclass(frozen=True)
class HttpSend:
    """Sends something to an address: what the server does with it cannot be taken back from here."""

    way_out: WayOut
    name: str = "http.send"
    version: int = 1
    description: str = "Send a POST, PUT, PATCH or DELETE request to a web address, with a JSON, form or text body. Cannot be undone; no redirect is followed."
    effect: Effect = Effect.IRREVERSIBLE
    arguments: type[pydantic.BaseModel] = Send
    credits: int = 10
    seconds: float = 75.0

    def reach(self, arguments: Send) -> Reach:
        deed = Deed.DELETION if arguments.method == "DELETE" else Deed.WRITE
        return Reach(deed, frozenset({arguments.host}), credential=arguments.credential)

    def preview(self, arguments: Send, words: Phrase) -> Preview:
        kind, body = arguments.body()
        shown = ((words("http-body", kind=kind), body.decode()),) if body else ()
        key = "http-delete-summary" if arguments.method == "DELETE" else "http-send-summary"
        return Preview(words(key, host=arguments.host, method=arguments.method), (*_details(arguments, words), *shown))

    async def act(self, outside: Outside, arguments: Send) -> Result:
        secret, concealer = await _secret(outside, arguments)
        kind, body = arguments.body()
        fixed = {"Accept": "application/json, text/*;q=0.9, */*;q=0.5", "Idempotency-Key": outside.key} | ({"Content-Type": kind} if body else {})
        kept = {name: value for name, value in arguments.headers.items() if name.lower() != "content-type" or not body}
        begun = False

        async def begin() -> None:
            nonlocal begun
            await outside.in_doubt()
            begun = True

        ask = Ask(arguments.method, arguments.address, kept | fixed, body, secret, follow=False, before_write=begin)
        try:
            answer = await fetch(self.way_out, ask)
        except ToolError as error:
            if begun:
                raise TransientError(f"the request was sent, and it is not known whether it had an effect: {error}") from None
            raise
        _settled(arguments.host, answer.status)
        await _judged(outside, arguments, secret, answer)
        value = {"accepted": answer.status < HTTPStatus.MULTIPLE_CHOICES, **_shown(answer, concealer)}
        return Result(value, source=concealer(answer.url), private=bool(arguments.credential))


async def _judged(outside: Outside, arguments: Call, sent: Mapping[str, str], answer: Answer) -> None:
    """Let the vault know whether the server took the credential. A redirect, a missing page or a missing right says nothing of it.

    Nor does a 401 that asks for another way than the one in which it was sent: that was the model's mistake.
    """
    if not arguments.credential:
        return
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        await outside.tried(arguments.credential, accepted=True)
    elif answer.status == HTTPStatus.UNAUTHORIZED:
        wanted, way = answer.headers.get("www-authenticate", "").lower(), sent.get("Authorization", "").partition(" ")[0].lower()
        if not wanted or (way and way in wanted):
            await outside.tried(arguments.credential, accepted=False)


def _settled(host: str, status: int) -> None:
    """Raises ToolError where the server said that it did nothing, TransientError where nobody can know."""
    if status in TURNED_AWAY:
        raise ToolError(f"{host} answered {_status(status)} and did nothing; try again later")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in BUSY:
        raise TransientError(f"{host} answered {_status(status)}: it is not known whether the request had an effect")


def near(host: str) -> frozenset[str]:
    """The hosts that a redirect may lead to unasked: the same one, with and without www."""
    return frozenset({host, host.removeprefix("www."), f"www.{host}"})


def _details(arguments: Call, words: Phrase) -> tuple[tuple[str, str], ...]:
    rows = [(words("http-address"), arguments.address)]
    rows += [(words("http-header", name=name), value) for name, value in arguments.headers.items()]
    if arguments.credential:
        rows.append((words("http-credential"), arguments.credential))
    return tuple(rows)


async def _secret(outside: Outside, arguments: Call) -> tuple[dict[str, str], Concealer]:
    """The header that carries the credential, and what takes its value out of the answer again."""
    if not arguments.credential:
        return {}, Concealer(())
    secret = await outside.secret(arguments.credential, arguments.address)
    header = _credential_header(arguments, secret)
    bare = (value.partition(" ")[2] for value in header.values() if " " in value)
    return header, Concealer((*secret.fields.values(), *header.values(), *bare))


def _credential_header(arguments: Call, secret: Secret) -> dict[str, str]:
    fields = secret.fields
    way = arguments.credential_as
    if way == "auto":
        way = "basic" if "username" in fields and "password" in fields else "bearer"
    if way == "basic":
        if "password" not in fields:
            raise ToolError("this credential has no user name and password; it may be a token: use bearer")
        pair = f"{fields.get('username', '')}:{fields['password']}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    token = next((fields[name] for name in TOKEN_FIELDS if fields.get(name)), "")
    if not token or not token.isascii() or not token.isprintable():
        raise ToolError("this credential holds no token that could be sent in a header")
    return {arguments.credential_header: token} if way == "header" else {"Authorization": f"Bearer {token}"}


def _shown(answer: Answer, concealer: Concealer, *, raw: bool = True) -> dict[str, Json]:
    """The answer as a model reads it: status, the headers that matter, and the body as JSON or text."""
    headers: dict[str, Json] = {name: concealer(answer.headers[name]) for name in SHOWN_HEADERS if name in answer.headers}
    value: dict[str, Json] = {"status": answer.status, "url": concealer(answer.url), "headers": headers}
    if answer.moved_to:
        value["moved_to"] = concealer(answer.moved_to)
    kind = str(answer.headers.get("content-type", "")).partition(";")[0].strip()
    if not TEXTUAL.search(kind) or b"\x00" in answer.body[:1000]:
        return value | {"bytes": len(answer.body), "truncated": answer.cut}
    text = concealer(_decoded(answer), cut=answer.cut)
    if not answer.cut and len(text) <= TEXT_LIMIT and (kind.endswith("json") or text[:1] in ("{", "[")):
        try:
            return value | {"json": json.loads(concealer(json.dumps(json.loads(text), ensure_ascii=False))), "truncated": False}
        except ValueError:
            return value | {"text": text, "truncated": False}
    if kind.lower() in HTML and not raw:
        page = words_of(text, answer.url)
        value |= {"title": concealer(page.title), "links": [{"text": concealer(said), "url": concealer(url)} for said, url in page.links]}
        text = concealer(page.text)
    cut = answer.cut or len(text) > TEXT_LIMIT
    return value | {"text": text[:TEXT_LIMIT] + (CUT if cut else ""), "truncated": cut}


def _decoded(answer: Answer) -> str:
    named = re.search(r"charset=[\"']?([\w.:-]+)", str(answer.headers.get("content-type", "")), re.I)
    try:
        return answer.body.decode(named.group(1) if named else "utf-8", errors="replace")
    except (LookupError, ValueError):  # "idna", "undefined" and the like: the server chooses it
        return answer.body.decode("utf-8", errors="replace")


def _status(number: int) -> str:
    try:
        return f"{number} {HTTPStatus(number).phrase}"
    except ValueError:
        return str(number)
