"""`api`: a running house over HTTP. It starts in about a second; `folder` keeps the trained router for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.api_house import ApiHouse, own_folder, running
from tests.api.specialists import Specialists
from tests.trained import trained_router


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What earlier runs have trained is there already."""
    made = tmp_path_factory.mktemp("api")
    trained_router(made / "cache")
    return made


@pytest.fixture
def specialists() -> Specialists:
    return Specialists()


@pytest.fixture
async def api(folder: Path, specialists: Specialists) -> AsyncIterator[ApiHouse]:
    async with running(folder, agents=specialists.agents, tools=specialists.tools) as served:
        yield served


@pytest.fixture
async def anywhere(database_url: str, folder: Path, specialists: Specialists, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiHouse]:
    """On both databases; the engine is not needed."""
    url = database_url if database_url.startswith("postgresql") else ""
    beside = own_folder(folder)
    (beside / "data").symlink_to(own_folder(folder), target_is_directory=True)
    monkeypatch.chdir(beside)  # where the database is no file, the data folder is ./data
    async with running(folder, url=url, agents=specialists.agents, tools=specialists.tools, engine=False) as served:
        yield served
