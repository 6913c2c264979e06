"""Looking at files: which there are, what one says, where a word stands.

Every text and every name is taken for one that others wrote: nothing in a folder tells what a person typed from what
came as an attachment, and a note that was copied from a page carries its words along.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pydantic

from agents.tools.files.folder import Entry
from agents.tools.files.names import FileName, FolderName
from agents.tools.files.shelves import OWN, FileHouse, PlaceName, Shelf
from orchestrator.contracts import Effect, Json, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

SHOWN = 500
"""Names in one list."""
FOUND = 50
TEXT_LIMIT = 50_000
"""Characters handed back at once; a model reads no more."""
SEARCHED_BYTES = 2_000_000
SNIPPET = 160


class Listing(pydantic.BaseModel):
    """What `files.list` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    folder: FolderName = ""
    place: PlaceName = OWN


class Reading(pydantic.BaseModel):
    """What `files.read` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: FileName
    place: PlaceName = OWN
    start: int = pydantic.Field(default=0, ge=0, description="Character to begin with, to read on in a long text")


class Finding(pydantic.BaseModel):
    """What `files.find` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    words: str = pydantic.Field(min_length=1, max_length=200, description="What to look for, in names and in texts")
    folder: FolderName = ""
    place: PlaceName = OWN


@dataclass
class FilesList:
    """Lists files."""

    house: FileHouse
    name: str = "files.list"
    version: int = 1
    description: str = "List the files of the person's own folder or of a configured place, with their sizes in bytes and when they were changed."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Listing
    credits: int = 1
    seconds: float = 60.0

    def reach(self, arguments: Listing) -> Reach:
        return self.house.reach(Deed.READ, arguments.place)

    def preview(self, arguments: Listing, words: Phrase) -> Preview:
        return Preview(words("files-list-summary"), _where(arguments.place, arguments.folder, words))

    async def act(self, outside: Outside, arguments: Listing) -> Result:
        shelf = await self.house.shelf(outside, arguments.place)
        entries = await asyncio.to_thread(lambda: list(islice(shelf.entries(arguments.folder), SHOWN + 1)))
        files: list[Json] = [_listed(entry) for entry in entries[:SHOWN]]
        value: Json = {"place": arguments.place, "files": files, "truncated": len(entries) > SHOWN}
        return Result(value, source=f"file names in {arguments.place}" if files else "", private=True)


@dataclass
class FilesRead:
    """Reads one file."""

    house: FileHouse
    name: str = "files.read"
    version: int = 1
    description: str = "Read a text file of the person's own folder or of a configured place; of other files, tell kind, size and SHA-256."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Reading
    credits: int = 1
    seconds: float = 60.0

    def reach(self, arguments: Reading) -> Reach:
        return self.house.reach(Deed.READ, arguments.place)

    def preview(self, arguments: Reading, words: Phrase) -> Preview:
        return Preview(words("files-read-summary", name=arguments.name), _where(arguments.place, "", words))

    async def act(self, outside: Outside, arguments: Reading) -> Result:
        shelf = await self.house.shelf(outside, arguments.place)
        data = await asyncio.to_thread(shelf.read, arguments.name)
        value: dict[str, Json] = {"name": arguments.name, "place": arguments.place, "bytes": len(data)}
        text = decoded(data)
        if text is None:
            kind = mimetypes.guess_type(arguments.name)[0] or "application/octet-stream"
            value |= {"kind": kind, "sha256": hashlib.sha256(data).hexdigest()}
        else:
            end = arguments.start + TEXT_LIMIT
            value |= {"text": text[arguments.start : end], "characters": len(text), "truncated": len(text) > end}
        return Result(value, source=f"file {arguments.name}", private=True)


@dataclass
class FilesFind:
    """Looks for words."""

    house: FileHouse
    name: str = "files.find"
    version: int = 1
    description: str = "Find files whose name or text holds the given words, case ignored. In places elsewhere only names are looked through."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Finding
    credits: int = 2
    seconds: float = 60.0

    def reach(self, arguments: Finding) -> Reach:
        return self.house.reach(Deed.READ, arguments.place)

    def preview(self, arguments: Finding, words: Phrase) -> Preview:
        return Preview(words("files-find-summary", words=arguments.words), _where(arguments.place, arguments.folder, words))

    async def act(self, outside: Outside, arguments: Finding) -> Result:
        shelf = await self.house.shelf(outside, arguments.place)
        hits = _hits(shelf, arguments.folder, _plain(arguments.words), contents=arguments.place == OWN)
        found: list[Json] = await asyncio.to_thread(lambda: list(islice(hits, FOUND + 1)))
        value: Json = {"place": arguments.place, "found": found[:FOUND], "truncated": len(found) > FOUND}
        return Result(value, source=f"files in {arguments.place}" if found else "", private=True)


def decoded(data: bytes) -> str | None:
    """The text of a file; None where it is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = ["utf-16"]
    elif b"\x00" in data:
        return None
    else:
        tries = ["utf-8-sig", "cp1252"]
    for encoding in tries:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = sum(unicodedata.category(character) == "Cc" and character not in "\t\n\r\f" for character in text[:10_000])
        return text if odd * 20 <= min(len(text), 10_000) else None
    return None


def _hits(shelf: Shelf, folder: str, wanted: str, *, contents: bool) -> Iterator[Json]:
    for entry in shelf.entries(folder):
        if wanted in _plain(entry.name):
            yield {"name": entry.name, "bytes": entry.bytes}
        elif contents and entry.bytes <= SEARCHED_BYTES and (line := _line(shelf, entry.name, wanted)) is not None:
            yield {"name": entry.name, "bytes": entry.bytes, "line": line[0], "text": line[1]}


def _line(shelf: Shelf, name: str, wanted: str) -> tuple[int, str] | None:
    """The first line with the words in it, and its number."""
    try:
        text = decoded(shelf.read(name))
    except ToolError:
        return None  # gone, or not readable, since it was listed
    for number, line in enumerate((text or "").splitlines(), 1):
        at = _plain(line).find(wanted)
        if at >= 0:
            start = max(0, at - SNIPPET // 2)
            return number, line[start : start + SNIPPET].strip()
    return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _listed(entry: Entry) -> Json:
    return {"name": entry.name, "bytes": entry.bytes, "modified": entry.modified.isoformat() if entry.modified else None}


def _where(place: str, folder: str, words: Phrase) -> tuple[tuple[str, str], ...]:
    rows = ((words("files-place"), place if place != OWN else ""), (words("files-folder"), folder))
    return tuple((label, value) for label, value in rows if value)
