"""What goes wrong with nodes, and what that does to what runs there."""

import random
from collections.abc import Mapping

from tests.kit.storm_fleet import Place
from tests.replays.scene import Scene, Script, Telling


def _same(at: Place, node: str) -> tuple[str, ...]:
    """node-exporter may know a node by its address only."""
    return (f"address/{at.addresses[node]}",)


def _not_ready(told: Telling, begin: float, node: str) -> None:
    ready = told.of_node(begin + 40, "KubeNodeNotReady", node, condition="Ready", status="true")
    taint = {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}
    told.tells(ready)
    if told.chance(0.8):
        told.tells(told.of_node(begin + 45, "KubeNodeUnreachable", node, **taint))


def _daemons(told: Telling, begin: float, most: int) -> None:
    """Of them one pod is missing everywhere."""
    daemons = [one for one in told.at.workloads if one.kind == "daemonset"]
    for daemon in told.some(daemons, 1, most):
        told.says(told.replicas(begin, daemon))
    for job in told.some(["kubelet", "crio", "machine-config-daemon", "multus"], 1, 2):
        told.says(told.target_down(begin, "kube-system", job))


def node_down(source: random.Random, at: Place) -> Scene:
    """It loses power: requests to what ran there fail first."""
    told, node = Telling(source, at), source.choice(at.nodes)
    _not_ready(told, 0, node)
    if told.chance(0.7):
        told.tells(told.of_host(15, "NodeExporterDown", node))
    for workload, pod in told.some(told.on(node), 6, 14):
        told.lost(told.between(5, 60), workload, pod)
    _daemons(told, 60, 4)
    return told.scene(f"node/{node}", *_same(at, node))


def rack_down(source: random.Random, at: Place) -> Scene:
    """Nodes that stand together lose their switch; any of them is as right."""
    told = Telling(source, at)
    count = source.randint(3, 5)
    first = source.randrange(len(at.nodes) - count)
    nodes = at.nodes[first : first + count]
    for node in nodes:
        begin = told.between(0, 20)
        _not_ready(told, begin, node)
        if told.chance(0.6):
            told.tells(told.of_host(begin, "NodeExporterDown", node))
    for workload, pod in told.some(told.on(*nodes), 10, 18):
        told.lost(told.between(5, 90), workload, pod)
    _daemons(told, 60, 6)
    also = [one for node in nodes for one in (f"node/{node}", *_same(at, node))]
    return told.scene(also[0], *also[1:])


def node_partitioned(source: random.Random, at: Place) -> Scene:
    """Its link comes and goes: requests fail now and then, and it is not ready in the end."""
    told, node = Telling(source, at), source.choice(at.nodes)
    device = source.choice(("ens1f0", "bond0", "eno1"))
    name = "NodeNetworkInterfaceFlapping"
    told.tells(told.of_host(60, name, node, device=device))
    if told.chance(0.6):
        told.tells(told.of_host(0, "NodeNetworkReceiveErrs", node, device=device))
    told.tells(told.of_node(120, "KubeNodeReadinessFlapping", node))
    if told.chance(0.5):
        _not_ready(told, 300, node)
    for workload, pod in told.some(told.on(node), 5, 10):
        told.errors(told.between(0, 120), workload)
        if told.chance(0.5):
            told.says(told.of_pod(told.between(60, 200), "KubePodNotReady", workload, pod))
    return told.scene(f"node/{node}", *_same(at, node))


def disk_full(source: random.Random, at: Place) -> Scene:
    """Its disk is full, and pods are evicted."""
    told, node = Telling(source, at), source.choice(at.nodes)
    disk = {"device": "/dev/nvme0n1p4", "mountpoint": "/var", "fstype": "xfs"}
    if told.chance(0.6):
        told.tells(told.of_host(-1500, "NodeFilesystemSpaceFillingUp", node, **disk))
    told.tells(told.of_host(-240, "NodeFilesystemAlmostOutOfSpace", node, **disk))
    _evicts(told, node, "DiskPressure", "nodefs.available")
    for workload, pod in told.some(told.on(node), 6, 12):
        told.lost(told.between(30, 180), workload, pod)
    return told.scene(f"node/{node}", *_same(at, node))


def _evicts(told: Telling, node: str, condition: str, signal: str, *, tells: bool = True) -> None:
    say = told.tells if tells else told.says
    say(told.of_node(0, "KubeNodePressure", node, condition=condition, status="true"))
    if told.chance(0.7):
        say(told.of_node(60, "KubeNodeEviction", node, eviction_signal=signal))


def disk_pressure_by_logs(source: random.Random, at: Place) -> Scene:
    """A workload writes so much that the disk of a node is full: others are evicted there."""
    told = Telling(source, at)
    chatty = told.workload(kind="deployment")
    pod, node = source.choice(chatty.pods)
    for one, _ in told.some(chatty.pods, 1, 3):
        told.tells(told.of_pod(-600, "HighLogVolume", chatty, one, container=chatty.name))
    disk = {"device": "/dev/sda4", "mountpoint": "/var/log", "fstype": "xfs"}
    told.says(told.of_host(-480, "NodeFilesystemSpaceFillingUp", node, **disk))
    told.says(told.of_host(-120, "NodeFilesystemAlmostOutOfSpace", node, **disk))
    _evicts(told, node, "DiskPressure", "nodefs.available", tells=False)
    others = [one for one in told.on(node) if one[0] != chatty]
    for workload, lost in told.some(others, 4, 9):
        told.lost(told.between(30, 240), workload, lost)
    if told.chance(0.4):
        told.tells(told.of_pod(120, "KubePodNotReady", chatty, pod))
    told.says(told.target_down(120, "openshift-logging", "collector"))
    return told.scene(f"workload/{chatty.namespace}/{chatty.name}")


def noisy_neighbour(source: random.Random, at: Place) -> Scene:
    """A workload takes the whole CPU of a node: all others there are slow."""
    told = Telling(source, at)
    greedy = told.workload(names=("worker", "reports", "search", "images"), kind="deployment")
    pod, node = source.choice(greedy.pods)
    told.tells(
        told.of_pod(0, "ContainerHighCpuUtilization", greedy, pod, container=greedy.name),
    )
    if told.chance(0.4):
        told.tells(told.of_pod(30, "CPUThrottlingHigh", greedy, pod, container=greedy.name))
    told.says(told.of_host(0, "NodeSystemSaturation", node))
    if told.chance(0.5):
        told.says(told.alert(120, "KubeletPlegDurationHigh", node=node, job="kubelet"))
    others = [one for one in told.on(node) if one[0] != greedy]
    for workload, _ in told.some(others, 5, 12):
        told.slow(told.between(20, 200), workload)
    return told.scene(f"workload/{greedy.namespace}/{greedy.name}")


def memory_exhausted(source: random.Random, at: Place) -> Scene:
    """All that runs on a node together takes more memory than there is."""
    told, node = Telling(source, at), source.choice(at.nodes)
    told.tells(told.of_host(0, "NodeMemoryHighUtilization", node))
    if told.chance(0.6):
        told.tells(told.of_host(60, "NodeMemoryMajorPagesFaults", node))
    if told.chance(0.5):
        told.tells(told.of_node(0, "SystemMemoryExceedsReservation", node))
    _evicts(told, node, "MemoryPressure", "memory.available")
    for workload, pod in told.some(told.on(node), 5, 10):
        begin = told.between(60, 300)
        if told.chance(0.6):
            killed = {"container": workload.name, "reason": "OOMKilled"}
            told.says(told.of_pod(begin, "KubeContainerOOMKilled", workload, pod, **killed))
        told.lost(begin, workload, pod)
    return told.scene(f"node/{node}", *_same(at, node))


def clock_skew(source: random.Random, at: Place) -> Scene:
    """Tokens and certificates are not valid yet for what runs on a node whose clock is wrong."""
    told, node = Telling(source, at), source.choice(at.nodes)
    told.tells(told.of_host(0, "NodeClockSkewDetected", node))
    if told.chance(0.7):
        told.tells(told.of_host(-120, "NodeClockNotSynchronising", node))
    for workload, pod in told.some(told.on(node), 4, 9):
        told.errors(told.between(0, 240), workload)
        if told.chance(0.4):
            told.says(told.crash(told.between(60, 240), workload, pod))
    return told.scene(f"node/{node}", *_same(at, node), f"clock/{node}/CLOCK_REALTIME")


def kubelet_down(source: random.Random, at: Place) -> Scene:
    """The kubelet of a node does not run: the machine is well, but its pods are given up."""
    told, node = Telling(source, at), source.choice(at.nodes)
    _not_ready(told, 0, node)
    if told.chance(0.4):
        quantile = {"job": "kubelet", "quantile": "0.99", "node": node}
        told.tells(told.alert(-420, "KubeletPlegDurationHigh", **quantile))
    told.says(told.target_down(0, "kube-system", "kubelet"))
    for workload, pod in told.some(told.on(node), 5, 12):
        told.lost(told.between(300, 420), workload, pod)
    return told.scene(f"node/{node}", *_same(at, node))


def kubelet_certificate(source: random.Random, at: Place) -> Scene:
    """A kubelet's certificate has run out: the API server does not believe it any more."""
    told, node = Telling(source, at), source.choice(at.nodes)
    kubelet = {"job": "kubelet", "node": node, "instance": f"{at.addresses[node]}:10250"}
    told.tells(told.alert(0, "KubeletClientCertificateExpiration", **kubelet))
    if told.chance(0.7):
        told.tells(told.alert(-1200, "KubeletClientCertificateRenewalErrors", **kubelet))
    _not_ready(told, 0, node)
    for workload, pod in told.some(told.on(node), 5, 10):
        told.lost(told.between(300, 420), workload, pod)
    _daemons(told, 60, 3)
    return told.scene(f"node/{node}", *_same(at, node))


def node_drained(source: random.Random, at: Place) -> Scene:
    """A node is emptied for maintenance, and too few pods are left of what ran there."""
    told, node = Telling(source, at), source.choice(at.nodes)
    controller = {"namespace": "openshift-machine-config-operator", "node": node}
    controller |= {"job": "machine-config-controller", "service": "machine-config-controller"}
    told.tells(told.alert(0, "MCCDrainError", **controller))
    if told.chance(0.3):
        told.says(told.operator(60, "ClusterOperatorDegraded", "machine-config", "DrainFailed"))
    for workload, pod in told.some(told.on(node), 5, 10):
        begin = told.between(10, 200)
        told.says(told.budget(begin, workload))
        if told.chance(0.5):
            told.says(told.replicas(begin, workload))
        if told.chance(0.4):
            told.says(told.of_pod(begin, "KubePodNotReady", workload, pod))
        if told.chance(0.35):
            told.errors(begin, workload)
    return told.scene(f"node/{node}", *_same(at, node))


NODES: Mapping[str, Script] = {
    "node down": node_down,
    "rack down": rack_down,
    "node partitioned": node_partitioned,
    "disk full": disk_full,
    "disk pressure by logs": disk_pressure_by_logs,
    "noisy neighbour": noisy_neighbour,
    "node memory exhausted": memory_exhausted,
    "clock skew": clock_skew,
    "kubelet down": kubelet_down,
    "kubelet certificate expired": kubelet_certificate,
    "node drained": node_drained,
}
