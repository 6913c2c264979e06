"""Editing a plan that waits for approval: which argument, what instead; a new plan, a new digest, a new card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pydantic

from orchestrator.actions import approvals, asking
from orchestrator.actions.approvals import Approval, Ask, Kind, Shown
from orchestrator.actions.calls import Call, reach_of
from orchestrator.contracts import AnswerKind, Card, Option, ToolError
from orchestrator.tasks import manager, questions
from orchestrator.tasks.people import person_of
from orchestrator.tasks.questions import Question
from orchestrator.triage import ask_cards as cards
from orchestrator.triage.turn import Turn, say_button

FIELD, VALUE = "approval-field", "free-approval-value"
"""Keys of the desk's own questions while a plan is being edited."""
KEEP = ""
"""Instead of an argument: nothing is to be changed."""
ALSO_CALLED = {
    "subject": ("subject", "subject line", "betreff", "asunto", "主题", "标题"),
    "body": ("text", "body", "message", "inhalt", "texto", "mensaje", "正文", "内容"),
    "to": ("recipient", "recipients", "empfänger", "destinatario", "收件人"),
    "cc": ("cc", "copy", "kopie", "copia", "抄送"),
    "title": ("title", "titel", "título", "标题"),
}
"""What people call an argument, whatever language the card is in."""
LEAD = r"^\W*(?:(?:please|bitte|por favor|请)\W*)?"
SETTING = r"(?:make|change|set|turn|mach|ändere|ändre|setze?|nimm|cambia|cambie|pon|ponga|haz|把|将|改)\s*"
ARTICLE = r"(?:(?:the|den|die|das|dem|als|el|la|los|como)\s+)?"
""" "make the subject: Lunch", "ändere den Betreff in Essen", "主题改成午饭"; without a verb only with a colon."""


def begin(turn: Turn, approval: Approval) -> str:
    tool = turn.services.catalogue.tool(approval.tool)
    present = approvals.get(turn.connection, approval.id)
    if tool is None or present.state != approvals.PENDING or present.expires_at <= turn.now:
        return cards.too_late(turn, approval)
    fields = getattr(tool, "editable", None) or tuple(name for name, value in approval.arguments.items() if isinstance(value, str))
    options = [Option(_field_name(turn, name), name) for name in fields]
    data = {"approval": approval.id}
    if len(options) == 1:
        _ask_value(turn, approval, str(options[0].value))
    else:
        options.append(Option(turn.words("button-keep"), KEEP))
        questions.ask(turn.connection, turn.envelope(), None, FIELD, Card(turn.words("edit-which")), AnswerKind.CHOICE, options, data)
    return "press-taken"


def _field_name(turn: Turn, name: str) -> str:
    try:
        return turn.words(f"argument-{name.replace('_', '-')}")
    except KeyError:
        return name.replace("_", " ")


def _ask_value(turn: Turn, approval: Approval, name: str) -> None:
    value = approval.arguments.get(name)
    present = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "-")
    prompt = Card(
        turn.words("edit-value", name=_field_name(turn, name), value=asking.visible(present)[:1500]), ((say_button(turn.words("button-keep"), "/approvals"),),)
    )
    questions.ask(turn.connection, turn.envelope(), None, VALUE, prompt, AnswerKind.TEXT, (), {"approval": approval.id, "field": name})


def show_again(turn: Turn, approval: Approval) -> None:
    """The ask once more, with live buttons; nothing where it waits no longer."""
    if approvals.get(turn.connection, approval.id).state == approvals.PENDING:
        asking.show(turn.connection, approval, turn.person, turn.services.words, turn.now, chat_id=turn.chat.id)


def said(turn: Turn, open_questions: Sequence[Question]) -> bool:
    """ "Make the subject: Lunch" while a plan is being edited: the argument that is named gets that value. False where it is none; then nothing was done."""
    asked = next(iter(open_questions), None)
    if asked is None or asked.key not in {FIELD, VALUE}:
        return False
    approval = approvals.find(turn.connection, str(asked.data["approval"]), turn.person.id)
    if approval is None or approval.state != approvals.PENDING:
        return False
    found = _named(turn, approval)
    if found is None:
        return False
    questions.close(turn.connection, asked, "answered", turn.now)
    _edited(turn, approval, *found)
    return True


def _named(turn: Turn, approval: Approval) -> tuple[str, str] | None:
    """The argument that a text names, and what it is to be."""
    tool = turn.services.catalogue.tool(approval.tool)
    fields = getattr(tool, "editable", None) or tuple(name for name, value in approval.arguments.items() if isinstance(value, str))
    for name in fields:
        called = {name.replace("_", " "), _field_name(turn, name).lower(), *ALSO_CALLED.get(name, ())}
        either = "|".join(re.escape(word) for word in sorted(called, key=len, reverse=True))
        to_be = r"\s*(?:[:：=]|(?:to|be|into|say|in|auf|zu|a|por|en|es|sea)\b\s*[:：]?|(?:改成|改为|换成|设为|是|为)\s*[:：]?)\s*"
        for pattern in (f"{LEAD}{SETTING}{ARTICLE}(?:{either}){to_be}", f"{LEAD}{ARTICLE}(?:{either})\\s*(?:[:：]|改成|改为|换成)\\s*"):
            if (found := re.match(pattern, turn.text, re.I)) is not None and (value := turn.text[found.end() :].strip()):
                return name, value.strip('"“”„«»「」')
    return None


def answered(turn: Turn, question: Question, value: Any) -> bool:
    """An answer that belongs to an edit. False for any other question."""
    if question.key not in {FIELD, VALUE}:
        return False
    approval = approvals.find(turn.connection, str(question.data["approval"]), turn.person.id)
    if approval is None or approval.state != approvals.PENDING:
        turn.reply(turn.words("press-spent" if approval is None else cards.too_late(turn, approval)))
    elif question.key == FIELD and value == KEEP:
        show_again(turn, approval)
    elif question.key == FIELD:
        _ask_value(turn, approval, str(value))
    else:
        _edited(turn, approval, str(question.data["field"]), str(value))
    return True


def _edited(turn: Turn, approval: Approval, name: str, text: str) -> None:
    old = approval.arguments.get(name)
    value: Any = [part for part in re.split(r"[,;\s]+", text) if part] if isinstance(old, list) else text
    try:
        change(turn, approval, {name: value})
    except ToolError:
        turn.reply(turn.words("press-spent"))
    except pydantic.ValidationError as error:
        turn.reply(turn.words("edit-wrong", reason="; ".join(str(fault["msg"]) for fault in error.errors())))
        _ask_value(turn, approval, name)


def change(turn: Turn, approval: Approval, changes: Mapping[str, Any]) -> Approval:
    """A new plan with a new digest; the old card's buttons are dead. Raises pydantic.ValidationError, ToolError where the tool is gone."""
    tool, task = turn.services.catalogue.tool(approval.tool), manager.load(turn.connection, approval.task_id)
    if tool is None or task is None:
        raise ToolError(f"there is no tool {approval.tool} any more")
    typed = tool.arguments.model_validate({**approval.arguments, **changes})
    person = person_of(turn.connection, approval.person_id)
    call = Call(turn.connection, person, task, approval.key, tool, typed, turn.now, files=approval.files, reach=reach_of(tool, typed))
    preview = call.preview(turn.services.words)
    rules = turn.services.runner.around.dispatcher.rules
    second = approval.second_at - approval.created_at if approval.second_at is not None else None
    again = Ask(
        Kind.EFFECT, task, approval.key, call.digest(), Shown(preview.summary, preview.details, approval.shown.notes), approval.approver_id,
        approval.chat_id, turn.now, timedelta(hours=rules.policy.approvals.hours), tool.name, tool.version, call.plain_arguments(), call.used_files(),
        approval.second_id, second, approval.tainted,
    )  # fmt: skip
    cards.close(turn, approval, turn.words("ask-superseded"))
    return asking.open_ask(turn.connection, again, turn.person, turn.services.words)
