"""A real mail server (aiosmtpd) that keeps what it was given, and fails where a test says so."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import Enum
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

from tests.servers.certificates import Certificate


class Fault(Enum):
    """Where in the conversation the line breaks."""

    BEFORE_354 = "drops the line when DATA comes"
    AFTER_354 = "drops the line once it is ready for the body"
    BEFORE_250 = "takes the letter and drops the line instead of answering"
    AFTER_250 = "answers, then drops the line"
    BODY_LOST = "reads the body, keeps nothing, drops the line"
    SILENT_AFTER_BODY = "takes the letter and says nothing"


@dataclass(frozen=True)
class Letter:
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=default)

    @property
    def identity(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return str(part.get_content()).replace("\r\n", "\n").rstrip("\n") if part else ""


@dataclass
class MailServer:
    """What the server was given. `answers` maps a verb, or `RCPT address`, to what it says instead of 250."""

    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    answers: dict[str, deque[str]] = field(default_factory=dict)
    logins: list[tuple[str, str]] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    on_delivery: Callable[[], None] | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=house@example.com"

    def deliveries(self) -> Counter[str]:
        """How often each letter came, by Message-ID."""
        return Counter(letter.identity for letter in self.letters)

    def answer(self, verb: str, *answers: str) -> None:
        self.answers.setdefault(verb, deque()).extend(answers)

    def next_answer(self, verb: str) -> str | None:
        waiting = self.answers.get(verb)
        return waiting.popleft() if waiting else None

    def next_fault(self, *stages: Fault) -> Fault | None:
        return self.faults.popleft() if self.faults and self.faults[0] in stages else None


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        self._server.verbs.append("MAIL")
        if refusal := self._server.next_answer("MAIL"):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        self._server.verbs.append("RCPT")
        answer = self._server.next_answer(f"RCPT {address}") or self._server.next_answer("RCPT") or "250 OK"
        if not answer.startswith("250"):
            return answer
        envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._server.verbs.append("BODY")
        if refusal := self._server.next_answer("BODY"):
            return refusal
        if self._server.next_fault(Fault.BODY_LOST):
            server.transport.abort()  # type: ignore[union-attr]
            return "250 OK"
        user = _user(session)
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self._server.letters.append(Letter(str(envelope.mail_from), tuple(envelope.rcpt_tos), content, session.ssl is not None, user))
        if self._server.on_delivery is not None:
            self._server.on_delivery()
        if self._server.next_fault(Fault.BEFORE_250):
            server.transport.abort()  # type: ignore[union-attr]
        if self._server.next_fault(Fault.SILENT_AFTER_BODY):
            await asyncio.sleep(3600)
        return "250 2.0.0 taken"


def _user(session: Session) -> str:
    data: Any = session.auth_data
    return str(data.login.decode()) if session.authenticated else ""


class _Conversation(SMTP):
    """aiosmtpd's, with the line broken at given places."""

    def __init__(self, known: MailServer, handler: Any, **options: Any) -> None:
        self._known = known
        super().__init__(handler, **options)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        self._known.verbs.append("DATA")
        if refusal := self._known.next_answer("DATA"):
            await self.push(refusal)
            return
        if self._known.next_fault(Fault.BEFORE_354):
            self.transport.abort()  # type: ignore[union-attr]
            return
        if self._known.next_fault(Fault.AFTER_354):
            await self.push("354 go on")
            self.transport.close()  # type: ignore[union-attr]
            return
        await super().smtp_DATA(arg)
        if self._known.next_fault(Fault.AFTER_250):
            self.transport.close()  # type: ignore[union-attr]


class _Controller(Controller):
    def __init__(self, known: MailServer, **options: Any) -> None:
        self._known = known
        super().__init__(_Handler(known), hostname="127.0.0.1", port=0, **options)

    def factory(self) -> SMTP:
        with warnings.catch_warnings(action="ignore"):  # it warns of a password without encryption, which is what some tests are about
            return self._converse()

    def _converse(self) -> SMTP:
        return _Conversation(self._known, self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        """The controller's probe wants to know the port, which is free to choose."""
        self._known.port = self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def running(certificate: Certificate | None = None, *, password: str = "", size: int = 30_000_000, implicit: bool = False) -> Iterator[MailServer]:
    """A server on a free port. With a certificate it offers STARTTLS (or, `implicit`, speaks TLS at once); with a password it wants a login."""
    known = MailServer()
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.chain, certificate.key)
    options: dict[str, Any] = {"data_size_limit": size, "enable_SMTPUTF8": True}
    options |= {"ssl_context": context} if implicit else {"tls_context": context}
    if password:

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword)
            known.logins.append((data.login.decode(), data.password.decode()))
            return AuthResult(success=data.password.decode() == password, handled=False, auth_data=data)

        options |= {"authenticator": check, "auth_required": True, "auth_require_tls": certificate is not None and not implicit}
    controller = _Controller(known, **options)
    controller.start()
    try:
        yield known
    finally:
        controller.stop()
