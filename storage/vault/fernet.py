"""Credentials encrypted with Fernet elsewhere, read for import: one JSON object a line.

`service`, `kind`, `username` and `password` are named; `url` and `tools` say what a credential is for, where the caller's
defaults do not. `password` is a Fernet token; so may `username` be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from storage.vault.credentials import CredentialKind, NewCredential, Scope
from storage.vault.errors import VaultError

TOKEN_START = "gAAAA"


class BadImport(VaultError):
    """A line cannot be imported; nothing of the file was."""


def scope_of(url: str, tools: Iterable[str]) -> Scope:
    """What a credential is for, from an address. Raises ValueError for one that is too vague."""
    parts = urlsplit(url)
    return Scope.of(parts.scheme, parts.hostname or "", parts.port, tools)


def read(lines: Iterable[str], keys: Sequence[str], url: str = "", tools: Sequence[str] = ()) -> Iterator[NewCredential]:
    """The credentials of a file, decrypted by any of the keys. Raises BadImport, which names the line and no value."""
    try:
        fernet = MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise BadImport("the key file holds no Fernet key.", "give the file with the 44 characters that Fernet.generate_key made, one key a line") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _credential(number, line, fernet, url, tools)


def _credential(number: int, line: str, fernet: MultiFernet, url: str, tools: Sequence[str]) -> NewCredential:
    try:
        found = json.loads(line)
        service, token = str(found["service"]), str(found["password"])
        kind = CredentialKind(found.get("kind", "other"))
        username = str(found.get("username", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        kinds = ", ".join(kind.value for kind in CredentialKind)
        raise BadImport(f"line {number} is no credential.", f'write {{"service": …, "kind": one of {kinds}, "username": …, "password": token}}') from None
    try:
        scope = scope_of(str(found.get("url") or url), found.get("tools") or tools)
    except (ValueError, TypeError):
        raise BadImport(f"line {number} does not say what {service} is for.", "give url and tools in the line, or --url and --tool for all") from None
    try:
        password = fernet.decrypt(token).decode()
        username = fernet.decrypt(username).decode() if username.startswith(TOKEN_START) else username
    except (InvalidToken, UnicodeDecodeError):
        raise BadImport(f"line {number}: the values of {service} are not encrypted with this key.", "give the key file that they were made with") from None
    fields = {"username": username, "password": password} if username else {"password": password}
    return NewCredential(service, kind, fields, scope, label=str(found.get("label", "")))
