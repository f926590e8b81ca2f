"""Shapes of answers that come ready from the database, for the OpenAPI document.

A test reads real answers through these models.
"""

from uuid import UUID

from pydantic import Field

from contracts.activity import EventRecord
from contracts.clusters import ClusterState, ClusterType, Connectivity, Environment, Validation
from contracts.envelope import Message, Timestamp
from projections.fleet.view import ClusterView
from services.runtime.principals import Role


class Paged(Message):
    """What every page of a list tells of the list."""

    total: int
    page: int
    page_size: int
    total_pages: int


class ClusterList(Paged):
    """A page of clusters."""

    items: list[ClusterView]


class FleetSummary(Message):
    """The fleet in figures; null is "not known"."""

    total: int
    by_state: dict[str, int]
    by_type: dict[str, int]
    by_environment: dict[str, int]
    average_health_score: float | None
    """Of the clusters that have a score."""
    gpu_count: int | None
    gpu_clusters: int | None
    cnf_clusters: int | None
    node_count: int | None


class AbilityCounts(Message):
    """How many clusters have each of these."""

    has_gpu_nodes: int
    has_prometheus: int
    has_thanos: int
    has_tempo: int
    has_loki: int
    has_alertmanager: int
    has_service_mesh: int
    has_cnf_workloads: int


class FleetCapabilities(Message):
    """What the clusters can do, over all that discovery has looked at."""

    clusters: int
    discovered: int
    """Of how many clusters anything is known."""
    node_count: int
    gpu_count: int
    having: AbilityCounts = Field(alias="with")
    gpu_types: dict[str, int]
    """Clusters by kind of GPU."""
    cnf_types: dict[str, int]
    platform_versions: dict[str, int]


class CredentialsTried(Message):
    """What each endpoint says of credentials that are not kept."""

    valid: bool
    validation: list[Validation]


class ClusterInFleet(Message):
    """One cluster's health among all, and what it is found and grouped by."""

    id: UUID
    name: str
    display_name: str | None
    cluster_type: ClusterType
    environment: Environment
    region: str | None
    state: ClusterState
    health_score: int | None
    connectivity: Connectivity | None
    last_error: str | None
    changed_at: Timestamp | None


class FleetHealth(Message):
    """Every cluster's health, worst first."""

    items: list[ClusterInFleet]


class EventList(Message):
    """A part of the log."""

    items: list[EventRecord]
    next_cursor: str | None


class EventCauses(Message):
    """An event with what led to it and what it led to."""

    event: EventRecord
    causes: list[EventRecord]
    """Oldest first."""
    effects: list[EventRecord]
    truncated: bool


class AlertsAccepted(Message):
    """What became of a post of alerts."""

    accepted: int
    rejected: int
    command_id: UUID


class GrantView(Message):
    """A role, and where it counts."""

    role: Role
    clusters: list[UUID] | None
    """Null: all of them, those to come, and what belongs to none."""


class Whoami(Message):
    """Who is asking."""

    user: str
    role: Role | None
    """The highest that they have anywhere; null: they may do nothing."""
    clusters: list[UUID]
    """Those that they have a role for by name; empty with a role that counts everywhere."""
    everywhere: bool
    """They may read of all clusters, those to come, and what belongs to none."""
    grants: list[GrantView]
    """Each role, and where it counts."""
    expires_at: Timestamp | None = None


class ErrorBody(Message):
    """What went wrong."""

    code: str
    message: str
    details: dict[str, object]
    service: str
    trace_id: str
    timestamp: Timestamp


class ErrorEnvelope(Message):
    """The body of every status of 400 and more."""

    error: ErrorBody
