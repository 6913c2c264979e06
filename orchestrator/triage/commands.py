"""Commands: /tasks and the like, and the same in plain words. One small function each, in a list one can read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from orchestrator.contracts import (
    ENDED,
    LIVE,
    AnswerKind,
    Card,
    IllegalTransition,
    Method,
    Option,
    Role,
    Route,
    Task,
    TaskState,
)
from orchestrator.tasks import fate, manager, questions, routes, statistics
from orchestrator.triage import (
    accounts,
    api_keys,
    autonomous,
    decisions,
    export,
    forgetting,
    handing,
    mails,
    notices,
    offers,
    permissions,
    secrets,
    steering,
    takebacks,
    timetable,
    work,
)
from orchestrator.triage.taxonomy import COMMANDS, SAID_EXACTLY, TRIAGE_AGENT
from orchestrator.triage.turn import Turn, say_button

COMMAND = re.compile(r"^/([a-z_]{1,32})(?:@\w+)?(?:\s+(.*))?$", re.I | re.S)
NUMBER = re.compile(r"#?(\d{1,9})")
EVERYTHING = re.compile(
    r"^\W*(?:please\W+)?(?:cancel|stop|abort|kill|drop|end) (?:everything|all(?:\W*$| (?:of )?(?:them|it|(?:the |my |your )?(?:tasks|jobs|requests|work)))\b)"
    r"|\b(?:alles|alle (?:aufgaben|tasks)) (?:abbrechen|stoppen|anhalten|beenden)|\b(?:stoppe?|brich|beende) (?:bitte )?(?:alles|alle (?:aufgaben|tasks))\b"
    r"|^\W*(?:cancela|para|det[eé]n|anula|aborta)r? (?:todo|todas las tareas)\b|全部(?:取消|停)|(?:取消|停止|终止)(?:全部|所有)(?:的?任务)?\W*$",
    re.I,
)
"""Asks to stop whatever is under way, not the latest task alone."""
SHOWN, GIVEN_SHOWN = 10, 40


@dataclass(frozen=True, slots=True)
class Command:
    """`name` without the slash; `run` gets what stands behind it."""

    name: str
    run: Callable[[Turn, str], None]
    owner_only: bool = False
    alone: bool = False
    """Whether it only shows something: what stands behind it changes nothing, and that is said."""


def is_command(text: str) -> bool:
    return COMMAND.match(text.strip()) is not None


def run(turn: Turn, text: str) -> None:
    """Perform a typed command; an unknown one is told so, with the list of those there are."""
    found = COMMAND.match(text.strip())
    name, rest = (found.group(1).lower(), (found.group(2) or "").strip()) if found else ("help", "")
    command = next((known for known in COMMAND_LIST if known.name == name), None)
    if command is None:
        turn.reply(turn.words("command-unknown", name=name, commands=" ".join(f"/{known.name}" for known in COMMAND_LIST)))
        return
    if command.owner_only and turn.person.role is not Role.OWNER:
        turn.reply(turn.words("command-owner-only"))
        return
    if command.alone and rest:
        turn.reply(turn.words("command-alone", name=name, given=rest[:GIVEN_SHOWN]))
    command.run(turn, rest)


def run_intent(turn: Turn, route: Route) -> None:
    """A command said in plain words."""
    if route.task_type == "task_cancel" and EVERYTHING.search(route.text):
        _stop(turn, "")
        return
    run(turn, f"/{(COMMANDS | SAID_EXACTLY)[route.task_type]} {' '.join(NUMBER.findall(route.text))}".strip())


# --- start and help ---


def _through_agent(task_type: str) -> Callable[[Turn, str], None]:
    """A command that a specialist of the front desk answers."""

    def answer(turn: Turn, rest: str) -> None:
        route = Route(rest or f"/{task_type}", task_type, task_type, TRIAGE_AGENT, 1.0, Method.COMMAND, True, turn.language, slots={"rest": rest})
        agent = turn.services.catalogue.agent_for(task_type)
        work.begin(turn, [route if agent is None else _to(route, agent.name)])

    return answer


def _to(route: Route, agent: str) -> Route:
    return replace(route, agent=agent)


def _start(turn: Turn, rest: str) -> None:
    wants_setup = turn.person.role is Role.OWNER and turn.services.catalogue.agent_for("setup") is not None and rest == "setup"
    _through_agent("setup" if wants_setup else "greeting")(turn, rest)


# --- tasks ---


def _tasks(turn: Turn, rest: str) -> None:
    live = manager.recent(turn.connection, turn.person.id, live_only=True, limit=SHOWN)
    ended = [task for task in manager.recent(turn.connection, turn.person.id, limit=SHOWN) if task.state in ENDED]
    if not live and not ended:
        turn.reply(turn.words("tasks-none"))
        return
    lines = [turn.words("tasks-live", count=len(live)), *(_line(turn, task) for task in live)] if live else [turn.words("tasks-idle")]
    if ended:
        lines += ["", turn.words("tasks-recent"), *(_line(turn, task) for task in ended[:SHOWN])]
    turn.reply("\n".join(lines))


def _line(turn: Turn, task: Task) -> str:
    return f"- **#{task.number}** {task.title[:80]}: {turn.words('state-' + task.state.value.replace('_', '-'))}"


def _task(turn: Turn, rest: str) -> None:
    task = _chosen(turn, rest, LIVE)
    if task is None:
        return
    lines = [_line(turn, task), *fate.lines(turn.connection, turn.services.words, turn.person, task)]
    buttons = tuple(say_button(turn.words(f"button-{name}"), f"/{name} {task.number}") for name in steering.possible(task) if name != steering.EXECUTE)
    turn.reply(Card("\n".join(lines), (buttons,) if buttons else ()), task.id)


def _chosen(turn: Turn, rest: str, states: frozenset[TaskState]) -> Task | None:
    """The task meant: by number, else the latest in one of these states, else the latest. Says so when there is none."""
    number = NUMBER.search(rest)
    if number:
        task = manager.find(turn.connection, turn.person.id, int(number.group(1)))
        if task is None:
            turn.reply(turn.words("task-unknown", number=int(number.group(1))))
        return task
    if rest:
        turn.reply(turn.words("task-number-needed", given=rest[:GIVEN_SHOWN]))
        return None
    found = manager.recent(turn.connection, turn.person.id, limit=50)
    task = next((task for task in found if task.state in states), found[0] if found else None)
    if task is None:
        turn.reply(turn.words("tasks-none"))
    return task


def _change(act: Callable[[Turn, Task], Task], said: str, states: frozenset[TaskState]) -> Callable[[Turn, str], None]:
    """A command that moves one task on; refuses, with the reason, what the transition table does not know."""

    def command(turn: Turn, rest: str) -> None:
        if not rest and states <= LIVE and not manager.recent(turn.connection, turn.person.id, live_only=True, limit=1):
            turn.reply(turn.words("tasks-idle"))
            return
        task = _chosen(turn, rest, states)
        if task is None:
            return
        try:
            after = act(turn, task)
        except IllegalTransition:
            turn.reply(turn.words("task-cannot", number=task.number, state=turn.words("state-" + task.state.value.replace("_", "-"))), task.id)
            return
        turn.reply(turn.words(said, number=after.number, title=after.title), task.id)

    return command


def _stop(turn: Turn, rest: str) -> None:
    """STOP: every live task of this person in this chat is cancelled at once."""
    stopped = [task for task in manager.recent(turn.connection, turn.person.id, live_only=True, limit=100)]
    for task in stopped:
        manager.cancel(turn.connection, task, turn.now)
    turn.reply(turn.words("stopped", count=len(stopped)))


# --- why, where ---


def _why(turn: Turn, rest: str) -> None:
    task = _chosen(turn, rest, ENDED | LIVE)
    if task is None:
        return
    route = routes.of_task(turn.connection, turn.person.id, task.id)
    if route is None:
        turn.reply(turn.words("why-unknown", number=task.number))
        return
    lines = [
        turn.words("why-text", text=route.text[:200]),
        turn.words("why-decision", intent=work.intent_name(turn, route.task_type), agent=route.agent, number=task.number),
        turn.words("why-method", method=turn.words("method-" + route.method.value), percent=round(route.confidence * 100)),
    ]
    if route.runner_up and route.runner_up != "oos":
        lines.append(turn.words("why-runner-up", intent=work.intent_name(turn, route.runner_up)))
    when = route.slots.get("when") or {}
    if when.get("start") or when.get("recurrence"):
        lines.append(turn.words("why-details", details=", ".join(str(when[k]) for k in ("start", "recurrence") if when.get(k))))
    button = offers.reroute_button(turn, task.id)
    turn.reply(Card("\n".join(lines), ((button,),)), task.id)


def _where(turn: Turn, rest: str) -> None:
    task = _chosen(turn, rest, LIVE)
    if task is not None:
        turn.reply("\n".join([_line(turn, task), *fate.lines(turn.connection, turn.services.words, turn.person, task)]), task.id)


def _trace(turn: Turn, rest: str) -> None:
    task = _chosen(turn, rest, LIVE)
    if task is not None:
        accounts.trace(turn, task)


def _wrong(turn: Turn, rest: str) -> None:
    task = _chosen(turn, rest, ENDED | LIVE)
    if task is not None:
        offers.offer_other_agents(turn, task.id)


# --- statistics, settings ---


def _stats(turn: Turn, rest: str) -> None:
    turn.reply(statistics.describe(turn.connection, turn.person, turn.services.words, turn.now))


def _settings(turn: Turn, rest: str) -> None:
    zone = turn.person.effective_zone.replace("_", " ")
    text = turn.words("settings", name=turn.person.name or "-", language=turn.words("language-" + turn.language), zone=zone, role=turn.person.role.value)
    turn.reply(text)


def _on_event(task_type: str) -> Callable[[Turn, str], None]:
    """What the business may do with a booking: the buttons of its card stand for these."""

    def act(turn: Turn, rest: str) -> None:
        agent = turn.services.catalogue.agent_for(task_type)
        if agent is None or not rest:
            turn.reply(turn.words("command-of-booking"))
            return
        slots = {"subject": {"event_id": rest.split()[0]}, "rest": ""}
        work.begin(turn, [Route("", task_type, task_type, agent.name, 1.0, Method.COMMAND, True, turn.language, slots=slots)])

    return act


def _decline(turn: Turn, rest: str) -> None:
    """Declines what waits for approval or, by an owner and with a booking's id, a booking."""
    declining_booking = turn.person.role is Role.OWNER and len(rest) > len("#999999999")
    (_on_event("appointment_cancel") if declining_booking else decisions.command("decline"))(turn, rest)


def ask_zone_once(turn: Turn, found: list[Route]) -> None:
    """After the first message that speaks of a time, ask once whether the zone we reckoned in is theirs."""
    if turn.person.zone is not None or turn.person.role is Role.GUEST or not any(_speaks_of_clock(route) for route in found):
        return
    if questions.was_asked(turn.connection, turn.person.id, offers.ZONE):
        return
    zone = turn.person.effective_zone
    options = [Option(turn.words("zone-yes", zone=zone.replace("_", " ")), zone)]
    questions.ask(turn.connection, turn.envelope(), None, offers.ZONE, Card(turn.words("zone-question")), AnswerKind.ZONE, options)


def _speaks_of_clock(route: Route) -> bool:
    when = route.slots.get("when") or {}
    return bool(when.get("has_clock") or when.get("has_day") or when.get("recurrence"))


COMMAND_LIST: tuple[Command, ...] = (
    Command("start", _start),
    Command("help", _through_agent("help")),
    Command("tasks", _tasks, alone=True),
    Command("task", _task),
    Command("cancel", _change(steering.cancel, "task-cancelled", LIVE)),
    Command("stop", _stop),
    Command("pause", _change(steering.pause, "task-paused", LIVE - {TaskState.PAUSED})),
    Command("resume", _change(steering.resume, "task-resumed", frozenset({TaskState.PAUSED}))),
    Command("retry", _change(steering.retry, "task-retried", frozenset({TaskState.FAILED}))),
    Command("approvals", decisions.show_all),
    Command("approve", decisions.command("approve")),
    Command("decline", _decline),
    Command("permissions", permissions.command),
    Command("mail", mails.show),
    Command("undo", takebacks.undo),
    Command("credentials", secrets.show),
    Command("budget", accounts.budget, alone=True),
    Command("why", _why),
    Command("where", _where),
    Command("trace", _trace),
    Command("wrong", _wrong),
    Command("schedule", timetable.command),
    Command("notifications", notices.command),
    Command("settings", _settings, alone=True),
    Command("stats", _stats, alone=True),
    Command("autonomous", autonomous.command),
    Command("export", export.command),
    Command("forgetme", forgetting.command),
    Command("handback", handing.back),
    Command("apikey", api_keys.command, owner_only=True),
    Command("accept", _on_event("booking_accept"), owner_only=True),
    Command("move", _on_event("appointment_reschedule"), owner_only=True),
    Command("setup", _through_agent("setup"), owner_only=True),
)
"""Every command, in the order in which /help and the platform's menu show them."""
