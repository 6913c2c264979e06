"""Files from the browser into the person's folder: a plain name, nothing overwritten, nothing outside the folder."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from orchestrator.contracts import ToolError

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


def save(folder: Path, room: str, name: str, content: bytes | Path) -> str:
    """Write a new file into `folder/room`; returns its path within the folder. Raises ToolError."""
    place = folder / room
    place.mkdir(exist_ok=True)
    if not place.resolve().is_relative_to(folder.resolve()) or place.is_symlink():
        raise ToolError(f"the folder {room} leads out of your files")
    for candidate in _names(name):
        try:
            descriptor = os.open(place / candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as target:
            if isinstance(content, bytes):
                target.write(content)
            else:
                with content.open("rb") as source:
                    shutil.copyfileobj(source, target)
        return f"{room}/{candidate}"
    raise ToolError(f"there are too many files called {name}")


def _names(name: str) -> Iterator[str]:
    path = Path(name)
    yield name
    yield from (f"{path.stem} ({number}){path.suffix}" for number in range(2, 100))
