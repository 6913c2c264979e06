"""The audit log: every way of tampering is found, by the check that is there for it; many may append at once."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import audit, audit_head
from storage.audit import CHECKS, AuditKind, AuditLog, Check, Entry
from storage.audit_head import FaultKind, Head, HeadFile, HeadKeeper
from storage.database import Database
from storage.models import AuditHeadRow, AuditRow, DataKeyRow
from storage.vault import FileKeys, KeyMissing, Vault
from storage.vault.rotation import rotate
from tests.conftest import NOW


@dataclass
class Log:
    """A log of ten entries with its head kept outside."""

    database: Database
    audit: AuditLog
    keeper: HeadKeeper
    vault: Vault

    def append(self, subject: str, **more: object) -> int:
        entry = Entry(AuditKind.EFFECT, subject, NOW, **more)  # type: ignore[arg-type]
        return self.database.write_now(lambda connection: self.audit.append(connection, entry))

    def advance(self) -> audit_head.Fault | None:
        return self.database.read_now(self.keeper.advance)

    def faults(self, *without: Check) -> set[FaultKind]:
        checks = [check for check in CHECKS if check not in without]
        kept = self.keeper.file.read()
        return {fault.kind for fault in self.database.read_now(lambda connection: self.audit.verify_by(checks, connection, kept))}

    def tamper(self, *statements: sa.Executable) -> None:
        self.database.write_now(lambda connection: [connection.execute(statement) for statement in statements])


@pytest.fixture
def log(database: Database, tmp_path: Path) -> Log:
    vault = Vault(FileKeys(tmp_path / "keys" / "key"))
    made = Log(database, AuditLog(vault), HeadKeeper(HeadFile(tmp_path / "audit.head")), vault)
    assert made.advance() is None, "the head file is made while the log is empty"
    for number in range(1, 11):
        assert made.append(f"mail {number}", person_id="ada", task_id=f"t{number % 2}", data={"to": ["ü@example.org"], "n": number, "x": 0.1}) == number
    assert made.advance() is None
    assert made.faults() == set()
    return made


def edit(log: Log) -> None:
    log.tamper(sa.update(AuditRow).where(AuditRow.seq == 5).values(subject="something else"))


def edit_data(log: Log) -> None:
    log.tamper(sa.update(AuditRow).where(AuditRow.seq == 5).values(data={"to": ["ü@example.org"], "n": 6, "x": 0.1}))


def delete(log: Log) -> None:
    log.tamper(sa.delete(AuditRow).where(AuditRow.seq == 5))


def delete_and_close_the_gap(log: Log) -> None:
    moves = [sa.update(AuditRow).where(AuditRow.seq == number).values(seq=number - 1) for number in range(6, 11)]
    log.tamper(sa.delete(AuditRow).where(AuditRow.seq == 5), *moves, sa.update(AuditHeadRow).values(seq=9))


def insert_a_copy(log: Log) -> None:
    fifth = log.database.read_now(lambda connection: dict(connection.execute(sa.select(*AuditRow.__table__.columns).where(AuditRow.seq == 5)).one()._mapping))
    log.tamper(sa.insert(AuditRow).values(**{**fifth, "seq": 11, "id": "another"}), sa.update(AuditHeadRow).values(seq=11))


def reorder(log: Log) -> None:
    swaps = [(5, 99), (6, 5), (99, 6)]
    log.tamper(*(sa.update(AuditRow).where(AuditRow.seq == old).values(seq=new) for old, new in swaps))


def cut(log: Log) -> None:
    log.tamper(sa.delete(AuditRow).where(AuditRow.seq > 7))


def cut_with_its_head(log: Log) -> None:
    seventh = log.database.read_now(lambda connection: connection.execute(sa.select(AuditRow.mac).where(AuditRow.seq == 7)).scalar_one())
    log.tamper(sa.delete(AuditRow).where(AuditRow.seq > 7), sa.update(AuditHeadRow).values(seq=7, mac=seventh))


def cut_and_write_on(log: Log) -> None:
    """The bot itself writes on after the cut: what it adds is authentic."""
    cut_with_its_head(log)
    for number in range(8, 13):
        log.append(f"harmless {number}")


def empty(log: Log) -> None:
    log.tamper(sa.delete(AuditRow), sa.delete(AuditHeadRow))


def splice(log: Log) -> None:
    """A second, authentic history is made from a copy; one entry of it replaces its counterpart."""
    columns = AuditRow.__table__.columns
    rows = log.database.read_now(lambda connection: [dict(row._mapping) for row in connection.execute(sa.select(*columns).order_by(AuditRow.seq))])
    log.tamper(sa.delete(AuditRow).where(AuditRow.seq > 3), sa.update(AuditHeadRow).values(seq=3, mac=rows[2]["mac"]))
    for number in range(4, 6):
        log.append(f"another history {number}")
    log.tamper(sa.delete(AuditRow).where(AuditRow.seq == 4), sa.insert(AuditRow).values([rows[3], *rows[5:]]))
    log.tamper(sa.update(AuditHeadRow).values(seq=10, mac=rows[9]["mac"]))


TAMPERINGS: list[tuple[Callable[[Log], None], FaultKind, tuple[Check, ...]]] = [
    (edit, FaultKind.ALTERED, (audit.authentic,)),
    (edit_data, FaultKind.ALTERED, (audit.authentic,)),
    (delete, FaultKind.MISSING, (audit.contiguous, audit.chained)),
    (delete_and_close_the_gap, FaultKind.ALTERED, (audit.authentic, audit.chained, audit.head_is_last, audit.head_kept_is_in)),
    (insert_a_copy, FaultKind.ALTERED, (audit.authentic, audit.chained, audit.head_is_last)),
    (reorder, FaultKind.ALTERED, (audit.authentic, audit.chained)),
    (splice, FaultKind.UNCHAINED, (audit.chained,)),
    (cut, FaultKind.HEAD, (audit.head_is_last, audit.head_kept_is_in)),
    (cut_with_its_head, FaultKind.CUT, (audit.head_kept_is_in,)),
    (cut_and_write_on, FaultKind.CUT, (audit.head_kept_is_in,)),
    (empty, FaultKind.CUT, (audit.head_kept_is_in,)),
]


@pytest.mark.parametrize(("tampering", "kind", "guards"), TAMPERINGS, ids=[case[0].__name__ for case in TAMPERINGS])
def test_tampering_is_found_and_only_by_the_checks_for_it(log: Log, tampering: Callable[[Log], None], kind: FaultKind, guards: tuple[Check, ...]) -> None:
    tampering(log)
    assert kind in log.faults()
    assert log.faults(*guards) == set(), "without these checks the tampering passes"


def test_no_column_can_be_edited_unseen(log: Log) -> None:
    columns = AuditRow.__table__.columns
    last = log.database.read_now(lambda connection: dict(connection.execute(sa.select(*columns).where(AuditRow.seq == 10)).one()._mapping))
    for column in set(last) - {"seq"}:
        other = {"at": NOW + timedelta(microseconds=1), "data": {}}.get(column, "x")
        log.tamper(sa.update(AuditRow).where(AuditRow.seq == 10).values(**{column: other}))
        assert FaultKind.ALTERED in log.faults(), column
        log.tamper(sa.update(AuditRow).where(AuditRow.seq == 10).values(**{column: last[column]}))
    assert log.faults() == set()


def test_the_head_file_never_hides_a_cut(log: Log) -> None:
    """Twin: a keeper that always writes the last entry makes the cut invisible."""
    cut_and_write_on(log)
    fault = log.advance()
    assert fault is not None and fault.kind is FaultKind.CUT
    assert FaultKind.CUT in log.faults()
    log.database.read_now(log.keeper.accept)
    assert log.faults() == set()


def test_a_head_file_that_lags_behind_is_no_fault_one_that_is_gone_is(log: Log) -> None:
    log.append("later")
    assert log.keeper.file.read() != Head()
    assert log.faults() == set()
    log.keeper.file.path.unlink()
    assert log.faults() == {FaultKind.NO_HEAD_FILE}
    fault = log.advance()
    assert fault is not None and fault.kind is FaultKind.NO_HEAD_FILE
    assert not log.keeper.file.path.exists(), "only a person may accept the log as it stands"


def test_what_is_no_head_is_refused(log: Log) -> None:
    log.keeper.file.path.write_text('{"seq": "all"}')
    with pytest.raises(ValueError, match="--accept"):
        log.advance()


def test_the_keys_rotation_leaves_the_chain_whole(log: Log) -> None:
    rotate(log.database, log.vault.keys)
    log.append("after")
    assert log.faults() == set()
    fresh = AuditLog(Vault(log.vault.keys))
    assert log.database.read_now(lambda connection: fresh.verify(connection, log.keeper.file.read())) == []


def test_a_log_without_its_key_says_so(log: Log) -> None:
    log.tamper(sa.delete(DataKeyRow))
    with pytest.raises(KeyMissing):
        log.faults()


def test_what_is_rolled_back_was_never_told(log: Log) -> None:
    def fails(connection: sa.Connection) -> None:
        log.audit.append(connection, Entry(AuditKind.UNDO, "not this", NOW))
        raise LookupError("on purpose")

    with pytest.raises(LookupError):
        log.database.write_now(fails)
    assert log.append("eleven") == 11
    assert log.faults() == set()


def test_odd_texts_and_numbers_survive_the_database(log: Log) -> None:
    log.append("nul \0 half \ud800 \N{PILE OF POO} '\"", data={"f": -0.0, "big": 2**70, "e": 1e-300, "s": "\0\ud800é", "n": None, "l": [True, {}]})
    log.append("a" * 100_000)
    assert log.faults() == set()
    with pytest.raises(ValueError):
        log.append("no number", data={"x": float("nan")})
    with pytest.raises(ValueError, match="time zone"):
        log.database.write_now(lambda c: log.audit.append(c, Entry(AuditKind.ROUTE, "x", NOW.replace(tzinfo=None))))


def test_export_tells_one_task_or_one_person(log: Log) -> None:
    log.append("other", person_id="bob", task_id="t9")
    read = log.database.read_now
    one = [json.loads(line) for line in read(lambda connection: list(log.audit.export(connection, task_id="t1")))]
    assert [entry["subject"] for entry in one] == [f"mail {n}" for n in (1, 3, 5, 7, 9)]
    assert one[0]["at"] == NOW.isoformat() and one[0]["data"]["to"] == ["ü@example.org"]
    assert len(read(lambda connection: list(log.audit.export(connection, person_id="bob")))) == 1
    assert len(read(lambda connection: list(log.audit.export(connection)))) == 11


async def test_many_append_at_once(log: Log) -> None:
    """On Postgres over four connections: each entry gets a number of its own and follows from the one before."""
    writes = [log.database.write(lambda c, n=n: log.audit.append(c, Entry(AuditKind.ROUTE, str(n), NOW))) for n in range(200)]  # type: ignore[misc]
    numbers = await asyncio.gather(*writes)
    assert sorted(numbers) == list(range(11, 211))
    assert log.faults() == set()


async def test_the_first_entries_may_come_from_several_at_once(database: Database, tmp_path: Path) -> None:
    """No key, no head row: whoever comes second takes what the first one made."""
    logs = [AuditLog(Vault(FileKeys(tmp_path / "key"))) for _ in range(8)]
    await asyncio.gather(*(database.write(lambda c, made=made: made.append(c, Entry(AuditKind.ROUTE, "x", NOW))) for made in logs))  # type: ignore[misc]
    assert database.read_now(lambda connection: logs[0].verify(connection, Head())) == []


async def test_verification_looks_at_one_moment_while_others_append(log: Log) -> None:
    done = asyncio.Event()

    async def append() -> None:
        while not done.is_set():
            await log.database.write(lambda c: log.audit.append(c, Entry(AuditKind.ROUTE, "x", NOW)))

    appending = [asyncio.create_task(append()) for _ in range(4)]
    for _ in range(20):
        assert await log.database.read(lambda c: log.audit.verify(c, log.keeper.file.read())) == []
    done.set()
    await asyncio.gather(*appending)


async def test_the_head_file_follows_the_commits(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    following = asyncio.create_task(audit_head.follow(log.database, log.keeper))
    await asyncio.sleep(0.05)
    await log.database.write(lambda c: log.audit.append(c, Entry(AuditKind.ROUTE, "x", NOW)))
    for _ in range(100):
        if (log.keeper.file.read() or Head()).seq == 11:
            break
        await asyncio.sleep(0.02)
    assert log.keeper.file.read() == log.database.read_now(audit_head.last_entry)
    assert caplog.records == []
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


KILLED = """
import sys, os
from datetime import UTC, datetime
from pathlib import Path
from storage.audit import AuditKind, AuditLog, Entry
from storage.audit_head import HeadFile, HeadKeeper
from storage.database import Database
from storage.vault import FileKeys, Vault
url, folder = sys.argv[1], Path(sys.argv[2])
database, log, keeper = Database(url), AuditLog(Vault(FileKeys(folder / "keys" / "key"))), HeadKeeper(HeadFile(folder / "audit.head"))
while True:
    database.write_now(lambda connection: log.append(connection, Entry(AuditKind.EFFECT, "x", datetime.now(UTC))))
    database.read_now(keeper.advance)
    print("one", flush=True)
"""


def test_kill_9_leaves_a_log_without_fault(log: Log, tmp_path: Path) -> None:
    for after in (1, 2, 5, 9):
        worker = subprocess.Popen([sys.executable, "-c", KILLED, log.database.url, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        assert worker.stdout is not None
        for _ in range(after):
            assert worker.stdout.readline() == b"one\n"
        worker.kill()
        worker.wait()
        assert log.faults() == set()
        assert log.advance() is None


def test_a_backup_put_back_is_told_and_can_be_accepted(log: Log, tmp_path: Path) -> None:
    """An older copy of a SQLite database with today's head file is a log that was cut."""
    if not log.database.is_sqlite:
        pytest.skip("copies a database file")
    place = tmp_path / "data" / "majordomo.db"
    with closing(sqlite3.connect(place)) as original, closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        original.backup(copy)
    log.append("after the backup")
    log.advance()
    log.database.engine.dispose()
    for name in (place, place.with_name("majordomo.db-wal"), place.with_name("majordomo.db-shm")):
        name.unlink(missing_ok=True)
    shutil.copy(tmp_path / "copy.db", place)
    assert log.faults() == {FaultKind.CUT}
    log.database.read_now(log.keeper.accept)
    assert log.faults() == set()
