"""What a person sets over HTTP: autonomous mode, quiet hours, what is told where, places outside the chat."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.api.api_house import ApiHouse

DISCORD = "https://discord.com/api/webhooks/987654321/the-secret-part_of-it"


@pytest.fixture
def silent(api: ApiHouse) -> ApiHouse:
    """Nothing is forwarded: these tests look at what is kept, not at what leaves."""
    for work in api.house._works:
        if work.get_name() == "forwarding":
            work.cancel()
    return api


async def test_autonomous_mode_is_switched_run_and_listed(silent: ApiHouse) -> None:
    api = silent
    assert await api.owner.json("GET", "/autonomous") == {
        "enabled": False, "interval": "1hour", "discord": None, "last_run": None, "next_run": None, "running": False,
    }  # fmt: skip
    on = await api.owner.json("PUT", "/autonomous", json={"enabled": True, "interval": "15min"})
    assert (on["enabled"], on["interval"]) == (True, "15min")
    assert datetime.fromisoformat(on["next_run"]).tzinfo is not None
    begun = await api.owner.json("POST", "/autonomous/execute", 202)
    again = await api.owner.client.post("/autonomous/execute")
    assert again.status_code in {409, 429}
    assert again.status_code == 409 or int(again.headers["retry-after"]) <= 60
    assert [run["id"] for run in (await api.owner.json("GET", "/autonomous/runs"))["items"]] == [begun["run_id"]]
    assert (await api.other.json("GET", "/autonomous"))["enabled"] is False
    assert (await api.other.json("GET", "/autonomous/runs"))["items"] == []
    assert (await api.owner.json("PUT", "/autonomous", json={"enabled": False}))["next_run"] is None


async def test_only_discords_own_address_is_taken_and_it_is_never_shown(silent: ApiHouse) -> None:
    api = silent
    for address in ("https://example.com/api/webhooks/1/x", "http://discord.com/api/webhooks/1/x", "https://discord.com.evil.example/api/webhooks/1/x", "x"):
        for method, path, field in (("PUT", "/autonomous", "discord_webhook"), ("POST", "/autonomous/test-webhook", "webhook_url")):
            problem = await api.owner.json(method, path, 422, json={field: address})
            assert problem["field"] == f"body.{field}"
            assert address == "x" or address not in str(problem)
    assert (await api.owner.json("POST", "/autonomous/test-webhook", 409))["type"] == "urn:majordomo:problem:no-webhook"
    kept = await api.owner.json("PUT", "/autonomous", json={"discord_webhook": DISCORD})
    assert kept["discord"] == "discord.com …4321"
    assert await api.owner.json("POST", "/autonomous/test-webhook") == {"status": "queued"}
    assert "the-secret-part" not in str(await api.owner.json("GET", "/preferences/places")) + str(await api.owner.json("GET", "/credentials"))
    assert (await api.owner.json("PUT", "/autonomous", json={"discord_webhook": None}))["discord"] is None
    assert (await api.owner.json("GET", "/preferences/places"))["items"] == []


async def test_preferences_are_changed_in_parts(silent: ApiHouse) -> None:
    api = silent
    before = await api.owner.json("GET", "/preferences/notifications")
    assert (before["quiet"], before["digest_at"], before["zone"]) == (None, None, "Europe/Berlin")
    body = {"quiet": {"start": "22:00", "end": "07:00"}, "choices": {"completed": ["discord"]}}
    after = await api.owner.json("PUT", "/preferences/notifications", json=body)
    assert (after["quiet"], after["choices"]["completed"], after["choices"]["failed"]) == (body["quiet"], ["discord"], before["choices"]["failed"])
    after = await api.owner.json("PUT", "/preferences/notifications", json={"digest_at": "18:30", "quiet": None})
    assert (after["quiet"], after["digest_at"], after["choices"]["completed"]) == (None, "18:30", ["discord"])
    for wrong, field in (({"digest_at": "25:00"}, "body.digest_at"), ({"chat_id": api.other.somebody.chat_id}, "body.chat_id")):
        assert (await api.owner.json("PUT", "/preferences/notifications", 422, json=wrong))["field"] == field
    mine = await api.owner.json("PUT", "/preferences/notifications", json={"chat_id": api.owner.somebody.chat_id})
    assert mine["chat_id"] == api.owner.somebody.chat_id
    assert (await api.other.json("GET", "/preferences/notifications"))["digest_at"] is None


async def test_a_webhooks_secret_is_shown_once_and_its_address_never(silent: ApiHouse) -> None:
    api = silent
    made = await api.owner.json(
        "POST", "/preferences/places", 201, json={"channel": "webhook", "address": "https://hooks.example.org/in?t=abc", "kinds": ["failed"]}
    )
    assert made["secret"].startswith("whsec_")
    (listed,) = (await api.owner.json("GET", "/preferences/places"))["items"]
    assert (listed["shown"], listed["kinds"]) == ("hooks.example.org", ["failed"])
    assert "secret" not in listed and "t=abc" not in str(listed)
    assert await api.owner.json("POST", f"/preferences/places/{made['id']}/test", 202) == {"queued": 1}
    for address in ("https://127.0.0.1/x", "https://localhost/x", "http://hooks.example.org/", "ftp://x"):
        problem = await api.owner.json("POST", "/preferences/places", 422, json={"channel": "webhook", "address": address})
        assert problem["field"] == "body.address"
    await api.owner.json("DELETE", f"/preferences/places/{made['id']}", 204)
    await api.owner.json("DELETE", f"/preferences/places/{made['id']}", 404)
