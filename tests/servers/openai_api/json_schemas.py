"""JSON against JSON Schema."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]


def schema_fault(schema: Any) -> str:
    """What is wrong with a schema itself; empty when nothing is."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        return str(error.message)
    return ""


def value_fault(value: Any, schema: Any) -> str:
    """Why a value does not fit a schema; empty when it does."""
    error = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(value)), None)
    return str(error.message) if error is not None else ""
