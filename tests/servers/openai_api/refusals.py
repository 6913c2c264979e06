"""How the interface says no."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """An answer in the shape of OpenAI's errors. `retry_after` seconds travel as a header."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.param, self.code = status, message, kind, param, code
        self.retry_after: float | None = None

    def body(self) -> Json:
        """The JSON body of the answer."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}


def overloaded(retry_after: float | None) -> Refusal:
    """A 429, with Retry-After where seconds are given."""
    refusal = Refusal(429, "Rate limit reached for requests", kind="requests", code="rate_limit_exceeded")
    refusal.retry_after = retry_after
    return refusal
