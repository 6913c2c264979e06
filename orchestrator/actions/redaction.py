"""Secrets leave no trace: exact values are replaced wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orchestrator.contracts import Json

MARK = "[redacted]"
SHORTEST = 4


class Redactor:
    """Replaces the given secrets in texts and values."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MARK)
        return text

    def value(self, value: Json) -> Json:
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.value(inner) for name, inner in value.items()}
        return [self.value(inner) for inner in value] if isinstance(value, list | tuple) else value
