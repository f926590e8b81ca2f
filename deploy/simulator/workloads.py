"""What runs in a simulated cluster: the platform's own parts, and what they are there for."""

from dataclasses import dataclass

TRAINING, INFERENCE = "training", "inference"
"""The namespaces of what computes on GPUs."""
APPLICATION = "shop"
"""The namespace of an ordinary application, which has four parts."""
_APPLICATIONS = ("billing", "inventory", "orders", "shop")


@dataclass(frozen=True, slots=True)
class Shape:
    """The GPUs of a node."""

    product: str
    """As the label of its node has it."""
    gpus: int
    mig: int = 0
    """How many of them, the last ones, are cut into instances."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a cluster is good for; decides what runs on it."""

    gpu_nodes: int = 0
    shapes: tuple[Shape, ...] = ()
    """Of the nodes with GPUs, one after the other and from the beginning again."""
    dcgm: bool = True
    """Whether Prometheus has metrics of the GPUs."""
    cnf: tuple[str, ...] = ()
    """Of ``du``, ``cu`` and ``upf``."""
    cnf_nodes: int = 0
    cnf_metrics: bool = True
    """Whether Prometheus has metrics of clocks and of DPDK."""
    mesh: bool = False
    loki: bool = False
    tempo: bool = False
    alertmanager: bool = True
    openshift: bool = True

    @property
    def monitoring(self) -> str:
        """The namespace of Prometheus."""
        return "openshift-monitoring" if self.openshift else "monitoring"


@dataclass(frozen=True, slots=True)
class Workload:
    """Some pods that are alike."""

    namespace: str
    app: str
    pods: int = 1
    stateful: bool = False
    """Pods are numbered, as those of a StatefulSet."""
    on_gpu_nodes: bool = False
    """As many pods on each node with GPUs, as a DaemonSet has one."""
    on_cnf_nodes: bool = False
    """The same for the nodes of network functions."""


@dataclass(frozen=True, slots=True)
class Service:
    """A name and port in front of the pods of an app."""

    namespace: str
    name: str
    port: int
    app: str


def workloads_of(traits: Traits, pods: int) -> tuple[Workload, ...]:
    """What the platform needs, and ordinary applications until there are ``pods`` pods."""
    fixed = [*_monitoring(traits), *_gpu(traits), *_cnf(traits), *_rest(traits)]
    left = max(0, pods - sum(each.pods for each in fixed))
    share, more = divmod(left, len(_APPLICATIONS))
    counts = [share + (number < more) for number in range(len(_APPLICATIONS))]
    ordinary = [
        Workload(APPLICATION, app, count)
        for app, count in zip(_APPLICATIONS, counts, strict=True)
        if count
    ]
    return tuple(sorted([*fixed, *ordinary], key=lambda each: (each.namespace, each.app)))


def services_of(traits: Traits) -> tuple[Service, ...]:
    """The services of the observability backends and the API server."""
    space = traits.monitoring
    found = [
        Service("default", "kubernetes", 443, "kube-apiserver"),
        Service(space, "prometheus-k8s", 9091, "prometheus-k8s"),
    ]
    if traits.openshift:
        found.append(Service(space, "thanos-querier", 9091, "thanos-querier"))
    if traits.alertmanager:
        found.append(Service(space, "alertmanager-main", 9094, "alertmanager-main"))
    if traits.loki:
        found.append(Service(_logging(traits), "loki", 3100, "loki"))
    if traits.tempo:
        found.append(Service("tempo", "tempo", 3200, "tempo"))
    return tuple(sorted(found, key=lambda each: (each.namespace, each.name)))


def _monitoring(traits: Traits) -> list[Workload]:
    space = traits.monitoring
    found = [Workload(space, "prometheus-k8s", 2, stateful=True)]
    if traits.alertmanager:
        found.append(Workload(space, "alertmanager-main", 2, stateful=True))
    if traits.openshift:
        found.append(Workload(space, "thanos-querier", 2))
    return found


def _gpu(traits: Traits) -> list[Workload]:
    space, count = "nvidia-gpu-operator", traits.gpu_nodes
    if not count:
        return []
    daemons = ["nvidia-device-plugin-daemonset", "nvidia-driver-daemonset"]
    daemons += ["nvidia-dcgm-exporter"] if traits.dcgm else []
    return [
        Workload(space, "gpu-operator"),
        *(Workload(space, daemon, count, on_gpu_nodes=True) for daemon in daemons),
        Workload(TRAINING, "llm-train", 3 * count, on_gpu_nodes=True),
        Workload(INFERENCE, "triton", count, on_gpu_nodes=True),
        Workload(INFERENCE, "vllm", count, on_gpu_nodes=True),
    ]


def _cnf(traits: Traits) -> list[Workload]:
    if not traits.cnf:
        return []
    sriov, count = "openshift-sriov-network-operator", traits.cnf_nodes
    return [
        *(Workload(f"{kind}-site-1", f"{kind}-main", 2, on_cnf_nodes=True) for kind in traits.cnf),
        Workload("openshift-ptp", "linuxptp-daemon", count, on_cnf_nodes=True),
        Workload(sriov, "sriov-network-config-daemon", count, on_cnf_nodes=True),
        Workload(sriov, "sriov-network-operator"),
    ]


def _rest(traits: Traits) -> list[Workload]:
    found = [Workload("kube-system", "coredns", 2)]
    if traits.mesh:
        found.append(Workload("istio-system", "istiod"))
    if traits.loki:
        found.append(Workload(_logging(traits), "loki", 1, stateful=True))
    if traits.tempo:
        found.append(Workload("tempo", "tempo", 1, stateful=True))
    return found


def _logging(traits: Traits) -> str:
    return "openshift-logging" if traits.openshift else "loki"
