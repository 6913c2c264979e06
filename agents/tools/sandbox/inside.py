"""What runs inside the sandbox: reads a program and its files from its input, runs it as a child, hands back what it wrote.

The program is a forked child under its own limits and filter, so that what it prints and leaves in `out` survives its
end. Uses the standard library alone; nothing of the house is in reach. Whoever reads the answer trusts none of it.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import selectors
import signal
import stat
import struct
import sys
import time
import traceback
from typing import Any

BOX, OUT = "/box", "/box/out"
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 4, 22, 38
PIECE = 65_536


def main() -> None:
    """Read the order, run it, answer."""
    order = _order()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.dup2(out_write, 1)
        os.dup2(err_write, 2)
        _become(libc, order)
    os.close(out_write)
    os.close(err_write)
    texts, cut, late = _listen(child, {out_read: "out", err_read: "err"}, started + order["seconds"], order["output_bytes"])
    _, status = os.waitpid(child, 0)
    _answer(order, {"status": os.waitstatus_to_exitcode(status), "cut": cut, "late": late, "seconds": time.monotonic() - started}, texts)


def _order() -> dict[str, Any]:
    stream = sys.stdin.buffer
    (length,) = struct.unpack("!Q", stream.read(8))
    order: dict[str, Any] = json.loads(stream.read(length))
    os.makedirs(OUT, exist_ok=True)
    for name, size in order["files"]:
        path = os.path.join(BOX, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(stream.read(size))
    return order


def _become(libc: Any, order: dict[str, Any]) -> None:
    """Turn this process into the program. Never returns."""
    code = 1
    try:
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.closerange(3, 65_536)
        os.chdir(BOX)
        for name, value in order["limits"].items():
            resource.setrlimit(getattr(resource, name), (value, value))
        _filter(libc, base64.b64decode(order["filter"]))
        code = _execute(order["program"])
    finally:
        os._exit(code)


def _filter(libc: Any, program: bytes) -> None:
    steps = ctypes.create_string_buffer(program, len(program))

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    filled = Filter(len(program) // 8, ctypes.cast(steps, ctypes.c_void_p))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(filled), 0, 0):
        raise OSError(ctypes.get_errno(), "the filter of system calls cannot be set")


def _execute(source: str) -> int:
    """Run it as a script is run: a traceback for an error, `sys.exit` obeyed."""
    code = 0
    sys.argv = ["program.py"]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it stays open for as long as the process lives
    sys.path[:] = [BOX, *(entry for entry in sys.path if entry.startswith("/python")), "/packages"]
    try:
        exec(compile(source, "program.py", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
    except SystemExit as end:
        if isinstance(end.code, int) or end.code is None:
            code = int(end.code or 0) & 0xFF
        else:
            print(end.code, file=sys.stderr)
            code = 1
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is told to whoever wrote it
        code = 1
        traceback.print_exception(type(error), error, error.__traceback__.tb_next if error.__traceback__ else None)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 1
    return code


def _listen(child: int, pipes: dict[int, str], until: float, most: int) -> tuple[dict[str, bytes], bool, bool]:
    """What the child prints, at most so many bytes of each; the rest is read and dropped. Kills it when its time is over."""
    texts: dict[str, bytes] = dict.fromkeys(pipes.values(), b"")
    cut = late = False
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            left = until - time.monotonic()
            if left <= 0 and not late:
                late = True
                os.kill(child, signal.SIGKILL)
            for key, _ in selector.select(max(left, 0.05)):
                piece = os.read(key.fd, PIECE)
                if not piece:
                    selector.unregister(key.fd)
                name = pipes[key.fd]
                cut = cut or len(texts[name]) + len(piece) > most
                texts[name] = (texts[name] + piece)[:most]
    return texts, cut, late


def _answer(order: dict[str, Any], facts: dict[str, Any], texts: dict[str, bytes]) -> None:
    files, dropped = _made(order["returned_bytes"], order["returned_files"])
    sizes = [(name, len(data)) for name, data in files]
    packed = json.dumps({**facts, "out": len(texts["out"]), "err": len(texts["err"]), "files": sizes, "dropped": dropped[:50]}).encode()
    sys.stdout.buffer.write(struct.pack("!Q", len(packed)) + packed + texts["out"] + texts["err"] + b"".join(data for _, data in files))
    sys.stdout.buffer.flush()


def _made(most: int, count: int) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Ordinary files below `out`, as far as they fit; and the names of what stays behind."""
    files: list[tuple[str, bytes]] = []
    dropped = []
    for where, folders, names in os.walk(OUT):
        dropped += [os.path.relpath(path, OUT).encode("utf-8", "replace").decode() for folder in folders if os.path.islink(path := os.path.join(where, folder))]
        for name in sorted(names):
            path = os.path.join(where, name)
            shown = os.path.relpath(path, OUT).encode("utf-8", "replace").decode()
            found = os.lstat(path)
            if not stat.S_ISREG(found.st_mode) or found.st_size > most or len(files) >= count or not os.access(path, os.R_OK):
                dropped.append(shown)
                continue
            with open(path, "rb") as file:
                files.append((shown, file.read()))
            most -= found.st_size
    return files, dropped


if __name__ == "__main__":
    main()
