"""The guides for a new tool and a new agent, tried word for word: the files they show, installed as a plugin of a fresh house."""

from __future__ import annotations

import asyncio
import os
import re
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from agents.tools.mcp import servers_of
from orchestrator.actions.policy import Verdict, load
from orchestrator.contracts import Effect
from orchestrator.outside import Deed
from tests.crash.majordomo import ROOT, Majordomo, majordomo, telegram
from tests.servers.telegram.api import Api

DOCS = ROOT / "docs"
GUIDES = ("add-a-tool.md", "add-an-agent.md")
LONGEST = 30
OWNER = 1001
LP = """#!/bin/sh
cat >> "$PRINTED"
echo "|$2" >> "$PRINTED"
"""
"""Stands for the printer: what is printed, and under which title."""
_BLOCK = re.compile(r"^```\w+\n# (?P<name>[\w./]+)\n(?P<content>.*?)^```$", re.M | re.S)
_TOOL = re.compile(r"^    name(?:: str)? = \"([a-z_]+\.[a-z_]+)\"", re.M)
_VARIABLE = re.compile(r"env\.get\(\"(\w+)\"")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks(guide: str) -> dict[str, str]:
    """The files that a guide shows, by the name in their first line."""
    return {found["name"]: found["content"] for found in _BLOCK.finditer((DOCS / guide).read_text(encoding="utf-8"))}


def shown_files() -> dict[str, str]:
    return {name: content for guide in GUIDES for name, content in blocks(guide).items()}


def install(folder: Path) -> None:
    """What `pip install` leaves: the modules, and the entry points of pyproject.toml."""
    files = shown_files()
    project = tomllib.loads(files["pyproject.toml"])["project"]
    for name in (name for name in files if name.endswith(".py")):
        (folder / name).write_text(files[name], encoding="utf-8")
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = (f"[{group}]\n" + "".join(f"{name} = {point}\n" for name, point in points.items()) for group, points in project["entry-points"].items())
    (info / "entry_points.txt").write_text("\n".join(groups))


@dataclass(frozen=True)
class Office:
    """A house with the plugin and a printer."""

    api: Api
    bot: Majordomo

    @property
    def paper(self) -> list[str]:
        """Each sheet with its title."""
        file = self.bot.folder / "printed"
        return file.read_text().splitlines() if file.exists() else []

    async def hears(self, pattern: str) -> str:
        return (await self.api.shown(OWNER, pattern, timeout=30)).text

    async def press(self, pattern: str, label: str) -> None:
        message = await self.api.shown(OWNER, pattern, timeout=30)
        await self.api.user(OWNER).press(message, label)


@asynccontextmanager
async def office(*, kept: str = "") -> AsyncIterator[Office]:
    async with telegram() as api, majordomo(api, MAJORDOMO_OWNERS=f"telegram:{OWNER}") as bot:
        plugin = bot.folder / "plugin"
        plugin.mkdir()
        install(plugin)
        printer = bot.folder / "bin" / "lp"
        printer.parent.mkdir()
        printer.write_text(LP)
        printer.chmod(0o755)
        bot.environment |= {
            "PYTHONPATH": f"{ROOT}{os.pathsep}{plugin}",
            "PATH": f"{printer.parent}{os.pathsep}{bot.environment['PATH']}",
            "PRINTED": str(bot.folder / "printed"),
        }
        (bot.folder / "majordomo.yaml").write_text(f"business: {{name: Office}}\n{kept}{shown_files()['majordomo.yaml']}")
        await bot.start()
        yield Office(api, bot)


async def ask_for_a_sheet(house: Office) -> None:
    house.api.say(OWNER, "print a sheet for the door")
    await house.hears("What shall the sheet say")
    house.api.say(OWNER, "Back at 3 pm")
    await house.hears("Print a sheet.*Back at 3 pm")


@pytest.mark.timeout(120)
async def test_the_sheet_is_printed_once_and_only_after_approval() -> None:
    async with office() as house:
        await ask_for_a_sheet(house)
        assert house.paper == []
        await house.press("Back at 3 pm", "Approve")
        await house.hears("^Printed")
        (sheet,) = house.paper
        assert re.fullmatch(r"Back at 3 pm\|[0-9a-f]{32}", sheet)


@pytest.mark.timeout(120)
async def test_an_edited_sheet_needs_a_new_approval_and_a_declined_one_is_not_printed() -> None:
    async with office() as house:
        await ask_for_a_sheet(house)
        await house.press("Back at 3 pm", "Edit")
        house.api.say(OWNER, "Back at 4 pm")
        await house.hears("Print a sheet.*Back at 4 pm")
        await house.press("Print a sheet.*Back at 4 pm", "Decline")
        await house.hears("Not printed: ")
        await asyncio.sleep(0.3)
        assert house.paper == []


@pytest.mark.timeout(120)
async def test_twin_where_policy_allows_it_the_sheet_is_printed_unasked() -> None:
    async with office(kept="policy: {deeds: {external_write: allow}}\n") as house:
        house.api.say(OWNER, "print a sheet for the door")
        await house.hears("What shall the sheet say")
        house.api.say(OWNER, "Back at 3 pm")
        await house.hears("^Printed")
        assert len(house.paper) == 1


def test_each_file_is_short() -> None:
    lengths = {name: len(content.strip().splitlines()) for name, content in shown_files().items()}
    assert set(lengths) == {"majordomo_printer.py", "majordomo_printing.py", "pyproject.toml", "majordomo.yaml"}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


@pytest.mark.parametrize("page", sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), ROOT / "benchmarks" / "README.md"]), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert missing == []


def test_every_tool_and_every_setting_is_told() -> None:
    tools = {name for file in (ROOT / "agents" / "tools").rglob("*.py") for name in _TOOL.findall(file.read_text(encoding="utf-8"))}
    told = (DOCS / "tools.md").read_text(encoding="utf-8")
    assert len(tools) > 50
    assert {name for name in tools if f"`{name}`" not in told} == set()
    settings = set(_VARIABLE.findall((ROOT / "bot" / "settings.py").read_text(encoding="utf-8")))
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", *DOCS.glob("*.md")))
    assert len(settings) > 20
    assert {name for name in settings if name not in pages} == set()


def test_what_the_policy_page_shows_is_a_policy() -> None:
    found = yaml.safe_load(blocks("operations.md")["majordomo.yaml"])
    policy = load(found["policy"], found["budgets"])
    assert policy.deeds[Deed.DELETION] is Verdict.REFUSE and policy.budgets.task == 500
    (server,) = servers_of(yaml.safe_load(blocks("tools.md")["majordomo.yaml"])["mcp"])
    assert server.rule("search").effect is Effect.READ and server.rule("anything else").effect is Effect.IRREVERSIBLE
