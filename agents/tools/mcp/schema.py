"""The arguments of a server's tool: its JSON schema made harmless, and a model that holds arguments to it.

Only keywords that describe shapes are kept. Patterns (which can take a regular expression for ever), references to
elsewhere and everything unknown are left out: the server checks its own arguments again, and nothing is safer for it.
"""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from typing import Any, ClassVar

import pydantic

Schema = dict[str, Any]

NODES, DEPTH = 500, 12
LONGEST_SCHEMA = 20_000
"""Characters of a schema as the model is shown it."""
LONGEST_TEXT = 500
LONGEST_ARGUMENTS = 100_000
MOST_VALUES = 2_000
"""In one call's arguments: they are checked inside a transaction."""
CHOICES = 100
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
ALTERNATIVES = ("anyOf", "oneOf", "allOf")
LARGEST = 10**15
TAKEN = frozenset({"key", "tool", "self"})
"""Names that a step of an agent has for itself: an argument of that name gets a line at its end."""
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Control and bidirectional characters, unpaired surrogates, private and unassigned ones."""


class Unusable(ValueError):
    """The tool's schema cannot be used."""


def clean(text: str, limit: int) -> str:
    """One line of visible characters; a cut is marked."""
    visible = "".join(" " if letter in "\n\r\t" else letter for letter in text[: limit * 4] if letter in "\n\r\t" or unicodedata.category(letter) not in HIDDEN)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def tidy(raw: Any) -> tuple[Schema, dict[str, str]]:
    """A schema for an object, with references filled in, and which arguments have another name with us than with the server.

    Raises Unusable for one that is too large, too deep or for no object.
    """
    if not isinstance(raw, dict) or raw.get("type", "object") != "object":
        raise Unusable("its arguments are no object")
    found = _Tidier(raw).tidied(raw, 0)
    found["type"] = "object"
    properties: Schema = found.setdefault("properties", {})
    if "additionalProperties" not in found and not any(name in found for name in ALTERNATIVES):
        found["additionalProperties"] = False
    renamed: dict[str, str] = {}
    for taken in sorted(TAKEN & properties.keys()):
        if f"{taken}_" in properties:
            raise Unusable(f"it has both {taken} and {taken}_ as arguments")
        renamed[f"{taken}_"] = taken
        properties[f"{taken}_"] = properties.pop(taken)
        found["required"] = [f"{taken}_" if name == taken else name for name in found.get("required", [])]
    if len(json.dumps(found, ensure_ascii=False)) > LONGEST_SCHEMA:
        raise Unusable(f"its schema has more than {LONGEST_SCHEMA} characters")
    return found, renamed


class _Tidier:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._nodes = 0

    def tidied(self, raw: Any, depth: int, within: tuple[str, ...] = ()) -> Schema:
        self._nodes += 1
        if self._nodes > NODES or depth > DEPTH:
            raise Unusable(f"its schema has more than {NODES} parts or is nested more than {DEPTH} deep")
        if not isinstance(raw, dict):
            return {}
        kept: Schema = {}
        if isinstance(reference := raw.get("$ref"), str) and reference not in within:
            kept |= self.tidied(self._referred(reference), depth + 1, (*within, reference))
        kept |= _plain(raw)
        kept |= self._properties(raw, depth, within)
        if isinstance(raw.get("items"), dict):
            kept["items"] = self.tidied(raw["items"], depth + 1, within)
        for name in ALTERNATIVES:
            if isinstance(raw.get(name), list) and raw[name]:
                kept[name] = [self.tidied(one, depth + 1, within) for one in raw[name][:CHOICES]]
        return kept

    def _properties(self, raw: Schema, depth: int, within: tuple[str, ...]) -> Schema:
        kept: Schema = {}
        given = raw.get("properties")
        if isinstance(given, dict):
            kept["properties"] = {name: self.tidied(one, depth + 1, within) for name, one in given.items() if NAME.fullmatch(name)}
        if isinstance(required := raw.get("required"), list):
            kept["required"] = list(dict.fromkeys(name for name in required if isinstance(name, str)))
            if not all(NAME.fullmatch(name) for name in kept["required"]):
                raise Unusable("it requires an argument whose name cannot be used")
        more = raw.get("additionalProperties")
        if isinstance(more, bool):
            kept["additionalProperties"] = more
        elif isinstance(more, dict):
            kept["additionalProperties"] = self.tidied(more, depth + 1, within)
        return kept

    def _referred(self, reference: str) -> Any:
        """A place in this very document; nothing is fetched."""
        place: Any = self._root
        if not reference.startswith("#/"):
            return {}
        for part in reference[2:].split("/")[:10]:
            place = place.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(place, dict) else None
        return place


def _plain(raw: Schema) -> Schema:
    """What a schema says of one value."""
    kept: Schema = {}
    kinds = raw.get("type")
    if isinstance(kinds, str) and kinds in TYPES:
        kept["type"] = kinds
    elif isinstance(kinds, list) and kinds and all(isinstance(kind, str) and kind in TYPES for kind in kinds):
        kept["type"] = list(dict.fromkeys(kinds))
    if isinstance(said := raw.get("description"), str):
        kept["description"] = clean(said, LONGEST_TEXT)
    if isinstance(named := raw.get("format"), str) and NAME.fullmatch(named):
        kept["format"] = named
    choices = raw.get("enum")
    if isinstance(choices, list) and choices:
        if len(choices) > CHOICES or not all(_is_plain(choice) for choice in choices):
            raise Unusable("it offers choices that cannot be shown")
        kept["enum"] = choices
    kept |= {name: raw[name] for name in ("const", "default") if name in raw and _is_plain(raw[name])}
    kept |= {name: raw[name] for name in COUNTS if type(raw.get(name)) is int and 0 <= raw[name] <= LARGEST}
    kept |= {name: raw[name] for name in BOUNDS if type(raw.get(name)) in {int, float} and abs(raw[name]) <= LARGEST}
    return kept


def _is_plain(value: Any) -> bool:
    """A short value without anything hidden in it."""
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT and all(unicodedata.category(letter) not in HIDDEN for letter in value)
    return value is None or isinstance(value, bool) or (isinstance(value, int | float) and abs(value) <= LARGEST)


class McpArguments(pydantic.RootModel[dict[str, Any]]):
    """Arguments exactly as they were given, found to fit the shape. `digest` says for which definition of the tool."""

    model_config = pydantic.ConfigDict(frozen=True)

    shape: ClassVar[Schema] = {}
    checker: ClassVar[Any] = None
    renamed: ClassVar[dict[str, str]] = {}
    digest: ClassVar[str] = ""

    @pydantic.model_validator(mode="after")
    def _fits(self) -> McpArguments:
        try:
            size = len(json.dumps(self.root, allow_nan=False))
        except (TypeError, ValueError, RecursionError):
            raise ValueError("the arguments are no plain JSON") from None
        if size > LONGEST_ARGUMENTS or _values(self.root) > MOST_VALUES:
            raise ValueError(f"the arguments have more than {LONGEST_ARGUMENTS} characters or {MOST_VALUES} values")
        fault = next(self.checker.iter_errors(self.root), None)
        if fault is not None:
            place = ".".join(map(str, fault.absolute_path))
            raise ValueError(clean(f"{place}: {fault.message}" if place else str(fault.message), 300))
        return self

    @classmethod
    def model_json_schema(cls, *given: Any, **named: Any) -> dict[str, Any]:
        """The shape, as a model is shown it."""
        return copy.deepcopy(cls.shape)

    @property
    def sent(self) -> dict[str, Any]:
        """As the server knows them: under the names that it gave."""
        return {self.renamed.get(name, name): value for name, value in self.root.items()}


def _values(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_values, value.values()))
    return 1 + sum(map(_values, value)) if isinstance(value, list) else 1


def arguments_model(raw: Any, digest: str) -> type[McpArguments]:
    """The model for one definition of a tool. Raises Unusable."""
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # noqa: PLC0415 - only where there is a server
    from referencing import Registry  # noqa: PLC0415 - an empty one: nothing is ever fetched

    class Arguments(McpArguments):
        pass

    Arguments.shape, Arguments.renamed = tidy(raw)
    Arguments.digest = digest
    Arguments.checker = Draft202012Validator(Arguments.shape, registry=Registry())
    return Arguments
