"""Metrics of a simulated cluster: up and down with the time, the same ones for the same seed."""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from deploy.simulator.cluster import Cluster, Node

Value = Callable[[float], float]
"""By unix time."""
_EXPORTER = {"job": "node-exporter"}
_MEMORY = 131_072 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a metric."""

    labels: Mapping[str, str]
    value: Value


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


def _grown(mark: str, rate: float) -> Value:
    """A counter: never falls, and grows by about ``rate`` a second."""
    found = wave(mark)
    return lambda at: float(round(at % 100_000_000 * rate + 300 * rate * found(at)))


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


def _pods(cluster: Cluster) -> Iterator[tuple[Mapping[str, str], Value]]:
    seed = seed_of(cluster)
    for pod in cluster.pods():
        labels = {"namespace": pod.namespace, "pod": pod.name, "container": pod.app}
        yield labels | {"node": pod.node}, _scaled(f"{seed}/{pod.name}", 536_870_912, 0)


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
    "container_memory_working_set_bytes": Metric("gauge", "Current working set.", _pods),
    "DCGM_FI_DEV_GPU_UTIL": Metric("gauge", "GPU utilization (in %).", _gpus),
}
