"""One process on one data folder: the lock, the log lines, works that outlast a database that is away, and ending in good order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.settings import ConfigurationError
from storage.database import database_failed

PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
AGAIN = 1.0
"""Seconds before a work of the house whose database is away is begun anew."""

logger = logging.getLogger(__name__)


class JsonLines(logging.Formatter):
    """One line an event, with ids and never a text: what is not named in `extra` is not logged."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in PLAIN}
        if record.exc_info and record.exc_info[0] is not None:
            entry["error"] = record.exc_info[0].__name__
            entry["at"] = _place(record)
        return json.dumps(entry, default=str, ensure_ascii=False)


def _place(record: logging.LogRecord) -> list[str]:
    """Where an error arose: files and lines, without the values that a traceback or an SQL error would print."""
    trace = record.exc_info[2] if record.exc_info else None
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-6:]


def many_files() -> None:
    """As many open files as this process may have: each live stream is one, and 1,024, where most systems begin, is soon reached."""
    import resource  # noqa: PLC0415

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def begin_without_collecting() -> None:
    """No garbage is looked for while the program is loaded: hardly any comes, and the search through a growing heap costs a tenth of the start."""
    gc.disable()


def collect_from_now_on() -> None:
    """The end of the start. What was loaded stays until the end, and no collection looks through it again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def start_logging() -> None:
    """Our events to standard error; libraries only when they warn, and never the addresses that httpx would print."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("bot", "agents", "orchestrator", "storage"):
        logging.getLogger(name).setLevel(logging.INFO)
    for name in ("httpx", "httpcore", "telegram", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.ERROR)


@contextlib.contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock. Raises ConfigurationError when another process has it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigurationError(
            f"Another Majordomo is running on {folder}.", "stop it first, or give this one a folder of its own with DATABASE_URL"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def in_use(folder: Path) -> bool:
    """Whether a running Majordomo holds this data folder."""
    try:
        with sole_use(folder):
            return False
    except ConfigurationError:
        return True


async def outlasting(work: Callable[[], Awaitable[None]]) -> None:
    """Do a work of the house to its end. One that fails because the database does begins anew until that is back; anything else ends it."""
    while True:
        try:
            return await work()
        except Exception as error:
            if not database_failed(error):
                raise
            logger.exception("the database failed; this work begins anew")
            await asyncio.sleep(AGAIN)


async def until_stopped(*works: asyncio.Task[None]) -> None:
    """Wait for SIGTERM or SIGINT, or for the first work to end; a work that failed raises here."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waiter = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiter, *works], return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    for work in done - {waiter}:
        work.result()
