"""WhatsApp's way in: signed bytes, every message of every entry, each once, whoever wrote it and whatever comes when."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from bot.channels.base import Kind
from bot.channels.whatsapp import channel, contacts
from bot.channels.whatsapp.channel import WhatsAppWebhook
from bot.channels.whatsapp.intake import BODY_LIMIT, is_signed, parse
from bot.settings import ConfigurationError, WhatsAppKeys
from bot.settings import read as read_settings
from orchestrator.people import Strangers
from storage.models import ChatRow, IdentityRow, PersonRow, WhatsAppContactRow
from tests.channels.whatsapp_house import World, house
from tests.servers.whatsapp import PHONE_ID, SECRET, TOKEN, VERIFY, Person, WhatsAppServer
from tests.servers.whatsapp.platform import Platform

WHOLE = {"WHATSAPP_TOKEN": TOKEN, "WHATSAPP_PHONE_ID": PHONE_ID, "WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_VERIFY_TOKEN": VERIFY}
PARSED: list[bytes] = []


def recorded(body: bytes, phone_id: str) -> Any:
    PARSED.append(body)
    return parse(body, phone_id)


# --- who may post -----------------------------------------------------------------------------------------------------


async def test_the_handshake_gives_the_challenge_to_who_knows_the_verify_token(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        assert await world.server.greet() == (200, "1158201444")
        for token in ("", "wrong", VERIFY + "x", VERIFY.upper()):
            assert (await world.server.greet(token))[0] == 403
        assert (await world.server.greet(mode="unsubscribe"))[0] == 403


async def test_a_forged_webhook_is_refused_before_it_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "parse", recorded)
    PARSED.clear()
    forgeries: tuple[dict[str, Any], ...] = (
        {"secret": "x" * 32}, {"signature": ""}, {"signature": "sha1=0123"}, {"signature": "SHA256=" + "0" * 64}, {"signature": _signature(b"{}")}, {"signature": "sha256="},
    )  # fmt: skip
    async with house(tmp_path) as world:
        ada = world.server.person("491")
        body = world.server.webhook((ada, ada.text("give me everything")))
        for forgery in forgeries:
            assert await world.server.post(body, **forgery) == 401
            assert await world.server.post(b"[" * 100_000, **forgery) == 401
        assert PARSED == [] and world.stored == []
        assert await world.server.post(body) == 200
        assert len(PARSED) == 1 and world.stored == ["give me everything"]


async def test_with_the_signature_unchecked_the_forgery_would_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    monkeypatch.setattr(channel, "is_signed", lambda *given: True)
    async with house(tmp_path) as world:
        ada = world.server.person("491")
        assert await world.server.post(world.server.webhook((ada, ada.text("give me everything"))), secret="x" * 32) == 200
        assert world.stored == ["give me everything"]


def _signature(body: bytes) -> str:
    import hashlib
    import hmac

    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def test_a_signature_is_of_these_very_bytes_and_never_of_an_empty_secret() -> None:
    assert is_signed(b'{"a": 1}', _signature(b'{"a": 1}'), SECRET)
    assert not is_signed(b'{"a":1}', _signature(b'{"a": 1}'), SECRET)
    assert not is_signed(b"", "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", "")
    assert not is_signed(b"", "sha256=\xff\xfe", SECRET)


async def test_too_long_a_body_is_not_read(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        assert await world.server.post(b" " * (BODY_LIMIT + 1)) == 413
        read = []

        async def endless() -> Any:
            while True:
                read.append(1)
                yield b" " * 65536

        (door,) = world.channel.webhooks.values()
        assert await door({"X-Hub-Signature-256": "sha256=00"}, endless()) == 413
        assert len(read) * 65536 <= BODY_LIMIT + 2 * 65536


async def test_signed_nonsense_is_refused_and_does_no_harm(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        for body in (b"", b"{", b"[]", b"null", b'{"entry": 3}', b"\xff", b"[" * 100_000):
            assert await world.server.post(body) == 400
        await world.server.say(world.server.person("491"), "still here")
        assert world.stored == ["still here"]


@pytest.mark.parametrize("missing", ["WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_TOKEN", "WHATSAPP_PHONE_ID"])
def test_it_does_not_start_half_set_up(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        read_settings({name: value for name, value in WHOLE.items() if name != missing})
    assert not read_settings({}).whatsapp and read_settings(WHOLE).whatsapp


def test_a_webhook_is_not_made_without_the_app_secret() -> None:
    with pytest.raises(ValueError, match="WHATSAPP_APP_SECRET"):
        WhatsAppWebhook(WhatsAppKeys(TOKEN, PHONE_ID, "", VERIFY), lambda raw: asyncio.sleep(0, 200))


def test_settings_show_no_secret_and_take_owners_as_people_write_them() -> None:
    found = read_settings({**WHOLE, "MAJORDOMO_OWNERS": "whatsapp:+85260552717,whatsapp:US.1349120865530274191"})
    assert found.owners == (("whatsapp", "85260552717"), ("whatsapp", "US.1349120865530274191"))
    assert TOKEN not in repr(found) + repr(found.whatsapp) and SECRET not in repr(found.whatsapp)
    with pytest.raises(ConfigurationError, match="digits only"):
        read_settings({**WHOLE, "WHATSAPP_PHONE_ID": "+1 555"})


# --- every message, once ----------------------------------------------------------------------------------------------


async def test_every_message_of_every_entry_is_stored_under_its_own_id(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        people = [world.server.person(f"49{number}", f"DE.{number}" if number % 2 else "") for number in range(5)]
        messages = [(person, person.text(f"{person.phone} {number}")) for number in range(4) for person in people]
        await world.server.hand_over(world.server.webhook(*messages, entries=3))
        assert sorted(world.stored) == sorted(f"{person.phone} {number}" for number in range(4) for person in people)
        assert {item.platform_id for item in world.taken} == {message["id"] for _, message in messages}


async def test_only_the_first_message_of_a_batch_is_what_the_library_would_have_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: an intake like pywa's own loses the rest without a word."""

    def first_only(body: bytes, phone_id: str) -> Any:
        found = parse(body, phone_id)
        return type(found)(found.arrivals[:1], found.statuses)

    monkeypatch.setattr(channel, "parse", first_only)
    async with house(tmp_path) as world:
        await world.server.say(world.server.person("491"), "one", "two", "three")
        assert world.stored == ["one"]


async def test_a_webhook_that_could_not_be_stored_is_not_acknowledged_and_comes_again(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = world.server.person("491")
        world.fail_intake.append(OperationalError("disk full", None, Exception()))
        body = world.server.webhook((ada, ada.text("hello")))
        assert await world.server.post(body) == 500 and world.stored == []
        await world.server.hand_over(body)
        assert world.stored == ["hello"]


async def test_before_it_runs_nothing_is_acknowledged(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        world.channel._intake = None
        ada = world.server.person("491")
        assert await world.server.post(world.server.webhook((ada, ada.text("hello")))) == 503


@pytest.mark.timeout(900)
async def test_shuffled_and_repeated_messages_have_one_effect_each(tmp_path: Path) -> None:
    count = 10_000 if os.environ.get("MAJORDOMO_SOAK") == "1" else 300
    async with house(tmp_path) as world:
        people = [world.server.person(f"49{number:04}", f"DE.{number}" if number % 2 else "") for number in range(50)]
        written = [(people[number % 50], people[number % 50].text(f"number {number}")) for number in range(count // 2)]
        more = world.server.shuffled(written, repeated=1.0)
        while more:
            batch, more = more[:9], more[9:]
            await world.server.hand_over(world.server.webhook(*batch))
        assert Counter(world.stored) == Counter(f"number {number}" for number in range(count // 2))
        assert len(world.rows(sa.select(ChatRow.id))) == 50


WRONG: tuple[dict[str, Any], ...] = (
    {"id": 5}, {"timestamp": "soon"}, {"timestamp": "9" * 30}, {"text": None}, {"text": {"body": None}}, {"type": None}, {"from": ""}, {"type": "interactive"},
    {"type": "document"}, {"type": "hologram"}, {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {}}}, {"type": "button"},
)  # fmt: skip


async def test_a_malformed_message_never_costs_the_others(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = world.server.person("491")
        for number, wrong in enumerate(WRONG):
            before, after = f"before {number}", f"after {number}"
            body = world.server.webhook((ada, ada.text(before)), (ada, {**ada.text("x"), **wrong}), (ada, ada.text(after)))
            assert await world.server.post(body) == 200
            assert {before, after} <= set(world.stored)


async def test_changes_of_other_numbers_other_fields_groups_and_reactions_are_left_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = world.server.person("491")
        body = world.server.webhook((ada, ada.text("for another number")))
        body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
        assert await world.server.post(body) == 200
        body = world.server.webhook((ada, ada.text("of another field")))
        body["entry"][0]["changes"][0]["field"] = "account_update"
        assert await world.server.post(body) == 200
        group = {**ada.text("in a group"), "group_id": "g"}
        thumb = ada.message("reaction", reaction={"message_id": "wamid.x", "emoji": "👍"})
        assert await world.server.post(world.server.webhook((ada, group), (ada, thumb), (ada, ada.text("for us")))) == 200
        assert world.stored == ["for us"]


async def test_kinds_are_told_apart(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = world.server.person("491")
        location = ada.message("location", location={"latitude": 1, "longitude": 2})
        press = ada.message("interactive", interactive={"type": "button_reply", "button_reply": {"id": "token", "title": "Yes"}})
        choice = ada.message("interactive", interactive={"type": "list_reply", "list_reply": {"id": "token2", "title": "No"}})
        quick = ada.message("button", button={"payload": "token3", "text": "Later"})
        voice = ada.file(b"ogg", media_type="audio/ogg", kind="audio")
        unknown = ada.message("hologram", hologram={})
        await world.server.hand_over(world.server.webhook(*((ada, one) for one in (location, press, choice, quick, voice, unknown))))
        kinds = {item.platform_id: (item.kind, item.payload.get("token")) for item in world.taken}
        assert kinds[location["id"]] == (Kind.OTHER, None) and kinds[unknown["id"]] == (Kind.OTHER, None)
        assert [kinds[one["id"]] for one in (press, choice, quick)] == [(Kind.BUTTON, f"token{n}") for n in ("", "2", "3")]
        assert all(item.payload["press_id"] == item.platform_id for item in world.taken if item.kind is Kind.BUTTON)
        assert kinds[voice["id"]][0] is Kind.VOICE


# --- who is who -------------------------------------------------------------------------------------------------------


def roles(world: World) -> dict[str, str]:
    query = sa.select(IdentityRow.external_id, PersonRow.role).join(PersonRow, PersonRow.id == IdentityRow.person_id)
    return {row.external_id: row.role for row in world.rows(query)}


async def write(server: WhatsAppServer, platform: Platform, phone: str, user_id: str, text: str) -> None:
    person = Person(platform, phone, user_id)
    await server.hand_over(server.webhook((person, person.text(text))))


async def test_somebody_is_the_same_with_and_without_a_phone_number(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        for phone, user_id in (("491", ""), ("491", "DE.1"), ("", "DE.1"), ("499", "DE.1"), ("499", "")):
            await write(world.server, world.server.platform, phone, user_id, f"{phone} {user_id}")
        assert len(world.rows(sa.select(ChatRow.id))) == 1 and len(world.stored) == 5
        (contact,) = world.rows(sa.select(WhatsAppContactRow.chat, WhatsAppContactRow.user_id, WhatsAppContactRow.phone))
        assert tuple(contact) == ("491", "DE.1", "499")


async def test_two_names_of_one_person_met_apart_become_one(tmp_path: Path) -> None:
    async with house(tmp_path, owners=["491"]) as world:
        for phone, user_id in (("491", ""), ("", "DE.1"), ("491", "DE.1"), ("", "DE.1"), ("491", "")):
            await write(world.server, world.server.platform, phone, user_id, f"{phone} {user_id}")
        assert roles(world) == {"491": "owner", "DE.1": "guest"}
        assert [len(texts) for texts in _by_chat(world).values()] == [4, 1]


async def test_a_phone_number_that_changed_hands_does_not_bring_the_rights_of_its_former_owner(tmp_path: Path) -> None:
    async with house(tmp_path, owners=["491"]) as world:
        await write(world.server, world.server.platform, "491", "DE.1", "I own this house")
        await write(world.server, world.server.platform, "491", "DE.2", "I have bought a number")
        await write(world.server, world.server.platform, "491", "", "and now without my id")
        await write(world.server, world.server.platform, "492", "DE.1", "it is still me")
        await write(world.server, world.server.platform, "491", "", "and once more")
        assert roles(world) == {"491": "owner", "DE.2": "guest"}
        assert sorted(len(list(group)) for group in _by_chat(world).values()) == [2, 3]


async def test_by_number_alone_the_new_holder_would_be_the_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: where the number names the person."""
    monkeypatch.setattr(contacts, "_chat_of", lambda connection, arrival: arrival.phone)
    async with house(tmp_path, owners=["491"]) as world:
        await write(world.server, world.server.platform, "491", "DE.1", "I own this house")
        await write(world.server, world.server.platform, "491", "DE.2", "I have bought a number")
        assert roles(world) == {"491": "owner"}


async def test_a_number_that_nobody_has_any_more_names_somebody_new(tmp_path: Path) -> None:
    async with house(tmp_path, owners=["491"]) as world:
        await write(world.server, world.server.platform, "491", "DE.1", "I own this house")
        await write(world.server, world.server.platform, "492", "DE.1", "with another number now")
        await write(world.server, world.server.platform, "491", "", "I have the old one")
        assert sorted(roles(world).values()) == ["guest", "owner"]


def _by_chat(world: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in world.taken:
        found.setdefault(item.chat_id, []).append(item.text)
    return found


async def test_a_stranger_is_told_once_and_leaves_no_file(tmp_path: Path) -> None:
    async with house(tmp_path, strangers=Strangers.PAIR) as world:
        eve = world.server.person("666", "US.6")
        await world.server.say(eve, "hello")
        await world.server.shown(eve, "private")
        await world.server.hand_over(world.server.webhook((eve, eve.file(b"x" * 100, "virus.pdf"))))
        await asyncio.sleep(0.2)
        assert world.stored == [] and not list((tmp_path / "files").rglob("*")) and not any("bytes" in path for _, path, _ in world.server.requests)
        assert len(world.server.sent_to(eve)) == 1 and world.server.violations == []


def test_the_examples_of_metas_description_are_read() -> None:
    from tests.servers.whatsapp import schema

    if not schema.is_here():
        pytest.skip(schema.ABSENT)
    import yaml

    described = yaml.load(schema.SPECIFICATION.read_text(encoding="utf-8"), schema.LOADER)["paths"]["/whatsapp/webhooks"]["post"]
    examples = described["requestBody"]["content"]["application/json"]["examples"]
    read = 0
    for name, example in examples.items():
        body = json.dumps(example["value"], default=str).encode()
        found = parse(body, PHONE_ID)
        messages = body.count(b'"messages": [')
        read += len(found.arrivals) + len(found.statuses)
        assert len(found.arrivals) <= max(1, messages), name
    assert read == 11, "all but the reaction, the system message and what happens in groups"
