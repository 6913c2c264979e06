"""Forged, replayed, late, foreign and simultaneous taps: each ask is decided at most once, by who may, and what runs is what was shown."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.actions import approvals
from orchestrator.actions.calls import Call
from orchestrator.contracts import TaskState
from storage import schema
from storage.database import Database
from storage.models import ApprovalRow
from tests.actions.stage import Mail, Stage, World, errand
from tests.actions.taps import AT_ONCE, Counted, Move, Step, Table, Tap, Token, Violation, Who, lenient, send
from tests.people import Somebody, settle

SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
WANTED, WANTED_ON_POSTGRES = (40_000, 10_000) if SOAK else (1_700, 400)
"""Taps."""
STORIES_AT_A_TIME = 12

whoever = st.sampled_from(Who)
rightly = st.builds(Tap, st.just(Who.OWNER), st.just(Who.OWNER), st.sampled_from([Token.APPROVE, Token.DECLINE]))
anyhow = st.builds(Tap, whoever, whoever, st.sampled_from(Token))
wrongly = anyhow.filter(lambda tap: tap.who is not Who.OWNER or tap.where is not Who.OWNER)
steps: st.SearchStrategy[list[Step]] = st.lists(st.one_of(wrongly, anyhow, st.sampled_from(Move)), max_size=8)
together = st.lists(st.one_of(rightly, anyhow), min_size=AT_ONCE, max_size=AT_ONCE)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    noting = Counted()
    monkeypatch.setattr(approvals, "decide", noting.watch(approvals.decide))
    return noting


def opened(url: str, folder: Path, counted: Counted) -> Iterator[Table]:
    database = Database(url)
    schema.ensure(database.engine)
    table = Table(database, folder, counted)
    yield table
    table.close()
    asyncio.run(database.close())


@pytest.fixture
def table(database_url: str, tmp_path: Path, counted: Counted) -> Iterator[Table]:
    yield from opened(database_url, tmp_path, counted)


@pytest.fixture
def small_table(tmp_path: Path, counted: Counted) -> Iterator[Table]:
    yield from opened(f"sqlite+aiosqlite:///{tmp_path}/data/majordomo.db", tmp_path, counted)


@pytest.mark.timeout(3600 if SOAK else 120)
def test_however_it_is_tapped_an_ask_is_decided_once_by_who_may(table: Table) -> None:
    @settings(max_examples=STORIES_AT_A_TIME, deadline=None, database=None, derandomize=False, suppress_health_check=list(HealthCheck))
    @given(steps, together, steps)
    def play(before: list[Step], at_once: list[Tap], after: list[Step]) -> None:
        asyncio.run(table.play(before, at_once, after))

    stories = 0
    wanted = WANTED if table.on.database.is_sqlite else WANTED_ON_POSTGRES
    while table.taps.total() < wanted:
        play()
        stories += STORIES_AT_A_TIME
    print(f"\n{table.taps.total()} taps in {stories} stories: {dict(table.taps)}")


# --- the twins: each rule left out, and a story that shows it ---

OWNERS = Tap(Who.OWNER, Who.OWNER, Token.DIRECT_APPROVE)
REFUSED = Tap(Who.OWNER, Who.OWNER, Token.DIRECT_DECLINE)
STRANGERS = Tap(Who.STRANGER, Who.STRANGER, Token.DIRECT_APPROVE)
SECONDS = Tap(Who.SECOND, Who.SECOND, Token.DIRECT_APPROVE)
Story = tuple[list[Step], list[Tap], list[Step]]
STORIES: dict[str, Story] = {
    "state": ([], [OWNERS, REFUSED] * (AT_ONCE // 2), []),
    "state, one after the other": ([REFUSED, OWNERS], [], []),
    "presser": ([STRANGERS], [], []),
    "presser, too early": ([SECONDS], [], []),
    "presser, when both may": ([Move.MINUTES, Move.SWEEP, STRANGERS, Tap(Who.OWNER, Who.OWNER, Token.APPROVE), SECONDS], [], []),
    "epoch": ([Move.CORRECT, Tap(Who.OWNER, Who.OWNER, Token.DIRECT_OLD)], [], []),
    "expiry": ([Move.DAY, OWNERS], [], []),
}


@pytest.mark.parametrize("story", STORIES)
def test_each_rule_holds_in_the_story_that_is_about_it(small_table: Table, story: str) -> None:
    asyncio.run(small_table.play(*STORIES[story]))
    assert small_table.taps.total() > 0, "what breaks a rule raises Violation; this was tapped and did not"


@pytest.mark.parametrize("story", STORIES)
def test_without_the_rule_the_same_story_is_noticed(small_table: Table, counted: Counted, monkeypatch: pytest.MonkeyPatch, story: str) -> None:
    without = {story.partition(",")[0]: False}
    monkeypatch.setattr(approvals, "decide", counted.watch(lenient(**without)))
    with pytest.raises(Violation):
        asyncio.run(small_table.play(*STORIES[story]))


async def tampered_with(on: Stage) -> None:
    """Whoever can write the database changes the plan that stands in the row; the person approves what they were shown."""
    task = await on.begin()
    other = {"to": ["thief@example.com"], "subject": "Late", "body": "The key is under the mat", "attachments": []}
    await on.database.write(lambda connection: connection.execute(sa.update(ApprovalRow).values(arguments=other)))
    await on.press("Approve")
    assert on.now(task).state in {TaskState.AWAITING_APPROVAL, TaskState.COMPLETED}


async def test_a_plan_that_was_changed_in_its_row_does_not_run(database: Database, tmp_path: Path) -> None:
    world = World()
    on = Stage(database, tmp_path, agents=[errand(send)], tools=[Mail(world)])
    await tampered_with(on)
    assert world.texts == []
    assert "thief@example.com" in on.cards()[-1]["text"] and "Approve" in on.buttons()


async def test_without_the_digest_it_runs(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Call, "digest", lambda call: "the same")
    world = World()
    await tampered_with(Stage(database, tmp_path, agents=[errand(send)], tools=[Mail(world)]))
    assert world.texts == ["thief@example.com: The key is under the mat"]


# --- the twins of the door itself: whose button, and used once ---


async def test_a_button_of_somebody_else_or_from_elsewhere_or_used_does_nothing(database: Database, tmp_path: Path) -> None:
    world = World()
    on = Stage(database, tmp_path, agents=[errand(send)], tools=[Mail(world)])
    await on.begin()
    token = on.token("Approve")
    other = settle(database, role="owner", external="elsewhere")
    for who in (other, Somebody(other.person, on.somebody.chat_id), Somebody(on.somebody.person, other.chat_id)):
        assert "not" in await on.press("", token=token, who=who)
    assert world.texts == []
    await on.press("", token=token)
    assert await on.press("", token=token) == "This button was used already."
    assert len(world.texts) == 1


def test_of_many_open_asks_those_not_shown_again_keep_their_buttons(small_table: Table) -> None:
    for _ in range(6):
        asyncio.run(small_table.play([], [], []))
    asyncio.run(small_table.play([Move.SHOW, Tap(Who.OWNER, Who.OWNER, Token.APPROVE)], [], []))
    last = small_table.on.cards(small_table.on.somebody)
    assert any("2 more are shown" in card["text"] for card in last)
