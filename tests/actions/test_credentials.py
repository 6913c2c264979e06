"""A task asks for a credential: the value is nowhere but in the vault, and the task goes on by itself."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from agents.tools.logins import LoginRefused, trying
from bot.channels.base import Incoming, Kind
from bot.inbox import _Place, store
from bot.web.guard import Guard
from bot.web.secret_form import SecretForm
from orchestrator.actions import credentials
from orchestrator.actions.credentials import Credentials, Revealing
from orchestrator.contracts import Card, Context, Declined, Done, Effect, Outcome, Task, TaskState, ToolError, TransientError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result
from orchestrator.people import Door, Strangers
from orchestrator.tasks import manager
from orchestrator.triage import secrets
from orchestrator.triage.secrets import given_by_form
from storage.audit import AuditLog
from storage.database import Database
from storage.models import CredentialUseRow, MessageRow
from storage.vault import FileKeys, KeyServiceDown, Vault
from storage.vault import credentials as kept
from tests.actions.stage import WORDS, Page, Stage, World, errand
from tests.encodings import found_in, found_in_files

SECRET = "Tr0ub4dor&3/€-geheim"
WRONG = "not-this-one-17"
PORTAL = "https://portal.example:8443"


class Login:
    """A tool that logs in with a credential, and whose server repeats the password in its answer."""

    name, version, description, effect, arguments = "portal.login", 1, "Logs in.", Effect.READ, Page
    credits, seconds = 5, 5.0

    def __init__(self, world: World, at: str = PORTAL) -> None:
        self.world, self.at = world, at

    def reach(self, arguments: Page) -> Reach:
        return Reach(Deed.READ, hosts=frozenset({"portal.example"}), credential=arguments.url)

    def preview(self, arguments: Page, words: Phrase) -> Preview:
        return Preview("Log in")

    async def act(self, outside: Outside, arguments: Page) -> Result:
        secret = await outside.secret(arguments.url, self.at)
        self.world.texts.append(secret.fields["password"])
        async with trying(outside, arguments.url):
            if secret.fields["password"] == WRONG:
                raise LoginRefused("the portal refused the login")
        return Result({"page": f"Welcome {secret.fields['username']}, your password is {secret.fields['password']}", "b64": _b64(secret.fields["password"])})


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def visit(task: Task, context: Context) -> Outcome:
    try:
        handle = await context.credential("login", service="Portal", kind="health_portal", url=PORTAL, tools=["portal.login"], reason="to see your results")
        page = await context.call("portal.login", key="open", url=handle)
    except ToolError as error:
        return Declined(Card(f"No: {error}"), str(error))
    return Done(Card(f"In: {page['page']}"), page)


@pytest.fixture
def world() -> World:
    return World()


Open = Callable[..., Stage]


@pytest.fixture
def stage(database: Database, tmp_path: Path, world: World) -> Open:
    def make(base: str = "", at: str = PORTAL, somebody: Any = None) -> Stage:
        on = Stage(database, tmp_path, agents=[errand(visit)], tools=[Login(world, at)], somebody=somebody)
        vault = Vault(FileKeys(tmp_path / "key"))
        house = Credentials(vault, WORDS, lambda channel: base, AuditLog(vault))
        around = replace(on.around, credentials=house, secrets=Revealing(house, database, on.clock.now))
        on.around = on.runner.around = around
        return on

    return make


def here(on: Stage) -> dict[tuple[str, str, str], _Place]:
    return {("web", "local", "local"): _Place(on.somebody.chat_id, on.somebody.person.id)}


async def write(on: Stage, text: str, platform_id: str = "77") -> None:
    """As a channel hands it to the inbox, and the desk takes it up."""
    house = on.around.credentials
    assert house is not None
    item = Incoming("web", platform_id, "local", "local", Kind.TEXT, text, {"message_id": 555})
    door = Door(Strangers.PAIR, frozenset())

    def work(connection: sa.Connection) -> None:
        store(connection, door, [item], here(on), on.clock.now(), house.take)
        row = connection.execute(sa.select(MessageRow).where(MessageRow.platform_id == platform_id).with_only_columns(MessageRow.payload)).one()
        if request := row.payload.get("secret_of"):
            secrets.taken(on.turn(connection, "text", "", row.payload, None), str(request))

    await on.database.write(work)
    await on.pump()


def traces(on: Stage, tmp_path: Path) -> list[str]:
    """Every place in which the secret can be found, in any encoding: files of the database, its WAL, person's files."""
    if on.database.is_sqlite:
        return found_in_files(SECRET, tmp_path)
    return found_in(SECRET, on.database.read_now(_everything))


def _everything(connection: sa.Connection) -> bytes:
    tables = sa.inspect(connection).get_table_names()
    rows = [repr(row) for table in tables for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()]
    return "\n".join(rows).encode()


async def test_given_by_the_next_message_it_is_taken_out_before_it_is_stored(stage: Open, world: World, tmp_path: Path) -> None:
    on = stage()
    task = await on.begin()
    assert task.state is TaskState.AWAITING_CREDENTIALS
    assert "to see your results" in on.cards()[-1]["text"] and on.buttons() == ["Provide", "Decline"]
    await on.press("Provide")
    assert "one on each line" in on.cards()[-1]["text"]
    await write(on, f"ann\n{SECRET}")
    assert on.now(task).state is TaskState.COMPLETED
    assert world.texts == [SECRET]
    assert "[redacted]" in on.heard()
    assert traces(on, tmp_path) == []
    removed = on._outgoing(("remove",), None)
    assert len(removed) == 1


async def test_the_search_would_find_it(stage: Open, tmp_path: Path) -> None:
    """The twin: without taking it out, the same search finds it."""
    on = stage()
    await on.begin()
    await on.press("Provide")
    item = Incoming("web", "78", "local", "local", Kind.TEXT, f"ann\n{SECRET}", {})
    door = Door(Strangers.PAIR, frozenset())
    await on.database.write(lambda connection: store(connection, door, [item], here(on), on.clock.now(), lambda *given: None))
    assert traces(on, tmp_path) != []


@pytest.mark.parametrize("text", ["what do you need it for?", "why me?", "/tasks", "stop", "¿para qué?", "为什么？", "Hi\nwhat is 2fa good for?"])
async def test_a_question_or_a_command_is_not_taken_for_the_secret(stage: Open, text: str) -> None:
    on = stage()
    task = await on.begin()
    await on.press("Provide")
    await write(on, text)
    stored = on.database.read_now(lambda connection: connection.execute(sa.select(MessageRow.text)).scalars().all())
    assert stored == [text] and on.now(task).state is TaskState.AWAITING_CREDENTIALS


async def test_what_cannot_be_read_is_taken_out_too_and_asked_for_again(stage: Open, world: World, tmp_path: Path) -> None:
    on = stage()
    task = await on.begin()
    await on.press("Provide")
    await write(on, f"{SECRET}")
    assert "could not read it" in on.cards()[-1]["text"] and traces(on, tmp_path) == []
    await write(on, f"username: ann\npassword: {SECRET}", "79")
    assert on.now(task).state is TaskState.COMPLETED and world.texts == [SECRET]


async def test_a_refused_password_is_asked_for_again_and_a_good_one_kept(stage: Open, world: World) -> None:
    on = stage()
    first = await on.begin()
    await on.press("Provide")
    await write(on, f"ann\n{WRONG}")
    assert on.now(first).state is not TaskState.COMPLETED and world.texts == [WRONG]
    second = await on.begin()
    assert second.state is TaskState.AWAITING_CREDENTIALS, "the bad one is not handed out again"
    await on.press("Provide")
    await write(on, f"ann\n{SECRET}", "78")
    assert on.now(second).state is TaskState.COMPLETED and world.texts == [WRONG, SECRET]
    third = await on.begin()
    assert third.state is TaskState.COMPLETED and world.texts == [WRONG, SECRET, SECRET]
    stored = on.database.read_now(lambda connection: kept.all_of(connection, on.somebody.person.id))
    assert [one.verification.value for one in stored] == ["failed", "verified"]


async def test_that_it_works_is_written_down_once_a_day(stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage()
    await on.begin()
    await on.press("Provide")
    await write(on, f"ann\n{SECRET}")
    noted: list[Any] = []
    monkeypatch.setattr(kept, "mark_verified", lambda *given: noted.append(given))
    await on.begin()
    assert noted == []
    on.clock.move(hours=25)
    await on.begin()
    assert len(noted) == 1


async def test_a_key_service_that_is_away_is_no_refusal(stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    on = stage()
    task = await on.begin()
    house = on.around.credentials
    assert house is not None
    monkeypatch.setattr(kept, "reveal", lambda *given, **named: _raise(KeyServiceDown("the key service did not answer")))
    with pytest.raises(TransientError):
        on.database.read_now(lambda connection: house.reveal(connection, on.somebody.person, task, "portal.login", "cred://x", PORTAL, on.clock.now()))


def _raise(error: Exception) -> None:
    raise error


async def test_a_second_task_uses_it_without_asking(stage: Open, world: World) -> None:
    on = stage()
    await on.begin()
    await on.press("Provide")
    await write(on, f"ann\n{SECRET}")
    again = await on.begin()
    assert again.state is TaskState.COMPLETED and len(world.texts) == 2
    uses = on.database.read_now(lambda connection: connection.execute(sa.select(CredentialUseRow.host)).scalars().all())
    assert uses == ["portal.example", "portal.example"]


async def test_at_another_address_it_is_not_given_out(stage: Open, world: World) -> None:
    on = stage(at="https://portal.example.evil.example:8443")
    await on.begin()
    await on.press("Provide")
    await write(on, f"ann\n{SECRET}")
    assert world.texts == [] and "nothing else" in on.heard()


async def test_declined_the_task_ends_without_it(stage: Open) -> None:
    on = stage()
    task = await on.begin()
    assert "nothing was kept" in await on.press("Decline")
    assert on.now(task).state is TaskState.FAILED and "did not want to give" in on.heard()


async def test_nobody_answers_and_it_is_asked_once_more_by_itself(stage: Open, world: World) -> None:
    on = stage()
    task = await on.begin()
    assert "I ask once more" in on.cards()[-1]["text"]
    first = on.token("Provide")
    await on.wait(hours=24, minutes=1)
    assert on.now(task).state is TaskState.AWAITING_CREDENTIALS and on.buttons() == ["Provide", "Decline"]
    assert "Nobody gave it in time" in on.cards()[-1]["text"] and "the task ends without it" in on.cards()[-1]["text"]
    assert "used already" in await on.press("", token=first)
    await on.press("Provide")
    await write(on, f"ann\n{SECRET}")
    assert on.now(task).state is TaskState.COMPLETED and world.texts == [SECRET]


async def test_the_form_of_the_first_request_is_dead_once_it_is_asked_again(stage: Open) -> None:
    on = stage(base="http://127.0.0.1")
    await on.begin()
    path = await address(on)
    await on.wait(hours=24, minutes=1)
    async with browser(on) as person:
        assert (await person.get(path)).status_code == 410


@pytest.mark.parametrize("text", ["ann\nhunter2?", "ann hunter2?", "ann\nletmein?", "ann Tr0ub4dor&3?", "ann /9xKq7"])
async def test_a_password_may_look_like_a_question_or_a_path(stage: Open, world: World, text: str) -> None:
    on = stage()
    task = await on.begin()
    await on.press("Provide")
    await write(on, text)
    assert on.now(task).state is TaskState.COMPLETED and world.texts == [text.split()[-1]]


async def test_nobody_answers_twice_and_a_retry_asks_again(stage: Open) -> None:
    on = stage()
    task = await on.begin()
    await on.wait(hours=24, minutes=1)
    await on.wait(hours=24, minutes=1)
    assert on.now(task).state is TaskState.FAILED and "asks again" in on.heard()
    await on.database.write(lambda connection: on.runner.start(connection, manager.retry(connection, on.now(task), on.clock.now()), on.somebody.person))
    await on.pump()
    assert on.now(task).state is TaskState.AWAITING_CREDENTIALS
    assert on.buttons() == ["Provide", "Decline"]


async def test_it_is_listed_without_its_value_and_can_be_forgotten(stage: Open, tmp_path: Path) -> None:
    on = stage()
    await on.begin()
    await on.press("Provide")
    await write(on, f"ann\n{SECRET}")
    await on.database.write(lambda connection: secrets.show(on.turn(connection, "text", "/credentials", {}, None), ""))
    assert "Portal" in on.cards()[-1]["text"] and SECRET not in on.heard()
    await on.press("Forget Portal")
    task = await on.begin()
    assert task.state is TaskState.AWAITING_CREDENTIALS


# --- by the form ---


def browser(on: Stage) -> httpx.AsyncClient:
    app = FastAPI()
    guard = Guard("chat-secret")
    form = SecretForm(on.database, on.clock, WORDS, guard, lambda connection, request, values: given_by_form(connection, on.runner, request, values))
    form.add_to(app)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def address(on: Stage) -> str:
    await on.press("Provide")
    return str(on.cards()[-1]["text"]).rpartition("(http://127.0.0.1")[2].rstrip(")")


def proof(page: str) -> str:
    return page.partition('name="proof" value="')[2].partition('"')[0]


async def test_given_by_the_form_once(stage: Open, world: World, tmp_path: Path) -> None:
    on = stage(base="http://127.0.0.1")
    task = await on.begin()
    path = await address(on)
    async with browser(on) as person:
        page = await person.get(path)
        assert page.status_code == 200 and "to see your results" in page.text and "http" not in page.text.replace("http-equiv", "")
        assert "form-action 'self'" in page.headers["content-security-policy"] and page.headers["cache-control"] == "no-store"
        again = await person.get(path)
        assert again.status_code == 200, "looking does not use it up"
        given = {"username": "ann", "password": SECRET, "proof": proof(again.text)}
        sent = await person.post(path, data=given)
        assert sent.status_code == 200
        await on.pump()
        assert (await person.post(path, data=given)).status_code == 410
        assert (await person.get(path)).status_code == 410
    assert on.now(task).state is TaskState.COMPLETED and world.texts == [SECRET]
    assert traces(on, tmp_path) == []


async def test_a_form_from_elsewhere_is_refused_and_uses_nothing_up(stage: Open) -> None:
    on = stage(base="http://127.0.0.1")
    await on.begin()
    path = await address(on)
    async with browser(on) as stranger:
        assert (await stranger.post(path, data={"username": "x", "password": "y"})).status_code == 403
        assert (await stranger.get("/secret/" + "0" * 32)).status_code == 410
        assert (await stranger.get(path, headers={"host": "evil.example"})).status_code == 421
    async with browser(on) as person:
        assert (await person.get(path)).status_code == 200


async def test_the_form_closes_after_ten_minutes_and_a_new_link_opens_another(stage: Open) -> None:
    on = stage(base="http://127.0.0.1")
    await on.begin()
    path = await address(on)
    on.clock.move(minutes=10, seconds=1)
    async with browser(on) as person:
        assert (await person.get(path)).status_code == 410
        await on.press("New link")
        fresh = str(on.cards()[-1]["text"]).rpartition("(http://127.0.0.1")[2].rstrip(")")
        assert fresh != path and (await person.get(fresh)).status_code == 200


async def test_the_token_is_kept_as_a_hash(stage: Open) -> None:
    on = stage(base="http://127.0.0.1")
    await on.begin()
    token = (await address(on)).rpartition("/")[2]
    kept = on.database.read_now(lambda connection: connection.execute(sa.text("SELECT token_hash FROM credential_requests")).scalar_one())
    assert kept != token and len(token) == 32
    assert on.database.read_now(lambda connection: credentials.by_token(connection, kept, on.clock.now())) is None
