"""What the business is, when it is open, and what its documents say."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import log
from typing import Any
from zoneinfo import ZoneInfo

import pydantic

from orchestrator import times
from orchestrator.business import Business, BusinessBook
from orchestrator.business.model import in_language
from orchestrator.contracts import Effect, Json, ToolScope
from orchestrator.spoken import day_text

SURE = 0.34
"""Share of a question's weighted words that a passage must hold to count as an answer."""
LONGEST_PASSAGE = 600
WORD = re.compile(r"[^\W\d_]+", re.U)
HAN = re.compile(r"[㐀-鿿]")
EMPTY_WORDS = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "are",
        "do",
        "does",
        "you",
        "your",
        "i",
        "my",
        "we",
        "can",
        "to",
        "of",
        "for",
        "in",
        "on",
        "at",
        "what",
        "how",
        "it",
        "be",
        "have",
        "if",
        "and",
        "or",
        "with",
        "me",
        "please",
        "there",
        "any",
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "ist",
        "sind",
        "sie",
        "ihr",
        "ihre",
        "ich",
        "mein",
        "kann",
        "zu",
        "für",
        "in",
        "auf",
        "was",
        "wie",
        "es",
        "haben",
        "wenn",
        "und",
        "oder",
        "mit",
        "mir",
        "bitte",
        "gibt",
        "bei",
        "el",
        "la",
        "los",
        "las",
        "un",
        "una",
        "es",
        "son",
        "usted",
        "su",
        "yo",
        "mi",
        "puedo",
        "de",
        "para",
        "en",
        "qué",
        "cómo",
        "lo",
        "hay",
        "si",
        "y",
        "o",
        "con",
        "me",
        "por",
        "favor",
        "se",
        "al",
        "del",
        "吗",
        "的",
        "了",
        "我",
        "你",
        "您",
        "们",
        "是",
        "有",
        "可",
        "以",
        "什",
        "么",
        "怎",
        "请",
        "问",
        "呢",
        "在",
    ]
)


class Nothing(pydantic.BaseModel):
    """No arguments."""


class Day(pydantic.BaseModel):
    """A day in ISO 8601, or none for the whole week."""

    day: str | None = None


class Text(pydantic.BaseModel):
    """What a person wrote."""

    text: str


@dataclass
class Facts:
    """Name, address, contact, services with prices, staff."""

    book: BusinessBook
    name: str = "business.facts"
    version: int = 1
    description: str = "The facts about the business."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Nothing

    def run(self, scope: ToolScope, arguments: Nothing) -> Json:
        business, language = self.book.current(scope.connection), scope.task.language
        return {
            "name": business.name,
            "sample": business.sample,
            "profile": business.profile.value,
            "address": in_language(business.address, language),
            "directions": in_language(business.directions, language),
            "phone": business.phone,
            "email": business.email,
            "emergency": in_language(business.emergency, language),
            "staff": [person.name for person in business.staff],
            "services": [
                {
                    "id": s.id,
                    "name": s.called(language),
                    "minutes": s.minutes,
                    "price": None if s.price is None else float(s.price),
                    "currency": business.currency,
                }
                for s in business.services
            ],
        }


@dataclass
class OpeningHours:
    """When the business is open: on one day, or in the week; and whether now."""

    book: BusinessBook
    name: str = "business.hours"
    version: int = 1
    description: str = "Opening hours of a day or of the week."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Day

    def run(self, scope: ToolScope, arguments: Day) -> Json:
        business = self.book.current(scope.connection)
        now = scope.now.astimezone(ZoneInfo(business.zone or scope.person.effective_zone))
        monday = now - timedelta(days=now.weekday())
        found: dict[str, Any] = {
            "known": bool(business.hours),
            "open_now": business.is_open(now.replace(tzinfo=None)),
            "week": [self._line(business, monday + timedelta(days=n), scope) for n in range(7)],
            "closures": [
                f"{c.first:%d.%m.}–{c.last:%d.%m.} {in_language(c.reason, scope.task.language)}".strip() for c in business.closures if c.last >= now.date()
            ],
        }
        if arguments.day:
            found["day"] = self._line(business, datetime.fromisoformat(arguments.day), scope)
        return found

    def _line(self, business: Business, moment: datetime, scope: ToolScope) -> dict[str, Any]:
        hours = business.open_on(moment.date())
        return {"day": day_text(moment, scope.task.language), "weekday": times_weekday(moment, scope.task.language), "hours": ", ".join(map(str, hours))}


def times_weekday(moment: datetime, language: str) -> str:
    from babel.dates import format_datetime  # noqa: PLC0415 - heavy

    return str(format_datetime(moment.replace(tzinfo=None), "EEEE", locale=language))


@dataclass
class Search:
    """The best answer from the questions and answers, then from the operator's Markdown documents; with its source."""

    book: BusinessBook
    name: str = "business.search"
    version: int = 1
    description: str = "Find an answer in what the operator has written."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        passages = self._passages(self.book.current(scope.connection), scope.task.language)
        weights = _weights([words for words, _, _ in passages])
        asked = _words(arguments.text)
        best: tuple[float, str, str] = (0.0, "", "")
        for words, answer, source in passages:
            best = max(best, (_overlap(asked, words, weights), answer, source))
        return {"answer": best[1], "source": best[2]} if best[0] >= SURE else None

    def _passages(self, business: Business, language: str) -> list[tuple[Counter[str], str, str]]:
        passages = []
        for entry in business.faq:
            questions = " ".join(in_list(entry.question, language))
            answer = in_language(entry.answer, language)
            passages.append((_words(f"{questions} {answer}"), answer, "FAQ"))
        if business.documents is not None and business.documents.is_dir():
            for path in sorted(business.documents.glob("**/*.md")):
                for part in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
                    if part.strip() and not part.lstrip().startswith("#"):
                        passages.append((_words(part), part.strip()[:LONGEST_PASSAGE], path.name))
        return passages


def in_list(texts: dict[str, tuple[str, ...]], language: str) -> tuple[str, ...]:
    return texts.get(language) or texts.get("*") or texts.get("en") or next(iter(texts.values()), ())


def _words(text: str) -> Counter[str]:
    """Stems of the words that carry meaning; Chinese by pairs of characters."""
    low = text.casefold()
    stems = [word[:6] for word in WORD.findall(HAN.sub(" ", low)) if word not in EMPTY_WORDS and len(word) > 1]
    han = [c for c in low if HAN.match(c)]
    stems += [a + b for a, b in pairwise(han) if a not in EMPTY_WORDS and b not in EMPTY_WORDS]
    return Counter(stems)


def _weights(passages: list[Counter[str]]) -> dict[str, float]:
    """Rare words weigh more."""
    seen = Counter(word for words in passages for word in words)
    return {word: log(1 + len(passages) / count) for word, count in seen.items()}


def _overlap(asked: Counter[str], words: Counter[str], weights: dict[str, float]) -> float:
    unknown = max(weights.values(), default=1.0)
    total = sum(weights.get(word, unknown) for word in asked)
    return sum(weights[word] for word in asked if word in words) / total if total else 0.0


@dataclass
class Describe:
    """A moment in the person's words."""

    name: str = "time.describe"
    version: int = 1
    description: str = "Say a moment in words."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        moment = datetime.fromisoformat(arguments.text)
        return times.describe(moment, now=scope.now, zone=scope.person.effective_zone, language=scope.task.language)
