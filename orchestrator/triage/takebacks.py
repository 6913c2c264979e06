"""Taking back what was done, or stopping what is still held back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.actions import asking, effects, takeable
from orchestrator.actions.takeable import Offer
from orchestrator.contracts import Action, Button, Card, Effect, Method, Route, TaskState
from orchestrator.tasks import corrections, journal, manager, outgoing
from orchestrator.triage import work
from orchestrator.triage.turn import Turn
from storage.audit import AuditKind

NUMBERED = re.compile(r"#?(\d{1,9})")
FRESH = timedelta(minutes=30)
"""What was done longer ago is asked about before it is taken back."""
TITLE, LABEL, RECENT = 80, 60, 10


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
    label = takeable.called(turn.services.words, turn.language, entry)
    slots = {"effect": entry.id, "tool": entry.undo.tool, "arguments": dict(entry.undo.arguments), "label": label}
    work.begin(turn, [Route(label, "undo", "undo", agent.name, 1.0, Method.BUTTON, True, turn.language, slots=slots)])
    return "press-taken"


def undo(turn: Turn, rest: str) -> None:
    """/undo takes the last change back, /undo 3 what task #3 did. Nothing older is ever taken back in place of what was meant: it is offered."""
    number = NUMBERED.fullmatch(rest)
    if number is not None:
        _undo_task(turn, int(number.group(1)))
        return
    found = takeable.offers(turn.connection, turn.person.id)
    unable = _last_for_good(turn)
    if rest:
        _offer(turn, turn.words("undo-usage", offered=len(found)), found)
    elif unable is not None and (not found or unable.came_after(found[0].entry)):
        _offer(turn, turn.words("undo-last-for-good", title=asking.visible(unable.title)[:TITLE], offered=len(found)), found)
    elif not found:
        turn.reply(turn.words("undo-none"))
    elif _is_meant(turn, found[0]):
        _take(turn, found)
    else:
        _offer(turn, turn.words("undo-which"), found)


def _undo_task(turn: Turn, number: int) -> None:
    task = manager.find(turn.connection, turn.person.id, number)
    if task is None:
        turn.reply(turn.words("task-unknown", number=number))
        return
    found = takeable.offers(turn.connection, turn.person.id, task_id=task.id)
    if len(found) == 1:
        _take(turn, found)
    else:
        _offer(turn, turn.words("undo-which" if found else "undo-none-of", number=number, title=asking.visible(task.title)[:TITLE]), found)


def _is_meant(turn: Turn, offer: Offer) -> bool:
    """Whether "undo" alone means this: just done, here, and not tried in vain already. What is held back still can always be stopped."""
    if offer.entry.state == effects.HELD:
        return True
    return not offer.tried and offer.chat_id == turn.chat.id and takeable.is_fresh(offer.entry, turn.now, FRESH)


def _take(turn: Turn, found: list[Offer]) -> None:
    """Take the first one back; the others are offered."""
    told = take_back(turn, found[0].entry)
    if told != "press-taken" or len(found) > 1:
        _offer(turn, turn.words(told if told != "press-taken" else "undo-more"), found[1:])


def _offer(turn: Turn, text: str, found: list[Offer]) -> None:
    words = turn.services.words
    names = [(takeable.called(words, turn.language, offer.entry), offer.entry.id) for offer in found]
    rows = tuple((Button(turn.words("button-undo-this", summary=asking.visible(name)[:LABEL]), Action("undo", entry_id)),) for name, entry_id in names)
    turn.reply(Card(text, rows))


@dataclass(frozen=True, slots=True)
class Change:
    """A task that changed something for good, and when."""

    title: str
    task_id: str
    finished: datetime

    def came_after(self, entry: effects.Entry) -> bool:
        return (self.finished, self.task_id) > (entry.created_at, entry.task_id)


def _last_for_good(turn: Turn) -> Change | None:
    """The latest task of this chat that changed something of which the ledger knows no way back."""
    latest = [
        (task, finished)
        for task, finished in corrections.recent(turn.connection, turn.chat.id, turn.person.id, limit=RECENT)
        if task.type != "undo" and finished
    ]
    known = takeable.of_tasks(turn.connection, [task.id for task, _ in latest])
    for task, finished in latest:
        if finished is not None and task.id not in known and task.state is TaskState.COMPLETED and _changed_something(turn, task.id):
            return Change(task.title, task.id, finished)
    return None


def _changed_something(turn: Turn, task_id: str) -> bool:
    steps = journal.read(turn.connection, task_id).values()
    tools = (turn.services.catalogue.tool(step.name) for step in steps if step.kind == "call" and step.error is None)
    return any(tool is not None and tool.effect is not Effect.READ for tool in tools)
