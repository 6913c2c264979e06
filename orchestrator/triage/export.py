"""/export: everything the house knows about a person, as files in their own chat. Only their own rows are read.

Left out are values that open something (secrets of the vault, keys, tokens of buttons and forms) and second copies.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Attachment, Card
from orchestrator.triage.turn import Turn
from storage import belongings
from storage.audit import AuditKind
from storage.models import AuditRow, ChatRow, PersonRow

PART = 8_000_000
"""Characters in one file: what any channel takes."""
MOST_FILES = 10_000
WITHHELD = {
    "data_keys": "keys that open the vault",
    "buttons": "what a button does; its label stands with its message",
    "events": "copies of messages and steps for live views",
    "idempotency": "answers to programs, kept for a day",
}
"""Tables that are not handed out, and why."""
OPENING = ("sealed", "_hash", "token", "wrapped", "mac", "previous")
"""Ends of the names of columns whose values open something, or say nothing to a person."""


@dataclass(slots=True)
class Parts:
    """Rows by table, packed into JSON documents of bounded size."""

    about: dict[str, Any]
    texts: list[str] = field(default_factory=list)
    _rows: dict[str, list[Any]] = field(default_factory=dict)
    _size: int = 0

    def add(self, table: str, row: dict[str, Any]) -> None:
        size = len(json.dumps(row, ensure_ascii=False, default=_plain))
        if self._size + size > PART:
            self.close()
        self._rows.setdefault(table, []).append(row)
        self._size += size

    def close(self) -> None:
        document = {**self.about, "part": len(self.texts) + 1, "data": self._rows}
        self.texts.append(json.dumps(document, ensure_ascii=False, indent=1, default=_plain))
        self._rows, self._size = {}, 0


def command(turn: Turn, rest: str) -> None:
    """Answer with the files."""
    turn.reply(Card(turn.words("export-done"), files=tuple(attachments(turn))))
    turn.services.runner.around.dispatcher.rules.note(turn.connection, AuditKind.CONFIGURATION, "exported", turn.person.id, None)


def attachments(turn: Turn) -> Iterator[Attachment]:
    """One JSON file, or several numbered ones."""
    texts = documents(turn.connection, turn.person.id, turn.now, turn.services.runner.around.files / turn.person.id)
    for number, text in enumerate(texts, 1):
        name = "majordomo-export.json" if len(texts) == 1 else f"majordomo-export-{number}.json"
        yield Attachment(name, "application/json", text)


def documents(connection: sa.Connection, person_id: str, now: datetime, folder: Path) -> list[str]:
    """Everything about one person as JSON texts: a row a thing, by table."""
    names = belongings.names_of(connection, person_id)
    parts = Parts({"person": person_id, "exported_at": now, "left_out": {**WITHHELD, "credentials.sealed": "secrets are never shown"}})
    for kind, column in ((PersonRow, PersonRow.id), (ChatRow, ChatRow.person_id), (AuditRow, AuditRow.person_id)):
        table = belongings.table_of(kind)
        for row in connection.execute(sa.select(*shown(table)).where(column == person_id).order_by(*table.primary_key.columns)).yield_per(belongings.BATCH):
            parts.add(table.name, dict(row._mapping))
    for table in reversed(belongings.tables()):
        if table.name in WITHHELD:
            continue
        for found in belongings.rows(connection, table, names, shown(table)):
            parts.add(table.name, _light(found))
    for entry in files_in(folder):
        parts.add("files", entry)
    parts.close()
    return parts.texts


def shown(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns of a table that are handed out."""
    return [column for column in table.columns if not column.name.endswith(OPENING) and not isinstance(column.type, sa.LargeBinary)]


def files_in(folder: Path) -> Iterator[dict[str, Any]]:
    """The names and sizes of the files in a person's folder; they fetch their content as ever."""
    count = 0
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root) / name
            if (count := count + 1) > MOST_FILES or path.is_symlink():
                continue
            yield {"name": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size}


def _light(row: dict[str, Any]) -> dict[str, Any]:
    """A message without the content of its files and the tokens of its buttons: an export must not hold the export before it."""
    card = row.get("card")
    if not isinstance(card, dict):
        return row
    files = [{"name": file.get("name"), "characters": len(file.get("content", ""))} for file in card.get("files", [])]
    buttons = [[button.get("label") for button in line] for line in card.get("buttons", [])]
    return {**row, "card": {**card, "files": files, "buttons": buttons}}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
