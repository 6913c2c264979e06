"""The card of an ask once it is decided, and why a press came too late."""

from __future__ import annotations

from orchestrator.actions import approvals, asking
from orchestrator.actions.approvals import Approval
from orchestrator.contracts import Button
from orchestrator.tasks import outgoing
from orchestrator.tasks.people import person_of
from orchestrator.triage.turn import Turn


def too_late(turn: Turn, approval: Approval) -> str:
    present = approvals.get(turn.connection, approval.id)
    if present.state == approvals.PENDING:
        return "ask-expired" if present.expires_at <= turn.now else "press-not-yours"
    return {approvals.EXPIRED: "ask-expired", approvals.SUPERSEDED: "ask-superseded", approvals.CANCELLED: "ask-cancelled"}.get(present.state, "press-spent")


def close(turn: Turn, approval: Approval, verdict: str, buttons: tuple[tuple[Button, ...], ...] = ()) -> None:
    if approval.outgoing_id is None:
        return
    reader = turn.person if turn.person.id == approval.approver_id else person_of(turn.connection, approval.approver_id)
    envelope = outgoing.Envelope(approval.chat_id, reader.id, turn.now, approval.task_id)
    outgoing.revise(turn.connection, envelope, approval.outgoing_id, asking.closed_card(approval, verdict, buttons))
