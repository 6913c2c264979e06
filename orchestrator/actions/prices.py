"""What a model call costs: a readable table of prices by model, and an upper bound of the tokens of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

TABLE = Path(__file__).with_name("prices.yaml")
MILLION = 1_000_000


class Price(BaseModel):
    """Credits for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: float = Field(ge=0)
    answer: float = Field(ge=0)

    def credits(self, prompt_tokens: int, answer_tokens: int) -> float:
        return (self.prompt * prompt_tokens + self.answer * answer_tokens) / MILLION


class Steps(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    reasoning: float = Field(ge=0)


class Prices(BaseModel):
    """The whole table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: Mapping[str, Price]
    unknown: Price
    steps: Steps

    def of(self, model: str) -> Price:
        """The price of provider:model; the longest pattern that fits counts."""
        fitting = [pattern for pattern in self.models if fnmatchcase(model, pattern)]
        return self.models[max(fitting, key=len)] if fitting else self.unknown


@cache
def load() -> Prices:
    return Prices.model_validate(yaml.safe_load(TABLE.read_text(encoding="utf-8")))


def most_tokens(text: str) -> int:
    """An upper bound: no tokenizer in use makes more tokens than a text has bytes."""
    return len(text.encode("utf-8", "surrogatepass"))
