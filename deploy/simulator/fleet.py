"""What a simulated fleet consists of: frozen descriptions, the same ones for the same seed."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from contracts.clusters import ClusterType, Platform
from deploy.simulator.cluster import Account, Backend, Cluster, Part
from deploy.simulator.incidents import Stage
from deploy.simulator.rights import OPERATING, READING
from deploy.simulator.workloads import Shape, Traits, services_of, workloads_of

_TYPES = (ClusterType.EDGE, ClusterType.SPOKE, ClusterType.FAR_EDGE, ClusterType.SPOKE)
_MINORS = (29, 30, 31, 32)
_H100, _A100 = "NVIDIA-H100-80GB-HBM3", "NVIDIA-A100-SXM4-80GB"
_L40S, _A10 = "NVIDIA-L40S", "NVIDIA-A10"
_SHAPES = (
    (Shape(_A100, 8, mig=2), Shape(_A100, 4)),
    (Shape(_H100, 8), Shape(_H100, 4)),
    (Shape(_L40S, 4), Shape(_A10, 1)),
    (Shape(_A10, 2), Shape(_L40S, 4)),
)
"""The GPUs of clusters that have some, by turns."""
_WITHOUT_DCGM = 2
"""Which of them have no metrics of GPUs."""
_MANY = (Shape(_H100, 8),)
_CNF_NODES = 2
_TURN_OF_CNF, _WITHOUT_CNF_METRICS = 8, 5
"""Of every eighth cluster the metrics tell nothing of clocks and of DPDK."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """All simulated clusters."""

    clusters: tuple[Cluster, ...]

    @classmethod
    def make(
        cls, clusters: int, seed: int, nodes: int = 6, pods: int = 60, gpu_nodes: int = 0
    ) -> "Fleet":
        """A fleet of a hub and others of every type; each has at least what its platform runs.

        ``nodes`` and ``pods`` are per cluster. GPUs, CNF workloads, the mesh, the backends and
        their tokens are drawn with ``seed``. With ``gpu_nodes`` so many nodes of every cluster
        have eight GPUs, whatever is drawn.
        """
        draw = Random(seed)  # noqa: S311 - a simulation, and it has to be repeatable
        types = [ClusterType.HUB, *(_TYPES[i % len(_TYPES)] for i in range(clusters - 1))]
        names = _names(types[:clusters])
        kinds = enumerate(zip(names, types, strict=False))
        made = [_cluster(draw, (number, *each), nodes, pods) for number, each in kinds]
        if gpu_nodes:
            made = [_crowded(each, min(gpu_nodes, nodes), pods) for each in made]
        return cls(tuple(_managing(made)))

    def staged(self, *, scripted: bool) -> "Fleet":
        """The same fleet, with incidents of its own."""
        fresh = (replace(each, stage=Stage(scripted), memo={}) for each in self.clusters)
        return Fleet(tuple(fresh))

    def cluster(self, name: str) -> Cluster:
        """The cluster of this name; KeyError if there is none."""
        for each in self.clusters:
            if each.name == name:
                return each
        raise KeyError(name)


def _names(types: list[ClusterType]) -> list[str]:
    counts = dict.fromkeys(ClusterType, 0)
    names: list[str] = []
    for each in types:
        counts[each] += 1
        names.append(f"{each.value.lower().replace('_', '-')}-{counts[each]}")
    return names


def _managing(clusters: list[Cluster]) -> Iterator[Cluster]:
    spokes = tuple(each.name for each in clusters if each.cluster_type is not ClusterType.HUB)
    for each in clusters:
        hub = each.cluster_type is ClusterType.HUB
        yield replace(each, manages=spokes) if hub else each


def _cluster(draw: Random, kind: tuple[int, str, ClusterType], nodes: int, pods: int) -> Cluster:
    number, name, cluster_type = kind
    platform = _platform(draw, cluster_type)
    traits = _placed(_traits(draw, cluster_type, platform, nodes), number, nodes)
    return Cluster(
        name=name,
        number=number,
        cluster_type=cluster_type,
        platform=platform,
        minor=draw.choice(_MINORS),
        node_count=nodes,
        traits=traits,
        workloads=workloads_of(traits, pods),
        services=services_of(traits),
        backends=_backends(draw, traits),
        accounts=_accounts(draw),
        by_certificate=number % 4 == 3,
    )


def _platform(draw: Random, cluster_type: ClusterType) -> Platform:
    match cluster_type:
        case ClusterType.FAR_EDGE:
            return Platform.MICROSHIFT
        case ClusterType.SPOKE:
            return draw.choice((Platform.OPENSHIFT, Platform.KUBERNETES))
        case _:
            return Platform.OPENSHIFT


def _traits(draw: Random, cluster_type: ClusterType, platform: Platform, nodes: int) -> Traits:
    edge = cluster_type in {ClusterType.EDGE, ClusterType.FAR_EDGE}
    far = cluster_type is ClusterType.FAR_EDGE
    with_gpus = cluster_type is ClusterType.SPOKE and nodes > 1 and draw.random() < 0.6
    return Traits(
        gpu_nodes=max(min(2, nodes - 1), nodes // 8) if with_gpus else 0,
        cnf=draw.choice((("cu", "du"), ("upf",))) if edge else (),
        mesh=not edge and draw.random() < 0.5,
        loki=not far and draw.random() < 0.7,
        tempo=not far and draw.random() < 0.5,
        alertmanager=draw.random() < 0.9,
        openshift=platform is Platform.OPENSHIFT,
    )


def _placed(traits: Traits, number: int, nodes: int) -> Traits:
    """What is not drawn, so that a fleet stays what it was when there is more of it."""
    turn = number // 2 % len(_SHAPES)
    cnf_nodes = min(_CNF_NODES, nodes) if traits.cnf else 0
    return replace(
        traits,
        shapes=_SHAPES[turn],
        dcgm=turn != _WITHOUT_DCGM,
        cnf_nodes=cnf_nodes,
        cnf_metrics=number % _TURN_OF_CNF != _WITHOUT_CNF_METRICS,
    )


def _crowded(cluster: Cluster, gpu_nodes: int, pods: int) -> Cluster:
    traits = replace(cluster.traits, gpu_nodes=gpu_nodes, shapes=_MANY, dcgm=True)
    return replace(cluster, traits=traits, workloads=workloads_of(traits, pods))


def _backends(draw: Random, traits: Traits) -> tuple[Backend, ...]:
    there = {
        Part.PROMETHEUS: True,
        Part.TEMPO: traits.tempo,
        Part.LOKI: traits.loki,
        Part.ALERTMANAGER: traits.alertmanager,
    }
    # The bearer token of OpenShift's own monitoring; others are as often open.
    return tuple(
        Backend(part, _token(draw) if traits.openshift or draw.random() < 0.5 else None)
        for part, present in there.items()
        if present
    )


def _accounts(draw: Random) -> tuple[Account, ...]:
    rules = {"reader": READING, "operator": OPERATING, "nobody": ()}
    space = "system:serviceaccount:aiops-system"
    return tuple(Account(f"{space}:{name}", _token(draw), theirs) for name, theirs in rules.items())


def _token(draw: Random) -> str:
    # The shape of an OpenShift OAuth token: opaque, to be asked about and not to be decoded.
    return "sha256~" + base64.urlsafe_b64encode(draw.randbytes(32)).decode().rstrip("=")
