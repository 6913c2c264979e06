"""Where the memory of the idle bot goes: what each library costs to import, and what a running bot holds at each stage.

    python -m benchmarks.memory

RSS counts what is in memory; a library's mapped code is in it although other processes share it (PSS splits it between them).
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.message_path import CHAT, QUESTIONS, Bench, Figures
from tests.crash.majordomo import Majordomo, majordomo, telegram

IMPORTS = (
    ("Python itself, with asyncio, ssl and sqlite", "asyncio, ssl, sqlite3, logging, json"),
    ("command line (typer)", "typer"),
    ("database (SQLAlchemy, our tables)", "sqlalchemy.orm, storage.models, storage.database"),
    ("configuration (pydantic, YAML)", "pydantic, yaml"),
    ("numbers for the classifier (numpy)", "numpy"),
    ("words and dates (Fluent, Babel, dateutil)", "fluent.runtime, babel.dates, babel.numbers, dateutil.rrule"),
    ("Telegram (python-telegram-bot, httpx, cryptography)", "telegram"),
    ("our own code", "bot.serving, bot.channels.telegram"),
    ("web server (uvicorn, FastAPI)", "uvicorn, bot.web.app"),
    ("engine (DBOS), only once there is durable work", "dbos"),
)
MEASURE = """
import sys
sys.modules["httpx._main"] = None
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
for line in sys.stdin:
    exec("import " + line)
    print(resident(), flush=True)
"""
SETTLED = 6.0
"""Seconds after the first poll: web server loaded, catalogues and patterns read ahead."""
_MAPPING = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)$")


@dataclass
class Memory:
    """Megabytes of RSS: by import, by stage, and by what is mapped at the end."""

    imports: dict[str, float] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    mapped: dict[str, float] = field(default_factory=dict)

    def tables(self) -> str:
        parts = (("added by importing, one after the other", self.imports), ("a running bot", self.stages), ("of that at the end", self.mapped))
        return "\n\n".join("\n".join([title, *(f"  {name:<56}{value:>8.1f}" for name, value in table.items())]) for title, table in parts)


def by_import() -> dict[str, float]:
    """What each group of modules adds, in the order in which a start loads them."""
    lines = "".join(f"{modules}\n" for _, modules in IMPORTS)
    done = subprocess.run([sys.executable, "-c", MEASURE], input=lines, capture_output=True, text=True, check=True)
    found, before = {}, 0
    for (name, _), line in zip(IMPORTS, done.stdout.split(), strict=True):
        found[name] = _megabytes(int(line) - before)
        before = int(line)
    return found


async def by_stage() -> tuple[dict[str, float], dict[str, float]]:
    """A bot with a model configured and never asked."""
    stages: dict[str, float] = {}
    async with telegram() as api, majordomo(api, MAJORDOMO_MODEL="openai:x", OPENAI_BASE_URL="http://127.0.0.1:9/v1", OPENAI_API_KEY="unused") as bot:
        await bot.start()
        await asyncio.sleep(SETTLED)
        stages["idle after the very first start (migrations, samples)"] = sum(_mappings(bot).values())
        await bot.stop()
        await bot.start()
        stages["at the first poll of the second start"] = sum(_mappings(bot).values())
        await asyncio.sleep(SETTLED)
        stages[f"{SETTLED:g} s later, idle"] = sum(_mappings(bot).values())
        bench = Bench(api, bot, Figures())
        for number in range(10):
            await bench.ask(CHAT, QUESTIONS[number % len(QUESTIONS)])
        stages["after 10 questions"] = sum(_mappings(bot).values())
        for number in range(300):
            await bench.ask(CHAT, QUESTIONS[number % len(QUESTIONS)])
        await asyncio.sleep(1)
        stages["after 300 more"] = sum(_mappings(bot).values())
        mapped = _mappings(bot)
        await bot.stop()
    own = mapped.pop("") + mapped.pop("[heap]", 0)
    largest = dict(Counter(mapped).most_common(8))
    rest = sum(mapped.values()) - sum(largest.values())
    return _rounded(stages), _rounded({"objects and buffers (not shared)": own, **largest, "other files": rest})


def _mappings(bot: Majordomo) -> Counter[str]:
    """Resident bytes by file name; "" is anonymous memory."""
    found: Counter[str] = Counter()
    name = ""
    for line in Path(f"/proc/{bot.pid}/smaps").read_text().splitlines():
        if match := _MAPPING.match(line):
            name = match[1].rsplit("/", 1)[-1]
        elif line.startswith("Rss:"):
            found[name] += int(line.split()[1]) * 1024
    return found


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: _megabytes(value) for name, value in values.items()}


def _megabytes(value: float) -> float:
    return round(value / 2**20, 1)


def main() -> None:
    stages, mapped = asyncio.run(by_stage())
    memory = Memory(by_import(), stages, mapped)
    print(memory.tables())
    print(json.dumps(asdict(memory)))


if __name__ == "__main__":
    main()
