"""Clusters that an import names, before any of them is registered: pure."""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.clusters import (
    AuthType,
    Cluster,
    ImportedCluster,
    ImportOptions,
    ImportOutcome,
    Platform,
    RegisterCluster,
)
from contracts.clusters.imports import MOST
from contracts.refusals import Code, Refused
from services.clusters import domain, kubeconfig
from services.clusters.credentials import Read, login_of
from services.clusters.kube_api import ManagedCluster
from services.clusters.naming import numbered, suggested_name
from services.runtime.vault.logins import Logins, server_of

_MOST_LABELS = 64


@dataclass(frozen=True, slots=True)
class Candidate:
    """One cluster that may be registered."""

    source: str
    """The context, or the managed cluster."""
    api_server_url: str
    suggestion: str
    """A name that is close to what it is called there."""
    credentials: Read | None = field(default=None, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    platform: Platform | None = None
    """Where it says so itself."""
    name: str | None = None
    registered: UUID | None = None
    """The cluster that it is already."""

    def names(self, wanted: str | None) -> Iterator[str]:
        """Names for it, the best first; only the wanted one if there is one."""
        if wanted is not None:
            return iter((wanted,))
        others = (numbered(self.suggestion, number) for number in range(2, MOST + 2))
        return itertools.chain((self.suggestion,), others)

    def registration(self, options: ImportOptions) -> dict[str, Any]:
        """What it is registered with."""
        labels = dict(itertools.islice(self.labels.items(), _MOST_LABELS - len(options.labels)))
        return {
            "name": self.name,
            "api_server_url": self.api_server_url,
            "cluster_type": options.cluster_type,
            "platform": self.platform or options.platform,
            "region": options.region,
            "environment": options.environment,
            "labels": labels | options.labels,
        }


Found = tuple[list[Candidate], list[ImportedCluster]]
"""Those that can be tried, and those that cannot."""


def of_kubeconfig(text: str, only: Collection[str] | None) -> Found:
    """Every context of a kubeconfig, or those named; Refused if it is none or lacks one of them."""
    config = kubeconfig.read(text)
    _require_there(only, config.names, "context")
    found = [
        Candidate(
            source=context.name,
            api_server_url=context.server,
            suggestion=suggested_name(context),
            credentials=Read(AuthType.KUBECONFIG, Logins(login_of(context))),
        )
        for context in config.contexts
        if only is None or context.name in only
    ]
    broken: dict[str, list[str]] = {}
    for problem in config.problems:
        if only is None or problem.context in only:
            broken.setdefault(problem.context, []).append(f"{problem.field}: {problem.message}")
    return found, [_refused(name, "; ".join(told[:3])) for name, told in broken.items()]


def of_managed(
    managed: Iterable[ManagedCluster], only: Collection[str] | None, hub_url: str
) -> Found:
    """Every cluster that a hub manages, or those named; the hub itself is left out."""
    known = list(managed)
    _require_there(only, [each.name for each in known], "managed cluster")
    found: list[Candidate] = []
    broken: list[ImportedCluster] = []
    for each in known:
        if only is not None and each.name not in only:
            continue
        if each.api_server_url is None:
            broken.append(_refused(each.name, "its hub does not say where its API server is"))
        elif server_of(each.api_server_url) != server_of(hub_url) or each.name in (only or ()):
            found.append(_managed(each, each.api_server_url))
    return found, broken


def checked(
    registration: RegisterCluster, cluster_id: UUID, at: datetime, rules: domain.Rules
) -> Cluster:
    """The cluster as it would be registered; Refused as a registration is."""
    events = domain.register(
        None, registration, cluster_id=cluster_id, at=at, rules=rules, version=0
    )
    state = None
    for event in events:
        state = domain.evolve(state, event)
    if state is None or state.cluster is None:
        raise Refused(Code.VALIDATION_FAILED, "the registration has no effect")
    return state.cluster


def _managed(each: ManagedCluster, url: str) -> Candidate:
    vendor = each.labels.get("vendor")
    platform = None
    if vendor is not None:
        platform = Platform.OPENSHIFT if vendor == "OpenShift" else Platform.KUBERNETES
    return Candidate(
        source=each.name,
        api_server_url=url,
        suggestion=each.name[:63],
        labels=each.labels,
        platform=platform,
    )


def _refused(source: str, message: str) -> ImportedCluster:
    return ImportedCluster(
        source=source,
        name=None,
        cluster_id=None,
        api_server_url=None,
        outcome=ImportOutcome.REFUSED,
        code=Code.CREDENTIALS_INVALID.name,
        message=message,
    )


def _require_there(only: Collection[str] | None, names: Collection[str], what: str) -> None:
    missing = [name for name in only or () if name not in names]
    if missing:
        text = f"there is no {what} of the name {missing[0][:100]}"
        fields = [{"field": "contexts", "message": text}]
        raise Refused(Code.VALIDATION_FAILED, text, {"fields": fields})
