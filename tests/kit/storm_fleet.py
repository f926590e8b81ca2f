"""Clusters for storms: nodes, namespaces, workloads, and where each pod runs."""

import random
from dataclasses import dataclass
from uuid import UUID, uuid5

_SPACE = UUID("8e3c7d1e-52c5-5f5b-9d5e-6a1f0f6f7a32")
_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_WORDS = [
    "cart",
    "billing",
    "search",
    "catalog",
    "orders",
    "payments",
    "users",
    "gateway",
    "auth",
    "mailer",
    "reports",
    "ledger",
    "redis",
    "postgres",
    "kafka",
    "worker",
    "scheduler",
    "frontend",
    "api",
    "images",
    "inventory",
    "pricing",
    "sessions",
    "audit",
]
_TEAMS = [
    "shop",
    "bank",
    "media",
    "ran",
    "core",
    "video",
    "maps",
    "data",
    "ml",
    "iot",
    "crm",
    "hr",
    "lab",
    "edge",
]
_DAEMONS = (
    ("openshift-monitoring", "node-exporter"),
    ("openshift-dns", "dns-default"),
    ("openshift-multus", "multus"),
    ("openshift-ovn-kubernetes", "ovnkube-node"),
    ("openshift-machine-config-operator", "machine-config-daemon"),
    ("openshift-cluster-csi-drivers", "ceph-csi-node"),
    ("openshift-logging", "collector"),
    ("openshift-ingress-canary", "ingress-canary"),
)


@dataclass(frozen=True)
class Workload:
    """A deployment, stateful set or daemon set."""

    namespace: str
    name: str
    kind: str
    pods: tuple[tuple[str, str], ...]
    """Of each: its name and the node it runs on."""
    claims: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The word of place that the hub has for it."""
        return f"workload/{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Place:
    """A cluster."""

    id: UUID
    name: str
    nodes: tuple[str, ...]
    addresses: dict[str, str]
    workloads: tuple[Workload, ...]

    @property
    def namespaces(self) -> list[str]:
        return sorted({one.namespace for one in self.workloads})

    def ours(self) -> list[Workload]:
        """Those that are not the platform's."""
        return [one for one in self.workloads if not one.namespace.startswith("openshift")]


def _suffix(source: random.Random, count: int) -> str:
    return "".join(source.choices(_SAFE, k=count))


def place(source: random.Random, number: int) -> Place:
    """A cluster of 12 to 40 nodes with about 45 pods each."""
    nodes = tuple(f"worker-{one}" for one in range(source.randint(12, 40)))
    namespaces = {
        f"{source.choice(_TEAMS)}-{source.choice(('prod', 'test', 'dev', 'stage'))}-{one}"
        for one in range(source.randint(12, 35))
    }
    workloads = [
        Workload(namespace, name, "daemonset", _pods(source, name, "daemonset", nodes))
        for namespace, name in _DAEMONS
    ]
    for namespace in sorted(namespaces):
        names = source.sample(_WORDS, source.randint(3, 12))
        workloads += [_workload(source, namespace, name, nodes) for name in names]
    addresses = {node: f"10.{number}.{one}.7" for one, node in enumerate(nodes)}
    name = f"cluster-{number}"
    return Place(uuid5(_SPACE, name), name, nodes, addresses, tuple(workloads))


def _workload(source: random.Random, namespace: str, name: str, nodes: tuple[str, ...]) -> Workload:
    stateful = name in ("redis", "postgres", "kafka", "ledger")
    kind = "statefulset" if stateful else "deployment"
    count = source.choice((1, 2, 2, 3, 3, 5, 8, 12))
    on = tuple(source.choice(nodes) for _ in range(count))
    pods = _pods(source, name, kind, on)
    claims = tuple(f"data-{pod}" for pod, _ in pods) if stateful else ()
    return Workload(namespace, name, kind, pods, claims)


def _pods(
    source: random.Random, name: str, kind: str, nodes: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    template = _suffix(source, 9)
    names = {
        "deployment": [f"{name}-{template}-{_suffix(source, 5)}" for _ in nodes],
        "statefulset": [f"{name}-{number}" for number in range(len(nodes))],
        "daemonset": [f"{name}-{_suffix(source, 5)}" for _ in nodes],
    }[kind]
    return tuple(zip(names, nodes, strict=True))
