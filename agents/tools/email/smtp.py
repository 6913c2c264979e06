"""One letter, one conversation with a mail server, in our own steps: the irreversible one is announced before it is taken."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.tools.email.address import CONTROL
from agents.tools.email.compose import Letter
from agents.tools.email.server import Encryption, MailServer
from orchestrator.contracts import ToolError, TransientError

if TYPE_CHECKING:
    from aiosmtplib import SMTP, SMTPResponse

READY, OK, FORWARD = 354, 250, 251
LAST_ANSWER_SECONDS = 120.0
"""After the body a server may think long (RFC 5321 allows ten minutes)."""
LONGEST_ANSWER = 300
"""Characters of a server's words that are passed on."""
LINE_ENDS = re.compile(rb"\r\n|\n|\r")
DOTS = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class NoAnswer(TransientError):
    """The mail was handed over, and the server did not say whether it took it."""


class Refused(ToolError):
    """The mail server refused: its words are the message. Nothing was sent."""


async def deliver(server: MailServer, letter: Letter, body: bytes, in_doubt: Callable[[], Awaitable[None]]) -> Answer:
    """Hand a letter over as `body`, to all of its recipients or to none; the server's last answer.

    `in_doubt` is awaited after the server is ready for the body and before a byte of it is written. Raises TransientError
    (nothing was sent, it may be tried again), Refused (nothing was sent), or, after `in_doubt` only, NoAnswer.
    """
    import aiosmtplib  # noqa: PLC0415 - only a house that sends mail needs it

    client = _client(server)
    doubtful = False
    try:
        await _greet(client, server)
        await _envelope(client, letter, len(body))
        started = _answer(await client.execute_command(b"DATA"), server)
        if started.code != READY:
            raise _refusal(started, "the letter")
        await in_doubt()
        doubtful = True
        answer = _answer(await _hand_over(client, body), server)
        _take_leave(client)
    except aiosmtplib.SMTPResponseException as error:
        answer = _answer(aiosmtplib.SMTPResponse(error.code, str(error.message)), server)
        raise NoAnswer if doubtful else _refusal(answer, "the conversation") from error
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
        if doubtful:
            raise NoAnswer from error
        raise _unreachable(error, server) from error
    finally:
        client.close()
    if 400 <= answer.code < 600:
        raise Refused(f"the mail server did not take the letter: {answer}")
    if not 200 <= answer.code < 300:
        raise NoAnswer
    return answer


def _client(server: MailServer) -> SMTP:
    import aiosmtplib  # noqa: PLC0415 - see deliver

    endpoint = server.endpoint
    secret = endpoint.encryption is not Encryption.NONE
    return aiosmtplib.SMTP(
        hostname=endpoint.host,
        port=endpoint.port,
        use_tls=endpoint.encryption is Encryption.IMPLICIT,
        start_tls=False,
        tls_context=endpoint.tls() if secret else None,
        timeout=server.seconds,
        local_hostname=server.sender.domain,
    )


async def _greet(client: SMTP, server: MailServer) -> None:
    """Connect, encrypt, log in. A server without STARTTLS gets neither password nor letter."""
    import aiosmtplib  # noqa: PLC0415 - see deliver

    endpoint = server.endpoint
    await client.connect()
    await client.ehlo()
    if endpoint.encryption is Encryption.STARTTLS:
        if not client.supports_extension("starttls"):
            raise ToolError(f"the mail server {endpoint.host} offers no encryption (STARTTLS), so no mail is sent through it")
        await client.starttls()
        await client.ehlo()
    if not endpoint.user or not endpoint.password:
        return
    try:
        await client.login(endpoint.user, endpoint.password)
    except aiosmtplib.SMTPResponseException as error:
        answer = _answer(aiosmtplib.SMTPResponse(error.code, str(error.message)), server)
        raise _refusal(answer, "our login") from error
    except aiosmtplib.SMTPServerDisconnected:
        raise
    except aiosmtplib.SMTPException as error:
        raise ToolError(f"the mail server {endpoint.host} offers no way to log in that we know") from error


async def _envelope(client: SMTP, letter: Letter, size: int) -> None:
    """Sender and recipients. One that is refused ends it for all: what was approved was a letter to all of them."""
    options: list[str] = []
    encoding = "ascii"
    if client.supports_extension("size"):
        most = client.esmtp_extensions.get("size", "").strip()
        if most.isdigit() and 0 < int(most) < size:
            raise ToolError(f"the letter is too large for the mail server: {size} bytes, it takes {most}")
        options.append(f"SIZE={size}")
    if letter.needs_utf8_addresses:
        if not client.supports_extension("smtputf8"):
            raise ToolError("the mail server cannot deliver to an address with letters outside ASCII")
        options += ["SMTPUTF8", "BODY=8BITMIME"]
        encoding = "utf-8"
    sender = await client.execute_command(b"MAIL", f"FROM:<{letter.sender.spec}>".encode(encoding), *(option.encode() for option in options))
    if sender.code != OK:
        raise _refusal(Answer(sender.code, _plain(sender.message)), f"the sender {letter.sender.spec}")
    for recipient in letter.recipients:
        taken = await client.execute_command(b"RCPT", f"TO:<{recipient.spec}>".encode(encoding))
        if taken.code not in {OK, FORWARD}:
            raise _refusal(Answer(taken.code, _plain(taken.message)), f"the recipient {recipient.spec}")


async def _hand_over(client: SMTP, body: bytes) -> SMTPResponse:
    """Write the body and its end in one go, and wait for the server's last word."""
    import aiosmtplib  # noqa: PLC0415 - see deliver

    if client.protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    client.protocol.write(wire(body))
    return await client.protocol.read_response(timeout=LAST_ANSWER_SECONDS)


def _take_leave(client: SMTP) -> None:
    """Say QUIT without waiting: what was answered stands, and its record should not be late."""
    if client.protocol is not None and client.is_connected:
        client.protocol.write(b"QUIT\r\n")


def wire(body: bytes) -> bytes:
    """The body with CRLF ends, leading dots doubled, and the line that ends it (RFC 5321, 4.5.2)."""
    whole = LINE_ENDS.sub(b"\r\n", body)
    whole = whole if whole.endswith(b"\r\n") else whole + b"\r\n"
    return DOTS.sub(b"..", whole) + b".\r\n"


def _answer(response: SMTPResponse, server: MailServer) -> Answer:
    """A server's answer, without the password should it repeat it."""
    text = _plain(response.message)
    password = server.endpoint.password
    for secret in (password, base64.b64encode(password.encode()).decode()) if password else ():
        text = text.replace(secret, "•••")
    return Answer(response.code, text)


def _plain(text: str) -> str:
    return CONTROL.sub(" ", text.encode("utf-8", "replace").decode())[:LONGEST_ANSWER]


def _unreachable(error: BaseException, server: MailServer) -> ToolError | TransientError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ToolError(f"the certificate of the mail server {server.endpoint.host} cannot be trusted: {cause.verify_message}")
        cause = cause.__cause__
    return TransientError(f"the mail server {server.endpoint.host} cannot be reached or broke off ({type(error).__name__})")


def _refusal(answer: Answer, what: str) -> ToolError | TransientError:
    """4xx and a closed service are for later; 5xx is for good."""
    if 400 <= answer.code < 500:
        return TransientError(f"the mail server puts off {what}: {answer}")
    return Refused(f"the mail server refuses {what}: {answer}")
