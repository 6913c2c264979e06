"""When something that repeats runs next, over the changes of the clock too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator import times

BERLIN = ZoneInfo("Europe/Berlin")
NINE_IN_NOVEMBER = datetime(2026, 11, 1, 9, 0, tzinfo=BERLIN)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def next_after(rule: str, after: str, start: datetime = NINE_IN_NOVEMBER) -> datetime | None:
    return times.next_after(rule, utc(after), zone="Europe/Berlin", start=start)


def test_a_weekday_rule_runs_at_its_wall_clock() -> None:
    rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8;BYMINUTE=0"
    assert next_after(rule, "2026-11-21T10:00") == utc("2026-11-23T07:00")
    assert next_after(rule, "2026-11-23T07:00") == utc("2026-11-24T07:00")


def test_the_wall_clock_stays_when_summer_begins() -> None:
    rule = "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"
    assert next_after(rule, "2027-03-26T12:00") == utc("2027-03-27T08:00")
    assert next_after(rule, "2027-03-27T12:00") == utc("2027-03-28T07:00")


def test_a_time_in_the_spring_gap_runs_at_the_first_instant_after_it() -> None:
    rule = "FREQ=DAILY;BYHOUR=2;BYMINUTE=30"
    assert next_after(rule, "2027-03-27T12:00") == utc("2027-03-28T01:00")
    assert next_after(rule, "2027-03-28T01:00") == utc("2027-03-29T00:30")


def test_a_repeated_time_in_autumn_runs_once() -> None:
    rule = "FREQ=DAILY;BYHOUR=2;BYMINUTE=30"
    first = next_after(rule, "2026-10-24T12:00", start=datetime(2026, 10, 1, 2, 30, tzinfo=BERLIN))
    assert first == utc("2026-10-25T00:30")
    assert next_after(rule, "2026-10-25T00:30", start=datetime(2026, 10, 1, 2, 30, tzinfo=BERLIN)) == utc("2026-10-26T01:30")


def test_hours_are_counted_as_they_pass() -> None:
    start = datetime(2027, 3, 28, 0, 0, tzinfo=BERLIN)
    assert next_after("FREQ=HOURLY;INTERVAL=2", "2027-03-27T23:30", start=start) == utc("2027-03-28T01:00")


def test_other_weeks_count_from_the_start() -> None:
    start = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
    assert next_after("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "2026-11-23T08:00", start=start) == utc("2026-12-07T08:00")


def test_the_first_and_the_last_of_a_month() -> None:
    assert next_after("FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9;BYMINUTE=0", "2026-11-21T10:00") == utc("2026-12-07T08:00")
    assert next_after("FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=9;BYMINUTE=0", "2026-11-21T10:00") == utc("2026-11-30T08:00")


def test_an_ended_rule_runs_no_more() -> None:
    rule = "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;UNTIL=20261123T225959Z"
    assert next_after(rule, "2026-11-22T12:00") == utc("2026-11-23T08:00")
    assert next_after(rule, "2026-11-23T12:00") is None


def test_a_rule_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="FOO"):
        next_after("FREQ=FOO", "2026-11-22T12:00")


@pytest.mark.parametrize(
    "text",
    ["every weekday at 8", "every other Tuesday at 17:30", "every 24 December", "the last Friday of every month", "every day at 8 and 20", "every 2 hours"],
)
def test_what_is_read_is_what_runs(text: str) -> None:
    now = datetime(2026, 11, 21, 10, 0, tzinfo=BERLIN)
    reading = times.read(text, now=now, zone=BERLIN, language="en")
    assert reading.recurrence is not None
    assert reading.start is not None
    just_before = reading.start.astimezone(UTC) - timedelta(seconds=1)
    assert times.next_after(reading.recurrence.rule, just_before, zone=BERLIN, start=reading.start) == reading.start.astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("every day at 8 until Friday", "FREQ=DAILY;BYHOUR=8;BYMINUTE=0;UNTIL=20261127T225959Z"),
        ("three times a day at 8, 14 and 20", "FREQ=DAILY;BYHOUR=8,14,20;BYMINUTE=0"),
        ("every day except Sunday at 9", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA;BYHOUR=9;BYMINUTE=0"),
        ("Monday to Friday at 8", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8;BYMINUTE=0"),
    ],
)
def test_rules_with_bounds_and_lists(text: str, rule: str) -> None:
    reading = times.read(text, now=datetime(2026, 11, 21, 10, 0, tzinfo=BERLIN), zone=BERLIN, language="en")
    assert reading.recurrence is not None
    assert reading.recurrence.rule == rule


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "every weekday at 08:00"), ("de", "jeden Werktag um 08:00 Uhr"), ("es", "todos los días laborables a las 08:00"), ("zh", "每个工作日 08:00")],
)
def test_a_rule_is_said_in_the_language(language: str, said: str) -> None:
    assert times.describe_recurrence("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8;BYMINUTE=0", zone=BERLIN, language=language) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9;BYMINUTE=0", "on the first Monday of every month at 09:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "on the last Friday of every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "on the last day of every month"),
        ("FREQ=HOURLY;INTERVAL=2", "every 2 hours"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "every other Tuesday"),
        ("FREQ=YEARLY;BYMONTHDAY=24;BYMONTH=12", "every year on 24 December"),
        ("FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0", "every day at 08:00 and 20:00"),
    ],
)
def test_rules_are_said(rule: str, said: str) -> None:
    assert times.describe_recurrence(rule, zone=BERLIN, language="en") == said


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 9 * * *", "2026-11-21T10:00", "2026-11-22T08:00"),
        ("*/15 * * * *", "2026-11-21T10:01", "2026-11-21T10:15"),
        ("0 8 * * 1-5", "2026-11-21T10:00", "2026-11-23T07:00"),
        ("0 8 * * mon,wed", "2026-11-23T08:00", "2026-11-25T07:00"),
        ("0 0 29 2 *", "2026-11-21T10:00", "2028-02-28T23:00"),
        ("0 9 13 * 5", "2026-11-21T10:00", "2026-11-27T08:00"),
        ("0 9 * * 7", "2026-11-21T10:00", "2026-11-22T08:00"),
        ("30 2 * * *", "2027-03-27T12:00", "2027-03-28T01:00"),
        ("30 2 * * *", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("@monthly", "2026-11-21T10:00", "2026-11-30T23:00"),
        ("10-20/5 6 * jan *", "2026-11-21T10:00", "2027-01-01T05:10"),
    ],
)
def test_cron_runs_next(expression: str, after: str, expected: str) -> None:
    assert times.next_cron(expression, utc(after), "Europe/Berlin") == utc(expected)


def test_cron_that_never_runs() -> None:
    assert times.next_cron("0 0 30 2 *", utc("2026-11-21T10:00"), "Europe/Berlin") is None


@pytest.mark.parametrize("expression", ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "x * * * *"])
def test_cron_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        times.next_cron(expression, utc("2026-11-21T10:00"), "Europe/Berlin")


def test_intervals_count_from_their_start() -> None:
    start = utc("2026-11-21T10:00")
    assert times.next_interval(3600, utc("2026-11-21T10:30"), start) == utc("2026-11-21T11:00")
    assert times.next_interval(3600, utc("2026-11-21T11:00"), start) == utc("2026-11-21T12:00")
    assert times.next_interval(3600, utc("2026-11-21T09:00"), start) == start
    with pytest.raises(ValueError):
        times.next_interval(0, start, start)


@pytest.mark.parametrize(
    ("language", "text", "rule"),
    [
        ("en", "every two hours between 9 and 17", "FREQ=DAILY;BYHOUR=9,11,13,15,17;BYMINUTE=0"),
        ("en", "every 1st and 15th of the month", "FREQ=MONTHLY;BYMONTHDAY=1,15;BYHOUR=9;BYMINUTE=0"),
        ("en", "every day from tomorrow until 5 December at 8", "FREQ=DAILY;BYHOUR=8;BYMINUTE=0;UNTIL=20261205T225959Z"),
        ("de", "bis Ende des Monats täglich um 8", "FREQ=DAILY;BYHOUR=8;BYMINUTE=0;UNTIL=20261130T225959Z"),
        ("de", "alle 14 Tage freitags um 16 Uhr", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;BYHOUR=16;BYMINUTE=0"),
        ("es", "los días 1 y 15 de cada mes", "FREQ=MONTHLY;BYMONTHDAY=1,15;BYHOUR=9;BYMINUTE=0"),
        ("zh", "每天早上8点和晚上8点", "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0"),
        ("zh", "每周一三五", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=9;BYMINUTE=0"),
    ],
)
def test_rules_in_every_language(language: str, text: str, rule: str) -> None:
    reading = times.read(text, now=datetime(2026, 11, 21, 10, 0, tzinfo=BERLIN), zone=BERLIN, language=language)
    assert reading.recurrence is not None
    assert reading.recurrence.rule == rule
