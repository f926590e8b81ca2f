"""The few objects of a Kubernetes API that we read one by one, as far as they count: pure.

What a server says may be anything: each function gives None for what is not the object it expects.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec

from services.runtime.kube.failures import UnreadablePage

_PLAUSIBLE = re.compile(r"v?(\d{1,4}\.\d{1,4}(?:\.\d{1,6})?(?:[-+][\w.+-]{1,64})?)", re.ASCII)
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A service account's token that was just made."""

    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ManagedCluster:
    """A cluster that a hub of Open Cluster Management manages, as the hub knows it."""

    name: str
    api_server_url: str | None
    ca_pem: str | None
    labels: Mapping[str, str]


def kind(body: bytes) -> str | None:
    """What an object says that it is."""
    found = _decoded(_OBJECT, body)
    return found and found.kind


def allowed(body: bytes) -> bool | None:
    """What a SelfSubjectAccessReview says."""
    found = _decoded(_REVIEW, body)
    return found and found.status.allowed


def new_token(body: bytes) -> NewToken | None:
    """The token of a TokenRequest."""
    found = _decoded(_TOKEN, body)
    return found and NewToken(found.status.token, found.status.expires_at)


def kubernetes_version(body: bytes) -> str | None:
    """The version that ``/version`` tells, without its v."""
    found = _decoded(_VERSION, body)
    return found and _plausible(found.git_version)


def openshift_version(body: bytes) -> str | None:
    """The version that a ClusterVersion tells."""
    found = _decoded(_CLUSTER_VERSION, body)
    return found and _plausible(found.status.desired.version)


def take_managed(found: dict[str, ManagedCluster], page: bytes) -> str | None:
    """Add a page of managed clusters; the token of the next page, UnreadablePage if it is none."""
    told = _decoded(_MANAGED, page)
    if told is None:
        raise UnreadablePage("no list of managed clusters")
    for each in told.items or ():
        found[each.metadata.name] = _managed(each)
    return (told.metadata and told.metadata.next) or None


class _Object(msgspec.Struct, frozen=True):
    """Any object."""

    kind: str


class _Allowed(msgspec.Struct, frozen=True):
    """The answer of a review."""

    allowed: bool


class _Review(msgspec.Struct, frozen=True):
    """A SelfSubjectAccessReview."""

    kind: Literal["SelfSubjectAccessReview"]
    status: _Allowed


class _Made(msgspec.Struct, frozen=True, rename={"expires_at": "expirationTimestamp"}):
    """A new token; printable ASCII, as a header must have it."""

    token: Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,65536}\Z")]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)]


class _TokenRequest(msgspec.Struct, frozen=True):
    """A TokenRequest."""

    kind: Literal["TokenRequest"]
    status: _Made


class _Version(msgspec.Struct, frozen=True, rename={"git_version": "gitVersion"}):
    """What ``/version`` says."""

    git_version: str


class _Desired(msgspec.Struct, frozen=True):
    """The version that a cluster has or is on its way to."""

    version: str


class _ClusterVersionStatus(msgspec.Struct, frozen=True):
    """What OpenShift's operator of versions has done."""

    desired: _Desired


class _ClusterVersion(msgspec.Struct, frozen=True):
    """OpenShift's own version."""

    status: _ClusterVersionStatus


class _ManagedMeta(msgspec.Struct, frozen=True):
    """Which managed cluster it is."""

    name: str
    labels: dict[str, str] | None = None


class _ClientConfig(msgspec.Struct, frozen=True, rename={"ca_bundle": "caBundle"}):
    """How the hub reaches a managed cluster."""

    url: str | None = None
    ca_bundle: str | None = None


class _ManagedSpec(msgspec.Struct, frozen=True, rename={"configs": "managedClusterClientConfigs"}):
    """What is wanted of a managed cluster."""

    configs: list[_ClientConfig] | None = None


class _Managed(msgspec.Struct, frozen=True):
    """A ManagedCluster."""

    metadata: _ManagedMeta
    spec: _ManagedSpec | None = None


class _ListMeta(msgspec.Struct, frozen=True, rename={"next": "continue"}):
    """Where a list goes on."""

    next: str = ""


class _ManagedPage(msgspec.Struct, frozen=True):
    """One page of managed clusters."""

    items: list[_Managed] | None
    metadata: _ListMeta | None = None


_OBJECT = msgspec.json.Decoder(_Object)
_REVIEW = msgspec.json.Decoder(_Review)
_TOKEN = msgspec.json.Decoder(_TokenRequest)
_VERSION = msgspec.json.Decoder(_Version)
_CLUSTER_VERSION = msgspec.json.Decoder(_ClusterVersion)
_MANAGED = msgspec.json.Decoder(_ManagedPage)


def _decoded(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T | None:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _plausible(version: str) -> str | None:
    found = _PLAUSIBLE.fullmatch(version)
    return found[1] if found else None


def _managed(told: _Managed) -> ManagedCluster:
    configs = (told.spec and told.spec.configs) or ()
    config = next((each for each in configs if each.url), _ClientConfig())
    return ManagedCluster(
        name=told.metadata.name,
        api_server_url=config.url,
        ca_pem=_pem(config.ca_bundle),
        labels=told.metadata.labels or {},
    )


def _pem(bundle: str | None) -> str | None:
    try:
        text = base64.b64decode(bundle or "", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return text if _CERTIFICATE in text else None
