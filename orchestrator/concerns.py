"""What agents see coming: an agent may have a feed, which autonomous mode asks at every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from orchestrator.cards import Json

if TYPE_CHECKING:
    from orchestrator.contracts import Person


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that may need doing. `key` names it for good: what was dealt with once under a key is not dealt with again.

    With a `task_type`, a task of it is begun with these slots, within policy and budget as any other; without, the person is told `text`.
    """

    key: str
    text: str
    task_type: str = ""
    slots: Mapping[str, Json] = field(default_factory=dict)


@runtime_checkable
class Feed(Protocol):
    """What an agent has beside `process` if it looks ahead."""

    name: str

    def concerns(self, connection: Any, person: Person, now: datetime) -> Sequence[Concern]:
        """What may need doing for this person: quick, without a model, reading through `connection` and writing nothing. May raise."""
        ...
