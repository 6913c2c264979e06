"""The person's own log of sent mail, as a tool: it reads our own database."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from agents.tools.email.log import mails_of
from orchestrator.contracts import Effect, Json, ToolScope


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=10, ge=1, le=50, description="At most this many, newest first.")


class ListSent:
    name = "email.sent"
    version = 1
    description = "List the mails sent for this person, with recipients, subject and what became of them."
    effect = Effect.READ
    arguments = Arguments

    def run(self, scope: ToolScope, arguments: Arguments) -> Json:
        return [
            {
                "to": [*mail.entry.to, *mail.entry.cc, *mail.entry.bcc], "subject": mail.entry.subject, "status": mail.status.value, "answer": mail.answer,
                "created_at": mail.created_at.isoformat(), "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
            }
            for mail in mails_of(scope.connection, scope.person.id, arguments.limit)
        ]  # fmt: skip
