"""The command line: majordomo run · worker · chat · route · evaluate · when · doctor · address · pair · keys · audit · api-key."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli_api import api_key_app
from bot.cli_keys import audit_app, keys_app
from bot.process import begin_without_collecting
from orchestrator.errors import MajordomoError

app = typer.Typer(
    name="majordomo",
    help="A message comes in, the right specialist answers. Start with `majordomo run` and open the printed address.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(keys_app, name="keys")
app.add_typer(audit_app, name="audit")
app.add_typer(api_key_app, name="api-key")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


def main() -> None:
    """Entry point; what Majordomo can explain ends with one plain message and exit status 2."""
    try:
        app()
    except MajordomoError as error:
        typer.echo(f"majordomo: {error}", err=True)
        sys.exit(2)


def explained(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn errors that we can explain into one line and exit status 2."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        from storage.schema import SchemaTooNew

        try:
            return command(*arguments, **options)
        except (MajordomoError, SchemaTooNew, ValueError) as error:
            typer.echo(f"majordomo: {error}", err=True)
            raise typer.Exit(2) from error

    return run


@app.command()
@explained
def run() -> None:
    """Start the bot: web chat always, Telegram where a token is set. Ctrl-C ends it."""
    begin_without_collecting()
    from bot.serving import serve

    asyncio.run(serve())


@app.command()
@explained
def worker() -> None:
    """Run tasks for a bot on the same Postgres database, without channels of its own."""
    begin_without_collecting()
    from bot.serving import work

    asyncio.run(work())


@app.command()
@explained
def chat() -> None:
    """Talk to Majordomo in this terminal; joins a running one, else starts its own."""
    from bot.serving import talk

    asyncio.run(talk())


@app.command()
@explained
def route(
    text: Annotated[str, typer.Argument(help="A message, or - to read one a line from standard input.")],
    as_json: Json = False,
    language: Annotated[str | None, typer.Option("--lang", help="en, de, es or zh; guessed if left out.")] = None,
) -> None:
    """Explain where a message would go, and how sure the router is."""
    from bot.routing import Explainer

    explainer = Explainer.build()
    lines = (line.rstrip("\n") for line in sys.stdin) if text == "-" else iter([text])
    for line in lines:
        if line.strip():
            typer.echo(explainer.explain(line, language, as_json=as_json))


@app.command()
@explained
def evaluate(
    test: Annotated[Path, typer.Argument(help='JSON lines {"text": …, "intent": …}; intent "oos" is out of scope.')],
    train: Annotated[Path | None, typer.Option("--train", help="Train on these lines instead of the built-in sentences.")] = None,
    as_json: Json = False,
) -> None:
    """Measure the local router on labelled messages: accuracy, coverage, out-of-scope recall, speed."""
    from bot.routing import evaluate_files

    typer.echo(evaluate_files(test, train, as_json=as_json))


@app.command()
@explained
def when(
    text: Annotated[str, typer.Argument(help='Words about time, such as "every weekday at 8".')],
    now: Annotated[str | None, typer.Option("--now", help="The moment to reckon from, ISO 8601; default the present.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="IANA time zone, such as Europe/Berlin; default this machine's.")] = None,
    language: Annotated[str | None, typer.Option("--lang", help="en, de, es or zh; guessed if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show what is understood of a date, a time or a repetition said in words."""
    from bot.when import when_command

    typer.echo(when_command(text, now, zone, language, as_json))


@app.command()
@explained
def doctor() -> None:
    """Say what is wrong with this set-up, and how to mend it. Exit status 1 when something is."""
    from bot.doctor import examine

    findings = examine()
    for finding in findings:
        typer.echo(str(finding))
    if any(finding.fault for finding in findings):
        raise typer.Exit(1)


@app.command()
@explained
def address() -> None:
    """Print the address of the web chat, with its key."""
    from bot import settings
    from bot.web.guard import session_secret

    found = settings.read()
    typer.echo(f"http://{found.host}:{found.port}/?key={session_secret(found.data_folder)}")


@app.command()
@explained
def pair(
    role: Annotated[str, typer.Option(help="owner, member or guest: what the code makes of whoever sends it.")] = "member",
) -> None:
    """Print a code that lets somebody in: they send it to the bot within 10 minutes."""
    from bot.serving import pairing_code

    typer.echo(pairing_code(role))
