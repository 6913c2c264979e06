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


class Server:
    """One that can be unplugged and plugged in again: its data and its port stay. Root hands it to the postgres user."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._control = programs / "pg_ctl"
        self._folder = folder
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self._as_user = ["runuser", "-u", "postgres", "--"]
        self._port = free_port()
        self.address = f"postgresql+psycopg://majordomo@127.0.0.1:{self._port}/"
        """Without a database's name."""
        self._run(programs / "initdb", "-U", "majordomo", "-A", "trust", "--no-sync")

    def plug_in(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} -c max_connections=200"
        self._run(self._control, "-w", "-t", str(START_SECONDS), "-o", options, "start")

    def unplug(self) -> None:
        """At once, in the middle of whatever it does; nothing happens where it is out already."""
        self._run(self._control, "-m", "immediate", "stop", check=False)

    def _run(self, program: Path, *arguments: str, check: bool = True) -> None:
        command = [*self._as_user, str(program), "-D", str(self._folder / "data"), *arguments]
        subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


@contextmanager
def serving() -> Iterator[Server]:
    """A fresh server, ended and removed at the end."""
    programs = server_programs()
    if programs is None:
        raise RuntimeError("Postgres is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="majordomo-pg-"))
    try:
        server = Server(programs, folder)
        server.plug_in()
        try:
            yield server
        finally:
            server.unplug()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
