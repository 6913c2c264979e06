"""What a person has besides tasks: credentials, requests for them, schedules, notifications, mail, agents, task types, the audit log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import sqlalchemy as sa

from orchestrator.actions.credentials import Wanted
from orchestrator.contracts import Lane, Task, TaskState
from orchestrator.tasks import manager, notifications, outgoing
from orchestrator.tasks.manager import NewTask
from orchestrator.tasks.notifications import Notice
from storage.models import CredentialRequestRow, CredentialRow, MailRow, OutgoingRow, TaskRow, new_id
from storage.vault.credentials import CredentialKind
from tests.api.api_house import ApiHouse, Party

SECRET = "Tr0ub4dor&3"
PORTAL = {
    "service": "Portal", "kind": "health_portal", "url": "https://portal.example", "tools": ["http.get"],
    "fields": {"username": "jane", "password": SECRET},
}  # fmt: skip


def everywhere(api: ApiHouse) -> str:
    """Everything that the tables hold, as text."""
    with api.house.database.engine.connect() as connection:
        tables = sa.inspect(api.house.database.engine).get_table_names()
        return "".join(str(list(map(tuple, connection.execute(sa.text(f'SELECT * FROM "{table}"'))))) for table in tables)


# --- credentials --------------------------------------------------------------------------------------------------------


async def test_a_credential_goes_in_and_its_value_never_comes_out(api: ApiHouse) -> None:
    made = await api.owner.json("POST", "/credentials", 201, json=PORTAL)
    listed = await api.owner.json("GET", "/credentials")
    one = await api.owner.json("GET", f"/credentials/{made['id']}")
    assert listed["items"] == [made] == [one]
    assert (made["service"], made["url"], made["verification"]) == ("Portal", "https://portal.example:443", "unverified")
    assert SECRET not in str(listed) + everywhere(api)
    assert (await api.owner.json("GET", f"/credentials/{made['id']}/uses"))["items"] == []
    audit = await api.owner.json("GET", "/audit?kind=credential")
    assert [entry["subject"] for entry in audit["items"]] == ["saved"]
    await api.owner.json("DELETE", f"/credentials/{made['id']}", 204)
    assert (await api.owner.json("GET", "/credentials"))["items"] == []
    assert api.rows(sa.select(CredentialRow.sealed)) == [(None,)]


async def test_what_is_wrong_with_a_credential_is_said_without_repeating_it(api: ApiHouse) -> None:
    for change, field in (
        ({"url": "nowhere"}, "body.url"),
        ({"fields": {}}, "body.fields"),
        ({"tools": []}, "body.tools"),
        ({"tools": ["browser.open"]}, "body.tools"),
        ({"kind": "pin"}, "body.kind"),
    ):
        answer = await api.owner.client.post("/credentials", json=PORTAL | change)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
        assert SECRET not in answer.text


async def wanted(api: ApiHouse, party: Party) -> str:
    """A task that waits for a credential; the request's id."""
    credentials = api.house.runner.around.credentials
    assert credentials is not None

    def work(connection: sa.Connection) -> Task:
        now = datetime.now(UTC)
        new = NewTask("custom", "custom", party.person.id, party.somebody.chat_id, "en", title="Portal")
        task = manager.transition(connection, manager.create(connection, new, now), TaskState.IN_PROGRESS, now)
        need = Wanted("Portal", CredentialKind.HEALTH_PORTAL, "https://portal.example", ("http.get",), reason="to look for results")
        credentials.handle_for(connection, party.person, task, "portal", need, now)
        return manager.transition(connection, task, TaskState.AWAITING_CREDENTIALS, now)

    await api.house.database.write(work)
    return str(api.rows(sa.select(CredentialRequestRow.id).where(CredentialRequestRow.person_id == party.person.id))[0][0])


async def test_a_request_is_answered_at_the_form_whose_address_the_api_gives(api: ApiHouse) -> None:
    request_id = await wanted(api, api.owner)
    (listed,) = (await api.owner.json("GET", "/credential-requests?state=pending"))["items"]
    assert (listed["id"], listed["fields"], listed["reason"]) == (request_id, ["username", "password"], "to look for results")
    form = await api.owner.json("POST", f"/credential-requests/{request_id}/form")
    assert form["address"].startswith(f"http://127.0.0.1:{api.port}/secret/")
    assert form["expires_at"].endswith("Z")
    assert "token" not in str(await api.owner.json("GET", f"/credential-requests/{request_id}"))
    again = await api.owner.json("POST", f"/credential-requests/{request_id}/form")
    assert again["address"] != form["address"]


async def test_a_declined_request_is_over_and_the_task_goes_on(api: ApiHouse) -> None:
    request_id = await wanted(api, api.owner)
    declined = await api.owner.json("POST", f"/credential-requests/{request_id}/decline")
    assert declined["state"] == "declined"
    assert api.rows(sa.select(TaskRow.state).where(TaskRow.id == declined["task_id"])) == [("pending",)]
    problem = await api.owner.json("POST", f"/credential-requests/{request_id}/form", 409)
    assert problem["type"] == "urn:majordomo:problem:conflict"


# --- schedules ----------------------------------------------------------------------------------------------------------


async def test_a_schedule_is_made_changed_paused_run_and_deleted(api: ApiHouse) -> None:
    made = await api.owner.json("POST", "/schedules", 201, json={"title": "Water", "repeat": "cron", "rule": "0 9 * * 1", "zone": "Europe/Berlin"})
    due = datetime.fromisoformat(made["next_due"])
    assert (made["state"], due.weekday(), due.minute) == ("active", 0, 0)
    assert (await api.owner.json("GET", f"/schedules/{made['id']}")) == made
    changed = await api.owner.json("PATCH", f"/schedules/{made['id']}", json={"title": "Water all", "rule": "30 9 * * 2"})
    assert (changed["title"], datetime.fromisoformat(changed["next_due"]).weekday()) == ("Water all", 1)
    assert (await api.owner.json("POST", f"/schedules/{made['id']}/pause"))["state"] == "paused"
    assert (await api.owner.json("POST", f"/schedules/{made['id']}/pause", 409))["detail"] == "It is paused."
    assert (await api.owner.json("POST", f"/schedules/{made['id']}/resume"))["next_due"] == changed["next_due"]
    skipped = await api.owner.json("POST", f"/schedules/{made['id']}/skip")
    assert datetime.fromisoformat(skipped["next_due"]) > datetime.fromisoformat(changed["next_due"])
    ran = await api.owner.json("POST", f"/schedules/{made['id']}/run")
    assert ran["outcome"] == "ran"
    ends = await api.owner.json("GET", f"/schedules/{made['id']}/occurrences")
    assert {entry["outcome"] for entry in ends["items"]} == {"ran", "skipped"}
    told = await api.owner.json("GET", "/notifications?unread=true")
    assert [entry["title"] for entry in told["items"]] == ["Water all"]
    await api.owner.json("DELETE", f"/schedules/{made['id']}", 204)
    assert (await api.owner.json("GET", f"/schedules/{made['id']}"))["state"] == "cancelled"
    assert (await api.owner.json("GET", "/schedules?state=active"))["items"] == []


async def test_a_rhythm_that_cannot_be_followed_is_refused_with_its_field(api: ApiHouse) -> None:
    bodies: list[tuple[dict[str, Any], str]] = [
        ({}, "body.at"), ({"at": "2020-01-01T00:00:00Z"}, "body.at"), ({"repeat": "cron", "rule": "99 * * * *"}, "body.rule"),
        ({"repeat": "cron", "rule": "0 0 30 2 *"}, "body.rule"), ({"repeat": "interval", "rule": "1"}, "body.rule"),
        ({"repeat": "interval", "rule": "soon"}, "body.rule"), ({"repeat": "rrule", "rule": "FREQ=SECONDLY"}, "body.rule"),
        ({"repeat": "rrule", "rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "body.rule"), ({"repeat": "rrule", "rule": "FREQ=DAILY;FREQ=DAILY"}, "body.rule"),
        ({"repeat": "cron", "rule": "0 9 * * *", "zone": "Mars/Olympus"}, "body.zone"),
    ]  # fmt: skip
    for body, field in bodies:
        problem = await api.owner.json("POST", "/schedules", 422, json={"title": "x"} | body)
        assert problem["field"] == field, body
    assert (await api.owner.json("GET", "/schedules"))["items"] == []


# --- notifications ------------------------------------------------------------------------------------------------------


async def tell(api: ApiHouse, party: Party, title: str) -> str:
    def work(connection: sa.Connection) -> str:
        envelope = outgoing.Envelope(party.somebody.chat_id, party.person.id, datetime.now(UTC))
        return notifications.notify(connection, envelope, Notice("reminder", title, title), api.house.words, "en")

    return await api.house.database.write(work)


async def test_notifications_are_read_unread_and_acted_upon(api: ApiHouse) -> None:
    ids = [await tell(api, api.owner, f"n{number}") for number in range(3)]
    assert (await api.owner.json("PUT", f"/notifications/{ids[0]}/read"))["read"] is True
    unread = await api.owner.json("GET", "/notifications?unread=true&limit=1")
    rest = await api.owner.json("GET", unread["next"].removeprefix("/api/v1"))
    assert [entry["id"] for entry in unread["items"] + rest["items"]] == [ids[2], ids[1]]
    assert (await api.owner.json("PUT", f"/notifications/{ids[0]}/unread"))["read"] is False
    assert (await api.owner.json("POST", "/notifications/read-all")) == {"marked": 3}
    assert (await api.owner.json("POST", f"/notifications/{ids[1]}/act", json={"action": "snooze", "seconds": 600}))["state"] == "snoozed"
    assert [entry["title"] for entry in (await api.owner.json("GET", "/schedules"))["items"]] == ["n1"]
    assert (await api.owner.json("POST", f"/notifications/{ids[1]}/act", 409, json={"action": "done"}))["detail"] == "It is snoozed."


# --- mail, agents, statistics -------------------------------------------------------------------------------------------


async def test_the_mail_log_is_filtered_and_paged(api: ApiHouse) -> None:
    ids = sorted(new_id() for _ in range(3))

    def letter(number: int, status: str) -> dict[str, Any]:
        at = datetime.now(UTC) + timedelta(seconds=number)
        return {
            "id": ids[number], "person_id": api.owner.person.id, "task_id": f"t{number}", "effect_key": f"k{number}", "to": ["a@example.com"], "cc": [], "bcc": [],
            "subject": f"s{number}", "body": "Dear A", "attachments": [], "provider": "smtp.example", "message_id": f"<{number}@x>", "status": status,
            "created_at": at, "updated_at": at,
        }  # fmt: skip

    letters = [letter(number, status) for number, status in enumerate(("sent", "bounced", "sent"))]
    await api.house.database.write(lambda connection: connection.execute(sa.insert(MailRow), letters))
    first = await api.owner.json("GET", "/emails?status=sent&limit=1")
    second = await api.owner.json("GET", first["next"].removeprefix("/api/v1"))
    assert [entry["subject"] for entry in first["items"] + second["items"]] == ["s2", "s0"]
    assert second["next"] is None
    assert "body" not in first["items"][0]
    assert (await api.owner.json("GET", f"/emails/{letters[1]['id']}"))["body"] == "Dear A"
    assert [entry["subject"] for entry in (await api.owner.json("GET", "/emails?task=t1"))["items"]] == ["s1"]
    figures = await api.owner.json("GET", "/statistics")
    assert figures["emails"]["by_status"] == {"sent": 2, "bounced": 1}


async def test_agents_their_logs_and_their_days(api: ApiHouse) -> None:
    task = await api.owner.json("POST", "/tasks", 201, json={"type": "reminder_list"})
    agents = await api.owner.json("GET", "/agents")
    assert {"name": "reminders", "lane": Lane.INSTANT.value} == {key: value for key, value in _named(agents, "reminders").items() if key != "task_types"}
    logs = await api.owner.json("GET", f"/agents/logs?task={task['id']}")
    assert {entry["action"] for entry in logs["items"]} >= {"processed", "completed"}
    days = await api.owner.json("GET", "/agents/reminders/metrics?days=2")
    assert [(day["agent"], day["completed"], day["success_rate"]) for day in days["items"]] == [("reminders", 1, 100.0)]
    assert (await api.owner.json("GET", "/statistics"))["by_state"] == {"completed": 1}
    assert (await api.other.json("GET", "/statistics"))["total"] == 0
    assert (await api.owner.json("GET", "/statistics?whose=everybody"))["total"] == 1
    await api.other.json("GET", "/statistics?whose=everybody", 403)


def _named(listed: Any, name: str) -> Any:
    return next(entry for entry in listed["items"] if entry["name"] == name)


# --- task types ---------------------------------------------------------------------------------------------------------


async def test_a_configuration_is_checked_before_a_task_is_made(api: ApiHouse) -> None:
    types = await api.owner.json("GET", "/task-types")
    assert {"type": "reminder_set", "agent": "reminders"} in types["items"]
    schema = (await api.owner.json("GET", "/task-types/reminder_set"))["config_schema"]
    assert set(schema["properties"]) == {"rest", "when"}
    good = {"rest": "call the dentist", "when": {"start": "2099-01-01T09:00:00+01:00"}}
    verdict = await api.owner.json("POST", "/task-types/reminder_set/validate", json={"config": good})
    assert verdict["valid"] and verdict["config"]["when"]["has_clock"] is True
    bad = {"rest": "", "when": {"start": "2099-01-01T09:00:00"}, "colour": "red"}
    verdict = await api.owner.json("POST", "/task-types/reminder_set/validate", json={"slots": bad})
    assert {fault["field"]: fault["remedy"][:20] for fault in verdict["errors"]} == {
        "config.rest": "change it as the mes", "config.when.start": "add the offset from ", "config.colour": "leave it out; this t",
    }  # fmt: skip
    problem = await api.owner.json("POST", "/tasks", 422, json={"type": "reminder_set", "slots": bad})
    assert {fault["field"] for fault in problem["errors"]} == {"body.slots.rest", "body.slots.when.start", "body.slots.colour"}
    made = await api.owner.json("POST", "/tasks", 201, json={"type": "reminder_set", "slots": good})
    (schedule,) = (await api.owner.json("GET", "/schedules"))["items"]
    assert (made["state"], schedule["title"], schedule["next_due"]) == ("completed", "call the dentist", "2099-01-01T08:00:00Z")


async def test_tasks_that_only_the_house_makes_cannot_be_asked_for(api: ApiHouse) -> None:
    slots = {"tool": "mail.send", "arguments": {}, "effect": "x", "label": "y"}
    problem = await api.owner.json("POST", "/tasks", 422, json={"type": "undo", "slots": slots})
    assert problem["field"] == "body.type"
    await api.owner.json("GET", "/task-types/undo", 404)


async def test_nothing_of_one_person_is_shown_to_another(api: ApiHouse) -> None:
    request_id, notification = await wanted(api, api.owner), await tell(api, api.owner, "mine")
    credential = (await api.owner.json("POST", "/credentials", 201, json=PORTAL))["id"]
    schedule = (await api.owner.json("POST", "/schedules", 201, json={"title": "x", "repeat": "interval", "rule": "3600"}))["id"]
    for method, path in (
        ("GET", f"/credentials/{credential}"), ("DELETE", f"/credentials/{credential}"), ("GET", f"/credentials/{credential}/uses"),
        ("GET", f"/credential-requests/{request_id}"), ("POST", f"/credential-requests/{request_id}/form"), ("POST", f"/credential-requests/{request_id}/decline"),
        ("GET", f"/notifications/{notification}"), ("PUT", f"/notifications/{notification}/read"), ("PUT", f"/notifications/{notification}/unread"),
        ("GET", f"/schedules/{schedule}"), ("DELETE", f"/schedules/{schedule}"), ("POST", f"/schedules/{schedule}/run"), ("POST", f"/schedules/{schedule}/pause"),
    ):  # fmt: skip
        answer = await api.other.client.request(method, path)
        assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"
    for path in ("/credentials", "/credential-requests", "/notifications", "/schedules", "/emails", "/audit", "/agents/logs"):
        assert (await api.other.json("GET", path))["items"] == [], path


async def test_the_form_that_the_api_names_opens_on_the_same_server(api: ApiHouse) -> None:
    """The one-time form is a page of the house; this stage serves the API without it, so its address is what is looked at."""
    request_id = await wanted(api, api.owner)
    address = httpx.URL((await api.owner.json("POST", f"/credential-requests/{request_id}/form"))["address"])
    assert (address.host, address.port, address.path.split("/")[1]) == ("127.0.0.1", api.port, "secret")
    assert api.rows(sa.select(OutgoingRow.id).where(OutgoingRow.card.cast(sa.Text).contains(str(address)))) == []
