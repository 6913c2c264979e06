"""The wall clock; tests bring their own."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def machine_zone() -> str:
    """The time zone of this machine; UTC where it has none that is named."""
    from tzlocal import get_localzone_name  # noqa: PLC0415 - only needed where no zone is configured

    try:
        return str(get_localzone_name() or "UTC")
    except LookupError:
        return "UTC"
