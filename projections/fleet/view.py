"""The row of the fleet projection, and a cluster as people see it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contracts.clusters import Cluster, ClusterState
from contracts.envelope import Message, Timestamp
from services.runtime.projections.table import Table


class ClusterRow(NamedTuple):
    """One live cluster."""

    id: UUID
    name: str
    display_name: str | None
    api_server_url: str
    cluster_type: str
    platform: str
    region: str | None
    environment: str
    labels: dict[str, str]
    endpoints: dict[str, str | None]
    created_at: datetime
    updated_at: datetime
    version: int


class ClusterStatus(Message):
    """What is known of a cluster's health; null is "not known", never zero."""

    state: ClusterState
    health_score: int | None
    connectivity: str | None
    api_server_healthy: bool | None
    prometheus_healthy: bool | None
    tempo_healthy: bool | None
    loki_healthy: bool | None
    alertmanager_healthy: bool | None
    last_error: str | None
    checked_at: Timestamp | None


class ClusterView(Cluster):
    """A cluster in REST."""

    platform_version: str | None
    site: str
    """`hub`, or the far-edge worker that reaches it."""
    status: ClusterStatus
    capabilities: None
    """Null until discovery has run."""
    last_seen_at: Timestamp | None
    version: int
    """The registration's version, also the ETag."""


CLUSTER = Table(
    "cluster",
    ClusterRow,
    key=("id",),
    indexes=("(name)", "(environment)", "(region)", "using gin (labels jsonb_path_ops)"),
)
