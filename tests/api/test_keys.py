"""Making keys: on the command line and in an owner's chat, where the secret is shown once and taken out again."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from bot.app import House
from bot.cli import app
from orchestrator import access
from storage.models import ApiKeyRow, AuditRow, EventRow, MessageRow, OutgoingRow
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock


@pytest.fixture
def house(folder: Path, clock: MovedClock) -> House:
    return open_house(folder, clock)


TABLES = (OutgoingRow, EventRow, MessageRow, ApiKeyRow, AuditRow)


def secret_in(text: str) -> str:
    found = access.SHAPE.search(text)
    assert found is not None
    return found.group()


def kept(house: House, secret: str) -> bool:
    """Whether the secret stands anywhere in our tables."""
    with house.database.engine.connect() as connection:
        return any(secret in str(list(map(tuple, connection.execute(sa.select(table.__table__))))) for table in TABLES)


def test_an_owner_makes_a_key_in_chat_and_it_is_taken_out_of_the_chat_again(house: House, clock: MovedClock) -> None:
    owner = someone(house)
    secret = secret_in(owner.say("/apikey curl at home"))
    known = house.database.read_now(lambda connection: access.find(connection, secret, clock.now()))
    assert known is not None and known.person.id == owner.somebody.person.id and "admin" not in known.scopes
    assert kept(house, secret)
    clock.move(minutes=9)
    assert house.database.write_now(lambda connection: access.hide(connection, house.words, clock.now())) == 0
    clock.move(minutes=2)
    assert house.database.write_now(lambda connection: access.hide(connection, house.words, clock.now())) == 1
    assert not kept(house, secret)
    assert "curl at home" in owner.say("/apikey")
    owner.press("Revoke")
    assert house.database.read_now(lambda connection: access.find(connection, secret, clock.now())) is None
    assert "no API keys" in owner.say("/apikey")


def test_hiding_it_at_once_leaves_the_key_and_no_trace_of_the_secret(house: House, clock: MovedClock) -> None:
    owner = someone(house)
    secret = secret_in(owner.say("/apikey phone"))
    owner.press("hide")
    assert not kept(house, secret)
    assert house.database.read_now(lambda connection: access.find(connection, secret, clock.now())) is not None


def test_only_owners_make_keys_in_chat(house: House) -> None:
    member = someone(house, role="member", external="m")
    assert access.SHAPE.search(member.say("/apikey mine")) is None
    assert Talk(house, member.somebody).say("/apikey") == member.say("/apikey")


def test_the_command_line_makes_lists_and_revokes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/data/majordomo.db")
    run = CliRunner()
    made = run.invoke(app, ["api-key", "create", "--name", "curl", "--scopes", "tasks:read,tasks:write", "--days", "1"])
    assert made.exit_code == 0, made.output
    secret = secret_in(made.output)
    listed = run.invoke(app, ["api-key", "list"])
    assert "curl" in listed.output and secret not in listed.output and "tasks:read,tasks:write" in listed.output
    assert run.invoke(app, ["api-key", "revoke", "mjd_nothing"]).exit_code != 0
    ended = run.invoke(app, ["api-key", "revoke", secret[: access.PREFIX]])
    assert "does not count any more" in ended.output
    assert run.invoke(app, ["api-key", "list"]).output == "none\n"
    assert run.invoke(app, ["api-key", "create", "--scopes", "everything"]).exit_code != 0
