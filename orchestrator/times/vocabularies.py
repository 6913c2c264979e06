"""The vocabulary of each language, built at first need."""

from __future__ import annotations

from functools import cache

from orchestrator.times import chinese, english, german, spanish
from orchestrator.times.vocabulary import Vocabulary

LANGUAGES = {"en": english.vocabulary, "de": german.vocabulary, "es": spanish.vocabulary, "zh": chinese.vocabulary}


@cache
def vocabulary_of(language: str) -> Vocabulary:
    """The vocabulary by language code ("de", "de-AT"); English for one that is not spoken here."""
    return LANGUAGES.get(language[:2].lower(), english.vocabulary)()
