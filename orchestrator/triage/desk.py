"""The front desk: one message in, one decision out, all of it in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import AnswerKind, Card, Lane, Option, Role, Route, Task, TaskState
from orchestrator.people import API
from orchestrator.tasks import house_zone, inbox, manager, people, questions
from orchestrator.tasks.manager import NewTask
from orchestrator.tasks.particulars import Particulars
from orchestrator.tasks.questions import Question
from orchestrator.triage import autonomous, commands, decisions, dialogue, handing, meant, notices, presses, safety, secrets, timetable, work
from orchestrator.triage.answers import asks
from orchestrator.triage.offers import CLARIFY
from orchestrator.triage.requests import split, with_details
from orchestrator.triage.taxonomy import DESK, GENERAL, SMALL, UNCLEAR
from orchestrator.triage.turn import Chat, Services, Turn
from storage.signals import announce

MODEL_PATIENCE = timedelta(seconds=30)
WORTH_ASKING = 0.12
"""A candidate less likely than this is not offered in the clarifying question."""


class Desk:
    """Handles the oldest waiting message of a chat, exactly once."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def handle_next(self, connection: sa.Connection, chat_id: str) -> bool:
        """Decide and act on one message. True while another one may be handled in this chat."""
        now = self._services.clock.now()
        chat = inbox.lock_chat(connection, chat_id)
        if chat is None:
            return False
        held = chat.busy_until is not None and chat.busy_until > now
        message = inbox.take_oldest(connection, chat_id, now, urgent_only=held)
        if message is None:
            return False
        self._handle(self._turn(connection, chat, message, now))
        return inbox.has_waiting(connection, chat_id)

    def set_aside(self, connection: sa.Connection, chat_id: str) -> bool:
        """Give up on the oldest message of a chat, and say so. False when there is none."""
        now = self._services.clock.now()
        chat = inbox.lock_chat(connection, chat_id)
        message = inbox.take_oldest(connection, chat_id, now) if chat is not None else None
        if message is None:
            return False
        turn = self._turn(connection, chat, message, now)
        turn.reply(turn.words("message-failed"))
        return True

    def _turn(self, connection: sa.Connection, chat: Any, message: Any, now: datetime) -> Turn:
        speaking = people.speaking(connection, message.person_id, message.text if message.kind == "text" else "")
        person = house_zone.follow(connection, speaking, self._services.house_zone(connection), now)
        view = Chat(chat.id, chat.channel, chat.kind, chat.handover)
        return Turn(connection, self._services, message.id, message.kind, message.text, message.payload, view, person, now)

    def _handle(self, turn: Turn) -> None:
        if turn.kind == "button":
            typed = presses.perform(turn)
            if typed is None:
                return
            turn = typed
        if request_id := turn.payload.get("secret_of"):
            secrets.taken(turn, str(request_id))
            return
        if turn.kind != "text":
            turn.reply(_about_file(turn))
            if not (turn.text and turn.payload.get("kept")):
                return  # else its caption says what to do with it
        text = autonomous.spoken(turn.text) or turn.text
        if commands.is_command(text):
            commands.run(turn, text)
            return
        if handing.relay(turn):
            return
        if safety.respond(turn):
            return
        self._converse(turn)

    def _converse(self, turn: Turn) -> None:
        """An open question, a correction, a follow-up, or new work: in this order."""
        cascade = self._services.cascade()
        route = cascade.decide(turn.text, turn.language)
        open_questions = [asked for asked in questions.open_in_chat(turn.connection, turn.chat.id, turn.person.id) if asked.key != handing.TO]
        if turn.payload.get("anew"):
            self._new_work(turn, split(turn.text, turn.language, cascade), open_questions)
            return
        if decisions.said(turn, open_questions) or (not open_questions and notices.said(turn)):
            return
        takes_all = bool(open_questions) and open_questions[0].key.startswith(dialogue.FREE)
        found = [route] if takes_all else split(turn.text, turn.language, cascade)
        for question in open_questions if len(found) == 1 else ():
            if question.key in (CLARIFY, meant.MEANT) and not gives_clarity(turn, question):
                continue
            if dialogue.give_up(turn, question) or dialogue.correct_waiting(turn, question):
                return
            if meant.is_doubtful(turn, question, route):
                meant.ask(turn, question)
                return
            if (answer := dialogue.answers(turn, question, route)) is not None:
                self._answered(turn, question, answer.value)
                return
        known = dialogue.correction(turn, route) or dialogue.follow_up(turn, route)
        if known is not None:
            self._begin(turn, [self._detailed(turn, known)])
            return
        self._new_work(turn, [dialogue.doubted(turn, one) for one in found], open_questions)

    def _answered(self, turn: Turn, question: Question, value: Any) -> None:
        dialogue.take_answer(turn, question, value)
        if question.key == meant.MEANT:
            if (anew := meant.settled(turn, question, value)) is not None:
                self._converse(anew)
        elif question.key == CLARIFY:
            presses.clarified(turn, question, value)
        elif question.task_id is None:
            presses.house_answer(turn, question, value)

    def _new_work(self, turn: Turn, found: list[Route], open_questions: list[Question]) -> None:
        if len(found) == 1 and timetable.arrange(turn, found[0]):
            commands.ask_zone_once(turn, [self._detailed(turn, found[0])])
            return
        if len(found) == 1 and not found[0].accepted:
            self._unsure(turn, found[0], open_questions)
            return
        found = [route for route in found if len(found) == 1 or not timetable.arrange(turn, route)]
        if not found:
            return
        self._begin(turn, [self._detailed(turn, route) for route in found])
        asked = next((question for question in open_questions if question.task_id is not None and not question.data.get("asked_again")), None)
        if asked is not None and found[0].intent not in SMALL:
            still = next((q for q in questions.open_in_chat(turn.connection, turn.chat.id, turn.person.id)), None)
            if still is not None and still.id == asked.id:
                dialogue.ask_again(turn, asked, turn.words("back-to"))

    def _detailed(self, turn: Turn, route: Route) -> Route:
        """The route with its times read, and with what it refers to."""
        if "when" in route.slots:
            return route
        read = with_details(route, now=turn.now, zone=turn.person.effective_zone, language=turn.written)
        return dialogue.refer(turn, read)

    def _begin(self, turn: Turn, found: list[Route]) -> None:
        if found[0].agent == DESK:
            commands.run_intent(turn, found[0])
            return
        tasks = work.begin(turn, found)
        agent = self._services.catalogue.agent(found[0].agent)
        if agent is not None and agent.lane is Lane.INSTANT and tasks[0].state is not TaskState.FAILED:
            work.offer_correction(turn, tasks[0], found[0])
        commands.ask_zone_once(turn, found)

    # --- when keywords and classifier are not sure ---

    def _unsure(self, turn: Turn, route: Route, open_questions: list[Question]) -> None:
        if self._services.uses_model and not turn.payload.get("model_asked"):
            self.ask_model(turn, route)
            return
        waiting = next((question for question in open_questions if question.task_id is not None), None)
        if waiting is not None and not asks(turn.text) and not dialogue.is_left_behind(turn, waiting):
            dialogue.ask_again(turn, waiting, turn.words("not-understood-answer"))
            return
        self.clarify(turn, route)

    def clarify(self, turn: Turn, route: Route) -> None:
        """One question with buttons where there is a likely candidate; an honest "not understood" where there is none."""
        candidates = [
            intent
            for intent, confidence in ((route.intent, route.confidence), (route.runner_up, route.runner_up_confidence))
            if intent and confidence >= WORTH_ASKING and intent not in {"oos", UNCLEAR}
        ]
        if not candidates or turn.chat.channel == API:  # a program is asked nothing that belongs to no task
            cascade = self._services.cascade()
            general = self._services.uses_model and turn.person.role is not Role.GUEST and self._services.catalogue.agent_for(GENERAL) is not None
            unclear = cascade.route(
                turn.text, GENERAL if general else UNCLEAR, route.confidence, route.method, turn.language, accepted=False, runner_up=route.intent
            )
            work.begin(turn, [replace(unclear, slots={"wanted": route.intent})])
            return
        options = [Option(work.intent_name(turn, intent), intent) for intent in candidates] + [Option(turn.words("option-other"), UNCLEAR)]
        data = {"text": turn.text, "confidence": route.confidence, "method": route.method.value}
        prompt = Card(turn.words("clarify"))
        questions.ask(turn.connection, turn.envelope(), None, CLARIFY, prompt, AnswerKind.CHOICE, options, data)

    def ask_model(self, turn: Turn, route: Route, given: Particulars | None = None) -> Task:
        """Leave the decision to the engine; later messages of this chat wait, at most 30 s. What is `given` goes on to the tasks that come of it."""
        new = NewTask(
            type="triage", agent="triage", person_id=turn.person.id, chat_id=turn.chat.id, language=turn.language, title=turn.text,
            text=turn.text, message_id=turn.message_id, slots={"guess": route.intent, "runner_up": route.runner_up, "confidence": route.confidence},
            particulars=given or Particulars(),
        )  # fmt: skip
        task = manager.create(turn.connection, new, turn.now)
        inbox.hold(turn.connection, turn.chat.id, turn.message_id, turn.now + MODEL_PATIENCE)
        self._services.runner.queue.enqueue(turn.connection, task)
        return task

    def decided_by_model(self, connection: sa.Connection, task_id: str, route: Route | None) -> None:
        """The model's answer (or None when it had none) for a message that waited for it."""
        now = self._services.clock.now()
        task = manager.load(connection, task_id)
        if task is None or task.chat_id is None or task.state is not TaskState.IN_PROGRESS:
            return
        chat = inbox.lock_chat(connection, task.chat_id)
        message = inbox.of_task(connection, task.id)
        turn = replace(self._turn(connection, chat, message, now), kind="text", text=task.text, payload={"model_asked": task.id})
        manager.complete(connection, task, None, now)
        inbox.free(connection, task.chat_id)
        if route is not None and route.accepted:
            if not timetable.arrange(turn, route):
                self._begin(turn, [self._detailed(turn, route)])
        else:
            guess = self._services.cascade().decide(task.text, turn.language)
            asked = [] if turn.chat.channel == API else questions.open_in_chat(connection, turn.chat.id, turn.person.id)
            self._unsure(turn, guess, asked)
        announce(connection, inbox.TOPIC, task.chat_id)


def gives_clarity(turn: Turn, question: Question) -> bool:
    """Whether a message answers "what did you mean?"; if not, the question is simply left behind."""
    return dialogue.reader(turn).read(question, turn.text) is not None


def _about_file(turn: Turn) -> str:
    """What becomes of something that is not text: a channel may have kept it in the person's folder, or say why not."""
    if name := turn.payload.get("kept"):
        return turn.words("file-kept", name=str(name))
    if reason := turn.payload.get("refused"):
        return turn.words("file-refused", reason=str(reason))
    return turn.words("cannot-read-kind", kind=turn.kind)
