"""What became of a mail: notices that come back, and what three providers say by webhook, each signed, forged and replayed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from agents.tools.email import webhooks
from agents.tools.email.delivery import Delivery, note, read_report
from agents.tools.email.log import DatabaseMailLog, MailEntry, MailStatus, mails_of
from agents.tools.email.webhooks import Forged
from storage.database import Database
from tests.conftest import NOW
from tests.people import settle

OURS = "<0123@example.com>"
STAMP = str(int(NOW.timestamp()))


def report(*recipients: str, original: str = f"Message-ID: {OURS}", kind: str = "multipart/report; report-type=delivery-status") -> bytes:
    blocks = "\n".join(f"{recipient}\n" for recipient in recipients)
    return (
        f'From: MAILER-DAEMON@mx.example.com\nMIME-Version: 1.0\nContent-Type: {kind}; boundary="b"\n\n--b\nContent-Type: text/plain\n\nsorry\n\n'
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n{blocks}\n--b\nContent-Type: message/rfc822\n\n{original}\nSubject: s\n\nhi\n--b--\n"
    ).encode()


FAILED = "Final-Recipient: rfc822; Ann@example.com\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 mailbox full"
ARRIVED = "Original-Recipient: rfc822;bo@example.com\nFinal-Recipient: rfc822; bo@inner.example\nAction: delivered\nStatus: 2.0.0"
LATE = "Final-Recipient: rfc822; cy@example.com\nAction: delayed\nStatus: 4.4.1"


@pytest.mark.parametrize(
    ("mail", "news"),
    [
        (report(FAILED), (Delivery(OURS, MailStatus.BOUNCED, "ann@example.com", "smtp; 552 mailbox full"),)),
        (report(ARRIVED, LATE), (Delivery(OURS, MailStatus.DELIVERED, "bo@example.com", "2.0.0"),)),
        (report(LATE), ()),
        (report(FAILED, original="To: ann@example.com"), ()),
        (report(FAILED, kind="multipart/mixed"), ()),
        (b"From: a@example.com\n\nYour mail could not be delivered", ()),
        (b"", ()),
        (b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n--b--", ()),
    ],
)
def test_notices_are_read(mail: bytes, news: tuple[Delivery, ...]) -> None:
    assert read_report(mail) == news


async def test_one_that_bounced_makes_it_a_bounced_mail(database: Database) -> None:
    somebody = settle(database)
    log = DatabaseMailLog(database)
    await log.record(MailEntry(somebody.person.id, "t", "k", ("ann@example.com",), (), (), "s", "b", (), "mx", OURS), NOW)
    await log.update(OURS, MailStatus.SENT, "250", NOW)
    noted = await note(log, read_report(report(FAILED, ARRIVED)), NOW)
    assert [one.status for one in noted] == [MailStatus.DELIVERED, MailStatus.BOUNCED]
    assert await note(log, read_report(report(ARRIVED)), NOW) == []
    (kept,) = database.read_now(lambda connection: mails_of(connection, somebody.person.id))
    assert (kept.status, kept.answer) == (MailStatus.BOUNCED, "ann@example.com: smtp; 552 mailbox full")


# --- SendGrid


@pytest.fixture(scope="module")
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_sendgrid_events(sendgrid_key: ec.EllipticCurvePrivateKey) -> None:
    events = [
        {"email": "Ann@example.com", "event": "bounce", "smtp-id": OURS, "reason": "550 unknown", "timestamp": int(STAMP), "type": "bounce"},
        {"email": "bo@example.com", "event": "delivered", "smtp-id": OURS, "response": "250 OK"},
        {"email": "bo@example.com", "event": "open", "sg_message_id": "x"},
        {"event": "delivered"},
        "strange",
    ]
    body = json.dumps(events).encode()
    signature = base64.b64encode(sendgrid_key.sign(STAMP.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    webhooks.verify_sendgrid(body, signature, STAMP, public(sendgrid_key), NOW)
    assert webhooks.read_sendgrid(body) == (
        Delivery(OURS, MailStatus.BOUNCED, "ann@example.com", "550 unknown"),
        Delivery(OURS, MailStatus.DELIVERED, "bo@example.com", "250 OK"),
    )
    other = public(ec.generate_private_key(ec.SECP256R1()))
    for forged in (
        (body + b" ", signature, STAMP, public(sendgrid_key), NOW),
        (body, signature, str(int(STAMP) + 1), public(sendgrid_key), NOW),
        (body, signature, STAMP, other, NOW),
        (body, "", STAMP, public(sendgrid_key), NOW),
        (body, signature, STAMP, "", NOW),
        (body, signature, STAMP, public(sendgrid_key), NOW + timedelta(days=2)),
    ):
        with pytest.raises(Forged):
            webhooks.verify_sendgrid(*forged)


# --- Mailgun


def mailgun(event: dict[str, Any], key: str = "signing-key", timestamp: str = STAMP) -> bytes:
    token = "a" * 50
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return json.dumps({"signature": {"timestamp": timestamp, "token": token, "signature": signature}, "event-data": event}).encode()


def about(kind: str, **more: Any) -> dict[str, Any]:
    return {"event": kind, "recipient": "ann@example.com", "message": {"headers": {"message-id": OURS.strip("<>")}}, **more}


@pytest.mark.parametrize(
    ("event", "news"),
    [
        (about("delivered", **{"delivery-status": {"message": "OK"}}), (Delivery(OURS, MailStatus.DELIVERED, "ann@example.com", "OK"),)),
        (about("failed", severity="permanent", **{"delivery-status": {"message": "", "description": "No such user"}}), (Delivery(OURS, MailStatus.BOUNCED, "ann@example.com", "No such user"),)),
        (about("failed", severity="temporary"), ()),
        (about("opened"), ()),
        ({}, ()),
    ],
)  # fmt: skip
def test_mailgun_events(event: dict[str, Any], news: tuple[Delivery, ...]) -> None:
    body = mailgun(event)
    webhooks.verify_mailgun(body, "signing-key", NOW)
    assert webhooks.read_mailgun(body) == news


@pytest.mark.parametrize(
    ("body", "key", "now"),
    [
        (mailgun({}, "other"), "signing-key", NOW),
        (mailgun({}, ""), "", NOW),
        (mailgun({}), "signing-key", NOW + timedelta(days=2)),
        (mailgun({}, timestamp="nan"), "signing-key", NOW),
        (mailgun({}, timestamp="soon"), "signing-key", NOW),
        (b'{"event-data": {}}', "signing-key", NOW),
        (b"[]", "signing-key", NOW),
        (b"\xff", "signing-key", NOW),
        (b"[" * 100_000, "signing-key", NOW),
    ],
)
def test_mailgun_forgeries(body: bytes, key: str, now: datetime) -> None:
    with pytest.raises(Forged):
        webhooks.verify_mailgun(body, key, now)


# --- Amazon SES through SNS

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
ADDRESS = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"


@pytest.fixture(scope="module")
def amazon() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2027, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    return key, made.public_bytes(Encoding.PEM)


def sns(key: rsa.RSAPrivateKey, news: dict[str, Any], version: str = "2", **changed: str) -> bytes:
    message = {
        "Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Subject": "Amazon SES", "Message": json.dumps(news),
        "Timestamp": NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": version, "SigningCertURL": ADDRESS,
    }  # fmt: skip
    signed = "".join(f"{name}\n{message[name]}\n" for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"))
    algorithm: hashes.HashAlgorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    message["Signature"] = base64.b64encode(key.sign(signed.encode(), padding.PKCS1v15(), algorithm)).decode()
    return json.dumps(message | changed).encode()


MAIL = {"messageId": "ses-own-id", "headers": [{"name": "Message-ID", "value": OURS}], "commonHeaders": {"messageId": OURS}}
BOUNCED = {
    "notificationType": "Bounce", "mail": MAIL,
    "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "ann@example.com", "diagnosticCode": "smtp; 550"}]},
}  # fmt: skip


@pytest.mark.parametrize("version", ["1", "2"])
def test_ses_events(amazon: tuple[rsa.RSAPrivateKey, bytes], version: str) -> None:
    key, certificate = amazon
    body = sns(key, BOUNCED, version)
    assert webhooks.certificate_url(body) == ADDRESS
    webhooks.verify_ses(body, certificate, frozenset({TOPIC}), NOW)
    assert webhooks.read_ses(body) == (Delivery(OURS, MailStatus.BOUNCED, "ann@example.com", "smtp; 550"),)
    assert webhooks.read_ses(sns(key, {"eventType": "Delivery", "mail": MAIL})) == (Delivery(OURS, MailStatus.DELIVERED),)
    assert webhooks.read_ses(sns(key, {**BOUNCED, "bounce": {"bounceType": "Transient"}})) == ()
    assert webhooks.read_ses(sns(key, {"notificationType": "Bounce", "mail": {}, "bounce": 7})) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "{}"},
        {"TopicArn": "arn:aws:sns:eu-west-1:999999999999:mail"},
        {"SignatureVersion": "3"},
        {"Type": "UnsubscribeConfirmation"},
        {"Signature": ""},
        {"Timestamp": "2026-11-01T00:00:00.000Z"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef.pem"},
        {"SigningCertURL": "https://evil.example/SimpleNotificationService-0123456789abcdef.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0123456789abcdef.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/other.pem"},
    ],
)
def test_ses_forgeries(amazon: tuple[rsa.RSAPrivateKey, bytes], changed: dict[str, str]) -> None:
    key, certificate = amazon
    with pytest.raises(Forged):
        webhooks.verify_ses(sns(key, BOUNCED, **changed), certificate, frozenset({TOPIC}), NOW)


def test_the_twins_without_a_check_believe_the_forgery(amazon: tuple[rsa.RSAPrivateKey, bytes]) -> None:
    assert webhooks.read_mailgun(mailgun(about("delivered"), "other")) != ()
    assert webhooks.read_ses(sns(amazon[0], BOUNCED, Signature="")) != ()
    assert webhooks.read_sendgrid(json.dumps([{"event": "delivered", "smtp-id": OURS}]).encode()) != ()
