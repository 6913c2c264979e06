"""Sentences that nothing was trained or tuned on: the right agent for at least nine in ten, strangers declined or asked."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from orchestrator.triage.emergencies import assess
from orchestrator.triage.intent_data import load_builtin, plain
from orchestrator.triage.requests import split
from orchestrator.triage.router import Router
from orchestrator.triage.taxonomy import COMMANDS, NOT_SERVED_YET
from tests.trained import trained_router

HERE = Path(__file__).parent
LANGUAGES = ("en", "de", "es", "zh")
WANTED = 90.0


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / f"held_out_{name}.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()]


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Router:
    return trained_router(tmp_path_factory.mktemp("router"))


def agent_of(router: Router, entry: dict[str, Any]) -> str:
    """Who would answer: a rule, a command, the first request's agent; "asks" where the desk would ask back or decline."""
    if assess(entry["text"]) is not None:
        return "triage"
    first = split(entry["text"], entry.get("language", "en"), router.cascade())[0]
    if not first.accepted:
        return "asks"
    return "commands" if first.task_type in COMMANDS or first.task_type.startswith("settings_") else first.agent


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_agent(router: Router, language: str) -> None:
    entries = lines(language)
    wrong = Counter[tuple[str, str]]()
    misses = []
    for entry in entries:
        wanted = "commands" if entry["intent"] in COMMANDS else entry["agent"]
        got = agent_of(router, entry)
        same = got == wanted or (wanted == "commands" and got in {"triage", "setup"}) or (got == "commands" and wanted == "triage")
        if not same:
            wrong[wanted, got] += 1
            misses.append(f"{entry['text']}: {wanted} → {got}")
    share = 100 * (1 - sum(wrong.values()) / len(entries))
    print(f"{language}: {share:.1f} % of {len(entries)} right", wrong.most_common(5), file=sys.stderr)
    assert len(entries) >= 100
    assert share >= WANTED, "\n".join(misses)


def test_strangers_are_asked_or_declined(router: Router) -> None:
    entries = lines("oos")
    let_in = [
        entry["text"]
        for entry in entries
        if (route := split(entry["text"], entry["language"], router.cascade())[0]).accepted and route.intent not in NOT_SERVED_YET
    ]
    assert len(entries) >= 30
    assert len(let_in) <= len(entries) // 10, let_in


@pytest.mark.parametrize("language", [*LANGUAGES, "oos"])
def test_no_sentence_is_shared_with_training(language: str) -> None:
    trained = {plain(sentence.text) for sentence in (*load_builtin().examples, *load_builtin().out_of_scope)}
    shared = [entry["text"] for entry in lines(language) if plain(entry["text"]) in trained]
    assert len(shared) <= 3, shared
