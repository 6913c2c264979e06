"""Who is writing, and who may: identities, owners, guests, and the pairing codes that let strangers in.

Nobody gets past here by what they say, only by the platform's own id or by a code that an owner has seen.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.contracts import Person, Role
from orchestrator.tasks.people import from_row, person_of
from storage.models import ChatRow, IdentityRow, PairingRow, PersonRow, new_id

LOCAL, LOCAL_OWNER = "local", "owner"
"""The identity that the channels of this very machine (web chat, terminal) share."""
API = "api"
"""The channel of what programs ask for by HTTP; its chats are named after the person."""
LANGUAGES = ("en", "de", "es", "zh")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0, 1, I, L or O: nobody has to guess what was printed."""
CODE_LENGTH = 8
CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
CODES_PENDING = 3
NOTICE_EVERY = timedelta(hours=1)
_STRANGER = "stranger"


class Strangers(StrEnum):
    """What happens to people nobody has introduced (`MAJORDOMO_STRANGERS`)."""

    PAIR = "pair"
    WELCOME = "welcome"
    IGNORE = "ignore"


class Entry(StrEnum):
    """How an attempt to come in ended."""

    KNOWN = "known"
    PAIRED = "paired"
    TOLD = "told"
    WRONG_CODE = "wrong_code"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody on a channel, by the platform's id of them."""

    channel: str
    external_id: str
    name: str = ""
    language_code: str = ""
    private: bool = True


@dataclass(frozen=True, slots=True)
class Door:
    """The rules of entry. `zone` is assumed for newcomers until they tell theirs."""

    strangers: Strangers = Strangers.PAIR
    owners: frozenset[tuple[str, str]] = frozenset()
    local_channels: frozenset[str] = frozenset({"web", "terminal"})
    zone: str = "UTC"

    def enter(self, connection: sa.Connection, caller: Caller, text: str, now: datetime) -> tuple[Entry, Person | None]:
        """Who the caller is to us. Only KNOWN and PAIRED come with a person; TOLD and WRONG_CODE deserve one reply."""
        if caller.channel in self.local_channels:
            caller = Caller(LOCAL, LOCAL_OWNER, caller.name, caller.language_code)
        owner = caller.channel == LOCAL or (caller.channel, caller.external_id) in self.owners
        person = identify(connection, caller.channel, caller.external_id)
        if owner:
            return Entry.KNOWN, self._owner(connection, caller, person, now)
        if person is not None:
            return Entry.KNOWN, person
        if not caller.private:
            return Entry.REFUSED, None
        guess = try_code(connection, text, now)
        if guess.role is not None:
            return Entry.PAIRED, admit(connection, caller, guess.role, now, zone=self.zone)
        if self.strangers is Strangers.WELCOME:
            return Entry.KNOWN, admit(connection, caller, Role.GUEST, now, zone=self.zone)
        if self.strangers is Strangers.IGNORE:
            return Entry.REFUSED, None
        if guess.counted:
            return Entry.WRONG_CODE, None
        return (Entry.TOLD if _notice_due(connection, caller, now) else Entry.REFUSED), None

    def _owner(self, connection: sa.Connection, caller: Caller, person: Person | None, now: datetime) -> Person:
        if person is None:
            return admit(connection, caller, Role.OWNER, now, zone=self.zone)
        if person.role is not Role.OWNER:
            connection.execute(sa.update(PersonRow).where(PersonRow.id == person.id).values(role=Role.OWNER.value))
        return person_of(connection, person.id)


def parse_owners(value: str) -> frozenset[tuple[str, str]]:
    """`telegram:1001,whatsapp:85260552717` as pairs. Raises ValueError for an entry without a channel or an id."""
    owners = set()
    for entry in filter(None, (part.strip() for part in value.split(","))):
        channel, found, external_id = entry.partition(":")
        if not found or not channel.strip() or not external_id.strip():
            raise ValueError(f"an owner is written channel:id, not {entry!r}")
        owners.add((channel.strip(), external_id.strip()))
    return frozenset(owners)


def identify(connection: sa.Connection, channel: str, external_id: str) -> Person | None:
    """The person behind a platform's id, if we know one."""
    found = connection.execute(
        sa.select(PersonRow.id, PersonRow.role, PersonRow.name, PersonRow.language, PersonRow.zone, PersonRow.assumed_zone)
        .join(IdentityRow, IdentityRow.person_id == PersonRow.id)
        .where(IdentityRow.channel == channel, IdentityRow.external_id == external_id)
    ).first()
    return None if found is None else from_row(found)


def admit(connection: sa.Connection, caller: Caller, role: Role, now: datetime, *, zone: str = "UTC") -> Person:
    """A new person with this identity. Call it only once `identify` has found nobody."""
    person_id = new_id()
    connection.execute(
        sa.insert(PersonRow).values(
            id=person_id, role=role.value, name=caller.name[:200], language=language_of(caller.language_code), assumed_zone=zone, created_at=now
        )
    )
    connection.execute(sa.insert(IdentityRow).values(id=new_id(), person_id=person_id, channel=caller.channel, external_id=caller.external_id, created_at=now))
    return person_of(connection, person_id)


def api_chat(connection: sa.Connection, person: Person, now: datetime) -> str:
    """The id of the chat that this person's tasks from the HTTP API belong to; made when it is first wanted."""
    find = sa.select(ChatRow.id).where(ChatRow.channel == API, ChatRow.external_id == person.id)
    found = connection.execute(find).scalar()
    if found is None:
        make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        values = {"id": new_id(), "person_id": person.id, "channel": API, "external_id": person.id, "kind": "private", "created_at": now}
        connection.execute(make(ChatRow).values(**values).on_conflict_do_nothing())
        found = connection.execute(find).scalar_one()
    return str(found)


def has_owner(connection: sa.Connection) -> bool:
    """Whether anybody but the local owner owns this house: if not, a pairing code is printed at start."""
    owners = sa.select(IdentityRow.id).join(PersonRow, PersonRow.id == IdentityRow.person_id)
    return connection.execute(owners.where(PersonRow.role == Role.OWNER.value, IdentityRow.channel != LOCAL).limit(1)).first() is not None


def language_of(code: str, languages: Iterable[str] = LANGUAGES) -> str:
    """`de-AT` is German; what we do not speak becomes English."""
    base = code.lower().replace("_", "-").split("-")[0]
    return base if base in languages else "en"


# --- pairing codes ----------------------------------------------------------------------------------------------------


def make_pairing_code(connection: sa.Connection, role: Role, now: datetime) -> str:
    """A fresh code to show to an owner, written XXXX-XXXX. Only its hash is kept; beyond three the oldest is dropped."""
    connection.execute(sa.delete(PairingRow).where(PairingRow.expires_at < now))
    pending = [row.id for row in connection.execute(_pending(now).order_by(PairingRow.created_at.desc(), PairingRow.id.desc()))]
    if len(pending) >= CODES_PENDING:
        connection.execute(sa.delete(PairingRow).where(PairingRow.id.in_(pending[CODES_PENDING - 1 :])))
    code = _random_code()
    connection.execute(sa.insert(PairingRow).values(id=new_id(), code_hash=_hash(code), role=role.value, expires_at=now + CODE_LIFE, created_at=now))
    return f"{code[:4]}-{code[4:]}"


def code_in(text: str) -> str | None:
    """The code that a message consists of, also behind /start; None if it is no code."""
    word = text.strip().upper().removeprefix("/START").strip().replace("-", "").replace(" ", "")
    shaped = len(word) == CODE_LENGTH and all(letter in ALPHABET for letter in word) and any(letter.isdigit() for letter in word)
    return word if shaped else None


@dataclass(frozen=True, slots=True)
class Guess:
    """What a code has earned: a role, or a try less for every code pending."""

    role: Role | None = None
    counted: bool = False


def try_code(connection: sa.Connection, text: str, now: datetime) -> Guess:
    """Spend the code that the message consists of. A wrong one counts against every code pending."""
    code = code_in(text)
    pending = connection.execute(_pending(now)).all() if code else []
    if code is None or not pending:
        return Guess()
    right = [row for row in pending if secrets.compare_digest(row.code_hash, _hash(code))]
    if not right:
        tried = sa.update(PairingRow).where(PairingRow.id.in_([row.id for row in pending]))
        connection.execute(tried.values(tries=PairingRow.tries + 1))
        return Guess(counted=True)
    spend = sa.update(PairingRow).where(PairingRow.id == right[0].id, PairingRow.used_at.is_(None))
    spent = connection.execute(spend.values(used_at=now))
    return Guess(Role(right[0].role) if spent.rowcount == 1 else None)


def _pending(now: datetime) -> sa.Select[str, str, str]:
    return sa.select(PairingRow.id, PairingRow.code_hash, PairingRow.role).where(
        PairingRow.role != _STRANGER, PairingRow.used_at.is_(None), PairingRow.expires_at > now, PairingRow.tries < CODE_TRIES
    )


def _random_code() -> str:
    """Eight characters, at least one of them a digit: an ordinary word is never taken for a code."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        if any(letter.isdigit() for letter in code):
            return code


def _hash(code: str) -> str:
    return hashlib.sha256(f"majordomo pairing {code}".encode()).hexdigest()


def _notice_due(connection: sa.Connection, caller: Caller, now: datetime) -> bool:
    """Whether this stranger may be told again that the bot is private; remembers it for an hour."""
    mine = (PairingRow.role == _STRANGER, PairingRow.channel == caller.channel, PairingRow.external_id == caller.external_id)
    if connection.execute(sa.select(PairingRow.id).where(*mine, PairingRow.expires_at > now).limit(1)).first() is not None:
        return False
    connection.execute(sa.delete(PairingRow).where(PairingRow.role == _STRANGER, PairingRow.expires_at <= now))
    connection.execute(
        sa.insert(PairingRow).values(
            id=new_id(), code_hash="", role=_STRANGER, channel=caller.channel, external_id=caller.external_id, expires_at=now + NOTICE_EVERY, created_at=now
        )
    )
    return True
