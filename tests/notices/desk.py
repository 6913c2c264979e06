"""A desk for notices: people with preferences, a clock that is moved, the sweep, and what every place got."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import TaskState
from orchestrator.tasks import deliveries, digests, manager, notifications, outgoing, preferences
from orchestrator.tasks.manager import NewTask
from orchestrator.tasks.notifications import Notice
from orchestrator.tasks.places import Place, Places
from orchestrator.tasks.quiet_hours import QuietHours
from orchestrator.words import Catalogues
from storage.database import Database
from storage.models import ChatRow, MessageRow, NoticeDeliveryRow, NotificationRow, OutgoingRow, new_id
from storage.vault import FileKeys, Vault
from tests.conftest import MovedClock
from tests.people import Somebody, replies, settle

WORDS = Catalogues(strict=True)
DISCORD = "https://discord.com/api/webhooks/123456789012345678/Sekret-Tok3n_of_ada-that-nobody-may-see"


@dataclass
class Desk:
    database: Database
    clock: MovedClock
    places: Places

    def person(self, external: str = "local", **more: Any) -> Somebody:
        return settle(self.database, external=external, **more)

    def do(self, work: Any, *arguments: Any, **named: Any) -> Any:
        return self.database.write_now(lambda connection: work(connection, *arguments, **named))

    def night(self, somebody: Somebody, start: int = 22 * 60, end: int = 7 * 60) -> None:
        self.do(preferences.set_quiet, somebody.person.id, QuietHours(start, end), self.clock.now())

    def digest(self, somebody: Somebody, minutes: int | None = 8 * 60) -> None:
        self.do(preferences.set_digest, somebody.person.id, minutes, self.clock.now())

    def task(self, somebody: Somebody, state: TaskState = TaskState.FAILED) -> str:
        new = NewTask("errand", "errand", somebody.person.id, somebody.chat_id, somebody.person.language, title="An errand")
        return str(self.do(manager.create, new, self.clock.now(), state=state).id)

    def notify(self, somebody: Somebody, kind: str = "completed", title: str = "It is done", *, chat: str | None = None, how: Any = None, **more: Any) -> Any:
        envelope = outgoing.Envelope(somebody.chat_id if chat is None else chat, somebody.person.id, self.clock.now())
        notice = Notice(kind, title, f"{title}: the text", **more)
        return self.do(how or notifications.notify, envelope, notice, WORDS, somebody.person.language)

    def said(self, somebody: Somebody, chat: str = "", channel: str = "web") -> None:
        """The person writes something in a chat."""
        row = {
            "id": new_id(), "channel": channel, "platform_id": new_id(), "chat_id": chat or somebody.chat_id, "person_id": somebody.person.id, "kind": "text",
            "text": "hello", "state": "handled", "received_at": self.clock.now(),
        }  # fmt: skip
        self.do(lambda connection: connection.execute(sa.insert(MessageRow), row))

    def chat(self, somebody: Somebody, channel: str, external: str) -> str:
        made = new_id()
        row = {"id": made, "person_id": somebody.person.id, "channel": channel, "external_id": external, "created_at": self.clock.now()}
        self.do(lambda connection: connection.execute(sa.insert(ChatRow), row))
        return made

    def sweep(self) -> int:
        return int(self.do(digests.sweep, self.clock.now(), WORDS))

    def heard(self, somebody: Somebody) -> list[str]:
        return replies(self.database, somebody.chat_id)

    def buttons(self, somebody: Somebody) -> list[str]:
        """The labels of the last card."""
        query = sa.select(OutgoingRow.card).where(OutgoingRow.chat_id == somebody.chat_id, OutgoingRow.kind == "message").order_by(OutgoingRow.seq.desc())
        card = self.database.read_now(lambda connection: connection.execute(query.limit(1)).scalar_one())
        return [button["label"] for row in card["buttons"] for button in row]

    def rows(self, somebody: Somebody) -> list[Any]:
        query = sa.select(NotificationRow.__table__).where(NotificationRow.person_id == somebody.person.id).order_by(NotificationRow.id)
        return list(self.database.read_now(lambda connection: connection.execute(query).all()))

    def waiting(self, somebody: Somebody) -> int:
        return sum(row.waits_until is not None for row in self.rows(somebody))

    def deliveries(self, somebody: Somebody) -> list[Any]:
        query = sa.select(NoticeDeliveryRow.__table__).where(NoticeDeliveryRow.person_id == somebody.person.id).order_by(NoticeDeliveryRow.id)
        return list(self.database.read_now(lambda connection: connection.execute(query).all()))

    def to(self, somebody: Somebody, channel: str) -> list[str]:
        """The titles queued for a place."""
        return [row.payload["title"] for row in self.deliveries(somebody) if row.channel == channel]

    def discord(self, somebody: Somebody, url: str = DISCORD) -> Place:
        found: Place = self.do(self.places.add_discord, somebody.person.id, url, self.clock.now())
        return found

    def webhook(self, somebody: Somebody, url: str = "https://hooks.example.org/x?key=hidden", kinds: tuple[str, ...] = ()) -> tuple[Place, str]:
        found: tuple[Place, str] = self.do(self.places.add_webhook, somebody.person.id, url, self.clock.now(), kinds)
        return found

    def email(self, somebody: Somebody, address: str = "ada@example.org") -> Place:
        """Named and confirmed."""
        message = deliveries.Message(deliveries.CODE, "code", "{code}", self.clock.now())
        place = self.do(self.places.add_email, somebody.person.id, address, message, self.clock.now())
        code = self.do(self.places.code, place.id, self.clock.now())
        confirmed: Place = self.do(self.places.confirm_email, somebody.person.id, code, self.clock.now())
        assert confirmed is not None
        return confirmed


def desk_on(database: Database, folder: Path, clock: MovedClock, **more: Any) -> Desk:
    return Desk(database, clock, Places(Vault(FileKeys(folder / "keys" / "key")), mails=True, **more))
