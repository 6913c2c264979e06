"""Where the files of a call are: the person's own folder, or a place elsewhere by its name."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol

import pydantic

from agents.tools.files.folder import Entry, Folder, Limits
from agents.tools.files.keeping import Keeper, Kept
from agents.tools.files.remote import Remote, RemoteShelf
from orchestrator.contracts import Json, ToolError
from orchestrator.outside import Deed, Outside, Reach, Result, Undo

OWN = "own"
PlaceName = Annotated[str, pydantic.Field(max_length=60, description='"own" for the person\'s own folder, or the name of a configured place')]


class Shelf(Protocol):
    """Files one can look at and change. Every method blocks, and raises ToolError or TransientError."""

    def read(self, name: str, limit: int | None = None) -> bytes: ...
    def entries(self, folder: str = "") -> Iterator[Entry]: ...
    def exists(self, name: str) -> bool: ...
    def put(self, name: str, data: bytes) -> Kept: ...
    def delete(self, name: str) -> Kept: ...
    def move(self, name: str, to: str) -> Kept: ...
    def restore(self, source: str) -> Kept: ...


@dataclass(frozen=True, slots=True)
class OwnShelf:
    """The person's own folder."""

    keeper: Keeper

    def read(self, name: str, limit: int | None = None) -> bytes:
        return self.keeper.folder.read(name, limit)

    def entries(self, folder: str = "") -> Iterator[Entry]:
        return self.keeper.folder.entries(folder)

    def exists(self, name: str) -> bool:
        return self.keeper.folder.stat(name) is not None

    def put(self, name: str, data: bytes) -> Kept:
        return self.keeper.put(name, data)

    def delete(self, name: str) -> Kept:
        return self.keeper.delete(name)

    def move(self, name: str, to: str) -> Kept:
        return self.keeper.move(name, to)

    def restore(self, source: str) -> Kept:
        return self.keeper.restore(source)


@dataclass(frozen=True)
class FileHouse:
    """What all tools of files share: the places that the configuration names, and the limits of one person's folder."""

    places: tuple[Remote, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def place(self, name: str) -> Remote | None:
        """A place elsewhere; None: the person's own folder. Raises ToolError for a name that is not configured."""
        if name == OWN:
            return None
        for remote in self.places:
            if remote.name == name:
                return remote
        known = ", ".join((OWN, *(remote.name for remote in self.places)))
        raise ToolError(f"there is no place {name!r}; there are: {known}")

    async def shelf(self, outside: Outside, place: str, key: str = "") -> Shelf:
        """The files of a place, for this call."""
        keeper = self.keeper(outside, key)
        remote = self.place(place)
        if remote is None:
            return OwnShelf(keeper)
        secret = await outside.secret(remote.credential, remote.server) if remote.credential else None
        return RemoteShelf(remote, await asyncio.to_thread(remote.connect, secret), keeper, self.limits)

    def keeper(self, outside: Outside, key: str = "") -> Keeper:
        return Keeper(Folder(outside.folder, self.limits), key or outside.key, outside.now)

    def reach(self, deed: Deed, place: str, *more: str, files: tuple[str, ...] = ()) -> Reach:
        """Whom a call about these places touches; a change elsewhere is one of what belongs to others."""
        remotes = [remote for name in dict.fromkeys((place, *more)) if (remote := self._known(name)) is not None]
        hosts = frozenset[str]().union(*(remote.hosts for remote in remotes))
        credential = next((remote.credential for remote in remotes if remote.credential), "")
        elsewhere = any(name != OWN for name in (place, *more))
        return Reach(Deed.WRITE if elsewhere and deed is Deed.OWN else deed, hosts, files=files, credential=credential)

    def _known(self, name: str) -> Remote | None:
        return next((remote for remote in self.places if remote.name == name), None)


def child_key(key: str, part: str) -> str:
    """A key of its own for one of several changes of a call, the same in every attempt."""
    return hashlib.sha256(f"{key}\x00{part}".encode()).hexdigest()[:32]


def changed(record: Kept, key: str, place: str) -> Result:
    """The result of a change that `files.restore` can take back."""
    value: dict[str, Json] = {"name": record.name, "place": place}
    if record.sha256:
        value |= {"bytes": record.bytes, "sha256": record.sha256, "replaced": record.former}
    return Result(value, private=True, undo=undo([key], [record.name], place))


def undo(changes: list[str], names: list[str], place: str = OWN) -> Undo:
    arguments: Mapping[str, Json] = {"changes": list(changes), "names": list(names), "place": place}
    return Undo("files.restore", arguments, ", ".join(names))
