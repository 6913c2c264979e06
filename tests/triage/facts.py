"""Checks the facts that a held-out sentence states against what the house did with it: instants, services, topics, reminders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from agents.tools.openings import pieces_of
from orchestrator.business import BusinessBook
from orchestrator.execution.due import DueWork
from orchestrator.tasks import manager, schedules
from orchestrator.tasks.manager import NewTask
from orchestrator.triage.taxonomy import COMMANDS
from storage.models import CalendarEventRow, CalendarSlotRow, PersonRow, ScheduleRow, SettingRow, StepRow, TaskRow, new_id
from tests.agents.talk import someone
from tests.conftest import NOW
from tests.triage.stories import BERLIN, CLOSED, WEEKDAYS, Scene, topics_of

DAILY, WEEKDAYS_RULE = "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
TITLES = {
    "en": ("take the bins out", "plumber comes", "laundry", "take my vitamins", "put the rent money aside", "read the meter"),
    "de": ("Müll rausbringen", "Klempner kommt", "Wäsche", "Vitamine nehmen", "Miete zurücklegen", "Zähler ablesen"),
    "es": ("sacar la basura", "viene el fontanero", "lavadora", "tomar las vitaminas", "apartar el dinero del alquiler", "leer el contador"),
    "zh": ("倒垃圾", "水管工要来", "收衣服", "吃维生素", "存房租", "抄电表"),
}
DUE = (
    ("2026-11-21T18:00:00+01:00", ""),
    ("2026-11-25T11:00:00+01:00", ""),
    ("2026-11-21T10:45:00+01:00", ""),
    ("2026-11-23T08:00:00+01:00", WEEKDAYS_RULE),
    ("2026-11-23T19:00:00+01:00", "FREQ=WEEKLY;BYDAY=MO"),
    ("2026-12-01T09:00:00+01:00", "FREQ=MONTHLY;BYMONTHDAY=1"),
)
"""When the reminders of TITLES ring."""
HAIRCUT = ("haircut", "Alex", "2026-11-24T15:00:00+01:00", 30)
BEARD = ("beard trim", "Kim", "2026-11-27T14:00:00+01:00", 20)
THURSDAY = ("haircut", "Alex", "2026-11-26T11:00:00+01:00", 30)
OWNERS = frozenset({"setup_change"})
"""Only the owner may ask for these."""
BOOKED = {"appointment_reschedule": (HAIRCUT,), "appointment_cancel": (HAIRCUT, BEARD), "appointment_list": (THURSDAY, BEARD)}
"""What the person has booked before they say something."""
PARTS = {"morning": range(6, 12), "afternoon": range(12, 18)}


@dataclass(frozen=True)
class Said:
    """One sentence and the house after it; `earlier` and `was` are the reminders and appointments before it."""

    scene: Scene
    intent: str
    facts: dict[str, Any]
    earlier: list[Any]
    was: list[Any]

    @property
    def task(self) -> Any:
        return self.scene.now.tasks[-1]

    def tool(self, name: str) -> tuple[str, Any]:
        """What a tool of this task was last given (as text), and what it gave back."""
        steps = self.scene.rows(StepRow, StepRow.task_id == self.task.id, StepRow.name == name)
        return (str(steps[-1].input), steps[-1].output["value"]) if steps else ("", None)

    def changed(self) -> list[Any]:
        """The earlier reminders that are gone or ring at another time now."""
        now = {row.id: (row.next_due, row.rule) for row in self.scene.now.reminders}
        return [row for row in self.earlier if now.get(row.id) != (row.next_due, row.rule)]


def say(scene: Scene, entry: dict[str, Any]) -> Said:
    """Say a held-out sentence as somebody new, who has booked and set what it speaks of."""
    intent = entry["intent"]
    clear(scene, role="owner" if intent in OWNERS else "guest")
    _prepare(scene, intent)
    earlier = scene.rows(ScheduleRow, ScheduleRow.person_id == scene.me, ScheduleRow.state == "active", ScheduleRow.kind == "reminder")
    was = scene.rows(CalendarEventRow, CalendarEventRow.person_id == scene.me)
    scene.say(entry["text"])
    said = Said(scene, intent, entry.get("facts") or {}, earlier, was)
    open_ = [question for question in scene.questions() if question.task_id]
    if intent == "appointment_booking" and open_ and open_[-1].key == "service" and not {"service", "asks"} & set(said.facts):
        scene.say("1")
    if said.facts.get("all") and open_:
        scene.guest.press(scene.house.words(scene.language, "yes", {}))
        scene.now.reminders = scene.rows(ScheduleRow, ScheduleRow.person_id == scene.me, ScheduleRow.state == "active")
    return said


def clear(scene: Scene, role: str = "guest") -> None:
    """Somebody new speaks; nobody has booked anything."""

    def work(connection: sa.Connection) -> None:
        for table in (CalendarSlotRow, CalendarEventRow):
            connection.execute(sa.delete(table))
        connection.execute(sa.update(ScheduleRow).values(state="cancelled", next_due=None))

    scene.house.database.write_now(work)
    scene.guest = someone(scene.house, role=role, external=new_id(), language=scene.language)


def _prepare(scene: Scene, intent: str) -> None:
    now, me, chat = scene.house.clock.now(), scene.me, scene.chat

    def work(connection: sa.Connection) -> None:
        for service, staff, start, minutes in BOOKED.get(intent, ()):
            begin, event_id = datetime.fromisoformat(start).astimezone(UTC), new_id()
            row = {
                "id": event_id, "person_id": me, "chat_id": chat, "calendar": staff, "service": service, "title": service, "start_at": begin,
                "end_at": begin + timedelta(minutes=minutes), "created_at": NOW,
            }  # fmt: skip
            connection.execute(sa.insert(CalendarEventRow), row)
            pieces = [{"calendar": staff, "start_at": at, "event_id": event_id} for at in pieces_of(begin, timedelta(minutes=minutes))]
            connection.execute(sa.insert(CalendarSlotRow), pieces)
        if intent in ("reminder_change", "reminder_delete", "reminder_done", "reminder_list"):
            for title, (start, rule) in zip(TITLES[scene.language], DUE, strict=True):
                repeat = schedules.RRULE if rule else schedules.ONCE
                new = schedules.NewSchedule(me, chat, "reminder", title, "Europe/Berlin", datetime.fromisoformat(start), repeat, rule)
                schedules.create(connection, new, now)
        if intent == "reminder_snooze":
            schedules.create(connection, schedules.NewSchedule(me, chat, "reminder", TITLES[scene.language][0], "Europe/Berlin", now), now)
        if intent in ("task_cancel", "task_pause", "task_resume", "tasks_list", "task_status"):
            made = [manager.create(connection, NewTask("appointment_booking", "appointments", me, chat, scene.language, "-"), now) for _ in range(3)]
            if intent == "task_resume":
                manager.pause(connection, made[1], now)

    scene.house.database.write_now(work)
    if intent in ("why", "history", "statistics"):
        scene.say(_earlier(scene))
    if intent == "reminder_snooze":
        scene.house.database.write_now(DueWork(scene.house.runner).sweep)


def _earlier(scene: Scene) -> str:
    """What was asked before somebody asks about it."""
    return scene.house.words(scene.language, "example-hours", {})


def wrong_facts(said: Said) -> list[str]:
    """The keys of the stated facts that the answer got wrong. A fact that nobody knows how to check raises KeyError."""
    if said.intent in DIRECT:
        return [key for key, wanted in said.facts.items() if not DIRECT[said.intent](said, key, wanted)]
    checks = {key: CHECKS[key] for key in said.facts}
    if not said.scene.now.tasks and said.intent not in COMMANDS:
        return ["nothing was done"]
    return [key for key, check in checks.items() if not check(said, said.facts[key])]


def _listed(said: Said, wanted: list[int]) -> bool:
    """The reminders that the answer shows, by their place in TITLES; no others."""
    titles = TITLES[said.scene.language]
    return [place for place, title in enumerate(titles) if title in said.scene.now.said] == wanted


def _asks(said: Said, wanted: str) -> bool:
    return any(question.key.endswith(wanted) and question.task_id == said.task.id for question in said.scene.questions())


def _events(said: Said, wanted: int) -> bool:
    return len((said.task.result or {}).get("events", [])) == wanted and all(word in said.scene.now.said for word in ("Alex", "Kim"))


def _within(said: Said, wanted: list[str]) -> bool:
    starts = _offered(said)
    return bool(starts) and all(wanted[0] <= start[:10] <= wanted[1] for start in starts)


def _hours(said: Said, wanted: dict[str, str]) -> bool:
    book = BusinessBook(said.scene.house.business)

    def work(connection: sa.Connection) -> bool:
        hours = book.current(connection).hours
        right = all([str(one) for one in hours[day]] == [value] for day, value in wanted.items())
        connection.execute(sa.delete(SettingRow))
        return right and all(str(hours[day][0]) == "09:00–18:00" for day in WEEKDAYS[:5])

    return said.scene.house.database.write_now(work)


def _topic(said: Said, wanted: str) -> bool:
    return wanted in topics_of(said.scene.now)


def _day(said: Said, wanted: str) -> bool:
    start = str(((said.task.slots or {}).get("when") or {}).get("start") or "")
    return bool(start) and bool((said.task.result or {}).get("day")) and WEEKDAYS[datetime.fromisoformat(start).weekday()] == wanted


def _service(said: Said, wanted: str) -> bool:
    if said.intent == "price_inquiry":
        return bool((said.task.result or {}).get("service") == wanted)
    if said.intent == "appointment_cancel":
        return [row.service for row in _cancelled(said)] == [wanted]
    if said.scene.now.events and said.intent == "appointment_booking":
        return bool(said.scene.now.events[-1].service == wanted)
    return f"'service': '{wanted}'" in said.tool("calendar.find")[0]


def _cancelled(said: Said) -> list[Any]:
    left = {row.id for row in said.scene.now.events}
    return [row for row in said.was if row.id not in left]


def _staff(said: Said, wanted: str) -> bool:
    if said.intent == "appointment_cancel":
        return [row.calendar for row in _cancelled(said)] == [wanted]
    if said.intent == "appointment_availability":
        found = said.tool("calendar.find")[1] or {}
        return {option["staff"] for option in found.get("options", [])} == {wanted}
    return bool(said.scene.now.events) and bool(said.scene.now.events[-1].calendar == wanted)


def _start(said: Said, wanted: str) -> bool:
    if said.intent == "appointment_availability":
        found = said.tool("calendar.find")[1] or {}
        return bool(found.get("exact")) and bool(found["exact"]["start"] == wanted)
    if said.intent.startswith("appointment"):
        return [row.start_at.astimezone(BERLIN).isoformat() for row in said.scene.now.events] == [wanted]
    if said.intent == "reminder_change":
        rows = [row for row in said.scene.now.reminders if row.id in {one.id for one in said.changed()}]
    else:
        rows = said.scene.now.reminders
    return [row.next_due.astimezone(BERLIN).isoformat() for row in rows] == [wanted]


def _date(said: Said, wanted: str) -> bool:
    """The day of the appointment, or of all the times that are offered for it."""
    if said.intent == "appointment_cancel":
        return [row.start_at.astimezone(BERLIN).date().isoformat() for row in _cancelled(said)] == [wanted]
    if said.intent == "appointment_list":
        shown = set((said.task.result or {}).get("events", []))
        return {row.start_at.astimezone(BERLIN).date().isoformat() for row in said.was if row.id in shown} == {wanted}
    starts = _offered(said)
    return bool(starts) and all(start.startswith(wanted) for start in starts)


def _part(said: Said, wanted: str) -> bool:
    starts = _offered(said)
    return bool(starts) and all(datetime.fromisoformat(start).hour in PARTS[wanted] for start in starts)


def _offered(said: Said) -> list[str]:
    found = said.tool("calendar.find")[1] or {}
    return [option["start"] for option in [*found.get("options", []), *([found["exact"]] if found.get("exact") else [])]]


def _subject(said: Said, wanted: str) -> bool:
    low = wanted.casefold()
    if said.intent == "reminder_set":
        return [low in row.title.casefold() for row in said.scene.now.reminders] == [True]
    changed = said.changed()
    return len(changed) == 1 and low in changed[0].title.casefold()


def _recurrence(said: Said, wanted: str) -> bool:
    rules = [row.rule for row in said.scene.now.reminders] if said.intent == "reminder_set" else []
    if said.intent == "reminder_change":
        ids = {row.id for row in said.changed()}
        rules = [row.rule for row in said.scene.now.reminders if row.id in ids]
    plain = [{part for part in rule.split(";") if not part.startswith(("BYHOUR", "BYMINUTE"))} for rule in rules]
    return plain == [set(wanted.split(";"))]


def _clock(said: Said, wanted: str) -> bool:
    ids = {row.id for row in said.changed()}
    return [f"{row.next_due.astimezone(BERLIN):%H:%M}" for row in said.scene.now.reminders if row.id in ids] == [wanted]


CHECKS: dict[str, Callable[[Said, Any], bool]] = {
    "topic": _topic,
    "contains": lambda said, wanted: all(part in said.scene.now.said for part in wanted),
    "day": _day,
    "closed": lambda said, wanted: bool(CLOSED.search(said.scene.now.said)) is wanted,
    "free": lambda said, wanted: (said.scene.house.words(said.scene.language, "price-free", {}) in said.scene.now.said) is wanted,
    "service": _service,
    "staff": _staff,
    "start": _start,
    "date": _date,
    "part": _part,
    "subject": _subject,
    "recurrence": _recurrence,
    "clock": _clock,
    "all": lambda said, wanted: (not said.scene.now.reminders) is wanted,
    "listed": _listed,
    "asks": _asks,
    "events": _events,
    "within": _within,
    "hours": _hours,
    "kind": lambda said, wanted: said.task.type == wanted,
    "handover": lambda said, wanted: said.scene.handed_over() is wanted,
    "recalls": lambda said, wanted: (_earlier(said.scene) in said.scene.now.said) is wanted,
    "shows": lambda said, wanted: all(part in said.scene.now.said for part in wanted),
}


def _numbered(state: str) -> Callable[[Said, str, Any], bool]:
    """A command about the task of some number, which must be in a state after it."""

    def check(said: Said, key: str, wanted: Any) -> bool:
        rows = said.scene.rows(TaskRow, TaskRow.person_id == said.scene.me, TaskRow.number == wanted)
        others = said.scene.rows(TaskRow, TaskRow.person_id == said.scene.me, TaskRow.number.in_([1, 2, 3]), TaskRow.number != wanted, TaskRow.state == state)
        assert key == "number"
        return (rows[0].state == state) if state != "resumed" else (rows[0].state != "paused" and not others)

    return check


def _setting(said: Said, key: str, wanted: Any) -> bool:
    row = said.scene.rows(PersonRow, PersonRow.id == said.scene.me)[0]
    return bool({"zone": row.zone, "language": row.language}[key] == wanted)


DIRECT: dict[str, Callable[[Said, str, Any], bool]] = {
    "task_cancel": _numbered("cancelled"),
    "task_pause": _numbered("paused"),
    "task_resume": _numbered("resumed"),
    "settings_timezone": _setting,
    "settings_language": _setting,
}
"""Facts about settings and other tasks than the sentence's own."""
