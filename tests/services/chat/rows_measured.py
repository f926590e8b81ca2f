"""What REST tells of the GPUs and network functions of the small fleet; as in `rows`."""

from typing import Any

from gateway.rest.documented_gpu import GpuSummary
from projections.cnf.view import CnfWorkloadView, DpdkPortView, PtpStatusView, SriovStatusView
from projections.gpu.view import GpuNode, GpuProcessView
from tests.services.chat.rows import EDGE, PROD, Row, ago, of


def gpu(index: int, **changes: Any) -> Row:
    values: Row = {
        "uuid": f"GPU-0a1b2c3d-0000-1111-2222-33334444555{index}",
        "index": index,
        "name": "NVIDIA H100 80GB HBM3",
        "memory_total_mb": 81_559,
        "memory_used_mb": 61_203,
        "memory_free_mb": 20_356,
        "utilization_gpu_percent": 87.0,
        "temperature_celsius": 64.0,
        "power_draw_watts": 512.3,
        "power_limit_watts": 700.0,
        "raised": [],
        "idle": False,
        "wasted": False,
        "last_xid": None,
    }
    return values | changes


def gpu_node(name: str, *gpus: Row) -> Row:
    values: Row = {
        **of(PROD),
        "node_name": name,
        "source": "DCGM",
        "source_reason": "dcgm-exporter's metrics are in Prometheus",
        "last_updated": ago(0.2),
        "interval_seconds": 15,
        "stale": False,
        "error": None,
        "gpus": list(gpus),
    }
    return GpuNode.model_validate(values).model_dump(mode="json")


def gpu_process(node: str, index: int, pod: str, memory: int) -> Row:
    values: Row = {
        **of(PROD),
        "node_name": node,
        "gpu_uuid": gpu(index)["uuid"],
        "gpu_index": index,
        "gpu_name": "NVIDIA H100 80GB HBM3",
        "pid": 4242,
        "process_name": "python3",
        "used_memory_mb": memory,
        "type": "COMPUTE",
        "attribution": "POD",
        "namespace": "training",
        "pod": pod,
        "utilization_gpu_percent": 87.0,
        "stale": False,
    }
    return GpuProcessView.model_validate(values).model_dump(mode="json")


def gpu_summary(nodes: list[Row]) -> Row:
    """Counted from the rows of nodes."""
    every = [(node, one) for node in nodes for one in node["gpus"]]
    gpus = [one for _, one in every]
    node, hottest = max(every, key=lambda each: each[1]["temperature_celsius"])
    figures: Row = {
        "gpus": len(gpus),
        "idle": sum(each["idle"] for each in gpus),
        "wasted": sum(each["wasted"] for each in gpus),
        "utilization_gpu_percent": round(
            sum(each["utilization_gpu_percent"] for each in gpus) / len(gpus), 1
        ),
        "memory_total_mb": sum(each["memory_total_mb"] for each in gpus),
        "memory_used_mb": sum(each["memory_used_mb"] for each in gpus),
        "power_draw_watts": round(sum(each["power_draw_watts"] for each in gpus), 1),
        "power_limit_watts": sum(each["power_limit_watts"] for each in gpus),
    }
    names = ("index", "uuid", "name", "temperature_celsius")
    told: Row = {
        **figures,
        "nodes": len(nodes),
        "stale_nodes": 0,
        "lost": 0,
        "errors": sum(each["xid"] is not None and each["xid"] > 0 for each in gpus),
        "hottest": {**of(PROD), "node_name": node["node_name"], **{n: hottest[n] for n in names}},
        "raised": {
            name: sum(name in each["raised"] for each in gpus)
            for name in ("TEMPERATURE", "MEMORY_TEMPERATURE", "MEMORY_USED", "POWER_DRAW")
        },
        "by_model": [{**figures, "name": gpus[0]["name"]}],
        "by_cluster": [{**figures, **of(PROD), "nodes": len(nodes), "stale_nodes": 0}],
        "by_namespace": [{**figures, "namespace": "training"}],
        "by_source": [{"source": "DCGM", "nodes": len(nodes)}],
    }
    return GpuSummary.model_validate(told).model_dump(mode="json")


_SAMPLED: Row = {
    "last_updated": ago(0.5),
    "stale": False,
    "source": "KUBERNETES",
    "standing": None,
    "state_since": None,
}


def workload(pod: str, kind: str, state: str, restarts: int, **changes: Any) -> Row:
    values: Row = {
        **of(EDGE),
        **_SAMPLED,
        "cnf_type": kind,
        "namespace": "ran",
        "pod": pod,
        "node_name": "du-node-1",
        "state": state,
        "ready": state == "RUNNING",
        "restarts": restarts,
        "evidence": "namespace named like it",
    }
    return CnfWorkloadView.model_validate(values | changes).model_dump(mode="json")


def clock(node: str, interface: str, state: str, offset: float) -> Row:
    values: Row = {
        **of(EDGE),
        **_SAMPLED,
        "node_name": node,
        "interface": interface,
        "process": "ptp4l",
        "offset_ns": offset,
        "clock_state": state,
        "role": "SLAVE",
        "clock_class": 6,
    }
    return PtpStatusView.model_validate(values).model_dump(mode="json")


def port(pod: str, name: str, received: float, dropped: float) -> Row:
    values: Row = {
        **of(EDGE),
        **_SAMPLED,
        "namespace": "ran",
        "pod": pod,
        "node_name": "du-node-1",
        "port": name,
        "rx_packets": 9_000_000,
        "tx_packets": 8_000_000,
        "rx_dropped": 1_234 if dropped else 0,
        "tx_dropped": 0,
        "rx_errors": 0,
        "tx_errors": 0,
        "rate_seconds": 60.0,
        "rx_packets_per_second": received,
        "tx_packets_per_second": received - 10,
        "rx_dropped_per_second": dropped,
        "tx_dropped_per_second": 0.0,
        "rx_errors_per_second": 0.0,
        "tx_errors_per_second": 0.0,
        "dropping": dropped > 0,
    }
    return DpdkPortView.model_validate(values).model_dump(mode="json")


def functions(node: str, resource: str, used: int, total: int) -> Row:
    values: Row = {
        **of(EDGE),
        **_SAMPLED,
        "node_name": node,
        "resource_name": resource,
        "total_vfs": total,
        "allocatable_vfs": total,
        "used_vfs": used,
        "free_vfs": total - used,
        "exhausted": used == total,
    }
    return SriovStatusView.model_validate(values).model_dump(mode="json")
