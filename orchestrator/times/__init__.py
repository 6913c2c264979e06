"""Dates, clock times, durations and recurrences in words, in English, German, Spanish and Chinese.

`read` reads a text, `refine` a correction; the `describe` functions say moments; `next_after`, `next_cron` and `next_interval` tell when
something that repeats runs next; `find_zone` finds the place a person says they are in.
"""

from __future__ import annotations

from orchestrator.times.cron import next_cron
from orchestrator.times.describe import describe, describe_day, describe_duration, describe_range, describe_recurrence
from orchestrator.times.languages import guess_language
from orchestrator.times.read import read
from orchestrator.times.reading import Precision, Reading, Recurrence, Span
from orchestrator.times.refine import refine
from orchestrator.times.rules import next_after, next_interval
from orchestrator.times.zones import find_zone

__all__ = [
    "Precision",
    "Reading",
    "Recurrence",
    "Span",
    "describe",
    "describe_day",
    "describe_duration",
    "describe_range",
    "describe_recurrence",
    "find_zone",
    "guess_language",
    "next_after",
    "next_cron",
    "next_interval",
    "read",
    "refine",
]
