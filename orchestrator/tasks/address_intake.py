"""Addresses that are secrets, taken out of a message before it is stored: Discord webhooks wherever they stand, others behind their command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from orchestrator.contracts import Role
from orchestrator.tasks.people import person_of
from orchestrator.tasks.places import PUBLIC_DISCORD, BadAddress, Places

MARK = "place:"
LONGEST = 2_100
"""Characters of an address; a longer one is none."""
COMMAND = "/notifications"
SCHEME = re.compile(r"https?://", re.I)
DISCORD_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){0,8}discord(?:app)?\.com", re.I)
WEBHOOKS = re.compile(r"/webhooks/", re.I)
BETWEEN = re.compile(r"[\s<>|]+")


@dataclass(frozen=True, slots=True)
class _Given:
    """An address that stands in a message: Discord's, or a webhook of the person's own with the kinds it wants."""

    url: str
    discord: bool
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressIntake:
    """Called at intake, in the transaction that stores the message."""

    places: Places

    def take(self, connection: sa.Connection, chat_id: str, person_id: str, text: str, now: datetime) -> str | None:
        """What the message is stored as instead: the place that was added, or why there is none. None where it holds no address."""
        if "/" not in text and "." not in text:
            return None
        given = _in_command(text) or self._discord_in(text)
        if given is None:
            return None
        if person_of(connection, person_id).role is Role.GUEST:
            return f"{MARK}place-gone"
        if len(given.url) > LONGEST:
            return MARK + ("place-bad-discord" if given.discord else "place-bad-webhook")
        try:
            if given.discord:
                return MARK + self.places.add_discord(connection, person_id, given.url, now).id
            return MARK + self.places.add_webhook(connection, person_id, given.url, now, given.kinds)[0].id
        except BadAddress as error:
            return MARK + error.key

    def _discord_in(self, text: str) -> _Given | None:
        for word in BETWEEN.split(text):
            if url := _discord_address(word):
                return _Given(url, discord=True)
        root = self.places.discord_root
        start = text.find(f"{root}/api/webhooks/") if root != PUBLIC_DISCORD else -1
        return _Given(text[start:].split(None, 1)[0], discord=True) if start >= 0 else None


def _in_command(text: str) -> _Given | None:
    """`/notifications discord ADDRESS`, `/notifications webhook ADDRESS kind, kind`; split by hand, so that no text takes longer than its length."""
    words = text.split()
    if len(words) < 3 or words[0].partition("@")[0].lower() != COMMAND:
        return None
    channel, url = words[1].lower(), words[2].removeprefix("<").removesuffix(">")
    if "/" not in url and "." not in url:
        return None
    if channel == "discord":
        return _Given(url, discord=True) if len(words) == 3 else None
    kinds = tuple(kind for word in words[3:] for kind in word.lower().split(",") if kind)
    return _Given(url, discord=False, kinds=kinds) if channel == "webhook" else None


def _discord_address(word: str) -> str:
    """What of a word is the address of a Discord webhook; empty where nothing is."""
    ends = [found.start() for found in WEBHOOKS.finditer(word) if found.end() < len(word)]
    if not ends:
        return ""
    for scheme in SCHEME.finditer(word):
        host = DISCORD_HOST.match(word, scheme.end())
        if host is not None and host.end() <= ends[-1]:
            return word[scheme.start() :].rstrip(".,;:!?)'\"")
    return ""
