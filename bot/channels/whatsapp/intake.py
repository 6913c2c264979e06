"""WhatsApp's webhooks as `Incoming`: checked as bytes, then split into every message and every status of every change.

Nothing of a body is parsed before its signature holds. What we cannot use of a true one is left out and logged; nothing in it makes this raise.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.channels.base import Incoming, Kind
from orchestrator.contracts import Json

CHANNEL = "whatsapp"
SIGNATURE_HEADER = "x-hub-signature-256"
BODY_LIMIT = 3 << 20
"""Bytes; Meta's own bound for a webhook is 3 MB."""
PRESS_ID = 80
"""Characters of a message's id that name a press; the outbox keeps no more."""
_FILES = ("image", "video", "document", "sticker")
_SILENT = frozenset({"reaction", "system"})
"""What calls for no reply: a thumb on a message of ours, the notice that a number changed."""
_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, OSError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message with what names its sender; either name may be missing, never both."""

    incoming: Incoming
    user_id: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a message of ours: sent, delivered, read or failed (then with the platform's code)."""

    platform_id: str
    state: str
    at: datetime
    code: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything in one POST that concerns us, messages by the time they were written."""

    arrivals: tuple[Arrival, ...] = ()
    statuses: tuple[Status, ...] = ()


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether the header is the HMAC-SHA256 of exactly these bytes; compared in constant time. Without a secret nothing is."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(signature.encode(), expected.encode())


def parse(body: bytes, phone_id: str) -> Delivery:
    """Raises ValueError for what is no webhook. Changes of other fields and of other numbers are left out."""
    webhook = json.loads(body)
    if not isinstance(webhook, dict) or not isinstance(webhook.get("entry"), list):
        raise ValueError("this is no webhook")
    arrivals: list[Arrival] = []
    statuses: list[Status] = []
    for value in _values(webhook, phone_id):
        contacts = _listed(value, "contacts")
        arrivals += [found for message in _listed(value, "messages") if (found := _arrival(message, contacts)) is not None]
        statuses += [known for status in _listed(value, "statuses") if (known := _status(status)) is not None]
    arrivals.sort(key=lambda one: one.incoming.sent_at or datetime.min.replace(tzinfo=UTC))
    return Delivery(tuple(arrivals), tuple(statuses))


def _values(webhook: Mapping[str, Any], phone_id: str) -> Iterator[Mapping[str, Any]]:
    for entry in _listed(webhook, "entry"):
        for change in _listed(entry, "changes"):
            value = change.get("value")
            if change.get("field") != "messages" or not isinstance(value, dict):
                continue
            metadata = value.get("metadata")
            if isinstance(metadata, dict) and str(metadata.get("phone_number_id")) == phone_id:
                yield value


def _listed(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = holder.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _arrival(message: Mapping[str, Any], contacts: list[Mapping[str, Any]]) -> Arrival | None:
    try:
        if message["type"] in _SILENT or message.get("group_id"):
            return None
        phone, user_id = str(message.get("from") or ""), str(message.get("from_user_id") or "")
        contact = _contact(contacts, phone, user_id)
        user_id = user_id or str(contact.get("user_id") or "")
        phone = phone or str(contact.get("wa_id") or "")
        if not (user_id or phone):
            raise ValueError("no sender")
        kind, text, payload = _content(message)
        name = _object(contact, "profile").get("name") or ""
        sender = user_id or phone
        sent = datetime.fromtimestamp(int(message["timestamp"]), UTC)
        incoming = Incoming(CHANNEL, str(message["id"]), sender, sender, kind, text, payload, sender_name=str(name), sent_at=sent)
        return Arrival(incoming, user_id, phone)
    except _ERRORS as error:
        logger.warning("a message could not be read and was left out", extra={"wamid": str(message.get("id")), "error": repr(error)})
        return None


def _contact(contacts: list[Mapping[str, Any]], phone: str, user_id: str) -> Mapping[str, Any]:
    """The contact of this sender; a lone contact that says nothing else is theirs, too."""
    for contact in contacts:
        if (user_id and contact.get("user_id") == user_id) or (phone and contact.get("wa_id") == phone):
            return contact
    unnamed = len(contacts) == 1 and not (user_id and contacts[0].get("user_id")) and not (phone and contacts[0].get("wa_id"))
    return contacts[0] if unnamed else {}


def _content(message: Mapping[str, Any]) -> tuple[Kind, str, dict[str, Json]]:
    kind = str(message["type"])
    if kind == "text":
        return Kind.TEXT, str(message["text"]["body"]), {}
    if kind == "button":
        button = message["button"]
        return Kind.BUTTON, str(button.get("text") or ""), _press(message, str(button["payload"]))
    if kind == "interactive":
        reply = message["interactive"].get(str(message["interactive"].get("type")))
        if isinstance(reply, dict) and "id" in reply:
            return Kind.BUTTON, str(reply.get("title") or ""), _press(message, str(reply["id"]))
    if kind in _FILES or kind == "audio":
        found = _object(message, kind)
        known = {"name": "filename", "media_type": "mime_type"}
        payload = {"what": kind, "file_id": str(found["id"]), **{ours: str(found[theirs]) for ours, theirs in known.items() if found.get(theirs)}}
        return Kind.VOICE if kind == "audio" else Kind.FILE, str(found.get("caption") or ""), payload
    return Kind.OTHER, "", {"what": kind[:40]}


def _press(message: Mapping[str, Any], token: str) -> dict[str, Json]:
    return {"token": token, "press_id": str(message["id"])[:PRESS_ID]}


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _status(status: Mapping[str, Any]) -> Status | None:
    try:
        faults = _listed(status, "errors")
        fault = faults[0] if faults else {}
        detail = str(fault.get("title") or fault.get("message") or "")
        at = datetime.fromtimestamp(int(status["timestamp"]), UTC)
        return Status(str(status["id"]), str(status["status"])[:16], at, int(fault["code"]) if "code" in fault else None, detail[:300])
    except _ERRORS as error:
        logger.warning("a delivery status could not be read and was left out", extra={"wamid": str(status.get("id")), "error": repr(error)})
        return None
