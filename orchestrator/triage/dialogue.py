"""What a message means in its conversation: an answer, a digression, a correction, a follow-up, or "forget it"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from orchestrator import times
from orchestrator.contracts import (
    ENDED,
    AnswerKind,
    Card,
    Json,
    Method,
    Role,
    Route,
    Task,
    TaskState,
)
from orchestrator.tasks import corrections, manager, outgoing, questions
from orchestrator.tasks.questions import Question
from orchestrator.triage import speaking_of
from orchestrator.triage.answers import Answer, Reader, asks, gives_up, is_no, is_vague, points, refuses
from orchestrator.triage.requests import only_names, target_of, when_slot
from orchestrator.triage.taxonomy import CORRECTED_BY, FOLLOWED_UP, REFERRING, SMALL, UNCLEAR
from orchestrator.triage.turn import Turn

MEMORY = timedelta(minutes=30)
"""How long a finished task can still be corrected or followed up."""
DIGRESSIVE_WORDS = 3
"""An answer with this many words beside it is a request of its own, if it is one at all."""
WORDY = 6
"""With this many words beside it, a time is no answer even where we are not sure what the message wants."""
FREE = "free-"
"""A text question whose key begins so takes whatever is written, even what reads like another request; only not a plain question."""
FIRST_ASKED = "first_asked"
"""In the data of a question that was asked again: the id of its first asking."""
QUESTION_MARKS = ("?", "？")
SHORT = 60
"""Characters; only a short message is a correction or a follow-up by its first words."""
CORRECTING = re.compile(
    r"^\W*(?:(?:oh|ach|ay|sorry|wait|hm+|pardon|entschuldigung|moment|warte|perd[oó]n|disculpa|espera|不好意思|抱歉|对不起|等等|等一下|哦|啊)\W+)?(?:actually|no\b(?! thanks| thank)|nope|rather|make (?:it|that)|change (?:it|that)|i meant?|instead|better|on second thoughts?|let'?s (?:make|do)"
    r"|eigentlich|nein\b(?! danke)|doch (?:lieber|besser|um|am)|lieber|mach(?:e|en sie)? (?:es|das|daraus|lieber|mal)|ich meinte|besser|stattdessen|ändere"
    r"|en realidad|no\b(?! gracias)|mejor|que sea|c[aá]mbi[ae]l[oa]|quise decir|perd[oó]n"
    r"|不[,，是对]|不对|改成|改到|改为|换成|换到|还是|我是说|应该是)|\b(?:instead|stattdessen|en su lugar|en vez de eso)\W*$|\b(?:instead of|rather than|anstatt|statt|en vez de|en lugar de)\b",
    re.I,
)
FOLLOWING = re.compile(
    r"^\W*(?:and\b|what about|how about|und\b|wie (?:ist|sieht) es|wie wär|y\b|qu[eé] tal|qu[eé] hay de|那|那么|还有)|(?:呢|呢？|呢\?)$", re.I
)


NAMING = re.compile(r"appointment|booking|haircut|reminder|termin|buchung|erinner|cita|reserva|recordatorio|预约|提醒", re.I)
"""A correction that says what it corrects; one that does not means the latest."""
WORD = re.compile(r"[^\W_]+")
TAKING_BACK = re.compile(r"cancel|undo|delete|take (?:it|that) back|stornier|absag|sag\b.*\bab\b|lösch|rückgängig|anul|borr|elimin|取消|删|撤", re.I)
"""A bare "stop" stops work; it takes nothing back."""
UNDONE_BY = {"appointments": "appointment_cancel", "reminders": "reminder_delete"}
"""What takes back what an agent made."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What "it" may refer to: a recent task of this chat and its result."""

    task: Task
    result: dict[str, Any]


def reader(turn: Turn) -> Reader:
    return Reader(turn.now, turn.person.effective_zone, turn.written)


def answers(turn: Turn, question: Question, route: Route) -> Answer | None:
    """The message as the answer to an open question; None when it is rather something else."""
    answer = reader(turn).read(question, _pointed_at(turn, question) or turn.text)
    if answer is None or (is_vague(turn.text) and _is_older(turn, question)):
        return None
    if question.kind is AnswerKind.WHEN and (asks(turn.text) or _goes_on_asking(turn) or _corrects_something_newer(turn, question)):
        return None
    if question.kind is AnswerKind.TEXT:
        strong = route.accepted and (route.method is Method.KEYWORDS or route.confidence > 0.98) and route.task_type != UNCLEAR
        if question.key.startswith(FREE):
            return None if strong and turn.text.rstrip().endswith(QUESTION_MARKS) else answer
        return None if strong else answer
    if answer.leftover >= (DIGRESSIVE_WORDS if route.accepted or is_left_behind(turn, question) else WORDY):
        return None
    return None if answer.leftover and _asks_the_business(turn, route) else answer


def _is_older(turn: Turn, question: Question) -> bool:
    """Whether something else was asked since: a bare "yes" is meant for that."""
    return questions.open_in_chat(turn.connection, turn.chat.id, turn.person.id)[0].id != question.id


def _corrects_something_newer(turn: Turn, question: Question) -> bool:
    """ "No, in 30 minutes" is meant for what was made last, not for a question from before that. Ids grow with time."""
    if not CORRECTING.search(turn.text):
        return False
    return _made_since(turn, question)


def _made_since(turn: Turn, question: Question) -> bool:
    """Whether something was booked or set after this was asked for the first time: "cancel that" and "make it 4" are meant for it."""
    found = subject(turn)
    return found is not None and found.task.id > str(question.data.get(FIRST_ASKED, question.id))


def is_left_behind(turn: Turn, question: Question) -> bool:
    """Whether something else was done after this was asked last, so that the person may have other things in mind."""
    latest = corrections.recent(turn.connection, turn.chat.id, turn.person.id)
    return any(task.id > question.id and task.id != question.task_id and task.type not in SMALL for task, _ in latest)


def _goes_on_asking(turn: Turn) -> bool:
    """ "And tomorrow?" after a question to us goes on with that one, though a time is being asked for too."""
    return bool(FOLLOWING.search(turn.text)) and turn.text.rstrip().endswith((*QUESTION_MARKS, "呢")) and _last_question(turn) is not None


def _pointed_at(turn: Turn, question: Question) -> str | None:
    """The time that "the second one" means, of those offered as buttons."""
    place = points(turn.text)
    if place is None or question.kind is not AnswerKind.WHEN or question.outgoing_id is None:
        return None
    offered = outgoing.labels_of(turn.connection, question.outgoing_id)
    return offered[place] if place < len(offered) else None


def _asks_the_business(turn: Turn, route: Route) -> bool:
    """ "Are you open on Friday?" names a day and is no answer for it."""
    return route.accepted and route.agent == "inquiries" and turn.text.rstrip().endswith((*QUESTION_MARKS, "吗", "呢"))


def give_up(turn: Turn, question: Question) -> bool:
    """ "Forget it": drop what is being asked, and the task that asks it."""
    declines = refuses(turn.text) and question.kind is not AnswerKind.YES_NO
    if not (gives_up(turn.text) or declines or _says_no(turn, question)) or (TAKING_BACK.search(turn.text) and _made_since(turn, question)):
        return False
    task = manager.load(turn.connection, question.task_id) if question.task_id else None
    questions.close(turn.connection, question, "cancelled", turn.now)
    if task is not None and task.state not in ENDED:
        manager.cancel(turn.connection, task, turn.now)
    turn.reply(turn.words("dropped"), question.task_id)
    return True


def _says_no(turn: Turn, question: Question) -> bool:
    """A bare "no" is no time and no choice: nothing is to be done, now or then."""
    if question.kind not in (AnswerKind.WHEN, AnswerKind.CHOICE) or question.task_id is None or not is_no(turn.text) or _is_older(turn, question):
        return False
    return reader(turn).read(question, turn.text) is None


def take_answer(turn: Turn, question: Question, value: Json) -> bool:
    """Store the answer and go on with the task that waits for it. False when somebody was faster."""
    if not questions.answer(turn.connection, question, value, turn.now):
        return False
    if question.task_id is None:
        return True
    task = manager.load(turn.connection, question.task_id, lock=True)
    if task is None or task.state in ENDED:
        return True
    questions.journal_answer(turn.connection, task, question, value, turn.now)
    if task.state is TaskState.AWAITING_INPUT and not manager.open_questions(turn.connection, task.id):
        turn.services.runner.wake(turn.connection, task, turn.message_id)
    return True


def ask_again(turn: Turn, question: Question, lead: str) -> None:
    """Come back to an open question, with its choices."""
    connection = turn.connection
    if not questions.close(connection, question, "asked_again", turn.now):
        return
    task = manager.load(connection, question.task_id) if question.task_id else None
    prompt = Card(question.prompt, () if question.options or question.outgoing_id is None else outgoing.said_by(connection, question.outgoing_id))
    questions.ask(
        connection,
        turn.envelope(question.task_id),
        task,
        question.key,
        prompt,
        question.kind,
        question.options,
        {FIRST_ASKED: question.id, **question.data, "asked_again": True},
        lead=lead,
    )


def subject(turn: Turn, agent: str | None = None) -> Subject | None:
    """The latest task of this chat that a correction may mean: finished within 30 minutes, with a result."""
    return next(_subjects(turn, agent), None)


def _subjects(turn: Turn, agent: str | None = None) -> Iterator[Subject]:
    """The same, and those before it."""
    for task, finished in corrections.recent(turn.connection, turn.chat.id, turn.person.id):
        if agent is not None and task.agent != agent:
            continue
        if finished is None or turn.now - finished > MEMORY:
            continue
        if task.state is TaskState.COMPLETED and isinstance(task.result, dict) and task.type in CORRECTED_BY:
            yield Subject(task, task.result)


def _others(turn: Turn, found: Subject) -> int:
    """How many words of a correction speak of something else than this."""
    title = str(found.result.get("title", ""))
    return speaking_of.other_words(turn.text, title, now=turn.now, zone=turn.person.effective_zone, language=turn.written)


def correction(turn: Turn, route: Route) -> Route | None:
    """ "Actually make it 4": new work that changes the latest booking or reminder, anchored at its time."""
    if (undone := _undoing(turn, route)) is not None:
        return undone
    if (with_whom := _with_somebody(turn)) is not None:
        return with_whom
    if len(turn.text) > SHORT or _is_other_request(route) or not (CORRECTING.search(turn.text) or _is_time_for_the_last(turn)):
        return None
    named = REFERRING.get(route.intent) if route.accepted and NAMING.search(turn.text) else None
    found = min((one for one in _subjects(turn, named) if one.result.get("start")), key=lambda one: _others(turn, one), default=None)
    if found is None:
        return None
    when, others = refined(turn, found), _others(turn, found)
    if when is None or others >= speaking_of.FOREIGN or (others and speaking_of.tells_somebody(turn.text)):
        return None
    task_type = CORRECTED_BY[found.task.type]
    slots: dict[str, Any] = {"subject": found.result, "when": when, "rest": turn.text}
    slots["named" if others else "correction"] = True  # of one that names something the agent finds out which
    return Route(turn.text, task_type, task_type, found.task.agent, 1.0, Method.DIALOGUE, True, turn.language, slots=slots)


def _with_somebody(turn: Turn) -> Route | None:
    """ "With Kim please" directly after a booking: the same one, with somebody else."""
    name = speaking_of.whom(turn.text)
    found = subject(turn, "appointments") if name is not None else None
    if found is None or not found.result.get("staff") or not _is_latest(turn, found):
        return None
    slots = {"correction": True, "subject": found.result, "with": name, "when": {}, "rest": turn.text}
    return Route(turn.text, "appointment_reschedule", "appointment_reschedule", found.task.agent, 1.0, Method.DIALOGUE, True, turn.language, slots=slots)


def _is_latest(turn: Turn, found: Subject) -> bool:
    latest = corrections.recent(turn.connection, turn.chat.id, turn.person.id, limit=1)
    return bool(latest) and latest[0][0].id == found.task.id


def _is_time_for_the_last(turn: Turn) -> bool:
    """ "At 10" directly after something was booked or set: a time that nobody asked for, and nothing else."""
    if not speaking_of.is_only_a_time(turn.text, now=turn.now, zone=turn.person.effective_zone, language=turn.written):
        return False
    found = subject(turn)
    return found is not None and _is_latest(turn, found)


def _undoing(turn: Turn, route: Route) -> Route | None:
    """ "Cancel it" right after something was booked or set means that, unless a task is at work or named by its number."""
    if not route.accepted or route.intent != "task_cancel" or not TAKING_BACK.search(turn.text) or re.search(r"\d", turn.text):
        return None
    found = subject(turn)
    live = manager.recent(turn.connection, turn.person.id, live_only=True)
    if found is None or any(task.id > found.task.id or task.state is not TaskState.AWAITING_INPUT for task in live):
        return None
    task_type = UNDONE_BY[found.task.agent]
    slots = {"subject": found.result, "rest": turn.text, "when": {}}
    return Route(turn.text, task_type, task_type, found.task.agent, 1.0, Method.DIALOGUE, True, turn.language, slots=slots)


def _is_other_request(route: Route) -> bool:
    """A message that opens like a correction but plainly asks for something else ("no, what are your opening hours?")."""
    return route.accepted and route.method is Method.KEYWORDS and route.intent not in REFERRING and route.intent not in CORRECTED_BY


def refined(turn: Turn, found: Subject, *, had_clock: bool = True) -> dict[str, Any] | None:
    """The earlier instant with what this message changes of it; None when it changes nothing."""
    previous = datetime.fromisoformat(str(found.result["start"]))
    zone = turn.person.effective_zone
    reading = times.refine(previous, target_of(turn.text, turn.written), now=turn.now, zone=zone, language=turn.written)
    if reading.start is None and reading.recurrence is None and not reading.unread:
        return None
    slot = when_slot(reading, zone)
    if slot is None or reading.start is None or reading.precision is not times.Precision.MINUTE:
        return slot
    if not had_clock and not reading.has_clock:
        return slot | {"precision": str(times.Precision.DAY)}
    return slot | {"has_clock": True, "has_day": True}  # what the text leaves out, the earlier instant has


def correct_waiting(turn: Turn, question: Question) -> bool:
    """A correction while a task still asks something: its earlier answers and slots are replaced, and it runs anew."""
    if question.task_id is None or not CORRECTING.search(turn.text) or len(turn.text) > SHORT:
        return False
    task = manager.load(turn.connection, question.task_id)
    if task is None or task.state is not TaskState.AWAITING_INPUT or _corrects_something_newer(turn, question):
        return False
    before = task.slots.get("when") or {}
    if not before.get("start"):
        return False
    when = refined(turn, Subject(task, {"start": before["start"]}), had_clock=bool(before.get("has_clock")))
    if when is None:
        return False
    corrected = corrections.correct(turn.connection, task, {**task.slots, "when": when}, turn.now)
    turn.services.runner.wake(turn.connection, corrected, turn.message_id)
    return True


def refer(turn: Turn, route: Route) -> Route:
    """Give a request about something made earlier ("move it to Thursday") what it speaks of."""
    agent = REFERRING.get(route.task_type)
    if agent is None or "subject" in route.slots:
        return route
    found = subject(turn, agent)
    if found is None:
        return route
    slots: dict[str, Any] = {**route.slots, "subject": found.result}
    if found.result.get("start") and (when := refined(turn, found)) is not None and "when" in route.slots:
        slots |= {"when": when, "as_read": route.slots["when"]}
    return replace(route, slots=slots)


def doubted(turn: Turn, route: Route) -> Route:
    """ "No, tell him I'm coming at 5" speaks to somebody else; a guess that it changes an appointment or a reminder does not count."""
    guessed = route.method is Method.CLASSIFIER and route.accepted and route.agent in UNDONE_BY
    if guessed and CORRECTING.search(turn.text) and speaking_of.tells_somebody(turn.text):
        return replace(route, accepted=False)
    return route


def follow_up(turn: Turn, route: Route) -> Route | None:
    """ "And on Saturdays?" continues the last question of this chat with other details."""
    if (taken := _taken_by_place(turn)) is not None:
        return taken
    if len(turn.text) > SHORT or not FOLLOWING.search(turn.text):
        return None
    task = _last_question(turn)
    if task is None:
        return None
    if route.accepted and route.task_type != task.type and not _is_bare(turn) and not _only_names(turn, route):
        return None
    return Route(turn.text, task.type, task.type, task.agent, 0.95, Method.DIALOGUE, True, turn.language, slots={"follow_up": True})


def _taken_by_place(turn: Turn) -> Route | None:
    """ "The first one" of the free times that were just shown books that one."""
    place = points(turn.text)
    latest = corrections.recent(turn.connection, turn.chat.id, turn.person.id, limit=1) if place is not None else []
    if place is None or not latest or latest[0][0].type != "appointment_availability" or latest[0][1] is None or turn.now - latest[0][1] > MEMORY:
        return None
    shown = latest[0][0].result or {}
    options = shown.get("options") or []
    if place >= len(options):
        return None
    when = {"start": options[place]["start"], "precision": str(times.Precision.MINUTE), "has_clock": True, "has_day": True}
    slots = {"when": when, "service": shown.get("service"), "staff": shown.get("staff")}
    return Route(turn.text, "appointment_booking", "appointment_booking", latest[0][0].agent, 1.0, Method.DIALOGUE, True, turn.language, slots=slots)


def _last_question(turn: Turn) -> Task | None:
    """What the last message of this chat asked; of several, one that is asked of a day or of a service."""
    latest = corrections.recent(turn.connection, turn.chat.id, turn.person.id)
    asked = [
        task
        for task, finished in latest
        if task.parent_id == latest[0][0].parent_id and task.type in FOLLOWED_UP and finished is not None and turn.now - finished <= MEMORY
    ]
    return min(asked, key=lambda task: task.type == "business_faq", default=None)


def _only_names(turn: Turn, route: Route) -> bool:
    """ "And a beard trim?" names something and does not say what to do with it, though by itself it would be taken for a wish to book it."""
    return only_names(route) and turn.text.rstrip().endswith((*QUESTION_MARKS, "呢"))


def _is_bare(turn: Turn) -> bool:
    """A time and nothing else but the "and" before it."""
    reading = times.read(turn.text, now=turn.now, zone=turn.person.effective_zone, language=turn.written)
    return reading.start is not None and len(WORD.findall(reading.rest)) <= 1


def is_owner(turn: Turn) -> bool:
    return turn.person.role is Role.OWNER
