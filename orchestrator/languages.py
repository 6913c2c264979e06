"""Which language a message is written in: by script, else by the small words that only one language has."""

from __future__ import annotations

import re

LANGUAGES = ("en", "de", "es", "zh")
HAN = re.compile(r"[㐀-鿿]")
WORD = re.compile(r"[^\W\d_]+")
SMALL_WORDS = {
    "en": frozenset(
        [
            "the",
            "a",
            "an",
            "is",
            "are",
            "was",
            "what",
            "when",
            "where",
            "who",
            "how",
            "why",
            "i",
            "you",
            "my",
            "your",
            "me",
            "we",
            "do",
            "does",
            "did",
            "can",
            "could",
            "would",
            "will",
            "please",
            "at",
            "on",
            "to",
            "for",
            "of",
            "in",
            "and",
            "or",
            "hi",
            "hello",
            "hey",
            "thanks",
            "thank",
            "it",
            "that",
            "this",
            "with",
            "have",
            "has",
            "want",
            "need",
            "book",
            "cancel",
            "remind",
            "tomorrow",
            "today",
            "actually",
            "make",
            "not",
            "next",
            "any",
            "there",
            "from",
            "about",
            "open",
            "bye",
            "yes",
            "ok",
            "okay",
            "morning",
            "appointment",
            "much",
            "good",
        ]
    ),
    "de": frozenset(
        [
            "der",
            "die",
            "das",
            "ein",
            "eine",
            "einen",
            "ist",
            "sind",
            "war",
            "was",
            "wann",
            "wo",
            "wer",
            "wie",
            "warum",
            "ich",
            "du",
            "sie",
            "mein",
            "meine",
            "mir",
            "mich",
            "wir",
            "kann",
            "könnte",
            "können",
            "würde",
            "bitte",
            "um",
            "am",
            "zu",
            "für",
            "von",
            "und",
            "oder",
            "hallo",
            "danke",
            "es",
            "nicht",
            "mit",
            "habe",
            "hat",
            "will",
            "möchte",
            "brauche",
            "morgen",
            "heute",
            "termin",
            "erinnere",
            "erinnerung",
            "haben",
            "ihr",
            "ihre",
            "öffnungszeiten",
            "guten",
            "tag",
            "tschüss",
            "ja",
            "nein",
            "doch",
            "eigentlich",
            "auch",
            "noch",
            "den",
            "dem",
            "im",
            "auf",
            "bei",
            "nach",
            "uhr",
            "jeden",
            "kannst",
            "bin",
            "bist",
            "nächsten",
        ]
    ),
    "es": frozenset(
        [
            "el",
            "la",
            "los",
            "las",
            "un",
            "una",
            "es",
            "son",
            "qué",
            "cuándo",
            "dónde",
            "quién",
            "cómo",
            "por",
            "yo",
            "tú",
            "mi",
            "tu",
            "me",
            "nos",
            "puedo",
            "puede",
            "quiero",
            "quisiera",
            "necesito",
            "favor",
            "a",
            "al",
            "de",
            "del",
            "para",
            "y",
            "o",
            "hola",
            "gracias",
            "no",
            "con",
            "tengo",
            "tiene",
            "mañana",
            "hoy",
            "cita",
            "recuérdame",
            "recordatorio",
            "horario",
            "abren",
            "su",
            "sus",
            "buenos",
            "días",
            "buenas",
            "tardes",
            "adiós",
            "sí",
            "mejor",
            "cuánto",
            "cuesta",
            "cuál",
            "que",
            "en",
            "se",
            "lo",
            "hay",
            "cada",
            "próximo",
            "lunes",
            "martes",
            "miércoles",
            "jueves",
            "viernes",
            "sábado",
            "domingo",
            "hora",
        ]
    ),
}
GREETINGS = {
    "en": frozenset({"hello", "morning", "afternoon", "evening", "goodbye"}),
    "de": frozenset({"hallo", "guten", "moin", "servus", "danke", "hilfe", "tschüss"}),
    "es": frozenset({"hola", "buenos", "buenas", "gracias", "ayuda", "adiós"}),
}
"""Words that alone tell the language of whoever opens with them."""
SHORT = 4
"""Words; in a text so short a greeting is the whole message."""
MARKS = {"de": re.compile(r"[äöüß]", re.I), "es": re.compile(r"[ñ¿¡áéíó]", re.I)}
CLEAR = 2
"""So many points, and more than twice the runner-up's, make a language clear."""


def clear_language(text: str) -> str | None:
    """The language, if the text leaves no doubt; None for short or mixed text."""
    if HAN.search(text):
        return "zh"
    scores = _scores(text)
    best, second = sorted(scores.values(), reverse=True)[:2]
    if best < CLEAR or best <= 2 * second:
        return None
    return max(scores, key=lambda language: scores[language])


def spoken(text: str, before: str) -> str | None:
    """The language of a message by somebody whose last ones were in another; None where it may be the same. Several Latin words are no Chinese."""
    clear = clear_language(text)
    if clear is not None or before != "zh" or len(WORD.findall(text)) < 2:
        return clear
    best, second = sorted(_scores(text).values(), reverse=True)[:2]
    return guess_language(text) if best > second else None


def guess_language(text: str, default: str = "en") -> str:
    """The likeliest language, for want of a person whose language we know."""
    if HAN.search(text):
        return "zh"
    scores = _scores(text)
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] else default


def _scores(text: str) -> dict[str, int]:
    words = [word.lower() for word in WORD.findall(text)]
    scores = {language: sum(word in small for word in words) for language, small in SMALL_WORDS.items()}
    if len(words) <= SHORT:
        for language, greetings in GREETINGS.items():
            scores[language] += 2 * any(word in greetings for word in words)
    for language, mark in MARKS.items():
        scores[language] += 2 * bool(mark.search(text))
    return scores
