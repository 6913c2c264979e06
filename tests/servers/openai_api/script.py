"""What the model will say, and what will go wrong, in the order in which it was planned."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from tests.servers.openai_api.requests import ChatRequest

Fault = Literal["rate_limit", "server_error", "timeout", "garbage", "wrong_json", "cut_off", "close", "empty"]
"""rate_limit: 429; server_error: 500; timeout: sleeps, then answers; garbage: a body that is no JSON; wrong_json: JSON of another shape; cut_off: half the
answer with finish_reason length; close: the connection ends in the middle of the body; empty: an answer without text."""

Reply = str | dict[str, Any] | list[Any] | Callable[[ChatRequest], str]


@dataclass(frozen=True)
class ToolUse:
    """A call that the model makes: a tool's name and its arguments."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class Line:
    """One planned answer. `match` is looked for in the person's last text, or in the whole prompt; `times` None: always. `hits` counts."""

    match: re.Pattern[str] | None
    whole: bool
    reply: Reply | None
    tools: tuple[ToolUse, ...]
    fault: Fault | None
    times: int | None
    retry_after: float | None
    seconds: float
    status: int
    hits: int = 0

    def fits(self, request: ChatRequest) -> bool:
        if self.times == 0:
            return False
        text = request.prompt if self.whole else request.last_user_text
        return self.match is None or self.match.search(text) is not None

    def text(self, request: ChatRequest) -> str:
        """The answer's text; values that are no text are written as JSON."""
        if callable(self.reply):
            return self.reply(request)
        return self.reply if isinstance(self.reply, str) else json.dumps(self.reply, ensure_ascii=False)


@dataclass
class Script:
    """The first line that fits is spoken; where none fits, `default`."""

    default: Reply = "I see."
    lines: list[Line] = field(default_factory=list)

    def add(
        self,
        match: str | None = None,
        *,
        reply: Reply | None = None,
        tool: ToolUse | list[ToolUse] | None = None,
        fault: Fault | None = None,
        whole: bool = False,
        times: int | None = None,
        retry_after: float | None = None,
        seconds: float = 1.0,
        status: int = 500,
    ) -> Line:
        """Plan an answer for texts where the regular expression `match` (any case; None: every text) is found.

        Raises ValueError for an unknown fault, or where neither reply, tool nor fault is given.
        """
        if fault is not None and fault not in get_args(Fault):
            raise ValueError(f"no fault {fault}; there are {', '.join(get_args(Fault))}")
        if reply is None and tool is None and fault is None:
            raise ValueError("a line needs a reply, a tool or a fault")
        tools = tuple(tool) if isinstance(tool, list) else (tool,) if tool else ()
        pattern = re.compile(match, re.IGNORECASE | re.DOTALL) if match is not None else None
        line = Line(pattern, whole, reply, tools, fault, times, retry_after, seconds, status)
        self.lines.append(line)
        return line

    def next(self, request: ChatRequest) -> Line:
        """The line for this request, counted."""
        for line in self.lines:
            if line.fits(request):
                line.hits += 1
                if line.times is not None:
                    line.times -= 1
                return line
        return Line(None, False, self.default, (), None, None, None, 0.0, 500)
