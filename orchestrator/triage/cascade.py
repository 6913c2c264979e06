"""Keywords, then the local classifier: the first one above its threshold wins. The language model is asked only after both.

A pure function of the text: no database, no clock. What it could not decide is marked as not accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from orchestrator.contracts import Catalogue, Method, Route
from orchestrator.triage.keywords import Keywords
from orchestrator.triage.local_classifier import Prediction
from orchestrator.triage.taxonomy import OUT_OF_SCOPE, UNCLEAR, destination

KEYWORD_CONFIDENCE = 0.99


class Classifier(Protocol):
    """The local classifier, or a test's."""

    @property
    def threshold(self) -> float: ...

    def predict(self, text: str) -> Prediction: ...


@dataclass(frozen=True, slots=True)
class Cascade:
    """The first two steps; `decide` takes about 0.1 ms."""

    keywords: Keywords
    classifier: Classifier
    catalogue: Catalogue

    def decide(self, text: str, language: str) -> Route:
        found = self.keywords.match(text)
        predicted = self.classifier.predict(text)
        if found is not None:
            rival = predicted.intent if predicted.intent != found.intent else predicted.runner_up
            return self.route(text, found.intent, KEYWORD_CONFIDENCE, Method.KEYWORDS, language, accepted=True, runner_up=rival)
        route = self.route(
            text, predicted.intent, predicted.confidence, Method.CLASSIFIER, language,
            accepted=predicted.accepted and predicted.intent != OUT_OF_SCOPE, runner_up=predicted.runner_up,
        )  # fmt: skip
        return replace(route, runner_up_confidence=predicted.runner_up_confidence)

    def route(self, text: str, intent: str, confidence: float, method: Method, language: str, *, accepted: bool, runner_up: str | None = None) -> Route:
        """A route to wherever an intent leads."""
        goal = destination(intent if intent != OUT_OF_SCOPE else UNCLEAR, self.catalogue)
        slots = {"wanted": intent} if goal.task_type != intent else {}
        return Route(text, intent, goal.task_type, goal.agent, round(confidence, 4), method, accepted, language, runner_up, 0.0, slots)
