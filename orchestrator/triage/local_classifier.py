"""The embedded local classifier: trained at first start from example sentences, no model, no network, numpy alone.

classifier = LocalClassifier.load_or_train(examples, Path("data/cache"))
classifier.predict("book a haircut on Friday").intent
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from orchestrator.errors import FatalError
from orchestrator.triage.calibration import Calibration, Logistic, calibrate
from orchestrator.triage.features import Vocabulary
from orchestrator.triage.scorer import Look, Scorer
from orchestrator.triage.taxonomy import OUT_OF_SCOPE

FORMAT = 5
"""Raised whenever training or the file changes, so that no older file is taken for a current one."""

KEPT_FILES = 3
TARGET_PRECISION = 0.97

logger = logging.getLogger(__name__)


class NoExamples(FatalError):
    """A classifier needs at least one example sentence in scope."""


class CorruptClassifier(FatalError):
    """The file does not hold a classifier of this version."""


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and its intent; `oos` stands for out of scope."""

    text: str
    intent: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """`confidence`: the calibrated probability that the message is in scope and `intent` is right, 0..1.

    Where the sentences trained as out of scope are nearest, `intent` is `oos`, `confidence` the probability of being out of
    scope, `runner_up` the nearest intent, and `accepted` false. A message without a word has confidence 0.
    """

    intent: str
    confidence: float
    runner_up: str | None
    runner_up_confidence: float
    accepted: bool
    in_scope: float


@dataclass(frozen=True, slots=True)
class LocalClassifier:
    scorer: Scorer
    calibration: Calibration

    @property
    def threshold(self) -> float:
        """The confidence from which a prediction is accepted, chosen from the training sentences alone."""
        return self.calibration.threshold

    @classmethod
    def train(cls, examples: Sequence[Example], *, target_precision: float = TARGET_PRECISION) -> LocalClassifier:
        """About 1 ms a sentence. The same examples give the same classifier. Raises NoExamples."""
        if all(example.intent == OUT_OF_SCOPE for example in examples):
            raise NoExamples
        texts = [example.text for example in examples]
        labels = [example.intent for example in examples]
        return cls(Scorer.train(texts, labels), calibrate(texts, labels, target_precision))

    @classmethod
    def load_or_train(cls, examples: Sequence[Example], cache_folder: Path | None, *, target_precision: float = TARGET_PRECISION) -> LocalClassifier:
        """From `cache_folder` where just these examples were trained before; else trained now, and kept there."""
        if cache_folder is None:
            return cls.train(examples, target_precision=target_precision)
        path = cache_folder / f"classifier-{_content_hash(examples, target_precision)}.npz"
        if path.exists():
            try:
                return cls.load(path)
            except CorruptClassifier:
                logger.warning("the trained classifier cannot be read and is trained anew", extra={"path": str(path)})
        classifier = cls.train(examples, target_precision=target_precision)
        try:
            classifier.save(path)
            _forget_old(cache_folder)
        except OSError as error:
            logger.warning("the trained classifier cannot be kept; the next start trains again", extra={"path": str(path), "error": str(error)})
        return classifier

    def predict(self, text: str) -> Prediction:
        """Takes some 50 µs for a sentence."""
        look = self.scorer.look(text)
        in_scope, confidence = (0.0, 0.0) if look.blank else self.calibration.confidence(look)
        return self._prediction(look, in_scope, confidence)

    def predict_many(self, texts: Iterable[str]) -> list[Prediction]:
        return [self.predict(text) for text in texts]

    def _prediction(self, look: Look, in_scope: float, confidence: float) -> Prediction:
        intents = self.scorer.intents
        if look.strange:
            return Prediction(OUT_OF_SCOPE, 1 - in_scope, intents[look.best], confidence, False, in_scope)
        second = intents[look.second] if look.second >= 0 else None
        remaining = (in_scope - confidence) * self.calibration.second if second else 0.0
        return Prediction(intents[look.best], confidence, second, remaining, confidence >= self.threshold, in_scope)

    def save(self, path: Path) -> None:
        """Written aside and moved into place: a reader never sees half a file. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **_arrays(self))
            os.replace(aside, path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: Path) -> LocalClassifier:
        """Raises CorruptClassifier when the file is missing, damaged or of another version."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                return _restore(stored)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise CorruptClassifier(f"{path} does not hold a classifier of this version: {error}") from error


def _content_hash(examples: Sequence[Example], target_precision: float) -> str:
    digest = hashlib.sha256(json.dumps([FORMAT, target_precision]).encode())
    for example in examples:
        digest.update(json.dumps([example.text, example.intent]).encode())
    return digest.hexdigest()[:24]


def _forget_old(folder: Path) -> None:
    kept = sorted(folder.glob("classifier-*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[KEPT_FILES:]:
        path.unlink(missing_ok=True)


def _arrays(classifier: LocalClassifier) -> dict[str, Any]:
    scorer, calibration = classifier.scorer, classifier.calibration
    vocabulary = scorer.vocabulary
    head = {
        "format": FORMAT,
        "intents": scorer.intents,
        "rarest": vocabulary.rarest,
        "in_scope": [calibration.in_scope.weights, calibration.in_scope.bias],
        "right": [calibration.right.weights, calibration.right.bias],
        "second": calibration.second,
        "threshold": calibration.threshold,
    }
    return {
        "head": _packed(json.dumps(head)),
        "words": _packed("\n".join(vocabulary.words)),
        "pairs": np.fromiter(vocabulary.pairs, np.int64, len(vocabulary.pairs)),
        "pieces": _packed("\n".join(vocabulary.pieces)),
        "rarity": vocabulary.rarity,
        "weights": scorer.weights,
        "scales": scorer.scales,
        "bias": scorer.bias,
        "taught": scorer.taught,
    }


def _restore(stored: Any) -> LocalClassifier:
    head = json.loads(_unpacked(stored["head"]))
    if head["format"] != FORMAT:
        raise ValueError(f"format {head['format']} instead of {FORMAT}")
    words, pieces = (_unpacked(stored[name]).split("\n") if stored[name].size else [] for name in ("words", "pieces"))
    vocabulary = Vocabulary.of(words, stored["pairs"].tolist(), pieces, stored["rarity"], head["rarest"])
    weights, taught, size = stored["weights"], stored["taught"], (len(vocabulary), len(head["intents"]))
    if weights.shape != size or taught.shape != (size[0], (size[1] + 7) // 8) or stored["scales"].shape != size[:1] or stored["bias"].shape != size[1:]:
        raise ValueError("tables of different sizes")
    in_scope, right = (Logistic(tuple(head[name][0]), head[name][1]) for name in ("in_scope", "right"))
    scorer = Scorer(tuple(head["intents"]), vocabulary, weights, stored["scales"], stored["bias"], taught)
    return LocalClassifier(scorer, Calibration(in_scope, right, head["second"], head["threshold"]))


def _packed(text: str) -> Any:
    return np.frombuffer(text.encode(errors="surrogatepass"), np.uint8)


def _unpacked(array: Any) -> str:
    return bytes(array).decode(errors="surrogatepass")
