"""Pods of a large cluster, put into the tables as the projector puts them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from projections.cnf.keeper import CnfKeeper
from projections.gpu.keeping import GpuKeeper
from services.runtime.clock import SystemClock
from services.runtime.database import connect
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.cnf_rows import delivery
from tests.kit.gateway import Json
from tests.kit.gpu_builders import gpu, gpu_update

NODES, GPUS, PROCESSES = 125, 8, 10
"""Of a cluster of 10,000 pods."""
PODS = NODES * GPUS * PROCESSES


async def plant(settings: Settings, cluster: UUID) -> None:
    """So many network functions, and as many processes on GPUs, as they are now."""
    clock = SystemClock()
    now = clock.now() - timedelta(seconds=5)
    await _keep(settings, CnfKeeper(settings, clock), [_functions(cluster, now)])
    await _keep(settings, GpuKeeper(settings, clock), list(_nodes(cluster, now)))


async def _keep(settings: Settings, keeper: Any, samples: list[BaseModel]) -> None:
    connection = await connect(settings.database, "test")
    try:
        await keeper.begin(connection)
        for number, sample in enumerate(samples, 1):
            keeper.add(delivery(sample.model_dump_json().encode(), number))
        async with connection.transaction():
            await keeper.write(connection, keeper.batch())
    finally:
        await connection.close()


def _functions(cluster: UUID, at: datetime) -> BaseModel:
    nothing: Json = {"ptp": None, "sriov": None, "dpdk": None, "sources": {}, "missing": {}}
    pods = [
        {
            "cnf_type": "UPF",
            "namespace": f"core-{number % 40}",
            "pod": f"upf-{number}-7d9c6f5b8-x2x4z",
            "node_name": f"worker-{number % 500}.example.com",
            "state": "RUNNING",
            "ready": True,
            "restarts": 0,
            "evidence": "label app.kubernetes.io/component=upf",
        }
        for number in range(PODS)
    ]
    return builders.cnf_update(cluster_id=cluster, sampled_at=at, workloads=pods, **nothing)


def _nodes(cluster: UUID, at: datetime) -> Iterator[BaseModel]:
    for node in range(NODES):
        gpus = tuple(gpu(index=number, **_held(node, number)) for number in range(GPUS))
        name = f"gpu-{node}.example.com"
        yield gpu_update(cluster_id=cluster, node_name=name, sampled_at=at, gpus=gpus)


def _held(node: int, number: int) -> Json:
    uuid = f"GPU-{node}-{number}"
    processes = tuple(
        {
            "gpu_uuid": uuid,
            "pid": 1000 + each,
            "process_name": "python3",
            "namespace": f"models-{node % 20}",
            "pod": f"vllm-{node}-{number}-{each}",
            "container": "main",
            "used_memory_mb": 7000,
            "attribution": "POD",
        }
        for each in range(PROCESSES)
    )
    return {"uuid": uuid, "processes": processes}
