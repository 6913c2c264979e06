"""Days on which the business is closed: added, and taken back day by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pydantic
import sqlalchemy as sa

from agents.tools.business import business_zone, days_text
from orchestrator.business import Business, BusinessBook, Closure
from orchestrator.contracts import Effect, Json, Role, ToolError, ToolScope, Words
from orchestrator.outside import Undo
from storage.models import CalendarEventRow

ONE_DAY = timedelta(days=1)


class Span(pydantic.BaseModel):
    """Days, first and last included."""

    first: date
    last: date
    reason: dict[str, str] = {}


class Days(pydantic.BaseModel):
    """Days from `start` to `end`, which is not included; or spans of days."""

    start: datetime | None = None
    end: datetime | None = None
    spans: list[Span] = []

    def wanted(self) -> list[Span]:
        """Raises ToolError where no day is given."""
        if self.spans:
            return self.spans
        if self.start is None:
            raise ToolError("no day is given")
        first = self.start.date()
        last = max(first, (self.end - (self.end - self.start) / 1000).date()) if self.end else first
        return [Span(first=first, last=last)]


@dataclass
class ClosingTool:
    """What closing and opening again have in common."""

    book: BusinessBook
    words: Words
    version: int = 1

    def business(self, scope: ToolScope) -> Business:
        """Raises ToolError for anybody but the owner."""
        if scope.person.role is not Role.OWNER:
            raise ToolError("only the owner can change the business")
        return self.book.current(scope.connection)

    def keep(self, scope: ToolScope, closures: Iterable[Span]) -> None:
        self.book.change(scope.connection, {"closures": [span.model_dump(mode="json") for span in closures]}, scope.person.id, scope.now)

    def told(self, scope: ToolScope, spans: Sequence[Span], key: str) -> dict[str, Any]:
        """Which days these are, in words, and how taking it back is called."""
        days = ", ".join(days_text(span.first, span.last, scope.task.language) for span in spans)
        return {"days": days, "label": self.words(scope.task.language, key, {"days": days})}


@dataclass
class Close(ClosingTool):
    """Close the business on some days; `booked` counts the appointments that are booked then, `spans` are the days that were open before."""

    name: str = "business.close"
    description: str = "Add a closure."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Days

    def run(self, scope: ToolScope, arguments: Days) -> Json:
        business, wanted = self.business(scope), arguments.wanted()
        fresh = [piece for span in wanted for piece in without(span, business.closures)]
        if fresh:
            self.keep(scope, [*map(_span, business.closures), *fresh])
        zone = business_zone(business, scope)
        start = datetime.combine(min(span.first for span in wanted), time(), zone)
        end = datetime.combine(max(span.last for span in wanted) + ONE_DAY, time(), zone)
        found = {"start": start.isoformat(), "end": end.isoformat(), "booked": self._booked(scope, start, end)}
        return found | {"spans": [span.model_dump(mode="json") for span in fresh]} | self.told(scope, wanted, "closing-undo-closed")

    def _booked(self, scope: ToolScope, start: datetime, end: datetime) -> int:
        then = (CalendarEventRow.state == "booked", CalendarEventRow.end_at > max(scope.now, start), CalendarEventRow.start_at < end)
        query = sa.select(sa.func.count()).select_from(CalendarEventRow).where(*then, CalendarEventRow.service != "")
        return int(scope.connection.execute(query).scalar_one())

    def undo(self, arguments: Days, output: dict[str, Any]) -> Undo | None:
        """Taking a closing back opens the days that it closed, and no others."""
        return Undo("business.reopen", {"spans": output["spans"]}, output["label"]) if output["spans"] else None


@dataclass
class Reopen(ClosingTool):
    """Take closures back on the days named; what was closed before and after them stays. `spans` are the days that were closed.

    Raises ToolError("gone") where spans are given and none of their days is closed any more.
    """

    name: str = "business.reopen"
    description: str = "Take a closure back."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Days

    def run(self, scope: ToolScope, arguments: Days) -> Json:
        business, wanted = self.business(scope), arguments.wanted()
        closed = [_span(closure) for closure in business.closures]
        opened = [piece for span in closed for piece in _shared(span, wanted)]
        if opened:
            self.keep(scope, [piece for span in closed for piece in without(span, wanted)])
        elif arguments.spans:
            raise ToolError("gone")
        return {"spans": [span.model_dump(mode="json") for span in opened]} | self.told(scope, opened, "closing-undo-opened")

    def undo(self, arguments: Days, output: dict[str, Any]) -> Undo | None:
        """Taking it back closes the same days again, for the same reason."""
        return Undo("business.close", {"spans": output["spans"]}, output["label"]) if output["spans"] else None


def without(span: Span, others: Sequence[Span | Closure]) -> list[Span]:
    """The days of a span that are in none of the others."""
    left = [span]
    for other in others:
        left = [piece for one in left for piece in _cut(one, other)]
    return left


def _cut(span: Span, other: Span | Closure) -> list[Span]:
    if span.last < other.first or span.first > other.last:
        return [span]
    before, after = {"last": other.first - ONE_DAY}, {"first": other.last + ONE_DAY}
    return [piece for piece in (span.model_copy(update=before), span.model_copy(update=after)) if piece.first <= piece.last]


def _shared(span: Span, wanted: Sequence[Span]) -> list[Span]:
    """The days of a span that are in the others, with its reason."""
    both = [span.model_copy(update={"first": max(span.first, one.first), "last": min(span.last, one.last)}) for one in wanted]
    return [one for one in both if one.first <= one.last]


def _span(closure: Closure) -> Span:
    return Span(first=closure.first, last=closure.last, reason=dict(closure.reason))
