"""API tokens over REST: made, shown without their secret, used, revoked, and told of."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import rfc3339
from services.runtime.ids import new_id
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def _made(platform: Platform, key: str | None = None, **wanted: Any) -> Json:
    headers = {} if key is None else {"idempotency-key": key}
    body = {"name": f"bot-{new_id().hex[-8:]}", "role": "viewer"} | wanted
    answer = await platform.http.post(f"{API}/tokens", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def _known(platform: Platform, token_id: str) -> Json:
    found = (await platform.list("/tokens", page_size=100))["items"]
    (one,) = [each for each in found if each["id"] == token_id]
    return one


async def test_a_token_is_shown_once_and_listed_without_its_secret(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    ends = platform.gate.clock.now() + timedelta(days=90)
    made = await _made(platform, clusters=[cluster], expires_at=rfc3339(ends))
    secret = made.pop("token")
    assert await _known(platform, made["id"]) == made
    assert (made["clusters"], made["created_by"]) == ([cluster], "ada")
    assert (made["expires_at"], made["revoked_at"]) == (rfc3339(ends), None)
    async with platform.client(secret) as client:
        (seen,) = (await client.get(f"{API}/clusters")).json()["items"]
    assert seen["id"] == cluster
    assert secret not in (await platform.http.get(f"{API}/tokens")).text


async def test_when_it_was_used_last_is_told(platform: Platform) -> None:
    made = await _made(platform)
    async with platform.client(made["token"]) as client:
        assert (await client.get("/auth/me")).json()["user"] == made["name"]
    assert (await _known(platform, made["id"]))["last_used_at"] is None
    await platform.gate.access.keep_used()
    assert (await _known(platform, made["id"]))["last_used_at"] is not None


async def test_a_revoked_one_is_good_for_nothing_and_stays_in_the_list(platform: Platform) -> None:
    made = await _made(platform)
    async with platform.client(made["token"]) as client:
        assert (await client.get("/auth/me")).status_code == 200
        for _ in range(2):
            answer = await platform.http.delete(f"{API}/tokens/{made['id']}")
            assert answer.status_code == 204
        refused(await client.get("/auth/me"), "AUTH_FAILED")
    assert (await _known(platform, made["id"]))["revoked_at"] is not None


async def test_making_and_revoking_are_in_the_audit_log_once_each(platform: Platform) -> None:
    made = await _made(platform)
    for _ in range(2):
        await platform.http.delete(f"{API}/tokens/{made['id']}")

    async def told() -> list[Json]:
        found = (await platform.list("/audit", event_type=["TOKEN_CREATED", "TOKEN_REVOKED"]))[
            "items"
        ]
        mine = [each for each in found if each["payload"]["token_id"] == made["id"]]
        return mine if len(mine) >= 2 else []

    events = await eventually(told)
    assert [each["event_type"] for each in events] == ["TOKEN_REVOKED", "TOKEN_CREATED"]
    assert {each["actor"] for each in events} == {"ada"}
    assert made["token"].removeprefix("aiops_") not in str(events)


async def test_asked_for_again_it_is_the_same_token_with_another_secret(platform: Platform) -> None:
    """Whoever has not heard the first answer has a secret all the same, and no other is good."""
    key, name = new_id().hex, f"bot-{new_id().hex[-8:]}"
    one, other = [await _made(platform, key, name=name) for _ in range(2)]
    assert one["id"] == other["id"]
    async with platform.client(one["token"]) as lost, platform.client(other["token"]) as held:
        refused(await lost.get("/auth/me"), "AUTH_FAILED")
        assert (await held.get("/auth/me")).json()["user"] == name


@pytest.mark.parametrize(
    ("wrong", "code", "says"),
    [
        ({"name": "oidc:ada"}, "VALIDATION_FAILED", "without a colon"),
        ({"name": "two\nlines"}, "VALIDATION_FAILED", "one line"),
        ({"name": ""}, "VALIDATION_FAILED", "at least 1 character"),
        ({"role": "root"}, "VALIDATION_FAILED", "'admin', 'operator', 'viewer' or 'ingest'"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "VALIDATION_FAILED", "in the future"),
        ({"clusters": ["00000000-0000-4000-8000-000000000000"]}, "CLUSTER_NOT_FOUND", "no cluster"),
    ],
    ids=["colon", "lines", "nameless", "role", "past", "cluster"],
)
async def test_what_makes_no_sense_is_refused_in_words(
    platform: Platform, wrong: Json, code: str, says: str
) -> None:
    body = {"name": "bot", "role": "viewer"} | wrong
    answer = await platform.http.post(f"{API}/tokens", json=body)
    refused(answer, code)
    assert says in answer.text


async def test_what_there_is_not_cannot_be_revoked(platform: Platform) -> None:
    refused(await platform.http.delete(f"{API}/tokens/{new_id()}"), "TOKEN_NOT_FOUND")
