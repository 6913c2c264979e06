"""A mailbox over IMAP: searched and read without leaving a trace. Everything here blocks and runs in a thread."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast

from agents.tools.email.address import CONTROL
from agents.tools.email.server import Encryption, Endpoint, read_endpoint, refuse_unknown
from agents.tools.logins import LoginRefused
from orchestrator.contracts import ToolError, TransientError
from orchestrator.outside import Found

T = TypeVar("T")

INBOX = "INBOX"
SENT_NAMES = ("Sent", "Sent Messages", "Sent Items", "Gesendet", "Gesendete Objekte", "Enviados", "[Gmail]/Sent Mail", "已发送")
"""Where a server does not say which folder keeps what was sent (RFC 6154), these are tried."""
LARGEST_MAIL = 30_000_000
SECONDS = 30.0
GONE = "that mail is not in the folder any more; search again"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HEADERS = "FROM TO SUBJECT DATE MESSAGE-ID"
ATTRIBUTE = {"uid": re.compile(rb"\bUID (\d+)"), "flags": re.compile(rb"\bFLAGS \(([^)]*)\)"), "size": re.compile(rb"\bRFC822\.SIZE (\d+)")}
PUT_OFF = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.I)
"""RFC 5530: the login was turned away, and not for its password."""
LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"[^"]*"|NIL) (?P<name>.+)$')


@dataclass(frozen=True, slots=True)
class MailboxServer:
    """An IMAP account."""

    endpoint: Endpoint
    sent: str = ""
    """The folder of sent mail; empty: the one that the server calls so."""
    files_sent: bool = False
    """Whether the provider itself files every mail it sends, so that one that is not there was not sent."""

    @classmethod
    def read(cls, url: str) -> MailboxServer:
        """From IMAP_URL: `imaps://user:password@host`, `imap://…` (STARTTLS but on this machine); `sent=Folder`, `files_sent=yes`,
        `ca=file`, `tls=required`. Raises ValueError without repeating the password."""
        endpoint, options = read_endpoint(url, plain="imap", secure="imaps", ports=(143, 993))
        sent, files = options.pop("sent", ""), options.pop("files_sent", "no")
        if files not in {"yes", "no"}:
            raise ValueError("files_sent must be yes or no")
        refuse_unknown(options, "IMAP_URL")
        return cls(endpoint, sent, files == "yes")


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to look for; all of it must hold."""

    text: str = ""
    sender: str = ""
    subject: str = ""
    header: tuple[str, str] = ("", "")
    since: date | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A mail as a folder lists it; `headers` are its bytes."""

    identity: str
    """`uid-validity.uid`: the same mail for as long as the folder lives."""
    unread: bool
    size: int
    headers: bytes


class Mailbox:
    """An open, logged-in connection. Methods raise ToolError or TransientError (through `opened`)."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection
        self._validity = ""

    def enter(self, folder: str, *, writing: bool = False) -> bool:
        """Open a folder, read-only unless told (EXAMINE: nothing gets marked as read). False where there is none."""
        kind, _ = self._connection.select(quoted(encoded_folder(folder)), readonly=not writing)
        if kind != "OK":
            return False
        _, validity = self._connection.response("UIDVALIDITY")
        self._validity = validity[0].decode() if validity and validity[0] else "0"
        return True

    def find(self, criteria: Criteria) -> list[str]:
        """The identities of what fits, newest first."""
        arguments, literal = _search(criteria)
        self._connection.literal = cast(Any, literal)
        kind, data = self._connection.uid("SEARCH", *arguments)
        if kind != "OK":
            raise ToolError("the mailbox could not be searched for this")
        uids = sorted((int(uid) for uid in (data[0] or b"").split()), reverse=True)
        return [f"{self._validity}.{uid}" for uid in uids]

    def overview(self, identities: Sequence[str]) -> list[Seen]:
        """Headers and marks, in the order asked for."""
        if not identities:
            return []
        uids = ",".join(self._uid(identity) for identity in identities)
        _, data = self._connection.uid("FETCH", uids, f"(UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({HEADERS})])")
        seen = {one.identity: one for one in (self._seen(*pair) for pair in _fetched(data))}
        return [seen[identity] for identity in identities if identity in seen]

    def whole(self, identity: str) -> bytes:
        """The mail as it came. Raises ToolError where it is gone or too large."""
        size = next((one.size for one in self.overview([identity])), None)
        if size is None:
            raise ToolError(GONE)
        if size > LARGEST_MAIL:
            raise ToolError(f"that mail is too large to be read: {size} bytes")
        _, data = self._connection.uid("FETCH", self._uid(identity), "(UID BODY.PEEK[])")
        for _, content in _fetched(data):
            return content
        raise ToolError(GONE)

    def mark(self, identity: str, *, read: bool) -> None:
        self._connection.uid("STORE", self._uid(identity), "+FLAGS" if read else "-FLAGS", r"(\Seen)")

    def sent_folders(self, known: str) -> list[str]:
        """Where sent mail may lie, the likeliest first."""
        if known:
            return [known]
        _, rows = self._connection.list()
        marked, named = [], []
        for row in rows:
            found = LISTED.search(row) if isinstance(row, bytes) else None
            if found is None:
                continue
            name = decoded_folder(found["name"].decode("ascii", "replace").strip('"').replace('\\"', '"').replace("\\\\", "\\"))
            if b"\\sent" in found["flags"].lower():
                marked.append(name)
            elif name in SENT_NAMES:
                named.append(name)
        return [*marked, *named]

    def _seen(self, attributes: bytes, content: bytes) -> Seen:
        found = {name: pattern.search(attributes) for name, pattern in ATTRIBUTE.items()}
        uid, flags, size = (match[1] if (match := found[name]) else b"" for name in ("uid", "flags", "size"))
        return Seen(f"{self._validity}.{uid.decode()}", rb"\seen" not in flags.lower(), int(size or 0), content)

    def _uid(self, identity: str) -> str:
        validity, _, uid = identity.partition(".")
        if validity != self._validity or not uid.isdigit():
            raise ToolError(GONE)
        return uid


@contextmanager
def opened(endpoint: Endpoint) -> Iterator[Mailbox]:
    """Connect, encrypt, log in; log out at the end. Raises ToolError and TransientError in plain words, without the password."""
    try:
        connection = _connect(endpoint)
        try:
            _log_in(connection, endpoint)
            yield Mailbox(connection)
        finally:
            _leave(connection)
    except ssl.SSLCertVerificationError as error:
        raise ToolError(f"the certificate of the mail server {endpoint.host} cannot be trusted: {error.verify_message}") from error
    except imaplib.IMAP4.abort as error:
        raise TransientError(f"the mail server {endpoint.host} broke off") from error
    except imaplib.IMAP4.error as error:
        raise ToolError(f"the mail server {endpoint.host} refused what was asked of the mailbox") from error
    except OSError as error:
        raise TransientError(f"the mail server {endpoint.host} cannot be reached ({type(error).__name__})") from error


def with_mailbox(endpoint: Endpoint, work: Callable[[Mailbox], T]) -> T:
    """One visit, in the caller's thread."""
    with opened(endpoint) as mailbox:
        return work(mailbox)


def look_for(mailbox: Mailbox, server: MailboxServer, identity: str) -> Found:
    """Whether a mail with this Message-ID was sent: it lies among the sent ones, or came back to the sender's own inbox."""
    folders = mailbox.sent_folders(server.sent)
    visited = [folder for folder in (*folders, INBOX) if mailbox.enter(folder) and mailbox.find(Criteria(header=("Message-ID", identity)))]
    if visited:
        return Found.DONE
    return Found.NOT_DONE if server.files_sent and folders else Found.UNKNOWN


def _connect(endpoint: Endpoint) -> imaplib.IMAP4:
    if endpoint.encryption is Encryption.IMPLICIT:
        return imaplib.IMAP4_SSL(endpoint.host, endpoint.port, ssl_context=endpoint.tls(), timeout=SECONDS)
    connection = imaplib.IMAP4(endpoint.host, endpoint.port, timeout=SECONDS)
    if endpoint.encryption is Encryption.STARTTLS:
        if "STARTTLS" not in connection.capabilities:
            connection.shutdown()
            raise ToolError(f"the mail server {endpoint.host} offers no encryption (STARTTLS), so no password is given to it")
        connection.starttls(endpoint.tls())
    return connection


def _log_in(connection: imaplib.IMAP4, endpoint: Endpoint) -> None:
    if CONTROL.search(endpoint.user + endpoint.password):
        raise ToolError("the user name or password of the mailbox holds a control character")
    try:
        connection.login(quoted(endpoint.user), endpoint.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        if PUT_OFF.search(str(error)):
            raise TransientError(f"the mail server {endpoint.host} lets nobody in at the moment") from None
        raise LoginRefused(f"the mail server {endpoint.host} refused the login; check user name and password") from None


def _leave(connection: imaplib.IMAP4) -> None:
    """Log out; a line that is down already needs none."""
    try:
        connection.logout()
    except (imaplib.IMAP4.error, OSError):
        connection.shutdown()


def _search(criteria: Criteria) -> tuple[list[str], bytes | None]:
    """The arguments of SEARCH, and the one text outside ASCII, which goes last and as a literal."""
    arguments: list[str] = []
    foreign: list[tuple[str, str]] = []
    if criteria.unread:
        arguments.append("UNSEEN")
    if criteria.since:
        arguments += ["SINCE", f"{criteria.since.day:02d}-{MONTHS[criteria.since.month - 1]}-{criteria.since.year}"]
    if criteria.header[0]:
        arguments += ["HEADER", criteria.header[0], quoted(criteria.header[1])]
    for key, value in (("FROM", criteria.sender), ("SUBJECT", criteria.subject), ("TEXT", criteria.text)):
        if value and value.isascii():
            arguments += [key, quoted(value)]
        elif value:
            foreign.append((key, value))
    if len(foreign) > 1:
        raise ToolError("only one of sender, subject and text can hold letters outside ASCII in one search")
    if not foreign:
        return arguments or ["ALL"], None
    return ["CHARSET", "UTF-8", *arguments, foreign[0][0]], CONTROL.sub(" ", foreign[0][1]).encode()


def _fetched(data: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of attributes and content; attributes may stand before and after the content."""
    for place, item in enumerate(data):
        if isinstance(item, tuple):
            after = data[place + 1] if place + 1 < len(data) and isinstance(data[place + 1], bytes) else b""
            yield item[0] + b" " + after, item[1]


def quoted(text: str) -> str:
    """A quoted string of IMAP. Raises ToolError for what would end it or the line."""
    if CONTROL.search(text):
        raise ToolError("a search or folder name must be one line without control characters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def encoded_folder(name: str) -> str:
    """A folder's name in IMAP's own UTF-7 (RFC 3501, 5.1.3). Raises ToolError for one that is not a line."""
    if CONTROL.search(name):
        raise ToolError("a folder name must be one line without control characters")
    parts = re.split(r"([^\x20-\x7e]+)", name)
    return "".join(_packed(part) if place % 2 else part.replace("&", "&-") for place, part in enumerate(parts))


def decoded_folder(name: str) -> str:
    """The reverse; what is not well-formed stays as it is."""
    return re.sub(r"&([A-Za-z0-9+,]*)-", lambda found: _unpacked(found[1]) if found[1] else "&", name)


def _packed(text: str) -> str:
    packed = base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{packed}-"


def _unpacked(text: str) -> str:
    whole = text.replace(",", "/")
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("utf-16-be")
    except ValueError:
        return f"&{text}-"
