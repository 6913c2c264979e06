"""Which addresses a tool may connect to: public ones, and nothing of this machine, this network or its provider."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import closing

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

FORBIDDEN_V4 = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "a private network",
    "100.64.0.0/10": "a provider's shared network",
    "127.0.0.0/8": "this machine",
    "168.63.129.16/32": "a cloud's own service",
    "169.254.0.0/16": "link-local, where clouds keep their metadata",
    "172.16.0.0/12": "a private network",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "reserved",
    "192.52.193.0/24": "reserved",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "a private network",
    "192.175.48.0/24": "reserved",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
FORBIDDEN_V6 = {
    "2001::/23": "reserved, Teredo among it",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "2620:4f:8000::/48": "reserved",
    "3ffe::/16": "the old test network",
    "3fff::/20": "documentation",
}
NETWORKS = tuple((ipaddress.ip_network(text), why) for text, why in (FORBIDDEN_V4 | FORBIDDEN_V6).items())
PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
TRANSLATED_V6 = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64: where a network has only IPv6, public IPv4 servers are reached through these."""
ISATAP = (0x00005EFE, 0x02005EFE)


def reason_against(address: Address) -> str | None:
    """Why nobody may connect to this address; None where they may. An address inside an address counts as itself."""
    for network, why in NETWORKS:
        if address.version == network.version and address in network:
            return why
    if isinstance(address, ipaddress.IPv4Address):
        return None if address.is_global else "not public"
    if address.scope_id is not None:
        return "bound to one interface"
    if inner := _inside(address):
        return reason_against(inner)
    if address not in PUBLIC_V6:
        return "not a public IPv6 address"
    return None if address.is_global else "not public"


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    last = int(address) & 0xFFFFFFFF
    if address in TRANSLATED_V6 or (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
        return ipaddress.IPv4Address(last)
    return None


def is_own(address: Address) -> bool:
    """Whether this machine itself has the address, a public one included. Sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((str(address), 9))
            return ipaddress.ip_address(probe.getsockname()[0].partition("%")[0]) == address
    except OSError:
        return False


def judged(address: Address) -> str | None:
    """`reason_against`, and the addresses that this machine has."""
    return reason_against(address) or ("an address of this machine" if is_own(address) else None)
