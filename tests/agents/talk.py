"""A conversation with the whole house on a database of its own: router, desk, agents, tools; only the channel is left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.app import House, build
from bot.settings import read
from orchestrator.business import BusinessFile, sample_text
from storage.models import ButtonRow, MessageRow, OutgoingRow, new_id
from tests.conftest import MovedClock
from tests.people import Somebody, settle


@dataclass
class Talk:
    """One person's chat. `say` gives the texts that came back; `files` and `buttons` those of the last reply."""

    house: House
    somebody: Somebody
    language: str = "en"
    last: list[Any] = field(default_factory=list)

    def say(self, text: str) -> str:
        return self._send("text", text, {})

    def press(self, label: str) -> str:
        """Press the newest button whose label holds these words."""
        query = sa.select(ButtonRow).where(ButtonRow.chat_id == self.somebody.chat_id, ButtonRow.spent_at.is_(None)).order_by(ButtonRow.created_at.desc())
        rows = self.house.database.read_now(lambda connection: connection.execute(query.with_only_columns(ButtonRow.token, ButtonRow.label)).all())
        newest = [token for card in reversed(self._cards()) for row in card["buttons"] for token in (b["token"] for b in row if label in b["label"])]
        live = {row.token for row in rows}
        token = next(token for token in newest if token in live)
        return self._send("button", "", {"token": token, "press_id": "1"})

    def buttons(self) -> list[str]:
        return [button["label"] for card in self.last for row in card["buttons"] for button in row]

    def files(self) -> list[dict[str, Any]]:
        return [file for card in self.last for file in card["files"]]

    def heard(self) -> str:
        """Everything this chat was ever told."""
        return "\n".join(card["text"] for card in self._cards())

    def _send(self, kind: str, text: str, payload: dict[str, Any]) -> str:
        before = len(self._cards())
        row = {
            "id": new_id(), "channel": "web", "platform_id": new_id(), "chat_id": self.somebody.chat_id, "person_id": self.somebody.person.id,
            "kind": kind, "text": text, "payload": payload, "received_at": self.house.clock.now(),
        }  # fmt: skip

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.insert(MessageRow), row)
            while self.house.desk.handle_next(connection, self.somebody.chat_id):
                pass

        self.house.database.write_now(work)
        self.last = self._cards()[before:]
        return "\n".join(card["text"] for card in self.last)

    def _cards(self) -> list[dict[str, Any]]:
        query = sa.select(OutgoingRow.card).where(OutgoingRow.chat_id == self.somebody.chat_id, OutgoingRow.kind != "toast").order_by(OutgoingRow.seq)
        return list(self.house.database.read_now(lambda connection: connection.execute(query).scalars().all()))


def open_house(folder: Path, clock: MovedClock, business: str = "") -> House:
    """The whole house with the sample business (or another one) on a fresh database; the router's cache is shared by the folder."""
    config = folder / f"{new_id()}.yaml"
    config.write_text(
        business or sample_text().replace("# zone: Europe/Berlin    # left out: this machine's time zone", "zone: Europe/Berlin"), encoding="utf-8"
    )
    settings = read(
        {
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/{new_id()}.db",
            "MAJORDOMO_CONFIG": str(config),
            "SMTP_URL": "smtp://127.0.0.1:9?from=house@example.com",
        }
    )
    return build(settings, clock=clock, business=BusinessFile(config))


def someone(house: House, *, role: str = "owner", language: str = "en", external: str = "local", zone: str | None = "Europe/Berlin") -> Talk:
    return Talk(house, settle(house.database, role=role, language=language, external=external, zone=zone), language)
