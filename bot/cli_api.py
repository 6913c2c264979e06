"""`majordomo api-key …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from types import ModuleType

api_key_app = typer.Typer(help="Keys of the HTTP API: each acts for one person, within its scopes.", no_args_is_help=True)

Person = Annotated[str, typer.Option("--person", help="owner, channel:id such as telegram:1001, or the person's id.")]


def _work() -> ModuleType:
    from bot import api_keys  # noqa: PLC0415 - loads the database, which --help does not need

    return api_keys


@api_key_app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "key",
    scopes: Annotated[str, typer.Option("--scopes", help="Comma-separated, such as tasks:read,tasks:write. Default: all but admin.")] = "",
    days: Annotated[int, typer.Option("--days", min=0, max=3650, help="How long it counts; 0 for ever.")] = 90,
    person: Person = "owner",
) -> None:
    """Make a key and print it, this once."""
    for line in _work().create(name, scopes, days, person):
        typer.echo(line)


@api_key_app.command("list")
def listed(person: Person = "owner") -> None:
    """The keys of a person, without their secrets."""
    for line in _work().listed(person):
        typer.echo(line)


@api_key_app.command("revoke")
def revoke(key: Annotated[str, typer.Argument(help="Its id, or the beginning that `list` shows.")], person: Person = "owner") -> None:
    """End a key at once, open streams included."""
    typer.echo(_work().revoke(key, person))
