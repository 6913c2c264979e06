"""Conversations as data: what is said turn by turn, and what must be true of the house after each turn.

Saturday 21 November 2026, 10:00 in Berlin; the business is open Monday to Friday 9-18 and Saturday 9-14, and closed on Sunday.
The one who speaks is a guest; the owner sits in another chat.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.app import House
from orchestrator.business import sample_text
from orchestrator.execution.due import DueWork
from storage.models import CalendarEventRow, ChatRow, NotificationRow, OutgoingRow, QuestionRow, RouteRow, ScheduleRow, StepRow, TaskRow
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOSED = re.compile(r"closed|geschlossen|cerrad|休息|关门|不营业|打烊", re.I)
LIVE = ("pending", "in_progress", "awaiting_input", "waiting_subtasks", "paused", "in_review", "awaiting_approval")
TOPICS = {"opening_hours": "hours", "price_inquiry": "prices", "services_list": "services", "business_location": "location", "business_contact": "contact"}
FAQ = {
    "payment": ("by card or in cash", "mit Karte oder bar", "con tarjeta o en efectivo", "刷卡"),
    "parking": ("car park", "Parkplatz", "aparcamiento", "停车场"),
    "insurance": ("insurance", "Versicherung", "seguros", "保险"),
    "cancellation": ("24",),
    "first_visit": ("ten minutes early", "zehn Minuten früher", "diez minutos antes", "提前十分钟"),
}
"""Words of the answers that the business has written, by topic."""


def business() -> str:
    text = sample_text().replace("# zone: Europe/Berlin    # left out: this machine's time zone", "zone: Europe/Berlin")
    text = text.replace("  sample: true\n", "").replace("saturday: 9:00-18:00", "saturday: 9:00-14:00").replace("    sunday: 10:00-17:00\n", "")
    assert "saturday: 9:00-14:00" in text and "sunday:" not in text and "zone: Europe/Berlin\n" in text and "\n  sample: true" not in text
    return text


@dataclass
class Turn:
    """What one message, or the passing of time, has brought about."""

    said: str
    tasks: list[Any]
    intents: list[str]
    events: list[Any]
    reminders: list[Any]
    live: int
    fired: int
    told_owner: str


@dataclass
class Scene:
    """A house with its owner, and a guest who speaks."""

    house: House
    clock: MovedClock
    owner: Talk
    guest: Talk
    language: str
    before: Turn = field(init=False)
    now: Turn = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.now = self._look("", "", 0)

    @classmethod
    def open(cls, folder: Path, clock: MovedClock, language: str) -> Scene:
        house = open_house(folder, clock, business())
        return cls(house, clock, someone(house), someone(house, role="guest", external="guest", language=language), language)

    def say(self, text: str) -> Turn:
        told, latest, rung = len(self.owner.heard()), self._latest(), len(self.rows(NotificationRow, NotificationRow.person_id == self.me))
        sent = len(self.rows(OutgoingRow))
        said = self.guest.say(text)
        turn = self._turn(said, latest, told, rung)
        if not turn.tasks:  # an answer goes on with the task that asked
            spoken = {row.task_id for row in self.rows(OutgoingRow)[sent:]}
            turn.tasks = self.rows(TaskRow, TaskRow.id.in_(spoken), TaskRow.person_id == self.me)
        return turn

    def wait(self, seconds: float) -> Turn:
        told, latest, rung = len(self.owner.heard()), self._latest(), len(self.rows(NotificationRow, NotificationRow.person_id == self.me))
        heard = len(self.guest.heard())
        self.clock.move(seconds=seconds)
        self.house.database.write_now(DueWork(self.house.runner).sweep)
        return self._turn(self.guest.heard()[heard:], latest, told, rung)

    def questions(self) -> list[Any]:
        return self.rows(QuestionRow, QuestionRow.chat_id == self.chat, QuestionRow.state == "open")

    def handed_over(self) -> bool:
        return bool(self.rows(ChatRow, ChatRow.id == self.chat)[0].handover)

    @property
    def me(self) -> str:
        return self.guest.somebody.person.id

    @property
    def chat(self) -> str:
        return self.guest.somebody.chat_id

    def _turn(self, said: str, latest: str, told: int, rung: int) -> Turn:
        self.before = self.now
        self.now = self._look(said, latest, rung)
        self.now.told_owner = self.owner.heard()[told:]
        return self.now

    def _look(self, said: str, latest: str, rung: int) -> Turn:
        tasks = [row for row in self.rows(TaskRow, TaskRow.person_id == self.me, TaskRow.type != "triage") if row.id > latest]
        routes = self.rows(RouteRow, RouteRow.task_id.in_([row.id for row in tasks]))
        return Turn(
            said,
            tasks,
            [row.intent for row in routes],
            self.rows(CalendarEventRow, CalendarEventRow.person_id == self.me, CalendarEventRow.state == "booked"),
            self.rows(ScheduleRow, ScheduleRow.person_id == self.me, ScheduleRow.kind == "reminder", ScheduleRow.state == "active"),
            len(self.rows(TaskRow, TaskRow.person_id == self.me, TaskRow.state.in_(LIVE))),
            len(self.rows(NotificationRow, NotificationRow.person_id == self.me)) - rung,
            "",
        )

    def _latest(self) -> str:
        """Ids grow with time; a task of this turn has a greater one."""
        return max((row.id for row in self.rows(TaskRow, TaskRow.person_id == self.me)), default="")

    def rows(self, table: type[Any], *where: sa.ColumnElement[bool]) -> list[Any]:
        query = sa.select(table.__table__).where(*where).order_by(table.seq if table is OutgoingRow else table.id)
        return list(self.house.database.read_now(lambda connection: connection.execute(query).all()))


def topics_of(turn: Turn) -> set[str]:
    """What the answers of a turn were about; of written answers, by their words."""
    found = {TOPICS[task.type] for task in turn.tasks if task.type in TOPICS}
    if any(task.type in ("business_faq", "business_location") for task in turn.tasks):
        found |= {topic for topic, words in FAQ.items() if any(word in turn.said for word in words)}
    return found


def _moments(scene: Scene) -> list[str]:
    """When the things made are, the latest made first: appointments and reminders."""
    turn = scene.now
    made = [row.start_at for row in reversed(turn.events)] + [row.next_due for row in reversed(turn.reminders)]
    return [moment.astimezone(BERLIN).isoformat() for moment in made]


def _state(scene: Scene, wanted: Any) -> bool:
    turn = scene.now
    match wanted:
        case "booked":
            return bool(turn.events) and not scene.questions() and turn.tasks[-1].state == "completed"
        case "asking":
            return any(question.task_id for question in scene.questions())
        case "cancelled":
            return not scene.questions() and turn.live == 0
        case "set":
            return len(turn.reminders) > len(scene.before.reminders)
    raise AssertionError(f"unknown state {wanted}")


def _wished_service(scene: Scene, wanted: str) -> bool:
    """The service of the booking, or while something is still asked, the one that is spoken of."""
    if scene.now.events:
        return bool(scene.now.events[-1].service == wanted)
    asked = scene.rows(StepRow, StepRow.task_id == scene.now.tasks[-1].id, StepRow.name == "calendar.find")
    return bool(asked) and f"'service': '{wanted}'" in str(asked[-1].input)


def _day(scene: Scene, wanted: str) -> bool:
    slot = (scene.now.tasks[-1].slots.get("when") or {}).get("start") or ""
    result = (scene.now.tasks[-1].result or {}).get("day")
    return bool(result) and bool(slot) and WEEKDAYS[datetime.fromisoformat(slot).weekday()] == wanted


def _part(scene: Scene, wanted: str) -> bool:
    hours = {"morning": range(6, 12), "afternoon": range(12, 18), "evening": range(17, 22)}[wanted]
    return scene.now.reminders[-1].next_due.astimezone(BERLIN).hour in hours


EXPECTATIONS: dict[str, Callable[[Scene, Any], bool]] = {
    "agent": lambda scene, wanted: bool(scene.now.tasks) and scene.now.tasks[-1].agent == wanted,
    "agents": lambda scene, wanted: {task.agent for task in scene.now.tasks} == set(wanted),
    "intent": lambda scene, wanted: bool(scene.now.intents) and scene.now.intents[-1] == wanted,
    "topic": lambda scene, wanted: wanted in topics_of(scene.now),
    "topics": lambda scene, wanted: set(wanted) <= topics_of(scene.now),
    "task_count": lambda scene, wanted: len(scene.now.tasks) == wanted,
    "state": _state,
    "service": _wished_service,
    "staff": lambda scene, wanted: bool(scene.now.events) and scene.now.events[-1].calendar == wanted,
    "start": lambda scene, wanted: wanted in _moments(scene),
    "date": lambda scene, wanted: any(moment.startswith(wanted) for moment in _moments(scene)) and str(int(wanted[8:])) in scene.now.said,
    "day": _day,
    "closed": lambda scene, wanted: bool(CLOSED.search(scene.now.said)) is wanted,
    "contains": lambda scene, wanted: all(part in scene.now.said for part in wanted),
    "contains_any": lambda scene, wanted: any(part in scene.now.said for part in wanted),
    "not_contains": lambda scene, wanted: not any(part.casefold() in scene.now.said.casefold() for part in wanted),
    "appointments": lambda scene, wanted: len(scene.now.events) == wanted,
    "new_appointments": lambda scene, wanted: len(scene.now.events) - len(scene.before.events) == wanted,
    "reminders": lambda scene, wanted: len(scene.now.reminders) == wanted,
    "reminder_date": lambda scene, wanted: scene.now.reminders[-1].next_due.astimezone(BERLIN).date().isoformat() == wanted,
    "reminder_part": _part,
    "new_tasks_open": lambda scene, wanted: scene.now.live - scene.before.live == wanted,
    "open_questions": lambda scene, wanted: len(scene.questions()) == wanted,
    "fired": lambda scene, wanted: scene.now.fired == wanted,
    "emergency": lambda scene, wanted: ("112" in scene.now.said and scene.now.tasks[-1].type in ("emergency", "symptom")) is wanted,
    "handover": lambda scene, wanted: scene.handed_over() is wanted,
    "silent": lambda scene, wanted: (not scene.now.said) is wanted,
}
"""How each expectation of a turn is checked. One that is not here fails the story."""


def play(scene: Scene, story: dict[str, Any]) -> list[str]:
    """Play a story; what was not as expected, turn by turn."""
    wrong = []
    for turn in story["turns"]:
        expected = dict(turn["expect"])
        seconds = expected.pop("advance_seconds", None)
        if seconds is None:
            scene.say(turn["say"])
        else:
            assert not turn["say"], "time passes or something is said, not both"
            scene.wait(seconds)
        for key, wanted in expected.items():
            right = turn["say"] in scene.now.told_owner if key == "forwarded_to_owner" else EXPECTATIONS[key](scene, wanted)
            if not right:
                wrong.append(f"{turn['say'] or seconds!r}: {key} is not {wanted!r}; {_told(scene)}")
    return wrong


def _told(scene: Scene) -> str:
    turn = scene.now
    tasks = [(task.type, task.agent, task.state) for task in turn.tasks]
    return f"tasks {tasks}, intents {turn.intents}, at {_moments(scene)}, open {[q.key for q in scene.questions()]}, said {turn.said!r}"
