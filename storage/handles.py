"""`cred://<id>`: how a credential is named where its value must not stand. Tools and agents may import this; it reads nothing."""

from __future__ import annotations

import re

SCHEME = "cred://"
_HANDLE = re.compile(r"cred://([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def handle(credential_id: str) -> str:
    """The handle of a credential. Raises ValueError for what is no id."""
    made = SCHEME + credential_id
    parse(made)
    return made


def parse(text: str) -> str:
    """The credential's id. Raises ValueError for what is no handle."""
    found = _HANDLE.fullmatch(text)
    if found is None:
        raise ValueError("a credential is named as cred://<id>")
    return found[1]


def is_handle(text: str) -> bool:
    return _HANDLE.fullmatch(text) is not None
