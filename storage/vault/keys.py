"""Key-encryption keys: they wrap the data keys and are never in the database.

A `KeySource` is one key. A `KeyHolder` is the place where keys stand: the present one and, while a rotation is under way,
the next one beside it. The place is a file here; `keyring.py` and `kms.py` hold the others.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Protocol

from storage.vault.cipher import Altered, decrypt, encrypt
from storage.vault.errors import CannotOpen, KeyFault, KeyFileOpen

KEY_BYTES = 32
NONCE_BYTES = 12
PREFIX = "majordomo-key-1:"
"""Tells a key file of ours from any other file, and its format."""


class KeySource(Protocol):
    """One key-encryption key. Both calls may be made from several threads at once."""

    @property
    def key_id(self) -> str:
        """Names the key without telling it; stands beside everything it wrapped."""
        ...

    def wrap(self, key: bytes, scope: str) -> bytes:
        """Encrypt a data key, bound to its scope. Raises KeyServiceDown where a service does not answer."""
        ...

    def unwrap(self, wrapped: bytes, scope: str) -> bytes:
        """Raises CannotOpen where it was wrapped by another key or for another scope, KeyServiceDown as `wrap`."""
        ...


class KeyHolder(Protocol):
    """Where key-encryption keys stand."""

    def current(self) -> KeySource:
        """The present key; made if there is none. Raises KeyFault."""
        ...

    def readable(self) -> list[KeySource]:
        """Every key that is here now, looked up afresh; makes none. Raises KeyFault."""
        ...

    def prepare(self) -> KeySource:
        """Put a new key beside the present one and return it; the one of an interrupted rotation if there is one."""
        ...

    def promote(self) -> None:
        """Make the prepared key the only one. Nothing may be wrapped by the old one any more."""
        ...


class LocalKey:
    """A key whose bytes this process holds. AES-256-GCM with the scope as additional data."""

    def __init__(self, key: bytes, kind: str) -> None:
        self._key = key
        self.key_id = f"{kind}:{hmac.new(key, b'majordomo key id', hashlib.sha256).hexdigest()[:16]}"

    def wrap(self, key: bytes, scope: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + encrypt(self._key, nonce, key, _bound(scope))

    def unwrap(self, wrapped: bytes, scope: str) -> bytes:
        try:
            return decrypt(self._key, wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(scope))
        except Altered as error:
            raise CannotOpen(f"the data key of {scope} was altered, or was wrapped by another key") from error


def _bound(scope: str) -> bytes:
    return f"1|data_keys|{scope}".encode()


def new_key_text() -> str:
    """A fresh random key as it is kept."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def parse_key_text(text: str, where: str) -> bytes:
    """The key's bytes. Raises KeyFault."""
    with contextlib.suppress(binascii.Error, ValueError):
        key = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
        if text.startswith(PREFIX) and len(key) == KEY_BYTES:
            return key
    raise KeyFault(f"{where} holds no key of Majordomo's.", "restore it from where you keep a copy; without it nothing in the vault can be read")


class FileKeys:
    """The key in a file of mode 0600; while rotating, the next one in `<file>.next`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next = path.with_name(path.name + ".next")

    def current(self) -> KeySource:
        return self._read(self.path) or self._make(self.path)

    def readable(self) -> list[KeySource]:
        found = [self._read(self.next), self._read(self.path)]  # in this order: a promotion in between hides neither key
        return [source for source in found if source is not None]

    def prepare(self) -> KeySource:
        return self._read(self.next) or self._make(self.next)

    def promote(self) -> None:
        if self.next.exists():
            os.replace(self.next, self.path)
            _sync_folder(self.path.parent)

    def _read(self, path: Path) -> KeySource | None:
        """None where there is no such file. What is judged is the opened file, not a name that may change hands in between."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyFault(f"{path} cannot be read ({error.strerror}).", f"make it an ordinary file of yours: chown {os.geteuid()} {path}") from error
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise KeyFileOpen(f"others can read {path}.", f"chmod 600 {path}; if others had access, run `majordomo keys rotate`")
            text = file.read(1024).decode("ascii", "replace")
        return LocalKey(parse_key_text(text, str(path)), "file")

    def _make(self, path: Path) -> KeySource:
        """Written aside and linked into place, so that a key file is whole or absent and never replaces another."""
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(new_key_text() + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: its key counts
                os.link(draft, path)
            _sync_folder(path.parent)
        except OSError as error:
            raise KeyFault(f"{path} cannot be written ({error.strerror}).", f"give yourself the right to write in {path.parent}") from error
        finally:
            draft.unlink(missing_ok=True)
        made = self._read(path)
        if made is None:
            raise KeyFault(f"{path} vanished while it was made.", "let nothing else delete files there, then try again")
        return made


def _sync_folder(folder: Path) -> None:
    """A new name in a folder survives power loss only once the folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
