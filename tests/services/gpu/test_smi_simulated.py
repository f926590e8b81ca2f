"""All GPUs of a simulated fleet by nvidia-smi: over TLS, with every driver, MIG and pods."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.gpu import Attribution, Gpu, GpuProcess, GpuUpdate
from deploy.simulator import gpus
from deploy.simulator.faults import FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from services.gpu import smi_source
from services.gpu.dcgm_fields import throttle_reasons
from services.gpu.smi_source import Wanted
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.kube.failures import ApiFailure, ApiFailureKind
from services.runtime.outbound.clients import Outbound, Target
from tests.services.gpu.nodes import SPACE

pytestmark = pytest.mark.anyio

PLAIN = (
    "uuid",
    "index",
    "name",
    "memory_total_mb",
    "memory_used_mb",
    "memory_free_mb",
    "temperature_celsius",
    "memory_temperature_celsius",
    "power_draw_watts",
    "sm_clock_mhz",
    "throttle_reasons",
)
"""What is told as one value."""


@dataclass
class Still(SystemClock):
    """A clock whose hands do not move, so that values can be compared."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))  # noqa: TID251

    def now(self) -> datetime:
        return self.at


@dataclass
class Sampled:
    """A fleet, and samples of its clusters."""

    running: Running
    outbound: Outbound
    at: datetime

    @property
    def clusters(self) -> list[RunningCluster]:
        found = self.running.clusters.values()
        return [each for each in found if each.simulated.cluster.traits.gpu_nodes]

    async def of(self, cluster: RunningCluster, account: str = "operator") -> list[GpuUpdate]:
        target = Target(
            base_url=cluster.api_url,
            ca=self.running.authority.pem.decode(),
            token=cluster.account(account).token,
        )
        wanted = Wanted(new_id(), SPACE, "why not", self.at, 15)
        try:
            return await smi_source.sample(self.outbound.client(target), wanted, seconds=10)
        finally:
            smi_source.forget(wanted.cluster_id)


@pytest.fixture
async def sampled() -> AsyncGenerator[Sampled]:
    clock, outbound = Still(), Outbound(SystemClock())
    started = simulating(Fleet.make(12, seed=7), Options(bad_tls=False, clock=clock))
    async with started as running:
        yield Sampled(running, outbound, clock.at)
        await outbound.close()


def facts(gpu: gpus.Gpu) -> dict[str, Any]:
    """What a simulated GPU is like, by the names of the contract."""
    return {
        "uuid": gpu.card.uuid,
        "index": gpu.card.index,
        "name": gpu.card.model.name,
        "memory_total_mb": gpu.card.model.memory_mib,
        "memory_used_mb": gpu.used_mib,
        "memory_free_mb": gpu.free_mib,
        "temperature_celsius": gpu.celsius,
        "memory_temperature_celsius": gpu.memory_celsius,
        "power_draw_watts": gpu.watts,
        "sm_clock_mhz": gpu.sm_mhz,
        "throttle_reasons": throttle_reasons(gpu.reasons),
        "mig": [(each.number, each.profile, each.uuid, each.memory_mib) for each in gpu.instances],
        "processes": [
            (
                each.pid,
                each.name,
                each.used_mib,
                each.instance,
                each.pod.name if each.pod else None,
            )
            for each in gpu.processes
        ],
    }


def told(gpu: Gpu) -> dict[str, Any]:
    return {
        **{name: getattr(gpu, name) for name in PLAIN},
        "mig": [
            (each.gpu_instance_id, each.profile, each.uuid, each.memory_total_mb)
            for each in gpu.mig
        ],
        "processes": [
            (each.pid, each.process_name, each.used_memory_mb, each.gpu_instance_id, each.pod)
            for each in gpu.processes
        ],
    }


def attribution_of(process: GpuProcess) -> Attribution:
    return Attribution.POD if process.pod else Attribution.HOST


async def test_every_gpu_of_the_fleet_is_told_as_it_is(sampled: Sampled) -> None:
    seen: set[str | None] = set()
    for each in sampled.clusters:
        cluster, found = each.simulated.cluster, await sampled.of(each)
        assert [update.node_name for update in found] == sorted(gpus.cards(cluster))
        for update in found:
            node = next(one for one in gpus.gpu_nodes(cluster) if one.name == update.node_name)
            expected = gpus.of_node(cluster, node, sampled.at.timestamp())
            assert [told(gpu) for gpu in update.gpus] == [facts(gpu) for gpu in expected]
            assert update.error is None
            for gpu in update.gpus:
                seen.add(gpu.cuda_version)
                assert all(one.attribution is attribution_of(one) for one in gpu.processes)
    assert {"12.0", "12.8"} <= seen


async def test_an_account_without_the_right_says_which_is_missing(sampled: Sampled) -> None:
    with pytest.raises(ApiFailure) as raised:
        await sampled.of(sampled.clusters[0], "reader")
    assert raised.value.kind is ApiFailureKind.FORBIDDEN
    assert f"pods/exec in {SPACE}" in raised.value.message


async def test_a_cluster_whose_server_is_ill_says_so(sampled: Sampled) -> None:
    cluster = sampled.clusters[0]
    for kind in (FaultKind.EXPIRED_TOKEN, FaultKind.HTML):
        cluster.fail(kind)
        with pytest.raises(ApiFailure):
            await sampled.of(cluster)
        cluster.fail(FaultKind.NONE)
    assert await sampled.of(cluster)
