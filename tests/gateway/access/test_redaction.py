"""An event over several clusters, at every door, for who may see all, one, or none of them."""

import json
from collections.abc import AsyncGenerator

import httpx
import pytest

from contracts.incidents import NOT_SHOWN
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.gateway.access.doors import Doors, doors_on, events_of, over_both, read_stream
from tests.gateway.access.world import MARK, World
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

TYPE = "INCIDENT_OPENED"


@pytest.fixture(scope="module")
async def doors(platform: Platform, world: World) -> AsyncGenerator[Doors]:
    async with doors_on(platform, world) as served:
        yield served


@pytest.fixture(scope="module")
async def sequence(platform: Platform, world: World) -> int:
    """Of the event that is about both clusters."""
    stored = await store(platform.gate.log, over_both(world))
    await platform.settle()
    return stored.sequence


@pytest.fixture
async def viewer(platform: Platform, world: World) -> AsyncGenerator[httpx.AsyncClient]:
    async with platform.client(await world.token(Role.VIEWER, everywhere=False)) as client:
        yield client


def _assert_redacted(world: World, event: Json) -> None:
    text = json.dumps(event)
    assert MARK not in text
    assert world.foreign.id not in text
    assert event["redacted"] is True
    assert event["cluster_id"] is None
    payload = event["payload"]
    assert [each["cluster_id"] for each in payload["added"]] == [world.mine.id]
    assert payload["added"][0]["name"] == world.mine.name
    assert payload["incident"]["cluster_ids"] == [world.mine.id]
    assert payload["incident"]["title"] == payload["reason"] == NOT_SHOWN


def _assert_whole(world: World, event: Json) -> None:
    assert not event.get("redacted")
    assert len(event["payload"]["added"]) == 2
    assert MARK in event["payload"]["incident"]["title"]


async def _events(client: httpx.AsyncClient, path: str, **query: str) -> list[Json]:
    answer = await client.get(f"{API}{path}", params={"event_type": TYPE, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_the_list_of_events(
    platform: Platform, world: World, viewer: httpx.AsyncClient, sequence: int
) -> None:
    alone = {"since_sequence": str(sequence - 1)}
    for query in (alone, alone | {"cluster_id": world.mine.id}):
        (mine,) = await _events(viewer, "/events", **query)
        assert mine["sequence"] == sequence
        _assert_redacted(world, mine)
    for query in (
        alone,
        *(alone | {"cluster_id": each.id} for each in (world.mine, world.foreign)),
    ):
        (whole,) = await _events(platform.http, "/events", **query)
        _assert_whole(world, whole)


async def test_the_list_keeps_its_order_and_its_pages(
    platform: Platform, world: World, viewer: httpx.AsyncClient, sequence: int
) -> None:
    """Events of a cluster and events about several stand in one order."""
    for order in ("asc", "desc"):
        seen, cursor = list[int](), ""
        while cursor is not None:
            query = {"order": order, "limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = (await viewer.get(f"{API}/events", params=query)).json()
            seen += [each["sequence"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert seen == sorted(set(seen), reverse=order == "desc")
        assert sequence in seen
        assert world.foreign.sequence not in seen
        assert world.mine.sequence in seen


async def test_one_event_and_what_led_to_it(
    platform: Platform, world: World, viewer: httpx.AsyncClient, sequence: int
) -> None:
    for path in (f"{API}/events/{sequence}", f"{API}/events/{sequence}/causes"):
        mine, whole = (await viewer.get(path)).json(), (await platform.http.get(path)).json()
        _assert_redacted(world, mine.get("event", mine))
        _assert_whole(world, whole.get("event", whole))


async def test_who_sees_none_of_its_clusters_sees_nothing_of_it(
    platform: Platform, sequence: int
) -> None:
    elsewhere = (await platform.register(name=f"else-{new_id().hex[-8:]}"))["id"]
    async with platform.client(await platform.token(Role.VIEWER, elsewhere)) as client:
        refused(await client.get(f"{API}/events/{sequence}"), "EVENT_NOT_FOUND")
        assert await _events(client, "/events") == []
        assert TYPE not in (await client.get(f"{API}/events/export")).text


async def test_the_file_of_the_log(
    platform: Platform, world: World, viewer: httpx.AsyncClient, sequence: int
) -> None:
    for query in ({}, {"event_type": TYPE}, {"cluster_id": world.mine.id}):
        text = (await viewer.get(f"{API}/events/export", params=query)).text
        assert MARK not in text
        assert world.foreign.id not in text
        lines = [json.loads(line) for line in text.splitlines()[1:-1]]
        (told,) = [each["payload"] for each in lines if each["sequence"] == sequence]
        assert [each["cluster_id"] for each in told["added"]] == [world.mine.id]
    query = {"cluster_id": world.foreign.id, "event_type": TYPE}
    whole = (await platform.http.get(f"{API}/events/export", params=query)).text
    assert str(sequence) in whole
    assert world.mine.id in whole


async def test_the_live_stream_and_what_it_catches_up_with(
    platform: Platform, world: World, doors: Doors
) -> None:
    token = await world.token(Role.VIEWER, everywhere=False)
    headers = {"authorization": f"Bearer {token}"}
    asked = {"event_types": [TYPE, "CNF_STATUS_CHANGED"]}
    async with (
        doors.listen(token) as one,
        doors.listen(platform.admin) as all_of_it,
        doors.stream(headers, asked) as answer,
    ):
        for each in (one, all_of_it):
            await each.say(type="subscribe", subscription=asked)
            await each.find("caught_up")
        news = await doors.news()
        for each in (one, all_of_it):
            await each.until_event(news.before)
        streamed = await read_stream(answer, news.before)
    async with doors.listen(token) as late:
        await late.say(type="subscribe", subscription=asked | {"since_sequence": news.first - 1})
        await late.find("caught_up")
    for frames in (one.heard, streamed, late.heard):
        (event,) = _of_type(frames)
        _assert_redacted(world, event)
    (whole,) = _of_type(all_of_it.heard)
    _assert_whole(world, whole)


async def test_a_replay(world: World, doors: Doors, sequence: int) -> None:
    async with doors.listen(await world.token(Role.VIEWER, everywhere=False)) as one:
        window = {"type": "replay", "id": "r", "from": "2020-01-01T00:00:00Z", "speed": "max"}
        await one.say(**window, filters={"event_types": [TYPE]})
        while (await one.find("replay_state"))["state"] != "ended":
            pass
    found = {each["sequence"]: each for each in _of_type(one.heard)}
    _assert_redacted(world, found[sequence])


def _of_type(frames: list[Json]) -> list[Json]:
    return [each for each in events_of(frames) if each["event_type"] == TYPE]
