"""The best answer to a question: from the questions and answers of majordomo.yaml, then from the operator's Markdown documents."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import pydantic

from orchestrator.business import Business, BusinessBook
from orchestrator.business.model import in_language
from orchestrator.contracts import Effect, Json, ToolScope

SURE = 0.36
"""Share of a question's weighted words that a passage must hold to count as an answer."""
UNKNOWN_WEIGHT = 0.6
"""Words that no passage holds weigh this much of the rarest one: names and courtesies should not hide an answer."""
UNKNOWN_PAIR = 0.35
"""The same for two Chinese characters: a word that is not there makes two or three such pairs."""
ALL_ASKED = 0.95
TOPIC = 3
"""A word that stands this often in a passage is what it is about."""
LONGEST_PASSAGE = 700
STEM = 5
WORD = re.compile(r"[^\W\d_]+", re.U)
HAN = re.compile(r"[㐀-鿿]")
ENGLISH = (
    "the a an is are do does you your yours i my we me us our can could to of for in on at what which how it be have has had if and or with please "
    "there any that this would should will need know tell about like take get accept offer got one from when where ok okay possible allowed fine"
)
GERMAN = (
    "der die das den dem ein eine einen ist sind sie ihr ihre ihren ihnen euch ich mich mein wir uns kann können man zu für in im auf am an was welche "
    "wie es haben habt hat wenn und oder mit mir bitte gibt geben bei von wird werden muss nehmen nehmt akzeptieren ok möglich geht brauche"
)
SPANISH = (
    "el la los las un una unos es son usted ustedes su sus yo mi me se puedo puede pueden de del para por en qué que cuál cómo lo hay si y o con favor "
    "al tengo tiene tienen aceptan acepta hacen saber ok posible"
)
CHINESE = "吗 的 了 我 你 您 们 是 有 可 以 什 么 怎 请 问 呢 在 能 不 要 会 吧 和 这 那 个 收"
EMPTY_WORDS = frozenset(word for words in (ENGLISH, GERMAN, SPANISH, CHINESE) for word in words.split())


class Text(pydantic.BaseModel):
    """What a person wrote."""

    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Something that may be said in answer. `words` are those of its questions and its text."""

    words: Counter[str]
    answer: str
    source: str


@dataclass
class Search:
    """Find an answer in what the operator has written. Gives answer and source, or None where nothing fits."""

    book: BusinessBook
    name: str = "business.search"
    version: int = 1
    description: str = "Find an answer in what the operator has written."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text
    _read: dict[Path, tuple[int, tuple[Passage, ...]]] = field(default_factory=dict)

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        passages = [*_of_faq(self.book.current(scope.connection), scope.task.language), *self._of_documents(self.book.current(scope.connection))]
        weights = _weights(passages)
        asked = words_of(arguments.text)
        scored = [(_score(asked, passage, weights), -place, passage) for place, passage in enumerate(passages)]
        score, _, best = max(scored, default=(0.0, 0, None), key=lambda one: one[:2])
        if best is None or score < SURE or not _is_about(asked, best, score):
            return None
        return {"answer": best.answer, "source": best.source, "score": round(score, 3)}

    def _of_documents(self, business: Business) -> list[Passage]:
        """Passages of the Markdown files; a file is read again when it has changed."""
        if business.documents is None or not business.documents.is_dir():
            return []
        passages: list[Passage] = []
        for path in sorted(business.documents.glob("**/*.md")):
            changed = path.stat().st_mtime_ns
            if self._read.get(path, (0, ()))[0] != changed:
                self._read[path] = (changed, _of_file(path))
            passages += self._read[path][1]
        return passages


def _of_faq(business: Business, language: str) -> list[Passage]:
    """All wordings count, whatever their language; the answer is in the person's."""
    found = []
    for entry in business.faq:
        questions = " ".join(text for texts in entry.question.values() for text in texts)
        found.append(Passage(words_of(f"{questions} {' '.join(entry.answer.values())}"), in_language(entry.answer, language), "FAQ"))
    return found


def _of_file(path: Path) -> tuple[Passage, ...]:
    """The paragraphs of a Markdown file, each found by its heading's words too."""
    found, heading = [], ""
    for part in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        lines = part.strip().splitlines()
        while lines and lines[0].startswith("#"):
            heading = lines.pop(0).lstrip("# ")
        if text := "\n".join(lines).strip():
            source = f"{path.name}, {heading}" if heading else path.name
            found.append(Passage(words_of(f"{heading} {text}"), text[:LONGEST_PASSAGE], source))
    return tuple(found)


def words_of(text: str) -> Counter[str]:
    """Stems of the words that carry meaning; Chinese by pairs of characters."""
    low = text.casefold()
    stems = [word.rstrip("s")[:STEM] for word in WORD.findall(HAN.sub(" ", low)) if word not in EMPTY_WORDS and len(word) > 1]
    runs = re.findall(r"[㐀-鿿]+", low)
    stems += [a + b for run in runs for a, b in pairwise(run) if a not in EMPTY_WORDS and b not in EMPTY_WORDS]
    return Counter(stems)


def _weights(passages: list[Passage]) -> dict[str, float]:
    """Rare words weigh more."""
    seen = Counter(word for passage in passages for word in passage.words)
    return {word: log(1 + len(passages) / count) for word, count in seen.items()}


def _is_about(asked: Counter[str], passage: Passage, score: float) -> bool:
    """One shared word is not enough, unless it is all that was asked or what the passage is about."""
    shared = [word for word in asked if word in passage.words]
    return len(shared) > 1 or score > ALL_ASKED or any(passage.words[word] >= TOPIC for word in shared)


def _score(asked: Counter[str], passage: Passage, weights: dict[str, Any]) -> float:
    rarest = max(weights.values(), default=1.0)
    total = sum(weights.get(word, (UNKNOWN_PAIR if HAN.match(word) else UNKNOWN_WEIGHT) * rarest) for word in asked)
    return float(sum(weights[word] for word in asked if word in passage.words) / total) if total else 0.0
