"""Requests against Meta's own description. Used verbatim no message fits it, since `allOf` meets `additionalProperties: false`: branches are merged first."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import yaml

from tests.servers.whatsapp.refusals import Json, wrong

SPECIFICATION = Path(__file__).resolve().parents[4] / "shared" / "specs" / "whatsapp-cloud-api-v23.0.yaml"
ABSENT = f"{SPECIFICATION.name} is not beside the project: only the stand-in's own checks hold"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BROKEN_PATTERN = "^[2-6, 11-14]$"
"""The description allows no button the index 0, which its own example has: the stand-in checks the index itself."""


def is_here() -> bool:
    return SPECIFICATION.exists()


@cache
def messages() -> dict[str, Json]:
    """A schema for each type of message, by its name. Empty where the description is absent."""
    if not is_here():
        return {}
    described = yaml.load(SPECIFICATION.read_text(encoding="utf-8"), LOADER)["components"]["schemas"]
    mapping = described["Message"]["discriminator"]["mapping"]
    return {kind: _merged({"$ref": reference}, described) for kind, reference in mapping.items()}


def check(message: Json) -> None:
    """Raises Refusal that names the place. A person without a phone number is newer than the description: `recipient` stands for `to`."""
    schemas = messages()
    if not schemas:
        return
    kind = str(message.get("type"))
    if kind not in schemas:
        raise wrong(f"type {kind!r} is none of {sorted(schemas)}")
    known = {**message, "to": message["recipient"]} if "to" not in message and "recipient" in message else message
    known = {name: value for name, value in known.items() if name != "recipient"}
    for fault in sorted(jsonschema.Draft202012Validator(schemas[kind]).iter_errors(known), key=lambda one: list(map(str, one.absolute_path))):
        place = ".".join(str(part) for part in fault.absolute_path) or "message"
        raise wrong(f"{place}: {fault.message[:300]}")


def _merged(schema: Any, described: Json) -> Any:
    """The same without references, every `allOf` one object: properties and requirements of all branches together."""
    if isinstance(schema, list):
        return [_merged(one, described) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _merged(described[schema["$ref"].rpartition("/")[2]], described)
    if "allOf" in schema:
        return _joined([_merged(branch, described) for branch in schema["allOf"]])
    found = {name: _merged(value, described) for name, value in schema.items() if name not in {"discriminator", "example", "examples", "description"}}
    if found.get("pattern") == BROKEN_PATTERN:
        del found["pattern"]
    return found


def _joined(branches: list[Json]) -> Json:
    whole: Json = {"type": "object", "properties": {}, "required": []}
    for branch in branches:
        for name, value in branch.get("properties", {}).items():
            whole["properties"][name] = {**whole["properties"].get(name, {}), **value}
        whole["required"] = sorted({*whole["required"], *branch.get("required", [])})
        if branch.get("additionalProperties") is False:
            whole["additionalProperties"] = False
    return whole
