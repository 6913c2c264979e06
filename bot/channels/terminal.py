"""The terminal chat: one line is one message, buttons are numbers, progress is rewritten in place."""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from bot.channels.base import Capabilities, Incoming, Intake, Key, Kind, Markup, Part
from orchestrator.contracts import Attachment

NAME, CHAT, OWNER = "terminal", "local", "owner"
PROMPT = "you> "
QUIET = 1.5
"""Seconds without an answer after which a piped conversation counts as over."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that could command the terminal: nobody's message may hold them."""
CAPABILITIES = Capabilities(text_limit=20_000, markup=Markup.MARKDOWN, edits=True, files=True)
ReadLine = Callable[[], Awaitable[str | None]]


async def read_standard_input() -> str | None:
    """The next line; None at the end of input."""
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return line if line else None


class TerminalView:
    """What is on the screen: messages, and the numbered choices of the newest one that has any."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.keys: list[Key] = []
        self.files: list[Attachment] = []
        self.last_output = 0.0

    def show(self, markdown: str, rows: tuple[tuple[Key, ...], ...], file: Attachment | None = None) -> None:
        """Print a message and number its buttons."""
        clean = CONTROL.sub("", markdown)
        if clean.strip():
            self.console.print(Markdown(clean))
        keys = [key for row in rows for key in row]
        if keys:
            self.keys = keys
            self.console.print("   ".join(f"{n}) {CONTROL.sub('', key.label)}" for n, key in enumerate(keys, 1)), markup=False)
        if file is not None:
            self.files.append(file)
            self.console.print(f"[file {len(self.files)}: {file.name}, /save {len(self.files)} keeps it here]", markup=False)
        self.last_output = asyncio.get_running_loop().time()

    def chosen(self, line: str) -> Key | None:
        """The button that a typed number stands for; it is spent."""
        if line.isdigit() and 1 <= int(line) <= len(self.keys):
            key = self.keys[int(line) - 1]
            self.keys = []
            return key
        return None

    def save(self, line: str) -> bool:
        """ "/save 1" writes a file into the working folder; never over one that is there."""
        found = re.fullmatch(r"/save\s+(\d+)", line)
        if not found or not 1 <= int(found.group(1)) <= len(self.files):
            return False
        file = self.files[int(found.group(1)) - 1]
        path = Path(re.sub(r"[^\w.-]", "_", Path(file.name).name))
        try:
            with path.open("x", encoding="utf-8") as kept:
                kept.write(file.content)
        except FileExistsError:
            self.console.print(f"{path} is there already; nothing was written.", markup=False)
            return True
        self.console.print(f"saved as {path}", markup=False)
        return True


class TerminalChannel:
    """Speaks with the person at this terminal, who is the local owner."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, console: Console | None = None, read_line: ReadLine = read_standard_input) -> None:
        self._view = TerminalView(console or Console())
        self._read_line = read_line
        self._interactive = sys.stdin.isatty()
        self._sent = 0

    async def run(self, intake: Intake) -> None:
        """Read lines until the end of input; a piped conversation then waits for its last answers."""
        while True:
            if self._interactive:
                self._view.console.print(PROMPT, end="")
            line = await self._read_line()
            if line is None:
                break
            said = line.strip()
            if not said or self._view.save(said):
                continue
            self._view.last_output = asyncio.get_running_loop().time()
            await intake([self._incoming(said)])
            if not self._interactive:
                await self._quiet()
        await self._quiet()

    async def send(self, chat: str, part: Part) -> str:
        self._view.show(part.markdown or part.text, part.keys, part.file)
        self._sent += 1
        return str(self._sent)

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        self._view.show(part.markdown or part.text, part.keys)

    async def answer_press(self, press_id: str, text: str) -> None:
        self._view.console.print(f"({CONTROL.sub('', text)})", markup=False)

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

    async def _quiet(self) -> None:
        """Until nothing was shown for a while."""
        loop = asyncio.get_running_loop()
        while loop.time() - self._view.last_output < QUIET:  # noqa: ASYNC110 - what ends the wait is time itself
            await asyncio.sleep(0.05)
