"""Work that is to be done at a time of its own: understood in words, begun by the clock, never twice at once; /schedule shows and changes it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.app import House, build
from bot.settings import read
from orchestrator.business import BusinessFile
from orchestrator.contracts import TaskState
from orchestrator.execution.due import DueWork
from orchestrator.tasks import manager
from storage.models import OccurrenceRow, ScheduleRow, TaskRow, new_id
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
business: {name: Shop}
custom:
  news digest:
    keywords:
      en: ['news digest']
      de: ['Nachrichten']
      es: ['noticias']
      zh: ['新闻']
    steps:
      - {id: look, tool: files.list, arguments: {}}
"""


@pytest.fixture
def house(folder: Path, tmp_path: Path, clock: MovedClock) -> Iterator[House]:
    path = tmp_path / "majordomo.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    settings = read({"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/{new_id()}.db", "MAJORDOMO_CONFIG": str(path)})
    built = build(settings, clock=clock, business=BusinessFile(path))
    asyncio.run(built.engine.prepare())
    yield built
    asyncio.run(built.reach.close())
    asyncio.run(built.database.close())


def sweep(house: House) -> None:
    house.database.write_now(DueWork(house.runner).sweep)


def rows(house: House, query: Any) -> list[Any]:
    return list(house.database.read_now(lambda connection: connection.execute(query).all()))


def begun(house: House) -> list[Any]:
    return rows(house, sa.select(TaskRow.id, TaskRow.type, TaskRow.text, TaskRow.slots, TaskRow.state).where(TaskRow.type != "triage").order_by(TaskRow.id))


def ends(house: House) -> list[str]:
    return [row.outcome for row in rows(house, sa.select(OccurrenceRow.outcome).order_by(OccurrenceRow.due_at))]


def end(house: House, task_id: str, clock: MovedClock) -> None:
    """Let a task be over."""

    def work(connection: sa.Connection) -> None:
        task = manager.load(connection, task_id)
        assert task is not None
        manager.cancel(connection, task, clock.now())

    house.database.write_now(work)


@pytest.mark.parametrize(
    ("language", "text", "rhythm", "request_"),
    [
        ("en", "every monday at 9 send me the news digest", "every Monday at 09:00", "send me the news digest"),
        ("en", "Every day at 7:30, the news digest please", "every day at 07:30", "the news digest please"),
        ("de", "jeden Montag um 9 Uhr die Nachrichten zusammenfassen", "jeden Montag um 09:00 Uhr", "die Nachrichten zusammenfassen"),
        ("es", "cada lunes a las 9 envíame las noticias", "lunes", "envíame las noticias"),
        ("zh", "每周一上午9点给我发新闻", "每星期一 09:00", "给我发新闻"),
    ],
)
def test_a_rhythm_before_a_request_is_its_rhythm(house: House, language: str, text: str, rhythm: str, request_: str) -> None:
    person = someone(house, language=language)
    said = person.say(text)
    assert rhythm in said and request_ in said and len(person.buttons()) == 4
    [schedule] = rows(house, sa.select(ScheduleRow.kind, ScheduleRow.title, ScheduleRow.repeat))
    assert schedule == ("task", request_, "rrule") and begun(house) == []


def test_it_is_begun_each_time_by_the_clock_and_as_this_schedules(house: House, clock: MovedClock) -> None:
    someone(house).say("every day at 11 send me the news digest")
    sweep(house)
    assert begun(house) == []
    clock.move(hours=1)
    sweep(house)
    sweep(house)
    [first] = begun(house)
    [schedule] = rows(house, sa.select(ScheduleRow.id, ScheduleRow.payload))
    assert (first.type, first.text, first.state) == ("custom_news_digest", "send me the news digest", "pending")
    assert first.slots["schedule_id"] == schedule.id and first.slots["schedule_run"].startswith(schedule.id) and "when" not in first.slots
    assert schedule.payload["last_task"] == first.id
    end(house, first.id, clock)
    clock.move(days=1)
    sweep(house)
    assert len(begun(house)) == 2 and ends(house) == ["ran", "ran"]


def test_one_that_is_still_under_way_is_not_begun_again(house: House, clock: MovedClock) -> None:
    person = someone(house)
    person.say("every day at 11 send me the news digest")
    clock.move(hours=1)
    sweep(house)
    clock.move(days=1)
    sweep(house)
    assert len(begun(house)) == 1 and ends(house) == ["ran", "skipped"]
    assert "still under way" in person.say("/schedule run 1")


def test_after_days_of_standing_still_it_is_begun_once_and_the_others_are_told_missed(house: House, clock: MovedClock) -> None:
    person = someone(house)
    person.say("every day at 11 send me the news digest")
    clock.move(days=3, hours=2)
    sweep(house)
    assert len(begun(house)) == 1 and ends(house) == ["missed", "missed", "missed", "late"]
    assert "missed, I was not running" in person.say("/schedule 1")


def test_a_rhythm_within_a_request_is_asked_about(house: House, clock: MovedClock) -> None:
    person = someone(house)
    assert "or once now" in person.say("send me the news digest every morning at 8")
    assert rows(house, sa.select(ScheduleRow.id)) == [] == begun(house)
    person.press("Yes, every day at 08:00")
    assert len(rows(house, sa.select(ScheduleRow.id))) == 1 and begun(house) == []
    person.say("send me the news digest every morning at 8")
    person.press("Once, now")
    assert len(rows(house, sa.select(ScheduleRow.id))) == 1
    assert [task.type for task in begun(house)] == ["custom_news_digest"]


def test_later_once_and_then_it_is_over(house: House, clock: MovedClock) -> None:
    person = someone(house)
    assert "once" in person.say("tomorrow at 9 send me the news digest")
    assert begun(house) == []
    clock.move(days=1)
    sweep(house)
    assert len(begun(house)) == 1
    assert "Nothing is scheduled" in person.say("/schedule")


@pytest.mark.parametrize(
    "text",
    [
        "remind me every monday at 9 to read the news digest",
        "every monday at 9 remind me of the dentist",
        "send me the news digest",
        "news digest, now",
        "book a haircut tomorrow at 3pm",
    ],
)
def test_what_knows_its_own_time_or_has_none_is_left_alone(house: House, text: str) -> None:
    person = someone(house)
    assert "🔁" not in person.say(text) and "or once now" not in person.heard()
    assert rows(house, sa.select(ScheduleRow.id).where(ScheduleRow.kind == "task")) == []


def test_guests_arrange_nothing(house: House) -> None:
    someone(house)
    guest = someone(house, role="guest", external="other")
    guest.say("every monday at 9 send me the news digest")
    assert rows(house, sa.select(ScheduleRow.id)) == []


def test_shown_paused_skipped_run_and_deleted_by_button(house: House, clock: MovedClock) -> None:
    person = someone(house)
    person.say("/schedule every day at 11 send me the news digest")
    assert "**1** send me the news digest" in person.say("/schedule") and "/schedule 1" in person.heard()
    assert "every day at 11:00" in person.say("/schedule #1")
    assert "22 November" in person.press("Skip next")
    assert "paused" in person.press("Pause") and "paused" in person.say("/schedule")
    clock.move(days=2)
    sweep(house)
    assert begun(house) == []
    assert "23 November" in person.press("Go on")
    assert "begun" in person.press("Run now")
    assert [task.state for task in begun(house)] == [TaskState.PENDING.value]
    assert "Deleted" in person.press("Delete")
    assert "no schedule 1" in person.say("/schedule delete 1")


@pytest.mark.parametrize(("language", "words"), [("en", "nothing to skip"), ("de", "nichts auszulassen"), ("es", "nada que omitir"), ("zh", "没有可跳过的")])
def test_a_paused_one_is_not_skipped_and_stays_paused(house: House, language: str, words: str) -> None:
    person = someone(house, language=language)
    person.say(
        {
            "en": "every day at 11 news digest",
            "de": "jeden Tag um 11 Uhr die Nachrichten",
            "es": "cada día a las 11 las noticias",
            "zh": "每天上午11点给我发新闻",
        }[language]
    )
    person.say("/schedule pause 1")
    before = rows(house, sa.select(ScheduleRow.state, ScheduleRow.next_due))
    assert before[0].state == "paused" and words in person.say("/schedule skip 1")
    assert rows(house, sa.select(ScheduleRow.state, ScheduleRow.next_due)) == before and ends(house) == []


def test_anothers_schedule_is_not_there(house: House) -> None:
    person = someone(house)
    person.say("every day at 11 send me the news digest")
    other = someone(house, role="member", external="other")
    for verb in ("", "run ", "pause ", "delete ", "skip ", "resume "):
        assert "no schedule 1" in other.say(f"/schedule {verb}1")
    assert begun(house) == [] and "send me the news digest" in person.say("/schedule")


@pytest.mark.parametrize(
    "text",
    [
        "/schedule nonsense",
        "/schedule run",
        "/schedule run x",
        "/schedule delete #",
        "/schedule " + "9" * 400,
        "/schedule every monday",
        "/schedule ²",
        "/schedule run ²",
        "/schedule " + "9" * 5000,
        "/schedule skip " + "9" * 5000,
        "/schedule ٣",
    ],
)
def test_what_cannot_be_read_gets_an_answer_that_says_how(house: House, text: str) -> None:
    person: Talk = someone(house)
    said = person.say(text)
    assert "/schedule" in said
    assert rows(house, sa.select(ScheduleRow.id)) == []


def test_nobody_left_to_do_it_is_told(house: House, clock: MovedClock) -> None:
    person = someone(house)
    person.say("every day at 11 send me the news digest")
    gone = sa.update(ScheduleRow).values(payload={"order": {"type": "custom_gone", "text": "gone", "language": "en", "slots": {}}})
    house.database.write_now(lambda connection: connection.execute(gone))
    clock.move(hours=1)
    sweep(house)
    assert begun(house) == [] and ends(house) == ["skipped"]
    assert "nobody here does this any more" in person.heard()


# --- the page about it ------------------------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "schedules.md"


def page_examples() -> list[str]:
    return re.findall(r"^ {4}(\S.*)$", PAGE.read_text(encoding="utf-8"), re.M)


@pytest.fixture
def example_house(folder: Path, clock: MovedClock) -> Iterator[House]:
    """With mail, and the example that the page points to."""
    path = ROOT / "examples" / "news-digest" / "majordomo.yaml"
    database = f"sqlite+aiosqlite:///{folder}/{new_id()}.db"
    settings = read({"DATABASE_URL": database, "MAJORDOMO_CONFIG": str(path), "SMTP_URL": "smtp://127.0.0.1:9?from=a@example.com"})
    built = build(settings, clock=clock, business=BusinessFile(path))
    asyncio.run(built.engine.prepare())
    yield built
    asyncio.run(built.reach.close())
    asyncio.run(built.database.close())


def test_the_examples_of_the_page_do_what_it_says_without_a_model(example_house: House) -> None:
    examples = page_examples()
    assert len(examples) == 4
    for number, text in enumerate(examples):
        person = someone(example_house, language="de" if text.startswith("jede") else "en", external=str(number))
        assert person.say(text).startswith("🔁"), text
    assert [row.kind for row in rows(example_house, sa.select(ScheduleRow.kind))] == ["task"] * 4


def test_what_the_page_says_is_asked_about_is_and_what_no_task_does_becomes_a_reminder(example_house: House, folder: Path, clock: MovedClock) -> None:
    [asked] = re.findall(r'stands within the request \("([^"]+)"\)', PAGE.read_text(encoding="utf-8"))
    assert "or once now" in someone(example_house).say(asked)
    digest = next(text for text in page_examples() if "news digest" in text)
    sample = open_house(folder, clock)
    asyncio.run(sample.engine.prepare())
    assert "I will remind you" in someone(sample).say(digest)
    asyncio.run(sample.reach.close())
    asyncio.run(sample.database.close())
