"""Messages made to be slow to read: ten thousand of the same sign, behind every command that is looked at before anything else.

Were one of them read in time that grows with its square or cube, the house would stand still for everybody; the time that a test may take is what tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bot.app import House
from bot.channels.base import Incoming, Kind
from orchestrator.tasks import places
from orchestrator.tasks.address_intake import LONGEST, MARK, AddressIntake, _in_command
from storage.models import MessageRow
from tests.agents.talk import Talk, open_house
from tests.conftest import MovedClock
from tests.notices.desk import DISCORD, Desk
from tests.people import settle
from tests.trained import trained_router

LENGTH = 10_000
SIGNS = (" ", ".", '"', "\\", "0", "[", "]", "(", "/", "一", "，", "@", ":", "-", "\n", " a", '\\"', "](", "http://", "a.")
HEADS = ("/notifications webhook a.b", "/notifications discord a.b", "https://discord.com", "https://a.a")


def long(head: str, sign: str) -> str:
    return f"{head}{(sign * LENGTH)[:LENGTH]}!"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = tmp_path_factory.mktemp("long")
    trained_router(made / "cache")
    opened = open_house(made, MovedClock())
    yield opened
    asyncio.run(opened.database.close())


@pytest.mark.parametrize("role", ["owner", "guest"])
@pytest.mark.parametrize("head", HEADS)
def test_no_address_takes_longer_to_find_than_the_message_is_long(head: str, role: str, small: Desk) -> None:
    somebody = small.person(role=role)
    intake = AddressIntake(small.places)
    for sign in (*SIGNS, "https://discord.com", "https://a.discord.com/webhooks/"):
        text = long(head, sign)
        taken = small.do(intake.take, somebody.chat_id, somebody.person.id, text * 2, small.clock.now())
        assert taken is None or taken.startswith(MARK)
    assert small.do(places.of_person, somebody.person.id) == []


@pytest.mark.parametrize(("head", "sign"), [("", " "), ("", "@"), ("", "一"), ("", "\\"), ("remind me", " a"), (HEADS[0], " ")])
def test_every_such_message_is_answered(head: str, sign: str, house: House, request: pytest.FixtureRequest) -> None:
    external = str(abs(hash(request.node.name)))
    talk = Talk(house, settle(house.database, channel="telegram", external=external))
    item = Incoming("telegram", external, external, external, Kind.TEXT, text=long(head, sign), payload={"message_id": "77"})
    asyncio.run(house.inbox.take([item]))
    house.database.write_now(lambda connection: house.desk.handle_next(connection, talk.somebody.chat_id))
    assert talk.heard().strip()
    assert "handled" in house.database.read_now(lambda c: c.execute(sa.select(MessageRow.state).where(MessageRow.platform_id == external)).scalars().all())


@pytest.mark.parametrize(
    ("text", "url", "kinds"),
    [
        ("/notifications webhook https://h.example/x", "https://h.example/x", ()),
        ("  /Notifications@majordomo_bot  WEBHOOK\n<https://h.example/x>  Failed,approval, digest ", "https://h.example/x", ("failed", "approval", "digest")),
        ("/notifications webhook h.example !", "h.example", ("!",)),
        ("/notifications webhook remove 2", None, ()),
        ("/notifications webhook", None, ()),
        ("/notificationsx webhook https://h.example/x", None, ()),
        ("please /notifications webhook https://h.example/x", None, ()),
    ],
)
def test_the_command_is_split_by_hand(text: str, url: str | None, kinds: tuple[str, ...]) -> None:
    given = _in_command(text)
    assert (given.url if given else None, given.kinds if given else ()) == (url, kinds)


@pytest.mark.parametrize(
    "text",
    [
        DISCORD, f"<{DISCORD}>", f"({DISCORD}).", f"see https://example.org, {DISCORD}!", DISCORD.upper().replace("HTTPS", "https"), f"x{DISCORD}", f"{'a ' * 9000}{DISCORD}",
        f"http://https://ptb.discord.com{DISCORD.partition('.com')[2]}", f"https://discord.com https://discord.com {DISCORD}", f"[link]({DISCORD})", f"a|{DISCORD}|b",
    ],
)  # fmt: skip
def test_a_discord_address_is_found_wherever_it_stands(text: str, small: Desk) -> None:
    somebody = small.person()
    found = small.do(AddressIntake(small.places).take, somebody.chat_id, somebody.person.id, text, small.clock.now())
    assert found is not None and found.startswith(MARK)


def test_too_long_an_address_is_none_and_is_not_kept_in_the_message(small: Desk) -> None:
    somebody = small.person()
    for text in (f"/notifications webhook https://h.example/{'x' * LONGEST}", f"{DISCORD}{'x' * LONGEST}"):
        assert small.do(AddressIntake(small.places).take, somebody.chat_id, somebody.person.id, text, small.clock.now()) in {
            f"{MARK}place-bad-webhook", f"{MARK}place-bad-discord",
        }  # fmt: skip
