"""Where a web address really leads: one reading of scheme, host and port for the policy, the check and the connection."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import idna

PORTS = {"http": 80, "https": 443}
NEVER = frozenset({
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123,
    135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995,
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211,
})  # fmt: skip
"""Ports of other protocols (the Fetch standard's list, Redis and memcached): a request there is an attack."""
DOTS = str.maketrans(dict.fromkeys("。．｡", "."))
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
UNSEEN = re.compile(r"[\x00-\x20\x7f\\]")
LONGEST = 8000


@dataclass(frozen=True, slots=True)
class Destination:
    """`url` is the one spelling that is used from here on; `host` is lower-case ASCII, an address in its usual form."""

    scheme: str
    host: str
    port: int
    url: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)

    @property
    def authority(self) -> str:
        """The Host header."""
        return _authority(self.scheme, self.host, self.port)


def destination(url: str) -> Destination:
    """Read a web address strictly. Raises ValueError, in plain words, for what could be read in two ways."""
    if len(url) > LONGEST or UNSEEN.search(url):
        raise ValueError("the address is too long or has spaces, control characters or backslashes in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("that is no web address") from None
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not url[len(scheme) :].startswith("://"):
        raise ValueError("only addresses that begin with http:// or https:// can be opened")
    if "@" in parts.netloc or "%" in parts.netloc or not parts.hostname:
        raise ValueError("the address must name a host, without user name, password or escapes")
    if re.search(r":[^0-9\]]", re.sub(r"^\[.*\]", "", parts.netloc)):
        raise ValueError("the port must be a number")
    host = host_name(parts.netloc[: parts.netloc.index("]") + 1] if parts.netloc.startswith("[") else parts.hostname)
    number = PORTS[scheme] if port is None else port
    if number == 0 or number in NEVER:
        raise ValueError(f"port {number} is not for web pages")
    clean = urlunsplit((scheme, _authority(scheme, host, number), _ascii(parts.path) or "/", _ascii(parts.query), ""))
    return Destination(scheme, host, number, clean)


def host_name(text: str) -> str:
    """A host as it is compared and connected to: lower case, ASCII, odd spellings of addresses undone. Raises ValueError."""
    if text.startswith("["):
        try:
            address = ipaddress.IPv6Address(text[1:-1])
        except ValueError:
            raise ValueError("that is no IPv6 address") from None
        if address.scope_id is not None:
            raise ValueError("an address bound to one interface cannot be opened")
        return str(address)
    if ":" in text and not text.startswith("["):
        return host_name(f"[{text}]")
    name = unicodedata.normalize("NFKC", text).translate(DOTS).casefold().removesuffix(".")
    labels = name.split(".")
    if _is_number(labels[-1]):
        return str(_old_style(labels))
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise ValueError("that host name is not valid") from None
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError("that host name is not valid")
    return name


def _is_number(label: str) -> bool:
    return bool(re.fullmatch(r"[0-9]+|0x[0-9a-f]*", label)) or (label != "" and label.isnumeric())


def _old_style(labels: list[str]) -> ipaddress.IPv4Address:
    """One to four parts in decimal, octal (0…) or hexadecimal (0x…), the last filling what is left: how C libraries read it."""
    if len(labels) > 4:
        raise ValueError("that is no IPv4 address")
    try:
        numbers = [_number(label) for label in labels]
    except ValueError:
        raise ValueError("that is no IPv4 address") from None
    room = 256 ** (5 - len(numbers))
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= room:
        raise ValueError("that is no IPv4 address")
    return ipaddress.IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(numbers[:-1])) + numbers[-1])


def _number(label: str) -> int:
    if not label.isascii() or not label.isalnum():
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8) if label.startswith("0") and label != "0" else int(label, 10)


def _authority(scheme: str, host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port == PORTS[scheme] else f"{shown}:{port}"


def _ascii(text: str) -> str:
    """Letters outside ASCII as percent escapes; what is escaped already stays as it is."""
    return "".join(letter if letter.isascii() else "".join(f"%{byte:02X}" for byte in letter.encode()) for letter in text)
