"""Taking many clusters into the fleet at once."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr

from contracts.clusters.credentials import Reference
from contracts.clusters.registration import ClusterType, Environment, Labels, Platform
from contracts.envelope import Command, Message

MOST = 1_000
"""Clusters of one import."""


class ImportSource(StrEnum):
    """Where the clusters are named."""

    KUBECONFIG = "KUBECONFIG"
    """Every context of a kubeconfig is a cluster, with its credentials."""
    MANAGED_CLUSTERS = "MANAGED_CLUSTERS"
    """Open Cluster Management on a hub that is registered, with credentials."""


class ImportOutcome(StrEnum):
    """What became of one cluster of an import."""

    REGISTERED = "REGISTERED"
    WOULD_REGISTER = "WOULD_REGISTER"
    ALREADY_REGISTERED = "ALREADY_REGISTERED"
    REFUSED = "REFUSED"


class ImportOptions(Message):
    """What is imported, and what all of it has in common."""

    source: ImportSource = ImportSource.KUBECONFIG
    contexts: Annotated[tuple[str, ...], Field(max_length=MOST)] | None = None
    """Only these contexts or managed clusters; left out: all."""
    hub_cluster_id: UUID | None = None
    """Whose ManagedClusters are meant."""
    names: Annotated[dict[str, str], Field(max_length=MOST)] = Field(default_factory=dict)
    """Wanted names by context or managed cluster; others get one that is close to theirs."""
    cluster_type: ClusterType = ClusterType.SPOKE
    platform: Platform = Platform.OPENSHIFT
    environment: Environment = Environment.DEVELOPMENT
    region: str | None = Field(default=None, max_length=128)
    labels: Labels = Field(default_factory=dict)
    dry_run: bool = False
    """Say what would be registered, and do nothing."""


class ImportClusters(ImportOptions, Command):
    """Take many clusters into the fleet; each for itself, so that a broken one keeps none out."""

    area: ClassVar[str] = "fleet"

    reference: Reference | None = None
    """Stands for the kubeconfig."""


class ImportRequest(ImportOptions):
    """The body of an import. Its kubeconfig holds secrets, so it is never a message."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kubeconfig: Annotated[SecretStr, Field(max_length=1_100_000)] | None = None


class ImportedCluster(Message):
    """What became of one of them."""

    source: str
    """The context, or the managed cluster."""
    name: str | None
    cluster_id: UUID | None
    api_server_url: str | None
    outcome: ImportOutcome
    code: str | None = None
    message: str | None = None


class ImportResult(Message):
    """What became of an import."""

    dry_run: bool
    registered: int
    known: int
    refused: int
    items: tuple[ImportedCluster, ...]
