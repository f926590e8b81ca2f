"""A log leaves one hub as a file and makes another: it shows the same, and does nothing."""

import io
import json
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from pydantic import SecretStr

from contracts.refusals import Code, Refused
from deploy.platform import PROJECTIONS, part
from deploy.run import may_act
from gateway.app import build
from gateway.gate import Gate
from gateway.middleware import Front
from gateway.process import open_gate
from gateway.rest.as_of import READS
from services.runtime import process, setup
from services.runtime.access import TokenRequest
from services.runtime.principals import Role
from services.runtime.replay_file import Reader
from services.runtime.replay_loading import load
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from services.runtime.streams import EVENTS
from tests.kit.embedded import running_nats
from tests.kit.gateway import (
    API,
    ORIGIN,
    Json,
    Part,
    Platform,
    alert,
    fresh_database,
    refused,
)
from tests.kit.runtime import eventually, running, until
from tests.kit.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

EXPORT = f"{API}/events/export"
MEASURED = frozenset({"checked_at", "last_seen_at", "occurrences", "expires_at", "latency_ms"})
"""What telemetry tells: it is not in the log."""


async def export(platform: Platform, **query: Any) -> bytes:
    answer = await platform.http.get(EXPORT, params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


def told(text: bytes) -> list[Json]:
    """The events of a file that is whole."""
    reader = Reader(io.BytesIO(text))
    assert reader.check().events == text.count(b"\n") - 2
    return [json.loads(line) for line in text.splitlines()[1:-1]]


async def history(platform: Platform) -> list[str]:
    """A fleet to which things happen; the ids of its clusters."""
    clusters = [
        (await platform.register(labels={"team": f"t{number % 2}"}))["id"] for number in range(4)
    ]
    first, second, third, _ = clusters
    await platform.http.patch(f"{API}/clusters/{first}", json={"region": "eu-west"})
    await platform.report(first, *(alert(number) for number in range(30)))
    await platform.report(
        first, alert(3, status="resolved", endsAt="2026-01-01T13:00:00Z"), alert(4)
    )
    await platform.report(second, alert(1, labels={"severity": "warning", "namespace": "ran"}))
    await platform.http.delete(f"{API}/clusters/{third}")
    await platform.settle()
    return clusters


async def _has_all(gate: Gate, projection: str) -> bool:
    """Whether it has all that there is for it."""
    bus = gate.runtime.bus
    last = [await bus.get(EVENTS, {"last_by_subj": each}) for each in READS[projection]]
    end = max((each.sequence for each in last if each is not None), default=0)
    return await gate.positions.wait(projection, end, 0)


@asynccontextmanager
async def copy_on(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """What `aiops up --replay` runs: projections and gateway."""
    async with AsyncExitStack() as stack:
        projector = Part(settings, "projector")
        await projector.start()
        stack.push_async_callback(projector.stop)
        gate = await open_gate(settings)
        stack.push_async_callback(gate.runtime.close)
        stack.push_async_callback(gate.database.close)
        for projection in PROJECTIONS:
            await eventually(partial(_has_all, gate, projection))
        await stack.enter_async_context(running(gate.directory.run))
        await until(gate.directory.loaded.is_set)
        token = await gate.access.mint_token(TokenRequest("ada", Role.ADMIN))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(cast("Any", Front(build(gate), gate))),
            base_url=ORIGIN,
            headers={"authorization": f"Bearer {token[1]}"},
            timeout=30,
        )
        yield await stack.enter_async_context(client)


@pytest.fixture
def copy_settings(tmp_path: Path, postgres_server: Server, _template: str) -> Generator[Settings]:
    """A hub of its own, with nothing in it."""
    with (
        running_nats(tmp_path) as nats,
        fresh_database(postgres_server.url, _template) as url,
    ):
        yield Settings(
            data_dir=tmp_path,
            nats=NatsSettings(url=nats.url),
            database=DatabaseSettings(url=SecretStr(url)),
        )


def still(value: Any) -> Any:
    """Without what telemetry tells."""
    match value:
        case dict():
            fields = cast("dict[str, Any]", value)
            return {name: still(each) for name, each in fields.items() if name not in MEASURED}
        case list():
            return [still(each) for each in cast("list[Any]", value)]
        case _:
            return value


async def shown(client: httpx.AsyncClient, clusters: list[str], moment: str) -> dict[str, Any]:
    """Every list of a hub, now and as of a time."""
    lists = [
        "/clusters?page_size=100",
        "/fleet/summary",
        "/fleet/health",
        "/fleet/capabilities",
        "/alerts?page_size=100",
        "/alerts?state=RESOLVED",
        "/alerts/history?page_size=100",
        "/alerts/facets",
        "/events?limit=1000",
        "/events?limit=1000&order=desc&event_type=ALERT_FIRED",
        f"/events?limit=1000&to={moment}",
        f"/events?as_of={moment}&limit=1000",
        f"/clusters?page_size=100&as_of={moment}",
        f"/fleet/summary?as_of={moment}",
        *(f"/clusters/{each}" for each in clusters),
    ]
    found: dict[str, Any] = {}
    for path in lists:
        answer = await client.get(f"{API}{path}")
        body = answer.json()
        # Of a refusal the code: the rest is of the moment.
        found[path] = still(body) if answer.is_success else body["error"]["code"]
    return found


async def test_a_copy_shows_what_its_origin_does(
    platform: Platform, copy_settings: Settings
) -> None:
    clusters = await history(platform)
    text = await export(platform)
    events = told(text)
    moment = events[len(events) // 2]["time"][:26] + "Z"
    await setup.run(copy_settings)
    runtime = await process.start("workers", copy_settings)
    reader = Reader(io.BytesIO(text))
    assert await load(runtime.bus, reader, reader.check()) == len(events)
    assert not await may_act(part("workers"), runtime), "nothing is done about it here"
    assert await may_act(part("projector"), runtime)
    await runtime.close()
    async with copy_on(copy_settings) as client:
        copy = await shown(client, clusters, moment)
    origin = await shown(platform.http, clusters, moment)
    assert copy == origin
    gone = [path for path, answer in origin.items() if isinstance(answer, str)]
    assert gone == [f"/clusters/{clusters[2]}"], "what was deleted, and nothing else"


async def test_a_hub_with_a_log_of_its_own_is_no_copy(platform: Platform) -> None:
    await platform.register()
    bus = platform.gate.runtime.bus
    reader = Reader(io.BytesIO(await export(platform)))
    with pytest.raises(Refused) as error:
        await load(bus, reader, reader.check())
    assert error.value.code is Code.PRECONDITION_FAILED
    assert await may_act(part("workers"), platform.gate.runtime)


async def test_filters_of_an_export_are_those_of_the_log(platform: Platform) -> None:
    clusters = await history(platform)
    whole = await platform.list("/events", limit=1000)
    middle = whole["items"][len(whole["items"]) // 2]
    stored = await platform.gate.log.at(middle["sequence"])
    assert stored is not None
    moment = stored.time[:26] + "Z"
    for query in (
        {},
        {"event_type": ["ALERT_FIRED", "cluster_deleted"]},
        {"cluster_id": clusters[0]},
        {"cluster_id": clusters[0], "event_type": "ALERT_RESOLVED"},
        {"entity_type": "alert"},
        {"entity_type": "cluster", "entity_id": clusters[1]},
        {"since_sequence": middle["sequence"]},
        {"correlation_id": middle["correlation_id"]},
        {"from": moment},
        {"to": moment},
        {"from": moment, "to": moment},
        {"to": "2126-01-01T00:00:00Z", "since_sequence": 3},
    ):
        found = [event["sequence"] for event in told(await export(platform, **query))]
        listed = await platform.list("/events", limit=1000, **query)
        assert found == [item["sequence"] for item in listed["items"]], query
    one = told(await export(platform))[0]
    assert one["payload"] == whole["items"][0]["payload"]
    assert one["headers"]["ce-id"] == whole["items"][0]["event_id"]


async def test_the_first_line_says_what_was_asked_for(platform: Platform) -> None:
    query = {"from": "2026-01-01T00:00:00Z", "event_type": "ALERT_FIRED"}
    first = json.loads((await export(platform, **query)).splitlines()[0])
    assert first == {
        "format": "aiops.log",
        "version": 1,
        "hub": "hub",
        "from": "2026-01-01T00:00:00Z",
        "to": None,
        "filters": {"event_type": ["ALERT_FIRED"]},
        "whole_from": None,
    }


async def test_exports_that_make_no_sense_are_refused(platform: Platform) -> None:
    for query, code in (
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "VALIDATION_FAILED"),
        ({"from": "2026-01-02T00:00:00"}, "VALIDATION_FAILED"),
        ({"event_type": "NO_SUCH"}, "VALIDATION_FAILED"),
        ({"cluster_id": "x"}, "VALIDATION_FAILED"),
        ({"since_sequence": -1}, "VALIDATION_FAILED"),
    ):
        refused(await platform.http.get(EXPORT, params=query), code)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
async def test_a_token_of_some_clusters_sees_their_events_alone(
    platform: Platform, role: Role
) -> None:
    mine, other = [(await platform.register())["id"] for _ in range(2)]
    await platform.report(other, alert(900))
    async with platform.client(await platform.token(role, mine)) as client:
        listed = (await client.get(f"{API}/events", params={"limit": 1000})).json()["items"]
        assert {item["cluster_id"] for item in listed} == {mine}
        exported = told((await client.get(EXPORT)).content)
        assert [each["sequence"] for each in exported] == [item["sequence"] for item in listed]
        for path in ("/events", "/events/export"):
            query = {"cluster_id": other}
            refused(await client.get(f"{API}{path}", params=query), "PERMISSION_DENIED")
        foreign = (await platform.list("/events", cluster_id=other, limit=1))["items"][0]
        for path in (f"/events/{foreign['sequence']}", f"/events/{foreign['sequence']}/causes"):
            refused(await client.get(f"{API}{path}"), "EVENT_NOT_FOUND")
        own = listed[0]["sequence"]
        causes = (await client.get(f"{API}/events/{own}/causes")).json()
        told_of = [causes["event"], *causes["causes"], *causes["effects"]]
        assert {item["cluster_id"] for item in told_of} == {mine}


async def test_who_only_reports_alerts_reads_no_events(platform: Platform) -> None:
    async with platform.client(await platform.token(Role.INGEST)) as client:
        for path in ("/events", "/events/export", "/events/1", "/events/1/causes"):
            refused(await client.get(f"{API}{path}"), "PERMISSION_DENIED")


async def test_so_many_exports_are_made_at_once(platform: Platform) -> None:
    await platform.register()
    slots = platform.gate.exports
    for _ in range(slots.most):
        await export(platform)
    assert slots.free == slots.most, "each is given back"
    while slots.take():
        pass
    try:
        refused(await platform.http.get(EXPORT), "OVERLOADED")
    finally:
        while slots.free < slots.most:
            slots.give_back()
    await export(platform)


async def test_the_log_is_read_as_of_a_time_or_a_position(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, alert(1), alert(2))
    items = (await platform.list("/events", cluster_id=cluster))["items"]
    then = items[1]["sequence"]
    for order, expected in (("asc", items[:2]), ("desc", items[1::-1])):
        query = {"cluster_id": cluster, "as_of_sequence": then, "order": order}
        answer = await platform.http.get(f"{API}/events", params=query)
        assert answer.headers["x-as-of-sequence"] == str(then)
        assert answer.json()["items"] == expected
    stored = await platform.gate.log.at(then)
    assert stored is not None
    query = {"cluster_id": cluster, "as_of": stored.time[:26] + "Z"}
    assert (await platform.list("/events", **query))["items"][-1]["sequence"] >= then
    query["as_of"] = "2020-01-01T00:00:00Z"
    assert (await platform.list("/events", **query))["items"] == []
    query["as_of"] = "2126-01-01T00:00:00Z"
    refused(await platform.http.get(f"{API}/events", params=query), "VALIDATION_FAILED")
