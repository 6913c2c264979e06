"""References to earlier results, `{fetch.result[0:5]}` and `{fetch.result.title}`, resolved without evaluating anything.

A text that is one reference becomes the value itself; one that contains references gets them written in. What is
written in is never looked through again: a result that looks like a reference stays what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from orchestrator.contracts import Json, ToolError
from orchestrator.plans import ITEM, REFERENCE

PART = re.compile(r"\.(?P<name>[A-Za-z_][\w-]*)|\[(?P<index>-?\d+)\]|\[(?P<first>-?\d*):(?P<last>-?\d*)\]")
RESULT = ".result"


def resolve(value: Json, results: Mapping[str, Json], *, written: Callable[[str], str] = str) -> Json:
    """The value with every reference resolved; `written` shapes what is put into the middle of a text. Raises ToolError."""
    if isinstance(value, str):
        return _text(value, results, written)
    if isinstance(value, dict):
        return {name: resolve(item, results, written=written) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, results, written=written) for item in value]
    return value


def _text(text: str, results: Mapping[str, Json], written: Callable[[str], str]) -> Json:
    whole = REFERENCE.fullmatch(text)
    if whole and _refers(whole):
        return look_up(whole, results)
    return REFERENCE.sub(lambda match: written(_as_text(look_up(match, results))) if _refers(match) else match.group(), text)


def _refers(match: re.Match[str]) -> bool:
    return match.group(1) == ITEM or match.group(2).startswith(RESULT)


def look_up(match: re.Match[str], results: Mapping[str, Json]) -> Json:
    """What one reference stands for. Raises ToolError that says what is not there."""
    name, path = match.group(1), match.group(2).removeprefix(RESULT) if match.group(1) != ITEM else match.group(2)
    if name not in results:
        raise ToolError(f"{match.group()}: there is no result of {name}")
    value = results[name]
    for part in PART.finditer(path):
        value = _step(value, part, match.group())
    return value


def _step(value: Json, part: re.Match[str], whole: str) -> Json:
    if (name := part.group("name")) is not None:
        if not isinstance(value, dict) or name not in value:
            raise ToolError(f"{whole}: the result has no {name}")
        return value[name]
    if not isinstance(value, list):
        raise ToolError(f"{whole}: the result is no list")
    if (index := part.group("index")) is not None:
        if not -len(value) <= int(index) < len(value):
            raise ToolError(f"{whole}: the list has {len(value)} entries")
        return value[int(index)]
    first, last = part.group("first"), part.group("last")
    return value[int(first) if first else None : int(last) if last else None]


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
