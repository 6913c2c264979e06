"""Holds the cascade in use, and swaps it for a newly trained one when examples are added: validated, trained aside, then swapped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from orchestrator.contracts import Catalogue
from orchestrator.triage.cascade import Cascade
from orchestrator.triage.intent_data import IntentData, LabelledSentence
from orchestrator.triage.keywords import Keywords
from orchestrator.triage.local_classifier import Example, LocalClassifier
from orchestrator.triage.taxonomy import OUT_OF_SCOPE
from storage.database import Database
from storage.models import ExampleRow

KEPT_EXAMPLES = 2000
TARGET = 0.84
"""Precision asked of the folds, whose sentences are more varied than people's: on everyday messages it comes out near 95 %, and a wrong guess is one press to mend."""
WEIGHT = 3
"""How often a sentence that a person corrected counts in training."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Router:
    """`cascade` is always ready; `retrain` replaces it."""

    data: IntentData
    catalogue: Catalogue
    cache: Path | None
    current: Cascade

    @classmethod
    def load(cls, data: IntentData, catalogue: Catalogue, cache: Path | None, learned: Sequence[Example] = ()) -> Router:
        """From the cache where the same sentences were trained before (about 0.1 s), else trained now (seconds)."""
        return cls(data, catalogue, cache, _build(data, catalogue, cache, learned))

    def cascade(self) -> Cascade:
        return self.current

    @property
    def labels(self) -> list[str]:
        """Every intent the model may choose."""
        return sorted({sentence.intent for sentence in self.data.examples})

    async def retrain(self, database: Database) -> None:
        """Take up what people have corrected since; runs aside, in a thread."""
        learned = await database.read(learned_examples)
        self.current = await asyncio.to_thread(_build, self.data, self.catalogue, self.cache, learned)
        logger.info("router retrained", extra={"learned": len(learned)})


def learned_examples(connection: sa.Connection) -> list[Example]:
    """Sentences whose right intent people have told us."""
    query = sa.select(ExampleRow.text, ExampleRow.intent, ExampleRow.language).order_by(ExampleRow.id.desc()).limit(KEPT_EXAMPLES)
    return [Example(row.text, row.intent, row.language) for row in connection.execute(query)]


def training_examples(data: IntentData, learned: Sequence[Example] = ()) -> list[Example]:
    """The built-in and the operator's sentences, those out of scope, and the learned ones."""
    known = [Example(sentence.text, sentence.intent, sentence.language) for sentence in data.examples]
    strange = [Example(sentence.text, OUT_OF_SCOPE, sentence.language) for sentence in data.out_of_scope if isinstance(sentence, LabelledSentence)]
    return [*known, *strange, *(list(learned) * WEIGHT)]


def _build(data: IntentData, catalogue: Catalogue, cache: Path | None, learned: Sequence[Example]) -> Cascade:
    classifier = LocalClassifier.load_or_train(training_examples(data, learned), cache, target_precision=TARGET)
    return Cascade(Keywords(data.rules), classifier, catalogue)
