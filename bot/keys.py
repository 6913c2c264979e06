"""Keys, imports and the audit log from the command line: what `majordomo keys` and `majordomo audit` do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from bot import settings as environment
from bot.settings import ConfigurationError, Settings
from orchestrator.clock import SystemClock
from orchestrator.contracts import Json
from storage import schema
from storage.audit import AuditKind, AuditLog, Entry
from storage.audit_head import Fault, HeadFile, HeadKeeper, last_entry
from storage.database import Database, Work
from storage.models import DataKeyRow, IdentityRow, KeyStateRow, PersonRow, TaskRow
from storage.vault import Vault, VaultError, credentials, places
from storage.vault.keys import KeyHolder
from storage.vault.rotation import rotate as rotate_keys

HEAD_NAME = "audit.head"
MOST_TOLD = 20
"""Faults that an acceptance repeats in the log."""

T = TypeVar("T")


def key_holder(settings: Settings) -> KeyHolder:
    """Where the settings say that the vault's key stands. Raises KeyFault."""
    return places.place(settings.key_place, settings.key_file)


def head_keeper(settings: Settings) -> HeadKeeper:
    return HeadKeeper(HeadFile(settings.data_folder / HEAD_NAME))


@dataclass(frozen=True, slots=True)
class Desk:
    """The present database with its vault and audit log."""

    settings: Settings
    database: Database
    keys: KeyHolder
    vault: Vault
    audit: AuditLog
    keeper: HeadKeeper

    def write(self, work: Work[T]) -> T:
        """A transaction that appends to the audit log; the head file, made while the log is empty, follows it."""
        self.database.read_now(self.keeper.advance)
        result = self.database.write_now(work)
        self.database.read_now(self.keeper.advance)
        return result


def _changed(subject: str, **data: Json) -> Entry:
    return Entry(AuditKind.CONFIGURATION, subject, SystemClock().now(), data=data)


@contextmanager
def opened() -> Iterator[Desk]:
    """What the vault cannot do comes out as a ConfigurationError with its remedy."""
    settings = environment.read()
    database = Database(settings.database_url)
    try:
        schema.ensure(database.engine)
        keys = key_holder(settings)
        vault = Vault(keys)
        yield Desk(settings, database, keys, vault, AuditLog(vault), head_keeper(settings))
    except VaultError as error:
        raise ConfigurationError(error.fault, error.remedy or "nothing was changed; look at the log of the bot") from error
    except ValueError as error:
        raise ConfigurationError(str(error), "look at the options with --help") from error
    finally:
        database.engine.dispose()


# Keys


def show() -> list[str]:
    """Where the key stands, which keys are here, what they wrap. No key itself."""
    with opened() as desk:
        here = [source.key_id for source in desk.keys.readable()]
        counted = sa.select(DataKeyRow.key_id, sa.func.count()).group_by(DataKeyRow.key_id).order_by(DataKeyRow.key_id)
        wrapped = desk.database.read_now(lambda connection: [(str(key), int(number)) for key, number in connection.execute(counted)])
        current = desk.database.read_now(lambda connection: connection.execute(sa.select(KeyStateRow.key_id)).scalar())
    lines = [f"key in {desk.settings.key_place}" + (f" {desk.settings.key_file}" if desk.settings.key_place == "file" else "")]
    lines += [f"here: {key_id}" for key_id in here] or ["here: none yet; it is made when the first secret is kept"]
    lines += [f"wraps {number} data keys: {key_id}" + ("" if key_id in here else "  MISSING") for key_id, number in wrapped]
    if current is not None and (len(wrapped) > 1 or any(key_id != current for key_id, _ in wrapped)):
        lines.append("a rotation was interrupted: `majordomo keys rotate` finishes it")
    return lines


def rotate(to: str = "") -> str:
    """A new key; or every data key moved to another place."""
    with opened() as desk:
        target = places.place(to, desk.settings.key_file) if to else None
        done = rotate_keys(desk.database, places.Move(desk.keys, target) if target is not None else desk.keys)
        audit = AuditLog(Vault(target or desk.keys))
        desk.write(lambda connection: audit.append(connection, _changed("the vault's key was rotated", key=done.key_id, data_keys=done.data_keys)))
    after = f"\nNow set MAJORDOMO_KEY_PLACE={to} and restart; then remove the old key." if to else ""
    return f"{done.data_keys} data keys are now wrapped by {done.key_id}.{after}"


def import_fernet(file: Path, key_file: Path, person: str, url: str, tools: Sequence[str]) -> str:
    """All lines or none."""
    from storage.vault import fernet  # noqa: PLC0415 - its library is heavy, and every start loads this module

    now = SystemClock().now()
    with opened() as desk:
        keys = [line.strip() for line in _text(key_file).splitlines() if line.strip()]
        found = list(fernet.read(_text(file).splitlines(), keys, url, tools))

        def save(connection: sa.Connection) -> int:
            person_id = person_named(connection, person)
            for new in found:
                handle = credentials.save(desk.vault, connection, person_id, new, now)
                data: dict[str, Json] = {"service": new.service, "kind": new.kind.value, "host": new.scope.host, "tools": sorted(new.scope.tools)}
                desk.audit.append(connection, Entry(AuditKind.CREDENTIAL, f"imported {handle}", now, person_id, data=data))
            return len(found)

        number = desk.write(save)
    return f"{number} credentials imported. Delete {file} and {key_file} now."


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read ({type(error).__name__}).", "give the path of a text file that you may read") from error


def person_named(connection: sa.Connection, name: str) -> str:
    """A person's id, from the id itself, `channel:id`, or `owner` where there is one. Raises ConfigurationError."""
    channel, _, external = name.partition(":")
    query = sa.select(PersonRow.id).where(PersonRow.id == name)
    if external:
        query = sa.select(IdentityRow.person_id).where(IdentityRow.channel == channel, IdentityRow.external_id == external)
    elif name == "owner":
        query = sa.select(PersonRow.id).where(PersonRow.role == "owner")
    found = connection.execute(query.limit(2)).scalars().all()
    if len(found) != 1:
        raise ConfigurationError(f"{name!r} names no one person here.", "write owner, channel:id such as telegram:1001, or the person's id")
    return str(found[0])


# Audit


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found."""

    entries: int
    faults: list[Fault]
    accepted: bool


def verify(accept: bool = False) -> Verified:
    """Look at the whole log. `accept` takes its end as it stands, and says so in the log; altered entries stay faults."""
    with opened() as desk:
        try:
            kept = desk.keeper.file.read()
        except ValueError:
            if not accept:
                raise
            kept = None
        faults = desk.database.read_now(lambda connection: desk.audit.verify(connection, kept))
        if accept:
            told: list[Json] = [str(fault) for fault in faults[:MOST_TOLD]]

            def start_again(connection: sa.Connection) -> None:
                desk.audit.accept_end(connection)
                desk.audit.append(connection, _changed("the audit log was accepted as it stands", faults=told))

            desk.database.write_now(start_again)
            desk.database.read_now(desk.keeper.accept)
        elif not faults:
            desk.database.read_now(desk.keeper.advance)
        entries = desk.database.read_now(last_entry).seq
    return Verified(entries, faults, accept)


def export(task: str = "", person: str = "") -> Iterator[str]:
    """Lines of one task (its id, or its number together with the person), one person, or all."""
    with opened() as desk:

        def lines(connection: sa.Connection) -> list[str]:
            person_id = person_named(connection, person) if person else None
            task_id = _task_id(connection, task, person_id) if task else None
            return list(desk.audit.export(connection, task_id=task_id, person_id=None if task_id else person_id))

        found = desk.database.read_now(lines)
    yield from found


def _task_id(connection: sa.Connection, task: str, person_id: str | None) -> str:
    number = task.removeprefix("#")
    if not number.isdigit():
        return task
    if person_id is None:
        raise ConfigurationError("a task's number is counted for each person.", "add --person")
    found = connection.execute(sa.select(TaskRow.id).where(TaskRow.person_id == person_id, TaskRow.number == int(number))).scalar()
    if found is None:
        raise ConfigurationError(f"there is no task #{number} of this person.", "look at /tasks")
    return str(found)
