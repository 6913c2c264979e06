"""`majordomo doctor` on a WhatsApp number: asks Meta whether token and number belong together, and reads the templates."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bot.channels.whatsapp.templates import Purpose, read_templates
from bot.channels.whatsapp.wire import VERSION
from bot.settings import ConfigurationError, WhatsAppKeys

Told = tuple[str, str, str]
"""Fault, remedy, note; no fault where all is well."""
EXPIRED = 190


def look(keys: WhatsAppKeys, config: Path, patience: float) -> Iterator[Told]:
    """What is to be said about the number. `patience` in seconds."""
    request = urllib.request.Request(f"{keys.root}/v{VERSION}/{keys.phone_id}", headers={"Authorization": f"Bearer {keys.token}"})
    try:
        with urllib.request.urlopen(request, timeout=patience) as answer:
            number = json.load(answer).get("display_phone_number", "?")
    except urllib.error.HTTPError as error:
        yield _refused(error)
        return
    except (OSError, ValueError):
        yield f"{keys.root} does not answer.", "check the network, a firewall, and WHATSAPP_API_ROOT", ""
        return
    yield "", "", f"{number}, webhook at /whatsapp"
    try:
        templates = read_templates(config)
    except ConfigurationError as error:
        yield error.fault, error.remedy, ""
        return
    missing = [purpose.value for purpose in Purpose if purpose not in templates.by_purpose]
    if missing:
        yield "", "", f"no template for {', '.join(missing)}: after 24 hours of silence such messages wait until the person writes"


def _refused(error: urllib.error.HTTPError) -> Told:
    try:
        code = int(json.load(error)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        code = 0
    if error.code == 401 or code == EXPIRED:
        return "refuses WHATSAPP_TOKEN.", "make a System User token that never expires; docs/whatsapp.md says where. Tokens of the start page live a day", ""
    if error.code in {400, 403, 404}:
        return (
            f"does not give this token the number (status {error.code}, code {code}).",
            "check WHATSAPP_PHONE_ID, and that the token's user may use the account",
            "",
        )
    return f"answers with status {error.code}.", "wait and run this again", ""
