"""Approved templates by purpose: the only thing one may send to a person who has not written for 24 hours.

In majordomo.yaml:

    whatsapp:
      templates:
        reminder: {name: reminder_text, language: en}
        approval: {name: approval_text, language: en, buttons: 3}
        result:
          - {name: result_text, language: en}
          - {name: ergebnis_text, language: de}

Each has one variable in its body, which becomes our text; `buttons` is how many quick replies it was approved with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.channels.whatsapp.wire import Body
from bot.settings import ConfigurationError
from storage.models import ApprovalRow, ButtonRow, CredentialRequestRow, NotificationRow, OutgoingRow, QuestionRow

TEXT_LIMIT = 900
"""Characters of the variable; the body of a template has 1024 with the words around it."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Purpose(StrEnum):
    """Why we write unasked."""

    REMINDER = "reminder"
    APPROVAL = "approval"
    RESULT = "result"


class Template(BaseModel):
    """One template as Meta approved it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Za-z]{2,4})?$")]
    buttons: Annotated[int, Field(ge=0, le=10)] = 0


@dataclass(frozen=True, slots=True)
class Templates:
    """What the configuration offers. Without any, messages wait for the person to write."""

    by_purpose: Mapping[Purpose, Sequence[Template]] = field(default_factory=dict)

    def choose(self, purpose: Purpose, language: str) -> Template | None:
        """The one in the person's language, else the first."""
        found = self.by_purpose.get(purpose, ())
        return next((one for one in found if one.language.split("_")[0] == language), found[0] if found else None)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that may not go out as it is: what it says, and why it is sent."""

    purpose: Purpose
    text: str
    keys: tuple[str, ...] = ()
    files: bool = False

    def fits(self, template: Template) -> bool:
        """Whether the template says and offers all of it; buttons are indispensable only where somebody has to decide."""
        enough = len(self.keys) <= template.buttons or self.purpose is not Purpose.APPROVAL
        return enough and not self.files and len(flat(self.text)) <= TEXT_LIMIT

    def body(self, template: Template) -> Body:
        text = flat(self.text)
        text = text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 2].rstrip() + " …"
        buttons = [
            {"type": "button", "sub_type": "quick_reply", "index": str(number), "parameters": [{"type": "payload", "payload": token}]}
            for number, token in enumerate(self.keys[: template.buttons])
        ]
        return {
            "name": template.name,
            "language": {"policy": "deterministic", "code": template.language},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": text}]}, *buttons],
        }


def read_templates(config: Path) -> Templates:
    """Raises ConfigurationError that names the fault."""
    try:
        found = yaml.load(config.read_text(encoding="utf-8"), LOADER) if config.is_file() else None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{config} cannot be read as YAML.", str(error).splitlines()[-1]) from None
    section = (found or {}).get("whatsapp") or {}
    given: Any = section.get("templates") or {} if isinstance(section, dict) else section
    if not isinstance(given, dict):
        raise ConfigurationError(f"{config}: whatsapp.templates is no mapping of purposes.", "docs/whatsapp.md shows how it is written")
    by_purpose = {}
    for name, value in given.items():
        try:
            by_purpose[Purpose(name)] = tuple(Template.model_validate(one) for one in (value if isinstance(value, list) else [value]))
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in ("whatsapp.templates", name, *wrong["loc"]))
            raise ConfigurationError(f"{config}: {where}: {wrong['msg']}.", "write name, language and, where it has some, buttons") from None
        except ValueError:
            raise ConfigurationError(f"{config}: whatsapp.templates.{name} is no purpose.", "the purposes are reminder, approval and result") from None
    return Templates(by_purpose)


def unsent(connection: sa.Connection, outgoing_id: str) -> Unsent | None:
    """What stands in the outbox under this id; None where it is not from there."""
    row = connection.execute(sa.select(OutgoingRow.card, OutgoingRow.person_id, OutgoingRow.created_at).where(OutgoingRow.id == outgoing_id)).first()
    if row is None:
        return None
    keys = tuple(str(button["token"]) for line in row.card.get("buttons", []) for button in line)
    return Unsent(_purpose(connection, outgoing_id, row), str(row.card.get("text", "")), keys, bool(row.card.get("files")))


def _purpose(connection: sa.Connection, outgoing_id: str, row: Any) -> Purpose:
    """Whatever somebody has to answer is an approval to Meta's reviewers as to us; what a schedule brought is a reminder."""
    for asked in (ApprovalRow, QuestionRow, CredentialRequestRow):
        if connection.execute(sa.select(asked.id).where(asked.outgoing_id == outgoing_id)).first() is not None:
            return Purpose.APPROVAL
    actions = connection.execute(sa.select(ButtonRow.action).where(ButtonRow.outgoing_id == outgoing_id)).scalars()
    kinds = {str(action.get("kind")) for action in actions}
    told = sa.select(NotificationRow.kind).where(NotificationRow.person_id == row.person_id, NotificationRow.created_at == row.created_at)
    kinds |= set(connection.execute(told).scalars())
    if kinds & {"approval", "credential"}:
        return Purpose.APPROVAL
    return Purpose.REMINDER if any("reminder" in kind for kind in kinds) else Purpose.RESULT


def flat(text: str) -> str:
    """A variable holds no line breaks, tabs or runs of blanks."""
    lines = [" ".join(line.replace("**", "").split()) for line in text.splitlines()]
    return " · ".join(line for line in lines if line)
