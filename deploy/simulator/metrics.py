"""Metrics of a simulated cluster: up and down with the time, the same ones for the same seed."""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from deploy.simulator.cluster import Cluster, Node

Value = Callable[[float], float]
"""By unix time."""
Sampled = Callable[[float], float | None]
"""By unix time; None where there is no sample."""
_EXPORTER = {"job": "node-exporter"}
_MEMORY = 131_072 * 1024 * 1024
_DISK = 250 * 1024**3


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a metric."""

    labels: Mapping[str, str]
    value: Sampled


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured."""

    kind: str
    help: str
    series: Callable[[Cluster], Iterator[tuple[Mapping[str, str], Value]]]


def series_of(cluster: Cluster, name: str | None) -> Iterator[Series]:
    """Every series of a metric, or of all; none of a metric that nobody knows."""
    for each in METRICS if name is None else [name]:
        if each in METRICS:
            for labels, value in METRICS[each].series(cluster):
                yield Series({"__name__": each, **labels}, value)


def wave(mark: str) -> Value:
    """Between 0 and 1, up and down within ten minutes to an hour."""
    drawn = hashlib.blake2b(mark.encode(), digest_size=8).digest()
    middle, swing = 0.3 + drawn[0] / 640, 0.1 + drawn[1] / 1280
    period, phase = 600 + int.from_bytes(drawn[2:4], "big") / 21.8, drawn[4] / 256
    return lambda at: middle + swing * math.sin(2 * math.pi * (at / period + phase))


def seed_of(cluster: Cluster) -> str:
    """What the fleet's seed has drawn for a cluster."""
    return f"{cluster.accounts[0].token}/{cluster.name}"


def _constant(value: float) -> Value:
    return lambda _: value


def _scaled(mark: str, factor: float, digits: int) -> Value:
    found = wave(mark)
    return lambda at: round(found(at) * factor, digits)


def _grown(mark: str, rate: float, digits: int = 0) -> Value:
    """A counter: never falls, and grows by about ``rate`` a second."""
    found = wave(mark)
    return lambda at: round(at % 100_000_000 * rate + 300 * rate * found(at), digits)


def _of_nodes(
    make: Callable[[str], Value], cluster: Cluster
) -> Iterator[tuple[Mapping[str, str], Value]]:
    seed = seed_of(cluster)
    for node in cluster.nodes():
        yield _EXPORTER | {"instance": f"{node.name}:9100"}, make(f"{seed}/{node.name}")


def _interfaces(cluster: Cluster) -> Iterator[tuple[Mapping[str, str], Value]]:
    for labels, value in _of_nodes(lambda mark: _grown(f"{mark}/net", 1_000_000), cluster):
        yield {**labels, "device": "eth0"}, value


def _gpus(cluster: Cluster) -> Iterator[tuple[Mapping[str, str], Value]]:
    for node in cluster.nodes():
        for gpu in range(node.gpus):
            yield _gpu(node, gpu), _constant(float((cluster.number * 7 + gpu * 13) % 100))


def _gpu(node: Node, gpu: int) -> Mapping[str, str]:
    return {"Hostname": node.name, "gpu": str(gpu), "modelName": node.gpu_type or ""}


def _disks(cluster: Cluster) -> Iterator[tuple[Mapping[str, str], Value]]:
    disk = {"device": "/dev/vda4", "fstype": "xfs", "mountpoint": "/"}
    for labels, value in _of_nodes(lambda mark: _scaled(f"{mark}/disk", _DISK, 0), cluster):
        yield {**labels, **disk}, value


def _of_pods(
    make: Callable[[str], Value], cluster: Cluster
) -> Iterator[tuple[Mapping[str, str], Value]]:
    seed = seed_of(cluster)
    for pod in cluster.pods():
        labels = {"namespace": pod.namespace, "pod": pod.name, "container": pod.app}
        yield labels | {"node": pod.node}, make(f"{seed}/{pod.name}")


def _readiness(cluster: Cluster) -> Iterator[tuple[Mapping[str, str], Value]]:
    for pod in cluster.pods():
        for condition in ("true", "false", "unknown"):
            labels = {"namespace": pod.namespace, "pod": pod.name, "condition": condition}
            yield labels, _constant(float(condition == "true"))


def _restarted(mark: str) -> Value:
    """Of most pods never; some fail again each half an hour."""
    drawn = hashlib.blake2b(f"{mark}/restarts".encode(), digest_size=2).digest()
    if drawn[0] >= 4:
        return _constant(0)
    return lambda at: float((at + drawn[1] * 7) % 100_000_000 // 1800)


METRICS: Mapping[str, Metric] = {
    "up": Metric("gauge", "", partial(_of_nodes, lambda _: _constant(1.0))),
    "node_load1": Metric(
        "gauge", "1m load average.", partial(_of_nodes, lambda mark: _scaled(mark, 32, 2))
    ),
    "node_memory_MemTotal_bytes": Metric(
        "gauge",
        "Memory information field MemTotal_bytes.",
        partial(_of_nodes, lambda _: _constant(float(_MEMORY))),
    ),
    "node_memory_MemAvailable_bytes": Metric(
        "gauge",
        "Memory information field MemAvailable_bytes.",
        partial(_of_nodes, lambda mark: _scaled(f"{mark}/memory", _MEMORY, 0)),
    ),
    "node_network_receive_bytes_total": Metric(
        "counter", "Network device statistic receive_bytes.", _interfaces
    ),
    "node_filesystem_avail_bytes": Metric(
        "gauge", "Filesystem space available to non-root users in bytes.", _disks
    ),
    "container_cpu_usage_seconds_total": Metric(
        "counter",
        "Cumulative cpu time consumed in seconds.",
        partial(_of_pods, lambda mark: _grown(f"{mark}/cpu", 0.2, 3)),
    ),
    "container_memory_working_set_bytes": Metric(
        "gauge", "Current working set.", partial(_of_pods, lambda mark: _scaled(mark, 2**29, 0))
    ),
    "kube_pod_status_ready": Metric(
        "gauge", "Describes whether the pod is ready to serve requests.", _readiness
    ),
    "kube_pod_container_status_restarts_total": Metric(
        "counter", "The number of container restarts per container.", partial(_of_pods, _restarted)
    ),
    "DCGM_FI_DEV_GPU_UTIL": Metric("gauge", "GPU utilization (in %).", _gpus),
}
