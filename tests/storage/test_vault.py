"""The vault: what is sealed opens in its own place only, and rotation loses nothing whenever it is killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.database import Database
from storage.models import DataKeyRow, KeyStateRow, PersonRow
from storage.vault import CannotOpen, FileKeys, KeyFault, KeyFileOpen, KeyHolder, KeyMissing, KeyServiceDown, Vault
from storage.vault.keyring import KeyringKeys
from storage.vault.kms import KmsKeys
from storage.vault.places import Move, place
from storage.vault.rotation import rotate
from tests.conftest import NOW, count
from tests.servers import kms

ROOT = Path(__file__).parents[2]
PEOPLE = [f"p{number}" for number in range(7)]


@dataclass
class House:
    """A database with seven people, a sealed value for each, and the key in a file."""

    database: Database
    keys: FileKeys
    sealed: dict[str, bytes]

    def seal(self, vault: Vault, person: str, text: str) -> bytes:
        return self.database.write_now(lambda connection: vault.seal(connection, person, "notes", "row", "text", text.encode()))

    def open(self, vault: Vault, person: str, *, table: str = "notes", row: str = "row", column: str = "text", sealed: bytes | None = None) -> str:
        value = self.sealed[person] if sealed is None else sealed
        return self.database.read_now(lambda connection: vault.open(connection, person, table, row, column, value)).decode()

    def all_open(self, keys: KeyHolder | None = None) -> bool:
        vault = Vault(keys or self.keys)
        return all(self.open(vault, person) == f"secret of {person}" for person in self.sealed)

    def add(self, person: str) -> None:
        self.database.write_now(lambda connection: connection.execute(sa.insert(PersonRow).values(id=person, role="member", created_at=NOW)))


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    made = House(database, FileKeys(tmp_path / "keys" / "key"), {})
    vault = Vault(made.keys)
    for person in PEOPLE:
        made.add(person)
        made.sealed[person] = made.seal(vault, person, f"secret of {person}")
    return made


# What is sealed


def test_a_value_opens_in_its_own_place_only(house: House) -> None:
    vault = Vault(house.keys)
    assert house.open(vault, "p0") == "secret of p0"
    for elsewhere in ({"table": "other"}, {"row": "r2"}, {"column": "label"}):
        with pytest.raises(CannotOpen):
            house.open(vault, "p0", **elsewhere)  # type: ignore[arg-type]
    with pytest.raises(CannotOpen):
        house.open(vault, "p1", sealed=house.sealed["p0"])
    with pytest.raises(CannotOpen):
        house.open(vault, "nobody", sealed=house.sealed["p0"])


def test_without_the_bound_place_a_swapped_row_would_open() -> None:
    """The twin: the same cipher and key without additional data does not notice a move."""
    key, nonce = AESGCM(os.urandom(32)), os.urandom(12)
    row_1 = key.encrypt(nonce, b"secret", None)
    assert key.decrypt(nonce, row_1, None) == b"secret", "read as row 2, and nobody notices"
    bound = key.encrypt(nonce, b"secret", b"1|p|notes|1|text")
    with pytest.raises(InvalidTag):
        key.decrypt(nonce, bound, b"1|p|notes|2|text")


def test_another_persons_data_key_cannot_be_put_in_place(house: House) -> None:
    """Whoever writes the database swaps wrapped keys and values: the key is bound to its person too."""
    rows = dict(house.database.read_now(lambda c: c.execute(sa.select(DataKeyRow.scope, DataKeyRow.wrapped)).all()))
    swap = sa.update(DataKeyRow).where(DataKeyRow.scope == "person:p1").values(wrapped=rows["person:p0"])
    house.database.write_now(lambda connection: connection.execute(swap))
    with pytest.raises(CannotOpen):
        house.open(Vault(house.keys), "p1", sealed=house.sealed["p0"])


def test_every_changed_byte_and_every_cut_is_noticed(house: House) -> None:
    vault, value = Vault(house.keys), house.sealed["p0"]
    changed = [value[:n] + bytes([value[n] ^ 1]) + value[n + 1 :] for n in range(len(value))]
    for wrong in [*changed, *(value[:n] for n in range(len(value))), value + b"\0"]:
        with pytest.raises(CannotOpen):
            house.open(vault, "p0", sealed=wrong)


def test_the_same_value_never_looks_the_same_and_never_stands_in_the_open(house: House) -> None:
    vault = Vault(house.keys)
    values = {house.seal(vault, "p0", "secret of p0") for _ in range(50)}
    assert len(values) == 50
    assert not any(b"secret" in value for value in values)


def test_names_that_could_be_mistaken_for_others_are_refused(house: House) -> None:
    vault = Vault(house.keys)
    for person, table, row, column in (("p|0", "t", "r", "c"), ("p0", "t|r", "r", "c"), ("p0", "", "r", "c")):
        with pytest.raises(ValueError, match="plain names"):
            house.database.write_now(lambda connection: vault.seal(connection, person, table, row, column, b"x"))  # noqa: B023 - run at once


def test_a_person_who_goes_takes_the_key_along(house: House) -> None:
    vault = Vault(house.keys)
    assert house.open(vault, "p0") == "secret of p0"
    house.database.write_now(lambda connection: connection.execute(sa.delete(PersonRow).where(PersonRow.id == "p0")))
    with pytest.raises(CannotOpen):
        house.open(vault, "p0")


def test_a_key_that_was_rolled_back_is_not_used_again(house: House) -> None:
    """Twin: a cache by person would seal with a key that nobody kept."""
    vault = Vault(house.keys)
    house.add("new")

    def fails(connection: sa.Connection) -> None:
        vault.seal(connection, "new", "notes", "row", "text", b"lost")
        raise LookupError("on purpose")

    with pytest.raises(LookupError):
        house.database.write_now(fails)
    house.sealed["new"] = house.seal(vault, "new", "secret of new")
    assert house.all_open()


async def test_many_threads_make_one_key(house: House) -> None:
    house.add("new")
    vaults = [Vault(house.keys) for _ in range(4)]
    work = [house.database.write(lambda c, n=n: vaults[n % 4].seal(c, "new", "notes", "row", "text", b"secret of new")) for n in range(40)]  # type: ignore[misc]
    values = await asyncio.gather(*work)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda value: house.open(vaults[0], "new", sealed=value), values)) == {"secret of new"}
    assert count(house.database, sa.select(sa.func.count()).select_from(DataKeyRow).where(DataKeyRow.scope == "person:new")) == 1


# The key file


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        with ThreadPoolExecutor(8) as threads:
            ids = set(threads.map(lambda _: FileKeys(tmp_path / "key").current().key_id, range(16)))
    finally:
        os.umask(previous)
    assert len(ids) == 1
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    keys = FileKeys(tmp_path / "key")
    keys.current()
    keys.path.chmod(mode)
    with pytest.raises(KeyFileOpen, match="chmod 600"):
        keys.current()
    with pytest.raises(KeyFileOpen):
        keys.readable()


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe", b"majordomo-key-1:AAAA\n", b"majordomo-key-1:" + b"*" * 44])
def test_what_is_no_key_is_refused_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFault, match="no key"):
        FileKeys(path).current()
    assert path.read_bytes() == content


def test_a_link_is_no_key_file(tmp_path: Path) -> None:
    FileKeys(tmp_path / "real").current()
    (tmp_path / "key").symlink_to(tmp_path / "real")
    with pytest.raises(KeyFault, match="cannot be read"):
        FileKeys(tmp_path / "key").current()


def test_a_lost_key_is_told_and_no_new_one_hides_it(house: House) -> None:
    house.keys.path.unlink()
    vault = Vault(house.keys)
    house.add("new")
    with pytest.raises(KeyMissing, match="restore the key file"):
        house.open(vault, "p0")
    with pytest.raises(KeyMissing):
        house.seal(vault, "new", "x")
    with pytest.raises(KeyMissing):
        house.database.read_now(vault.check)
    house.database.write_now(lambda connection: connection.execute(sa.delete(KeyStateRow)))
    with pytest.raises(KeyMissing):
        house.seal(vault, "new", "x")
    assert not house.keys.path.exists()


def test_no_key_is_shown_by_errors_or_representations(house: House) -> None:
    text = house.keys.path.read_text().split(":")[1].strip()
    source = house.keys.current()
    assert text not in repr(source) + repr(vars(source)) + source.key_id + repr(vars(house.keys)) + repr(Vault(house.keys))


# Rotation


def test_rotation_moves_every_key_and_running_processes_follow(house: House) -> None:
    running, old = Vault(house.keys), house.keys.current().key_id
    assert house.open(running, "p0") == "secret of p0"
    done = rotate(house.database, house.keys, batch=3)
    assert done.data_keys == len(PEOPLE) and done.key_id != old
    assert house.keys.current().key_id == done.key_id and not house.keys.next.exists()
    assert house.all_open()
    house.add("new")
    house.sealed["new"] = house.seal(running, "new", "secret of new")
    assert all(house.open(running, person) for person in house.sealed)
    assert house.all_open()


async def test_sealing_goes_on_while_keys_rotate(house: House) -> None:
    """Four processes' worth of vaults make data keys all the time; three rotations later everything opens."""
    vaults, names = [Vault(house.keys) for _ in range(4)], [f"n{number}" for number in range(60)]
    for name in names:
        house.add(name)

    async def seal(name: str, vault: Vault) -> None:
        house.sealed[name] = await house.database.write(lambda c: vault.seal(c, name, "notes", "row", "text", f"secret of {name}".encode()))
        await asyncio.sleep(0.002)

    async def seal_all(part: int) -> None:
        for name in names[part::4]:
            await seal(name, vaults[part])

    sealing = asyncio.gather(*(seal_all(part) for part in range(4)))
    for _ in range(3):
        await asyncio.to_thread(rotate, house.database, house.keys, batch=5)
    await sealing
    assert house.all_open()


ROTATE = """
import os, signal, sys
from pathlib import Path
from storage.database import Database
from storage.vault import FileKeys
from storage.vault.rotation import rotate
url, key, last = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
seen = 0
def reached(step):
    global seen
    seen += 1
    print(step, flush=True)
    if seen == last:
        os.kill(os.getpid(), signal.SIGKILL)
rotate(Database(url), FileKeys(key), batch=4, reached=reached)
"""


def rotate_until(house: House, step: int) -> tuple[int, list[str]]:
    command = [sys.executable, "-c", ROTATE, house.database.url, str(house.keys.path), str(step)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode, done.stdout.splitlines()


def test_a_rotation_killed_after_any_step_loses_nothing(house: House) -> None:
    running, names, step = Vault(house.keys), iter(range(1000)), 0
    while True:
        step += 1
        status, steps = rotate_until(house, step)
        assert house.all_open(), f"after {steps}"
        new = f"after {next(names)}"
        house.add(new)
        house.sealed[new] = house.seal(running, new, f"secret of {new}")
        assert all(house.open(running, person) for person in house.sealed)
        rotate(house.database, house.keys)
        assert house.all_open() and not house.keys.next.exists()
        if status == 0:
            break
    assert steps[:2] == ["prepared", "named"] and steps[-2:] == ["all rewrapped", "promoted"] and step >= 7


def test_a_rotation_killed_at_random_moments_loses_nothing(house: House) -> None:
    chance = random.Random(7)
    command = [sys.executable, "-c", ROTATE, house.database.url, str(house.keys.path), "0"]
    for _ in range(6):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.random() * 0.02)
        process.kill()
        process.wait()
        assert house.all_open()
    rotate(house.database, house.keys)
    assert house.all_open()


def test_taking_the_new_keys_place_too_early_would_lose_everything(house: House) -> None:
    """The twin: promote before every data key has moved."""
    house.keys.prepare()
    house.keys.promote()
    with pytest.raises(KeyMissing):
        house.all_open()


# Other places


class MemoryRing:
    """A keyring backend in memory; `broken` refuses everything with a text that holds what it was given."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.broken = False

    def get_password(self, service_name: str, username: str) -> str | None:
        return self.entries.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        if self.broken:
            raise RuntimeError(f"cannot keep {password}")
        self.entries[service_name, username] = password

    def delete_password(self, service_name: str, username: str) -> None:
        del self.entries[service_name, username]


def test_the_key_may_stand_in_the_keyring(house: House) -> None:
    ring = MemoryRing()
    keys = KeyringKeys(keyring=ring)
    rotate(house.database, Move(house.keys, keys))
    house.keys.path.unlink()
    assert house.all_open(keys)
    rotate(house.database, keys)
    assert house.all_open(keys) and list(ring.entries) == [("majordomo", "key")]
    broken = MemoryRing()
    broken.broken = True
    with pytest.raises(KeyFault, match="RuntimeError") as raised:
        KeyringKeys(keyring=broken).current()
    assert "majordomo-key" not in str(raised.value)


def test_the_key_may_stay_in_a_key_service(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="pip install boto3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    one, two = "arn:aws:kms:eu-central-1:111122223333:key/one", "arn:aws:kms:eu-central-1:111122223333:key/two"
    with kms.running(one, two) as service:
        keys = KmsKeys(one, service.url)
        rotate(house.database, Move(house.keys, keys))
        house.keys.path.unlink()
        vault = Vault(keys)
        assert [house.open(vault, person) for person in PEOPLE * 5]
        asked = len(service.asked)
        assert house.open(vault, "p0") and len(service.asked) == asked, "a data key is unwrapped once"
        rotate(house.database, Move(keys, KmsKeys(two, service.url)))
        del service.keys[one]
        assert house.all_open(KmsKeys(two, service.url))
        moved = sa.update(DataKeyRow).where(DataKeyRow.scope == "person:p1")
        wrapped = house.database.read_now(lambda c: c.execute(sa.select(DataKeyRow.wrapped).where(DataKeyRow.scope == "person:p0")).scalar_one())
        house.database.write_now(lambda connection: connection.execute(moved.values(wrapped=wrapped)))
        with pytest.raises(CannotOpen):
            house.open(Vault(KmsKeys(two, service.url)), "p1")
        for fault, error in (((400, "AccessDeniedException"), KeyFault), ((500, "KMSInternalException"), KeyServiceDown)):
            service.fault = fault
            with pytest.raises(error):
                house.open(Vault(KmsKeys(two, service.url)), "p0")
    with pytest.raises(KeyServiceDown, match="cannot be reached"):
        house.open(Vault(KmsKeys(two, service.url)), "p0")


def test_places_are_named_in_the_settings(tmp_path: Path) -> None:
    assert isinstance(place("file", tmp_path / "key"), FileKeys)
    assert isinstance(place("keyring", tmp_path), KeyringKeys)
    assert isinstance(place("kms:arn:aws:kms:eu-central-1:1:key/x", tmp_path), KmsKeys)
    for wrong in ("", "kms", "vault:x"):
        with pytest.raises(KeyFault, match="no place"):
            place(wrong, tmp_path)
