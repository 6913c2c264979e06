"""What an entry in one's own calendar is called, of what was said to have it put there."""

from __future__ import annotations

import re

LEAD = re.compile(
    r"^\W*(?:(?:please|bitte|por favor|请|帮我|麻烦|can you|could you|kannst du|können sie|puedes|i(?:'d| would) like to|i (?:want|need) to|ich möchte|ich will|quiero|me gustaría|我想|我要)\s*)*"
    r"(?:book|schedule|make|set up|arrange|add|put|plan|enter|note|write|block|buch\w*|vereinbar\w*|mach\w*|trag\w*|setz\w*|stell\w*|schreib\w*|notier\w*|plan\w*"
    r"|reserva\w*|agéndame|agend[ae]\w*|pon\w*|haz\w*|apunt[ae]\w*|anot[ae]\w*|añad[ae]\w*|met[ea]\w*|agreg\w*|预约|预订|安排|添加|记下|加上|放|加|记|把)?\s*"
    r"(?:me\s+|mir\s+|for me\s+)?(?:an?\s+|einen\s+|eine\s+|ein\s+|una?\s+|个|一个)?",
    re.I,
)
CALENDAR = re.compile(
    r"\b(?:in|into|on|onto|to) (?:my|the|our) (?:own |private |personal )?(?:calendar|agenda|diary|schedule|planner)\b"
    r"|\b(?:in|im|auf)\s+(?:(?:meine[mnr]?|den|dem|unsere[mnr]?)\s+)?(?:eigenen |privaten )?(?:Termin)?(?:kalender|planer|agenda)\b(?:\s+(?:ein|an))?"
    r"|\b(?:en|a) (?:mi|el|la|nuestr[ao]) (?:propi[ao] )?(?:calendario|agenda)\b"
    r"|(?:(?:记|写|放|加|添加)?(?:到|进|入|在))?(?:我们?的?)?(?:日历|日程表?|行事历)(?:里面?|上|中)?",
    re.I,
)
""" "In my calendar" says where it is put, and nothing of what it is."""
SEPARATED = re.compile(r"\s+(?:ein|an)\W*$", re.I)
"""What German leaves of "eintragen" at the end."""
EMPTY = re.compile(
    r"(?:\W|\b(?:at|on|by|in|for|the|a|an|um|am|gegen|ab|bis|den|der|die|das|im|a|al|la|las|el|los|para|o'?clock|uhr|bitte|please|por favor|then|dann|entonces|ok(?:ay)?|[ap]m|\d+)\b|在|点|吧|请|\d)*",
    re.I,
)
"""A time alone is no title."""


def is_entry(text: str) -> bool:
    """Whether something is to go into a calendar: of the one who speaks, where that is no customer."""
    return CALENDAR.search(text) is not None


def title_of(text: str) -> str:
    """The title of an entry; empty where the text says none."""
    bare = CALENDAR.sub(" ", text)
    title = LEAD.sub("", bare, count=1).strip(" .!?,，。！？")
    if bare != text or re.match(r"\W*(?:bitte\s+)?(?:trag|setz|plan)", text, re.I):
        title = SEPARATED.sub("", title)
    title = re.sub(r"\s{2,}", " ", title).strip(" .!?,，。！？")
    return "" if EMPTY.fullmatch(title) else title
