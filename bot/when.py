"""`majordomo when`: how a text is read as a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestrator import times


def when_command(text: str, now: str | None, zone: str | None, language: str | None, as_json: bool) -> str:
    """What the command prints: one line of JSON (start, end, recurrence, unread), or words in the text's language.

    `now` is ISO 8601; without an offset it is wall-clock time in the zone. Raises ValueError for a bad zone or moment.
    """
    home = _zone(zone)
    moment = _moment(now, home)
    tongue = language or times.guess_language(text)
    reading = times.read(text, now=moment, zone=home, language=tongue)
    return _as_json(reading) if as_json else _as_words(reading, moment, home, tongue)


def _zone(zone: str | None) -> ZoneInfo:
    if zone is None:
        from tzlocal import get_localzone_name  # noqa: PLC0415 - only where no zone is given

        zone = get_localzone_name() or "UTC"
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {zone!r}; use a name such as Europe/Berlin") from error


def _moment(now: str | None, zone: ZoneInfo) -> datetime:
    if now is None:
        return datetime.now(UTC).astimezone(zone)
    try:
        moment = datetime.fromisoformat(now)
    except ValueError as error:
        raise ValueError(f"not a moment: {now!r}; write it as 2026-11-21T10:00") from error
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _as_json(reading: times.Reading) -> str:
    found = {
        "start": reading.start.isoformat() if reading.start else None,
        "end": reading.end.isoformat() if reading.end else None,
        "recurrence": reading.recurrence.rule if reading.recurrence else None,
        "unread": list(reading.unread),
    }
    return json.dumps(found, ensure_ascii=False)


def _as_words(reading: times.Reading, now: datetime, zone: ZoneInfo, language: str) -> str:
    lines = []
    if reading.recurrence:
        lines.append(times.describe_recurrence(reading.recurrence.rule, zone=zone, language=language))
    if reading.start and reading.end:
        lines.append(times.describe_range(reading.start, reading.end, now=now, zone=zone, language=language))
    elif reading.start:
        say = times.describe_day if reading.precision is times.Precision.DAY else times.describe
        lines.append(say(reading.start, now=now, zone=zone, language=language))
    if reading.duration:
        lines.append(times.describe_duration(reading.duration, language=language))
    lines.extend(f"? {words}" for words in reading.unread)
    return "\n".join(lines) or "-"
