"""Dates, clock times, durations and recurrences in words, in English, German, Spanish and Chinese."""

from __future__ import annotations

from orchestrator.times.read import read
from orchestrator.times.reading import Precision, Reading, Recurrence, Span

__all__ = ["Precision", "Reading", "Recurrence", "Span", "read"]
