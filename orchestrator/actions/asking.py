"""The cards of asks: what will happen, the exact arguments, the cost, whether it can be undone, and what silence means."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.actions import approvals, effects
from orchestrator.actions.approvals import Approval, Ask, Kind
from orchestrator.contracts import Action, Button, Card, Person, Task, Words
from orchestrator.tasks import notifications, outgoing

LONGEST_VALUE = 1500
"""Characters of one argument on a card; the rest is cut with a mark, and the whole goes along as a file."""
CHOICES: dict[Kind, tuple[str, ...]] = {
    Kind.EFFECT: (approvals.APPROVE, "edit", approvals.DECLINE, "later"),
    Kind.PLAN: (approvals.APPROVE, "edit", approvals.DECLINE),
    Kind.BUDGET: ("+500", "+1000", approvals.STOP),
    Kind.UNKNOWN: (approvals.SENT, approvals.RESEND, approvals.DROP),
}
"""The buttons of each kind of ask, in order."""
FENCE = "```"


def open_ask(connection: sa.Connection, new: Ask, person: Person, words: Words) -> Approval:
    """Store an ask and show it to who may decide it."""
    approval = approvals.ask(connection, new)
    show(connection, approval, person, words, new.now, silent=_note(connection, approval, person, words, new.now, approval.chat_id))
    return approval


def pass_on(connection: sa.Connection, approval: Approval, second: Person, words: Words, now: datetime, chat_id: str) -> bool:
    """Show an ask to the second approver, too. False where that has been done, by this process or one before it."""
    if notifications.was_told_of_ask(connection, second.id, approval.id):
        return False
    silent = _note(connection, approval, second, words, now, chat_id)
    show(connection, approval, second, words, now, lead=words(second.language, "ask-second", {}), chat_id=chat_id, silent=silent)
    return True


def _note(connection: sa.Connection, approval: Approval, reader: Person, words: Words, now: datetime, chat_id: str) -> bool:
    """An ask is a notification, too. Returns whether its card should make no sound."""
    summary = visible(approval.shown.summary)[:300]
    when = approval.expires_at.astimezone(ZoneInfo(reader.effective_zone))
    text = words(reader.language, "notice-approval", {"when": when, "summary": summary})
    kind = notifications.BUDGET if approval.kind is Kind.BUDGET else notifications.APPROVAL
    notice = notifications.Notice(kind, summary, text, approval.task_id, data={"ask": approval.id}, until=approval.expires_at)
    envelope = outgoing.Envelope(chat_id, reader.id, now, approval.task_id)
    return notifications.alongside(connection, envelope, notice, words, reader.language).silent


def show(
    connection: sa.Connection, approval: Approval, reader: Person, words: Words, now: datetime, *, lead: str = "", chat_id: str = "", silent: bool = False
) -> None:
    """Send the card with live buttons; those of an earlier showing act no more. A second approver's card stands beside the first one's."""
    envelope = outgoing.Envelope(chat_id or approval.chat_id, reader.id, now, approval.task_id)
    card = replace(ask_card(approval, reader, words, lead=lead), silent=silent)
    if reader.id != approval.approver_id:
        outgoing.post(connection, envelope, card)
        return
    if approval.outgoing_id:
        outgoing.spend(connection, approval.outgoing_id, now)
    approvals.shown_as(connection, approval.id, outgoing.post(connection, envelope, card))


def ask_card(approval: Approval, reader: Person, words: Words, *, lead: str = "") -> Card:
    """The order of CHANNELS.md; long arguments are cut visibly and never push the buttons away."""

    def say(key: str, **given: object) -> str:
        return words(reader.language, key, given)

    expires = approval.expires_at.astimezone(ZoneInfo(reader.effective_zone))
    lines = [lead] if lead else []
    lines += [f"**{visible(approval.shown.summary)}**", ""]
    lines += [_detail(name, value, say("cut-mark")) for name, value in approval.shown.details]
    lines += [*map(visible, approval.shown.notes), "", say(f"ask-{approval.kind.value}-silence", when=expires)]
    plan = "plan-" if approval.kind is Kind.PLAN else ""
    choices = [_button(approval, choice, say(f"button-{plan}{_word(choice)}", amount=choice)) for choice in CHOICES[approval.kind]]
    rows = tuple(tuple(choices[n : n + 2]) for n in range(0, len(choices), 2))
    return Card("\n".join(lines), rows)


def show_hold(connection: sa.Connection, task: Task, reader: Person, entry: effects.Entry, seconds: int, words: Words, now: datetime) -> None:
    """It leaves in some seconds; till then one button stops it."""
    if task.chat_id is None:
        return
    text = words(reader.language, "held", {"summary": visible(entry.summary), "seconds": seconds})
    button = Button(words(reader.language, "button-undo", {}), Action("undo", entry.id))
    outgoing_id = outgoing.post(connection, outgoing.Envelope(task.chat_id, reader.id, now, task.id), Card(text, ((button,),)))
    effects.move(connection, entry.id, (effects.HELD,), effects.HELD, outgoing_id=outgoing_id)


def tell(connection: sa.Connection, task: Task, reader: Person, text: str, now: datetime) -> None:
    """A line in the task's chat, where it has one."""
    if task.chat_id is not None:
        outgoing.post(connection, outgoing.Envelope(task.chat_id, reader.id, now, task.id), Card(text))


def closed_card(approval: Approval, verdict: str, buttons: tuple[tuple[Button, ...], ...] = ()) -> Card:
    """What the card becomes once it is decided."""
    return Card(f"**{visible(approval.shown.summary)}**\n{verdict}", buttons)


def visible(text: str) -> str:
    """Control, format and bidirectional characters written out, so that what is read is what is there."""
    return "".join(char if char == "\n" or not _hidden(char) else f"\\u{ord(char):04x}" for char in text)


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _detail(name: str, value: str, mark: str) -> str:
    shown = visible(value)
    if len(shown) > LONGEST_VALUE:
        shown = f"{shown[:LONGEST_VALUE]} {mark}"
    if "\n" not in shown and len(shown) <= 120:
        return f"{name}: `{shown.replace('`', chr(0x2019))}`" if shown else f"{name}: -"
    return f"{name}:\n{FENCE}\n{shown.replace(FENCE, chr(0x2019) * 3)}\n{FENCE}"


def _button(approval: Approval, choice: str, label: str) -> Button:
    return Button(label, Action("approval", approval.id, choice))


def _word(choice: str) -> str:
    return "add-credits" if choice.startswith("+") else choice
