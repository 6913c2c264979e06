"""What became of mail: the doors of the providers, signed, forged, replayed and too large; notices in a real inbox; and /mail, which tells it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy.exc import OperationalError

from agents.email import Email
from agents.tools.email import webhooks
from agents.tools.email.delivery import note, read_report
from agents.tools.email.log import DatabaseMailLog, MailEntry, MailStatus, mails_of
from agents.tools.email.mailbox import MailboxServer
from agents.tools.email.send import Send
from agents.tools.email.server import MailServer
from bot.channels.web import WebChannel
from bot.mail_news import MailNews, ReturnedMail
from bot.settings import ConfigurationError, MailWebhookKeys, read
from bot.web.app import make_app
from bot.web.guard import Guard
from bot.web.mail_webhooks import MOST_BYTES, MailWebhooks
from orchestrator.contracts import Card as Said
from orchestrator.contracts import Done, Task
from orchestrator.triage import mails
from storage.database import Database
from tests.actions.stage import WORDS, Stage, errand
from tests.conftest import NOW, MovedClock
from tests.people import Somebody, replies, settle
from tests.servers import imap, smtp
from tests.tools.test_email_delivery import (  # noqa: F401 - `amazon` is a fixture
    ADDRESS,
    BOUNCED,
    FAILED,
    OURS,
    STAMP,
    TOPIC,
    about,
    amazon,
    mailgun,
    public,
    report,
    sns,
)

KEYS = MailWebhookKeys("", "signing-key", frozenset())


@pytest.fixture
async def sender(database: Database) -> Somebody:
    """Somebody whose letter has left."""
    somebody = settle(database)
    log = DatabaseMailLog(database)
    await log.record(MailEntry(somebody.person.id, "t", "k", ("ann@example.com",), (), (), "Late", "b", (), "mx.example.com", OURS), NOW)
    await log.update(OURS, MailStatus.SENT, "250", NOW)
    return somebody


def status(database: Database, somebody: Somebody) -> MailStatus:
    (kept,) = database.read_now(lambda connection: mails_of(connection, somebody.person.id))
    return kept.status


async def never(url: str) -> bytes:
    raise AssertionError(f"fetched {url}")


Door = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def door(database: Database, clock: MovedClock) -> AsyncIterator[Door]:
    opened: list[httpx.AsyncClient] = []

    def open_one(keys: MailWebhookKeys = KEYS, get: Callable[[str], Any] = never) -> httpx.AsyncClient:
        doors = MailWebhooks(keys, MailNews(database, clock, WORDS), get).doors()
        app = make_app(WebChannel(database, clock), database, Guard("secret"), doors)
        opened.append(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"))
        return opened[-1]

    yield open_one
    for client in opened:
        await client.aclose()


MAILGUN = "/webhooks/mail/mailgun"
CAME_BACK = about("failed", severity="permanent", **{"delivery-status": {"message": "550 no such user"}})


async def test_a_letter_that_came_back_is_noted_and_told_once(door: Door, database: Database, sender: Somebody) -> None:
    client = door()
    assert (await client.post(MAILGUN, content=mailgun(about("delivered")))).status_code == HTTPStatus.OK
    assert status(database, sender) is MailStatus.DELIVERED and replies(database, sender.chat_id) == []
    for _ in range(3):
        assert (await client.post(MAILGUN, content=mailgun(CAME_BACK))).status_code == HTTPStatus.OK
    assert status(database, sender) is MailStatus.BOUNCED
    [told] = replies(database, sender.chat_id)
    assert "ann@example.com" in told and "“Late”" in told and "550 no such user" in told and "/mail" in told


async def test_what_could_not_be_told_is_not_noted_either(door: Door, database: Database, sender: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away just then: the webhook is refused, comes again, and is told."""

    def away(news: MailNews, connection: sa.Connection, one: Any) -> None:
        raise OperationalError("COMMIT", None, Exception("the connection was closed"))

    client = door()
    with monkeypatch.context() as patched:
        patched.setattr(MailNews, "_tell", away)
        assert (await client.post(MAILGUN, content=mailgun(CAME_BACK))).status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert status(database, sender) is MailStatus.SENT
    assert (await client.post(MAILGUN, content=mailgun(CAME_BACK))).status_code == HTTPStatus.OK
    assert len(replies(database, sender.chat_id)) == 1


async def forged(client: httpx.AsyncClient, database: Database, sender: Somebody) -> None:
    for body in (mailgun(CAME_BACK, key="another"), mailgun(CAME_BACK, timestamp=str(int(STAMP) - 2 * 86400)), b"{}", b"\xff", b""):
        await client.post(MAILGUN, content=body)
    assert status(database, sender) is MailStatus.SENT, "what nobody had signed was believed"


async def test_what_is_forged_or_old_is_refused_and_changes_nothing(door: Door, database: Database, sender: Somebody) -> None:
    client = door()
    assert (await client.post(MAILGUN, content=mailgun(CAME_BACK, key="another"))).status_code == HTTPStatus.FORBIDDEN
    await forged(client, database, sender)
    assert replies(database, sender.chat_id) == []


async def test_without_the_signature_a_forgery_is_believed(door: Door, database: Database, sender: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "verify_mailgun", lambda body, key, now: None)
    with pytest.raises(AssertionError, match="nobody had signed"):
        await forged(door(), database, sender)


async def test_what_is_too_large_is_not_read(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "verify_mailgun", never)
    client = door()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100_000

    assert (await client.post(MAILGUN, content=b"x" * (MOST_BYTES + 1))).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert (await client.post(MAILGUN, content=endless())).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


async def test_a_provider_without_a_secret_has_no_door(door: Door) -> None:
    client = door()
    for name in ("sendgrid", "ses", "other"):
        assert (await client.post(f"/webhooks/mail/{name}", content=b"{}")).status_code == HTTPStatus.NOT_FOUND
    assert (await door(MailWebhookKeys()).post(MAILGUN, content=mailgun(CAME_BACK, key=""))).status_code == HTTPStatus.NOT_FOUND


async def test_sendgrid_signs_in_headers(door: Door, database: Database, sender: Somebody) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    body = json.dumps([{"email": "ann@example.com", "event": "bounce", "smtp-id": OURS, "reason": "550"}]).encode()
    signature = base64.b64encode(key.sign(STAMP.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    client = door(MailWebhookKeys(sendgrid=public(key)))
    signed = {"X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": STAMP}
    assert (await client.post("/webhooks/mail/sendgrid", content=body)).status_code == HTTPStatus.FORBIDDEN
    assert (await client.post("/webhooks/mail/sendgrid", content=body + b" ", headers=signed)).status_code == HTTPStatus.FORBIDDEN
    assert (await client.post("/webhooks/mail/sendgrid", content=body, headers=signed)).status_code == HTTPStatus.OK
    assert status(database, sender) is MailStatus.BOUNCED


async def test_amazon_is_known_by_its_certificate_and_our_topic(
    door: Door,
    database: Database,
    sender: Somebody,
    amazon: tuple[rsa.RSAPrivateKey, bytes],  # noqa: F811
) -> None:
    key, certificate = amazon
    fetched: list[str] = []

    async def get(url: str) -> bytes:
        fetched.append(url)
        return certificate

    client = door(MailWebhookKeys(ses_topics=frozenset({TOPIC})), get)
    others = sns(key, BOUNCED, TopicArn="arn:aws:sns:eu-west-1:666:theirs")
    elsewhere = sns(key, BOUNCED, SigningCertURL="https://evil.example/x.pem")
    for body in (others, elsewhere, b"[]"):
        assert (await client.post("/webhooks/mail/ses", content=body)).status_code == HTTPStatus.FORBIDDEN
    assert fetched == [], "nothing is fetched for what is not ours"
    for _ in range(2):
        assert (await client.post("/webhooks/mail/ses", content=sns(key, BOUNCED))).status_code == HTTPStatus.OK
    assert fetched == [ADDRESS] and status(database, sender) is MailStatus.BOUNCED


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"MAJORDOMO_MAIL_WEBHOOKS": "mailgun"}, "MAILGUN_SIGNING_KEY is missing"),
        ({"MAJORDOMO_MAIL_WEBHOOKS": "sendgrid, ses", "SENDGRID_WEBHOOK_KEY": "k"}, "SES_TOPICS is missing"),
        ({"MAJORDOMO_MAIL_WEBHOOKS": "ses", "SES_TOPICS": "mail"}, "SES_TOPICS has 'mail'"),
        ({"MAJORDOMO_MAIL_WEBHOOKS": "pigeon"}, "names 'pigeon'"),
    ],
)
def test_without_the_secret_there_is_no_start(environment: Mapping[str, str], fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        read(environment)


def test_with_it_there_is_one_and_it_is_not_shown() -> None:
    settings = read({"MAJORDOMO_MAIL_WEBHOOKS": "Mailgun", "MAILGUN_SIGNING_KEY": "very-secret"})
    assert settings.mail_webhooks.providers == ("mailgun",)
    assert "very-secret" not in repr(settings) and "very-secret" not in repr(settings.mail_webhooks)


# --- the inbox ---


@pytest.fixture(scope="module")
def inbox() -> Iterator[imap.ImapServer]:
    if imap.program() is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    with imap.running() as opened:
        yield opened


async def test_a_notice_in_the_inbox_is_found_noted_and_told(database: Database, tmp_path: Path, inbox: imap.ImapServer) -> None:
    """Given a letter that really left, when its notice comes back by mail, then the next look finds it, and it stays unread."""
    with smtp.running() as post:
        send = Send(MailServer.read(post.url), DatabaseMailLog(database), hold=0.0)

        async def letter(task: Task, context: Any) -> Done:
            await context.call("email.send", key="send", to=["Ann@example.com"], subject="Late", body="I come at five")
            return Done(Said("sent"))

        on = Stage(database, tmp_path, agents=[errand(letter), Email()], tools=[send])
        await on.begin()
        await on.press("Approve")
        [left] = post.letters
    news = ReturnedMail(MailboxServer.read(inbox.url()), MailNews(database, on.clock, WORDS))
    assert await news.look() == 0 and status(database, on.somebody) is MailStatus.SENT
    earlier = len(news.seen)
    inbox.append(report(FAILED, original=f"Message-ID: {left.message['Message-ID']}"))
    before = inbox.unread()
    assert await news.look() == 1
    assert status(database, on.somebody) is MailStatus.BOUNCED and inbox.unread() == before
    assert "552 mailbox full" in on.cards()[-1]["text"]
    told = len(on.cards())
    assert await news.look() == 0 and len(news.seen) == earlier + 1
    assert await ReturnedMail(news.server, news.news).look() == 0, "a start anew reads it again and tells nobody again"
    assert len(on.cards()) == told


async def test_an_inbox_that_is_away_is_looked_into_again_later(database: Database, clock: MovedClock) -> None:
    news = ReturnedMail(MailboxServer.read("imap://me:secret@127.0.0.1:1"), MailNews(database, clock, WORDS))
    assert await news.look() == 0


# --- /mail ---


@pytest.mark.parametrize(("language", "words"), [("en", "came back"), ("de", "zurückgekommen"), ("es", "devuelto"), ("zh", "被退回")])
async def test_the_log_is_told_in_the_person_s_language(database: Database, tmp_path: Path, language: str, words: str) -> None:
    on = Stage(database, tmp_path, agents=[], tools=[], somebody=settle(database, language=language))
    other = settle(database, external="other")
    log = DatabaseMailLog(database)
    for number, who in ((1, on.somebody), (2, other)):
        entry = MailEntry(
            who.person.id,
            "t",
            f"k{number}",
            ("ann@example.com",),
            ("bo@example.com",),
            (),
            f"Hello [{number}](http://evil.example) `x`",
            "b",
            (),
            "mx.example.com",
            f"<{number}@x>",
        )
        await log.record(entry, NOW)
        await log.update(f"<{number}@x>", MailStatus.SENT, "250", NOW)

    async def told(rest: str = "") -> str:
        await database.write(lambda connection: mails.show(on.turn(connection, "text", "/mail", {}, None), rest))
        return str(on.cards()[-1]["text"])

    await note(log, tuple(one for one in read_report(report(FAILED, original="Message-ID: <1@x>"))), NOW)
    text = await told()
    assert words in text and "ann@example.com, bo@example.com" in text and "mx.example.com" in text and "552 mailbox full" in text
    assert "[2]" not in text, "another person's letter"
    assert "`Hello [1](http://evil.example) ’x’`" in text, "a stranger's marks are not ours"
    assert words in await told("ann@") and words not in await told("carla")


async def test_nothing_sent_is_said_so(database: Database, tmp_path: Path) -> None:
    on = Stage(database, tmp_path, agents=[], tools=[])
    await database.write(lambda connection: mails.show(on.turn(connection, "text", "/mail", {}, None), ""))
    assert "No mail has been sent" in on.cards()[-1]["text"]
