"""Reading majordomo.yaml; what is wrong in it is told with file, line and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from orchestrator.business.model import Business
from orchestrator.errors import MajordomoError

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FIELDS = frozenset(Business.model_fields)
SECTIONS = frozenset({"business", "intents", "people", "policy", "budgets", "mcp", "custom"})
"""What may stand at the top of the file; only `business` is read here."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in the file; `line` counts from 1."""

    line: int
    what: str
    remedy: str


class ConfigFault(MajordomoError):
    """majordomo.yaml cannot be used."""

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        self.path = path
        self.faults = faults
        super().__init__("\n".join(f"{path}:{fault.line}: {fault.what}. {fault.remedy}" for fault in faults))


def load(path: Path) -> Business:
    """The business of a file. Raises ConfigFault, with every mistake, when it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigFault(path, (Fault(1, f"cannot be read ({error.strerror})", "Check that the file exists and may be read."),)) from error
    except UnicodeDecodeError as error:
        raise ConfigFault(path, (Fault(1, "is not UTF-8 text", "Save the file as UTF-8."),)) from error
    return parse(text, path)


def parse(text: str, path: Path = Path("majordomo.yaml")) -> Business:
    """The business of a text; relative folders in it are meant from beside `path`. Raises ConfigFault."""
    try:
        found = yaml.load(text, LOADER) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = str(getattr(error, "problem", None) or "this is not YAML")
        raise ConfigFault(path, (Fault(mark.line + 1 if mark else 1, what, "Check the indentation, colons and quotes there."),)) from error
    facts = found.get("business", {}) if isinstance(found, dict) else None
    if not isinstance(facts, dict):
        raise ConfigFault(path, (Fault(1, "no `business:` section with facts under it", "Start the file with `business:` and indent the facts."),))
    if unknown := set(found) - SECTIONS:
        place = min(str(name) for name in unknown)
        remedy = f"Known sections: {', '.join(sorted(SECTIONS))}."
        raise ConfigFault(path, (Fault(line_of(text, (place,)), f"unknown section {place}", remedy),))
    try:
        business = Business.model_validate(facts)
    except ValidationError as error:
        raise ConfigFault(path, tuple(_fault(text, problem) for problem in error.errors())) from error
    if business.documents is not None and not business.documents.is_absolute():
        business = business.model_copy(update={"documents": path.resolve().parent / business.documents})
    return business


def _fault(text: str, problem: Any) -> Fault:
    where = ("business", *problem["loc"])
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return Fault(
            line_of(text, where),
            f"{name} is not known",
            f"Known: {', '.join(sorted(FIELDS))}." if len(problem["loc"]) == 1 else "Remove it or correct its name.",
        )
    what = problem["msg"].removeprefix("Value error, ")
    return Fault(line_of(text, where), f"{name}: {what}", "Correct the value on this line.")


def line_of(text: str, where: tuple[Any, ...]) -> int:
    """The line on which the innermost known part of a path stands."""
    node = yaml.compose(text, LOADER)
    line = 1
    for part in where:
        child = _child(node, part)
        if child is None:
            break
        line, node = child
    return line


def _child(node: Any, part: Any) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line + 1, value) for key, value in node.value if key.value.lower() == str(part).lower()), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None
