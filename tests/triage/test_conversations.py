"""Fifteen stories in four languages, written before any tuning: corrections, digressions, several requests at once, handover, emergencies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conftest import folder  # noqa: F401 - the fixture that keeps the trained router
from tests.conftest import MovedClock
from tests.triage.stories import Scene, play

HERE = Path(__file__).parent
STORIES = 15


def stories(language: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / f"conversations_{language}.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()]


CASES = [pytest.param(language, story, id=f"{language}-{story['name']}") for language in ("en", "de", "es", "zh") for story in stories(language)]


@pytest.fixture
def scene(request: pytest.FixtureRequest, folder: Path, clock: MovedClock) -> Iterator[Scene]:  # noqa: F811 - the fixture imported above
    opened = Scene.open(folder, clock, request.param)
    yield opened
    asyncio.run(opened.house.database.close())


@pytest.mark.parametrize(("scene", "story"), CASES, indirect=["scene"])
def test_the_story_goes_as_written(scene: Scene, story: dict[str, Any]) -> None:
    wrong = play(scene, story)
    assert not wrong, "\n".join(wrong)


def test_every_language_tells_the_same_stories() -> None:
    names = [[story["name"] for story in stories(language)] for language in ("en", "de", "es", "zh")]
    assert all(one == names[0] for one in names) and len(names[0]) == STORIES
