"""A guessed time zone is the house's: also after the house names another; and a question about the zone is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import House
from orchestrator.business import sample_text
from orchestrator.business.book import CHECK_EVERY, BusinessFile
from storage.models import CalendarEventRow, PersonRow, ScheduleRow
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock


def assumed(talk: Talk, zone: str) -> None:
    change = sa.update(PersonRow).where(PersonRow.id == talk.somebody.person.id).values(assumed_zone=zone)
    talk.house.database.write_now(lambda connection: connection.execute(change))


def dues(house: House) -> list[datetime]:
    query = sa.select(ScheduleRow.next_due).where(ScheduleRow.kind == "reminder", ScheduleRow.state == "active")
    return house.database.read_now(lambda connection: [due for due in connection.execute(query).scalars() if due is not None])


def named(house: House, path: Path) -> None:
    """The owner writes the zone into the file that was read without one."""
    path.write_text(sample_text().replace("# zone: Europe/Berlin    # left out: this machine's time zone", "zone: Europe/Berlin"), encoding="utf-8")
    assert isinstance(house.business, BusinessFile)
    house.business._looked -= 2 * CHECK_EVERY


def test_who_never_named_a_zone_follows_the_house(folder: Path, clock: MovedClock) -> None:
    house = open_house(folder, clock, sample_text())
    talk = someone(house, zone=None)
    assumed(talk, "Etc/UTC")
    assert "Etc/UTC" in talk.say("what time is it")
    talk.say("remind me on Monday at 12 to call mom")
    assert dues(house) == [datetime(2026, 11, 23, 12, tzinfo=UTC)]
    assert isinstance(house.business, BusinessFile)
    named(house, house.business.path)
    assert "Europe/Berlin" in talk.say("what time is it")
    assert dues(house) == [datetime(2026, 11, 23, 11, tzinfo=UTC)], "it keeps its time on the wall"
    assert "12:00" in talk.say("book a haircut on Monday at 12")
    starts = house.database.read_now(lambda connection: connection.execute(sa.select(CalendarEventRow.start_at)).scalars().all())
    assert [start.hour for start in starts] == [11]


def test_who_named_a_zone_keeps_it(house: House) -> None:
    talk = someone(house, zone="Asia/Tokyo")
    assert "Asia/Tokyo" in talk.say("what time is it")


ASKED = [
    ("en", "in which time zone are we"), ("en", "what is my time zone?"), ("en", "timezone"), ("de", "in welcher Zeitzone sind wir?"),
    ("es", "¿en qué zona horaria estamos?"), ("zh", "我们在哪个时区？"),
]  # fmt: skip


def test_a_question_about_the_zone_is_answered_with_it(house: House) -> None:
    talks = {language: someone(house, language=language, external=language) for language in dict(ASKED)}
    assert [text for language, text in ASKED if "Europe/Berlin" not in talks[language].say(text)] == []
    talks["en"].say("what time zone is Tokyo in?")
    assert "Europe/Berlin" in talks["en"].say("what time is it"), "asking for another place moves nobody"


@pytest.mark.parametrize(
    ("language", "text", "request_", "city"),
    [
        ("en", "change my time zone", "remind me in one minute to stretch", "Lisbon"),
        ("de", "meine Zeitzone ändern", "erinnere mich in einer Minute ans Dehnen", "Lissabon"),
        ("es", "cambia mi zona horaria", "recuérdame estirarme en un minuto", "Lisboa"),
        ("zh", "改我的时区", "一分钟后提醒我伸展", "里斯本"),
    ],
)
def test_a_request_between_question_and_answer_is_done(house: House, language: str, text: str, request_: str, city: str) -> None:
    talk = someone(house, language=language)
    talk.say(text)
    talk.say(request_)
    assert len(dues(house)) == 1
    assert "Europe/Lisbon" in talk.say(city)
