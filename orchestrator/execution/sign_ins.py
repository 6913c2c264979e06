"""The reasoning agent asks for a login: for a site that the person named themselves, by its host, and the value never comes its way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import pydantic

from orchestrator.actions import taint
from orchestrator.contracts import Json, Task, Tool, ToolError
from orchestrator.execution.inert import inert
from orchestrator.execution.surroundings import Surroundings
from orchestrator.outside import OutsideTool
from storage.vault.credentials import CredentialKind

if TYPE_CHECKING:
    from orchestrator.execution.context import RunningContext

ASK_ACCESS = "ask_access"
ASK_IS = (
    "Ask the person for their login or API key of one site that they named, where it wants one (401, 403, a login page)."
    " Gives a handle, cred://…, to pass to a tool as its credential; the value itself is never shown to you."
)
FIELDS = {"password": ("username", "password"), "api_key": ("api_key",)}
KINDS = {"password": CredentialKind.OTHER, "api_key": CredentialKind.API_KEY}
REASON = 200


class Access(pydantic.BaseModel):
    """What `ask_access` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    url: str = pydantic.Field(max_length=500, description="Address of the site, beginning with https://")
    sign_in: Literal["password", "api_key"] = pydantic.Field(default="password", description="What the site wants")
    reason: str = pydantic.Field(default="", max_length=1000, description="Why it is needed, in one sentence for the person")


async def ask(context: RunningContext, task: Task, around: Surroundings, tools: Iterable[Tool], given: Json) -> str:
    """The handle. Raises ToolError where it may not be asked for or was refused, ValidationError, Waiting.

    The card names the host, never a name of the model's choosing: nobody is asked for their bank's password for somebody else's site.
    """
    wanted = Access.model_validate(given)
    place, port, host = _place(wanted.url, around)
    facts = await context.write(lambda connection: taint.facts(connection, context.person, task))
    if not (host in facts.hosts or names(task.text, host)):
        raise ToolError(f"the person has not named {host}: a login can be asked for only where they did, or an approved plan does")
    users = sorted(tool.name for tool in tools if takes_credential(tool))
    if not users:
        raise ToolError("no tool here can use a login")
    service = host if port is None else f"{host}:{port}"
    reason = inert(" ".join(wanted.reason.split())[:REASON])
    kind, fields = KINDS[wanted.sign_in], FIELDS[wanted.sign_in]
    return await context.credential("access", service=service, url=place, tools=users, kind=kind.value, fields=fields, reason=f"“{reason}”" if reason else "")


def names(text: str, host: str) -> bool:
    """Whether a person's own words name a host, as it is or without its www."""
    return any(re.search(rf"(?<![\w.@-]){re.escape(known)}(?![\w-]|\.\w)", text, re.I) for known in {host, host.removeprefix("www.")})


def takes_credential(tool: Tool) -> bool:
    """Whether a call of this tool can name a credential."""
    arguments = tool.arguments
    named = "credential" in getattr(arguments, "model_fields", {}) or isinstance(getattr(arguments, "credential", None), property)
    return named and isinstance(tool, OutsideTool)


def _place(url: str, around: Surroundings) -> tuple[str, int | None, str]:
    """Scheme, host and port of an address, its port and its host. Over plain http only to servers that the policy names. Raises ToolError."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise ToolError("this is no address of a site") from None
    if not host or parts.username is not None or parts.scheme not in {"https", "http"}:
        raise ToolError("this is no address of a site")
    if parts.scheme == "http" and f"{host}:{port or 80}" not in around.dispatcher.rules.policy.private_hosts:
        raise ToolError("over plain http everybody on the way could read a password; it takes an https address")
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}", port, host
