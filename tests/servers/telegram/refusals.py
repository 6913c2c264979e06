"""How the platform says no."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
Parameters = dict[str, Any]


class Refusal(Exception):
    """An answer with ok=false. `violation` marks what a correct client never causes; `extra` travels as `parameters`."""

    def __init__(self, status: int, description: str, *, violation: bool = False, **extra: int) -> None:
        super().__init__(description)
        self.status, self.description, self.violation, self.extra = status, description, violation, extra

    def body(self) -> Json:
        """The JSON body of the answer."""
        found: Json = {"ok": False, "error_code": self.status, "description": self.description}
        if self.extra:
            found["parameters"] = self.extra
        return found


def bad(description: str) -> Refusal:
    """A 400 for the state of things: right in form, impossible now."""
    return Refusal(400, f"Bad Request: {description}")


def wrong(description: str) -> Refusal:
    """A 400 for a request that a correct client never sends."""
    return Refusal(400, f"Bad Request: {description}", violation=True)


def flood(seconds: int) -> Refusal:
    """A 429 that asks for `seconds` of silence."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
