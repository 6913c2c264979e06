"""Errors as the Graph API words them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass
class Refusal(Exception):
    """An answer that is none. `violation`: the request itself is at fault, which a test wants to know."""

    code: int
    title: str
    status: int = 400
    violation: bool = False
    details: str = ""

    def body(self) -> Json:
        error: Json = {"message": f"(#{self.code}) {self.title}", "type": "OAuthException", "code": self.code, "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam"}
        data: Json = {"messaging_product": "whatsapp", "details": self.details or self.title}
        return {"error": {**error, "error_data": data}}


def wrong(details: str) -> Refusal:
    """The request breaks a rule."""
    return Refusal(131009, "Parameter value is not valid", violation=True, details=details)


def closed() -> Refusal:
    return Refusal(131047, "Re-engagement message", details="Message failed to send because more than 24 hours have passed since the customer last replied")


def pair_rate() -> Refusal:
    return Refusal(131056, "(Business Account, Consumer Account) pair rate limit hit")


def too_fast() -> Refusal:
    return Refusal(130429, "Rate limit hit", status=429)


def no_token() -> Refusal:
    return Refusal(190, "Invalid OAuth access token - Cannot parse access token", status=401)


def unknown_person() -> Refusal:
    return Refusal(131026, "Message undeliverable")
