"""Taking back what was done, or stopping what is still held back."""

from __future__ import annotations

from orchestrator.actions import asking, effects
from orchestrator.contracts import Action, Button, Card, Method, Route
from orchestrator.tasks import outgoing
from orchestrator.triage import work
from orchestrator.triage.turn import Turn
from storage.audit import AuditKind


def pressed(turn: Turn, action: Action) -> str:
    entry = effects.find(turn.connection, action.subject, turn.person.id)
    return "press-not-yours" if entry is None else take_back(turn, entry)


def take_back(turn: Turn, entry: effects.Entry) -> str:
    """Stop what is still held back, or start the task that reverses what was done. Once for each effect."""
    if effects.move(turn.connection, entry.id, (effects.HELD,), effects.DROPPED, finished_at=turn.now):
        if entry.outgoing_id is not None:
            text = turn.words("undo-in-time", summary=asking.visible(entry.summary))
            outgoing.revise(turn.connection, turn.envelope(entry.task_id), entry.outgoing_id, Card(text))
        return "undo-done"
    if entry.undo is None or not effects.move(turn.connection, entry.id, (effects.DONE,), effects.UNDOING):
        return "undo-too-late"
    rules = turn.services.runner.around.dispatcher.rules
    rules.note(turn.connection, AuditKind.UNDO, entry.undo.tool, turn.person.id, entry.task_id, effect=entry.id)
    agent = turn.services.catalogue.agent_for("undo")
    if agent is None:
        return "undo-too-late"
    slots = {"effect": entry.id, "tool": entry.undo.tool, "arguments": dict(entry.undo.arguments), "label": entry.undo.label}
    work.begin(turn, [Route(entry.undo.label, "undo", "undo", agent.name, 1.0, Method.BUTTON, True, turn.language, slots=slots)])
    return "press-taken"


def undo(turn: Turn, rest: str) -> None:
    """/undo: the last change that can be taken back; the ones before it are offered as buttons."""
    found = effects.undoable(turn.connection, turn.person.id)
    if not found:
        turn.reply(turn.words("undo-none"))
        return
    told = take_back(turn, found[0])
    rows = tuple((Button(turn.words("button-undo-this", summary=asking.visible(entry.summary)[:60]), Action("undo", entry.id)),) for entry in found[1:])
    if told != "press-taken" or rows:
        turn.reply(Card(turn.words(told if told != "press-taken" else "undo-more"), rows))
