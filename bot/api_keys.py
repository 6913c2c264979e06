"""What `majordomo api-key` does. The bot may be running: keys count, and end, at once."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from bot.keys import Desk, opened, person_named
from bot.settings import ConfigurationError
from orchestrator import access, people
from orchestrator.access import ApiKey, UnknownScope
from orchestrator.clock import SystemClock, machine_zone
from orchestrator.contracts import Person, Role
from orchestrator.tasks.people import person_of
from storage.audit import AuditKind, Entry


def create(name: str, scopes: str, days: int, person: str) -> list[str]:
    """A new key, as lines to print. Raises ConfigurationError."""
    now = SystemClock().now()
    lasts = timedelta(days=days) if days else None
    with opened() as desk:

        def work(connection: sa.Connection) -> access.Made:
            whose = _person(connection, person)
            wanted = [part.strip() for part in scopes.split(",") if part.strip()] or [known for known in access.allowed_to(whose) if known != "admin"]
            made = access.create(connection, whose, name, wanted, now, lasts=lasts)
            _note(desk, connection, "apikey made", made.key)
            return made

        try:
            made = desk.write(work)
        except UnknownScope as error:
            raise ConfigurationError(str(error), "name scopes with --scopes, or leave it out") from error
    until = f"until {made.key.expires_at:%Y-%m-%d}" if made.key.expires_at else "for ever"
    return [made.secret, f"Shown this once. It counts {until}, for {', '.join(made.key.scopes)}.", f"majordomo api-key revoke {made.key.prefix} ends it."]


def listed(person: str) -> list[str]:
    with opened() as desk:
        found = desk.database.read_now(lambda connection: access.of_person(connection, _known_id(connection, person)))
    return [_line(key) for key in found] or ["none"]


def revoke(key: str, person: str) -> str:
    """Raises ConfigurationError where no one key is meant."""
    with opened() as desk:

        def work(connection: sa.Connection) -> ApiKey | None:
            ended = access.revoke(connection, _person(connection, person).id, key, SystemClock().now())
            if ended is not None:
                _note(desk, connection, "apikey revoked", ended)
            return ended

        ended = desk.write(work)
    if ended is None:
        raise ConfigurationError(f"{key!r} names no one key of this person.", "look at majordomo api-key list")
    return f"{ended.name} ({ended.prefix}…) does not count any more."


def _line(key: ApiKey) -> str:
    used = f"used {key.last_used_at:%Y-%m-%d %H:%M}Z" if key.last_used_at else "never used"
    until = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "for ever"
    return f"{key.prefix}…  {key.name}  {used}  {until}  {','.join(key.scopes)}  {key.id}"


def _person(connection: sa.Connection, name: str) -> Person:
    """`owner` is the owner of this machine, made where nobody has written yet."""
    if name == "owner":
        caller = people.Caller(people.LOCAL, people.LOCAL_OWNER)
        if people.identify(connection, caller.channel, caller.external_id) is None and not people.has_owner(connection):
            return people.admit(connection, caller, Role.OWNER, SystemClock().now(), zone=machine_zone())
    return person_of(connection, _known_id(connection, name))


def _known_id(connection: sa.Connection, name: str) -> str:
    local = people.identify(connection, people.LOCAL, people.LOCAL_OWNER) if name == "owner" else None
    return local.id if local is not None else person_named(connection, name)


def _note(desk: Desk, connection: sa.Connection, subject: str, key: ApiKey) -> None:
    data = {"key": key.id, "prefix": key.prefix, "scopes": list(key.scopes)}
    desk.audit.append(connection, Entry(AuditKind.CONFIGURATION, subject, SystemClock().now(), key.person_id, data=data))
