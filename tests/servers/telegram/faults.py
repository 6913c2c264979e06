"""What goes wrong on demand."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal, get_args

from tests.servers.telegram.refusals import Parameters, Refusal, bad, flood

Kind = Literal["flood", "bad_gateway", "bad_gateway_after", "server_error", "close_before", "close_after", "slow", "refuse_markup", "forbidden", "migrate"]
"""`close_after` and `bad_gateway_after` apply the request and then give no answer that says so."""


@dataclass
class Fault:
    """Goes wrong `times` times (None: always), after `skip` requests that pass, each time with this probability."""

    method: str
    kind: Kind
    times: int | None = 1
    chat: int | None = None
    probability: float = 1.0
    skip: int = 0
    retry_after: int = 1
    seconds: float = 1.0
    migrate_to: int = 0
    hits: int = 0

    @property
    def after(self) -> bool:
        return self.kind in {"close_after", "bad_gateway_after"}

    def refusal(self) -> Refusal | None:
        """The answer in place of the method's own, if there is one."""
        match self.kind:
            case "flood":
                return flood(self.retry_after)
            case "server_error":
                return Refusal(500, "Internal Server Error")
            case "refuse_markup":
                return bad("can't parse entities: refused on demand")
            case "forbidden":
                return Refusal(403, "Forbidden: bot was blocked by the user")
            case "migrate":
                return Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=self.migrate_to)
            case _:
                return None


@dataclass
class Faults:
    """The script: the first that fits a request happens. `random` is seeded, so that runs repeat."""

    planned: list[Fault] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(0))

    def add(
        self,
        method: str,
        kind: Kind,
        *,
        times: int | None = 1,
        chat: int | None = None,
        probability: float = 1.0,
        skip: int = 0,
        retry_after: int = 1,
        seconds: float = 1.0,
        migrate_to: int = 0,
    ) -> Fault:
        """Plan a fault for a method (`*`: every method but getUpdates). Its `hits` count how often it happened. Raises ValueError for an unknown kind."""
        if kind not in get_args(Kind):
            raise ValueError(f"no fault of kind {kind}; there are {', '.join(get_args(Kind))}")
        fault = Fault(method, kind, times, chat, probability, skip, retry_after, seconds, migrate_to)
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.planned.clear()

    def pick(self, method: str, parameters: Parameters) -> Fault | None:
        """The fault that happens to this request, counted."""
        for fault in self.planned:
            if not self._fits(fault, method, parameters):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.probability < 1 and self.random.random() >= fault.probability:
                continue
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None

    def _fits(self, fault: Fault, method: str, parameters: Parameters) -> bool:
        if fault.times == 0 or (fault.method.lower() != method.lower() and (fault.method != "*" or method == "getUpdates")):
            return False
        if fault.chat is not None and parameters.get("chat_id") != fault.chat:
            return False
        marked = any(parameters.get(key) for key in ("parse_mode", "entities", "caption_entities"))
        return fault.kind != "refuse_markup" or marked
