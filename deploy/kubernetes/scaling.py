"""How many replicas there are, and how many may be away at once.

KEDA's objects: https://keda.sh/docs/latest/reference/scaledobject-spec/ and its scaler for
Prometheus. What is asked for are metrics of ours (`services/runtime/metrics.py`).
"""

from typing import Any

from deploy.kubernetes import nats, parts
from deploy.kubernetes.metadata import Object, name_of, new, selector
from deploy.kubernetes.nodes import Is, Not, Value, When, both, text

BY_CPU = parts.SCALED
WORKERS_BY_CPU = both(parts.SCALED, Not(parts.BY_LAG))
BY_LAG = parts.BY_LAG
BUDGETS = Is("disruptionBudgets.enabled")
_PATIENCE = 300
_GUARDED = (nats.COMPONENT, parts.GATEWAY, parts.PROJECTOR, parts.WORKERS)
_LOGIN = "keda.authentication"


def by_cpu(part: str) -> Object:
    """More replicas while those that there are have much to do."""
    average = {"type": "Utilization", "averageUtilization": Value("autoscaling.cpuPercent")}
    spec = {
        "scaleTargetRef": _target(part),
        "minReplicas": Value(f"{part}.replicas"),
        "maxReplicas": Value(f"{part}.maxReplicas"),
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": average}}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": _PATIENCE}},
    }
    kind = "autoscaling/v2 HorizontalPodAutoscaler"
    return new(kind, name_of(part), part, spec=spec)


def by_lag() -> list[Object]:
    """More workers and projectors as they fall behind."""
    behind = "max(aiops_follower_lag)"
    queued = "max(aiops_command_backlog_bytes)"
    busy = {
        "type": "cpu",
        "metricType": "Utilization",
        "metadata": {"value": text(Value("autoscaling.cpuPercent"))},
    }
    return [
        _scaled(
            parts.WORKERS,
            [_of_prometheus(queued, "backlogBytes"), _of_prometheus(behind, "followerLag"), busy],
        ),
        _scaled(parts.PROJECTOR, [_of_prometheus("max(aiops_projection_lag)", "projectionLag")]),
    ]


def budgets() -> list[Object]:
    """One of each at a time, when machines are emptied."""
    return [
        new(
            "policy/v1 PodDisruptionBudget",
            name_of(component),
            component,
            spec={"maxUnavailable": 1, "selector": {"matchLabels": selector(component)}},
        )
        for component in _GUARDED
    ]


def _scaled(part: str, triggers: list[Any]) -> Object:
    spec = {
        "scaleTargetRef": _target(part),
        "minReplicaCount": Value(f"{part}.replicas"),
        "maxReplicaCount": Value(f"{part}.maxReplicas"),
        "pollingInterval": 15,
        "cooldownPeriod": _PATIENCE,
        "triggers": triggers,
    }
    return new("keda.sh/v1alpha1 ScaledObject", name_of(part), part, spec=spec)


def _of_prometheus(query: str, threshold: str) -> dict[str, Any]:
    return {
        "type": "prometheus",
        # As many replicas as the threshold goes into what is asked for.
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": Value("keda.prometheus"),
            "query": query,
            "threshold": text(Value(f"keda.{threshold}")),
            "authModes": When(Is(_LOGIN), "bearer"),
        },
        "authenticationRef": When(Is(_LOGIN), {"name": Value(_LOGIN)}),
    }


def _target(part: str) -> dict[str, str]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": name_of(part)}
