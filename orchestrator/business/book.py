"""The business as it stands now: the file, reread when it changes, and on top what was changed by message. Of the two, the newer word counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from orchestrator.business.loading import ConfigFault, load
from orchestrator.business.model import Business
from orchestrator.errors import ToolError
from storage.models import SettingRow
from storage.signals import announce

PREFIX = "business."
TOPIC = "business"
CHECK_EVERY = 1.0
"""Seconds between looks at the file."""

logger = logging.getLogger(__name__)

_stored = sa.select(SettingRow.key, SettingRow.value, SettingRow.changed_at).where(SettingRow.key.startswith(PREFIX))


class BusinessFile:
    """Gives the business of a file and takes up its changes; a change that cannot be used is logged and left out."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self.fault: ConfigFault | None = None
        self._clock = clock
        self._seen = self._stamp()
        self._business = load(path) if path.exists() else Business()
        self._looked = clock()

    def __call__(self) -> Business:
        now = self._clock()
        if now - self._looked >= CHECK_EVERY:
            self._looked = now
            if (stamp := self._stamp()) != self._seen:
                self._seen = stamp
                self._reload()
        return self._business

    def _reload(self) -> None:
        try:
            self._business, self.fault = load(self.path), None
        except ConfigFault as fault:
            self.fault = fault
            logger.error("the changed configuration cannot be used; the old one stays: %s", fault)

    def _stamp(self) -> tuple[int, int]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_mtime_ns, found.st_size


class BusinessBook:
    """Facts for tools: `current(connection)` is the file's business with the stored changes on top."""

    def __init__(self, base: Callable[[], Business]) -> None:
        self._base = base
        self._merged: tuple[Business, Any, Business] | None = None

    def current(self, connection: sa.Connection) -> Business:
        base = self._base()
        rows = connection.execute(_stored).all()
        if not rows:
            return base
        mark = [(row.key, row.changed_at, row.value) for row in rows]  # the value too: two changes may share an instant
        if self._merged is None or self._merged[0] is not base or self._merged[1] != mark:
            self._merged = (base, mark, merge(base, standing(base, {row.key.removeprefix(PREFIX): row.value for row in rows})))
        return self._merged[2]

    def change(self, connection: sa.Connection, changes: Mapping[str, Any], person_id: str, now: datetime) -> Business:
        """Keep facts said by message; they win over the file until it says something new of them. Raises ToolError with the reason when one makes no sense."""
        try:
            merged = Business.model_validate(self.current(connection).model_dump(mode="json") | dict(changes))
        except ValidationError as error:
            raise ToolError("; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())) from error
        written = self._base().model_dump(mode="json")
        for field, value in changes.items():
            row = {"value": {"value": value, "file": written.get(field)}, "changed_by": person_id, "changed_at": now}
            changed = connection.execute(sa.update(SettingRow).where(SettingRow.key == PREFIX + field).values(**row))
            if changed.rowcount == 0:
                connection.execute(sa.insert(SettingRow), {"key": PREFIX + field, **row})
        announce(connection, TOPIC)
        return merged


def standing(base: Business, stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Of the facts said by message, those that still stand: the file has not changed in them since. Days of closing are added to, whoever names them."""
    written = base.model_dump(mode="json")
    found: dict[str, Any] = {}
    for field, kept in stored.items():
        if "file" not in kept or _as_written(field, kept["file"]) == written.get(field):
            found[field] = kept["value"]
        elif field == "closures":
            said = [one for one in kept["value"] if not any(_same_days(one, known) for known in [*(kept["file"] or ()), *written[field]])]
            found[field] = [*written[field], *said]
        else:
            logger.warning("the configuration file has a newer %s than was said by message; the file counts", field)
    return found


def _as_written(field: str, value: Any) -> Any:
    """What the file said then, in the form of today: a later version may have given it more fields."""
    try:
        return Business.model_validate({field: value}).model_dump(mode="json")[field]
    except ValidationError:
        return value


def _same_days(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["first"], one["last"]) == (other["first"], other["last"])


def merge(base: Business, changes: Mapping[str, Any]) -> Business:
    """The file's facts with stored ones on top; stored ones that no longer fit are logged and left out."""
    try:
        return Business.model_validate(base.model_dump(mode="json") | dict(changes))
    except ValidationError:
        logger.exception("settings changed by message do not fit the configuration and are left out")
        return base
