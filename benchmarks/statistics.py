"""How long each page of the statistics takes over many tasks, and what the indexes for it cost a task.

    python -m benchmarks.statistics [--tasks 100000]

The rows are generated: three people, of whom one has nine tasks in ten; four months, so that 30 days are a part of them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from os import getloadavg
from statistics import median
from typing import Any

import sqlalchemy as sa

from orchestrator.tasks import statistics
from orchestrator.tasks.statistics import Whose
from storage import schema
from storage.database import Database
from storage.models import ChatRow, CredentialRow, CredentialUseRow, MailRow, OutgoingRow, PersonRow, SpendRow, TaskRow, new_id

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ZONE = "Europe/Berlin"
SPAN = timedelta(days=120)
LIMIT_MS = 200.0
ROUNDS = 7
BATCH = 5000
AGENTS = {
    "appointments": ("appointment_booking", "appointment_cancel", "appointment_list"),
    "reminders": ("reminder_set", "reminder_list", "reminder_delete"),
    "inquiries": ("opening_hours", "price_inquiry", "business_faq"),
    "email": ("email_send",),
    "general": ("general",),
    "triage": ("triage", "help", "statistics"),
}
STATES = ("completed",) * 14 + ("failed",) * 2 + ("cancelled", "pending", "in_progress", "awaiting_input", "awaiting_approval", "paused")
OPEN = frozenset({"pending", "in_progress", "awaiting_input", "awaiting_approval", "paused"})
MAIL_STATES = ("sent", "delivered", "delivered", "delivered", "bounced", "failed", "queued", "unknown")


@dataclass(frozen=True)
class Page:
    """One page: the median of its rounds in milliseconds, and the share of the 200 ms that it takes."""

    name: str
    milliseconds: float
    ratio: float


def fill(connection: sa.Connection, tasks: int, seed: int = 1) -> list[str]:
    """Three people with `tasks` tasks between them, and what belongs to those. Returns the people's ids, the busiest first."""
    chance = random.Random(seed)
    people = [_person(connection, number) for number in range(3)]
    credentials = [_credential(connection, person, number) for person in people for number in range(2)]
    made = [_task(chance, chance.choices(people, (18, 1, 1))[0], number) for number in range(tasks)]
    for start in range(0, tasks, BATCH):
        connection.execute(sa.insert(TaskRow), [row for row, _ in made[start : start + BATCH]])
    _insert(connection, SpendRow, (_spend(chance, row, tokens, credits) for row, (tokens, credits) in made if credits or chance.random() < 0.05))
    _insert(connection, CredentialUseRow, (_use(chance, credentials, row) for row, _ in made if chance.random() < 0.05))
    _insert(connection, MailRow, (_mail(chance, row) for row, _ in made if row["type"] == "email_send"))
    _insert(connection, OutgoingRow, (_outgoing(chance, row, people) for row, _ in made if chance.random() < 0.02))
    return [person["id"] for person in people]


def _insert(connection: sa.Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Stored in pieces, for there may be many."""
    gathered = list(rows)
    for start in range(0, len(gathered), BATCH):
        connection.execute(sa.insert(table), gathered[start : start + BATCH])


def _person(connection: sa.Connection, number: int) -> dict[str, str]:
    person, chat = new_id(), new_id()
    role = "owner" if number == 0 else "member"
    connection.execute(sa.insert(PersonRow).values(id=person, role=role, language="en", zone=ZONE, assumed_zone=ZONE, task_count=0, created_at=NOW - SPAN))
    connection.execute(sa.insert(ChatRow).values(id=chat, person_id=person, channel="web", external_id=f"{number}", created_at=NOW - SPAN))
    return {"id": person, "chat": chat}


def _credential(connection: sa.Connection, person: dict[str, str], number: int) -> dict[str, str]:
    credential = new_id()
    row = {
        "id": credential, "person_id": person["id"], "service": f"service-{number}", "kind": "other", "sealed": b"", "scheme": "https", "host": "localhost",
        "port": 443, "tools": [], "created_at": NOW - SPAN,
    }  # fmt: skip
    connection.execute(sa.insert(CredentialRow), row)
    return {"id": credential, "person": person["id"]}


def _task(chance: random.Random, person: dict[str, str], number: int) -> tuple[dict[str, Any], tuple[int, float]]:
    agent = chance.choice(tuple(AGENTS))
    kind = chance.choice(AGENTS[agent])
    state = "completed" if kind == "triage" else chance.choice(STATES)
    created = NOW - timedelta(seconds=chance.uniform(0, SPAN.total_seconds()))
    started = None if state == "pending" or (state == "cancelled" and chance.random() < 0.5) else created + timedelta(milliseconds=chance.randrange(2000))
    ended = None if state in OPEN else min(NOW, (started or created) + timedelta(milliseconds=chance.randrange(1, 600_000)))
    tokens, credits = (chance.randrange(50, 4000), round(chance.uniform(0.1, 40), 3)) if chance.random() < 0.2 and kind != "triage" else (0, 0.0)
    row = {
        "id": new_id(), "number": None if kind == "triage" else number + 1, "person_id": person["id"], "chat_id": person["chat"], "type": kind, "agent": agent,
        "title": f"task {number}", "text": "as a person would write it, of some length", "state": state, "created_at": created, "started_at": started,
        "last_run_at": started, "finished_at": ended, "tokens": chance.choice((0, 0, 300)) if kind == "triage" else tokens, "credits": credits,
    }  # fmt: skip
    return row, (tokens, credits)


def _spend(chance: random.Random, task: dict[str, Any], tokens: int, credits: float) -> dict[str, Any]:
    state = "settled" if credits else chance.choice(("reserved", "released"))
    return {
        "id": new_id(), "person_id": task["person_id"], "task_id": task["id"], "key": "think", "name": "model", "reserved": 50.0, "credits": credits,
        "tokens": tokens, "state": state, "counters": [], "created_at": task["created_at"],
    }  # fmt: skip


def _use(chance: random.Random, credentials: list[dict[str, str]], task: dict[str, Any]) -> dict[str, Any]:
    own = [one["id"] for one in credentials if one["person"] == task["person_id"]]
    tool = chance.choice(("http.request", "email.send"))
    return {
        "id": new_id(), "credential_id": chance.choice(own), "person_id": task["person_id"], "task_id": task["id"], "tool": tool, "host": "localhost",
        "at": task["created_at"],
    }  # fmt: skip


def _mail(chance: random.Random, task: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(), "person_id": task["person_id"], "task_id": task["id"], "effect_key": new_id(), "to": [], "cc": [], "bcc": [], "subject": "s", "body": "b",
        "attachments": [], "provider": "localhost", "message_id": new_id(), "status": chance.choice(MAIL_STATES), "created_at": task["created_at"],
        "updated_at": task["created_at"],
    }  # fmt: skip


def _outgoing(chance: random.Random, task: dict[str, Any], people: list[dict[str, str]]) -> dict[str, Any]:
    state = chance.choice(("queued", "retry", "sent", "sent", "sent", "failed"))
    card = {"text": "said", "buttons": [], "files": [], "silent": False}
    return {"id": new_id(), "chat_id": task["chat_id"], "person_id": task["person_id"], "card": card, "state": state, "created_at": task["created_at"]}


PAGES: tuple[tuple[str, Callable[[sa.Connection, Whose], object]], ...] = (
    ("totals", statistics.totals),
    ("days", lambda connection, whose: statistics.days(connection, whose, NOW)),
    ("agents by day", lambda connection, whose: statistics.agent_days(connection, whose, NOW)),
    ("usage", lambda connection, whose: statistics.usage(connection, whose, NOW)),
    ("queue", statistics.queue),
    ("credentials", lambda connection, whose: statistics.credentials(connection, whose, NOW)),
    ("mail", lambda connection, whose: statistics.mail(connection, whose, NOW)),
    ("overview", lambda connection, whose: statistics.gather(connection, whose, NOW)),
)


def measure(database: Database, whose: Whose, rounds: int = ROUNDS) -> list[Page]:
    """Each page a few times on the same connection; the first time counts, too."""
    found = []
    for name, page in PAGES:
        spent = [database.read_now(lambda connection, page=page: _timed(connection, whose, page)) for _ in range(rounds)]  # type: ignore[misc]
        found.append(Page(name, round(median(spent), 1), round(median(spent) / LIMIT_MS, 3)))
    return found


def _timed(connection: sa.Connection, whose: Whose, page: Callable[[sa.Connection, Whose], object]) -> float:
    began = time.perf_counter()
    page(connection, whose)
    return (time.perf_counter() - began) * 1000


def main() -> int:
    """Measures, prints, and says by its exit status whether every page of the busiest person kept within the limit."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tasks", type=int, default=100_000)
    options.add_argument("--database", default="", help="an empty Postgres database instead of SQLite")
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(wanted.database or f"sqlite:///{folder}/figures.db")
        schema.ensure(database.engine)
        people = database.write_now(lambda connection: fill(connection, wanted.tasks))
        own = measure(database, Whose(people[0], ZONE))
        everybodys = [Page(f"{page.name}, of everybody", page.milliseconds, page.ratio) for page in measure(database, Whose(None, ZONE))]
        database.engine.dispose()
    print(f"{wanted.tasks} tasks; limit {LIMIT_MS:g} ms; load {getloadavg()[0]:.1f}")
    for page in (*own, *everybodys):
        print(f"  {page.name:<28}{page.milliseconds:>8.1f} ms  {page.ratio:>6.1%}")
    print(json.dumps([asdict(page) for page in (*own, *everybodys)]))
    return int(any(page.milliseconds > LIMIT_MS for page in own))


if __name__ == "__main__":
    sys.exit(main())
