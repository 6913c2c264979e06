"""How good the local classifier is over labelled messages, and how good it knows itself to be."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from orchestrator.errors import FatalError
from orchestrator.triage.local_classifier import Example, LocalClassifier, Prediction
from orchestrator.triage.taxonomy import OUT_OF_SCOPE

CONFUSED_SHOWN = 20
TIMED = 2000
Truths = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]


class UnreadableLine(FatalError):
    """A line of a file of labelled messages is not {"text": …, "intent": …}."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Shares are percentages 0..100 with two decimals; times say their unit.

    `accuracy`: right intents among the messages in scope, before any threshold. `oos_recall`: messages out of scope that were not
    accepted. `auroc`: in- against out-of-scope. `coverage_at_99/97`: the largest share of the messages in scope that can be
    answered with 99 / 97 % of the answers right, with the threshold that is best for this very test. `realised_*`: with the
    threshold chosen from the training lines alone for 97 %: right answers over all accepted messages, strangers included, and
    the share of the messages in scope that was accepted. A figure without any message to measure is 0. `confused`: intent, what
    was predicted for it, how often.
    """

    accuracy: float
    oos_recall: float
    auroc: float
    coverage_at_99: float
    coverage_at_97: float
    realised_precision: float
    realised_coverage: float
    p50_us: float
    p99_us: float
    train_s: float
    load_ms: float
    confused: list[tuple[str, str, int]]


def evaluate(test: Sequence[Example], train: Sequence[Example]) -> Evaluation:
    """Trains on `train` alone (seconds), then measures `test`."""
    started = time.perf_counter()
    classifier = LocalClassifier.train(train)
    train_s = time.perf_counter() - started
    loading = measure_loading(classifier, [example.text for example in test])
    predictions = classifier.predict_many(example.text for example in test)
    home = np.asarray([example.intent != OUT_OF_SCOPE for example in test], bool)
    right = np.asarray([p.intent == example.intent for p, example in zip(predictions, test, strict=True)], bool) & home
    accepted = np.asarray([p.accepted for p in predictions], bool)
    sure = np.asarray([certainty(p) for p in predictions], np.float64)
    in_scope = np.asarray([p.in_scope for p in predictions], np.float64)
    return Evaluation(
        accuracy=_percent(right[home]),
        oos_recall=_percent(~accepted[~home]),
        auroc=round(100 * auroc(in_scope[home], in_scope[~home]), 2),
        coverage_at_99=round(100 * coverage(sure[home], right[home], 0.99), 2),
        coverage_at_97=round(100 * coverage(sure[home], right[home], 0.97), 2),
        realised_precision=_percent(right[accepted]),
        realised_coverage=_percent(accepted[home]),
        p50_us=round(float(np.percentile(loading.message_us, 50)), 1),
        p99_us=round(float(np.percentile(loading.message_us, 99)), 1),
        train_s=round(train_s, 2),
        load_ms=round(loading.load_ms, 1),
        confused=_confused(test, predictions),
    )


def certainty(prediction: Prediction) -> float:
    """P(right, if in scope): what orders the messages in scope among themselves."""
    if prediction.intent == OUT_OF_SCOPE or prediction.in_scope <= 0:
        return 0.0
    return prediction.confidence / prediction.in_scope


def auroc(inside: Doubles, outside: Doubles) -> float:
    """The chance that a message in scope scores above one out of scope; ties count half."""
    if not len(inside) or not len(outside):
        return 0.0
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, side="left")
    not_above = np.searchsorted(ordered, inside, side="right")
    return float((below + not_above).mean() / (2 * len(outside)))


def coverage(sure: Doubles, right: Truths, precision: float) -> float:
    """The largest share that can be answered, surest first, with at least this precision."""
    if not len(sure):
        return 0.0
    order = np.argsort(-sure, kind="stable")
    reached = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(reached >= precision)
    return float((enough[-1] + 1) / len(order)) if len(enough) else 0.0


@dataclass(frozen=True, slots=True)
class Loading:
    """Times of a fresh process: milliseconds to load the classifier, imports not counted, and microseconds of each message."""

    load_ms: float
    message_us: list[float]


_LOAD = """
import json, sys, time
from pathlib import Path
from orchestrator.triage.local_classifier import LocalClassifier
texts = json.loads(sys.stdin.read())
started = time.perf_counter()
classifier = LocalClassifier.load(Path(sys.argv[1]))
loaded = (time.perf_counter() - started) * 1000
taken = []
for text in texts:
    started = time.perf_counter()
    classifier.predict(text)
    taken.append((time.perf_counter() - started) * 1_000_000)
print(json.dumps([loaded, taken]))
"""


def measure_loading(classifier: LocalClassifier, texts: Sequence[str]) -> Loading:
    """Save, load in a process of its own, and predict there one message after the other (at most TIMED, each seen once)."""
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classifier.npz"
        classifier.save(path)
        command = [sys.executable, "-c", _LOAD, str(path)]
        done = subprocess.run(command, input=json.dumps(texts[:TIMED]), cwd=root, capture_output=True, text=True, check=True)
    load_ms, message_us = json.loads(done.stdout)
    return Loading(load_ms, message_us or [0.0])


def _confused(test: Sequence[Example], predictions: Sequence[Prediction]) -> list[tuple[str, str, int]]:
    """Wrong answers in scope, and strangers that were accepted."""
    pairs = Counter(
        (example.intent, p.intent)
        for example, p in zip(test, predictions, strict=True)
        if example.intent != p.intent and (example.intent != OUT_OF_SCOPE or p.accepted)
    )
    ranked = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return [(intent, predicted, times) for (intent, predicted), times in ranked[:CONFUSED_SHOWN]]


def _percent(truths: Truths) -> float:
    return round(100 * float(truths.mean()), 2) if len(truths) else 0.0


def read_lines(path: Path) -> list[Example]:
    """Labelled messages, one JSON object a line; empty lines are skipped. Raises UnreadableLine naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableLine(f"{path} cannot be read: {error}") from error
    return [_read_line(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _read_line(path: Path, number: int, line: str) -> Example:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise UnreadableLine(f"{path}, line {number}: not JSON ({error})") from error
    if not isinstance(found, dict):
        raise UnreadableLine(f"{path}, line {number}: an object with text and intent is expected")
    text, intent, language = found.get("text"), found.get("intent"), found.get("language")
    if not isinstance(text, str) or not isinstance(intent, str) or not intent:
        raise UnreadableLine(f'{path}, line {number}: "text" and "intent" must be given as text')
    return Example(text, intent, language if isinstance(language, str) else None)


def report(found: Evaluation) -> str:
    """The figures for people."""
    lines = [
        f"accuracy in scope          {found.accuracy:6.2f} %",
        f"strangers not accepted     {found.oos_recall:6.2f} %",
        f"in- vs out-of-scope AUROC  {found.auroc:6.2f} %",
        f"coverage at 99 % right     {found.coverage_at_99:6.2f} %",
        f"coverage at 97 % right     {found.coverage_at_97:6.2f} %",
        f"self-chosen threshold      {found.realised_precision:6.2f} % right, {found.realised_coverage:.2f} % covered",
        f"one message                p50 {found.p50_us:.0f} µs, p99 {found.p99_us:.0f} µs",
        f"training                   {found.train_s:.1f} s",
        f"loading                    {found.load_ms:.0f} ms",
    ]
    confused = [f"  {intent} taken for {predicted}: {times}" for intent, predicted, times in found.confused]
    return "\n".join([*lines, *(["most confused:", *confused] if confused else [])])
