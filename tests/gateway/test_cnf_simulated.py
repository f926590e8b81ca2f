"""Simulated clusters with network functions, from what goes wrong in them to what REST shows."""

import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from contracts.clusters import ClusterType
from deploy.simulator.fleet import Fleet
from deploy.simulator.incidents import Incident
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from services.runtime.clock import SystemClock
from services.runtime.settings import Settings
from tests.kit.gateway import Json, Platform, platform_on
from tests.kit.runtime import eventually
from tests.kit.simulated import due, with_credentials

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

WRONG = (Incident.PTP_DRIFT, Incident.VF_SHORTAGE, Incident.DPDK_DROPS, Incident.POD_CRASH)
LISTS = ("workloads", "ptp/status", "sriov/status", "dpdk/stats")
_SECONDS = 1_000.0
_APART, _PATIENCE = 1.1, 30.0


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    async with simulating(Fleet.make(12, seed=7), Options(bad_tls=False)) as running:
        yield running


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    async with platform_on(platform_settings) as running:
        yield running


@dataclass
class Watched:
    """One cluster of the fleet, and what REST tells of it."""

    platform: Platform
    simulated: RunningCluster
    id: str
    looked: float = 0.0

    def happen(self, incident: Incident, progress: float) -> None:
        """It is under way, so much of it being over."""
        began = time.time() - progress * _SECONDS
        self.simulated.simulated.cluster.stage.order(incident, began, _SECONDS)

    async def read(self, path: str, **query: Any) -> Json:
        return await self.platform.list(f"/cnf/{path}", cluster_id=self.id, page_size=100, **query)

    async def shown(self, path: str, right: Callable[[Json], object], **query: Any) -> Json:
        """A list once it is as it should be; the cluster is looked at until then."""

        async def look() -> Json:
            page = await self.read(path, **query)
            if right(page):
                return page
            await self.look()
            return {}

        return await eventually(look, within=_PATIENCE)

    async def look(self) -> None:
        """Have it looked at, not so often that rates of packets say nothing."""
        if time.monotonic() - self.looked > _APART:
            self.looked = time.monotonic()
            await due(self.platform, "cnf", self.id)

    async def clocks(self, state: str) -> Json:
        """The clocks, once as many as one node has are in a state."""
        return await self.shown("ptp/status", lambda page: page["by_state"][state] > 0)

    async def passed(self, area: str, number: int) -> list[str]:
        """The states that events tell of, once there are so many; looked at until then."""

        async def look() -> list[str]:
            states = [state for _, _, state in await self.told(area)]
            if len(states) >= number:
                return states
            await self.look()
            return []

        return await eventually(look, within=_PATIENCE)

    async def told(self, area: str) -> list[tuple[str, str | None, str]]:
        """What events have told of it, in their order: of what, from which state to which."""
        asked = {"event_type": "CNF_STATUS_CHANGED", "cluster_id": self.id, "limit": 1000}
        page = await self.platform.list("/events", **asked)
        told = [each["payload"] for each in page["items"] if each["payload"]["area"] == area]
        return [(each["name"], each["old_state"], each["new_state"]) for each in told]


async def watched(platform: Platform, fleet: Running, kind: ClusterType, name: str) -> Watched:
    cluster = fleet.cluster(name)
    assert cluster.simulated.cluster.cluster_type is kind
    for incident in Incident:
        cluster.happen(incident, 0)
    found = await with_credentials(platform, fleet, cluster)
    return Watched(platform, cluster, found["id"])


@pytest.mark.parametrize(
    ("kind", "name", "objects"),
    [(ClusterType.EDGE, "edge-1", "KUBERNETES"), (ClusterType.FAR_EDGE, "far-edge-1", "METRICS")],
)
async def test_what_goes_wrong_in_a_cluster_is_shown_and_that_it_is_over(
    platform: Platform, fleet: Running, kind: ClusterType, name: str, objects: str
) -> None:
    cluster = await watched(platform, fleet, kind, name)
    await cluster.clocks("LOCKED")
    await _is_well(cluster, objects)
    well = SystemClock().now().isoformat()
    for incident in WRONG:
        cluster.happen(incident, 0.3)
    clock = await _goes_wrong(cluster)
    held = SystemClock().now().isoformat()
    cluster.happen(Incident.PTP_DRIFT, 0.6)
    await cluster.clocks("FREERUN")
    for incident in WRONG:
        cluster.simulated.happen(incident, 0)
    await cluster.shown("ptp/status", _all_locked)
    await _is_well(cluster, objects)
    await _is_told(cluster, clock)
    for at, states in ((well, ["LOCKED"]), (held, ["HOLDOVER", "LOCKED"])):
        page = await cluster.read("ptp/status", as_of=at)
        assert sorted({each["clock_state"] for each in page["items"]}) == states
        assert (await cluster.read("sriov/status", as_of=at, exhausted=True))["total"] == (
            0 if at == well else 2
        )


def _all_locked(page: Json) -> bool:
    return page["by_state"]["LOCKED"] == page["total"] > 0


async def _is_well(cluster: Watched, objects: str) -> None:
    pods = await cluster.shown("workloads", lambda page: page["by_state"]["CRASHING"] == 0)
    assert pods["by_state"]["RUNNING"] == pods["total"] > 0
    assert {each["source"] for each in pods["items"]} == {objects}
    clocks = await cluster.read("ptp/status")
    assert _all_locked(clocks), "a port counts as no clock"
    assert {each["source"] for each in clocks["items"]} == {"METRICS"}
    ports = {each["interface"]: each["ports"] for each in clocks["items"]}
    assert ports == {"CLOCK_REALTIME": [], "ens1fx": [{"interface": "ens1f0", "role": "SLAVE"}]}
    resources = await cluster.shown("sriov/status", lambda page: page["totals"]["exhausted"] == 0)
    assert resources["totals"]["used_vfs"] > 0
    packets = await cluster.shown("dpdk/stats", lambda page: page["totals"]["dropping"] == 0)
    assert {each["node_name"] for each in packets["items"]} <= {
        each["node_name"] for each in pods["items"]
    }
    for path in LISTS:
        assert (await cluster.read(path))["missing"] == [], path


async def _goes_wrong(cluster: Watched) -> str:
    """All of it is shown at the same time; gives the node whose clock it is."""
    clocks = await cluster.clocks("HOLDOVER")
    first, *_ = clocks["items"]
    assert (first["clock_state"], first["standing"]) == ("HOLDOVER", "HOLDOVER")
    (card,) = (each for each in clocks["items"] if each["ports"] and each["role"] != "SLAVE")
    assert (card["role"], card["ports"]) == (
        "FAULTY",
        [{"interface": "ens1f0", "role": "FAULTY"}],
    )
    resources = await cluster.read("sriov/status", exhausted=True)
    assert {each["free_vfs"] for each in resources["items"]} == {0}
    crashing = await cluster.read("workloads", state="CRASHING")
    assert [each["reason"] for each in crashing["items"]] == ["CrashLoopBackOff"]
    # Of two samples, both while packets are dropped.
    drops = await cluster.shown("dpdk/stats", lambda page: page["total"] > 0, dropping=True)
    assert [each["port"] for each in drops["items"]] == ["0"]
    assert drops["items"][0]["rx_dropped_per_second"] > 0
    assert await cluster.passed("DPDK", 1) == ["DROPPING"]
    return card["node_name"]


async def _is_told(cluster: Watched, node: str) -> None:
    """Each change once, and where it was so."""
    drift = [("LOCKED", "HOLDOVER"), ("HOLDOVER", "FREERUN"), ("FREERUN", "LOCKED")]
    clocks = await cluster.told("PTP")
    for interface in ("ens1fx", "CLOCK_REALTIME"):
        name = f"{node}/{interface}"
        assert [(old, new) for each, old, new in clocks if each == name] == drift
    assert {each.partition("/")[0] for each, _, _ in clocks} == {node}
    assert await cluster.passed("WORKLOAD", 2) == ["CRASHING", "RUNNING"]
    resources = await cluster.passed("SRIOV", 4)
    assert sorted(resources) == ["AVAILABLE"] * 2 + ["EXHAUSTED"] * 2
    assert await cluster.passed("DPDK", 2) == ["DROPPING", "OK"]
    past = await cluster.platform.list(
        "/cnf/ptp/history", cluster_id=cluster.id, node_name=node, interface="ens1fx", range="5m"
    )
    assert past["state"] is None, "it has just been registered"
    changes = [(each["old_state"], each["new_state"]) for each in past["changes"]]
    assert changes == [(None, "LOCKED"), *drift]
    assert {series["process"] for series in past["series"]} == {"ptp4l"}
