"""From scores to confidence, learned from the training lines alone.

Every fold leaves out a fifth of the intents altogether, whose sentences then stand for messages out of scope, and a fifth of
the sentences of the others. What the scorer trained on the rest says of them shows how far its scores can be trusted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestrator.triage.scorer import Look, Scorer
from orchestrator.triage.taxonomy import OUT_OF_SCOPE

Doubles = npt.NDArray[np.float64]

FOLDS = 5
TRIAL_ROUNDS = 4
STRANGERS = 0.12
"""The share of the trials' weight that is out of scope. A left-out intent is a sibling of those that stayed and harder to tell
apart than a true stranger: on CLINC150's validation lines this share holds 97 % with twice as many strangers."""

LABELLED_SHARE = 0.8
ENOUGH_LABELLED = 200
"""With this many sentences labelled as out of scope they make up LABELLED_SHARE of the strangers; with fewer, less in proportion."""

SIGNALS = 6
SHRINK = 1.0
STEPS = 30
NEVER = 1.01
"""A threshold that no confidence reaches."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Probability = 1 / (1 + exp(-(weights · signals + bias)))."""

    weights: tuple[float, ...]
    bias: float

    def __call__(self, signals: Sequence[float]) -> float:
        total = self.bias
        for weight, signal in zip(self.weights, signals, strict=True):
            total += weight * signal
        return 1 / (1 + math.exp(-total)) if total > -500 else 0.0

    @classmethod
    def fit(cls, signals: Doubles, truth: Doubles, importance: Doubles) -> Logistic:
        """Newton's method with a small penalty, so that one-sided or tiny data still give finite weights."""
        if not len(signals):
            return cls((0.0,) * signals.shape[1], 0.0)
        middle, spread = signals.mean(axis=0), signals.std(axis=0) + 1e-6
        table = np.column_stack([(signals - middle) / spread, np.ones(len(signals))])
        found = np.zeros(table.shape[1])
        penalty = np.full(table.shape[1], SHRINK)
        for _ in range(STEPS):
            chance = 1 / (1 + np.exp(-np.clip(table @ found, -30, 30)))
            slope = table.T @ (importance * (chance - truth)) + penalty * found
            bend = (table * (importance * chance * (1 - chance))[:, None]).T @ table + np.diag(penalty)
            found = found - np.linalg.solve(bend, slope)
        weights = found[:-1] / spread
        return cls(tuple(weights.tolist()), float(found[-1] - weights @ middle))


@dataclass(frozen=True, slots=True)
class Calibration:
    in_scope: Logistic
    right: Logistic
    second: float
    """Of the messages whose best intent is wrong, the share whose second is right."""
    threshold: float

    def confidence(self, look: Look) -> tuple[float, float]:
        """P(in scope) and P(in scope and right)."""
        known = features(look.signals)
        in_scope = self.in_scope(known)
        return in_scope, in_scope * self.right(known)


def features(signals: Sequence[float]) -> tuple[float, ...]:
    """Signals as the logistic functions see them: the lead over the second matters as much as the height of the best."""
    best, second, stranger, unknown, length, familiar = signals
    return best, best - second, best - stranger, unknown, length, familiar


@dataclass(frozen=True, slots=True)
class Trial:
    """What a scorer said of a sentence it had not seen; `truth` is one of the five below."""

    look: Look
    truth: int


LEFT_OUT, STRANGER, WRONG, NEARLY, RIGHT = range(5)
"""An intent left out; labelled out of scope; wrong; wrong, but the second is right; right."""


def calibrate(texts: Sequence[str], labels: Sequence[str], target_precision: float) -> Calibration:
    """The threshold is the lowest at which the trials reach `target_precision` (0..1), strangers counted as errors."""
    trials = [trial for fold in range(FOLDS) for trial in _try_fold(texts, labels, fold)]
    table = np.asarray([features(trial.look.signals) for trial in trials], np.float64).reshape(len(trials), SIGNALS)
    truth = np.asarray([trial.truth for trial in trials], np.int64)
    importance = _importance(truth)
    home = truth > STRANGER
    in_scope = Logistic.fit(table, home.astype(np.float64), importance)
    right = Logistic.fit(table[home], (truth[home] == RIGHT).astype(np.float64), importance[home])
    wrong = int(np.isin(truth, (WRONG, NEARLY)).sum())
    draft = Calibration(in_scope, right, (int((truth == NEARLY).sum()) + 1) / (wrong + 2), NEVER)
    sure = np.asarray([draft.confidence(trial.look)[1] for trial in trials])
    return Calibration(in_scope, right, draft.second, _threshold(sure, truth == RIGHT, importance, target_precision))


def _importance(truth: npt.NDArray[np.int64]) -> Doubles:
    labelled, left_out = int((truth == STRANGER).sum()), int((truth == LEFT_OUT).sum())
    weight = STRANGERS / (1 - STRANGERS) * (len(truth) - labelled - left_out)
    share = LABELLED_SHARE * min(1.0, labelled / ENOUGH_LABELLED) if left_out else 1.0
    each = np.ones(RIGHT + 1)
    each[STRANGER] = weight * share / max(labelled, 1)
    each[LEFT_OUT] = weight * (1 - share) / max(left_out, 1)
    importance: Doubles = each[truth]
    return importance


def _threshold(sure: Doubles, right: npt.NDArray[np.bool_], importance: Doubles, target: float) -> float:
    order = np.argsort(-sure, kind="stable")
    precision = np.cumsum((right * importance)[order]) / np.maximum(np.cumsum(importance[order]), 1e-9)
    enough = np.flatnonzero(precision >= target)
    return float(sure[order][enough[-1]]) if len(enough) else NEVER


def _try_fold(texts: Sequence[str], labels: Sequence[str], fold: int) -> list[Trial]:
    left_out, held_out = _divide(texts, labels, fold)
    seen = [at for at, label in enumerate(labels) if label not in left_out and texts[at] not in held_out]
    if not any(labels[at] != OUT_OF_SCOPE for at in seen):
        return []
    scorer = Scorer.train([texts[at] for at in seen], [labels[at] for at in seen], TRIAL_ROUNDS)
    tried = [at for at, label in enumerate(labels) if label in left_out or texts[at] in held_out]
    return [_judge(scorer, texts[at], labels[at]) for at in tried]


def _judge(scorer: Scorer, text: str, label: str) -> Trial:
    look = scorer.look(text)
    if label != OUT_OF_SCOPE and label not in scorer.intents:
        return Trial(look, LEFT_OUT)
    if label == OUT_OF_SCOPE:
        return Trial(look, STRANGER)
    if scorer.intents[look.best] == label:
        return Trial(look, WRONG if look.strange else RIGHT)
    return Trial(look, NEARLY if look.second >= 0 and scorer.intents[look.second] == label else WRONG)


def _divide(texts: Sequence[str], labels: Sequence[str], fold: int) -> tuple[set[str], set[str]]:
    """Intents and texts to leave out. The same text always falls into the same fold, however often it stands there."""
    random = np.random.default_rng(7)
    intents = sorted(set(labels) - {OUT_OF_SCOPE})
    different = sorted(set(texts))
    group = dict(zip(random.permutation(len(intents)).tolist(), range(len(intents)), strict=True))
    left_out = {intent for at, intent in enumerate(intents) if len(intents) > 2 and group[at] % FOLDS == fold}
    place = random.permutation(len(different)) % FOLDS
    return left_out, {text for text, where in zip(different, place.tolist(), strict=True) if where == fold}
