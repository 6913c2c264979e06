"""AgentDojo's tools as outside tools of ours, and the process that executes what the dispatcher lets through."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, create_model

from orchestrator.contracts import Effect, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

HERE = Path(__file__).parent


class Declared(BaseModel):
    """One line of tools.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effect: Effect = Effect.READ
    deed: Deed = Deed.READ
    to: tuple[str, ...] = ()
    host: str = ""
    private: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """One call that somebody wants made."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(slots=True)
class Dojo:
    """The other process. `executed` are the calls that were really made since `open`."""

    process: subprocess.Popen[str]
    executed: list[Wish] = field(default_factory=list)

    @classmethod
    def start(cls, venv: Path) -> Dojo:
        """Raises FileNotFoundError where there is no virtual environment."""
        command = [str(venv / "bin" / "python"), str(HERE / "worker.py")]
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))

    def ask(self, what: str, **given: Any) -> Any:
        """Raises RuntimeError when the process has ended."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": what, **given}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"AgentDojo's process ended with {self.process.wait()}")
        return json.loads(line)

    def call(self, wish: Wish) -> str:
        """Raises ToolError for what AgentDojo refuses."""
        answer = self.ask("call", tool=wish.tool, args=dict(wish.arguments))
        if answer["error"] is not None:
            raise ToolError(str(answer["error"]))
        self.executed.append(wish)
        return str(answer["value"])

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


@dataclass
class DojoTool:
    """One of AgentDojo's functions behind our contract."""

    dojo: Dojo
    name: str
    declared: Declared
    arguments: type[BaseModel]
    version: int = 1
    description: str = "Of AgentDojo."
    credits: int = 0
    seconds: float = 30.0

    @property
    def effect(self) -> Effect:
        return self.declared.effect

    def plain(self, arguments: BaseModel) -> dict[str, Any]:
        return {name: value for name, value in arguments.model_dump().items() if value is not None}

    def reach(self, arguments: BaseModel) -> Reach:
        given = self.plain(arguments)
        address = str(given.get(self.declared.host, ""))
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
        return Reach(self.declared.deed, frozenset({host} - {""}), tuple(name for argument in self.declared.to for name in _names(given.get(argument))))

    def preview(self, arguments: BaseModel, words: Phrase) -> Preview:
        return Preview(self.name, tuple((name, str(value)) for name, value in self.plain(arguments).items()))

    async def act(self, outside: Outside, arguments: BaseModel) -> Result:
        if self.effect is not Effect.READ:
            await outside.in_doubt()
        value = await asyncio.to_thread(self.dojo.call, Wish(self.name, self.plain(arguments)))
        return Result(value, self.declared.source, self.declared.private)


def _names(value: Any) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]


def tools_of(dojo: Dojo, suite: str, told: Mapping[str, Mapping[str, bool]]) -> tuple[DojoTool, ...]:
    """Every tool of a suite. Raises KeyError for one that tools.yaml does not declare."""
    table = yaml.safe_load((HERE / "tools.yaml").read_text(encoding="utf-8"))[suite]
    return tuple(DojoTool(dojo, name, Declared.model_validate(table[name]), _model(name, fields)) for name, fields in told.items())


def _model(name: str, fields: Mapping[str, bool]) -> type[BaseModel]:
    typed: dict[str, Any] = {field_name: (Any, ...) if needed else (Any, None) for field_name, needed in fields.items()}
    return create_model(name, __config__=ConfigDict(extra="forbid"), **typed)
