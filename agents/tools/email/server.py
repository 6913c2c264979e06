"""Where mail goes out: one URL says it all, `smtp://user:password@host:587?from=me@example.com` or `smtps://…`."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from agents.tools.email.address import Address, parse


class Encryption(StrEnum):
    """How a connection is kept from being read."""

    IMPLICIT = "implicit"
    """TLS from the first byte."""
    STARTTLS = "starttls"
    """Required: without it, nothing is sent and no password is said."""
    NONE = "none"
    """Only to this very machine."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server, how to reach it, and as whom."""

    host: str
    port: int
    encryption: Encryption
    user: str = ""
    password: str = field(default="", repr=False)
    authorities: str = ""
    """A file of certificate authorities to trust instead of the system's; empty for the system's."""

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authorities or None)


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server of any provider, and the address that mail is sent from."""

    endpoint: Endpoint
    sender: Address
    seconds: float = 30.0
    """How long each answer of the server may take."""

    @classmethod
    def read(cls, url: str) -> MailServer:
        """From SMTP_URL. `from` names the sender where the user is no address; `ca` a file of authorities;
        `tls=required` asks for STARTTLS even on this machine. Raises ValueError without repeating the password."""
        endpoint, options = read_endpoint(url, plain="smtp", secure="smtps", ports=(587, 465))
        sender = options.pop("from", "") or endpoint.user
        if "@" not in sender:
            raise ValueError("SMTP_URL must name the sender: add ?from=name@example.com")
        refuse_unknown(options, "SMTP_URL")
        return cls(endpoint, parse(sender))


def read_endpoint(url: str, *, plain: str, secure: str, ports: tuple[int, int]) -> tuple[Endpoint, dict[str, str]]:
    """The server of a URL, and the options that are left. `ports` are the defaults of the two schemes. Raises ValueError."""
    parts, port = _split(url)
    if parts.scheme not in {plain, secure} or not parts.hostname:
        raise ValueError(f"the address of a mail server begins with {plain}:// or {secure}:// and names a host")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = parts.hostname.lower()
    required = _option(options, "tls", ("", "required")) == "required"
    unencrypted = Encryption.NONE if is_loopback(host) and not required else Encryption.STARTTLS
    encryption = Encryption.IMPLICIT if parts.scheme == secure else unencrypted
    authorities = options.pop("ca", "")
    if authorities and not Path(authorities).is_file():
        raise ValueError("the file of authorities (ca=…) does not exist")
    default = ports[1] if parts.scheme == secure else ports[0]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Endpoint(host, port or default, encryption, user, password, authorities), options


def refuse_unknown(options: Mapping[str, str], where: str) -> None:
    if options:
        raise ValueError(f"{where} has an option that is not known: {min(options)}")


def is_loopback(host: str) -> bool:
    """Whether a host name means this very machine; names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise ValueError("the address of the mail server cannot be read; a password in it must be percent-encoded") from None


def _option(options: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = options.pop(name, "")
    if value not in allowed:
        raise ValueError(f"{name} must be {' or '.join(filter(None, allowed))}")
    return value
