"""Measuring the router: the figures, the file of labelled messages, the report."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from orchestrator.triage.evaluation import Evaluation, UnreadableLine, auroc, certainty, coverage, evaluate, read_lines, report
from orchestrator.triage.local_classifier import Example, Prediction

KEYS = (
    "accuracy", "oos_recall", "auroc", "coverage_at_99", "coverage_at_97", "realised_precision", "realised_coverage",
    "p50_us", "p99_us", "train_s", "load_ms", "confused",
)  # fmt: skip
TRAIN = [
    Example(f"{opening} {thing} {ending}".strip(), intent)
    for intent, things in {
        "booking": ("book a haircut", "make an appointment", "reserve a slot"),
        "hours": ("when do you open", "what are your opening hours", "are you open on Sunday"),
        "reminder": ("remind me to call mum", "set a reminder", "do not let me forget the milk"),
    }.items()
    for thing in things
    for opening in ("", "please", "hello")
    for ending in ("", "today", "thanks")
]
TEST = [
    Example("could you book a haircut", "booking"),
    Example("when do you open tomorrow", "hours"),
    Example("remind me to call", "reminder"),
    Example("what is the capital of France", "oos"),
    Example("multiply seven with nine", "oos"),
]


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(TEST, TRAIN)


def test_every_figure_has_its_key_and_is_json(evaluation: Evaluation) -> None:
    found = json.loads(json.dumps(dataclasses.asdict(evaluation)))
    assert tuple(found) == KEYS


def test_easy_messages_are_all_right(evaluation: Evaluation) -> None:
    assert evaluation.accuracy == 100
    assert evaluation.auroc == 100
    assert evaluation.coverage_at_97 == 100
    assert evaluation.oos_recall == 100
    assert evaluation.confused == []
    assert evaluation.p50_us > 0
    assert evaluation.load_ms > 0
    assert evaluation.train_s > 0


def test_what_is_confused_is_named_and_counted() -> None:
    found = evaluate([Example("please book a haircut", "hours"), Example("book a haircut today", "hours")], TRAIN)
    assert found.confused == [("hours", "booking", 2)]
    assert found.accuracy == 0
    assert "hours taken for booking: 2" in report(found)


def test_nothing_to_measure_gives_zeros() -> None:
    found = evaluate([], TRAIN)
    assert (found.accuracy, found.oos_recall, found.auroc, found.coverage_at_99, found.confused) == (0, 0, 0, 0, [])


def test_the_report_names_every_figure(evaluation: Evaluation) -> None:
    text = report(evaluation)
    for word in ("accuracy", "AUROC", "99 %", "97 %", "self-chosen", "p50", "training", "loading"):
        assert word in text


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [([3, 4], [1, 2], 1.0), ([1, 2], [3, 4], 0.0), ([1, 1], [1, 1], 0.5), ([2, 4], [1, 3], 0.75), ([], [1], 0.0), ([1], [], 0.0)],
)
def test_auroc_is_the_chance_of_the_right_order(inside: list[float], outside: list[float], expected: float) -> None:
    assert auroc(np.asarray(inside, np.float64), np.asarray(outside, np.float64)) == expected


@pytest.mark.parametrize(
    ("right", "precision", "expected"),
    [([1, 1, 1, 1], 0.99, 1.0), ([1, 1, 0, 1], 0.99, 0.5), ([1, 1, 0, 1], 0.75, 1.0), ([0, 1, 1, 1], 0.99, 0.0), ([], 0.97, 0.0)],
)
def test_coverage_is_the_largest_share_that_keeps_the_precision(right: list[int], precision: float, expected: float) -> None:
    sure = np.arange(len(right), 0, -1, dtype=np.float64)
    assert coverage(sure, np.asarray(right, bool), precision) == expected


def test_certainty_leaves_the_question_of_scope_aside() -> None:
    assert certainty(Prediction("hours", 0.4, None, 0.0, False, 0.8)) == pytest.approx(0.5)
    assert certainty(Prediction("oos", 0.9, "hours", 0.1, False, 0.1)) == 0
    assert certainty(Prediction("hours", 0.0, None, 0.0, False, 0.0)) == 0


def test_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text('\ufeff{"text": "几点开门", "intent": "hours", "language": "zh"}\n\n{"text": "x", "intent": "oos", "other": 1}\n', encoding="utf-8")
    assert read_lines(path) == [Example("几点开门", "hours", "zh"), Example("x", "oos")]


@pytest.mark.parametrize("line", ["not json", "[]", '"text"', "{}", '{"text": "a"}', '{"text": 1, "intent": "a"}', '{"text": "a", "intent": ""}'])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text('{"text": "a", "intent": "b"}\n' + line + "\n")
    with pytest.raises(UnreadableLine, match=r"test\.jsonl, line 2"):
        read_lines(path)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableLine, match="missing"):
        read_lines(tmp_path / "missing.jsonl")
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(UnreadableLine, match="binary"):
        read_lines(tmp_path / "binary.jsonl")
