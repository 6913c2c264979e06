"""`majordomo keys …` and `majordomo audit …`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from types import ModuleType

keys_app = typer.Typer(help="The key that protects stored secrets.", no_args_is_help=True)
audit_app = typer.Typer(help="The log of what was decided and done.", no_args_is_help=True)

Person = Annotated[str, typer.Option("--person", help="owner, channel:id such as telegram:1001, or the person's id.")]


def _work() -> ModuleType:
    from bot import keys  # noqa: PLC0415 - loads the database and the cipher, which --help does not need

    return keys


@keys_app.command("show")
def show() -> None:
    """Say where the key stands and what it wraps; never the key."""
    for line in _work().show():
        typer.echo(line)


@keys_app.command("rotate")
def rotate(
    to: Annotated[str, typer.Option("--to", help="Move to another place: keyring, file:PATH, or kms:ARN. Default: a new key in the same place.")] = "",
) -> None:
    """Wrap everything by a new key. Interrupted, run it again; the bot may be running."""
    typer.echo(_work().rotate(to))


@keys_app.command("import-fernet")
def import_fernet(
    file: Annotated[Path, typer.Argument(help='JSON lines {"service": …, "kind": …, "username": …, "password": Fernet token}.')],
    key_file: Annotated[Path, typer.Option("--key-file", help="The Fernet key they were encrypted with; several, one a line.")],
    person: Person,
    url: Annotated[str, typer.Option("--url", help="What they are for, such as https://portal.example, where a line has no url.")] = "",
    tool: Annotated[list[str] | None, typer.Option("--tool", help="A tool that may use them, where a line has no tools; may be repeated.")] = None,
) -> None:
    """Take over credentials that were encrypted with Fernet: all lines or none."""
    typer.echo(_work().import_fernet(file, key_file, person, url, tool or []))


@audit_app.command("verify")
def verify(accept: Annotated[bool, typer.Option("--accept", help="Take the end of the log as it stands, after a restore or a move.")] = False) -> None:
    """Find edited, deleted, inserted, reordered or cut entries. Exit status 1 when there are any."""
    found: Any = _work().verify(accept)
    for fault in found.faults:
        typer.echo(f"FAULT  {fault}")
    if found.accepted:
        typer.echo(f"accepted as it stands: {found.entries} entries")
    elif not found.faults:
        typer.echo(f"ok     {found.entries} entries, each as it was written")
    else:
        raise typer.Exit(1)


@audit_app.command("export")
def export(
    task: Annotated[str, typer.Option("--task", help="A task's id, or its number together with --person.")] = "",
    person: Person = "",
    out: Annotated[Path | None, typer.Option("--out", help="A file to write; default standard output.")] = None,
) -> None:
    """Print the log as JSON lines: of one task, one person, or all."""
    lines = "".join(f"{line}\n" for line in _work().export(task, person))
    if out is None:
        sys.stdout.write(lines)
    else:
        out.write_text(lines, encoding="utf-8")
