"""What the browser's tools are told."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

import pydantic

from agents.tools.way_out import destination

HANDLE = re.compile(r"(cred://[\w.:-]+)#(\w+)")


def _web_address(url: str) -> str:
    destination(url)
    return url


WebAddress = Annotated[str, pydantic.AfterValidator(_web_address), pydantic.Field(description="The page's whole address, beginning with https:// or http://")]
Selector = Annotated[str, pydantic.Field(min_length=1, max_length=500, description="A CSS selector, or text=… for something with these words")]


class Arguments(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Open(Arguments):
    """What all tools that open a page take."""

    url: WebAddress
    session: str = pydantic.Field(default="", max_length=60, description="A name that keeps the page open for later calls of this task; empty: opened afresh")

    @property
    def host(self) -> str:
        return destination(self.url).host


class Read(Open):
    wait_for: str = pydantic.Field(default="", max_length=500, description="A CSS selector to wait for, where the page fills itself by script")
    links: bool = pydantic.Field(default=True, description="Whether the page's links are wanted too")


class Extract(Open):
    rows: str = pydantic.Field(min_length=1, max_length=500, description="CSS selector of the elements that each give a record")
    fields: dict[str, str] = pydantic.Field(
        min_length=1, max_length=30, description="Field name to CSS selector within the row; selector@attribute for an attribute, @attribute for the row's own"
    )
    most: int = pydantic.Field(default=100, ge=1, le=500, description="How many records at most")
    wait_for: str = pydantic.Field(default="", max_length=500, description="A CSS selector to wait for, where the page fills itself by script")


class Picture(Open):
    whole: bool = pydantic.Field(default=False, description="The whole page instead of what a window shows")


class Download(Open):
    name: str = pydantic.Field(default="", max_length=120, description="File name; empty: the one the server gives")


class Click(Arguments):
    do: Literal["click"]
    selector: Selector


class Fill(Arguments):
    do: Literal["fill"]
    selector: Selector
    value: str = pydantic.Field(max_length=20_000, description="The text, or cred://id#field for a field of a stored credential, such as cred://id#password")

    @property
    def handle(self) -> tuple[str, str] | None:
        """The credential and its field, where the value is one."""
        found = HANDLE.fullmatch(self.value)
        return (found.group(1), found.group(2)) if found else None


class Select(Arguments):
    do: Literal["select"]
    selector: Selector
    option: str = pydantic.Field(max_length=500, description="The value or the words of the option")


class Press(Arguments):
    do: Literal["press"]
    key: str = pydantic.Field(pattern=r"^(?:[A-Za-z0-9]+|[A-Za-z]+\+[A-Za-z0-9]+)$", max_length=30, description="A key such as Enter, Tab or Control+a")
    selector: str = pydantic.Field(default="", max_length=500, description="The element that gets it; empty: the one in focus")


class Wait(Arguments):
    do: Literal["wait"]
    selector: str = pydantic.Field(default="", max_length=500, description="Wait until this is seen")
    seconds: float = pydantic.Field(default=1.0, ge=0, le=10, description="Wait that long, when no selector is given")


Action = Annotated[Click | Fill | Select | Press | Wait, pydantic.Field(discriminator="do")]


class Act(Open):
    actions: tuple[Action, ...] = pydantic.Field(min_length=1, max_length=30, description="What is done on the page, in this order")
    stay: bool = pydantic.Field(default=False, description="The session's page is at this very address already, # included: go on there instead of loading it")

    @pydantic.model_validator(mode="after")
    def _sound(self) -> Act:
        if self.stay and not self.session:
            raise ValueError("stay needs a session")
        if len({action.handle[0] for action in self.actions if isinstance(action, Fill) and action.handle}) > 1:
            raise ValueError("one call uses one credential")
        return self

    @property
    def where(self) -> str:
        """The address as it is approved: with `stay`, the part behind the # counts too."""
        part = urlsplit(self.url).fragment if self.stay else ""
        return destination(self.url).url + (f"#{part}" if part else "")

    @property
    def credential(self) -> str:
        return next((action.handle[0] for action in self.actions if isinstance(action, Fill) and action.handle), "")
