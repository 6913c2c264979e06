"""A real `majordomo run` in a process of its own: started, asked to stop, killed; and what people saw of it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.servers.postgres import free_port
from tests.servers.telegram.api import Api
from tests.servers.telegram.messages import Sent
from tests.trained import TRAINED, copy_trained, trained_router

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
STOP_SECONDS = 60.0
MARK = "↻"
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CODE = re.compile(r"\b(qa[a-z]{4})\b")


@asynccontextmanager
async def telegram(*, limits: bool = False) -> AsyncIterator[Api]:
    """The stand-in, serving."""
    async with Api(limits=limits) as api:
        yield api


class Majordomo:
    """One bot. `code` is Python that runs first: a twin takes a mechanism out with it. Files are kept in `folder`."""

    def __init__(self, api: Api, folder: Path, *, database_url: str = "", code: str = "", limits: bool = False, **environment: str) -> None:
        self.api = api
        self.folder = folder
        self.database_url = database_url or f"sqlite+aiosqlite:///{folder}/data/majordomo.db"
        kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        self.environment = kept | {
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.database_url,
            "MAJORDOMO_PORT": str(free_port()),
            "MAJORDOMO_STRANGERS": "welcome",
            "MAJORDOMO_SEND_LIMITS": "on" if limits else "off",
            "TELEGRAM_API_ROOT": api.root,
            "TELEGRAM_BOT_TOKEN": api.token,
            **environment,
        }
        self._command = [sys.executable, "-c", code_to_run("run", code)] if code else [sys.executable, "-m", "bot", "run"]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    async def start(self, *, until_polling: bool = True) -> float:
        """Seconds until the first poll."""
        began, polls = time.monotonic(), self.api.polls
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self._command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        async with asyncio.timeout(START_SECONDS):
            while until_polling and self.api.polls == polls:
                if self.process.poll() is not None:
                    raise AssertionError(f"majordomo ended with {self.process.returncode}:\n{self.log()[-3000:]}")
                await asyncio.sleep(0.005)
        return time.monotonic() - began

    def kill_now(self) -> None:
        """SIGKILL, at once; nothing in the process learns of it."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    async def kill(self) -> None:
        self.kill_now()
        if self.process is not None:
            await asyncio.to_thread(self.process.wait)

    async def stop(self) -> int:
        """SIGTERM and wait; the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, STOP_SECONDS)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def states(self, table: str) -> Counter[str]:
        """How many rows of a table stand in each state."""
        engine = sa.create_engine(self.database_url.replace("+aiosqlite", ""))
        try:
            with engine.connect() as connection:
                return Counter({str(state): int(count) for state, count in connection.execute(sa.text(f"SELECT state, count(*) FROM {table} GROUP BY state"))})
        finally:
            engine.dispose()


@asynccontextmanager
async def majordomo(api: Api, *, database_url: str = "", code: str = "", limits: bool = False, **environment: str) -> AsyncIterator[Majordomo]:
    """A bot in a folder of its own, not yet started; killed and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="majordomo-crash-", ignore_cleanup_errors=True) as folder:
        trained_router(Path(folder) / "data" / "cache")
        bot = Majordomo(api, Path(folder), database_url=database_url, code=code, limits=limits, **environment)
        try:
            yield bot
        finally:
            await bot.kill()
            copy_trained(Path(folder) / "data" / "cache", TRAINED)


def code_to_run(command: str, code: str) -> str:
    """A program that takes a mechanism out, or leaves all as it is, and then is `majordomo COMMAND`."""
    return f"import sys\nsys.argv = ['majordomo', '{command}']\n{code}\nfrom bot.cli import main\nmain()\n"


def code_of(number: int) -> str:
    """A word of its own for each number. As a command nobody knows it, and the reply names it."""
    letters = ""
    for _ in range(4):
        number, digit = divmod(number, 26)
        letters = _LETTERS[digit] + letters
    return f"qa{letters}"


def codes_in(text: str) -> list[str]:
    return _CODE.findall(text)


class Ledger:
    """What was asked in each chat, and whether the stand-in saw what it should. `then` is called with each message sent."""

    def __init__(self, api: Api, then: Callable[[Sent], None] | None = None) -> None:
        self.api = api
        self.then = then
        self.asked: dict[int, list[str]] = {}
        self.open: set[str] = set()
        self.answers: dict[int, list[tuple[str, bool]]] = {}
        """Which message each reply of a chat answers, and whether it is marked as a repetition."""
        self.unsolicited: list[str] = []
        self._next = 0
        api.platform.on_sent.append(self._saw)

    @property
    def count(self) -> int:
        return self._next

    def prepare(self, chat: int, text: str = "/{code}") -> dict[str, Any]:
        """A message with a text of its own, noted as asked, not yet queued. The reply must name the code."""
        code = code_of(self._next)
        self._next += 1
        self.asked.setdefault(chat, []).append(code)
        self.open.add(code)
        return self.api.message(chat, text.format(code=code))

    def ask(self, chat: int, text: str = "/{code}") -> dict[str, Any]:
        return self.api.push(self.prepare(chat, text))

    def _saw(self, sent: Sent) -> None:
        code = next(iter(codes_in(sent.text)), None)
        if code is None:
            self.unsolicited.append(sent.text)
        else:
            self.answers.setdefault(sent.chat_id, []).append((code, sent.text.startswith(MARK)))
            self.open.discard(code)
        if self.then is not None:
            self.then(sent)

    def unmarked_doubles(self) -> list[str]:
        """Replies that were seen twice although the second does not say so."""
        doubles = []
        for answers in self.answers.values():
            seen: set[str] = set()
            for code, marked in answers:
                if code in seen and not marked:
                    doubles.append(code)
                seen.add(code)
        return doubles

    def copies(self) -> int:
        """How many replies were seen beyond the first of each message, marked or not."""
        return sum(len(answers) - len({code for code, _ in answers}) for answers in self.answers.values())

    def marked(self) -> int:
        return sum(marked for answers in self.answers.values() for _, marked in answers)

    def misplaced(self) -> list[int]:
        """Chats with an answer that overtook another or belongs elsewhere; repetitions count where they first stood."""
        firsts = {chat: list(dict.fromkeys(code for code, _ in answers)) for chat, answers in self.answers.items()}
        return [chat for chat, codes in firsts.items() if codes != [code for code in self.asked.get(chat, ()) if code in set(codes)]]

    async def until_answered(self, timeout: float, *, then_wait: float = 0.5) -> None:
        """Waits for every answer, then a moment longer for what should not come. Raises AssertionError."""
        try:
            async with asyncio.timeout(timeout):
                while self.open:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{len(self.open)} of {self.count} messages unanswered, such as {sorted(self.open)[:10]}") from None
        await asyncio.sleep(then_wait)
