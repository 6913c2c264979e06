"""What is shown to people, before any channel has shaped it: cards, their buttons and files, and the kinds of answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Any
"""A value that survives `json.dumps` and back."""


@dataclass(frozen=True, slots=True)
class Action:
    """What pressing a button does: `kind` names the doer, `subject` the row it concerns, `value` the choice."""

    kind: str
    subject: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    action: Action


@dataclass(frozen=True, slots=True)
class Attachment:
    """A small file that travels with a card; `content` is text (an .ics file) kept in the database."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True)
class Card:
    """A neutral message: Markdown text, rows of buttons, files. Channels render what they can show."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    files: tuple[Attachment, ...] = ()
    silent: bool = False
    status_key: str = ""
    """Cards with the same key are one message, edited in place where the channel can."""


class AnswerKind(StrEnum):
    """How the answer to a question is read; it is asked again, kindly, when it cannot be."""

    TEXT = "text"
    YES_NO = "yes_no"
    NUMBER = "number"
    WHEN = "when"
    ZONE = "zone"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question: what is shown, and the value that the agent gets."""

    label: str
    value: Json
