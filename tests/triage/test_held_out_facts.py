"""The held-out sentences through the whole house: the facts that each of them states are those of its answer."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conftest import folder  # noqa: F401 - the fixture that keeps the trained router
from tests.conftest import MovedClock
from tests.triage.facts import say, wrong_facts
from tests.triage.stories import Scene
from tests.triage.test_held_out import HERE, LANGUAGES, lines

WANTED = 90.0
FEWEST = 100


def told_beside() -> dict[tuple[str, str], dict[str, Any]]:
    """What the answers to sentences without facts of their own must hold: what kind they are, what they list, when something moves to."""
    entries = [json.loads(line) for line in (HERE / "held_out_facts.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()]
    return {(entry["language"], entry["text"]): entry["facts"] for entry in entries}


@pytest.mark.timeout(200)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answers_hold_the_stated_facts(folder: Path, clock: MovedClock, language: str) -> None:  # noqa: F811 - the fixture imported above
    more = told_beside()
    entries = [{**entry, "facts": entry.get("facts") or more[language, entry["text"]]} for entry in lines(language)]
    assert len(entries) >= FEWEST
    scene = Scene.open(folder, clock, language)
    misses = []
    for entry in entries:
        said = say(scene, entry)
        if wrong := wrong_facts(said):
            tasks = [(task.type, task.state) for task in scene.now.tasks]
            misses.append(f"{entry['text']}: {', '.join(wrong)} of {entry['facts']}; {tasks} {scene.now.said!r}")
    asyncio.run(scene.house.database.close())
    share = 100 * (1 - len(misses) / len(entries))
    told = f"{language}: the facts of {share:.1f} % of {len(entries)} answers are right"
    print(told, file=sys.stderr)
    assert share >= WANTED, "\n".join([told, *misses])
