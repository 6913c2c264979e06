"""What the router starts from: keywords and example sentences, built in (`intents/*.yaml`) and added by the operator."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

import yaml

from orchestrator.errors import FatalError
from orchestrator.triage.keywords import KeywordRule
from orchestrator.triage.taxonomy import OUT_OF_SCOPE

LANGUAGES = ("en", "de", "es", "zh")
ANY_LANGUAGE = ""
"""The language of an operator's sentence that does not say."""

PACKAGE = "orchestrator.triage.intents"
INTENT_NAME = re.compile(r"[a-z][a-z0-9_]*")
LETTERS = re.compile(r"[\W_]+")


class IntentDataError(FatalError):
    """The intents are not written as they should be."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")
        self.file = file
        self.key = key


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    text: str
    intent: str
    language: str


@dataclass(frozen=True, slots=True)
class IntentData:
    rules: tuple[KeywordRule, ...]
    examples: tuple[LabelledSentence, ...]
    out_of_scope: tuple[LabelledSentence, ...]


def load_builtin() -> IntentData:
    """The built-in intents of all languages; takes about 30 ms. Raises IntentDataError."""
    loaded = [_read_file(f"{language}.yaml", language) for language in LANGUAGES]
    return IntentData(
        rules=tuple(rule for data in loaded for rule in data.rules),
        examples=tuple(sentence for data in loaded for sentence in data.examples),
        out_of_scope=tuple(sentence for data in loaded for sentence in data.out_of_scope),
    )


def content_hash() -> str:
    """Changes whenever a built-in file does, so that what was made from them can be kept."""
    digest = hashlib.blake2b(digest_size=16)
    for language in LANGUAGES:
        digest.update(_bytes(f"{language}.yaml"))
    return digest.hexdigest()


def merge(builtin: IntentData, operator: Mapping[str, object], file: str = "majordomo.yaml") -> IntentData:
    """The built-in intents and those under `intents:` of an operator's file.

    Each intent has `keywords` and `examples`, as a list or as a list for each language; `oos` names what is out of scope.
    A sentence that the operator gives to another intent than we do is the operator's. Raises IntentDataError, and
    KeywordError for a keyword that is not a regular expression.
    """
    added = _Reader(file, ANY_LANGUAGE).intents(operator, "intents")
    for rule in added.rules:
        _ = rule.pattern  # raises for one that is malformed, now and not at the first message
    strange = tuple(sentence for sentence in added.examples if sentence.intent == OUT_OF_SCOPE)
    examples = tuple(sentence for sentence in added.examples if sentence.intent != OUT_OF_SCOPE)
    taken = {plain(sentence.text) for sentence in added.examples}
    return IntentData(
        rules=(*added.rules, *builtin.rules),
        examples=(*(sentence for sentence in builtin.examples if plain(sentence.text) not in taken), *examples),
        out_of_scope=(*(sentence for sentence in builtin.out_of_scope if plain(sentence.text) not in taken), *strange),
    )


def merged_alone(operator: Mapping[str, object]) -> IntentData:
    """An operator's intents by themselves, as a check. Raises as `merge` does."""
    return merge(IntentData((), (), ()), operator)


def plain(text: str) -> str:
    """A sentence without case, spaces and punctuation: what two spellings of the same sentence have in common."""
    return LETTERS.sub("", text.casefold()) or text


def parse(content: bytes | str, file: str, language: str) -> IntentData:
    """One language's file: `intents` and `out_of_scope`. Raises IntentDataError."""
    try:
        document = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise IntentDataError(file, "document", f"is not YAML: {error}") from error
    reader = _Reader(file, language)
    entries = reader.mapping(document, "document")
    if unknown := set(entries) - {"intents", "out_of_scope"}:
        raise IntentDataError(file, str(min(unknown, key=str)), "is not a known key (intents, out_of_scope)")
    found = reader.intents(entries.get("intents"), "intents")
    strange = tuple(reader.sentences(entries.get("out_of_scope", []), "out_of_scope", OUT_OF_SCOPE))
    return IntentData(found.rules, found.examples, strange)


def _read_file(name: str, language: str) -> IntentData:
    return parse(_bytes(name), f"intents/{name}", language)


def _bytes(name: str) -> bytes:
    return (resources.files(PACKAGE) / name).read_bytes()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns what YAML gave into values; knows which file it reads, for the errors."""

    file: str
    language: str

    def intents(self, value: object, key: str) -> IntentData:
        rules: list[KeywordRule] = []
        examples: list[LabelledSentence] = []
        for intent, entry in self.mapping(value, key).items():
            where = f"{key}.{intent}"
            if not INTENT_NAME.fullmatch(intent):
                raise IntentDataError(self.file, where, "an intent is named in lower-case letters, digits and _")
            fields = self.mapping(entry, where)
            if unknown := set(fields) - {"keywords", "examples"}:
                raise IntentDataError(self.file, f"{where}.{min(unknown)}", "is not a known key (keywords, examples)")
            patterns = self.by_language(fields.get("keywords", []), f"{where}.keywords")
            rules += [KeywordRule(intent, language, source) for language, source in patterns]
            examples += self.sentences(fields.get("examples", []), f"{where}.examples", intent)
        return IntentData(tuple(rules), tuple(examples), ())

    def sentences(self, value: object, key: str, intent: str) -> list[LabelledSentence]:
        return [LabelledSentence(text, intent, language) for language, text in self.by_language(value, key)]

    def by_language(self, value: object, key: str) -> Iterator[tuple[str, str]]:
        """Pairs of language and text, from a list or from a list for each language."""
        if isinstance(value, dict):
            for language, texts in value.items():
                if language not in LANGUAGES:
                    raise IntentDataError(self.file, f"{key}.{language}", f"is not a language ({', '.join(LANGUAGES)})")
                yield from ((language, text) for text in self.texts(texts, f"{key}.{language}"))
        else:
            yield from ((self.language, text) for text in self.texts(value, key))

    def texts(self, value: object, key: str) -> list[str]:
        if not isinstance(value, list):
            raise IntentDataError(self.file, key, "must be a list of texts")
        for place, text in enumerate(value):
            if not isinstance(text, str) or not text.strip():
                raise IntentDataError(self.file, f"{key}[{place}]", f"must be a text, not {text!r}; put it in quotes")
        return value

    def mapping(self, value: object, key: str) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            raise IntentDataError(self.file, key, "must be a mapping")
        for name in value:
            if not isinstance(name, str):
                raise IntentDataError(self.file, f"{key}.{name}", "must be a text; put it in quotes")
        return value
