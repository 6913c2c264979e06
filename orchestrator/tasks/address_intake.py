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
ANY_DISCORD = re.compile(r"https?://(?:[a-z0-9-]+\.)*discord(?:app)?\.com[^\s<>|]*/webhooks/[^\s<>|]+", re.I)
DISCORD_COMMAND = re.compile(r"^\s*/notifications(?:@\w+)?\s+discord\s+<?(?P<url>\S*(?:/|\.)\S*?)>?\s*$", re.I)
WEBHOOK_COMMAND = re.compile(r"^\s*/notifications(?:@\w+)?\s+webhook\s+<?(?P<url>\S*(?:/|\.)\S*?)>?(?:\s+(?P<kinds>[a-z_,\s]+))?\s*$", re.I)


@dataclass(frozen=True, slots=True)
class AddressIntake:
    """Called at intake, in the transaction that stores the message."""

    places: Places

    def take(self, connection: sa.Connection, chat_id: str, person_id: str, text: str, now: datetime) -> str | None:
        """What the message is stored as instead: the place that was added, or why there is none. None where it holds no address."""
        if "/" not in text and "." not in text:
            return None
        webhook = WEBHOOK_COMMAND.match(text)
        discord = DISCORD_COMMAND.match(text)
        url = discord["url"] if discord else self._discord_in(text) if webhook is None else None
        if url is None and webhook is None:
            return None
        if person_of(connection, person_id).role is Role.GUEST:
            return f"{MARK}place-gone"
        try:
            if url is not None:
                return MARK + self.places.add_discord(connection, person_id, url, now).id
            assert webhook is not None
            kinds = tuple(filter(None, re.split(r"[,\s]+", (webhook["kinds"] or "").lower())))
            return MARK + self.places.add_webhook(connection, person_id, webhook["url"], now, kinds)[0].id
        except BadAddress as error:
            return MARK + error.key

    def _discord_in(self, text: str) -> str | None:
        found = ANY_DISCORD.search(text)
        if found is not None:
            return found[0].rstrip(".,;:!?)'\"")
        root = self.places.discord_root
        start = text.find(f"{root}/api/webhooks/") if root != PUBLIC_DISCORD else -1
        return text[start:].split()[0] if start >= 0 else None
