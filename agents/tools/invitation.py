"""An appointment as an .ics file (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def invitation(event: dict[str, Any], organiser: str, now: datetime, sequence: int = 0) -> str:
    """A calendar file with one event; a later `sequence` replaces an earlier one of the same id."""
    import icalendar  # noqa: PLC0415 - 0.1 s that only a booking needs

    entry = icalendar.Event()
    entry.add("uid", f"{event['event_id']}@majordomo")
    entry.add("dtstamp", now)
    entry.add("sequence", sequence)
    entry.add("dtstart", datetime.fromisoformat(event["start"]).astimezone(UTC))
    entry.add("dtend", datetime.fromisoformat(event["end"]).astimezone(UTC))
    entry.add("summary", f"{event['title']} ({event['staff']})" if event["staff"] else event["title"])
    entry.add("location", organiser)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Majordomo//EN")
    calendar.add("version", "2.0")
    calendar.add_component(entry)
    return str(calendar.to_ical().decode())
