"""The terminal chat: one line is one message, buttons are numbers, progress is rewritten in place."""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.control import Control
from rich.markdown import Markdown
from rich.segment import ControlType

from bot.channels.base import Incoming, Intake, Key, Kind, Part
from bot.channels.recording import CAPABILITIES, TOAST, Recording
from orchestrator.contracts import Attachment

NAME, CHAT, OWNER = "web", "local", "owner"
"""The terminal and the page are one chat: what was asked for here is answered there, should only the page be served by then."""
PROMPT = "you> "
QUIET = 1.5
"""Seconds without an answer after which a piped conversation counts as over."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that could command the terminal or turn its text around: nobody's message may hold them."""
ReadLine = Callable[[], Awaitable[str | None]]


async def read_standard_input() -> str | None:
    """The next line; None at the end of input."""
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return line if line else None


def clean(text: str) -> str:
    """The text without anything that a terminal would obey; tabs and line ends stay."""
    return CONTROL.sub("", text)


def rendered(text: str) -> Markdown:
    """Markdown for the screen; line ends are kept, as in the other channels, and links bring no escapes of their own."""
    made = Markdown(text, hyperlinks=False)
    for token in made.parsed:
        for inner in token.children or []:
            if inner.type == "softbreak":
                inner.type = "hardbreak"
    return made


@dataclass(frozen=True, slots=True)
class _Lowest:
    """The message that stands last on the screen, and how many lines it takes: the one that can be rewritten."""

    place: str
    lines: int


class TerminalView:
    """What is on the screen: messages, and the numbered choices of the newest one that has any."""

    def __init__(self, console: Console, *, interactive: bool = False) -> None:
        self.console = console
        self.interactive = interactive
        self.last_output = 0.0
        self._keys: list[Key] = []
        self._keys_of = ""
        self._files: list[Attachment] = []
        self._lowest: _Lowest | None = None

    def show(self, place: str, markdown: str, rows: tuple[tuple[Key, ...], ...], file: Attachment | None = None) -> None:
        """Print a message and number its buttons. `place` names it, for later changes."""
        self._clear_prompt()
        self._lowest = _Lowest(place, self._print(place, markdown, rows, file))
        self._finish()

    def change(self, place: str, markdown: str, rows: tuple[tuple[Key, ...], ...]) -> None:
        """Rewrite a message where it stands if it is the last on a real terminal, else print it anew."""
        if self._keys_of == place:
            self._keys = []
        self._clear_prompt()
        if self.console.is_terminal and self._lowest is not None and self._lowest.place == place:
            self._wipe(self._lowest.lines)
        self._lowest = _Lowest(place, self._print(place, markdown, rows, None))
        self._finish()

    def note(self, text: str) -> None:
        """A short line of the terminal's own."""
        self._clear_prompt()
        self.console.print(clean(text), markup=False, highlight=False)
        self._lowest = None
        self._finish()

    def prompt(self) -> None:
        if self.interactive:
            self.console.print(PROMPT, end="")

    def typed(self) -> None:
        """The person pressed Enter: their line stands below what was shown."""
        self._lowest = None
        self.last_output = asyncio.get_running_loop().time()

    def chosen(self, line: str) -> Key | None:
        """The button that a typed number stands for; it is spent."""
        if line.isascii() and line.isdigit() and 1 <= int(line) <= len(self._keys):
            key = self._keys[int(line) - 1]
            self._keys = []
            return key
        return None

    def wanted_file(self, line: str) -> Attachment | None:
        """ "/save 1", "save 1" or "/save NAME": one of the files that were announced."""
        found = re.fullmatch(r"/?save\s+(.+)", line)
        if not found:
            return None
        name = found.group(1).strip()
        if name.isascii() and name.isdigit() and 1 <= int(name) <= len(self._files):
            return self._files[int(name) - 1]
        return next((file for file in reversed(self._files) if clean(file.name) == name), None)

    def save(self, line: str) -> bool:
        """Write the wanted file into the working folder, never over one that is there; False if the line wants none."""
        file = self.wanted_file(line)
        if file is None:
            return False
        path = Path(re.sub(r"[^\w.-]", "_", Path(file.name).name).lstrip(".") or "file")
        try:
            with path.open("x", encoding="utf-8", newline="") as kept:
                kept.write(file.content)
        except OSError as error:
            self.note(f"{path} is there already; nothing was written." if isinstance(error, FileExistsError) else f"{path} cannot be written: {error.strerror}")
        else:
            self.note(f"saved as {path}")
        return True

    async def quiet(self) -> None:
        """Until nothing was shown for a while."""
        loop = asyncio.get_running_loop()
        while (left := self.last_output + QUIET - loop.time()) > 0:  # noqa: ASYNC110 - what ends the wait is time itself
            await asyncio.sleep(left)

    def _print(self, place: str, markdown: str, rows: tuple[tuple[Key, ...], ...], file: Attachment | None) -> int:
        """Returns how many lines it took."""
        with self.console.capture() as captured:
            text = clean(markdown)
            if text.strip():
                self.console.print(rendered(text))
            keys = [key for row in rows for key in row]
            if keys:
                self._keys, self._keys_of = keys, place
                self.console.print("  ".join(f"{n}) {clean(key.label)}" for n, key in enumerate(keys, 1)), markup=False, highlight=False)
            if file is not None:
                self._files.append(file)
                number = len(self._files)
                self.console.print(f"[file {number}: {clean(file.name)}; /save {number} keeps it here]", markup=False, highlight=False)
        shown = captured.get()
        self.console.file.write(shown)
        return shown.count("\n")

    def _clear_prompt(self) -> None:
        if self.interactive:
            self.console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))

    def _wipe(self, lines: int) -> None:
        for _ in range(min(lines, self.console.height - 1)):
            self.console.control(Control((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)))

    def _finish(self) -> None:
        self.prompt()
        self.console.file.flush()
        self.last_output = asyncio.get_running_loop().time()


class TerminalChannel:
    """Speaks with the person at this terminal, who is the local owner. What it shows is recorded, so that the page shows it, too."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self, console: Console | None = None, read_line: ReadLine = read_standard_input, *, interactive: bool | None = None, record: Recording | None = None
    ) -> None:
        """`interactive` shows a prompt; unless told, it is whether standard input is a terminal. Without `record` nothing stays."""
        self._interactive = sys.stdin.isatty() if interactive is None else interactive
        self._view = TerminalView(console or Console(), interactive=self._interactive)
        self._read_line = read_line
        self._record = record
        self._sent = 0

    async def run(self, intake: Intake) -> None:
        """Read lines until the end of input; a piped conversation waits for its answers before the next line and the end."""
        self._view.prompt()
        while (line := await self._read_line()) is not None:
            said = line.strip()
            self._view.typed()
            if said and not self._view.save(said):
                await intake([self._incoming(said)])
                if not self._interactive:
                    await self._view.quiet()
            self._view.prompt()
        await self._view.quiet()

    async def send(self, chat: str, part: Part) -> str:
        self._sent += 1
        place = str(self._sent) if self._record is None else await self._record.send(chat, part)
        self._view.show(place, part.markdown or part.text, part.keys, part.file)
        return place

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        if self._record is not None:
            await self._record.edit(chat, platform_id, part)
        self._view.change(platform_id, part.markdown or part.text, part.keys)

    async def answer_press(self, press_id: str, text: str) -> None:
        if self._record is not None:
            await self._record.record(CHAT, TOAST, {"text": text, "press": press_id}, None, None)
        self._view.note(f"({text})")

    async def remove(self, chat: str, platform_id: str) -> None:
        return None

    async def typing(self, chat: str) -> None:
        return None

    async def close(self) -> None:
        return None

    def _incoming(self, said: str) -> Incoming:
        line_id = f"line-{secrets.token_hex(12)}"
        key = self._view.chosen(said)
        now = datetime.now(UTC)
        if key is not None:
            return Incoming(NAME, line_id, CHAT, OWNER, Kind.BUTTON, key.label, {"token": key.token, "press_id": line_id}, sent_at=now)
        return Incoming(NAME, line_id, CHAT, OWNER, Kind.TEXT, said, sent_at=now)
