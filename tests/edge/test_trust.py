"""A site is believed for its own clusters alone, and its server can do the hub no harm."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import Event
from services.runtime import streams
from services.runtime.answers import BusUnavailable
from services.runtime.bus import Bus, connect
from services.runtime.log import EventLog
from services.runtime.process import Runtime
from tests.edge.acting import at_hub, circuit, counted, linking, numbers, register
from tests.edge.kit import SITE, Ends
from tests.kit import builders
from tests.kit.runtime import eventually, store

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.fixture
async def taken_over_by_others(ends: Ends) -> AsyncGenerator[Bus]:
    """The site's server obeys whoever has all rights there."""
    bus = await connect(ends.site.server.nats("setup"), "test")
    yield bus
    await bus.close()


async def _events(bus: Bus) -> int:
    return int((await bus.api(f"STREAM.INFO.{streams.EVENTS}"))["state"]["last_seq"])


def _told(log: EventLog, subject: str, event: Event) -> tuple[str, bytes, dict[str, str]]:
    """An event as an append would write it, under any subject."""
    headers = {
        "ce-type": event.names.type,
        "ce-id": str(UUID(int=1)),
        "ce-time": "2026-01-01T12:00:00Z",
        "ce-source": "/services/telemetry",
        "ce-actor": "service:telemetry",
        "ce-correlationid": str(UUID(int=2)),
        "ce-causationid": str(UUID(int=2)),
        "ce-commandid": str(UUID(int=2)),
    }
    del log
    return subject, event.model_dump_json().encode(), headers


@pytest.mark.usefixtures("link")
async def test_what_is_not_the_sites_to_tell_stays_outside(
    hub: Runtime, site: Runtime, taken_over_by_others: Bus
) -> None:
    own, sound = await register(hub), await register(hub)
    other = await register(hub, site="hub")
    foreign = builders.circuit_opened(cluster_id=other)
    mine = builders.circuit_opened(cluster_id=own)
    key = mine.key
    bad: list[tuple[str, bytes, dict[str, str]]] = [
        _told(site.log, f"evt.{other}.backend_circuit.{foreign.key.id}.opened", foreign),
        _told(site.log, f"evt.{own}.backend_circuit.{key.id}.opened", foreign),
        _told(site.log, f"evt.{own}.backend_circuit.{key.id}.closed", mine),
        _told(site.log, f"evt.{own}.backend_circuit.{key.id}.opened.3", mine),
        _told(site.log, f"evt.{own}.cluster.{own}.deleted.9", builders.deleted(cluster_id=own)),
        (f"evt.{own}.backend_circuit.{key.id}.opened", b"{", {"ce-type": mine.names.type}),
        (f"evt.{own}.backend_circuit.{key.id}.opened", b"{}", {}),
        (f"evt.{own}.backend_circuit", b"", {}),
    ]
    for subject, body, headers in bad:
        await taken_over_by_others.publish(subject, body, headers)
    before = await _events(hub.bus)
    refused = counted("aiops_edge_refused_total", site=SITE, stream="EVT")
    async with linking(hub):
        await store(site.log, circuit(sound, 0))

        async def arrived() -> bool:
            return numbers(hub.log, await at_hub(hub.log)) == [0]

        await eventually(arrived)
    assert await _events(hub.bus) == before + 1
    now = counted("aiops_edge_refused_total", site=SITE, stream="EVT")
    assert now - refused == len(bad)


@pytest.mark.usefixtures("link")
async def test_telemetry_comes_in_of_the_sites_clusters_alone(
    hub: Runtime, site: Runtime, taken_over_by_others: Bus
) -> None:
    own, other = await register(hub), await register(hub, site="hub")
    for cluster, told in ((other, other), (own, other), (own, own)):
        body = f'{{"cluster_id":"{told}"}}'.encode()
        await taken_over_by_others.publish(f"tel.health.{cluster}.-", body)
    await taken_over_by_others.publish("tel.x", b"{}")
    for broken in (b'{"cluster_id":"\xff"}', b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}"):
        await taken_over_by_others.publish(f"tel.gpu.{own}.broken", broken)
    await site.bus.publish(f"tel.gpu.{own}.node-1", b"{}")
    async with linking(hub):

        async def arrived() -> Any:
            return await hub.bus.get(streams.TELEMETRY, {"last_by_subj": "tel.gpu.>"})

        await eventually(arrived)
    found = await hub.bus.get_many(
        streams.TELEMETRY, {"seq": 1, "batch": 10, "next_by_subj": "tel.>"}
    )
    assert [each.subject for each in found] == [f"tel.health.{own}.-", f"tel.gpu.{own}.node-1"]


@pytest.mark.usefixtures("link")
@pytest.mark.parametrize(
    "subject",
    [
        "$JS.hub.API.STREAM.PURGE.EVT",
        "$JS.hub.API.STREAM.INFO.EVT",
        "$JS.hub.API.CONSUMER.CREATE.EVT.x",
        "$JS.hub.API.DIRECT.GET.EVT",
        "cmd.outside.clusters.delete_cluster",
        "cmd.gateway.clusters.delete_cluster",
        "qry.hub.x.query_metrics",
        "lease.edge.ship-8",
        "evt.x.cluster.x.deleted",
    ],
)
async def test_nothing_of_the_hub_answers_a_site(
    hub: Runtime, taken_over_by_others: Bus, subject: str
) -> None:
    await register(hub)
    before = await hub.bus.api("STREAM.LIST", {})
    async with linking(hub):
        try:
            answer = await taken_over_by_others.request(subject, b"{}", timeout=0.3)
        except BusUnavailable:
            pass
        else:
            # Only the site's own stream may have taken it.
            own = answer.headers is None and b'"domain":"ship-7"' in answer.data
            assert own or (answer.headers or {}).get("Status") == "503"
    after = await hub.bus.api("STREAM.LIST", {})
    states = [
        {s["config"]["name"]: s["state"] for s in told["streams"]} for told in (before, after)
    ]
    for name in ("EVT", "CMD"):
        assert states[0][name] == states[1][name]


@pytest.mark.usefixtures("link")
async def test_a_site_hears_nothing_that_is_not_for_it(
    hub: Runtime, taken_over_by_others: Bus
) -> None:
    heard: list[str] = []
    await taken_over_by_others.hear(">", lambda subject, _: heard.append(subject))
    await hub.bus.emit(f"qry.{SITE}.x.y", b"for you")
    async with linking(hub):
        await register(hub, site="hub")
        await hub.bus.publish("tel.gpu.x.y", b"{}")
        await hub.bus.emit("qry.hub.x.y", b"for others")
        await hub.bus.emit("qry.ship-8.x.y", b"for others")
        await hub.bus.emit("_R.somebody.1", b"for somebody")
        cluster = await register(hub)

        async def told() -> bool:
            return f"_H.{SITE}.{cluster}.cluster.{cluster}" in heard

        await eventually(told)
    ours = ("_R.", f"_H.{SITE}.", f"qry.{SITE}.", f"$JS.{SITE}.API.", "$JS.API.", "$SYS.", "$JS.E")
    assert [subject for subject in heard if not subject.startswith(ours)] == []
    assert "_R.somebody.1" not in heard
