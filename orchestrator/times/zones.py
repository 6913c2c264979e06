"""The time zone of a place that a person names: "I'm in Lisbon now", "Ich bin in Berlin", "estoy en Madrid", "我在上海"."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

from orchestrator.times.places import PLACES, SEVERAL_ZONES
from orchestrator.times.vocabulary import PLAIN

OFFSET = re.compile(r"\b(?:utc|gmt)\s*([+\-−–])\s*(\d{1,2})(?::?(00|30|45))?\b", re.I)
IANA_KEY = re.compile(r"\b[A-Za-z]+(?:/[A-Za-z0-9_+\-]+)+\b")
PLAIN_UTC = re.compile(r"\b(?:utc|gmt|zulu)\b(?!\s*[+\-−–]?\d)", re.I)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
HAN = re.compile(r"[\u4e00-\u9fff]")
MOST_WORDS = 4
FURTHEST_EAST, FURTHEST_WEST = 14, 12
SKIPPED_AREAS = frozenset({"Etc", "SystemV", "US", "Canada", "Mexico", "Brazil", "Chile"})
EVERYDAY = (
    "center central eastern western mountain pacific south north west east easter christmas general jan mayen reunion nome "
    "metropolitan knox vincennes mendoza troll syowa casey davis vostok palmer mayotte noronha navajo egypt eire iran "
    "gaza hebron dacca factory currie creston regina atka aruba yap ponape truk samoa midway wake wallis johnston "
    "fort enderbury marquesas belize moncton victor hst est mst prc roc rok"
)
COMMON_WORDS = frozenset(EVERYDAY.split())
"""City parts of IANA keys that are also everyday words or too little known to take for a place."""


def find_zone(text: str, language: str) -> str | None:
    """The IANA key of the one place, key or offset the text names; None for no place, or a country of several zones.

    "UTC+2" becomes "Etc/GMT-2" (IANA writes these with the sign turned round). Half hours off UTC have no such zone: None.
    """
    if key := _spelled_key(text):
        return key
    if offset := OFFSET.search(text):
        return _of_offset(offset.group(1), int(offset.group(2)), offset.group(3))
    if PLAIN_UTC.search(text):
        return "UTC"
    return _han_place(text) if HAN.search(text) else _place(text)


def _spelled_key(text: str) -> str | None:
    for match in IANA_KEY.finditer(text):
        key = _keys_by_folded().get(match.group().casefold())
        if key is not None:
            return key
    return None


def _of_offset(sign: str, hours: int, minutes: str | None) -> str | None:
    if minutes not in (None, "00"):
        return None
    if hours == 0:
        return "UTC"
    east = sign == "+"
    if hours > (FURTHEST_EAST if east else FURTHEST_WEST):
        return None
    return f"Etc/GMT{'-' if east else '+'}{hours}"


def _place(text: str) -> str | None:
    """The longest place name among the words; a name in capitals or after a preposition is not needed."""
    words = [word.group().casefold().translate(PLAIN).replace("’", "'") for word in WORD.finditer(text)]
    for length in range(min(MOST_WORDS, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            name = " ".join(words[start : start + length])
            if name in SEVERAL_ZONES:
                return None
            zone = _zones_by_name().get(name)
            if zone is not None:
                return zone
    return None


def _han_place(text: str) -> str | None:
    names = sorted((name for name in PLACES if HAN.match(name) and name in text), key=len, reverse=True)
    return PLACES[names[0]] if names else _place(re.sub(HAN, " ", text))


@cache
def _keys_by_folded() -> dict[str, str]:
    return {key.casefold(): key for key in available_timezones() if "/" in key}


@cache
def _zones_by_name() -> dict[str, str]:
    """City names out of the IANA keys, then our own names over them."""
    names: dict[str, str] = {}
    for key in sorted(available_timezones()):
        area, slash, city = key.rpartition("/")
        name = city.replace("_", " ").casefold()
        if slash and area.split("/")[0] not in SKIPPED_AREAS and name not in COMMON_WORDS and len(name) > 2:
            names.setdefault(name, key)
    names.update({name.casefold().translate(PLAIN): zone for name, zone in PLACES.items()})
    return names
