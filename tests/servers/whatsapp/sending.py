"""One message to a person: every rule of the platform, then what is noted of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.servers.whatsapp import schema
from tests.servers.whatsapp.people import Person, wamid
from tests.servers.whatsapp.platform import Platform, Sent
from tests.servers.whatsapp.refusals import Json, Refusal, closed, unknown_person, wrong

MESSAGE_KEYS = {"messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data"}
LONGEST = {"text": 4096, "interactive": 1024}


def take(platform: Platform, given: Json) -> Sent:
    """Raises Refusal. Everything about the request itself is checked before anything about the person."""
    if given.get("messaging_product") != "whatsapp":
        raise wrong("messaging_product must be whatsapp")
    if given.get("recipient_type") != "individual" or not (given.get("to") or given.get("recipient")):
        raise wrong("a message has one recipient")
    kind = str(given.get("type"))
    if extra := given.keys() - MESSAGE_KEYS - {kind}:
        raise wrong(f"unknown parameters {sorted(extra)}")
    if kind not in CHECKS or not isinstance(given.get(kind), dict):
        raise wrong(f"type {kind!r} without its object")
    schema.check(given)
    sent = Sent(wamid("OUT"), "", kind, "", given[kind], reply_to=str(given.get("context", {}).get("message_id", "")), at=platform.now())
    CHECKS[kind](platform, sent)
    person = platform.find(str(given.get("to") or given.get("recipient")))
    if person is None:
        raise unknown_person()
    sent.to = person.key
    _life_cycle(platform, sent, person)
    platform.draw(person.key)
    return sent


def indicate(platform: Platform, given: Json) -> Json:
    """The read mark, with or without the sign of typing: the description lacks both."""
    if given.keys() - {"messaging_product", "status", "message_id", "typing_indicator"} or given.get("status") != "read":
        raise wrong(f"unknown parameters {sorted(given)}")
    if given.get("typing_indicator", {"type": "text"}) != {"type": "text"}:
        raise wrong("a typing indicator is of type text")
    if given.get("message_id") not in platform.known_messages:
        raise wrong("message_id is no message of a person")
    return {"success": True}


def _life_cycle(platform: Platform, sent: Sent, person: Person) -> None:
    for named in (sent.reply_to, str(sent.content.get("message_id", "")) if sent.kind == "reaction" else ""):
        if named and platform.known_messages.get(named) != person.key:
            raise Refusal(131009, "Parameter value is not valid", violation=True, details=f"{named} was not exchanged with this person")
    if sent.kind != "template" and not platform.is_open(person):
        raise closed()


def _text(_platform: Platform, sent: Sent) -> None:
    sent.text = str(sent.content.get("body", ""))
    if sent.content.keys() - {"body", "preview_url"}:
        raise wrong("unknown parameters of text")
    _length("text.body", sent.text, LONGEST["text"])


def _interactive(_platform: Platform, sent: Sent) -> None:
    content = sent.content
    sent.text = str(content.get("body", {}).get("text", ""))
    _length("interactive.body.text", sent.text, LONGEST["interactive"])
    for name in ("header", "footer"):
        if name in content:
            _length(f"interactive.{name}.text", str(content[name].get("text", "")), 60)
    if content.get("type") == "button":
        _buttons(sent, content["action"].get("buttons") or [])
    elif content.get("type") == "list":
        _rows(sent, content["action"])
    else:
        raise wrong(f"interactive type {content.get('type')!r} is not played by this stand-in")
    ids = [choice for choice, _ in sent.choices]
    if len(set(ids)) != len(ids) or any(choice != choice.strip() or not choice for choice in ids):
        raise wrong("ids are unique, not empty, and have no blanks at their ends")


def _buttons(sent: Sent, buttons: list[Json]) -> None:
    if not 1 <= len(buttons) <= 3:
        raise wrong(f"{len(buttons)} buttons; 1 to 3 are allowed")
    sent.choices = [(str(one["reply"]["id"]), str(one["reply"]["title"])) for one in buttons]
    for choice, title in sent.choices:
        _length("button id", choice, 256)
        _length("button title", title, 20)
    if len({title for _, title in sent.choices}) != len(buttons):
        raise wrong("two buttons with one title")


def _rows(sent: Sent, action: Json) -> None:
    sent.is_list = True
    _length("list button", str(action.get("button", "")), 20)
    sections = action.get("sections") or []
    rows = [row for section in sections for row in section.get("rows") or []]
    if not 1 <= len(rows) <= 10:
        raise wrong(f"{len(rows)} rows; 1 to 10 are allowed")
    if len(sections) > 1 and not all(section.get("title") for section in sections):
        raise wrong("sections without a title")
    for row in rows:
        _length("row id", str(row["id"]), 200)
        _length("row title", str(row["title"]), 24)
        if "description" in row:
            _length("row description", str(row["description"]), 72)
            sent.descriptions[str(row["id"])] = str(row["description"])
    sent.choices = [(str(row["id"]), str(row["title"])) for row in rows]


def _document(platform: Platform, sent: Sent) -> None:
    sent.file = platform.media.get(str(sent.content.get("id")))
    if sent.file is None:
        raise Refusal(131053, "Media upload error", violation=True, details="no such media")
    sent.text = str(sent.content.get("caption", ""))
    if sent.text:
        _length("caption", sent.text, 1024)
    if not sent.content.get("filename"):
        raise wrong("a document without a name")


def _reaction(_platform: Platform, sent: Sent) -> None:
    if sent.content.keys() != {"message_id", "emoji"}:
        raise wrong("a reaction is a message_id and an emoji")
    sent.text = str(sent.content["emoji"])


def _template(platform: Platform, sent: Sent) -> None:
    name, language = str(sent.content["name"]), str(sent.content["language"]["code"])
    template = platform.templates.get((name, language))
    if template is None:
        raise Refusal(132001, "Template name does not exist in the translation", status=404)
    components = sent.content.get("components", [])
    texts = [one["text"] for part in components if part["type"] == "body" for one in part["parameters"]]
    if len(texts) != 1:
        raise Refusal(132000, "Number of parameters does not match the expected number of params", violation=True)
    if re.search(r"[\n\t]| {5,}", texts[0]) or not texts[0].strip():
        raise Refusal(132012, "Parameter format does not match", violation=True, details="no line breaks, tabs or runs of blanks")
    _length("template text", texts[0], 1000)
    sent.text = texts[0]
    buttons = [part for part in components if part["type"] == "button"]
    if [part.get("index") for part in buttons] != [str(number) for number in range(len(buttons))] or len(buttons) > template.buttons:
        raise Refusal(132000, "The buttons are not those of the template", violation=True)
    sent.choices = [(str(part["parameters"][0]["payload"]), f"Reply {part['index']}") for part in buttons]


def _length(what: str, text: str, limit: int) -> None:
    if not text.strip() or len(text) > limit:
        raise wrong(f"{what}: {len(text)} characters; 1 to {limit} are allowed")


CHECKS: dict[str, Callable[[Platform, Sent], Any]] = {
    "text": _text, "interactive": _interactive, "document": _document, "reaction": _reaction, "template": _template,
}  # fmt: skip
