"""What `majordomo doctor` says of the tools that reach outside: which of them this machine and these settings allow, and why not the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from bot.findings import Finding
from bot.settings import ConfigurationError, Settings, named


def _calendars(settings: Settings) -> Iterator[Finding]:
    from bot.hands import calendar_server  # noqa: PLC0415 - loads every tool

    try:
        server = calendar_server(settings)
    except ConfigurationError as error:
        yield Finding("calendar", error.fault, error.remedy)
        return
    note = f"CalDAV at {server.host}" if server else "no CALDAV_URL set, so appointments stay in our own"
    yield Finding("calendar", note=note)


def _extensions(settings: Settings) -> Iterator[Finding]:
    from agents.tools.mcp import McpFault, named_variables, read_servers  # noqa: PLC0415

    try:
        servers = read_servers(settings.config_file)
    except McpFault as fault:
        yield Finding("MCP servers", str(fault), f"correct the section mcp in {settings.config_file}")
        return
    wanted = named_variables(servers)
    missing = sorted(wanted - {name for name, value in named(wanted).items() if value})
    if missing:
        yield Finding("MCP servers", f"not set: {', '.join(missing)}.", "set them in the environment, or take them out of the section mcp")
    elif servers:
        yield Finding("MCP servers", note=", ".join(server.name for server in servers))


def _browser(settings: Settings) -> Iterator[Finding]:
    from agents.tools.browser import Browsers, BrowserSettings  # noqa: PLC0415
    from agents.tools.way_out import WayOut  # noqa: PLC0415
    from bot.hands import chromium  # noqa: PLC0415

    missing = Browsers(WayOut(), BrowserSettings(settings.data_folder / "browser", chromium())).missing()
    yield Finding("browser", note=f"absent: {missing}" if missing else str(chromium()))


def _sandbox(settings: Settings) -> Iterator[Finding]:
    from agents.tools.sandbox.box import Box  # noqa: PLC0415
    from agents.tools.sandbox.probe import probe  # noqa: PLC0415

    found = asyncio.run(probe(Box()))
    yield Finding("code sandbox", note="every escape that was tried failed" if found.usable else f"absent: {found.reason}")


TOOL_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (_calendars, _extensions, _browser, _sandbox)
"""In the order in which they are told. What is absent because nobody wants it is no fault."""
