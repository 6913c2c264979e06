"""Names of files as people and models write them: relative, plain, and with one spelling each."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

import pydantic

KEEP = ".majordomo"
"""Our own corner of a person's folder: former versions and the bin. No name leads there."""
LONGEST = 200
"""Bytes of one part of a name: file systems take 255, and some room is left for theirs."""
DEEPEST = 16
DRIVE = re.compile(r"[A-Za-z]:")
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that show nothing or turn text round."""


def folded(part: str) -> str:
    """What two spellings have in common that a person, or a careless file system, takes for the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", part).casefold())


def spelled(name: str) -> str:
    """The one spelling of a name, such as "letters/bank.txt". Raises ValueError for a name that is none or leads out."""
    name = unicodedata.normalize("NFC", name)
    if not name or name != name.strip():
        raise ValueError("a file name may not be empty nor begin or end with a space")
    if name.startswith(("/", "\\", "~")) or DRIVE.match(name):
        raise ValueError("a file name is relative to the folder: it has no leading / and no drive")
    parts = name.split("/")
    if len(parts) > DEEPEST:
        raise ValueError(f"a file may stand at most {DEEPEST} folders deep")
    for part in parts:
        _part(part)
    if folded(parts[0]) == KEEP:
        raise ValueError(f"{KEEP} is kept for former versions")
    return name


def _part(part: str) -> None:
    plain = unicodedata.normalize("NFKC", part)
    if not plain.strip(" .") or part != part.strip() or part.endswith("."):
        raise ValueError("a part of a file name may not be empty, consist of dots, or end with a dot or space")
    if any(sign in plain for sign in ("/", "\\", "\x00", "\u2044", "\u2215")):
        raise ValueError("a file name may hold no backslash and nothing that looks like a slash")
    if any(unicodedata.category(character) in HIDDEN for character in part):
        raise ValueError("a file name may hold no control or invisible characters")
    if len(part.encode("utf-8", "surrogatepass")) > LONGEST:
        raise ValueError(f"a part of a file name may be {LONGEST} bytes long")


def _folder(name: str) -> str:
    return spelled(name.rstrip("/")) if name not in {"", ".", "/"} else ""


FileName = Annotated[str, pydantic.AfterValidator(spelled), pydantic.Field(max_length=1000, description="Name within the folder, such as letters/bank.txt")]
FolderName = Annotated[str, pydantic.AfterValidator(_folder), pydantic.Field(max_length=1000, description="A folder, such as letters; empty: the whole")]
