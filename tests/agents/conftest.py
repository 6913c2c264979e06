"""A house of its own for every story; the router is trained once and read from its cache after that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import House
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock
from tests.trained import trained_router


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("houses")
    trained_router(made / "cache")
    return made


@pytest.fixture
def house(folder: Path, clock: MovedClock) -> Iterator[House]:
    opened = open_house(folder, clock)
    yield opened
    asyncio.run(opened.database.close())


@pytest.fixture
def owner(house: House) -> Talk:
    return someone(house)


@pytest.fixture
def guest(house: House) -> Talk:
    return someone(house, role="guest", external="guest")
