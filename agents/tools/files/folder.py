"""A person's own folder. Every step of a path is opened by itself and no link is followed, so no name leads out of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agents.tools.files.names import KEEP, folded
from orchestrator.contracts import ToolError

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, counts and days of one person's folder."""

    file_bytes: int = 20_000_000
    total_bytes: int = 1_000_000_000
    files: int = 10_000
    kept_bytes: int = 1_000_000_000
    """Of former versions and deleted files, which are kept for `kept_days`."""
    kept_days: int = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One file."""

    name: str
    bytes: int
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """Reading in a folder, by names that `names.spelled` has passed. Every method blocks, and raises ToolError."""

    root: Path
    limits: Limits = field(default_factory=Limits)

    @contextmanager
    def opened(self, parts: tuple[str, ...] = (), *, make: bool = False) -> Iterator[int]:
        """A descriptor of a folder inside; `make` creates what is missing."""
        current = os.open(self.root, DIRECTORY)
        try:
            for part in parts:
                inner = _step(current, part, make=make)
                os.close(current)
                current = inner
            yield current
        finally:
            os.close(current)

    @contextmanager
    def beside(self, name: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The folder a name stands in, and its last part."""
        *parents, leaf = name.split("/")
        with self.opened(tuple(parents), make=make) as directory:
            yield directory, leaf

    def stat(self, name: str) -> os.stat_result | None:
        """What stands at a name, itself and not what a link names; None: nothing."""
        try:
            with self.beside(name) as (directory, leaf):
                return os.stat(leaf, dir_fd=directory, follow_symlinks=False)
        except (FileNotFoundError, Missing):
            return None

    def read(self, name: str, limit: int | None = None) -> bytes:
        """The content of a file, at most `limit` bytes of it (default: a whole file, or ToolError where it is too large)."""
        with self.beside(name) as (directory, leaf):
            return read_at(directory, leaf, name, limit, self.limits.file_bytes)

    def entries(self, folder: str = "") -> Iterator[Entry]:
        """Every ordinary file below a folder, our own corner left out, sorted by name within each folder."""
        with self.opened(tuple(folder.split("/")) if folder else ()) as top:
            for where, folders, files, directory in os.fwalk(".", dir_fd=top, follow_symlinks=False):
                inside = where.removeprefix(".").removeprefix("/")
                if not folder and not inside and KEEP in folders:
                    folders.remove(KEEP)
                folders.sort()
                for leaf in sorted(files):
                    found = os.stat(leaf, dir_fd=directory, follow_symlinks=False)
                    if stat.S_ISREG(found.st_mode):
                        name = "/".join(filter(None, (folder, inside, leaf)))
                        yield Entry(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC).replace(microsecond=0))


class Missing(ToolError):
    """There is no such file or folder."""


def read_at(directory: int, leaf: str, name: str, limit: int | None, most: int) -> bytes:
    """A file beside an opened folder. Raises Missing or ToolError."""
    try:
        descriptor = os.open(leaf, REGULAR, dir_fd=directory)
    except FileNotFoundError:
        raise Missing(f"there is no file {name}; files.list shows which there are") from None
    except OSError as error:
        raise ToolError(f"{name} cannot be read: {_reason(error)}") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ToolError(f"{name} is no file that can be read" + (": it is a folder" if stat.S_ISDIR(found.st_mode) else ""))
        if limit is None and found.st_size > most:
            raise ToolError(f"{name} has {found.st_size} bytes; at most {most} can be handled")
        return file.read(most if limit is None else limit)


def refuse_lookalike(directory: int, leaf: str) -> None:
    """Raises ToolError where another name of this folder differs from a new one in case or Unicode form only."""
    wanted = folded(leaf)
    for other in os.listdir(directory):
        if other != leaf and folded(other) == wanted:
            raise ToolError(f"there is already {other!r}, which differs from {leaf!r} only in case or spelling; use that name or another")


def _step(directory: int, part: str, *, make: bool) -> int:
    try:
        return os.open(part, DIRECTORY, dir_fd=directory)
    except FileNotFoundError:
        if not make:
            raise Missing(f"there is no folder {part}") from None
    except OSError as error:
        raise ToolError(f"{part} is no folder: {_reason(error)}") from None
    refuse_lookalike(directory, part)
    try:
        os.mkdir(part, 0o700, dir_fd=directory)
    except FileExistsError:
        return _step(directory, part, make=False)
    os.fsync(directory)
    return os.open(part, DIRECTORY, dir_fd=directory)


def _reason(error: OSError) -> str:
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return "it is a link, or something other than a folder stands in the way"
    return error.strerror or type(error).__name__
