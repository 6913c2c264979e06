"""/autonomous as a conversation: the card, its buttons, words in four languages, and answers that say why not."""

from __future__ import annotations

import pytest

from orchestrator.autonomous.modes import Interval
from orchestrator.triage.autonomous import NOW, OFF, ON, _words, spoken
from orchestrator.words import LANGUAGES
from storage.database import Database
from tests.autonomous.stage import Stage, set_up
from tests.conftest import MovedClock


@pytest.fixture
def stage(plain: Database, clock: MovedClock) -> Stage:
    return set_up(plain, clock)


async def test_the_whole_conversation(stage: Stage) -> None:
    said = stage.say("/autonomous")
    assert "Autonomous mode: off" in said and "It has not run yet" in said
    assert stage.buttons()[:2] == ["Switch on", "Run now"] and len(stage.buttons()) == 2 + len(Interval) + 1
    said = stage.say("/autonomous on")
    assert "on, every hour" in said and "Next run: " in said and "11:00" in said
    assert stage.buttons()[0] == "Switch off" and len(stage.buttons()) == 2 + len(Interval) - 1 + 1
    assert "on, every 3 hours" in stage.say("/autonomous 3hours")
    assert "I am looking now" in stage.say("/autonomous run")
    assert "under way already" in stage.say("/autonomous run")
    await stage.autonomous.sweep()
    assert "Try again in 60 seconds" in stage.say("/autonomous run")
    assert "nothing to do" in stage.say("/autonomous runs")
    said = stage.say("turn off autonomous mode")
    assert "Autonomous mode: off" in said and "Last run:" in said and "Next run" not in said


async def test_the_list_of_runs_says_what_was_done(stage: Stage) -> None:
    stage.switch(Interval.HOUR)
    stage.clock.move(hours=3, minutes=1)
    stage.failed_task("FatalError")
    await stage.autonomous.sweep()
    said = stage.say("/autonomous runs")
    assert "one thing done" in said and 'Failed: "fetch the invoice"' in said and said.count("missed") == 2


def test_what_is_not_understood_is_said_with_what_is(stage: Stage) -> None:
    said = stage.say("/autonomous every blue moon")
    assert 'did not understand "every blue moon"' in said and "15min, 30min, 1hour" in said
    assert stage.mode().enabled is False
    assert "did not understand" in stage.say("/autonomous 7 hours")


def test_guests_are_refused(plain: Database, clock: MovedClock) -> None:
    stage = set_up(plain, clock, role="guest")
    for text in ("/autonomous on", "/autonomous run", "/autonomous 15min"):
        assert "for the owner and members" in stage.say(text)
    assert stage.accounts() == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_is_said_in_every_language(plain: Database, clock: MovedClock, language: str) -> None:
    stage = set_up(plain, clock, language=language)
    stage.switch(Interval.QUARTER)
    clock.move(hours=1)
    for text in ("/autonomous", "/autonomous run", "/autonomous run", "/autonomous runs", "/autonomous off", "/autonomous nonsense"):
        assert stage.say(text)
        await stage.autonomous.sweep()


INTERVALS = {
    "autonomous mode every 15 minutes": Interval.QUARTER,
    "set autonomous mode to half an hour": Interval.HALF,
    "turn on autonomous mode every 30 minutes": Interval.HALF,
    "please set the autonomous mode to every hour": Interval.HOUR,
    "autonomous mode every three hours": Interval.THREE_HOURS,
    "Autonomous mode: daily": Interval.DAY,
    "autonomen Modus alle 6 Stunden": Interval.SIX_HOURS,
    "stelle den autonomen Modus auf alle zwölf Stunden": Interval.TWELVE_HOURS,
    "schalte den autonomen Modus ein, alle 15 Minuten": Interval.QUARTER,
    "autonomer Modus täglich": Interval.DAY,
    "modo autónomo cada 30 minutos": Interval.HALF,
    "activa el modo autónomo cada hora": Interval.HOUR,
    "pon el modo autónomo cada doce horas": Interval.TWELVE_HOURS,
    "自主模式每15分钟": Interval.QUARTER,
    "请把自主模式设为每3小时": Interval.THREE_HOURS,
}


def test_intervals_in_words(stage: Stage) -> None:
    for text, interval in INTERVALS.items():
        stage.switch(Interval.HOUR if interval is not Interval.HOUR else Interval.DAY, enabled=False)
        stage.say(text)
        assert (stage.mode().enabled, stage.mode().interval) == (True, interval), text


SWITCHES = {
    "turn on autonomous mode": True,
    "Autonomous mode on please": True,
    "schalte den autonomen Modus ein": True,
    "Autonomer Modus an": True,
    "activa el modo autónomo": True,
    "开启自主模式": True,
    "switch autonomous mode off": False,
    "stop the autonomous mode": False,
    "schalte bitte den autonomen Modus aus": False,
    "desactiva el modo autónomo": False,
    "关闭自主模式": False,
}


def test_on_and_off_in_words(stage: Stage) -> None:
    for text, enabled in SWITCHES.items():
        stage.switch(enabled=not enabled)
        stage.say(text)
        assert stage.mode().enabled is enabled, text


@pytest.mark.parametrize(
    "text",
    [
        "what do you think of autonomous mode in cars",
        "book me a haircut in autonomous mode",
        "remind me tomorrow to switch autonomous mode off",
        "hello",
        "turn off the light",
        "der autonome Modus meines Autos macht Ärger",
    ],
)
def test_other_messages_go_their_way(text: str) -> None:
    assert spoken(text) is None


@pytest.mark.parametrize("text", ["run autonomous mode now", "autonomen Modus jetzt laufen", "ejecuta el modo autónomo ahora", "立即运行自主模式"])
def test_run_now_in_words(text: str) -> None:
    said = spoken(text)
    assert said is not None and set(_words(said)) & NOW and not set(_words(said)) & (ON | OFF)
