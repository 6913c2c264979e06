"""Every expression of the four files, read as it should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestrator import times

FOLDER = Path(__file__).parent
ZONE = ZoneInfo("Europe/Berlin")
NOW = "2026-11-21T10:00"
"""A Saturday; what an expression without its own `now` is read at."""


def expressions() -> Iterator[object]:
    for path in sorted(FOLDER.glob("expressions_*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                yield pytest.param(path.stem[-2:], line, id=f"{path.stem[-2:]}-{number}")


def local(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=ZONE) if moment.tzinfo is None else moment.astimezone(ZONE)


@pytest.mark.parametrize(("language", "line"), list(expressions()))
def test_an_expression_is_read(language: str, line: str) -> None:
    expected = json.loads(line)
    now = local(expected.get("now", NOW))
    assert now is not None

    reading = times.read(expected["text"], now=now, zone=ZONE, language=language)

    assert reading.start == local(expected["start"]), expected["text"]
    if "end" in expected:
        assert reading.end == local(expected["end"]), expected["text"]
    assert (reading.recurrence.rule if reading.recurrence else None) == expected.get("recurrence"), expected["text"]
    assert bool(reading.unread) == expected["unread"], (expected["text"], reading.unread)
