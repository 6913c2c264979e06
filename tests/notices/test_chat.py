"""/notifications in the chat: the list, settings by buttons and in words, in four languages; and addresses taken out at intake."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import House
from bot.channels.base import Incoming, Kind
from orchestrator.tasks import notifications, outgoing, places, preferences
from orchestrator.tasks.notifications import Notice
from orchestrator.tasks.quiet_hours import QuietHours
from orchestrator.triage.notice_words import About, Wish, hours, read
from storage.models import MessageRow
from tests.agents.talk import Talk, open_house, someone
from tests.conftest import MovedClock
from tests.people import settle
from tests.trained import trained_router

TOKEN = "Sekret-Tok3n_that-nobody-may-see"
DISCORD = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where houses keep what their routers were trained on; what other tests trained serves here, too."""
    made = tmp_path_factory.mktemp("notices")
    trained_router(made / "cache")
    return made


@pytest.fixture
def house(folder: Path, clock: MovedClock) -> Iterator[House]:
    opened = open_house(folder, clock)
    yield opened
    asyncio.run(opened.database.close())


def wishes(talk: Talk) -> preferences.Preferences:
    return talk.house.database.read_now(lambda connection: preferences.load(connection, talk.somebody.person))


def tell(talk: Talk, kind: str, title: str) -> None:
    envelope = outgoing.Envelope(talk.somebody.chat_id, talk.somebody.person.id, talk.house.clock.now())
    talk.house.database.write_now(lambda connection: notifications.notify(connection, envelope, Notice(kind, title, title), talk.house.words, talk.language))


SAID = {
    "en": ("no notifications after 10 pm", "don't notify me before 8 am", "send a digest at 8", "quiet hours from 22:30 to 6", "no quiet hours", "digest off"),
    "de": ("keine Benachrichtigungen nach 22 Uhr", "keine Mitteilungen vor 8 Uhr", "schick mir um 8 eine Zusammenfassung", "Ruhezeit von 22:30 bis 6", "keine Ruhezeit", "keine Zusammenfassung"),
    "es": ("sin notificaciones después de las 10 de la noche", "no me envíes avisos antes de las 8", "envíame un resumen a las 8", "silencio de 22:30 a 6", "sin silencio", "sin resumen"),
    "zh": ("晚上10点后不要通知", "早上8点前不要通知", "每天8点发送摘要", "22:30到早上6点免打扰", "取消免打扰", "关闭摘要"),
}  # fmt: skip


@pytest.mark.parametrize("language", SAID)
def test_wishes_are_read_in_four_languages(language: str) -> None:
    after, before, digest, both, no_quiet, no_digest = (read(text) for text in SAID[language])
    assert after is not None and hours(after) == (22 * 60, 7 * 60)
    assert before is not None and hours(before, 23 * 60, 6 * 60) == (23 * 60, 8 * 60)
    assert digest == Wish(About.DIGEST, (8 * 60,)) and both is not None and hours(both) == (22 * 60 + 30, 6 * 60)
    assert (no_quiet, no_digest) == (Wish(About.QUIET), Wish(About.DIGEST))


OTHERWISE = (
    "send a digest of the meeting to Bob at 8", "remind me at 10 pm", "no messages from Bob after 8", "no", "nein", "nicht um 10 Uhr", "no a las 8", "cancel my appointment at 8",
    "keine Termine nach 17 Uhr", "summary of the report", "resumen de mi contrato", "请给我总结这篇文章", "why did I get no notification about the invoice", "不要发给小王", "a quiet room at 8 please for four", "",
)  # fmt: skip


@pytest.mark.parametrize("text", OTHERWISE)
def test_what_speaks_of_something_else_is_no_wish(text: str) -> None:
    assert read(text) is None


def test_said_in_plain_words_or_behind_the_command_it_is_done(house: House) -> None:
    for language, (after, _, digest, both, no_quiet, no_digest) in SAID.items():
        talk = someone(house, language=language, external=language)
        assert "22:00" in talk.say(after) and wishes(talk).quiet == QuietHours(22 * 60, 7 * 60)
        assert "8:00" in talk.say(f"/notifications {digest}") and wishes(talk).digest_at == 480
        talk.say(f"/notifications {both}")
        assert wishes(talk).quiet == QuietHours(22 * 60 + 30, 6 * 60)
        talk.say(no_quiet)
        talk.say(no_digest)
        assert wishes(talk).quiet is None and wishes(talk).digest_at is None


def test_the_list_is_read_by_a_button_and_only_then(house: House) -> None:
    talk = someone(house)
    assert "No unread" in talk.say("/notifications")
    for n in range(12):
        tell(talk, "alert", f"alert {n}")
    listed = talk.say("/notifications")
    assert listed.startswith("12 unread") and "alert 11" in listed and "and 2 more" in listed and "alert 1\n" not in listed
    assert "12 unread" in talk.say("/notifications") and talk.buttons() == ["Mark all as read", "Settings"]
    talk.press("Mark all as read")
    assert "No unread" in talk.say("/notifications") and "nothing unread" in talk.say("/notifications read")


def test_settings_are_changed_by_buttons(house: House) -> None:
    talk = someone(house)
    shown = talk.say("/notifications settings")
    assert "Quiet hours: none" in shown and "Digest: none" in shown and "nowhere yet" in shown
    assert "22:00 to 7:00" in talk.press("Quiet from 22:00") and "8:00" in talk.press("Digest at 8:00")
    assert talk.say("/notifications settings").count("none") == 0 and "No quiet hours" in talk.buttons()
    talk.press("What I am told of")
    talk.press("Completed")
    assert talk.buttons() == ["✓ Chat", "✓ Discord", "✓ E-mail", "✓ Webhook"]
    assert "not come by E-mail" in talk.press("✓ E-mail") and not wishes(talk).wants("completed", "email")
    assert "Switched off: Completed (E-mail)" in talk.say("/notifications settings")
    talk.say("/notifications on completed email")
    assert wishes(talk).unwanted == frozenset()
    for nonsense in ("bla", "quiet", "quiet 25:00 99", "digest", "off gossip chat", "off failed pigeon", "test pigeon", "quiet 7:00 7:00"):
        assert "did not understand" in talk.say(f"/notifications {nonsense}"), nonsense
    assert "nothing" in talk.say("/notifications test discord").lower() and "No mail server" not in talk.say("/notifications email ada")


def on_telegram(house: House, role: str = "owner") -> Talk:
    return Talk(house, settle(house.database, role=role, channel="telegram", external="55"))


async def taken(house: House, talk: Talk, text: str) -> str:
    """Say it through the inbox, as a channel hands it over."""
    before = len(talk.heard())
    item = Incoming("telegram", str(len(talk.heard()) + 1), "55", "55", Kind.TEXT, text=text, payload={"message_id": "77"})
    await house.inbox.take([item])
    house.database.write_now(lambda connection: [None for _ in range(5) if house.desk.handle_next(connection, talk.somebody.chat_id)])
    return talk.heard()[before:]


POSTED = (DISCORD, f"/notifications discord {DISCORD}", f"please post to <{DISCORD}>, thanks", f"/autonomous discord {DISCORD}")


async def test_a_discord_address_is_taken_out_before_it_is_stored(house: House) -> None:
    talk = on_telegram(house)
    for text in POSTED:
        assert "Kept, encrypted: discord.com …5678" in await taken(house, talk, text)
    stored = house.database.read_now(lambda connection: connection.execute(sa.select(MessageRow.text, MessageRow.payload)).all())
    assert [row.text for row in stored] == [""] * len(POSTED)
    (place,) = house.database.read_now(lambda connection: places.of_person(connection, talk.somebody.person.id))
    assert place.channel == "discord" and "on its way" in talk.say("/notifications test discord")
    folder = Path(house.settings.data_folder)
    name = house.settings.database_url.rsplit("/", 1)[-1]
    assert not [path.name for path in folder.glob(f"{name}*") if TOKEN.encode() in path.read_bytes()]
    assert "Discord: discord.com …5678" in talk.say("/notifications settings") and "gets nothing any more" in talk.say("/notifications discord off")


async def test_a_webhooks_secret_is_shown_once_and_its_address_never(house: House) -> None:
    talk = on_telegram(house)
    said = await taken(house, talk, "/notifications webhook https://hooks.example.org/in?key=hidden failed, approval")
    assert "hooks.example.org" in said and "whsec_" in said and "hidden" not in said
    (place,) = house.database.read_now(lambda connection: places.of_person(connection, talk.somebody.person.id))
    assert place.kinds == ("failed", "approval")
    assert "https://" in await taken(house, talk, "/notifications webhook http://127.0.0.1/x?key=hidden")
    assert "not a Discord webhook" in await taken(house, talk, "/notifications discord https://evil.example/api/webhooks/1/hidden")
    assert "do not know" in await taken(house, talk, "/notifications webhook https://hooks.example.org/in gossip")
    stored = house.database.read_now(lambda connection: list(connection.execute(sa.select(MessageRow.text)).scalars()))
    assert set(stored) == {""}


async def test_a_guest_sets_up_nothing(house: House) -> None:
    talk = on_telegram(house, "guest")
    assert "Kept" not in await taken(house, talk, DISCORD)
    assert "cannot be set up" in talk.say("/notifications email me@example.org")
    assert house.database.read_now(lambda connection: places.of_person(connection, talk.somebody.person.id)) == []


async def test_were_it_not_taken_out_it_would_stand_in_the_database(house: House) -> None:
    """The twin."""
    talk = on_telegram(house)
    house.inbox.take_secret = lambda *_: None
    await taken(house, talk, DISCORD)
    stored = house.database.read_now(lambda connection: list(connection.execute(sa.select(MessageRow.text)).scalars()))
    assert TOKEN in "".join(stored)
