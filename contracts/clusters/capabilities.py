"""What clusters can do, as discovery has found it, with the evidence for each finding."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Event, Message
from contracts.subjects import EntityKey


class Finding(StrEnum):
    """What evidence is kept for."""

    GPU = "GPU"
    PROMETHEUS = "PROMETHEUS"
    THANOS = "THANOS"
    TEMPO = "TEMPO"
    LOKI = "LOKI"
    ALERTMANAGER = "ALERTMANAGER"
    SERVICE_MESH = "SERVICE_MESH"
    CNF = "CNF"


class CnfType(StrEnum):
    """Kinds of network functions; OTHER where there are signs of some, but of no known kind."""

    VDU = "VDU"
    VCU = "VCU"
    UPF = "UPF"
    AMF = "AMF"
    SMF = "SMF"
    OTHER = "OTHER"


class Evidence(Message):
    """One object that led to a finding."""

    kind: str
    """Of Kubernetes, for example ``Node`` or ``CustomResourceDefinition``."""
    namespace: str | None
    """Null where the kind has none."""
    name: str
    reason: str
    """Why it counts, in words."""


class Abilities(Message):
    """What a cluster can do."""

    has_gpu_nodes: bool
    """A node offers some, or pods of the GPU operator or of dcgm-exporter run."""
    gpu_count: Annotated[int, Field(ge=0)]
    """0 also where GPUs are known of only by the pods that serve them."""
    gpu_types: tuple[str, ...]
    """Products as the nodes' labels name them, sorted."""
    has_prometheus: bool
    """One runs in the cluster, as of each of these; the hub asks what the registration names."""
    has_thanos: bool
    has_tempo: bool
    has_loki: bool
    has_alertmanager: bool
    has_service_mesh: bool
    """A type of a mesh is defined."""
    has_cnf_workloads: bool
    """Something is named like a network function, or defines one."""
    cnf_types: tuple[CnfType, ...]
    """OTHER alone where no name says more."""
    node_count: Annotated[int, Field(ge=0)]


class Capabilities(Abilities):
    """What a cluster can do, and what led to that."""

    evidence: dict[Finding, tuple[Evidence, ...]]
    """For each finding up to five pieces, the strongest first."""


class ClusterCapabilitiesChanged(Event):
    """Discovery has found that a cluster can do something else than before, or runs a new version.

    ``discovered_at`` in views is when that was found, not when it was last confirmed.
    """

    entity: ClassVar[str] = "cluster_capabilities"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    cluster_id: UUID
    platform_version: str | None
    """That the cluster tells; null if it does not. MicroShift's is that of its Kubernetes."""
    capabilities: Capabilities

    @property
    def key(self) -> EntityKey:
        """What the cluster can do, which is an entity beside its registration."""
        return cluster_capabilities_key(self.cluster_id)


def cluster_capabilities_key(cluster_id: UUID) -> EntityKey:
    """What a cluster can do."""
    return EntityKey(str(cluster_id), "cluster_capabilities", str(cluster_id))
