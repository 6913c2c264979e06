"""A server that we start: one JSON message a line, on its standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.tools.mcp.messages import LONGEST, Broken, Exchange, Message, NotSent, notification, packed, question
from agents.tools.mcp.settings import Program
from orchestrator.contracts import ToolError

POLITE_SECONDS = 2.0
"""What a server has to end by itself after its input was closed."""
PROCESSES = Path("/proc")
WATCH = "mcp-watch"
"""The name of the asyncio tasks that wait for a program's end."""
ROUNDS = 5
"""Whoever was born while we were looking is found in the next round."""
BEGUN = 19
"""Where /proc/…/stat, behind the name, says when a process began."""


class ProgramWire:
    """The process, its whole family, and the questions put to it, one after the other.

    After anything but an answer in time the family is killed: what a confused server says next belongs to no question.
    Between questions nothing is read, so a server that floods fills a pipe and waits.
    """

    def __init__(self, program: Program, environment: Mapping[str, str]) -> None:
        self._program = program
        self._environment = {name: environment[name] for name in (*program.env, *program.secrets) if name in environment}
        self._process: asyncio.subprocess.Process | None = None
        self._ending: _Ending | None = None
        self._pipes: asyncio.SubprocessTransport | None = None
        self._watch: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._number = 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._pipes, self._ending = await loop.subprocess_exec(
                lambda: _Ending(loop),
                self._program.command,
                *self._program.args,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise ToolError(
                f"the server's program cannot be started ({why}); a command without a folder is looked for in PATH only if env names PATH"
            ) from None
        self._process = asyncio.subprocess.Process(self._pipes, self._ending, loop)
        self._watch = asyncio.create_task(self._after(self._process.pid, self._ending), name=WATCH)

    async def ask(self, method: str, params: Message, seconds: float) -> Message:
        try:
            async with asyncio.timeout(seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise NotSent(f"the server was busy with other calls for {seconds:g} s") from None
        try:
            exchange = await self._exchange(method, params, seconds)
        finally:
            self._turn.release()
        return exchange.result()

    async def tell(self, method: str) -> None:
        async with self._turn:
            await self._say(notification(method))

    def agreed(self, version: str) -> None:
        """The version is nowhere said on this line."""

    async def close(self) -> None:
        """Its input is closed, and what has not ended by itself soon is killed."""
        process = self._process
        if process is None or self._ending is None or process.stdin is None:
            return
        relatives = family(process.pid) if self.alive else frozenset()
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLITE_SECONDS):
                await self._ending.ended.wait()
        await self._end()
        for relative in relatives:
            relative.kill()

    async def _exchange(self, method: str, params: Message, seconds: float) -> Exchange:
        if not self.alive:
            raise NotSent("the server has ended")
        self._number += 1
        exchange = Exchange(self._number)
        try:
            async with asyncio.timeout(seconds):
                await self._say(question(self._number, method, params))
                while not exchange.answered:
                    for reply in exchange.take(await self._line(exchange)):
                        await self._say(reply)
        except TimeoutError:
            await self._end()
            raise Broken(f"the server did not answer within {seconds:g} s and was ended") from None
        except BaseException:
            await self._end()
            raise
        return exchange

    async def _say(self, message: Message) -> None:
        if self._process is None or self._process.stdin is None:
            raise NotSent("the server was not started")
        try:
            self._process.stdin.write(packed(message) + b"\n")
            await self._process.stdin.drain()
        except (OSError, RuntimeError):
            raise Broken("the server has ended") from None

    async def _line(self, exchange: Exchange) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise NotSent("the server was not started")
        try:
            line = await self._process.stdout.readline()
        except ValueError:
            raise Broken(f"the server said more than {LONGEST // 1_000_000} MB in one line and was ended") from None
        if not line:
            raise Broken("the server has ended")
        exchange.weigh(len(line))
        return line

    async def _end(self) -> None:
        if self._process is None or self._ending is None or self._watch is None or self._pipes is None:
            return
        if self.alive:
            kill_family(self._process.pid)
        await asyncio.shield(self._watch)
        self._pipes.close()

    @staticmethod
    async def _after(leader: int, ending: _Ending) -> None:
        """A server that ended by itself leaves nobody behind, who could keep its pipes open."""
        await ending.ended.wait()
        kill_family(leader)


class _Ending(asyncio.subprocess.SubprocessStreamProtocol):
    """Knows when the process itself has ended; asyncio's own `wait` also waits for whoever inherited its pipes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=LONGEST, loop=loop)
        self.ended = asyncio.Event()

    def process_exited(self) -> None:
        super().process_exited()
        self.ended.set()


@dataclass(frozen=True, slots=True)
class Relative:
    """A process, told from a later one of the same number by when it began."""

    number: int
    begun: str

    def kill(self) -> None:
        entry = _entry(PROCESSES / str(self.number) / "stat")
        if entry is not None and entry.begun == self.begun:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.number, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    parent: int
    group: int
    session: int
    begun: str


def kill_family(leader: int) -> None:
    """End a process group, everybody in its session, and every descendant that left both."""
    for _ in range(ROUNDS):
        others = family(leader)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
        for relative in others:
            relative.kill()
        if not others:
            return


def family(leader: int) -> frozenset[Relative]:
    """The living processes of a session with all their descendants; empty where the system has no /proc."""
    entries = [entry for path in PROCESSES.glob("[0-9]*/stat") if (entry := _entry(path)) is not None]
    found = {entry.number for entry in entries if leader in {entry.number, entry.group, entry.session}}
    grown = -1
    while grown != len(found):
        grown = len(found)
        found |= {entry.number for entry in entries if entry.parent in found}
    return frozenset(Relative(entry.number, entry.begun) for entry in entries if entry.number in found)


def _entry(path: Path) -> _Entry | None:
    """One line of the kernel's table; None for who has ended."""
    try:
        fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    if len(fields) <= BEGUN or fields[0] == "Z":
        return None
    return _Entry(int(path.parent.name), int(fields[1]), int(fields[2]), int(fields[3]), fields[BEGUN])
