"""Moments, ranges, lengths and recurrences as people say them, in four languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestrator import spoken
from orchestrator.times.occurrences import CODES
from orchestrator.times.wall import zone_of
from orchestrator.words import Catalogues

MONDAY = date(2024, 1, 1)
WORKDAYS = ["MO", "TU", "WE", "TH", "FR"]
UNIT_MINUTES = (("weeks", 7 * 24 * 60), ("days", 24 * 60), ("hours", 60), ("minutes", 1))


@cache
def _words() -> Catalogues:
    return Catalogues([Path(__file__).resolve().parent.parent / "locales"])


def describe(moment: datetime, *, now: datetime, zone: str | ZoneInfo, language: str) -> str:
    """A moment in the person's zone: "tomorrow, Sunday 22 November, 15:00"."""
    return spoken.moment_text(moment.astimezone(zone_of(zone)), language, now)


def describe_day(moment: datetime, *, now: datetime, zone: str | ZoneInfo, language: str) -> str:
    """The day alone, for a moment whose clock nobody named."""
    return spoken.day_text(moment.astimezone(zone_of(zone)), language, now)


def describe_range(start: datetime, end: datetime, *, now: datetime, zone: str | ZoneInfo, language: str) -> str:
    """ "tomorrow, Sunday 22 November, 14:00–16:00"; whole days without clocks, with the last day named as such."""
    first, last = start.astimezone(zone_of(zone)), end.astimezone(zone_of(zone))
    if first.hour == first.minute == last.hour == last.minute == 0 and last.date() > first.date():
        last_day = last - timedelta(days=1)
        if last_day.date() == first.date():
            return spoken.day_text(first, language, now)
        return f"{spoken.day_text(first, language, now)} – {spoken.day_text(last_day, language, now)}"
    if first.date() == last.date():
        day = spoken.day_text(first, language, now)
        clocks = f"{first:%H:%M}–{spoken.clock_text(last, language)}"
        return f"{day} {clocks}" if language == "zh" else f"{day}, {clocks}"
    return f"{spoken.moment_text(first, language, now)} – {spoken.moment_text(last, language, now)}"


def describe_duration(duration: timedelta, *, language: str) -> str:
    """ "1 hour 30 minutes", in whole minutes."""
    minutes = round(duration.total_seconds() / 60)
    pieces = []
    for name, size in UNIT_MINUTES:
        count, minutes = divmod(minutes, size)
        if count:
            pieces.append(_words()(language, f"times-{name}", {"count": count}))
    return ("" if language == "zh" else " ").join(pieces) or _words()(language, "times-minutes", {"count": 0})


def describe_recurrence(rule: str, *, zone: str | ZoneInfo, language: str) -> str:
    """A recurrence rule in words: "every Monday and Wednesday at 18:30"."""
    parts = dict(part.split("=", 1) for part in rule.split(";") if "=" in part)
    said = _frequency(parts, language)
    if "BYHOUR" in parts:
        clocks = [
            spoken.clock_text(datetime(2024, 1, 1, int(hour), int(minute), tzinfo=UTC), language)
            for hour in parts["BYHOUR"].split(",")
            for minute in parts.get("BYMINUTE", "0").split(",")
        ]
        said = _words()(language, "times-at", {"what": said, "clock": _listed(clocks, language)})
    if "UNTIL" in parts:
        until = datetime.strptime(parts["UNTIL"].rstrip("Z")[:8], "%Y%m%d").replace(tzinfo=UTC)
        if "T" in parts["UNTIL"]:
            until = datetime.strptime(parts["UNTIL"].rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC).astimezone(zone_of(zone))
        said = _words()(language, "times-until", {"what": said, "day": spoken.day_text(until, language)})
    return said


def _frequency(parts: Mapping[str, str], language: str) -> str:
    interval = int(parts.get("INTERVAL", "1"))
    days = [code for code in parts.get("BYDAY", "").split(",") if code]
    frequency = parts["FREQ"].lower()
    if days == WORKDAYS and interval == 1:
        return _words()(language, "times-every-workday", {})
    if days and frequency == "weekly":
        named = _listed([_weekday(code, language) for code in days], language)
        key = "times-every-days" if interval == 1 else "times-every-days-interval"
        return _words()(language, key, {"days": named, "count": interval})
    if days and frequency == "monthly":
        nth = int(days[0][:-2] or 1)
        return _words()(language, "times-every-nth", {"nth": nth, "day": _weekday(days[0][-2:], language)})
    if "BYMONTHDAY" in parts and frequency == "monthly":
        return _words()(language, "times-every-month-day", {"day": int(parts["BYMONTHDAY"].split(",")[0])})
    if "BYMONTHDAY" in parts:
        from babel.dates import format_date  # noqa: PLC0415 - heavy

        pattern = {"en": "d MMMM", "de": "d. MMMM", "es": "d 'de' MMMM", "zh": "M月d日"}.get(language, "d MMMM")
        day = date(2024, int(parts.get("BYMONTH", "1").split(",")[0]), int(parts["BYMONTHDAY"].split(",")[0]))
        return _words()(language, "times-every-year-day", {"day": format_date(day, pattern, locale=language)})
    return _words()(language, f"times-every-{frequency}", {"count": interval})


def _weekday(code: str, language: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415 - heavy

    return str(format_date(MONDAY + timedelta(days=CODES.index(code[-2:])), "EEEE", locale=language))


def _listed(words: list[str], language: str) -> str:
    from babel.lists import format_list  # noqa: PLC0415 - heavy

    return str(format_list(words, style="standard", locale=language))
