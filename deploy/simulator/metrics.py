"""Metrics of a simulated cluster: up and down with the time, the same ones for the same seed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from deploy.simulator import dcgm, kube_metrics, telco_metrics
from deploy.simulator.cluster import Cluster
from deploy.simulator.series import (
    Found,
    Metric,
    Series,
    Value,
    constant,
    grown,
    scaled,
    seed_of,
)

_EXPORTER = {"job": "node-exporter"}
_MEMORY = 131_072 * 1024 * 1024
_DISK = 250 * 1024**3


def series_of(cluster: Cluster, names: Iterable[str] | None) -> Iterator[Series]:
    """Every series of some metrics, or of all; none of a metric that nobody knows."""
    for each in METRICS if names is None else names:
        if each in METRICS:
            for labels, value in METRICS[each].series(cluster):
                yield Series({"__name__": each, **labels}, value)


def _of_nodes(make: Callable[[str], Value], cluster: Cluster) -> Found:
    seed = seed_of(cluster)
    for node in cluster.nodes():
        yield _EXPORTER | {"instance": f"{node.name}:9100"}, make(f"{seed}/{node.name}")


def _interfaces(cluster: Cluster) -> Found:
    for labels, value in _of_nodes(lambda mark: grown(f"{mark}/net", 1_000_000), cluster):
        yield {**labels, "device": "eth0"}, value


def _disks(cluster: Cluster) -> Found:
    disk = {"device": "/dev/vda4", "fstype": "xfs", "mountpoint": "/"}
    for labels, value in _of_nodes(lambda mark: scaled(f"{mark}/disk", _DISK, 0), cluster):
        yield {**labels, **disk}, value


def _of_pods(make: Callable[[str], Value], cluster: Cluster) -> Found:
    seed = seed_of(cluster)
    for pod in cluster.pods():
        labels = {"namespace": pod.namespace, "pod": pod.name, "container": pod.container}
        yield labels | {"node": pod.node}, make(f"{seed}/{pod.name}")


METRICS: Mapping[str, Metric] = {
    "up": Metric("gauge", "", partial(_of_nodes, lambda _: constant(1.0))),
    "node_load1": Metric(
        "gauge", "1m load average.", partial(_of_nodes, lambda mark: scaled(mark, 32, 2))
    ),
    "node_memory_MemTotal_bytes": Metric(
        "gauge",
        "Memory information field MemTotal_bytes.",
        partial(_of_nodes, lambda _: constant(float(_MEMORY))),
    ),
    "node_memory_MemAvailable_bytes": Metric(
        "gauge",
        "Memory information field MemAvailable_bytes.",
        partial(_of_nodes, lambda mark: scaled(f"{mark}/memory", _MEMORY, 0)),
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
        partial(_of_pods, lambda mark: grown(f"{mark}/cpu", 0.2, 3)),
    ),
    "container_memory_working_set_bytes": Metric(
        "gauge", "Current working set.", partial(_of_pods, lambda mark: scaled(mark, 2**29, 0))
    ),
} | {**kube_metrics.METRICS, **dcgm.METRICS, **telco_metrics.METRICS}
