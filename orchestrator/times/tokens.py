"""A text cut into lexemes: known phrases, numbers, marks and other words."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.times.terms import Kind, Term
from orchestrator.times.vocabulary import PIECE, Vocabulary


@dataclass(frozen=True, slots=True)
class Lexeme:
    """`text` is lower case; `number` is set for digits only; `glued`: nothing stands between it and the lexeme before."""

    text: str
    start: int
    end: int
    glued: bool
    number: int | None = None
    terms: tuple[Term, ...] = ()

    def term(self, kind: Kind) -> Term | None:
        for term in self.terms:
            if term.kind is kind:
                return term
        return None

    @property
    def is_word(self) -> bool:
        return self.text[0].isalpha()


def lex(text: str, vocabulary: Vocabulary) -> list[Lexeme]:
    """The lexemes of a text, the longest known phrase at each place."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters change length: keep the ranges true
        lowered = text
    pieces = [(piece.group().replace("’", "'"), piece.start(), piece.end()) for piece in PIECE.finditer(lowered)]
    words = [piece[0] for piece in pieces]
    lexemes: list[Lexeme] = []
    place, last_end = 0, -1
    while place < len(pieces):
        length, terms = _longest(words, place, vocabulary)
        start, end = pieces[place][1], pieces[place + length - 1][2]
        word = lowered[start:end] if length > 1 else words[place]
        number = int(word) if length == 1 and word.isdecimal() and len(word) <= 8 else None
        lexemes.append(Lexeme(word, start, end, start == last_end, number, terms))
        last_end = end
        place += length
    return lexemes


def _longest(words: list[str], place: int, vocabulary: Vocabulary) -> tuple[int, tuple[Term, ...]]:
    word = words[place]
    for candidate in (word, word[:-2]) if word.endswith("'s") else (word,):
        for phrase, terms in vocabulary.phrases.get(candidate, ()):
            length = len(phrase)
            if length == 1 or tuple(words[place + 1 : place + length]) == phrase[1:]:
                return length, terms
    return 1, ()
