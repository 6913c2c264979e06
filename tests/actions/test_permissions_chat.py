"""Standing permissions as a person meets them: offered after an approval, given by a card, used with a report, taken back; and what never comes under one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agents.custom import Custom
from orchestrator.actions import permissions
from orchestrator.actions.permissions import Permission
from orchestrator.actions.policy import PolicyFault, load
from orchestrator.contracts import Card as Said
from orchestrator.contracts import Context, Done, Effect, Outcome, Task, TaskState
from orchestrator.outside import Deed, Reach
from orchestrator.triage import permissions as door
from storage.audit import AuditLog
from storage.database import Database
from storage.models import AuditRow, PermissionRow, PermissionUseRow
from storage.vault import Vault
from storage.vault.keys import FileKeys
from tests.actions.stage import Erase, Letter, Look, Mail, Stage, World, errand
from tests.people import settle

Open = Callable[..., Stage]
OFFER, ALLOW = "Allow such ones", "Allow this"


async def send(task: Task, context: Context) -> Outcome:
    """A letter as the task's slots say, after reading what they name."""
    for number, page in enumerate(task.slots.get("read", ())):
        await context.call("page.read", key=f"read-{number}", url="http://news.example/today", private=page == "private")
    await context.call("mail.send", key="send", to=task.slots.get("to", ["ann@example.com"]), subject="News", body=str(task.slots.get("body", "hello")))
    return Done(Said("sent"))


async def erase(task: Task, context: Context) -> Outcome:
    await context.call("note.erase", key="erase", name="milk")
    return Done(Said("erased"))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def stage(database: Database, tmp_path: Path, world: World) -> Iterator[Open]:
    def open_one(*tools: Any, **given: Any) -> Stage:
        agents = [errand(send), errand(send, "other"), errand(erase, "erase"), Custom()]
        log = AuditLog(Vault(FileKeys(tmp_path / "key")))
        return Stage(database, tmp_path, agents=agents, tools=tools or (Mail(world), Look(world)), audit=log, **given)

    yield open_one


async def give(on: Stage, task_type: str = "errand", **slots: Any) -> Task:
    """A first time, approved, and then allowed for the future."""
    task = await on.begin(task_type, **slots)
    await on.press("Approve")
    await on.press(OFFER)
    await on.press(ALLOW)
    return task


def given(on: Stage) -> list[Permission]:
    return on.database.read_now(lambda connection: permissions.standing_of(connection, on.somebody.person.id, on.clock.now()))


def offered(on: Stage) -> bool:
    return on.token(OFFER) != "None"


# --- giving ---


async def test_after_an_approval_such_ones_can_be_allowed_by_a_card_that_says_exactly_what(stage: Open, world: World) -> None:
    on = stage()
    await on.begin()
    assert not offered(on), "nothing is offered before the approval"
    await on.press("Approve")
    assert on.buttons() == [] or OFFER in "".join(on.buttons())
    await on.press(OFFER)
    card = on.cards()[-1]["text"]
    for exactly in ("`mail.send`", "Only to: ann@example.com", "kind “errand” (agent errand)", "At most 3 a day", "21 Dec"):
        assert exactly in card
    assert on.buttons() == ["Allow this", "No"] and given(on) == [], "shown is not given"
    await on.press(ALLOW)
    [permission] = given(on)
    assert (permission.number, permission.targets, permission.at_most) == (1, ("ann@example.com",), 3)
    assert permission.until == on.clock.now() + timedelta(days=30)
    assert "permission #1" in on.cards()[-1]["text"]


async def test_under_a_permission_it_is_done_counted_and_told(stage: Open, world: World) -> None:
    on = stage()
    await give(on)
    task = await on.begin(body="second")
    assert on.now(task).state is TaskState.COMPLETED and world.texts[-1] == "ann@example.com: second"
    assert "Done under your permission #1 (1 of 3 today): A letter to ann@example.com /permissions" in on.heard()
    await on.begin(body="third")
    assert "(2 of 3 today)" in on.heard()
    [permission] = given(on)
    assert permission.used == 2


async def test_no_means_no_and_nothing_is_kept_open(stage: Open) -> None:
    on = stage()
    await on.begin()
    await on.press("Approve")
    await on.press(OFFER)
    allow = on.token(ALLOW)
    await on.press("No")
    await on.press("", token=allow)
    assert given(on) == []
    await on.begin()
    assert "Approve" in on.buttons()


async def test_a_card_left_lying_cannot_be_pressed_a_day_later(stage: Open) -> None:
    on = stage()
    await on.begin()
    await on.press("Approve")
    await on.press(OFFER)
    on.clock.move(hours=25)
    await on.press(ALLOW)
    assert given(on) == []


async def test_a_permission_is_given_once_however_often_it_is_pressed(stage: Open) -> None:
    on = stage()
    await give(on)
    await on.press("", token=on.token(ALLOW, spent=True))
    await on.press("", token=on.token(OFFER, spent=True))
    assert len(given(on)) == 1


async def test_nobody_else_can_give_it(stage: Open, database: Database) -> None:
    on, stranger = stage(), settle(database, external="stranger")
    await on.begin()
    await on.press("Approve")
    await on.press(OFFER)
    await on.press("", token=on.token(ALLOW), who=stranger)
    assert given(on) == []
    row = database.read_now(lambda connection: connection.execute(sa.select(PermissionRow.id)).scalar_one())
    assert database.write_now(lambda connection: permissions.give(connection, row, stranger.person.id, on.clock.now())) is None


async def test_words_never_give_one(stage: Open, world: World) -> None:
    on = stage()
    await on.begin()
    await on.press("Approve")
    for text in ("allow such ones", "always allow this", "yes, always", "/permissions allow"):
        await on.say(text)
    assert given(on) == []


# --- what it does not reach ---

Case = dict[str, Any]
OUTSIDE_OF_IT: dict[str, Case] = {
    "another recipient": {"to": ["bo@example.com"]},
    "one recipient more": {"to": ["ann@example.com", "bo@example.com"]},
    "read outsiders and the person's own": {"read": ["stranger", "private"]},
}


async def outside(on: Stage, world: World, task_type: str = "errand", **slots: Any) -> None:
    before = len(world.texts)
    task = await on.begin(task_type, **slots)
    assert len(world.texts) == before, "done without asking"
    assert on.now(task).state is TaskState.AWAITING_APPROVAL


@pytest.mark.parametrize("case", OUTSIDE_OF_IT)
async def test_what_was_not_allowed_is_still_asked_about(stage: Open, world: World, case: str) -> None:
    on = stage()
    await give(on)
    await outside(on, world, **OUTSIDE_OF_IT[case])
    assert len(world.texts) == 1, "only the one that was approved when the permission was given"


@pytest.mark.parametrize("case", OUTSIDE_OF_IT)
async def test_without_the_rule_it_is_done(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    on = stage()
    await give(on)
    monkeypatch.setattr(permissions, "_fitting", lambda standing, call, which: permissions._one(call.connection, which))
    with pytest.raises(AssertionError, match="done without asking"):
        await outside(on, world, **OUTSIDE_OF_IT[case])


async def test_another_agent_has_no_part_in_it(stage: Open, world: World) -> None:
    on = stage()
    await give(on)
    await outside(on, world, "other")
    assert len(world.texts) == 1


async def test_it_ends_on_its_date_and_when_the_day_is_used_up(stage: Open, world: World) -> None:
    on = stage()
    await give(on)
    for number in range(3):
        await on.begin(body=f"n{number}")
    assert len(world.texts) == 4
    await outside(on, world)
    on.clock.move(days=1)
    await on.begin()
    assert len(world.texts) == 5, "a new day"
    on.clock.move(days=30)
    await outside(on, world)
    assert given(on) == []


async def test_many_at_once_do_not_take_more_than_there_are(stage: Open, world: World) -> None:
    on = stage()
    await give(on)
    tasks = await asyncio.gather(*(on.begin(body=f"n{number}") for number in range(8)))
    assert len(world.texts) == 1 + 3
    assert sum(on.now(task).state is TaskState.AWAITING_APPROVAL for task in tasks) == 5


async def test_without_the_count_a_fourth_one_is_done(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage()
    await give(on)
    for number in range(3):
        await on.begin(body=f"n{number}")
    monkeypatch.setattr(permissions, "used_on", lambda connection, permission_id, person, now: 0)
    with pytest.raises(AssertionError, match="done without asking"):
        await outside(on, world)


async def test_a_permission_of_a_schedule_is_that_schedule_s_own(stage: Open, world: World) -> None:
    on = stage()
    await give(on, schedule_id="01-daily")
    task = await on.begin(schedule_id="01-daily")
    assert on.now(task).state is TaskState.COMPLETED
    await outside(on, world, schedule_id="02-weekly")
    await outside(on, world)


# --- what is never offered ---


@pytest.mark.parametrize("deed", [Deed.PAYMENT, Deed.DELETION, Deed.WRITE])
async def test_payment_deletion_and_what_cannot_be_undone_are_never_offered(stage: Open, world: World, deed: Deed) -> None:
    class Doing(Erase):
        def reach(self, arguments: Any) -> Reach:
            return Reach(deed, hosts=frozenset({"shop.example"}))

    on = stage(Doing(world, effect=Effect.IRREVERSIBLE))
    task = await on.begin("erase")
    await on.press("Approve")
    assert on.now(task).state is TaskState.COMPLETED and not offered(on)


async def test_what_can_be_undone_at_a_named_host_may_be_allowed(stage: Open, world: World) -> None:
    class Doing(Erase):
        def reach(self, arguments: Any) -> Reach:
            return Reach(Deed.WRITE, hosts=frozenset({"wiki.example"}))

    on = stage(Doing(world))
    await give(on, "erase")
    assert "Only through: wiki.example" in on.heard()
    task = await on.begin("erase")
    assert on.now(task).state is TaskState.COMPLETED and "Done under your permission #1" in on.heard()


async def test_more_than_ten_recipients_are_never_offered(stage: Open) -> None:
    on = stage()
    await on.begin(to=[f"p{number}@example.com" for number in range(11)])
    await on.press("Approve")
    assert not offered(on)


async def test_what_outsiders_were_read_for_is_not_offered(stage: Open) -> None:
    on = stage()
    await on.begin(read=["stranger"])
    await on.press("Approve")
    assert not offered(on)


async def test_without_the_rule_a_stranger_s_page_could_suggest_one(stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "_named_in_plan", lambda connection, approval, reach: True)
    on = stage()
    await on.begin(read=["stranger"])
    await on.press("Approve")
    assert offered(on)


async def test_guests_and_other_people_s_effects_are_not_offered(stage: Open, database: Database) -> None:
    guest = settle(database, role="guest", external="guest")
    on = stage(somebody=guest)
    await on.begin()
    await on.press("Approve")
    assert not offered(on)


@pytest.mark.parametrize("wrong", [{"deeds": ["payment"]}, {"deeds": ["mail", "deletion"]}, {"recipients": 11}, {"a_day": 0}, {"days": 4000}])
def test_no_configuration_can_allow_what_is_never_allowed(wrong: dict[str, Any]) -> None:
    with pytest.raises(PolicyFault, match=r"policy\.standing"):
        load({"standing": wrong})


async def test_a_house_that_wants_none_has_none(stage: Open) -> None:
    on = stage(policy={"standing": {"deeds": []}})
    await on.begin()
    await on.press("Approve")
    assert not offered(on)


# --- the daily letter of configured steps ---

STEPS = [
    {"id": "news", "tool": "page.read", "arguments": {"url": "http://news.example/today"}},
    {"id": "mail", "tool": "mail.send", "arguments": {"to": ["ann@example.com"], "subject": "News", "body": "{news.result.text}"}},
]


async def test_recipients_named_in_a_started_plan_may_be_allowed_though_the_news_are_a_stranger_s(stage: Open, world: World) -> None:
    on = stage()
    await on.begin("custom", steps=STEPS)
    await on.press("Start")
    await on.press("Approve")
    await on.press(OFFER)
    await on.press(ALLOW)
    task = await on.begin("custom", steps=STEPS)
    assert on.now(task).state is TaskState.COMPLETED, "neither the plan nor the letter is asked about again"
    assert len(world.texts) == 2 and "Done under your permission #1" in on.heard()
    await on.begin("custom", steps=[STEPS[0], {**STEPS[1], "arguments": {**STEPS[1]["arguments"], "to": ["bo@example.com"]}}])  # type: ignore[dict-item]
    assert "Start" in on.buttons() and len(world.texts) == 2


# --- the list, and taking back ---


async def listed(on: Stage, text: str) -> str:
    await on.database.write(lambda connection: door.command(on.turn(connection, "text", text, {}, None), text))
    return str(on.cards()[-1]["text"])


async def test_the_list_shows_what_is_allowed_and_takes_it_back(stage: Open, world: World) -> None:
    on = stage()
    assert "I ask every time" in await listed(on, "")
    await give(on)
    await on.begin()
    text = await listed(on, "")
    assert "**#1**" in text and "Only to: ann@example.com" in text and "Used today: 1, in all: 1" in text
    await on.press("Take back #1")
    assert "#1 is taken back" in on.cards()[-1]["text"]
    await outside(on, world)


async def test_where_cards_cannot_change_the_list_offers_what_was_approved_lately(stage: Open) -> None:
    on = stage()
    await on.begin()
    await on.press("Approve")
    await on.begin(to=["thief@example.com"], read=["stranger"])
    await on.press("Approve")
    await listed(on, "")
    assert on.buttons() == ["Allow such ones: A letter to ann@example.com"]
    await on.press("Allow such ones: A letter")
    await on.press(ALLOW)
    assert [permission.targets for permission in given(on)] == [("ann@example.com",)]
    await listed(on, "")
    assert on.buttons() == ["Take back #1"]
    on.clock.move(hours=25)
    await on.say("take back permission 1")
    await listed(on, "")
    assert on.buttons() == []


@pytest.mark.parametrize(
    "text",
    [
        "take back permission 1",
        "Revoke my permission #1.",
        "Nimm die Erlaubnis 1 zurück",
        "Erlaubnis #1 widerrufen",
        "Retira el permiso 1",
        "收回许可1",
        "revoke permission",
    ],
)
async def test_it_is_taken_back_in_words(stage: Open, world: World, text: str) -> None:
    on = stage()
    await give(on)
    await on.say(text)
    assert given(on) == []
    await outside(on, world)


async def test_of_several_it_is_asked_which(stage: Open) -> None:
    on = stage()
    await give(on)
    await give(on, to=["bo@example.com"])
    await on.say("take back permission")
    assert "Which one" in on.cards()[-1]["text"] and on.buttons() == ["Take back #1", "Take back #2"]
    await on.say("take back permission 7")
    assert "no permission #7" in on.cards()[-1]["text"]
    await listed(on, "off 2")
    assert [permission.number for permission in given(on)] == [1]


async def test_nobody_else_sees_or_takes_it_back(stage: Open, database: Database) -> None:
    on, other = stage(), settle(database, external="other")
    await give(on)
    await listed(on, "")
    await on.press("", token=on.token("Take back #1"), who=other)
    await on.say("take back permission 1", who=other)
    assert len(given(on)) == 1


async def held_back(on: Stage, world: World) -> None:
    """A letter under a permission waits its ten seconds; meanwhile the permission is taken back."""
    await give(on)
    await on.wait(seconds=11)
    task = await on.begin(body="second")
    await on.say("take back permission 1")
    await on.wait(seconds=11)
    assert len(world.texts) == 1, "it left under a permission that was taken back"
    assert on.now(task).state is TaskState.AWAITING_APPROVAL


async def test_what_still_waits_is_asked_about_when_its_permission_is_taken_back(stage: Open, world: World) -> None:
    on = stage(Mail(world, hold=10.0), Look(world))
    await held_back(on, world)
    assert len(world.texts) == 1 and "Approve" in on.buttons()


async def test_without_looking_again_it_leaves(stage: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "_in_force", lambda now: (PermissionRow.given_at.is_not(None),))
    with pytest.raises(AssertionError, match="under a permission that was taken back"):
        await held_back(stage(Mail(world, hold=10.0), Look(world)), world)


async def test_an_attempt_made_again_uses_it_once(stage: Open, world: World) -> None:
    class Away(Mail):
        tries = 0

        async def act(self, outside: Any, arguments: Letter) -> Any:
            Away.tries += 1
            if Away.tries == 2:
                from orchestrator.contracts import TransientError

                raise TransientError("not now")
            return await super().act(outside, arguments)

    on = stage(Away(world), Look(world))
    await give(on)
    task = await on.begin(body="second")
    await on.wait(seconds=5)
    assert on.now(task).state is TaskState.COMPLETED and len(world.texts) == 2
    assert on.database.read_now(lambda connection: connection.execute(sa.select(sa.func.count()).select_from(PermissionUseRow)).scalar_one()) == 1


async def test_given_used_and_taken_back_stand_in_the_audit_log(stage: Open) -> None:
    on = stage()
    await give(on)
    await on.begin()
    await on.say("take back permission 1")
    query = sa.select(AuditRow.subject, AuditRow.data).where(AuditRow.kind == "permission").order_by(AuditRow.seq)
    entries = on.database.read_now(lambda connection: connection.execute(query).all())
    assert [entry.subject for entry in entries] == ["given", "used", "taken back"]
    assert entries[0].data["targets"] == ["ann@example.com"] and len(entries[1].data["digest"]) == 64
