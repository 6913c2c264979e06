"""A real CalDAV server: a Radicale of the test's own on a free port of 127.0.0.1, with its own users and folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.servers.certificates import Certificate, self_signed

USER, PASSWORD = "me@example.com", "p@ss/word: ü"
OTHER, OTHERS_PASSWORD = "other@example.com", "another-77"
READY_SECONDS = 20.0
CONFIGURATION = """
[server]
hosts = 127.0.0.1:{port}
ssl = {secure}
certificate = {chain}
key = {key}
max_connections = 64
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/store
[logging]
level = warning
"""
NEW_CALENDAR = """<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><D:displayname>{name}</D:displayname>
<C:supported-calendar-component-set><C:comp name="{holds}"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"""


@dataclass
class Radicale:
    """`url` has no credentials in it; `settings` is what a person would write as CALDAV_URL."""

    port: int
    folder: Path
    secure: bool
    certificate: Certificate | None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/" if self.secure else f"http://127.0.0.1:{self.port}/"

    def settings(self, path: str = "", options: str = "", user: str = USER, password: str = PASSWORD) -> str:
        scheme, rest = self.url.split("://")
        return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}{path}{options}"

    def client(self, user: str = USER, password: str = PASSWORD) -> httpx.Client:
        """A second program, such as a phone, that sees what is really there."""
        auth = httpx.BasicAuth(user.encode(), password.encode())
        return httpx.Client(base_url=self.url, auth=auth, verify=False, trust_env=False, timeout=20)

    def make_calendar(self, name: str, holds: str = "VEVENT", user: str = USER, password: str = PASSWORD) -> str:
        """A calendar; its path."""
        path = f"/{user}/{name}/"
        with self.client(user, password) as client:
            client.request("MKCALENDAR", path, content=NEW_CALENDAR.format(name=name, holds=holds).encode()).raise_for_status()
        return path

    def files(self, calendar: str = "desk", user: str = USER) -> dict[str, str]:
        """Every event of a calendar as it lies on the disk."""
        place = self.folder / "store" / "collection-root" / user / calendar
        return {file.name: file.read_bytes().decode() for file in sorted(place.glob("*.ics"))}

    def start(self) -> None:
        command = [sys.executable, "-m", "radicale", "--config", str(self.folder / "config")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=(self.folder / "log").open("wb"), env={"PATH": os.environ.get("PATH", "")})
        ends = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"Radicale did not start: {(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)


@contextmanager
def running(*, secure: bool = False) -> Iterator[Radicale]:
    """A server that is gone afterwards, with all it kept."""
    folder = Path(tempfile.mkdtemp(prefix="radicale-"))
    certificate = self_signed(folder) if secure else None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n{OTHER}:{OTHERS_PASSWORD}\n", encoding="utf-8")
    chain, key = (certificate.chain, certificate.key) if certificate else ("", "")
    (folder / "config").write_text(CONFIGURATION.format(port=port, secure=secure, chain=chain, key=key, folder=folder), encoding="utf-8")
    server = Radicale(port, folder, secure, certificate)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
