"""What is to be done at a time of its own: requests with a rhythm ("every Monday at 9 send me the news"), and /schedule, which shows and changes what comes due."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator import times
from orchestrator.contracts import AnswerKind, Button, Card, Lane, Method, Option, Role, Route
from orchestrator.execution.due import DueWork
from orchestrator.execution.orders import Order
from orchestrator.tasks import questions, rhythms, schedules
from orchestrator.tasks.questions import Question
from orchestrator.tasks.schedules import ONCE, RRULE
from orchestrator.triage import work
from orchestrator.triage.requests import count_words, with_details
from orchestrator.triage.taxonomy import DESK, SMALL
from orchestrator.triage.turn import Turn, say_button

RHYTHM = "rhythm"
EACH, NOW = "each", "now"
ENDINGS = " .!?。！？\n"
TAKE_BACK = "undo"
NUMBER = re.compile(r"#?(\d{1,9})", re.ASCII)
"""The number of a schedule, as it is written in a command."""
EVERY = re.compile(
    r"\W*(?:every|each|daily|weekly|monthly|hourly|jede[nrsm]?|täglich|wöchentlich|alle|werktags|immer|cada|tod[oa]s|diariamente|semanalmente|每|天天)", re.I
)
"""So begins a text that says a rhythm first."""
SOON = timedelta(seconds=30)
"""What is to be done sooner than this is done at once."""


# --- requests ---


def arrange(turn: Turn, found: Route) -> bool:
    """Take a request that is to be done later, or again and again, by work that knows no time itself. False where it is none; then nothing was said.

    A time before the request is its time; behind or within it ("tell Bob that we meet every Monday") it may be part of what is said, so a rhythm is asked about.
    """
    if turn.person.role is Role.GUEST or found.agent == DESK or found.intent in SMALL or _keeps_time(turn, found):
        return False
    read = found if "when" in found.slots else with_details(found, now=turn.now, zone=turn.person.effective_zone, language=turn.written)
    when, rest = read.slots.get("when") or {}, str(read.slots.get("rest", "")).strip()
    if when.get("unread") or not count_words(rest) or not (when.get("recurrence") or _is_later(turn, when)):
        return False
    wanted = _wanted(turn, found, rest)
    if wanted is None:
        return False
    leads = found.text.rstrip(ENDINGS).endswith(rest.rstrip(ENDINGS))
    if leads:
        _make(turn, _order(wanted, rest), when)
    elif when.get("recurrence"):
        _ask(turn, found, _order(wanted, rest), when)
    return leads or bool(when.get("recurrence"))


def answered(turn: Turn, question: Question, value: Any) -> bool:
    """Whether this answered "each time, or once now?"; then it is done."""
    if question.key != RHYTHM:
        return False
    order = Order.of(question.data["order"])
    if value == EACH:
        _make(turn, order, question.data["when"])
        return True
    agent = turn.services.catalogue.agent_for(order.type)
    text = str(question.data["text"])
    if agent is not None:
        slots = {**order.slots, "rest": text, "when": question.data["when"]}
        work.begin(turn, [Route(text, order.type, order.type, agent.name, 1.0, Method.BUTTON, True, order.language, slots=slots)])
    return True


def _keeps_time(turn: Turn, route: Route) -> bool:
    """Appointments, reminders and questions about opening hours read times themselves; a guess that it is one of them is looked at again where a rhythm comes first."""
    agent = turn.services.catalogue.agent(route.agent)
    if not route.accepted or agent is None or agent.lane is not Lane.INSTANT:
        return False
    return route.method is not Method.CLASSIFIER or EVERY.match(route.text) is None


def _is_later(turn: Turn, when: dict[str, Any]) -> bool:
    return bool(when.get("start") and when.get("has_clock") and datetime.fromisoformat(when["start"]) > turn.now + SOON)


def _wanted(turn: Turn, found: Route, rest: str) -> Route | None:
    """What the words without the time ask for, if it is work of the durable lane."""
    route = turn.services.cascade().decide(rest, turn.written)
    for known in (route, found):
        agent = turn.services.catalogue.agent(known.agent)
        if known.accepted and agent is not None and agent.lane is Lane.DURABLE and agent.name != TAKE_BACK:
            return known
    return None


def _order(wanted: Route, rest: str) -> Order:
    slots = {name: value for name, value in wanted.slots.items() if name != "when"}
    return Order(wanted.task_type, rest, wanted.language, {**slots, "rest": rest})


def _ask(turn: Turn, found: Route, order: Order, when: dict[str, Any]) -> None:
    rhythm = times.describe_recurrence(when["recurrence"], zone=turn.person.effective_zone, language=turn.language)
    options = [Option(turn.words("rhythm-each", rhythm=rhythm), EACH), Option(turn.words("rhythm-now"), NOW)]
    prompt = Card(turn.words("rhythm-question", title=order.text[:200], rhythm=rhythm))
    data = {"order": order.as_json(), "when": when, "text": found.text}
    questions.ask(turn.connection, turn.envelope(), None, RHYTHM, prompt, AnswerKind.CHOICE, options, data)


def _make(turn: Turn, order: Order, when: dict[str, Any]) -> None:
    """Store the schedule, and say what will be done when, with the buttons that change it."""
    if schedules.running(turn.connection, turn.person.id) >= schedules.MOST:
        turn.reply(turn.words("schedule-too-many", most=schedules.MOST))
        return
    new = schedules.NewSchedule(
        turn.person.id, turn.chat.id, schedules.TASK, order.text, turn.person.effective_zone, datetime.fromisoformat(when["start"]),
        RRULE if when.get("recurrence") else ONCE, when.get("recurrence") or "", zone_assumed=turn.person.zone is None, own_zone=True, payload={schedules.ORDER: order.as_json()},
    )  # fmt: skip
    made = schedules.create(turn.connection, new, turn.now)
    _show(turn, schedules.load(turn.connection, made), "schedule-made")


# --- /schedule ---


def command(turn: Turn, rest: str) -> None:
    """/schedule lists; with a number it shows one; with a verb and a number it changes one; with words it makes one."""
    name, _, number = rest.strip().partition(" ")
    act = ACTS.get(name.lower())
    if not rest.strip():
        _list(turn)
    elif bare := NUMBER.fullmatch(rest.strip()):
        _on(turn, int(bare[1]), _show)
    elif act is not None and (one := NUMBER.fullmatch(number.strip())):
        _on(turn, int(one[1]), act)
    elif not arrange(turn, turn.services.cascade().decide(rest, turn.language)):
        turn.reply(turn.words("schedule-how"))


def _list(turn: Turn) -> None:
    found = schedules.of_person(turn.connection, turn.person.id)
    if not found:
        turn.reply(turn.words("schedule-none"))
        return
    lines = [turn.words("schedule-title", count=len(found)), *(_line(turn, row) for row in found), "", turn.words("schedule-more", number=found[0].number)]
    turn.reply("\n".join(lines))


def _line(turn: Turn, row: Any) -> str:
    if row.state == "paused":
        return turn.words("schedule-line-paused", number=row.number, title=row.title)
    return turn.words("schedule-line", number=row.number, title=row.title, when=_local(turn, row.next_due))


def _on(turn: Turn, number: int, act: Callable[[Turn, Any], None]) -> None:
    row = schedules.find(turn.connection, turn.person.id, number)
    if row is None:
        turn.reply(turn.words("schedule-unknown", number=str(number)))
    else:
        act(turn, row)


def _show(turn: Turn, row: Any, title: str = "schedule-one") -> None:
    """One schedule: its rhythm, when it comes due next, how it ended lately, and what can be done with it."""
    lines = [turn.words(title, number=row.number, title=row.title, rhythm=_rhythm(turn, row))]
    if row.state == "paused":
        lines.append(turn.words("schedule-paused"))
    elif row.next_due is not None:
        lines.append(turn.words("schedule-next", when=_local(turn, row.next_due)))
    for ended in rhythms.occurrences(turn.connection, row.id, 3):
        lines.append(turn.words(f"schedule-{ended.outcome}", when=_local(turn, ended.due_at)))
    verbs = ("run", *(("resume",) if row.state == "paused" else ("skip", "pause") if row.repeat != ONCE else ()), "delete")
    turn.reply(Card("\n".join(lines), (tuple(_button(turn, verb, row.number) for verb in verbs),)))


def _button(turn: Turn, verb: str, number: int) -> Button:
    return say_button(turn.words(f"schedule-button-{verb}"), f"/schedule {verb} {number}")


def _rhythm(turn: Turn, row: Any) -> str:
    match row.repeat:
        case schedules.RRULE:
            return times.describe_recurrence(row.rule, zone=row.zone, language=turn.language)
        case schedules.CRON:
            return turn.words("rhythm-cron", rule=row.rule)
        case schedules.INTERVAL:
            return turn.words("rhythm-interval", duration=times.describe_duration(timedelta(seconds=float(row.rule)), language=turn.language))
    return turn.words("rhythm-once")


def _local(turn: Turn, when: datetime) -> datetime:
    return when.astimezone(ZoneInfo(turn.person.effective_zone))


def _run(turn: Turn, row: Any) -> None:
    ended = DueWork(turn.services.runner).run_now(turn.connection, row)
    turn.reply(turn.words("schedule-busy" if ended.outcome == schedules.SKIPPED else "schedule-run", number=row.number, title=row.title))


def _pause(turn: Turn, row: Any) -> None:
    rhythms.pause(turn.connection, row.id)
    _show_again(turn, row)


def _resume(turn: Turn, row: Any) -> None:
    if rhythms.resume(turn.connection, row, turn.now) or row.state == "active":
        _show_again(turn, row)
    else:
        turn.reply(turn.words("schedule-over", number=row.number))


def _skip(turn: Turn, row: Any) -> None:
    if row.state != "active":
        turn.reply(turn.words("schedule-not-skipped", number=row.number, title=row.title))
        return
    schedules.skip_next(turn.connection, row, turn.now)
    _show_again(turn, row)


def _delete(turn: Turn, row: Any) -> None:
    rhythms.cancel(turn.connection, row.id)
    turn.reply(turn.words("schedule-deleted", number=row.number, title=row.title))


def _show_again(turn: Turn, row: Any) -> None:
    after = schedules.find(turn.connection, turn.person.id, row.number)
    if after is None:
        turn.reply(turn.words("schedule-over", number=row.number))
    else:
        _show(turn, after)


ACTS: dict[str, Callable[[Turn, Any], None]] = {"run": _run, "pause": _pause, "resume": _resume, "skip": _skip, "delete": _delete, "cancel": _delete}
"""What may stand before a number, and the buttons say."""
