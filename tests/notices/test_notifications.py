"""What people are told, when and where: at once, after quiet hours or in the digest; and nothing of it is ever lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.contracts import TaskState
from orchestrator.tasks import deliveries, digests, notifications, outgoing, places, preferences
from orchestrator.tasks.preferences import CHANNELS, KINDS
from storage.models import ApprovalRow, OutgoingRow, PersonRow, new_id
from tests.conftest import MovedClock
from tests.notices.desk import WORDS, Desk

# NOW is Saturday, 10:00 in Berlin.
TO_NIGHT = {"hours": 13}
TO_MORNING = {"hours": 8}


def test_without_quiet_hours_everything_is_told_at_once(small: Desk) -> None:
    ada = small.person()
    for kind in KINDS:
        small.notify(ada, kind, kind)
    assert small.heard(ada) == [f"{kind}: the text" for kind in KINDS]
    assert small.waiting(ada) == 0 and all(row.told_at is not None and row.read_at is None for row in small.rows(ada))


def test_in_quiet_hours_only_what_is_urgent_comes_and_the_rest_in_one_message_when_they_end(desk: Desk, clock: MovedClock) -> None:
    ada = desk.person()
    desk.night(ada)
    clock.move(**TO_NIGHT)
    for kind in KINDS:
        desk.notify(ada, kind, kind)
    desk.notify(ada, "completed", "another")
    assert desk.heard(ada) == [f"{kind}: the text" for kind in ("reminder", "credential", "alert")]
    assert desk.sweep() == 0 and desk.waiting(ada) == 7
    clock.move(**TO_MORNING)
    assert desk.sweep() == 7 and desk.waiting(ada) == 0
    *_, digest = desk.heard(ada)
    assert len(desk.heard(ada)) == 4
    assert digest.startswith("7 notifications") and "**Completed (2)**\n- completed\n- another" in digest and "**Failed (1)**" in digest
    assert desk.buttons(ada) == ["Show them", "Mark all as read"]
    assert desk.sweep() == 0 and len(desk.heard(ada)) == 4


def test_one_alone_is_shown_as_it_is_with_the_buttons_that_act(small: Desk, clock: MovedClock) -> None:
    ada = small.person()
    small.night(ada)
    task = small.task(ada)
    clock.move(**TO_NIGHT)
    small.notify(ada, "failed", "The errand", task_id=task)
    clock.move(**TO_MORNING)
    small.sweep()
    assert small.heard(ada) == ["The errand: the text"] and small.buttons(ada) == ["Try again", "Open"]


def test_the_digest_gathers_what_is_not_urgent_and_comes_once_a_day(desk: Desk, clock: MovedClock) -> None:
    ada = desk.person()
    desk.digest(ada)
    for n in range(8):
        desk.notify(ada, "completed", f"job {n}")
        clock.move(hours=2)
        desk.sweep()
    assert desk.heard(ada) == []
    desk.notify(ada, "reminder", "call mum")
    assert desk.heard(ada) == ["call mum: the text"]
    clock.move(hours=6)
    desk.sweep()
    digest = desk.heard(ada)[-1]
    assert digest.startswith("8 notifications") and "job 4" in digest and "job 5" not in digest and "and 3 more" in digest


def test_over_the_autumn_change_the_digest_comes_at_eight_by_the_clock(small: Desk, clock: MovedClock) -> None:
    from tests.notices.test_quiet_hours import local

    ada = small.person()
    small.digest(ada)
    for eve, morning in (("2027-03-27T20:00", "2027-03-28T08:00"), ("2027-10-30T20:00", "2027-10-31T08:00")):
        clock.moment = local(eve)
        small.notify(ada)
        clock.moment = local(morning) - timedelta(seconds=1)
        assert small.sweep() == 0
        clock.moment = local(morning)
        assert small.sweep() == 1


def test_what_would_come_too_late_comes_at_once(small: Desk, clock: MovedClock) -> None:
    ada = small.person()
    small.night(ada)
    clock.move(**TO_NIGHT)
    small.notify(ada, "appointment_reminder", "The dentist", until=clock.now() + timedelta(hours=8, minutes=30))
    small.notify(ada, "appointment_reminder", "The barber", until=clock.now() + timedelta(hours=14))
    small.notify(ada, "health", "Your pills", urgent=True)
    assert small.heard(ada) == ["The dentist: the text", "Your pills: the text"]


def test_nothing_is_switched_off_on_one_channel_but_there(small: Desk) -> None:
    ada = small.person()
    small.discord(ada)
    small.email(ada)
    small.webhook(ada)
    for kind in KINDS:
        for channel in CHANNELS:
            small.do(preferences.choose, ada.person.id, kind, channel, wanted=False)
            small.notify(ada, kind, f"{kind} {channel}")
            small.do(preferences.choose, ada.person.id, kind, channel, wanted=True)
    for channel in CHANNELS:
        got = (
            [text.removesuffix(": the text") for text in small.heard(ada)]
            if channel == "chat"
            else [title for title in small.to(ada, channel) if title != "code"]
        )
        assert sorted(got) == sorted(f"{kind} {other}" for kind in KINDS for other in CHANNELS if other != channel), channel
    assert len(small.rows(ada)) == len(KINDS) * len(CHANNELS)


def test_a_kind_or_channel_that_is_none_is_refused(small: Desk) -> None:
    ada = small.person()
    for kind, channel in (("gossip", "chat"), ("failed", "pigeon")):
        with pytest.raises(ValueError, match="not known"):
            small.do(preferences.choose, ada.person.id, kind, channel, wanted=True)


def test_machines_are_told_at_once_and_people_with_the_rest(desk: Desk, clock: MovedClock) -> None:
    ada = desk.person()
    desk.night(ada)
    desk.discord(ada)
    desk.email(ada)
    desk.webhook(ada)
    desk.webhook(ada, "https://other.example.org/", kinds=("failed",))
    clock.move(**TO_NIGHT)
    desk.notify(ada, "completed", "one", outcome="success")
    desk.notify(ada, "failed", "two", outcome="failure")
    assert desk.to(ada, "webhook") == ["one", "two", "two"] and desk.to(ada, "discord") == []
    clock.move(**TO_MORNING)
    desk.sweep()
    assert desk.to(ada, "discord") == ["2 notifications"] and desk.to(ada, "email")[1:] == ["2 notifications"]
    digest = desk.deliveries(ada)[-1].payload
    assert digest["counts"] == {"completed": 1, "failed": 1} and digest["outcome"] == "failure" and digest["event"] == "digest"


def test_a_digest_leaves_out_what_is_not_wanted_there(small: Desk, clock: MovedClock) -> None:
    ada = small.person()
    small.digest(ada)
    small.discord(ada)
    small.do(preferences.choose, ada.person.id, "completed", "chat", wanted=False)
    small.do(preferences.choose, ada.person.id, "failed", "discord", wanted=False)
    small.notify(ada, "completed", "fine")
    small.notify(ada, "failed", "bad")
    clock.move(hours=22)
    small.sweep()
    assert small.heard(ada) == ["bad: the text"] and small.to(ada, "discord") == ["fine"]


def test_it_goes_to_its_tasks_chat_else_to_the_one_chosen_else_to_the_one_used_last(desk: Desk, clock: MovedClock) -> None:
    ada = desk.person()
    phone = desk.chat(ada, "telegram", "7")
    api = desk.chat(ada, "api", ada.person.id)
    desk.notify(ada, title="in its own", chat=phone)
    desk.said(ada)
    clock.move(minutes=1)
    desk.said(ada, api, "api")
    desk.notify(ada, title="used last", chat="")
    desk.said(ada, phone, "telegram")
    desk.notify(ada, title="over the API", chat=api)
    desk.do(preferences.set_chat, ada.person.id, ada.chat_id, clock.now())
    desk.notify(ada, title="chosen", chat="")
    shown = {chat: [text.split(":")[0] for text in replies_of(desk, chat)] for chat in (ada.chat_id, phone, api)}
    assert shown == {ada.chat_id: ["used last", "chosen"], phone: ["in its own", "over the API"], api: ["over the API"]}


def replies_of(desk: Desk, chat: str) -> list[str]:
    query = sa.select(OutgoingRow.card).where(OutgoingRow.chat_id == chat).order_by(OutgoingRow.seq)
    return [card["text"] for card in desk.database.read_now(lambda connection: connection.execute(query).scalars().all())]


def test_a_result_shown_in_the_chat_is_an_answer_to_who_is_there_and_a_silent_card_at_night(desk: Desk, clock: MovedClock) -> None:
    ada = desk.person()
    desk.night(ada)
    desk.discord(ada)
    desk.said(ada)
    there = desk.notify(ada, title="an answer", how=notifications.alongside)
    clock.move(**TO_NIGHT)
    at_night = desk.notify(ada, title="at night", how=notifications.alongside)
    assert (there.silent, at_night.silent) == (False, True) and desk.heard(ada) == []
    first, second = desk.rows(ada)
    assert first.read_at is not None and second.waits_until is not None and desk.to(ada, "discord") == ["an answer"]
    clock.move(**TO_MORNING)
    desk.sweep()
    assert desk.heard(ada) == ["at night: the text"] and desk.to(ada, "discord") == ["an answer", "at night"]


def test_an_ask_that_was_decided_meanwhile_is_not_told_any_more(desk: Desk, clock: MovedClock) -> None:
    ada = desk.person()
    desk.night(ada)
    task = desk.task(ada, TaskState.IN_PROGRESS)
    clock.move(**TO_NIGHT)
    asks = [new_id(), new_id()]
    for ask in asks:
        desk.do(lambda connection, ask=ask: connection.execute(sa.insert(ApprovalRow), {
            "id": ask, "kind": "effect", "task_id": task, "person_id": ada.person.id, "approver_id": ada.person.id, "chat_id": ada.chat_id, "key": ask, "epoch": 0,
            "digest": ask, "shown": {}, "arguments": {}, "files": {}, "expires_at": clock.now() + timedelta(days=2), "created_at": clock.now()}))  # fmt: skip
        desk.notify(ada, "approval", f"ask {asks.index(ask)}", data={"ask": ask}, task_id=task)
    desk.do(lambda connection: connection.execute(sa.update(ApprovalRow).where(ApprovalRow.id == asks[0]).values(state="decided")))
    clock.move(**TO_MORNING)
    assert desk.sweep() == 2
    assert desk.heard(ada) == ["ask 1: the text"] and desk.buttons(ada) == ["Open"]
    assert [row.state for row in desk.rows(ada)] == ["done", "open"] and desk.waiting(ada) == 0


def test_changed_settings_move_what_waits(small: Desk, clock: MovedClock) -> None:
    ada = small.person()
    small.night(ada)
    clock.move(**TO_NIGHT)
    small.notify(ada, title="one")
    small.night(ada, 22 * 60, 5 * 60)
    small.do(digests.rearrange, ada.person, clock.now())
    clock.move(hours=6)
    assert small.sweep() == 1
    small.digest(ada)
    small.notify(ada, title="two")
    small.digest(ada, None)
    small.do(preferences.set_quiet, ada.person.id, None, clock.now())
    small.do(digests.rearrange, ada.person, clock.now())
    assert small.sweep() == 1 and small.heard(ada)[-1] == "two: the text"


def test_a_digest_that_nobody_was_there_to_send_keeps_to_quiet_hours(small: Desk, clock: MovedClock) -> None:
    ada = small.person()
    small.digest(ada)
    small.night(ada)
    small.notify(ada)
    clock.move(hours=22 + 15)  # 23:00 on the day of the digest: the house was off at eight
    assert small.sweep() == 0 and small.waiting(ada) == 1 and small.heard(ada) == []
    clock.move(**TO_MORNING)
    assert small.sweep() == 1


def test_somebody_whose_digest_cannot_be_made_holds_up_nobody(desk: Desk, clock: MovedClock) -> None:
    ada, bob = desk.person(), desk.person("bob", role="member")
    for somebody in (ada, bob):
        desk.digest(somebody)
        desk.notify(somebody)
    desk.night(ada)
    desk.do(lambda connection: connection.execute(sa.update(PersonRow).where(PersonRow.id == ada.person.id).values(zone="No/Where")))
    clock.move(hours=22)
    assert desk.sweep() == 1 and desk.heard(bob) == ["It is done: the text"] and desk.waiting(ada) == 1
    desk.do(lambda connection: connection.execute(sa.update(PersonRow).where(PersonRow.id == ada.person.id).values(zone="Europe/Berlin")))
    clock.move(minutes=1)
    assert desk.sweep() == 1 and desk.heard(ada) == ["It is done: the text"]


def test_what_was_read_in_the_list_is_not_told_again(desk: Desk, clock: MovedClock) -> None:
    ada = desk.person()
    desk.night(ada)
    clock.move(**TO_NIGHT)
    desk.notify(ada)
    assert desk.do(notifications.unread_count, ada.person.id) == 1
    assert desk.do(notifications.mark_all_read, ada.person.id, clock.now()) == 1
    clock.move(**TO_MORNING)
    assert desk.sweep() == 0 and desk.heard(ada) == []


def test_read_and_unread_belong_to_their_person(desk: Desk, clock: MovedClock) -> None:
    ada, bob = desk.person(), desk.person("bob", role="member")
    mine = desk.notify(ada)
    assert not desk.do(notifications.mark_one, bob.person.id, mine, clock.now())
    assert desk.do(notifications.mark_all_read, bob.person.id, clock.now()) == 0
    assert desk.do(notifications.find, mine, bob.person.id) is None
    assert desk.do(notifications.mark_one, ada.person.id, mine, clock.now()) and desk.do(notifications.unread_count, ada.person.id) == 0
    assert desk.do(notifications.mark_one, ada.person.id, mine, clock.now(), read=False) and desk.do(notifications.unread_count, ada.person.id) == 1
    assert desk.do(lambda connection: notifications.act(connection, envelope(bob), bob.person, mine, "read", WORDS)) == "press-spent"


def test_another_persons_places_and_dead_letters_are_out_of_reach(desk: Desk, clock: MovedClock) -> None:
    ada, bob = desk.person(), desk.person("bob", role="member")
    place = desk.discord(ada)
    delivery = desk.do(deliveries.queue, ada.person.id, place.id, "discord", deliveries.Message("alert", "x", "y", clock.now()), clock.now())
    desk.do(lambda connection: deliveries.bury(connection, deliveries.claim(connection, clock.now())[0], "gone", clock.now(), doubtful=False))
    assert desk.do(places.find, bob.person.id, place.id) is None and not desk.do(desk.places.remove, bob.person.id, place.id, clock.now())
    assert desk.do(deliveries.dead_of, bob.person.id) == 0 and desk.do(deliveries.retry_dead, bob.person.id, clock.now(), place.id) == 0
    assert desk.do(places.test, bob.person.id, "discord", deliveries.Message("test", "x", "y", clock.now()), clock.now()) == 0
    desk.notify(bob, title="Bob's")
    assert desk.to(ada, "discord") == ["x"] and desk.deliveries(bob) == []
    assert desk.do(deliveries.retry_dead, ada.person.id, clock.now()) == 1 and desk.deliveries(ada)[0].id == delivery


def envelope(somebody: Any) -> outgoing.Envelope:
    from tests.conftest import NOW

    return outgoing.Envelope(somebody.chat_id, somebody.person.id, NOW)


def test_a_hundred_over_ten_days_and_nights_are_each_accounted_for(desk: Desk, clock: MovedClock) -> None:
    """Every one of them is told at once or in a later message, and none twice."""
    ada = desk.person()
    desk.night(ada)
    desk.webhook(ada)
    for n in range(100):
        desk.notify(ada, KINDS[n % len(KINDS)], f"notice {n}.")
        clock.move(hours=2, minutes=24)
        desk.sweep()
    clock.move(days=1)
    desk.sweep()
    told = "\n".join(desk.heard(ada))
    shown = [n for n in range(100) if f"notice {n}." in told]
    rows = desk.rows(ada)
    assert len(rows) == 100 and all(row.told_at is not None and row.waits_until is None for row in rows)
    assert shown == list(range(100)) and all(told.count(f" notice {n}.\n") + told.count(f"notice {n}.: ") <= 1 for n in shown)
    assert len(desk.to(ada, "webhook")) == 100
