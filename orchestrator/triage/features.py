"""Words into numbers for the local classifier: words, pairs of words and pieces of words, each with its rarity.

Scripts written without spaces (Chinese, Japanese kana) are read character by character, so that pairs and triples of
characters carry what words carry elsewhere.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

WINDOW = 7
"""Pairs of words are made up to this many words apart."""

LONGEST = 120
"""Tokens read of one message; what a message wants stands in its beginning."""

LONGEST_WORD = 24
PIECES = (2, 3, 4)
PAIR_SHIFT = 20
MOST_WORDS = 1 << PAIR_SHIFT
START, END = "\x02", "\x03"

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_SIGNS = "!-/:-@\\[-`{-~\u00a0-\u00bf\u2010-\u205e\u3000-\u303f\uff00-\uff65"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+|[^\w\s{_SIGNS}]")
_ONE_UNSPACED = re.compile(rf"[{_UNSPACED}]")


def fold(text: str) -> str:
    """Lower case, without accents: people type "manana" and "Manana" for "mañana"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", "".join(sign for sign in apart if not unicodedata.combining(sign)))


def tokens(text: str) -> list[str]:
    """Words, single characters of unspaced scripts, and emoji; punctuation is left out."""
    return _TOKEN.findall(fold(text))[:LONGEST]


def pieces(word: str) -> list[str]:
    """The different runs of 2 to 4 characters of a word, its edges marked by spaces."""
    edged = f" {word[:LONGEST_WORD]} "
    return list(dict.fromkeys(edged[at : at + size] for size in PIECES for at in range(len(edged) - size + 1)))


def is_unspaced(word: str) -> bool:
    return len(word) == 1 and _ONE_UNSPACED.match(word) is not None


@dataclass(frozen=True, slots=True)
class Encoded:
    """A message as columns of the weight table. `values` have length 1 together with what the vocabulary does not know."""

    columns: Ints
    values: Floats
    unknown: float
    """Share of the message's weight that the vocabulary does not know, 0..1."""
    length: int
    """Tokens read."""


@dataclass(frozen=True, slots=True)
class WordEntry:
    number: int
    columns: tuple[int, ...]
    missing: float


UNKNOWN_WORD, UNKNOWN_PAIR, UNKNOWN_PIECE = 1.0, 0.3, 0.3
"""How much of a rare feature's weight an unknown one adds to a message's length. Chosen on CLINC150's validation lines."""

DAMPING = 0.5

NO_WORD = ABSENT = -1
ADJACENT = 1 << (2 * PAIR_SHIFT)
MEMO_WORDS = 4096


@dataclass(slots=True)
class Vocabulary:
    """The features that training kept. Columns: words first, then pairs, then pieces, in the order of the three tables."""

    words: dict[str, int]
    pairs: dict[int, int]
    pieces: dict[str, int]
    rarity: Floats
    rarest: float
    memo: dict[str, WordEntry] = field(default_factory=dict)

    @classmethod
    def fit(cls, texts: Sequence[str], least: int) -> Vocabulary:
        """Keep the features that stand in at least `least` of the texts."""
        split = [tokens(text) for text in texts]
        seen = Counter(word for found in split for word in dict.fromkeys(found))
        words = {word: at for at, word in enumerate(word for word, times in seen.items() if times >= least)}
        blank = cls(words, {}, {}, np.zeros(0, np.float32), 0.0)
        numbers = [[words.get(word, NO_WORD) for word in found] for found in split]
        pair_counts = Counter(key for row in numbers for key in dict.fromkeys(blank.pair_keys(row)))
        pairs = {key: times for key, times in pair_counts.items() if times >= least and key >= 0}
        piece_counts = Counter(piece for found in split for piece in _all_pieces(found))
        kept = {piece: times for piece, times in piece_counts.items() if times >= least}
        counts = [*(seen[word] for word in words), *pairs.values(), *kept.values()]
        rarity = _rarity(np.asarray(counts, np.float64), len(texts)).astype(np.float32)
        return cls.of(list(words), list(pairs), list(kept), rarity, float(_rarity(np.ones(1), len(texts))[0]))

    @classmethod
    def of(cls, words: Sequence[str], pairs: Sequence[int], kept: Sequence[str], rarity: Floats, rarest: float) -> Vocabulary:
        """From the three tables in the order of their columns."""
        after = len(words) + len(pairs)
        return cls(
            dict(zip(words, range(len(words)), strict=True)),
            dict(zip(pairs, range(len(words), after), strict=True)),
            dict(zip(kept, range(after, after + len(kept)), strict=True)),
            rarity,
            rarest,
        )

    def __len__(self) -> int:
        return len(self.rarity)

    def pair_keys(self, numbers: Sequence[int]) -> list[int]:
        """One key for each two words near each other, and one more for each two neighbours; negative with an unknown word."""
        row = [MOST_WORDS - 2, *numbers, MOST_WORDS - 1]
        keys = [(first << PAIR_SHIFT) | second for at, first in enumerate(row) for second in row[at + 1 : at + 1 + WINDOW]]
        keys += [ADJACENT | (first << PAIR_SHIFT) | second for first, second in pairwise(row)]
        return keys

    def encode(self, text: str) -> Encoded:
        found = tokens(text)
        memo = self.memo
        columns: list[int] = []
        numbers = []
        missing = 0.0
        for word in found:
            entry = memo.get(word) or self._read_word(word)
            numbers.append(entry.number)
            columns += entry.columns
            missing += entry.missing
        get = self.pairs.get
        columns += [get(key, ABSENT) for key in self.pair_keys(numbers)]
        known = set(columns)
        if ABSENT in known:
            missing += UNKNOWN_PAIR * columns.count(ABSENT)
            known.discard(ABSENT)
        if not text.isascii():
            missing += self._add_triples(found, known)
        return self._weigh(known, missing, len(found))

    def _weigh(self, known: set[int], missing: float, length: int) -> Encoded:
        columns = np.fromiter(known, np.int32, len(known))
        values = self.rarity.take(columns)
        squared = float(values.dot(values))
        strange = missing * self.rarest * self.rarest
        values *= 1.0 / math.sqrt(squared + strange + 1e-9)
        return Encoded(columns, values, strange / (squared + strange + 1e-9), length)

    def _read_word(self, word: str) -> WordEntry:
        number = self.words.get(word, NO_WORD)
        parts = () if is_unspaced(word) else pieces(word)
        columns = [self.pieces[part] for part in parts if part in self.pieces]
        missing = UNKNOWN_PIECE * (len(parts) - len(columns)) + (UNKNOWN_WORD if number == NO_WORD else 0.0)
        entry = WordEntry(number, tuple(columns if number == NO_WORD else [number, *columns]), missing)
        if len(self.memo) >= MEMO_WORDS:
            self.memo.clear()
        self.memo[word] = entry
        return entry

    def _add_triples(self, found: Sequence[str], known: set[int]) -> float:
        triples = _triples(found)
        present = [self.pieces[triple] for triple in triples if triple in self.pieces]
        known.update(present)
        return UNKNOWN_PIECE * (len(triples) - len(present))


def _rarity(counts: Doubles, texts: int) -> Doubles:
    """Inverse document frequency, damped: whole, the rarest words would outshout those that carry the request."""
    weights: Doubles = (np.log((1 + texts) / (1 + counts)) + 1) ** DAMPING
    return weights


def _triples(found: Sequence[str]) -> list[str]:
    """Three characters of an unspaced script in a row."""
    runs = zip(found, found[1:], found[2:], strict=False)
    return list(dict.fromkeys("".join(run) for run in runs if all(map(is_unspaced, run))))


def _all_pieces(found: Sequence[str]) -> Iterable[str]:
    whole = dict.fromkeys(piece for word in dict.fromkeys(found) if not is_unspaced(word) for piece in pieces(word))
    return [*whole, *_triples(found)]
