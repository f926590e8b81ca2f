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
    """Every check has passed."""
    OFFLINE = "OFFLINE"
    """Its API server does not answer."""
    DEGRADED = "DEGRADED"
    """It answers, and a check has failed."""
    UNKNOWN = "UNKNOWN"
    """Nothing can be checked: there is no endpoint for it, or there are no credentials."""
    PROVISIONING = "PROVISIONING"
    """It was not checked yet."""


class Connectivity(StrEnum):
    """Whether a cluster answers, over its last five checks."""

    CONNECTED = "CONNECTED"
    DISCONNECTED = "DISCONNECTED"
    INTERMITTENT = "INTERMITTENT"
    """It has changed between the two twice or more."""


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
    """It has answered as it should."""
    latency_ms: float
    """Until it answered, or was given up."""
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
    """100, less what each failed check costs: API server 50, Prometheus 20, Tempo and Loki 15 each,
    Alertmanager 10. Null with the state UNKNOWN."""
    connectivity: Connectivity | None = None
    """Null where nothing was checked."""
    api_server_healthy: bool | None = None
    prometheus_healthy: bool | None = None
    tempo_healthy: bool | None = None
    loki_healthy: bool | None = None
    alertmanager_healthy: bool | None = None
    last_error: str | None = None
    """Of the first check that has one, in words; null if there is nothing to say."""


class ClusterStatusChanged(Event):
    """A health check has found a cluster in another state than the one before."""

    entity: ClassVar[str] = "cluster_health"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    cluster_id: UUID
    old_state: ClusterState
    """By the event before; PROVISIONING for the first."""
    new_state: ClusterState
    health_score: Score | None
    """As in `status`."""
    reason: str
    """The first error, or that every check has passed, in words."""
    status: ClusterStatus
    """The whole of what is known now; an event comes also where the state stays and this
    changes."""
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
    """As in `ClusterStatus`."""
    checks: tuple[Check, ...]
    """Of what has an endpoint and, for the API server, credentials."""


class RefreshCluster(Command):
    """Check a cluster's health and find out what it can do, now."""

    area: ClassVar[str] = "fleet"

    cluster_id: UUID


def cluster_health_key(cluster_id: UUID) -> EntityKey:
    """The health of a cluster."""
    return EntityKey(str(cluster_id), "cluster_health", str(cluster_id))
