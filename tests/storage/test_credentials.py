"""Credentials: revealed to their person for exactly what they are for, and to nothing else."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage import handles
from storage.database import Database
from storage.models import CredentialRow, PersonRow
from storage.vault import CannotOpen, CredentialExpired, FileKeys, NoSuchCredential, OutOfScope, Vault, credentials
from storage.vault.credentials import CredentialKind, NewCredential, Scope, Verification
from tests.conftest import NOW

PASSWORD = "correct horse battery"


@dataclass
class Safe:
    """Ada's and Bob's credentials, with what a call needs."""

    database: Database
    vault: Vault
    handle: str = ""

    def write(self, work: Any, *arguments: Any, **named: Any) -> Any:
        return self.database.write_now(lambda connection: work(connection, *arguments, **named))

    def save(self, person: str, service: str = "Mailbox", **more: Any) -> str:
        scope = Scope.of("smtps", "Mail.Example.org", None, ["email.send", "email.search"])
        new = NewCredential(service, CredentialKind.EMAIL, {"username": person, "password": PASSWORD}, scope, **more)
        return self.database.write_now(lambda connection: credentials.save(self.vault, connection, person, new, NOW))

    def reveal(self, person: str = "ada", handle: str = "", **asked: Any) -> dict[str, str]:
        wanted: dict[str, Any] = {"scheme": "smtps", "host": "mail.example.org", "port": 465, "tool": "email.send", "now": NOW} | asked
        shown = self.database.read_now(lambda connection: credentials.reveal(self.vault, connection, person, handle or self.handle, **wanted))
        return dict(shown.fields)

    def found(self, person: str = "ada", **wanted: Any) -> credentials.Credential | None:
        return self.database.read_now(lambda connection: credentials.find(connection, person, now=NOW, **wanted))


@pytest.fixture
def safe(database: Database, tmp_path: Path) -> Safe:
    made = Safe(database, Vault(FileKeys(tmp_path / "keys" / "key")))
    for person in ("ada", "bob"):
        made.write(lambda connection, person=person: connection.execute(sa.insert(PersonRow).values(id=person, role="member", created_at=NOW)))
    made.handle = made.save("ada")
    return made


def test_it_is_revealed_for_what_it_is_for(safe: Safe) -> None:
    assert safe.reveal() == {"username": "ada", "password": PASSWORD}
    assert safe.reveal(host="MAIL.example.org", scheme="SMTPS", port=None, tool="email.search")["password"] == PASSWORD


@pytest.mark.parametrize(
    "asked",
    [
        {"scheme": "smtp"}, {"scheme": "http"}, {"port": 587}, {"port": 0}, {"host": "mail.example.org.evil.example"}, {"host": "example.org"},
        {"host": "mail.example.org."}, {"host": "mail.example.org:465"}, {"host": "user@mail.example.org"}, {"host": "mаil.example.org"},
        {"host": ""}, {"tool": "http.get"}, {"tool": ""}, {"tool": "email.sen"},
    ],
)  # fmt: skip
def test_it_is_refused_for_anything_else(safe: Safe, asked: dict[str, Any]) -> None:
    with pytest.raises(OutOfScope) as raised:
        safe.reveal(**asked)
    assert PASSWORD not in str(raised.value)


def test_another_person_has_no_such_credential(safe: Safe) -> None:
    """Every function, as the wrong person: the same answer as for one that was never there."""
    calls: list[Any] = [
        lambda person, handle: safe.reveal(person, handle),
        lambda person, handle: safe.write(credentials.get, person, handle),
        lambda person, handle: safe.write(credentials.forget, person, handle, NOW),
        lambda person, handle: safe.write(credentials.mark_verified, person, handle, NOW),
        lambda person, handle: safe.write(credentials.mark_failed, person, handle),
        lambda person, handle: safe.write(credentials.record_use, person, handle, task_id=None, tool="x", host="x", now=NOW),
    ]
    for call in calls:
        texts = set()
        for handle in (safe.handle, handles.handle("00000000-0000-7000-8000-000000000000"), "cred://x", "", safe.handle.upper()):
            with pytest.raises(NoSuchCredential) as raised:
                call("bob", handle)
            texts.add(str(raised.value))
        assert len(texts) == 1
    assert safe.found("bob") is None
    assert safe.write(credentials.all_of, "bob") == [] and safe.write(credentials.uses, "bob") == []
    assert safe.reveal()["password"] == PASSWORD


def test_the_database_cannot_point_it_at_another_host(safe: Safe) -> None:
    """Twin: a check of the columns instead of what is sealed would send the password to the attacker."""
    columns = {"scheme": "http", "host": "evil.example", "port": 80, "tools": ["http.get"]}
    safe.write(lambda connection: connection.execute(sa.update(CredentialRow).values(**columns)))
    found = safe.found()
    assert found is not None and found.scope == Scope.of("http", "evil.example", 80, ["http.get"]), "by the columns it would be allowed"
    with pytest.raises(OutOfScope):
        safe.reveal(scheme="http", host="evil.example", port=80, tool="http.get")


def test_a_row_moved_to_another_person_or_row_does_not_open(safe: Safe) -> None:
    bobs = safe.save("bob")
    sealed = safe.write(lambda c: c.execute(sa.select(CredentialRow.sealed).where(CredentialRow.person_id == "ada")).scalar_one())
    safe.write(lambda c: c.execute(sa.update(CredentialRow).where(CredentialRow.person_id == "bob").values(sealed=sealed)))
    with pytest.raises(CannotOpen):
        safe.reveal("bob", bobs)
    safe.write(lambda c: c.execute(sa.update(CredentialRow).values(person_id="bob")))
    with pytest.raises(CannotOpen):
        safe.reveal("bob")


def test_the_newest_usable_one_is_found(safe: Safe) -> None:
    newer = safe.save("ada", expires_at=NOW + timedelta(days=1))
    safe.save("ada", expires_at=NOW)
    safe.save("ada", service="Pharmacy")
    for wanted in ({"service": "mailbox"}, {"service": "Mailbox", "kind": CredentialKind.EMAIL}):
        found = safe.found(**wanted)
        assert found is not None and found.handle == newer
    assert safe.found(kind=CredentialKind.PHARMACY) is None and safe.found(service="mail") is None
    safe.write(credentials.mark_failed, "ada", newer)
    found = safe.found(service="Mailbox")
    assert found is not None and found.handle == safe.handle
    safe.write(credentials.mark_verified, "ada", newer, NOW)
    found = safe.found(service="Mailbox")
    assert found is not None and found.handle == newer and found.verification is Verification.VERIFIED and found.verified_at == NOW


def test_a_fitting_older_one_is_found_behind_newer_ones_that_do_not_fit_or_failed(safe: Safe) -> None:
    scope = Scope.of("smtps", "mail.example.org", 465, ["email.send"])
    elsewhere = NewCredential("Mailbox", CredentialKind.EMAIL, {"password": PASSWORD}, Scope.of("smtps", "other.example", None, ["email.send"]))
    fewer = NewCredential("Mailbox", CredentialKind.EMAIL, {"password": PASSWORD}, Scope.of("smtps", "mail.example.org", None, ["email.search"]))
    for new in (elsewhere, fewer):
        safe.write(lambda connection, one: credentials.save(safe.vault, connection, "ada", one, NOW), new)
    failed = safe.save("ada")
    safe.write(credentials.mark_failed, "ada", failed)
    found = safe.found(service="Mailbox", scope=scope)
    assert found is not None and found.handle == safe.handle
    safe.write(credentials.mark_failed, "ada", safe.handle)
    assert safe.found(service="Mailbox", scope=scope) is None and safe.found(service="Mailbox") is not None


def test_what_works_is_known_for_as_long_as_it_is_asked_for(safe: Safe) -> None:
    def known(person: str, since: Any) -> bool:
        return bool(safe.database.read_now(lambda connection: credentials.known_to_work(connection, person, safe.handle, since=since)))

    assert not known("ada", NOW)
    safe.write(credentials.mark_verified, "ada", safe.handle, NOW)
    assert known("ada", NOW) and not known("ada", NOW + timedelta(seconds=1)) and not known("bob", NOW)
    safe.write(credentials.mark_failed, "ada", safe.handle)
    assert not known("ada", NOW)


def test_an_expired_one_is_told_apart(safe: Safe) -> None:
    handle = safe.save("ada", expires_at=NOW + timedelta(hours=1))
    assert safe.reveal(handle=handle)
    with pytest.raises(CredentialExpired):
        safe.reveal(handle=handle, now=NOW + timedelta(hours=1))
    assert len(safe.write(credentials.all_of, "ada")) == 2


def test_forgetting_deletes_the_value_and_keeps_the_receipts(safe: Safe) -> None:
    safe.write(credentials.record_use, "ada", safe.handle, task_id="t1", tool="email.send", host="Mail.example.org", now=NOW)
    assert safe.write(credentials.get, "ada", safe.handle).last_used_at == NOW
    safe.write(credentials.forget, "ada", safe.handle, NOW)
    with pytest.raises(NoSuchCredential):
        safe.reveal()
    assert safe.found() is None and safe.write(credentials.all_of, "ada") == []
    assert safe.write(lambda c: c.execute(sa.select(CredentialRow.sealed)).scalar_one()) is None
    (receipt,) = safe.write(credentials.uses, "ada")
    assert (receipt.task_id, receipt.tool, receipt.host, receipt.at) == ("t1", "email.send", "mail.example.org", NOW)
    with pytest.raises(NoSuchCredential):
        safe.write(credentials.record_use, "ada", safe.handle, task_id=None, tool="x", host="x", now=NOW)


@pytest.mark.parametrize(
    "scope", [("", "h", 1, ["t"]), ("https", "", 1, ["t"]), ("gopher", "h", None, ["t"]), ("https", "h", 1, []), ("https", "*.h", 1, ["t"])]
)
def test_what_is_too_vague_is_not_saved(scope: tuple[str, str, int | None, list[str]]) -> None:
    with pytest.raises(ValueError, match="exact host"):
        Scope.of(*scope)


def test_the_value_stands_nowhere_in_the_open(safe: Safe, tmp_path: Path) -> None:
    """In the database's files (write-ahead log included), in representations: in no encoding."""
    new = NewCredential("x", CredentialKind.OTHER, {"password": PASSWORD}, Scope.of("https", "h", None, ["t"]))
    shown = repr(new) + repr(safe.found()) + repr(credentials.Revealed({"password": PASSWORD}))
    raw = PASSWORD.encode()
    forms = [raw, base64.b64encode(raw), base64.urlsafe_b64encode(raw), raw.hex().encode(), raw.hex().upper().encode(), raw.replace(b" ", b"%20")]
    assert PASSWORD not in shown
    for path in (tmp_path / "data").rglob("*"):
        assert path.is_dir() or not any(form in path.read_bytes() for form in forms), path
    rows = safe.write(lambda c: str(c.execute(sa.select(*CredentialRow.__table__.columns)).all()))
    assert PASSWORD not in rows


def test_handles() -> None:
    made = "0190a6b2-1111-7222-8333-444455556666"
    assert handles.parse(handles.handle(made)) == made and handles.is_handle(f"cred://{made}")
    for wrong in (made, f"cred://{made}x", f"cred://{made}\n", f"CRED://{made}", "cred://../x", ""):
        assert not handles.is_handle(wrong)
        with pytest.raises(ValueError, match="cred://"):
            handles.parse(wrong)
