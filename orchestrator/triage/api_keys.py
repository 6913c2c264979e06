"""/apikey: an owner's keys for the HTTP API. A new one is shown once, for ten minutes; each can be revoked by a button."""

from __future__ import annotations

from datetime import timedelta

from orchestrator import access
from orchestrator.access import ApiKey
from orchestrator.contracts import Action, Button, Card
from orchestrator.triage.turn import Turn
from storage.audit import AuditKind

LASTS = timedelta(days=90)
REVOKE, HIDE = "revoke", "hide"
BUTTONS = 8


def command(turn: Turn, rest: str) -> None:
    """`/apikey NAME` makes one with every scope but `admin`; without a name the present ones are listed."""
    if turn.chat.kind == "group":
        turn.reply(turn.words("apikey-private"))
        return
    if rest:
        _make(turn, rest)
        return
    found = access.of_person(turn.connection, turn.person.id)
    if not found:
        turn.reply(turn.words("apikey-none"))
        return
    lines = [turn.words("apikey-title", count=len(found)), *(_line(turn, key) for key in found), "", turn.words("apikey-how")]
    turn.reply(Card("\n".join(lines), tuple((_revoking(turn, key),) for key in found[:BUTTONS])))


def _make(turn: Turn, name: str) -> None:
    scopes = [scope for scope in access.allowed_to(turn.person) if scope not in access.OWNERS_ONLY]
    made = access.create(turn.connection, turn.person, name, scopes, turn.now, lasts=LASTS)
    _note(turn, "apikey made", made.key)
    text = turn.words("apikey-made", name=made.key.name, secret=made.secret, until=made.key.expires_at, minutes=round(access.SHOWN_FOR.total_seconds() / 60))
    hide = Button(turn.words("button-hide-key"), Action("apikey", made.key.id, HIDE))
    access.shown(turn.connection, made.key.id, turn.reply(Card(text, ((hide, _revoking(turn, made.key)),))))


def pressed(turn: Turn, action: Action) -> str:
    """A button of a key; returns the catalogue key of the short answer."""
    mine = [key for key in access.of_person(turn.connection, turn.person.id) if key.id == action.subject]
    if not mine:
        return "press-spent"
    access.hide(turn.connection, turn.services.words, turn.now, key_id=mine[0].id)
    if action.value != REVOKE:
        return "press-taken"
    access.revoke(turn.connection, turn.person.id, mine[0].id, turn.now)
    _note(turn, "apikey revoked", mine[0])
    turn.reply(turn.words("apikey-revoked", name=mine[0].name, prefix=mine[0].prefix))
    return "press-taken"


def _line(turn: Turn, key: ApiKey) -> str:
    used = turn.words("apikey-used", when=key.last_used_at) if key.last_used_at else turn.words("apikey-unused")
    return f"- **{key.name}** `{key.prefix}…`: {used}"


def _revoking(turn: Turn, key: ApiKey) -> Button:
    return Button(turn.words("button-revoke-key", name=key.name[:30]), Action("apikey", key.id, REVOKE))


def _note(turn: Turn, subject: str, key: ApiKey) -> None:
    rules = turn.services.runner.around.dispatcher.rules
    rules.note(turn.connection, AuditKind.CONFIGURATION, subject, turn.person.id, None, key=key.id, prefix=key.prefix, scopes=list(key.scopes))
