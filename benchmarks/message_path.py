"""What one message costs on its way through the running bot: latency, throughput, processor time, start, idle.

    python -m benchmarks.message_path [--only latency,throughput,start,idle]

A real `majordomo run` answers over HTTP to our own Telegram in this process; the machine's other load is in the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field

import psutil

from tests.crash.majordomo import Api, Ledger, Majordomo, majordomo, telegram

CHAT = 5001
SEQUENTIAL, GAP = 50, 0.1
CHATS, EACH = 20, 20
STARTS = 3
IDLE_SECONDS = 10.0
SETTLE_SECONDS = 4.0
"""After the start: the durable engine and the web server have been loaded."""


@dataclass
class Figures:
    """Milliseconds, megabytes and percent of one core, as the names say."""

    load_average: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))
    values: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.values[name] = round(value, 2)

    def table(self) -> str:
        return "\n".join([f"{name:<36} {value:>10}" for name, value in self.values.items()] + [f"{'load average at the start':<36} {self.load_average:>10}"])


@dataclass
class Bench:
    """A bot that is up, and what was asked of it."""

    api: Api
    bot: Majordomo
    ledger: Ledger
    figures: Figures

    def processor(self) -> float:
        """Seconds the bot has computed so far."""
        times = psutil.Process(self.bot.pid).cpu_times()
        return float(times.user + times.system)


async def latency(bench: Bench) -> None:
    """From the update being there for the poll to sendMessage having arrived: one chat, one after the other."""
    await _ask(bench.ledger, CHAT)
    taken, before = [], bench.processor()
    for _ in range(SEQUENTIAL):
        await asyncio.sleep(GAP)
        taken.append(await _ask(bench.ledger, CHAT))
    used = bench.processor() - before
    taken.sort()
    bench.figures.add("latency p50 ms", statistics.median(taken) * 1000)
    bench.figures.add("latency p99 ms", taken[max(0, round(len(taken) * 0.99) - 1)] * 1000)
    bench.figures.add("latency max ms", taken[-1] * 1000)
    bench.figures.add("processor ms/message, one by one", used / SEQUENTIAL * 1000)


async def throughput(bench: Bench) -> None:
    """Twenty chats at once, each sends its next message when it has its reply."""
    chats = range(CHAT + 1, CHAT + 1 + CHATS)
    await asyncio.gather(*(_ask(bench.ledger, chat) for chat in chats))

    async def talk(chat: int) -> None:
        for _ in range(EACH):
            await _ask(bench.ledger, chat)

    before, began = bench.processor(), time.perf_counter()
    await asyncio.gather(*(talk(chat) for chat in chats))
    took = time.perf_counter() - began
    bench.figures.add("throughput messages/s", CHATS * EACH / took)
    bench.figures.add("processor ms/message, 20 chats", (bench.processor() - before) / (CHATS * EACH) * 1000)


async def idle(bench: Bench) -> None:
    """Ten seconds in which nobody writes."""
    await asyncio.sleep(SETTLE_SECONDS)
    before = bench.processor()
    await asyncio.sleep(IDLE_SECONDS)
    memory = psutil.Process(bench.bot.pid).memory_full_info()
    bench.figures.add("idle processor %", (bench.processor() - before) / IDLE_SECONDS * 100)
    bench.figures.add("idle RSS MB", memory.rss / 2**20)
    bench.figures.add("idle PSS MB", memory.pss / 2**20)


async def start(bench: Bench) -> None:
    """From exec to the reply to a message that waited; what was learned is in the cache."""
    taken = []
    for _ in range(STARTS):
        await bench.bot.stop()
        bench.ledger.ask(CHAT)
        began = time.perf_counter()
        await bench.bot.start(until_polling=False)
        await bench.ledger.until_answered(30, then_wait=0.0)
        taken.append(time.perf_counter() - began)
    bench.figures.add("start to first reply ms", statistics.median(taken) * 1000)


PARTS: dict[str, Callable[[Bench], Awaitable[None]]] = {"idle": idle, "latency": latency, "throughput": throughput, "start": start}


async def _ask(ledger: Ledger, chat: int) -> float:
    """Seconds until the reply has arrived."""
    answered = asyncio.Event()
    began = time.perf_counter()
    ledger.waiting[chat] = answered
    ledger.ask(chat)
    async with asyncio.timeout(30):
        await answered.wait()
    return time.perf_counter() - began


async def measure(only: list[str]) -> Figures:
    figures = Figures()
    async with telegram() as api, majordomo(api, MAJORDOMO_MODEL="openai:x", OPENAI_BASE_URL="http://127.0.0.1:9/v1", OPENAI_API_KEY="unused") as bot:
        await bot.start()
        bench = Bench(api, bot, Ledger(api), figures)
        for name in only:
            await PARTS[name](bench)
        await bot.stop()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", default=",".join(PARTS), help=f"comma separated, of {', '.join(PARTS)}")
    figures = asyncio.run(measure(parser.parse_args().only.split(",")))
    print(figures.table())
    print(json.dumps(asdict(figures)))


if __name__ == "__main__":
    main()
