"""Requests that nobody would think of: drawn from the OpenAPI by schemathesis, right and wrong ones, against the running server.

`make test` sends a few hundred, MAJORDOMO_SOAK=1 at least 20,000. None may end in a server error, and every answer is as described.
"""

from __future__ import annotations

import asyncio
import math
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from bot.api.limits import Limits
from tests.api.api_house import ApiHouse, running
from tests.api.test_resources import PORTAL, tell, wanted

CASES = 20_000 if os.environ.get("MAJORDOMO_SOAK") == "1" else 300
WITHOUT_END = frozenset({"/stream", "/tasks/{task}/stream"})
"""Streams go on until the client leaves; test_live watches them."""
KNOWN_SHARE = 0.5
"""How often a path names something that there is."""


@dataclass
class Fuzz:
    """One run over every operation."""

    address: str
    key: str
    known: Mapping[str, list[str]]
    each: int
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=30))

    def run(self, document: dict[str, Any]) -> None:
        schema = schemathesis.openapi.from_dict(document)
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            if operation.path not in WITHOUT_END:
                self._operation(operation)

    def _operation(self, operation: Any) -> None:
        chance = random.Random(operation.label)
        both = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
        if operation.body or operation.query or operation.path_parameters:
            both = both | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

        @settings(max_examples=self.each, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(case=both)
        def send(case: Any) -> None:
            for name in case.path_parameters or {}:
                if chance.random() < KNOWN_SHARE and self.known.get(name):
                    case.path_parameters[name] = chance.choice(self.known[name])
            response = self._send(case)
            self.statuses[response.status_code] += 1
            try:
                case.validate_response(response, checks=(not_a_server_error, response_schema_conformance))
            except Exception as error:
                self.failures.append(f"{operation.label}: {response.status_code} {error}"[:1500])

        try:
            send()
        except Exception as error:
            self.failures.append(f"{operation.label}: no case could be made: {type(error).__name__} {error}"[:500])

    def _send(self, case: Any) -> schemathesis.Response:
        """By httpx: schemathesis' own way counts connections in a library that another one replaces here."""
        case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() not in {"authorization", "accept", "host"}}
        given = case.as_transport_kwargs(base_url=self.address)
        content = {"json" if name == "json" else "content" if name == "data" else name: given[name] for name in ("json", "data", "files") if name in given}
        headers = {**given.get("headers", {}), "Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        answer = self._client.request(given["method"], given["url"], params=given.get("params"), headers=headers, **content)
        return schemathesis.Response.from_httpx(answer, verify=False)


@pytest.fixture
async def tireless(folder: Path) -> AsyncIterator[ApiHouse]:
    """A house without a limit of calls, which forwards nothing to the outside."""
    async with running(folder, limits=Limits(calls=10**9)) as served:
        for work in served.house._works:
            if work.get_name() == "forwarding":
                work.cancel()
        yield served


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.timeout(3600 if CASES > 1000 else 300)
async def test_no_request_ends_in_a_server_error(tireless: ApiHouse) -> None:
    document = await tireless.owner.json("GET", "/openapi.json")
    operations = sum(1 for path, methods in document["paths"].items() if path not in WITHOUT_END for _ in methods)
    fuzz = Fuzz(tireless.address, tireless.owner.key, await known(tireless), math.ceil(CASES / operations))
    await asyncio.to_thread(fuzz.run, document)
    print(f"\n{sum(fuzz.statuses.values())} cases over {operations} operations: {dict(sorted(fuzz.statuses.items()))}")
    assert fuzz.failures == []
    assert sum(fuzz.statuses.values()) >= CASES * 0.9


async def known(api: ApiHouse) -> dict[str, list[str]]:
    """Things that there are, by the name that paths give them."""
    task = await api.owner.json("POST", "/tasks", 201, json={"type": "reminder_set", "slots": {"rest": "call", "when": {"start": "2099-01-01T09:00:00Z"}}})
    schedule = await api.owner.json("POST", "/schedules", 201, json={"title": "x", "repeat": "interval", "rule": "3600"})
    asked = await api.owner.json("POST", "/tasks", 201, json={"type": "reminder_set"})
    return {
        "task": [task["id"], str(task["number"]), asked["id"]], "schedule": [schedule["id"]], "request_id": [await wanted(api, api.owner)],
        "credential": [(await api.owner.json("POST", "/credentials", 201, json=PORTAL))["id"]], "notification": [await tell(api, api.owner, "x")],
        "agent": ["reminders", "custom"], "task_type": ["reminder_set", "custom", "general"],
    }  # fmt: skip
