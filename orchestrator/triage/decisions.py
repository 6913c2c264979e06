"""What a person decides about asks: by button, in words, or later."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orchestrator.actions import approvals, asking, budgets
from orchestrator.actions.approvals import Approval, Kind
from orchestrator.contracts import Action, Button, Card
from orchestrator.tasks import manager
from orchestrator.tasks.questions import Question
from orchestrator.triage import ask_cards as cards
from orchestrator.triage import dialogue, edits, permissions, speaking_of
from orchestrator.triage.answers import NO_WORDS, YES_WORDS, refuses
from orchestrator.triage.turn import Turn
from storage.audit import AuditKind

EDIT, LATER = "edit", "later"
LATER_BY = timedelta(hours=1)
NUMBERED = re.compile(r"^\W*(.+?)\s*#?(\d{1,9})?\W*$", re.S)
APPROVING = frozenset(
    [
        "approve",
        "approved",
        "go ahead",
        "do it",
        "send it",
        "freigeben",
        "genehmigt",
        "genehmigen",
        "mach das",
        "mach es",
        "senden",
        "aprobar",
        "aprobado",
        "adelante",
        "hazlo",
        "envíalo",
        "批准",
        "同意",
        "发送",
        "执行",
    ]
)
DECLINING = frozenset(
    [
        "decline",
        "declined",
        "reject",
        "don't",
        "do not",
        "ablehnen",
        "abgelehnt",
        "nicht senden",
        "rechazar",
        "rechazado",
        "no lo hagas",
        "拒绝",
        "不同意",
        "不发",
    ]
)
SHOWN = 5


# --- by button ---


def pressed(turn: Turn, action: Action) -> str:
    """A button of an ask; returns the catalogue key of the short answer beside it."""
    approval = approvals.find(turn.connection, action.subject, turn.person.id)
    if approval is None:
        return "press-not-yours"
    return decide(turn, approval, action.value)


def pressed_late(turn: Turn, action: Action) -> None:
    """Approve or Decline on a card whose Edit was pressed before: what still waits is shown again, for nothing was decided."""
    approval = approvals.find(turn.connection, action.subject, turn.person.id)
    if approval is not None and approval.kind is Kind.EFFECT and action.value in {approvals.APPROVE, approvals.DECLINE}:
        edits.show_again(turn, approval)


def decide(turn: Turn, approval: Approval, choice: str) -> str:
    """One choice about one ask. Says why where it does not count."""
    if choice == EDIT and approval.kind is Kind.EFFECT:
        return edits.begin(turn, approval)
    if choice == LATER:
        until = min(turn.now + LATER_BY, turn.now + (approval.expires_at - turn.now) / 2)
        return "ask-later" if approvals.postpone(turn.connection, approval, turn.person.id, until, turn.now) else cards.too_late(turn, approval)
    if choice not in asking.CHOICES[approval.kind] or (choice == EDIT and approval.kind is not Kind.PLAN):
        return "press-unknown"
    if not approvals.decide(turn.connection, approval, choice, turn.person.id, turn.now):
        return cards.too_late(turn, approval)
    if approval.kind is Kind.BUDGET and choice.startswith("+"):
        bound = approval.arguments
        limit = budgets.Limit(str(bound["scope"]), str(bound["subject"]), float(bound["credits"]))
        budgets.top_up(turn.connection, approval.person_id, limit, float(choice))
    rules = turn.services.runner.around.dispatcher.rules
    kind = AuditKind.BUDGET if approval.kind is Kind.BUDGET else AuditKind.APPROVAL
    rules.note(turn.connection, kind, choice, turn.person.id, approval.task_id, approval=approval.id, digest=approval.digest, tool=approval.tool)
    said = "ask-decided-" + ("added" if choice.startswith("+") else choice)
    offer = permissions.offer_button(turn, approval) if choice == approvals.APPROVE else ()
    cards.close(turn, approval, turn.words("ask-closed", verdict=turn.words(said), when=_here(turn)), offer)
    turn.services.runner.go_on(turn.connection, approval.task_id)
    return said


def _here(turn: Turn) -> datetime:
    return turn.now.astimezone(ZoneInfo(turn.person.effective_zone))


# --- in words ---


def said(turn: Turn, open_questions: list[Question]) -> bool:
    """ "Yes", "approve 42", "no": a decision where one ask is meant; where several may be, asks which. False: it is something else."""
    if permissions.said(turn) or edits.said(turn, open_questions) or _corrected(turn, open_questions):
        return True
    match = NUMBERED.match(turn.text.strip().lower())
    word, number = (match.group(1).strip(), match.group(2)) if match else ("", None)
    bare = word in YES_WORDS or word in NO_WORDS or refuses(turn.text)
    if not bare and word not in APPROVING and word not in DECLINING:
        return False
    waiting = [ask for ask in approvals.pending_for(turn.connection, turn.person.id, turn.now) if ask.kind in {Kind.EFFECT, Kind.PLAN}]
    newest = open_questions[0].created_at if open_questions else None
    if not waiting or (bare and number is None and newest is not None and newest > max(ask.created_at for ask in waiting)):
        return False
    numbers = {ask.id: _number(turn, ask) for ask in waiting}
    meant = [ask for ask in waiting if number is None or numbers[ask.id] == int(number)]
    if len(meant) != 1:
        _ask_which(turn, waiting, numbers)
        return True
    choice = approvals.APPROVE if word in YES_WORDS or word in APPROVING else approvals.DECLINE
    turn.reply(turn.words(decide(turn, meant[0], choice)), meant[0].task_id)
    return True


def _corrected(turn: Turn, open_questions: list[Question]) -> bool:
    """ "No, tell him I'm coming at 5" while one letter waits to be approved: what is to be changed in it is asked."""
    if open_questions or not (dialogue.CORRECTING.search(turn.text) and speaking_of.tells_somebody(turn.text)):
        return False
    waiting = [ask for ask in approvals.pending_for(turn.connection, turn.person.id, turn.now) if ask.kind is Kind.EFFECT]
    if len(waiting) != 1:
        return False
    edits.begin(turn, waiting[0])
    return True


def _number(turn: Turn, approval: Approval) -> int:
    task = manager.load(turn.connection, approval.task_id)
    return task.number if task is not None else 0


def _ask_which(turn: Turn, waiting: list[Approval], numbers: dict[str, int]) -> None:
    lines = [turn.words("ask-which"), *(f"- #{numbers[ask.id]} {asking.visible(ask.shown.summary)}" for ask in waiting)]
    rows = tuple(
        (
            Button(f"{turn.words('button-approve')} #{numbers[ask.id]}", Action("approval", ask.id, approvals.APPROVE)),
            Button(f"{turn.words('button-decline')} #{numbers[ask.id]}", Action("approval", ask.id, approvals.DECLINE)),
        )
        for ask in waiting[:SHOWN]
    )
    turn.reply(Card("\n".join(lines), rows))


def show_all(turn: Turn, rest: str) -> None:
    """/approvals: every open ask of this person again, with live buttons."""
    waiting = approvals.pending_for(turn.connection, turn.person.id, turn.now)
    if not waiting:
        turn.reply(turn.words("approvals-none"))
        return
    turn.reply(turn.words("approvals-title", count=len(waiting)))
    for ask in waiting[:SHOWN]:
        asking.show(turn.connection, ask, turn.person, turn.services.words, turn.now, lead=f"#{_number(turn, ask)}", chat_id=turn.chat.id)
    if len(waiting) > SHOWN:
        turn.reply(turn.words("approvals-more", count=len(waiting) - SHOWN))


def command(choice: str) -> Callable[[Turn, str], None]:
    """/approve and /decline, with a task's number where several wait."""

    def run(turn: Turn, rest: str) -> None:
        if not said(turn.saying(f"{choice} {rest}".strip()), []):
            turn.reply(turn.words("approvals-none"))

    return run
