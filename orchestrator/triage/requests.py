"""One message, one or several requests; and the details (slots) of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrator import times
from orchestrator.contracts import Route
from orchestrator.triage.cascade import Cascade
from orchestrator.triage.taxonomy import SMALL, UNCLEAR

JOINTS = re.compile(
    r"\s*[;.!?]\s+|\s*,?\s+(?:and then|and also|and|then|also|und dann|und außerdem|und|außerdem|y luego|y también|y además|y|luego|además)\s+|\s*,\s+|[，。；！？]\s*(?:然后|并且|还有|再)?|(?:然后|并且|还有)",
    re.I,
)
LONGEST_SPLIT = 400
"""Characters; a longer message is taken as one request."""
MOST_REQUESTS = 4
SPLITTING_AGENTS = frozenset({"appointments", "reminders", "inquiries"})


def split(text: str, language: str, cascade: Cascade) -> list[Route]:
    """The requests in a message, each with its route; a message that does not fall apart cleanly is one request."""
    whole = cascade.decide(text, language)
    if len(text) > LONGEST_SPLIT or not JOINTS.search(text):
        return [whole]
    best = _divide(text, language, cascade)
    return best or [whole]


def _divide(text: str, language: str, cascade: Cascade) -> list[Route]:
    for left, right in _cuts(text):
        first = cascade.decide(left, language)
        second = cascade.decide(right, language)
        if not (first.accepted and second.accepted):
            continue
        if first.intent in SMALL and second.intent not in SMALL:
            return _divide(right, language, cascade) or [second]
        if second.intent in SMALL and first.intent not in SMALL:
            return [first]
        if first.intent != second.intent and first.agent in SPLITTING_AGENTS and second.agent in SPLITTING_AGENTS:
            rest = _divide(right, language, cascade)
            return [first, *(rest or [second])][:MOST_REQUESTS]
    return []


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    for joint in JOINTS.finditer(text):
        left, right = text[: joint.start()].strip(), text[joint.end() :].strip()
        if left and right:
            yield left, right


def with_details(route: Route, *, now: datetime, zone: str, anchor: datetime | None = None) -> Route:
    """The route with what its text says about time, and the text without it."""
    reading = times.read(route.text, now=now, zone=zone, language=route.language, anchor=anchor)
    slots: dict[str, Any] = {**route.slots, "rest": reading.rest}
    if (when := when_slot(reading, zone)) is not None:
        slots["when"] = when
    return replace(route, slots=slots, relation="after" if reading.anchored and anchor is None else "")


def when_slot(reading: times.Reading, zone: str) -> dict[str, Any] | None:
    """A reading as the JSON that agents get; None when the text speaks of no time at all."""
    if not (reading.start or reading.recurrence or reading.unread or reading.anchored or reading.duration):
        return None
    return {
        "start": reading.start.isoformat() if reading.start else None,
        "end": reading.end.isoformat() if reading.end else None,
        "recurrence": reading.recurrence.rule if reading.recurrence else None,
        "duration": reading.duration.total_seconds() if reading.duration else None,
        "precision": str(reading.precision) if reading.precision else None,
        "part_of_day": reading.part_of_day,
        "has_clock": reading.has_clock,
        "has_day": reading.has_day,
        "unread": list(reading.unread),
        "anchored": reading.anchored,
        "zone": zone,
    }


def is_unclear(route: Route) -> bool:
    return route.task_type == UNCLEAR or not route.accepted
