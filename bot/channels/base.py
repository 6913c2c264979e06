"""What a channel promises: it turns what people send into `Incoming`, and a `Part` into a message they can read.

A channel knows its platform and nothing else of the house. It never retries and never waits for a rate limit: it
tries once and says, with one of the errors below, what became of the attempt. `bot/outbox.py` decides what follows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

from sqlalchemy.exc import SQLAlchemyError

from orchestrator.contracts import Attachment, Json
from orchestrator.errors import MajordomoError
from storage.database import database_failed

T = TypeVar("T")
PRIVATE, GROUP = "private", "group"


class Kind(StrEnum):
    """What a person sent."""

    TEXT = "text"
    BUTTON = "button"
    FILE = "file"
    VOICE = "voice"
    OTHER = "other"


class Markup(StrEnum):
    """How a channel wants emphasis: as spans over plain text (addresses of links spelled out or not), as the Markdown it came in, or not at all."""

    SPANS = "spans"
    SPELLED = "spelled"
    MARKDOWN = "markdown"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that somebody sent. `platform_id` is unique within the channel; chat and sender ids are the platform's.

    Payload of a button: {"token", "press_id"}. Of a file or voice: {"file_id", "name", "media_type", "size"} as known.
    `addressed` is False for group talk that is not meant for the bot.
    """

    channel: str
    platform_id: str
    chat_id: str
    sender_id: str
    kind: Kind
    text: str = ""
    payload: dict[str, Json] = field(default_factory=dict)
    chat_kind: str = PRIVATE
    addressed: bool = True
    sender_name: str = ""
    language_code: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Emphasis over `length` UTF-16 units from `offset`. Kinds: bold italic strike code pre link quote; `value` is the
    address of a link or the language of a pre."""

    kind: str
    offset: int
    length: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A button as a channel shows it; pressing it hands back the token."""

    label: str
    token: str


@dataclass(frozen=True, slots=True)
class Part:
    """A piece that fits into one message of the channel: text, or one file.

    `text` and `spans` are ready to show. `markdown` is the source, set where the channel asked for Markdown: text of
    strangers, so render it with `bot/cards/html.py` or another renderer that trusts nothing. `outgoing_id` is the same
    whenever this part is sent again, and unlike that of any other part.
    """

    text: str
    spans: tuple[Span, ...] = ()
    markdown: str = ""
    keys: tuple[tuple[Key, ...], ...] = ()
    file: Attachment | None = None
    silent: bool = False
    outgoing_id: str = ""
    task_id: str | None = None
    kind: str = "message"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can show; cards are cut, split and rendered to fit. `text_limit` counts UTF-16 units."""

    text_limit: int
    markup: Markup
    edits: bool
    keys_per_row: int = 8
    keys_max: int = 100
    label_limit: int = 64
    files: bool = True
    limited: bool = False
    """Whether the platform limits how often one may send (`bot/delivery_limits.py`)."""
    keyed_text_limit: int = 0
    """The most text that may stand above buttons; 0: as much as without."""
    toasts: bool = True
    """Whether a press is answered by a line that passes; where not, the answer is a message and counts as one."""


Intake = Callable[[Sequence[Incoming]], Awaitable[None]]
"""Stores a batch. Returns after the commit: only then may the channel acknowledge. Raises if nothing was stored."""


@runtime_checkable
class Channel(Protocol):
    """A way to reach people. `send` and `edit` raise a DeliveryError, nothing else."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled; survives every failure of the network."""
        ...

    async def send(self, chat: str, part: Part) -> str:
        """Show a new message; returns its platform id."""
        ...

    async def edit(self, chat: str, platform_id: str, part: Part) -> None:
        """Replace a message sent before."""
        ...

    async def answer_press(self, press_id: str, text: str) -> None:
        """Answer a button press with a short line (at most 200 characters)."""
        ...

    async def remove(self, chat: str, platform_id: str) -> None:
        """Take a message that the person sent off the platform; does nothing where there is no such thing."""
        ...

    async def typing(self, chat: str) -> None:
        """Show for some seconds that an answer is on its way; best effort, never raises."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Reacting(Protocol):
    """A channel that cannot edit, but can show on what the person wrote that work goes on."""

    async def progress(self, chat: str, part: Part) -> None:
        """Show it, once for a task; best effort, never raises a DeliveryError."""
        ...


@runtime_checkable
class Greeting(Protocol):
    """A webhook whose platform asks by GET, before it trusts the address, whether it is ours."""

    def greeting(self, query: Mapping[str, str]) -> str | None:
        """What to answer; None refuses."""
        ...


# --- what became of an attempt to deliver ---------------------------------------------------------------------------


class DeliveryError(MajordomoError):
    """A message was not delivered as asked."""


class RetryAfter(DeliveryError):
    """The platform wants us to wait."""

    def __init__(self, seconds: float, *, whole_bot: bool = False) -> None:
        super().__init__(f"the platform asks us to wait {seconds:g} s")
        self.seconds = seconds
        self.whole_bot = whole_bot


class NotDelivered(DeliveryError):
    """It surely did not arrive (the connection was refused before a byte left): trying again repeats nothing."""


class Ambiguous(DeliveryError):
    """It may have arrived: the connection broke in the middle, or a gateway answered in the platform's place."""


class MarkupRefused(DeliveryError):
    """The platform could not read our formatting: the same text plain will pass."""


class WindowClosed(DeliveryError):
    """The platform lets us write only after the person has written again: it waits until then."""


class Unchanged(DeliveryError):
    """An edit that changes nothing: what we wanted to show is what is shown."""


class Unreachable(DeliveryError):
    """This will never arrive: the person blocked the bot, or the chat or message is gone."""


async def nothing_left(work: Awaitable[T]) -> T:
    """Read or write our own books while nothing has left. Raises NotDelivered where the database is away; what it cannot take at all, it raises itself."""
    try:
        return await work
    except SQLAlchemyError as error:
        if database_failed(error):
            raise NotDelivered("our own books could not be opened") from error
        raise
