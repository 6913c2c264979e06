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

from tests.crash.majordomo import Majordomo, majordomo, telegram
from tests.servers.telegram.api import Api

CHAT = 5001
QUESTIONS = (
    "what are your opening hours?",
    "are you open on Sunday?",
    "what is your address?",
    "how much is a haircut?",
    "when do you close on Friday?",
    "do you have parking?",
    "what services do you offer?",
    "how much is a beard trim?",
)
"""Routed by the classifier and answered by a specialist of the sample business, one reply each."""
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
    figures: Figures
    waiting: dict[int, asyncio.Event] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        self.api.platform.on_sent.append(lambda sent: self.waiting[sent.chat_id].set())

    async def ask(self, chat: int, text: str) -> float:
        """Seconds until the reply has arrived at the platform."""
        answered = self.waiting[chat] = asyncio.Event()
        began = time.perf_counter()
        self.asked += 1
        self.api.say(chat, text)
        async with asyncio.timeout(30):
            await answered.wait()
        return time.perf_counter() - began

    def processor(self) -> float:
        """Seconds the bot has computed so far."""
        times = psutil.Process(self.bot.pid).cpu_times()
        return float(times.user + times.system)


async def latency(bench: Bench) -> None:
    """From the update being there for the poll to sendMessage having arrived: one chat, one after the other, in a bot that has settled."""
    for kind, texts in (("question", QUESTIONS), ("command", ("/tasks",))):
        await bench.ask(CHAT, texts[0])
        await asyncio.sleep(SETTLE_SECONDS)
        taken, before = [], bench.processor()
        for number in range(SEQUENTIAL):
            await asyncio.sleep(GAP)
            taken.append(await bench.ask(CHAT, texts[number % len(texts)]))
        used = bench.processor() - before
        taken.sort()
        bench.figures.add(f"{kind}: latency p50 ms", statistics.median(taken) * 1000)
        bench.figures.add(f"{kind}: latency p99 ms", taken[max(0, round(len(taken) * 0.99) - 1)] * 1000)
        bench.figures.add(f"{kind}: processor ms/message", used / SEQUENTIAL * 1000)


async def throughput(bench: Bench) -> None:
    """Twenty chats at once, each sends its next message when it has its reply."""
    chats = range(CHAT + 1, CHAT + 1 + CHATS)
    await asyncio.gather(*(bench.ask(chat, QUESTIONS[0]) for chat in chats))

    async def talk(chat: int) -> None:
        for number in range(EACH):
            await bench.ask(chat, QUESTIONS[(chat + number) % len(QUESTIONS)])

    before, began = bench.processor(), time.perf_counter()
    await asyncio.gather(*(talk(chat) for chat in chats))
    took = time.perf_counter() - began
    bench.figures.add("throughput messages/s", CHATS * EACH / took)
    bench.figures.add("processor ms/message, 20 chats", (bench.processor() - before) / (CHATS * EACH) * 1000)


async def idle(bench: Bench) -> None:
    """Ten seconds in which nobody writes, in a bot that was started before: the very first start also migrates and writes samples."""
    await bench.bot.stop()
    await bench.bot.start()
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
        waiting = asyncio.create_task(bench.ask(CHAT, QUESTIONS[0]))
        await asyncio.sleep(0)
        began = time.perf_counter()
        await bench.bot.start(until_polling=False)
        await waiting
        taken.append(time.perf_counter() - began)
    bench.figures.add("start to first reply ms", statistics.median(taken) * 1000)


PARTS: dict[str, Callable[[Bench], Awaitable[None]]] = {"idle": idle, "latency": latency, "throughput": throughput, "start": start}


async def measure(only: list[str]) -> Figures:
    figures = Figures()
    async with telegram() as api, majordomo(api, MAJORDOMO_MODEL="openai:x", OPENAI_BASE_URL="http://127.0.0.1:9/v1", OPENAI_API_KEY="unused") as bot:
        await bot.start()
        bench = Bench(api, bot, figures)
        for name in only:
            await PARTS[name](bench)
        if api.violations or len(api.sent) != bench.asked:
            raise RuntimeError(f"{bench.asked} asked, {len(api.sent)} replies seen, refused by the platform: {api.violations}")
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
