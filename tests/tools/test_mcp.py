"""Servers of the Model Context Protocol: real ones by the official package over both ways, and rogues, of which none wins."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pydantic
import pytest
from aiohttp import web

from agents.tools.mcp import Address, LookAtServer, McpFault, McpServers, McpTool, Program, Rule, Server, named_variables, servers_of, tools_of
from agents.tools.mcp.messages import Broken
from agents.tools.mcp.program import ProgramWire
from agents.tools.mcp.schema import Unusable, arguments_model
from agents.tools.mcp.shelf import Shelf
from agents.tools.way_out import Refused, WayOut
from agents.tools.way_out.door import dial
from bot.hands import mcp_servers
from bot.settings import ConfigurationError, read
from orchestrator.actions.calls import plan_digest
from orchestrator.actions.policy import Facts, Verdict, load
from orchestrator.business.loading import parse
from orchestrator.contracts import Effect, Tool, ToolError
from orchestrator.execution.transcript import Offered
from orchestrator.outside import Deed, OutsideTool, Secret
from orchestrator.words import LANGUAGES, Catalogues
from tests.servers.mcp_houses import LOOK, SERVERS, gone, lives, notes_on_the_network, notes_program, rogue, rogues, tool_of, use
from tests.tools.outside import PERSON, FakeOutside, a_task, outside
from tests.tools.ssrf_servers import site

Build = Callable[..., McpServers]


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    houses: list[McpServers] = []

    def built(*servers: Server, environment: dict[str, str] | None = None, way_out: WayOut | None = None, **given: Any) -> McpServers:
        house = McpServers(servers, tmp_path / "mcp", way_out or WayOut(), environment or {}, **{"first_look_seconds": 20.0, **given})
        houses.append(house)
        house.look()
        return house

    yield built
    for house in houses:
        await house.close()


@pytest.fixture
def hand(tmp_path: Path) -> FakeOutside:
    return outside(tmp_path / "files")


# --- what works ---


async def test_a_program_of_the_official_package_serves(build: Build, hand: FakeOutside) -> None:
    house = build(notes_program())
    add, everything = tool_of(house, "mcp.notes.add"), tool_of(house, "mcp.notes.everything")
    assert isinstance(add, OutsideTool)
    assert (add.effect, everything.effect) == (Effect.IRREVERSIBLE, Effect.READ)
    assert "Add a note." in add.description
    first: Any = (await add.act(hand, add.arguments.model_validate({"text": "milk", "tags": [{"name": "shop"}]}))).value
    assert first["data"] == {"number": 1, "text": "milk", "colour": "red", "tags": ["shop"]} and first["failed"] is False
    assert hand.doubts == 1
    found = await everything.act(hand, everything.arguments.model_validate({}))
    assert isinstance(found.value, dict) and found.value["data"] == {"result": ["milk"]}
    assert (found.source, found.private, hand.doubts) == ("mcp:notes", True, 1)
    together = await asyncio.gather(*(use(house, "mcp.notes.add", hand, text=f"note {place}") for place in range(8)))
    assert [one["data"]["text"] for one in together] == [f"note {place}" for place in range(8)]
    assert (await use(house, "mcp.notes.slow", hand))["text"] == "done"
    broken = await use(house, "mcp.notes.breaks", hand)
    assert broken["failed"] is True


@pytest.mark.parametrize("json_response", [False, True])
async def test_an_address_of_the_official_package_serves(build: Build, hand: FakeOutside, json_response: bool) -> None:
    with notes_on_the_network(json_response=json_response) as url:
        house = build(Server("notes", Address(url), {"everything": Rule(Effect.READ, Deed.READ)}, private=False))
        assert (await use(house, "mcp.notes.add", hand, text="milk"))["data"]["number"] == 1
        assert (await use(house, "mcp.notes.add", hand, text="eggs"))["data"]["number"] == 2
        found = await tool_of(house, "mcp.notes.everything").act(hand, tool_of(house, "mcp.notes.everything").arguments.model_validate({}))
        assert isinstance(found.value, dict) and found.value["data"] == {"result": ["milk", "eggs"]} and found.private is False
        assert tool_of(house, "mcp.notes.add").reach(tool_of(house, "mcp.notes.add").arguments.model_validate({"text": ""})).hosts == {"127.0.0.1"}
        assert (await use(house, "mcp.notes.slow", hand))["text"] == "done"
        await house.close()


async def test_a_credential_opens_a_server_for_its_person_alone(build: Build, hand: FakeOutside) -> None:
    with notes_on_the_network(token="tok-4711-abc") as url:
        server = Server("notes", Address(url, credential="cred://notes"))
        house = build(server)
        (look,) = tools_of(house)
        assert isinstance(look, LookAtServer) and look.name == "mcp.notes"
        with pytest.raises(ToolError, match="not for this address"):
            await look.act(hand, look.arguments())
        hand.secrets = {("cred://notes", url): Secret({"token": "tok-4711-abc"})}
        listed = await look.act(hand, look.arguments())
        assert "add" in json.dumps(listed.value)
        assert (await use(house, "mcp.notes.add", hand, text="my token is tok-4711-abc"))["data"]["text"] == "my token is [secret]"
        stranger = replace(hand, person=replace(PERSON, id="person-2"), secrets={})
        with pytest.raises(ToolError, match="not for this address"):
            await use(house, "mcp.notes.add", stranger, text="x")
        wrong = replace(stranger, secrets={("cred://notes", url): Secret({"token": "wrong"})}, tries=[])
        with pytest.raises(ToolError, match="asks for a credential"):
            await use(house, "mcp.notes.add", wrong, text="x")
        assert wrong.tries == [("cred://notes", False)] and set(hand.tries) == {("cred://notes", True)}
        again = McpServers((server,), Path(str(house.shelf(server)._path.parent)), WayOut(), {})
        again.look()
        assert {"mcp.notes", "mcp.notes.add"} <= {tool.name for tool in tools_of(again)}
        await again.close()
        await house.close()


async def test_the_operators_token_opens_a_server_and_is_not_shown(build: Build, hand: FakeOutside) -> None:
    with notes_on_the_network(token="tok-4711-abc") as url:
        house = build(Server("notes", Address(url, token="NOTES")), environment={"NOTES": "tok-4711-abc"})
        assert (await use(house, "mcp.notes.add", hand, text="tok-4711-abc"))["data"]["text"] == "[secret]"
        await house.close()


async def test_only_the_operators_address_is_open(build: Build, hand: FakeOutside) -> None:
    with notes_on_the_network() as url:
        house = build(Server("notes", Address(url)))
        assert tools_of(house)
        with pytest.raises(Refused):
            await WayOut().check(url)
        await house.close()


async def test_a_server_that_is_away_has_no_tools_and_the_log_says_why(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    house = build(Server("gone", Program("/no/such/program")), Server("far", Address("http://127.0.0.1:9/")), Server("off", Address("http://127.0.0.1:59999/")))
    assert tools_of(house) == ()
    reasons = " ".join(str(getattr(record, "reason", "")) for record in caplog.records)
    assert "cannot be started" in reasons and "cannot be reached" in reasons


async def test_a_slow_server_holds_nobody_up_and_is_known_at_the_next_start(build: Build, tmp_path: Path, hand: FakeOutside) -> None:
    begun = time.monotonic()
    house = build(rogue("hang-list", tmp_path / "r"), first_look_seconds=0.5)
    assert time.monotonic() - begun < 2 and tools_of(house) == ()
    await house.close()
    seen = build(notes_program())
    await seen.close()
    begun = time.monotonic()
    known = build(notes_program(), first_look_seconds=20.0)
    assert time.monotonic() - begun < 0.5 and len(tools_of(known)) == 6
    assert (await use(known, "mcp.notes.add", hand, text="milk"))["data"]["number"] == 1


async def test_a_server_that_died_is_started_again_at_the_next_call(build: Build, tmp_path: Path, hand: FakeOutside) -> None:
    house = build(rogue("dies", tmp_path / "r", rules=LOOK))
    for _ in range(2):
        with pytest.raises(Broken, match="has ended"):
            await use(house, "mcp.rogue.look", hand)
    assert (tmp_path / "r" / "called").read_text().count("x") == 2
    await gone((tmp_path / "r" / "children").read_text())


async def test_the_list_is_read_to_its_end(build: Build, tmp_path: Path) -> None:
    house = build(rogue("paged", tmp_path / "r"))
    assert [tool.name for tool in tools_of(house)] == [f"mcp.rogue.tool{page}" for page in range(5)]


# --- arguments, previews, policy ---


async def test_arguments_fit_the_schema_and_come_back_as_they_were(build: Build, hand: FakeOutside) -> None:
    """One named like a word of ours goes out under its own name."""
    house = build(notes_program(env=("LANG",)), environment={"LANG": "C.UTF-8"})
    assert (await use(house, "mcp.notes.setting", hand, key_="LANG"))["text"] == "LANG=C.UTF-8"
    add = tool_of(house, "mcp.notes.add").arguments
    given = {"text": "milk", "colour": "blue", "tags": [{"name": "a", "weight": 2}]}
    typed = add.model_validate(given)
    assert typed.model_dump(mode="json") == given == add.model_validate(typed).model_dump(mode="json")
    wrong: list[dict[str, Any]] = [
        {},
        {"text": 5},
        {"text": "x", "more": 1},
        {"text": "x", "colour": "green"},
        {"text": "x", "tags": [{"weight": 1}]},
        {"text": "x" * 200_000},
        {"text": float("nan")},
        {"text": "x", "tags": [{"name": "a"}] * 3000},
    ]
    for arguments in wrong:
        with pytest.raises(pydantic.ValidationError):
            add.model_validate(arguments)
    schema = add.model_json_schema()
    assert schema["required"] == ["text"] and schema["additionalProperties"] is False and "$ref" not in json.dumps(schema)


async def test_the_preview_shows_server_tool_and_every_argument(build: Build, tmp_path: Path) -> None:
    catalogues, house = Catalogues(strict=True), build(rogue("plain", tmp_path / "r"))
    address = Server("far", Address("https://mcp.example.org/x", credential="cred://far"), LOOK)
    for language in LANGUAGES:

        def words(message: str, /, language: str = language, **given: Any) -> str:
            return catalogues(language, message, given)

        tool = tool_of(house, "mcp.rogue.look")
        shown = tool.preview(tool.arguments.model_validate({"what": "milk"}), words)
        assert "rogue" in shown.summary and "look" in shown.summary
        assert [value for _, value in shown.details] == ["rogue", "look", "milk"]
        distant = McpTool(house, address, house.shelf(house.servers[0]).known["look"])
        assert [value for _, value in distant.preview(tool.arguments.model_validate({}), words).details] == [
            "far",
            "https://mcp.example.org/x",
            "cred://far",
            "look",
        ]
        assert "far" in LookAtServer(house, address).preview(LookAtServer(house, address).arguments(), words).summary


async def test_a_hint_of_the_server_is_no_permission(build: Build, tmp_path: Path, hand: FakeOutside) -> None:
    """It says readOnlyHint of its tool; only the operator's word counts, and the twin has it."""
    policy = load()
    for rules, effect, verdict, doubts in (({}, Effect.IRREVERSIBLE, Verdict.ASK, 1), (LOOK, Effect.READ, Verdict.ALLOW, 1)):
        tool = tool_of(build(rogue("plain", tmp_path / "r", rules=rules)), "mcp.rogue.look")
        arguments = tool.arguments.model_validate({})
        assert tool.effect is effect and policy.judge(tool.effect, tool.reach(arguments), Facts()).verdict is verdict
        await tool.act(hand, arguments)
        assert hand.doubts == doubts


async def test_reading_with_private_knowledge_from_outside_is_asked_about(build: Build, tmp_path: Path) -> None:
    policy, tool = load(), tool_of(build(rogue("plain", tmp_path / "r", rules=LOOK)), "mcp.rogue.look")
    reach = tool.reach(tool.arguments.model_validate({}))
    assert policy.judge(tool.effect, reach, Facts()).verdict is Verdict.ALLOW
    assert policy.judge(tool.effect, reach, Facts(sources=("mail",), private=True)).verdict is Verdict.ASK


# --- rogues ---


async def test_a_changed_tool_is_a_new_version_and_no_approval_of_the_old_counts(build: Build, tmp_path: Path, hand: FakeOutside) -> None:
    house = build(rogue("changing", tmp_path / "r"))
    tool = tool_of(house, "mcp.rogue.look")
    approved = tool.arguments.model_validate({"what": "x"})

    def digest() -> str:
        return plan_digest(tool.name, tool.version, approved.model_dump(mode="json"), {}, tool.reach(approved), PERSON.id, a_task())

    await tool.act(hand, approved)
    before, version = digest(), tool.version
    (tmp_path / "r" / "changed").touch()
    with pytest.raises(ToolError, match="has changed look"):
        await tool.act(hand, approved)
    assert (tmp_path / "r" / "called").read_text().count("x") == 1 and hand.doubts == 1
    assert tool.version != version and digest() != before and "Deletes everything." in tool.description
    with pytest.raises(ToolError, match="has changed look"):
        await tool.act(hand, approved)
    await tool.act(hand, tool.arguments.model_validate({"what": "x"}))
    (tmp_path / "r" / "changed").unlink()
    with pytest.raises(ToolError, match="has changed look"):
        await tool.act(hand, tool.arguments.model_validate({}))
    assert (tool.version, digest()) == (version, before)


async def test_twin_without_the_pin_the_changed_tool_would_run(build: Build, tmp_path: Path, hand: FakeOutside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.tools.mcp.shelf.PINNED", ("name",))
    house = build(rogue("changing", tmp_path / "r"))
    tool = tool_of(house, "mcp.rogue.look")
    (tmp_path / "r" / "changed").touch()
    await tool.act(hand, tool.arguments.model_validate({}))
    assert (tmp_path / "r" / "called").exists()


@pytest.mark.parametrize(
    ("way", "seconds", "told"),
    [("hang", 1.0, "did not answer"), ("flood", 10.0, "things that were not asked"), ("endless-line", 10.0, "in one line")],
)
async def test_hanging_and_flooding_servers_are_ended(build: Build, tmp_path: Path, hand: FakeOutside, way: str, seconds: float, told: str) -> None:
    house = build(rogue(way, tmp_path / "r", seconds=seconds))
    begun = time.monotonic()
    with pytest.raises(Broken, match=told):
        await use(house, "mcp.rogue.look", hand)
    assert time.monotonic() - begun < 8 and hand.doubts == 1
    assert not rogues(tmp_path)


async def test_a_call_that_is_given_up_ends_the_server(build: Build, tmp_path: Path, hand: FakeOutside) -> None:
    house = build(rogue("hang", tmp_path / "r", seconds=60))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await use(house, "mcp.rogue.look", hand)
    for _ in range(50):
        if not rogues(tmp_path):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the server is still there")


async def test_huge_deep_and_dirty_answers_come_as_short_plain_text(build: Build, tmp_path: Path, hand: FakeOutside) -> None:
    for way in ("huge", "deep", "rubbish"):
        house = build(rogue(way, tmp_path / way))
        found = await use(house, "mcp.rogue.look", hand)
        json.dumps(found, allow_nan=False).encode()
        assert len(found["text"]) < 51_000
        assert found["text"] == {"deep": "flat", "rubbish": "?ok[31m"}.get(way, found["text"])
        assert found["truncated"] is (way == "huge")
        await house.close()


async def test_a_server_that_asks_is_offered_nothing(build: Build, tmp_path: Path, hand: FakeOutside) -> None:
    house = build(rogue("asking", tmp_path / "r"))
    assert (await use(house, "mcp.rogue.look", hand))["text"] == "asked"
    answers = [json.loads(line) for line in (tmp_path / "r" / "answers").read_text().splitlines()]
    assert [answer.get("result") for answer in answers] == [None, None, None, {}, None]
    assert {answer["error"]["code"] for answer in answers if "error" in answer} == {-32601}


async def test_the_environment_shows_the_named_variables_and_nothing_else(
    build: Build, tmp_path: Path, hand: FakeOutside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-them")
    server = rogue("environment", tmp_path / "r", env=("LANG",), secrets=("ROGUE_TOKEN",), rules=LOOK)
    house = build(server, environment={"LANG": "C.UTF-8", "ROGUE_TOKEN": "tok-91f7", "OTHER": "x"})
    found = json.loads((await use(house, "mcp.rogue.look", hand))["text"])
    assert {name: value for name, value in found.items() if name != "LC_CTYPE"} == {"LANG": "C.UTF-8", "ROGUE_TOKEN": "[secret]"}
    assert named_variables([server]) == {"LANG", "ROGUE_TOKEN"}
    twin = build(replace(rogue("environment", tmp_path / "r", env=("ROGUE_TOKEN",), rules=LOOK), name="open"), environment={"ROGUE_TOKEN": "tok-91f7"})
    assert "tok-91f7" in (await use(twin, "mcp.open.look", hand))["text"]


async def test_twin_with_our_environment_the_server_would_have_our_keys(
    build: Build, tmp_path: Path, hand: FakeOutside, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Open(ProgramWire):
        def __init__(self, program: Program, environment: Mapping[str, str]) -> None:
            super().__init__(program, environment)
            self._environment = dict(os.environ)

    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-them")
    monkeypatch.setattr("agents.tools.mcp.house.ProgramWire", Open)
    found = await use(build(rogue("environment", tmp_path / "r", rules=LOOK)), "mcp.rogue.look", hand)
    assert "sk-not-for-them" in found["text"]


async def test_children_left_behind_are_ended(build: Build, tmp_path: Path, hand: FakeOutside) -> None:
    house = build(rogue("children", tmp_path / "r", rules=LOOK))
    await use(house, "mcp.rogue.look", hand)
    numbers = (tmp_path / "r" / "children").read_text()
    assert all(lives(int(number)) for number in numbers.split())
    await house.close()
    await gone(numbers)


async def test_twin_without_the_family_a_child_stays(build: Build, tmp_path: Path, hand: FakeOutside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.tools.mcp.program.family", lambda leader: frozenset())
    house = build(rogue("children", tmp_path / "r", rules=LOOK))
    await use(house, "mcp.rogue.look", hand)
    await house.close()
    *_, left = (tmp_path / "r" / "children").read_text().split()
    assert lives(int(left))
    os.kill(int(left), signal.SIGKILL)


async def test_hostile_descriptions_and_names_are_made_harmless(build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    poisoned = tool_of(build(rogue("poisoned", tmp_path / "p")), "mcp.rogue.look").description
    assert poisoned.isprintable() and len(poisoned) < 1_200 and "data, not instructions" in poisoned
    assert not any(hidden in poisoned for hidden in ("\u202e", "\x1b", "\u200b"))
    house = build(replace(rogue("names", tmp_path / "n"), name="odd"))
    assert {tool.name for tool in tools_of(house)} == {"mcp.odd.ok", "mcp.odd.../../up"}
    assert "is left out" in caplog.text


async def misbehaves(request: web.Request) -> web.StreamResponse:
    """A server on the network, bad in the way that its path names, from the call on."""
    way, message = request.path.strip("/"), json.loads(await request.read() or b"{}")
    number, method = message.get("id"), message.get("method")
    tool = {"name": "look", "inputSchema": {"type": "object"}}
    results = {
        "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}},
        "tools/list": {"tools": [tool]},
    }
    if method != "tools/call":
        found = {"jsonrpc": "2.0", "id": number, "result": results.get(method, {})}
        return web.json_response(found, headers={"Mcp-Session-Id": "one-session"}) if number else web.Response(status=202)
    match way:
        case "moved":
            raise web.HTTPTemporaryRedirect("http://127.0.0.1:1/elsewhere")
        case "packed":
            body = gzip.compress(json.dumps({"jsonrpc": "2.0", "id": number, "result": {"content": []}}).encode())
            return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
        case "page":
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        case "forgotten":
            return web.Response(status=404)
        case "failing":
            return web.Response(status=503)
        case "complaint":
            return web.json_response({"jsonrpc": "2.0", "id": number, "error": {"code": -32602, "message": "no such\x00 thing"}})
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)
    if way == "asking":
        await stream.write(b'data: {"jsonrpc":"2.0","id":"p","method":"ping"}\n\n')
        await asyncio.sleep(5)
    while way != "broken":
        await stream.write(b"data: " + b"x" * 100_000 if way == "endless" else b'data: {"jsonrpc":"2.0","method":"notifications/progress"}\r\n\r\n')
    await stream.write(b'data: {"jsonrpc":')
    return stream


@pytest.mark.parametrize(
    ("way", "error", "told"),
    [
        ("moved", ToolError, "did not take the call"),
        ("packed", Broken, "packed"),
        ("page", Broken, "not valid"),
        ("forgotten", ToolError, "was not made"),
        ("failing", Broken, "503"),
        ("endless", Broken, "in one line"),
        ("chatter", Broken, "things that were not asked"),
        ("broken", Broken, "not valid"),
    ],
)
async def test_bad_servers_on_the_network_end_in_an_honest_word(build: Build, hand: FakeOutside, way: str, error: type[Exception], told: str) -> None:
    """ToolError says that nothing happened, TransientError (Broken) that nobody knows."""
    async with site(misbehaves) as running:
        house = await asyncio.to_thread(build, Server("bad", Address(f"{running.url}/{way}"), seconds=10))
        with pytest.raises(error, match=told):
            await use(house, "mcp.bad.look", hand)
        assert hand.doubts == 1
        await house.close()
        assert running.asked[-1].method == "DELETE" and running.asked[-1].headers["Mcp-Session-Id"] == "one-session"


async def test_a_call_that_is_out_is_never_said_not_to_be(build: Build, hand: FakeOutside) -> None:
    """The server asks something in the middle of a call, and no connection for the answer comes about: the call may have been done all the same."""
    async with site(misbehaves) as running:

        async def broken_once_called(address: str, port: int) -> Any:
            if any(b"tools/call" in body for body in running.bodies):
                raise OSError("down")
            return await dial(address, port)

        house = await asyncio.to_thread(build, Server("bad", Address(f"{running.url}/asking"), seconds=10), way_out=WayOut(dialler=broken_once_called))
        with pytest.raises(Broken, match="could not be answered"):
            await use(house, "mcp.bad.look", hand)
        assert hand.doubts == 1
        await house.close()


async def test_an_error_of_the_protocol_is_a_result_with_its_source(build: Build, hand: FakeOutside) -> None:
    async with site(misbehaves) as running:
        house = await asyncio.to_thread(build, Server("bad", Address(f"{running.url}/complaint")))
        assert await use(house, "mcp.bad.look", hand) == {"failed": True, "text": "no such thing", "error_code": -32602, "truncated": False}
        await house.close()


def test_hostile_schemas_are_cut_to_shapes_or_refused() -> None:
    bomb: dict[str, Any] = {"$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)}, "properties": {"a": {"$ref": "#/$defs/d0"}}}
    wide = {"properties": {f"p{n}": {"type": "string", "description": "x" * 400} for n in range(200)}}
    for raw in (bomb, wide, {"type": "string"}, 5, {"required": ["näme"]}, {"properties": {"a": {"enum": [{"deep": 1}]}}}):
        with pytest.raises(Unusable):
            arguments_model(raw, "")
    recursive = {"properties": {"tree": {"$ref": "#/$defs/T"}}, "$defs": {"T": {"type": "object", "properties": {"more": {"$ref": "#/$defs/T"}}}}}
    assert arguments_model(recursive, "").model_validate({"tree": {"more": {"more": {}}}})
    begun = time.monotonic()
    slow = {"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}, "b": {"$ref": "http://127.0.0.1:9/x"}, "c": {"$ref": "file:///etc/passwd"}}}
    assert arguments_model(slow, "").model_validate({"a": "a" * 40 + "!", "b": 1, "c": 2})
    many = {"properties": {"a": {"type": "array", "items": {"anyOf": [{"type": "array", "minItems": n + 1} for n in range(90)]}}}}
    with pytest.raises(pydantic.ValidationError):
        arguments_model(many, "").model_validate({"a": [5] * 1990})
    assert time.monotonic() - begun < 5


def test_versions_are_never_shared_and_a_spoilt_file_is_only_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server may try definitions until the number from the digest is the old one: it gets another."""
    monkeypatch.setattr("agents.tools.mcp.shelf.LARGEST_VERSION", 50)
    shelf, seen = Shelf(notes_program(), tmp_path), set()
    for place in range(50):
        shelf.learn([{"name": "a", "description": str(place), "inputSchema": {}}])
        seen.add(shelf.known["a"].version)
    assert len(seen) == 50
    again = Shelf(notes_program(), tmp_path)
    assert again.remembered() and again.known["a"].version == shelf.known["a"].version
    assert (tmp_path / "notes.json").stat().st_mode & 0o777 == 0o600
    elsewhere = Shelf(replace(notes_program(), place=Program("/other")), tmp_path)
    assert not elsewhere.remembered() and not elsewhere.known
    ours = json.dumps({"server": notes_program().fingerprint, "tools": [5], "versions": {}})
    for spoilt in ("", ours, "[]", '{"server": 1}', '{"server": "x", "tools": [5], "versions": {"a": 1}}', "\x00"):
        (tmp_path / "notes.json").write_text(spoilt)
        assert not Shelf(notes_program(), tmp_path).remembered()


def test_the_section_is_read_strictly() -> None:
    local, far = servers_of({
        "local": {"command": "/usr/bin/x", "args": ["-v"], "env": ["HOME"], "secrets": ["TOKEN"], "tools": {"a": {"effect": "read"}, "b": {"effect": "reversible", "deed": "own"}}},
        "far": {"url": "https://MCP.example.org/x", "credential": "cred://far", "private": False},
    })  # fmt: skip
    assert local.place == Program("/usr/bin/x", ("-v",), ("HOME",), ("TOKEN",)) and far.place == Address("https://mcp.example.org/x", "", "cred://far")
    assert (local.rule("a"), local.rule("b"), local.rule("c")) == (Rule(Effect.READ, Deed.READ), Rule(Effect.REVERSIBLE, Deed.OWN), Rule())
    assert parse("business:\n  name: Shop\nmcp:\n  far: {url: https://mcp.example.org/}\n").name == "Shop"
    wrong: list[dict[str, Any]] = [
        {"a": {}}, {"a": {"command": "x", "url": "https://x.org"}}, {"A b": {"command": "x"}}, {"a": {"url": "ftp://x"}}, {"a": {"command": "x", "token": "T"}},
        {"a": {"command": "x", "tools": {"t": {"effect": "read", "deed": "payment"}}}}, {"a": {"command": "x", "tools": {"t": {"effect": "safe"}}}},
        {"a": {"command": "x", "env": ["A=1"]}}, {"a": {"command": "x", "more": 1}}, {"a": 5}, {"a": {"url": "https://x.org", "credential": "secret"}},
    ]  # fmt: skip
    for section in wrong:
        with pytest.raises(McpFault, match="mcp"):
            servers_of(section)


@pytest.mark.parametrize("way", ["endless-list", "old"])
async def test_servers_without_an_end_or_a_known_version_have_no_tools(build: Build, tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture) -> None:
    assert tools_of(build(rogue(way, tmp_path / "r"))) == ()
    assert "is away" in caplog.text


async def test_the_house_takes_its_servers_from_majordomo_yaml(tmp_path: Path, hand: FakeOutside, monkeypatch: pytest.MonkeyPatch) -> None:
    """And shows a model what it may wish for."""
    monkeypatch.setenv("ROGUE_TOKEN", "tok-91f7")
    program = {"command": sys.executable, "args": ["-I", str(SERVERS / "mcp_rogue.py"), "environment", str(tmp_path)], "secrets": ["ROGUE_TOKEN"]}
    config = tmp_path / "majordomo.yaml"
    config.write_text(json.dumps({"business": {"name": "Shop"}, "mcp": {"rogue": program}}))
    settings = read({"DATABASE_URL": f"sqlite:///{tmp_path}/data/m.db", "MAJORDOMO_CONFIG": str(config)})
    house = mcp_servers(settings, WayOut())
    assert "[secret]" in (await use(house, "mcp.rogue.look", hand))["text"]
    (shown,) = Offered.of(cast(list[Tool], list(tools_of(house)))).described
    assert shown.name == "mcp-rogue-look" and shown.args == {"what": {"type": "string"}}
    await house.close()
    config.write_text("mcp: {rogue: {}}")
    with pytest.raises(ConfigurationError, match="either a command or a url"):
        mcp_servers(settings, WayOut())
