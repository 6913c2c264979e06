"""From "email … that I'm late" to a letter at a real mail server: questions, approval, edit, delay, undo, once. No model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from agents.email import Email
from agents.tools.email.log import DatabaseMailLog, MailStatus, mails_of
from agents.tools.email.send import Send
from agents.tools.email.server import MailServer
from orchestrator.contracts import Task, TaskState
from orchestrator.tasks import manager
from orchestrator.tasks.manager import NewTask
from storage.database import Database
from tests.actions.stage import Stage
from tests.servers import smtp
from tests.servers.smtp import Fault

MESSAGE = "email dentist@example.com that I'm late"


@pytest.fixture
def server() -> Iterator[smtp.MailServer]:
    with smtp.running() as opened:
        yield opened


def stage_of(database: Database, folder: Path, server: smtp.MailServer) -> Stage:
    return Stage(database, folder, agents=[Email()], tools=[Send(MailServer.read(server.url), DatabaseMailLog(database))])


async def ask_for(stage: Stage, text: str = MESSAGE) -> Task:
    new = NewTask("email_send", "email", stage.somebody.person.id, stage.somebody.chat_id, "en", title="email", text=text)

    def work(connection: sa.Connection) -> Task:
        return stage.runner.start(connection, manager.create(connection, new, stage.clock.now()), stage.somebody.person)

    task = await stage.database.write(work)
    await stage.pump()
    return task


def statuses(stage: Stage) -> list[MailStatus]:
    return [mail.status for mail in stage.database.read_now(lambda connection: mails_of(connection, stage.somebody.person.id))]


async def test_the_dentist_is_told_once(database: Database, tmp_path: Path, server: smtp.MailServer) -> None:
    stage = stage_of(database, tmp_path, server)
    task = await ask_for(stage)
    assert "Which subject?" in stage.heard()
    await stage.say("Running late")
    card = stage.cards()[-1]["text"]
    assert "dentist@example.com" in card and "Running late" in card and "I'm late" in card
    old = stage.token("Approve")
    await stage.press("Edit")
    await stage.say("body")
    await stage.say("I'm ten minutes late.")
    await stage.press("", token=old)
    assert stage.now(task).state is TaskState.AWAITING_APPROVAL and server.letters == []
    await stage.press("Approve")
    assert server.letters == [] and "10 seconds" in stage.heard()
    await stage.wait(seconds=11)
    (arrived,) = server.letters
    assert (arrived.recipients, arrived.message["Subject"], arrived.text) == (("dentist@example.com",), "Running late", "I'm ten minutes late.")
    assert stage.now(task).state is TaskState.COMPLETED
    assert "Sent to dentist@example.com: “Running late”" in stage.heard()
    await stage.wait(hours=1)
    assert (len(server.letters), statuses(stage)) == (1, [MailStatus.SENT])


@pytest.mark.parametrize(
    "said",
    [
        "make the subject: Lunch at twelve",
        "change the subject to Lunch at twelve",
        "ändere den Betreff in Lunch at twelve",
        "cambia el asunto a Lunch at twelve",
        "主题改成Lunch at twelve",
    ],
)
async def test_a_sentence_after_edit_goes_to_the_edit(database: Database, tmp_path: Path, server: smtp.MailServer, said: str) -> None:
    stage = stage_of(database, tmp_path, server)
    task = await ask_for(stage)
    await stage.say("Late")
    await stage.press("Edit")
    await stage.say(said)
    assert stage.now(task).state is TaskState.AWAITING_APPROVAL
    await stage.press("Approve")
    await stage.wait(seconds=11)
    assert [str(letter.message["Subject"]) for letter in server.letters] == ["Lunch at twelve"]


async def test_approve_after_edit_was_opened_shows_the_card_again(database: Database, tmp_path: Path, server: smtp.MailServer) -> None:
    stage = stage_of(database, tmp_path, server)
    await ask_for(stage)
    await stage.say("Late")
    old = stage.token("Approve")
    await stage.press("Edit")
    await stage.press("", token=old)
    assert server.letters == []
    await stage.press("Approve")
    await stage.wait(seconds=11)
    assert [letter.recipients for letter in server.letters] == [("dentist@example.com",)]


async def test_leaving_it_as_it_is_shows_the_card_again(database: Database, tmp_path: Path, server: smtp.MailServer) -> None:
    stage = stage_of(database, tmp_path, server)
    await ask_for(stage)
    await stage.say("Late")
    await stage.press("Edit")
    await stage.press("Leave it as it is")
    assert "Approve" in stage.buttons() and server.letters == []


async def test_undo_in_time_sends_nothing(database: Database, tmp_path: Path, server: smtp.MailServer) -> None:
    stage = stage_of(database, tmp_path, server)
    task = await ask_for(stage)
    await stage.say("Late")
    await stage.press("Approve")
    await stage.press("Undo")
    await stage.wait(seconds=60)
    assert (server.letters, statuses(stage)) == ([], [])
    assert stage.now(task).state is TaskState.FAILED and "was not sent" in stage.heard()


async def test_declined_is_not_sent(database: Database, tmp_path: Path, server: smtp.MailServer) -> None:
    stage = stage_of(database, tmp_path, server)
    await ask_for(stage)
    await stage.say("Late")
    await stage.press("Decline")
    await stage.wait(seconds=60)
    assert server.letters == [] and "was not sent" in stage.heard()


@pytest.mark.parametrize("fault", [Fault.BEFORE_250, Fault.BODY_LOST])
async def test_a_line_that_breaks_after_the_body_is_asked_about_and_not_repeated(
    database: Database, tmp_path: Path, server: smtp.MailServer, fault: Fault
) -> None:
    stage = stage_of(database, tmp_path, server)
    server.faults.append(fault)
    await ask_for(stage)
    await stage.say("Late")
    await stage.press("Approve")
    await stage.wait(seconds=11)
    await stage.wait(hours=1)
    assert len(server.letters) == (1 if fault is Fault.BEFORE_250 else 0)
    assert server.verbs.count("BODY") == 1
    assert "Sent to" not in stage.heard() and statuses(stage) == [MailStatus.UNKNOWN]


async def test_the_mail_servers_no_is_told(database: Database, tmp_path: Path, server: smtp.MailServer) -> None:
    stage = stage_of(database, tmp_path, server)
    server.answer("RCPT", "550 no such person")
    await ask_for(stage)
    await stage.say("Late")
    await stage.press("Approve")
    await stage.wait(seconds=11)
    assert "550 no such person" in stage.heard() and statuses(stage) == [MailStatus.FAILED]
