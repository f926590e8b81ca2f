"""GPUs of simulated clusters, over TLS and with their logins: what goes wrong there is told."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from contracts.clusters import Checked
from contracts.gpu import GpuMetric, GpuSource, GpuThresholdCrossed
from deploy.simulator.cluster import Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.incidents import Incident
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from services.gpu import handlers
from services.gpu.sampling import Sampler
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.settings import Settings
from services.runtime.vault.logins import Login, Logins, origin_of
from tests.kit import builders
from tests.services.gpu.sampled_hub import FakeCluster, Hub, another_process
from tests.services.telemetry.collecting import Collector, Later

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]
LASTING, STEP = 600, 30
"""Seconds of an incident, and between samples."""


@dataclass
class Simulation:
    """A fleet that shares its clock with us."""

    collector: Collector
    fleet: Running

    def cluster(self, *, dcgm: bool) -> RunningCluster:
        return next(
            each
            for each in self.fleet.clusters.values()
            if (traits := each.simulated.cluster.traits).gpu_nodes and traits.dcgm is dcgm
        )

    async def registered(self, cluster: RunningCluster) -> Hub:
        """With its logins."""
        prometheus = cluster.backend_url(Part.PROMETHEUS)
        assert prometheus is not None
        cluster_id = new_id()
        hub = Hub(self.collector, FakeCluster(), cluster_id)
        await hub.append(
            builders.registered(
                id=cluster_id,
                api_server_url=cluster.api_url,
                endpoints={"prometheus_url": prometheus},
            )
        )
        ca = self.fleet.authority.pem.decode()
        token = cluster.account("operator").token
        logins = Logins(
            Login(origin=origin_of(cluster.api_url), token=token, ca=ca),
            {
                Checked.PROMETHEUS: Login(
                    origin=origin_of(prometheus),
                    token=cluster.backend_token(Part.PROMETHEUS),
                    ca=ca,
                )
            },
        )
        await (await self.collector.outside.vault()).replace(cluster_id, logins.materials())
        await hub.append(
            builders.credentials_updated(
                cluster_id=cluster_id, credentials=builders.credentials(fingerprint=new_id().hex)
            )
        )
        return hub


@pytest.fixture
async def simulation(
    log: EventLog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Simulation]:
    outside = Outside(settings, "test")
    collector = Collector(log, settings, outside, Later())
    options = Options(bad_tls=False, clock=collector.clock)
    another_process(Hub(collector, FakeCluster(), new_id()), monkeypatch)
    monkeypatch.setattr(handlers, "_sampler", Sampler())
    async with simulating(Fleet.make(12, seed=7), options) as fleet:
        yield Simulation(collector, fleet)
    await outside.close()


@pytest.mark.parametrize(
    ("dcgm", "source", "reason", "lost"),
    [
        (True, GpuSource.DCGM, "are in the cluster's Prometheus", ["xid_error"]),
        (False, GpuSource.NVIDIA_SMI, "Prometheus has no metrics of dcgm-exporter", []),
    ],
)
async def test_incidents_are_told_whatever_the_source(
    simulation: Simulation, *, dcgm: bool, source: GpuSource, reason: str, lost: list[str]
) -> None:
    cluster = simulation.cluster(dcgm=dcgm)
    hub = await simulation.registered(cluster)
    now = simulation.collector.clock.now().timestamp()
    for incident in (Incident.GPU_LOST, Incident.GPU_HOT):
        cluster.simulated.cluster.stage.order(incident, now, LASTING)
    for _ in range(LASTING // STEP + 5):
        await hub.sample()
        hub.later(STEP)
    samples = await hub.samples()
    assert {each.source for each in samples} == {source}
    assert all(each.source_reason.endswith(reason) for each in samples)
    nodes = {each.node_name for each in samples}
    assert len(nodes) == cluster.simulated.cluster.traits.gpu_nodes
    assert len(samples) == len(nodes) * (LASTING // STEP + 5)
    told: dict[str, list[str]] = {}
    for event in await hub.events():
        told.setdefault(event.gpu_uuid, []).append(event.names.token)
    assert [*lost, "disappeared", "reappeared"] in told.values()
    crossed = [each for each in await hub.events() if isinstance(each, GpuThresholdCrossed)]
    assert {each.metric for each in crossed} >= {GpuMetric.TEMPERATURE}
    for uuid in {each.gpu_uuid for each in crossed}:
        last = next(each for each in reversed(crossed) if each.gpu_uuid == uuid)
        assert last.standing.raised == ()
