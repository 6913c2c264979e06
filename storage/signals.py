"""What a committed transaction announces: in this process at once, on Postgres to the other processes by NOTIFY.

A signal only wakes somebody who then reads the database; losing one costs a poll interval, never a message.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial

import sqlalchemy as sa

Notice = tuple[str, str]
Listener = Callable[[str], None]
Call = tuple[asyncio.AbstractEventLoop, Callable[[], None]]
KEY = "majordomo_signals"
CHANNEL = "majordomo"

logger = logging.getLogger(__name__)


def announce(connection: sa.Connection, topic: str, subject: str = "") -> None:
    """Tell whoever listens to `topic`, once this transaction has committed."""
    pending: list[Notice] = connection.info.setdefault(KEY, [])
    if (topic, subject) not in pending:
        pending.append((topic, subject))
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": f"{topic}:{subject}"})


def announced(connection: sa.Connection, topic: str) -> list[str]:
    """The subjects that this transaction has announced so far."""
    return [subject for known, subject in connection.info.get(KEY, ()) if known == topic]


def retract(connection: sa.Connection, topic: str, subject: str = "") -> None:
    """Nobody need be woken: what was announced has been dealt with in this very transaction."""
    pending: list[Notice] = connection.info.get(KEY, [])
    if (topic, subject) in pending:
        pending.remove((topic, subject))


class Signals:
    """Who listens to what. Listeners run on the event loop that subscribed them."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[tuple[asyncio.AbstractEventLoop, Listener]]] = {}

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Call `listener(subject)` for every announcement; returns what ends the subscription."""
        entry = (asyncio.get_running_loop(), listener)
        self._listeners.setdefault(topic, []).append(entry)
        return lambda: self._listeners[topic].remove(entry)

    def mark(self, connection: sa.Connection) -> int:
        return len(connection.info.get(KEY, ()))

    def rewind(self, connection: sa.Connection, mark: int) -> None:
        del connection.info.setdefault(KEY, [])[mark:]

    def take(self, connection: sa.Connection) -> list[Notice]:
        """What this transaction announced; the connection forgets it."""
        notices: list[Notice] = connection.info.pop(KEY, [])
        return notices

    def calls(self, notices: list[Notice]) -> list[Call]:
        """Who is to be told, each on the event loop that it listens on."""
        return [(loop, partial(listener, subject)) for topic, subject in notices for loop, listener in list(self._listeners.get(topic, ()))]

    def deliver(self, notices: list[Notice]) -> None:
        """Called from any thread after the commit."""
        call_on_loops(self.calls(notices))


def call_on_loops(calls: Iterable[Call]) -> None:
    """Run calls on their event loops, in order; each loop is woken once, for waking it costs more than most calls."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = {}
    for loop, call in calls:
        by_loop.setdefault(loop, []).append(call)
    for loop, mine in by_loop.items():
        try:
            loop.call_soon_threadsafe(_run_all, mine)
        except RuntimeError:
            logger.debug("whoever listened has gone: their event loop is closed")


def _run_all(calls: list[Callable[[], None]]) -> None:
    """A listener that fails must not silence those behind it."""
    for call in calls:
        try:
            call()
        except Exception:
            logger.exception("a listener failed")
