"""Python in the sandbox: what it can do for a person, and a hundred and more ways out that lead nowhere."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pydantic
import pytest

from agents.tools.code import CodeRun
from agents.tools.files import FileHouse, FileName, tools
from agents.tools.sandbox import Availability, Box, BoxLimits, Ran, probe
from agents.tools.sandbox.box import SURROUNDINGS
from orchestrator.contracts import Effect, ToolError
from orchestrator.outside import Deed
from tests.tools import escapes
from tests.tools.outside import FakeOutside, outside

USABLE = asyncio.run(probe(Box()))
needs_box = pytest.mark.skipif(not USABLE.usable, reason=f"the sandbox cannot run here: {USABLE.reason}")
ATTEMPTS = escapes.everything()
LIMITS = BoxLimits(seconds=4, memory_bytes=400_000_000)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hand(tmp_path: Path) -> FakeOutside:
    return outside(tmp_path / "folder")


async def run(hand: FakeOutside, program: str, *files: FileName, limits: BoxLimits = LIMITS) -> Any:
    tool: Any = CodeRun(FileHouse(), Box(limits=limits))
    return await tool.act(hand, tool.arguments(program=program, files=list(files)))


@needs_box
async def test_a_table_is_summed_and_the_answer_comes_back_as_a_file(hand: FakeOutside) -> None:
    (hand.folder / "sales.csv").write_text("cake,4\ntea,3\n")
    program = "import csv\ntotal = sum(int(row[1]) for row in csv.reader(open('sales.csv')))\nprint(total)\nopen('out/total.txt', 'w').write(str(total))"
    result = await run(hand, program, "sales.csv")
    assert result.value["status"] == 0 and result.value["output"] == "7\n" and result.value["files"] == {"total.txt": "total.txt"}
    assert (result.private, result.source) == (True, "files sales.csv")
    assert (hand.folder / "total.txt").read_text() == "7"
    again = await run(hand, program, "sales.csv")
    assert again.value["files"] == {"total.txt": "total.txt"} and sorted(os.listdir(hand.folder)) == [".majordomo", "sales.csv", "total.txt"]
    hand.key = "b" * 32
    other = await run(hand, program, "sales.csv")
    assert other.value["files"] == {"total (2).txt": "total.txt"}
    restore: Any = next(tool for tool in tools(FileHouse()) if tool.name == "files.restore")
    await restore.act(hand, restore.arguments(**other.undo.arguments))
    assert sorted(os.listdir(hand.folder)) == [".majordomo", "sales.csv", "total.txt"]


@needs_box
async def test_a_mistake_is_shown_as_python_shows_it(hand: FakeOutside) -> None:
    result = await run(hand, "print('before')\n1/0")
    assert result.value["status"] == 1 and result.value["output"] == "before\n"
    assert result.value["errors"] == 'Traceback (most recent call last):\n  File "program.py", line 2, in <module>\nZeroDivisionError: division by zero\n'
    assert (await run(hand, "import sys; sys.exit(3)")).value["status"] == 3


@needs_box
async def test_a_picture_is_drawn_where_pillow_is_installed(hand: FakeOutside) -> None:
    pytest.importorskip("PIL", reason="Pillow is not installed")
    result = await run(hand, "from PIL import Image; Image.new('RGB', (8, 8), 'red').save('out/charts/red.png')\n", limits=LIMITS)
    assert result.value["status"] == 1, "its folder has to be made first"
    await run(hand, "import os; os.mkdir('out/charts')\nfrom PIL import Image; Image.new('RGB', (8, 8), 'red').save('out/charts/red.png')")
    assert (hand.folder / "charts" / "red.png").read_bytes().startswith(b"\x89PNG")


@needs_box
async def test_only_ordinary_files_with_ordinary_names_come_back(hand: FakeOutside) -> None:
    program = """
import os
os.symlink('/etc/passwd', 'out/link'); os.symlink('/etc', 'out/folder'); os.mkfifo('out/pipe'); os.mkdir('out/.majordomo')
open('out/.majordomo/kept', 'w'); open('out/back\\\\slash', 'w'); open('out/good.txt', 'w'); open(b'out/\\xff', 'w'); open('out/a\\u202etxt.exe', 'w')
open('out/closed', 'w'); os.chmod('out/closed', 0)
"""
    result = await run(hand, program)
    assert list(result.value["files"].values()) == ["good.txt"] or set(result.value["files"].values()) == {"good.txt", "?"}
    assert {"link", "pipe", "folder", ".majordomo/kept", "back\\slash"} <= set(result.value["dropped"])
    assert not any(path.is_symlink() for path in hand.folder.rglob("*"))


@needs_box
@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "import signal, time\nfor n in range(1, 30):\n    try: signal.signal(n, signal.SIG_IGN)\n    except OSError: pass\ntime.sleep(60)",
    ],
)
async def test_a_program_without_end_is_stopped_and_what_it_said_is_kept(program: str, hand: FakeOutside) -> None:
    began = time.monotonic()
    result = await run(hand, f"print('began', flush=True)\n{program}", limits=BoxLimits(seconds=1))
    assert result.value["timed_out"] and result.value["output"] == "began\n" and time.monotonic() - began < 4


@needs_box
async def test_a_flood_of_output_is_cut(hand: FakeOutside) -> None:
    result = await run(hand, "import sys\nfor _ in range(3000): sys.stdout.write('x' * 10000); sys.stderr.write('y' * 10000)")
    assert result.value["truncated"] and len(result.value["output"]) == len(result.value["errors"]) == LIMITS.output_bytes


@needs_box
async def test_nothing_is_left_running(hand: FakeOutside) -> None:
    await run(hand, "import time; time.sleep(60)", limits=BoxLimits(seconds=0.3))
    task = asyncio.create_task(run(hand, "import time; time.sleep(60)", limits=BoxLimits(seconds=30)))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.3)
    assert [child for child in psutil.Process().children(recursive=True) if "inside.py" in " ".join(child.cmdline())] == []


@needs_box
@pytest.mark.parametrize(
    "program", ["import os; os.kill(os.getppid(), 9); import time; time.sleep(9)", "import os; os.kill(-1, 9)", "import os; os.kill(1, 9); print('alive')"]
)
async def test_whoever_pulls_the_box_down_hurts_only_themselves(program: str, hand: FakeOutside) -> None:
    try:
        result = await run(hand, program)
        assert result.value["output"] in {"", "alive\n"}
    except ToolError as error:
        assert "took its sandbox down" in str(error)


class Leaky:
    """A box that says it let something out: the probe must notice. It runs nothing, since some escapes would change this machine."""

    limits = LIMITS

    async def run(self, program: str, seconds: float = 10) -> Ran:
        return Ran(0, "began\nESCAPED network\nESCAPED kill\nended\n", "", False, False, 0.1)


async def test_the_probe_refuses_a_box_that_leaks_and_one_that_cannot_run() -> None:
    leaking = await probe(Leaky())  # type: ignore[arg-type]
    assert not leaking.usable and "leaks here" in leaking.reason and "network" in leaking.reason
    assert await probe(Box(bwrap="no-such-program")) == Availability(False, "bubblewrap is not installed")
    with tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False) as broken:
        broken.write("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    os.chmod(broken.name, 0o755)
    told = await probe(Box(bwrap=broken.name))
    os.unlink(broken.name)
    assert told == Availability(False, "the sandbox could not start: bwrap: No permissions to create new namespace")


def test_what_it_declares(hand: FakeOutside) -> None:
    tool = CodeRun(FileHouse(), Box())
    parsed: Any = tool.arguments(program="print()", files=["a.txt"])
    assert tool.effect is Effect.IDEMPOTENT and tool.reach(parsed).deed is Deed.COMPUTE and tool.reach(parsed).files == ("a.txt",)
    for wrong in ("../a", "/etc/passwd", "out/x", ".majordomo/kept"):
        with pytest.raises(pydantic.ValidationError):
            tool.arguments(program="print()", files=[wrong])


# --- ways out -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def facts() -> Iterator[dict[str, Any]]:
    """Harmless targets on the host, and what tells an attempt where they are."""
    folder = Path(tempfile.mkdtemp(prefix="canary-"))
    (folder / "canary").write_text("canary")
    (folder / "link").symlink_to(folder / "canary")
    server, server6 = socket.create_server(("127.0.0.1", 0)), socket.create_server(("::1", 0), family=socket.AF_INET6)
    datagram, local, abstract = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    datagram.bind(("127.0.0.1", 0))
    local.bind(str(folder / "socket"))
    abstract.bind(f"\0canary-{os.getpid()}")
    for listening in (local, abstract):
        listening.listen(50)
    sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
    shared = ctypes.CDLL(None).shmget(0, 4096, 0o1600)
    inherited = os.open(folder / "canary", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    os.environ["CANARY_SECRET"] = "s3cret-of-the-host"
    yield {
        "PORT": server.getsockname()[1], "PORT6": server6.getsockname()[1], "DATAGRAM": datagram.getsockname()[1], "CANARY": str(folder / "canary"), "FOLDER": str(folder),
        "ABSTRACT": f"canary-{os.getpid()}", "LOCAL": str(folder / "socket"), "PID": sleeper.pid, "SECRET": "s3cret-of-the-host", "INHERITED": inherited, "SHARED": shared,
        "LIMIT": LIMITS.memory_bytes, "X86": platform.machine() == "x86_64", "HOUSE": str(ROOT), "KNOWN": [*SURROUNDINGS, "PWD", "LC_CTYPE"],
    }  # fmt: skip
    del os.environ["CANARY_SECRET"]
    sleeper.kill()
    sleeper.wait()
    ctypes.CDLL(None).shmctl(shared, 0, None)
    os.close(inherited)
    for opened in (server, server6, datagram, local, abstract):
        opened.close()


def attempt(source: str, facts: dict[str, Any]) -> str:
    return f"import json\nglobals().update(json.loads({json.dumps(json.dumps(facts))}))\ndef escaped(): print('ESCAPED', flush=True)\nprint('began', flush=True)\n{source}"


def test_there_are_enough_of_them() -> None:
    assert len(ATTEMPTS) >= 150 and len(set(ATTEMPTS.values())) >= 140


@needs_box
@pytest.mark.parametrize("name", ATTEMPTS)
async def test_no_way_out(name: str, facts: dict[str, Any]) -> None:
    try:
        ran = await Box(limits=LIMITS).run(attempt(ATTEMPTS[name], facts))
    except ToolError as error:
        assert "took its sandbox down" in str(error)
        return
    assert ran.out.startswith("began") and "ESCAPED" not in ran.out
    assert Path(facts["CANARY"]).read_text() == "canary"


TWINS = [
    *(f"file: {name}" for name in escapes.FILES), *(f"call: {name}" for name in ("socket", "socket v6", "datagram", "netlink", "unix socket", "pidfd", "memfd", "kcmp")),
    "listener", "listener on v6", "listener by asyncio", "datagram", "own listener", "socket file", "abstract socket", "read the canary", "list its folder",
    "link in its folder", "secret of the surroundings", "secret of the surroundings by ctypes", "signal", "priority", "its scheduling", "fork", "shell", "program", "python again",
    "thread", "set-user-id program", "names of processes", "packages of the house", "more memory", "mapped memory", "many files",
]  # fmt: skip


@needs_box
def test_without_the_rules_most_of_them_lead_out(facts: dict[str, Any]) -> None:
    """The twin: attempts picked by hand because they only look, with network, processes, environment and files of the host open to them.

    It runs with no capabilities on a read-only view of the machine, so that an attempt that were more than a look would change nothing.
    """
    open_box = ["bwrap", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--cap-drop", "ALL", "--die-with-parent", sys.executable, "-c"]
    out = []
    for name in TWINS:
        done = subprocess.run([*open_box, attempt(ATTEMPTS[name], facts)], capture_output=True, text=True, timeout=30, cwd="/")
        if "ESCAPED" in done.stdout:
            out.append(name)
    assert len(out) > len(TWINS) / 2, sorted(set(TWINS) - set(out))
