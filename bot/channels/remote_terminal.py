"""`majordomo chat` beside a running `majordomo run`: the same chat as in the browser, over the same requests."""

from __future__ import annotations

import asyncio
import html
import json
import re
import secrets
import sys
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from bot.channels.base import Key
from bot.channels.terminal import ReadLine, TerminalView, read_standard_input
from orchestrator.contracts import Attachment
from orchestrator.errors import MajordomoError

TAG = re.compile(r"<[^>]+>")
BREAK = re.compile(r"</(?:p|li|ul|ol|h\d|pre)>|<br ?/?>")


class NobodyAnswers(MajordomoError):
    """The running Majordomo does not answer. If it has just started, try again in a moment."""


async def attach(folder: Path, console: Console, read_line: ReadLine = read_standard_input, *, interactive: bool | None = None) -> None:
    """Join the web chat of the Majordomo that holds this data folder, until the end of input. Raises NobodyAnswers."""
    try:
        found = json.loads((folder / "web.json").read_text())
        address, secret = found["address"], found["secret"]
    except (OSError, KeyError, ValueError) as error:
        raise NobodyAnswers from error
    headers = {"Origin": address}
    async with httpx.AsyncClient(base_url=address, headers=headers, cookies={"majordomo_session": secret}, timeout=20, trust_env=False) as client:
        try:
            past = (await client.get("/chat/history")).raise_for_status().json()
        except httpx.HTTPError as error:
            raise NobodyAnswers from error
        view = TerminalView(console, interactive=sys.stdin.isatty() if interactive is None else interactive)
        listening = asyncio.create_task(_listen(client, view, past["last"]))
        try:
            await _talk(client, view, read_line)
            await view.quiet()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _talk(client: httpx.AsyncClient, view: TerminalView, read_line: ReadLine) -> None:
    view.prompt()
    while (line := await read_line()) is not None:
        said = line.strip()
        view.typed()
        if said and not view.save(said):
            await _send(client, view, said)
            if not view.interactive:
                await view.quiet()
        view.prompt()


async def _send(client: httpx.AsyncClient, view: TerminalView, said: str) -> None:
    """One message or press; sent again under the same id after a break, so it arrives once. Says so if it does not."""
    body = {"client_id": f"line-{secrets.token_hex(12)}"}
    key = view.chosen(said)
    path = "/chat/messages" if key is None else "/chat/presses"
    body |= {"text": said} if key is None else {"token": key.token, "label": key.label}
    trouble = ""
    for pause in (0.0, 0.5, 1.0, 2.0):
        await asyncio.sleep(pause)
        try:
            answer = await client.post(path, json=body)
        except httpx.TransportError as error:
            trouble = type(error).__name__
            continue
        if answer.is_success:
            return
        trouble = str(answer.status_code)
        if answer.is_client_error:
            break
    view.note(f"not sent ({trouble}); please try again")


async def _listen(client: httpx.AsyncClient, view: TerminalView, last: int) -> None:
    """Show what comes, and go on after a break where it was broken off."""
    while True:
        try:
            async with client.stream("GET", "/chat/events", params={"last": last}, timeout=None) as stream:
                kind, number = "", last
                async for line in stream.aiter_lines():
                    if line.startswith("event: "):
                        kind = line[7:]
                    elif line.startswith("id: "):
                        number = int(line[4:])
                    elif line.startswith("data: "):
                        await _show(client, view, kind, json.loads(line[6:]))
                        last = number
        except httpx.HTTPError:
            await asyncio.sleep(1.0)


async def _show(client: httpx.AsyncClient, view: TerminalView, kind: str, entry: dict[str, Any]) -> None:
    rows = tuple(tuple(Key(button["label"], button["token"]) for button in row) for row in entry.get("buttons", []))
    if kind == "message":
        view.show(entry["id"], _text(entry), rows, await _file(client, entry))
    elif kind == "edit":
        view.change(entry["of"], _text(entry), rows)
    elif kind == "toast":
        view.note(f"({entry['text']})")


async def _file(client: httpx.AsyncClient, entry: dict[str, Any]) -> Attachment | None:
    """The file that a message announces; without it the message is shown alone."""
    if "file" not in entry:
        return None
    answer = await client.get(f"/chat/files/{entry['id']}")
    return Attachment(entry["file"], "text/plain", answer.content.decode(errors="replace")) if answer.is_success else None


def _text(entry: dict[str, Any]) -> str:
    """The Markdown it was written in; rows of an older version have only its HTML."""
    return str(entry["markdown"]) if "markdown" in entry else as_text(entry["html"])


def as_text(fragment: str) -> str:
    """Our own HTML as plain text."""
    return html.unescape(TAG.sub("", BREAK.sub("\n", fragment.replace("<li>", "- ")))).strip()
