"""How the platform logs in to a cluster: what may be known of its credentials, and how they change.

The secrets themselves are in `Given` alone, which is the body of a request and what waits under a
one-time reference; no event, command or answer holds any of it.
"""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from contracts.clusters.health import Checked
from contracts.clusters.registration import Url
from contracts.envelope import Command, Event, Message, Timestamp
from contracts.subjects import EntityKey


class AuthType(StrEnum):
    """How the platform logs in to the API server."""

    KUBECONFIG = "KUBECONFIG"
    """What a user of a kubeconfig has: a token or a client certificate."""
    SERVICE_ACCOUNT = "SERVICE_ACCOUNT"
    """A service account's token."""
    OIDC = "OIDC"
    """As a client of an OpenID provider."""


class Renewal(StrEnum):
    """How credentials that end are followed by others."""

    NOT_NEEDED = "NOT_NEEDED"
    """They have no end that can be known."""
    AUTOMATIC = "AUTOMATIC"
    """The platform gets new ones before they end."""
    BY_HAND = "BY_HAND"
    """Somebody has to give new ones; a warning comes seven days ahead."""


class Validation(Message):
    """Whether credentials are good for one endpoint."""

    name: Checked
    valid: bool
    error: str | None = None
    """What is wrong."""
    advice: str | None = None
    """What to do about it."""
    missing: tuple[str, ...] = ()
    """Rights that the API server does not grant, such as ``list nodes``."""


class Credentials(Message):
    """What may be known of a cluster's credentials; never any of their material."""

    auth_type: AuthType
    fingerprint: str
    """SHA-256 of all of the material, in hex."""
    backends: tuple[Checked, ...]
    """The backends that have a login of their own."""
    origins: dict[Checked, str]
    """Scheme, host and port that each secret is for. It goes nowhere else: an endpoint that has
    moved to another is without credentials until they are given again."""
    created_at: Timestamp
    """When the cluster was first given some."""
    rotated_at: Timestamp | None = None
    """When they were replaced last, by people or by renewal; null: never."""
    expires_at: Timestamp | None = None
    """When the first part of them ends; null if none of them says."""
    renewal: Renewal
    validated_at: Timestamp
    """When `validation` was made."""
    validation: tuple[Validation, ...]
    """What each endpoint said the last time that it was asked."""


class _CredentialsFact(Event):
    entity: ClassVar[str] = "cluster_credentials"
    aggregate: ClassVar[bool] = False

    cluster_id: UUID

    @property
    def key(self) -> EntityKey:
        """The cluster's credentials, which are an entity beside its registration."""
        return cluster_credentials_key(self.cluster_id)


class ClusterCredentialsUpdated(_CredentialsFact):
    """A cluster's credentials were given, rotated, renewed or found to be otherwise than before."""

    credentials: Credentials


class ClusterCredentialsExpiring(_CredentialsFact):
    """A cluster's credentials end soon, and the platform cannot get new ones by itself."""

    credentials: Credentials
    expires_at: Timestamp
    """When they end, or when they were found to have ended."""
    reason: str
    """Why they are not renewed, in words."""


class ClusterCredentialsDeleted(_CredentialsFact):
    """A cluster has no credentials any more; what there was is destroyed."""


CredentialsEvent = (
    ClusterCredentialsUpdated | ClusterCredentialsExpiring | ClusterCredentialsDeleted
)

Reference = Annotated[str, Field(min_length=1, max_length=128)]
"""Stands once, and for ten minutes, for material that waits in the vault."""


class UploadCredentials(Command):
    """Give a cluster its credentials, in place of those that it has; they are validated first."""

    area: ClassVar[str] = "fleet"

    cluster_id: UUID
    reference: Reference


class RotateCredentials(Command):
    """Replace parts of a cluster's credentials; what is not given stays."""

    area: ClassVar[str] = "fleet"

    cluster_id: UUID
    reference: Reference


class ValidateCredentials(Command):
    """Try a cluster's credentials, or those given, which are not kept, on every endpoint."""

    area: ClassVar[str] = "fleet"

    cluster_id: UUID
    reference: Reference | None = None


class DeleteCredentials(Command):
    """Destroy a cluster's credentials."""

    area: ClassVar[str] = "fleet"

    cluster_id: UUID


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Secret = Annotated[SecretStr, Field(max_length=65_536)]
Pem = Annotated[str, Field(max_length=262_144)]


class GivenOidc(_Part):
    """A client of an OpenID provider that the API server trusts."""

    issuer_url: Url
    client_id: str = Field(max_length=256)
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    """Without one the client logs in as itself (client credentials, RFC 6749 section 4.4)."""
    ca_bundle: Pem | None = Field(default=None, repr=False)


class GivenBackend(_Part):
    """How to log in to a backend: a token, or user and password, or a client certificate."""

    token: Secret | None = None
    username: str | None = Field(default=None, max_length=256)
    password: Secret | None = None
    certificate: Pem | None = Field(default=None, repr=False)
    key: Secret | None = None
    tenant: str | None = Field(default=None, max_length=256, pattern=r"^[\x21-\x7e]+$")
    """Goes as ``X-Scope-OrgID`` (Loki, Tempo, Mimir)."""
    ca_bundle: Pem | None = Field(default=None, repr=False)


class GivenBackends(_Part):
    """How to log in to each backend."""

    prometheus: GivenBackend | None = None
    tempo: GivenBackend | None = None
    loki: GivenBackend | None = None
    alertmanager: GivenBackend | None = None
    korrel8r: GivenBackend | None = None


class Given(_Part):
    """Credentials as people give them: the one model that holds secrets, and never a message."""

    auth_type: AuthType | None = None
    """Left out when only backends' tokens are rotated."""
    kubeconfig: Annotated[SecretStr, Field(max_length=1_100_000)] | None = None
    context: str | None = Field(default=None, max_length=512)
    """Which context of the kubeconfig; left out: its current one, or its only one."""
    token: Secret | None = None
    """A service account's token."""
    ca_bundle: Pem | None = Field(default=None, repr=False)
    """Trusted for every endpoint that has no bundle of its own."""
    tls_server_name: str | None = Field(default=None, max_length=253)
    insecure_skip_tls_verify: bool = False
    oidc: GivenOidc | None = None
    backends: GivenBackends = GivenBackends()


def cluster_credentials_key(cluster_id: UUID) -> EntityKey:
    """The credentials of a cluster."""
    return EntityKey(str(cluster_id), "cluster_credentials", str(cluster_id))
