"""The terminal chat: a piped conversation, choices by number, progress in place, and nothing that commands the terminal."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from bot.channels import terminal
from bot.channels.base import Channel, Incoming, Key, Kind, Part
from bot.channels.remote_terminal import NobodyAnswers, as_text, attach
from bot.channels.terminal import TerminalChannel
from orchestrator.contracts import Attachment
from tests.channels.web_house import web_house

KEYS = ((Key("Approve", "t-approve"), Key("Decline", "t-decline")),)
Answer = Callable[[TerminalChannel, Incoming], Awaitable[None]]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "QUIET", 0.3)


def console(*, screen: bool = False) -> Console:
    return Console(file=io.StringIO(), width=80, height=24, force_terminal=screen, color_system=None, legacy_windows=False)


def written(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def reader(lines: Sequence[str]) -> terminal.ReadLine:
    left = [f"{line}\n" for line in lines]

    async def read() -> str | None:
        return left.pop(0) if left else None

    return read


def screen_of(stream: str) -> list[str]:
    """What a person sees after a terminal has obeyed: carriage return, cursor up, erase line and nothing else."""
    lines, row, at = [""], 0, 0
    while at < len(stream):
        for code in ("\x1b[1A", "\x1b[2K", "\n", "\r"):
            if stream.startswith(code, at):
                at += len(code)
                break
        else:
            assert stream[at] != "\x1b", stream[at : at + 10]
            lines[row] += stream[at]
            at += 1
            continue
        if code == "\x1b[1A":
            row -= 1
        elif code == "\n":
            row += 1
            lines += [""] if row == len(lines) else []
        elif code == "\x1b[2K":
            lines[row] = ""
    return [line.strip() for line in lines if line.strip()]


async def converse(lines: Sequence[str], answer: Answer, on: Console | None = None, *, interactive: bool = False) -> tuple[list[Incoming], str]:
    """Everything taken, everything written."""
    on = on or console()
    channel = TerminalChannel(on, reader(lines), interactive=interactive)
    taken: list[Incoming] = []
    working: set[asyncio.Task[None]] = set()

    async def work(item: Incoming) -> None:
        await asyncio.sleep(0.1)
        await answer(channel, item)

    async def intake(batch: Sequence[Incoming]) -> None:
        taken.extend(batch)
        working.update(asyncio.create_task(work(item)) for item in batch)

    async with asyncio.timeout(60):
        await channel.run(intake)
        await asyncio.gather(*working)
    return taken, written(on)


async def echo(channel: TerminalChannel, item: Incoming) -> None:
    await channel.send("local", Part(f"echo: {item.text}"))


async def offer(channel: TerminalChannel, item: Incoming) -> None:
    if item.kind is Kind.BUTTON:
        await channel.answer_press(item.payload["press_id"], "noted")
    else:
        await channel.send("local", Part("Shall I?", keys=KEYS))


def test_it_keeps_the_contract() -> None:
    assert isinstance(TerminalChannel(console(), interactive=False), Channel)


async def test_a_piped_conversation_waits_for_every_answer() -> None:
    taken, out = await converse(["Hi", "", "  bye  "], echo)
    assert [line.strip() for line in out.splitlines() if line.strip()] == ["echo: Hi", "echo: bye"]
    assert [(item.channel, item.chat_id, item.sender_id, item.kind, item.text) for item in taken] == [
        ("web", "local", "owner", Kind.TEXT, "Hi"),
        ("web", "local", "owner", Kind.TEXT, "bye"),
    ]
    assert len({item.platform_id for item in taken}) == 2
    assert "you>" not in out and "\x1b" not in out


async def test_lines_stay_lines() -> None:
    async def hours(channel: TerminalChannel, item: Incoming) -> None:
        await channel.send("local", Part("Hours:\n- Sunday: **10–17**\nWe are open.", markdown=""))

    _, out = await converse(["hours?"], hours)
    assert [line.strip() for line in out.splitlines() if line.strip()] == ["Hours:", "• Sunday: 10–17", "We are open."]


async def test_late_answers_are_waited_for_as_long_as_something_comes() -> None:
    async def slow(channel: TerminalChannel, item: Incoming) -> None:
        for number in range(4):
            await channel.send("local", Part(f"part {number}"))
            await asyncio.sleep(0.2)

    _, out = await converse(["go"], slow)
    assert "part 3" in out


async def test_a_number_presses_the_button_of_the_newest_card() -> None:
    taken, out = await converse(["card", "2", "2", "9"], offer)
    assert "1) Approve  2) Decline" in out and "(noted)" in out
    assert [item.kind for item in taken] == [Kind.TEXT, Kind.BUTTON, Kind.TEXT, Kind.TEXT]
    assert taken[1].payload == {"token": "t-decline", "press_id": taken[1].platform_id} and taken[1].text == "Decline"


async def test_an_edit_without_buttons_spends_them() -> None:
    async def expire(channel: TerminalChannel, item: Incoming) -> None:
        place = await channel.send("local", Part("Shall I?", keys=KEYS))
        await channel.edit("local", place, Part("Too late."))

    taken, _ = await converse(["card", "1"], expire)
    assert [item.kind for item in taken] == [Kind.TEXT, Kind.TEXT]


async def test_progress_is_rewritten_in_place() -> None:
    async def work(channel: TerminalChannel, item: Incoming) -> None:
        place = await channel.send("local", Part("Working: 0 %\n\nstep one", kind="status"))
        for percent in (30, 60, 100):
            await channel.edit("local", place, Part(f"Working: {percent} %"))
        await channel.send("local", Part("Done."))

    _, out = await converse(["go"], work, console(screen=True), interactive=True)
    shown = screen_of(out)
    assert [line for line in shown if "Working" in line] == ["Working: 100 %"] and "step one" not in shown
    assert "Done." in shown and shown[-1].startswith("you>")
    _, piped = await converse(["go"], work)
    assert "\x1b" not in piped and "Working: 100 %" in piped


async def test_what_the_person_typed_is_never_wiped() -> None:
    view = terminal.TerminalView(console(screen=True), interactive=True)
    view.show("1", "Working: 0 %", ())
    view.typed()
    view.change("1", "Working: 50 %", ())
    assert [line for line in screen_of(written(view.console)) if "Working" in line] == ["Working: 0 %", "Working: 50 %"]


HOSTILE = ["\x1b[2Jgone", "\x1b]0;title\x07x", "\x9b31mred", "a\rb", "\x1b]8;;http://evil.example\x1b\\link", "\u202eevil", "[bold red]markup[/]"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_nothing_that_commands_the_terminal_gets_through(text: str) -> None:
    async def repeat(channel: TerminalChannel, item: Incoming) -> None:
        place = await channel.send("local", Part(text, keys=((Key(text, "t"),),)))
        await channel.edit("local", place, Part(f"`{text}`"))
        await channel.send("local", Part("", file=Attachment(f"{text}.ics", "text/calendar", "")))
        await channel.answer_press("p", text)

    _, out = await converse(["go"], repeat)
    assert not any(character in out for character in "\x1b\x07\x9b\r\u202e")
    if "markup" in text:
        assert "[bold red]markup[/]" in out


async def test_a_file_is_saved_into_the_working_folder_and_never_over_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def attached(channel: TerminalChannel, item: Incoming) -> None:
        await channel.send("local", Part("", file=Attachment("../../visit.ics", "text/calendar", "BEGIN:VCALENDAR\r\n")))

    taken, out = await converse(["file", "/save 1", "save 1", "/save ../../visit.ics", "/save 7"], attached)
    assert (tmp_path / "visit.ics").read_bytes() == b"BEGIN:VCALENDAR\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["visit.ics"]
    assert "saved as visit.ics" in out and out.count("nothing was written") == 2
    assert [item.text for item in taken] == ["file", "/save 7"]


async def test_joined_to_a_running_bot_it_is_the_same_chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    on = console()
    async with web_house(tmp_path) as house, asyncio.timeout(30):
        await attach(tmp_path, on, reader(["Hi *you*", "card", "2", "file", "/save 1"]), interactive=False)
        async with house.client() as client:
            entries = (await client.get("/chat/history")).json()["entries"]
    out = written(on)
    assert "echo: Hi you" in out and "1) Approve  2) Decline" in out and "pressed Decline" in out and "(chosen Decline)" in out
    assert (tmp_path / "Termin_für_dich.ics").read_bytes() == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    assert len([entry for entry in entries if entry["mine"]]) == 4


@pytest.mark.parametrize("left", [None, "{}", "not json", '{"secret": "s", "address": "http://127.0.0.1:9"}'])
async def test_where_nobody_answers_it_says_so(tmp_path: Path, left: str | None) -> None:
    if left is not None:
        (tmp_path / "web.json").write_text(left)
    with pytest.raises(NobodyAnswers):
        await attach(tmp_path, console(), reader([]), interactive=False)


def test_html_of_an_older_row_is_read_as_text() -> None:
    assert as_text("<p>a &amp; <strong>b</strong></p><ul><li>c</li></ul>") == "a & b\n- c"
