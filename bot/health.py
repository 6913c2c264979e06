"""Is it alive, is it ready, and how does it feel: every five minutes a few looks, and one word to the owner when it turns bad or good again."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.contracts import RUNNING, Clock, Words
from orchestrator.tasks import notifications, outgoing, preferences
from orchestrator.tasks.notifications import Notice
from orchestrator.tasks.people import chat_of, owners
from storage.database import Database
from storage.models import HealthRow, MessageRow, NoticeDeliveryRow, OutgoingRow, PersonRow, TaskRow

if TYPE_CHECKING:
    from bot.app import House

EVERY = 300.0
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
FAILURES = 5
"""Failed tasks of one agent within an hour, when at least half of what it ended failed."""
SILENT = timedelta(minutes=30)
BACKLOG = timedelta(minutes=10)
DEAD_LETTERS = 10
LATEST_ROWS = 5000
LEAST_SPACE = 500 * 2**20
"""Free bytes in the data folder."""
REACHED_WITHIN = 5.0
ANSWERED_WITHIN = 3.0
BAD_AFTER = {"model": 2}
"""Looks in a row that must be bad before it is told; one, where nothing else is said."""
GOOD_AFTER = 3
KIND = preferences.ALERT
GOOD, BAD = "good", "bad"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: whether it is bad, and the number that says how bad."""

    name: str
    bad: bool
    number: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """What is looked at beside the database: the data folder, and the model's address where one is configured."""

    folder: Path
    model_url: str = ""


Look = Callable[[sa.Connection, datetime], Finding]


def failing(connection: sa.Connection, now: datetime) -> Finding:
    """Tasks of one agent that fail again and again. What an agent declines is no failure."""
    dead = sa.func.count(TaskRow.dead_letter_at)
    query = sa.select(TaskRow.agent, sa.func.count().label("ended"), dead.label("failed"))
    query = query.where(TaskRow.person_id.in_(sa.select(PersonRow.id)), TaskRow.finished_at >= now - HOUR, TaskRow.type != "triage").group_by(TaskRow.agent)
    worst = max((row.failed for row in connection.execute(query) if row.failed >= FAILURES and 2 * row.failed >= row.ended), default=0)
    return Finding("failing", worst > 0, worst)


def stuck(connection: sa.Connection, now: datetime) -> Finding:
    """Tasks at work without a sign of life."""
    states = [state.value for state in RUNNING]
    return _some("stuck", connection, sa.select(sa.func.count()).select_from(TaskRow).where(TaskRow.state.in_(states), TaskRow.last_run_at < now - SILENT))


def unhandled(connection: sa.Connection, now: datetime) -> Finding:
    """Messages that came in and that nobody has handled."""
    waiting = sa.select(sa.func.count()).select_from(MessageRow)
    return _some("unhandled", connection, waiting.where(MessageRow.state == sa.literal_column("'received'"), MessageRow.received_at < now - BACKLOG))


def unsent(connection: sa.Connection, now: datetime) -> Finding:
    """Messages that should have been sent by now."""
    waiting = OutgoingRow.state.in_(sa.literal_column(f"'{state}'") for state in ("queued", "sending", "retry"))
    ready = sa.or_(OutgoingRow.not_before.is_(None), OutgoingRow.not_before < now - BACKLOG)
    return _some("unsent", connection, sa.select(sa.func.count()).select_from(OutgoingRow).where(waiting, ready, OutgoingRow.created_at < now - BACKLOG))


def dead_letters(connection: sa.Connection, now: datetime) -> Finding:
    """Messages that no platform took within the last day, and notices that a place outside refused for good."""
    latest = sa.select(OutgoingRow.state, OutgoingRow.created_at, OutgoingRow.kind).order_by(OutgoingRow.seq.desc()).limit(LATEST_ROWS).subquery()
    lost = sa.select(sa.func.count()).select_from(latest).where(latest.c.state == "failed", latest.c.kind != "toast", latest.c.created_at >= now - DAY)
    places = sa.select(NoticeDeliveryRow.state, NoticeDeliveryRow.created_at).order_by(NoticeDeliveryRow.id.desc()).limit(LATEST_ROWS).subquery()
    refused = sa.select(sa.func.count()).select_from(places).where(places.c.state == "dead", places.c.created_at >= now - DAY)
    number = int(connection.execute(lost).scalar_one()) + int(connection.execute(refused).scalar_one())
    return Finding("dead_letters", number >= DEAD_LETTERS, number)


LOOKS: tuple[Look, ...] = (failing, stuck, unhandled, unsent, dead_letters)


def disk(folder: Path) -> Finding:
    """Space left for the data, in megabytes."""
    free = shutil.disk_usage(folder if folder.exists() else ".").free
    return Finding("disk", free < LEAST_SPACE, free // 2**20)


async def model(url: str) -> Finding:
    """Whether the model's server takes a connection; nothing is asked of it, so that it costs nothing."""
    address = urlsplit(url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        async with asyncio.timeout(REACHED_WITHIN):
            _, writer = await asyncio.open_connection(address.hostname, port)
    except (OSError, TimeoutError):
        return Finding("model", True)
    writer.close()
    return Finding("model", False)


def _some(name: str, connection: sa.Connection, count: Any) -> Finding:
    number = int(connection.execute(count).scalar_one())
    return Finding(name, number > 0, number)


class Health:
    """The looks, what they came to last, and who is told. `is_leader` keeps two processes from looking at once."""

    def __init__(self, database: Database, clock: Clock, words: Words, place: Place, is_leader: Callable[[], bool] = lambda: True) -> None:
        self._database = database
        self._clock = clock
        self._words = words
        self._place = place
        self._is_leader = is_leader

    async def run(self) -> None:
        """Look every five minutes until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            if self._is_leader():
                try:
                    await self.look()
                except Exception:
                    logger.exception("the health could not be looked at; it is tried again")

    async def look(self) -> list[Finding]:
        """One round; tells the owners what has turned."""
        now = self._clock.now()
        findings = list(await self._database.read(lambda connection: [check(connection, now) for check in LOOKS]))
        findings.append(await asyncio.to_thread(disk, self._place.folder))
        if self._place.model_url:
            findings.append(await model(self._place.model_url))
        await self._database.write(lambda connection: self._keep(connection, findings, now))
        logger.info(
            "health looked at", extra={finding.name: finding.number for finding in findings} | {"bad": [finding.name for finding in findings if finding.bad]}
        )
        return findings

    def _keep(self, connection: sa.Connection, findings: Sequence[Finding], now: datetime) -> None:
        turned = [finding for finding in findings if _turns(connection, finding, now)]
        for worse in (True, False):
            news = [finding for finding in turned if finding.bad is worse]
            if news:
                self._tell(connection, news, worse, now)

    def _tell(self, connection: sa.Connection, news: Sequence[Finding], worse: bool, now: datetime) -> None:
        """One notice a round and direction, whatever number of checks has turned."""
        for owner in owners(connection):
            chat_id = chat_of(connection, owner.id)
            if chat_id is None:
                continue
            title = self._words(owner.language, "health-bad" if worse else "health-good", {})
            key = "health-is-bad-" if worse else "health-is-good-"
            lines = [self._words(owner.language, key + finding.name.replace("_", "-"), {"number": finding.number}) for finding in news]
            outcome: Any = "failure" if worse else "success"
            notice = Notice(KIND, title, "\n".join([title, *(f"- {line}" for line in lines)]), data={"checks": [one.name for one in news]}, outcome=outcome)
            notifications.notify(connection, outgoing.Envelope(chat_id, owner.id, now), notice, self._words, owner.language)


def _turns(connection: sa.Connection, finding: Finding, now: datetime) -> bool:
    """Count the look; True if with it the check turns, for the process whose write it is."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(HealthRow).values(name=finding.name, since=now, looked_at=now, streak=0, state=GOOD).on_conflict_do_nothing())
    row = connection.execute(sa.select(HealthRow.__table__).where(HealthRow.name == finding.name).with_for_update()).one()
    seen = BAD if finding.bad else GOOD
    streak = 0 if seen == row.state else row.streak + 1
    turns = streak >= (BAD_AFTER.get(finding.name, 1) if finding.bad else GOOD_AFTER) and seen != row.state
    values = {"state": seen, "streak": 0, "since": now, "looked_at": now} if turns else {"streak": streak, "looked_at": now}
    same = (HealthRow.name == finding.name, HealthRow.state == row.state, HealthRow.streak == row.streak)
    return connection.execute(sa.update(HealthRow).where(*same).values(**values)).rowcount == 1 and turns


# --- asked from outside ---


async def readiness(house: House) -> dict[str, bool]:
    """Whether each part does its work: the database answers, the engine runs or waits for work, every channel polls or listens."""
    running = {work.get_name() for work in house.works if not work.done()}
    known = {work.get_name() for work in house.works}
    parts = {"database": await _answers(house.database.read(_ping)), "engine": "engine" in running or "engine" not in known}
    parts |= {part: part in running for part in ("handling", "outbox", "sweeps")}
    return parts | {f"channel {name}": name in running for name in house.channels}


def _ping(connection: sa.Connection) -> None:
    connection.execute(sa.select(1))


async def _answers(question: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(ANSWERED_WITHIN):
            await question
    except (TimeoutError, sa.exc.SQLAlchemyError):
        return False
    return True
