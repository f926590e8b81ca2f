"""How clusters are: what a health check finds, and the events of its changes."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Command, Event, Message, Timestamp
from contracts.subjects import EntityKey


class ClusterState(StrEnum):
    """The result of the last health check."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    DEGRADED = "DEGRADED"
    UNKNOWN = "UNKNOWN"
    PROVISIONING = "PROVISIONING"


class Connectivity(StrEnum):
    """Whether a cluster answers, over its last five checks."""

    CONNECTED = "CONNECTED"
    DISCONNECTED = "DISCONNECTED"
    INTERMITTENT = "INTERMITTENT"


class Checked(StrEnum):
    """What is checked, in the order in which it is; a Korrel8r only as credentials are tried."""

    API_SERVER = "API_SERVER"
    PROMETHEUS = "PROMETHEUS"
    TEMPO = "TEMPO"
    LOKI = "LOKI"
    ALERTMANAGER = "ALERTMANAGER"
    KORREL8R = "KORREL8R"


class Check(Message):
    """What one check of one endpoint has found."""

    name: Checked
    healthy: bool
    latency_ms: float
    error: str | None = None
    """What went wrong."""
    advice: str | None = None
    """What to do about it."""
    answered: bool = True
    """False if nobody was there to answer, as opposed to an answer that is not good."""


Score = Annotated[int, Field(ge=0, le=100)]


class ClusterStatus(Message):
    """How a cluster is; null means not configured, or not checked."""

    state: ClusterState
    health_score: Score | None = None
    connectivity: Connectivity | None = None
    api_server_healthy: bool | None = None
    prometheus_healthy: bool | None = None
    tempo_healthy: bool | None = None
    loki_healthy: bool | None = None
    alertmanager_healthy: bool | None = None
    last_error: str | None = None


class ClusterStatusChanged(Event):
    """A health check has found a cluster in another state than the one before."""

    entity: ClassVar[str] = "cluster_health"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    cluster_id: UUID
    old_state: ClusterState
    new_state: ClusterState
    health_score: Score | None
    reason: str
    status: ClusterStatus
    recent: Annotated[tuple[bool, ...], Field(max_length=5)]
    """Whether the cluster answered at its last five checks, oldest first; since then it goes on as
    at the last of them, or there would be another event."""

    @property
    def key(self) -> EntityKey:
        """The cluster's health, which is an entity beside its registration."""
        return cluster_health_key(self.cluster_id)


class ClusterHealthChecked(Message):
    """Telemetry: one round of checks of a cluster."""

    cluster_id: UUID
    checked_at: Timestamp
    answered: bool
    """True if anything of it did."""
    state: ClusterState
    health_score: Score | None
    checks: tuple[Check, ...]


class RefreshCluster(Command):
    """Check a cluster's health and find out what it can do, now."""

    area: ClassVar[str] = "fleet"

    cluster_id: UUID


def cluster_health_key(cluster_id: UUID) -> EntityKey:
    """The health of a cluster."""
    return EntityKey(str(cluster_id), "cluster_health", str(cluster_id))
