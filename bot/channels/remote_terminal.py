"""`majordomo chat` beside a running `majordomo run`: the same chat as in the browser, over the same requests."""

from __future__ import annotations

import asyncio
import html
import json
import re
import secrets
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from bot.channels.base import Key
from bot.channels.terminal import PROMPT, ReadLine, TerminalView, read_standard_input
from orchestrator.errors import MajordomoError

TAG = re.compile(r"<[^>]+>")
BREAK = re.compile(r"</(?:p|li|ul|ol|h\d|pre)>|<br ?/?>")


class NobodyAnswers(MajordomoError):
    """The running Majordomo does not answer. If it has just started, try again in a moment."""


async def attach(folder: Path, console: Console, read_line: ReadLine = read_standard_input) -> None:
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
        view = TerminalView(console)
        listening = asyncio.create_task(_listen(client, view, past["last"]))
        try:
            await _talk(client, view, read_line)
            await asyncio.sleep(1.0)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _talk(client: httpx.AsyncClient, view: TerminalView, read_line: ReadLine) -> None:
    while True:
        view.console.print(PROMPT, end="")
        line = await read_line()
        if line is None:
            return
        said = line.strip()
        if not said or view.save(said):
            continue
        client_id = f"line-{secrets.token_hex(12)}"
        key = view.chosen(said)
        if key is not None:
            answer = await client.post("/chat/presses", json={"client_id": client_id, "token": key.token, "label": key.label})
        else:
            answer = await client.post("/chat/messages", json={"client_id": client_id, "text": said})
        if answer.is_error:
            view.console.print(f"not sent ({answer.status_code}); please try again", markup=False)


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
                        _show(view, kind, json.loads(line[6:]))
                        last = number
        except httpx.HTTPError:
            await asyncio.sleep(1.0)


def _show(view: TerminalView, kind: str, entry: dict[str, Any]) -> None:
    if kind in {"message", "edit"}:
        rows = tuple(tuple(Key(button["label"], button["token"]) for button in row) for row in entry.get("buttons", []))
        view.show(as_text(entry["html"]), rows)
    elif kind == "toast":
        view.console.print(f"({entry['text']})", markup=False)


def as_text(fragment: str) -> str:
    """Our own HTML as plain text."""
    return html.unescape(TAG.sub("", BREAK.sub("\n", fragment.replace("<li>", "- ")))).strip()
