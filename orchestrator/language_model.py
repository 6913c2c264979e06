"""The language model, where one is configured: any provider by one string, loaded at first need, off the event loop.

What it says is text and wishes: a `ToolWish` names a tool and arguments and can carry nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.contracts import FatalError, Json, MajordomoError, ToolError, TransientError

TIMEOUT = 20.0
"""Seconds one answer may take."""
THINKING_TIMEOUT = 90.0
"""Seconds that a thought with tools may take."""
TURNED_AWAY = frozenset({425, 429, 500, 502, 503, 529})
"""The provider did not answer, and takes no money for it."""
UNCERTAIN = frozenset({408, 409, 504})
LONGEST_NAME = 100
LONGEST_ARGUMENTS = 60_000
"""Characters of one call's arguments, as JSON; the journal keeps them."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said, and what it cost in tokens."""

    text: str
    prompt_tokens: int = 0
    answer_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ToolWish:
    """A call that the model would like to see made. `fault` says why it cannot be read, else it is empty."""

    name: str
    arguments: Mapping[str, Json]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One thought: a text, calls wished for, or both. `reasoning` is what the model said of its reasons, for the trace."""

    text: str
    wishes: tuple[ToolWish, ...] = ()
    reasoning: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0


class Unusable(ToolError):
    """An answer came, was paid for, and is of no use."""

    def __init__(self, message: str, prompt_tokens: int = 0, answer_tokens: int = 0) -> None:
        super().__init__(message)
        self.prompt_tokens, self.answer_tokens = prompt_tokens, answer_tokens


class Refused(TransientError):
    """The provider said that it did not answer (busy, down): nothing was paid for."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`name` is provider:model, as LangChain's `init_chat_model` takes it."""

    name: str
    base_url: str = ""
    key: str = field(default="", repr=False)


class LanguageModel:
    """One configured chat model. Nothing is imported before the first question."""

    def __init__(self, settings: ModelSettings, timeout: float = TIMEOUT, thinking_timeout: float = THINKING_TIMEOUT) -> None:
        self._settings = settings
        self._timeout = timeout
        self._thinking_timeout = thinking_timeout
        self._model: Any = None
        self._loading = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._settings.name

    async def ask(self, system: str, text: str, *, most_tokens: int = 200) -> Answer:
        """One answer. Raises TransientError (busy, slow, broken off), ToolError (an answer of no use), FatalError (refused)."""
        reply = await self._invoke(await self.ready(), [("system", system), ("human", text)], most_tokens, self._timeout)
        return Answer(reply.text, reply.prompt_tokens, reply.answer_tokens)

    async def converse(self, messages: Sequence[Any], tools: Sequence[Any], *, most_tokens: int) -> Reply:
        """One thought over LangChain messages, with LangChain tools offered. Tried once: whoever calls keeps the books and tries again.

        Raises Unusable (paid for), Refused (not paid for), TransientError (perhaps paid for), ToolError, FatalError.
        """
        model = await self.ready()
        return await self._invoke(model.bind_tools(list(tools)) if tools else model, list(messages), most_tokens, self._thinking_timeout)

    async def ready(self) -> Any:
        """The library's model, loaded in a thread at first need. Raises FatalError where the extra is not installed."""
        async with self._loading:
            if self._model is None:
                self._model = await asyncio.to_thread(self._load)
        return self._model

    async def _invoke(self, model: Any, messages: list[Any], most_tokens: int, seconds: float) -> Reply:
        try:
            async with asyncio.timeout(seconds):
                reply = await model.ainvoke(messages, max_tokens=most_tokens)
        except TimeoutError as error:
            raise TransientError("the language model did not answer in time") from error
        except Exception as error:
            raise _typed(error) from error
        return _checked(reply)

    def _load(self) -> Any:
        try:
            from langchain.chat_models import init_chat_model
        except ImportError as error:
            raise FatalError("a model is configured, but the extra is not installed: pip install 'majordomo[models]'") from error
        options: dict[str, Any] = {"temperature": 0, "max_retries": 0, "timeout": max(self._timeout, self._thinking_timeout)}
        if self._settings.base_url:
            options["base_url"] = self._settings.base_url
        if self._settings.key or self._settings.base_url:
            options["api_key"] = self._settings.key or "none"
        return init_chat_model(self._settings.name, **options)


def _checked(reply: Any) -> Reply:
    said = reply.content if isinstance(reply.content, str) else "".join(str(part.get("text", "")) for part in reply.content if isinstance(part, dict))
    usage = reply.usage_metadata or {}
    tokens = (int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0)))
    wishes = (*(_wish(call) for call in reply.tool_calls or ()), *(_unread(call) for call in reply.invalid_tool_calls or ()))
    answer = Reply(storable(said.strip()), wishes, storable(_reasons(reply)), *tokens)
    if (reply.response_metadata or {}).get("finish_reason") in {"length", "max_tokens"}:
        raise Unusable("the language model's answer was cut off", *tokens)
    if not answer.text and not answer.wishes:
        raise Unusable("the language model answered nothing", *tokens)
    return answer


def _reasons(reply: Any) -> str:
    found = (reply.additional_kwargs or {}).get("reasoning_content", "")
    return found if isinstance(found, str) else ""


def _wish(call: Mapping[str, Any]) -> ToolWish:
    name, arguments = storable(str(call.get("name") or ""))[:LONGEST_NAME], call.get("args") or {}
    if not isinstance(arguments, dict):
        return ToolWish(name, {}, "the arguments must be an object")
    try:
        text = json.dumps(_sound(arguments), allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return ToolWish(name, {}, "the arguments are no plain JSON")
    if len(text) > LONGEST_ARGUMENTS:
        return ToolWish(name, {}, f"the arguments are too long: {len(text)} characters, at most {LONGEST_ARGUMENTS}")
    return ToolWish(name, json.loads(text))


def _unread(call: Mapping[str, Any]) -> ToolWish:
    return ToolWish(storable(str(call.get("name") or ""))[:LONGEST_NAME], {}, "the arguments are no JSON object")


def _sound(value: Json) -> Json:
    """Without what no database and no wire can carry: halves of characters, zero bytes, numbers that are none."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number must be finite")
    if isinstance(value, dict):
        return {storable(str(name)): _sound(item) for name, item in value.items()}
    return [_sound(item) for item in value] if isinstance(value, list) else value


def storable(text: str) -> str:
    """The text as every database can keep it."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")


def _typed(error: Exception) -> MajordomoError:
    """A library's error as one of ours; its text may hold addresses and keys, so only its kind is kept."""
    status = getattr(error, "status_code", None)
    name = type(error).__name__
    if status in TURNED_AWAY:
        return Refused(f"the language model is not available ({status})")
    if status in UNCERTAIN or "Timeout" in name or "Connection" in name:
        return TransientError(f"the language model is not available ({status or name})")
    if status in {400, 401, 403, 404, 422}:
        return FatalError(f"the language model refused the request (status {status})")
    return ToolError(f"the language model's answer could not be read ({name})")
