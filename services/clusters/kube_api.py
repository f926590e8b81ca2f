"""A cluster's Kubernetes API server: whether it is ready, what we may do, what the cluster can do.

Every request has its own time, every answer a greatest size, and every failure is an ApiFailure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

import httpx
import msgspec

from services.clusters import kube_objects
from services.clusters.discovery import Capabilities, Findings
from services.clusters.kube_objects import ManagedCluster, NewToken
from services.runtime.kube.failures import ApiFailure, ApiFailureKind, no_kubernetes
from services.runtime.kube.lists import Listed, Lists, within
from services.runtime.kube.requests import Ask, Patience, Requests, Right

__all__ = [
    "NEEDED",
    "ApiFailure",
    "ApiFailureKind",
    "Discovered",
    "KubeApi",
    "ManagedCluster",
    "NewToken",
    "Right",
]

_RUNNING = "status.phase!=Succeeded,status.phase!=Failed"
_NAMESPACES = Listed("namespaces", metadata=True)
_DISCOVERED: tuple[tuple[Listed, Callable[[Findings, bytes], str | None]], ...] = (
    (_NAMESPACES, Findings.namespaces),
    (Listed("nodes"), Findings.nodes),
    (Listed("pods", fields=_RUNNING, metadata=True), Findings.pods),
    (Listed("services", metadata=True), Findings.services),
    (
        Listed("customresourcedefinitions", "apiextensions.k8s.io", metadata=True),
        Findings.definitions,
    ),
)
NEEDED: tuple[Right, ...] = tuple(listed.right for listed, _ in _DISCOVERED)
"""What discovery reads."""

_LEFT_OUT = frozenset({ApiFailureKind.FORBIDDEN, ApiFailureKind.NOT_SERVED})
_NO_VERSION = _LEFT_OUT | {ApiFailureKind.NOT_KUBERNETES, ApiFailureKind.OVERSIZED}
_READY = Ask(_NAMESPACES.path, str(_NAMESPACES.right), {"limit": "1"})
_VERSION = Ask("version", "get /version")
_OPENSHIFT_VERSION = Ask(
    "apis/config.openshift.io/v1/clusterversions/version",
    str(Right("get", "clusterversions", "config.openshift.io")),
)
_VERSIONS = (
    (_OPENSHIFT_VERSION, kube_objects.openshift_version),
    (_VERSION, kube_objects.kubernetes_version),
)
_REVIEWS = Right("create", "selfsubjectaccessreviews", "authorization.k8s.io")
_REVIEWS_PATH = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_MANAGED = Listed("managedclusters", "cluster.open-cluster-management.io")


@dataclass(frozen=True, slots=True)
class Discovered:
    """What discovery has found."""

    capabilities: Capabilities
    platform_version: str | None
    left_out: tuple[Right, ...] = ()
    """Lists that we may not read, or that are not served: what they would show counts as absent."""


class KubeApi:
    """One cluster's API server, by a client that brings address, trust and credentials along."""

    def __init__(self, client: httpx.AsyncClient, seconds: float) -> None:
        """``seconds`` are those of one request."""
        self._requests = Requests(client, seconds)

    async def ready(self) -> None:
        """Return if it lists namespaces; ApiFailure if not."""
        try:
            body = await self._requests.once(_READY)
        except ApiFailure as failure:
            if failure.kind is not ApiFailureKind.NOT_SERVED:
                raise
            # Each has namespaces: whatever does not is something else.
            text = "has no namespaces: it is something else (404)"
            raise no_kubernetes(text, failure.status) from None
        if kube_objects.kind(body) != "NamespaceList":
            raise no_kubernetes(f"answered with something else to: {_READY.doing}")

    async def missing(self, rights: Iterable[Right]) -> tuple[Right, ...]:
        """Those that we do not have, in order.

        Asked one after the other, on one connection: one for each would cost a handshake, which is
        more than all the questions.
        """
        return tuple([right for right in rights if not await self._allowed(right)])

    async def _allowed(self, right: Right) -> bool:
        asked = {
            "verb": right.verb,
            "group": right.group,
            "resource": right.resource,
            "subresource": right.subresource,
            "namespace": right.namespace,
        }
        attributes = {key: value for key, value in asked.items() if value or key == "group"}
        posted = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        ask = Ask(_REVIEWS_PATH, str(_REVIEWS), content=msgspec.json.encode(posted))
        may = kube_objects.allowed(await self._requests.once(ask))
        if may is None:
            raise no_kubernetes(f"answered with something else to: {ask.doing}")
        return may

    async def new_token(self, namespace: str, account: str, seconds: int) -> NewToken:
        """Have a token made for a service account; the server may shorten or lengthen its life."""
        space, name = quote(namespace, safe=""), quote(account, safe="")
        right = Right("create", "serviceaccounts", subresource="token", namespace=namespace)
        posted = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        ask = Ask(
            f"api/v1/namespaces/{space}/serviceaccounts/{name}/token",
            str(right),
            content=msgspec.json.encode(posted),
        )
        try:
            made = kube_objects.new_token(await self._requests.once(ask))
        except ApiFailure as failure:
            advice = "check the names of the namespace and of the service account"
            what = f"service account {account} in {namespace}"
            raise _none_here(failure, what, advice) from None
        if made is None:
            raise no_kubernetes(f"answered with something else to: {ask.doing}")
        return made

    async def version(self) -> str | None:
        """The version of Kubernetes, None if what is told is no plausible one."""
        try:
            return kube_objects.kubernetes_version(await self._requests.once(_VERSION))
        except ApiFailure as failure:
            if failure.kind in _NO_VERSION:
                return None
            raise

    async def discover(self, deadline_seconds: float) -> Discovered:
        """Find out what the cluster can do.

        A list that we may not read is left out, and told of; the others still count. ApiFailure if
        none can be read, if one breaks off for good, or when the time is over: then nothing goes on
        running, and what was found until then is dropped.
        """
        findings, lists = Findings(), Lists(self._requests)
        left_out: dict[Right, ApiFailure] = {}
        async with within(deadline_seconds, lists, "all that discovery asks"):
            for listed, take in _DISCOVERED:
                try:
                    await lists.read(listed, partial(take, findings))
                except ApiFailure as failure:
                    if failure.kind not in _LEFT_OUT:
                        raise
                    left_out[listed.right] = failure
            if len(left_out) == len(_DISCOVERED):
                raise next(iter(left_out.values()))
            version = await _platform_version(lists.patience)
        return Discovered(findings.capabilities(), version, tuple(left_out))

    async def managed_clusters(self, deadline_seconds: float) -> list[ManagedCluster]:
        """The clusters that this hub manages; ApiFailure of kind NOT_SERVED if it is no hub."""
        found: dict[str, ManagedCluster] = {}
        lists = Lists(self._requests)
        try:
            async with within(deadline_seconds, lists, "all managed clusters"):
                await lists.read(_MANAGED, partial(kube_objects.take_managed, found))
        except ApiFailure as failure:
            advice = "choose a cluster on which Open Cluster Management is installed"
            raise _none_here(failure, "managed clusters: it is no hub", advice) from None
        return list(found.values())


async def _platform_version(patience: Patience) -> str | None:
    """OpenShift's version or that of Kubernetes; a failure here is not worth all the rest."""
    for ask, read in _VERSIONS:
        try:
            version = read(await patience.ask(ask))
        except ApiFailure:
            continue
        if version is not None:
            return version
    return None


def _none_here(failure: ApiFailure, what: str, advice: str) -> ApiFailure:
    """For a 404, what exactly is missing; for any other failure itself."""
    if failure.kind is not ApiFailureKind.NOT_SERVED:
        return failure
    text = f"the API server has no {what}"
    return ApiFailure(failure.kind, text, advice, status=failure.status)
