"""Given letters and changes of files and calendars under way, when killed, then nothing is done twice, lost or falsely called done; what is unknown is asked about."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.crash import effects_agent, effects_calendar, effects_commits
from tests.crash.effects_books import Tally, balance, look, rows
from tests.crash.effects_people import DONE, People
from tests.crash.majordomo import ROOT, Majordomo, majordomo, telegram
from tests.servers import radicale, smtp

SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
KILLS = int(os.environ.get("EFFECT_KILLS", 300 if SOAK else 2))
KILLS_WITH_APPROVAL = int(os.environ.get("EFFECT_KILLS_WITH_APPROVAL", 100 if SOAK else 1))
KILLS_ON_POSTGRES = int(os.environ.get("EFFECT_KILLS_ON_POSTGRES", 100 if SOAK else 1))
ALL = range(1, 200)
COMMITS = [
    pytest.param("allow", "0", ALL, id="freely", marks=pytest.mark.soak),
    pytest.param("ask", "0.2", ALL if SOAK else (14,), id="with approval and delay"),
]
COMMITS_ON_POSTGRES = ALL if SOAK else (12,)
CHATS = (8001, 8002, 8003)
LATEST = 1.0
"""Seconds after something was seen by which the process is dead."""
SEED = int(os.environ.get("EFFECT_SEED", 7))
SHORTLY = 0.03
"""The same where the mail server or the calendar has just come to a certain point."""
SHUT = 1.5
"""Seconds for which the calendar cannot be reached when a killed process has come up again: what it cannot look up it asks about."""
PATIENCE = 240.0
"""Seconds until what must come has come, on the slowest machine; whoever waits goes on as soon as it has."""
pytestmark = pytest.mark.timeout(14400 if SOAK else 300)
EAGER = """
import bot.app
bot.app.ENGINE_DELAY = 0.05
"""
QUICK = """
from datetime import timedelta
import orchestrator.execution.engine as engine
engine.DEAD_AFTER, engine.HEARTBEAT = timedelta(seconds=2), 0.5
"""
"""On Postgres a dead worker is taken for dead sooner."""
DIES_COMING_UP = """
import os, signal, time
import sqlalchemy as sa
import orchestrator.execution.engine as engine
beat = engine.Engine._beat
BEGUN = sa.text("SELECT 1 FROM dbos.workflow_status WHERE status = 'PENDING'")
def last_beat(self, connection):
    if self._working and os.path.exists("armed"):
        while self._database.read_now(lambda reading: reading.execute(BEGUN).first()) is None:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    beat(self, connection)
engine.Engine._beat = last_beat
"""
"""The first heartbeat after the queue is worked on waits for work that is begun, and is the process's last act."""
UNHEARD_OF = """
import orchestrator.execution.engine as engine
launch = engine.Engine._launch
def unheard_of(self, run):
    self._database.write_now(lambda connection: connection.execute(sa.delete(engine.WorkerRow)))
    launch(self, run)
engine.Engine._launch = unheard_of
"""
"""The twin without the heartbeat before it."""
TAKES_OVER_LATE = """
import os, signal, time
import sqlalchemy as sa
import orchestrator.execution.engine as engine
import orchestrator.triage.segments as segments
run, take_over = segments.Segments.run, engine.Engine._take_over
def any_effect(database, states):
    return database.read_now(lambda reading: reading.execute(sa.text(f"SELECT 1 FROM effects WHERE state IN ({states})")).first())
async def last_run(self, task_id, number):
    await run(self, task_id, number)
    if os.path.exists("armed") and any_effect(self.database, "'held'"):
        os.kill(os.getpid(), signal.SIGKILL)
def late(self, executors):
    end = time.monotonic() + 8
    while any_effect(self._database, "'in_doubt'") is None and time.monotonic() < end:
        time.sleep(0.005)
    before_it(self)
    take_over(self, executors)
def before_it(self):
    pass
segments.Segments.run, engine.Engine._take_over = last_run, late
"""
"""The process dies when a held letter's segment has ended and the engine does not know yet; the next one takes over what it finds
while the letter's next segment is at work."""
GREEDY = """
def before_it(self):
    self._database.write_now(lambda writing: writing.execute(sa.text("UPDATE tasks SET lease = lease + 1 WHERE state = 'in_progress'")))
"""
"""The twin that takes the lease from every task of which some segment was interrupted, however old."""
NO_DOUBT = """
from orchestrator.actions import effects
effects.into_doubt = lambda connection, effect_id, now: None
"""
"""The twin without the commit before the irreversible moment: after a kill the letter looks as if it had only been claimed."""
NO_KEY = """
import secrets
from orchestrator.actions.calls import Call
Call.idempotency_key = property(lambda call: secrets.token_hex(16))
"""
"""The twin in which every attempt at a step has a key, and so an event a UID, of its own."""
SERVER: list[radicale.Radicale] = []


@pytest.fixture(scope="module", autouse=True)
def calendars() -> Iterator[None]:
    """One Radicale for all these tests, which have it one after the other."""
    with radicale.running() as server:
        SERVER[:] = [server]
        yield
        SERVER.clear()


@dataclass
class Office:
    bot: Majordomo
    people: People
    server: smtp.MailServer
    calendar: effects_calendar.Calendar
    tally: Tally


@asynccontextmanager
async def office(
    *, database_url: str = "", code: str = "", mail: str = "allow", hold: str = "0", requests: tuple[str, ...] = ("deliver letter {code}",)
) -> AsyncIterator[Office]:
    owners = ",".join(f"telegram:{chat}" for chat in CHATS)
    with smtp.running() as server:
        async with (
            effects_calendar.opened(SERVER[0]) as calendar,
            telegram() as api,
            majordomo(api, database_url=database_url, code=EAGER + QUICK + code) as bot,
        ):
            settings = {"SMTP_URL": server.url, "CALDAV_URL": calendar.url, "MAJORDOMO_MAIL_HOLD": hold, "MAJORDOMO_OWNERS": owners}
            plugin = effects_agent.install(bot.folder)
            bot.environment |= settings | {"PYTHONPATH": f"{ROOT}{os.pathsep}{plugin}", effects_commits.VARIABLE: str(bot.folder / "armed")}
            (bot.folder / "majordomo.yaml").write_text(effects_agent.CONFIG.format(mail=mail))
            yield Office(bot, People(api, server, calendar, random.Random(SEED), requests), server, calendar, Tally())


# --- at random moments ---


async def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it came to hold in time."""
    end = asyncio.get_running_loop().time() + seconds
    while not holds():
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(0.001)
    return True


def end_at_change(on: Office, number: int) -> None:
    """The process will die in the very instant in which the calendar has its `number`-th change from now on and nobody has heard of it; 0: it will not."""
    left = number

    def count(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            on.bot.kill_now()

    on.calendar.on_change = count


async def kill_somewhere(on: Office, dice: random.Random) -> None:
    """Anywhere; or as the mail server comes to a letter, is asked to take it, is given it; or the very instant in which it has it. So with the calendar."""
    where = dice.choice(("", "", "MAIL", "DATA", "BODY", "delivered", effects_calendar.PUT, effects_calendar.DELETE, "changed"))
    if where == "delivered":
        on.server.on_delivery = on.bot.kill_now
        await until(lambda: not on.bot.running, 8.0)
        on.server.on_delivery = None
    elif where == "changed":
        end_at_change(on, dice.randint(1, 4))
        await until(lambda: not on.bot.running, 8.0)
        end_at_change(on, 0)
    elif where:
        verbs = on.calendar.verbs if where in effects_calendar.CHANGES else on.server.verbs
        seen = verbs.count(where)
        await until(lambda: verbs.count(where) > seen, 8.0)
        await asyncio.sleep(dice.random() * SHORTLY)
    else:
        await asyncio.sleep(dice.random() * LATEST)
    on.calendar.open = where != "changed" or dice.random() < 0.7
    await on.bot.kill()
    look(on.bot, on.tally)


async def at_random_moments(on: Office, kills: int) -> list[str]:
    """Kills the bot again and again; returns what the books find wrong."""
    dice = random.Random(SEED)
    await on.bot.start()
    for chat in CHATS:
        on.people.begin(chat)
    for _ in range(kills):
        await kill_somewhere(on, dice)
        await on.bot.start()
        if not on.calendar.open:
            await asyncio.sleep(SHUT)
            on.calendar.open = True
    on.people.resting = True
    await on.people.until_ended(list(on.people.begun), PATIENCE)
    await asyncio.sleep(0.3)
    balance(on.bot, on.people, on.tally)
    print(f"\n{on.tally}")
    assert on.tally.figures["doubled unasked"] == 0
    assert on.tally.with_work >= kills // 2 or kills < 10
    assert on.people.api.violations == []
    return on.tally.faults


async def test_killed_at_any_moment_every_letter_comes_once_or_is_asked_about() -> None:
    async with office() as on:
        assert await at_random_moments(on, KILLS) == []


async def test_killed_at_any_moment_with_approval_and_delay_too() -> None:
    requests = ("deliver letter {code}", "email {code}@example.com with subject Late: I'm late")
    async with office(mail="ask", hold="0.3", requests=requests) as on:
        assert await at_random_moments(on, KILLS_WITH_APPROVAL) == []
        assert set(on.people.approved) == set(on.people.begun)


@pytest.mark.postgres
async def test_killed_at_any_moment_on_postgres(postgres_url: str) -> None:
    async with office(database_url=postgres_url) as on:
        assert await at_random_moments(on, KILLS_ON_POSTGRES) == []


# --- at every commit ---


async def at_commits(on: Office, numbers: range | tuple[int, ...]) -> int:
    """One letter for each commit at which the process dies, before it and after it; returns how many commits one letter takes (some join others)."""
    armed, most, untouched = on.bot.folder / "armed", 0, 0
    on.people.resting = True
    await on.bot.start()
    for number in numbers:
        for side in (effects_commits.BEFORE, effects_commits.AFTER):
            effects_commits.arm(armed, number, side)
            code = on.people.begin(CHATS[0])
            await until(lambda code=code: not on.bot.running or code in on.people.outcomes, PATIENCE)  # type: ignore[misc]
            if await until(lambda: not on.bot.running, 0.4):
                most, untouched = number, 0
                look(on.bot, on.tally)
            elif (untouched := untouched + 1) >= 3:
                return most
            effects_commits.disarm(armed)
            await on.bot.kill()
            await on.bot.start()
            await on.people.until_ended([code], PATIENCE)
            await asyncio.sleep(0.2)
    return most


async def through_commits(on: Office, numbers: range | tuple[int, ...]) -> list[str]:
    """Kills the bot at these commits; returns what the books find wrong."""
    most = await at_commits(on, numbers)
    await on.people.until_ended(list(on.people.begun), PATIENCE)
    await asyncio.sleep(0.3)
    balance(on.bot, on.people, on.tally)
    print(f"\nup to commit {most}: {on.tally}")
    assert on.tally.figures["doubled unasked"] == 0
    assert on.tally.kills >= min(2 * len(numbers), 30)
    return on.tally.faults


@pytest.mark.parametrize(("mail", "hold", "numbers"), COMMITS)
async def test_killed_before_and_after_a_commit_every_letter_comes_once_or_is_asked_about(mail: str, hold: str, numbers: range | tuple[int, ...]) -> None:
    async with office(code=effects_commits.CODE, mail=mail, hold=hold) as on:
        assert await through_commits(on, numbers) == []


@pytest.mark.postgres
async def test_killed_before_and_after_a_commit_on_postgres(postgres_url: str) -> None:
    async with office(database_url=postgres_url, code=effects_commits.CODE) as on:
        assert await through_commits(on, COMMITS_ON_POSTGRES) == []


# --- the worst moment, and its twin ---


async def killed_while_the_server_takes_it(code: str = "") -> tuple[int, list[str], list[str]]:
    """The mail server has the letter, and the process dies before it hears of it. How often it came, what was asked and what was said."""
    async with office(code=code) as on:
        on.people.resting, on.people.only = True, DONE
        on.server.on_delivery = on.bot.kill_now
        await on.bot.start()
        letter = on.people.begin(CHATS[0])
        assert await until(lambda: not on.bot.running, PATIENCE)
        on.server.on_delivery = None
        await on.bot.kill()
        await on.bot.start()
        await on.people.until_ended([letter], PATIENCE)
        states = [row.state for row in rows(on.bot, "SELECT state FROM effects WHERE tool = 'email.send'")]
        assert states == ["done"]
        return on.people.delivered()[letter], on.people.chosen.get(letter, []), on.people.outcomes[letter]


async def test_a_letter_whose_arrival_nobody_heard_of_is_asked_about() -> None:
    assert await killed_while_the_server_takes_it() == (1, [DONE], ["sent"])


async def test_without_the_commit_before_the_moment_it_comes_twice_and_nobody_is_asked() -> None:
    assert await killed_while_the_server_takes_it(NO_DOUBT) == (2, [], ["sent"])


async def killed_while_the_calendar_takes_it(changes: tuple[int, ...], *, shut: bool = False, code: str = "") -> Office:
    """The calendar has one change after another, and each time the process dies before it hears of it. `shut`: at first nobody can look it up."""
    async with office(code=code) as on:
        on.people.resting, on.people.only = True, DONE
        await on.bot.start()
        end_at_change(on, changes[0])
        letter = on.people.begin(CHATS[0])
        for following in (*changes[1:], 0):
            assert await until(lambda: not on.bot.running, PATIENCE)
            on.calendar.open = not shut
            await on.bot.kill()
            look(on.bot, on.tally)
            end_at_change(on, following)
            await on.bot.start()
            if shut:
                assert await until(lambda: bool(on.people.chosen_events), PATIENCE)
                on.calendar.open, shut = True, False
        await on.people.until_ended([letter], PATIENCE)
        balance(on.bot, on.people, on.tally)
        return on


async def test_an_event_whose_arrival_nobody_heard_of_is_looked_up_or_asked_about() -> None:
    on = await killed_while_the_calendar_takes_it((1, 2), shut=True)
    assert (on.tally.faults, list(on.people.chosen_events.values())) == ([], [[("Put", DONE)]])
    assert on.tally.at_kills["in_doubt"] == 2


@pytest.mark.soak
async def test_killed_at_every_change_of_a_calendar_nobody_is_asked_and_each_is_made_once() -> None:
    on = await killed_while_the_calendar_takes_it((1, 1, 1, 1))
    assert (on.tally.faults, on.people.chosen_events, on.tally.at_kills["in_doubt"]) == ([], {}, 4)


async def test_without_a_key_that_stays_the_same_it_is_booked_twice_or_falsely_denied() -> None:
    on = await killed_while_the_calendar_takes_it((2,), code=NO_KEY)
    assert any("that the ledger does not have as done" in fault for fault in on.tally.faults)
    assert any("the removed event stands 1 times" in fault for fault in on.tally.faults)


# --- what is taken over, and what is not ---


async def taken_over_late(code: str, seconds: float) -> tuple[int, list[str]]:
    """How often the letter came, and what was said of it."""
    async with office(code=TAKES_OVER_LATE + code, hold="0.2") as on:
        on.people.resting, on.people.only = True, DONE
        (on.bot.folder / "armed").touch()
        await on.bot.start()
        letter = on.people.begin(CHATS[0])
        assert await until(lambda: not on.bot.running, PATIENCE)
        (on.bot.folder / "armed").unlink()
        on.server.on_delivery = lambda: time.sleep(1.5)
        await on.bot.kill()
        await on.bot.start()
        await until(lambda: letter in on.people.outcomes, seconds)
        return on.people.delivered()[letter], on.people.outcomes.get(letter, [])


async def test_what_has_gone_on_since_is_not_taken_away_from_who_is_at_it() -> None:
    assert await taken_over_late("", PATIENCE) == (1, ["sent"])


@pytest.mark.soak
async def test_if_it_were_taken_away_nothing_would_be_heard_of_it() -> None:
    assert await taken_over_late(GREEDY, 10.0) == (1, [])


# --- a worker that dies as it comes up ---


async def killed_coming_up(url: str, code: str, seconds: float) -> int:
    """How often the letter came that such a worker had begun."""
    async with office(database_url=url, code=DIES_COMING_UP + code) as on:
        on.people.resting = True
        (on.bot.folder / "armed").touch()
        await on.bot.start()
        letter = on.people.begin(CHATS[0])
        assert await until(lambda: not on.bot.running, PATIENCE)
        (on.bot.folder / "armed").unlink()
        await on.bot.kill()
        await on.bot.start()
        await until(lambda: letter in on.people.outcomes, seconds)
        return on.people.delivered()[letter]


@pytest.mark.postgres
async def test_what_a_worker_began_that_died_as_it_came_up_is_taken_over(postgres_url: str) -> None:
    assert await killed_coming_up(postgres_url, "", PATIENCE) == 1


@pytest.mark.soak
@pytest.mark.postgres
async def test_a_worker_that_nobody_has_heard_of_would_leave_its_work_behind(postgres_url: str) -> None:
    assert await killed_coming_up(postgres_url, UNHEARD_OF, 8.0) == 0
