"""The section `mcp:` of majordomo.yaml: which servers there are, how they are reached, and what their tools do to the world."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pydantic
import yaml

from agents.tools.way_out import destination
from orchestrator.business.loading import LOADER
from orchestrator.contracts import Effect, MajordomoError
from orchestrator.outside import Deed

LOOKING = frozenset({Deed.READ, Deed.COMPUTE})


class McpFault(MajordomoError):
    """The section mcp in majordomo.yaml cannot be used."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one tool does to the world, in the operator's word. The default is for tools that nobody knows."""

    effect: Effect = Effect.IRREVERSIBLE
    deed: Deed = Deed.WRITE


UNKNOWN = Rule()


@dataclass(frozen=True, slots=True)
class Program:
    """A server that we start. Of our environment it gets the variables named here and nothing else.

    The values of `secrets` are taken out of whatever it answers; those of `env` are not.
    """

    command: str
    args: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Address:
    """A server on the network. `token` names a variable of our environment; `credential` is a handle of a person's."""

    url: str
    token: str = ""
    credential: str = ""

    @property
    def host(self) -> str:
        return destination(self.url).host


@dataclass(frozen=True, slots=True)
class Server:
    """`seconds` is for one call; `private` says whether it shows what is the person's own."""

    name: str
    place: Program | Address
    rules: Mapping[str, Rule] = field(default_factory=dict)
    seconds: float = 60.0
    credits: int = 10
    private: bool = True

    def rule(self, tool: str) -> Rule:
        return self.rules.get(tool, UNKNOWN)

    @property
    def source(self) -> str:
        return f"mcp:{self.name}"

    @property
    def hosts(self) -> frozenset[str]:
        """A program may speak to anybody: it counts as a host of its own, which no task has on its allow-list unasked."""
        return frozenset({self.place.host if isinstance(self.place, Address) else self.source})

    @property
    def fingerprint(self) -> str:
        """Whom we mean by the name: another command or address under the same name is another server."""
        place = self.place
        meant = ["url", place.url] if isinstance(place, Address) else ["program", place.command, *place.args]
        return hashlib.sha256(json.dumps([self.name, *meant]).encode()).hexdigest()


Variable = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
Name = Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]


class _Section(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class _Tool(_Section):
    effect: Effect
    deed: Deed | None = None

    @pydantic.model_validator(mode="after")
    def _sober(self) -> _Tool:
        if self.effect is Effect.READ and self.rule().deed not in LOOKING:
            raise ValueError("a tool whose effect is read can only have the deed read or compute")
        return self

    def rule(self) -> Rule:
        return Rule(self.effect, self.deed or (Deed.READ if self.effect is Effect.READ else Deed.WRITE))


class _Server(_Section):
    command: str = pydantic.Field(default="", max_length=1000)
    args: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    secrets: tuple[Variable, ...] = ()
    url: str = ""
    token: Variable | None = None
    credential: str = pydantic.Field(default="", pattern=r"^(cred://[\w.:-]+)?$")
    tools: Mapping[str, _Tool] = pydantic.Field(default_factory=dict)
    seconds: float = pydantic.Field(default=60.0, gt=0, le=600)
    credits: int = pydantic.Field(default=10, ge=0)
    private: bool = True

    @pydantic.model_validator(mode="after")
    def _one_place(self) -> _Server:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either a command or a url")
        if self.command and (self.token or self.credential):
            raise ValueError("token and credential are for a url; a command gets its secrets by secrets: [NAME]")
        if self.url and (self.args or self.env or self.secrets):
            raise ValueError("args, env and secrets are for a command")
        if self.token and self.credential:
            raise ValueError("give one of token and credential")
        if self.url:
            destination(self.url)
        return self

    def place(self) -> Program | Address:
        if self.url:
            return Address(destination(self.url).url, self.token or "", self.credential)
        return Program(self.command, self.args, self.env, self.secrets)


_SERVERS: pydantic.TypeAdapter[dict[str, _Server]] = pydantic.TypeAdapter(dict[Name, _Server])


def servers_of(section: Mapping[str, Any]) -> tuple[Server, ...]:
    """The servers of a section. Raises McpFault, which names the line's place."""
    try:
        found = _SERVERS.validate_python(dict(section))
    except pydantic.ValidationError as error:
        wrong = "; ".join(f"mcp.{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors())
        raise McpFault(f"{wrong}. docs/tools.md shows a server.") from None
    return tuple(
        Server(name, one.place(), {tool: given.rule() for tool, given in one.tools.items()}, one.seconds, one.credits, one.private)
        for name, one in found.items()
    )  # fmt: skip


def read_servers(path: Path) -> tuple[Server, ...]:
    """The servers of a house. Raises McpFault."""
    found = (yaml.load(path.read_text(encoding="utf-8"), LOADER) or {}) if path.is_file() else {}
    section = found.get("mcp") or {}
    if not isinstance(section, Mapping):
        raise McpFault(f"{path}: mcp must be a section with a name for each server")
    return servers_of(section)


def named_variables(servers: Iterable[Server]) -> frozenset[str]:
    """The variables of our environment that the servers are given."""
    found: set[str] = set()
    for server in servers:
        place = server.place
        found |= ({place.token} - {""}) if isinstance(place, Address) else {*place.env, *place.secrets}
    return frozenset(found)
