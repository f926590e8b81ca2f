"""Dead letters over REST: found, looked at without secrets, retried and given up."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from gateway.rest.documented_operations import DeadLetterItem, DeadLetterList
from services.runtime import dead_letters
from services.runtime.bus import Bus
from services.runtime.dead_letters import Failure
from services.runtime.ids import new_id
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

PATH = f"{API}/dead-letters"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _failure(**changes: Any) -> Failure:
    message_id = str(new_id())
    return replace(
        Failure(
            stream="CMD",
            consumer="clusters",
            subject="cmd.gateway.clusters.refresh_cluster",
            headers={"ce-actor": "ada"},
            data=json.dumps({"cluster_id": str(new_id())}).encode(),
            error="ValueError after 6 tries",
            message_id=message_id,
            sequence=7,
        ),
        **changes,
    )


@pytest.fixture
async def bus(platform: Platform) -> AsyncGenerator[Bus]:
    """The bus, without letters of other tests."""
    yield platform.gate.runtime.bus
    async for letter in dead_letters.letters(platform.gate.runtime.bus):
        await dead_letters.drop(platform.gate.runtime.bus, letter.sequence)


async def _listed(platform: Platform, **query: Any) -> Json:
    told = await platform.list("/dead-letters", **query)
    DeadLetterList.model_validate(told)
    return told


async def test_a_letter_says_what_failed_where_and_why(platform: Platform, bus: Bus) -> None:
    await dead_letters.bury(bus, _failure(), NOON)
    (letter,) = (await _listed(platform))["items"]
    assert (letter["stream"], letter["consumer"]) == ("CMD", "clusters")
    assert letter["subject"] == "cmd.gateway.clusters.refresh_cluster"
    assert (letter["original_sequence"], letter["error"]) == (7, "ValueError after 6 tries")
    assert letter["failed_at"] == "2026-01-01T12:00:00Z"
    assert not letter["truncated"]
    assert "cluster_id" in letter["body"]
    one = await platform.list(f"/dead-letters/{letter['id']}")
    assert DeadLetterItem.model_validate(one)
    assert one == letter


async def test_all_of_many_are_found_part_by_part(platform: Platform, bus: Bus) -> None:
    for number in range(300):
        await dead_letters.bury(bus, _failure(error=f"e{number}"), NOON)
    errors: list[str] = []
    cursor = None
    while True:
        told = await _listed(platform, limit=70, **({"cursor": cursor} if cursor else {}))
        errors += [each["error"] for each in told["items"]]
        cursor = told["next_cursor"]
        if cursor is None:
            break
        assert len(told["items"]) == 70
    assert errors == [f"e{number}" for number in range(300)]


async def test_letters_are_chosen_by_stream_consumer_and_time(platform: Platform, bus: Bus) -> None:
    await dead_letters.bury(bus, _failure(error="a"), NOON)
    await dead_letters.bury(bus, _failure(error="b", consumer="alerts"), NOON)
    reaction = _failure(error="c", stream="EVT", consumer="discovery_discover")
    await dead_letters.bury(bus, reaction, NOON + timedelta(hours=1, microseconds=1))

    async def chosen(**query: Any) -> list[str]:
        return [each["error"] for each in (await _listed(platform, **query))["items"]]

    assert await chosen(stream="CMD") == ["a", "b"]
    assert await chosen(consumer="alerts") == ["b"]
    assert await chosen(stream="EVT", consumer="alerts") == []
    assert await chosen(since="2026-01-01T13:00:00Z") == ["c"]
    assert await chosen(since="2026-01-01T14:00:00+02:00") == ["a", "b", "c"]
    assert await chosen(since="2026-01-01T13:00:00.000002Z") == []
    assert await chosen(since="9999-12-31T23:59:59-14:00") == []
    assert await chosen(since="0001-01-01T00:00:00+14:00") == ["a", "b", "c"]
    assert await chosen(stream="*", consumer=">") == [], "filters are names, not patterns"


async def test_a_body_is_shown_up_to_a_bound_and_never_with_secrets(
    platform: Platform, bus: Bus
) -> None:
    body = {
        "cluster_id": "c",
        "client_secret": "hunter2hunter2",
        "nested": [{"Api-Key": "hunter2hunter2", "apiKey": {"a": "hunter2hunter2"}}],
        "url": "https://ada:hunter2hunter2@host/path",
        "header": "Authorization: Bearer hunter2hunter2",
        "long": "x" * 10_000,
    }
    failure = _failure(
        data=json.dumps(body).encode(), error="no way to https://ada:hunter2hunter2@host"
    )
    await dead_letters.bury(bus, failure, NOON)
    (letter,) = (await _listed(platform))["items"]
    assert letter["truncated"]
    assert len(letter["body"]) == 2000
    assert letter["body_bytes"] == len(failure.data)
    one = await platform.list(f"/dead-letters/{letter['id']}")
    assert not one["truncated"]
    assert json.loads(one["body"])["cluster_id"] == "c"
    assert json.loads(one["body"])["url"] == "https://***@host/path"
    for told in (letter, one):
        assert "hunter2" not in json.dumps(told)


@pytest.mark.parametrize(
    "body",
    [b"password=hunter2hunter2", b'{"password": "hunter2', b"\xff", b"[" * 5000, b"[" * 90_000],
)
async def test_what_cannot_be_read_is_not_shown(platform: Platform, bus: Bus, body: bytes) -> None:
    await dead_letters.bury(bus, _failure(data=body), NOON)
    (letter,) = (await _listed(platform))["items"]
    assert (letter["body"], letter["body_bytes"], letter["truncated"]) == (None, len(body), True)


async def test_a_retried_command_is_handled_again_and_leaves_the_list(
    platform: Platform, bus: Bus
) -> None:
    cluster = await platform.register()
    data = json.dumps({"cluster_id": cluster["id"]}).encode()
    failure = _failure(data=data)
    await dead_letters.bury(bus, failure, NOON)
    (letter,) = (await _listed(platform))["items"]
    answer = await platform.http.post(f"{PATH}/{letter['id']}/retry")
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "accepted"

    async def handled() -> httpx.Response | None:
        outcome = await platform.http.get(f"{API}/commands/{failure.message_id}")
        return outcome if outcome.status_code == 200 else None

    outcome = await eventually(handled, within=20)
    assert outcome is not None
    assert outcome.json()["outcome"] in {"accepted", "refused"}
    assert (await _listed(platform))["items"] == []
    (marked,) = (await _listed(platform, retried=True))["items"]
    assert marked["retried"]
    refused(await platform.http.post(f"{PATH}/{letter['id']}/retry"), "DEAD_LETTER_NOT_FOUND")
    refused(await platform.http.post(f"{PATH}/{marked['id']}/retry"), "DEAD_LETTER_NOT_FOUND")


async def test_a_dropped_letter_is_gone(platform: Platform, bus: Bus) -> None:
    await dead_letters.bury(bus, _failure(), NOON)
    (letter,) = (await _listed(platform))["items"]
    answer = await platform.http.delete(f"{PATH}/{letter['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await _listed(platform, retried=True))["items"] == []
    for method, path in (("GET", ""), ("POST", "/retry"), ("DELETE", "")):
        gone = await platform.http.request(method, f"{PATH}/{letter['id']}{path}")
        refused(gone, "DEAD_LETTER_NOT_FOUND")


@pytest.mark.parametrize("letter", ["0", "999999", str(2**63 - 1), str(2**63), "9" * 40])
async def test_an_unknown_letter_is_not_found(platform: Platform, letter: str) -> None:
    for method, path in (("GET", ""), ("POST", "/retry"), ("DELETE", "")):
        answer = await platform.http.request(method, f"{PATH}/{letter}{path}")
        refused(answer, "DEAD_LETTER_NOT_FOUND")


@pytest.mark.parametrize("cursor", ["", "x", "-1", "٣", "9" * 19])
async def test_a_cursor_that_nobody_gave_is_refused(platform: Platform, cursor: str) -> None:
    refused(await platform.http.get(PATH, params={"cursor": cursor}), "VALIDATION_FAILED")
