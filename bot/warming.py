"""What the first message would have to wait for (0.4 s of catalogues, patterns and calendars) is read before it comes."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa

from bot.app import House
from bot.process import collect_from_now_on
from orchestrator import times
from orchestrator.spoken import moment_text
from orchestrator.triage import emergencies
from orchestrator.words import FALLBACK
from storage.models import PersonRow

DELAY = 1.5
"""Seconds after the start: what waited while the bot was down is answered before."""
SENTENCE = "tomorrow at 9"


async def warm(house: House) -> None:
    """Read what the languages of the people here need, off the event loop; with it, the start is over."""
    try:
        await _warm(house)
    finally:
        collect_from_now_on()


async def _warm(house: House) -> None:
    await asyncio.sleep(DELAY)
    spoken = await house.database.read(lambda connection: list(connection.execute(sa.select(PersonRow.language).distinct()).scalars()))
    await asyncio.to_thread(_read, house, sorted({FALLBACK, *spoken}))


def _read(house: House, languages: list[str]) -> None:
    house.words.warm(languages)
    emergencies.assess(SENTENCE)
    now = house.clock.now()
    for language in languages:
        house.router.cascade().decide(SENTENCE, language)
        times.read(SENTENCE, now=now, zone="UTC", language=language)
        moment_text(now, language)
