"""A letter and its bytes: headers that cannot be broken open, text in UTF-8, files from the person's own folder."""

from __future__ import annotations

import mimetypes
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path

from agents.tools.email.address import Address
from agents.tools.files.folder import Folder
from agents.tools.files.names import spelled
from orchestrator.contracts import ToolError

ENCODING_GROWTH = 4 / 3
"""Base64 turns three bytes into four."""


@dataclass(frozen=True, slots=True)
class File:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    subject: str
    text: str
    html: str
    files: tuple[File, ...]
    reply_to: Address | None
    message_id: str
    date: datetime

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Everybody who gets it, each once."""
        return tuple({one.normal: one for one in (*self.to, *self.cc, *self.bcc)}.values())

    @property
    def needs_utf8_addresses(self) -> bool:
        shown = (self.sender, *self.recipients, *((self.reply_to,) if self.reply_to else ()))
        return not all(one.is_ascii for one in shown)


def message_id(key: str, sender: Address) -> str:
    """The same for every attempt at the same effect, so that the mail can be found again."""
    return f"<{key}@{sender.domain}>"


def compose(letter: Letter) -> bytes:
    """The message as it goes over the wire (CRLF, seven bits). Those in bcc stand nowhere in it."""
    policy = SMTPUTF8 if letter.needs_utf8_addresses else SMTP
    message = EmailMessage(policy.clone(max_line_length=998) if letter.needs_utf8_addresses else policy)
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(letter.date)
    message["From"] = _header(letter.sender)
    message["To"] = [_header(one) for one in letter.to]
    if letter.cc:
        message["Cc"] = [_header(one) for one in letter.cc]
    if letter.reply_to:
        message["Reply-To"] = _header(letter.reply_to)
    message["Subject"] = letter.subject
    message.set_content(letter.text, cte="quoted-printable" if letter.text.isascii() else "base64")
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte="base64")
    for file in letter.files:
        main, _, sub = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    return message.as_bytes()


def _header(address: Address) -> HeaderAddress:
    return HeaderAddress(address.name, address.local, address.domain)


def read_files(folder: Path, names: tuple[str, ...], limit: int, judged: Callable[[str, bytes], bytes] = lambda name, content: content) -> tuple[File, ...]:
    """The named files of a person's folder, `limit` bytes together as they are sent. Raises ToolError; no link is followed.

    `judged` lets only that content pass which was approved.
    """
    files: list[File] = []
    left = float(limit)
    place = Folder(folder)
    for name in names:
        try:
            known = place.stat(spelled(name))
        except ValueError as error:
            raise ToolError(f"{name!r} cannot be attached: {error}") from error
        if known is None or not stat.S_ISREG(known.st_mode):
            raise ToolError(f"there is no file {name} in the folder")
        content = place.read(name, int(left) + 1)
        left -= len(content) * ENCODING_GROWTH
        if left < 0:
            raise ToolError(f"the attachments are too large: a mail may have {limit} bytes")
        content = judged(name, content)
        guessed, encoding = mimetypes.guess_type(name)
        media_type = guessed if guessed and not encoding and not guessed.startswith(("message/", "multipart/")) else "application/octet-stream"
        files.append(File(name.rsplit("/", 1)[-1], media_type, content))
    return tuple(files)
