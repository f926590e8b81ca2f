"""Telemetry as rows of series, and what people said of anomalies as it stands among it.

What is read is the stream TEL alone: so the same samples give the same anomalies, whoever looks at
them and however often.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from contracts.anomalies import AnomalyFeedbackGiven, DetectionType, Sensitivity, Verdict
from contracts.subjects import token
from services.runtime.pull import Delivery

GPU_METRICS: Mapping[str, str] = {
    "utilization_gpu_percent": "gpu_utilization_percent",
    "utilization_memory_percent": "gpu_memory_utilization_percent",
    "memory_used_mb": "gpu_memory_used_mb",
    "temperature_celsius": "gpu_temperature_celsius",
    "memory_temperature_celsius": "gpu_memory_temperature_celsius",
    "power_draw_watts": "gpu_power_draw_watts",
    "fan_speed_percent": "gpu_fan_speed_percent",
    "sm_clock_mhz": "gpu_sm_clock_mhz",
    "memory_clock_mhz": "gpu_memory_clock_mhz",
    "nvlink_bytes_per_second": "gpu_nvlink_bytes_per_second",
    "nvlink_errors": "gpu_nvlink_errors_total",
    "ecc_uncorrected": "gpu_ecc_uncorrected_total",
}
"""What is looked at of every GPU: field of a sample, name of the series."""
KINDS = ("metric", "gpu", "feedback")
PARTITIONS = 8
PLACES = 2
"""Of their subjects, that say the partition: the cluster, and the watch or node."""


class SeriesKey(NamedTuple):
    """What a series is known by."""

    cluster_id: str
    watch_id: str
    """Empty for what is measured of a GPU."""
    metric_name: str
    labels: tuple[tuple[str, str], ...]
    """Sorted by name."""

    def text(self) -> str:
        """All of it, so that it can be read again."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def of(text: str) -> "SeriesKey":
        """The inverse of `text`."""
        return msgspec.json.decode(text, type=SeriesKey)


class Wanted(NamedTuple):
    """How a series is looked at; `detecting.asked` takes the same words."""

    sensitivity: Sensitivity
    method: DetectionType | None
    """Null: the stronger one of both."""
    above: float | None
    below: float | None


OF_GPUS = Wanted(Sensitivity.MEDIUM, None, None, None)


class Rows(NamedTuple):
    """One row of each of some series, all of one moment."""

    logged_at: float
    """When it was stored, Unix time in seconds."""
    at: float
    wanted: Wanted
    rows: list[tuple[str, float]]
    """`SeriesKey.text` and value; what is no number is not among them."""


class Said(NamedTuple):
    """What somebody said of an anomaly."""

    logged_at: float
    key: str
    anomaly_id: str
    verdict: Verdict
    sequence: int
    """Of its event: the last word counts."""


class _Series(msgspec.Struct, frozen=True):
    labels: dict[str, str]
    value: float | None


class _Metric(msgspec.Struct, frozen=True):
    """What is read of a `MetricUpdate`."""

    cluster_id: str
    watch_id: str
    metric: str
    sampled_at: datetime
    series: list[_Series] = []
    sensitivity: Sensitivity = Sensitivity.MEDIUM
    detection_type: DetectionType = DetectionType.STATISTICAL
    above: float | None = None
    below: float | None = None


class _Gpus(msgspec.Struct, frozen=True):
    """What is read of a `GpuUpdate`."""

    cluster_id: str
    node_name: str
    sampled_at: datetime
    gpus: list[dict[str, Any]] = []


class _Feedback(msgspec.Struct, frozen=True):
    cluster_id: str
    watch_id: str
    metric_name: str
    labels: dict[str, str]
    anomaly_id: str
    verdict: Verdict
    sequence: int


_METRIC = msgspec.json.Decoder(_Metric)
_GPUS = msgspec.json.Decoder(_Gpus)
_FEEDBACK = msgspec.json.Decoder(_Feedback)


def read(delivery: Delivery) -> Rows | Said:
    """A message of telemetry; ValueError for one that cannot be read."""
    logged_at = delivery.time_ns / 1e9
    kind = delivery.subject.split(".", 2)[1]
    if kind == "feedback":
        return _said(_FEEDBACK.decode(delivery.data), logged_at)
    if kind == "gpu":
        gpus = _GPUS.decode(delivery.data)
        return _rows(gpus.sampled_at, logged_at, OF_GPUS, _of_gpus(gpus))
    metric = _METRIC.decode(delivery.data)
    asked = Wanted(metric.sensitivity, metric.detection_type, metric.above, metric.below)
    return _rows(metric.sampled_at, logged_at, asked, _of_watch(metric))


def feedback(event: AnomalyFeedbackGiven, sequence: int) -> tuple[str, bytes]:
    """Subject and body by which an event comes among the telemetry of its series.

    With those of the series it shares the partition (`PLACES`).
    """
    cluster, watch = str(event.cluster_id), event.watch_id or ""
    place = watch or token(event.labels.get("node", ""))
    body = _Feedback(
        cluster,
        watch,
        event.metric_name,
        event.labels,
        str(event.anomaly_id),
        event.verdict,
        sequence,
    )
    return f"tel.feedback.{cluster}.{place}.{event.anomaly_id}", msgspec.json.encode(body)


def _said(told: _Feedback, logged_at: float) -> Said:
    key = _key(told.cluster_id, told.watch_id, told.metric_name, told.labels)
    return Said(logged_at, key, told.anomaly_id, told.verdict, told.sequence)


def _rows(
    sampled_at: datetime, logged_at: float, wanted: Wanted, rows: Iterator[tuple[str, float]]
) -> Rows:
    return Rows(logged_at, sampled_at.timestamp(), wanted, list(rows))


def _of_watch(metric: _Metric) -> Iterator[tuple[str, float]]:
    for each in metric.series:
        if each.value is not None:
            yield _key(metric.cluster_id, metric.watch_id, metric.metric, each.labels), each.value


def _of_gpus(told: _Gpus) -> Iterator[tuple[str, float]]:
    for gpu in told.gpus:
        keys = _keys_of_gpu(told.cluster_id, told.node_name, gpu["uuid"], gpu.get("index"))
        for field, key in keys.items():
            value = gpu.get(field)
            if isinstance(value, int | float):
                yield key, float(value)


@lru_cache(maxsize=20_000)
def _keys_of_gpu(cluster_id: str, node: str, uuid: str, index: int | None) -> Mapping[str, str]:
    """The keys of its series by field; made anew each time they were a fifth of the cost."""
    labels = {"gpu_uuid": uuid, "node": node}
    if index is not None:
        labels["gpu"] = str(index)
    return {field: _key(cluster_id, "", name, labels) for field, name in GPU_METRICS.items()}


def _key(cluster_id: str, watch_id: str, metric_name: str, labels: Mapping[str, str]) -> str:
    return SeriesKey(cluster_id, watch_id, metric_name, tuple(sorted(labels.items()))).text()
