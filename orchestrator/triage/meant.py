"""A text that may answer an open question and reads like a request of its own as well: the person says which it is."""

from __future__ import annotations

from dataclasses import replace

from orchestrator import times
from orchestrator.contracts import AnswerKind, Card, Json, Method, Option, Route, Task
from orchestrator.people import API
from orchestrator.tasks import manager, questions
from orchestrator.tasks.questions import Question
from orchestrator.triage import dialogue
from orchestrator.triage.taxonomy import SMALL, UNCLEAR
from orchestrator.triage.turn import Turn

MEANT, TITLE = "meant", "free-title"
ANSWER, NEW = "answer", "new"
SURELY = 0.98
"""A classifier this sure of a request doubts that it is an answer; keywords always do."""
SHOWN = 120
"""Characters of a question that is quoted."""


def is_doubtful(turn: Turn, question: Question, route: Route) -> bool:
    """Whether a question that takes any text must not take this one unasked."""
    if question.kind is not AnswerKind.TEXT or not question.key.startswith(dialogue.FREE) or turn.chat.channel == API:
        return False
    if turn.payload.get("pressed_on") == question.outgoing_id and question.outgoing_id is not None:
        return False
    surely = route.method is Method.KEYWORDS or route.confidence > SURELY
    if _is_of_the_same(turn, question, route) or (surely and _is_plain_question(turn, question)):
        return False
    late = dialogue.is_left_behind(turn, question)
    return route.accepted and route.task_type != UNCLEAR and route.intent not in SMALL and (surely or late)


def _is_of_the_same(turn: Turn, question: Question, route: Route) -> bool:
    """ "Our name is …" answers what the setup asks; an address, to whom a mail goes; "book a haircut", what to be reminded of, unless it says when."""
    task = _asking(turn, question)
    if task is None:
        return False
    if question.key == TITLE:
        reading = times.read(turn.text, now=turn.now, zone=turn.person.effective_zone, language=turn.written)
        return reading.start is None and reading.recurrence is None
    return route.agent == task.agent == "setup" or ("free-to" in question.key and "@" in turn.text)


def _is_plain_question(turn: Turn, question: Question) -> bool:
    """ "What are your opening hours?" is answered, and ours asked again; only what goes into a letter may well be a question."""
    task = _asking(turn, question)
    return task is not None and task.agent != "email" and turn.text.rstrip().endswith(dialogue.QUESTION_MARKS)


def _asking(turn: Turn, question: Question) -> Task | None:
    return manager.load(turn.connection, question.task_id) if question.task_id else None


def ask(turn: Turn, question: Question) -> None:
    """Both are offered; neither the text nor the question is lost meanwhile."""
    options = [Option(turn.words("meant-answer"), ANSWER), Option(turn.words("meant-new"), NEW)]
    prompt = Card(turn.words("meant-question", question=question.prompt.split("\n")[0][:SHOWN]))
    data: dict[str, Json] = {"text": turn.text, "question": question.id}
    questions.ask(turn.connection, turn.envelope(), None, MEANT, prompt, AnswerKind.CHOICE, options, data)


def settled(turn: Turn, question: Question, value: Json) -> Turn | None:
    """Take the text as the answer; or, where it is something new, the turn in which it is handled as that."""
    text = str(question.data["text"])
    if value == NEW:
        return replace(turn.saying(text), payload={"anew": True})
    asked = questions.find(turn.connection, str(question.data["question"]), turn.person.id)
    if asked is None or not dialogue.take_answer(turn, asked, text):
        turn.reply(turn.words("press-spent"))
    return None
