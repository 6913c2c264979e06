"""Parts of the day that a wish keeps to: "next week, mornings only" means every morning of that week."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestrator import times
from orchestrator.contracts import Json

HOURS = {
    "small_hours": (time(0), time(6)),
    "morning": (time(0), time(12)),
    "noon": (time(12), time(14)),
    "afternoon": (time(12), time(18)),
    "evening": (time(18), time(23, 59)),
    "night": (time(18), time(23, 59)),
}
"""When something of a part of the day may begin: from, and before."""
ONLY = re.compile(r"\b(?:only|just|nur|ausschließlich|s[oó]lo|solamente|[uú]nicamente)\b|只|仅|光", re.I)
PART = re.compile(
    r"\b(?:in the |on |during the |every )?(?:early |late )?(?:mornings?|afternoons?|evenings?|noon|lunchtimes?)\b"
    r"|\b(?:am |jeden )?(?:vormittag|nachmittag|mittag|abend|morgen)s?\b(?!\s+(?:um|gegen|ab)\b)|\bfrühs?\b"
    r"|\b(?:por|de|en) la(?:s)? (?:mañana|tarde|noche)s?\b|\b(?:mañanas|tardes|noches)\b|\bal mediodía\b"
    r"|早上|早晨|上午|中午|下午|傍晚|晚上|晚间",
    re.I,
)
PLURAL = re.compile(r"\b(?:mornings|afternoons|evenings|lunchtimes|vormittags|nachmittags|mittags|abends|morgens|mañanas|tardes|noches)\b", re.I)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayPart:
    """A part of the day on each day of a stretch; `days` is None where one day or none is named; `any_day` where it counts for every day."""

    part: str
    days: Json = None
    any_day: bool = False

    def as_json(self) -> Json:
        return {"part": self.part, "days": self.days, "any_day": self.any_day}


def read(text: str, *, now: datetime, zone: ZoneInfo, language: str) -> DayPart | None:
    """What a text says of a part of the day, where that is not simply one part of one day; else None."""
    whole = times.read(text, now=now, zone=zone, language=language)
    part = whole.part_of_day
    if whole.precision is not times.Precision.DAY_PART or whole.has_clock or part not in HOURS:
        return None
    bare = times.read(PART.sub(" ", text), now=now, zone=zone, language=language)
    if bare.start is not None and bare.end is not None and bare.end - bare.start > DAY and not bare.has_clock:
        return DayPart(part, {"start": bare.start.isoformat(), "end": bare.end.isoformat(), "precision": str(bare.precision), "has_day": True})
    if bare.start is None and (ONLY.search(text) or PLURAL.search(text)):
        return DayPart(part, any_day=True)
    return DayPart(part)
