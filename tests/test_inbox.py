"""Given a channel that hands over batches, when they come twice, shuffled or from strangers, then each counts once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.base import GROUP, Incoming, Kind
from bot.inbox import Inbox, release_old_ids
from orchestrator import people
from orchestrator.contracts import Role
from orchestrator.people import Door, Strangers
from orchestrator.words import Catalogues
from storage.database import Database
from storage.models import ChatRow, IdentityRow, MessageRow, PairingRow, PersonRow
from tests.channels.recording import RecordingChannel
from tests.conftest import MovedClock

OWNER = "1001"
OWNERS = frozenset({("telegram", OWNER)})


def message(number: int, text: str = "hi", *, sender: str = OWNER, chat: str | None = None, **more: Any) -> Incoming:
    return Incoming("telegram", str(number), chat or sender, sender, Kind.TEXT, text, {"message_id": number}, **more)


def stored(database: Database) -> list[tuple[str, str]]:
    query = sa.select(MessageRow.platform_id, MessageRow.text).order_by(MessageRow.seq)
    return [(row.platform_id, row.text) for row in database.read_now(lambda connection: connection.execute(query).all())]


def roles(database: Database) -> list[str]:
    return list(database.read_now(lambda connection: connection.execute(sa.select(PersonRow.role)).scalars()))


class House:
    """An inbox with a recording channel behind it."""

    def __init__(self, database: Database, clock: MovedClock, strangers: Strangers = Strangers.PAIR) -> None:
        self.database, self.clock = database, clock
        self.channel = RecordingChannel()
        self.inbox = Inbox(database, clock, Door(strangers, OWNERS, zone="Europe/Berlin"), Catalogues(), {"telegram": self.channel})

    async def take(self, *batch: Incoming) -> None:
        await self.inbox.take(batch)
        await asyncio.sleep(0.01)

    def code(self, role: Role = Role.MEMBER) -> str:
        return self.database.write_now(lambda connection: people.make_pairing_code(connection, role, self.clock.now()))


@pytest.fixture
def house(database: Database, clock: MovedClock) -> House:
    return House(database, clock)


async def test_a_batch_is_stored_in_the_order_of_its_ids(house: House) -> None:
    await house.take(message(100, "c"), message(9, "a"), message(99, "b"))
    assert stored(house.database) == [("9", "a"), ("99", "b"), ("100", "c")]


async def test_a_duplicate_ends_silently_within_and_across_batches_and_restarts(house: House) -> None:
    await house.take(message(1), message(1, "again"), message(2))
    await house.take(message(2, "again"), message(3))
    restarted = House(house.database, house.clock)
    await restarted.take(message(1, "again"), message(4))
    assert [number for number, _ in stored(house.database)] == ["1", "2", "3", "4"]
    assert house.channel.shown == restarted.channel.shown == []


async def test_the_same_id_counts_on_each_channel(house: House) -> None:
    await house.take(message(1))
    await house.inbox.take([replace(message(1), channel="web", chat_id="local")])
    assert len(stored(house.database)) == 2


async def test_an_id_may_come_again_after_two_weeks(house: House) -> None:
    await house.take(message(1, "old"))
    house.clock.move(days=15)
    assert house.database.write_now(lambda connection: release_old_ids(connection, house.clock.now())) == 1
    await house.take(message(1, "new"))
    assert [text for _, text in stored(house.database)] == ["old", "new"]


async def test_the_desk_is_woken_once_a_chat_after_the_commit(house: House) -> None:
    woken: list[str] = []
    house.database.signals.subscribe("inbox", woken.append)
    await house.take(message(1), message(2), message(3, sender="1001", chat="-5", chat_kind=GROUP))
    assert len(woken) == len(set(woken)) == 2


async def test_what_no_database_can_keep_holds_nothing_up(house: House) -> None:
    await house.take(message(1, "a\x00b\ud800c", sender_name="N\x00\udfff"))
    assert stored(house.database) == [("1", "abc")]


async def test_if_the_store_fails_nothing_is_kept_and_it_may_be_handed_over_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.take(message(1))
    working = house.database.write

    async def failing(work: Any, *, key: str = "") -> Any:
        def interrupted(connection: sa.Connection) -> None:
            work(connection)
            raise OSError("disk full")

        return await working(interrupted, key=key)

    monkeypatch.setattr(house.database, "write", failing)
    with pytest.raises(OSError, match="disk full"):
        await house.take(message(2), message(3))
    monkeypatch.undo()
    assert [number for number, _ in stored(house.database)] == ["1"]
    await house.take(message(2), message(3))
    assert [number for number, _ in stored(house.database)] == ["1", "2", "3"]


async def test_somebody_forgotten_meanwhile_is_met_anew(house: House) -> None:
    await house.take(message(1))
    house.database.write_now(lambda connection: connection.execute(sa.delete(PersonRow)))
    await house.take(message(2))
    assert [number for number, _ in stored(house.database)] == ["2"]


async def test_an_edit_counts_only_while_it_is_the_latest_word(house: House) -> None:
    await house.take(message(1, "at 3"))
    edit = replace(message(2, "at 4"), payload={"message_id": 1, "edited": True})
    await house.take(edit)
    await house.take(edit)
    await house.take(message(3, "thanks"))
    await house.take(replace(message(4, "at 5"), payload={"message_id": 1, "edited": True}))
    assert [text for _, text in stored(house.database)] == ["at 3", "at 4", "thanks"]


# --- who may come in --------------------------------------------------------------------------------------------------


async def test_an_owner_is_known_by_the_platforms_id_alone(house: House) -> None:
    await house.take(message(1, sender_name="Ada", language_code="de-AT"))
    row = house.database.read_now(
        lambda connection: connection.execute(sa.select(PersonRow.role, PersonRow.name, PersonRow.language, PersonRow.assumed_zone)).one()
    )
    assert tuple(row) == ("owner", "Ada", "de", "Europe/Berlin")


async def test_web_and_terminal_are_the_same_local_owner(house: House) -> None:
    for channel in ("web", "terminal"):
        await house.inbox.take([Incoming(channel, "1", "local", "whoever", Kind.TEXT, "hi")])
    assert roles(house.database) == ["owner"]


async def test_a_stranger_is_told_once_an_hour_and_nothing_is_stored(house: House) -> None:
    for number in range(5):
        await house.take(message(number, "let me in", sender="666"))
    assert house.channel.texts() == ["This bot is private. If its owner has given you a pairing code, send it here to come in."]
    house.clock.move(hours=1, seconds=1)
    await house.take(message(9, "please", sender="666", language_code="de"))
    assert len(house.channel.shown) == 2
    assert house.channel.texts()[1].startswith("Dieser Bot ist privat.")
    assert stored(house.database) == []
    assert roles(house.database) == []


async def test_where_strangers_are_ignored_they_hear_nothing_but_a_code_still_works(database: Database, clock: MovedClock) -> None:
    house = House(database, clock, Strangers.IGNORE)
    code = house.code()
    await house.take(message(1, "hello", sender="666"), message(2, "ABCDEFG2", sender="666"))
    assert house.channel.shown == []
    await house.take(message(3, code, sender="666"))
    assert roles(database) == ["member"]


async def test_where_strangers_are_welcome_they_are_guests(database: Database, clock: MovedClock) -> None:
    house = House(database, clock, Strangers.WELCOME)
    await house.take(message(1, "do you cut hair?", sender="666"))
    assert roles(database) == ["guest"]
    assert stored(database) == [("1", "do you cut hair?")]


async def test_a_code_lets_a_stranger_in_once_and_is_not_kept(house: House) -> None:
    code = house.code(Role.OWNER)
    kept = house.database.read_now(lambda connection: connection.execute(sa.select(PairingRow.code_hash)).scalar_one())
    assert code.replace("-", "") not in kept
    await house.take(message(1, f" {code.lower()} ", sender="666"))
    assert roles(house.database) == ["owner"]
    assert stored(house.database) == [("1", "/start")]
    await house.take(message(1, code, sender="666"))
    await house.take(message(2, code, sender="667"))
    assert roles(house.database) == ["owner"]
    assert stored(house.database) == [("1", "/start")]


async def test_a_start_link_carries_the_code(house: House) -> None:
    await house.take(message(1, f"/start {house.code()}", sender="666"))
    assert roles(house.database) == ["member"]


async def test_a_code_dies_after_ten_minutes(house: House) -> None:
    code = house.code()
    house.clock.move(minutes=10, seconds=1)
    await house.take(message(1, code, sender="666"))
    assert roles(house.database) == []


async def test_a_code_dies_after_five_wrong_tries(house: House) -> None:
    code = house.code()
    wrong = [f"2222222{letter}" for letter in "23456"]
    for number, guess in enumerate(wrong):
        await house.take(message(number, guess, sender=f"66{number}"))
    assert [text.startswith("That code is not valid") for text in house.channel.texts()] == [True] * 5
    await house.take(message(10, code, sender="666"))
    assert roles(house.database) == []


async def test_four_wrong_tries_are_forgiven(house: House) -> None:
    code = house.code()
    for number in range(4):
        await house.take(message(number, "22222222", sender="666"))
    await house.take(message(10, code, sender="666"))
    assert roles(house.database) == ["member"]


async def test_at_most_three_codes_are_pending(house: House) -> None:
    codes = [house.code() for _ in range(4)]
    await house.take(message(1, codes[0], sender="666"))
    assert roles(house.database) == []
    await house.take(message(2, codes[3], sender="666"))
    assert roles(house.database) == ["member"]


async def test_ordinary_words_are_not_taken_for_codes(house: House) -> None:
    house.code()
    for word in ("whatever", "tomorrow", "what ever", "/start", "/start whatever"):
        assert people.code_in(word) is None


async def test_a_grant_in_private_never_covers_a_group(house: House) -> None:
    code = house.code()
    await house.take(message(1, code, sender="666", chat="-5", chat_kind=GROUP))
    assert roles(house.database) == []
    assert house.channel.shown == []
    await house.take(message(2, code, sender="666"))
    await house.take(message(3, "hello bot", sender="667", chat="-5", chat_kind=GROUP))
    assert roles(house.database) == ["member"]
    await house.take(message(4, "chatter", sender="666", chat="-5", chat_kind=GROUP, addressed=False))
    await house.take(message(5, "/tasks", sender="666", chat="-5", chat_kind=GROUP))
    assert [number for number, _ in stored(house.database)] == ["2", "5"]


async def test_an_owner_named_later_is_raised_from_guest(database: Database, clock: MovedClock) -> None:
    await House(database, clock, Strangers.WELCOME).take(message(1, sender="77"))
    promoted = Inbox(database, clock, Door(owners=frozenset({("telegram", "77")})), Catalogues(), {})
    await promoted.take([message(2, sender="77")])
    assert roles(database) == ["owner"]


async def test_two_first_messages_at_once_make_one_person(house: House) -> None:
    await asyncio.gather(*(house.inbox.take([message(n, sender=OWNER)]) for n in range(8)))
    assert roles(house.database) == ["owner"]
    counts = house.database.read_now(
        lambda c: (c.execute(sa.select(sa.func.count(IdentityRow.id))).scalar(), c.execute(sa.select(sa.func.count(ChatRow.id))).scalar())
    )
    assert counts == (1, 1)
    assert len(stored(house.database)) == 8


def test_owners_are_written_channel_and_id() -> None:
    assert people.parse_owners("telegram:1001, whatsapp:852") == {("telegram", "1001"), ("whatsapp", "852")}
    with pytest.raises(ValueError, match="channel:id"):
        people.parse_owners("1001")
