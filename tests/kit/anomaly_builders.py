"""Anomalies, what people say of them, and what is watched, with sensible values."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from contracts.anomalies import (
    Anomaly,
    AnomalyDetected,
    AnomalyEnded,
    AnomalyFeedbackGiven,
    DefineWatch,
    GiveAnomalyFeedback,
    MetricUpdate,
    RemoveWatch,
    Watch,
    WatchDefined,
    WatchRemoved,
)
from contracts.envelope import Command, Event
from tests.kit.samples import CLUSTER_ID, at

ANOMALY_ID = UUID("99999999-9999-5999-8999-999999999999")
_SERIES: Mapping[str, Any] = {
    "cluster_id": CLUSTER_ID,
    "watch_id": "cart-latency",
    "metric_name": "http_request_duration_seconds",
    "labels": {"namespace": "shop", "service": "cart"},
}


def anomaly(**changes: Any) -> Anomaly:
    values: dict[str, Any] = {
        **_SERIES,
        "id": ANOMALY_ID,
        "detection_type": "STATISTICAL",
        "severity": "HIGH",
        "confidence_score": 0.97,
        "anomaly_type": "SPIKE",
        "expected_value": 0.2,
        "actual_value": 1.4,
        "deviation_percent": 600.0,
        "explanation": "1.4 s; it was between 0.1 s and 0.3 s",
        "evidence": (
            {
                "feature": "level",
                "value": 1.4,
                "usual_low": 0.1,
                "usual_high": 0.3,
                "surprise": 4.2,
            },
        ),
        "detected_at": at(),
    }
    return Anomaly.model_validate(values | changes)


def detected(**changes: Any) -> AnomalyDetected:
    """``changes`` are those of the anomaly."""
    return AnomalyDetected(anomaly=anomaly(**changes))


def anomaly_ended(*, duration_seconds: float = 300.0, **changes: Any) -> AnomalyEnded:
    """``changes`` are those of the anomaly."""
    after = {"ended_at": at(duration_seconds)} | changes
    return AnomalyEnded(anomaly=anomaly(**after), duration_seconds=duration_seconds)


def feedback_given(**changes: Any) -> AnomalyFeedbackGiven:
    values = {**_SERIES, "anomaly_id": ANOMALY_ID, "verdict": "NOISE", "comment": "a backup"}
    return AnomalyFeedbackGiven.model_validate(values | changes)


def watch(**changes: Any) -> Watch:
    values: dict[str, Any] = {
        "id": "cart-latency",
        "title": "How long the cart takes",
        "query": "http_request_duration_seconds{namespace='shop'}",
        "cluster_ids": (CLUSTER_ID,),
        "sensitivity": "HIGH",
        "above": 5.0,
    }
    return Watch.model_validate(values | changes)


def metric_update(**changes: Any) -> MetricUpdate:
    values: dict[str, Any] = {
        "cluster_id": CLUSTER_ID,
        "watch_id": "cart-latency",
        "watch_version": 1,
        "metric": "http_request_duration_seconds",
        "sampled_at": at(),
        "interval_seconds": 60,
        "series": ({"labels": {"namespace": "shop"}, "value": 0.2},),
    }
    return MetricUpdate.model_validate(values | changes)


def feedback(**changes: Any) -> GiveAnomalyFeedback:
    values = {"cluster_id": CLUSTER_ID, "anomaly_id": ANOMALY_ID, "verdict": "NOISE"}
    return GiveAnomalyFeedback.model_validate(values | changes)


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    AnomalyDetected: detected,
    AnomalyEnded: anomaly_ended,
    AnomalyFeedbackGiven: feedback_given,
    WatchDefined: lambda: WatchDefined(watch=watch()),
    WatchRemoved: lambda: WatchRemoved(watch=watch()),
}
COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    DefineWatch: lambda: DefineWatch(watch=watch()),
    RemoveWatch: lambda: RemoveWatch(watch_id="cart-latency"),
    GiveAnomalyFeedback: feedback,
}
