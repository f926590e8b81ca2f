"""Messages with sensible values: the same ones at every call, changed by keyword."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.alerts import (
    AlertFired,
    AlertPending,
    AlertPendingEnded,
    AlertResolved,
    AlertSilenced,
    AlertUnsilenced,
    IngestAlerts,
    SilenceAlert,
    UnsilenceAlert,
)
from contracts.clusters import (
    Capabilities,
    Cluster,
    ClusterCapabilitiesChanged,
    ClusterCredentialsDeleted,
    ClusterCredentialsExpiring,
    ClusterCredentialsUpdated,
    ClusterDeleted,
    ClusterNameFreed,
    ClusterNameTaken,
    ClusterRegistered,
    ClusterStatus,
    ClusterStatusChanged,
    ClusterUpdated,
    Credentials,
    DeleteCluster,
    DeleteCredentials,
    ImportClusters,
    RefreshCluster,
    RegisterCluster,
    Registration,
    RotateCredentials,
    UpdateCluster,
    UploadCredentials,
    ValidateCredentials,
)
from contracts.cnf import CnfStatusChanged
from contracts.envelope import Command, Context, Event, Recorded
from contracts.gpu import GpuDisappeared, GpuReappeared, GpuThresholdCrossed, GpuXidError
from contracts.operations import DropDeadLetter, RebuildProjection, RetryDeadLetter
from contracts.telemetry import BackendCircuitClosed, BackendCircuitOpened, TraceReceived
from tests.kit import access_builders, anomaly_builders, edge_builders, incident_builders
from tests.kit.alert_builders import (
    alert as alert,
    fired as fired,
    ingest as ingest,
    pending as pending,
    pending_ended as pending_ended,
    report as report,
    resolved as resolved,
    silence as silence,
    silenced as silenced,
    unsilence as unsilence,
    unsilenced as unsilenced,
)
from tests.kit.gpu_builders import (
    cnf_status_changed as cnf_status_changed,
    cnf_update as cnf_update,
    gpu as gpu,
    gpu_disappeared as gpu_disappeared,
    gpu_reappeared as gpu_reappeared,
    gpu_update as gpu_update,
    threshold_crossed as threshold_crossed,
    xid_error as xid_error,
)
from tests.kit.rca_builders import COMMANDS as RCA_COMMANDS, EVENTS as RCA_EVENTS
from tests.kit.samples import (
    ALERT_ID as ALERT_ID,
    CLUSTER_ID as CLUSTER_ID,
    COMMAND_ID as COMMAND_ID,
    CORRELATION_ID as CORRELATION_ID,
    EVENT_ID as EVENT_ID,
    FINGERPRINT as FINGERPRINT,
    OTHER_CLUSTER_ID as OTHER_CLUSTER_ID,
    START as START,
    at as at,
)


def _registration() -> dict[str, Any]:
    return {
        "name": "edge-berlin-1",
        "display_name": "Berlin, rack 1",
        "api_server_url": "https://api.edge-berlin-1.example.com:6443",
        "cluster_type": "EDGE",
        "platform": "OPENSHIFT",
        "region": "eu-central",
        "environment": "PRODUCTION",
        "labels": {"team": "ran", "example.com/tier": "1"},
        "endpoints": {"prometheus_url": "https://prometheus.edge-berlin-1.example.com"},
    }


def registration(**changes: Any) -> Registration:
    return Registration.model_validate(_registration() | changes)


def cluster(**changes: Any) -> Cluster:
    decided = {"id": CLUSTER_ID, "created_at": at(), "updated_at": at()}
    return Cluster.model_validate(_registration() | decided | changes)


def register(**changes: Any) -> RegisterCluster:
    return RegisterCluster.model_validate(_registration() | changes)


def update(**changes: Any) -> UpdateCluster:
    """A merge patch, unless ``registration`` is given."""
    values: dict[str, Any] = {"cluster_id": CLUSTER_ID}
    if "registration" not in changes:
        values["patch"] = {"region": "eu-west"}
    return UpdateCluster.model_validate(values | changes)


def delete(**changes: Any) -> DeleteCluster:
    return DeleteCluster.model_validate({"cluster_id": CLUSTER_ID} | changes)


def registered(**changes: Any) -> ClusterRegistered:
    """``changes`` are those of the cluster."""
    return ClusterRegistered(cluster=cluster(**changes))


def updated(*, changed_fields: tuple[str, ...] = ("region",), **changes: Any) -> ClusterUpdated:
    """``changes`` are those of the cluster."""
    after = {"region": "eu-west", "updated_at": at(60)} | changes
    return ClusterUpdated(cluster=cluster(**after), changed_fields=changed_fields)


def deleted(**changes: Any) -> ClusterDeleted:
    return ClusterDeleted.model_validate(
        {"cluster_id": CLUSTER_ID, "name": "edge-berlin-1"} | changes
    )


def name_taken(**changes: Any) -> ClusterNameTaken:
    return ClusterNameTaken.model_validate(
        {"cluster_id": CLUSTER_ID, "name": "edge-berlin-1"} | changes
    )


def name_freed(**changes: Any) -> ClusterNameFreed:
    return ClusterNameFreed.model_validate(
        {"cluster_id": CLUSTER_ID, "name": "edge-berlin-1"} | changes
    )


def status(**changes: Any) -> ClusterStatus:
    values: dict[str, Any] = {
        "state": "DEGRADED",
        "health_score": 80,
        "connectivity": "CONNECTED",
        "api_server_healthy": True,
        "prometheus_healthy": False,
        "last_error": "Prometheus answered 503",
    }
    return ClusterStatus.model_validate(values | changes)


def status_changed(**changes: Any) -> ClusterStatusChanged:
    values: dict[str, Any] = {
        "cluster_id": CLUSTER_ID,
        "old_state": "ONLINE",
        "new_state": "DEGRADED",
        "health_score": 80,
        "reason": "Prometheus answered 503",
        "status": status(),
        "recent": [True, True, True, True, True],
    }
    return ClusterStatusChanged.model_validate(values | changes)


def refresh(**changes: Any) -> RefreshCluster:
    return RefreshCluster.model_validate({"cluster_id": CLUSTER_ID} | changes)


def credentials(**changes: Any) -> Credentials:
    values: dict[str, Any] = {
        "auth_type": "SERVICE_ACCOUNT",
        "fingerprint": "5e" * 32,
        "backends": ["PROMETHEUS"],
        "origins": {"API_SERVER": "https://api.edge-berlin-1.example.com:6443"},
        "created_at": at(),
        "rotated_at": None,
        "expires_at": at(86_400),
        "renewal": "AUTOMATIC",
        "validated_at": at(),
        "validation": [
            {"name": "API_SERVER", "valid": True},
            {"name": "PROMETHEUS", "valid": False, "error": "Prometheus answered 401"},
        ],
    }
    return Credentials.model_validate(values | changes)


def credentials_updated(**changes: Any) -> ClusterCredentialsUpdated:
    values = {"cluster_id": CLUSTER_ID, "credentials": credentials()}
    return ClusterCredentialsUpdated.model_validate(values | changes)


def credentials_expiring(**changes: Any) -> ClusterCredentialsExpiring:
    values = {
        "cluster_id": CLUSTER_ID,
        "credentials": credentials(renewal="BY_HAND"),
        "expires_at": at(86_400),
        "reason": "the platform cannot get new ones by itself",
    }
    return ClusterCredentialsExpiring.model_validate(values | changes)


def credentials_deleted(**changes: Any) -> ClusterCredentialsDeleted:
    return ClusterCredentialsDeleted.model_validate({"cluster_id": CLUSTER_ID} | changes)


def capabilities(**changes: Any) -> Capabilities:
    reason = "its capacity holds nvidia.com/gpu"
    node = {"kind": "Node", "namespace": None, "name": "worker-1", "reason": reason}
    values: dict[str, Any] = {
        "has_gpu_nodes": True,
        "gpu_count": 8,
        "gpu_types": ["NVIDIA-H100-80GB-HBM3"],
        "has_prometheus": True,
        "has_thanos": True,
        "has_tempo": False,
        "has_loki": False,
        "has_alertmanager": True,
        "has_service_mesh": False,
        "has_cnf_workloads": True,
        "cnf_types": ["VDU"],
        "node_count": 3,
        "evidence": {"GPU": [node]},
    }
    return Capabilities.model_validate(values | changes)


def capabilities_changed(**changes: Any) -> ClusterCapabilitiesChanged:
    values = {
        "cluster_id": CLUSTER_ID,
        "platform_version": "4.16.3",
        "capabilities": capabilities(),
    }
    return ClusterCapabilitiesChanged.model_validate(values | changes)


def upload_credentials(**changes: Any) -> UploadCredentials:
    values = {"cluster_id": CLUSTER_ID, "reference": "once"}
    return UploadCredentials.model_validate(values | changes)


def rotate_credentials(**changes: Any) -> RotateCredentials:
    values = {"cluster_id": CLUSTER_ID, "reference": "once"}
    return RotateCredentials.model_validate(values | changes)


def validate_credentials(**changes: Any) -> ValidateCredentials:
    return ValidateCredentials.model_validate({"cluster_id": CLUSTER_ID} | changes)


def delete_credentials(**changes: Any) -> DeleteCredentials:
    return DeleteCredentials.model_validate({"cluster_id": CLUSTER_ID} | changes)


def import_clusters(**changes: Any) -> ImportClusters:
    return ImportClusters.model_validate({"reference": "once"} | changes)


def circuit_opened(**changes: Any) -> BackendCircuitOpened:
    values = {
        "cluster_id": CLUSTER_ID,
        "backend": "PROMETHEUS",
        "reason": "Prometheus answered 503; look at its pods and their logs",
    }
    return BackendCircuitOpened.model_validate(values | changes)


def circuit_closed(**changes: Any) -> BackendCircuitClosed:
    values = {"cluster_id": CLUSTER_ID, "backend": "PROMETHEUS", "reason": "it answers again"}
    return BackendCircuitClosed.model_validate(values | changes)


def trace_received(**changes: Any) -> TraceReceived:
    values: dict[str, Any] = {
        "cluster_id": CLUSTER_ID,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "root_service": "shop",
        "root_operation": "POST /orders",
        "started_at": at(),
        "duration_ms": 412,
        "span_count": 9,
        "error_count": 3,
        "similar": 4,
    }
    return TraceReceived.model_validate(values | changes)


def rebuild(**changes: Any) -> RebuildProjection:
    return RebuildProjection.model_validate({"name": "fleet"} | changes)


def retry(**changes: Any) -> RetryDeadLetter:
    return RetryDeadLetter.model_validate({"sequence": 7} | changes)


def drop(**changes: Any) -> DropDeadLetter:
    return DropDeadLetter.model_validate({"sequence": 7} | changes)


def context(**changes: Any) -> Context:
    values: dict[str, Any] = {
        "command_id": COMMAND_ID,
        "actor": "ada",
        "correlation_id": CORRELATION_ID,
        "causation_id": COMMAND_ID,
        "source": "/services/clusters",
    }
    return Context(**(values | changes))


def recorded(event: Event | None = None, **changes: Any) -> Recorded:
    """An event as the log gives it; ``registered()`` unless another is given."""
    event = registered() if event is None else event
    values: dict[str, Any] = {
        "event": event,
        "sequence": 1,
        "logged_at": at(1),
        "event_id": EVENT_ID,
        "time": at(),
        "source": "/services/clusters",
        "actor": "ada",
        "correlation_id": CORRELATION_ID,
        "causation_id": COMMAND_ID,
        "command_id": COMMAND_ID,
        "version": 1 if event.aggregate else None,
    }
    return Recorded(**(values | changes))


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    ClusterRegistered: registered,
    ClusterUpdated: updated,
    ClusterDeleted: deleted,
    ClusterNameTaken: name_taken,
    ClusterNameFreed: name_freed,
    ClusterStatusChanged: status_changed,
    ClusterCredentialsUpdated: credentials_updated,
    ClusterCredentialsExpiring: credentials_expiring,
    ClusterCredentialsDeleted: credentials_deleted,
    ClusterCapabilitiesChanged: capabilities_changed,
    AlertFired: fired,
    AlertResolved: resolved,
    AlertSilenced: silenced,
    AlertUnsilenced: unsilenced,
    AlertPending: pending,
    AlertPendingEnded: pending_ended,
    BackendCircuitOpened: circuit_opened,
    **edge_builders.EVENTS,
    BackendCircuitClosed: circuit_closed,
    TraceReceived: trace_received,
    GpuThresholdCrossed: threshold_crossed,
    GpuXidError: xid_error,
    GpuDisappeared: gpu_disappeared,
    GpuReappeared: gpu_reappeared,
    CnfStatusChanged: cnf_status_changed,
    **access_builders.EVENTS,
    **anomaly_builders.EVENTS,
    **incident_builders.EVENTS,
    **RCA_EVENTS,
}
"""A builder for every event there is; a test notices a missing one."""

COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    RegisterCluster: register,
    UpdateCluster: update,
    DeleteCluster: delete,
    RefreshCluster: refresh,
    UploadCredentials: upload_credentials,
    RotateCredentials: rotate_credentials,
    ValidateCredentials: validate_credentials,
    DeleteCredentials: delete_credentials,
    ImportClusters: import_clusters,
    IngestAlerts: ingest,
    SilenceAlert: silence,
    UnsilenceAlert: unsilence,
    RebuildProjection: rebuild,
    RetryDeadLetter: retry,
    DropDeadLetter: drop,
    **access_builders.COMMANDS,
    **anomaly_builders.COMMANDS,
    **incident_builders.COMMANDS,
    **RCA_COMMANDS,
}
"""A builder for every command there is."""
