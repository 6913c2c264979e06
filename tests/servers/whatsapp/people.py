"""People on WhatsApp, and the messages they write, as Meta's webhooks carry them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.whatsapp.refusals import Json

if TYPE_CHECKING:
    from tests.servers.whatsapp.platform import Platform, Sent

_numbers = itertools.count(1)


def wamid(prefix: str = "IN") -> str:
    return f"wamid.HBgL{prefix}{next(_numbers):09d}ASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA="


@dataclass
class Person:
    """Somebody with a phone, whose number the platform may keep from us; `user_id` is the platform's own name for them."""

    platform: Platform
    phone: str = ""
    user_id: str = ""
    name: str = "Ada"
    messages: list[Json] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.user_id or self.phone

    def text(self, text: str) -> Json:
        return self.message("text", text={"body": text})

    def press(self, sent: Sent, label: str) -> Json:
        """Press a button, or choose from the list, of this label (a part of it will do)."""
        choice, title = sent.choice(label)
        if sent.kind == "template":
            return self.message("button", button={"payload": choice, "text": title}, context={"from": "15550783881", "id": sent.id})
        reply = "list_reply" if sent.is_list else "button_reply"
        return self.message("interactive", interactive={"type": reply, reply: {"id": choice, "title": title}}, context={"from": "15550783881", "id": sent.id})

    def file(self, content: bytes, name: str = "", media_type: str = "application/pdf", kind: str = "document", caption: str = "") -> Json:
        media_id = self.platform.keep(content, media_type, name)
        described: Json = {"id": media_id, "mime_type": media_type, "sha256": "x"}
        described |= {"filename": name} if name else {}
        return self.message(kind, **{kind: described | ({"caption": caption} if caption else {})})

    def message(self, kind: str, **content: Any) -> Json:
        """Any message; the window opens with it."""
        now = int(self.platform.now())
        self.platform.wrote(self)
        found: Json = {"id": wamid(), "timestamp": str(now), "type": kind, **content}
        found |= {"from": self.phone} if self.phone else {}
        found |= {"from_user_id": self.user_id} if self.user_id else {}
        self.messages.append(found)
        self.platform.known_messages[found["id"]] = self.key
        return found

    def contact(self) -> Json:
        found: Json = {"profile": {"name": self.name}}
        found |= {"wa_id": self.phone} if self.phone else {}
        return found | ({"user_id": self.user_id} if self.user_id else {})
