"""The router on the command line: explain one decision, or measure many."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agents.catalog import Catalog
from bot import settings
from bot.intents import load_intents
from orchestrator import languages
from orchestrator.business import BusinessBook, BusinessFile
from orchestrator.clock import machine_zone
from orchestrator.contracts import Route
from orchestrator.triage.evaluation import evaluate, read_lines, report
from orchestrator.triage.requests import split, with_details
from orchestrator.triage.router import Router, training_examples
from orchestrator.words import Catalogues


@dataclass(frozen=True, slots=True)
class Explainer:
    """Decides as the front desk would for a new message, without a conversation around it."""

    router: Router
    zone: str

    @classmethod
    def build(cls) -> Explainer:
        found = settings.read()
        business = BusinessFile(found.config_file)
        catalogue = Catalog(book=BusinessBook(business), words=Catalogues())
        return cls(Router.load(load_intents(found.config_file), catalogue, found.data_folder / "cache"), business().zone or machine_zone())

    def explain(self, text: str, language: str | None, *, as_json: bool) -> str:
        spoken = language or languages.guess_language(text)
        cascade = self.router.cascade()
        found = [with_details(route, now=datetime.now(UTC), zone=self.zone) for route in split(text, spoken, cascade)]
        if as_json:
            return json.dumps(
                as_dict(found[0], text) if len(found) == 1 else as_dict(found[0], text) | {"others": [as_dict(r) for r in found[1:]]}, ensure_ascii=False
            )
        return "\n".join(_sentence(route) for route in found)


def as_dict(route: Route, text: str | None = None) -> dict[str, object]:
    """A route with the keys that tools rely on."""
    return {
        "text": text if text is not None else route.text,
        "intent": route.intent,
        "task_type": route.task_type,
        "agent": route.agent,
        "confidence": route.confidence,
        "method": route.method.value,
        "accepted": route.accepted,
        "runner_up": route.runner_up,
        "slots": dict(route.slots),
    }


def _sentence(route: Route) -> str:
    verdict = "accepted" if route.accepted else "not sure enough: would ask back or decline"
    when = route.slots.get("when") or {}
    time = f"\n  time: {when.get('start') or '-'} {when.get('recurrence') or ''}".rstrip() if when else ""
    runner_up = f", runner-up {route.runner_up}" if route.runner_up else ""
    return f"{route.text}\n  → {route.intent} ({route.agent}), {route.confidence:.1%} by {route.method.value}, {verdict}{runner_up}{time}"


def evaluate_files(test: Path, train: Path | None, *, as_json: bool) -> str:
    """Figures of the local classifier over a file of labelled messages."""
    examples = read_lines(train) if train is not None else training_examples(load_intents(settings.read().config_file))
    result = evaluate(read_lines(test), examples)
    return json.dumps(dataclasses.asdict(result), ensure_ascii=False) if as_json else report(result)
