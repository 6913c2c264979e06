"""The owner's side of a handover: to whom a message goes, and whom the bot answers again."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestrator.contracts import Action, AnswerKind, Button, Card, Json, Method, Option, Role
from orchestrator.tasks import handover, questions
from orchestrator.tasks.handover import Guest
from orchestrator.tasks.questions import Question
from orchestrator.triage import dialogue
from orchestrator.triage.taxonomy import SMALL, UNCLEAR
from orchestrator.triage.turn import Turn

TO, HOUSE, ALL = "handover-to", "house", "all"
FOR_HOUSE = frozenset({"for_house", "anew", "pressed_on"})
"""In the payload of a message that is meant for the bot, whoever waits."""
SURELY = 0.85
"""A classifier this sure of a request doubts that it is meant for a guest; keywords always do."""
SHOWN = 80


def relay(turn: Turn) -> bool:
    """Pass a message on while a human speaks in this chat. True when the bot must stay silent, or asks to whom it goes."""
    if not turn.chat.handover:
        return False
    if "owner_chat" in turn.chat.handover:
        return handover.to_owner(turn.connection, turn.chat, turn.person, turn.text, turn.envelope())
    if FOR_HOUSE & set(turn.payload):
        return False
    guests = handover.waiting(turn.connection, turn.chat.id)
    if not guests:
        handover.settle(turn.connection, turn.chat.id)
        return False
    asked = questions.open_in_chat(turn.connection, turn.chat.id, turn.person.id)
    if _answered(turn, [question for question in asked if question.key == TO]):
        return True
    if (named := _addressed(turn.text, guests)) is not None:
        _send(turn, *named)
    elif len(guests) == 1 and not any(question.key != TO for question in asked) and not _is_request(turn):
        _send(turn, guests[0], turn.text)
    else:
        _ask(turn, guests)
    return True


def settled(turn: Turn, question: Question, value: Json) -> Turn | None:
    """Send what was asked about where it belongs; the turn of its text where it is for the bot."""
    text = str(question.data["text"])
    if value == HOUSE:
        return replace(turn.saying(text), payload={"for_house": True})
    guest = next((one for one in handover.waiting(turn.connection, turn.chat.id) if one.chat_id == value), None)
    if guest is None:
        turn.reply(turn.words("handover-gone"))
        return None
    _send(turn, guest, text)
    return None


def back(turn: Turn, rest: str) -> None:
    """/handback: of several who wait, the one that is named or pressed; a guest ends their own."""
    if turn.person.role is not Role.OWNER:
        _leave(turn)
        return
    guests = handover.waiting(turn.connection)
    chosen = guests if len(guests) == 1 else [guest for guest in guests if rest and rest.casefold() in guest.name.casefold()]
    if not guests:
        turn.reply(turn.words("no-handover"))
    elif len(chosen) == 1:
        give(turn, chosen[0].chat_id)
    else:
        rows = [(Button(guest.name, Action("handback", guest.chat_id)),) for guest in guests]
        turn.reply(Card(turn.words("handback-which"), (*rows, (Button(turn.words("handback-all"), Action("handback", ALL)),))))


def _leave(turn: Turn) -> None:
    """A guest goes back to the bot; the owner is told, so that nothing more is written to them."""
    guest = next((one for one in handover.waiting(turn.connection) if one.chat_id == turn.chat.id), None)
    if guest is None or not handover.hand_back(turn.connection, turn.chat.id, turn.services.words, turn.now):
        turn.reply(turn.words("no-handover"))
        return
    handover.tell_owner(turn.connection, str((turn.chat.handover or {}).get("owner_chat")), turn.services.words, "handover-left", guest.name, turn.now)


def give(turn: Turn, chat_id: str) -> bool:
    """The bot answers this guest again (or all of them); the owner is told whom, and who still waits. False where nobody was handed over."""
    before = handover.waiting(turn.connection)
    meant = [guest for guest in before if chat_id in (ALL, guest.chat_id)]
    for guest in meant:
        handover.hand_back(turn.connection, guest.chat_id, turn.services.words, turn.now)
    if not meant:
        return False
    lines = [turn.words("handed-back-to", names=", ".join(guest.name for guest in meant))]
    left = [guest for guest in before if guest not in meant]
    if left:
        lines.append(turn.words("handover-others", names=", ".join(guest.name for guest in left)))
    for question in questions.open_in_chat(turn.connection, turn.chat.id, turn.person.id) if not left else ():
        if question.key == TO:
            questions.close(turn.connection, question, "cancelled", turn.now)
    turn.reply("\n".join(lines))
    return True


def _send(turn: Turn, guest: Guest, text: str) -> None:
    handover.to_guest(turn.connection, guest, text, turn.envelope())
    turn.reply(turn.words("handover-sent", name=guest.name))


def _ask(turn: Turn, guests: list[Guest]) -> None:
    options = [*(Option(guest.name, guest.chat_id) for guest in guests), Option(turn.words("handover-house"), HOUSE)]
    prompt = Card(turn.words("handover-to-whom", text=turn.text[:SHOWN]))
    questions.ask(turn.connection, turn.envelope(), None, TO, prompt, AnswerKind.CHOICE, options, {"text": turn.text})


def _answered(turn: Turn, asked: list[Question]) -> bool:
    """A name alone answers the latest "to whom?"."""
    said = turn.text.strip(" .!,。！").casefold()
    for question in asked:
        option = next((option for option in question.options if option.label.casefold() == said and option.value != HOUSE), None)
        if option is not None and dialogue.take_answer(turn, question, option.value):
            settled(turn, question, option.value)
            return True
    return False


def _addressed(text: str, guests: list[Guest]) -> tuple[Guest, str] | None:
    """ "Anna: come at three" is for Anna, without her name."""
    for guest in guests:
        if (found := re.match(rf"\s*{re.escape(guest.name)}\s*[:：]\s*(?=\S)", text, re.I)) is not None:
            return guest, text[found.end() :]
    return None


def _is_request(turn: Turn) -> bool:
    """Whether the owner may well ask something of the bot ("who is coming tomorrow")."""
    route = turn.services.cascade().decide(turn.text, turn.language)
    sure = route.method is Method.KEYWORDS or route.confidence >= SURELY
    return route.accepted and sure and route.intent not in SMALL and route.task_type != UNCLEAR
