"""Which reminder a text means: by its number where one is said, by its words, by what was spoken of; and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.tools.naming import Meant, alike, meaning

OCLOCK = r"(?![\d:.]|\s*(?:[ap]\.?m\b|uhr\b|o'?clock|h\b|点|时))"
NUMBERED = re.compile(
    rf"(?:\b(?:reminder|appointment|booking|erinnerung|termin|recordatorio|aviso|cita|reserva)\s+(?:no\.?\s*|nr\.?\s*|number\s+|nummer\s+|n[uú]mero\s+|n[º°]\s*)?#?"
    rf"|\b(?:no\.|nr\.?|number|nummer|n[uú]mero|n[º°])\s*#?|#)(?P<after>\d{{1,6}})\b{OCLOCK}"
    rf"|(?:提醒|预约)\s*#?(?P<zh>\d{{1,6}}){OCLOCK}|(?:第\s*)?(?P<th>\d{{1,6}})\s*[号條条]\s*(?:提醒|预约)|第\s*(?P<place>\d{{1,6}})\s*[个号条]",
    re.I,
)
"""The number of a thing, which is no hour; a bare number is none."""
POINTING = re.compile(
    r"\b(?:that|this|the (?:last|latest|new)) (?:reminder|one)\b|\b(?:diese|jene|die (?:letzte|neue)) erinnerung\b|\b(?:ese|este|el (?:último|nuevo)) recordatorio\b|[这那刚](?:个|条)?提醒",
    re.I,
)
"""Points at the reminder that was spoken of."""


@dataclass(frozen=True, slots=True)
class Named:
    """What there is to match of one reminder."""

    id: str
    number: int
    title: str


def number_said(text: str) -> int | None:
    """ "Reminder 3", "#3", "Nr. 3": the number of a thing; None where none is said."""
    found = NUMBERED.search(text)
    return int(next(group for group in found.groups() if group)) if found else None


def find(mine: Sequence[Named], text: str, *, rest: str = "", spoken_of: str | None = None) -> tuple[Meant, list[str]]:
    """The ids of what may be meant, best first, and whether they fit what was said. Several that are SURE fit equally well.

    `rest` is the text without its times, which say nothing about which; `spoken_of` is meant where nothing else is said.
    """
    if (number := number_said(text)) is not None:
        by_number = [one.id for one in mine if one.number == number]
        return (Meant.SURE, by_number) if by_number else (Meant.UNLIKE, [one.id for one in mine])
    asked = meaning(NUMBERED.sub(" ", rest or text))
    if not asked:
        return (Meant.SURE, [spoken_of]) if spoken_of in [one.id for one in mine] else (Meant.OPEN, [one.id for one in mine])
    scored = sorted(((_matched(asked, meaning(one.title)), one.id) for one in mine), key=lambda pair: -pair[0])
    best = scored[0][0] if scored else 0
    if best == len(asked):
        return Meant.SURE, [identity for score, identity in scored if score == best]
    if spoken_of is not None and POINTING.search(text) and any(one.id == spoken_of for one in mine):
        return Meant.SURE, [spoken_of]
    return Meant.UNLIKE, [identity for _, identity in scored]


def _matched(asked: set[str], title: set[str]) -> int:
    return sum(any(alike(word, other) for other in title) for word in asked)


def fits(title: str, text: str) -> bool:
    """Whether nothing that a text says speaks against a reminder of this title."""
    asked = meaning(text)
    return _matched(asked, meaning(title)) == len(asked)
