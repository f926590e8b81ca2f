"""What real exporters have told comes out of a real Prometheus, value by value."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from contracts.clusters import Checked
from contracts.gpu import Attribution, Gpu, GpuSource, GpuUpdate
from contracts.refusals import Code, Refused
from services.gpu.dcgm import BUDGET, QUERY, sample
from services.runtime.backends.backend import backend_of
from services.runtime.clock import SystemClock
from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.settings import Settings
from tests.kit.prometheus import INSTALLED
from tests.runtime.outbound.origins import answer, says
from tests.services.gpu.exporters import Exporter, scraping
from tests.services.telemetry.collecting import Collector, prometheus, vector

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_OWN = {"namespace": "gpu-operator", "container": "nvidia-dcgm-exporter"}
_EXPORTERS = (
    Exporter("a100-mig-2.4.0.txt"),
    Exporter("unnamed-2.3.5.txt", {"instance": "10.0.3.4:9400"}),
    Exporter("a100-510.47.03.txt", {**_OWN, "pod": "nvidia-dcgm-exporter-d2khm"}),
    Exporter("a30-mig.txt"),
    Exporter("a800-mig-535.129.03.txt"),
    Exporter("h100-580.105.08.txt", {**_OWN, "pod": "nvidia-dcgm-exporter-wqqqn"}, honors=False),
    # The same exporter once more, by a second job.
    Exporter("h100-580.105.08.txt", {**_OWN, "pod": "nvidia-dcgm-exporter-wqqqn"}),
    Exporter("h100-vgpu-580.95.05.txt", {**_OWN, "pod": "nvidia-dcgm-exporter-24v75"}),
    Exporter("l4-580.105.08.txt", {**_OWN, "pod": "nvidia-dcgm-exporter-4x8zz"}),
    Exporter("a30-mig-2026.txt", {**_OWN, "pod": "dcgm-exporter-wwwjh"}),
    Exporter("pods"),
)
_PODS = """\
kube_pod_info{namespace="gpu-operator",pod="nvidia-dcgm-exporter-d2khm",node="a100-worker"} 1
kube_pod_info{namespace="gpu-operator",pod="dcgm-exporter-wwwjh",node="mixed-worker"} 1
kube_pod_info{namespace="default",pod="triton-server-f7cb5d77-2w5b2",node="mixed-worker"} 1
"""
_H100 = {"name": "NVIDIA H100 80GB HBM3", "driver_version": "580.105.08"}
_A800 = {"name": "NVIDIA A800-SXM4-80GB", "driver_version": "535.129.03"}
_A800_PART = {
    "profile": "2g.20gb",
    "utilization_gpu_percent": 0.0,
    "memory_total_mb": 19_967,
    "memory_used_mb": 10,
    "memory_free_mb": 19_957,
}
_OF_2026 = {"name": "NVIDIA A30", "mig_enabled": True}

KNOWN: Mapping[str, list[dict[str, Any]]] = {
    "ub20-a100-k8s": [
        {
            "uuid": "GPU-34319582-d595-d1c7-d1d2-179bcfa61660",
            "index": 0,
            "memory_total_mb": 40_535,
            "memory_used_mb": 4_845,
            "memory_free_mb": 35_690,
            "utilization_gpu_percent": 99.563,
            "temperature_celsius": 61.0,
            "memory_temperature_celsius": 69.0,
            "power_draw_watts": 409.692,
            "sm_clock_mhz": 1_215.0,
            "memory_clock_mhz": 1_215.0,
            "xid": 0,
            "nvlink_bytes_per_second": 0.0,
            "mig_enabled": True,
            "mig": (
                {"gpu_instance_id": 13, "profile": "1g.5gb", "utilization_gpu_percent": 99.5687},
            ),
        }
    ],
    "10.0.3.4": [
        {
            "uuid": "GPU-604ac76c-d9cf-fef3-62e9-d92044ab6e52",
            "index": 0,
            "sm_clock_mhz": 139.0,
            "memory_clock_mhz": 405.0,
        }
    ],
    "a100-worker": [
        {
            "uuid": "GPU-c89b14a3-ce7c-6725-8424-b55d37d9c332",
            "index": 0,
            "name": "NVIDIA A100 80GB PCIe",
            "driver_version": "510.47.03",
            "memory_total_mb": 81_069,
            "memory_used_mb": 741,
            "memory_free_mb": 80_328,
            "xid": 0,
            "nvlink_bytes_per_second": 0.0,
        }
    ],
    "yg-data-k8s-gpu-a30-node-test-test0003.mt": [
        {
            "uuid": "GPU-265c9814-6156-355b-e589-ff2064894f16",
            "index": 0,
            "name": "NVIDIA A30",
            "memory_used_mb": 12,
            "temperature_celsius": 35.0,
            "xid": 0,
            "mig_enabled": True,
            "mig": tuple(
                {"gpu_instance_id": number, "profile": "1g.6gb", "memory_used_mb": 3}
                for number in (3, 4, 5, 6)
            ),
        }
    ],
    "msxf-hpc-64-35-ai": [
        {
            **_A800,
            "uuid": "GPU-1f027ee8-6e1e-2b8c-0108-3d370e5f0418",
            "index": 0,
            "memory_total_mb": 59_901,
            "memory_used_mb": 30,
            "memory_free_mb": 59_871,
            "temperature_celsius": 33.0,
            "power_draw_watts": 78.446,
            "nvlink_bytes_per_second": 0.0,
            "mig_enabled": True,
            "mig": tuple({"gpu_instance_id": number, **_A800_PART} for number in (3, 5, 6)),
        },
        {
            **_A800,
            "uuid": "GPU-4e75c9ab-0ed7-8a57-75f5-23761b9f053f",
            "index": 7,
            "memory_total_mb": 81_228,
            "memory_used_mb": 2,
            "memory_free_mb": 81_226,
            "temperature_celsius": 29.0,
            "memory_temperature_celsius": 28.0,
            "power_draw_watts": 55.011,
            "xid": 0,
        },
    ],
    "gpu-node-1": [
        {
            **_H100,
            "uuid": f"GPU-{uuid}",
            "index": index,
            "utilization_gpu_percent": 0.0,
            "temperature_celsius": temperature,
            "power_draw_watts": power,
            **({"utilization_memory_percent": 0.0} if index < 6 else {}),
        }
        for index, (uuid, temperature, power) in enumerate(
            (
                ("c4529c8d-69c4-b61d-e0bc-7b2460096005", 30.0, 113.611),
                ("bc5610b9-79c8-fedd-8899-07539c7f868a", 29.0, 68.347),
                ("fbc2c554-4d37-8938-0032-f923bad0f716", 26.0, 65.709),
                ("a65a773d-52bb-bcc1-a8ee-f78c3faa2e2d", 29.0, 67.316),
                ("82e45d1b-1618-559f-144c-eab51545030b", 28.0, 68.717),
                ("39e28159-8c62-ee71-64db-b748edd61e15", 26.0, 65.742),
                ("e64d69ca-b4b3-59b2-e78c-94f26c4db365", 28.0, 67.328),
                ("04d228d3-3b5a-3534-f5cf-969706647d56", 26.0, 66.997),
            )
        )
    ],
    "cluster-tkr1341-ubu2204-1xh100-20c-np-lcqbg-49wfm-rhpj8": [
        {
            "uuid": "GPU-a0acdf3c-24b2-4dcd-853c-b19000000000",
            "index": 0,
            "name": "NVIDIA H100-20C",
            "driver_version": "580.95.05",
            "memory_total_mb": 20_479,
            "memory_used_mb": 0,
            "memory_free_mb": 19_762,
            "utilization_gpu_percent": 0.0,
            "utilization_memory_percent": 0.0,
            "sm_clock_mhz": 1_755.0,
            "memory_clock_mhz": 1_593.0,
            "xid": 0,
            "nvlink_bytes_per_second": 0.0,
        }
    ],
    "i-030791dc5a37cd257": [
        {
            "uuid": "GPU-c2f76b33-7953-256e-8f33-1343419b1a1c",
            "index": 0,
            "name": "NVIDIA L4",
            "driver_version": "580.105.08",
            "memory_total_mb": 23_033,
            "memory_used_mb": 0,
            "memory_free_mb": 22_563,
            "utilization_gpu_percent": 0.0,
            "utilization_memory_percent": 0.0,
            "temperature_celsius": 31.0,
            "power_draw_watts": 16.365,
            "sm_clock_mhz": 210.0,
            "memory_clock_mhz": 405.0,
        }
    ],
    "mixed-worker": [
        {
            **_OF_2026,
            "uuid": "GPU-9a63752e-af8d-fe52-7f0d-968bca6d52e3",
            "index": 0,
            "temperature_celsius": 50.0,
            "mig": (
                {"gpu_instance_id": 3, "profile": "1g.6gb"},
                {"gpu_instance_id": 6, "profile": "1g.6gb", "memory_used_mb": 3_744},
            ),
        },
        {
            "uuid": "GPU-fc60126e-514d-3522-2828-c5daa8e99d85",
            "index": 1,
            "name": "NVIDIA RTX 2000 Ada Generation",
            "memory_free_mb": 11_275,
            "temperature_celsius": 44.0,
        },
        {
            **_OF_2026,
            "uuid": "GPU-63bc0b91-2265-1b94-831c-15c41fe92675",
            "index": 2,
            "memory_free_mb": 2_207,
            "temperature_celsius": 45.0,
            "mig": ({"gpu_instance_id": 3, "profile": "1g.6gb", "memory_free_mb": 2_207},),
        },
    ],
}
"""By node, what is known of its GPUs; everything else is null."""

USERS: Mapping[str, set[tuple[int | None, str | None, str | None, str | None, int | None]]] = {
    "gpu-node-1": {
        (0, "dynamo-workload", "vllm-agg-0-vllmdecodeworker-s65j5", "main", None),
    },
    "cluster-tkr1341-ubu2204-1xh100-20c-np-lcqbg-49wfm-rhpj8": {
        (0, "default", "cuda-75454ffb9f-jpwkc", "cuda", None),
    },
    "mixed-worker": {
        (0, "default", "triton-server-f7cb5d77-2w5b2", "triton-server", 6),
        (0, "default", "triton-server-f7cb5d77-wwk9g", "triton-server", 3),
        (2, "default", "triton-server-f7cb5d77-95xcf", "triton-server", 3),
    },
}
"""By node: the GPU's index, namespace, pod, container and instance."""


@pytest.fixture
async def collector(log: EventLog, settings: Settings) -> AsyncGenerator[Collector]:
    """What the handlers of one process work with."""
    outside = Outside(settings, "test")
    yield Collector(log, settings, outside)
    await outside.close()


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """A Prometheus with all recordings."""
    if not INSTALLED:
        pytest.skip("Debian's package prometheus is not installed")
    directory = tmp_path_factory.mktemp("dcgm") / "prometheus"
    async with scraping(directory, _EXPORTERS, pods=_PODS) as found:
        yield found


async def sampled(collector: Collector, url: str) -> Mapping[str, GpuUpdate]:
    """The GPUs of a new cluster with this Prometheus, by node."""
    cluster_id = await collector.cluster(url)
    asked, now = collector.asked(cluster_id), SystemClock().now()
    async with backend_of(asked, Checked.PROMETHEUS, BUDGET) as backend:
        found = await sample(backend, cluster_id, reason="it is there", now=now, interval=15)
    for each in found:
        assert each.cluster_id == cluster_id
        assert (each.source, each.source_reason) == (GpuSource.DCGM, "it is there")
        assert each.interval_seconds == 15
        assert each.sampled_at <= now
    return {each.node_name: each for each in found}


def known(gpu: Gpu) -> dict[str, Any]:
    """What is known of a GPU but its processes."""
    return gpu.model_dump(exclude_defaults=True, exclude={"processes"})


async def test_the_values_of_all_generations(url: str, collector: Collector) -> None:
    found = await sampled(collector, url)
    assert {node: [known(gpu) for gpu in each.gpus] for node, each in found.items()} == KNOWN


async def test_who_uses_a_gpu(url: str, collector: Collector) -> None:
    found = await sampled(collector, url)
    for node, each in found.items():
        processes = [(gpu.index, process) for gpu in each.gpus for process in gpu.processes]
        users = [
            (index, its.namespace, its.pod, its.container, its.gpu_instance_id)
            for index, its in processes
        ]
        assert sorted(users, key=str) == sorted(USERS.get(node, ()), key=str)
        assert {(its.attribution, its.pid) for _, its in processes} <= {(Attribution.POD, None)}


async def test_a_prometheus_without_such_metrics_has_no_gpus(collector: Collector) -> None:
    async with prometheus(says(answer(vector()))) as asking:
        assert await sampled(collector, asking.origin.url()) == {}
    assert "DCGM_FI_DEV_GPU_UTIL" in QUERY
    assert len(asking.forms) == 1


async def test_an_answer_that_is_no_vector_is_refused(collector: Collector) -> None:
    body = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":7}]}}'
    async with prometheus(says(answer(body))) as asking:
        with pytest.raises(Refused) as told:
            await sampled(collector, asking.origin.url())
    assert told.value.code is Code.UPSTREAM_FAILED


async def test_what_the_prometheus_refuses_is_told(collector: Collector) -> None:
    async with prometheus(says(answer(b"", "403 Forbidden"))) as asking:
        with pytest.raises(Refused) as told:
            await sampled(collector, asking.origin.url())
    assert told.value.code is Code.CREDENTIALS_INVALID
