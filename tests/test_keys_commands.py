"""`majordomo keys` and `majordomo audit`, as somebody at the command line uses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.settings import ConfigurationError
from storage.database import Database
from storage.models import AuditRow, IdentityRow, PersonRow
from storage.vault import FileKeys, Vault, credentials
from storage.vault.credentials import CredentialKind
from tests.conftest import NOW

Command = Callable[..., Result]


@pytest.fixture
def majordomo(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line on a database with one owner, known in Telegram."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("MAJORDOMO_KEY_FILE", str(tmp_path / "keys" / "key"))
    database.write_now(lambda c: c.execute(sa.insert(PersonRow).values(id="ada", role="owner", created_at=NOW)))
    database.write_now(lambda c: c.execute(sa.insert(IdentityRow).values(id="i", person_id="ada", channel="telegram", external_id="1001", created_at=NOW)))
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def fernet_file(folder: Path, lines: list[dict[str, object]], key: bytes) -> tuple[Path, Path]:
    (folder / "fernet.key").write_bytes(key + b"\n")
    (folder / "old.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "old.jsonl", folder / "fernet.key"


def test_from_an_import_over_a_rotation_to_a_verified_log(majordomo: Command, database: Database, tmp_path: Path) -> None:
    assert "none yet" in majordomo("keys", "show").output
    key = Fernet.generate_key()
    fernet = Fernet(key)
    lines: list[dict[str, object]] = [
        {"service": "Portal", "kind": "health_portal", "username": "ada", "password": fernet.encrypt(b"open sesame").decode()},
        {"service": "Mail", "kind": "email", "username": fernet.encrypt(b"ada@x").decode(), "password": fernet.encrypt(b"pw").decode(),
         "url": "smtps://mail.example.org", "tools": ["email.send"]},
    ]  # fmt: skip
    file, key_file = fernet_file(tmp_path, lines, key)
    import_ = ("keys", "import-fernet", file, "--key-file", key_file, "--person", "telegram:1001", "--url", "https://portal.example", "--tool", "browser.fill")
    assert "2 credentials imported" in majordomo(*import_).output
    rotated = majordomo("keys", "rotate")
    assert "2 data keys are now wrapped by file:" in rotated.output, rotated
    shown = majordomo("keys", "show").output
    assert "wraps 2 data keys: file:" in shown and "MISSING" not in shown and (tmp_path / "keys" / "key").read_text().split(":")[1].strip() not in shown

    vault, read = Vault(FileKeys(tmp_path / "keys" / "key")), database.read_now
    portal = read(lambda c: credentials.find(c, "ada", kind=CredentialKind.HEALTH_PORTAL, now=NOW))
    assert portal is not None
    asked = {"scheme": "https", "host": "portal.example", "port": 443, "tool": "browser.fill"}
    revealed = read(lambda c: credentials.reveal(vault, c, "ada", portal.handle, **asked, now=NOW))  # type: ignore[arg-type]
    assert revealed.fields == {"username": "ada", "password": "open sesame"}

    assert majordomo("audit", "verify").output == "ok     3 entries, each as it was written\n"
    exported = majordomo("audit", "export", "--person", "owner").output
    assert [json.loads(line)["kind"] for line in exported.splitlines()] == ["credential", "credential"]
    assert "open sesame" not in majordomo("audit", "export").output
    majordomo("audit", "export", "--out", tmp_path / "log.jsonl")
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 3

    database.write_now(lambda c: c.execute(sa.delete(AuditRow).where(AuditRow.seq == 3)))
    found = majordomo("audit", "verify")
    assert found.exit_code == 1 and "was cut off" in found.output
    assert "accepted as it stands" in majordomo("audit", "verify", "--accept").output
    assert majordomo("audit", "verify").exit_code == 0


def test_a_broken_head_file_can_be_accepted(majordomo: Command, database: Database, tmp_path: Path) -> None:
    majordomo("keys", "rotate")
    heads = list(tmp_path.rglob("audit.head"))
    assert len(heads) == 1
    heads[0].write_text("[]")
    assert isinstance(majordomo("audit", "verify").exception, ConfigurationError)
    assert majordomo("audit", "verify", "--accept").exit_code == 0
    assert majordomo("audit", "verify").exit_code == 0


def test_an_import_is_all_or_nothing_and_names_the_line_without_a_value(majordomo: Command, database: Database, tmp_path: Path) -> None:
    key = Fernet.generate_key()
    good: dict[str, object] = {
        "service": "A",
        "kind": "other",
        "username": "u",
        "password": Fernet(key).encrypt(b"pw").decode(),
        "url": "https://a.example",
        "tools": ["t"],
    }
    foreign = Fernet(Fernet.generate_key()).encrypt(b"pw").decode()
    cases: list[tuple[dict[str, object], str]] = [
        ({**good, "password": foreign}, "line 2: the values of A are not encrypted"), ({**good, "kind": "bank"}, "line 2 is no credential"),
        ({"service": "A"}, "line 2 is no credential"), ({**good, "url": ""}, "line 2 does not say"),
    ]  # fmt: skip
    for wrong, fault in cases:
        file, key_file = fernet_file(tmp_path, [good, wrong], key)
        refused = majordomo("keys", "import-fernet", file, "--key-file", key_file, "--person", "ada").exception
        assert isinstance(refused, ConfigurationError) and fault in str(refused) and foreign not in str(refused)
    assert database.read_now(lambda c: credentials.all_of(c, "ada")) == []
    for person in ("bob", "telegram:1", "guest"):
        refused = majordomo("keys", "import-fernet", fernet_file(tmp_path, [good], key)[0], "--key-file", tmp_path / "fernet.key", "--person", person).exception
        assert isinstance(refused, ConfigurationError) and "names no one person" in str(refused)


def test_faults_come_with_a_remedy(majordomo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert majordomo("keys", "rotate").exit_code == 0
    (tmp_path / "keys" / "key").chmod(0o644)
    refused = majordomo("keys", "rotate").exception
    assert isinstance(refused, ConfigurationError) and "chmod 600" in refused.remedy
    (tmp_path / "keys" / "key").unlink()
    refused = majordomo("keys", "rotate").exception
    assert isinstance(refused, ConfigurationError) and "restore the key file" in refused.remedy
    assert "MISSING" in majordomo("keys", "show").output
    monkeypatch.setenv("MAJORDOMO_KEY_PLACE", "drawer")
    assert isinstance(majordomo("keys", "show").exception, ConfigurationError)


def test_keys_move_to_another_file_and_back(majordomo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    majordomo("keys", "rotate")
    elsewhere = tmp_path / "elsewhere"
    assert f"MAJORDOMO_KEY_PLACE=file:{elsewhere}" in majordomo("keys", "rotate", "--to", f"file:{elsewhere}").output
    (tmp_path / "keys" / "key").unlink()
    monkeypatch.setenv("MAJORDOMO_KEY_PLACE", f"file:{elsewhere}")
    assert majordomo("audit", "verify").exit_code == 0
    assert "MISSING" not in majordomo("keys", "show").output
