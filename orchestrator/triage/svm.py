"""Linear support vector machines, one against the rest, all intents at once: dual coordinate descent in numpy.

The method is that of Hsieh et al. 2008, *A Dual Coordinate Descent Method for Large-scale Linear SVM* (squared hinge loss). One
step visits one message and updates every intent's machine; only the intents whose multiplier moves are written back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.triage.features import Encoded, Floats, Ints

COST = 4.0
ROUNDS = 10
SMALLEST_STEP = 1e-3
FEW = 40
"""Up to this many intents are written back column by column; above it whole rows are faster."""


@dataclass(frozen=True, slots=True)
class Machines:
    """`weights`: one row a feature, one column an intent. A message's scores are values · weights[columns] + bias."""

    weights: Floats
    bias: Floats

    def scores(self, message: Encoded) -> Floats:
        found: Floats = message.values @ self.weights.take(message.columns, axis=0) + self.bias
        return found


def train(messages: Sequence[Encoded], labels: Ints, classes: int, features: int, *, rounds: int, seed: int = 0) -> Machines:
    """`labels` holds the class number of each message. Deterministic for a seed."""
    slack = 1 / (2 * COST)
    lengths = [float(message.values @ message.values) + 1 + slack for message in messages]
    weights = np.zeros((features, classes), np.float32)
    bias = np.zeros(classes, np.float32)
    multipliers = np.zeros((len(messages), classes), np.float32)
    owners = labels.tolist()
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        for at in random.permutation(len(messages)).tolist():
            message, own, inverse = messages[at], owners[at], 1 / lengths[at]
            rows = weights.take(message.columns, axis=0)
            wanted = message.values @ rows
            wanted += bias + 1
            wanted *= -inverse
            wanted += (1 - slack * inverse) * multipliers[at]
            positive = max(float(wanted[own]) + 2 * inverse, 0.0)
            np.minimum(wanted, 0, out=wanted)
            wanted[own] = positive
            _move(weights, bias, rows, message, multipliers[at], wanted)
    return Machines(weights, bias)


def _move(weights: Floats, bias: Floats, rows: Floats, message: Encoded, current: Floats, wanted: Floats) -> None:
    step = wanted - current
    moved = np.flatnonzero(np.abs(step) > SMALLEST_STEP)
    if not len(moved):
        return
    if len(moved) < FEW:
        step = step[moved]
        weights[message.columns[:, None], moved] = rows[:, moved] + message.values[:, None] * step
        bias[moved] += step
        current[moved] = wanted[moved]
        return
    weights[message.columns] = rows + message.values[:, None] * step
    bias += step
    current[:] = wanted
