"""Mail through a real SMTP server: it arrives once and whole, or it is said that it did not, or that nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pydantic
import pytest

from agents.tools.email import smtp as conversation
from agents.tools.email.address import normalised, parse
from agents.tools.email.compose import message_id
from agents.tools.email.log import DatabaseMailLog, MailEntry, MailStatus, counts, mails_of
from agents.tools.email.send import Arguments, Send, SendingLimits
from agents.tools.email.sent import ListSent
from agents.tools.email.server import Encryption, MailServer
from agents.tools.email.smtp import NoAnswer
from orchestrator.contracts import Role, ToolError, ToolScope, TransientError
from orchestrator.outside import Deed, Found, OutsideTool, Reconciling
from orchestrator.words import LANGUAGES, Catalogues
from storage.database import Database
from tests.conftest import NOW
from tests.people import settle
from tests.servers import smtp
from tests.servers.certificates import self_signed
from tests.servers.smtp import Fault
from tests.tools.outside import FakeOutside, outside

DENTIST = "dentist@example.com"


@dataclass
class Notebook:
    """A mail log that is a list."""

    entries: list[MailEntry] = field(default_factory=list)
    news: list[tuple[MailStatus, str]] = field(default_factory=list)
    tried_at: datetime | None = None

    async def record(self, entry: MailEntry, now: datetime) -> None:
        self.entries.append(entry)

    async def update(self, message_id: str, status: MailStatus, answer: str, now: datetime) -> bool:
        self.news.append((status, answer))
        return True

    async def status(self, effect_key: str) -> MailStatus | None:
        return self.news[-1][0] if self.news else None

    async def changed(self, effect_key: str) -> datetime | None:
        return self.tried_at


@pytest.fixture
def server() -> Iterator[smtp.MailServer]:
    with smtp.running() as opened:
        yield opened


@pytest.fixture
def hand(tmp_path: Path) -> FakeOutside:
    return outside(tmp_path / "files")


@pytest.fixture
def log() -> Notebook:
    return Notebook()


def tool(server: smtp.MailServer, log: Notebook, **given: Any) -> Send:
    return Send(MailServer.read(server.url), log, **given)


def letter(**given: Any) -> Arguments:
    return Arguments.model_validate({"to": [DENTIST], "subject": "I'm late", "body": "I'm late"} | given)


async def test_a_letter_arrives_once_and_whole(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    (hand.folder / "plan.pdf").write_bytes(b"%PDF-1.4 a plan")
    arguments = letter(
        to=["Zahnärztin Ö <Dentist@EXAMPLE.com>"], cc=["anna@example.com"], bcc=["secret@example.com"], subject="Später – 牙医",
        body="Grüße\n.\n..dots\nvon mir", html="<p>Grüße</p>", attachments=["plan.pdf"], reply_to="me@example.com",
    )  # fmt: skip
    result = await tool(server, log).act(hand, arguments)
    (arrived,) = server.letters
    assert arrived.recipients == ("Dentist@example.com", "anna@example.com", "secret@example.com")
    assert (arrived.text, arrived.message["Subject"]) == ("Grüße\n.\n..dots\nvon mir", "Später – 牙医")
    assert arrived.message["To"].addresses[0].display_name == "Zahnärztin Ö"
    assert (arrived.message["Reply-To"], arrived.message["From"]) == ("me@example.com", "house@example.com")
    assert b"secret@example.com" not in arrived.content
    files = {part.get_filename(): part.get_content() for part in arrived.message.iter_attachments()}
    assert files == {"plan.pdf": b"%PDF-1.4 a plan"}
    assert arrived.identity == message_id(hand.key, parse("house@example.com")) == result.value["message_id"]
    assert arrived.message["Date"].datetime == NOW
    assert (hand.doubts, log.news) == (1, [(MailStatus.SENT, "250 2.0.0 taken")])
    assert log.entries[0].bcc == ("secret@example.com",)
    assert result.value["recipients"] == ["dentist@example.com", "anna@example.com", "secret@example.com"]


async def test_the_doubt_begins_after_the_server_is_ready_and_before_a_byte_of_the_body(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    seen: list[list[str]] = []

    async def look() -> None:
        await asyncio.sleep(0.2)
        seen.append(list(server.verbs))

    hand.before_doubt = look
    await tool(server, log).act(hand, letter())
    assert seen == [["MAIL", "RCPT", "DATA"]]
    assert server.verbs == ["MAIL", "RCPT", "DATA", "BODY"]


async def test_who_is_stopped_at_the_last_moment_sends_nothing(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    async def stopped() -> None:
        raise RuntimeError("stopped")

    hand.before_doubt = stopped
    with pytest.raises(RuntimeError):
        await tool(server, log).act(hand, letter())
    await asyncio.sleep(0.2)
    assert server.letters == []


@pytest.mark.parametrize(
    ("verb", "answer", "error", "doubts"),
    [
        ("MAIL", "451 try later", TransientError, 0),
        ("MAIL", "550 you may not send", ToolError, 0),
        ("RCPT", "450 greylisted", TransientError, 0),
        (f"RCPT {DENTIST}", "550 no such person here", ToolError, 0),
        ("DATA", "452 disk full", TransientError, 0),
        ("DATA", "554 no", ToolError, 0),
        ("BODY", "554 this looks like spam", ToolError, 1),
        ("BODY", "451 cannot now", ToolError, 1),
    ],
)
async def test_the_servers_no_is_passed_on_in_its_words(
    server: smtp.MailServer, hand: FakeOutside, log: Notebook, verb: str, answer: str, error: type[Exception], doubts: int
) -> None:
    server.answer(verb, answer)
    with pytest.raises(error, match=answer):
        await tool(server, log).act(hand, letter())
    assert (server.letters, hand.doubts) == ([], doubts)
    assert [status for status, _ in log.news] == ([MailStatus.FAILED] if error is ToolError else [])


async def test_one_refused_recipient_ends_it_for_all(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    server.answer("RCPT anna@example.com", "550 unknown")
    with pytest.raises(ToolError, match=r"anna@example\.com"):
        await tool(server, log).act(hand, letter(cc=["anna@example.com"]))
    assert server.letters == []


@pytest.mark.parametrize(("fault", "doubts", "arrived"), [(Fault.BEFORE_354, 0, 0), (Fault.BEFORE_250, 1, 1), (Fault.BODY_LOST, 1, 0), (Fault.AFTER_250, 1, 1)])
async def test_a_line_that_breaks(server: smtp.MailServer, hand: FakeOutside, log: Notebook, fault: Fault, doubts: int, arrived: int) -> None:
    server.faults.append(fault)
    sending = tool(server, log).act(hand, letter())
    if fault is Fault.AFTER_250:
        await sending
        assert log.news == [(MailStatus.SENT, "250 2.0.0 taken")]
    else:
        with pytest.raises(NoAnswer if doubts else TransientError) as raised:
            await sending
        assert isinstance(raised.value, NoAnswer) is bool(doubts)
        assert [status for status, _ in log.news] == ([MailStatus.UNKNOWN] if doubts else [])
    assert (hand.doubts, len(server.letters)) == (doubts, arrived)


async def test_a_line_that_breaks_once_the_server_is_ready(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    server.faults.append(Fault.AFTER_354)
    with pytest.raises(NoAnswer):
        await tool(server, log).act(hand, letter())
    assert server.letters == []


async def test_silence_after_the_body_is_no_answer(server: smtp.MailServer, hand: FakeOutside, log: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "LAST_ANSWER_SECONDS", 0.3)
    server.faults.append(Fault.SILENT_AFTER_BODY)
    with pytest.raises(NoAnswer):
        await tool(server, log).act(hand, letter())
    assert len(server.letters) == 1


async def test_a_server_that_is_not_there_is_for_later(hand: FakeOutside, log: Notebook) -> None:
    with smtp.running() as gone:
        url = gone.url
    with pytest.raises(TransientError):
        await Send(MailServer.read(url), log).act(hand, letter())
    assert hand.doubts == 0


async def test_a_second_attempt_carries_the_same_message_id(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    server.answer("RCPT", "450 greylisted")
    sending = tool(server, log)
    with pytest.raises(TransientError):
        await sending.act(hand, letter())
    await sending.act(hand, letter())
    assert list(server.deliveries().values()) == [1]
    assert {entry.message_id for entry in log.entries} == {server.letters[0].identity}


# --- passwords and encryption


async def test_login_over_starttls(tmp_path: Path, hand: FakeOutside, log: Notebook) -> None:
    certificate = self_signed(tmp_path)
    with smtp.running(certificate, password="p@ss word") as opened:
        url = f"smtp://house%40example.com:p%40ss%20word@localhost:{opened.port}?tls=required&ca={certificate.chain}"
        await Send(MailServer.read(url), log).act(hand, letter())
    assert [(one.encrypted, one.user, one.sender) for one in opened.letters] == [(True, "house@example.com", "house@example.com")]


async def test_tls_from_the_first_byte(tmp_path: Path, hand: FakeOutside, log: Notebook) -> None:
    certificate = self_signed(tmp_path)
    with smtp.running(certificate, implicit=True) as opened:
        await Send(MailServer.read(f"smtps://localhost:{opened.port}?from=house@example.com&ca={certificate.chain}"), log).act(hand, letter())
    assert len(opened.letters) == 1


async def test_without_encryption_no_password_is_said(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    with smtp.running(password="secret") as opened:
        sending = Send(MailServer.read(f"smtp://me:secret@127.0.0.1:{opened.port}?from=house@example.com&tls=required"), log)
        with pytest.raises(ToolError, match="STARTTLS"):
            await sending.act(hand, letter())
    assert (opened.logins, opened.letters) == ([], [])


async def test_the_twin_that_does_not_ask_for_encryption_would_say_it(hand: FakeOutside, log: Notebook) -> None:
    with smtp.running(password="secret") as opened:
        await Send(MailServer.read(f"smtp://me:secret@127.0.0.1:{opened.port}?from=house@example.com"), log).act(hand, letter())
    assert opened.logins == [("me", "secret")]


async def test_a_strangers_certificate_is_refused(tmp_path: Path, hand: FakeOutside, log: Notebook) -> None:
    with smtp.running(self_signed(tmp_path), password="secret") as opened:
        sending = Send(MailServer.read(f"smtp://me:secret@localhost:{opened.port}?from=house@example.com&tls=required"), log)
        with pytest.raises(ToolError, match="certificate"):
            await sending.act(hand, letter())
    assert opened.logins == []


async def test_a_wrong_password_stands_in_no_error(hand: FakeOutside, log: Notebook) -> None:
    with smtp.running(password="right") as opened:
        server = MailServer.read(f"smtp://me:wr0ng-one@127.0.0.1:{opened.port}?from=house@example.com")
        with pytest.raises(ToolError, match="535") as raised:
            await Send(server, log).act(hand, letter())
    assert "wr0ng-one" not in f"{raised.value!r} {server!r} {log.news!r}"


@pytest.mark.parametrize(
    ("url", "encryption", "port", "sender"),
    [
        ("smtp://u:p@mail.example.com?from=a@example.com", Encryption.STARTTLS, 587, "a@example.com"),
        ("smtps://a%40example.com:p@MAIL.example.com", Encryption.IMPLICIT, 465, "a@example.com"),
        ("smtp://localhost:2525?from=a@example.com", Encryption.NONE, 2525, "a@example.com"),
        ("smtp://[::1]:2525?from=a@example.com", Encryption.NONE, 2525, "a@example.com"),
        ("smtp://127.0.0.1.example.com?from=a@example.com", Encryption.STARTTLS, 587, "a@example.com"),
    ],
)
def test_one_url_says_it_all(url: str, encryption: Encryption, port: int, sender: str) -> None:
    server = MailServer.read(url)
    assert (server.endpoint.encryption, server.endpoint.port, server.sender.spec) == (encryption, port, sender)


@pytest.mark.parametrize(
    "url",
    [
        "http://u:s3cret@x.example",
        "smtp://u:s3cret@x.example",
        "smtp://u:s3cret@x.example:port?from=a@b.example",
        "smtp://u:s3cret@x.example?from=a@b.example&tsl=no",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(ValueError) as raised:
        MailServer.read(url)
    assert "s3cret" not in str(raised.value)


# --- what may not get into a letter


@pytest.mark.parametrize(
    "broken",
    [
        {"subject": "hello\r\nBcc: everyone@example.com"},
        {"subject": "hello\nX: y"},
        {"subject": "hello\u2028there"},
        {"to": ["ann@example.com\r\nRCPT TO:<eve@example.com>"]},
        {"to": ["Ann\r\nBcc: x@example.com <ann@example.com>"]},
        {"to": ["ann@example.com>, <eve@example.com"]},
        {"to": ["ann@example.com, eve@example.com"]},
        {"to": ["boss@example.com <eve@evil.example>"]},
        {"to": ['"boss@example.com" <eve@evil.example>']},
        {"to": ["ann"]},
        {"to": []},
        {"reply_to": "x@example.com\nBcc: y@example.com"},
        {"body": "a\0b"},
        {"effect": "read"},
    ],
)
def test_what_would_break_a_header_open_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        letter(**broken)


async def test_a_body_cannot_end_the_letter_early(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    body = "hello\r\n.\r\nMAIL FROM:<house@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\nsmuggled\n.\nQUIT\r.\r"
    await tool(server, log).act(hand, letter(body=body))
    assert [one.recipients for one in server.letters] == [(DENTIST,)]
    assert server.letters[0].text.startswith("hello\n.\nMAIL FROM")


async def test_its_twin_without_doubled_dots_ends_early(server: smtp.MailServer, hand: FakeOutside, log: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "wire", lambda body: body + b".\r\n")
    await tool(server, log).act(hand, letter(body="hello\n.\nRCPT TO:<eve@example.com>"))
    assert "RCPT" not in server.letters[0].text


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/hostname", "link.txt", "", ".", "missing.txt", "folder", "a\0b"])
async def test_only_files_of_the_persons_folder_are_attached(server: smtp.MailServer, hand: FakeOutside, log: Notebook, path: str) -> None:
    (hand.folder.parent / "outside.txt").write_text("not yours")
    (hand.folder / "link.txt").symlink_to(hand.folder.parent / "outside.txt")
    (hand.folder / "folder").mkdir()
    with pytest.raises((ToolError, pydantic.ValidationError)):
        await tool(server, log).act(hand, letter(attachments=[path]))
    with pytest.raises(ToolError):
        await tool(server, log).act(hand, letter().model_copy(update={"attachments": [path]}))
    assert (server.verbs, hand.doubts) == ([], 0)


async def test_limits_of_recipients_and_size(hand: FakeOutside, log: Notebook) -> None:
    with smtp.running(size=1000) as small:
        sending = tool(small, log, limits=SendingLimits(recipients=2, bytes=5000))
        with pytest.raises(ToolError, match="at most 2"):
            sending.reach(letter(bcc=["a@example.com", "b@example.com"]))
        sending.reach(letter(bcc=["a@example.com", DENTIST.upper()]))
        with pytest.raises(ToolError, match="5000"):
            await sending.act(hand, letter(body="x" * 6000))
        with pytest.raises(ToolError, match="it takes 1000"):
            await sending.act(hand, letter(body="x" * 2000))
    assert hand.doubts == 0


# --- what people are asked, and what is kept


def test_reach_names_everybody_in_one_spelling(server: smtp.MailServer, log: Notebook) -> None:
    reach = tool(server, log).reach(
        letter(to=["Ann <Ann@Example.COM>"], cc=["bo@münchen.example"], bcc=["eve@example.com", "ANN@example.com"], attachments=["a.pdf"])
    )
    assert reach.recipients == ("ann@example.com", "bo@xn--mnchen-3ya.example", "eve@example.com")
    assert (reach.deed, reach.hosts, reach.files) == (Deed.MAIL, frozenset({"127.0.0.1"}), ("a.pdf",))


def test_lookalike_letters_are_seen(log: Notebook) -> None:
    assert normalised("ann@exаmple.com") == "ann@xn--exmple-4nf.com"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_preview_hides_nothing(server: smtp.MailServer, log: Notebook, language: str) -> None:
    words = Catalogues(strict=True)
    arguments = letter(
        cc=["anna@example.com"], bcc=["eve@example.com"], html="<b>other</b>", attachments=["a.pdf"], reply_to="me@example.com", body="line\n" * 500
    )
    preview = tool(server, log).preview(arguments, lambda message, /, **given: words(language, message, given))
    assert all(one in preview.summary for one in (DENTIST, "anna@example.com", "eve@example.com", "I'm late"))
    assert [value for _, value in preview.details] == [
        "house@example.com", DENTIST, "anna@example.com", "eve@example.com", "me@example.com", "I'm late", "line\n" * 500, "<b>other</b>", "a.pdf",
    ]  # fmt: skip


def test_it_is_a_tool_that_can_look_after_itself(server: smtp.MailServer, log: Notebook) -> None:
    sending: OutsideTool = tool(server, log)
    assert isinstance(sending, OutsideTool) and isinstance(sending, Reconciling)
    assert sending.arguments.model_json_schema()["additionalProperties"] is False
    with pytest.raises(ToolError, match="SMTP_URL"):
        Send(None, log).reach(letter())


async def test_the_log_keeps_what_became_of_a_letter(database: Database, server: smtp.MailServer, tmp_path: Path) -> None:
    somebody = settle(database)
    book = DatabaseMailLog(database)
    sending = Send(MailServer.read(server.url), book)
    hand = FakeOutside(somebody.person, tmp_path)
    server.answer("RCPT", "550 unknown")
    with pytest.raises(ToolError):
        await sending.act(hand, letter())
    assert await book.status(hand.key) is MailStatus.FAILED
    await sending.act(hand, letter())
    (kept,) = database.read_now(lambda connection: mails_of(connection, somebody.person.id))
    assert (kept.status, kept.entry.to, kept.entry.subject, kept.entry.body, kept.entry.provider) == (
        MailStatus.SENT, (DENTIST,), "I'm late", "I'm late", "127.0.0.1",
    )  # fmt: skip
    assert (kept.sent_at, kept.answer) == (NOW, "250 2.0.0 taken")
    assert await book.update(kept.entry.message_id, MailStatus.BOUNCED, "550 full", NOW)
    assert not await book.update(kept.entry.message_id, MailStatus.SENT, "", NOW)
    assert not await book.update("<nobody@example.com>", MailStatus.BOUNCED, "", NOW)
    scope = ToolScope(None, somebody.person, hand.task, NOW)
    listed = database.read_now(lambda connection: ListSent().run(replace(scope, connection=connection), ListSent.arguments()))
    assert [(one["to"], one["status"], one["answer"]) for one in listed] == [([DENTIST], "bounced", "550 full")]
    stranger = settle(database, external="stranger").person
    assert database.read_now(lambda connection: ListSent().run(replace(scope, connection=connection, person=stranger), ListSent.arguments())) == []
    assert database.read_now(lambda connection: counts(connection, datetime(2026, 1, 1, tzinfo=UTC))) == {MailStatus.BOUNCED: 1}


async def test_a_repetition_that_is_refused_does_not_make_the_first_attempt_unsent(database: Database, server: smtp.MailServer, tmp_path: Path) -> None:
    book = DatabaseMailLog(database)
    hand = FakeOutside(settle(database).person, tmp_path)
    sending = Send(MailServer.read(server.url), book)
    server.faults.append(Fault.BEFORE_250)
    server.answer("RCPT", "250 OK", "550 unknown")
    with pytest.raises(NoAnswer):
        await sending.act(hand, letter())
    with pytest.raises(ToolError):
        await sending.act(hand, letter())
    assert await book.status(hand.key) is MailStatus.UNKNOWN
    await sending.act(hand, letter())
    assert await book.status(hand.key) is MailStatus.SENT


async def test_guests_send_nothing(server: smtp.MailServer, hand: FakeOutside, log: Notebook) -> None:
    hand.person = replace(hand.person, role=Role.GUEST)
    with pytest.raises(ToolError, match="guests"):
        await tool(server, log).act(hand, letter())
    assert (server.verbs, log.entries) == ([], [])


@dataclass
class Folders:
    """A mailbox that shows, or does not show, a mail."""

    shows: Found | Exception

    async def look(self, identity: str) -> Found:
        if isinstance(self.shows, Exception):
            raise self.shows
        return self.shows


@pytest.mark.parametrize(
    ("known", "shows", "found"),
    [
        (MailStatus.SENT, Found.UNKNOWN, Found.DONE),
        (MailStatus.FAILED, Found.UNKNOWN, Found.NOT_DONE),
        (MailStatus.UNKNOWN, Found.DONE, Found.DONE),
        (MailStatus.UNKNOWN, Found.NOT_DONE, Found.NOT_DONE),
        (MailStatus.UNKNOWN, Found.UNKNOWN, Found.UNKNOWN),
        (None, TransientError("away"), Found.UNKNOWN),
        (MailStatus.QUEUED, None, Found.UNKNOWN),
    ],
)
async def test_after_a_crash_the_log_and_the_folders_are_asked(
    server: smtp.MailServer, hand: FakeOutside, log: Notebook, known: MailStatus | None, shows: Any, found: Found
) -> None:
    log.news = [(known, "")] if known else []
    log.tried_at = hand.now - timedelta(minutes=15)
    sending = tool(server, log, traces=Folders(shows) if shows is not None else None)
    reconciled = await sending.reconcile(hand, letter())
    assert reconciled.found is found
    assert (reconciled.result is not None) is (found is Found.DONE)
    assert server.letters == []


@pytest.mark.parametrize("minutes", [0, 1, 14])
async def test_a_letter_that_is_not_filed_yet_is_not_taken_for_unsent(server: smtp.MailServer, hand: FakeOutside, log: Notebook, minutes: int) -> None:
    """Providers file late: right after the doubt, absence from the folder of sent mail proves nothing, and sending again would send twice."""
    log.news, log.tried_at = [(MailStatus.UNKNOWN, "")], hand.now - timedelta(minutes=minutes)
    sending = tool(server, log, traces=Folders(Found.NOT_DONE))
    assert (await sending.reconcile(hand, letter())).found is Found.UNKNOWN
    assert log.news == [(MailStatus.UNKNOWN, "")], "looking again makes the doubt no younger"
