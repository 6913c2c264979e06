"""The words that people are shown: Fluent catalogues of every floor, read at first use of a language and kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestrator.spoken import moment_text

LANGUAGES = ("en", "de", "es", "zh")
FALLBACK = "en"
FLOORS = ("orchestrator", "agents", "bot")

logger = logging.getLogger(__name__)


def house_folders() -> tuple[Path, ...]:
    """The `locales` folder of each floor that speaks, side by side in this installation."""
    root = Path(__file__).resolve().parent.parent
    return tuple(folder for floor in FLOORS if (folder := root / floor / "locales").is_dir())


class Catalogues:
    """`words(language, key, arguments)`: about 4 µs for a plain text, 13 µs for one with plural forms.

    A key that a language lacks is said in English; one that no language has raises KeyError. `strict` also raises
    ValueError where an argument is missing, for tests. Datetimes are said in the language, in their own zone.
    """

    def __init__(self, folders: Sequence[Path] | None = None, *, strict: bool = False) -> None:
        self._folders = tuple(folders) if folders is not None else house_folders()
        self._strict = strict
        self._bundles: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, language: str, message: str, arguments: Mapping[str, Any] | None = None) -> str:
        for tongue in (language, FALLBACK):
            bundle = self._bundles.get(tongue) or self._load(tongue)
            if bundle is not None and bundle.has_message(message):
                return self._format(bundle, tongue, message, arguments or {})
        raise KeyError(message)

    def warm(self, languages: Sequence[str] = LANGUAGES) -> None:
        """Read catalogues ahead of their first use (about 50 ms a language)."""
        for language in languages:
            self._load(language)

    def keys(self, language: str) -> frozenset[str]:
        """Every key of one language, without the English ones behind it."""
        return frozenset(entry for folder in self._folders for path in _files(folder, language) for entry in _keys(path))

    def _format(self, bundle: Any, language: str, message: str, arguments: Mapping[str, Any]) -> str:
        said = {name: self._say(value, language) for name, value in arguments.items()}
        text, errors = bundle.format_pattern(bundle.get_message(message).value, said)
        if errors:
            if self._strict:
                raise ValueError(f"{language}/{message}: {errors}")
            logger.warning("a text lacks an argument", extra={"key": message, "language": language})
        return str(text)

    def _say(self, value: Any, language: str) -> Any:
        if isinstance(value, datetime):
            return moment_text(value, language)
        return value if isinstance(value, str | int | float) else str(value)

    def _load(self, language: str) -> Any:
        with self._lock:
            if (known := self._bundles.get(language)) is not None:
                return known
            paths = [path for folder in self._folders for path in _files(folder, language)]
            if not paths:
                return None
            from fluent.runtime import FluentBundle, FluentResource  # noqa: PLC0415 - 0.1 s that a command without words need not wait

            bundle = FluentBundle([language], use_isolating=False)
            for path in paths:
                bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
            self._bundles[language] = bundle
            return bundle


def _files(folder: Path, language: str) -> list[Path]:
    return sorted((folder / language).glob("*.ftl"))


def _keys(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, _ = line.partition("=")
        if equals and name[:1].isalpha():
            yield name.strip()
