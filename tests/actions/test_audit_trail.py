"""What was decided, done and used stands in the chained log: routes and settings too, a little later."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from orchestrator.actions import late_audit
from orchestrator.actions.approvals import APPROVE
from storage.audit import AuditLog
from storage.database import Database
from storage.models import AuditRow, RouteRow, SettingRow, new_id
from storage.vault import FileKeys, Vault
from tests.actions.stage import Mail, Stage, World, errand
from tests.actions.test_approvals import send


def kinds(database: Database) -> list[tuple[str, str]]:
    rows = database.read_now(lambda connection: connection.execute(sa.select(AuditRow.kind, AuditRow.subject).order_by(AuditRow.seq)).all())
    return [(row.kind, row.subject) for row in rows]


async def test_an_approved_letter_leaves_its_decision_and_its_effect(database: Database, tmp_path: Path) -> None:
    world = World()
    log = AuditLog(Vault(FileKeys(tmp_path / "key")))
    on = Stage(database, tmp_path, agents=[errand(send)], tools=[Mail(world)], audit=log)
    await on.begin()
    await on.press("Approve")
    assert kinds(database) == [("approval", APPROVE), ("effect", "mail.send")]
    digests = database.read_now(lambda connection: [row.data["digest"] for row in connection.execute(sa.select(AuditRow.data)).all()])
    assert digests[0] == digests[1], "what ran is what was approved"
    assert database.read_now(lambda connection: log.verify(connection, None))[1:] == []


async def test_routes_and_settings_follow_once_each(database: Database, tmp_path: Path) -> None:
    log = AuditLog(Vault(FileKeys(tmp_path / "key")))
    on = Stage(database, tmp_path, agents=[], tools=[])
    now, person = on.clock.now(), on.somebody.person.id

    def decide(connection: sa.Connection) -> None:
        route = {"text": "hi", "intent": "greeting", "task_type": "greeting", "agent": "triage", "confidence": 0.9, "method": "keywords", "accepted": True}
        connection.execute(sa.insert(RouteRow).values(id=new_id(), person_id=person, task_id=new_id(), language="en", created_at=now, **route))
        connection.execute(sa.insert(SettingRow).values(key="business.name", value={"value": "Shears"}, changed_by=person, changed_at=now))

    await database.write(decide)
    assert await database.write(lambda connection: late_audit.sweep(connection, log, now)) == 0
    later = now + timedelta(seconds=6)
    assert await database.write(lambda connection: late_audit.sweep(connection, log, later)) == 2
    assert await database.write(lambda connection: late_audit.sweep(connection, log, later + timedelta(minutes=1))) == 0
    assert kinds(database) == [("route", "greeting"), ("configuration", "business.name")]
