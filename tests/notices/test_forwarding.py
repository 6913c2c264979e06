"""What leaves for Discord, signed webhooks and mail: once, in the right shape, tried again when it fails, given up and told of once."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.forwarding_house import clean, places_of
from bot.forwarding_shapes import COLOURS, embed, length, signature, webhook_body, webhook_headers
from bot.settings import ConfigurationError, read
from orchestrator.tasks import deliveries, places, preferences
from orchestrator.tasks.deliveries import ATTEMPTS, Claimed, Message
from orchestrator.tasks.places import BadAddress, Places
from storage.audit import AuditLog
from storage.models import MailRow, NoticeDeliveryRow, NoticePlaceRow, OutgoingRow
from storage.vault import FileKeys, KeyServiceDown, KeySource, Vault
from tests.conftest import NOW, MovedClock
from tests.notices.desk import WORDS, Desk
from tests.notices.post import post
from tests.servers import discord, receiver, smtp


def at(desk: Desk, root: str) -> Desk:
    """The same desk with Discord at the test server."""
    return replace(desk, places=replace(desk.places, discord_root=root))


# --- Discord ---


async def test_discord_gets_an_embed_with_the_colour_of_the_outcome(small: Desk) -> None:
    with discord.running() as server:
        here, ada = at(small, server.root), small.person()
        here.discord(ada, server.webhook())
        task = small.task(ada)
        small.notify(ada, "completed", "Fine", outcome="success")
        small.notify(ada, "failed", "Bad", outcome="failure", task_id=task)
        small.notify(ada, "alert", "Look [here](https://evil.example) @everyone")
        async with post(here, DISCORD_API_ROOT=server.root) as office:
            await office.until_done()
        assert [(one["title"], one["color"]) for one in server.embeds] == [
            ("Fine", COLOURS["success"]), ("Bad", COLOURS["failure"]), ("Look [here](https://evil.example) @everyone", COLOURS["info"])]  # fmt: skip
        assert server.embeds[1]["fields"] == [{"name": "Task", "value": "#1", "inline": True}]
        assert "](" not in server.embeds[2]["description"] and server.messages[2]["allowed_mentions"] == {"parse": []}
        assert server.refusals == [] and [row.state for row in small.deliveries(ada)] == ["sent"] * 3


async def test_discords_429_is_obeyed_and_costs_no_attempt(small: Desk) -> None:
    with discord.running() as server:
        server.burst, server.window = 3, 0.6
        here, ada = at(small, server.root), small.person()
        here.discord(ada, server.webhook())
        for n in range(9):
            small.notify(ada, title=f"{n}")
        async with post(replace(here, clock=RealClock()), DISCORD_API_ROOT=server.root) as office:  # type: ignore[arg-type]
            await office.until(lambda: all(row.state == "sent" for row in small.deliveries(ada)))
        assert server.titles == [str(n) for n in range(9)]
        assert server.too_soon == 0 and all(row.attempts == 1 for row in small.deliveries(ada))


class RealClock:
    def now(self) -> Any:
        from datetime import UTC, datetime

        return datetime.now(UTC)


async def test_a_bare_429_is_waited_for_too(small: Desk) -> None:
    with discord.running() as server:
        here, ada = at(small, server.root), small.person()
        here.discord(ada, server.webhook())
        server.burst, server.window = 0, 3600.0
        small.notify(ada)
        async with post(here, DISCORD_API_ROOT=server.root) as office:
            await office.until(lambda: server.limited == 1 and small.deliveries(ada)[0].state == "retry")
        (row,) = small.deliveries(ada)
        assert row.attempts == 0 and row.not_before > small.clock.now()


async def test_a_line_that_drops_after_the_message_was_taken_is_repeated_with_a_mark(small: Desk) -> None:
    with discord.running() as server:
        here, ada = at(small, server.root), small.person()
        here.discord(ada, server.webhook())
        server.faults.extend([0, 500])
        small.notify(ada, title="Once")
        async with post(here, DISCORD_API_ROOT=server.root) as office:
            await office.until_done()
        assert server.titles == ["Once", "↻ Once"]


async def test_a_server_that_refused_is_tried_again_without_a_mark(small: Desk) -> None:
    with discord.running() as server:
        here, ada = at(small, server.root), small.person()
        here.discord(ada, server.webhook())
        server.faults.extend([500, 502, 503])
        small.notify(ada, title="Once")
        begun = small.clock.now()
        async with post(here, DISCORD_API_ROOT=server.root) as office:
            await office.until_done()
        assert server.titles == ["Once"] and small.clock.now() - begun == timedelta(seconds=5 + 20 + 80)


async def test_a_webhook_that_was_deleted_at_discord_is_given_up_at_once_and_told_once(desk: Desk) -> None:
    with discord.running() as server:
        here, ada = at(desk, server.root), desk.person()
        url = server.webhook()
        here.discord(ada, url)
        token = server.webhooks.pop("987654321098765432")
        for n in range(3):
            desk.notify(ada, title=f"{n}")
        async with post(here, DISCORD_API_ROOT=server.root) as office:
            await office.until_done()
            assert [row.state for row in desk.deliveries(ada)] == ["dead"] * 3
            desk.notify(ada, title="while it is broken")
            assert len(desk.deliveries(ada)) == 3
            warnings = [text for text in desk.heard(ada) if "Nothing reaches" in text]
            assert len(warnings) == 1 and "…5432" in warnings[0] and token not in str(desk.heard(ada))
            server.webhooks["987654321098765432"] = token
            ids = [row.id for row in desk.deliveries(ada)]
            assert desk.do(deliveries.retry_dead, ada.person.id, desk.clock.now()) == 3
            await office.until_done()
        assert server.titles == ["0", "1", "2"] and [row.id for row in desk.deliveries(ada)] == ids


def delivery(message: Message, **more: Any) -> Claimed:
    return Claimed("d-1", "ada", "p-1", "discord", message.event, message, 1, **{"doubtful": False, **more})


@pytest.mark.parametrize("char", ["x", "é", "漢", "😀", "\u202e", "👩‍👩‍👧"])
def test_whatever_is_told_discord_takes_it(char: str) -> None:
    server = discord.Discord()
    for sizes in ((1, 1), (256, 4096), (257, 4097), (5000, 20000), (0, 0)):
        message = Message("digest", char * sizes[0], char * sizes[1], NOW, "odd", 7, dict.fromkeys(preferences.KINDS, 3))
        body = embed(delivery(message, doubtful=True), WORDS)
        assert list(server.wrong_with(body)) == [], sizes
        assert length(body["embeds"][0]["title"]) <= 256


GOOD = ("https://discord.com/api/webhooks/123/abc", "https://discordapp.com/api/webhooks/123/abc-DEF_0", "https://ptb.discord.com/api/v10/webhooks/1/x",
        "https://canary.discord.com/api/webhooks/1/x/", " https://DISCORD.com/api/webhooks/1/x")  # fmt: skip
BAD = ("http://discord.com/api/webhooks/123/abc", "https://discord.com.evil.example/api/webhooks/123/abc", "https://evil.example/api/webhooks/123/abc",
       "https://discord.com@evil.example/api/webhooks/1/a", "https://user:pw@discord.com/api/webhooks/1/a", "https://discord.com:8443/api/webhooks/1/a",
       "https://discord.com/api/webhooks/abc/def", "https://discord.com/api/webhooks/1", "https://discord.com/api/webhooks/1/a/../../users", "https://notdiscord.com/api/webhooks/1/a",
       "https://discord.com/api/webhooks/1/a?x=https://evil.example", "https://discord.com/api/webhooks/1/a#x", "//discord.com/api/webhooks/1/a", "https://discord.com\\@evil.example/api/webhooks/1/a",
       "https://127.0.0.1/api/webhooks/1/a", "http://127.0.0.1:8080/api/webhooks/1/a", "https://[::1]/api/webhooks/1/a", "https://discord.com/api/webhooks/1/a b", "", "discord.com/api/webhooks/1/a",
       "https://cdn.discord.com/api/webhooks/1/a", "https://dіscord.com/api/webhooks/1/a", "https://[discord.com/api/webhooks/1/a")  # fmt: skip


def test_only_discords_own_addresses_pass_for_discord(tmp_path: Path) -> None:
    known = Places(Vault(FileKeys(tmp_path / "key")))
    for url in GOOD:
        assert known.read_discord(url)[0].startswith("https://discord.com/api/webhooks/")
    for url in BAD:
        with pytest.raises(BadAddress):
            known.read_discord(url)


def test_only_a_server_on_this_machine_may_stand_for_discord_in_tests(tmp_path: Path) -> None:
    for root in ("https://evil.example", "http://10.0.0.1:80", "http://127.0.0.1.evil.example:80", "http://localhost:80", "https://discord.com.evil.example"):
        with pytest.raises(ConfigurationError, match="DISCORD_API_ROOT"):
            read({"DISCORD_API_ROOT": root})
    elsewhere = Places(Vault(FileKeys(tmp_path / "key")), discord_root=read({"DISCORD_API_ROOT": "http://127.0.0.1:9/"}).discord_root)
    assert elsewhere.read_discord("http://127.0.0.1:9/api/webhooks/1/a")[1] == "1"
    for url in ("https://discord.com/api/webhooks/1/a", "http://127.0.0.1:99/api/webhooks/1/a", "http://127.0.0.1:9@evil.example/api/webhooks/1/a"):
        with pytest.raises(BadAddress):
            elsewhere.read_discord(url)
    with pytest.raises(ConfigurationError, match="DISCORD_WEBHOOK_URL"):
        places_of(read({"DISCORD_WEBHOOK_URL": "https://evil.example/api/webhooks/1/a"}), Vault(FileKeys(tmp_path / "key")))


async def test_the_operators_own_webhook_goes_to_the_first_owner_once(small: Desk) -> None:
    with discord.running() as server:
        here, url = at(small, server.root), server.webhook()
        async with post(here, DISCORD_API_ROOT=server.root, DISCORD_WEBHOOK_URL=url):
            bob, ada = small.person("bob", role="member"), small.person()
        async with post(here, DISCORD_API_ROOT=server.root, DISCORD_WEBHOOK_URL=url) as office:
            await office.until(lambda: bool(small.do(places.of_person, ada.person.id)))
            small.do(small.places.remove, ada.person.id, small.do(places.of_person, ada.person.id)[0].id, NOW)
        async with post(here, DISCORD_API_ROOT=server.root, DISCORD_WEBHOOK_URL=url) as office:
            small.notify(ada)
            await office.until_done()
        assert small.do(places.of_person, ada.person.id) == [] == small.do(places.of_person, bob.person.id)


# --- signed webhooks ---


def hooked(desk: Desk, port: int) -> Desk:
    """A desk whose policy names the receiver as a private server that may be reached."""
    return replace(desk, places=replace(desk.places, clean=partial(clean, (f"127.0.0.1:{port}",))))


async def test_a_webhook_is_signed_and_each_message_comes_under_one_id(desk: Desk) -> None:
    with receiver.running() as server:
        here, ada = hooked(desk, server.port), desk.person()
        server.now = NOW.timestamp()
        _, server.secret = here.webhook(ada, server.url)
        server.faults.extend([500, 0, 302, 429])
        server.redirect_to = f"http://127.0.0.1:{server.port}/elsewhere"
        desk.notify(ada, "failed", "Bad ✗", outcome="failure")
        desk.notify(ada, "completed", "Fine", outcome="success")
        async with post(here, private=(f"127.0.0.1:{server.port}",)) as office:
            await office.until_done()
        rows = desk.deliveries(ada)
        assert server.forged == [] and set(server.deliveries()) == {row.id for row in rows} and {row.state for row in rows} == {"sent"}
        assert sorted(server.deliveries().values()) == [1, 2]
        assert len({one.raw for one in server.got if one.id == rows[0].id}) == 1
        assert {one.event for one in server.got} == {"failed", "completed"} and all(path == "POST /hook" for path in server.paths)


def test_the_signature_binds_time_and_body() -> None:
    claimed = delivery(Message("failed", "t", "x", NOW))
    body = webhook_body(claimed)
    headers = webhook_headers(claimed, "whsec_a", body, NOW)
    stamp = headers["Majordomo-Timestamp"]
    assert headers["Majordomo-Signature"] == "v1=" + signature("whsec_a", stamp, body) and headers["Majordomo-Id"] == "d-1"
    others = {signature("whsec_b", stamp, body), signature("whsec_a", str(int(stamp) + 1), body), signature("whsec_a", stamp, body + b" ")}
    assert signature("whsec_a", stamp, body) not in others and len(others) == 3
    careful = receiver.Receiver(secret="whsec_a", now=NOW.timestamp())
    from tests.servers.web_listener import Post

    sent = Post("POST", "/hook", {name.lower(): value for name, value in headers.items()}, body)
    assert careful.wrong_with(sent) is None
    assert careful.wrong_with(replace(sent, body=body.replace(b"failed", b"passed"))) == "signature"
    assert replace(careful, now=NOW.timestamp() + 301).wrong_with(sent) == "too old"


async def test_a_receiver_that_is_down_is_tried_ever_later_then_given_up_told_once_and_can_be_retried(desk: Desk) -> None:
    with receiver.running() as server:
        here, ada = hooked(desk, server.port), desk.person()
        _, server.secret = here.webhook(ada, server.url)
        server.now = NOW.timestamp()
        server.faults.extend([503] * ATTEMPTS * 2)
        desk.notify(ada, title="one")
        desk.notify(ada, title="two")
        async with post(here, private=(f"127.0.0.1:{server.port}",)) as office:
            server.now = None
            server.wrong_with = lambda post: None  # type: ignore[method-assign]
            await office.until_done()
            assert len(server.paths) == ATTEMPTS * 2 and [row.state for row in desk.deliveries(ada)] == ["dead", "dead"]
            assert timedelta(hours=2) < desk.clock.now() - NOW < timedelta(hours=8)
            assert sum("Nothing reaches" in text for text in desk.heard(ada)) == 1 and desk.buttons(ada) == ["Try again"]
            assert desk.do(deliveries.retry_dead, ada.person.id, desk.clock.now()) == 2
            await office.until_done()
        assert set(server.deliveries().values()) == {1} and len(server.deliveries()) == 2
        assert sum("Nothing reaches" in text for text in desk.heard(ada)) == 1


REFUSED = ("http://example.org/x", "https://127.0.0.1/x", "https://localhost/x", "https://10.0.0.8/x", "https://169.254.169.254/latest/meta-data", "https://[::1]/x", "https://0x7f000001/x",
           "https://2130706433/", "https://[::ffff:10.0.0.1]/", "https://intranet/x", "ftp://example.org/", "https://user:pw@example.org/", "file:///etc/passwd", "https://100.64.0.1/",
           "https://example.org:22/", "https://192.168.1.1:8443/", "javascript:alert(1)", "https://127.1/", "https://[fe80::1]/")  # fmt: skip


def test_addresses_inside_are_refused_when_they_are_named(small: Desk) -> None:
    here, ada = hooked(small, 1), small.person()
    for url in REFUSED:
        with pytest.raises(BadAddress):
            here.webhook(ada, url)
    assert small.do(places.of_person, ada.person.id) == []


async def test_an_address_that_leads_inside_is_refused_when_it_is_connected_to(small: Desk) -> None:
    """The name was public when it was checked: the way out judges the address it connects to. The twin, allowed by policy, is reached."""
    with receiver.running() as server:
        ada = small.person()
        for allowed in ((), (f"127.0.0.1:{server.port}",)):
            _, server.secret = small.webhook(ada, server.url)
            server.now = NOW.timestamp()
            small.notify(ada)
            async with post(small, private=allowed) as office:
                await office.until_done()
            assert len(server.paths) == (1 if allowed else 0)
            (mine,) = small.do(places.of_person, ada.person.id)[-1:]
            assert (mine.state == "broken") is not bool(allowed)


def test_there_are_at_most_five_and_only_known_kinds(small: Desk) -> None:
    ada = small.person()
    with pytest.raises(BadAddress, match="gossip"):
        small.webhook(ada, kinds=("failed", "gossip"))
    secrets = {small.webhook(ada)[1] for _ in range(5)}
    assert len(secrets) == 5 and all(len(secret) > 40 for secret in secrets)
    with pytest.raises(BadAddress, match="too-many"):
        small.webhook(ada)


# --- mail ---


async def test_an_address_gets_mail_once_its_code_has_come_back(desk: Desk) -> None:
    with smtp.running() as server:
        ada = desk.person()
        message = Message(deliveries.CODE, "Your code", "Send {code}", desk.clock.now())
        async with post(desk, SMTP_URL=server.url) as office:
            place = desk.do(desk.places.add_email, ada.person.id, "ada@example.org", message, desk.clock.now())
            desk.notify(ada, title="too early")
            await office.until_done()
            code = server.letters[0].text.split()[1]
            assert len(code) == 8 and server.letters[0].recipients == ("ada@example.org",) and len(server.letters) == 1
            assert desk.do(places.verified_addresses, ada.person.id) == ()
            bob = desk.person("bob", role="member")
            assert desk.do(desk.places.confirm_email, bob.person.id, code, desk.clock.now()) is None
            assert desk.do(desk.places.confirm_email, ada.person.id, "WRONGONE", desk.clock.now()) is None
            assert desk.do(desk.places.confirm_email, ada.person.id, code.lower(), desk.clock.now()).id == place.id
            desk.notify(ada, "failed", "**Bad**", outcome="failure")
            await office.until_done()
        assert desk.do(places.verified_addresses, ada.person.id) == ("ada@example.org",)
        letter = server.letters[1]
        assert letter.message["Subject"] == "Bad" and letter.text.startswith("Bad: the text") and "/notifications" in letter.text
        logged = desk.database.read_now(lambda connection: connection.execute(sa.select(MailRow.status, MailRow.body)).all())
        assert [row.status for row in logged] == ["sent", "sent"] and not any(code in row.body for row in logged)


def test_a_code_counts_for_half_an_hour_and_five_tries(small: Desk, clock: MovedClock) -> None:
    ada = small.person()
    message = Message(deliveries.CODE, "Your code", "Send {code}", clock.now())
    for spoil in (lambda: clock.move(minutes=31), lambda: [small.do(small.places.confirm_email, ada.person.id, "AAAAAAAA", clock.now()) for _ in range(5)]):
        place = small.do(small.places.add_email, ada.person.id, "ada@example.org", message, clock.now())
        code = small.do(small.places.code, place.id, clock.now())
        spoil()
        assert small.do(small.places.confirm_email, ada.person.id, code, clock.now()) is None


@pytest.mark.parametrize(
    "address", ["ada", "ada@", "@example.org", "a b@example.org", "ada@example.org\r\nBcc: x@y.zz", "ada@example.org,bob@example.org", "<ada@example.org>"]
)
def test_what_is_no_address_is_refused(small: Desk, address: str) -> None:
    with pytest.raises(BadAddress):
        small.email(small.person(), address)


async def test_a_letter_in_doubt_is_never_sent_twice_and_one_put_off_is(small: Desk) -> None:
    with smtp.running() as server:
        ada = small.person()
        small.email(ada)
        small.do(lambda connection: connection.execute(sa.delete(NoticeDeliveryRow)))
        server.faults.append(smtp.Fault.BEFORE_250)
        small.notify(ada, title="in doubt")
        async with post(small, SMTP_URL=server.url) as office:
            await office.until_done()
            server.answer("MAIL", "451 later")
            small.notify(ada, title="put off")
            await office.until_done()
        assert [letter.message["Subject"] for letter in server.letters] == ["in doubt", "put off"]
        assert [row.state for row in small.deliveries(ada)] == ["dead", "sent"]


# --- places ---


def all_rows(table: sa.Table, connection: sa.Connection) -> list[Any]:
    return list(connection.execute(sa.select(table)).all())


def test_an_address_stands_in_no_table(desk: Desk) -> None:
    ada = desk.person()
    desk.discord(ada)
    _, secret = desk.webhook(ada)
    desk.notify(ada)
    from storage.models import Base

    tables = Base.metadata.sorted_tables
    everything = "".join(str(desk.database.read_now(partial(all_rows, table))) for table in tables)
    assert "Sekret" not in everything and "key=hidden" not in everything and secret not in everything
    assert desk.do(desk.places.open, desk.do(places.of_person, ada.person.id)[0].id, NOW).url.endswith("nobody-may-see")


def test_a_new_discord_webhook_takes_over_what_waited_for_the_old_one(small: Desk) -> None:
    ada = small.person()
    old = small.discord(ada)
    small.notify(ada, title="waits")
    new = small.discord(ada, "https://discord.com/api/webhooks/42/new")
    assert [row.place_id for row in small.deliveries(ada)] == [new.id] and [place.id for place in small.do(places.of_person, ada.person.id)] == [new.id]
    with pytest.raises(BadAddress):
        small.do(small.places.open, old.id, NOW)


async def test_an_address_that_was_forgotten_in_the_vault_is_used_no_more(small: Desk) -> None:
    from storage.vault import credentials

    ada = small.person()
    small.discord(ada)
    (kept,) = small.do(credentials.all_of, ada.person.id)
    assert kept.service == "Discord" and "Sekret" not in repr(kept)
    small.do(credentials.forget, ada.person.id, kept.handle, NOW)
    small.notify(ada)
    async with post(small) as office:
        await office.until_done()
    assert small.deliveries(ada)[0].state == "dead" and small.do(places.of_person, ada.person.id)[0].state == "broken"


def test_two_claims_at_once_never_take_the_same_delivery_and_a_lease_runs_out(desk: Desk) -> None:
    ada = desk.person()
    for _ in range(3):
        desk.webhook(ada)
    desk.notify(ada)
    now = desk.clock.now()
    first, second = desk.do(deliveries.claim, now, limit=2), desk.do(deliveries.claim, now, limit=5)
    assert len(first) == 2 and len(second) == 1 and not {one.id for one in first} & {one.id for one in second}
    later = now + deliveries.LEASE
    (again, *_) = desk.do(deliveries.claim, later, limit=1)
    assert again.id == first[0].id and again.attempt == 2
    assert not desk.do(deliveries.sent, first[0], later) and desk.do(deliveries.sent, again, later)


def test_a_secret_that_was_shown_once_leaves_our_tables(desk: Desk) -> None:
    from orchestrator.contracts import Card
    from orchestrator.tasks import outgoing

    ada = desk.person()
    place, secret = desk.webhook(ada)
    shown = desk.do(outgoing.post, outgoing.Envelope(ada.chat_id, ada.person.id, NOW), Card(secret))
    desk.do(lambda connection: connection.execute(sa.update(NoticePlaceRow).where(NoticePlaceRow.id == place.id).values(secret_in=shown)))
    assert desk.do(places.wipe_shown_secrets, NOW) == 0 and desk.heard(ada) == [secret]
    desk.do(lambda connection: connection.execute(sa.update(OutgoingRow).values(state="sent")))
    desk.do(places.wipe_shown_secrets, NOW)
    assert desk.heard(ada) == ["•••"] and desk.do(places.wipe_shown_secrets, NOW + timedelta(minutes=11)) == 1
    assert not desk.do(places.has_shown_secrets)


@dataclass
class AtAService:
    """A key as if a service kept it, which does not answer while `away`."""

    source: KeySource
    away: bool = True

    @property
    def key_id(self) -> str:
        return self.source.key_id

    def wrap(self, key: bytes, scope: str) -> bytes:
        return self.source.wrap(key, scope)

    def unwrap(self, wrapped: bytes, scope: str) -> bytes:
        if self.away:
            raise KeyServiceDown("the key service does not answer now.", "try again later")
        return self.source.unwrap(wrapped, scope)


async def test_while_the_key_service_is_away_a_delivery_waits_and_its_place_is_kept(small: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with discord.running() as server:
        here = at(small, server.root)
        ada = here.person()
        here.discord(ada, server.webhook())
        keys = here.places.vault.keys
        key = AtAService(keys.current())
        monkeypatch.setattr(keys, "readable", lambda: [key])
        here.notify(ada)
        async with post(replace(here, places=replace(here.places, vault=Vault(keys))), DISCORD_API_ROOT=server.root) as office:
            await office.until(lambda: here.deliveries(ada)[0].state == "retry")
            waiting = here.deliveries(ada)[0]
            assert waiting.attempts == 0 and server.messages == [] and small.do(places.of_person, ada.person.id)[0].state == "active"
            key.away = False
            await office.until_done()
        assert here.deliveries(ada)[0].state == "sent" and len(server.messages) == 1


def test_an_address_that_comes_or_goes_is_entered_into_the_audit_log(small: Desk) -> None:
    audit = AuditLog(small.places.vault)
    desk, ada = replace(small, places=replace(small.places, audit=audit)), small.person()
    place, secret = desk.webhook(ada, "https://hooks.example.org/x?key=hidden")
    desk.email(ada)
    desk.do(desk.places.remove, ada.person.id, place.id, NOW)
    lines = desk.do(lambda connection: list(audit.export(connection, person_id=ada.person.id)))
    told = [(entry["subject"].rpartition(" ")[2], entry["data"]["channel"]) for entry in map(json.loads, lines)]
    assert told == [("added", "webhook"), ("added", "email"), ("removed", "webhook")]
    assert "hidden" not in str(lines) and secret not in str(lines)
