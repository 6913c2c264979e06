"""Who may call the API: a key that counts, with the scopes the route asks for; everything else is a problem document."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.api.limits import Limits
from orchestrator import access
from orchestrator.contracts import Role
from storage.models import ApiKeyRow, PersonRow
from tests.api.api_house import ApiHouse, running
from tests.people import settle

NAME = re.compile(r"\{\w+\}")


async def test_a_key_acts_for_its_person_and_only_its_hash_is_kept(api: ApiHouse) -> None:
    me = await api.owner.json("GET", "/people/me")
    assert (me["id"], me["role"], me["zone"]) == (api.owner.person.id, "owner", "Europe/Berlin")
    row = api.rows(sa.select(ApiKeyRow.__table__).where(ApiKeyRow.id == api.owner.key_id))[0]
    assert api.owner.key not in str(row) and api.owner.key.startswith(row.prefix) and row.last_used_at is not None


NO_KEYS = ("", "Bearer", "Bearer x", "Basic bWpkXzE6eA==", "Bearer mjd_" + "A" * 43, "Bearer " + "é" * 43)


async def test_without_a_key_that_counts_nothing_is_told(api: ApiHouse) -> None:
    nobody = api.client()
    for header in NO_KEYS:
        answer = await nobody.get("/people/me", headers=[(b"Authorization", header.encode())] if header else None)
        assert (answer.status_code, answer.headers["content-type"], answer.headers["www-authenticate"]) == (401, "application/problem+json", "Bearer"), header
        assert answer.json()["field"] == "header.Authorization"


async def test_revoked_and_expired_keys_end_at_once_and_a_demoted_person_loses_scopes(api: ApiHouse) -> None:
    now, owner = api.house.clock.now(), api.owner.person
    over = api.client(api.key(owner, "tasks:read", lasts=timedelta(seconds=-1)).secret)
    assert (await over.get("/tasks")).status_code == 401
    made = api.key(owner, "admin")
    client = api.client(made.secret)
    assert (await client.get("/tasks")).status_code == 200
    api.house.database.write_now(lambda connection: connection.execute(sa.update(PersonRow).where(PersonRow.id == owner.id).values(role="member")))
    assert (await client.get("/tasks")).status_code == 403
    api.house.database.write_now(lambda connection: connection.execute(sa.update(PersonRow).where(PersonRow.id == owner.id).values(role="owner")))
    assert api.house.database.write_now(lambda connection: access.revoke(connection, api.other.person.id, made.key.id, now)) is None
    assert (await client.get("/tasks")).status_code == 200
    assert api.house.database.write_now(lambda connection: access.revoke(connection, owner.id, made.key.prefix, now)) is not None
    assert (await client.get("/tasks")).status_code == 401


async def test_guests_have_no_keys_and_members_do_not_administer(api: ApiHouse) -> None:
    guest = settle(api.house.database, role="guest", channel="telegram", external="77").person
    assert (guest.role, access.allowed_to(guest)) == (Role.GUEST, ())
    for person, scope in ((guest, "tasks:read"), (api.other.person, "admin"), (api.owner.person, "everything")):
        with pytest.raises(access.UnknownScope):
            api.key(person, scope)


async def test_every_route_asks_for_its_scopes(api: ApiHouse) -> None:
    """A key with every scope but those that bring the needed one is refused; `admin` alone is enough everywhere."""
    document = await api.owner.json("GET", "/openapi.json")
    asked: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for scope in operation.get("x-scopes", ()):
                asked.setdefault(scope, []).append(f"{method.upper()} {NAME.sub('x', path)}")
    assert set(asked) >= {"tasks:read", "tasks:write", "approvals:decide", "credentials:write", "settings:write", "statistics:read"}
    administrator = api.client(api.key(api.owner.person, "admin").secret)
    for scope, routes in asked.items():
        rest = tuple(name for name in access.SCOPES if name != "admin" and scope not in access.implied([name]))
        client = api.client(api.key(api.owner.person, *rest).secret)
        for route in routes:
            answer = await client.request(*route.split())
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:majordomo:problem:scope-missing"), route
            assert scope in answer.json()["detail"]
            if not route.endswith("/stream"):
                assert (await administrator.request(*route.split())).status_code != 403, route


async def test_only_our_own_host_is_served_and_no_other_site_may_read(api: ApiHouse) -> None:
    answer = await api.owner.client.get("/people/me", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["status"]) == (421, 421)
    answer = await api.owner.client.options("/tasks", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 405
    answer = await api.owner.client.get("/people/me", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cache-control"] == "no-store"


BAD_BODIES: tuple[tuple[bytes, int, str], ...] = (
    (b'{"text": "' + b"x" * 1_100_000 + b'"}', 413, "too-large"), (b'{"text": "hi", "slots": {"a": ' + b"[" * 30 + b"]" * 30 + b"}}", 400, "too-deep"),
    (b'{"text": "\\u0000"}', 400, "bad-text"), (b'{"text": "\\ud800"}', 400, "bad-text"), (b'{"slots": {"a": NaN}}', 400, "bad-number"),
    (b'{"slots": {"a": 1e999}}', 400, "bad-number"), (b"{", 422, "invalid"), (b"[]", 422, "invalid"), (b"\xff\xfe", 422, "invalid"), (b"[" * 100_000, 400, "too-deep"),
)  # fmt: skip


async def test_bodies_that_cannot_be_borne_are_refused_before_any_route(api: ApiHouse) -> None:
    for body, status, code in BAD_BODIES:
        for content in (body, pieces(body)):
            answer = await api.owner.client.post("/tasks", content=content, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["type"]) == (status, f"urn:majordomo:problem:{code}"), body[:40]
    assert (await api.owner.client.get("/tasks/%00")).status_code == 400


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


async def test_a_key_that_calls_too_often_is_told_when_to_come_back(folder: Path) -> None:
    async with running(folder, limits=Limits(calls=3, window=60.0, tell=lambda: 0.0), engine=False) as api:
        answers = [await api.owner.client.get("/people/me") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert (answers[3].headers["retry-after"], answers[3].headers["ratelimit-limit"], answers[3].headers["ratelimit-reset"]) == ("20", "3", "60")
        assert (await api.other.client.get("/people/me")).status_code == 200


async def test_the_description_is_whole(api: ApiHouse) -> None:
    async with httpx.AsyncClient(trust_env=False) as nobody:
        document = (await nobody.get(f"{api.address}/openapi.json")).json()
    assert (document["openapi"][:3], document["servers"]) == ("3.1", [{"url": "/api/v1"}])
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"
    ids = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids)) > 30
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["security"] and operation.get("description"), where
            assert operation["responses"]["404"]["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem"), where
