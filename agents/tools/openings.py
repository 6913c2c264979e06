"""Free times: opening hours less closures, what is taken, and the time needed to prepare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestrator.business import Business, Service
from storage.models import CalendarSlotRow

GRID = timedelta(minutes=5)
"""A calendar is taken in pieces of this length."""
PERSONAL_MINUTES = 60
PERSONAL_HORIZON = 400
"""Days ahead that a private calendar takes at least."""
OFFERED = 6
SEARCHED_DAYS = 14
ALL_DAY = (time(0, 0), time(23, 59))


@dataclass(frozen=True, slots=True)
class Opening:
    """A free time in the calendar of one member of staff; `start` in the business's zone."""

    start: datetime
    staff: str


@dataclass(frozen=True, slots=True)
class Openings:
    """The free times of a service. `ignoring` is an event that is about to move and does not stand in its own way."""

    connection: sa.Connection
    business: Business
    service: Service | None
    calendars: tuple[str, ...]
    zone: ZoneInfo
    now: datetime
    ignoring: str | None = None
    hours: tuple[time, time] | None = None
    """Only times that begin from here, and before there, are offered."""
    private: bool = False
    """Somebody's own time, for which no opening hours hold."""

    @property
    def length(self) -> timedelta:
        """How long it takes, in whole pieces of the grid."""
        minutes = self.service.minutes if self.service else PERSONAL_MINUTES
        return GRID * -(-minutes // 5)

    def verdict(self, start: datetime) -> tuple[str, tuple[str, ...]]:
        """Why a time cannot be had (past, soon, far, closed, step, taken), or an empty word and the calendars that are free: from one look, for others book too."""
        if obstacle := self._obstacle(start):
            return obstacle, ()
        free = self._free_at(start)
        return ("" if free else "taken"), free

    def _obstacle(self, start: datetime) -> str:
        local = start.astimezone(self.zone)
        if local <= self.now:
            return "past"
        if not self.private and local < self.now + timedelta(minutes=self.business.booking.lead):
            return "soon"
        if local > self.until:
            return "far"
        around = next((begin for begin, end in self.stretches(local.date()) if begin <= local and local + self.length <= end), None)
        if around is None:
            return "closed"
        off_step = not self.private and (local - around) % timedelta(minutes=self.business.booking.step)
        return "step" if off_step else ""

    @property
    def until(self) -> datetime:
        """The last moment for which one can book now, in the business's zone."""
        days = max(self.business.booking.horizon, PERSONAL_HORIZON if self.private else 0)
        return (self.now + timedelta(days=days)).astimezone(self.zone)

    def _free_at(self, start: datetime) -> tuple[str, ...]:
        """The calendars that are free for the whole length."""
        taken = self.taken(start, start + self.length)
        return tuple(name for name in self.calendars if not self._overlaps(taken.get(name, frozenset()), start))

    def between(self, begin: datetime, end: datetime) -> list[Opening]:
        """Every free time that starts in a stretch of days, on the business's step."""
        earliest = max(begin, self.now + timedelta(minutes=self.business.booking.lead))
        taken = self.taken(begin, end + self.length)
        found = []
        for start in self._starts(begin, end):
            if not earliest <= start <= self.until:
                continue
            free = next((name for name in self.calendars if not self._overlaps(taken.get(name, frozenset()), start)), None)
            if free is not None:
                found.append(Opening(start, free))
        return found

    def near(self, wanted: datetime) -> list[Opening]:
        """Free times around a wanted one: the nearest, in order of time; of one that is too far ahead or over, the nearest that can be booked."""
        if wanted > self.until:
            return self.last()
        midnight = max(wanted, self.now).astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found = self.between(midnight, midnight + timedelta(days=3)) or self.between(midnight, midnight + timedelta(days=SEARCHED_DAYS))
        nearest = sorted(found, key=lambda opening: abs(opening.start - wanted))[:OFFERED]
        return sorted(nearest, key=lambda opening: opening.start)

    def last(self) -> list[Opening]:
        """The last free times before the horizon."""
        found = self.between(self.until - timedelta(days=3), self.until) or self.between(self.until - timedelta(days=SEARCHED_DAYS), self.until)
        return found[-OFFERED:]

    def spread(self, begin: datetime, end: datetime) -> list[Opening]:
        """A few free times spread over a stretch; where it has none, the next ones after it."""
        found = self.between(begin, end)
        if begin > self.until:
            return self.last()
        if not found:
            return self.between(end, end + timedelta(days=SEARCHED_DAYS))[:OFFERED]
        if len(found) <= OFFERED:
            return found
        step = (len(found) - 1) / (OFFERED - 1)
        return [found[round(place * step)] for place in range(OFFERED)]

    def stretches(self, day: date) -> list[tuple[datetime, datetime]]:
        """The opening hours of a day as instants; a private calendar is always open."""
        if self.private:
            return [(datetime.combine(day, ALL_DAY[0], self.zone), datetime.combine(day + timedelta(days=1), ALL_DAY[0], self.zone))]
        return [(datetime.combine(day, hours.opens, self.zone), datetime.combine(day, hours.closes, self.zone)) for hours in self.business.open_on(day)]

    def taken(self, begin: datetime, end: datetime) -> dict[str, frozenset[datetime]]:
        """The taken pieces of each calendar, as UTC instants."""
        query = sa.select(CalendarSlotRow.calendar, CalendarSlotRow.start_at).where(
            CalendarSlotRow.calendar.in_(self.calendars), CalendarSlotRow.start_at >= begin.astimezone(UTC), CalendarSlotRow.start_at < end.astimezone(UTC)
        )
        if self.ignoring:
            query = query.where(CalendarSlotRow.event_id != self.ignoring)
        pieces: dict[str, set[datetime]] = {}
        for calendar, start in self.connection.execute(query):
            pieces.setdefault(calendar, set()).add(start)
        return {calendar: frozenset(starts) for calendar, starts in pieces.items()}

    def _starts(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        step = timedelta(minutes=self.business.booking.step)
        day = begin.astimezone(self.zone).date()
        while day <= end.astimezone(self.zone).date():
            for opens, closes in self.stretches(day):
                start = opens
                while start + self.length <= closes:
                    if begin <= start < end and self.begins_well(start):
                        yield start
                    start += step
            day += timedelta(days=1)

    def begins_well(self, start: datetime) -> bool:
        """Whether a time lies in the part of the day that is wished for."""
        return self.hours is None or self.hours[0] <= start.time() < self.hours[1]

    def _overlaps(self, taken: frozenset[datetime], start: datetime) -> bool:
        return bool(taken) and any(piece in taken for piece in pieces_of(start, self.length))


def pieces_of(start: datetime, length: timedelta) -> list[datetime]:
    """The UTC instants of the grid that an event covers."""
    first = start.astimezone(UTC)
    first -= timedelta(minutes=first.minute % 5, seconds=first.second, microseconds=first.microsecond)
    count = -(-(start.astimezone(UTC) + length - first) // GRID)
    return [first + GRID * n for n in range(count)]
