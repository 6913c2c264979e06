"""A person asks for everything the house knows of them, or to be forgotten: only their own rows are read, and none of them is left."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.leaving import Leaving
from orchestrator.contracts import Card, Context, Done, Outcome, Task, TaskState
from orchestrator.tasks import manager
from orchestrator.triage import commands, export
from orchestrator.triage.intent_data import load_builtin
from orchestrator.triage.keywords import Keywords
from storage import belongings
from storage.audit import AuditLog
from storage.database import Database
from storage.models import AuditRow, Base
from storage.vault import CannotOpen, FileKeys, NoSuchCredential, Vault
from storage.vault import credentials as kept
from tests.actions.stage import Stage, errand
from tests.conftest import NOW
from tests.crash.majordomo import Majordomo, majordomo, telegram
from tests.encodings import found_in
from tests.everything import OF_THE_HOUSE, Life, counts, dump, live
from tests.people import Somebody, settle

ANN, BOB = "mark-of-ann", "mark-of-bob"
OWNER, WORD = 701, "quetzalcoatl"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(FileKeys(tmp_path / "key"))


@pytest.fixture
def ann(database: Database, vault: Vault) -> Life:
    somebody = settle(database, role="owner", external=f"outside-{ANN}")
    return database.write_now(lambda connection: live(connection, somebody, ANN, vault))


@pytest.fixture
def bob(database: Database, vault: Vault) -> Life:
    somebody = settle(database, role="guest", external=f"outside-{BOB}")
    return database.write_now(lambda connection: live(connection, somebody, BOB, vault))


async def waits(task: Task, context: Context) -> Outcome:
    await context.ask("what", "What?")
    return Done(Card("done"))


def stage(database: Database, folder: Path, vault: Vault, who: Somebody) -> Stage:
    return Stage(database, folder, agents=[errand(waits)], tools=[], somebody=who, audit=AuditLog(vault))


async def say(on: Stage, text: str, who: Somebody | None = None) -> list[dict[str, Any]]:
    """A typed command; the cards that answer it."""
    before = len(on.cards(who))
    await on.database.write(lambda connection: commands.run(on.turn(connection, "text", text, {}, who), text))
    return on.cards(who)[before:]


def exported(cards: list[dict[str, Any]]) -> dict[str, Any]:
    [card] = cards
    [file] = card["files"]
    assert file["name"] == "majordomo-export.json"
    found: dict[str, Any] = json.loads(file["content"])
    return found


async def test_the_export_has_every_row_of_the_person_and_none_of_another(database: Database, tmp_path: Path, vault: Vault, ann: Life, bob: Life) -> None:
    on = stage(database, tmp_path, vault, ann.somebody)
    folder = on.around.folder_of(ann.somebody.person.id)
    (folder / "note.txt").write_text("mine")
    for mine, other in ((ann, bob), (bob, ann)):
        whole = exported(await say(on, "/export", mine.somebody))
        text = json.dumps(whole)
        assert mine.somebody.person.id in text and mine.mark in text
        assert other.somebody.person.id not in text and other.mark not in text
        expected = {table.name for table in Base.metadata.sorted_tables} - OF_THE_HOUSE - export.WITHHELD.keys() - {"settings"}
        assert expected - whole["data"].keys() == set(), "a table is missing"
        assert "audit" in whole["data"] and whole["data"]["people"][0]["id"] == mine.somebody.person.id
        assert found_in(f"secret-{mine.mark}", text.encode()) == [] and not any("sealed" in row for row in whole["data"]["credentials"])
        assert whole["data"]["credentials"][0]["service"] == f"Portal {mine.mark}"
    assert exported(await say(on, "/export"))["data"]["files"] == [{"name": "note.txt", "bytes": 4}]


async def test_an_export_does_not_hold_the_export_before_it(database: Database, tmp_path: Path, vault: Vault, ann: Life) -> None:
    on = stage(database, tmp_path, vault, ann.somebody)
    sizes = [len((await say(on, "/export"))[-1]["files"][0]["content"]) for _ in range(3)]
    assert sizes[2] - sizes[1] < 3000


async def test_a_long_life_comes_in_several_files(database: Database, tmp_path: Path, vault: Vault, ann: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PART", 4000)
    on = stage(database, tmp_path, vault, ann.somebody)
    [card] = await say(on, "/export")
    parts = [json.loads(file["content"]) for file in card["files"]]
    assert len(parts) > 3 and [part["part"] for part in parts] == list(range(1, len(parts) + 1))
    assert {name for part in parts for name in part["data"]} >= {"people", "tasks", "steps", "audit", "mails"}


async def test_forgotten_after_a_press_with_everything_but_the_audit_log(database: Database, tmp_path: Path, vault: Vault, ann: Life, bob: Life) -> None:
    on = stage(database, tmp_path, vault, ann.somebody)
    folder = on.around.folder_of(ann.somebody.person.id)
    (folder / "note.txt").write_text(ANN)
    others = database.read_now(counts)
    running = await on.begin()
    assert running.state is TaskState.AWAITING_INPUT
    [card] = await say(on, "/forgetme")
    assert on.buttons() == ["Forget me for good", "Keep everything"]
    for told in ("task", "messages", "reminder", "credential", "audit log", "only owner", "/export"):
        assert told in card["text"], told
    await on.press("Forget me for good")
    assert [one["text"] for one in on.cards()][-1].startswith("Done: everything about you is erased")
    assert database.read_now(lambda connection: manager.load(connection, running.id)) is None, "what ran was stopped and is gone"
    await see_off(on)

    after = database.read_now(dump)
    assert [name for name, text in after.items() if ann.somebody.person.id in text] == ["audit"]
    assert [name for name, text in after.items() if ANN in text] == []
    assert not folder.exists()
    said = database.read_now(
        lambda connection: connection.execute(sa.select(AuditRow.subject).where(AuditRow.person_id == ann.somebody.person.id)).scalars().all()
    )
    assert said[-1] == "forgotten"
    assert database.read_now(lambda connection: AuditLog(vault).verify(connection, None))[:-1] == [], "the chain is whole"
    await _nothing_of_others_is_gone(on, vault, bob, others)
    if database.is_sqlite:
        assert _in_files(tmp_path / "data", ann.somebody.person.id, ANN) == {"id"}, "the audit log keeps the number, and nothing keeps a word"


async def _nothing_of_others_is_gone(on: Stage, vault: Vault, bob: Life, before: dict[str, int]) -> None:
    left = on.database.read_now(counts)
    twice = {name for name, count in before.items() if count == 2}
    assert {name for name in twice if left[name] < 1} == set()
    whole = exported(await say(on, "/export", bob.somebody))
    assert json.dumps(whole).count(BOB) > 50
    revealed = on.database.read_now(
        lambda connection: kept.reveal(
            vault, connection, bob.somebody.person.id, bob.handle, scheme="https", host="portal.example", port=None, tool="http.get", now=NOW
        )
    )
    assert revealed.fields == {"password": f"secret-{BOB}"}


def _in_files(folder: Path, person_id: str, mark: str) -> set[str]:
    found = set()
    for path in folder.rglob("majordomo.db*"):
        data = path.read_bytes()
        found |= {name for name, text in (("id", person_id), ("mark", mark)) if text.encode() in data}
    return found


async def see_off(on: Stage) -> None:
    """What the house does once the last word is out."""
    on.database.write_now(lambda connection: connection.execute(sa.text("UPDATE outbox SET state = 'sent'")))
    on.clock.move(seconds=10)
    forgotten: list[str] = []
    leaving = Leaving(on.database, on.clock, on.around.files, lambda: forgotten.append("places"), is_leader=lambda: True, pairs=False)
    await leaving._see_off()
    assert forgotten == ["places"]


async def test_what_was_sealed_for_them_opens_never_again(database: Database, tmp_path: Path, vault: Vault, ann: Life) -> None:
    sealed = database.read_now(lambda connection: connection.execute(sa.text("SELECT sealed FROM credentials")).scalar_one())
    row = ann.handle.rpartition("/")[2]
    database.write_now(lambda connection: belongings.erase(connection, ann.somebody.person.id, ann.somebody.chat_id, NOW))
    with pytest.raises(CannotOpen):
        database.read_now(lambda connection: vault.open(connection, ann.somebody.person.id, "credentials", row, "sealed", bytes(sealed)))
    with pytest.raises(NoSuchCredential):
        database.read_now(lambda connection: kept.get(connection, ann.somebody.person.id, ann.handle))


async def test_no_is_no_and_an_old_card_does_nothing(database: Database, tmp_path: Path, vault: Vault, ann: Life) -> None:
    on = stage(database, tmp_path, vault, ann.somebody)
    before = database.read_now(counts)["tasks"]
    await say(on, "/forgetme")
    await on.press("Keep everything")
    assert on.cards()[-1]["text"] == "Nothing was changed."
    await say(on, "/forgetme")
    on.clock.move(minutes=10, seconds=1)
    assert "time for this is over" in await on.press("Forget me for good")
    assert database.read_now(counts)["tasks"] == before


async def test_another_persons_button_does_nothing(database: Database, tmp_path: Path, vault: Vault, ann: Life, bob: Life) -> None:
    on = stage(database, tmp_path, vault, ann.somebody)
    await say(on, "/forgetme")
    assert "not for you" in await on.press("Forget me for good", who=bob.somebody)
    assert database.read_now(belongings.leaving) == {}


async def test_a_group_stays_for_the_others(database: Database, tmp_path: Path, vault: Vault, ann: Life, bob: Life) -> None:
    def share(connection: sa.Connection) -> None:
        connection.execute(
            sa.text("UPDATE messages_in SET chat_id = :chat WHERE person_id = :bob"), {"chat": ann.somebody.chat_id, "bob": bob.somebody.person.id}
        )

    database.write_now(share)
    on = stage(database, tmp_path, vault, ann.somebody)
    await say(on, "/forgetme")
    await on.press("Forget me for good")
    await see_off(on)
    chat = database.read_now(
        lambda connection: connection.execute(sa.text("SELECT person_id FROM chats WHERE id = :id"), {"id": ann.somebody.chat_id}).scalar_one()
    )
    assert chat == bob.somebody.person.id and database.read_now(counts)["messages_in"] == 1


async def test_the_walk_would_find_what_is_left(database: Database, vault: Vault, ann: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: with one table left out, the search finds it."""
    tables = belongings.tables()
    monkeypatch.setattr(belongings, "tables", lambda: [table for table in tables if table.name != "examples"])
    database.write_now(lambda connection: belongings.erase(connection, ann.somebody.person.id, ann.somebody.chat_id, NOW))
    database.write_now(lambda connection: belongings.finish(connection, ann.somebody.person.id))
    left = database.read_now(dump)
    assert {name for name, text in left.items() if ANN in text} == {"examples"}


SAID = {
    "data_export": [
        "export my data", "Can I get a copy of all my data?", "what do you know about me?", "meine Daten exportieren", "Bitte gib mir alle meine Daten",
        "Was weißt du über mich?", "Was wissen Sie über mich?", "exporta mis datos", "Quiero una copia de todos mis datos", "¿Qué sabes de mí?", "导出我的数据", "请给我我的所有数据", "你知道我什么？",
    ],
    "forget_me": [
        "forget me", "Please delete all my data", "erase everything about me", "Vergiss mich bitte", "Lösche alle meine Daten", "meine Daten löschen", "Olvídame",
        "borra todos mis datos", "忘记我", "请删除我的所有数据",
    ],
}  # fmt: skip
OTHERWISE = [
    "forget it", "vergiss es", "olvídalo", "算了", "export my data to Excel", "how do you protect my data", "delete my reminder", "lösche meine Erinnerung",
    "forget my last appointment", "don't forget me at 5", "exportiere meine Daten nach Excel", "do you store my data", "把我的数据导出到Excel",
]  # fmt: skip


def test_said_in_plain_words_in_four_languages_and_only_by_keywords() -> None:
    known = Keywords(load_builtin().rules)
    for intent, sentences in SAID.items():
        assert [text for text in sentences if (found := known.match(text)) is None or found.intent != intent] == []
    assert [text for text in OTHERWISE if (found := known.match(text)) is not None and found.intent in SAID] == []
    rules = [rule for rule in load_builtin().rules if rule.intent in SAID]
    everything = [text for sentences in SAID.values() for text in sentences]
    assert [rule.source for rule in rules if not any(rule.pattern.search(text) for text in everything)] == []


@pytest.mark.timeout(120)
async def test_the_only_owner_leaves_and_pairing_starts_anew() -> None:
    """The real program over Telegram: exported, forgotten in the middle of a task, told once, a stranger afterwards."""
    async with telegram() as api, majordomo(api, MAJORDOMO_STRANGERS="pair", SMTP_URL="smtp://127.0.0.1:9?from=me@example.com") as bot:
        await bot.start()
        api.say(OWNER, await _code(bot, 0))
        await api.shown(OWNER, "assistant", timeout=30)
        api.say(OWNER, f"remind me tomorrow at 9 to {WORD}")
        await api.shown(OWNER, WORD, timeout=30)
        api.say(OWNER, "/help")
        await api.shown(OWNER, "/export gives you all of it, /forgetme erases it", timeout=60)
        api.say(OWNER, "export my data")
        await api.shown(OWNER, "everything I know about you", timeout=60)
        await api.until(lambda: bool(api.platform.files), 60)
        whole = json.loads(next(iter(api.platform.files.values())).content)
        assert any(WORD in row["text"] for row in whole["data"]["messages_in"]) and any(WORD in row["title"] for row in whole["data"]["schedules"])

        api.say(OWNER, "forget me")
        await api.user(OWNER).press(await api.shown(OWNER, "Shall I forget you", timeout=60), "Keep everything")
        await api.shown(OWNER, "Nothing was changed", timeout=60)
        api.say(OWNER, f"email {WORD}@example.com that I am late")
        await api.shown(OWNER, "Which subject", timeout=30)
        seen = len(api.texts(OWNER))
        api.say(OWNER, "/forgetme")
        card = await api.shown(OWNER, "Shall I forget you", after=seen, timeout=60)
        assert "only owner" in card.text
        await api.user(OWNER).press(card, "Forget me for good")
        await api.shown(OWNER, "everything about you is erased", timeout=60)
        code = await _code(bot, 1)
        found = sqlite3.connect(bot.folder / "data" / "majordomo.db")
        dumped = "\n".join(found.iterdump())
        found.close()
        person = whole["person"]
        assert WORD not in dumped
        assert [line for line in dumped.splitlines() if person in line and 'INTO "audit"' not in line] == []
        assert [path.name for path in (bot.folder / "data").rglob("*") if path.is_file() and WORD.encode() in path.read_bytes()] == []

        assert sum("everything about you is erased" in text for text in api.texts(OWNER)) == 1 and card.labels == []
        api.say(OWNER, "hello again")
        await api.shown(OWNER, "private", timeout=60)
        api.say(OWNER, code)
        await api.until(lambda: "assistant" in api.texts(OWNER)[-1], 60)
        assert api.violations == [] and WORD not in bot.log()


async def _code(bot: Majordomo, before: int) -> str:
    """The code that the program prints for whoever is to be its owner."""
    async with asyncio.timeout(60):
        while len(found := re.findall(r"within 10 minutes: +([A-Z0-9-]+)", bot.log())) <= before:
            await asyncio.sleep(0.05)
    return str(found[before])
