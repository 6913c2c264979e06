"""A vocabulary and its machines: what one training yields, before its scores are calibrated into confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestrator.triage import svm
from orchestrator.triage.features import Encoded, Floats, Ints, Vocabulary
from orchestrator.triage.taxonomy import OUT_OF_SCOPE

ABSENT = -1.0
"""The score of a machine that does not exist: that of a message which is certainly not of its intent."""

FEW_LINES = 4000
"""Up to this many lines every feature is kept, above it only those seen twice."""


@dataclass(frozen=True, slots=True)
class Look:
    """One message as the scorer sees it. `best` and `second` number the two highest intents in scope (-1: there is none)."""

    best: int
    second: int
    strange: bool
    """Whether the machine for out-of-scope sentences scored highest of all."""
    blank: bool
    """Whether there was nothing to read: no word, no sign that counts."""
    signals: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scorer:
    """`intents` in the order of the columns of `weights`; out of scope, where there are examples of it, comes last.

    `taught` has one bit for each feature and intent: whether the feature stands in an example of the intent (packed as by
    numpy.packbits). What was learned from many words and what was guessed from one that several intents share score alike;
    how much of a message its intent's examples have in common with it tells them apart.
    Weights are stored as whole numbers -127..127 times one scale a feature: a quarter of the memory, the same decisions.
    """

    intents: tuple[str, ...]
    vocabulary: Vocabulary
    weights: npt.NDArray[np.int8]
    scales: Floats
    bias: Floats
    taught: npt.NDArray[np.uint8]

    @classmethod
    def train(cls, texts: Sequence[str], labels: Sequence[str], rounds: int = svm.ROUNDS) -> Scorer:
        intents = tuple(sorted(set(labels), key=lambda intent: (intent == OUT_OF_SCOPE, intent)))
        numbers = {intent: at for at, intent in enumerate(intents)}
        vocabulary = Vocabulary.fit(texts, 1 if len(texts) <= FEW_LINES else 2)
        messages = [vocabulary.encode(text) for text in texts]
        owners = np.asarray([numbers[label] for label in labels], np.int32)
        machines = svm.train(messages, owners, len(intents), len(vocabulary), rounds=rounds)
        scales = np.abs(machines.weights).max(axis=1, initial=1e-12) / 127
        weights = np.rint(machines.weights / scales[:, None]).astype(np.int8)
        return cls(intents, vocabulary, weights, scales.astype(np.float32), machines.bias, _taught(messages, owners, weights.shape))

    def scores(self, message: Encoded) -> Floats:
        columns = message.columns
        found: Floats = (message.values * self.scales.take(columns)) @ self.weights.take(columns, axis=0).astype(np.float32)
        found += self.bias
        return found

    def familiar(self, message: Encoded, intent: int) -> float:
        """The share of the message's weight that stands in examples of the intent, 0..1."""
        bits = self.taught[message.columns, intent >> 3] >> (7 - (intent & 7)) & 1
        return float((message.values * message.values).dot(bits))

    def look(self, text: str) -> Look:
        message = self.vocabulary.encode(text)
        scores = self.scores(message)
        has_strange = self.intents[-1] == OUT_OF_SCOPE
        stranger = float(scores[-1]) if has_strange else ABSENT
        served = scores[:-1] if has_strange else scores
        best, top = _highest(served)
        second, next_top = ABSENT_INTENT, ABSENT
        if len(served) > 1:
            served[best] = -math.inf
            second, next_top = _highest(served)
        signals = (top, next_top, max(stranger, ABSENT), message.unknown, math.log1p(message.length), self.familiar(message, best))
        return Look(best, second, stranger > top, message.length == 0, signals)


ABSENT_INTENT = -1


def _taught(messages: Sequence[Encoded], owners: Ints, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    present = np.zeros(shape, np.bool_)
    for message, owner in zip(messages, owners.tolist(), strict=True):
        present[message.columns, owner] = True
    return np.packbits(present, axis=1)


def _highest(scores: Floats) -> tuple[int, float]:
    if not len(scores):
        return ABSENT_INTENT, ABSENT
    at = int(scores.argmax())
    return at, float(scores[at])
