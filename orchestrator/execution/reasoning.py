"""One thought of the language model, in the books: its worst case is reserved before it, what it took is settled after it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from orchestrator.actions import budgets, prices
from orchestrator.actions.calls import Pending
from orchestrator.contracts import FatalError, Json, LostRace, MajordomoError, Person, Task, ToolError, TransientError
from orchestrator.execution.hands import Hand
from orchestrator.execution.surroundings import Model, Surroundings
from orchestrator.language_model import Refused, Reply, ToolWish, Unusable
from orchestrator.tasks.journal import Step

MOST_ANSWER_TOKENS = 1000
OVERHEAD = 16
"""Tokens that a message or a tool may take besides its text."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is asked: LangChain messages, LangChain tools offered, and what the journal keeps of it."""

    messages: Sequence[Any]
    tools: Sequence[Any] = ()
    kept: Json = None
    most_tokens: int = MOST_ANSWER_TOKENS

    def worst(self, price: prices.Price) -> float:
        """Credits this may cost at most."""
        return price.credits(self.bound(), self.most_tokens)

    def bound(self) -> int:
        """Tokens that the prompt has at most: its bytes, and an overhead for each part."""
        said = [str(message.content) + json.dumps(getattr(message, "tool_calls", [])) for message in self.messages]
        offered = [tool.name + tool.description + json.dumps(tool.args_schema) for tool in self.tools]
        return sum(prices.most_tokens(text) + OVERHEAD for text in (*said, *offered)) + OVERHEAD


Journal = Callable[[sa.Connection, Step], None]


@dataclass(frozen=True, slots=True)
class Thoughts:
    """Drives the thoughts of one run. `journal` keeps a step inside the transaction that settles it."""

    around: Surroundings
    hand: Hand
    journal: Journal

    async def make(self, person: Person, task: Task, key: str, build: Callable[[], Prompt], seq: Callable[[], int]) -> Pending | None:
        """None: the thought has ended and is journaled, well or not; else it waits for more budget.

        Raises TransientError where it should be tried again, FatalError where the person stops at the limit or the model refuses, LostRace.
        """
        model = self.around.model
        if model is None:
            raise ToolError("no language model is configured")
        await model.ready()
        prompt, price = build(), self.around.prices.of(model.name)
        worst = prompt.worst(price)
        pending = await self.hand.write(task, lambda connection: self._reserve(connection, person, task, key, model.name, worst))
        if pending is not None:
            return pending
        begun = time.perf_counter()
        reply, failure, cost, tokens = await self._ask(model, task, key, prompt, price, worst)

        def settle(connection: sa.Connection) -> None:
            budgets.settle(connection, task, key, cost, self.around.clock.now(), tokens=tokens)
            error = {"type": type(failure).__name__, "message": str(failure)} if failure is not None else None
            spent = round((time.perf_counter() - begun) * 1000, 3)
            output = as_json(reply) if reply is not None else None
            reasons = (reply.reasoning or (reply.text if reply.wishes else "")) if reply is not None else ""
            self.journal(
                connection,
                Step(key, "think", model.name, output, error, None, prompt.kept, spent, seq(), credits=cost, tokens=tokens, reasoning=reasons or None),
            )

        await self._settle(task, settle, key, cost, tokens)
        return None

    def _reserve(self, connection: sa.Connection, person: Person, task: Task, key: str, name: str, worst: float) -> Pending | None:
        """What an attempt left open that was cut off in the middle counts in full: it may have been paid for."""
        now, rules = self.around.clock.now(), self.around.dispatcher.rules
        budgets.settle(connection, task, key, budgets.reserved(connection, task, key), now)
        limits = budgets.limits_for(rules.policy.budgets, person, task, now)
        shortage = budgets.reserve(connection, person, task, key, name, worst, limits, now)
        return None if shortage is None else rules.ask_for_budget(connection, person, task, key, shortage)

    async def _ask(
        self, model: Model, task: Task, key: str, prompt: Prompt, price: prices.Price, worst: float
    ) -> tuple[Reply | None, MajordomoError | None, float, int]:
        """The reply or the failure that is kept, and what it cost in credits and tokens."""
        try:
            reply = await model.converse(prompt.messages, prompt.tools, most_tokens=prompt.most_tokens)
        except Unusable as failure:
            tokens = (failure.prompt_tokens, failure.answer_tokens)
            return None, ToolError(str(failure)), price.credits(*tokens) if any(tokens) else worst, sum(tokens)
        except Refused:
            await self._settle(task, lambda connection: budgets.release(connection, task, key, self.around.clock.now()), key, 0.0, 0)
            raise
        except TransientError:
            await self._settle(task, lambda connection: budgets.settle(connection, task, key, worst, self.around.clock.now()), key, worst, 0)
            raise
        except FatalError as failure:
            return None, failure, 0.0, 0
        except ToolError as failure:
            return None, failure, worst, 0
        tokens = (reply.prompt_tokens, reply.answer_tokens)
        return reply, None, price.credits(*tokens) if any(tokens) else worst, sum(tokens)

    async def _settle(self, task: Task, work: Callable[[sa.Connection], None], key: str, cost: float, tokens: int) -> None:
        """In the books even where the task was stopped meanwhile."""
        try:
            await self.hand.write(task, work)
        except LostRace:
            now = self.around.clock.now()
            await self.hand.write_anyway(task, lambda connection: budgets.settle(connection, task, key, cost, now, tokens=tokens))
            raise


def as_json(reply: Reply) -> Json:
    """What the journal keeps of a reply: its text, or text and wishes."""
    if not reply.wishes:
        return reply.text
    return {"text": reply.text, "wishes": [{"name": wish.name, "arguments": dict(wish.arguments), "fault": wish.fault} for wish in reply.wishes]}


def from_json(kept: Json) -> Reply:
    if not isinstance(kept, dict):
        return Reply(str(kept))
    return Reply(kept["text"], tuple(ToolWish(wish["name"], wish["arguments"], wish["fault"]) for wish in kept["wishes"]))
