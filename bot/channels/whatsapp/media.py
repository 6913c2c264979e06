"""Files that people send: noted with the webhook, fetched afterwards, kept in the person's own folder, then handed to the inbox.

A webhook is answered at once, so the file cannot be waited for; what is noted is fetched again after a crash. A stranger's file is never fetched.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from mimetypes import guess_extension
from pathlib import Path

import sqlalchemy as sa

from bot.channels.base import DeliveryError, Incoming, Intake, Kind, RetryAfter
from bot.channels.whatsapp import contacts
from bot.channels.whatsapp.wire import File, Graph, MediaRefused
from orchestrator.contracts import Clock, ToolError
from storage.database import Database
from storage.models import WhatsAppMediaRow

LARGEST = 20_000_000
"""Bytes of one file; a person's folder takes no larger ones."""
ATTEMPTS = 6
FOLDER = "received"
_UNSAFE = re.compile(r"[^\w .()-]+")
Row = WhatsAppMediaRow

logger = logging.getLogger(__name__)


def set_aside(connection: sa.Connection, batch: Sequence[Incoming], now: datetime) -> list[Incoming]:
    """Note the files of people we know, for fetching; returns the messages that go to the inbox at once."""
    at_once = []
    for item in batch:
        if item.kind not in (Kind.FILE, Kind.VOICE) or contacts.person_in(connection, item.chat_id) is None:
            at_once.append(item)
        elif not contacts.is_stored(connection, item.platform_id) and not _is_noted(connection, item.platform_id):
            connection.execute(sa.insert(Row).values(platform_id=item.platform_id, message=_to_json(item), not_before=now))
    return at_once


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches what is noted. `folder` holds one folder for each person."""

    database: Database
    graph: Graph
    clock: Clock
    folder: Path

    async def fetch_due(self, intake: Intake) -> float:
        """Everything that is due, one after the other; returns seconds until there may be more."""
        now = self.clock.now()
        due = sa.select(Row.platform_id, Row.message, Row.attempts).where(Row.not_before <= now).order_by(Row.not_before).limit(20)
        for row in await self.database.read(lambda connection: connection.execute(due).all()):
            await self._fetch(_from_json(row.message), row.attempts, intake)
        upcoming = await self.database.read(lambda connection: connection.execute(sa.select(sa.func.min(Row.not_before))).scalar())
        return 60.0 if upcoming is None else max(0.05, min(60.0, (upcoming - self.clock.now()).total_seconds()))

    async def _fetch(self, item: Incoming, attempts: int, intake: Intake) -> None:
        mine = Row.platform_id == item.platform_id
        try:
            kept = {"kept": await self._keep(item)}
        except MediaRefused as error:
            kept = {"refused": str(error)}
        except DeliveryError as error:
            if attempts + 1 < ATTEMPTS:
                wait = error.seconds if isinstance(error, RetryAfter) else float(2**attempts)
                later = sa.update(Row).where(mine).values(attempts=attempts + 1, not_before=self.clock.now() + timedelta(seconds=wait))
                await self.database.write(lambda connection: connection.execute(later))
                return
            kept = {"refused": "it could not be fetched"}
        await intake([replace(item, payload={**item.payload, **kept})])
        await self.database.write(lambda connection: connection.execute(sa.delete(Row).where(mine)))

    async def _keep(self, item: Incoming) -> str:
        """Its name in the person's folder. Raises MediaRefused."""
        person = await self.database.read(lambda connection: contacts.person_in(connection, item.chat_id))
        if person is None:
            raise MediaRefused("its sender has been forgotten")
        file = await self.graph.fetch(str(item.payload["file_id"]), LARGEST)
        try:
            return await asyncio.to_thread(self._put, person, item, file)
        except ToolError as error:
            raise MediaRefused(str(error)) from None

    def _put(self, person: str, item: Incoming, file: File) -> str:
        from agents.tools.files.folder import Folder  # noqa: PLC0415 - only where somebody sends files
        from agents.tools.files.keeping import Keeper  # noqa: PLC0415
        from agents.tools.files.shelves import child_key  # noqa: PLC0415

        root = self.folder / person
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Keeper(Folder(root), child_key(item.platform_id, "file"), self.clock.now()).put(f"{FOLDER}/{name_of(item, file)}", file.content).name


def name_of(item: Incoming, file: File) -> str:
    """A name that is safe in a folder: the sender's own where there is one, else the kind and the moment."""
    given = Path(str(item.payload.get("name") or "")).name
    clean = " ".join(_UNSAFE.sub("_", given).split()).strip(". ")[:100].strip(". ")
    if clean:
        return clean
    moment = item.sent_at.strftime("%Y-%m-%d %H%M%S") if item.sent_at else "undated"
    return f"{item.payload.get('what', 'file')} {moment}{guess_extension(file.media_type.partition(';')[0]) or ''}"


def _is_noted(connection: sa.Connection, platform_id: str) -> bool:
    return connection.execute(sa.select(Row.platform_id).where(Row.platform_id == platform_id)).first() is not None


def _to_json(item: Incoming) -> dict[str, object]:
    sent = item.sent_at.isoformat() if item.sent_at else None
    return {
        "channel": item.channel, "platform_id": item.platform_id, "chat_id": item.chat_id, "kind": item.kind.value, "text": item.text,
        "payload": item.payload, "sender_name": item.sender_name, "sent_at": sent,
    }  # fmt: skip


def _from_json(kept: dict[str, object]) -> Incoming:
    given = {**kept, "sender_id": kept["chat_id"], "kind": Kind(str(kept["kind"]))}
    given["sent_at"] = datetime.fromisoformat(str(kept["sent_at"])) if kept["sent_at"] else None
    return Incoming(**given)  # type: ignore[arg-type]
