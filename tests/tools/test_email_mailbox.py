"""A mailbox on a real Dovecot: searched and read without a trace, as the right person, with strangers' words named as theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pydantic
import pytest

from agents.tools.email import content
from agents.tools.email.address import CONTROL
from agents.tools.email.delivery import CheckBounces
from agents.tools.email.log import DatabaseMailLog, MailStatus, mails_of
from agents.tools.email.mailbox import MailboxServer, decoded_folder, encoded_folder, quoted
from agents.tools.email.reading import Mailboxes, MailboxTraces, Mark, Read, SaveAttachment, Search
from agents.tools.email.send import Arguments, Send
from agents.tools.email.server import Encryption, MailServer
from orchestrator.contracts import Role, ToolError, TransientError
from orchestrator.outside import Deed, Found, OutsideTool, Secret
from storage.database import Database
from tests.people import settle
from tests.servers import imap, smtp
from tests.servers.imap import ImapServer
from tests.servers.smtp import Fault
from tests.tools.outside import PERSON, FakeOutside, outside

pytestmark = pytest.mark.skipif(imap.program() is None, reason="Dovecot is not installed: apt-get install dovecot-imapd")


@pytest.fixture(scope="module")
def running() -> Iterator[ImapServer]:
    with imap.running() as opened:
        yield opened


@pytest.fixture
def server(running: ImapServer) -> ImapServer:
    """The same server for all, with both accounts emptied."""
    for user in (imap.USER, imap.OTHERS):
        with running.session(user) as connection:
            for folder in ("INBOX", running.sent):
                _, (count,) = connection.select(f'"{folder}"')
                if count == b"0":
                    continue
                connection.store("1:*", "+FLAGS", r"(\Deleted)")
                connection.expunge()
    return running


@pytest.fixture
def hand(tmp_path: Path) -> FakeOutside:
    return outside(tmp_path / "files")


def house(server: ImapServer) -> Mailboxes:
    return Mailboxes(MailboxServer.read(server.url()))


def mail(subject: str = "Hello", text: str = "How are you?", sender: str = "Ann <ann@example.com>", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Date"] = sender, imap.USER, subject, "Fri, 20 Nov 2026 18:00:00 +0100"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


async def search(mailboxes: Mailboxes, hand: FakeOutside, **given: Any) -> Any:
    found = Search(mailboxes)
    return await found.act(hand, found.arguments.model_validate(given))


async def test_mails_are_found_newest_first_and_stay_unread(server: ImapServer, hand: FakeOutside) -> None:
    server.append(mail("Old", sender="bo@example.com"), seen=True)
    server.append(mail("Rechnung über Äpfel 苹果", "Bitte zahlen."))
    server.append(mail("Offer"))
    result = await search(house(server), hand)
    assert [one["subject"] for one in result.value["mails"]] == ["Offer", "Rechnung über Äpfel 苹果", "Old"]
    assert (result.private, result.source) == (True, "mail from ann@example.com, bo@example.com")
    first = result.value["mails"][0]
    assert (first["from"], first["to"], first["date"], first["unread"]) == ("Ann <ann@example.com>", imap.USER, "2026-11-20T17:00:00+00:00", True)
    read = await Read(house(server)).act(hand, Read.arguments(id=first["id"]))
    assert (read.value["text"], read.private, read.source) == ("How are you?", True, "mail from ann@example.com")
    assert server.unread() == 2


@pytest.mark.parametrize(
    ("given", "subjects"),
    [
        ({"unread": True}, ["b"]),
        ({"sender": "bo@"}, ["Grüße"]),
        ({"subject": "grüße"}, ["Grüße"]),
        ({"text": "苹果"}, ["b"]),
        ({"text": 'say "hi" \\ there'}, ["b"]),
        ({"since": "2099-01-01"}, []),
        ({"since": "2020-01-01", "limit": 1}, ["b"]),
        ({"mailbox": "Sent"}, []),
    ],
)
async def test_what_is_searched_for(server: ImapServer, hand: FakeOutside, given: dict[str, Any], subjects: list[str]) -> None:
    server.append(mail("Grüße", sender="bo@example.com"), seen=True)
    server.append(mail("b", '苹果 say "hi" \\ there'))
    result = await search(house(server), hand, **given)
    assert [one["subject"] for one in result.value["mails"]] == subjects


@pytest.mark.parametrize("evil", ['x"\r\na2 DELETE INBOX', "x\na2 LOGOUT", "x\0y"])
async def test_a_search_cannot_become_a_command(server: ImapServer, hand: FakeOutside, evil: str) -> None:
    server.append(mail())
    for field in ("text", "sender", "subject", "mailbox"):
        with pytest.raises(ToolError):
            await search(house(server), hand, **{field: evil})
    assert server.unread() == 1


async def test_html_is_told_as_text_with_true_addresses(server: ImapServer, hand: FakeOutside) -> None:
    message = mail()
    message.set_content(
        "<html><head><title>t</title><style>p{}</style></head><body><h1>Hi&nbsp;you</h1><p>Pay <a href='https://evil.example/x'>your bank</a> now</p>"
        "<script>alert(1)</script><ul><li>one</li><li>two</li></ul><img alt='a logo' src='https://t.example/p.gif'></body></html>",
        subtype="html",
    )
    server.append(message)
    (found,) = (await search(house(server), hand)).value["mails"]
    read = await Read(house(server)).act(hand, Read.arguments(id=found["id"]))
    assert read.value["text"] == "Hi you\n\nPay your bank (https://evil.example/x) now\n\none\n\ntwo\n\n[a logo]"


async def test_attachments_are_listed_and_saved_on_request(server: ImapServer, hand: FakeOutside) -> None:
    message = mail()
    message.add_attachment(b"\x00\x01 bytes", maintype="application", subtype="pdf", filename="../../etc/Rech;nung 1.pdf")
    message.add_attachment(mail("inner").as_bytes(), maintype="application", subtype="octet-stream", filename="")
    server.append(message)
    (found,) = (await search(house(server), hand)).value["mails"]
    read = await Read(house(server)).act(hand, Read.arguments(id=found["id"]))
    names = [(one["number"], one["name"], one["bytes"]) for one in read.value["attachments"]]
    assert names[0] == (1, "Rech_nung 1.pdf", 8)
    assert list(hand.folder.iterdir()) == []
    saving = SaveAttachment(house(server))
    arguments = saving.arguments(id=found["id"], number=1, name="bills/november.pdf")
    assert saving.reach(arguments).deed is Deed.OWN
    for _ in range(2):
        saved = await saving.act(hand, arguments)
    assert (hand.folder / "bills/november.pdf").read_bytes() == b"\x00\x01 bytes"
    assert (saved.source, saved.private) == ("mail from ann@example.com", True)
    with pytest.raises(ToolError, match="none with the number 9"):
        await saving.act(replace(hand, key="f" * 32), saving.arguments(id=found["id"], number=9, name="x.pdf"))
    with pytest.raises(pydantic.ValidationError):
        saving.arguments(id=found["id"], number=1, name="../x.pdf")
    assert server.unread() == 1


async def test_marking_is_a_tool_of_its_own_and_can_be_undone(server: ImapServer, hand: FakeOutside) -> None:
    server.append(mail())
    (found,) = (await search(house(server), hand)).value["mails"]
    marking = Mark(house(server))
    done = await marking.act(hand, marking.arguments(id=found["id"], read=True))
    assert server.unread() == 0 and done.undo is not None and done.undo.tool == "email.mark"
    again = await marking.act(hand, marking.arguments(id=found["id"], read=True))
    assert again.undo is None
    await marking.act(hand, marking.arguments.model_validate(done.undo.arguments))
    assert server.unread() == 1


async def test_a_mail_that_is_gone_is_said_to_be(server: ImapServer, hand: FakeOutside) -> None:
    for identity in ("1.1", "9999999999.1"):
        with pytest.raises(ToolError, match="search again"):
            await Read(house(server)).act(hand, Read.arguments(id=identity))
    with pytest.raises(ToolError, match="no folder"):
        await search(house(server), hand, mailbox="Nowhere")


# --- whose mailbox


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST])
async def test_only_the_owner_reads_the_houses_mailbox(server: ImapServer, hand: FakeOutside, role: Role) -> None:
    hand.person = replace(PERSON, role=role)
    with pytest.raises(ToolError, match="owner"):
        await search(house(server), hand)


async def test_a_persons_own_account_is_opened_with_their_credential(server: ImapServer, hand: FakeOutside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.chain))
    url = f"imaps://localhost:{server.secure_port}"
    hand.person = replace(PERSON, role=Role.MEMBER)
    hand.secrets = {("cred://1", url): Secret({"username": imap.OTHERS, "password": imap.PASSWORD})}
    server.append(mail("for the other"), user=imap.OTHERS)
    found = Search(Mailboxes())
    arguments = found.arguments(credential="cred://1", server=url.upper().replace("IMAPS", "imaps"))
    assert found.reach(arguments).credential == "cred://1" and found.reach(arguments).hosts == {"localhost"}
    result = await found.act(hand, arguments)
    assert [one["subject"] for one in result.value["mails"]] == ["for the other"]
    assert imap.PASSWORD not in repr(result) and hand.tries == [("cred://1", True)]
    hand.secrets = {("cred://1", url): Secret({"username": imap.OTHERS, "password": "wr0ng"})}
    with pytest.raises(ToolError, match="refused the login"):
        await found.act(hand, arguments)
    assert hand.tries[1:] == [("cred://1", False)]


async def test_a_credential_goes_to_no_other_server(server: ImapServer, hand: FakeOutside) -> None:
    hand.secrets = {("cred://1", "imaps://imap.example.com:993"): Secret({"username": imap.USER, "password": imap.PASSWORD})}
    found = Search(Mailboxes())
    with pytest.raises(ToolError, match="not for this address"):
        await found.act(hand, found.arguments(credential="cred://1", server=f"imaps://localhost:{server.secure_port}"))
    for strange in ("imap://imap.example.com", "imaps://me:pw@imap.example.com", "imaps://imap.example.com/x", "https://imap.example.com"):
        with pytest.raises(pydantic.ValidationError):
            found.arguments(credential="cred://1", server=strange)
    with pytest.raises(pydantic.ValidationError):
        found.arguments(server="imaps://imap.example.com")


async def test_without_a_mailbox_it_says_so(hand: FakeOutside) -> None:
    with pytest.raises(ToolError, match="IMAP_URL"):
        Search(Mailboxes()).reach(Search.arguments())


async def test_passwords_need_encryption_and_stay_out_of_errors(hand: FakeOutside) -> None:
    with imap.running(strict=True) as strict:
        encrypted = Mailboxes(MailboxServer.read(strict.secure_url()))
        assert (await search(encrypted, hand)).value["count"] == 0
        upgraded = Mailboxes(MailboxServer.read(strict.url(f"?tls=required&ca={strict.certificate.chain}")))
        assert (await search(upgraded, hand)).value["count"] == 0
        with pytest.raises(ToolError, match="certificate"):
            await search(Mailboxes(MailboxServer.read(strict.url("?tls=required"))), hand)
        wrong = MailboxServer.read(strict.secure_url().replace("p%40ss%20word", "wr0ng"))
        with pytest.raises(ToolError, match="refused the login") as raised:
            await search(Mailboxes(wrong), hand)
        assert "wr0ng" not in f"{raised.value!r}{raised.value.__cause__!r}{wrong!r}"
    with pytest.raises(TransientError):
        await search(encrypted, hand)
    assert MailboxServer.read("imap://me:x@imap.example.com").endpoint.encryption is Encryption.STARTTLS


# --- after a crash, and after a bounce


@pytest.mark.parametrize(
    ("folder", "options", "found"),
    [
        ("Sent", "", Found.DONE),
        ("INBOX", "", Found.DONE),
        ("", "", Found.UNKNOWN),
        ("", "?files_sent=yes", Found.NOT_DONE),
        ("", "?sent=Nowhere", Found.UNKNOWN),
    ],
)
async def test_a_sent_mail_is_looked_for(server: ImapServer, folder: str, options: str, found: Found) -> None:
    if folder:
        server.append(mail(Message_ID="<abc@example.com>"), folder)
    server.append(mail(Message_ID="<abc2@example.com>"))
    assert await MailboxTraces(MailboxServer.read(server.url(options))).look("<abc@example.com>") is found


async def test_a_mail_of_unknown_outcome_is_found_in_the_sent_folder(server: ImapServer, hand: FakeOutside, database: Database) -> None:
    somebody = settle(database)
    hand.person = somebody.person
    arguments = Arguments(to=["ann@example.com"], subject="s", body="b")
    with smtp.running() as outgoing:
        sending = Send(MailServer.read(outgoing.url), DatabaseMailLog(database), MailboxTraces(MailboxServer.read(server.url())))
        outgoing.faults.append(Fault.BEFORE_250)
        with pytest.raises(TransientError):
            await sending.act(hand, arguments)
        assert (await sending.reconcile(hand, arguments)).found is Found.UNKNOWN
        server.append(outgoing.letters[0].content, "Sent", seen=True)
        found = await sending.reconcile(hand, arguments)
        assert found.found is Found.DONE and found.result is not None
    (kept,) = database.read_now(lambda connection: mails_of(connection, somebody.person.id))
    assert (kept.status, kept.entry.message_id) == (MailStatus.SENT, found.result.value["message_id"])
    report = BOUNCE.replace("<abc@example.com>", kept.entry.message_id)
    server.append(report.encode())
    checking = CheckBounces(house(server), DatabaseMailLog(database))
    result = await checking.act(hand, checking.arguments())
    assert result.value["changed"] == [
        {"message_id": kept.entry.message_id, "status": "bounced", "recipient": "ann@example.com", "reason": "smtp; 550 5.1.1 no such user"}
    ]
    assert (await checking.act(hand, checking.arguments())).value == {"checked": 1, "changed": []}
    assert server.unread() == 1


BOUNCE = """From: MAILER-DAEMON@mx.example.com
To: house@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system. Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ann@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

From: house@example.com
To: ann@example.com
Message-ID: <abc@example.com>
Subject: s

--b--
"""


# --- what comes in broken


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: =?no-such?q?x?=\r\nSubject: =?utf-8?b?!!!?=\r\nDate: soon\r\n\r\nx",
        b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff",
        b"Content-Type: text/plain; charset=idna\r\n\r\na..b\xff",
        b"Content-Type: text/plain; charset=undefined\r\n\r\nx",
        b"Content-Type: text/html; charset=punycode\r\n\r\n<p>\xff",
        b"Content-Type: text/plain; charset=a\x00b\r\n\r\nx",
        b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename*=punycode''%ff%ff\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n--b--",
        b"Content-Type: text/html\r\n\r\n<script>never closed <p>x",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
        b"From: a@b\r\nFrom: c@d\r\nSubject: x\r\n y\x00z\x1b[31m\r\n\r\n" + b"x" * 60_000,
    ],
)
def test_broken_mails_are_read_as_far_as_they_go(raw: bytes) -> None:
    read = content.read(raw)
    assert len(read.text) <= content.LONGEST_TEXT and not CONTROL.search(read.headers.subject)
    assert read.cut is (len(raw) > 50_000)


@pytest.mark.parametrize("name", ["INBOX", "Gesendet", "Entwürfe", "已发送", "R&D", "a/ü&b"])
def test_folder_names_travel_both_ways(name: str) -> None:
    assert encoded_folder(name).isascii() and decoded_folder(encoded_folder(name)) == name
    assert encoded_folder("Entwürfe") == "Entw&APw-rfe" and encoded_folder("R&D") == "R&-D"


def test_quoting() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'


def test_they_are_tools(running: ImapServer) -> None:
    for kind in (Search, Read, SaveAttachment, Mark):
        tool: OutsideTool = kind(house(running))
        assert tool.arguments.model_json_schema()["additionalProperties"] is False
