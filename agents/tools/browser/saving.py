"""Files from the browser into the person's folder: a plain name, nothing overwritten, and by the keeper of the folder, which minds its limits."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from agents.tools.files.folder import Folder, Missing
from agents.tools.files.keeping import Keeper
from agents.tools.files.names import LONGEST as LONGEST_PART
from agents.tools.files.names import folded, spelled
from agents.tools.files.shelves import child_key
from orchestrator.contracts import ToolError
from orchestrator.outside import Outside

LONGEST = 120


def plain_name(text: str, otherwise: str) -> str:
    """A file name without folders, control characters, leading dots or surprises."""
    name = unicodedata.normalize("NFC", text).replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable() and unicodedata.category(letter) not in {"Cf", "Co"})
    name = re.sub(r'[<>:"|?*]+', "_", name).strip(" .")
    if len(name) > LONGEST:
        stem, dot, ending = name.rpartition(".")
        name = name[:LONGEST] if not dot or len(ending) > 10 else f"{stem[: LONGEST - len(ending) - 1]}.{ending}"
    return name or otherwise


def save(outside: Outside, room: str, name: str, content: bytes | Path) -> str:
    """Write a new file into `room` of the person's folder, within its limits; returns its name there. The same one in every attempt. Raises ToolError."""
    folder = Folder(outside.folder)
    keeper = Keeper(folder, child_key(outside.key, room), outside.now)
    if (known := keeper.record(keeper.key)) is not None:
        return keeper.put(known.name, b"").name
    if not isinstance(content, bytes):
        if content.stat().st_size > folder.limits.file_bytes:
            raise ToolError(f"the file has {content.stat().st_size} bytes; at most {folder.limits.file_bytes} are possible")
        content = content.read_bytes()
    taken = _taken(folder, room)
    for candidate in _names(_spelled(room, name)):
        if folded(candidate) not in taken:
            return keeper.put(f"{room}/{candidate}", content).name
    raise ToolError(f"there are too many files called {name}")


def _spelled(room: str, name: str) -> str:
    """A name that the person's folder takes."""
    while len(name.encode()) > LONGEST_PART - 8:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:-1]}{dot}{ending}" if len(stem) > 1 and len(ending) <= 10 else name[:-1]
    try:
        return spelled(f"{room}/{name.strip(' .')}").rpartition("/")[2]
    except ValueError:
        return "file"


def _taken(folder: Folder, room: str) -> set[str]:
    """What stands in a room already, whatever it is, in the spelling in which names are compared."""
    try:
        with folder.opened((room,)) as there:
            return {folded(leaf) for leaf in os.listdir(there)}
    except Missing:
        return set()


def _names(name: str) -> Iterator[str]:
    path = Path(name)
    yield name
    yield from (f"{path.stem} ({number}){path.suffix}" for number in range(2, 100))
