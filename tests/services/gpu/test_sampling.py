"""Which source a cluster's samples come from, and why."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest

from contracts.clusters import Cluster
from contracts.gpu import GpuUpdate
from contracts.refusals import Code, Refused
from services.gpu.sampling import Asking, Sampled, Sampler
from services.runtime import metrics
from services.runtime.kube.failures import ApiFailure, ApiFailureKind
from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.gpu_builders import gpu_update
from tests.services.telemetry.collecting import Collector

pytestmark = [pytest.mark.anyio, pytest.mark.nats]
NO_CREDENTIALS = Refused(Code.CREDENTIALS_NOT_FOUND, "give some")


@dataclass
class FakeSource:
    """Answers, fails or hangs."""

    says: Exception | bool = True
    hangs: bool = False
    asked: list[Asking] = field(default_factory=list[Asking])

    async def __call__(self, asking: Asking) -> list[GpuUpdate]:
        self.asked.append(asking)
        if self.hangs:
            await asyncio.Event().wait()
        if isinstance(self.says, Exception):
            raise self.says
        return [gpu_update(source_reason=asking.reason)] if self.says else []


@dataclass
class Choice:
    """A sampler with two sources."""

    collector: Collector
    dcgm: FakeSource = field(default_factory=FakeSource)
    smi: FakeSource = field(default_factory=FakeSource)

    def __post_init__(self) -> None:
        self.sampler = Sampler(self.dcgm, self.smi)

    async def sample(self, seconds: float = 10, **changes: Any) -> Sampled:
        told = {"endpoints": {"prometheus_url": "http://127.0.0.1:1"}, "cluster_type": "SPOKE"}
        cluster = Cluster.model_validate(builders.cluster(**told | changes).model_dump())
        return await self.sampler.sample(self.collector.asked(cluster.id, seconds), cluster, 15)

    def later(self, seconds: float) -> None:
        self.collector.clock.ahead += seconds

    @property
    def counts(self) -> tuple[int, int]:
        """How often each was asked."""
        return len(self.dcgm.asked), len(self.smi.asked)


@pytest.fixture
async def choice(log: EventLog, bus_settings: Settings) -> AsyncGenerator[Choice]:
    outside = Outside(bus_settings, "test")
    yield Choice(Collector(log, bus_settings, outside))
    await outside.close()


def why(found: Sampled) -> str:
    (update,) = found.updates
    return update.source_reason


async def test_metrics_of_dcgm_are_preferred(choice: Choice) -> None:
    found = await choice.sample()
    assert why(found) == "dcgm-exporter's metrics are in the cluster's Prometheus"
    assert choice.counts == (1, 0)


async def test_without_them_nvidia_smi_is_run_and_they_are_looked_for_again(
    choice: Choice,
) -> None:
    choice.dcgm.says = False
    for _ in range(3):
        assert why(await choice.sample()) == (
            "the cluster's Prometheus has no metrics of dcgm-exporter"
        )
        choice.later(15)
    assert choice.counts == (1, 3)
    choice.later(300)
    await choice.sample()
    await choice.sample()
    assert choice.counts == (2, 5)
    choice.later(300)
    choice.dcgm.says = True
    await choice.sample()
    await choice.sample()
    assert choice.counts == (4, 5)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Refused(Code.QUERY_TIMEOUT, "Prometheus: no answer in 5 s"), "QUERY_TIMEOUT"),
        (Refused(Code.UPSTREAM_FAILED, "it is no JSON"), "UPSTREAM_FAILED"),
        (Refused(Code.CLUSTER_UNREACHABLE, "tried again in 17 s"), "CLUSTER_UNREACHABLE"),
    ],
)
async def test_a_prometheus_that_fails_is_asked_again_and_nvidia_smi_meanwhile(
    choice: Choice, failure: Refused, code: str
) -> None:
    before = _failures("DCGM")
    choice.dcgm.says = failure
    for _ in range(2):
        assert why(await choice.sample()) == f"the cluster's Prometheus does not answer ({code})"
    assert choice.counts == (2, 2)
    assert _failures("DCGM") - before == 2


async def test_a_prometheus_that_hangs_leaves_time_for_nvidia_smi(choice: Choice) -> None:
    choice.dcgm.hangs = True
    found = await choice.sample(seconds=2)
    assert why(found) == "the cluster's Prometheus has not answered in time"
    assert choice.dcgm.asked[0].asked.seconds == 1.0


async def test_what_hangs_ends_in_time(choice: Choice) -> None:
    choice.dcgm.says = False
    choice.smi.hangs = True
    found = await choice.sample(seconds=1)
    assert found.failed
    assert found.why.endswith("nvidia-smi in the cluster's pods has not answered in time")


async def test_without_a_prometheus_nvidia_smi_is_all_there_is(choice: Choice) -> None:
    found = await choice.sample(endpoints={})
    assert why(found) == "the cluster has no Prometheus"
    assert choice.counts == (0, 1)


async def test_a_far_edge_is_asked_for_metrics_only(choice: Choice) -> None:
    choice.dcgm.says = False
    found = await choice.sample(cluster_type="FAR_EDGE")
    assert (found.updates, found.failed, choice.counts) == ([], False, (1, 0))
    assert "FAR_EDGE" in found.why
    assert choice.dcgm.asked[0].asked.seconds == 10


async def test_that_there_is_nothing_is_told_apart_from_no_answer(choice: Choice) -> None:
    choice.dcgm.says, choice.smi.says = False, NO_CREDENTIALS
    found = await choice.sample()
    assert (found.updates, found.failed) == ([], False)
    assert found.why == (
        "the cluster's Prometheus has no metrics of dcgm-exporter; "
        "there are no credentials for its API server"
    )
    choice.smi.says = False
    found = await choice.sample()
    assert (found.failed, found.why.endswith("no pods to run nvidia-smi in")) == (False, True)
    choice.smi.says = ApiFailure(ApiFailureKind.FORBIDDEN, "it may not create pods/exec")
    found = await choice.sample()
    assert (found.failed, found.said) == (True, "it may not create pods/exec")
    assert found.why.endswith("does not answer (FORBIDDEN)")


async def test_of_a_cluster_that_has_left_nothing_is_remembered(
    choice: Choice,
) -> None:
    choice.dcgm.says = False
    found = await choice.sample()
    assert found.updates
    cluster = choice.smi.asked[0].cluster
    choice.sampler.forget(cluster.id)
    await choice.sample()
    assert choice.counts == (2, 2)


def _failures(source: str) -> float:
    name = "aiops_gpu_sampling_failures_total"
    return metrics.REGISTRY.get_sample_value(name, {"source": source}) or 0.0
