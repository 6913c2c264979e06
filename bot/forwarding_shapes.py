"""What a notification looks like where it goes: a Discord embed, the body of a signed webhook, the text of a letter."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from orchestrator.contracts import Words
from orchestrator.tasks.deliveries import Claimed, Message

COLOURS = {"success": 0x2ECC71, "failure": 0xE74C3C, "info": 0x58B9FF}
"""Green, red and blue: how an embed says the outcome."""
TITLE, DESCRIPTION, FIELD_NAME, FIELD_VALUE, WHOLE, FIELDS = 256, 4096, 256, 1024, 6000, 25
"""Discord's limits of an embed, in UTF-16 units, the narrowest way to count. `WHOLE` is title, description, fields and footer together."""
FOOTER = "Majordomo"
AGAIN = "↻ "
"""Before the title of what may have arrived already."""
VERSION = "v1"
MASKED = re.compile(r"\]\(")


def embed(delivery: Claimed, words: Words) -> dict[str, Any]:
    """The body for Discord. Nothing in it pings anybody, and no text hides an address behind other words."""
    message = delivery.message
    title = shortened((AGAIN if delivery.doubtful else "") + visible(" ".join(message.title.split())), TITLE) or FOOTER
    fields = _fields(message, words)
    left = WHOLE - length(title) - length(FOOTER) - sum(length(field["name"]) + length(field["value"]) for field in fields)
    shown: dict[str, Any] = {
        "title": title,
        "color": COLOURS.get(message.outcome, COLOURS["info"]),
        "timestamp": message.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "footer": {"text": FOOTER},
    }
    if text := shortened(MASKED.sub("] (", visible(message.text)).strip(), min(DESCRIPTION, left)):
        shown["description"] = text
    if fields:
        shown["fields"] = fields
    return {"embeds": [shown], "allowed_mentions": {"parse": []}}


def _fields(message: Message, words: Words) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": words(message.language, f"kind-{kind}", {}), "value": str(count), "inline": True} for kind, count in message.counts.items()
    ]
    if message.task is not None:
        found.append({"name": words(message.language, "field-task", {}), "value": f"#{message.task}", "inline": True})
    return [{**field, "name": shortened(field["name"], FIELD_NAME), "value": shortened(field["value"], FIELD_VALUE)} for field in found[:FIELDS]]


def webhook_body(delivery: Claimed) -> bytes:
    """The same bytes at every attempt: they are what is signed."""
    message = delivery.message
    body = {
        "id": delivery.id, "event": message.event, "outcome": message.outcome, "title": message.title, "text": message.text,
        "task": message.task, "created_at": message.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def webhook_headers(delivery: Claimed, secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """Id, time, signature and kind. The signature is HMAC-SHA256 over `timestamp.body` with the webhook's secret."""
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Majordomo-Id": delivery.id,
        "Majordomo-Timestamp": timestamp,
        "Majordomo-Signature": f"{VERSION}={signature(secret, timestamp, body)}",
        "Majordomo-Event": delivery.event,
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Lower-case hexadecimal digits."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def letter_text(message: Message, words: Words) -> str:
    """A plain letter: what is told, and why it came."""
    number = [f"{words(message.language, 'field-task', {})} #{message.task}"] if message.task is not None else []
    return "\n\n".join([plain(message.text), *number, f"-- \n{words(message.language, 'mail-footer', {})}"])


def subject(message: Message) -> str:
    return shortened(visible(" ".join(plain(message.title).split())), 200)


def plain(text: str) -> str:
    """Without the marks of Markdown that a letter would show."""
    return re.sub(r"\*\*(.+?)\*\*", r"\1", visible(text))


def visible(text: str) -> str:
    """Without control and direction characters, which hide what is there; lines stay lines."""
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or char in "\u200d\ufe0f")


def length(text: str) -> int:
    """In UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def shortened(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, with a mark where it was cut."""
    if length(text) <= limit:
        return text
    cut = text[: max(0, limit - 1)]
    while length(cut) > limit - 1:
        cut = cut[:-1]
    return cut + "…" if limit > 0 else ""
