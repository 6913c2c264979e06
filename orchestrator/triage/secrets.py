"""Credentials in the chat: Provide and Decline, the message that was taken out, and /credentials."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from orchestrator.actions import credentials
from orchestrator.actions.credentials import Credentials, Request
from orchestrator.contracts import Action, Button, Card
from orchestrator.execution.runner import Runner
from orchestrator.tasks import outgoing
from orchestrator.tasks.address_intake import MARK
from orchestrator.tasks.people import person_of
from orchestrator.triage import notices
from orchestrator.triage.turn import Turn
from storage.vault import VaultError
from storage.vault import credentials as kept


def pressed(turn: Turn, action: Action) -> str:
    """A button of a request."""
    house = of(turn)
    request = credentials.find(turn.connection, action.subject, turn.person.id)
    if house is None or request is None:
        return "press-not-yours"
    if request.state != credentials.PENDING or request.expires_at <= turn.now:
        return "ask-expired" if request.state in {credentials.PENDING, credentials.EXPIRED} else "press-spent"
    if action.value == "decline":
        house.decline(turn.connection, request, turn.now)
        _close_card(turn, request, "credential-declined")
        turn.services.runner.go_on(turn.connection, request.task_id)
        return "credential-declined"
    again = Button(turn.words("button-decline"), Action("credential", request.id, "decline"))
    if house.needs_form(turn.connection, request):
        retry = Button(turn.words("button-provide"), Action("credential", request.id, "provide"))
        turn.reply(Card(turn.words("credential-no-form", service=request.service), ((retry, again),)), request.task_id)
        return "press-taken"
    address = house.begin(turn.connection, request, turn.now)
    how = turn.words("credential-form", address=address) if address else turn.words("credential-next-message", fields=_field_names(turn, request))
    rows = ((Button(turn.words("button-new-link"), Action("credential", request.id, "provide")), again),) if address else ((again,),)
    turn.reply(Card(how, rows), request.task_id)
    return "press-taken"


def taken(turn: Turn, request_id: str) -> None:
    """A message was taken out at intake: say what became of it, and let the task go on."""
    if request_id.startswith(MARK):
        notices.taken(turn, request_id)
        return
    request = credentials.find(turn.connection, request_id, turn.person.id)
    if request is None:
        return
    if (platform_id := turn.payload.get("message_id")) is not None:
        outgoing.remove(turn.connection, turn.envelope(request.task_id), str(platform_id))
    if request.state == credentials.PENDING:
        turn.reply(turn.words("credential-unreadable", fields=_field_names(turn, request)), request.task_id)
        return
    if request.state != credentials.PROVIDED:
        turn.reply(turn.words("ask-expired"), request.task_id)
        return
    _close_card(turn, request, "credential-kept")
    turn.reply(turn.words("credential-kept-now", service=request.service), request.task_id)
    turn.services.runner.go_on(turn.connection, request.task_id)


def given_by_form(connection: sa.Connection, runner: Runner, request: Request, values: Mapping[str, str]) -> bool:
    """The form was sent: keep the values, say so in the chat, let the task go on. False where the request was closed meanwhile."""
    house, now, words = runner.around.credentials, runner.around.clock.now(), runner.around.words
    if house is None or not house.fulfil(connection, request, values, now):
        return False
    person = person_of(connection, request.person_id)
    envelope = outgoing.Envelope(request.chat_id, person.id, now, request.task_id)
    if request.outgoing_id is not None:
        outgoing.revise(connection, envelope, request.outgoing_id, Card(f"**{request.service}**\n{words(person.language, 'credential-kept', {})}"))
    outgoing.post(connection, envelope, Card(words(person.language, "credential-kept-by-form", {"service": request.service})))
    runner.go_on(connection, request.task_id)
    return True


def show(turn: Turn, rest: str) -> None:
    """/credentials: what is kept, for what, used when; each can be forgotten."""
    found = kept.all_of(turn.connection, turn.person.id)
    if not found:
        turn.reply(turn.words("credentials-none"))
        return
    lines = [turn.words("credentials-title", count=len(found))]
    for one in found:
        used = turn.words("credential-used", when=one.last_used_at) if one.last_used_at else turn.words("credential-unused")
        lines.append(f"- **{one.service}** ({one.scope.scheme}://{one.scope.host}): {used}")
    rows = tuple((Button(turn.words("button-forget", service=one.service), Action("forget", one.handle)),) for one in found)
    turn.reply(Card("\n".join(lines), rows))


def forget(turn: Turn, action: Action) -> str:
    try:
        kept.forget(turn.connection, turn.person.id, action.subject, turn.now)
    except VaultError:
        return "press-spent"
    return "credential-forgotten"


def of(turn: Turn) -> Credentials | None:
    return turn.services.runner.around.credentials


def _field_names(turn: Turn, request: Request) -> str:
    return ", ".join(turn.words(f"field-{name.replace('_', '-')}") for name in request.fields)


def _close_card(turn: Turn, request: Request, key: str) -> None:
    if request.outgoing_id is not None:
        outgoing.revise(turn.connection, turn.envelope(request.task_id), request.outgoing_id, Card(f"**{request.service}**\n{turn.words(key)}"))
