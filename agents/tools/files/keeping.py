"""Changes of a person's folder: atomic, kept for undo, and the same however often they are tried under one key.

Whatever a change takes away is moved to `.majordomo/kept/<key>/former` and stays there for `Limits.kept_days`. A record
beside it is written first; a second try with the same key reads it and finishes what the first one began.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pydantic

from agents.tools.files.folder import Folder, Missing, read_at, refuse_lookalike
from agents.tools.files.names import KEEP, folded
from orchestrator.contracts import ToolError

KEPT = (KEEP, "kept")
FORMER, NEW, RECORD = "former", "new", "record.json"


class Kept(pydantic.BaseModel):
    """One change: what it did and what it put aside."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str
    place: str = "own"
    at: datetime
    deletes: bool = False
    former: bool = False
    """Whether something stood there before."""
    incoming: bool = False
    """Whether something stands there afterwards."""
    source: str = ""
    """The kept change that a restore brings back."""
    bytes: int = 0
    sha256: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Keeper:
    """Changes under one key at one moment. Every method blocks, and raises ToolError."""

    folder: Folder
    key: str
    now: datetime

    def put(self, name: str, data: bytes) -> Kept:
        """Write a file whole; what stood there is kept."""
        with self._own() as own:
            if (record := _load(own)) is None:
                self._room(name, len(data))
                _stage(own, NEW, data)
                record = self._begin(own, name, incoming=True, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            return self._finish(own, record)

    def delete(self, name: str) -> Kept:
        """Move a file or a whole folder to the bin."""
        with self._own() as own:
            if (record := _load(own)) is None:
                if self.folder.stat(name) is None:
                    raise Missing(f"there is no file {name}; files.list shows which there are")
                self._bin_room(name)
                record = self._begin(own, name, deletes=True)
            return self._finish(own, record)

    def restore(self, source: str) -> Kept:
        """Take back a change made under the key `source`: what it put aside stands there again, what it made is kept."""
        with self._own() as own:
            if (record := _load(own)) is None:
                made = self.record(source)
                if made is None or not made.done or (made.former and not self._exists(source)):
                    raise ToolError("that change can no longer be taken back: its former version is not kept any more")
                if made.deletes and self.folder.stat(made.name) is not None:
                    raise ToolError(f"{made.name} exists again; move or delete it first, then the deleted one can come back")
                record = self._begin(own, made.name, incoming=made.former, deletes=not made.former, source=source)
            if record.incoming and self._exists(record.source):
                with self.folder.opened((*KEPT, record.source)) as there:
                    os.rename(FORMER, NEW, src_dir_fd=there, dst_dir_fd=own)
                    os.fsync(there)
            return self._finish(own, record)

    def move(self, name: str, to: str) -> Kept:
        """Give a file or folder another name. Never onto something that exists."""
        with self._own() as own:
            record = _load(own)
            if record is not None and record.done:
                return record
            if record is None:
                if self.folder.stat(name) is None:
                    raise Missing(f"there is no file {name}; files.list shows which there are")
                if self.folder.stat(to) is not None:
                    raise ToolError(f"{to} exists already; choose another name, or delete it first")
                record = self._write(own, Kept(name=to, at=self.now, incoming=True))
            if self.folder.stat(name) is not None:
                self._rename(name, to)
            return self._write(own, record.model_copy(update={"done": True}))

    def record(self, key: str) -> Kept | None:
        """What is known of the change under a key."""
        try:
            with self.folder.opened((*KEPT, key)) as there:
                return _load(there)
        except Missing:
            return None

    def remember(self, record: Kept, former: bytes | None) -> Kept:
        """Keep what a change elsewhere takes away, before it does; the first memory under a key stands."""
        with self._own() as own:
            if (known := _load(own)) is not None:
                return known
            if former is not None:
                self._kept_room(len(former))
                _stage(own, FORMER, former)
            return self._write(own, record)

    def close(self) -> None:
        """Note that the change that `remember` prepared has been made."""
        with self._own() as own:
            if (record := _load(own)) is not None and not record.done:
                self._write(own, record.model_copy(update={"done": True}))

    def former(self, key: str) -> bytes:
        """What a change put aside. Raises ToolError where it is no longer kept."""
        try:
            with self.folder.opened((*KEPT, key)) as there:
                return read_at(there, FORMER, "the former version", None, self.folder.limits.file_bytes)
        except Missing:
            raise ToolError("that change can no longer be taken back: its former version is not kept any more") from None

    @contextmanager
    def _own(self) -> Iterator[int]:
        """The folder of this key, with the person's folder held against other changes and old versions swept out."""
        with self.folder.opened((KEEP,), make=True) as corner:
            lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=corner)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._sweep()
                with self.folder.opened((*KEPT, self.key), make=True) as own:
                    yield own
            finally:
                os.close(lock)

    def _begin(self, own: int, name: str, **facts: object) -> Kept:
        former = self.folder.stat(name)
        if former is not None and not facts.get("deletes") and not stat.S_ISREG(former.st_mode):
            raise ToolError(f"{name} is a folder or a link and cannot be written over")
        if facts.get("incoming") and former is None:
            with self.folder.beside(name, make=True) as (directory, leaf):
                refuse_lookalike(directory, leaf)
        return self._write(own, Kept.model_validate({"name": name, "at": self.now, "former": former is not None, **facts}))

    def _finish(self, own: int, record: Kept) -> Kept:
        if record.done:
            return record
        with self.folder.beside(record.name, make=record.incoming) as (directory, leaf):
            if record.incoming:
                if _there(own, NEW):
                    if record.former and not _there(own, FORMER):
                        os.link(leaf, FORMER, src_dir_fd=directory, dst_dir_fd=own, follow_symlinks=False)
                        os.fsync(own)
                    os.rename(NEW, leaf, src_dir_fd=own, dst_dir_fd=directory)
            elif record.former and not _there(own, FORMER):
                os.rename(leaf, FORMER, src_dir_fd=directory, dst_dir_fd=own)
            os.fsync(directory)
            os.fsync(own)
        return self._write(own, record.model_copy(update={"done": True}))

    def _rename(self, name: str, to: str) -> None:
        with self.folder.beside(name) as (here, leaf), self.folder.beside(to, make=True) as (there, new):
            if folded(leaf) != folded(new) or not os.path.sameopenfile(here, there):
                refuse_lookalike(there, new)
            try:
                os.rename(leaf, new, src_dir_fd=here, dst_dir_fd=there)
            except OSError as error:
                raise ToolError(f"{name} cannot become {to}: {error.strerror}") from None
            os.fsync(here)
            os.fsync(there)

    def _room(self, name: str, size: int) -> None:
        limits = self.folder.limits
        if size > limits.file_bytes:
            raise ToolError(f"{name} would have {size} bytes; at most {limits.file_bytes} are possible")
        known = list(self.folder.entries())
        others = [entry for entry in known if entry.name != name]
        if len(others) >= limits.files:
            raise ToolError(f"the folder holds {limits.files} files already; delete some first")
        if sum(entry.bytes for entry in others) + size > limits.total_bytes:
            raise ToolError(f"the folder would hold more than {limits.total_bytes} bytes; delete something first")
        self._kept_room(sum(entry.bytes for entry in known if entry.name == name))

    def _bin_room(self, name: str) -> None:
        found = self.folder.stat(name)
        whole = found is not None and stat.S_ISDIR(found.st_mode)
        self._kept_room(sum(entry.bytes for entry in self.folder.entries(name)) if whole else found.st_size if found else 0)

    def _kept_room(self, size: int) -> None:
        """Nothing is thrown out early to make room: else many small changes could wipe what a person wants back."""
        if size and size + self._kept_bytes() > self.folder.limits.kept_bytes:
            raise ToolError(f"there is no room to keep the former version; old ones go {self.folder.limits.kept_days} days after their change")

    def _kept_bytes(self) -> int:
        with self.folder.opened(KEPT, make=True) as kept:
            walked = os.fwalk(".", dir_fd=kept, follow_symlinks=False)
            return sum(os.stat(leaf, dir_fd=at, follow_symlinks=False).st_size for _, _, files, at in walked for leaf in files if leaf != RECORD)

    def _sweep(self) -> None:
        """Old versions go, and what a change left behind that was refused or broken off before it was recorded."""
        oldest = self.now - timedelta(days=self.folder.limits.kept_days)
        with self.folder.opened(KEPT, make=True) as kept:
            for key in os.listdir(kept):
                record = self.record(key)
                if key != self.key and (record is None or record.at < oldest):
                    shutil.rmtree(key, dir_fd=kept)

    def _exists(self, key: str) -> bool:
        try:
            with self.folder.opened((*KEPT, key)) as there:
                return _there(there, FORMER)
        except Missing:
            return False

    def _write(self, own: int, record: Kept) -> Kept:
        _stage(own, RECORD + ".part", record.model_dump_json().encode())
        os.rename(RECORD + ".part", RECORD, src_dir_fd=own, dst_dir_fd=own)
        os.fsync(own)
        return record


def _there(directory: int, leaf: str) -> bool:
    try:
        os.stat(leaf, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _load(own: int) -> Kept | None:
    if not _there(own, RECORD):
        return None
    return Kept.model_validate_json(read_at(own, RECORD, "the record of that change", None, 100_000))


def _stage(own: int, leaf: str, data: bytes) -> None:
    descriptor = os.open(leaf, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=own)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
