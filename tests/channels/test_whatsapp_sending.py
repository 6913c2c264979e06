"""WhatsApp's way out: every card as something that the platform takes, and what is concluded from every way in which a send can fail."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards.parts import parts
from bot.channels.base import Ambiguous, DeliveryError, Key, MarkupRefused, NotDelivered, Part, RetryAfter, Unreachable, WindowClosed
from bot.channels.whatsapp.shown import CAPABILITIES, Labels, Page, body
from bot.channels.whatsapp.wire import Graph, MediaRefused, Recipient
from bot.delivery_limits import RATES, Limits
from orchestrator.contracts import Action, Attachment, Button, Card
from orchestrator.tasks import outgoing
from orchestrator.tasks.outgoing import Envelope
from storage.models import ButtonRow, OutgoingRow, WhatsAppDeliveryRow, new_id
from tests.channels.raw_server import CUT_OFF, always, http, serving
from tests.channels.whatsapp_house import World, house, keys_of
from tests.servers.whatsapp import Fault, Person, Refusal, WhatsAppServer, sending
from tests.servers.whatsapp import schema as description
from tests.servers.whatsapp.platform import Platform

LABELS = Labels("Choose", "More …")


def choices(count: int, label: str = "Choice {}") -> tuple[tuple[Button, ...], ...]:
    return tuple((Button(label.format(number), Action("say", str(number))),) for number in range(count))


async def greeted(world: World, phone: str = "491", user_id: str = "") -> Person:
    person = world.server.person(phone, user_id)
    await world.server.say(person, "hello")
    return person


# --- shapes -----------------------------------------------------------------------------------------------------------


async def test_marks_are_whatsapps_own_and_addresses_are_spelled_out(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        await world.post(ada, Card("**Bold**, _slanted_, ~~gone~~ and `code` <b> [here](https://a.b/c) javascript: [x](javascript:alert)"))
        sent = await world.server.shown(ada, "Bold")
        assert sent.text == "*Bold*, _slanted_, ~gone~ and `code` <b> here (https://a.b/c) javascript: [x](javascript:alert)"
        assert sent.content["preview_url"] is False


async def test_three_short_choices_are_buttons_and_more_or_longer_ones_a_list(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        for card in (
            Card("few", choices(3)),
            Card("many", choices(4)),
            Card("long", choices(2, "A label longer than a button {}")),
            Card("same", choices(2, "same")),
        ):
            await world.post(ada, card)
        shown = [await world.server.shown(ada, text) for text in ("few", "many", "long", "same")]
        assert [one.is_list for one in shown] == [False, True, True, True]
        assert [len(one.choices) for one in shown] == [3, 4, 2, 2]
        assert list(shown[2].descriptions.values()) == ["A label longer than a button 0", "A label longer than a button 1"]
        assert world.server.violations == []


async def test_more_than_ten_choices_come_in_pages_and_every_one_can_be_pressed(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        await world.post(ada, Card("which", choices(25)))
        first = await world.server.shown(ada, "which")
        press = await world.server.press(ada, first, "More")
        second = await world.server.shown(ada, "More choices", after=1)
        for _ in range(3):
            await world.server.hand_over(press)
        await world.server.press(ada, second, "More")
        third = await world.server.shown(ada, "More choices", after=2)
        assert [len(one.choices) for one in (first, second, third)] == [10, 10, 7]
        titles = [title for one in (first, second, third) for _, title in one.choices if "More" not in title]
        assert titles == [f"Choice {number}" for number in range(25)]
        tokens = {row.token for row in world.rows(sa.select(ButtonRow.token))}
        assert {choice for one in (first, second, third) for choice, title in one.choices if "More" not in title} == tokens
        assert len(world.server.sent_to(ada)) == 3 and world.server.violations == []
        assert all(item.payload.get("token") is None for item in world.taken)


async def test_a_page_is_turned_only_in_its_own_chat(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada, eve = await greeted(world), await greeted(world, "666")
        await world.post(ada, Card("which", choices(25)))
        first = await world.server.shown(ada, "which")
        await world.server.press(eve, first, "More")
        await asyncio.sleep(0.2)
        assert world.server.sent_to(eve) == []


async def test_a_long_text_above_buttons_loses_neither(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        await world.post(ada, Card("word " * 1900, choices(2)))
        await world.until_state("sent")
        shown = world.server.sent_to(ada)
        assert sum(one.text.count("word") for one in shown) == 1900
        assert [bool(one.choices) for one in shown] == [False] * (len(shown) - 1) + [True]
        assert world.server.violations == []


async def test_a_file_is_uploaded_under_a_type_the_platform_takes(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        files = (Attachment("appointment.ics", "text/calendar", "BEGIN:VCALENDAR ü"), Attachment("trace.json", "application/json", "{}"))
        await world.post(ada, Card("here", files=files))
        await world.until_state("sent")
        assert [one.content.get("filename") for one in world.server.sent_to(ada)] == [None, "appointment.ics", "trace.json"]
        first = world.server.sent_to(ada)[1].file
        assert first is not None and first.content.decode() == "BEGIN:VCALENDAR ü" and world.server.violations == []


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=120)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=9000), labels=st.lists(NAMES, max_size=30))
def test_every_card_becomes_what_the_description_and_the_stand_in_take(text: str, labels: list[str]) -> None:
    buttons = tuple((Button(label, Action("token", f"token-{number}")),) for number, label in enumerate(labels))
    try:
        pieces = parts(Card(text, buttons), CAPABILITIES)
    except ValueError:
        return  # it shows nothing
    platform = Platform()
    person = Person(platform, "491")
    platform.wrote(person)
    for piece in pieces:
        kind, content = body(Part(piece.text, piece.spans, keys=piece.keys, outgoing_id=new_id()), LABELS)
        sending.take(platform, {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "491", "type": kind, kind: content})


def test_the_stand_in_knows_the_description() -> None:
    if not description.is_here():
        pytest.skip(description.ABSENT)
    platform = Platform()
    platform.wrote(Person(platform, "491"))
    message = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "491", "type": "text", "text": {"body": "x", "preview_url": "no"}}
    with pytest.raises(Refusal) as refusal:
        sending.take(platform, message)
    assert "preview_url" in refusal.value.details


def test_a_page_token_is_no_button_token() -> None:
    assert Page.read(Page("0190-x", 9).token) == Page("0190-x", 9)
    assert [Page.read(token) for token in ("", "page:", "page:x", "page::9", "page:x:y", "abc")] == [None] * 6
    rows = body(Part("x", keys=tuple((Key(f"K{n}", f"t{n}"),) for n in range(12))), LABELS)[1]["action"]["sections"][0]["rows"]
    assert len(rows) == 10 and rows[-1]["id"] == "t9", "without a row of the outbox there is nothing to turn"


# --- presses, progress, typing ----------------------------------------------------------------------------------------


async def test_a_press_gets_a_thumb_or_an_answer_that_quotes_it(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        await world.post(ada, Card("which", choices(2)))
        sent = await world.server.shown(ada, "which")
        await world.server.press(ada, sent, "Choice 1")
        pressed = world.taken[-1]
        await world.channel.answer_press(str(pressed.payload["press_id"]), "All right.")
        (thumb,) = world.server.platform.reactions
        assert (thumb.text, thumb.content["message_id"]) == ("👍", pressed.platform_id)
        await world.channel.answer_press(str(pressed.payload["press_id"]), "This button was used already.")
        assert (await world.server.shown(ada, "used already")).reply_to == pressed.platform_id
        await world.channel.answer_press("nobody's", "x")


async def test_progress_is_one_sign_on_the_persons_message_until_the_result(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        asked = world.taken[-1].platform_id
        task = new_id()
        for percent in (10, 40, 80):
            await world.post(ada, Card(f"{percent} %", silent=True, status_key="task"), task)
            await world.until_state(*["sent"] * len(world.states()))
        await world.post(ada, Card("Done."), task)
        await world.server.shown(ada, "Done")
        await world.server.until(lambda: world.server.platform.reactions[1:] or None)
        assert [(one.text, one.content["message_id"]) for one in world.server.platform.reactions] == [("⏳", asked), ("", asked)]
        assert world.server.texts(ada) == ["Done."] and world.server.violations == []


async def test_typing_marks_the_message_read(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        await greeted(world)
        await world.channel.typing("491")
        await world.channel.typing("nobody")
        assert [one["message_id"] for one in world.server.indicated] == [world.taken[-1].platform_id] and world.server.violations == []


async def test_an_edit_of_a_card_shows_nothing_and_harms_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        first = await world.post(ada, Card("ask", choices(2)))
        chat = world.chat(ada)
        envelope = Envelope(chat.id, chat.person_id, world.clock.now())
        await world.database.write(lambda connection: outgoing.revise(connection, envelope, first, Card("decided")))
        await world.until_state("sent", "superseded")
        assert world.server.texts(ada) == ["ask"]


# --- what a failure means ---------------------------------------------------------------------------------------------

MEANINGS: tuple[tuple[int, int, type[DeliveryError]], ...] = (
    (131047, 400, WindowClosed), (131056, 400, RetryAfter), (130429, 429, RetryAfter), (80007, 400, RetryAfter), (131048, 400, RetryAfter),
    (131026, 400, Unreachable), (131021, 400, Unreachable), (131030, 400, Unreachable), (131009, 400, MarkupRefused), (100, 400, MarkupRefused),
    (190, 401, RetryAfter), (10, 403, RetryAfter), (368, 403, RetryAfter), (131000, 500, Ambiguous), (2, 503, Ambiguous),
)  # fmt: skip


async def test_every_code_means_what_it_says() -> None:
    async with WhatsAppServer() as server:
        graph = Graph(keys_of(server))
        for code, status, meaning in MEANINGS:
            server.faults = [Fault(refusal=Refusal(code, "told so", status))]
            with pytest.raises(meaning):
                await graph.send(Recipient("491"), "text", {"body": "x"})
        await graph.close()


async def test_a_pair_waits_four_times_longer_each_time_and_the_whole_number_only_where_it_is_meant() -> None:
    async with WhatsAppServer() as server:
        graph, waits, whole = Graph(keys_of(server)), [], []
        server.platform.wrote(server.person("491"))
        for code in (131056, 131056, 131056, 130429, 130429, 190):
            server.faults = [Fault(refusal=Refusal(code, "slow down"))]
            with pytest.raises(RetryAfter) as told:
                await graph.send(Recipient("491"), "text", {"body": "x"})
            waits.append(told.value.seconds)
            whole.append(told.value.whole_bot)
        assert waits == [1, 4, 16, 1, 2, 30] and whole == [False] * 3 + [True] * 3
        await graph.send(Recipient("491"), "text", {"body": "x"})
        server.faults = [Fault(refusal=Refusal(131056, "slow down"))]
        with pytest.raises(RetryAfter) as told:
            await graph.send(Recipient("491"), "text", {"body": "x"})
        assert told.value.seconds == 1
        await graph.close()


async def test_a_broken_connection_is_told_from_a_refused_one_and_nothing_tells_the_token(caplog: pytest.LogCaptureFixture) -> None:
    async with WhatsAppServer() as server:
        for kind in ("close_before", "close_after", "bad_gateway", "bad_gateway_after"):
            graph = Graph(keys_of(server))
            server.platform.wrote(server.person("491"))
            server.faults = [Fault(kind)]
            with pytest.raises(Ambiguous) as told:
                await graph.send(Recipient("491"), "text", {"body": "x"})
            assert graph.keys.token not in str(told.value)
            await graph.close()
    graph = Graph(keys_of(server))
    with pytest.raises(NotDelivered):
        await graph.send(Recipient("491"), "text", {"body": "x"})
    with pytest.raises(NotDelivered):
        await graph.upload(Recipient("491"), "a", "text/plain", b"x")
    assert graph.keys.token not in caplog.text
    await graph.close()
    for payload in (CUT_OFF, http(200, b"<html>"), http(200, b"{}"), http(200, b'{"messages": []}'), http(500, b"")):
        async with serving(always(payload, close=True)) as (root, _):
            graph = Graph(keys_of(server, root=root))
            with pytest.raises(Ambiguous):
                await graph.send(Recipient("491"), "text", {"body": "x"})
            await graph.close()


async def test_a_file_from_elsewhere_or_too_large_is_not_fetched() -> None:
    async with WhatsAppServer() as server:
        graph = Graph(keys_of(server))
        media_id = server.platform.keep(b"x" * 1000, "application/pdf")
        assert (await graph.fetch(media_id, 1000)).content == b"x" * 1000
        with pytest.raises(MediaRefused):
            await graph.fetch(media_id, 999)
        with pytest.raises(MediaRefused):
            await graph.fetch("404404", 1000)
        await graph.close()
    about = b'{"url": "http://169.254.169.254/latest", "mime_type": "x", "file_size": 1}'
    async with serving(always(http(200, about, "Content-Type: application/json"))) as (root, requests):
        graph = Graph(keys_of(server, root=root))
        with pytest.raises(MediaRefused, match="not Meta's"):
            await graph.fetch("1", 1000)
        assert len(requests) == 1
        await graph.close()


async def test_what_may_have_arrived_is_repeated_with_a_mark_and_what_did_not_without(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        world.server.faults = [Fault("close_after")]
        await world.post(ada, Card("first"))
        await world.until_state("sent")
        world.server.faults = [Fault(refusal=Refusal(131056, "wait"), times=1)]
        await world.post(ada, Card("second"))
        await world.until_state("sent", "sent")
        assert world.server.texts(ada) == ["first", "↻ first", "second"]


# --- rates and statuses -----------------------------------------------------------------------------------------------


def test_the_rates_stay_below_the_platforms() -> None:
    moment = [0.0]
    limits = Limits(True, lambda: moment[0], rates=RATES["whatsapp"])
    sent: list[float] = []
    while moment[0] < 300:
        if limits.wait("491") <= 0:
            limits.draw("491")
            sent.append(moment[0])
        moment[0] += 0.1
    assert all(sum(start <= at < start + 60 for at in sent) <= 45 + 10 for start in range(0, 240, 5)) and len(sent) > 80
    crowd, moment[0], count = Limits(True, lambda: moment[0], rates=RATES["whatsapp"]), 0.0, []
    for number in range(6_000):
        if crowd.wait(str(number % 2_000)) <= 0:
            crowd.draw(str(number % 2_000))
            count.append(moment[0])
        moment[0] += 0.001
    assert max(sum(start <= at < start + 1 for at in count) for start in range(6)) <= 80


async def test_with_the_limits_on_the_platform_never_has_to_refuse(tmp_path: Path) -> None:
    async with house(tmp_path, limits=True) as world:
        people = [await greeted(world, f"49{number}") for number in range(5)]
        for number in range(100):
            await world.post(people[number % 5], Card(f"number {number}"))
        await world.until_state(*["sent"] * 100, timeout=20)
        assert not any(status != 200 for _, path, status in world.server.requests if path.endswith("/messages"))


async def test_statuses_in_any_order_and_number_leave_the_furthest(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        world.server.tell_statuses = True
        await world.post(ada, Card("one"))
        sent = await world.server.shown(ada, "one")
        for state in ("read", "sent", "delivered", "sent"):
            await world.server.tell(sent, state)
        query = sa.select(WhatsAppDeliveryRow.platform_id, WhatsAppDeliveryRow.state, WhatsAppDeliveryRow.outgoing_id)
        ((platform_id, state, outgoing_id),) = world.rows(query)
        assert (platform_id, state) == (sent.id, "read") and outgoing_id == world.rows(sa.select(OutgoingRow.id))[0][0]


async def test_a_failure_told_later_is_tried_again_where_that_helps(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await greeted(world)
        ends: list[str] = []
        for code, state in ((131056, "sent"), (130429, "sent"), (131026, "failed"), (131000, "failed")):
            world.server.faults = [Fault(refusal=Refusal(code, "later"), late=True)]
            await world.post(ada, Card(f"of {code}"))
            settled = sa.select(WhatsAppDeliveryRow.platform_id).where(WhatsAppDeliveryRow.settled, WhatsAppDeliveryRow.code == code)
            await world.server.until(lambda settled=settled: world.rows(settled) or None)  # type: ignore[misc]
            world.server.advance(60)
            ends.append(state)
            await world.until_state(*ends)
        assert world.server.texts(ada) == ["of 131056", "of 130429"]
