"""The sentences that the router learns from: the built-in ones and those under `intents:` and `custom:` in majordomo.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.settings import ConfigurationError
from orchestrator.triage import configured
from orchestrator.triage.intent_data import IntentData, IntentDataError, load_builtin, merge
from orchestrator.triage.keywords import KeywordError

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_intents(config: Path) -> IntentData:
    """Raises ConfigurationError, or ConfigFault for named tasks, that names the file and what to mend."""
    built_in = load_builtin()
    if not config.exists():
        return built_in
    found = yaml.load(config.read_text(encoding="utf-8"), LOADER)
    added = (found.get("intents") or {}) if isinstance(found, dict) else {}
    if isinstance(added, dict):
        added = {**added, **configured.intents(configured.read(config))}
    if not added:
        return built_in
    try:
        return merge(built_in, added, str(config))
    except (IntentDataError, KeywordError) as error:
        raise ConfigurationError(str(error), f"mend the section `intents:` in {config}") from error
