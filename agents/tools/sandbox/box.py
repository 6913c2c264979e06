"""Python in bubblewrap: no network, no files of the host but libraries, an empty environment, limits on everything.

Nothing is shared with the host but two pipes: the program and its files go in by one, what it made comes back by the
other. The box has no /proc, no /sys, no shell, and a root that cannot be written; /box and /tmp are small memory disks.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import struct
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pydantic

from agents.tools.sandbox import seccomp
from orchestrator.contracts import ToolError

INSIDE = Path(__file__).with_name("inside.py")
SHARED = ("/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/share/fonts", "/usr/share/zoneinfo", "/etc/ld.so.cache")
ROOTS = ("/lib", "/lib64")
DEVICES = ("null", "zero", "full", "random", "urandom")
PACKAGES = (
    "PIL", "pillow.libs", "numpy", "numpy.libs", "matplotlib", "matplotlib.libs", "mpl_toolkits", "contourpy", "contourpy.libs", "cycler", "fontTools", "kiwisolver",
    "packaging", "pyparsing", "six.py", "dateutil", "pandas", "pandas.libs",
)  # fmt: skip
"""What a program finds to import where it is installed beside Majordomo; nothing else of that folder is shown."""
SURROUNDINGS = {"HOME": "/box", "LANG": "C.UTF-8", "TMPDIR": "/tmp", "LD_LIBRARY_PATH": "/python/lib", "MPLBACKEND": "Agg", "MPLCONFIGDIR": "/tmp",
                "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
NOBODY = "65534"
GRACE_SECONDS = 5.0
"""For starting, and for packing up what was made, on top of the program's own time."""


@dataclass(frozen=True, slots=True)
class BoxLimits:
    """Seconds, bytes and counts of one run."""

    seconds: float = 20.0
    memory_bytes: int = 1_000_000_000
    disk_bytes: int = 64_000_000
    file_bytes: int = 20_000_000
    files: int = 50
    output_bytes: int = 50_000

    def resources(self) -> dict[str, int]:
        """As `resource.setrlimit` names them. Processes are forbidden by the filter, since their limit does not bind root."""
        return {
            "RLIMIT_AS": self.memory_bytes, "RLIMIT_CPU": int(self.seconds) + 1, "RLIMIT_FSIZE": self.file_bytes, "RLIMIT_NOFILE": 64, "RLIMIT_NPROC": 32,
            "RLIMIT_CORE": 0, "RLIMIT_MEMLOCK": 0, "RLIMIT_MSGQUEUE": 0,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended. `status` is its exit code, negative for a signal."""

    status: int
    out: str
    err: str
    cut: bool
    late: bool
    seconds: float
    files: Mapping[str, bytes] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    """What it left in `out` that does not come back: links, special files, what is too large or too many."""


class _Header(pydantic.BaseModel):
    """What the box says it hands back; written by whoever ran in it."""

    model_config = pydantic.ConfigDict(extra="forbid")

    status: int
    cut: bool
    late: bool
    seconds: float
    out: int = pydantic.Field(ge=0)
    err: int = pydantic.Field(ge=0)
    files: list[tuple[str, pydantic.NonNegativeInt]]
    dropped: list[str]


class Unusable(ToolError):
    """The sandbox cannot run here."""


@dataclass(frozen=True)
class Box:
    """A place to run programs in that can reach nothing."""

    bwrap: str = "bwrap"
    limits: BoxLimits = field(default_factory=BoxLimits)
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def run(self, program: str, files: Mapping[str, bytes] | None = None, *, seconds: float | None = None) -> Ran:
        """Run a Python program with these files beside it. Raises ToolError where it took the sandbox down, Unusable where there is none."""
        limits, allowed = self.limits, min(seconds or self.limits.seconds, self.limits.seconds)
        machine, bwrap = seccomp.machine(), shutil.which(self.bwrap)
        if machine is None or bwrap is None:
            raise Unusable("bubblewrap is not installed" if bwrap is None else "this kind of processor is not known to the sandbox")
        given = dict(files or {})
        if sum(map(len, given.values())) > limits.disk_bytes // 2:
            raise ToolError(f"the files have more than the {limits.disk_bytes // 2} bytes that a program can be given")
        order = {
            "program": program, "files": [(name, len(data)) for name, data in given.items()], "seconds": allowed, "limits": limits.resources(),
            "filter": base64.b64encode(seccomp.for_program(machine)).decode(), "output_bytes": limits.output_bytes, "returned_bytes": limits.disk_bytes,
            "returned_files": limits.files,
        }  # fmt: skip
        head = json.dumps(order).encode()
        async with self.at_once:
            answer = await self._talk(bwrap, seccomp.for_all(machine), struct.pack("!Q", len(head)) + head + b"".join(given.values()), allowed)
        return _read(answer, limits)

    async def _talk(self, bwrap: str, calls: bytes, order: bytes, seconds: float) -> bytes:
        """Start the box, give it the order, read its answer. Whatever happens, nothing of it is left running."""
        with TemporaryFile() as filter_file:
            filter_file.write(calls)
            filter_file.seek(0)
            process = await asyncio.create_subprocess_exec(
                bwrap, *command(filter_file.fileno(), self.limits), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE, env={}, cwd="/", pass_fds=(filter_file.fileno(),), start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(seconds + GRACE_SECONDS):
                assert process.stdin and process.stdout and process.stderr
                most = self.limits.disk_bytes + 2 * self.limits.output_bytes + 1_000_000
                _, answer, fault = await asyncio.gather(_feed(process.stdin, order), _take(process.stdout, most), _take(process.stderr, 10_000))
        except TimeoutError:
            raise ToolError(f"the program did not end within {seconds:g} s and was stopped") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if not answer:
            said = fault.decode(errors="replace").strip().splitlines()
            told = said[-1][:300] if said else "it ended without a word"
            raise Unusable(f"the sandbox could not start: {told}") if told.startswith("bwrap:") else ToolError(f"the program took its sandbox down: {told}")
        return answer


def command(filter_fd: int, limits: BoxLimits) -> list[str]:
    """The arguments of bwrap."""
    disk = str(limits.disk_bytes)
    words = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "box"]
    words += ["--uid", NOBODY, "--gid", NOBODY, "--clearenv"]
    for name, value in SURROUNDINGS.items():
        words += ["--setenv", name, value]
    for path in SHARED:
        words += ["--ro-bind-try", path, path]
    for path in ROOTS:
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            words += ["--ro-bind", path, path]
    words += [*_interpreter(), "--ro-bind", str(INSIDE), "/inside.py", "--size", "65536", "--tmpfs", "/dev"]
    for device in DEVICES:
        words += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    words += ["--remount-ro", "/dev", "--size", disk, "--tmpfs", "/tmp", "--size", disk, "--tmpfs", "/box", "--remount-ro", "/", "--chdir", "/box"]
    return [*words, "--seccomp", str(filter_fd), "--", "/python/bin/python3", "-I", "-S", "-B", "/inside.py"]


def _interpreter() -> Iterator[str]:
    """This interpreter and its standard library, moved to /python, without the packages installed for it; then the few we offer."""
    prefix = Path(sys.base_prefix)
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": str(prefix), "base": str(prefix)}))
    inner = f"/python/{library.relative_to(prefix)}"
    yield from ("--ro-bind", str(Path(sys.executable).resolve()), "/python/bin/python3", "--ro-bind", str(library), inner)
    if (library / "site-packages").is_dir():
        yield from ("--size", "65536", "--tmpfs", f"{inner}/site-packages", "--remount-ro", f"{inner}/site-packages")
    for shared in sorted((prefix / "lib").glob("libpython3*.so*")):
        yield from ("--ro-bind", str(shared.resolve()), f"/python/lib/{shared.name}")
    for site in dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))):
        for name in PACKAGES:
            if (Path(site) / name).exists():
                yield from ("--ro-bind", str(Path(site) / name), f"/packages/{name}")


async def _feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(data)
        await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _take(stream: asyncio.StreamReader, most: int) -> bytes:
    """Everything, or ToolError where there is more than so many bytes."""
    pieces, size = [], 0
    while piece := await stream.read(65_536):
        size += len(piece)
        if size > most:
            raise ToolError("the program made more than can be handed back")
        pieces.append(piece)
    return b"".join(pieces)


def _read(answer: bytes, limits: BoxLimits) -> Ran:
    """The answer taken apart, believing nothing in it. Raises ToolError."""
    try:
        (length,) = struct.unpack_from("!Q", answer)
        header = _Header.model_validate_json(answer[8 : 8 + length])
    except (struct.error, pydantic.ValidationError):
        raise ToolError("the program garbled what its sandbox hands back") from None
    at = 8 + length
    pieces: list[bytes] = []
    for size in (header.out, header.err, *(size for _, size in header.files)):
        pieces.append(answer[at : at + size])
        at += size
    if at != len(answer) or len(header.files) > limits.files:
        raise ToolError("the program garbled what its sandbox hands back")
    texts: list[Any] = [piece.decode(errors="replace") for piece in pieces[:2]]
    made = {name: data for (name, _), data in zip(header.files, pieces[2:], strict=True)}
    return Ran(header.status, texts[0], texts[1], header.cut, header.late, round(header.seconds, 2), made, tuple(header.dropped[:50]))
