"""What one simulated cluster is: frozen descriptions of its parts, accounts, nodes and pods."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from contracts.clusters import ClusterType, Platform
from deploy.simulator.incidents import Stage
from deploy.simulator.rights import Rule
from deploy.simulator.workloads import Service, Traits, Workload

_T = TypeVar("_T")
_SAFE = "2456789bcdfghjklmnpqrstvwxz"
"""Of these Kubernetes makes the suffixes of names; here in the order of lists."""
_CONTAINERS = {
    "linuxptp-daemon": "linuxptp-daemon-container",
    "nvidia-driver-daemonset": "nvidia-driver-ctr",
}
"""Names of containers that are not those of their apps."""


class Part(StrEnum):
    """What of a cluster answers by itself, and can fail by itself."""

    API = "api"
    PROMETHEUS = "prometheus"
    TEMPO = "tempo"
    LOKI = "loki"
    ALERTMANAGER = "alertmanager"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may show a token or a client certificate to a cluster."""

    name: str
    token: str
    rules: tuple[Rule, ...]
    service_account: bool = True

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that TokenReview tells of."""
        extra = ("system:serviceaccounts",) if self.service_account else ()
        return (*extra, "system:authenticated")


@dataclass(frozen=True, slots=True)
class Backend:
    """An observability backend; without a token it is open to everybody."""

    part: Part
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One machine."""

    name: str
    role: str
    gpus: int = 0
    gpu_type: str | None = None
    mig: int = 0
    """How many of its GPUs, the last ones, are cut into instances."""


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod, and the node it runs on."""

    name: str
    namespace: str
    app: str
    node: str

    @property
    def container(self) -> str:
        """The name of its container."""
        return _CONTAINERS.get(self.app, self.app)


@dataclass(frozen=True, slots=True)
class Managed:
    """What a hub knows of a cluster that it manages."""

    url: str
    authority: bytes
    """The CA certificate of its API server as PEM."""
    vendor: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster; its nodes and pods are worked out when they are asked for."""

    name: str
    number: int
    cluster_type: ClusterType
    platform: Platform
    minor: int
    """The Kubernetes version is 1.<minor>, OpenShift's is 4.<minor - 13>."""
    node_count: int
    traits: Traits
    workloads: tuple[Workload, ...]
    """Ordered as the API lists their pods: by namespace, then by name."""
    services: tuple[Service, ...]
    backends: tuple[Backend, ...]
    accounts: tuple[Account, ...]
    by_certificate: bool = False
    """True: its kubeconfig holds a client certificate, not a token."""
    manages: tuple[str, ...] = ()
    """The names of its managed clusters, on a hub."""
    addresses: Mapping[str, Managed] = field(default_factory=dict[str, Managed])
    """Where those are, once they are served."""
    stage: Stage = field(default_factory=Stage, compare=False)
    """What goes wrong in it."""
    memo: dict[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)
    """What has been worked out and does not change."""

    @property
    def version(self) -> str:
        """The Kubernetes version, which says that nothing of this is real."""
        return f"v1.{self.minor}.{self.number % 9}+simulated"

    @property
    def platform_version(self) -> str:
        """The version of the distribution."""
        if self.platform is Platform.KUBERNETES:
            return self.version.removeprefix("v")
        return f"4.{self.minor - 13}.{self.number % 9}"

    @property
    def gpu_types(self) -> tuple[str, ...]:
        """The product names that GPU nodes carry as labels, sorted."""
        return tuple(sorted({each.gpu_type for each in self.nodes() if each.gpu_type}))

    @property
    def gpu_count(self) -> int:
        """All GPUs of all nodes."""
        return sum(each.gpus for each in self.nodes())

    @property
    def pod_count(self) -> int:
        """All pods of all workloads."""
        return sum(workload.pods for workload in self.workloads)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """All namespaces, sorted."""
        used = {each.namespace for each in (*self.workloads, *self.services)}
        return tuple(sorted({"default", "kube-system", *used}))

    def node(self, index: int) -> Node:
        """The node of this index; the last ones have the GPUs."""
        place = index - (self.node_count - self.traits.gpu_nodes)
        if place >= 0:
            shapes = self.traits.shapes
            shape = shapes[place % len(shapes)]
            name = f"gpu-{index:04d}.{self.name}"
            return Node(name, "worker", shape.gpus, shape.product, shape.mig)
        masters = 3 if self.node_count > 3 else 1
        role = "control-plane" if index < masters else "worker"
        prefix = "master" if role == "control-plane" else "worker"
        return Node(f"{prefix}-{index:04d}.{self.name}", role)

    def nodes(self) -> Iterator[Node]:
        """All nodes."""
        return map(self.node, range(self.node_count))

    def cnf_nodes(self) -> Iterator[Node]:
        """The nodes of network functions: the last ones."""
        first = self.node_count - self.traits.cnf_nodes
        return map(self.node, range(first, self.node_count))

    def pods(self, namespace: str | None = None) -> Iterator[Pod]:
        """All pods, or those of a namespace, in the order of the API's lists."""
        for workload in self.workloads:
            if namespace in (None, workload.namespace):
                for ordinal in range(workload.pods):
                    yield self.pod(workload, ordinal)

    def pod(self, workload: Workload, ordinal: int) -> Pod:
        """One pod of a workload."""
        mark = f"{self.number}/{workload.namespace}/{workload.app}/{ordinal}"
        hashed = hashlib.blake2b(mark.encode(), digest_size=4).hexdigest()
        if workload.on_gpu_nodes:
            place = self.node_count - self.traits.gpu_nodes + ordinal % self.traits.gpu_nodes
        elif workload.on_cnf_nodes:
            place = self.node_count - self.traits.cnf_nodes + ordinal % self.traits.cnf_nodes
        else:
            place = int(hashed, 16) % self.node_count
        if workload.stateful:
            name = f"{workload.app}-{ordinal}"
        else:
            name = f"{self.owner(workload)}-{_suffix(ordinal, hashed)}"
        return Pod(name, workload.namespace, workload.app, self.node(place).name)

    def owner(self, workload: Workload, version: int = 1) -> str:
        """The name of the ReplicaSet of a version of it."""
        mark = f"owner/{workload.namespace}/{workload.app}/{version}"
        if mark not in self.memo:
            hashed = hashlib.blake2b(f"{self.number}/{mark}".encode(), digest_size=9).digest()
            letters = "".join(_SAFE[each % len(_SAFE)] for each in hashed)
            self.memo[mark] = f"{workload.app}-{letters}"
        return self.memo[mark]

    def account(self, name: str) -> Account:
        """The account of this short name: ``reader``, ``operator`` or ``nobody``."""
        return next(each for each in self.accounts if each.name.endswith(f":{name}"))

    def backend(self, part: Part) -> Backend | None:
        """The backend, None if the cluster has no such thing."""
        return next((each for each in self.backends if each.part is part), None)

    def remembered(self, what: str, make: Callable[["Cluster"], _T]) -> _T:
        """What is worked out once, and then kept."""
        if what not in self.memo:
            self.memo[what] = make(self)
        return self.memo[what]


def _suffix(ordinal: int, hashed: str) -> str:
    """Five letters by which the pods of a workload are in the order of their numbers."""
    base, drawn = len(_SAFE), int(hashed, 16)
    places = (ordinal // base**2, ordinal // base, ordinal, drawn, drawn // base)
    return "".join(_SAFE[each % base] for each in places)
