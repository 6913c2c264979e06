"""E-mail addresses: read strictly, written in one way, so that what is approved is what is delivered to."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_LOCAL = 64
LONGEST = 254
"""RFC 5321, in octets."""
LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
NAMED = re.compile(r"""^\s*(?:"(?P<quoted>[^"<>\\]*)"|(?P<name>[^"<>@]*?))\s*<(?P<address>[^<>]*)>\s*$""")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
"""What would end a header line, or hide one."""


@dataclass(frozen=True, slots=True)
class Address:
    """`local`@`domain`; the domain is lower-case ASCII (`xn--…` where it has other letters)."""

    local: str
    domain: str
    name: str = ""

    @property
    def spec(self) -> str:
        """As it is given to a mail server."""
        return f"{self.local}@{self.domain}"

    @property
    def normal(self) -> str:
        """As addresses are compared: all in lower case."""
        return self.spec.lower()

    @property
    def is_ascii(self) -> bool:
        return self.local.isascii()


def parse(text: str) -> Address:
    """Read `a@b.example` or `Name <a@b.example>`. Raises ValueError that says what is wrong, without repeating control characters."""
    if CONTROL.search(text):
        raise ValueError("an e-mail address must be one line without control characters")
    named = NAMED.match(text)
    name = (named["quoted"] or named["name"] or "").strip() if named else ""
    spec = (named["address"] if named else text).strip()
    local, at, domain = spec.rpartition("@")
    if not at or not LOCAL.fullmatch(local):
        raise ValueError(f"{spec!r} is not an e-mail address")
    plain = domain_of(domain)
    if len(local.encode()) > LONGEST_LOCAL or len(local.encode()) + 1 + len(plain) > LONGEST:
        raise ValueError("the e-mail address is too long")
    return Address(local, plain, name)


def domain_of(text: str) -> str:
    """A domain in lower-case ASCII (IDNA 2008). Raises ValueError."""
    import idna  # noqa: PLC0415 - its tables are large, and a house without mail needs none

    try:
        plain = idna.encode(text.rstrip("."), uts46=True).decode().lower()
    except idna.IDNAError as error:
        raise ValueError(f"{text!r} is not a domain") from error
    if "." not in plain and plain != "localhost":
        raise ValueError(f"{text!r} is not a whole domain")
    return plain


def normalised(text: str) -> str:
    """The form in which addresses are compared. Raises ValueError."""
    return parse(text).normal
