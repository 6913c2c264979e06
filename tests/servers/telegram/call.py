"""One request to one method, with its parameters checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.telegram.platform import Platform
from tests.servers.telegram.refusals import Parameters
from tests.servers.telegram.schema import Upload


@dataclass(frozen=True)
class Call:
    """What a method works on."""

    platform: Platform
    method: str
    parameters: Parameters
    uploads: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        return self.parameters.get(name, default)


Handler = Callable[[Call], Any]
"""Gives the `result` of the answer. Raises Refusal."""
