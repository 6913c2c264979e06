"""What the bot believes about its effects, beside what really happened: the two must not differ but where a person was asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.crash.effects_people import AGAIN, LEAVE, NOT_SENT, SENT, People
from tests.crash.majordomo import Majordomo


@dataclass
class Tally:
    """What became of the letters of one story, and how things stood at the kills."""

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
    """Hold every letter and every file against what was said of it; whatever does not agree is a fault."""
    delivered = people.delivered()
    for code in people.begun:
        _letter(code, people, delivered[code], tally)
        if people.api.texts(people.begun[code]) and _by_deliver(bot, code):
            _files(bot, code, tally)
    asked = {row.key_of for row in rows(bot, "SELECT DISTINCT task_id AS key_of FROM approvals WHERE kind = 'unknown'")}
    effects = rows(bot, "SELECT id, task_id, tool, state FROM effects")
    tally.faults += [f"{row.tool} was left {row.state}" for row in effects if row.state not in {"done", "failed"}]
    reconciled = [row for row in effects if row.id in tally.in_doubt and row.state == "done" and row.task_id not in asked]
    tally.figures["letters"] = len(people.begun)
    tally.figures["delivered"] = sum(delivered[code] > 0 for code in people.begun)
    tally.figures["asked about"] = len(people.chosen)
    tally.figures["reconciled without asking"] = len(reconciled)
    unasked = {code for code in delivered if delivered[code] > 1 and AGAIN not in people.chosen.get(code, [])}
    tally.figures["doubled unasked"] = len(unasked)
    stuck = rows(bot, "SELECT number, state FROM tasks WHERE state NOT IN ('completed')")
    tally.faults += [f"task #{row.number} is {row.state}" for row in stuck]
    return tally


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
