"""Rotating the key-encryption key: a new one beside the old, every data key wrapped anew, then the old one goes.

Steps, each durable before the next begins:
1. the new key stands beside the old one, on disk;
2. it is named as the one that wraps new data keys: from here on nobody wraps under the old one;
3. data keys are wrapped anew, some in each transaction;
4. when none is left under another key, the new key takes the old one's place.

Killed between any two, or within one, both keys are there until the last data key has moved; running it again goes on.
Running processes need no restart: they look keys up afresh when they meet an id they do not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from storage.database import Database
from storage.models import DataKeyRow, KeyStateRow
from storage.vault.keys import KeyHolder, KeySource
from storage.vault.sealing import Vault, insert_or_nothing

BATCH = 50


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did."""

    key_id: str
    data_keys: int


def rotate(database: Database, keys: KeyHolder, *, batch: int = BATCH, reached: Callable[[str], None] = lambda step: None) -> Rotated:
    """Rotate, or finish an interrupted rotation. `reached` is told each step when it is durable.

    Raises KeyMissing before anything is changed where some data key could not be read; KeyFault, KeyServiceDown.
    """
    vault = Vault(keys)
    database.read_now(vault.check)
    new = keys.prepare()
    reached("prepared")
    database.write_now(lambda connection: _name(connection, new))
    reached("named")
    moved = 0
    while done := database.write_now(lambda connection: _rewrap(vault, connection, new, batch)):
        moved += done
        reached("rewrapped")
    reached("all rewrapped")
    keys.promote()
    reached("promoted")
    return Rotated(new.key_id, moved)


def _name(connection: sa.Connection, new: KeySource) -> None:
    """Whoever makes a data key holds this row for sharing: this waits for them, and they see it afterwards."""
    connection.execute(insert_or_nothing(connection, KeyStateRow).values(id=1, key_id=new.key_id))
    connection.execute(sa.update(KeyStateRow).where(KeyStateRow.id == 1).values(key_id=new.key_id))


def _rewrap(vault: Vault, connection: sa.Connection, new: KeySource, batch: int) -> int:
    """Move some data keys; 0 when none is left."""
    wanted = sa.select(DataKeyRow.id, DataKeyRow.scope, DataKeyRow.wrapped, DataKeyRow.key_id).where(DataKeyRow.key_id != new.key_id)
    rows = connection.execute(wanted.order_by(DataKeyRow.id).limit(batch).with_for_update()).all()
    for row in rows:
        wrapped = new.wrap(vault.source(row.key_id).unwrap(row.wrapped, row.scope), row.scope)
        connection.execute(sa.update(DataKeyRow).where(DataKeyRow.id == row.id).values(wrapped=wrapped, key_id=new.key_id))
    return len(rows)
