"""Given replies in the outbox, when the platform balks, breaks or the process dies, then each is shown once, in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import delivery_limits
from bot.channels.base import Ambiguous, Capabilities, Channel, Markup, MarkupRefused, NotDelivered, RetryAfter, Unchanged, Unreachable
from bot.delivery_limits import Limits
from bot.outbox import Outbox
from orchestrator.clock import SystemClock
from orchestrator.contracts import Action, Attachment, Button, Card
from orchestrator.tasks import outgoing
from orchestrator.tasks.outgoing import Envelope
from storage.database import Database
from storage.models import OutgoingRow
from tests.channels.recording import RecordingChannel
from tests.people import Somebody, settle


class House:
    """An outbox over a recording channel, with two people in two chats."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.channel = RecordingChannel()
        self.ada = settle(database, channel="telegram", external="1")
        self.bob = settle(database, channel="telegram", external="2")
        self.outbox = Outbox(database, {"telegram": self.channel}, SystemClock(), limited=False)
        self._run: asyncio.Task[None] | None = None

    def start(self, **options: Any) -> None:
        channels: dict[str, Channel] = {"telegram": self.channel}
        self.outbox = Outbox(self.database, channels, SystemClock(), **{"limited": False, **options})
        self._run = asyncio.create_task(self.outbox.run())

    async def stop(self) -> None:
        if self._run is not None:
            await self.outbox.stop()
            await self._run
            self._run = None

    async def kill(self) -> None:
        """The process dies: nothing is written down any more."""
        assert self._run is not None
        self._run.cancel()
        for task in list(self.outbox._under_way):
            task.cancel()
        await asyncio.gather(self._run, *self.outbox._under_way, return_exceptions=True)
        self._run = None

    def die_at_once(self, _chat: str, _text: str) -> None:
        """The message is out, but nobody will note it down."""
        for task in self.outbox._under_way:
            task.cancel()

    def envelope(self, to: Somebody, **more: Any) -> Envelope:
        return Envelope(to.chat_id, to.person.id, datetime.now(UTC), **more)

    async def post(self, text: str | Card, to: Somebody | None = None, **more: Any) -> str:
        card = Card(text) if isinstance(text, str) else text
        return await self.database.write(lambda connection: outgoing.post(connection, self.envelope(to or self.ada, **more), card))

    def states(self) -> list[str]:
        query = sa.select(OutgoingRow.state).order_by(OutgoingRow.seq)
        return list(self.database.read_now(lambda connection: connection.execute(query).scalars()))

    async def until(self, holds: Callable[[], bool], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.005)

    async def until_quiet(self, seconds: float = 10) -> None:
        await self.until(lambda: not {"queued", "sending", "retry"} & set(self.states()), seconds)


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    made = House(database)
    yield made
    await made.stop()


async def test_what_is_posted_is_delivered_in_order_and_marked_as_sent(house: House) -> None:
    house.start()
    for number in range(20):
        await house.post(f"number {number}")
    await house.until_quiet()
    assert house.channel.texts("1") == [f"number {number}" for number in range(20)]
    assert house.states() == ["sent"] * 20


async def test_what_waited_while_nothing_ran_is_delivered_at_start(house: House) -> None:
    await house.post("while you were away")
    house.start()
    await house.until_quiet()
    assert house.channel.texts() == ["while you were away"]


async def test_a_row_is_committed_as_sending_before_anything_leaves(house: House) -> None:
    seen: list[list[str]] = []
    house.channel.on_show = lambda _chat, _text: seen.append(house.states())
    house.start()
    await house.post("hello")
    await house.until_quiet()
    assert seen == [["sending"]]


async def test_chats_go_side_by_side_and_one_chat_in_line(house: House) -> None:
    house.channel.gate = asyncio.Event()
    for number in range(3):
        await house.post(f"a{number}")
        await house.post(f"b{number}", house.bob)
    house.start()
    await house.until(lambda: house.channel.most_at_once == 2)
    await asyncio.sleep(0.1)
    assert house.channel.most_at_once == 2
    house.channel.gate.set()
    await house.until_quiet()
    assert house.channel.texts("1") == ["a0", "a1", "a2"]
    assert house.channel.texts("2") == ["b0", "b1", "b2"]


async def test_retry_after_is_obeyed_for_the_chat_and_only_there(house: House) -> None:
    house.channel.faults = [RetryAfter(0.7)]
    await house.post("first")
    house.start()
    await house.until(lambda: house.states() == ["retry"])
    began = asyncio.get_running_loop().time()
    await house.post("second")
    await house.post("elsewhere", house.bob)
    await house.until(lambda: house.channel.texts("2") == ["elsewhere"])
    assert house.channel.texts("1") == []
    await house.until_quiet()
    assert asyncio.get_running_loop().time() - began >= 0.6
    assert house.channel.texts("1") == ["first", "second"]


async def test_what_surely_did_not_arrive_is_tried_again_without_a_mark(house: House) -> None:
    house.channel.faults = [NotDelivered(), NotDelivered()]
    house.start()
    await house.post("hello")
    await house.until_quiet()
    assert house.channel.texts() == ["hello"]


@pytest.mark.parametrize("arrived", [True, False])
async def test_what_may_have_arrived_is_repeated_once_with_a_mark(house: House, arrived: bool) -> None:
    house.channel.faults, house.channel.after_showing = [Ambiguous()], arrived
    house.start()
    await house.post("**hello**")
    await house.post("next")
    await house.until_quiet()
    assert house.channel.texts() == (["hello"] if arrived else []) + ["↻ hello", "next"]
    assert house.states() == ["sent", "sent"]


async def test_a_channel_that_breaks_in_an_unknown_way_stops_nobody(house: House) -> None:
    house.channel.faults = [RuntimeError("a bug")]
    house.start()
    await house.post("hello")
    await house.post("other", house.bob)
    await house.until_quiet()
    assert sorted(house.channel.texts()) == ["other", "↻ hello"]


async def test_killed_between_sending_and_sent_there_is_exactly_one_marked_copy(house: House) -> None:
    house.channel.on_show = house.die_at_once
    house.start()
    await house.post("hello")
    await house.until(lambda: house.channel.texts() == ["hello"])
    await house.kill()
    assert house.states() == ["sending"]
    house.channel.on_show = None
    house.start()
    await house.post("next")
    await house.until_quiet()
    assert house.channel.texts() == ["hello", "↻ hello", "next"]


async def test_without_the_recovery_that_message_would_be_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: with the rule switched off the story above does not come true."""
    monkeypatch.setattr("bot.outbox_rows.recover", lambda *_: 0)
    house.channel.gate = asyncio.Event()
    house.start()
    await house.post("hello")
    await house.until(lambda: house.states() == ["sending"])
    await house.kill()
    house.channel.gate = None
    house.start()
    await asyncio.sleep(0.3)
    assert house.channel.texts() == []


async def test_a_stop_lets_what_is_under_way_end(house: House) -> None:
    house.channel.gate = asyncio.Event()
    house.start()
    await house.post("hello")
    await house.until(lambda: house.states() == ["sending"])
    asyncio.get_running_loop().call_later(0.2, house.channel.gate.set)
    await house.stop()
    assert house.states() == ["sent"]


async def test_refused_markup_goes_out_plain(house: House) -> None:
    house.channel.faults = [MarkupRefused()]
    house.start()
    await house.post("see [this](https://a.b) **now**")
    await house.until_quiet()
    assert house.channel.texts() == ["see this (https://a.b) now"]
    assert house.channel.parts[0].spans == ()


async def test_what_can_never_arrive_is_given_up_and_holds_nobody_up(house: House) -> None:
    house.channel.faults = [Unreachable("blocked"), MarkupRefused("no"), MarkupRefused("no")]
    house.start()
    for text in ("to nobody", "refused", "fine"):
        await house.post(text)
    await house.post(Card(" "), house.bob)
    await house.until_quiet()
    assert house.channel.texts() == ["fine"]
    assert house.states() == ["failed", "failed", "sent", "failed"]


async def test_a_week_old_reply_is_not_sent(house: House) -> None:
    await house.post("old news")
    house.database.write_now(lambda c: c.execute(sa.update(OutgoingRow).values(created_at=datetime.now(UTC) - timedelta(days=8))))
    house.start()
    await house.until_quiet()
    assert house.states() == ["failed"]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_goes_wrong_nothing_is_lost_reordered_or_shown_twice_unmarked(house: House, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused connections, pauses, broken answers with and without effect, refused markup, and deaths of the process."""
    monkeypatch.setattr("bot.delivery.FIRST_WAIT", 0.005)
    monkeypatch.setattr("bot.delivery.LONGEST_WAIT", 0.02)
    dice = random.Random(seed)

    def mischief(_chat: str, _text: str) -> None:
        """What will happen to the next attempt; only an unclear failure may come after the message was shown."""
        if not house.channel.faults and dice.random() < 0.3:
            house.channel.faults = [dice.choice([Ambiguous(), NotDelivered(), RetryAfter(0.01), MarkupRefused(), RuntimeError("bug")])]
            house.channel.after_showing = isinstance(house.channel.faults[0], Ambiguous | RuntimeError) and dice.random() < 0.5

    house.channel.on_show = mischief
    house.start()
    for number in range(60):
        await house.post(f"*m*{number}", dice.choice([house.ada, house.bob]))
        if dice.random() < 0.08:
            await asyncio.sleep(dice.random() * 0.02)
            await house.kill()
            house.start()
    await house.until_quiet(30)
    texts = house.channel.texts()
    plain = [text for text in texts if not text.startswith("↻")]
    assert len(plain) == len(set(plain))
    assert {text.removeprefix("↻ ") for text in texts} == {f"m{number}" for number in range(60)}
    for chat in "12":
        order = [int(text.removeprefix("↻ ")[1:]) for text in house.channel.texts(chat)]
        assert order == sorted(order)


# --- long cards -------------------------------------------------------------------------------------------------------


async def test_a_long_text_goes_out_in_parts_with_the_buttons_under_the_last(house: House) -> None:
    house.start()
    button = Button("Go", Action("say", "go"))
    await house.post(Card("**word** and *more* `text` " * 400, ((button,),), (Attachment("a.ics", "text/calendar", "BEGIN"),)))
    await house.post("next")
    await house.until_quiet()
    texts = house.channel.texts()
    assert [bool(part.keys) for part in house.channel.parts[:-2]] == [False] * (len(texts) - 3) + [True]
    assert texts[-2:] == ["a.ics", "next"]
    assert " ".join(texts[:-2]).split() == ("word and more text " * 400).split()
    assert len({part.outgoing_id for part in house.channel.parts}) == len(texts)


async def test_a_crash_between_two_parts_repeats_only_the_one_in_doubt(house: House) -> None:
    house.start()
    house.channel.on_show = lambda chat, text: house.die_at_once(chat, text) if text.startswith("two") else None
    await house.post("one " * 1000 + "\n\n" + "two " * 1000 + "\n\n" + "three " * 600)
    await house.until(lambda: len(house.channel.shown) == 2)
    await house.kill()
    house.channel.on_show = None
    house.start()
    await house.until_quiet()
    assert [text.split()[:2] for text in house.channel.texts()] == [["one", "one"], ["two", "two"], ["↻", "two"], ["three", "three"]]


# --- statuses, edits, toasts ------------------------------------------------------------------------------------------


async def test_progress_is_one_silent_message_edited_at_most_once_a_second_to_the_newest(house: House) -> None:
    house.start()
    began = asyncio.get_running_loop().time()
    for percent in range(0, 101, 5):
        await house.post(Card(f"{percent} %", status_key="progress"), task_id="t1")
        await (asyncio.sleep(0.06) if percent else house.until(lambda: house.channel.texts() == ["0 %"], 30))
    await house.post("done")
    await house.until_quiet(30)
    took = asyncio.get_running_loop().time() - began
    assert house.channel.texts() == ["0 %", "done"]
    assert house.channel.parts[0].silent
    assert house.channel.edits[-1] == ("1", "100 %")
    assert len(house.channel.edits) <= took + 1
    assert set(house.states()) == {"sent", "superseded"}


async def test_a_result_does_not_wait_for_the_last_progress(house: House) -> None:
    house.start()
    await house.post(Card("10 %", status_key="p"), task_id="t1")
    await house.until_quiet()
    await house.post(Card("90 %", status_key="p"), task_id="t1")
    await house.post("done")
    await house.until(lambda: house.channel.texts() == ["10 %", "done"], 0.7)
    assert house.channel.texts() == ["10 %", "done"]


async def test_statuses_of_two_tasks_are_two_messages_and_survive_a_restart(house: House) -> None:
    house.start()
    for task in ("t1", "t2"):
        await house.post(Card("10 %", status_key="p"), task_id=task)
    await house.until_quiet()
    await house.stop()
    house.start()
    await house.post(Card("20 %", status_key="p"), task_id="t2")
    await house.until_quiet()
    assert house.channel.texts() == ["10 %", "10 %"]
    assert house.channel.edits == [("2", "20 %")]


async def test_an_edit_changes_the_message_it_names_and_is_repeated_without_a_mark(house: House) -> None:
    original = await house.post("Book it?")
    await house.database.write(lambda c: outgoing.revise(c, house.envelope(house.ada), original, Card("Booked.")))
    house.channel.faults = [None, Ambiguous()]
    house.start()
    await house.until_quiet()
    assert house.channel.texts() == ["Book it?"]
    assert house.channel.edits == [("1", "Booked.")]


async def test_an_edit_that_changes_nothing_counts_as_done(house: House) -> None:
    original = await house.post("same")
    await house.database.write(lambda c: outgoing.revise(c, house.envelope(house.ada), original, Card("same")))
    house.channel.faults = [None, Unchanged()]
    house.start()
    await house.until_quiet()
    assert house.states() == ["sent", "sent"]


async def test_where_nothing_can_be_edited_progress_is_left_out(house: House) -> None:
    house.channel.capabilities = Capabilities(4096, Markup.PLAIN, edits=False)
    house.start()
    await house.post(Card("10 %", status_key="p"), task_id="t1")
    await house.post("done")
    await house.until_quiet()
    assert house.channel.texts() == ["done"]


async def test_a_toast_overtakes_the_line_and_dies_young(house: House) -> None:
    house.channel.gate = asyncio.Event()
    house.start()
    await house.post("slow")
    await house.database.write(lambda c: outgoing.toast(c, house.envelope(house.ada), {"press_id": "77"}, "Done"))
    await house.until(lambda: house.channel.toasts == [("77", "Done")])
    house.channel.gate.set()
    await house.until_quiet()
    await house.stop()
    await house.database.write(lambda c: outgoing.toast(c, house.envelope(house.ada), {"press_id": "78"}, "Late"))
    house.database.write_now(
        lambda c: c.execute(sa.update(OutgoingRow).where(OutgoingRow.status_key == "78").values(created_at=datetime.now(UTC) - timedelta(seconds=16)))
    )
    house.start()
    await house.until_quiet()
    assert house.channel.toasts == [("77", "Done")]
    assert house.states()[-1] == "failed"


# --- limits and duty --------------------------------------------------------------------------------------------------


async def test_five_at_once_then_one_a_second(house: House) -> None:
    house.start(limited=True)
    times: list[float] = []
    house.channel.on_show = lambda _chat, _text: times.append(asyncio.get_running_loop().time())
    for number in range(7):
        await house.post(str(number))
    await house.until_quiet()
    assert times[4] - times[0] < 0.6
    assert times[5] - times[4] > 0.7
    assert times[6] - times[5] > 0.9


def test_no_window_ever_holds_more_than_the_platform_allows() -> None:
    now = 0.0
    limits = Limits(time=lambda: now)
    sent: list[tuple[float, str]] = []
    chats = ["group", *(f"p{n}" for n in range(40))]
    while now < 130:
        for chat in chats:
            if limits.wait(chat, group=chat == "group") == 0:
                limits.draw(chat, group=chat == "group")
                sent.append((now, chat))
        now += 0.02
    times = [at for at, _ in sent]
    assert max(sum(1 for at in times if start <= at < start + 1) for start in range(130)) <= 30
    group = [at for at, chat in sent if chat == "group"]
    assert max(sum(1 for at in group if start <= at < start + 60) for start in group) <= 20
    assert len(times) > 130 * 20


def test_refusals_in_several_chats_pause_the_whole_bot() -> None:
    now = 0.0
    limits = Limits(time=lambda: now)
    for chat in "abc"[: delivery_limits.REFUSALS]:
        assert limits.wait("z") == 0
        limits.refused(chat, 5)
    assert limits.wait("z") == 5


async def test_only_the_leader_sends_and_a_new_leader_finishes_what_the_old_one_left(house: House) -> None:
    leading = False
    house.start(is_leader=lambda: leading)
    await house.post("hello")
    house.database.write_now(lambda c: c.execute(sa.update(OutgoingRow).values(state="sending")))
    await house.post("next")
    await asyncio.sleep(0.2)
    assert house.channel.texts() == []
    leading = True
    await house.until_quiet()
    assert house.channel.texts() == ["↻ hello", "next"]


async def test_replies_for_a_channel_that_is_switched_off_wait(house: House) -> None:
    gone = settle(house.database, channel="whatsapp", external="9")
    await house.post("for later", gone)
    await house.post("now")
    house.start()
    await house.until(lambda: house.channel.texts() == ["now"])
    assert house.states()[0] == "queued"


async def test_what_waits_for_its_time_costs_nothing_meanwhile(house: House) -> None:
    await house.post("later")
    await house.database.write(
        lambda connection: connection.execute(sa.update(OutgoingRow).values(state="retry", not_before=datetime.now(UTC) + timedelta(seconds=2)))
    )
    house.start()
    order, looks = house.outbox._order, 0
    choose = order.choose

    def counted(*given: Any) -> Any:
        nonlocal looks
        looks += 1
        return choose(*given)

    order.choose = counted  # type: ignore[assignment,method-assign]
    await house.until(lambda: house.channel.texts() == ["later"], 30)
    assert looks <= 10, "it looked without a pause"
