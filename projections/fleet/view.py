"""The row of the fleet projection, and a cluster as people see it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from contracts.clusters import (
    Abilities,
    Check,
    Cluster,
    ClusterState,
    ClusterStatus,
    Credentials,
    Evidence,
    Finding,
)
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
    site: str
    created_at: datetime
    updated_at: datetime
    version: int


class StatusRow(NamedTuple):
    """How a cluster is, as its last event of that tells it."""

    cluster_id: UUID
    state: str
    health_score: int | None
    connectivity: str | None
    api_server_healthy: bool | None
    prometheus_healthy: bool | None
    tempo_healthy: bool | None
    loki_healthy: bool | None
    alertmanager_healthy: bool | None
    last_error: str | None
    changed_at: datetime


class CredentialsRow(NamedTuple):
    """What may be known of a cluster's credentials."""

    cluster_id: UUID
    told: dict[str, Any]
    """A `CredentialsView`."""


class CapabilitiesRow(NamedTuple):
    """What a cluster can do."""

    cluster_id: UUID
    platform_version: str | None
    has_gpu: bool
    gpu_count: int
    has_cnf: bool
    node_count: int
    told: dict[str, Any]
    """A `CapabilitiesView` as lists show it."""
    evidence: dict[str, Any]


class CredentialsView(Credentials):
    """What may be known of a cluster's credentials; never any of their material."""

    warning: str | None
    """What somebody has to see to before they end."""


class CapabilitiesView(Abilities):
    """What a cluster can do, and when that was found."""

    evidence: dict[Finding, tuple[Evidence, ...]] | None
    """For each finding up to five pieces, the strongest first; null in lists, which it would make
    three times as long."""
    discovered_at: Timestamp


class StatusView(ClusterStatus):
    """How a cluster is; null is "not known", never zero."""

    checked_at: Timestamp | None


class HealthRun(Message):
    """A time in which every check of a cluster found the same."""

    since: Timestamp
    until: Timestamp
    checks: int
    """How many there were."""
    answered: bool
    state: ClusterState
    health_score: int | None


class HealthStep(Message):
    """The worst that was found in one step of time; nulls where nobody checked."""

    at: Timestamp
    health_score: int | None
    answered: bool | None


class TrendDirection(StrEnum):
    """Where the health of a cluster is going: the last hour against the day before it."""

    IMPROVING = "IMPROVING"
    STEADY = "STEADY"
    WORSENING = "WORSENING"


class Trend(Message):
    """Average scores, weighed by time; null where nothing was checked."""

    last_hour: float | None
    day_before: float | None
    """Of the 24 hours before the last one."""
    direction: TrendDirection | None
    """Five points or more make a direction."""


class ClusterHealth(Message):
    """A cluster's health: now, check by check, and over the last days."""

    status: StatusView
    last_seen_at: Timestamp | None
    trend: Trend
    checks: list[Check]
    """What the last round of checks has found."""
    runs: list[HealthRun]
    """Newest first, at most 100."""
    history: list[HealthStep]
    """One entry a step, oldest first; empty without ``step``."""


class ClusterView(Cluster):
    """A cluster in REST."""

    platform_version: str | None
    status: StatusView
    capabilities: CapabilitiesView | None
    """Null until discovery has run."""
    credentials: CredentialsView | None
    last_seen_at: Timestamp | None
    version: int
    """The registration's version, also the ETag."""


CLUSTER = Table(
    "cluster",
    ClusterRow,
    key=("id",),
    indexes=("(name)", "(environment)", "(region)", "using gin (labels jsonb_path_ops)"),
    history=True,
)
CREDENTIALS = Table("credentials", CredentialsRow, key=("cluster_id",), history=True)
CAPABILITIES = Table(
    "capabilities",
    CapabilitiesRow,
    key=("cluster_id",),
    indexes=("(has_gpu)", "(has_cnf)"),
    history=True,
)
STATUS = Table("status", StatusRow, key=("cluster_id",), indexes=("(state)",), history=True)
