"""A person with a row in every table, filled by the columns' types: a table added tomorrow is filled like the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage import belongings
from storage.audit import AuditKind, AuditLog, Entry
from storage.models import Base, IdentityRow, new_id
from storage.vault import Vault
from storage.vault import credentials as kept
from storage.vault.credentials import CredentialKind, NewCredential, Scope
from tests.conftest import NOW
from tests.people import Somebody

OF_THE_HOUSE = frozenset({"audit", "audit_head", "key_state", "leases", "workers", "health_checks", "alembic_version"})
"""Tables without anything of a person's; the audit log is filled by its own hand."""
FIRST = frozenset({"messages_in", "tasks", "outbox"})
"""What others name without a foreign key."""
VAULTED = frozenset({"data_keys", "credentials"})


@dataclass(frozen=True)
class Life:
    """What was put into the database: `mark` stands in every text that is not a fact of the house, `ids` is the row of each table."""

    somebody: Somebody
    mark: str
    handle: str
    ids: dict[str, Any]


def live(connection: sa.Connection, somebody: Somebody, mark: str, vault: Vault) -> Life:
    """A row in every table that can hold one of this person's."""
    new = NewCredential(f"Portal {mark}", CredentialKind.OTHER, {"password": f"secret-{mark}"}, Scope.of("https", "portal.example", None, ["http.get"]))
    handle = kept.save(vault, connection, somebody.person.id, new, NOW)
    ids: dict[str, Any] = {"people": somebody.person.id, "chats": somebody.chat_id, "credentials": handle.rpartition("/")[2]}
    connection.execute(
        sa.insert(IdentityRow).values(id=new_id(), person_id=somebody.person.id, channel="whatsapp", external_id=f"outside-{mark}", created_at=NOW)
    )
    filled = sorted(reversed(belongings.tables()), key=lambda table: table.name not in FIRST)
    for table in filled:
        if table.name in OF_THE_HOUSE | VAULTED | {"identities"}:
            continue
        said = mark if table.name != "settings" else f"fact of {mark[-3:]}"
        row = {column.name: _value(column, table, ids, said, somebody) for column in table.c}
        connection.execute(sa.insert(table).values(**{name: value for name, value in row.items() if value is not _ITSELF}))
        key = next(iter(table.primary_key.columns)).name
        ids[table.name] = row.get("id") if "id" in table.c else row.get(key)
    AuditLog(vault).append(connection, Entry(AuditKind.EFFECT, "mail.send", NOW, somebody.person.id, ids["tasks"], {"digest": "d"}))
    return Life(somebody, mark, handle, ids)


_ITSELF = object()


def _value(column: sa.Column[Any], table: sa.Table, ids: dict[str, Any], mark: str, somebody: Somebody) -> Any:
    for key in column.foreign_keys:
        return ids[key.column.table.name]
    known = {
        "person_id": somebody.person.id, "task_id": ids.get("tasks"), "outgoing_id": ids.get("outbox"), "message_id": ids.get("messages_in"),
        "channel": "web", "external_id": f"outside-{mark}", "chat": f"outside-{mark}", "second_id": somebody.person.id,
    }  # fmt: skip
    if column.name in {"person_id", "external_id", "chat", "channel"} or (column.name.endswith("_id") and known.get(column.name)):
        return known[column.name]
    if column.name.endswith("_by"):
        return somebody.person.id
    if column.autoincrement is True:
        return _ITSELF
    if column.name == "id":
        return new_id()
    return _plain(column, table, mark)


def _plain(column: sa.Column[Any], table: sa.Table, mark: str) -> Any:
    kind = type(column.type).__name__
    if kind == "UtcDateTime":
        return NOW
    if isinstance(column.type, sa.JSON):
        return {"said": mark, "from": f"outside-{mark}"}
    if isinstance(column.type, sa.LargeBinary):
        return mark.encode()
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.Integer | sa.BigInteger):
        return 77
    if isinstance(column.type, sa.Float | sa.Numeric):
        return 1.0
    most = getattr(column.type, "length", None)
    text = f"{mark} {table.name} {column.name}"
    return text[:most] if most else text


def dump(connection: sa.Connection, left_out: frozenset[str] = frozenset()) -> dict[str, str]:
    """Every row of every table of ours, as text, by table."""
    return {
        table.name: "\n".join(repr(tuple(row)) for row in connection.execute(sa.select(table)))
        for table in Base.metadata.sorted_tables
        if table.name not in left_out
    }


def counts(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()) for table in Base.metadata.sorted_tables}
