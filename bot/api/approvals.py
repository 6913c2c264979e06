"""/approvals: what waits for a decision, and deciding it: bound to the digest of what was shown, once, by who may."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import pydantic
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.api import pages
from bot.api.access import Caller, InHouse, caller
from bot.api.fields import Anything, Cursor, Limit
from bot.api.idempotency import Answer, InSending
from bot.api.pages import Page
from bot.api.problems import Problem, invalid, not_found
from orchestrator.actions import approvals, asking
from orchestrator.actions.approvals import Approval, Kind
from orchestrator.contracts import ToolError
from orchestrator.triage import decisions, edits, programs
from orchestrator.triage.turn import Turn

Reading = Annotated[Caller, Depends(caller("approvals:read"))]
Deciding = Annotated[Caller, Depends(caller("approvals:decide"))]
Reference = Annotated[str, Path(max_length=64, description="The approval's id.")]
State = Literal["pending", "decided", "expired", "superseded", "cancelled"]
OPEN: State = "pending"
TOO_LATE = {
    "ask-expired": ("expired", "The time for this decision is over."), "ask-superseded": ("superseded", "This was changed meanwhile; a newer ask took its place."),
    "ask-cancelled": ("cancelled", "The task that asked has ended."), "press-spent": ("already-decided", "This was decided already."),
}  # fmt: skip


class ApprovalView(BaseModel):
    """An ask: what would be done, exactly, and what may be said to it."""

    id: str
    kind: Kind
    task_id: str
    state: State
    decision: str = Field(description="Once decided.", examples=["approve"])
    decided_by: str | None
    summary: str = Field(description="What will happen, in plain words; rendered from the plan that will run.")
    details: list[tuple[str, str]] = Field(description="Names and values as the card shows them.")
    notes: list[str]
    tool: str
    arguments: dict[str, Any] = Field(description="Exactly what the tool will be given.")
    files: dict[str, str] = Field(description="Attached files and their SHA-256.")
    tainted: bool = Field(description="Texts of outsiders have been read in the task.")
    digest: str = Field(
        description="Send it back with the decision: it binds what you saw.", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
    )
    choices: list[str] = Field(description="Decisions that this kind of ask knows.", examples=[["approve", "edit", "decline", "later"]])
    may_decide: bool = Field(description="Whether the caller may decide it now.")
    expires_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, approval: Approval, person_id: str, now: datetime) -> Self:
        shown = approval.shown
        own = {
            "summary": asking.visible(shown.summary), "details": [(name, asking.visible(value)) for name, value in shown.details],
            "notes": [asking.visible(note) for note in shown.notes], "choices": asking.CHOICES[approval.kind],
            "may_decide": approvals.may_decide(approval, person_id, now),
        }  # fmt: skip
        same = {name: getattr(approval, name) for name in cls.model_fields if hasattr(approval, name)}
        return cls.model_validate(same | own)


class Decision(BaseModel):
    """A decision about exactly what was shown. With `edit` and `changes` a new ask takes the old one's place and is given back."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": "decline", "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}
    )
    decision: str = Field(min_length=1, max_length=16, description="One of the ask's choices.")
    digest: str = Field(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$", description="The digest that was shown.")
    changes: dict[str, Anything] | None = Field(default=None, max_length=50, description="With edit: arguments and what they are to be.")


def router() -> APIRouter:
    made = APIRouter(tags=["approvals"])
    made.add_api_route("/approvals", listed, methods=["GET"])
    made.add_api_route("/approvals/{approval}", read, methods=["GET"])
    made.add_api_route("/approvals/{approval}/decide", decide, methods=["POST"], response_model=ApprovalView)
    return made


async def listed(
    request: Request, caller: Reading, house: InHouse,
    state: Annotated[list[State] | None, Query(description="Any of these; those that are pending where none is named.")] = None,
    task: Annotated[str, Query(max_length=64, description="Only of this task, by its id.")] = "", limit: Limit = 20, cursor: Cursor = None,
) -> Page[ApprovalView]:  # fmt: skip
    """Asks that the caller may see, newest first."""
    before, now, states = pages.after(request, cursor), house.clock.now(), state or [OPEN]

    def work(connection: sa.Connection) -> list[Approval]:
        return approvals.page(connection, caller.person.id, limit + 1, states=states, task_id=task, before=before)

    shown, following = pages.page_of(request, await house.database.read(work), limit, lambda approval: approval.id)
    return Page[ApprovalView](items=[ApprovalView.of(approval, caller.person.id, now) for approval in shown], next=following)


async def read(approval: Reference, caller: Reading, house: InHouse) -> ApprovalView:
    """One ask."""
    now = house.clock.now()
    return await house.database.read(lambda connection: ApprovalView.of(_of_caller(connection, caller, approval), caller.person.id, now))


def _of_caller(connection: sa.Connection, caller: Caller, approval_id: str) -> Approval:
    found = approvals.find(connection, approval_id, caller.person.id)
    if found is None:
        raise not_found("approval")
    return found


async def decide(approval: Reference, body: Decision, caller: Deciding, sending: InSending) -> Response:
    """Decide. The digest must be that of what was shown; of several who decide, one counts."""

    def work(connection: sa.Connection, now: datetime) -> Answer:
        found = _of_caller(connection, caller, approval)
        _check(found, body)
        turn = programs.turn(sending.house.services, connection, caller.person, f"/{body.decision} {found.id}", now)
        if body.decision == decisions.EDIT and found.kind is Kind.EFFECT:
            after = _edit(turn, found, body)
        else:
            _judge(decisions.decide(turn, found, body.decision))
            after = approvals.get(connection, found.id)
        return Answer.of(ApprovalView.of(after, caller.person.id, now))

    return await sending.do(caller, body, work)


def _check(found: Approval, body: Decision) -> None:
    choices = asking.CHOICES[found.kind]
    if body.decision not in choices:
        raise invalid([("body.decision", f"this ask knows {', '.join(choices)}")])
    if (body.changes is not None) is not (body.decision == decisions.EDIT and found.kind is Kind.EFFECT):
        raise invalid([("body.changes", "changes go with the decision edit of an effect, and only with it")])
    if not hmac.compare_digest(found.digest, body.digest):
        raise Problem(
            409, "digest-differs", "This is not what was shown.", "The digest is of another plan.", "body.digest", "read the approval again and show it anew"
        )


def _edit(turn: Turn, found: Approval, body: Decision) -> Approval:
    if not approvals.may_decide(found, turn.person.id, turn.now):
        _judge("press-not-yours" if found.state == approvals.PENDING and found.expires_at > turn.now else _why(found))
    try:
        return edits.change(turn, found, body.changes or {})
    except pydantic.ValidationError as error:
        raise invalid([(".".join(["body", "changes", *map(str, fault["loc"])]), str(fault["msg"])) for fault in error.errors()]) from error
    except ToolError as error:
        raise Problem(409, "tool-gone", "This cannot be edited any more.", str(error)) from error


def _why(found: Approval) -> str:
    return {approvals.SUPERSEDED: "ask-superseded", approvals.CANCELLED: "ask-cancelled", approvals.DECIDED: "press-spent"}.get(found.state, "ask-expired")


def _judge(said: str) -> None:
    """Raise a Problem for a decision that did not count."""
    if said == "press-not-yours":
        raise Problem(403, "not-yours", "Somebody else decides this.")
    if said in TOO_LATE:
        code, title = TOO_LATE[said]
        raise Problem(409, code, title, remedy="read the approval again")
    if said == "press-unknown":
        raise invalid([("body.decision", "this ask does not know this decision")])
