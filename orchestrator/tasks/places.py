"""A person's own places outside the chat: checked when they are named, kept in the vault, shown only in part."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from orchestrator.contracts import MajordomoError
from orchestrator.tasks import deliveries
from orchestrator.tasks.deliveries import ACTIVE, BROKEN, CODE, PENDING, REMOVED, Message
from orchestrator.tasks.preferences import DISCORD, EMAIL, KINDS, WEBHOOK
from storage import handles
from storage.audit import AuditKind, AuditLog, Entry
from storage.models import EventRow, NoticeDeliveryRow, NoticePlaceRow, OutgoingRow, new_id
from storage.vault import KeyServiceDown, Vault, VaultError
from storage.vault import credentials as kept
from storage.vault.credentials import CredentialKind, NewCredential, Scope

TOOL = "notices.forward"
ADDED = "an address of notifications was added"
PUBLIC_DISCORD = "https://discord.com"
DISCORD_HOSTS = frozenset(
    f"{branch}{host}" for branch in ("", "canary.", "ptb.") for host in ("discord.com", "discordapp.com")
)  # fmt: skip
DISCORD_PATH = re.compile(r"/api(?:/v\d{1,2})?/webhooks/(\d{1,25})/([A-Za-z0-9_-]{1,200})/?")
MAIL_ADDRESS = re.compile(r"[^\s@<>\"',;:\\\x00-\x1f\x7f]{1,64}@[^\s@<>\"',;:\\/\x00-\x1f\x7f]{1,189}\.[^\s@<>\"',;:\\/.\x00-\x1f\x7f]{2,63}")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH, CODE_LASTS, CODE_TRIES = 8, timedelta(minutes=30), 5
CODES_WITHIN, CODES_OF_PERSON, CODES_TO_ADDRESS = timedelta(hours=1), 5, 3
"""Letters with a code that may be asked for within this time, by one person and to one address, whoever asks."""
SECRET_BYTES = 32
MOST_WEBHOOKS = 5
HIDDEN = "•••"
PAGE_KEEPS = timedelta(minutes=10)
"""How long the web page can still show a secret that was shown once."""
SERVICES = {DISCORD: "Discord", EMAIL: "E-Mail", WEBHOOK: "Webhook"}


class BadAddress(MajordomoError):
    """That address cannot be used; `key` is the catalogue's name of the reason."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(detail or key)
        self.key = key
        self.detail = detail


class TooManyCodes(BadAddress):
    """So many letters with a code were asked for that the next one has to wait."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("place-too-many-codes", "within an hour a person may ask for a few, and to one address go fewer")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Place:
    """A place without its address; `shown` is what may be seen of it."""

    id: str
    person_id: str
    channel: str
    state: str
    shown: str
    kinds: tuple[str, ...]
    told_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Where a place really is, and the secret that signs what goes there. Never shown, logged or kept elsewhere."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Places:
    """What adds and opens places. `clean` checks a webhook's address and gives it in its one spelling, or raises ValueError.

    `discord_root` is where Discord is; only tests name another one. `mails`: whether mail can be sent from here. `audit` is told of what comes and goes.
    """

    vault: Vault
    discord_root: str = PUBLIC_DISCORD
    clean: Callable[[str], str] = field(default=lambda url: url)
    mails: bool = False
    audit: AuditLog | None = None

    # --- adding ---

    def add_discord(self, connection: sa.Connection, person_id: str, url: str, now: datetime) -> Place:
        """The person's Discord webhook, in place of an earlier one. Raises BadAddress."""
        clean, number = self.read_discord(url)
        place = self._save(connection, person_id, DISCORD, {"url": clean}, clean, f"discord.com …{number[-4:]}", now)
        self._replace(connection, place, now)
        return place

    def read_discord(self, url: str) -> tuple[str, str]:
        """The address in its one spelling, and the webhook's number. Raises BadAddress for what is not Discord's own."""
        url = url.strip()
        root = self.discord_root
        if root == PUBLIC_DISCORD:
            try:
                parts = urlsplit(url)
                plain = parts.scheme == "https" and parts.netloc.lower() in DISCORD_HOSTS and not parts.query and not parts.fragment
            except ValueError:
                plain = False
            path = parts.path if plain else ""
        else:
            path = url.removeprefix(root) if url.startswith(f"{root}/") else ""
        found = DISCORD_PATH.fullmatch(path)
        if found is None:
            raise BadAddress("place-bad-discord")
        return f"{root}/api/webhooks/{found[1]}/{found[2]}", found[1]

    def add_webhook(self, connection: sa.Connection, person_id: str, url: str, now: datetime, kinds: Sequence[str] = ()) -> tuple[Place, str]:
        """A webhook of the person's own, and the secret that signs what goes there: shown this once. Raises BadAddress."""
        try:
            clean = self.clean(url.strip())
        except ValueError as error:
            raise BadAddress("place-bad-webhook", str(error)) from None
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown:
            raise BadAddress("place-bad-kind", unknown[0])
        if len([place for place in of_person(connection, person_id) if place.channel == WEBHOOK]) >= MOST_WEBHOOKS:
            raise BadAddress("place-too-many")
        secret = f"whsec_{secrets.token_urlsafe(SECRET_BYTES)}"
        place = self._save(connection, person_id, WEBHOOK, {"url": clean, "secret": secret}, clean, urlsplit(clean).netloc, now, kinds=kinds)
        return place, secret

    def add_email(self, connection: sa.Connection, person_id: str, address: str, message: Message, now: datetime) -> Place:
        """The person's own address, once they have given the code that `message` brings there (`{code}` in its text). Raises BadAddress."""
        address = address.strip()
        if not MAIL_ADDRESS.fullmatch(address):
            raise BadAddress("place-bad-email")
        if not self.mails:
            raise BadAddress("place-no-mail")
        _check_codes(connection, person_id, address, now)
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        _remove_pending(connection, person_id, now)
        place = self._save(connection, person_id, EMAIL, {"url": address, "code": code}, f"smtp://{address.rpartition('@')[2]}", address, now, state=PENDING)
        connection.execute(sa.update(NoticePlaceRow).where(NoticePlaceRow.id == place.id).values(expires_at=now + CODE_LASTS))
        deliveries.queue(connection, person_id, place.id, EMAIL, message, now)
        return place

    def confirm_email(self, connection: sa.Connection, person_id: str, code: str, now: datetime) -> Place | None:
        """The code has come back: the address is theirs. None where it is wrong, too old or tried too often."""
        waiting = (NoticePlaceRow.person_id == person_id, NoticePlaceRow.channel == EMAIL, NoticePlaceRow.state == PENDING)
        live = (NoticePlaceRow.expires_at > now, NoticePlaceRow.tries < CODE_TRIES)
        row = connection.execute(sa.select(NoticePlaceRow.__table__).where(*waiting, *live).order_by(NoticePlaceRow.id.desc()).limit(1)).first()
        if row is None:
            return None
        connection.execute(sa.update(NoticePlaceRow).where(NoticePlaceRow.id == row.id).values(tries=NoticePlaceRow.tries + 1))
        right = self._fields(connection, row, now).get("code", "")
        if not hmac.compare_digest(code.strip().upper().encode(), right.encode()):
            return None
        connection.execute(sa.update(NoticePlaceRow).where(NoticePlaceRow.id == row.id).values(state=ACTIVE, expires_at=None))
        place = _place(connection.execute(sa.select(NoticePlaceRow.__table__).where(NoticePlaceRow.id == row.id)).one())
        self._note(connection, ADDED, place, now)
        self._replace(connection, place, now)
        return place

    # --- using ---

    def open(self, connection: sa.Connection, place_id: str, now: datetime, *, task_id: str | None = None) -> Address:
        """Where a place really is; leaves a receipt. Raises BadAddress where the person has taken it away, and KeyServiceDown."""
        row = connection.execute(sa.select(NoticePlaceRow.__table__).where(NoticePlaceRow.id == place_id, NoticePlaceRow.state != REMOVED)).first()
        if row is None:
            raise BadAddress("place-gone")
        fields = self._fields(connection, row, now)
        host = kept.get(connection, row.person_id, handles.handle(row.credential_id)).scope.host
        kept.record_use(connection, row.person_id, handles.handle(row.credential_id), task_id=task_id, tool=TOOL, host=host, now=now)
        return Address(fields["url"], fields.get("secret", ""))

    def code(self, connection: sa.Connection, place_id: str, now: datetime) -> str:
        """The code that confirms an e-mail address: only for the letter that brings it there. Raises BadAddress."""
        row = connection.execute(sa.select(NoticePlaceRow.__table__).where(NoticePlaceRow.id == place_id)).one()
        return self._fields(connection, row, now).get("code", "")

    def _fields(self, connection: sa.Connection, row: Any, now: datetime) -> Mapping[str, str]:
        try:
            handle = handles.handle(row.credential_id)
            scope = kept.get(connection, row.person_id, handle).scope
            found = kept.reveal(self.vault, connection, row.person_id, handle, scheme=scope.scheme, host=scope.host, port=scope.port, tool=TOOL, now=now)
        except KeyServiceDown:
            raise
        except VaultError:
            raise BadAddress("place-gone") from None
        return found.fields

    # --- keeping ---

    def remove(self, connection: sa.Connection, person_id: str, place_id: str, now: datetime) -> bool:
        """Forget a place and its address; what still waited for it is given up. False where it is not this person's."""
        place = find(connection, person_id, place_id)
        if place is None:
            return False
        _forget(connection, place, now)
        self._note(connection, "an address of notifications was removed", place, now)
        return True

    def _note(self, connection: sa.Connection, subject: str, place: Place, now: datetime) -> None:
        if self.audit is not None:
            told = {"channel": place.channel, "place": place.id, "shown": place.shown}
            self.audit.append(connection, Entry(AuditKind.CONFIGURATION, subject, now, place.person_id, data=told))

    def _save(
        self, connection: sa.Connection, person_id: str, channel: str, fields: Mapping[str, str], url: str, shown: str, now: datetime,
        *, kinds: Sequence[str] = (), state: str = ACTIVE,
    ) -> Place:  # fmt: skip
        parts = urlsplit(url)
        scope = Scope.of(parts.scheme, parts.hostname or "", parts.port, (TOOL,))
        kind = CredentialKind.EMAIL if channel == EMAIL else CredentialKind.OTHER
        handle = kept.save(self.vault, connection, person_id, NewCredential(SERVICES[channel], kind, fields, scope, shown[:200]), now)
        row = {
            "id": new_id(), "person_id": person_id, "channel": channel, "state": state, "credential_id": handles.parse(handle), "shown": shown[:320],
            "kinds": list(kinds), "created_at": now,
        }  # fmt: skip
        connection.execute(sa.insert(NoticePlaceRow), row)
        place = _place(connection.execute(sa.select(NoticePlaceRow.__table__).where(NoticePlaceRow.id == row["id"])).one())
        if state == ACTIVE:
            self._note(connection, ADDED, place, now)
        return place

    def _replace(self, connection: sa.Connection, place: Place, now: datetime) -> None:
        """One Discord webhook and one address a person: what waits for an earlier one goes to the new one."""
        for old in of_person(connection, place.person_id):
            if old.channel == place.channel and old.id != place.id:
                moved = sa.update(NoticeDeliveryRow).where(
                    NoticeDeliveryRow.place_id == old.id, NoticeDeliveryRow.state != deliveries.SENT, NoticeDeliveryRow.event != CODE
                )
                connection.execute(moved.values(place_id=place.id))
                self.remove(connection, place.person_id, old.id, now)


def of_person(connection: sa.Connection, person_id: str) -> list[Place]:
    """A person's places, oldest first; those that wait for their code and broken ones, too."""
    query = sa.select(NoticePlaceRow.__table__).where(NoticePlaceRow.person_id == person_id, NoticePlaceRow.state != REMOVED)
    return [_place(row) for row in connection.execute(query.order_by(NoticePlaceRow.id))]


def ever_of(connection: sa.Connection, person_id: str) -> list[Place]:
    """Those that the person took away again, too."""
    return [_place(row) for row in connection.execute(sa.select(NoticePlaceRow.__table__).where(NoticePlaceRow.person_id == person_id))]


def find(connection: sa.Connection, person_id: str, place_id: str) -> Place | None:
    return next((place for place in of_person(connection, person_id) if place.id == place_id), None)


def verified_addresses(connection: sa.Connection, person_id: str) -> tuple[str, ...]:
    """The e-mail addresses that a person has proved to be theirs."""
    return tuple(place.shown for place in of_person(connection, person_id) if place.channel == EMAIL and place.state in {ACTIVE, BROKEN})


def _forget(connection: sa.Connection, place: Place, now: datetime) -> None:
    """What still waited for the place is given up."""
    credential = connection.execute(sa.select(NoticePlaceRow.credential_id).where(NoticePlaceRow.id == place.id)).one().credential_id
    connection.execute(sa.update(NoticePlaceRow).where(NoticePlaceRow.id == place.id).values(state=REMOVED))
    waiting = sa.update(NoticeDeliveryRow).where(NoticeDeliveryRow.place_id == place.id, NoticeDeliveryRow.state.in_((deliveries.QUEUED, deliveries.RETRY)))
    connection.execute(waiting.values(state=deliveries.DEAD, not_before=None, error="the person took this place away"))
    if any(one.handle == handles.handle(credential) for one in kept.all_of(connection, place.person_id)):
        kept.forget(connection, place.person_id, handles.handle(credential), now)


def test(connection: sa.Connection, person_id: str, channel: str, message: Message, now: datetime) -> int:
    """Send a test message to each of a person's places on a channel, a broken one included; returns to how many."""
    meant = [place for place in of_person(connection, person_id) if place.channel == channel and place.state in {ACTIVE, BROKEN}]
    for place in meant:
        deliveries.queue(connection, person_id, place.id, channel, message, now)
    return len(meant)


def has_shown_secrets(connection: sa.Connection) -> bool:
    """Whether a secret that was shown once may still stand in a message of ours."""
    return connection.execute(sa.select(NoticePlaceRow.id).where(NoticePlaceRow.secret_in.is_not(None)).limit(1)).first() is not None


def wipe_shown_secrets(connection: sa.Connection, now: datetime) -> int:
    """Take secrets out of messages that were delivered (the web page's copy after a while); returns how many are gone."""
    shown = connection.execute(
        sa.select(NoticePlaceRow.id, OutgoingRow.id.label("message"), OutgoingRow.card, OutgoingRow.created_at)
        .join(OutgoingRow, OutgoingRow.id == NoticePlaceRow.secret_in)
        .where(OutgoingRow.state.not_in(("queued", "sending", "retry")))
    ).all()
    for row in shown:
        connection.execute(sa.update(OutgoingRow).where(OutgoingRow.id == row.message).values(card={**row.card, "text": HIDDEN}))
    old = [row for row in shown if now - row.created_at >= PAGE_KEEPS]
    for row in old:
        said = sa.update(EventRow).where(EventRow.key.like(f"out:{row.message}%"))
        connection.execute(said.values(data={"html": HIDDEN, "markdown": HIDDEN, "buttons": []}))
        connection.execute(sa.update(NoticePlaceRow).where(NoticePlaceRow.id == row.id).values(secret_in=None))
    return len(old)


def _check_codes(connection: sa.Connection, person_id: str, address: str, now: datetime) -> None:
    """Every address that was named got a letter, and its row stays when the place is removed. Raises TooManyCodes."""
    sent = sa.select(NoticePlaceRow.created_at).where(NoticePlaceRow.channel == EMAIL, NoticePlaceRow.created_at > now - CODES_WITHIN)
    limits = ((NoticePlaceRow.person_id == person_id, CODES_OF_PERSON), (sa.func.lower(NoticePlaceRow.shown) == address.lower(), CODES_TO_ADDRESS))
    for whose, most in limits:
        latest = list(connection.execute(sent.where(whose).order_by(NoticePlaceRow.created_at.desc()).limit(most)).scalars())
        if len(latest) == most:
            raise TooManyCodes(latest[-1] + CODES_WITHIN - now)


def _remove_pending(connection: sa.Connection, person_id: str, now: datetime) -> None:
    for place in of_person(connection, person_id):
        if place.state == PENDING:
            _forget(connection, place, now)


def _place(row: Any) -> Place:
    return Place(row.id, row.person_id, row.channel, row.state, row.shown, tuple(row.kinds), row.told_at, row.created_at)
