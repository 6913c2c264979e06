"""Named tasks that the operator wrote down: the section `custom:` of majordomo.yaml, checked with file and line, and what people write to start one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.business.loading import LOADER, ConfigFault, Fault, line_of
from orchestrator.triage.intent_data import LANGUAGES, IntentDataError, merged_alone
from orchestrator.triage.keywords import KeywordError

if TYPE_CHECKING:
    from orchestrator.contracts import Plan

SECTION = "custom"
LONGEST_NAME = 60
RUNNING = (
    r"^\W*(?:(?:please|can you|could you)\s+)?(?:run|start|do|execute|make)\s+(?:the\s+|my\s+|me\s+(?:the\s+|my\s+)?)?{name}(?:\s+(?:now|please))*\W*$",
    r"^\W*(?:bitte\s+)?(?:starte?|mach|f[üu]hre?)\s+(?:bitte\s+)?(?:den\s+|die\s+|das\s+|meine?n?\s+)?{name}(?:\s+(?:aus|jetzt|bitte))*\W*$",
    r"^\W*(?:por favor,?\s+)?(?:ejecuta|inicia|empieza|haz)\s+(?:el\s+|la\s+|mi\s+)?{name}(?:\s+(?:ahora|por favor))*\W*$",
    r"^\W*(?:请)?(?:运行|执行|开始|启动)\s*{name}\W*$",
)
"""How a task is started by its name, in every language."""

Sentences = list[str] | dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class NamedTask:
    """What the operator calls it, the task type it becomes, what it does, and what people write for it (a list, or a list for each language)."""

    name: str
    task_type: str
    plan: Plan
    keywords: Sentences
    examples: Sentences


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    goal: str = Field(default="", max_length=500)
    keywords: Sentences = []
    examples: Sentences = []
    steps: list[Any]


def read(path: Path) -> tuple[NamedTask, ...]:
    """The named tasks of a file; none where it has none. Raises ConfigFault with the line of every mistake."""
    if not path.is_file():
        return ()
    return parse(path.read_text(encoding="utf-8"), path)


def parse(text: str, path: Path = Path("majordomo.yaml")) -> tuple[NamedTask, ...]:
    """The named tasks of a text. Raises ConfigFault."""
    found = yaml.load(text, LOADER) or {}
    section = found.get(SECTION) if isinstance(found, dict) else None
    if section is None:
        return ()
    if not isinstance(section, Mapping):
        raise ConfigFault(path, (Fault(line_of(text, (SECTION,)), f"{SECTION} holds no tasks", "Indent each task by its name under it."),))
    tasks: list[NamedTask] = []
    faults: list[Fault] = []
    for name, entry in section.items():
        wrong = list(_faults(text, name, entry, {task.task_type for task in tasks}))
        faults += wrong
        if not wrong:
            kept = _Entry.model_validate(entry)
            tasks.append(NamedTask(name, task_type_of(name), _plan(name, kept), kept.keywords, kept.examples))
    if faults:
        raise ConfigFault(path, tuple(faults))
    return tuple(tasks)


def task_type_of(name: str) -> str:
    """`news digest` becomes custom_news_digest; a name without a Latin letter gets one of its own."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not plain or not name.isascii():
        plain = f"{plain}_{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}".strip("_")
    return f"{SECTION}_{plain}"


def intents(tasks: tuple[NamedTask, ...]) -> dict[str, dict[str, Any]]:
    """The tasks as entries of `intents:`: the operator's keywords and examples, and the name itself behind "run"."""
    return {task.task_type: {"keywords": _keywords(task.name, task.keywords), "examples": task.examples} for task in tasks}


def _keywords(name: str, given: Sentences) -> Sentences:
    spelled = r"\s+".join(re.escape(word) for word in name.split())
    running = [pattern.replace("{name}", spelled) for pattern in RUNNING]
    if isinstance(given, dict):
        return {language: [*given.get(language, []), *(running if language == LANGUAGES[0] else [])] for language in {*given, LANGUAGES[0]}}
    return [*given, *running]


def _plan(name: str, entry: _Entry) -> Plan:
    from orchestrator.contracts import Plan  # noqa: PLC0415 - plans are loaded when they are wanted

    return Plan.model_validate({"goal": entry.goal or name, "steps": entry.steps})


def _faults(text: str, name: Any, entry: Any, taken: set[str]) -> Iterator[Fault]:
    """What is wrong with one task, each with its line."""
    at = line_of(text, (SECTION, name))
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        yield Fault(at, f"{name!r} is no name for a task", f"Write a name of at most {LONGEST_NAME} characters, in quotes if it looks like a number.")
        return
    if not isinstance(entry, Mapping):
        yield Fault(at, f"{SECTION}.{name} has no steps", "Write `steps:` under it, and a list of steps under that.")
        return
    if task_type_of(name) in taken:
        yield Fault(at, f"{SECTION}.{name}: another task has nearly the same name", "Call it something else.")
    try:
        kept = _Entry.model_validate(entry)
        _plan(name, kept)
        merged_alone(intents((NamedTask(name, task_type_of(name), _plan(name, kept), kept.keywords, kept.examples),)))
    except ValidationError as error:
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"])
            said = problem["msg"].removeprefix("Value error, ")
            yield Fault(line_of(text, (SECTION, name, *problem["loc"])), f"{SECTION}.{name}{'.' if where else ''}{where}: {said}", "See docs/custom.md.")
    except (IntentDataError, KeywordError) as error:
        yield Fault(line_of(text, (SECTION, name, "keywords")), f"{SECTION}.{name}: {error}", "Correct the keyword or the sentence there.")
