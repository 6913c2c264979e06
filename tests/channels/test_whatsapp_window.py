"""The 24 hours: a template by purpose where there is one, else the message waits until the person writes; nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.whatsapp import contacts
from bot.channels.whatsapp.check import look
from bot.channels.whatsapp.templates import TEXT_LIMIT, Purpose, Template, Templates, flat, read_templates
from bot.settings import ConfigurationError
from orchestrator.contracts import Action, Attachment, Button, Card
from orchestrator.tasks import notifications, outgoing
from orchestrator.tasks.outgoing import Envelope
from orchestrator.words import Catalogues
from storage.models import NotificationRow, OutgoingRow, QuestionRow, new_id
from tests.channels.whatsapp_house import World, house, keys_of, template
from tests.people import replies, settle
from tests.servers.whatsapp import Fault, Person, WhatsAppServer
from tests.servers.whatsapp.refusals import closed

DAY = 86_400 + 60
ALL = Templates({purpose: (template(f"{purpose.value}_text", buttons=2 if purpose is Purpose.APPROVAL else 0),) for purpose in Purpose})


async def silent_for_a_day(world: World, phone: str = "491", user_id: str = "") -> Person:
    """Somebody who wrote once, and then not for a day. Meta has approved our templates."""
    for name in ("reminder_text", "result_text"):
        world.server.template(name)
    world.server.template("approval_text", buttons=2)
    person = world.server.person(phone, user_id)
    await world.server.say(person, "hello")
    world.server.advance(DAY)
    return person


async def remind(world: World, person: Person, text: str) -> None:
    chat = world.chat(person)
    envelope = Envelope(chat.id, chat.person_id, world.clock.now())
    notice = notifications.Notice(notifications.REMINDER, text, text)
    await world.database.write(lambda connection: notifications.notify(connection, envelope, notice, Catalogues(), "en"))


async def ask(world: World, person: Person, card: Card) -> None:
    """A question that only the person can answer."""
    chat, now = world.chat(person), world.clock.now()

    def work(connection: sa.Connection) -> None:
        values: dict[str, Any] = {
            "id": new_id(), "person_id": chat.person_id, "chat_id": chat.id, "key": "q", "kind": "choice", "prompt": card.text, "options": [], "data": {},
            "outgoing_id": outgoing.post(connection, Envelope(chat.id, chat.person_id, now), card), "epoch": 0, "state": "open", "created_at": now,
            "expires_at": now + timedelta(days=1),
        }  # fmt: skip
        connection.execute(sa.insert(QuestionRow).values(**values))

    await world.database.write(work)


async def test_a_reminder_becomes_its_template_and_is_not_said_twice(tmp_path: Path) -> None:
    async with house(tmp_path, templates=ALL) as world:
        ada = await silent_for_a_day(world)
        await remind(world, ada, "⏰ **Stretch**\nnow")
        (sent,) = await world.server.until(lambda: world.server.sent_to(ada) or None)
        assert (sent.kind, sent.content["name"], sent.text) == ("template", "reminder_text", "⏰ Stretch · now")
        await world.until_state("sent")
        await world.server.say(ada, "thanks")
        await asyncio.sleep(0.2)
        assert len(world.server.sent_to(ada)) == 1 and world.server.violations == []


async def test_each_purpose_has_its_template(tmp_path: Path) -> None:
    async with house(tmp_path, templates=ALL) as world:
        ada = await silent_for_a_day(world)
        await world.post(ada, Card("It is done."))
        yes_no = ((Button("Yes", Action("answer", "q", "yes")), Button("No", Action("answer", "q", "no"))),)
        await ask(world, ada, Card("Shall I?", yes_no))
        await remind(world, ada, "Stretch")
        await world.until_state("sent", "sent", "sent")
        assert [one.content["name"] for one in world.server.sent_to(ada)] == ["result_text", "approval_text", "reminder_text"]
        asked = world.server.sent_to(ada)[1]
        await world.server.press(ada, asked, "Reply 0")
        token = world.taken[-1].payload["token"]
        assert token == asked.choices[0][0] and world.server.violations == []


@pytest.mark.parametrize("what", ["too long", "a file", "more buttons than the template"])
async def test_what_a_template_cannot_hold_calls_the_person_and_comes_whole_when_they_write(what: str, tmp_path: Path) -> None:
    async with house(tmp_path, templates=ALL) as world:
        ada = await silent_for_a_day(world)
        three = tuple((Button(label, Action("answer", "q", label)),) for label in ("Approve", "Edit", "Decline"))
        if what == "more buttons than the template":
            await ask(world, ada, Card("Shall I send it?", three))
        else:
            await world.post(
                ada, Card("long " * 300 if what == "too long" else "here", files=(Attachment("a.ics", "text/calendar", "B"),) if what == "a file" else ())
            )
        await world.until_state("waiting")
        assert [one.kind for one in world.server.sent_to(ada)] == ["template"]
        await world.server.say(ada, "yes?")
        await world.until_state("sent")
        whole = world.server.sent_to(ada)[1:]
        assert whole and all(one.kind != "template" for one in whole)
        assert what != "more buttons than the template" or len(whole[0].choices) == 3
        assert world.server.violations == []


async def test_without_a_template_it_waits_in_order_and_goes_out_once_when_the_person_writes(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await silent_for_a_day(world)
        for number in range(3):
            await world.post(ada, Card(f"number {number}"))
        await world.until_state(*["waiting"] * 3)
        assert world.server.sent_to(ada) == [] and not any(path.endswith("messages") for _, path, _ in world.server.requests)
        body = await world.server.say(ada, "good morning")
        await world.until_state(*["sent"] * 3)
        for _ in range(3):
            await world.server.hand_over(body)
        await asyncio.sleep(0.2)
        assert world.server.texts(ada) == ["number 0", "number 1", "number 2"]


async def test_an_old_webhook_that_comes_again_does_not_open_the_window(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = world.server.person("491")
        old = await world.server.say(ada, "hello")
        world.server.advance(DAY)
        await world.post(ada, Card("waits"))
        await world.until_state("waiting")
        await world.server.hand_over(old)
        await asyncio.sleep(0.2)
        assert world.states() == ["waiting"] and world.server.sent_to(ada) == []


async def test_if_any_webhook_opened_it_the_platform_would_have_to_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: where every message counts as written now."""
    monkeypatch.setattr(contacts.Contact, "is_open", lambda self, now: True)
    async with house(tmp_path) as world:
        ada = await silent_for_a_day(world)
        await world.post(ada, Card("x"))
        await world.until_state("waiting")
        assert any(status == 400 for _, path, status in world.server.requests if path.endswith("/messages"))


@pytest.mark.parametrize("late", [False, True])
async def test_the_platforms_word_counts_more_than_our_clock(late: bool, tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = world.server.person("", "DE.1")
        await world.server.say(ada, "hello")
        world.server.faults = [Fault(refusal=closed(), late=late)]
        await world.post(ada, Card("one"))
        await world.until_state("waiting")
        await world.post(ada, Card("two"))
        await world.until_state("waiting", "waiting")
        assert world.server.sent_to(ada) == []
        world.server.advance(2)
        await world.server.say(ada, "and now?")
        await world.until_state("sent", "sent")
        assert world.server.texts(ada) == ["one", "two"]


async def test_what_began_to_wait_just_when_the_person_wrote_is_found(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = world.server.person("491")
        await world.server.say(ada, "hello")
        chat = world.chat(ada)
        row = {"id": new_id(), "chat_id": chat.id, "person_id": chat.person_id, "card": {"text": "late"}, "state": "waiting", "created_at": world.clock.now()}
        await world.database.write(lambda connection: connection.execute(sa.insert(OutgoingRow).values(**row)))
        assert await world.database.write(lambda connection: contacts.wake_open(connection, world.clock.now())) == 1
        await world.server.shown(ada, "late")


async def test_the_owner_is_told_once_for_each_closed_window(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        owner = settle(world.database)
        ada = await silent_for_a_day(world)
        for number in range(3):
            await world.post(ada, Card(f"number {number}"))
        await asyncio.sleep(0.5)
        told = [text for text in replies(world.database, owner.chat_id) if "waits" in text]
        assert len(told) == 1 and "Ada" in told[0] and "result" in told[0]
        assert [row.kind for row in world.rows(sa.select(NotificationRow.kind))] == ["alert"]
        await world.server.say(ada, "hello again")
        world.server.advance(DAY)
        await world.post(ada, Card("one more"))
        await asyncio.sleep(0.5)
        assert len([text for text in replies(world.database, owner.chat_id) if "waits" in text]) == 2


async def test_a_template_that_meta_refuses_is_told_and_the_message_waits(tmp_path: Path) -> None:
    async with house(tmp_path, templates=Templates({Purpose.RESULT: (template("never_approved"),)})) as world:
        owner = settle(world.database)
        ada = await silent_for_a_day(world)
        await world.post(ada, Card("done"))
        await world.until_state("waiting", "queued")
        assert "refused the template" in replies(world.database, owner.chat_id)[0]
        await world.server.say(ada, "hello")
        await world.server.shown(ada, "done")


async def test_a_template_in_the_persons_language_is_chosen(tmp_path: Path) -> None:
    two = Templates({Purpose.RESULT: (template("result_text"), template("ergebnis", "de"))})
    assert two.choose(Purpose.RESULT, "de") == Template(name="ergebnis", language="de") and two.choose(Purpose.RESULT, "es") == template("result_text")
    assert two.choose(Purpose.REMINDER, "en") is None


def test_a_variable_has_no_line_breaks_and_stays_short() -> None:
    assert flat("**One**\n\n- two\tthree    four\n") == "One · - two three four"
    assert TEXT_LIMIT < 1000


GOOD = """
whatsapp:
  templates:
    reminder: {name: reminder_text, language: en}
    approval: {name: approval_text, language: en_US, buttons: 3}
    result: [{name: result_text, language: en}, {name: ergebnis, language: de}]
"""
FAULTS = {
    "a purpose nobody knows": ("whatsapp: {templates: {greeting: {name: a, language: en}}}", "greeting is no purpose"),
    "no language": ("whatsapp: {templates: {reminder: {name: a}}}", "reminder.language"),
    "a name that Meta would not take": ("whatsapp: {templates: {reminder: {name: My Template, language: en}}}", "reminder.name"),
    "too many buttons": ("whatsapp: {templates: {reminder: {name: a, language: en, buttons: 11}}}", "reminder.buttons"),
    "no mapping": ("whatsapp: {templates: [a]}", "no mapping"),
    "no YAML": ("whatsapp: {", "cannot be read"),
}


def test_templates_are_read_and_faults_named(tmp_path: Path) -> None:
    path = tmp_path / "majordomo.yaml"
    assert read_templates(path).by_purpose == {}
    path.write_text(GOOD)
    found = read_templates(path)
    assert [len(found.by_purpose[purpose]) for purpose in Purpose] == [1, 1, 2]
    for text, fault in FAULTS.values():
        path.write_text(text)
        with pytest.raises(ConfigurationError, match=fault):
            read_templates(path)


async def test_the_doctor_asks_meta_and_names_what_is_wrong(tmp_path: Path) -> None:
    config = tmp_path / "majordomo.yaml"
    async with WhatsAppServer() as server:
        config.write_text(GOOD)

        async def looked(**changed: str) -> list[tuple[str, str, str]]:
            return await asyncio.to_thread(lambda: list(look(keys_of(server, **changed), config, 5.0)))

        assert await looked() == [("", "", "+1 555-078-3881, webhook at /whatsapp")]
        ((fault, remedy, _),) = await looked(token="expired")
        assert "WHATSAPP_TOKEN" in fault and "System User" in remedy
        ((fault, remedy, _),) = await looked(phone_id="404")
        assert "number" in fault and "WHATSAPP_PHONE_ID" in remedy
        config.write_text("whatsapp: {templates: {reminder: {name: a, language: en}}}")
        assert "approval, result" in (await looked())[1][2]
        config.write_text("whatsapp: {templates: {greeting: {}}}")
        assert "greeting" in (await looked())[1][0]
