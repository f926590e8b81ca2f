"""GPUs and network functions with sensible values: the same ones at every call."""

from typing import Any

from contracts.cnf import CnfStatusChanged, CnfUpdate
from contracts.gpu import (
    Gpu,
    GpuDisappeared,
    GpuReappeared,
    GpuThresholdCrossed,
    GpuUpdate,
    GpuXidError,
)
from tests.kit.samples import CLUSTER_ID, at

GPU_UUID = "GPU-0a1b2c3d-0000-1111-2222-333344445555"
NODE = "gpu-worker-1"
_OF_A_GPU: dict[str, Any] = {
    "cluster_id": CLUSTER_ID,
    "node_name": NODE,
    "gpu_uuid": GPU_UUID,
    "gpu_index": 0,
    "gpu_name": "NVIDIA H100 80GB HBM3",
    "pod_namespace": "training",
    "pod": "llm-0",
}


def gpu(**changes: Any) -> Gpu:
    """A GPU that is busy and well."""
    values: dict[str, Any] = {
        "uuid": GPU_UUID,
        "index": 0,
        "name": "NVIDIA H100 80GB HBM3",
        "driver_version": "570.124.06",
        "cuda_version": "12.8",
        "memory_total_mb": 81_559,
        "memory_used_mb": 61_203,
        "memory_free_mb": 19_742,
        "utilization_gpu_percent": 87.0,
        "utilization_memory_percent": 41.0,
        "temperature_celsius": 64.0,
        "power_draw_watts": 512.31,
        "power_limit_watts": 700.0,
    }
    return Gpu.model_validate(values | changes)


def gpu_update(**changes: Any) -> GpuUpdate:
    """A sample of a node with one GPU."""
    values: dict[str, Any] = {
        "cluster_id": CLUSTER_ID,
        "node_name": NODE,
        "source": "DCGM",
        "source_reason": "dcgm-exporter's metrics are in Prometheus",
        "sampled_at": at(),
        "interval_seconds": 15,
        "gpus": (gpu(),),
    }
    return GpuUpdate.model_validate(values | changes)


def threshold_crossed(**changes: Any) -> GpuThresholdCrossed:
    values: dict[str, Any] = {
        "metric": "TEMPERATURE",
        "crossing": "RAISED",
        "value": 91.0,
        "threshold": 85.0,
        "standing": {"raised": ("TEMPERATURE",)},
    }
    return GpuThresholdCrossed.model_validate(_OF_A_GPU | values | changes)


def xid_error(**changes: Any) -> GpuXidError:
    values: dict[str, Any] = {
        "xid": 79,
        "description": "GPU has fallen off the bus",
        "standing": {"xid": 79},
    }
    return GpuXidError.model_validate(_OF_A_GPU | values | changes)


def gpu_disappeared(**changes: Any) -> GpuDisappeared:
    values: dict[str, Any] = {"last_seen_at": at(), "standing": {"present": False}}
    return GpuDisappeared.model_validate(_OF_A_GPU | values | changes)


def gpu_reappeared(**changes: Any) -> GpuReappeared:
    values: dict[str, Any] = {"lost_at": at(), "standing": {}}
    return GpuReappeared.model_validate(_OF_A_GPU | values | changes)


def cnf_update(**changes: Any) -> CnfUpdate:
    """A sample of a cluster with a distributed unit and its clock."""
    values: dict[str, Any] = {
        "cluster_id": CLUSTER_ID,
        "sampled_at": at(),
        "interval_seconds": 60,
        "workloads": (
            {
                "cnf_type": "VDU",
                "namespace": "du-site-1",
                "pod": "du-0",
                "node_name": "worker-1",
                "state": "RUNNING",
                "ready": True,
                "restarts": 0,
                "evidence": "namespace named like a VDU",
            },
        ),
        "ptp": (
            {
                "node_name": "worker-1",
                "interface": "ens1f0",
                "process": "ptp4l",
                "offset_ns": -4.0,
                "clock_state": "LOCKED",
                "role": "SLAVE",
                "clock_class": 6,
            },
        ),
        "sriov": (
            {
                "node_name": "worker-1",
                "resource_name": "openshift.io/du_fronthaul",
                "policy": "du-fronthaul",
                "interfaces": ("ens2f0",),
                "total_vfs": 8,
                "allocatable_vfs": 8,
                "used_vfs": 2,
            },
        ),
        "dpdk": (),
        "sources": {"workloads": "KUBERNETES", "ptp": "METRICS", "sriov": "KUBERNETES"},
    }
    return CnfUpdate.model_validate(values | changes)


def cnf_status_changed(**changes: Any) -> CnfStatusChanged:
    values: dict[str, Any] = {
        "cluster_id": CLUSTER_ID,
        "area": "PTP",
        "name": "worker-1/ens1f0",
        "node_name": "worker-1",
        "old_state": "LOCKED",
        "new_state": "HOLDOVER",
        "reason": "the clock has lost its master",
        "value": 148.0,
    }
    return CnfStatusChanged.model_validate(values | changes)
