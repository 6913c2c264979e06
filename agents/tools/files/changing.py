"""Changing files: write, copy, move, delete, and take a change back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal

import pydantic

from agents.tools.files.names import FileName
from agents.tools.files.shelves import OWN, FileHouse, PlaceName, Shelf, changed, child_key, undo
from orchestrator.contracts import Effect, Json, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result, Undo

ChangeKey = Annotated[str, pydantic.Field(pattern=r"^[0-9a-f]{32}$")]


class Writing(pydantic.BaseModel):
    """What `files.write` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: FileName
    text: str = pydantic.Field(max_length=5_000_000, description="The whole text")
    if_exists: Literal["replace", "append", "refuse"] = pydantic.Field(default="replace", description="What to do where the file exists already")
    place: PlaceName = OWN


class Copying(pydantic.BaseModel):
    """What `files.copy` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: FileName
    to: FileName
    place: PlaceName = OWN
    to_place: PlaceName = OWN


class Moving(pydantic.BaseModel):
    """What `files.move` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: FileName
    to: FileName
    place: PlaceName = OWN


class Deleting(pydantic.BaseModel):
    """What `files.delete` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: FileName
    place: PlaceName = OWN


class Restoring(pydantic.BaseModel):
    """What `files.restore` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    changes: list[ChangeKey] = pydantic.Field(min_length=1, max_length=50, description="The changes to take back, as their undo names them")
    names: list[FileName] = pydantic.Field(min_length=1, max_length=50, description="The files that those changes were made to")
    place: PlaceName = OWN


@dataclass
class FilesWrite:
    """Writes a text file."""

    house: FileHouse
    name: str = "files.write"
    version: int = 1
    description: str = "Write a text file in the person's own folder or in a configured place. A former version is kept for 30 days and can be brought back."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Writing
    credits: int = 1
    seconds: float = 60.0

    def reach(self, arguments: Writing) -> Reach:
        return self.house.reach(Deed.OWN, arguments.place)

    def preview(self, arguments: Writing, words: Phrase) -> Preview:
        details = ((words("files-text"), arguments.text), *_place(arguments.place, words))
        return Preview(words(f"files-write-{arguments.if_exists}", name=arguments.name), details)

    async def act(self, outside: Outside, arguments: Writing) -> Result:
        shelf = await self.house.shelf(outside, arguments.place)
        known = await asyncio.to_thread(self.house.keeper(outside).record, outside.key)
        data = arguments.text.encode()
        if known is None and await asyncio.to_thread(shelf.exists, arguments.name):
            if arguments.if_exists == "refuse":
                raise ToolError(f"{arguments.name} exists already; choose another name, or replace it")
            if arguments.if_exists == "append":
                data = await asyncio.to_thread(shelf.read, arguments.name) + data
        elif known is not None and not known.done and arguments.if_exists == "append":
            data = await asyncio.to_thread(self._appended, outside, shelf, arguments, data)
        return changed(await asyncio.to_thread(shelf.put, arguments.name, data), outside.key, arguments.place)

    def _appended(self, outside: Outside, shelf: Shelf, arguments: Writing, more: bytes) -> bytes:
        """The same whole text that the first attempt had in mind: what stood there before it, and the rest."""
        keeper = self.house.keeper(outside)
        known = keeper.record(outside.key)
        if known is None or not known.former:
            return more
        if arguments.place == OWN:
            return more  # the first attempt staged its whole text, and that is what is finished
        return keeper.former(outside.key) + more


@dataclass
class FilesCopy:
    """Copies a file, also between places."""

    house: FileHouse
    name: str = "files.copy"
    version: int = 1
    description: str = "Copy a file to another name, or between the person's own folder and a configured place. Refuses to write over a file."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Copying
    credits: int = 1
    seconds: float = 120.0

    def reach(self, arguments: Copying) -> Reach:
        deed = Deed.OWN if arguments.to_place == OWN else Deed.WRITE
        reach = self.house.reach(deed, arguments.to_place, arguments.place, files=(arguments.name,) if arguments.place == OWN else ())
        return Reach(deed, reach.hosts, files=reach.files, credential=reach.credential)

    def preview(self, arguments: Copying, words: Phrase) -> Preview:
        rows = ((words("files-from-place"), arguments.place), (words("files-to-place"), arguments.to_place))
        elsewhere = rows if (arguments.place, arguments.to_place) != (OWN, OWN) else ()
        return Preview(words("files-copy-summary", name=arguments.name, to=arguments.to), elsewhere)

    async def act(self, outside: Outside, arguments: Copying) -> Result:
        known = await asyncio.to_thread(self.house.keeper(outside).record, outside.key)
        target = await self.house.shelf(outside, arguments.to_place)
        if known is None and await asyncio.to_thread(target.exists, arguments.to):
            raise ToolError(f"{arguments.to} exists already; choose another name, or delete it first")
        source = await self.house.shelf(outside, arguments.place)
        data = b"" if known is not None and known.done else await asyncio.to_thread(source.read, arguments.name)
        if arguments.place == OWN and not (known is not None and known.done):
            data = outside.judged(arguments.name, data)
        return changed(await asyncio.to_thread(target.put, arguments.to, data), outside.key, arguments.to_place)


@dataclass
class FilesMove:
    """Gives a file another name."""

    house: FileHouse
    name: str = "files.move"
    version: int = 1
    description: str = "Move or rename a file within the person's own folder or within a configured place. Refuses to write over a file."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Moving
    credits: int = 1
    seconds: float = 60.0

    def reach(self, arguments: Moving) -> Reach:
        return self.house.reach(Deed.OWN, arguments.place)

    def preview(self, arguments: Moving, words: Phrase) -> Preview:
        return Preview(words("files-move-summary", name=arguments.name, to=arguments.to), _place(arguments.place, words))

    async def act(self, outside: Outside, arguments: Moving) -> Result:
        shelf = await self.house.shelf(outside, arguments.place)
        await asyncio.to_thread(shelf.move, arguments.name, arguments.to)
        value: Json = {"name": arguments.to, "was": arguments.name, "place": arguments.place}
        back = Undo("files.move", {"name": arguments.to, "to": arguments.name, "place": arguments.place}, arguments.name)
        return Result(value, private=True, undo=back)


@dataclass
class FilesDelete:
    """Puts a file into the bin."""

    house: FileHouse
    name: str = "files.delete"
    version: int = 1
    description: str = "Delete a file (or a folder of the person's own) into a bin, from where it can be brought back for 30 days."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Deleting
    credits: int = 1
    seconds: float = 60.0

    def reach(self, arguments: Deleting) -> Reach:
        return self.house.reach(Deed.DELETION, arguments.place)

    def preview(self, arguments: Deleting, words: Phrase) -> Preview:
        details = _place(arguments.place, words)
        return Preview(words("files-delete-summary", name=arguments.name, days=self.house.limits.kept_days), details)

    async def act(self, outside: Outside, arguments: Deleting) -> Result:
        shelf = await self.house.shelf(outside, arguments.place)
        return changed(await asyncio.to_thread(shelf.delete, arguments.name), outside.key, arguments.place)


@dataclass
class FilesRestore:
    """Takes changes back."""

    house: FileHouse
    name: str = "files.restore"
    version: int = 1
    description: str = "Take back a change of files: a deleted file comes back, a written one becomes what it was, a new one goes to the bin."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Restoring
    credits: int = 1
    seconds: float = 120.0

    def reach(self, arguments: Restoring) -> Reach:
        return self.house.reach(Deed.OWN, arguments.place)

    def preview(self, arguments: Restoring, words: Phrase) -> Preview:
        return Preview(words("files-restore-summary", names=", ".join(arguments.names)), _place(arguments.place, words))

    async def act(self, outside: Outside, arguments: Restoring) -> Result:
        await asyncio.to_thread(self._confirm, outside, arguments)
        names, keys = [], []
        for change in arguments.changes:
            key = child_key(outside.key, change)
            shelf = await self.house.shelf(outside, arguments.place, key)
            names.append((await asyncio.to_thread(shelf.restore, change)).name)
            keys.append(key)
        return Result({"names": list[Json](names), "place": arguments.place}, private=True, undo=undo(keys, names, arguments.place))

    def _confirm(self, outside: Outside, arguments: Restoring) -> None:
        """What a person was shown is what is restored: raises ToolError where a change was made to another file or elsewhere."""
        keeper = self.house.keeper(outside)
        for change in arguments.changes:
            record = keeper.record(change)
            if record is None:
                raise ToolError("that change can no longer be taken back: its former version is not kept any more")
            if record.name not in arguments.names or record.place != arguments.place:
                raise ToolError("that change was made to another file than the one named")


def _place(place: str, words: Phrase) -> tuple[tuple[str, str], ...]:
    return ((words("files-place"), place),) if place != OWN else ()
