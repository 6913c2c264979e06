"""The language model that labels a message is in the books like every other call: reserved before, settled after, not asked at the limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.app import House
from orchestrator.contracts import TaskState
from orchestrator.triage.desk import WORTH_ASKING
from orchestrator.triage.segments import Segments
from storage.models import SpendRow, TaskRow
from tests.agents.talk import Talk, someone
from tests.agents.test_custom_desk import house_of
from tests.conftest import MovedClock
from tests.servers.openai_api import ModelServer

VAGUE = (
    "my hair and friday maybe",
    "something about friday with anna",
    "can it be later or what",
    "the thing on monday again please",
    "what about the price of that on friday",
    "can somebody do friday",
    "tell them tuesday",
)
NOW_AND_AGAIN = '{"label": "opening_hours", "confidence": 0.9}'


def unclear(house: House) -> str:
    """A message that keywords and classifier leave open, with a likely candidate to ask about."""
    for text in VAGUE:
        route = house.router.cascade().decide(text, "en")
        if not route.accepted and route.intent != "oos" and route.confidence >= WORTH_ASKING:
            return text
    pytest.fail("the classifier is sure of all of these; add a vaguer one")


async def heard(folder: Path, clock: MovedClock, model: ModelServer, budget: str = "") -> tuple[House, Talk]:
    model.models = ("gpt-5-mini",)
    house = house_of(folder, clock, f"business: {{}}\n{budget}", MAJORDOMO_MODEL="openai:gpt-5-mini", OPENAI_BASE_URL=model.base_url, OPENAI_API_KEY="sk-key")
    await house.engine.prepare()
    owner = someone(house)
    owner.say(unclear(house))
    row = house.database.read_now(lambda connection: connection.execute(sa.select(TaskRow.id, TaskRow.segment).where(TaskRow.type == "triage")).one())
    await house.run_segment(row.id, row.segment)
    return house, owner


def spent(house: House) -> list[Any]:
    return list(house.database.read_now(lambda connection: connection.execute(sa.select(SpendRow.__table__)).all()))


async def close(house: House) -> None:
    await house.reach.close()
    await house.database.close()


async def test_what_it_took_stands_in_the_books(folder: Path, clock: MovedClock) -> None:
    async with ModelServer() as model:
        model.script(reply=NOW_AND_AGAIN)
        house, _ = await heard(folder, clock, model)
        [spend] = spent(house)
        triage = house.database.read_now(lambda connection: connection.execute(sa.select(TaskRow.__table__).where(TaskRow.type == "triage")).first())
        await close(house)
    assert len(model.calls) == 1
    assert (spend.key, spend.name, spend.state) == ("classify", "openai:gpt-5-mini", "settled")
    assert spend.tokens > 0 and 0 < spend.credits <= spend.reserved
    assert triage is not None and triage.tokens == spend.tokens and triage.state == TaskState.COMPLETED.value


async def test_an_answer_of_no_use_was_paid_for_all_the_same(folder: Path, clock: MovedClock) -> None:
    async with ModelServer() as model:
        model.script(reply="garbage, and nothing else")
        house, owner = await heard(folder, clock, model)
        [spend] = spent(house)
        await close(house)
    assert spend.state == "settled" and spend.credits > 0, "it was paid for, though it is of no use"
    assert owner.heard() and len(model.calls) == 1


async def at_the_limit(folder: Path, clock: MovedClock, model: ModelServer) -> None:
    model.script(reply=NOW_AND_AGAIN)
    house, owner = await heard(folder, clock, model, "budgets: {day: 0}\n")
    try:
        assert model.calls == [], "the model was asked beyond the limit"
        labels = [button["label"] for card in owner._cards() for row in card["buttons"] for button in row]
        assert len(labels) >= 2, "the person is asked by buttons instead"
        assert all(spend.credits == 0 for spend in spent(house))
    finally:
        await close(house)


async def test_at_the_limit_the_person_is_asked_by_buttons_instead(folder: Path, clock: MovedClock) -> None:
    async with ModelServer() as model:
        await at_the_limit(folder, clock, model)
        assert model.calls == []


async def test_without_the_reservation_the_model_is_asked_beyond_the_limit(folder: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Segments, "_reserve", lambda self, connection, task, person, model: True)
    async with ModelServer() as model:
        with pytest.raises(AssertionError, match="beyond the limit"):
            await at_the_limit(folder, clock, model)
