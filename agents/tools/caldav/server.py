"""Where a calendar is: one URL says it all, `https://user:password@host/path/?calendar=Work`."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from agents.tools.email.server import is_loopback, refuse_unknown
from agents.tools.way_out import destination
from orchestrator.contracts import ToolError
from orchestrator.outside import Secret


@dataclass(frozen=True, slots=True)
class CalDavServer:
    """A CalDAV account: `url` without user and password, `calendar` the name of the one meant where none is named."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """Sent as a bearer token where there is no password."""
    calendar: str = ""
    authorities: str = ""
    """A file of certificate authorities to trust instead of the system's; empty for the system's."""

    @classmethod
    def read(cls, url: str) -> CalDavServer:
        """From CALDAV_URL. `calendar` names the calendar; `ca` a file of authorities; `plain=yes` allows http:// to another machine.
        Raises ValueError without repeating the password."""
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            raise ValueError("the address cannot be read; a password in it must be percent-encoded") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the address of a calendar server begins with https:// and names a host")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        calendar, authorities, plain = options.pop("calendar", ""), options.pop("ca", ""), options.pop("plain", "no")
        refuse_unknown(options, "CALDAV_URL")
        if authorities and not Path(authorities).is_file():
            raise ValueError("the file of authorities (ca=…) does not exist")
        if parts.scheme == "http" and plain != "yes" and not is_loopback(parts.hostname):
            raise ValueError("a password is not sent over http:// to another machine; use https://, or add ?plain=yes in a network of your own")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        clean = destination(urlunsplit((parts.scheme, host + port, parts.path or "/", "", ""))).url
        return cls(clean, unquote(parts.username or ""), unquote(parts.password or ""), "", calendar, authorities)

    @classmethod
    def of(cls, secret: Secret, url: str) -> CalDavServer:
        """A person's own account. Raises ToolError for a credential that cannot open one."""
        fields = secret.fields
        token = "" if fields.get("password") else fields.get("token", "") or fields.get("api_key", "")
        if not fields.get("password") and not token:
            raise ToolError("this credential holds neither a password nor a token")
        return cls(url, fields.get("username", ""), fields.get("password", ""), token)

    @property
    def host(self) -> str:
        return destination(self.url).host

    def authorization(self) -> str:
        """The header that shows who we are; empty for a server that asks nobody."""
        if self.password:
            return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return f"Bearer {self.token}" if self.token else ""

    def tls(self) -> ssl.SSLContext | None:
        """The authorities to trust; None: the system's."""
        return ssl.create_default_context(cafile=self.authorities) if self.authorities else None
