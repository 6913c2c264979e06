"""/mail: what was sent for a person, to whom, when, through whom, and what became of it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.actions import asking
from orchestrator.triage.turn import Turn
from storage.models import MailRow

SHOWN = 10
LONGEST = 120


def show(turn: Turn, rest: str) -> None:
    """The latest letters, newest first; with words behind it, those whose recipients or subject hold them."""
    query = sa.select(MailRow.__table__).where(MailRow.person_id == turn.person.id).order_by(MailRow.created_at.desc(), MailRow.id.desc()).limit(200)
    wanted = rest.strip().lower()
    found = [row for row in turn.connection.execute(query) if wanted in _searched(row)][:SHOWN]
    if not found:
        turn.reply(turn.words("mail-none-found" if wanted else "mail-none"))
        return
    turn.reply("\n".join([turn.words("mail-title", count=len(found)), *(_line(turn, row) for row in found)]))


def _searched(row: Any) -> str:
    return " ".join([*row.to, *row.cc, *row.bcc, row.subject]).lower()


def _line(turn: Turn, row: Any) -> str:
    given = {
        "to": _short(", ".join([*row.to, *row.cc, *row.bcc])), "subject": _short(row.subject or "-"), "provider": _short(row.provider),
        "when": (row.sent_at or row.created_at).astimezone(ZoneInfo(turn.person.effective_zone)), "status": turn.words(f"mail-status-{row.status}"),
    }  # fmt: skip
    line = turn.words("mail-line", **given)
    return f"{line} {_short(row.answer)}" if row.answer and row.status in {"bounced", "failed", "unknown"} else line


def _short(text: str) -> str:
    """Somebody's words inside the list: no mark of theirs is ours, and no link."""
    shown = asking.visible(" ".join(text.split())).replace("`", "’")
    return f"`{shown[:LONGEST]}{'…' if len(shown) > LONGEST else ''}`"
