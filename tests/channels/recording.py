"""A channel that remembers what it was told to show, and fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channels.base import Capabilities, Intake, Markup, Part

CAPABILITIES = Capabilities(text_limit=4096, markup=Markup.SPANS, edits=True, limited=True)


@dataclass
class RecordingChannel:
    """`faults` are raised one an attempt, before (or, `after_showing`, after) the message is shown; None lets one pass."""

    name: str = "telegram"
    capabilities: Capabilities = CAPABILITIES
    faults: list[Exception | None] = field(default_factory=list)
    after_showing: bool = False
    shown: list[tuple[str, str]] = field(default_factory=list)
    edits: list[tuple[str, str]] = field(default_factory=list)
    toasts: list[tuple[str, str]] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    gate: asyncio.Event | None = None
    on_show: Callable[[str, str], None] | None = None
    most_at_once: int = 0
    _at_once: int = 0

    async def run(self, intake: Intake) -> None:
        await asyncio.Event().wait()

    async def send(self, chat: str, part: Part) -> str:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            fault = self.faults.pop(0) if self.faults else None
            if self.gate is not None:
                await self.gate.wait()
            if fault is not None and not self.after_showing:
                raise fault
            self.shown.append((chat, part.file.name if part.file else part.text))
            self.parts.append(part)
            number = str(len(self.shown))
            if self.on_show is not None:
                self.on_show(chat, part.text)
            await asyncio.sleep(0)
            if fault is not None:
                raise fault
            return number
        finally:
            self._at_once -= 1

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        self.edits.append((platform_id, part.text))
        self.parts.append(part)

    async def answer_press(self, press_id: str, text: str) -> None:
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        self.toasts.append((press_id, text))

    async def remove(self, chat: str, platform_id: str) -> None:
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        self.removed.append((chat, platform_id))

    async def typing(self, chat: str) -> None:
        return None

    async def close(self) -> None:
        return None

    def texts(self, chat: str | None = None) -> list[str]:
        return [text for to, text in self.shown if chat is None or to == chat]
