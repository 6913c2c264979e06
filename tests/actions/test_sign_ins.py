"""The reasoning agent meets a login page: it may ask for access to what the person named, and never sees the value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from agents.general import General
from agents.tools.http import HttpGet
from agents.tools.way_out import WayOut
from orchestrator.actions import credentials
from orchestrator.actions.credentials import Credentials, Revealing
from orchestrator.contracts import Task, TaskState
from orchestrator.execution.sign_ins import names
from orchestrator.language_model import LanguageModel, ModelSettings
from orchestrator.tasks import manager
from orchestrator.tasks.manager import NewTask
from orchestrator.triage.secrets import given_by_form
from storage.audit import AuditLog
from storage.database import Database
from storage.models import CredentialRequestRow, CredentialRow
from storage.vault import FileKeys, Vault
from tests.actions.stage import WORDS, Stage
from tests.encodings import found_in, found_in_files
from tests.servers.openai_api import ModelServer, ToolUse
from tests.servers.portal import Portal

SECRET = "c0rrect-h0rse/b4ttery"


@dataclass
class Scene:
    on: Stage
    model: ModelServer
    portal: Portal

    async def begin(self, text: str) -> Task:
        """A task for the general agent, in the person's own words."""
        new = NewTask("general", "general", self.on.somebody.person.id, self.on.somebody.chat_id, "en", title=text, text=text)

        def work(connection: sa.Connection) -> Task:
            return self.on.runner.start(connection, manager.create(connection, new, self.on.clock.now()), self.on.somebody.person)

        task = await self.on.database.write(work)
        await self.on.pump()
        return self.on.now(task)

    async def give(self) -> str:
        """The person fills the form; the handle. The task has not gone on yet."""

        def work(connection: sa.Connection) -> str:
            row = connection.execute(sa.select(CredentialRequestRow.id)).scalar_one()
            request = credentials.find(connection, row, self.on.somebody.person.id)
            assert request is not None and given_by_form(connection, self.on.runner, request, {"username": "ann", "password": SECRET})
            return f"cred://{connection.execute(sa.select(CredentialRow.id)).scalar_one()}"

        return await self.on.database.write(work)

    def wishes(self, name: str, **arguments: str) -> None:
        self.model.script(tool=ToolUse(name, dict(arguments)), times=1)


@pytest.fixture
async def scene(database: Database, tmp_path: Path) -> AsyncIterator[Scene]:
    async with Portal("ann", SECRET) as portal, ModelServer(models=("gpt-5-mini",)) as model:
        spoken = LanguageModel(ModelSettings("openai:gpt-5-mini", model.base_url, "sk-key"), 5, 5)
        tools = [HttpGet(WayOut(frozenset({("127.0.0.1", portal.port)})))]
        on = Stage(database, tmp_path, agents=[General()], tools=tools, policy={"private_hosts": [f"127.0.0.1:{portal.port}"]}, model=spoken)
        vault = Vault(FileKeys(tmp_path / "key"))
        house = Credentials(vault, WORDS, audit=AuditLog(vault))
        on.around = on.runner.around = replace(on.around, credentials=house, secrets=Revealing(house, database, on.clock.now))
        yield Scene(on, model, portal)


async def test_it_asks_for_the_site_by_its_host_and_goes_on_with_a_handle(scene: Scene, tmp_path: Path) -> None:
    results = f"{scene.portal.url}/results"
    scene.wishes("http-get", url=results)
    scene.wishes("ask_access", url=results, sign_in="password", reason="Your [bank](https://evil.example) wants it")
    task = await scene.begin(f"what does {results} say?")
    assert task.state is TaskState.AWAITING_CREDENTIALS
    card = scene.on.cards()[-1]["text"]
    assert f"your access to 127.0.0.1:{scene.portal.port}" in card and "](https://evil.example)" not in card
    handle = await scene.give()
    scene.wishes("http-get", url=results, credential=handle)
    scene.model.script(reply="All is well.", times=1)
    await scene.on.pump()
    assert scene.on.now(task).state is TaskState.COMPLETED and "All is well." in scene.on.heard()
    assert scene.portal.let_in == 1 and "[redacted]" in scene.model.calls[-1].prompt and handle in scene.model.calls[-1].prompt
    assert [name for call in scene.model.calls for name in found_in(SECRET, call.prompt.encode())] == []
    assert found_in_files(SECRET, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("check my bank", "https://bank.example.evil.example"),
        ("look at bank.example", "https://bank.example.evil.example"),
        ("look at bank.example", "https://evil-bank.example"),
        ("mail ann@bank.example", "https://bank.example"),
        ("look at bank.example", "http://bank.example"),
        ("look at bank.example", "https://user:pw@bank.example"),
    ],
)
async def test_what_the_person_did_not_name_is_never_asked_for(scene: Scene, text: str, url: str) -> None:
    scene.wishes("ask_access", url=url, reason="Your bank wants you to sign in")
    scene.model.script(reply="I cannot.", times=1)
    task = await scene.begin(text)
    assert task.state is TaskState.COMPLETED
    assert scene.on.database.read_now(lambda connection: connection.execute(sa.select(CredentialRequestRow.id)).first()) is None


def test_a_host_is_named_as_a_whole() -> None:
    assert names("open https://www.bank.example/login please", "www.bank.example") and names("see bank.example.", "www.bank.example")
    assert not names("see mybank.example", "bank.example") and not names("see bank.example.org", "bank.example")
