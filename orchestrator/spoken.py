"""Instants as people say them: "tomorrow, Sunday 22 November, 15:00", in four languages."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

FORMATS = {
    "en": ("EEEE d MMMM", "HH:mm"),
    "de": ("EEEE, d. MMMM", "HH:mm 'Uhr'"),
    "es": ("EEEE d 'de' MMMM", "HH:mm"),
    "zh": ("M月d日EEEE", "HH:mm"),
}
YEARS = {"en": "EEEE d MMMM y", "de": "EEEE, d. MMMM y", "es": "EEEE d 'de' MMMM 'de' y", "zh": "y年M月d日EEEE"}
SHORT = {"en": "EEE d MMM", "de": "EEE, d. MMM", "es": "EEE d MMM", "zh": "M月d日EEE"}
NEAR = {
    "en": ("today", "tomorrow"),
    "de": ("heute", "morgen"),
    "es": ("hoy", "mañana"),
    "zh": ("今天", "明天"),
}


def in_zone(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def day_text(moment: datetime, language: str, now: datetime | None = None) -> str:
    """The day, with its year where it is not this one's: "tomorrow, Sunday 22 November"."""
    from babel.dates import format_datetime  # noqa: PLC0415 - heavy

    language = language if language in FORMATS else "en"
    this_year = now is None or now.astimezone(moment.tzinfo).year == moment.year
    text = str(format_datetime(moment.replace(tzinfo=None), FORMATS[language][0] if this_year else YEARS[language], locale=language))
    near = _near(moment, language, now)
    if not near:
        return text
    return f"{near}（{text}）" if language == "zh" else f"{near}, {text}"


def clock_text(moment: datetime, language: str) -> str:
    """The time of day: "15:00", "15:00 Uhr"."""
    clock = f"{moment:%H:%M}"
    return f"{clock} Uhr" if language == "de" else clock


def moment_text(moment: datetime, language: str, now: datetime | None = None) -> str:
    """Day and time of day, in the moment's own zone."""
    day, clock = day_text(moment, language, now), clock_text(moment, language)
    return f"{day} {clock}" if language == "zh" else f"{day}, {clock}"


def short_text(moment: datetime, language: str) -> str:
    """For a button: "Mon 23 Nov 15:00"."""
    from babel.dates import format_datetime  # noqa: PLC0415 - heavy

    language = language if language in SHORT else "en"
    day = str(format_datetime(moment.replace(tzinfo=None), SHORT[language], locale=language)).replace(".,", ",")
    return f"{day} {moment:%H:%M}"


def _near(moment: datetime, language: str, now: datetime | None) -> str:
    if now is None:
        return ""
    ahead = (moment.date() - now.astimezone(moment.tzinfo).date()) // timedelta(days=1)
    return NEAR[language][ahead] if ahead in (0, 1) else ""
