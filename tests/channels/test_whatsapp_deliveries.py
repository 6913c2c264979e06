"""Failures that WhatsApp tells later: settled whatever has become of the message, and never lost between two writers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.whatsapp import deliveries
from bot.channels.whatsapp.deliveries import Accepted
from bot.channels.whatsapp.intake import Status
from bot.channels.whatsapp.wire import PAIR_RATE
from bot.outbox_rows import AMBIGUOUS, FAILED, QUEUED, RETRY, SENDING, SENT, SUPERSEDED, WAITING
from orchestrator.contracts import Card
from orchestrator.tasks import outgoing
from storage.database import Database
from storage.models import OutgoingRow, WhatsAppDeliveryRow
from tests.conftest import NOW
from tests.people import settle

LATER, NEVER = PAIR_RATE, 131026
"""A failure after which trying again helps, and one after which it does not."""


@dataclass
class Post:
    """A message in two parts, of which the first was taken by the platform as `wamid`."""

    database: Database
    id: str

    def stands(self, state: str, sent_parts: tuple[str, ...] = ("wamid",)) -> None:
        card = {"text": "long", "sent_parts": list(sent_parts)}
        self.do(lambda connection: connection.execute(sa.update(OutgoingRow).where(OutgoingRow.id == self.id).values(state=state, card=card)))

    def do(self, work: Any) -> Any:
        return self.database.write_now(work)

    @property
    def row(self) -> Any:
        query = sa.select(OutgoingRow.state, OutgoingRow.card).where(OutgoingRow.id == self.id)
        return self.database.read_now(lambda connection: connection.execute(query).one())

    @property
    def told(self) -> Any:
        return self.database.read_now(lambda connection: connection.execute(sa.select(WhatsAppDeliveryRow.__table__)).one())

    @property
    def unsettled(self) -> bool:
        return bool(self.database.read_now(deliveries.unsettled))

    @property
    def accepted(self) -> Accepted:
        return Accepted("wamid", "chat", self.id)


def failure(code: int = LATER) -> Status:
    return Status(platform_id="wamid", state="failed", at=NOW, code=code, detail="told later")


@pytest.fixture
def post(database: Database) -> Post:
    ada = settle(database, channel="whatsapp", external="491")
    envelope = outgoing.Envelope(ada.chat_id, ada.person.id, NOW)
    return Post(database, database.write_now(lambda connection: outgoing.post(connection, envelope, Card("long"))))


@pytest.mark.parametrize(
    ("state", "code", "after"),
    [
        (SENT, LATER, RETRY), (QUEUED, LATER, RETRY), (RETRY, LATER, RETRY), (WAITING, LATER, WAITING), (WAITING, NEVER, FAILED), (RETRY, NEVER, FAILED),
        (AMBIGUOUS, LATER, AMBIGUOUS), (SUPERSEDED, LATER, SUPERSEDED), (FAILED, LATER, FAILED),
    ],
)  # fmt: skip
def test_a_failure_is_settled_wherever_the_message_stands(state: str, code: int, after: str, post: Post) -> None:
    """What stays unsettled is looked at twice a second, for ever."""
    post.stands(state)
    post.do(lambda connection: deliveries.accepted(connection, post.accepted, NOW))
    post.do(lambda connection: deliveries.note(connection, [failure(code)], NOW))
    assert post.row.state == after and not post.unsettled
    assert post.row.card["sent_parts"] == ([] if after in (RETRY, WAITING) else ["wamid"])


def test_while_a_later_part_leaves_it_is_put_off(post: Post) -> None:
    post.stands(SENDING)
    post.do(lambda connection: deliveries.accepted(connection, post.accepted, NOW))
    post.do(lambda connection: deliveries.note(connection, [failure()], NOW))
    assert post.row.state == SENDING and post.unsettled
    post.stands(SENT, ("wamid", "second"))
    assert post.do(lambda connection: deliveries.settle(connection, NOW)) == 1
    assert post.row.state == RETRY and not post.unsettled


def test_what_moved_on_since_it_was_read_is_not_written_over(post: Post) -> None:
    post.stands(QUEUED)
    post.do(lambda connection: deliveries.accepted(connection, post.accepted, NOW))
    read = OutgoingRow(state=QUEUED, card={"sent_parts": ["wamid"]}, attempts=0)
    told = replace_told(post)
    post.stands(SENDING)
    assert post.do(lambda connection: deliveries._back(connection, told, read, NOW)) is False
    assert post.row.state == SENDING and post.row.card["sent_parts"] == ["wamid"]


def replace_told(post: Post) -> Any:
    """The row as it is read after a failure was told."""
    post.do(lambda connection: connection.execute(sa.update(WhatsAppDeliveryRow).values(state="failed", code=LATER, settled=False)))
    return post.told


@pytest.mark.parametrize("states", [("failed",), ("sent", "failed"), ("failed", "sent"), ("failed", "failed")])
def test_a_status_that_comes_before_our_own_note_is_not_lost(states: tuple[str, ...], post: Post) -> None:
    post.stands(SENT)
    for state in states:
        post.do(lambda connection, state=state: deliveries.note(connection, [replace(failure(), state=state)], NOW))
    assert post.do(lambda connection: deliveries.accepted(connection, post.accepted, NOW)), "a failure waits to be acted upon"
    post.do(lambda connection: deliveries.settle(connection, NOW))
    assert (post.told.state, post.told.outgoing_id, post.row.state) == ("failed", post.id, RETRY)


@pytest.mark.parametrize("first", ["accepted", "told"])
def test_a_status_and_our_note_in_the_same_moment_are_both_kept(first: str, post: Post) -> None:
    """On Postgres two writers meet: the later one waits for the row and adds to it."""
    if post.database.is_sqlite:
        pytest.skip("SQLite has one writer: two cannot meet; the case runs on Postgres")
    post.stands(SENT)
    works: list[Any] = [
        lambda connection: deliveries.accepted(connection, post.accepted, NOW),
        lambda connection: deliveries.note(connection, [failure()], NOW),
    ]
    if first == "told":
        works.reverse()
    failed: list[BaseException] = []

    def second() -> None:
        try:
            with post.database.engine.begin() as connection:
                works[1](connection)
        except BaseException as error:
            failed.append(error)

    with post.database.engine.begin() as connection:
        works[0](connection)
        thread = threading.Thread(target=second)
        thread.start()
        waits = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        while thread.is_alive() and not post.do(lambda beside: beside.execute(waits).scalar()):
            thread.join(0.02)
    thread.join()
    assert failed == []
    post.do(lambda connection: deliveries.settle(connection, NOW))
    assert (post.told.state, post.told.outgoing_id, post.row.state) == ("failed", post.id, RETRY)
