"""What a simulated fleet consists of: frozen descriptions, the same ones for the same seed."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from contracts.clusters import ClusterType, Platform
from deploy.simulator.cluster import Account, Backend, Cluster, Part
from deploy.simulator.rights import OPERATING, READING
from deploy.simulator.workloads import Traits, services_of, workloads_of

_TYPES = (ClusterType.EDGE, ClusterType.SPOKE, ClusterType.FAR_EDGE, ClusterType.SPOKE)
_MINORS = (29, 30, 31, 32)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All simulated clusters."""

    clusters: tuple[Cluster, ...]

    @classmethod
    def make(cls, clusters: int, seed: int, nodes: int = 6, pods: int = 60) -> "Fleet":
        """A fleet of a hub and others of every type; each has at least what its platform runs.

        ``nodes`` and ``pods`` are per cluster. GPUs, CNF workloads, the mesh, the backends and
        their tokens are drawn with ``seed``.
        """
        draw = Random(seed)  # noqa: S311 - a simulation, and it has to be repeatable
        types = [ClusterType.HUB, *(_TYPES[i % len(_TYPES)] for i in range(clusters - 1))]
        names = _names(types[:clusters])
        kinds = enumerate(zip(names, types, strict=False))
        made = [_cluster(draw, (number, *each), nodes, pods) for number, each in kinds]
        return cls(tuple(_managing(made)))

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
    traits = _traits(draw, cluster_type, platform, nodes)
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
        gpu_nodes=max(1, nodes // 8) if with_gpus else 0,
        cnf=draw.choice((("cu", "du"), ("upf",))) if edge else (),
        mesh=not edge and draw.random() < 0.5,
        loki=not far and draw.random() < 0.7,
        tempo=not far and draw.random() < 0.5,
        alertmanager=draw.random() < 0.9,
        openshift=platform is Platform.OPENSHIFT,
    )


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
