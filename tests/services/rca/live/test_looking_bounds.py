"""A look at backends that are ill, slow or asked by many: bounded; what the others say stands."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any
from uuid import UUID

import pytest

from contracts.clusters import Checked
from contracts.envelope import Query
from contracts.incidents import Signal
from contracts.rca import RcaResult
from contracts.telemetry import DescribeLogs, QueryLogs
from services.rca.live import looking
from services.rca.live.asking import BYTES
from services.runtime.answering import Answering
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.replies import Asked
from services.runtime.service import QueryHandler
from services.runtime.settings import Settings
from services.telemetry.handlers import service
from tests.kit import builders
from tests.kit.live_backends import (
    Answer,
    Ill,
    Json,
    Lines,
    Pours,
    Speaking,
    Traced,
    hangs,
    loki,
    speaking,
    tempo,
    trickles,
)
from tests.kit.runtime import UNTRACED, running
from tests.services.rca.hub import Hub

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

POD = ("pod/shop/cart-7d9c6f5b8-x2x4z", "workload/shop/cart")
TOLD = {
    Checked.PROMETHEUS: "ROLLOUT_BEGAN",
    Checked.LOKI: "LOG_PANIC",
    Checked.TEMPO: "ERRORS_BEGIN_HERE",
}
"""What each of them tells, if it is well."""
PATIENCE = 15.0
"""Seconds beyond its bound that an analysis may take on a busy machine."""


def _prometheus(now: float) -> Answer:
    """The cart was rolled out five minutes ago, and its pod is on a node."""
    found: Mapping[str, tuple[dict[str, str], str]] = {
        "kube_replicaset_created": ({"owner_name": "cart"}, str(int(now) - 300)),
        "kube_pod_info": ({"pod": "cart-7d9c6f5b8-x2x4z", "node": "worker-3"}, "1"),
    }

    def answer(path: str, asked: Mapping[str, str]) -> Json:
        is_moment = path.endswith("/query")
        result = [
            {"metric": labels | {"namespace": "shop"}, "value": [now, value]}
            for metric, (labels, value) in found.items()
            if is_moment and metric in asked.get("query", "")
        ]
        kind = "vector" if is_moment else "matrix"
        return {"status": "success", "data": {"resultType": kind, "result": result}}

    return answer


def _loki(now: float) -> Answer:
    labels = {"namespace": "shop", "pod": "cart-7d9c6f5b8-x2x4z"}
    return loki(Lines(labels, [(now - 200 + each, "panic: nil pointer") for each in range(12)]))


def _tempo(now: float) -> Answer:
    way = [("shop", "web"), ("shop", "cart")]
    failed = [Traced(f"{each:032x}", now - 200, way, fails_at=1) for each in range(1, 21)]
    return tempo(*failed, *(Traced(f"{each:032x}", now - 1_800, way) for each in range(101, 121)))


@dataclass
class Fleet:
    """Clusters with backends, a collector that reaches them, and a worker that looks for causes."""

    hub: Hub
    outside: Outside
    stack: AsyncExitStack
    now: float = field(default_factory=time.time)

    async def collects(self, routes: Mapping[type[Query], QueryHandler]) -> None:
        """A worker answers these questions from now on."""
        log = self.hub.log
        worker = Answering(
            "hub", "test", routes, log.bus, log, self.hub.settings, UNTRACED, self.outside
        )
        await self.stack.enter_async_context(running(worker.run))
        await log.bus.client.flush()

    async def speaks(self, answer: Answer, ill: Ill | None = None, pause: float = 0.0) -> Speaking:
        """A server until the end of the test."""
        return await self.stack.enter_async_context(speaking(answer, ill=ill, pause=pause))

    async def cluster(self, **endpoints: str) -> UUID:
        """A new cluster, of which the hub tells from now on."""
        self.hub.cluster = new_id()
        told = {f"{name}_url": url for name, url in endpoints.items()}
        await self.hub.happens(builders.registered(id=self.hub.cluster, endpoints=told))
        return self.hub.cluster

    async def with_all(self, ill: Mapping[Checked, Ill]) -> UUID:
        """A new cluster with all three, of which some are ill."""
        answers = {
            Checked.PROMETHEUS: _prometheus(self.now),
            Checked.LOKI: _loki(self.now),
            Checked.TEMPO: _tempo(self.now),
        }
        urls = {
            each.value.lower(): (await self.speaks(answers[each], ill.get(each))).url
            for each in answers
        }
        return await self.cluster(**urls)

    async def fires(self) -> Signal:
        """An alert of the cluster that was made last."""
        return await self.hub.fires("HighErrorRate", *POD, after=-250)

    async def incident(self, *signals: Signal) -> UUID:
        """One of these signals, or of one, to which another one comes now."""
        incident = await self.hub.opens(*(signals or [await self.fires()]))
        await self.hub.grows(incident, await self.fires(), last_signal_at=self.hub.now())
        return incident


@pytest.fixture
async def fleet(log: EventLog, bus_settings: Settings) -> AsyncGenerator[Fleet]:
    outside = Outside(bus_settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(outside.close)
        made = Fleet(Hub(log, bus_settings), outside, stack)
        yield made


def _failures(found: RcaResult, cluster: UUID) -> dict[Checked, str]:
    """By backend the code of what failed, empty where nothing did."""
    return {
        each.backend: each.failure.partition(":")[0]
        for each in found.live.looks
        if each.cluster_id == cluster
    }


def _seen(found: RcaResult, cluster: UUID) -> set[str]:
    return {each.name for each in found.live.seen if each.cluster_id == cluster}


async def test_a_backend_that_hangs_is_named_and_what_the_others_said_stands(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One incident of three clusters, in each of which another backend hangs."""
    monkeypatch.setattr(looking, "SECONDS", 5.0)
    await fleet.collects(service.queries)
    ill: dict[UUID, Checked] = {}
    signals: list[Signal] = []
    for backend in TOLD:
        ill[await fleet.with_all({backend: hangs})] = backend
        signals.append(await fleet.fires())
    incident = await fleet.incident(*signals)
    async with asyncio.timeout(5.0 + PATIENCE):
        found = await fleet.hub.ask(incident_id=incident)
    for cluster, backend in ill.items():
        told = dict.fromkeys(TOLD, "") | {backend: "QUERY_TIMEOUT"}
        assert _failures(found, cluster) == told
        assert _seen(found, cluster) == {TOLD[each] for each in TOLD if each is not backend}
    assert "Not all was seen" in found.explanation


async def test_where_pods_are_is_told_though_traces_take_too_long(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "SECONDS", 4.0)
    await fleet.collects(service.queries)
    metrics = await fleet.speaks(_prometheus(fleet.now))
    # Each in time, all of them not.
    slow = await fleet.speaks(_tempo(fleet.now), pause=1.2)
    cluster = await fleet.cluster(prometheus=metrics.url, tempo=slow.url)
    incident = await fleet.incident()
    async with asyncio.timeout(4.0 + PATIENCE):
        found = await fleet.hub.ask(incident_id=incident)
    assert _failures(found, cluster) == {Checked.PROMETHEUS: "", Checked.TEMPO: "QUERY_TIMEOUT"}
    assert [each.node for each in found.live.placed] == ["node/worker-3"]


async def test_in_a_storm_no_more_than_two_look_at_once_and_all_are_told(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "SECONDS", 60.0)
    await fleet.collects(service.queries)
    servers: list[tuple[Speaking, Speaking]] = []
    incidents: list[UUID] = []
    for _ in range(10):
        asked = (
            await fleet.speaks(_loki(fleet.now), pause=0.1),
            await fleet.speaks(_tempo(fleet.now), pause=0.1),
        )
        servers.append(asked)
        await fleet.cluster(loki=asked[0].url, tempo=asked[1].url)
        incidents.append(await fleet.incident())
    told = await asyncio.gather(*(fleet.hub.looks_at(each) for each in incidents))
    for (found,) in told:
        assert _failures(found, found.cluster_ids[0]) == {Checked.LOKI: "", Checked.TEMPO: ""}
    assert _most_at_once(servers) == 2


def _most_at_once(servers: Sequence[tuple[Speaking, ...]]) -> int:
    """Of how many clusters the first request had begun, and the last one not ended."""
    changes: list[tuple[float, int]] = []
    for each in servers:
        requests = [request for server in each for request in server.requests]
        changes.append((min(one.began for one in requests), 1))
        changes.append((max(one.ended for one in requests), -1))
    return max(accumulate(change for _, change in sorted(changes)))


async def test_a_storm_whose_backends_hang_is_told_as_soon_as_one_incident(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "SECONDS", 6.0)
    await fleet.collects(service.queries)
    hung = await fleet.speaks(_loki(fleet.now), hangs)
    incidents: list[UUID] = []
    for _ in range(10):
        await fleet.cluster(loki=hung.url)
        incidents.append(await fleet.incident())
    # One pair after the other would take 30 s.
    async with asyncio.timeout(6.0 + PATIENCE):
        told = await asyncio.gather(*(fleet.hub.looks_at(each) for each in incidents))
    for (found,) in told:
        assert _failures(found, found.cluster_ids[0]) == {Checked.LOKI: "QUERY_TIMEOUT"}
        assert "Not all was seen" in found.explanation
        assert found.causes


async def test_an_answer_that_trickles_and_one_that_does_not_end_are_cut_off(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "SECONDS", 5.0)
    await fleet.collects(service.queries)
    pours = Pours(50_000_000)
    cluster = await fleet.with_all({Checked.LOKI: pours, Checked.TEMPO: trickles})
    incident = await fleet.incident()
    async with asyncio.timeout(5.0 + PATIENCE):
        found = await fleet.hub.ask(incident_id=incident)
    assert _failures(found, cluster) == {
        Checked.PROMETHEUS: "",
        Checked.LOKI: "LIMIT_REACHED",
        Checked.TEMPO: "QUERY_TIMEOUT",
    }
    assert _seen(found, cluster) == {"ROLLOUT_BEGAN"}
    # What lies in the buffers of sockets was written as well.
    assert BYTES < pours.poured < pours.size / 2


async def test_a_site_in_wrong_hands_cannot_make_an_analysis_hold_more_than_it_wants(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its collector keeps to no budget; what it sends is not read to its end."""
    monkeypatch.setattr(looking, "SECONDS", 20.0)
    part, sent = b" " * 262_144, 0

    async def pour(_: Any, asked: Asked) -> Mapping[str, Any]:
        nonlocal sent
        while True:
            await asked.send(part)
            sent += len(part)

    await fleet.collects({DescribeLogs: pour, QueryLogs: pour})
    cluster = await fleet.cluster(loki="http://loki.example.com")
    found = await fleet.hub.ask(incident_id=await fleet.incident())
    assert _failures(found, cluster) == {Checked.LOKI: "LIMIT_REACHED"}
    assert BYTES <= sent < 2 * BYTES
