"""Rules that recognise emergencies and symptoms before anything is routed. They decide, no model does, and nobody is advised.

An emergency counts whatever the message asks for. A symptom inside a plain request ("book an appointment, I have
toothache", "remind me of the headache pills") leaves the request alone, unless a medical opinion is asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

import yaml

from orchestrator.triage.intent_data import LANGUAGES, PACKAGE, IntentDataError

FILE = "emergencies.yaml"
PATTERN_KEYS = ("harmless", "emergency", "symptom", "advice", "request")
UNSPACED = frozenset({"zh"})
"""Languages written without spaces: a pattern may begin anywhere."""

APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'"})
HAN = re.compile(r"[\u3400-\u9fff]")
SPACES = re.compile(r"\s+")
WORD = re.compile(r"<([a-z]+)>")
GAP = " ∅ "
"""Stands where a figure of speech was taken out: no pattern reaches across it."""


class Level(StrEnum):
    EMERGENCY = "emergency"
    SYMPTOM = "symptom"


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules of all languages that are written alike."""

    harmless: re.Pattern[str]
    emergency: re.Pattern[str]
    symptom: re.Pattern[str]
    advice: re.Pattern[str]
    request: re.Pattern[str]

    def level(self, text: str) -> Level | None:
        if not (self.emergency.search(text) or self.symptom.search(text)):
            return None
        text = self.harmless.sub(GAP, text)
        if self.emergency.search(text):
            return Level.EMERGENCY
        if not self.symptom.search(text) or (self.request.search(text) and not self.advice.search(text)):
            return None
        return Level.SYMPTOM


def assess(text: str) -> Level | None:
    """Whether a message tells of an emergency or of a symptom; takes some 30 µs. The first call reads the rules (about 0.1 s)."""
    plain = normalise(text)
    spaced, unspaced = _rules()
    level = spaced.level(plain)
    if level is Level.EMERGENCY or not HAN.search(plain):
        return level
    return _worst(level, unspaced.level(plain))


def normalise(text: str) -> str:
    """Lower case, without accents, with single spaces: what the patterns are written for."""
    plain = text.casefold().translate(APOSTROPHES)
    if not plain.isascii():
        plain = "".join(character for character in unicodedata.normalize("NFD", plain) if not unicodedata.combining(character))
    return SPACES.sub(" ", plain).strip()


def _worst(first: Level | None, second: Level | None) -> Level | None:
    return Level.EMERGENCY if Level.EMERGENCY in (first, second) else first or second


@cache
def _rules() -> tuple[_Rules, _Rules]:
    return parse((resources.files(PACKAGE) / FILE).read_bytes())


def parse(content: bytes | str) -> tuple[_Rules, _Rules]:
    """The rules of languages with and without spaces. Raises IntentDataError."""
    try:
        document = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise IntentDataError(FILE, "document", f"is not YAML: {error}") from error
    if not isinstance(document, Mapping) or set(document) != set(LANGUAGES):
        raise IntentDataError(FILE, "document", f"must have exactly the keys {', '.join(LANGUAGES)}")
    by_language: dict[str, dict[str, tuple[str, ...]]] = {language: _patterns(language, document[language]) for language in LANGUAGES}
    spaced = [found for language, found in by_language.items() if language not in UNSPACED]
    unspaced = [found for language, found in by_language.items() if language in UNSPACED]
    try:
        return _combine(spaced, r"(?<!\w)"), _combine(unspaced, "")
    except re.error as error:
        raise _malformed(by_language) or IntentDataError(FILE, "document", str(error)) from error


def _combine(languages: Sequence[Mapping[str, tuple[str, ...]]], start: str) -> _Rules:
    joined = {key: "|".join(f"(?:{source})" for found in languages for source in found[key]) for key in PATTERN_KEYS}
    return _Rules(**{key: re.compile(f"{start}(?:{alternatives})") for key, alternatives in joined.items()})


def _malformed(by_language: Mapping[str, Mapping[str, tuple[str, ...]]]) -> IntentDataError | None:
    """Names the first pattern that is not a regular expression."""
    for language, found in by_language.items():
        for key, sources in found.items():
            for place, source in enumerate(sources):
                try:
                    re.compile(source)
                except re.error as error:
                    return IntentDataError(FILE, f"{language}.{key}[{place}]", f"is not a regular expression: {error}")
    return None


def _patterns(language: str, section: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(section, Mapping):
        raise IntentDataError(FILE, language, "must be a mapping")
    words = section.get("words", {})
    if not isinstance(words, Mapping):
        raise IntentDataError(FILE, f"{language}.words", "must be a mapping")
    return {key: tuple(_sources(section.get(key), words, f"{language}.{key}")) for key in PATTERN_KEYS}


def _sources(entries: object, words: Mapping[str, str], key: str) -> list[str]:
    if not isinstance(entries, list):
        raise IntentDataError(FILE, key, "must be a list of patterns")
    sources: list[str] = []
    for place, entry in enumerate(entries):
        where = f"{key}[{place}]"
        if not isinstance(entry, str):
            raise IntentDataError(FILE, where, f"must be a text, not {entry!r}; put it in quotes")
        if unknown := set(WORD.findall(entry)) - set(words):
            raise IntentDataError(FILE, where, f"<{min(unknown)}> is not among the words")
        sources.append(WORD.sub(lambda found: str(words[found[1]]), entry))
    return sources
