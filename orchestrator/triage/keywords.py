"""The first step of the cascade: precise regular expressions, each of which decides an intent by itself.

Almost no message matches any of them, so all are folded into a few combined expressions that answer "none" in one go;
only where one of those matches are the rules looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from orchestrator.errors import FatalError

CONFIDENCE = 0.99
"""How sure a keyword match is: the precision that rules are held to."""

FLAGS = re.IGNORECASE
APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "\u00a0": " "})
UNFOLDABLE = re.compile(r"\\[1-9]|\(\?P|\(\?\(|\(\?[aiLmsux]")
"""Patterns with references, names or flags mean something else inside a bigger expression; they are tried alone."""


class KeywordError(FatalError):
    """A keyword is not a regular expression."""

    def __init__(self, rule: KeywordRule, reason: str) -> None:
        super().__init__(f"intents.{rule.intent}.keywords ({rule.language}): {rule.source!r} is not a regular expression: {reason}")
        self.rule = rule


@dataclass(frozen=True)
class KeywordRule:
    """One pattern; compiled when first needed, because compiling all of them takes longer than a first reply should."""

    intent: str
    language: str
    source: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled pattern, case-insensitive. Raises KeywordError."""
        try:
            return re.compile(self.source, FLAGS)
        except re.error as error:
            raise KeywordError(self, str(error)) from error


@dataclass(frozen=True, slots=True)
class KeywordMatch:
    intent: str
    language: str
    pattern: str
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True)
class _Hit:
    rule: KeywordRule
    start: int
    end: int

    def covers(self, other: _Hit) -> bool:
        return self.start <= other.start and self.end >= other.end and (self.start, self.end) != (other.start, other.end)


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules folded into one expression that finds out whether any of them matches."""

    rules: tuple[KeywordRule, ...]
    scan: Callable[[str], re.Match[str] | None]


class Keywords:
    """All rules of all languages. Raises KeywordError when one of them is malformed."""

    def __init__(self, rules: Sequence[KeywordRule]) -> None:
        alone = [rule for rule in rules if UNFOLDABLE.search(rule.source)]
        folded = [rule for rule in rules if not UNFOLDABLE.search(rule.source)]
        at_start = [rule for rule in folded if _begins_with("^", rule)]
        at_word = [rule for rule in folded if _begins_with(r"\b", rule)]
        anywhere = [rule for rule in folded if rule not in at_start and rule not in at_word]
        self._groups = tuple(
            [_Group((rule,), rule.pattern.search) for rule in alone]
            + [_Group(tuple(at_start), _fold(at_start).match)]
            + [_Group(tuple(at_word), _fold(at_word, prefix=r"\b").search)]
            + [_Group(tuple(anywhere), _fold(anywhere).search)]
        )

    def match(self, text: str) -> KeywordMatch | None:
        """The intent whose pattern matches, wherever in the text.

        Where patterns of two intents match, one wins only if its match covers every match of the others.
        """
        text = text.strip().translate(APOSTROPHES)
        candidates = [rule for group in self._groups if group.scan(text) for rule in group.rules]
        hits = [_Hit(rule, *found.span()) for rule in candidates if (found := rule.pattern.search(text))]
        for hit in sorted(hits, key=lambda hit: hit.start - hit.end):
            if all(hit.covers(other) for other in hits if other.rule.intent != hit.rule.intent):
                return KeywordMatch(hit.rule.intent, hit.rule.language, hit.rule.source)
        return None


def _fold(rules: Sequence[KeywordRule], prefix: str = "") -> re.Pattern[str]:
    """All patterns as one; without any it matches nothing."""
    if not rules:
        return re.compile(r"(?!)")
    try:
        return re.compile(prefix + "(?:" + "|".join(f"(?:{_without_captures(rule.source)})" for rule in rules) + ")", FLAGS)
    except re.error:
        for rule in rules:
            _ = rule.pattern  # raises for the one that is malformed
        raise


def _begins_with(anchor: str, rule: KeywordRule) -> bool:
    return rule.source.startswith(anchor) and not _has_alternatives(rule.source)


def _has_alternatives(source: str) -> bool:
    """Whether a "|" stands outside all brackets, so that what the pattern begins with holds for its first part only."""
    depth = 0
    for place in _syntax(source):
        depth += {"(": 1, ")": -1}.get(source[place], 0)
        if source[place] == "|" and depth == 0:
            return True
    return False


def _without_captures(source: str) -> str:
    """The pattern with plain groups: remembering hundreds of captures makes a scan several times slower."""
    opens = {place for place in _syntax(source) if source[place] == "(" and source[place + 1 : place + 2] != "?"}
    return "".join("(?:" if place in opens else character for place, character in enumerate(source))


def _syntax(source: str) -> Iterator[int]:
    """The places of characters that are neither escaped nor in a [class]."""
    in_class = escaped = False
    for place, character in enumerate(source):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        else:
            yield place
