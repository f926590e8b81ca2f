"""Which clusters there are, and under which names: commands and events of the registry."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from contracts.envelope import Command, Event, Message, Timestamp
from contracts.subjects import NO_CLUSTER, EntityKey, token

_LABEL_PART = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
LabelKey = Annotated[
    str,
    StringConstraints(
        pattern=rf"^([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_LABEL_PART}$", max_length=317
    ),
]
"""Kubernetes label key: an optional DNS prefix and a name of at most 63 characters."""
LabelValue = Annotated[str, StringConstraints(pattern=rf"^({_LABEL_PART})?$", max_length=63)]
"""Kubernetes label value: at most 63 characters, may be empty."""
Labels = Annotated[dict[LabelKey, LabelValue], Field(max_length=64)]
Url = Annotated[str, StringConstraints(max_length=2048)]
HUB = "hub"
"""The site of every cluster that the hub's own workers reach."""
Site = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$", max_length=31)]
"""Whose workers reach a cluster: `HUB`, or the name of a far-edge site."""


class ClusterType(StrEnum):
    """Where a cluster stands in the fleet; decides how often and how it is watched."""

    HUB = "HUB"
    SPOKE = "SPOKE"
    EDGE = "EDGE"
    FAR_EDGE = "FAR_EDGE"


class Platform(StrEnum):
    """What a cluster runs."""

    OPENSHIFT = "OPENSHIFT"
    KUBERNETES = "KUBERNETES"
    MICROSHIFT = "MICROSHIFT"


class Environment(StrEnum):
    """What a cluster is used for."""

    PRODUCTION = "PRODUCTION"
    STAGING = "STAGING"
    DEVELOPMENT = "DEVELOPMENT"
    LAB = "LAB"


class Endpoints(Message):
    """Where a cluster's observability backends answer."""

    prometheus_url: Url | None = None
    """Null, as each of these: the cluster has none, or none that the hub may ask."""
    tempo_url: Url | None = None
    loki_url: Url | None = None
    alertmanager_url: Url | None = None
    korrel8r_url: Url | None = None
    """Asked what belongs to an alert while a root cause is looked for; its health is not."""


class Registration(Message):
    """What people may write about a cluster."""

    name: str = Field(max_length=253, examples=["edge-berlin-1"])
    """Unique among live clusters; ``^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$``."""
    display_name: str | None = Field(default=None, max_length=128)
    """For people; null: its name is shown."""
    api_server_url: Url = Field(examples=["https://api.edge-berlin-1.example.com:6443"])
    """https; plain http only for loopback addresses or where the settings allow it."""
    cluster_type: ClusterType = ClusterType.SPOKE
    platform: Platform = Platform.OPENSHIFT
    region: str | None = Field(default=None, max_length=128)
    """Free text."""
    environment: Environment = Environment.DEVELOPMENT
    labels: Labels = Field(default_factory=dict)
    """As those of Kubernetes: for filters, and for whom it belongs to."""
    endpoints: Endpoints = Endpoints()
    site: Site = HUB
    """`hub`, or the far-edge site whose collector reaches it."""


class Cluster(Registration):
    """A registered cluster: what was written, and what was decided about it."""

    id: UUID
    """Made when it was registered; a cluster that comes back under its name is another."""
    created_at: Timestamp
    updated_at: Timestamp
    """Of the registration, not of its health."""


class RegisterCluster(Registration, Command):
    """Take a cluster into the fleet."""

    area: ClassVar[str] = "clusters"


class UpdateCluster(Command):
    """Change what is registered about a cluster: the whole registration, or a JSON merge patch.

    Exactly one of ``registration`` and ``patch`` (RFC 7396) is given. ``expected_version``, where
    given, must be the cluster's version.
    """

    area: ClassVar[str] = "clusters"

    cluster_id: UUID
    registration: Registration | None = None
    patch: dict[str, JsonValue] | None = None
    expected_version: int | None = Field(default=None, ge=1)


class DeleteCluster(Command):
    """Take a cluster out of the fleet; its history stays readable."""

    area: ClassVar[str] = "clusters"

    cluster_id: UUID
    expected_version: int | None = Field(default=None, ge=1)


class _ClusterFact(Event):
    entity: ClassVar[str] = "cluster"

    def _of(self, cluster_id: UUID) -> EntityKey:
        return cluster_key(cluster_id)


class ClusterRegistered(_ClusterFact):
    """The cluster belongs to the fleet from now on."""

    cluster: Cluster

    @property
    def key(self) -> EntityKey:
        """The cluster."""
        return self._of(self.cluster.id)


class ClusterUpdated(_ClusterFact):
    """The registration of a cluster changed; ``changed_fields`` names what did."""

    cluster: Cluster
    """As it is from now on."""
    changed_fields: tuple[str, ...]
    """Of `Registration`, sorted."""

    @property
    def key(self) -> EntityKey:
        """The cluster."""
        return self._of(self.cluster.id)


class ClusterDeleted(_ClusterFact):
    """The cluster has left the fleet."""

    cluster_id: UUID
    name: str
    """That it had; it may be taken again."""

    @property
    def key(self) -> EntityKey:
        """The cluster."""
        return self._of(self.cluster_id)


class _NameFact(Event):
    entity: ClassVar[str] = "cluster_name"
    aggregate: ClassVar[bool] = False

    name: str
    cluster_id: UUID
    """That has it, or had it."""

    @property
    def key(self) -> EntityKey:
        """The name, which is an entity of its own so that racing registrations meet on it."""
        return cluster_name_key(self.name)


class ClusterNameTaken(_NameFact):
    """A name belongs to a live cluster."""


class ClusterNameFreed(_NameFact):
    """A name may be taken again."""


ClusterEvent = ClusterRegistered | ClusterUpdated | ClusterDeleted
ClusterNameEvent = ClusterNameTaken | ClusterNameFreed


def cluster_key(cluster_id: UUID) -> EntityKey:
    """The registration of a cluster."""
    return EntityKey(str(cluster_id), "cluster", str(cluster_id))


def cluster_name_key(name: str) -> EntityKey:
    """The reservation of a name."""
    return EntityKey(NO_CLUSTER, "cluster_name", token(name))


def merge_patch(target: JsonValue, patch: JsonValue) -> JsonValue:
    """Apply a JSON merge patch (RFC 7396): null removes, objects merge, others replace."""
    if not isinstance(patch, dict):
        return patch
    merged: dict[str, JsonValue] = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
