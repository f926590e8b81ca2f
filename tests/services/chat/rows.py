"""What REST tells of a small fleet, each row through the model that documents it.

Three clusters: one well with GPUs, one whose node is broken, one far away that does not answer.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from contracts.activity import EventRecord
from contracts.analysis import AnomaliesFound
from contracts.rca import RcaResult
from gateway.rest.documented import FleetSummary
from gateway.rest.documented_traces import TraceFound, TraceSpan
from projections.alerts.view import AlertView
from projections.fleet.view import ClusterHealth, ClusterView
from projections.incidents.view import IncidentSeen

Row = dict[str, Any]

NOW = datetime(2026, 3, 10, 12, 45, tzinfo=UTC)
_SPACE = UUID("7c3dd1f0-6a5e-5d35-9c5e-0a1b2c3d4e5f")
PROD, SHOP, EDGE = "prod-eu-1", "shop-us-1", "edge-berlin-1"


def ident(name: str) -> str:
    return str(uuid5(_SPACE, name))


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def of(cluster: str) -> Row:
    return {"cluster_id": ident(cluster), "cluster_name": cluster}


def cluster(name: str, state: str, score: int, **more: Any) -> Row:
    status = {
        "state": state,
        "health_score": score,
        "connectivity": "DISCONNECTED" if state == "OFFLINE" else "CONNECTED",
        "api_server_healthy": state != "OFFLINE",
        "prometheus_healthy": state == "ONLINE",
        "last_error": None if state == "ONLINE" else f"{name}: connect: no route to host",
        "checked_at": ago(1),
    }
    values: Row = {
        "id": ident(name),
        "name": name,
        "api_server_url": f"https://api.{name}.example.com:6443",
        "environment": "PRODUCTION",
        "created_at": ago(99_999),
        "updated_at": ago(9_999),
        "platform_version": "4.16.3",
        "status": status,
        "capabilities": None,
        "credentials": None,
        "last_seen_at": ago(1),
        "version": 3,
    }
    return ClusterView.model_validate(values | more).model_dump(mode="json")


def health(row: Row) -> Row:
    state = row["status"]["state"]
    checks = [
        {"name": "API_SERVER", "healthy": state != "OFFLINE", "latency_ms": 23.5},
        {"name": "PROMETHEUS", "healthy": state == "ONLINE", "latency_ms": 41.0,
         "error": None if state == "ONLINE" else "502 Bad Gateway"},
    ]  # fmt: skip
    told = {
        "status": row["status"],
        "last_seen_at": ago(1),
        "trend": {"last_hour": 61.5, "day_before": 88.0, "direction": "WORSENING"},
        "checks": checks,
        "runs": [],
        "history": [],
    }
    return ClusterHealth.model_validate(told).model_dump(mode="json")


def alert(name: str, severity: str, cluster: str, minutes: float, **labels: str) -> Row:
    values: Row = {
        "id": ident(f"{name}/{cluster}"),
        "fingerprint": "0123456789abcdef",
        **of(cluster),
        "alertname": name,
        "severity": severity,
        "state": "FIRING",
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} is firing"},
        "starts_at": ago(minutes),
        "first_seen_at": ago(minutes),
        "silenced": False,
        "silenced_by": [],
        "inhibited": False,
        "inhibited_by": [],
        "flapping": False,
        "incident_id": None,
        "last_seen_at": ago(1),
        "occurrences": 3,
        "expires_at": None,
        "ending": None,
    }
    return AlertView.model_validate(values).model_dump(mode="json")


def incident(title: str, severity: str, cluster: str, where: str, signals: int) -> Row:
    values: Row = {
        "id": ident(title),
        "title": title,
        "state": "OPEN",
        "severity": severity,
        "cluster_ids": [ident(cluster)],
        "clusters": [{"id": ident(cluster), "name": cluster}],
        "where": [where],
        "signals": signals,
        "lasting": signals - 1,
        "opened_at": ago(55),
        "last_signal_at": ago(5),
        "acknowledged_by": None,
        "acknowledged_at": None,
        "resolved_by": None,
        "resolved_at": None,
        "merged_into": None,
        "version": 4,
        "changed_at": ago(5),
        "redacted": False,
    }
    return IncidentSeen.model_validate(values).model_dump(mode="json")


def analysis(incident: Row, place: str, score: float, *, is_known: bool) -> Row:
    entity = {"cluster_id": incident["cluster_ids"][0], "place": place}
    pod = entity | {"place": "pod/shop/checkout-7d9f"}
    claim = {"text": f"{place} is not ready", "cited": (4711,), "effects": (4715,), "is_fact": True}
    cause = {"kind": "node", "score": score, "doubts": (), "claims": (claim,)}
    values: Row = {
        "id": ident(f"rca/{incident['id']}"),
        "trigger": "INCIDENT",
        "trigger_id": incident["id"],
        "incident_id": incident["id"],
        "cluster_ids": incident["cluster_ids"],
        "window_start": ago(115),
        "window_end": ago(5),
        "first_sequence": 4000,
        "last_sequence": 4800,
        "signals": incident["signals"],
        "is_known": is_known,
        "causes": ({**cause, "entity": entity}, {**cause, "entity": pod, "score": 0.31}),
        "timeline": (
            {"at": ago(55), "entity": pod, "text": "KubePodCrashLooping", "sequence": 4715},
        ),
        "explanation": f"{place} (node, {score:.0%}): it is not ready.",
        "actions": ({"text": "Look at the node.", "command": "oc describe node"},),
    }
    return RcaResult.model_validate(values).model_dump(mode="json")


def trace(id_: str, service: str, duration: float, *, failed: bool) -> Row:
    values: Row = {
        "trace_id": id_,
        **of(SHOP),
        "clusters": [of(SHOP)],
        "root_service": service,
        "root_operation": "POST /orders",
        "start_time": "2026-03-10T12:40:00.123456789Z",
        "duration_ms": duration,
        "span_count": 7,
        "service_count": 3,
        "has_errors": failed,
    }
    return TraceFound.model_validate(values).model_dump(mode="json")


def span(service: str, duration: float, status: str) -> Row:
    values: Row = {
        "span_id": f"{service:0<16.16}",
        "parent_span_id": None,
        "operation_name": "POST /orders",
        "service_name": service,
        **of(SHOP),
        "start_time": "2026-03-10T12:40:00.123456789Z",
        "duration_ms": duration,
        "status": status,
        "tags": {},
        "logs": [],
    }
    return TraceSpan.model_validate(values).model_dump(mode="json")


def event(sequence: int, kind: str, cluster: str, minutes: float, payload: Row) -> Row:
    values: Row = {
        "event_id": ident(f"event/{sequence}"),
        "event_type": kind,
        "sequence": sequence,
        "source": "aiops/incidents",
        **of(cluster),
        "timestamp": ago(minutes),
        "logged_at": ago(minutes),
        "payload": payload,
        "correlation_id": ident("correlation"),
        "causation_id": ident("causation"),
        "actor": "system",
    }
    return EventRecord.model_validate(values).model_dump(mode="json")


def fleet(clusters: list[Row], gpus: int) -> Row:
    """Counted from the rows of clusters."""
    states = [each["status"]["state"] for each in clusters]
    scores = [each["status"]["health_score"] for each in clusters]
    told: Row = {
        "total": len(clusters),
        "by_state": {each: states.count(each) for each in sorted(set(states))},
        "by_type": {"SPOKE": len(clusters)},
        "by_environment": {"PRODUCTION": len(clusters)},
        "average_health_score": round(sum(scores) / len(scores), 1),
        "gpu_count": gpus,
        "gpu_clusters": 1,
        "cnf_clusters": 1,
        "node_count": 17,
    }
    return FleetSummary.model_validate(told).model_dump(mode="json")


def searched(query: str, start: str, end: str) -> Row:
    """An anomaly in one of two series."""
    found: Row = {
        "id": ident("anomaly"),
        "cluster_id": ident(PROD),
        "metric_name": query[:200],
        "labels": {"node": "worker-7"},
        "detection_type": "STATISTICAL",
        "severity": "HIGH",
        "confidence_score": 0.93,
        "anomaly_type": "SPIKE",
        "expected_value": 2.5,
        "actual_value": 14.75,
        "deviation_percent": 490.0,
        "explanation": "its level is far above what was usual",
        "detected_at": ago(20),
    }
    looked: Row = {
        "cluster_id": ident(PROD),
        "metric_name": query[:200],
        "labels": {"node": "worker-7"},
        "counter": False,
        "points": 180,
        "past": 180,
        "ignored": 0,
        "cut": 0,
        "first_at": ago(360),
        "too_few": False,
        "warming": False,
        "anomalies": [found],
    }
    told: Row = {
        "start": start,
        "end": end,
        "learn_from": ago(360),
        "clusters_queried": 2,
        "clusters_succeeded": 1,
        "missing": [{**of(EDGE), "code": "CLUSTER_UNREACHABLE", "reason": "no answer in time"}],
        "anomalies": 1,
        "series": [looked, looked | {"labels": {"node": "worker-8"}, "anomalies": []}],
        "truncated": False,
    }
    return AnomaliesFound.model_validate(told).model_dump(mode="json")
