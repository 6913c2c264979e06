"""People who have letters sent and visits booked: they approve, are asked what became of interrupted ones, and know what the servers really got."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field

from tests.crash.effects_agent import MOVED_TO, moment
from tests.crash.effects_calendar import Calendar
from tests.crash.majordomo import code_of, codes_in
from tests.servers.smtp import MailServer
from tests.servers.telegram.api import Api
from tests.servers.telegram.messages import Sent

DONE, AGAIN, LEAVE = "It was done", "Do it again", "Leave it"
SENT, NOT_SENT = "sent", "not sent"
BOOKED = "booked"
PUT_IN, MOVE, REMOVE = "Put", "Move", "Remove"
_ENDED = re.compile(r"(qa[a-z]{4}) (not sent|sent)\b|(Sent) to (qa[a-z]{4})@|to (qa[a-z]{4})@\S+ was (not sent)", re.S)
_VISIT = re.compile(r"(qa[a-z]{4}) .*; visit (booked|not booked)", re.S)
_EVENT = re.compile(r"(Put|Move|Remove) “((?:Visit|Spare) (qa[a-z]{4}))”")


def ended(text: str) -> tuple[str, str] | None:
    """Which letter, and whether it is said to have been sent."""
    found = _ENDED.search(text)
    if found is None:
        return None
    code = next(part for part in (found[1], found[4], found[5]) if part)
    return code, NOT_SENT if NOT_SENT in (found[2], found[6]) else SENT


@dataclass
class People:
    """One letter at a time in each chat. `asks` says what they write for a letter."""

    api: Api
    server: MailServer
    calendar: Calendar
    dice: random.Random
    requests: tuple[str, ...] = ("deliver letter {code}",)
    begun: dict[str, int] = field(default_factory=dict)
    """For each letter, the chat it was wanted in."""
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    """What was said of each letter, repetitions left out."""
    chosen: dict[str, list[str]] = field(default_factory=dict)
    """What a person said of a letter that nobody could look up."""
    visits: dict[str, list[str]] = field(default_factory=dict)
    """What was said of each visit, repetitions left out."""
    chosen_events: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """What a person said of a change of an event that nobody could look up: by its title, the change and the choice."""
    approved: Counter[str] = field(default_factory=Counter)
    resting: bool = False
    only: str = ""
    """What they always say of an interrupted letter; by default it goes by what really happened, and by chance."""
    _pressed: set[str] = field(default_factory=set)
    _presses: set[asyncio.Task[object]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.api.platform.on_sent.append(self._saw)

    def begin(self, chat: int) -> str:
        code = code_of(len(self.begun))
        self.begun[code] = chat
        self.api.say(chat, self.dice.choice(self.requests).format(code=code))
        return code

    def delivered(self) -> Counter[str]:
        """How often each letter really came."""
        return Counter(letter.recipients[0].partition("@")[0] for letter in self.server.letters)

    async def until_ended(self, codes: list[str], seconds: float) -> None:
        """Raises AssertionError for letters of which nothing was heard in the end: these are lost."""
        try:
            async with asyncio.timeout(seconds):
                while any(code not in self.outcomes for code in codes):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            open_ones = {code: self.api.texts(self.begun[code])[-3:] for code in codes if code not in self.outcomes}
            raise AssertionError(f"nothing was heard of {len(open_ones)} letters, such as {dict(list(open_ones.items())[:3])}") from None

    def _saw(self, sent: Sent) -> None:
        if DONE in sent.labels:
            self._press(sent, self._what_became(sent.text))
        elif "Approve" in sent.labels:
            self._press(sent, "Approve")
        elif (end := ended(sent.text)) is not None:
            code, outcome = end
            if (visit := _VISIT.search(sent.text)) is not None and visit[2] not in self.visits.setdefault(code, []):
                self.visits[code].append(visit[2])
            first = code not in self.outcomes
            if outcome not in self.outcomes.setdefault(code, []):
                self.outcomes[code].append(outcome)
            if first and not self.resting:
                self.begin(sent.chat_id)

    def _what_became(self, text: str) -> str:
        if event := _EVENT.search(text):
            return self.only or (DONE if self._changed(event[1], event[2], event[3]) and self.dice.random() < 0.7 else AGAIN)
        came = self.delivered()[codes_in(text)[0]] > 0
        likely, other = (DONE, AGAIN) if came else (AGAIN, LEAVE)
        return self.only or (likely if self.dice.random() < 0.7 else other)

    def _changed(self, change: str, title: str, code: str) -> bool:
        """Whether it really happened, as one who looks into the calendar sees."""
        found = [event for event in self.calendar.events() if event.title == title]
        if change == MOVE:
            return [event.start for event in found] == [moment(code, MOVED_TO)]
        return bool(found) is (change == PUT_IN)

    def _press(self, sent: Sent, choice: str) -> None:
        """Each card once, however often it is shown."""
        data = next(button.data for row in sent.buttons for button in row if button.text == choice)
        others = {button.data for row in sent.buttons for button in row}
        if others & self._pressed:
            return
        self._pressed |= others
        code = codes_in(sent.text)[0]
        if choice == "Approve":
            self.approved[code] += 1
        elif event := _EVENT.search(sent.text):
            self.chosen_events.setdefault(event[2], []).append((event[1], choice))
        else:
            self.chosen.setdefault(code, []).append(choice)
        press = asyncio.get_running_loop().create_task(self.api.user(sent.chat_id).press(sent, data, stale=True))
        self._presses.add(press)
        press.add_done_callback(self._presses.discard)
