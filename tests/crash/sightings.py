"""What people saw, by what it says: how often each thing, and whether what came again said so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from tests.crash.majordomo import MARK
from tests.servers.telegram.api import Api
from tests.servers.telegram.messages import Sent

Meaning = Callable[[Sent], str | None]
"""What a message says, in a word that no other message has; None for one that nobody should have got."""


class Sightings:
    """Listens to the stand-in. `then` is called with what was seen for the first time, and where."""

    def __init__(self, api: Api, meaning: Meaning, then: Callable[[int, str], None] | None = None) -> None:
        self.seen: dict[str, list[bool]] = {}
        """For each thing, in order, whether each sight of it was marked as a repetition."""
        self.order: dict[int, list[str]] = {}
        """For each chat, what was seen, where it first stood."""
        self.strange: list[str] = []
        self._meaning = meaning
        self._then = then
        api.platform.on_sent.append(self._saw)

    def _saw(self, sent: Sent) -> None:
        meant = self._meaning(sent)
        if meant is None:
            self.strange.append(sent.text)
            return
        first = meant not in self.seen
        self.seen.setdefault(meant, []).append(sent.text.startswith(MARK))
        if first:
            self.order.setdefault(sent.chat_id, []).append(meant)
            if self._then is not None:
                self._then(sent.chat_id, meant)

    def unmarked_doubles(self) -> list[str]:
        """What was seen again without saying so."""
        return [meant for meant, marks in self.seen.items() if not all(marks[1:])]

    def marked(self) -> int:
        return sum(sum(marks) for marks in self.seen.values())

    async def until_seen(self, wanted: Collection[str], seconds: float, *, then_wait: float = 0.5) -> None:
        """Waits for all of it, then a moment longer for what should not come. Raises AssertionError."""
        try:
            async with asyncio.timeout(seconds):
                while any(one not in self.seen for one in wanted):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            missing = sorted(one for one in wanted if one not in self.seen)
            raise AssertionError(f"{len(missing)} of {len(wanted)} were never seen, such as {missing[:10]}") from None
        await asyncio.sleep(then_wait)
