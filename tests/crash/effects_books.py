"""What the bot believes about its effects, beside what really happened: the two must not differ but where a person was asked."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.crash.effects_agent import MOVED_TO, SPARE, VISIT, moment
from tests.crash.effects_calendar import Event
from tests.crash.effects_people import AGAIN, BOOKED, DONE, LEAVE, NOT_SENT, PUT_IN, SENT, People
from tests.crash.majordomo import Majordomo, codes_in

CALENDAR_EFFECTS = "SELECT tool, arguments, result FROM effects WHERE tool LIKE 'caldav.%' AND state = 'done'"


@dataclass
class Tally:
    """What became of the letters and events of one story, and how things stood at the kills."""

    kills: int = 0
    with_work: int = 0
    at_kills: Counter[str] = field(default_factory=Counter)
    """States of unfinished effects at the kills."""
    in_doubt: set[str] = field(default_factory=set)
    """Effects that were in doubt at some kill."""
    faults: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"{self.kills} kills, {self.with_work} with effects under way {dict(self.at_kills)}; {dict(self.figures)}; faults {self.faults[:5]}"


def rows(bot: Majordomo, query: str) -> list[Any]:
    engine = sa.create_engine(bot.database_url.replace("+aiosqlite", ""))
    try:
        with engine.connect() as connection:
            return list(connection.execute(sa.text(query)).all())
    finally:
        engine.dispose()


def look(bot: Majordomo, tally: Tally) -> None:
    """Note what a kill has interrupted."""
    open_ones = rows(bot, "SELECT id, state FROM effects WHERE state IN ('held', 'claimed', 'in_doubt')")
    busy = rows(bot, "SELECT id FROM tasks WHERE state IN ('pending', 'in_progress', 'awaiting_approval') LIMIT 1")
    tally.kills += 1
    tally.with_work += bool(open_ones or busy)
    tally.at_kills += Counter(row.state for row in open_ones)
    tally.in_doubt |= {row.id for row in open_ones if row.state == "in_doubt"}


def balance(bot: Majordomo, people: People, tally: Tally) -> Tally:
    """Hold every letter, every file and every event against what was said of it; whatever does not agree is a fault."""
    delivered, events = people.delivered(), people.calendar.events()
    for code in people.begun:
        _letter(code, people, delivered[code], tally)
        if people.api.texts(people.begun[code]) and _by_deliver(bot, code):
            _files(bot, code, tally)
            _visit(code, people, events, tally)
    _ledger(bot, people, events, tally)
    asked = {row.key_of for row in rows(bot, "SELECT DISTINCT task_id AS key_of FROM approvals WHERE kind = 'unknown'")}
    effects = rows(bot, "SELECT id, task_id, tool, state FROM effects")
    left = {row.key_of for row in rows(bot, "SELECT DISTINCT task_id AS key_of FROM approvals WHERE kind = 'unknown' AND decision = 'drop'")}
    ended = {"done", "failed"}
    tally.faults += [f"{row.tool} was left {row.state}" for row in effects if row.state not in (ended | {"unknown"} if row.task_id in left else ended)]
    reconciled = [row for row in effects if row.id in tally.in_doubt and row.state == "done" and row.task_id not in asked]
    tally.figures["letters"] = len(people.begun)
    tally.figures["delivered"] = sum(delivered[code] > 0 for code in people.begun)
    tally.figures["asked about"] = len(people.chosen)
    tally.figures["reconciled without asking"] = len(reconciled)
    unasked = {code for code in delivered if delivered[code] > 1 and AGAIN not in people.chosen.get(code, [])}
    tally.figures["doubled unasked"] = len(unasked)
    other = rows(bot, "SELECT number, state, text FROM tasks WHERE state <> 'completed'")
    tally.faults += [f"task #{row.number} is {row.state}" for row in other if row.state != "failed" or not _left(row.text, people)]
    return tally


def _left(text: str, people: People) -> bool:
    """Whether a person said to leave the letter of a request: one that is only about a letter ends as failed then."""
    return any(people.chosen.get(code, [])[-1:] == [LEAVE] for code in codes_in(text))


def _letter(code: str, people: People, came: int, tally: Tally) -> None:
    said, chosen = people.outcomes.get(code, []), people.chosen.get(code, [])
    if len(said) != 1:
        tally.faults.append(f"{code}: {said or 'nothing'} was said")
    if came > 1 + chosen.count(AGAIN):
        tally.faults.append(f"{code}: came {came} times, {chosen} chosen")
    if said == [SENT] and came == 0:
        tally.faults.append(f"{code}: falsely said to be sent, {chosen} chosen")
    if said == [NOT_SENT] and chosen[-1:] != [LEAVE]:
        tally.faults.append(f"{code}: not sent, though nobody said to leave it")
    tally.figures["doubled as chosen"] += came > 1
    tally.figures["left as chosen"] += chosen[-1:] == [LEAVE]


def _visit(code: str, people: People, events: list[Event], tally: Tally) -> None:
    """A visit that is called booked stands there once, at its last time; the other event is gone. An event nobody could look up keeps its place."""
    said, asked = people.visits.get(code, []), people.chosen_events
    visits = [event for event in events if event.title == f"{VISIT} {code}"]
    spares = [event for event in events if event.title == f"{SPARE} {code}"]
    by_word = {title for title in (f"{VISIT} {code}", f"{SPARE} {code}") if (PUT_IN, DONE) in asked.get(title, [])}
    tally.figures["visits"] += len(visits)
    if said != [BOOKED] or len(visits) != 1:
        tally.faults.append(f"{code}: the visit stands {len(visits)} times, and {said or 'nothing'} was said of it; asked {asked.get(f'{VISIT} {code}')}")
    elif visits[0].start != moment(code, MOVED_TO) and visits[0].title not in by_word:
        tally.faults.append(f"{code}: the visit stands at {visits[0].start}")
    if len(spares) > (f"{SPARE} {code}" in by_word):
        tally.faults.append(f"{code}: the removed event stands {len(spares)} times")


def _ledger(bot: Majordomo, people: People, events: list[Event], tally: Tally) -> None:
    """Every event of the calendar is one that the ledger has as done; every one that the ledger has as done, and not as removed since, stands there once."""
    effects = [(row.tool, _content(row.arguments), _content(row.result)) for row in rows(bot, CALENDAR_EFFECTS)]
    by_word = {title for title, choices in people.chosen_events.items() if (PUT_IN, DONE) in choices}
    removed = {arguments["id"] for tool, arguments, _ in effects if tool == "caldav.remove"}
    added = Counter(result["value"]["id"] for tool, _, result in effects if tool == "caldav.add" and "id" in result["value"])
    there = Counter(event.path for event in events if event.title not in by_word)
    tally.figures |= Counter({f"{tool} done": count for tool, count in Counter(tool for tool, _, _ in effects).items()})
    tally.figures["events asked about"] = sum(len(choices) for choices in people.chosen_events.values())
    if wrong := (added - Counter(removed)) - there:
        tally.faults.append(f"the ledger has events as done that do not stand there: {dict(wrong)}")
    if wrong := there - (added - Counter(removed)):
        tally.faults.append(f"events stand there that the ledger does not have as done: {dict(wrong)}")
    if doubled := {uid: count for uid, count in Counter(event.uid for event in events).items() if count > 1}:
        tally.faults.append(f"doubled UIDs: {doubled}")


def _content(value: Any) -> Any:
    """A JSON column, as either database's driver gives it."""
    return json.loads(value) if isinstance(value, str) else value


def _by_deliver(bot: Majordomo, code: str) -> bool:
    return bool(_found(bot, f"note-{code}.txt"))


def _found(bot: Majordomo, name: str) -> list[Path]:
    return [path for path in (bot.folder / "data" / "files").glob(f"*/{name}")]


def _files(bot: Majordomo, code: str, tally: Tally) -> None:
    """The line was added once, the draft is gone, and what a change took away is kept for undo."""
    tally.figures["notes"] += 1
    notes = [path.read_text() for path in _found(bot, f"note-{code}.txt")]
    if notes != ["begun\nonce\n"]:
        tally.faults.append(f"{code}: the note says {notes}")
    if _found(bot, f"draft-{code}.txt"):
        tally.faults.append(f"{code}: the draft is still there")
