"""Which of the elements found make up the one time that the text speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orchestrator.times.elements import (
    AnchoredPart,
    Bound,
    Clock,
    ClockRange,
    DayElement,
    DayPart,
    Lasting,
    Opening,
    PartOfDay,
    Repeat,
    Shift,
    Unread,
)
from orchestrator.times.grammar import Found
from orchestrator.times.line import Line
from orchestrator.times.terms import Kind

MOVING = frozenset({Kind.TO})


@dataclass(slots=True)
class Chosen:
    """One element for each slot, the unread ones, and the places in the text they were found at."""

    day: DayElement | None = None
    clock: Clock | ClockRange | None = None
    part: DayPart | PartOfDay | None = None
    shift: Shift | AnchoredPart | None = None
    lasting: Lasting | None = None
    repeat: Repeat | None = None
    bound: Bound | None = None
    opening: Opening | None = None
    unread: list[Unread] = field(default_factory=list)
    used: list[Found] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """How much of a time this is; the fuller of two rivals wins."""
        return 3 * (self.repeat is not None) + 2 * (self.clock is not None) + 2 * (self.shift is not None) + (self.day is not None) + (self.part is not None)

    @property
    def is_empty(self) -> bool:
        return not self.weight and self.bound is None

    def take(self, found: Found) -> bool:
        """Fills the element's slot; False when it is taken."""
        element = found.element
        if isinstance(element, Unread):
            self.unread.append(element)
        elif isinstance(element, Clock) and element.word and isinstance(self.clock, Clock):
            self.part = self.part or DayPart("noon" if element.hour == 12 else "night")
        elif isinstance(element, Clock) and isinstance(self.clock, Clock) and self.clock.word and not element.word:
            self.part = self.part or DayPart("noon" if self.clock.hour == 12 else "night")
            self.clock = element
        else:
            slot = _slot(found)
            if getattr(self, slot) is not None:
                return False
            setattr(self, slot, element)
        self.used.append(found)
        return True


def _slot(found: Found) -> str:
    element = found.element
    for kinds, slot in (
        ((Clock, ClockRange), "clock"),
        ((DayPart, PartOfDay), "part"),
        ((Shift, AnchoredPart), "shift"),
        ((Lasting,), "lasting"),
        ((Repeat,), "repeat"),
        ((Bound,), "bound"),
        ((Opening,), "opening"),
    ):
        if isinstance(element, kinds):
            return slot
    return "day"


def choose(line: Line, found: Sequence[Found]) -> Chosen:
    """Clusters of neighbouring elements compete: one that something is moved to, else the fullest, else the first."""
    found = _roles(found)
    clusters = [_filled(cluster) for cluster in _clusters(line, found)]
    if not clusters:
        return Chosen()
    filled = [cluster for cluster in clusters if not cluster.is_empty]
    main = max(filled, key=lambda cluster: cluster.weight, default=clusters[0])
    moved = [cluster for cluster in filled if cluster.used[0].leads & MOVING]
    if moved and moved[-1] is not clusters[0]:
        main = moved[-1]
    for cluster in clusters:
        if cluster is not main and not _rivals(main, cluster):
            for each in cluster.used:
                main.take(each)
    main.used.sort(key=lambda each: each.begin)
    return main


def _roles(found: Sequence[Found]) -> list[Found]:
    """ "until Friday" bounds what was said before; "from Monday" opens a recurrence."""
    repeats = any(isinstance(each.element, Repeat) for each in found)
    begun = [each for each in found if isinstance(each.element, Clock | Repeat | PartOfDay | DayElement)]
    roles: list[Found] = []
    for each in found:
        element = each.element
        if Kind.UNTIL in each.leads and isinstance(element, Clock | DayElement) and begun and begun[0] is not each and Kind.OF not in each.leads:
            roles.append(_with(each, Bound(element)))
        elif repeats and isinstance(element, DayElement):
            roles.append(_with(each, Opening(element)))
        else:
            roles.append(each)
    return roles


def _with(found: Found, element: Bound | Opening) -> Found:
    return Found(element, found.begin, found.end, found.start_char, found.end_char, found.leads)


def _clusters(line: Line, found: Sequence[Found]) -> list[list[Found]]:
    clusters: list[list[Found]] = []
    for each in found:
        if clusters and _near(line, clusters[-1][-1], each) and not (each.leads & MOVING and not isinstance(each.element, Bound)):
            clusters[-1].append(each)
        else:
            clusters.append([each])
    return clusters


def _near(line: Line, first: Found, second: Found) -> bool:
    return all(line.text(place) in ",，、-–" or line.has(place, Kind.AND) for place in range(first.end, second.begin))


def _filled(cluster: Iterable[Found]) -> Chosen:
    chosen = Chosen()
    for each in cluster:
        chosen.take(each)
    return chosen


def _rivals(main: Chosen, other: Chosen) -> bool:
    """Whether both name the same thing, or a moment besides a distance."""
    same = any(getattr(main, slot) is not None and getattr(other, slot) is not None for slot in ("day", "clock", "shift", "repeat", "lasting"))
    parts = main.part is not None and other.part is not None
    mixed = (main.shift is not None and not other.is_empty) or (other.shift is not None and not main.is_empty)
    whole = isinstance(main.part, PartOfDay) and other.day is not None or isinstance(other.part, PartOfDay) and main.day is not None
    return same or parts or mixed or whole
