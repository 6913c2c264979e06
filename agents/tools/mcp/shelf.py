"""What is known of a server's tools, pinned by digest and kept in a file: a tool that changes is a new version of it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.tools.mcp.messages import Message
from agents.tools.mcp.schema import McpArguments, Unusable, arguments_model, clean
from agents.tools.mcp.settings import Server

TOOL_NAME = re.compile(r"[A-Za-z0-9_./-]{1,64}")
LONGEST_NAME = 64
"""Of a whole tool name, as providers of models take it."""
LONGEST_DESCRIPTION = 1_000
LARGEST_FILE = 20_000_000
VERSIONS_KEPT = 1_000
LARGEST_VERSION = 2**31 - 1
PINNED = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Definition:
    """One tool as its server describes it, made harmless. `name` is the server's own."""

    name: str
    description: str
    digest: str
    version: int
    arguments: type[McpArguments]


class Shelf:
    """One server's tools. `known` is replaced as a whole, so that any thread may read it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.known: Mapping[str, Definition] = {}
        self._path = folder / f"{server.name}.json"
        self._versions: dict[str, dict[str, int]] = {}
        self._guard = threading.Lock()

    def remembered(self) -> bool:
        """Read the file. False where there is none that could be used."""
        try:
            if self._path.stat().st_size > LARGEST_FILE:
                raise ValueError("too large")
            found = json.loads(self._path.read_text(encoding="utf-8"))
            versions = {str(tool): {str(digest): int(number) for digest, number in of.items()} for tool, of in found["versions"].items()}
            with self._guard:
                self._versions = versions
                same = bool(found["server"] == self.server.fingerprint)
                self.known = self._defined(found["tools"]) if same else {}
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("what was known of an MCP server cannot be read", extra={"server": self.server.name, "error": type(error).__name__})
            return False
        return same

    def digest(self, tool: Message) -> str:
        """SHA-256 over all that the server says of a tool, and over whom we mean by the server."""
        whole = json.dumps([self.server.fingerprint, {part: tool[part] for part in PINNED if part in tool}], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()

    def learn(self, tools: Sequence[Message]) -> None:
        """Take what the server says now. What changed is told in the log. The file is written whole or not at all."""
        with self._guard:
            before, after = self.known, self._defined(tools)
            for name, definition in after.items():
                if name in before and before[name].digest != definition.digest:
                    logger.warning("a tool of an MCP server has changed", extra={"server": self.server.name, "tool": name, "version": definition.version})
            self.known = after
            kept = [tool for tool in tools if tool["name"] in after]
            text = json.dumps({"server": self.server.fingerprint, "tools": kept, "versions": self._versions})
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside = self._path.with_suffix(".new")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            beside.replace(self._path)

    def _defined(self, tools: Sequence[Any]) -> dict[str, Definition]:
        found: dict[str, Definition] = {}
        spoken: dict[str, int] = {}
        for tool in tools:
            spoken[_spoken(tool["name"])] = spoken.get(_spoken(tool["name"]), 0) + 1
        for tool in tools:
            name = tool["name"]
            try:
                if not TOOL_NAME.fullmatch(name) or len(f"mcp.{self.server.name}.{name}") > LONGEST_NAME:
                    raise Unusable("its name is too long or has characters that a tool's name cannot have")
                if spoken[_spoken(name)] > 1:
                    raise Unusable("another tool of the server has nearly the same name")
                found[name] = self._definition(tool)
            except Unusable as why:
                logger.warning("a tool of an MCP server is left out", extra={"server": self.server.name, "tool": clean(name, 80), "reason": str(why)})
        return found

    def _definition(self, tool: Message) -> Definition:
        name, said = tool["name"], tool.get("description")
        digest = self.digest(tool)
        if (known := self.known.get(name)) is not None and known.digest == digest:
            return known
        description = clean(said, LONGEST_DESCRIPTION) if isinstance(said, str) else ""
        return Definition(name, description, digest, self._version(name, digest), arguments_model(tool.get("inputSchema", {}), digest))

    def _version(self, name: str, digest: str) -> int:
        """A number from the digest. Two definitions never share one, however many a server tries: the later gets the next free one."""
        versions = self._versions.setdefault(name, {})
        if digest not in versions:
            if len(versions) >= VERSIONS_KEPT:
                raise Unusable(f"it has changed more than {VERSIONS_KEPT} times")
            number = int(digest[:8], 16) % LARGEST_VERSION + 1
            while number in versions.values():
                number = number % LARGEST_VERSION + 1
            versions[digest] = number
        return versions[digest]


def _spoken(name: str) -> str:
    """A name as models know it."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", name).lower()
