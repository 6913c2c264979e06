"""A language's words with their kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.times.terms import Term

PIECE = re.compile(r"\d+|[\u4e00-\u9fff]|[^\W\d_\u4e00-\u9fff]+(?:['’][^\W\d_]+)*|[^\w\s]|_")
"""A number, one Chinese character, a word, or one mark."""

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A language's words with their kinds, and the few habits that differ between languages."""

    language: str
    phrases: Mapping[str, tuple[tuple[Phrase, tuple[Term, ...]], ...]] = field(repr=False)
    day_first: bool = True
    month_first: bool = False
    half_before: bool = False
    """ "halb drei" is 2:30; otherwise a half is after the hour."""
    dotted_dates: bool = False
    """ "24.12" is a date."""
    ago_before: bool = False
    """ "vor einer Stunde", "hace una hora": the word for ago comes first."""


def index(entries: Iterable[tuple[str, Term]]) -> dict[str, tuple[tuple[Phrase, tuple[Term, ...]], ...]]:
    """Phrases by their first word, the longest first. A phrase given twice may be either kind."""
    gathered: dict[Phrase, list[Term]] = {}
    for text, term in entries:
        for variant in spellings(text):
            words = tuple(words_of(variant))
            terms = gathered.setdefault(words, [])
            if term not in terms:
                terms.append(term)
    by_first: dict[str, list[tuple[Phrase, tuple[Term, ...]]]] = {}
    for words, terms in gathered.items():
        by_first.setdefault(words[0], []).append((words, tuple(terms)))
    return {first: tuple(sorted(group, key=lambda item: -len(item[0]))) for first, group in by_first.items()}


PLAIN = str.maketrans("áéíóúàèñãç", "aeiouaenac")
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}


def spellings(text: str) -> set[str]:
    """A phrase as written, without accents, and with umlauts written out."""
    written_out = text
    for umlaut, letters in UMLAUTS.items():
        written_out = written_out.replace(umlaut, letters)
    return {text, text.translate(PLAIN), written_out}


def words_of(text: str) -> Iterator[str]:
    for piece in PIECE.finditer(text.lower().replace("’", "'")):
        yield piece.group()
