"""/notifications in the chat: the list, the settings by buttons and in words, the places outside, and what failed to get there."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from orchestrator.contracts import Button, Card, Role
from orchestrator.tasks import deliveries, digests, notifications, outgoing, places, preferences
from orchestrator.tasks.address_intake import MARK
from orchestrator.tasks.deliveries import Message
from orchestrator.tasks.places import BadAddress, Place, Places
from orchestrator.tasks.preferences import CHANNELS, DISCORD, EMAIL, KINDS, WEBHOOK
from orchestrator.tasks.quiet_hours import QuietHours
from orchestrator.triage import notice_words
from orchestrator.triage.notice_words import About, Wish
from orchestrator.triage.turn import Turn, say_button
from storage.models import NoticePlaceRow

SHOWN = 10
LOOKED_AT = 100


def command(turn: Turn, rest: str) -> None:
    """/notifications and what stands behind it."""
    name, _, more = rest.strip().partition(" ")
    act = ACTS.get(name.lower())
    if act is not None:
        act(turn, more.strip())
    elif (wish := notice_words.read(rest)) is not None:
        _grant(turn, wish)
    else:
        turn.reply(turn.words("notices-how"))


def said(turn: Turn) -> bool:
    """A wish about notifications in plain words; True when it was one and is granted."""
    wish = notice_words.read(turn.text)
    if wish is None or turn.person.role is Role.GUEST:
        return False
    _grant(turn, wish)
    return True


# --- the list ---


def _list(turn: Turn, rest: str) -> None:
    for row in notifications.unread(turn.connection, turn.person.id, LOOKED_AT):
        if not digests.still_matters(turn.connection, row):
            notifications.mark(turn.connection, row.id, notifications.READ, turn.now)
    found = notifications.unread(turn.connection, turn.person.id, SHOWN)
    settings = say_button(turn.words("button-notice-settings"), "/notifications settings")
    if not found:
        turn.reply(Card(turn.words("notifications-none"), ((settings,),)))
        return
    count = notifications.unread_count(turn.connection, turn.person.id)
    lines = [turn.words("notifications-title", count=count), *(f"- {row.title[:200]}" for row in found)]
    if count > len(found):
        lines.append(turn.words("digest-more", count=count - len(found)))
    retry = [button for row in found[:3] for button in _retry_button(turn, row.kind, row.task_id)]
    rows = (tuple(retry),) if retry else ()
    turn.reply(Card("\n".join(lines), (*rows, (notifications.read_all_button(turn.services.words, turn.language), settings))))


def _retry_button(turn: Turn, kind: str, task_id: str | None) -> list[Button]:
    number = deliveries.number_of(turn.connection, task_id) if kind == preferences.FAILED else None
    return [say_button(f"{turn.words('button-retry')} #{number}", f"/retry {number}")] if number is not None else []


def _read(turn: Turn, rest: str) -> None:
    turn.reply(turn.words("notices-marked", count=notifications.mark_all_read(turn.connection, turn.person.id, turn.now)))


# --- settings ---


def _settings(turn: Turn, rest: str) -> None:
    wishes = preferences.load(turn.connection, turn.person)
    known = places.of_person(turn.connection, turn.person.id)
    dead = deliveries.dead_of(turn.connection, turn.person.id)
    lines = [turn.words("notices-settings"), _quiet_line(turn, wishes), _digest_line(turn, wishes), *(_place_line(turn, place) for place in known)]
    if not known:
        lines.append(turn.words("notices-no-place"))
    if wishes.unwanted:
        off = ", ".join(f"{_kind(turn, kind)} ({_channel(turn, channel)})" for kind, channel in sorted(wishes.unwanted))
        lines.append(turn.words("notices-off", list=off))
    if dead:
        lines.append(turn.words("notices-dead", count=dead))
    turn.reply(Card("\n".join(lines), _settings_buttons(turn, wishes, known, dead)))


def _settings_buttons(turn: Turn, wishes: preferences.Preferences, known: list[Place], dead: int) -> tuple[tuple[Button, ...], ...]:
    def button(key: str, text: str, **given: object) -> Button:
        return say_button(turn.words(key, **given), f"/notifications {text}")

    quiet = button("button-quiet-off", "quiet off") if wishes.quiet else button("button-quiet-on", "quiet 22:00 7:00")
    digest = button("button-digest-off", "digest off") if wishes.digest_at is not None else button("button-digest-on", "digest 8:00")
    rows = [(quiet,), (digest,), (button("button-what", "kinds"),)]
    for channel in dict.fromkeys(place.channel for place in known if place.state != deliveries.PENDING):
        shown = _channel(turn, channel)
        rows.append((button("button-test", f"test {channel}", place=shown), button("button-remove-place", f"{channel} off", place=shown)))  # type: ignore[arg-type]
    if dead:
        rows.append((button("button-send-again", "retry"),))
    return tuple(rows)


def _quiet_line(turn: Turn, wishes: preferences.Preferences) -> str:
    if wishes.quiet is None:
        return turn.words("notices-no-quiet")
    return turn.words("notices-quiet", **{"from": _hour(wishes.quiet.start), "to": _hour(wishes.quiet.end), "zone": wishes.zone.replace("_", " ")})


def _digest_line(turn: Turn, wishes: preferences.Preferences) -> str:
    if wishes.digest_at is None:
        return turn.words("notices-no-digest")
    return turn.words("notices-digest", at=_hour(wishes.digest_at), zone=wishes.zone.replace("_", " "))


def _place_line(turn: Turn, place: Place) -> str:
    suffix = {deliveries.PENDING: "-pending", deliveries.BROKEN: "-broken"}.get(place.state, "-broken" if place.told_at else "")
    return turn.words(f"notices-place{suffix}", channel=_channel(turn, place.channel), shown=place.shown)


def _grant(turn: Turn, wish: Wish) -> None:
    """Do what a wish asks for and say how it stands now."""
    wishes = preferences.load(turn.connection, turn.person)
    if wish.about is About.DIGEST:
        preferences.set_digest(turn.connection, turn.person.id, wish.times[0] if wish.times else None, turn.now)
    elif not wish.times:
        preferences.set_quiet(turn.connection, turn.person.id, None, turn.now)
    else:
        start, end = notice_words.hours(wish, wishes.quiet.start if wishes.quiet else None, wishes.quiet.end if wishes.quiet else None)
        if start == end:
            turn.reply(turn.words("notices-how"))
            return
        preferences.set_quiet(turn.connection, turn.person.id, QuietHours(start, end), turn.now)
    digests.rearrange(turn.connection, turn.person, turn.now)
    after = preferences.load(turn.connection, turn.person)
    turn.reply(_digest_line(turn, after) if wish.about is About.DIGEST else _quiet_line(turn, after))


def _timed(about: About) -> Callable[[Turn, str], None]:
    """`quiet 22:00 7:00`, `digest 8`, or either with `off`."""

    def act(turn: Turn, rest: str) -> None:
        wish = notice_words.read(f"{about.value} {rest}")
        if wish is None or (not wish.times and not notice_words.OFF.search(rest)):
            turn.reply(turn.words("notices-how"))
            return
        _grant(turn, wish)

    return act


def _kinds(turn: Turn, rest: str) -> None:
    buttons = [say_button(_kind(turn, kind), f"/notifications kind {kind}") for kind in KINDS]
    turn.reply(Card(turn.words("notices-kinds"), tuple(tuple(buttons[n : n + 2]) for n in range(0, len(buttons), 2))))


def _one_kind(turn: Turn, rest: str) -> None:
    kind = rest.lower()
    if kind not in KINDS:
        _kinds(turn, "")
        return
    wishes = preferences.load(turn.connection, turn.person)

    def toggle(channel: str) -> Button:
        on = wishes.wants(kind, channel)
        return say_button(turn.words("button-kind-on" if on else "button-kind-off", channel=_channel(turn, channel)),
                          f"/notifications {'off' if on else 'on'} {kind} {channel}")  # fmt: skip

    rows = tuple(tuple(toggle(channel) for channel in pair) for pair in (CHANNELS[:2], CHANNELS[2:]))
    turn.reply(Card(turn.words("notices-kind", kind=_kind(turn, kind)), rows))


def _switch(wanted: bool) -> Callable[[Turn, str], None]:
    """`on` or `off`, a kind or `all`, a channel (the chat where none is named)."""

    def act(turn: Turn, rest: str) -> None:
        kind, _, channel = rest.lower().partition(" ")
        channel = channel.strip() or preferences.CHAT
        if kind not in {*KINDS, "all"} or channel not in CHANNELS:
            turn.reply(turn.words("notices-how"))
            return
        chosen = KINDS if kind == "all" else (kind,)
        for one in chosen:
            preferences.choose(turn.connection, turn.person.id, one, channel, wanted=wanted)
        shown = ", ".join(_kind(turn, one) for one in chosen)
        turn.reply(turn.words("notices-chosen-on" if wanted else "notices-chosen-off", kind=shown, channel=_channel(turn, channel)))

    return act


def _here(turn: Turn, rest: str) -> None:
    preferences.set_chat(turn.connection, turn.person.id, turn.chat.id, turn.now)
    turn.reply(turn.words("notices-here"))


# --- places outside ---


def _place(channel: str) -> Callable[[Turn, str], None]:
    """`discord off`, `email me@example.com`; addresses that are secrets never get here: they were taken out at intake."""

    def act(turn: Turn, rest: str) -> None:
        house = _house(turn)
        if house is None or turn.person.role is Role.GUEST:
            turn.reply(turn.words("notices-not-possible"))
        elif notice_words.OFF.fullmatch(rest):
            _remove(turn, house, channel)
        elif rest and channel == EMAIL:
            _add_email(turn, house, rest)
        else:
            turn.reply(turn.words({DISCORD: "notices-give-discord", WEBHOOK: "notices-give-webhook"}.get(channel, "notices-give-email")))

    return act


def _add_email(turn: Turn, house: Places, address: str) -> None:
    message = Message(deliveries.CODE, turn.words("place-code-title"), turn.words("place-code-text"), turn.now, language=turn.language)
    try:
        place = house.add_email(turn.connection, turn.person.id, address, message, turn.now)
    except BadAddress as error:
        turn.reply(turn.words(error.key))
        return
    turn.reply(turn.words("place-code-sent", shown=place.shown))


def _code(turn: Turn, rest: str) -> None:
    house = _house(turn)
    place = house.confirm_email(turn.connection, turn.person.id, rest, turn.now) if house is not None and rest else None
    turn.reply(turn.words("place-code-wrong") if place is None else Card(turn.words("place-added", shown=place.shown), _place_buttons(turn, place)))


def _remove(turn: Turn, house: Places, channel: str) -> None:
    mine = [place for place in places.of_person(turn.connection, turn.person.id) if place.channel == channel]
    for place in mine:
        house.remove(turn.connection, turn.person.id, place.id, turn.now)
        turn.reply(turn.words("notices-removed", shown=place.shown))
    if not mine:
        turn.reply(turn.words("notices-no-such-place", channel=_channel(turn, channel)))


def _test(turn: Turn, rest: str) -> None:
    channel = rest.lower() or DISCORD
    if channel not in CHANNELS:
        turn.reply(turn.words("notices-how"))
        return
    message = Message(deliveries.TEST, turn.words("test-title"), turn.words("test-text"), turn.now, "success", language=turn.language)
    count = places.test(turn.connection, turn.person.id, channel, message, turn.now)
    turn.reply(turn.words("notices-testing" if count else "notices-no-such-place", channel=_channel(turn, channel)))


def _retry(turn: Turn, rest: str) -> None:
    turn.reply(turn.words("notices-retried", count=deliveries.retry_dead(turn.connection, turn.person.id, turn.now)))


def taken(turn: Turn, mark: str) -> None:
    """An address was taken out of this message at intake: say what became of it."""
    subject = mark.removeprefix(MARK)
    if (platform_id := turn.payload.get("message_id")) is not None:
        outgoing.remove(turn.connection, turn.envelope(), str(platform_id))
    place = places.find(turn.connection, turn.person.id, subject)
    house = _house(turn)
    if place is None or house is None:
        key = subject if subject.startswith("place-") else "place-gone"
        turn.reply(turn.words(key, kinds=", ".join(KINDS)))
        return
    if place.channel != WEBHOOK:
        turn.reply(Card(turn.words("place-added", shown=place.shown), _place_buttons(turn, place)))
        return
    secret = house.open(turn.connection, place.id, turn.now).secret
    shown_in = turn.reply(Card(turn.words("place-secret", shown=place.shown, secret=secret), _place_buttons(turn, place)))
    turn.connection.execute(sa.update(NoticePlaceRow).where(NoticePlaceRow.id == place.id).values(secret_in=shown_in))


def _place_buttons(turn: Turn, place: Place) -> tuple[tuple[Button, ...], ...]:
    shown = _channel(turn, place.channel)
    return (
        (
            say_button(turn.words("button-test", place=shown), f"/notifications test {place.channel}"),
            say_button(turn.words("button-remove-place", place=shown), f"/notifications {place.channel} off"),
        ),
    )


def _house(turn: Turn) -> Places | None:
    return turn.services.runner.around.places


def _kind(turn: Turn, kind: str) -> str:
    return turn.words(f"kind-{kind}")


def _channel(turn: Turn, channel: str) -> str:
    return turn.words(f"channel-{channel}")


def _hour(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


ACTS: dict[str, Callable[[Turn, str], None]] = {
    "": _list,
    "list": _list,
    "read": _read,
    "settings": _settings,
    "quiet": _timed(About.QUIET),
    "digest": _timed(About.DIGEST),
    "kinds": _kinds,
    "kind": _one_kind,
    "on": _switch(True),
    "off": _switch(False),
    "here": _here,
    "discord": _place(DISCORD),
    "email": _place(EMAIL),
    "webhook": _place(WEBHOOK),
    "code": _code,
    "test": _test,
    "retry": _retry,
}
"""What may stand behind /notifications; anything else is read as a wish in words."""
