"""What an event of the log says of what is wrong, and where."""

from typing import Any

import pytest

from contracts.anomalies import Anomaly, AnomalyDetected, AnomalyEnded
from contracts.envelope import Event
from services.incidents.correlating import spots
from services.incidents.correlating.signals import Begun, Change, Ended, Located, changes
from tests.kit import builders
from tests.kit.samples import ALERT_ID, CLUSTER_ID, at


def told(event: Event) -> list[Change]:
    return list(changes(builders.recorded(event)))


def begun(event: Event) -> Begun:
    (one,) = [change for change in told(event) if isinstance(change, Begun)]
    return one


def test_where_has_room_in_an_event_of_many_signals_however_long_labels_are() -> None:
    labels = {"namespace": "n" * 400, "pod": "ä" * 400, "node": "k" * 400}
    where = begun(builders.fired(labels=labels)).signal.where
    assert where
    assert sum(len(one.encode()) for one in where) <= 1_000


@pytest.mark.parametrize(
    ("labels", "where"),
    [
        (
            {"namespace": "shop", "pod": "cart-7d9c6f5b8d-2xkzq", "node": "worker-3"},
            ("pod/shop/cart-7d9c6f5b8d-2xkzq", "workload/shop/cart", "node/worker-3",
             "namespace/shop"),
        ),
        ({"namespace": "shop", "statefulset": "redis"}, ("workload/shop/redis", "namespace/shop")),
        (
            {"job": "kube-state-metrics", "namespace": "monitoring", "node": "worker-3",
             "pod": "kube-state-metrics-6f5b8d7c9-2xkzq"},
            ("node/worker-3",),
        ),
        (
            {"job": "kube-state-metrics", "namespace": "shop", "deployment": "cart",
             "pod": "kube-state-metrics-6f5b8d7c9-2xkzq"},
            ("workload/shop/cart", "namespace/shop"),
        ),
        ({"job": "node-exporter", "instance": "worker-3:9100"}, ("node/worker-3",)),
        ({"job": "node-exporter", "instance": "10.0.0.7:9100"}, ("address/10.0.0.7",)),
        ({"job": "blackbox", "instance": "worker-3:9100"}, ()),
        (
            {"Hostname": "gpu-1", "UUID": "GPU-0a", "job": "nvidia-dcgm-exporter",
             "namespace": "nvidia-gpu-operator", "pod": "nvidia-dcgm-exporter-x7k2p"},
            ("gpu/GPU-0a", "node/gpu-1"),
        ),
        (
            {"namespace": "exporters", "exported_namespace": "shop", "exported_pod": "cart-0"},
            ("pod/shop/cart-0", "workload/shop/cart", "namespace/shop"),
        ),
    ],
)  # fmt: skip
def test_where_is_what_it_is_about_and_not_who_tells_it(
    labels: dict[str, str], where: tuple[str, ...]
) -> None:
    assert spots.of_labels(labels) == where


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("cart-7d9c6f5b8d-2xkzq", "cart"),
        ("redis-12", "redis"),
        ("node-exporter-x7k2p", "node-exporter"),
        ("backup-28391820-x7k2p", "backup"),
        ("plain", "plain"),
    ],
)
def test_a_pods_workload_is_its_name_less_what_kubernetes_adds(pod: str, workload: str) -> None:
    assert spots.stem(pod) == workload


def test_an_alert_begins_and_ends_and_its_renewal_is_nothing() -> None:
    assert begun(builders.fired()).signal.id == ALERT_ID
    assert told(builders.resolved()) == [Ended(ALERT_ID)]
    assert told(builders.fired(renewed=True)) == []
    assert told(builders.pending()) == []


def test_a_watchdog_opens_nothing() -> None:
    assert not begun(builders.fired(alertname="Watchdog")).may_open


def test_an_anomaly_of_little_weight_opens_nothing() -> None:
    values: dict[str, Any] = {
        "id": ALERT_ID, "cluster_id": CLUSTER_ID, "metric_name": "latency", "labels": {},
        "detection_type": "STATISTICAL", "severity": "LOW", "confidence_score": 0.5,
        "anomaly_type": "SPIKE", "expected_value": 1, "actual_value": 9,
        "deviation_percent": 800, "explanation": "high", "detected_at": at(),
    }  # fmt: skip
    low = Anomaly.model_validate(values)
    high = Anomaly.model_validate(values | {"severity": "HIGH"})
    assert not begun(AnomalyDetected(anomaly=low)).may_open
    assert begun(AnomalyDetected(anomaly=high)).may_open
    assert told(AnomalyEnded(anomaly=high, duration_seconds=9)) == [Ended(ALERT_ID)]


def test_a_state_that_becomes_another_bad_one_ends_and_the_other_begins() -> None:
    offline = begun(builders.status_changed(new_state="OFFLINE")).signal
    after = told(builders.status_changed(new_state="DEGRADED"))
    assert Ended(offline.id) in after
    assert [one.signal.name for one in after if isinstance(one, Begun)] == ["CLUSTER_DEGRADED"]


def test_backends_gpus_and_functions_begin_and_end_with_the_same_id() -> None:
    pairs = [
        (builders.circuit_opened(), builders.circuit_closed()),
        (builders.threshold_crossed(), builders.threshold_crossed(crossing="CLEARED")),
        (builders.gpu_disappeared(), builders.gpu_reappeared()),
        (builders.cnf_status_changed(), builders.cnf_status_changed(new_state="LOCKED")),
    ]
    for first, last in pairs:
        assert Ended(begun(first).signal.id) in told(last)


def test_a_korrel8r_that_is_away_is_nothing_wrong_with_its_cluster() -> None:
    assert told(builders.circuit_opened(backend="KORREL8R")) == []
    assert told(builders.circuit_closed(backend="KORREL8R")) == []


def test_a_gpu_tells_where_its_pod_runs() -> None:
    assert Located(CLUSTER_ID, "pod/training/llm-0", "node/gpu-worker-1") in told(
        builders.xid_error()
    )
