"""A secret looked for in every shape in which it could get somewhere."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path


def encodings(secret: str) -> dict[str, list[bytes]]:
    """The secret in eight encodings, by name; base64 at each of the three alignments within a longer text."""
    raw = secret.encode()
    quoted = urllib.parse.quote(secret, safe="")
    return {
        "plain": [raw],
        "base64": [form for shift in range(3) for form in _base64(raw, shift)],
        "url": [quoted.encode(), quoted.lower().encode(), urllib.parse.quote_plus(secret).encode(), urllib.parse.quote(secret).encode()],
        "hex": [raw.hex().encode(), raw.hex().upper().encode()],
        "json": [json.dumps(secret)[1:-1].encode(), json.dumps(json.dumps(secret))[3:-3].encode()],
        "utf-16": [secret.encode("utf-16-le"), secret.encode("utf-16-be")],
        "reversed": [secret[::-1].encode()],
        "utf-32": [secret.encode("utf-32-le")],
    }


def _base64(raw: bytes, shift: int) -> list[bytes]:
    """The characters that do not depend on what stands before and after, standard and URL-safe."""
    coded = base64.b64encode(b"x" * shift + raw).rstrip(b"=")
    core = coded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
    return [core, core.translate(bytes.maketrans(b"+/", b"-_"))]


def found_in(secret: str, data: bytes) -> list[str]:
    """The names of the encodings in which a secret stands in these bytes."""
    return [name for name, forms in encodings(secret).items() if any(form in data for form in forms)]


def found_in_files(secret: str, folder: Path) -> list[str]:
    """Every file below a folder in which the secret stands, and in which encoding."""
    return [f"{path.relative_to(folder)} ({name})" for path in files(folder) for name in found_in(secret, path.read_bytes())]


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
