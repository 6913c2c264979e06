"""Envelope encryption: a data key for each person, wrapped by the key-encryption key, seals single values.

A sealed value is a version byte, a random nonce of 12 bytes, then AES-256-GCM ciphertext and tag. Additional data is
`version|person|table|row|column`: moved to another person, row or column it does not open.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.models import DataKeyRow, KeyStateRow, new_id
from storage.vault.cipher import Altered, decrypt, encrypt
from storage.vault.errors import CannotOpen, KeyMissing
from storage.vault.keys import KEY_BYTES, NONCE_BYTES, KeyHolder, KeySource

VERSION = 1
AUDIT_SCOPE = "audit"
MOST_CACHED = 1024
"""Unwrapped data keys held in memory at most; the one not used for longest goes first."""


def person_scope(person_id: str) -> str:
    return f"person:{person_id}"


class Vault:
    """Seals and opens values for persons. Safe to use from several threads; each call works on the caller's transaction.

    Every call raises KeyMissing where the key that is needed is not here.
    """

    def __init__(self, keys: KeyHolder) -> None:
        self.keys = keys
        self._lock = threading.RLock()
        self._sources: dict[str, KeySource] = {}
        self._unwrapped: OrderedDict[str, bytes] = OrderedDict()

    def seal(self, connection: sa.Connection, person_id: str, table: str, row_id: str, column: str, plaintext: bytes) -> bytes:
        """Encrypt a value for one place; makes the person's data key at the first one."""
        bound = _bound(person_id, table, row_id, column)
        nonce = os.urandom(NONCE_BYTES)
        key = self.data_key(connection, person_scope(person_id), person_id)
        return bytes([VERSION]) + nonce + encrypt(key, nonce, plaintext, bound)

    def open(self, connection: sa.Connection, person_id: str, table: str, row_id: str, column: str, sealed: bytes) -> bytes:
        """Decrypt what stands in one place. Raises CannotOpen where it was not sealed for exactly this place."""
        bound = _bound(person_id, table, row_id, column)
        key = self.find_key(connection, person_scope(person_id))
        if key is None or sealed[:1] != bytes([VERSION]):
            raise CannotOpen(f"what stands in {table}.{column} was not sealed for this person")
        start = 1 + NONCE_BYTES
        try:
            return decrypt(key, sealed[1:start], sealed[start:], bound)
        except Altered as error:
            raise CannotOpen(f"what stands in {table}.{column} was altered, or was sealed for another place") from error

    def data_key(self, connection: sa.Connection, scope: str, person_id: str | None = None) -> bytes:
        """The unwrapped data key of a scope; made where there is none."""
        found = self.find_key(connection, scope)
        if found is None:
            self._make(connection, scope, person_id)
            found = self.find_key(connection, scope)
        if found is None:
            raise CannotOpen(f"the data key of {scope} is not visible to this transaction")
        return found

    def source(self, key_id: str) -> KeySource:
        """The key-encryption key of that id; the holder is asked again for one not seen before. Raises KeyMissing."""
        with self._lock:
            if key_id not in self._sources:
                self._sources = {source.key_id: source for source in self.keys.readable()}
            if key_id not in self._sources:
                raise KeyMissing(
                    f"the vault's keys are wrapped by {key_id}, which is not here.",
                    "restore the key file (or the keyring entry, or the access to the key service) that belongs to this database",
                )
            return self._sources[key_id]

    def check(self, connection: sa.Connection) -> None:
        """Raise KeyMissing, KeyFileOpen or KeyFault where some data key could not be read; makes nothing."""
        for key_id in connection.execute(sa.select(DataKeyRow.key_id).distinct()).scalars():
            self.source(key_id)

    def wrapping_source(self, connection: sa.Connection) -> KeySource:
        """The key that wraps new data keys. Its row is locked for sharing, so that a rotation waits for this transaction."""
        chosen = sa.select(KeyStateRow.key_id).where(KeyStateRow.id == 1).with_for_update(read=True)
        key_id = connection.execute(chosen).scalar()
        if key_id is None:
            self._refuse_replacing(connection)
            connection.execute(insert_or_nothing(connection, KeyStateRow).values(id=1, key_id=self.keys.current().key_id))
            key_id = connection.execute(chosen).scalar_one()
        return self.source(key_id)

    def _refuse_replacing(self, connection: sa.Connection) -> None:
        """A database that has data keys but no state was tampered with; a new key must not hide that the old one is lost."""
        for key_id in connection.execute(sa.select(DataKeyRow.key_id).distinct()).scalars():
            self.source(key_id)

    def _make(self, connection: sa.Connection, scope: str, person_id: str | None) -> None:
        source = self.wrapping_source(connection)
        row = {"id": new_id(), "scope": scope, "person_id": person_id, "key_id": source.key_id, "created_at": datetime.now(UTC)}
        wrapped = source.wrap(os.urandom(KEY_BYTES), scope)
        connection.execute(insert_or_nothing(connection, DataKeyRow).values(**row, wrapped=wrapped))

    def find_key(self, connection: sa.Connection, scope: str) -> bytes | None:
        """The unwrapped data key of a scope, None where there is none.

        Asked of the database each time: a key whose transaction was rolled back, or whose person has gone, is not used again.
        """
        row = connection.execute(sa.select(DataKeyRow.id, DataKeyRow.wrapped, DataKeyRow.key_id).where(DataKeyRow.scope == scope)).first()
        if row is None:
            return None
        with self._lock:
            if row.id in self._unwrapped:
                self._unwrapped.move_to_end(row.id)
                return self._unwrapped[row.id]
        key = self.source(row.key_id).unwrap(row.wrapped, scope)
        with self._lock:
            self._unwrapped[row.id] = key
            if len(self._unwrapped) > MOST_CACHED:
                self._unwrapped.popitem(last=False)
        return key


def insert_or_nothing(connection: sa.Connection, table: type[KeyStateRow | DataKeyRow]) -> sqlite.Insert | postgresql.Insert:
    """An insert that gives way to a row of the same key, made by whoever was first."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def _bound(person_id: str, table: str, row_id: str, column: str) -> bytes:
    parts = (str(VERSION), person_id, table, row_id, column)
    if any("|" in part or not part for part in parts):
        raise ValueError("person, table, row and column are plain names without |")
    return "|".join(parts).encode()
