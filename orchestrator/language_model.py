"""The language model, where one is configured: any provider by one string, loaded at first need, off the event loop.

It is only ever asked what keywords and the local classifier are unsure of, and to fill in details they could not.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from orchestrator.contracts import FatalError, ToolError, TransientError

TIMEOUT = 20.0
"""Seconds one answer may take."""
TRANSIENT_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said, and what it cost in tokens."""

    text: str
    prompt_tokens: int = 0
    answer_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`name` is provider:model, as LangChain's `init_chat_model` takes it."""

    name: str
    base_url: str = ""
    key: str = ""


class LanguageModel:
    """One configured chat model. Nothing is imported before the first question."""

    def __init__(self, settings: ModelSettings, timeout: float = TIMEOUT) -> None:
        self._settings = settings
        self._timeout = timeout
        self._model: Any = None
        self._loading = asyncio.Lock()

    async def ask(self, system: str, text: str, *, most_tokens: int = 200) -> Answer:
        """One answer. Raises TransientError (busy, slow, broken off), ToolError (an answer of no use), FatalError (refused)."""
        model = await self._loaded()
        messages = [("system", system), ("human", text)]
        try:
            async with asyncio.timeout(self._timeout):
                reply = await model.ainvoke(messages, max_tokens=most_tokens)
        except TimeoutError as error:
            raise TransientError("the language model did not answer in time") from error
        except Exception as error:
            raise _typed(error) from error
        return _checked(reply)

    async def _loaded(self) -> Any:
        async with self._loading:
            if self._model is None:
                self._model = await asyncio.to_thread(self._load)
        return self._model

    def _load(self) -> Any:
        try:
            from langchain.chat_models import init_chat_model
        except ImportError as error:
            raise FatalError("a model is configured, but the extra is not installed: pip install 'majordomo[models]'") from error
        options: dict[str, Any] = {"temperature": 0, "max_retries": 1, "timeout": self._timeout}
        if self._settings.base_url:
            options["base_url"] = self._settings.base_url
        if self._settings.key or self._settings.base_url:
            options["api_key"] = self._settings.key or "none"
        return init_chat_model(self._settings.name, **options)


def _checked(reply: Any) -> Answer:
    text = reply.content if isinstance(reply.content, str) else "".join(str(part.get("text", "")) for part in reply.content if isinstance(part, dict))
    usage = reply.usage_metadata or {}
    answer = Answer(text.strip(), int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0)))
    if (reply.response_metadata or {}).get("finish_reason") == "length":
        raise ToolError("the language model's answer was cut off")
    if not answer.text:
        raise ToolError("the language model answered nothing")
    return answer


def _typed(error: Exception) -> Exception:
    """A library's error as one of ours; its text may hold addresses and keys, so only its kind is kept."""
    status = getattr(error, "status_code", None)
    name = type(error).__name__
    if status in TRANSIENT_STATUS or "Timeout" in name or "Connection" in name:
        return TransientError(f"the language model is not available ({status or name})")
    if status in {400, 401, 403, 404, 422}:
        return FatalError(f"the language model refused the request (status {status})")
    return ToolError(f"the language model's answer could not be read ({name})")
