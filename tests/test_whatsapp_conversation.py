"""The main job, an approval, a secret and files over WhatsApp: the real program, the stand-in of Meta's Cloud API, no model configured."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections import Counter

import httpx
import pytest

from tests.crash import credential_agent
from tests.crash.majordomo import ROOT, Majordomo, code_of, codes_in
from tests.crash.whatsapp import on_whatsapp, start
from tests.servers import smtp
from tests.servers.portal import Portal
from tests.servers.postgres import free_port
from tests.servers.whatsapp import Fault, Person, Sent, WhatsAppServer
from tests.servers.whatsapp.refusals import closed, pair_rate, too_fast
from tests.test_main_conversation import STORIES

CANCEL = {"en": "cancel my appointment", "de": "Termin absagen", "es": "cancela mi cita", "zh": "取消我的预约"}
CANCELLED = "Cancelled|[Aa]bgesagt|[Cc]ancelad|取消"
HOLD = 3.0
SOAK = os.environ.get("MAJORDOMO_SOAK") == "1"
USER, PASSWORD = "ann.example", "Tr0ub4dor-geheim-7"


async def converse(server: WhatsAppServer, person: Person, language: str) -> None:
    for said, wanted in STORIES[language]:
        before = len(server.sent_to(person))
        await server.say(person, said)
        await server.shown(person, wanted, after=before)
        await asyncio.sleep(0.2)


@pytest.mark.timeout(200)
async def test_the_main_conversation() -> None:
    """In two languages, in a long run in all four; with a phone number, with the platform's own id, with both."""
    async with on_whatsapp() as (server, bot):
        server.tell_statuses = True
        await start(server, bot)
        people = [server.person(f"4915100000{number}") for number in (1, 2)] + [
            server.person("", "US.1349120865530274191"),
            server.person("34600000004", "ES.77"),
        ]
        for person, language in zip(people, STORIES, strict=True):
            await converse(server, person, language)
            await server.say(person, CANCEL[language])
            await server.shown(person, CANCELLED)
        for person in people:
            await server.shown(person, "⏰", timeout=75)
        calendar = [one.content["filename"] for one in server.platform.sent if one.kind == "document"]
        assert "appointment.ics" in calendar
        assert server.violations == []
        assert await bot.stop() == 0


@pytest.mark.postgres
@pytest.mark.timeout(200)
async def test_the_main_conversation_on_postgres(postgres_url: str) -> None:
    """Killed in the middle of it; who has been served already is known afterwards."""
    async with on_whatsapp(DATABASE_URL=postgres_url) as (server, bot):
        await start(server, bot)
        person = server.person("4915100000007")
        await converse(server, person, "de")
        await bot.kill()
        await start(server, bot)
        await server.say(person, CANCEL["de"])
        await server.shown(person, CANCELLED)
        assert server.violations == []
        assert await bot.stop() == 0


@pytest.mark.timeout(120)
async def test_an_approval_is_edited_given_once_and_can_be_said() -> None:
    with smtp.running() as mail:
        settings = {"SMTP_URL": mail.url, "MAJORDOMO_OWNERS": "whatsapp:+4915112345678", "MAJORDOMO_MAIL_HOLD": str(HOLD), "MAJORDOMO_STRANGERS": "ignore"}
        async with on_whatsapp(**settings) as (server, bot):
            await start(server, bot)
            owner, stranger = server.person("4915112345678", "DE.1"), server.person("4915199999999", "DE.2")
            await server.say(owner, "email dentist@example.com that I'm late")
            await server.shown(owner, "Which subject")
            await server.say(owner, "Appointment today")
            first = await server.shown(owner, "It cannot be undone")
            assert "dentist@example.com" in first.text and "I'm late" in first.text and "NOT be done" in first.text
            await server.hand_over(server.webhook((stranger, stranger.press(first, "Approve"))))
            await server.press(owner, first, "Edit")
            await server.press(owner, await server.shown(owner, "What do you want to change"), "Text")
            await server.shown(owner, "What shall it be instead")
            seen = len(server.sent_to(owner))
            await server.say(owner, "I will be 20 minutes late")
            second = await server.shown(owner, "20 minutes late", after=seen)
            assert mail.letters == [] and server.sent_to(stranger) == []
            body = await server.press(owner, second, "Approve")
            held = await server.shown(owner, "In 3 seconds")
            assert held.choice("Undo") and mail.letters == []
            begun = time.monotonic()
            for _ in range(3):
                await server.hand_over(body)
            await server.press(owner, first, "Approve")
            await server.shown(owner, "no longer|already|spent|used", after=seen)
            await server.shown(owner, r"sent .*dentist@example.com|dentist@example.com.* sent", after=seen)
            assert time.monotonic() - begun > HOLD / 2
            await approved_by_word(server, owner)
            assert sorted(mail.deliveries().values()) == [1, 1] and server.violations == []


async def approved_by_word(server: WhatsAppServer, owner: Person) -> None:
    """What a button does can also be said."""
    seen = len(server.sent_to(owner))
    await server.say(owner, "email baker@example.com that the bread was good")
    await server.shown(owner, "Which subject", after=seen)
    await server.say(owner, "Bread")
    await server.shown(owner, "It cannot be undone", after=seen)
    await server.say(owner, "approve")
    await server.shown(owner, r"sent .*baker@example.com|baker@example.com.* sent", after=seen)


async def ask_for_access(server: WhatsAppServer, bot: Majordomo, portal: Portal) -> tuple[Person, Sent]:
    plugin = credential_agent.install(bot.folder)
    bot.environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{plugin}"
    (bot.folder / "majordomo.yaml").write_text(credential_agent.CONFIG.format(port=portal.port))
    await start(server, bot)
    person = server.person("4915112345678")
    await server.say(person, f"visit portal {portal.url}")
    return person, await server.shown(person, "I need your access to Portal")


async def fill(address: str, **values: str) -> int:
    async with httpx.AsyncClient() as browser:
        page = await browser.get(address)
        proof = re.search(r'name="proof" value="([0-9a-f]+)"', page.text)
        assert proof is not None, page.text
        return (await browser.post(address, data={"proof": proof[1], **values})).status_code


@pytest.mark.timeout(120)
async def test_a_secret_is_given_in_the_form_and_never_in_the_chat() -> None:
    port = str(free_port())
    owner = {"MAJORDOMO_OWNERS": "whatsapp:4915112345678"}
    async with Portal(USER, PASSWORD) as portal, on_whatsapp(MAJORDOMO_PUBLIC_URL=f"http://127.0.0.1:{port}", MAJORDOMO_PORT=port, **owner) as (server, bot):
        server.callback = f"http://127.0.0.1:{port}/whatsapp"
        person, card = await ask_for_access(server, bot, portal)
        await server.press(person, card, "Provide")
        link = await server.shown(person, "/secret/")
        address = re.search(r"http://\S+/secret/[0-9a-f]+", link.text)
        assert address is not None
        assert await fill(address[0], username=USER, password=PASSWORD) == 200
        await server.shown(person, "all is well")
        assert portal.let_in == 1 and server.violations == []
        await bot.stop()
        assert PASSWORD not in bot.log() and not any(PASSWORD in one.text for one in server.platform.sent)
        assert not any(PASSWORD.encode() in path.read_bytes() for path in (bot.folder / "data").glob("majordomo.db*"))


@pytest.mark.timeout(120)
async def test_without_a_public_address_no_secret_is_asked_for_and_a_pasted_one_is_not_taken() -> None:
    async with Portal(USER, PASSWORD) as portal, on_whatsapp(MAJORDOMO_OWNERS="whatsapp:4915112345678") as (server, bot):
        person, card = await ask_for_access(server, bot, portal)
        await server.press(person, card, "Provide")
        refusal = await server.shown(person, "MAJORDOMO_PUBLIC_URL")
        assert not any("next message" in text for text in server.texts(person))
        assert bot.states("credential_requests") == {"pending": 1}
        await server.press(person, refusal, "Decline")
        await server.shown(person, "not want to give|declin|without")
        assert portal.let_in == 0 and server.violations == []


@pytest.mark.timeout(120)
async def test_a_file_comes_in_and_a_file_goes_out() -> None:
    async with on_whatsapp(MAJORDOMO_OWNERS="whatsapp:4915112345678") as (server, bot):
        await start(server, bot)
        person = server.person("4915112345678")
        await server.say(person, "Hi")
        await server.shown(person, "assistant of Sample Salon")
        body = server.webhook((person, person.file(b"%PDF-1.7 bill", "../../bill of May.pdf", caption="what are your opening hours?")))
        for _ in range(3):
            await server.hand_over(body)
        await server.shown(person, "kept the file as received/bill of May.pdf")
        await server.shown(person, "09:00–18:00")
        (kept,) = (path for path in (bot.folder / "data" / "files").rglob("*") if path.is_file() and path.parent.name == "received")
        assert kept.name == "bill of May.pdf" and kept.read_bytes() == b"%PDF-1.7 bill"
        await server.hand_over(server.webhook((person, person.file(b"0" * 20_000_001, "film.mp4", "video/mp4", "video"))))
        await server.shown(person, "too large")
        await server.say(person, "book a haircut tomorrow at 3pm")
        await server.until(lambda: next((one for one in server.sent_to(person) if one.file), None))
        (calendar,) = (one for one in server.sent_to(person) if one.kind == "document")
        assert calendar.file is not None and calendar.file.content.startswith(b"BEGIN:VCALENDAR") and calendar.content["filename"] == "appointment.ics"
        assert sum("bill of May" in text for text in server.texts(person)) == 1 and server.violations == []


def answers(server: WhatsAppServer) -> list[str]:
    """The codes that replies name, in order."""
    return [code for one in server.platform.sent for code in codes_in(one.text)]


async def until_answered(server: WhatsAppServer, count: int, timeout: float = 60.0) -> None:
    await server.until(lambda: len(set(answers(server))) >= count or None, timeout, f"{count} answers")
    await asyncio.sleep(0.5)


@pytest.mark.timeout(1500 if SOAK else 240)
async def test_batches_repeated_for_days_in_any_order_with_forgeries_between_are_each_answered_once() -> None:
    count = 5_000 if SOAK else 200
    async with on_whatsapp() as (server, bot):
        await start(server, bot)
        people = [server.person(f"4915100000{number:03}" if number % 3 else "", f"DE.{number}" if number % 2 or not number % 3 else "") for number in range(40)]
        written = [(people[number % 40], people[number % 40].text(f"/{code_of(number)}")) for number in range(count)]
        webhooks = server.shuffled(written, repeated=1.0)
        dice = random.Random(4)
        began = time.monotonic()
        while webhooks:
            size = dice.choice((1, 2, 5, 17))
            batch, webhooks = webhooks[:size], webhooks[size:]
            body = server.webhook(*batch, entries=dice.choice((1, min(2, size))))
            if dice.random() < 0.2:
                forged = server.webhook((people[0], people[0].text(f"/{code_of(900_000 + len(webhooks))}")))
                assert await server.post(forged, secret="another-secret") == 401
            await server.hand_over(body)
        await until_answered(server, count, 600 if SOAK else 60)
        server.advance(3 * 86400)
        for number in range(0, count, 7):
            await server.hand_over(server.webhook(written[number]))
        await asyncio.sleep(0.5)
        assert Counter(answers(server)) == Counter(code_of(number) for number in range(count))
        assert server.violations == [] and bot.states("outbox").keys() == {"sent"}
        print(f"{2 * count} messages in webhooks, {count} answers in {time.monotonic() - began:.1f} s")


@pytest.mark.timeout(120)
async def test_what_the_platform_refuses_for_a_while_arrives_once() -> None:
    """131047, 131056 and 130429, at once and by a later status; the connection broken before; killed in between."""
    async with on_whatsapp() as (server, bot):
        await start(server, bot)
        one, two = server.person("4915100000001"), server.person("", "DE.2")
        server.faults += [Fault(refusal=pair_rate(), times=2, to=one.phone), Fault(refusal=too_fast(), times=1, to=two.user_id)]
        await server.say(one, f"/{code_of(1)}", f"/{code_of(2)}")
        await server.say(two, f"/{code_of(3)}")
        await until_answered(server, 3)
        server.faults = [Fault(refusal=too_fast(), late=True, to=one.phone), Fault("close_before", to=two.user_id)]
        await server.say(one, f"/{code_of(4)}")
        await server.say(two, f"/{code_of(5)}")
        await until_answered(server, 5)
        server.faults = [Fault(refusal=closed(), late=True, to=one.phone), Fault(refusal=closed(), to=two.user_id)]
        await server.say(one, f"/{code_of(6)}")
        await server.say(two, f"/{code_of(7)}")
        await until_waiting(bot, 2)
        await bot.kill()
        await start(server, bot)
        await asyncio.sleep(1.1)
        await server.say(one, f"/{code_of(8)}")
        await server.say(two, f"/{code_of(9)}")
        await until_answered(server, 9)
        assert Counter(answers(server)) == Counter(code_of(number) for number in range(1, 10))
        for person, codes in ((one, (1, 2, 4, 6, 8)), (two, (3, 5, 7, 9))):
            assert [code for text in server.texts(person) for code in codes_in(text)] == [code_of(number) for number in codes]
        assert server.violations == []


async def until_waiting(bot: Majordomo, count: int) -> None:
    async with asyncio.timeout(60):
        while bot.states("outbox")["waiting"] < count:
            await asyncio.sleep(0.1)
