"""JSON-RPC as the Model Context Protocol uses it: one question at a time, picked out of whatever the server says meanwhile."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn, Protocol

from orchestrator.contracts import MajordomoError, TransientError

LONGEST = 4_000_000
"""Bytes of one message."""
MOST_BYTES = 8_000_000
"""Bytes of everything that is read for one answer."""
MOST_MESSAGES = 1_000
"""Messages, wanted or not, that are read for one answer."""
MOST_REPLIES = 50
"""Questions of the server that are answered meanwhile."""
DEEPEST = 50
"""Levels of one message; what is deeper is rubbish."""
NOT_OFFERED = -32601

Message = dict[str, Any]


class Broken(TransientError):
    """The exchange broke off; what was sent may have had its effect."""


class NotSent(TransientError):
    """Nothing was sent, so nothing can have happened."""


class Complaint(MajordomoError):
    """The server answered a question with an error. `said` is its own text, an outsider's."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"the server answered with error {code}")
        self.code, self.said = code, said


class Wire(Protocol):
    """A line to one server. Both ways of speaking answer the server's pings and offer it nothing: no sampling, no roots, no questions to people."""

    @property
    def alive(self) -> bool: ...

    async def open(self) -> None:
        """Raises ToolError or TransientError."""
        ...

    async def ask(self, method: str, params: Message, seconds: float) -> Message:
        """The result. Raises Complaint, NotSent, Broken, or ToolError where the server turned the question away unread."""
        ...

    async def tell(self, method: str) -> None:
        """A notification: no answer is waited for."""
        ...

    def agreed(self, version: str) -> None:
        """This version of the protocol is spoken from now on."""
        ...

    async def close(self) -> None: ...


def question(number: int, method: str, params: Message) -> Message:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def notification(method: str) -> Message:
    return {"jsonrpc": "2.0", "method": method}


def packed(message: Message) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()


class Exchange:
    """What comes back for one question. `take` each message; then `result` is there, or the server is ended."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._messages = self._bytes = self._replies = 0
        self._answer: Message | None = None

    @property
    def answered(self) -> bool:
        return self._answer is not None

    def weigh(self, size: int) -> None:
        """Raises Broken where more came than anybody needs to say for one answer."""
        self._bytes += size
        if self._bytes > MOST_BYTES:
            raise Broken(f"the server said more than {MOST_BYTES // 1_000_000} MB without an end")

    def take(self, raw: bytes) -> list[Message]:
        """Read one message, or rubbish; gives what must be said in return. Raises Broken for a flood."""
        self._messages += 1
        if self._messages > MOST_MESSAGES:
            raise Broken(f"the server said more than {MOST_MESSAGES} things that were not asked")
        try:
            found = json.loads(raw, parse_constant=_refuse, parse_float=_finite)
            if _too_deep(found):
                return []
        except (ValueError, RecursionError):
            return []
        return [reply for one in (found if isinstance(found, list) else [found])[:MOST_MESSAGES] for reply in self._one(one)]

    def result(self) -> Message:
        """Raises Complaint, or Broken where the answer is none."""
        answer = self._answer or {}
        error = answer.get("error")
        if isinstance(error, dict):
            code, said = error.get("code"), error.get("message")
            raise Complaint(code if type(code) is int else 0, said if isinstance(said, str) else "")
        result = answer.get("result")
        if not isinstance(result, dict):
            raise Broken("the server's answer is not valid")
        return result

    def _one(self, message: Any) -> list[Message]:
        if not isinstance(message, dict):
            return []
        number = message.get("id")
        if "method" in message:
            return self._asked(number, message["method"])
        if type(number) is int and number == self._number and ("result" in message or "error" in message) and self._answer is None:
            self._answer = message
        return []

    def _asked(self, number: Any, method: Any) -> list[Message]:
        """The server asks us: whether we are there, or for something that it does not get."""
        if not isinstance(number, int | str) or len(str(number)) > 200 or self._replies >= MOST_REPLIES:
            return []
        self._replies += 1
        if method == "ping":
            return [{"jsonrpc": "2.0", "id": number, "result": {}}]
        return [{"jsonrpc": "2.0", "id": number, "error": {"code": NOT_OFFERED, "message": "not offered"}}]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _too_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            return True
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())]
    return False
