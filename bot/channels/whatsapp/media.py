"""Files that people send: noted with the webhook, fetched afterwards, kept in the person's own folder, then handed to the inbox.

A webhook is answered at once, so the file cannot be waited for; what is noted is fetched again after a crash. A stranger's file is never fetched.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from mimetypes import guess_extension
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import DeliveryError, Incoming, Intake, Kind, RetryAfter
from bot.channels.whatsapp import contacts
from bot.channels.whatsapp.wire import File, Graph, MediaRefused
from orchestrator.contracts import Clock, ToolError
from storage.database import Database
from storage.models import WhatsAppMediaRow

if TYPE_CHECKING:
    from agents.tools.files.folder import Folder

LARGEST = 20_000_000
"""Bytes of one file; a person's folder takes no larger ones."""
ATTEMPTS = 6
FOLDER = "received"
LONGEST_NAME, LONGEST_ENDING = 200, 24
"""Bytes of a file's name (file systems take 255), and of the ending that is kept when it is cut."""
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
        except SQLAlchemyError:
            raise
        except Exception as error:  # the edge of a worker: one file must not keep the others, nor the channel, from going on
            if not isinstance(error, DeliveryError):
                logger.exception("a file could not be kept", extra={"platform_id": item.platform_id, "attempt": attempts + 1})
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
        folder, key = Folder(root), child_key(item.platform_id, "file")
        keeper = Keeper(folder, key, self.clock.now())
        begun = keeper.record(key)
        name = begun.name if begun is not None else f"{FOLDER}/{_free(name_of(item, file), folder, key)}"
        return keeper.put(name, file.content).name


def name_of(item: Incoming, file: File) -> str:
    """A name that is safe in a folder: the sender's own where there is one, else the kind and the moment."""
    given = Path(unicodedata.normalize("NFKC", str(item.payload.get("name") or ""))).name
    clean = _cut(" ".join(_UNSAFE.sub("_", given).split()).strip(". "))
    if clean:
        return clean
    moment = item.sent_at.strftime("%Y-%m-%d %H%M%S") if item.sent_at else "undated"
    return f"{item.payload.get('what', 'file')} {moment}{guess_extension(file.media_type.partition(';')[0]) or ''}"


def _cut(name: str, more: str = "") -> str:
    """A name of bytes that a file system takes, with `more` before its ending, which stays."""
    ending = Path(name).suffix
    ending = ending if len(ending.encode()) <= LONGEST_ENDING else ""
    stem = name.removesuffix(ending).encode()[: LONGEST_NAME - len((more + ending).encode())].decode(errors="ignore")
    return (stem.strip(". ") + more + ending).strip(". ")


def _free(name: str, folder: Folder, key: str) -> str:
    """The name, or, where a file that is there already is called so, the name with a mark of this message."""
    from agents.tools.files.folder import Missing  # noqa: PLC0415
    from agents.tools.files.names import folded  # noqa: PLC0415

    try:
        with folder.opened((FOLDER,)) as there:
            taken = {folded(leaf) for leaf in os.listdir(there)}
    except Missing:
        return name
    return _cut(name, f" {key[:8]}") if folded(name) in taken else name


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
