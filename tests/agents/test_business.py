"""majordomo.yaml: the sample, mistakes told with line and remedy, changes taken up; hours in people's words; the catalogues' speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.tools.facts import read_hours, read_services
from orchestrator.business import BusinessFile, ConfigFault, load, parse, sample_text, write_sample
from orchestrator.words import LANGUAGES


def test_the_sample_says_that_it_is_one(tmp_path: Path) -> None:
    path = tmp_path / "majordomo.yaml"
    write_sample(path)
    business = load(path)
    assert business.sample and business.name == "Sample Salon" and "SAMPLE" in path.read_text(encoding="utf-8")
    assert [(s.id, s.minutes, int(s.price or 0)) for s in business.services] == [
        ("haircut", 30, 35),
        ("colouring", 90, 80),
        ("beard trim", 20, 20),
        ("consultation", 20, 0),
    ]
    assert all(set(service.name) == set(LANGUAGES) for service in business.services)
    assert all(set(entry.answer) == set(LANGUAGES) for entry in business.faq)


def test_it_is_never_written_over_one_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "majordomo.yaml"
    path.write_text("business: {name: Mine}", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_sample(path)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("business:\n  name: A\n  nmae: B\n", 3, "nmae is not known"),
        ("business:\n  hours:\n    monday: nine to five\n", 3, "hours look like"),
        ("business:\n  hours:\n    mon: 9-17\n", 2, "write the days as"),
        ("business:\n  zone: Mars/Olympus\n", 2, "no time zone"),
        ("business:\n  name: [\n", 3, ""),
        ("business:\n  services:\n    - name: cut\n      minutes: 1\n", 4, "minutes"),
        ("shop:\n  name: A\n", 1, "unknown section shop"),
        ("business:\n  staff: [Alex, alex]\n", 2, "stands there twice"),
    ],
)
def test_mistakes_are_told_with_line_and_remedy(text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigFault) as caught:
        parse(text)
    fault = caught.value.faults[0]
    assert fault.line == line and said in fault.what and fault.remedy


def test_a_change_is_taken_up_and_a_bad_one_left_out(tmp_path: Path) -> None:
    path, moment = tmp_path / "majordomo.yaml", [0.0]
    path.write_text("business: {name: One}", encoding="utf-8")
    book = BusinessFile(path, clock=lambda: moment[0])
    path.write_text("business: {name: Second}", encoding="utf-8")
    moment[0] += 2
    assert book().name == "Second"
    path.write_text("business: {nmae: Broken}", encoding="utf-8")
    moment[0] += 2
    assert book().name == "Second" and book.fault is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon-Fri 9-18, Sat 9-14", {"monday": "09:00-18:00", "friday": "09:00-18:00", "saturday": "09:00-14:00"}),
        ("change our opening hours to 9-17 Mon–Fri", {"monday": "09:00-17:00", "friday": "09:00-17:00"}),
        ("9am to 5pm on weekdays, Sunday closed", {"monday": "09:00-17:00", "sunday": None}),
        ("every day 10:30-19", {"monday": "10:30-19:00", "sunday": "10:30-19:00"}),
        ("Mo-Fr 9-18 Uhr, Sa geschlossen", {"tuesday": "09:00-18:00", "saturday": None}),
        ("de lunes a viernes de 9 a 18", {"monday": "09:00-18:00", "friday": "09:00-18:00"}),
        ("周一到周五 9-18，周六 9-14", {"monday": "09:00-18:00", "saturday": "09:00-14:00"}),
        ("Mon-Fri 9-12, 13-18", {"monday": "09:00-12:00, 13:00-18:00"}),
    ],
)
def test_hours_in_words(text: str, expected: dict[str, str | None]) -> None:
    found = read_hours(text)
    assert {day: found.get(day, "?") for day in expected} == expected


def test_services_in_words() -> None:
    assert read_services("haircut 30 min 35 EUR, colouring 1.5 hours €80, advice free") == [
        {"name": "haircut", "minutes": 30, "price": 35.0},
        {"name": "colouring", "minutes": 90, "price": 80.0},
        {"name": "advice", "minutes": 30, "price": 0.0},
    ]


def test_the_sample_text_is_read_in_all_parts() -> None:
    assert parse(sample_text()).booking.lead == 60
