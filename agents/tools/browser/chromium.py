"""How Chromium is started: no way out but the proxy, a profile of its own, nothing of our environment."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agents.tools.way_out import Proxy
from orchestrator.contracts import TransientError

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Playwright

GUARDED = (
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--dns-prefetch-disable",
)
"""This machine counts as outside too; names are looked up by the proxy alone; no UDP past it."""
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--metrics-recording-only",
    "--deny-permission-prompts",
)
PREFERENCES = {"plugins": {"always_open_pdf_externally": True}, "webrtc": {"ip_handling_policy": "disable_non_proxied_udp"}}
SERVICE_WORKERS: Literal["allow", "block"] = "block"
"""They would go on working behind a page that is closed."""
VIEW = (1280, 900)


async def launch(playwright: Playwright, chromium: Path, profile: Path, sockets: Path, proxy: Proxy) -> BrowserContext:
    """A Chromium on this profile; `sockets` is a folder with a short path, as sockets need one. Raises TransientError where it does not start."""
    from playwright.async_api import Error  # noqa: PLC0415 - an optional part

    _prepare(profile)
    try:
        return await playwright.chromium.launch_persistent_context(
            profile / "profile",
            executable_path=chromium,
            headless=True,
            chromium_sandbox=os.geteuid() != 0,
            args=[*GUARDED, *QUIET],
            env={"HOME": str(profile), "TMPDIR": str(sockets), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
            proxy={"server": proxy.address, "username": proxy.user, "password": proxy.password, "bypass": "<-loopback>"},
            downloads_path=profile / "tmp",
            service_workers=SERVICE_WORKERS,
            accept_downloads=True,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            viewport={"width": VIEW[0], "height": VIEW[1]},
            timeout=30_000,
        )
    except Error as error:
        raise TransientError(f"Chromium did not start: {str(error).splitlines()[0][:200]}") from None


def _prepare(profile: Path) -> None:
    defaults = profile / "profile" / "Default"
    defaults.mkdir(parents=True, exist_ok=True)
    profile.chmod(0o700)
    (profile / "tmp").mkdir(exist_ok=True)
    if not (written := defaults / "Preferences").exists():
        written.write_text(json.dumps(PREFERENCES))
