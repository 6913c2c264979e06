"""Forged, replayed, late, foreign and simultaneous taps: each ask is decided at most once, by who may, and what runs is what was shown."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.actions import approvals
from storage import schema
from storage.database import Database
from tests.actions.taps import AT_ONCE, Counted, Move, Step, Table, Tap, Token, Who

SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
WANTED = 25_000 if SOAK else 1_000
"""Taps on each of the two databases."""

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


@pytest.fixture
def table(database_url: str, tmp_path: Path, counted: Counted) -> Iterator[Table]:
    database = Database(database_url)
    schema.ensure(database.engine)
    opened = Table(database, tmp_path, counted)
    yield opened
    opened.close()
    asyncio.run(database.close())


@pytest.mark.timeout(3600 if SOAK else 120)
def test_however_it_is_tapped_an_ask_is_decided_once_by_who_may(table: Table) -> None:
    @settings(max_examples=50, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(steps, together, steps)
    def play(before: list[Step], at_once: list[Tap], after: list[Step]) -> None:
        asyncio.run(table.play(before, at_once, after))

    stories = 0
    while table.taps.total() < WANTED:
        play()
        stories += 50
    print(f"\n{table.taps.total()} taps in {stories} stories: {dict(table.taps)}")
