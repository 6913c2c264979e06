"""Bodies of answers, whole and in pieces."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from dataclasses import dataclass
from typing import Any

from tests.servers.openai_api.json_schemas import value_fault
from tests.servers.openai_api.refusals import Json
from tests.servers.openai_api.requests import ChatRequest
from tests.servers.openai_api.script import Line, ToolUse

DIMENSIONS = 64
_TOKEN = re.compile(r"\w{1,6}|[^\w\s]|\s{2,}")


def count_tokens(text: str) -> int:
    """Tokens of a text, counted alike every time: pieces of words, signs."""
    return len(_TOKEN.findall(text))


def cut(text: str, tokens: int) -> str:
    """The beginning of a text, so many tokens long."""
    found = list(_TOKEN.finditer(text))
    return text if len(found) <= tokens else text[: found[tokens].start()] if tokens else ""


@dataclass(frozen=True)
class Answer:
    """What the model says: text or calls, why it ended, tokens of the prompt and of the answer."""

    id: str
    model: str
    text: str
    tools: tuple[ToolUse, ...]
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int

    @property
    def usage(self) -> Json:
        return {
            "prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens, "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0},
        }  # fmt: skip

    @property
    def calls(self) -> list[Json]:
        return [
            {"id": f"call_{self.id[-8:]}_{index}", "type": "function", "function": {"name": one.name, "arguments": json.dumps(one.arguments)}}
            for index, one in enumerate(self.tools)
        ]

    def whole(self) -> Json:
        """A chat.completion."""
        message: Json = {"role": "assistant", "content": self.text if not self.tools else None, "refusal": None}
        if self.tools:
            message["tool_calls"] = self.calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
        return {"id": self.id, "object": "chat.completion", "created": int(time.time()), "model": self.model, "choices": [choice], "usage": self.usage}

    def pieces(self, usage: bool) -> list[Json]:
        """The chat.completion.chunk events, in order."""
        deltas: list[Json] = [{"role": "assistant", "content": "" if not self.tools else None}]
        for index, call in enumerate(self.calls):
            function = call["function"]
            deltas.append({"tool_calls": [{"index": index, **call, "function": {"name": function["name"], "arguments": ""}}]})
            deltas += [{"tool_calls": [{"index": index, "function": {"arguments": part}}]} for part in _parts(function["arguments"])]
        if not self.tools:
            deltas += [{"content": part} for part in _parts(self.text)]
        events = [self._event([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]) for delta in deltas]
        events.append(self._event([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": self.finish_reason}]))
        return [*events, {**self._event([]), "usage": self.usage}] if usage else events

    def _event(self, choices: list[Json]) -> Json:
        return {"id": self.id, "object": "chat.completion.chunk", "created": int(time.time()), "model": self.model, "choices": choices}


def _parts(text: str) -> list[str]:
    return re.findall(r"\S*\s*", text)[:-1] or ([text] if text else [])


def answer(request: ChatRequest, line: Line, number: int) -> Answer:
    """The answer that a line of the script gives to a request.

    Raises AssertionError where the script breaks the request's own contract: an unknown tool, arguments or JSON that do not fit the schema.
    """
    text = "" if line.fault == "empty" or line.tools else line.text(request) if line.reply is not None else "I see."
    if not line.fault:
        check_contract(request, text, line.tools)
    said = text or json.dumps([one.arguments for one in line.tools])
    tokens, finish = count_tokens(said) if text or line.tools else 0, "tool_calls" if line.tools else "stop"
    allowed = tokens // 2 if line.fault == "cut_off" else request.limit
    if (allowed is not None and tokens > allowed and not line.tools) or line.fault == "cut_off":
        text, tokens, finish = cut(text, allowed or 0), min(tokens, allowed or 0), "length"
    return Answer(f"chatcmpl-{number:012d}", request.model, text, line.tools, finish, count_tokens(request.prompt), tokens)


def check_contract(request: ChatRequest, text: str, tools: tuple[ToolUse, ...]) -> None:
    """A script that no real model could have answered so is a mistake in the test."""
    described = {one.function.name: one.function.parameters or {} for one in request.tools or []}
    for one in tools:
        assert one.name in described, f"the script calls {one.name}, the request offers {sorted(described)}"
        assert not (fault := value_fault(one.arguments, described[one.name])), fault
    form = request.response_format
    if tools or form is None or form.type == "text":
        return
    value = json.loads(text)
    if form.json_schema is not None and form.json_schema.json_schema is not None:
        assert not (fault := value_fault(value, form.json_schema.json_schema)), fault


def embedding(text: Any, dimensions: int | None) -> list[float]:
    """A unit vector in which texts that share words are near each other."""
    size = dimensions or DIMENSIONS
    vector = [0.0] * size
    words = re.findall(r"\w+", text.lower()) if isinstance(text, str) else [str(one) for one in text]
    for word in words or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[int.from_bytes(digest[:4], "big") % size] += 1.0 if digest[4] % 2 else -1.0
        vector[int.from_bytes(digest[5:9], "big") % size] += 1.0 if digest[9] % 2 else -1.0
    length = math.sqrt(sum(one * one for one in vector)) or 1.0
    return [one / length for one in vector]
