"""Who may talk to the page: this machine's own browser, with the secret of the printed address; no other site."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

COOKIE = "majordomo_session"
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """Checks Host, Origin and the session of every request."""

    secret: str
    public_host: str = ""

    def check_host(self, request: Request) -> None:
        """Refuse a Host that is not ours: the defence against DNS rebinding."""
        try:
            host = urlsplit("//" + request.headers.get("host", "")).hostname or ""
        except ValueError:  # such as a bracket that is never closed
            host = ""
        if not host or (host not in LOCAL and host != self.public_host):
            raise HTTPException(421, "this address does not serve that host")

    def check_session(self, request: Request) -> None:
        """Host, session and, where the browser tells, the Origin must be right."""
        self.check_host(request)
        if not hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self.secret.encode()):
            raise HTTPException(403, "open the address that was printed when Majordomo started")
        origin = request.headers.get("origin")
        if origin is None and request.method not in {"GET", "HEAD"}:
            raise HTTPException(403, "the Origin header is missing")
        if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
            raise HTTPException(403, "another site may not use this chat")
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise HTTPException(403, "another site may not use this chat")

    def opens(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), self.secret.encode())


def session_secret(folder: Path) -> str:
    """The secret of this installation's web chat: made once, readable by its owner alone."""
    path = folder / "web.json"
    if path.exists():
        return str(json.loads(path.read_text())["secret"])
    secret = secrets.token_urlsafe(24)
    _write_private(path, {"secret": secret})
    return secret


def announce_address(folder: Path, address: str) -> None:
    """Leave the running chat's address for `majordomo chat`."""
    _write_private(folder / "web.json", {"secret": session_secret(folder), "address": address})


def _write_private(path: Path, data: dict[str, str]) -> None:
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(data, file)
    draft.replace(path)
