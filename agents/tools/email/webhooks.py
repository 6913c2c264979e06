"""What providers report of mails by webhook: SendGrid, Mailgun and Amazon SES. Pure functions; signatures come first.

Each `verify_…` raises `Forged` and each `read_…` gives the news of a payload whose signature has been checked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from agents.tools.email.address import CONTROL
from agents.tools.email.delivery import LONGEST_REASON, Delivery
from agents.tools.email.log import MailStatus
from orchestrator.contracts import FatalError

OLDEST = timedelta(hours=24)
"""Providers repeat what we did not take; older than this it is a replay."""
AHEAD = timedelta(minutes=5)
SENDGRID = {"delivered": MailStatus.DELIVERED, "bounce": MailStatus.BOUNCED, "dropped": MailStatus.BOUNCED}
SES_EVENTS = {"Delivery": MailStatus.DELIVERED, "Bounce": MailStatus.BOUNCED, "Reject": MailStatus.BOUNCED}
SNS_HOST = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
SNS_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{16,64}\.pem")
SNS_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class Forged(FatalError):
    """The webhook is not from the provider, or too old."""


# --- SendGrid: ECDSA over timestamp and raw body


def verify_sendgrid(body: bytes, signature: str, timestamp: str, public_key: str, now: datetime) -> None:
    """`public_key` as SendGrid shows it (base64); signature and timestamp from the X-Twilio-Email-Event-Webhook-… headers."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only where a webhook is set up
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        key = load_der_public_key(base64.b64decode(public_key))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise Forged
        key.verify(base64.b64decode(signature, validate=True), timestamp.encode() + body, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise Forged from error
    _refuse_old(timestamp, now)


def read_sendgrid(body: bytes) -> tuple[Delivery, ...]:
    news = []
    for event in _json(body, list):
        status = SENDGRID.get(event.get("event", "")) if isinstance(event, dict) else None
        if status is not None and (identity := _identity(event.get("smtp-id"))):
            news.append(Delivery(identity, status, _text(event.get("email")).lower(), _text(event.get("reason") or event.get("response"))))
    return tuple(news)


# --- Mailgun: HMAC-SHA256 over timestamp and token, inside the payload


def verify_mailgun(body: bytes, signing_key: str, now: datetime) -> None:
    signed = _json(body, dict).get("signature")
    if not signing_key or not isinstance(signed, dict):
        raise Forged
    timestamp, token, signature = (str(signed.get(name, "")) for name in ("timestamp", "token", "signature"))
    right = hmac.new(signing_key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), signature.encode()):
        raise Forged
    _refuse_old(timestamp, now)


def read_mailgun(body: bytes) -> tuple[Delivery, ...]:
    """A temporary failure is no end yet."""
    event = _dict(_json(body, dict).get("event-data"))
    kind = event.get("event")
    status = MailStatus.DELIVERED if kind == "delivered" else MailStatus.BOUNCED if kind == "failed" and event.get("severity") == "permanent" else None
    identity = _identity(_dict(_dict(event.get("message")).get("headers")).get("message-id"))
    if status is None or not identity:
        return ()
    outcome = _dict(event.get("delivery-status"))
    return (Delivery(identity, status, _text(event.get("recipient")).lower(), _text(outcome.get("message") or outcome.get("description"))),)


# --- Amazon SES: news inside SNS, RSA over named fields


def certificate_url(body: bytes) -> str:
    """Where the signing certificate of an SNS message is to be fetched. Raises Forged for an address that is not Amazon's."""
    url = str(_json(body, dict).get("SigningCertURL", ""))
    parts = urlsplit(url)
    amazon = parts.scheme == "https" and SNS_HOST.fullmatch(parts.netloc) and SNS_PATH.fullmatch(parts.path)
    if not amazon or parts.query or parts.fragment:
        raise Forged
    return url


def is_of(body: bytes, topics: frozenset[str]) -> bool:
    """Whether a message says it is of one of our topics: looked at before anything is fetched for it. Raises Forged."""
    topic = _json(body, dict).get("TopicArn")
    return isinstance(topic, str) and topic in topics


def confirmation_url(body: bytes) -> str:
    """Where a subscription that was asked for is confirmed; empty for any other message, and for an address that is not Amazon's."""
    message = _json(body, dict)
    parts = urlsplit(str(message.get("SubscribeURL", "")))
    asked = message.get("Type") == "SubscriptionConfirmation" and parts.scheme == "https" and SNS_HOST.fullmatch(parts.netloc)
    return parts.geturl() if asked else ""


def verify_ses(body: bytes, certificate: bytes, topics: frozenset[str], now: datetime) -> None:
    """`certificate`: the PEM from `certificate_url`; `topics`: the ARNs that are ours, for anybody can own a topic."""
    from cryptography import x509  # noqa: PLC0415 - only where a webhook is set up
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415

    message = _json(body, dict)
    certificate_url(body)
    versions: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}
    version, names = str(message.get("SignatureVersion")), SNS_SIGNED.get(str(message.get("Type")))
    if message.get("TopicArn") not in topics or version not in versions or names is None:
        raise Forged
    signed = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise Forged
        key.verify(base64.b64decode(str(message.get("Signature", ""))), signed.encode(), padding.PKCS1v15(), versions[version])
        sent = datetime.fromisoformat(str(message.get("Timestamp")).replace("Z", "+00:00"))
    except (InvalidSignature, ValueError) as error:
        raise Forged from error
    _refuse_old(str(sent.timestamp()), now)


def read_ses(body: bytes) -> tuple[Delivery, ...]:
    """The Message-ID is the one that we gave (`mail.headers`, `commonHeaders`), not the one that SES put in its place."""
    message = _json(body, dict)
    if message.get("Type") != "Notification":
        return ()
    news = _json(str(message.get("Message", "")).encode(), dict)
    kind = news.get("eventType") or news.get("notificationType")
    status = SES_EVENTS.get(str(kind))
    bounce = _dict(news.get("bounce"))
    if status is None or (kind == "Bounce" and bounce.get("bounceType") == "Transient"):
        return ()
    mail = _dict(news.get("mail"))
    headers = mail.get("headers")
    ours = (
        [one.get("value") for one in headers if isinstance(one, dict) and str(one.get("name", "")).lower() == "message-id"] if isinstance(headers, list) else []
    )
    identity = _identity(ours[0] if ours else _dict(mail.get("commonHeaders")).get("messageId"))
    if not identity:
        return ()
    bounced = bounce.get("bouncedRecipients")
    if isinstance(bounced, list) and bounced:
        return tuple(Delivery(identity, status, _text(_dict(one).get("emailAddress")).lower(), _text(_dict(one).get("diagnosticCode"))) for one in bounced)
    return (Delivery(identity, status),)


def _refuse_old(timestamp: str, now: datetime) -> None:
    try:
        sent = float(timestamp)
    except ValueError as error:
        raise Forged from error
    if not now.timestamp() - OLDEST.total_seconds() <= sent <= now.timestamp() + AHEAD.total_seconds():
        raise Forged


def _json(body: bytes, kind: type[Any]) -> Any:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Forged from error
    if not isinstance(found, kind):
        raise Forged
    return found


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return CONTROL.sub(" ", value)[:LONGEST_REASON] if isinstance(value, str) else ""


def _identity(value: Any) -> str:
    """A Message-ID with its brackets, which some providers leave out."""
    bare = _text(value).strip().strip("<>")
    return f"<{bare}>" if bare else ""
