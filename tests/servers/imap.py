"""A real IMAP server: a Dovecot of the test's own on a free port of 127.0.0.1, with its own configuration, users and folder."""

from __future__ import annotations

import imaplib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from tests.servers.certificates import Certificate, self_signed

USER, PASSWORD = "me@example.com", "p@ss word"
OTHERS = "other@example.com"
READY_SECONDS = 10.0

CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {run}
state_dir = {run}
log_path = {folder}/dovecot.log
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = {strict}
auth_mechanisms = plain login
mail_location = maildir:{mail}/%u
first_valid_uid = 1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {users}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox "{sent}" {{
    auto = create
    special_use = \\Sent
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {secure}
    ssl = yes
  }}
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class ImapServer:
    port: int
    secure_port: int
    certificate: Certificate
    sent: str

    def url(self, options: str = "", user: str = USER) -> str:
        return f"imap://{user.replace('@', '%40')}:{PASSWORD.replace('@', '%40').replace(' ', '%20')}@127.0.0.1:{self.port}{options}"

    def secure_url(self, options: str = "") -> str:
        whole = self.url(f"?ca={self.certificate.chain}{options}")
        return whole.replace("imap://", "imaps://").replace(f"127.0.0.1:{self.port}", f"localhost:{self.secure_port}")

    def append(self, message: EmailMessage | bytes, folder: str = "INBOX", *, seen: bool = False, user: str = USER) -> None:
        """Put a mail into a folder, as a delivery would."""
        with self.session(user) as connection:
            content = message if isinstance(message, bytes) else message.as_bytes()
            kind, answer = connection.append(f'"{folder}"', r"(\Seen)" if seen else "", "", content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
            assert kind == "OK", answer

    def unread(self, folder: str = "INBOX", user: str = USER) -> int:
        with self.session(user) as connection:
            connection.select(f'"{folder}"', readonly=True)
            return len(connection.search(None, "UNSEEN")[1][0].split())

    @contextmanager
    def session(self, user: str = USER) -> Iterator[imaplib.IMAP4]:
        connection = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        try:
            connection.login(user, PASSWORD)
            yield connection
        finally:
            connection.logout()


def program() -> str | None:
    """Where Dovecot is, if this machine has its IMAP part."""
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return found if found and any(Path(place, "imap-login").exists() for place in ("/usr/lib/dovecot", "/usr/libexec/dovecot")) else None


@contextmanager
def running(*, strict: bool = False, sent: str = "Sent") -> Iterator[ImapServer]:
    """A server that is gone afterwards, with all it kept. `strict` takes no password without encryption."""
    found = program()
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="imap-"))
    folder.chmod(0o755)
    uid, gid, user, group = _owner()
    (mail := folder / "mail").mkdir()
    (folder / "run").mkdir()
    os.chown(mail, uid, gid)
    certificate = self_signed(folder)
    (users := folder / "users").write_text("".join(f"{name}:{PASSWORD}\n" for name in (USER, OTHERS)))
    port, secure = _free_port(), _free_port()
    configuration = folder / "dovecot.conf"
    text = CONFIGURATION.format(
        run=folder / "run", folder=folder, chain=certificate.chain, key=certificate.key, mail=mail, uid=uid, gid=gid, user=user, group=group,
        users=users, port=port, secure=secure, strict="yes" if strict else "no", sent=sent,
    )  # fmt: skip
    configuration.write_text(text)
    process = subprocess.Popen([found, "-F", "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port, folder / "dovecot.log")
        yield ImapServer(port, secure, certificate, sent)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> tuple[int, int, str, str]:
    """Whom the mail belongs to: this user, or nobody where this user is root (Dovecot serves no mail of root's)."""
    import grp
    import pwd

    account = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    return account.pw_uid, account.pw_gid, account.pw_name, grp.getgrgid(account.pw_gid).gr_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
                if line.recv(4) == b"* OK":
                    return
        except OSError:
            time.sleep(0.05)
        if process.poll() is not None:
            break
    raise RuntimeError(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")
