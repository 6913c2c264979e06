"""Calendars on a real server: what is put in stands there once, what is taken out comes back, and a second program sees the same."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import hypothesis
import pydantic
import pytest
from aiohttp import web
from hypothesis import strategies as st

from agents.tools.caldav import Add, Agenda, CalDavServer, Calendars, FreeBusy, ImportIcs, Move, Remove, Restore, booking, ics
from agents.tools.caldav.adding import AddArguments
from agents.tools.caldav.booking import Taken
from agents.tools.caldav.changing import MoveArguments, RemoveArguments, RestoreArguments
from agents.tools.caldav.importing import ImportArguments
from agents.tools.caldav.reading import AgendaArguments, FreeBusyArguments
from agents.tools.caldav.repeating import MOST_OCCURRENCES, Clockwork
from agents.tools.way_out import Refused, WayOut
from orchestrator.contracts import FatalError, Role, ToolError, TransientError
from orchestrator.outside import Deed, Found, OutsideTool, Result, Secret
from orchestrator.words import LANGUAGES, Catalogues
from tests.servers.radicale import OTHER, OTHERS_PASSWORD, USER, Radicale, running
from tests.tools.outside import FakeOutside, outside
from tests.tools.ssrf_servers import site

DAY = "2026-11-24"


@pytest.fixture(scope="module")
def shared() -> Iterator[Radicale]:
    with running() as server:
        yield server


@pytest.fixture
def radicale(shared: Radicale) -> Radicale:
    """A server with one empty calendar, `desk`, and a list of tasks."""
    with shared.client() as client:
        client.delete(f"/{USER}/desk/")
        client.delete(f"/{USER}/tasks/")
    shared.make_calendar("tasks", "VTODO")
    shared.make_calendar("desk")
    return shared


@pytest.fixture
def calendars(radicale: Radicale) -> Calendars:
    return Calendars(WayOut(), CalDavServer.read(radicale.settings()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


def hand(folder: Path, key: str = "", **given: object) -> FakeOutside:
    return outside(folder, key=key or uuid4().hex, **given)


def value(result: Result) -> dict[str, Any]:
    assert isinstance(result.value, dict)
    return result.value


async def agenda(calendars: Calendars, folder: Path, **given: Any) -> list[dict[str, Any]]:
    found = value(await Agenda(calendars).act(hand(folder), AgendaArguments(**({"start": DAY, "end": DAY} | given))))
    events: list[dict[str, Any]] = found["events"]
    return events


async def undo(calendars: Calendars, folder: Path, done: Result) -> Result:
    assert done.undo is not None and done.undo.tool == "caldav.restore"
    return await Restore(calendars).act(hand(folder), RestoreArguments.model_validate(dict(done.undo.arguments)))


def event(*lines: str) -> str:
    """What another program writes."""
    return "\r\n".join(
        ("BEGIN:VCALENDAR", "PRODID:-//Phone//EN", "VERSION:2.0", "BEGIN:VEVENT", "DTSTAMP:20261101T000000Z", *lines, "END:VEVENT", "END:VCALENDAR", "")
    )


def put(radicale: Radicale, name: str, text: str) -> None:
    with radicale.client() as phone:
        phone.put(f"/{USER}/desk/{name}.ics", content=text.encode()).raise_for_status()


class Cutting:
    """Stands before the server, hands everything on, and breaks off where the answer to one of `methods` should come."""

    def __init__(self, radicale: Radicale) -> None:
        self.methods: set[bytes] = set()
        self._behind = radicale.port
        self.port = 0

    async def __aenter__(self) -> Cutting:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inward, outward = await asyncio.open_connection("127.0.0.1", self._behind)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        outward.write(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + await reader.readexactly(length))
        answer = await inward.read()
        if head.split(b" ")[0] not in self.methods:
            writer.write(answer)
            await writer.drain()
        writer.close()
        outward.close()


async def test_added_seen_by_another_program_and_taken_back(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    call = hand(folder)
    done = await Add(calendars).act(call, AddArguments(title="Dentist; Dr. Wu", start=f"{DAY}T15:00", location="Hauptstraße 1", remind_minutes=30))
    assert call.doubts == 1 and done.private
    with radicale.client() as phone:
        text = phone.get(value(done)["id"]).text
    assert f"UID:{call.key}@majordomo" in text and "SUMMARY:Dentist\\; Dr. Wu" in text and "DTSTART;TZID=Europe/Berlin:20261124T150000" in text
    (event,) = await agenda(calendars, folder)
    assert (event["title"], event["start"], event["end"]) == ("Dentist; Dr. Wu", f"{DAY}T15:00:00+01:00", f"{DAY}T16:00:00+01:00")
    back = await undo(calendars, folder, done)
    assert radicale.files() == {}
    await undo(calendars, folder, back)
    assert len(radicale.files()) == 1


async def test_removed_and_brought_back_as_it_was(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    done = await Add(calendars).act(hand(folder), AddArguments(title="Gym", start=f"{DAY}T18:00"))
    before = radicale.files()
    gone = await Remove(calendars).act(hand(folder), RemoveArguments(id=value(done)["id"], title="Gym"))
    assert radicale.files() == {} and gone.undo is not None and gone.undo.label == "Gym"
    await undo(calendars, folder, gone)
    assert radicale.files() == before


async def test_what_a_phone_wrote_is_read_in_the_persons_zone(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    put(radicale, "a", event("UID:a", "SUMMARY:Call\\, Tokyo", "DTSTART;TZID=Asia/Tokyo:20261124T200000", "DURATION:PT30M"))
    put(radicale, "b", event("UID:b", "SUMMARY:Trip", "DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126", "TRANSP:TRANSPARENT"))
    put(radicale, "c", event("UID:c", "SUMMARY:Elsewhere", "DTSTART:20261126T100000Z", "DTEND:20261126T110000Z"))
    found = await Agenda(calendars).act(hand(folder), AgendaArguments(start=DAY, end=DAY))
    events = value(found)["events"]
    assert [(one["title"], one["start"], one["end"], one["all_day"], one["busy"]) for one in events] == [
        ("Trip", DAY, "2026-11-25", True, False),
        ("Call, Tokyo", f"{DAY}T12:00:00+01:00", f"{DAY}T12:30:00+01:00", False, True),
    ]
    assert found.private and found.source == "calendar at 127.0.0.1" and value(found)["complete"] and value(found)["calendars"] == ["desk"]
    assert [one["title"] for one in await agenda(calendars, folder, text="tokyo call")] == ["Call, Tokyo"]
    taken = await FreeBusy(calendars).act(hand(folder), FreeBusyArguments(start=f"{DAY}T09:00", end=f"{DAY}T14:00", minutes=120))
    assert value(taken)["busy"] == [{"start": f"{DAY}T12:00:00+01:00", "end": f"{DAY}T12:30:00+01:00"}]
    assert value(taken)["free"] == [{"start": f"{DAY}T09:00:00+01:00", "end": f"{DAY}T12:00:00+01:00"}] and "Tokyo" not in str(taken.value)


async def test_what_repeats_keeps_its_hour_over_the_change_of_clocks(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    put(radicale, "weekly", event(
        "UID:weekly", "SUMMARY:Team", "DTSTART;TZID=Europe/Berlin:20261012T090000", "DTEND;TZID=Europe/Berlin:20261012T100000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261116T225959Z", "EXDATE;TZID=Europe/Berlin:20261102T090000",
    ) .replace("END:VCALENDAR", event("UID:weekly", "SUMMARY:Team\\, late", "RECURRENCE-ID;TZID=Europe/Berlin:20261019T090000",
                                     "DTSTART;TZID=Europe/Berlin:20261020T110000", "DTEND;TZID=Europe/Berlin:20261020T120000").split("VERSION:2.0\r\n")[1]))  # fmt: skip
    found = await agenda(calendars, folder, start="2026-10-01", end="2026-12-01")
    assert [one["start"] for one in found] == [
        "2026-10-12T09:00:00+02:00", "2026-10-20T11:00:00+02:00", "2026-10-26T09:00:00+01:00", "2026-11-09T09:00:00+01:00", "2026-11-16T09:00:00+01:00",
    ]  # fmt: skip
    one = found[3]
    moved = await Move(calendars).act(hand(folder), MoveArguments(id=one["id"], title="Team", occurrence=one["occurrence"], start="2026-11-10T14:00"))
    dropped = await Remove(calendars).act(hand(folder), RemoveArguments(id=one["id"], title="Team", occurrence=found[4]["occurrence"]))
    late = await Remove(calendars).act(hand(folder), RemoveArguments(id=one["id"], title="Team, late", occurrence=found[1]["occurrence"]))
    after = await agenda(calendars, folder, start="2026-10-01", end="2026-12-01")
    assert [event["start"] for event in after] == ["2026-10-12T09:00:00+02:00", "2026-10-26T09:00:00+01:00", "2026-11-10T14:00:00+01:00"]
    assert after[2]["end"] == "2026-11-10T15:00:00+01:00"
    with pytest.raises(ToolError, match="changed by somebody else"):
        await undo(calendars, folder, moved)
    for done in (late, dropped, moved):
        await undo(calendars, folder, done)
    assert [event["start"] for event in await agenda(calendars, folder, start="2026-10-01", end="2026-12-01")] == [event["start"] for event in found]


async def test_a_series_is_added_and_removed_whole(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    repeat = {"every": "week", "weekdays": ["TU", "FR"], "until": "2026-12-31"}
    arguments = AddArguments.model_validate({"title": "Run", "start": f"{DAY}T07:00", "end": f"{DAY}T08:00", "repeat": repeat})
    assert AddArguments.model_validate(arguments.model_dump(mode="json")) == arguments
    added = await Add(calendars).act(hand(folder), arguments)
    days = await agenda(calendars, folder, start="2026-11-20", end="2026-12-05")
    assert [one["start"][:10] for one in days] == ["2026-11-24", "2026-11-27", "2026-12-01", "2026-12-04"]
    with pytest.raises(ToolError, match="not free"):
        await Add(calendars).act(hand(folder), AddArguments(title="Clash", start="2026-12-04T07:30"))
    with pytest.raises(ToolError, match="name the occurrence"):
        await Remove(calendars).act(hand(folder), RemoveArguments(id=value(added)["id"], title="Run"))
    await Remove(calendars).act(hand(folder), RemoveArguments(id=value(added)["id"], title="Run", whole_series=True))
    assert radicale.files() == {}


async def test_whole_days_and_hours_that_do_not_exist(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    await Add(calendars).act(hand(folder), AddArguments(title="Fair", start=DAY, end="2026-11-26"))
    (text,) = radicale.files().values()
    assert "DTSTART;VALUE=DATE:20261124" in text and "DTEND;VALUE=DATE:20261127" in text
    with pytest.raises(ToolError, match="not free"):
        await Add(calendars).act(hand(folder), AddArguments(title="Late", start="2026-11-26T23:00"))
    await Add(calendars).act(hand(folder), AddArguments(title="Next", start="2026-11-27T00:00"))
    with pytest.raises(ToolError, match="does not exist in Europe/Berlin"):
        await Add(calendars).act(hand(folder), AddArguments(title="Gap", start="2027-03-28T02:30"))
    with pytest.raises(ToolError, match="later than the start"):
        await Add(calendars).act(hand(folder), AddArguments(title="Back", start=f"{DAY}T10:00", end=f"{DAY}T09:00"))


async def test_moved_and_moved_back_with_its_zone(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    zone = "BEGIN:VTIMEZONE\r\nTZID:Custom/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    text = event("UID:z", "SUMMARY:Old", "DTSTART;TZID=Custom/Berlin:20261124T090000", "DTEND;TZID=Custom/Berlin:20261124T103000", "X-KEEP:me")
    put(radicale, "z", text.replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT", 1))
    before = radicale.files()
    (one,) = await agenda(calendars, folder)
    assert one["start"] == f"{DAY}T09:00:00+01:00"
    done = await Move(calendars).act(hand(folder), MoveArguments(id=one["id"], title="Old", start="2026-11-25T16:00"))
    (moved,) = radicale.files().values()
    assert "DTSTART:20261125T150000Z" in moved and "DTEND:20261125T163000Z" in moved and "X-KEEP:me" in moved and "TZID:Custom/Berlin" in moved
    await undo(calendars, folder, done)
    assert radicale.files() == before


async def test_the_same_step_puts_nothing_in_twice(radicale: Radicale, calendars: Calendars, folder: Path, tmp_path: Path) -> None:
    arguments, key = AddArguments(title="Once", start=f"{DAY}T15:00"), uuid4().hex
    first = await Add(calendars).act(hand(folder, key), arguments)
    again = await Add(calendars).act(hand(folder, key), arguments)
    elsewhere = await Add(calendars).act(hand(tmp_path / "lost", key), arguments.model_copy(update={"only_if_free": False}))
    assert first.value == again.value == elsewhere.value and len(radicale.files()) == 1
    both = await asyncio.gather(*(Add(calendars).act(hand(tmp_path / str(n), key), arguments.model_copy(update={"only_if_free": False})) for n in range(8)))
    assert len(radicale.files()) == 1 and all(one.value == first.value for one in both)
    with radicale.client() as phone:  # twin: without the condition a repeat writes over what a person changed meanwhile
        assert (
            phone.put(
                value(first)["id"], content=event(f"UID:{key}@majordomo", "SUMMARY:Mine", "DTSTART:20261124T160000Z"), headers={"If-None-Match": "*"}
            ).status_code
            == 412
        )
        assert phone.put(value(first)["id"], content=event(f"UID:{key}@majordomo", "SUMMARY:Mine", "DTSTART:20261124T160000Z")).is_success
    with pytest.raises(ToolError, match="changed by somebody else"):
        await undo(calendars, folder, first)
    assert "SUMMARY:Mine" in next(iter(radicale.files().values()))


@pytest.mark.parametrize("queued", [True, False], ids=["one process", "32 processes"])
async def test_32_at_once_for_one_time(radicale: Radicale, calendars: Calendars, tmp_path: Path, queued: bool) -> None:
    tools = [Add(calendars if queued else replace(calendars, _queues=WeakKeyDictionary())) for _ in range(32)]
    calls = [(hand(tmp_path / str(n)), AddArguments(title=f"No. {n}", start=f"{DAY}T15:{n % 4 * 10:02d}")) for n in range(32)]
    done = await asyncio.gather(*(tool.act(*call) for tool, call in zip(tools, calls, strict=True)), return_exceptions=True)
    booked = sum(isinstance(one, Result) for one in done)
    odd = [(tool, call) for tool, call, one in zip(tools, calls, done, strict=True) if not isinstance(one, Result | Taken)]
    if queued:
        assert odd == [] and booked == 1
    for tool, call in odd:  # the server was flooded: what became of these is looked up, as the dispatcher does
        booked += call[0].doubts > 0 and (await tool.reconcile(*call)).found is Found.DONE
    assert len(radicale.files()) == booked <= 1


async def test_without_the_rule_32_at_once_book_32_times(radicale: Radicale, calendars: Calendars, tmp_path: Path) -> None:
    calls = [Add(calendars).act(hand(tmp_path / str(n)), AddArguments(title=f"No. {n}", start=f"{DAY}T15:00", only_if_free=False)) for n in range(32)]
    await asyncio.gather(*calls)
    assert len(radicale.files()) == 32


@pytest.mark.parametrize("rule", [True, False], ids=["rule", "twin"])
async def test_two_processes_that_both_found_it_free(radicale: Radicale, calendars: Calendars, tmp_path: Path, rule: bool, monkeypatch: Any) -> None:
    together, looked, real = asyncio.Barrier(2), set[str](), booking.refuse_taken

    async def only_before(session: Any, call: Any, plan: Any) -> None:
        if call.key not in looked:
            looked.add(call.key)
            await real(session, call, plan)

    if not rule:
        monkeypatch.setattr(booking, "refuse_taken", only_before)
    calls = [(replace(calendars, _queues=WeakKeyDictionary()), hand(tmp_path / str(n), before_doubt=together.wait)) for n in range(2)]
    await asyncio.gather(*(Add(house).act(call, AddArguments(title="Both", start=f"{DAY}T15:00")) for house, call in calls), return_exceptions=True)
    assert len(radicale.files()) <= 1 if rule else len(radicale.files()) == 2


async def test_an_interrupted_booking_is_found_again(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    arguments, call = AddArguments(title="Lost", start=f"{DAY}T15:00"), hand(folder)

    async def stop() -> None:
        radicale.stop()

    with pytest.raises(TransientError):
        await Add(calendars).act(replace(call, before_doubt=stop), arguments)
    with pytest.raises(TransientError):
        await Add(calendars).reconcile(call, arguments)
    radicale.start()
    assert (await Add(calendars).reconcile(call, arguments)).found is Found.NOT_DONE
    done = await Add(calendars).act(call, arguments)
    seen = await Add(calendars).reconcile(call, arguments)
    assert seen.found is Found.DONE and seen.result is not None and seen.result.value == done.value
    await undo(calendars, folder, seen.result)
    assert radicale.files() == {}


async def test_the_answer_that_never_came(radicale: Radicale, folder: Path) -> None:
    """The server stores the event and dies before it answers: it is found, not stored again; so too a removal and a move."""
    async with Cutting(radicale) as cut:
        calendars = Calendars(WayOut(), CalDavServer.read(radicale.settings().replace(f":{radicale.port}/", f":{cut.port}/")))
        call, arguments = hand(folder), AddArguments(title="Half", start=f"{DAY}T15:00")
        cut.methods = {b"PUT"}
        with pytest.raises(TransientError):
            await Add(calendars).act(call, arguments)
        assert len(radicale.files()) == 1
        added = await Add(calendars).reconcile(call, arguments)
        assert added.found is Found.DONE and added.result is not None
        identity = value(added.result)["id"]
        moving, to = hand(folder), MoveArguments(id=identity, title="Half", start=f"{DAY}T17:00")
        with pytest.raises(TransientError):
            await Move(calendars).act(moving, to)
        moved = await Move(calendars).reconcile(moving, to)
        assert moved.found is Found.DONE and moved.result is not None and value(moved.result)["start"] == f"{DAY}T17:00:00+01:00"
        cut.methods = {b"DELETE"}
        removing, what = hand(folder), RemoveArguments(id=identity, title="Half")
        with pytest.raises(TransientError):
            await Remove(calendars).act(removing, what)
        removed = await Remove(calendars).reconcile(removing, what)
        assert removed.found is Found.DONE and removed.result is not None and radicale.files() == {}
        cut.methods = set()
        await undo(calendars, folder, removed.result)
        await undo(calendars, folder, moved.result)
        assert "T150000" in next(iter(radicale.files().values()))


async def test_a_server_that_says_nothing_is_for_later(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    patient = replace(calendars, way_out=WayOut(limits=replace(WayOut().limits, whole_seconds=0.5)))
    radicale.freeze()
    try:
        with pytest.raises(TransientError):
            await Agenda(patient).act(hand(folder), AgendaArguments())
    finally:
        radicale.stop()
        radicale.start()


async def test_a_wrong_password_is_said_and_never_shown(radicale: Radicale, folder: Path) -> None:
    server = CalDavServer.read(radicale.settings(password="wrong-4711"))
    with pytest.raises(ToolError, match="did not accept the user name and password") as refusal:
        await Agenda(Calendars(WayOut(), server)).act(hand(folder), AgendaArguments())
    assert "4711" not in f"{refusal.value}{server!r}{server.authorization.__name__}"
    for url in ("ftp://u:hunter2@h/", "http://u:hunter2@calendar.example/", "https://u:hunter2@h/?x=1", "https://u:hun:ter2/9@h:x/"):
        with pytest.raises(ValueError) as fault:
            CalDavServer.read(url)
        assert "hunter2" not in str(fault.value)


async def test_only_the_owner_and_only_the_own_server(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    guest = hand(folder)
    guest.person = replace(guest.person, role=Role.MEMBER)
    with pytest.raises(ToolError, match="only the owner"):
        await Agenda(calendars).act(guest, AgendaArguments())
    with pytest.raises(ToolError, match="no calendar server is set up"):
        Agenda(Calendars(WayOut())).reach(AgendaArguments())
    with pytest.raises(pydantic.ValidationError):
        AgendaArguments(credential="cred://mine")
    with pytest.raises(pydantic.ValidationError):
        AgendaArguments(credential="cred://mine", server="http://dav.example/")
    for path in (
        f"/{OTHER}/desk/x.ics",
        "/../etc/passwd",
        f"/{USER}/desk/a/../../x.ics",
        "//evil.example/x.ics",
        f"/{USER}/desk/..",
        f"/{USER}/desk/%2e%2e",
        f"/{USER}/desk/a%2Fb",
        f"/{USER}/desk/",
    ):
        with pytest.raises(ToolError, match="no calendar of this account"):
            await Remove(calendars).act(hand(folder), RemoveArguments(id=path, title="x"))


async def test_a_persons_own_account_by_credential(folder: Path) -> None:
    with running(secure=True) as server:
        assert server.certificate is not None
        server.make_calendar("home")
        server.make_calendar("home", user=OTHER, password=OTHERS_PASSWORD)
        trusting = ssl.create_default_context(cafile=str(server.certificate.chain))
        calendars = Calendars(WayOut(frozenset({("localhost", server.port)}), tls=trusting))
        account = {"credential": "cred://mine", "server": server.url}
        given: dict[str, Any] = {"secrets": {("cred://mine", server.url): Secret({"username": OTHER, "password": OTHERS_PASSWORD})}}
        arguments = AddArguments.model_validate({"title": "Own", "start": f"{DAY}T10:00", **account})
        reach = Add(calendars).reach(arguments)
        assert (reach.deed, reach.hosts, reach.credential, reach.recipients) == (Deed.OWN, frozenset({"localhost"}), "cred://mine", ())
        done = await Add(calendars).act(hand(folder, **given), arguments)
        assert len(server.files("home", OTHER)) == 1 and server.files("home") == {}
        assert done.undo is not None and done.undo.arguments["credential"] == "cred://mine" and OTHERS_PASSWORD not in repr(done)
        kept = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
        assert kept and OTHERS_PASSWORD.encode() not in kept
        await Restore(calendars).act(hand(folder, **given), RestoreArguments.model_validate(dict(done.undo.arguments)))
        assert server.files("home", OTHER) == {}
        with pytest.raises(FatalError):  # a certificate that nobody trusts
            await Agenda(replace(calendars, way_out=WayOut(calendars.way_out.allowed))).act(hand(folder, **given), AgendaArguments.model_validate(account))
        with pytest.raises(ToolError, match="not for this address"):
            await Agenda(calendars).act(hand(folder, **given), AgendaArguments.model_validate(account | {"server": "https://evil.example/"}))


async def test_a_server_inside_is_not_reached_by_a_persons_credential(folder: Path) -> None:
    account = {"credential": "cred://mine", "server": "https://127.0.0.1:8443/"}
    given: dict[str, Any] = {"secrets": {("cred://mine", account["server"]): Secret({"username": "u", "password": "hunter2"})}}
    with pytest.raises(Refused):
        await Agenda(Calendars(WayOut())).act(hand(folder, **given), AgendaArguments.model_validate(account))


async def test_who_is_told_was_named(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    words = Catalogues(strict=True)
    arguments = AddArguments(title="Plan", start=f"{DAY}T09:00", attendees=("Ann@Example.com", "bo@example.com"))
    reach = Add(calendars).reach(arguments)
    assert reach.deed is Deed.MAIL and len(reach.recipients) == 2
    shown = Add(calendars).preview(arguments, lambda message, /, **given: words("en", message, given))
    assert "cannot be taken back" in shown.summary and ("Attendees", ", ".join(arguments.attendees)) in shown.details
    done = await Add(calendars).act(hand(folder), arguments)
    (text,) = radicale.files().values()
    assert f"ORGANIZER:mailto:{USER}" in text and text.count("ATTENDEE;") == 2
    (one,) = await agenda(calendars, folder)
    with pytest.raises(ToolError, match="name them in attendees"):
        await Remove(calendars).act(hand(folder), RemoveArguments(id=one["id"], title="Plan"))
    removing = RemoveArguments(id=one["id"], title="Plan", attendees=tuple(one["attendees"]))
    assert Remove(calendars).reach(removing).deed is Deed.MAIL
    gone = await Remove(calendars).act(hand(folder), removing)
    assert gone.undo is not None
    back = RestoreArguments.model_validate(dict(gone.undo.arguments))
    assert Restore(calendars).reach(back).deed is Deed.MAIL
    with pytest.raises(ToolError, match="another event than the one named"):
        await Restore(calendars).act(hand(folder), back.model_copy(update={"attendees": ()}))
    with pytest.raises(ToolError, match="another event than the one named"):
        await Restore(calendars).act(hand(folder), back.model_copy(update={"title": "Lunch"}))
    assert done.undo is not None and done.undo.arguments["attendees"] == list(arguments.attendees)


async def test_another_title_than_the_one_shown_changes_nothing(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    put(radicale, "a", event("UID:a", "SUMMARY:Surgery", "DTSTART:20261124T090000Z"))
    (one,) = await agenda(calendars, folder)
    for call in (
        Remove(calendars).act(hand(folder), RemoveArguments(id=one["id"], title="Old newsletter")),
        Move(calendars).act(hand(folder), MoveArguments(id=one["id"], title="Old newsletter", start="2030-01-01T00:00")),
    ):
        with pytest.raises(ToolError, match="is called 'Surgery'"):
            await call
    assert "20261124T090000Z" in next(iter(radicale.files().values()))


async def test_a_file_is_imported_once_and_nobody_is_written_to(radicale: Radicale, calendars: Calendars, folder: Path) -> None:
    alarm = "BEGIN:VALARM\r\nACTION:EMAIL\r\nATTENDEE:mailto:victim@example.com\r\nSUMMARY:x\r\nDESCRIPTION:x\r\nTRIGGER:-PT1H\r\nEND:VALARM"
    first = event("UID:in-1", "SUMMARY:Flight \x07LH 1", "DTSTART;TZID=America/New_York:20261124T090000", "DURATION:PT2H", "ORGANIZER:mailto:boss@example.com",
                  "ATTENDEE:mailto:victim@example.com", "ATTACH:http://evil.example/x", alarm)  # fmt: skip
    second = event("UID:in-2", "SUMMARY:Hotel", "DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY;COUNT=3").split("VERSION:2.0\r\n")[1]
    call = hand(folder)
    (folder / "trip.ics").write_bytes(first.replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:REQUEST").replace("END:VCALENDAR\r\n", second).encode())
    arguments = ImportArguments(file="trip.ics")
    assert ImportIcs(calendars).reach(arguments).files == ("trip.ics",) and ImportIcs(calendars).reach(arguments).deed is Deed.OWN
    done = await ImportIcs(calendars).act(call, arguments)
    assert value(done) == {"file": "trip.ics", "added": 2, "there_already": 0, "titles": ["Flight LH 1", "Hotel"]} and done.source == "file trip.ics"
    text = "".join(radicale.files().values())
    assert not any(word in text for word in ("victim", "boss", "evil", "VALARM", "METHOD", "\x07")) and "TZID=America/New_York" in text
    events = await agenda(calendars, folder, end="2026-11-30")
    assert [one["start"] for one in events] == ["2026-11-24", "2026-11-24T15:00:00+01:00", "2026-11-25", "2026-11-26"]
    assert value(await ImportIcs(calendars).act(hand(folder), arguments))["there_already"] == 2
    await undo(calendars, folder, done)
    assert radicale.files() == {} and call.doubts == 1


HOSTILE = {
    "huge": b"BEGIN:VCALENDAR\r\n" + b"X-A:" + b"a" * 2_000_000,
    "many lines": b"BEGIN:VCALENDAR\r\n" + b"X:1\r\n" * 100_000,
    "nested": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 20_000,
    "broken": b"\xff\xfe\x00BEGIN nothing",
    "empty": b"",
    "no start": event("UID:1", "SUMMARY:x").encode(),
    "bad start": event("UID:1", "DTSTART:99999999T999999").encode(),
    "every second": event("UID:1", "DTSTART:20261124T000000Z", "RRULE:FREQ=SECONDLY").encode(),
    "every rule": event("UID:1", "DTSTART:20261124T000000Z", "RRULE:FREQ=EVERYTHING").encode(),
    "many events": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + b"".join(f"BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART:20261124T000000Z\r\nEND:VEVENT\r\n".encode() for n in range(500)) + b"END:VCALENDAR\r\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_files_are_refused_quickly(radicale: Radicale, calendars: Calendars, folder: Path, kind: str) -> None:
    call, began = hand(folder), time.monotonic()
    (folder / "bad.ics").write_bytes(HOSTILE[kind])
    with pytest.raises(ToolError):
        await ImportIcs(calendars).act(call, ImportArguments(file="bad.ics"))
    assert call.doubts == 0 and radicale.files() == {} and time.monotonic() - began < 5


BOMBS = {
    "never": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "never by year": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "every second": "FREQ=SECONDLY",
    "all day long": "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5",
    "by zero": "FREQ=DAILY;INTERVAL=0",
    "far": "FREQ=YEARLY;INTERVAL=9999999",
    "position": "FREQ=DAILY;BYDAY=MO;BYSETPOS=366",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_rules_without_measure_are_not_followed(kind: str) -> None:
    document = ics.read(event("UID:1", "DTSTART:20200101T000000Z", f"RRULE:{BOMBS[kind]}").encode())
    clockwork, began = Clockwork(ZoneInfo("Europe/Berlin")), time.monotonic()
    found = clockwork.occurrences(document, datetime(2019, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert time.monotonic() - began < 3 and len(found) <= 2
    assert kind in {"never", "never by year", "far", "position"} or (not clockwork.complete and not found[-1].followed)


def test_a_long_series_is_cut_and_said_to_be() -> None:
    document = ics.read(event("UID:1", "DTSTART:16010101T000000", "RRULE:FREQ=DAILY").encode())
    clockwork = Clockwork(ZoneInfo("Europe/Berlin"))
    assert len(clockwork.occurrences(document, datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))) == MOST_OCCURRENCES
    assert not clockwork.complete
    brief = Clockwork(ZoneInfo("Europe/Berlin"))
    assert len(brief.occurrences(document, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC))) == 7 and brief.complete


@hypothesis.given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from(["BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "UID:1", "DTSTART:20261124T000000Z", "DTSTART;VALUE=DATE:20261124",
        "DTEND:20261123T000000Z", "DURATION:-P9999999D", "RRULE:FREQ=DAILY;COUNT=-1", "RRULE:FREQ=WEEKLY;BYDAY=9XX", "RRULE:", "RECURRENCE-ID:x", "EXDATE:2026",
        "EXDATE:20261124T000000Z", "RDATE;VALUE=PERIOD:20261124T000000Z/PT1H", "DTSTART;TZID=../../etc/passwd:20261124T000000", "ATTENDEE:", "SUMMARY:\x00\u2028x",
        "DTEND:99991231T235959Z", "RRULE:FREQ=MONTHLY;UNTIL=99991231T235959Z", "RRULE:FREQ=DAILY;INTERVAL=99999999999999999999", "EXDATE:99991231T235959Z", "END:VCALENDAR", "BEGIN:VALARM", "RECURRENCE-ID:20261124T000000Z", "RDATE:00010101", "DTSTART:00010101T000000", "DTSTART;TZID=Asia/Tokyo:00010101T000000"]), max_size=14)
    .map(lambda lines: "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART:20261124T000000Z", *lines, "END:VEVENT", "END:VCALENDAR"]).encode())
)  # fmt: skip
@hypothesis.settings(max_examples=400, deadline=None)
def test_no_input_breaks_the_reader(data: bytes) -> None:
    zone = ZoneInfo("Europe/Berlin")
    try:
        document = ics.read(data)
    except ics.Unreadable:
        return
    for one in Clockwork(zone).occurrences(document, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
        assert one.span(zone)[0] <= one.span(zone)[1]
    assert ics.same(data, document.written())


async def test_a_hostile_server_answers_nonsense(folder: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><D:multistatus xmlns:D="DAV:">&b;</D:multistatus>'
    away = ('<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response><D:href>/</D:href><D:propstat><D:prop><C:calendar-home-set>'
            "<D:href>https://evil.example/home/</D:href></C:calendar-home-set></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>")  # fmt: skip
    bodies = {"/bomb": bomb, "/away": away, "/html": "<html>", "/utf16": bomb.encode("utf-16").decode("latin-1")}

    async def answers(request: web.Request) -> web.StreamResponse:
        if request.path == "/moved":
            raise web.HTTPFound("https://evil.example/")
        return web.Response(status=207, body=bodies[request.path].encode("latin-1"), content_type="application/xml")

    async with site(answers) as server:
        for path, said in (
            ("/bomb", "not valid"),
            ("/utf16", "not valid"),
            ("/html", "not valid"),
            ("/away", "evil.example"),
            ("/moved", "shows no calendars"),
        ):
            house = CalDavServer.read(f"{server.url}{path}".replace("://", "://me:hunter2@"))
            with pytest.raises(ToolError, match=said):
                await Agenda(Calendars(server.way_out, house)).act(hand(folder), AgendaArguments())


def test_every_word_in_every_language() -> None:
    catalogues, calendars = Catalogues(strict=True), Calendars(WayOut())
    event_there = {"id": "/a.ics", "title": "x", "occurrence": DAY, "attendees": ["A@b.example"]}
    previews: list[tuple[Any, dict[str, Any]]] = [
        (Agenda(calendars), {}),
        (FreeBusy(calendars), {}),
        (Add(calendars), {"title": "x", "start": DAY, "location": "y", "description": "z", "calendar": "c", "repeat": {"every": "week", "weekdays": ["MO"]}}),
        (Add(calendars), {"title": "x", "start": DAY, "attendees": ["a@b.example"]}),
        (Move(calendars), {**event_there, "start": DAY}),
        (Remove(calendars), event_there),
        (Remove(calendars), {**event_there, "whole_series": True}),
        (Restore(calendars), {"change": "0" * 32, "title": "x", "attendees": ["a@b.example"]}),
        (ImportIcs(calendars), {"file": "x.ics", "calendar": "c"}),
    ]
    for language in LANGUAGES:
        for tool, given in previews:
            assert isinstance(tool, OutsideTool) and tool.arguments.model_json_schema()["additionalProperties"] is False
            arguments = tool.arguments.model_validate(given)
            assert tool.arguments.model_validate(arguments.model_dump(mode="json")) == arguments
            shown = tool.preview(arguments, lambda message, /, language=language, **more: catalogues(language, message, more))
            assert all("caldav" not in text for text in (shown.summary, *(label for label, _ in shown.details)))
    with pytest.raises(pydantic.ValidationError):
        AddArguments(title="x\u202egnp.exe", start=DAY)
    with pytest.raises(pydantic.ValidationError):
        AddArguments(title="x\r\nATTENDEE:mailto:a@b.example", start=DAY)
