"""Running Python for a person: in the sandbox, on copies of their files; what it makes comes back as new files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pydantic

from agents.tools.files import FileHouse, FileName, Folder, child_key, undo
from agents.tools.files.names import spelled
from agents.tools.sandbox import Box
from orchestrator.contracts import Effect, Json, ToolError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

SPARE_SECONDS = 40.0
"""For waiting one's turn and for files, on top of what a program may take."""
VERSIONS = 1000


class Program(pydantic.BaseModel):
    """What `code.run` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    program: str = pydantic.Field(min_length=1, max_length=100_000, description="The Python program")
    files: list[FileName] = pydantic.Field(
        default=[], max_length=20, description="Files of the person's folder that stand beside the program under their names"
    )

    @pydantic.field_validator("files")
    @classmethod
    def _apart(cls, files: list[str]) -> list[str]:
        if any(name.split("/")[0] == "out" for name in files):
            raise ValueError("a folder named out is kept for what the program makes: copy the file to another name first")
        return files


@dataclass
class CodeRun:
    """Runs a program. Which program it is, and its files, are all it can know of the world."""

    house: FileHouse
    box: Box
    name: str = "code.run"
    version: int = 1
    description: str = (
        "Run a Python program in a sandbox without network, other processes or threads. It reads the given files by their names; what it prints is handed "
        "back, and files it writes below out/ are saved in the person's folder. numpy and Pillow are there where they are installed; charts with "
        "matplotlib if it can be imported."
    )
    effect: Effect = Effect.IDEMPOTENT
    arguments: type[pydantic.BaseModel] = Program
    credits: int = 50
    seconds: float = 20.0 + SPARE_SECONDS

    def __post_init__(self) -> None:
        self.seconds = self.box.limits.seconds + SPARE_SECONDS

    def reach(self, arguments: Program) -> Reach:
        return Reach(Deed.COMPUTE, files=tuple(arguments.files))

    def preview(self, arguments: Program, words: Phrase) -> Preview:
        used = ((words("code-files"), ", ".join(arguments.files)),) if arguments.files else ()
        return Preview(words("code-run-summary"), ((words("code-program"), arguments.program), *used))

    async def act(self, outside: Outside, arguments: Program) -> Result:
        folder = self.house.keeper(outside).folder
        given = {name: outside.judged(name, await asyncio.to_thread(folder.read, name)) for name in arguments.files}
        ran = await self.box.run(arguments.program, given)
        saved, dropped = await asyncio.to_thread(self._save, outside, ran.files)
        value: dict[str, Json] = {"status": ran.status, "output": ran.out, "errors": ran.err, "truncated": ran.cut, "timed_out": ran.late}
        value |= {"files": dict[str, Json](saved), "dropped": [*ran.dropped, *dropped], "seconds": ran.seconds}
        back = undo([child_key(outside.key, name) for name in saved.values()], list(saved)) if saved else None
        source = f"files {', '.join(arguments.files)}" if arguments.files else ""
        return Result(value, source=source, private=bool(arguments.files), undo=back)

    def _save(self, outside: Outside, made: Mapping[str, bytes]) -> tuple[dict[str, str], list[str]]:
        """New files under names that are free, by the name that the program gave each; and the names that are none."""
        saved: dict[str, str] = {}
        dropped: list[str] = []
        for given, data in made.items():
            keeper = self.house.keeper(outside, child_key(outside.key, given))
            try:
                known = keeper.record(keeper.key)
                name = known.name if known else _free(keeper.folder, spelled(given))
                saved[keeper.put(name, data).name] = given
            except (ValueError, ToolError):
                dropped.append(given)
        return saved, dropped


def _free(folder: Folder, name: str) -> str:
    """The name itself, or with a number where it is taken."""
    stem, dot, suffix = name.rpartition(".") if "." in name.rpartition("/")[2] else (name, "", "")
    for number in range(1, VERSIONS):
        candidate = name if number == 1 else f"{stem} ({number}){dot}{suffix}"
        if folder.stat(candidate) is None:
            return candidate
    raise ToolError(f"there are {VERSIONS} files named like {name} already")
