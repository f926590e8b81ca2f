"""Simulated clusters with network functions are told of as they are, over TLS, by each source."""

import time
from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from contracts.clusters import Checked
from contracts.cnf import ClockState, CnfArea, CnfSource, CnfStatusChanged, PtpRole
from deploy.simulator.cluster import Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.incidents import Incident
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from services.runtime.vault.logins import Login, Logins, origin_of
from tests.services.cnf.looking import Hub

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

EDGE, MUTE, FAR_EDGE = "edge-1", "edge-2", "far-edge-1"
"""One with metrics of all kinds, one without those of network functions, one that is far away."""
_SECONDS = 1_000.0


@pytest.fixture
async def fleet() -> AsyncGenerator[Running]:
    async with simulating(Fleet.make(12, seed=7), Options(bad_tls=False)) as running:
        for cluster in running.clusters.values():
            for incident in Incident:
                cluster.happen(incident, 0)
        yield running


def begin(cluster: RunningCluster, incident: Incident, progress: float) -> None:
    """Let something be under way, so much of it being over."""
    began = time.time() - progress * _SECONDS
    cluster.simulated.cluster.stage.order(incident, began, _SECONDS)


async def registered(hub: Hub, fleet: Running, cluster: RunningCluster) -> UUID:
    """A simulated cluster in the fleet, with all its logins."""
    url = cluster.backend_url(Part.PROMETHEUS)
    assert url is not None
    found = await hub.cluster(
        kind=cluster.simulated.cluster.cluster_type,
        login=False,
        endpoints={"prometheus_url": url},
        api_server_url=cluster.api_url,
    )
    trust = Login(origin=origin_of(cluster.api_url), ca=fleet.authority.pem.decode())
    token = cluster.backend_token(Part.PROMETHEUS)
    logins = Logins(
        with_token(trust, cluster.account("operator").token),
        {Checked.PROMETHEUS: with_token(trust, token)},
    )
    await hub.give(found, logins)
    return found


def with_token(login: Login, token: str | None) -> Login:
    return Login(origin=login.origin, ca=login.ca, token=token)


async def told(hub: Hub, cluster_id: UUID, area: CnfArea) -> list[CnfStatusChanged]:
    return [each for each in await hub.events(cluster_id) if each.area is area]


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        (EDGE, ("KUBERNETES", "METRICS", "KUBERNETES", "METRICS")),
        (MUTE, ("KUBERNETES", "EXEC", "KUBERNETES", "EXEC")),
        (FAR_EDGE, ("METRICS", "METRICS", "METRICS", "METRICS")),
    ],
)
async def test_each_source_tells_of_the_same(
    hub: Hub, fleet: Running, name: str, sources: tuple[str, ...]
) -> None:
    cluster = fleet.cluster(name)
    found = await hub.sample(await registered(hub, fleet, cluster))
    assert found.missing == {}
    areas = ("workloads", "ptp", "sriov", "dpdk")
    assert found.sources == dict(zip(areas, map(CnfSource, sources), strict=True))
    kinds = cluster.simulated.cluster.traits.cnf
    assert {each.pod.partition("-")[0] for each in found.workloads or ()} == {*kinds}
    assert {each.ready for each in found.workloads or ()} == {True}
    clocks = [each for each in found.ptp or () if each.interface.startswith("ens1f")]
    assert {each.clock_state for each in clocks} - {None} == {ClockState.LOCKED}
    assert {each.role for each in clocks} == {PtpRole.SLAVE}
    assert len({each.node_name for each in clocks}) == cluster.simulated.cluster.traits.cnf_nodes
    for each in found.sriov or ():
        assert each.resource_name in {"openshift.io/fronthaul", "openshift.io/midhaul"}
        assert each.allocatable_vfs == each.total_vfs
        assert each.used_vfs is not None
    assert sum(each.used_vfs or 0 for each in found.sriov or ()) > 0
    assert {len(each.ports) for each in found.dpdk or ()} == {2}
    assert all(port.rx_packets for each in found.dpdk or () for port in each.ports)


@pytest.mark.parametrize("name", [EDGE, MUTE, FAR_EDGE])
async def test_what_goes_wrong_is_told_and_that_it_is_over(
    hub: Hub, fleet: Running, name: str
) -> None:
    cluster = fleet.cluster(name)
    cluster_id = await registered(hub, fleet, cluster)
    await hub.look(cluster_id)
    assert await hub.events(cluster_id) == []
    wrong = (Incident.PTP_DRIFT, Incident.VF_SHORTAGE, Incident.POD_CRASH)
    for incident in wrong:
        begin(cluster, incident, 0.3)
    await hub.look(cluster_id)
    assert {each.new_state for each in await told(hub, cluster_id, CnfArea.PTP)} == {"HOLDOVER"}
    assert {each.new_state for each in await told(hub, cluster_id, CnfArea.SRIOV)} == {"EXHAUSTED"}
    (crash,) = await told(hub, cluster_id, CnfArea.WORKLOAD)
    assert (crash.old_state, crash.new_state) == ("RUNNING", "CRASHING")
    begin(cluster, Incident.PTP_DRIFT, 0.6)
    await hub.look(cluster_id)
    for incident in wrong:
        cluster.happen(incident, 0)
    await hub.look(cluster_id)
    *_, last = await told(hub, cluster_id, CnfArea.PTP)
    assert (last.old_state, last.new_state) == ("FREERUN", "LOCKED")
    *_, last = await told(hub, cluster_id, CnfArea.SRIOV)
    assert last.new_state == "AVAILABLE"
    *_, last = await told(hub, cluster_id, CnfArea.WORKLOAD)
    assert last.new_state == "RUNNING"
