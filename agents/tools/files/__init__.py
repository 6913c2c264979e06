"""Files as tools: the person's own folder, and places elsewhere through fsspec."""

from __future__ import annotations

from agents.tools.files.changing import FilesCopy, FilesDelete, FilesMove, FilesRestore, FilesWrite
from agents.tools.files.folder import Folder as Folder
from agents.tools.files.folder import Limits as Limits
from agents.tools.files.names import FileName as FileName
from agents.tools.files.reading import FilesFind, FilesList, FilesRead
from agents.tools.files.remote import Remote as Remote
from agents.tools.files.shelves import FileHouse as FileHouse
from agents.tools.files.shelves import child_key as child_key
from agents.tools.files.shelves import undo as undo
from orchestrator.outside import OutsideTool


def tools(house: FileHouse) -> tuple[OutsideTool, ...]:
    """Every tool of files."""
    return (
        FilesList(house),
        FilesRead(house),
        FilesFind(house),
        FilesWrite(house),
        FilesCopy(house),
        FilesMove(house),
        FilesDelete(house),
        FilesRestore(house),
    )
