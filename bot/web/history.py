"""What the page shows: both sides of the chat, and what happened since an event id."""

from __future__ import annotations

import html
from typing import Any

import sqlalchemy as sa

from orchestrator.tasks import events
from storage.models import ButtonRow, ChatRow, EventRow, MessageRow

SHOWN = 100
KINDS = (events.MESSAGE, events.EDIT, "toast", events.PROGRESS)


def chat_row(connection: sa.Connection, channel: str, external_id: str) -> Any:
    return connection.execute(sa.select(ChatRow.id, ChatRow.person_id).where(ChatRow.channel == channel, ChatRow.external_id == external_id)).first()


def recent(connection: sa.Connection, chat_id: str, upto: int) -> dict[str, Any]:
    """The last messages of both sides in order, and the event id from which the stream goes on: one that is settled."""
    sent = sa.select(EventRow.id, EventRow.data, EventRow.created_at).where(EventRow.chat_id == chat_id, EventRow.kind == events.MESSAGE, EventRow.id <= upto)
    entries = [_from_event(row) for row in connection.execute(sent.order_by(EventRow.id.desc()).limit(SHOWN))]
    for edit in _newest_edits(connection, chat_id, [entry["id"] for entry in entries], upto):
        for entry in entries:
            if entry["id"] == edit["of"]:
                entry |= {"html": edit["html"], "buttons": edit["buttons"]}
    said = sa.select(MessageRow.platform_id, MessageRow.text, MessageRow.received_at).where(MessageRow.chat_id == chat_id)
    entries += [
        {"id": row.platform_id, "mine": True, "html": html.escape(row.text), "buttons": [], "at": row.received_at.isoformat()}
        for row in connection.execute(said.order_by(MessageRow.seq.desc()).limit(SHOWN))
    ]
    entries.reverse()  # newest first until here: those of the same moment keep their order
    entries.sort(key=lambda entry: entry["at"])
    return {"entries": [_live_buttons(connection, entry) for entry in entries[-SHOWN:]], "last": upto}


def _newest_edits(connection: sa.Connection, chat_id: str, shown: list[str], upto: int) -> list[dict[str, Any]]:
    """The last edit of each of these messages, and no other: a status is edited every second."""
    if not shown:
        return []
    of = EventRow.data["of"].as_string()
    after_them = EventRow.id.between(min(map(int, shown)), upto)
    last = sa.select(sa.func.max(EventRow.id)).where(EventRow.chat_id == chat_id, EventRow.kind == events.EDIT, after_them, of.in_(shown)).group_by(of)
    return list(connection.execute(sa.select(EventRow.data).where(EventRow.id.in_(last))).scalars())


def event_json(row: Any) -> dict[str, Any]:
    """An event as the page gets it; the content of a file stays behind its link."""
    return _from_event(row) if row.kind == events.MESSAGE else {"id": str(row.id), **row.data}


def file_of(connection: sa.Connection, chat_id: str, event_id: int) -> dict[str, str] | None:
    data = connection.execute(sa.select(EventRow.data).where(EventRow.id == event_id, EventRow.chat_id == chat_id)).scalar()
    return data.get("file") if data else None


def _from_event(row: Any) -> dict[str, Any]:
    entry = {"id": str(row.id), "mine": False, "html": row.data["html"], "buttons": row.data["buttons"], "at": row.created_at.isoformat()}
    if "markdown" in row.data:
        entry["markdown"] = row.data["markdown"]
    if "file" in row.data:
        entry["file"] = row.data["file"]["name"]
    return entry


def _live_buttons(connection: sa.Connection, entry: dict[str, Any]) -> dict[str, Any]:
    """Spent buttons are not shown again."""
    tokens = [button["token"] for row in entry["buttons"] for button in row]
    if not tokens:
        return entry
    live = set(connection.execute(sa.select(ButtonRow.token).where(ButtonRow.token.in_(tokens), ButtonRow.spent_at.is_(None))).scalars())
    return {**entry, "buttons": [kept for row in entry["buttons"] if (kept := [button for button in row if button["token"] in live])]}
