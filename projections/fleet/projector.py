"""Folds cluster events into the fleet."""

from collections.abc import Sequence
from typing import Any

import msgspec

from contracts.clusters import (
    Cluster,
    ClusterCapabilitiesChanged,
    ClusterCredentialsDeleted,
    ClusterCredentialsExpiring,
    ClusterCredentialsUpdated,
    ClusterDeleted,
    ClusterHealthChecked,
    ClusterRegistered,
    ClusterStatusChanged,
    ClusterUpdated,
)
from contracts.envelope import rfc3339
from contracts.subjects import parse
from projections.fleet.view import (
    CAPABILITIES,
    CLUSTER,
    CREDENTIALS,
    STATUS,
    CapabilitiesRow,
    ClusterRow,
    CredentialsRow,
    StatusRow,
)
from services.runtime.projections.projection import Position, Projection, Rows

# In the order in which they were made: the function takes nothing that is older than what it has.
_CHECKED = """select aiops.health_checked(id, at, answered, state, score, found::jsonb)
    from unnest(%b::uuid[], %b::timestamptz[], %b::bool[], %b::text[], %b::int8[], %b::text[])
        as told(id, at, answered, state, score, found) order by at"""

projection = Projection("fleet", version=4, tables=(CLUSTER, STATUS, CREDENTIALS, CAPABILITIES))
_OF_A_CLUSTER = (STATUS, CREDENTIALS, CAPABILITIES)


@projection.on(ClusterRegistered)
def registered(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """A new cluster appears in the fleet."""
    rows.put(CLUSTER, _row(event.cluster, at))


@projection.on(ClusterUpdated)
def updated(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A registration changed."""
    rows.put(CLUSTER, _row(event.cluster, at))


@projection.on(ClusterDeleted)
def deleted(event: ClusterDeleted, at: Position, rows: Rows) -> None:
    """A cluster has left the fleet."""
    rows.delete(CLUSTER, (event.cluster_id,))
    for table in _OF_A_CLUSTER:
        rows.delete(table, (event.cluster_id,))


@projection.on(ClusterStatusChanged)
def status_changed(event: ClusterStatusChanged, at: Position, rows: Rows) -> None:
    """A cluster is in another state than before."""
    told = event.status
    rows.put(
        STATUS,
        StatusRow(
            cluster_id=event.cluster_id,
            state=told.state.value,
            health_score=told.health_score,
            connectivity=told.connectivity.value if told.connectivity else None,
            api_server_healthy=told.api_server_healthy,
            prometheus_healthy=told.prometheus_healthy,
            tempo_healthy=told.tempo_healthy,
            loki_healthy=told.loki_healthy,
            alertmanager_healthy=told.alertmanager_healthy,
            last_error=told.last_error,
            changed_at=at.logged_at,
        ),
    )


@projection.on(ClusterCredentialsUpdated)
def credentials_updated(event: ClusterCredentialsUpdated, at: Position, rows: Rows) -> None:
    """A cluster has other credentials."""
    del at
    _credentials(event, None, rows)


@projection.on(ClusterCredentialsExpiring)
def credentials_expiring(event: ClusterCredentialsExpiring, at: Position, rows: Rows) -> None:
    """A cluster's credentials end soon."""
    del at
    _credentials(event, event.reason, rows)


@projection.on(ClusterCredentialsDeleted)
def credentials_deleted(event: ClusterCredentialsDeleted, at: Position, rows: Rows) -> None:
    """A cluster has no credentials any more."""
    del at
    rows.delete(CREDENTIALS, (event.cluster_id,))


@projection.on(ClusterCapabilitiesChanged)
def capabilities_changed(event: ClusterCapabilitiesChanged, at: Position, rows: Rows) -> None:
    """A cluster can do something else."""
    told = event.capabilities
    rows.put(
        CAPABILITIES,
        CapabilitiesRow(
            cluster_id=event.cluster_id,
            platform_version=event.platform_version,
            has_gpu=told.has_gpu_nodes,
            gpu_count=told.gpu_count,
            has_cnf=told.has_cnf_workloads,
            node_count=told.node_count,
            told=told.model_dump(mode="json", exclude={"evidence"})
            | {"evidence": None, "discovered_at": rfc3339(at.logged_at)},
            evidence=told.model_dump(mode="json", include={"evidence"})["evidence"],
        ),
    )


@projection.on_measure("health", ClusterHealthChecked)
def checked(messages: Sequence[ClusterHealthChecked]) -> tuple[str, list[Any]]:
    """Clusters were checked."""
    return _CHECKED, [
        [each.cluster_id for each in messages],
        [each.checked_at for each in messages],
        [each.answered for each in messages],
        [each.state.value for each in messages],
        [each.health_score for each in messages],
        [msgspec.json.encode([c.model_dump() for c in each.checks]).decode() for each in messages],
    ]


def _credentials(
    event: ClusterCredentialsUpdated | ClusterCredentialsExpiring, warning: str | None, rows: Rows
) -> None:
    told = event.credentials.model_dump(mode="json") | {"warning": warning}
    rows.put(CREDENTIALS, CredentialsRow(event.cluster_id, told))


def _row(cluster: Cluster, at: Position) -> ClusterRow:
    return ClusterRow(
        id=cluster.id,
        name=cluster.name,
        display_name=cluster.display_name,
        api_server_url=cluster.api_server_url,
        cluster_type=cluster.cluster_type.value,
        platform=cluster.platform.value,
        region=cluster.region,
        environment=cluster.environment.value,
        labels=cluster.labels,
        endpoints=cluster.endpoints.model_dump(),
        site=cluster.site,
        created_at=cluster.created_at,
        updated_at=cluster.updated_at,
        version=parse(at.delivery.subject).version or 0,
    )
