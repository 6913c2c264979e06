"""Quiet hours and digest times are wall-clock times: right on the days the clocks change, in zones that do it in other ways, too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.tasks import preferences
from orchestrator.tasks.preferences import Preferences
from orchestrator.tasks.quiet_hours import QuietHours, next_at, quiet_until

BERLIN = "Europe/Berlin"
NIGHT = QuietHours(22 * 60, 7 * 60)


def local(text: str, zone: str = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-21T21:59", None),
        ("2026-11-21T22:00", "2026-11-22T07:00"),
        ("2026-11-22T03:30", "2026-11-22T07:00"),
        ("2026-11-22T06:59", "2026-11-22T07:00"),
        ("2026-11-22T07:00", None),
    ],
)
def test_they_run_over_midnight_to_the_minute(now: str, ends: str | None) -> None:
    assert quiet_until(NIGHT, local(now), BERLIN) == (local(ends) if ends else None)


def test_on_the_night_of_the_spring_change_they_are_an_hour_shorter_and_end_by_the_clock() -> None:
    begin, end = local("2026-03-28T22:00"), local("2026-03-29T07:00")
    assert end - begin == timedelta(hours=8)
    assert quiet_until(NIGHT, begin, BERLIN) == end == quiet_until(NIGHT, end - timedelta(minutes=1), BERLIN)
    assert quiet_until(NIGHT, end, BERLIN) is None


def test_on_the_night_of_the_autumn_change_they_are_an_hour_longer_and_do_not_flicker() -> None:
    begin, end = local("2026-10-24T22:00"), local("2026-10-25T07:00")
    assert end - begin == timedelta(hours=10)
    assert all(quiet_until(NIGHT, begin + timedelta(minutes=n), BERLIN) == end for n in range(600))
    assert quiet_until(NIGHT, end, BERLIN) is None


def test_an_end_that_comes_twice_is_the_later_one_and_one_that_is_skipped_the_instant_after_the_gap() -> None:
    early = QuietHours(22 * 60, 2 * 60 + 30)
    assert quiet_until(early, local("2026-10-25T01:00"), BERLIN) == local("2026-10-25T02:30", fold=1)
    assert quiet_until(early, local("2026-10-25T02:10", fold=1), BERLIN) == local("2026-10-25T02:30", fold=1)
    assert quiet_until(early, local("2026-03-29T01:00"), BERLIN) == local("2026-03-29T03:00")


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "Africa/Casablanca"])
@pytest.mark.parametrize("minutes", [0, 2 * 60 + 15, 8 * 60])
def test_a_digest_comes_on_every_day_of_the_year_and_never_twice_on_one(zone: str, minutes: int) -> None:
    now = local("2026-01-01T12:00", zone)
    days: list[date] = []
    while len(days) < 366:
        now = next_at(minutes, now, zone)
        shown = now.astimezone(ZoneInfo(zone))
        days.append(shown.date())
        assert timedelta() <= timedelta(hours=shown.hour, minutes=shown.minute) - timedelta(minutes=minutes) <= timedelta(hours=1)
    assert len(set(days)) == 366 and (days[-1] - days[0]).days == 365


@pytest.mark.parametrize(("zone", "months"), [(BERLIN, (3, 10)), ("America/New_York", (3, 11)), ("Australia/Lord_Howe", (4, 10)), ("America/Santiago", (4, 9))])
def test_every_hour_of_the_months_in_which_clocks_change_is_quiet_as_the_wall_says(zone: str, months: tuple[int, int]) -> None:
    for month in months:
        now = local(f"2026-{month:02}-01T00:30", zone)
        for _ in range(24 * 31):
            shown = now.astimezone(ZoneInfo(zone))
            assert (quiet_until(NIGHT, now, zone) is not None) == (shown.hour >= 22 or shown.hour < 7), shown
            now += timedelta(hours=1)


def test_reckoned_in_hours_that_have_passed_instead_the_change_would_be_missed() -> None:
    """The twin: nine hours after ten is not seven o'clock on the nights of the change."""
    for begin, shown in (("2026-03-28T22:00", 8), ("2026-10-24T22:00", 6)):
        naive = local(begin) + timedelta(hours=9)
        assert naive.astimezone(ZoneInfo(BERLIN)).hour == shown
        assert quiet_until(NIGHT, local(begin), BERLIN) != naive


def test_what_is_urgent_or_would_come_too_late_does_not_wait() -> None:
    wishes = Preferences("ada", BERLIN, NIGHT)
    night, morning = local("2026-11-21T23:00"), local("2026-11-22T07:00")
    assert wishes.waits_until("completed", night) == morning == wishes.waits_until("approval", night, useful_until=morning + timedelta(hours=3))
    assert all(wishes.waits_until(kind, night) is None for kind in preferences.URGENT)
    assert wishes.waits_until("approval", night, useful_until=morning + timedelta(minutes=30)) is None
    assert wishes.waits_until("completed", night, urgent=True) is None
    assert wishes.waits_until("completed", local("2026-11-21T12:00")) is None


@pytest.mark.parametrize(("start", "end"), [(60, 60), (-1, 60), (60, 1440)])
def test_quiet_hours_need_two_different_times_of_a_day(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="two different times"):
        QuietHours(start, end)
