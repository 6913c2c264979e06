"""What goes to a person's places outside the chat: rows written with the notification, delivered, tried again or given up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.contracts import Json
from orchestrator.tasks.preferences import DISCORD, EMAIL, Preferences, family
from storage.models import NoticeDeliveryRow, NoticePlaceRow, TaskRow, new_id
from storage.signals import announce

TOPIC = "notices"
QUEUED, SENDING, RETRY, SENT, DEAD = "queued", "sending", "retry", "sent", "dead"
PENDING, ACTIVE, BROKEN, REMOVED = "pending", "active", "broken", "removed"
TEST, CODE = "test", "code"
"""Events of their own: what the test button sends, and the letter with the code that confirms an address."""
ATTEMPTS = 8
FIRST_WAIT, LONGEST_WAIT = 5.0, 7200.0
LEASE = timedelta(seconds=120)
"""How long a delivery that is being sent belongs to whoever claimed it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, before any place has shaped it. `counts` are those of a digest, by kind; `task` a short number."""

    event: str
    title: str
    text: str
    at: datetime
    outcome: str = "info"
    task: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    language: str = "en"

    def as_json(self) -> dict[str, Json]:
        return {
            "event": self.event, "title": self.title, "text": self.text, "at": self.at.isoformat(), "outcome": self.outcome, "task": self.task,
            "counts": dict(self.counts), "language": self.language,
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Message:
        return cls(**{**data, "at": datetime.fromisoformat(data["at"])})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to make. `attempt` counts from 1; `doubtful`: an earlier attempt may have arrived."""

    id: str
    person_id: str
    place_id: str
    channel: str
    event: str
    message: Message
    attempt: int
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Dead:
    """A delivery that was given up, with how many of its place there are now; `told` once the person knows of the place."""

    person_id: str
    place_id: str
    channel: str
    shown: str
    error: str
    told: bool


# --- in the transaction of the notification ---


def forward(
    connection: sa.Connection, preferences: Preferences, channels: Collection[str], message: Message, now: datetime, notification_id: str | None = None
) -> int:
    """Queue a message for the person's places on these channels, as far as they want its kind there; returns for how many."""
    query = sa.select(NoticePlaceRow.__table__).where(
        NoticePlaceRow.person_id == preferences.person_id, NoticePlaceRow.channel.in_(list(channels)), NoticePlaceRow.state == ACTIVE
    )
    kind = family(message.event)
    meant = [place for place in connection.execute(query) if preferences.wants(kind, place.channel) and (not place.kinds or kind in place.kinds)]
    for place in meant:
        queue(connection, place.person_id, place.id, place.channel, message, now, notification_id)
    return len(meant)


def queue(connection: sa.Connection, person_id: str, place_id: str, channel: str, message: Message, now: datetime, notification_id: str | None = None) -> str:
    """Queue one message for one place; returns the delivery's id, which goes along with every attempt."""
    delivery_id = new_id()
    connection.execute(
        sa.insert(NoticeDeliveryRow),
        {
            "id": delivery_id, "person_id": person_id, "place_id": place_id, "notification_id": notification_id, "channel": channel,
            "event": message.event, "payload": message.as_json(), "created_at": now,
        },
    )  # fmt: skip
    announce(connection, TOPIC)
    return delivery_id


def number_of(connection: sa.Connection, task_id: str | None) -> int | None:
    """The short number of a task, which people know it by."""
    number: int | None = connection.execute(sa.select(TaskRow.number).where(TaskRow.id == task_id)).scalar() if task_id else None
    return number


# --- delivering ---


def claim(connection: sa.Connection, now: datetime, *, busy: Collection[str] = (), limit: int = 20) -> Sequence[Claimed]:
    """Take what is due, the oldest of each place that is not busy; it is ours for `LEASE`."""
    due = sa.or_(NoticeDeliveryRow.not_before.is_(None), NoticeDeliveryRow.not_before <= now)
    query = sa.select(NoticeDeliveryRow.__table__).where(_WAITING, due, NoticeDeliveryRow.place_id.not_in(list(busy)))
    chosen: dict[str, Any] = {}
    for row in connection.execute(query.order_by(NoticeDeliveryRow.id).limit(limit * 10).with_for_update(skip_locked=True)):
        if len(chosen) < limit:
            chosen.setdefault(row.place_id, row)
    claimed = []
    for row in chosen.values():
        taken = sa.update(NoticeDeliveryRow).where(NoticeDeliveryRow.id == row.id, NoticeDeliveryRow.attempts == row.attempts, _WAITING)
        if connection.execute(taken.values(state=SENDING, attempts=row.attempts + 1, not_before=now + LEASE)).rowcount == 1:
            message = Message.from_json(row.payload)
            claimed.append(Claimed(row.id, row.person_id, row.place_id, row.channel, row.event, message, row.attempts + 1, row.doubtful))
    return claimed


def recover(connection: sa.Connection, now: datetime) -> int:
    """What a process that is gone was sending may be sent again at once. Only for a database that one process has to itself."""
    left = sa.update(NoticeDeliveryRow).where(NoticeDeliveryRow.state == SENDING)
    return int(connection.execute(left.values(state=RETRY, not_before=now)).rowcount)


def next_due(connection: sa.Connection, *, after: datetime | None = None) -> datetime | None:
    """When the first waiting delivery may be tried, `after` an instant; a past one for what was never tried."""
    instant = sa.func.coalesce(NoticeDeliveryRow.not_before, NoticeDeliveryRow.created_at)
    query = sa.select(sa.func.min(instant)).where(_WAITING)
    found: datetime | None = connection.execute(query if after is None else query.where(instant > after)).scalar()
    return found


def doubt(connection: sa.Connection, delivery: Claimed) -> bool:
    """From here on it may have arrived. False where it is no longer ours."""
    return _move(connection, delivery, {"doubtful": True})


def sent(connection: sa.Connection, delivery: Claimed, now: datetime) -> bool:
    """It arrived; its place works. False where it is no longer ours."""
    if not _move(connection, delivery, {"state": SENT, "sent_at": now, "not_before": None, "error": ""}):
        return False
    works = sa.update(NoticePlaceRow).where(NoticePlaceRow.id == delivery.place_id)
    connection.execute(works.where(NoticePlaceRow.told_at.is_not(None)).values(told_at=None))
    connection.execute(works.where(NoticePlaceRow.state == BROKEN).values(state=ACTIVE))
    return True


def put_off(connection: sa.Connection, delivery: Claimed, until: datetime) -> bool:
    """The place asked us to wait: tried again then, and this attempt does not count."""
    return _move(connection, delivery, {"state": RETRY, "not_before": until, "attempts": delivery.attempt - 1, "doubtful": delivery.doubtful})


def failed(connection: sa.Connection, delivery: Claimed, error: str, now: datetime, *, doubtful: bool) -> Dead | None:
    """It did not arrive: tried again later, and given up after the last attempt."""
    if delivery.attempt >= ATTEMPTS:
        return bury(connection, delivery, error, now, doubtful=doubtful)
    wait = timedelta(seconds=min(LONGEST_WAIT, FIRST_WAIT * 4 ** (delivery.attempt - 1)))
    _move(connection, delivery, {"state": RETRY, "not_before": now + wait, "error": error[:500], "doubtful": doubtful})
    return None


def bury(connection: sa.Connection, delivery: Claimed, error: str, now: datetime, *, doubtful: bool, broken: bool = False) -> Dead | None:
    """Give it up; `broken` stops the whole place. The first of a place since it last worked is what the person is told of."""
    if not _move(connection, delivery, {"state": DEAD, "not_before": None, "error": error[:500], "doubtful": doubtful}):
        return None
    place = connection.execute(sa.select(NoticePlaceRow.__table__).where(NoticePlaceRow.id == delivery.place_id)).one()
    known = place.told_at is not None
    if place.state not in {REMOVED, PENDING}:
        changed = sa.update(NoticePlaceRow).where(NoticePlaceRow.id == place.id)
        connection.execute(changed.values(told_at=place.told_at or now, state=BROKEN if broken else place.state))
    return Dead(place.person_id, place.id, place.channel, place.shown, error, known or place.state == REMOVED)


# --- dead letters ---


def dead_of(connection: sa.Connection, person_id: str) -> int:
    """How many of a person's messages were given up."""
    query = sa.select(sa.func.count()).select_from(NoticeDeliveryRow).where(NoticeDeliveryRow.person_id == person_id, NoticeDeliveryRow.state == DEAD)
    return int(connection.execute(query).scalar_one())


def retry_dead(connection: sa.Connection, person_id: str, now: datetime, place_id: str | None = None) -> int:
    """Queue what was given up anew, under the same ids, and give broken places another chance; returns how many."""
    mine = [NoticePlaceRow.person_id == person_id, NoticePlaceRow.state.in_((ACTIVE, BROKEN))]
    if place_id is not None:
        mine.append(NoticePlaceRow.id == place_id)
    places = list(connection.execute(sa.select(NoticePlaceRow.id).where(*mine)).scalars())
    connection.execute(sa.update(NoticePlaceRow).where(NoticePlaceRow.id.in_(places)).values(state=ACTIVE, told_at=None))
    again = sa.update(NoticeDeliveryRow).where(NoticeDeliveryRow.place_id.in_(places), NoticeDeliveryRow.state == DEAD)
    count = int(connection.execute(again.values(state=QUEUED, attempts=0, not_before=now, error="")).rowcount)
    announce(connection, TOPIC)
    return count


def may_repeat(channel: str) -> bool:
    """Whether a delivery in doubt is made again: a webhook knows its id, Discord gets it marked; a letter is never sent twice."""
    return channel != EMAIL


def is_marked(channel: str) -> bool:
    """Whether a repetition has to carry a mark that people see."""
    return channel == DISCORD


_WAITING = NoticeDeliveryRow.state.in_(sa.literal_column(f"'{state}'") for state in (QUEUED, SENDING, RETRY))
"""Written out, so that the partial index is used."""


def _move(connection: sa.Connection, delivery: Claimed, values: Mapping[str, Any]) -> bool:
    """Only for the attempt that was claimed: a process that lost its lease changes nothing."""
    mine = (NoticeDeliveryRow.id == delivery.id, NoticeDeliveryRow.state == SENDING, NoticeDeliveryRow.attempts == delivery.attempt)
    return connection.execute(sa.update(NoticeDeliveryRow).where(*mine).values(**values)).rowcount == 1
