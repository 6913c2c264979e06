"""Letters with a code: a few an hour for each person, fewer to each address, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.tasks import deliveries, places
from orchestrator.tasks.places import TooManyCodes
from storage.database import Database
from tests.api.api_house import ApiHouse
from tests.conftest import MovedClock
from tests.notices.desk import Desk, desk_on
from tests.people import Somebody


def ask(desk: Desk, somebody: Somebody, address: str) -> None:
    message = deliveries.Message(deliveries.CODE, "code", "{code}", desk.clock.now())
    desk.do(desk.places.add_email, somebody.person.id, address, message, desk.clock.now())


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: MovedClock) -> Desk:
    return desk_on(database, tmp_path, clock)


def test_a_person_gets_five_letters_an_hour_sent(desk: Desk) -> None:
    ada = desk.person()
    for number in range(5):
        ask(desk, ada, f"victim{number}@example.org")
        desk.clock.move(minutes=5)
    with pytest.raises(TooManyCodes) as refused:
        ask(desk, ada, "victim5@example.org")
    assert refused.value.wait == timedelta(minutes=35)
    assert len(desk.to(ada, "email")) == 5
    desk.clock.move(minutes=35)
    ask(desk, ada, "victim5@example.org")


def test_an_address_gets_three_letters_an_hour_whoever_asks(desk: Desk) -> None:
    for number, address in enumerate(("victim@example.org", "Victim@example.org", "victim@EXAMPLE.org")):
        ask(desk, desk.person(str(number)), address)
    bob = desk.person("bob")
    with pytest.raises(TooManyCodes):
        ask(desk, bob, "VICTIM@example.org")
    ask(desk, bob, "bob@example.org")


def test_without_the_count_nothing_would_stop_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    monkeypatch.setattr(places, "_check_codes", lambda connection, person_id, address, now: None)
    ada = desk.person()
    for _ in range(9):
        ask(desk, ada, "victim@example.org")
    assert len(desk.to(ada, "email")) == 9


async def test_the_api_says_when_to_try_again(api: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    known = api.house.runner.around.places
    assert known is not None
    object.__setattr__(known, "mails", True)
    for _ in range(3):
        await api.owner.json("POST", "/preferences/places", 201, json={"channel": "email", "address": "me@example.org"})
    answer = await api.owner.client.post("/preferences/places", json={"channel": "email", "address": "me@example.org"})
    assert (answer.status_code, answer.json()["field"], answer.json()["type"]) == (429, "body.address", "urn:majordomo:problem:too-many-codes")
    assert 3500 < int(answer.headers["retry-after"]) <= 3600
