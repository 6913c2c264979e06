"""A Postgres server of the tests' own: its own folder, a free port on loopback, ended with the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30


def server_programs() -> Path | None:
    """Where initdb and postgres are; None where Postgres is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running() -> Iterator[str]:
    """The address of a fresh server, `postgresql+psycopg://…/` without a database name. Root hands it to the postgres user."""
    programs = server_programs()
    if programs is None:
        raise RuntimeError("Postgres is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="majordomo-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    port = free_port()
    data = str(folder / "data")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run([*as_user, str(programs / "initdb"), "-D", data, "-U", "majordomo", "-A", "trust", "--no-sync"], check=True, **quiet)  # type: ignore[call-overload]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200"
    start = [*as_user, str(programs / "pg_ctl"), "-D", data, "-w", "-t", str(START_SECONDS), "-o", options, "start"]
    subprocess.run(start, check=True, **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql+psycopg://majordomo@127.0.0.1:{port}/"
    finally:
        subprocess.run([*as_user, str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop"], check=False, **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)
