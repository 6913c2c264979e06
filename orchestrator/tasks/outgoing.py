"""Replies are written here, in the transaction that earned them. `bot/outbox.py` only delivers what stands here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Action, Attachment, Button, Card
from storage.models import ButtonRow, EventRow, OutgoingRow, new_id
from storage.signals import announce

TOPIC = "outbox"
MESSAGE, STATUS, EDIT, TOAST, REMOVE = "message", "status", "edit", "toast", "remove"
TOKEN_BYTES = 16
"""128 random bits: a button carries nothing else."""

_insert_outgoing = sa.insert(OutgoingRow)
_insert_button = sa.insert(ButtonRow)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a card goes and what it belongs to."""

    chat_id: str
    person_id: str
    now: datetime
    task_id: str | None = None
    message_id: str | None = None


def post(connection: sa.Connection, envelope: Envelope, card: Card) -> str:
    """Queue a card for delivery; returns the outgoing id."""
    return _queue(connection, envelope, card, STATUS if card.status_key else MESSAGE, card.status_key)


def revise(connection: sa.Connection, envelope: Envelope, outgoing_id: str, card: Card) -> str:
    """Queue an edit of a card sent earlier; where the channel cannot edit, nothing is shown. Spends its old buttons."""
    spend(connection, outgoing_id, envelope.now)
    return _queue(connection, envelope, card, EDIT, outgoing_id)


def scrub(connection: sa.Connection, envelope: Envelope, outgoing_id: str, text: str) -> None:
    """Put other words in the place of a message that was shown, in its chat and in our own tables."""
    revise(connection, envelope, outgoing_id, Card(text))
    bare = card_to_json(Card(text), [])
    connection.execute(sa.update(OutgoingRow).where(OutgoingRow.id == outgoing_id).values(card=bare))
    shown = sa.update(EventRow).where(EventRow.key.startswith(f"out:{outgoing_id}"))
    connection.execute(shown.values(data={"html": text, "markdown": text, "buttons": []}))


def toast(connection: sa.Connection, envelope: Envelope, press: dict[str, Any], text: str) -> None:
    """Answer a button press: a short line that the channel shows beside the button."""
    _queue(connection, envelope, Card(text[:200]), TOAST, str(press.get("press_id", ""))[:80])


def remove(connection: sa.Connection, envelope: Envelope, platform_id: str) -> None:
    """Take a message that the person sent off the platform, where that can be done."""
    _queue(connection, envelope, Card(""), REMOVE, platform_id[:80])


def spend(connection: sa.Connection, outgoing_id: str, now: datetime) -> None:
    """The buttons of a card act no more."""
    connection.execute(sa.update(ButtonRow).where(ButtonRow.outgoing_id == outgoing_id, ButtonRow.spent_at.is_(None)).values(spent_at=now))


def labels_of(connection: sa.Connection, outgoing_id: str) -> list[str]:
    """What the buttons of a card say, in their order."""
    card = connection.execute(sa.select(OutgoingRow.card).where(OutgoingRow.id == outgoing_id)).scalar()
    return [button["label"] for row in (card or {}).get("buttons", []) for button in row]


def said_by(connection: sa.Connection, outgoing_id: str) -> tuple[tuple[Button, ...], ...]:
    """The buttons of a card that stand for typing something, row by row, to be shown again."""
    card = connection.execute(sa.select(OutgoingRow.card).where(OutgoingRow.id == outgoing_id)).scalar()
    shown = connection.execute(sa.select(ButtonRow.token, ButtonRow.action).where(ButtonRow.outgoing_id == outgoing_id)).all()
    acts: dict[str, dict[str, Any]] = {row.token: row.action for row in shown}
    rows = [[(button["label"], acts.get(button["token"], {})) for button in row] for row in (card or {}).get("buttons", [])]
    kept = (tuple(Button(label, Action("say", value=str(act["value"]))) for label, act in row if act.get("kind") == "say") for row in rows)
    return tuple(row for row in kept if row)


def _queue(connection: sa.Connection, envelope: Envelope, card: Card, kind: str, status_key: str) -> str:
    outgoing_id = new_id()
    tokens = _write_buttons(connection, envelope, card, outgoing_id)
    connection.execute(
        _insert_outgoing,
        {
            "id": outgoing_id,
            "chat_id": envelope.chat_id,
            "person_id": envelope.person_id,
            "task_id": envelope.task_id,
            "message_id": envelope.message_id,
            "kind": kind,
            "status_key": status_key,
            "card": card_to_json(card, tokens),
            "created_at": envelope.now,
        },
    )
    announce(connection, TOPIC)
    return outgoing_id


def _write_buttons(connection: sa.Connection, envelope: Envelope, card: Card, outgoing_id: str) -> list[list[str]]:
    tokens = [[secrets.token_urlsafe(TOKEN_BYTES) for _ in row] for row in card.buttons]
    rows = [
        {
            "token": token,
            "outgoing_id": outgoing_id,
            "chat_id": envelope.chat_id,
            "person_id": envelope.person_id,
            "label": button.label[:200],
            "action": {"kind": button.action.kind, "subject": button.action.subject, "value": button.action.value},
            "created_at": envelope.now,
        }
        for row, row_tokens in zip(card.buttons, tokens, strict=True)
        for button, token in zip(row, row_tokens, strict=True)
    ]
    if rows:
        connection.execute(_insert_button, rows)
    return tokens


def card_to_json(card: Card, tokens: list[list[str]]) -> dict[str, Any]:
    """What the outbox row keeps: text, button labels with their tokens, files."""
    return {
        "text": card.text,
        "buttons": [[{"label": b.label, "token": t} for b, t in zip(row, ts, strict=True)] for row, ts in zip(card.buttons, tokens, strict=True)],
        "files": [{"name": f.name, "media_type": f.media_type, "content": f.content} for f in card.files],
        "silent": card.silent,
    }


def card_from_json(data: dict[str, Any]) -> Card:
    """The card as stored; its buttons carry their token as the action's subject, for the channel to show."""
    rows = data.get("buttons", [])
    return Card(
        text=data["text"],
        buttons=tuple(tuple(Button(b["label"], Action("token", b["token"])) for b in row) for row in rows),
        files=tuple(Attachment(f["name"], f["media_type"], f["content"]) for f in data.get("files", [])),
        silent=data.get("silent", False),
    )
