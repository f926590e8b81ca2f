"""The network functions of a simulated cluster at a moment: clocks, virtual functions, packets.

The API server, the metrics and the programs in pods all tell of this.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from deploy.simulator.cluster import Cluster, Node, Pod
from deploy.simulator.incidents import Incident, happening, progress, suffered
from deploy.simulator.series import grown, seed_of, wave

INTERFACE = "ens1f0"
"""The port that follows the grandmaster, and whose virtual functions are for the fronthaul."""
DPDK_PORTS = 2
_DPDK = frozenset({"du-main", "upf-main"})
_PACKETS_PER_SECOND = 140_000.0
_DROPS_PER_SECOND = 900.0
_CRASH_SECONDS = 90.0
"""So often a pod that crashes is started again."""


class ClockState(IntEnum):
    """As the metrics of the PTP operator count it."""

    FREERUN = 0
    LOCKED = 1
    HOLDOVER = 2


class Role(IntEnum):
    """The same for ports."""

    SLAVE = 1
    FAULTY = 3
    LISTENING = 5


@dataclass(frozen=True, slots=True)
class Clock:
    """The hardware clock of a node's interface."""

    state: ClockState
    role: Role
    offset_ns: int
    clock_class: int
    """Of what it follows."""
    delay_ns: int


@dataclass(frozen=True, slots=True)
class Pool:
    """Virtual functions of one port of a network card."""

    policy: str
    interface: str
    address: str
    """On the PCI bus: the virtual functions follow it."""
    vfs: int
    device_type: str
    users: Mapping[str, int]
    """How many of them a pod of an app asks for."""

    @property
    def resource(self) -> str:
        """As pods ask for it."""
        return f"openshift.io/{self.policy}"


POOLS = (
    Pool("fronthaul", INTERFACE, "0000:3b:00.0", 8, "vfio-pci", {"du-main": 2, "upf-main": 2}),
    Pool("midhaul", "ens1f1", "0000:3b:00.1", 4, "netdevice", {"cu-main": 1, "upf-main": 1}),
)


@dataclass(frozen=True, slots=True)
class Packets:
    """What one port of DPDK has counted."""

    ipackets: int
    opackets: int
    ibytes: int
    obytes: int
    imissed: int
    ierrors: int
    oerrors: int
    rx_nombuf: int


def clock(cluster: Cluster, node: Node, at: float) -> Clock:
    """The clock of a node: the first one of its cluster has to do without its grandmaster."""
    first = next(cluster.cnf_nodes()).name == node.name
    over = progress(cluster, Incident.PTP_DRIFT, at) if first else None
    delay = round(480 + 80 * wave(f"{seed_of(cluster)}/{node.name}/delay")(at))
    calm = round(40 * (wave(f"{seed_of(cluster)}/{node.name}/offset")(at) - 0.5))
    if over is None:
        return Clock(ClockState.LOCKED, Role.SLAVE, calm, 6, delay)
    if over < 0.15:
        return Clock(ClockState.LOCKED, Role.SLAVE, calm + round(500 * over), 6, delay)
    if over < 0.45:
        drifted = round(75 + 6_000 * (over - 0.15))
        return Clock(ClockState.HOLDOVER, Role.FAULTY, drifted, 7, delay)
    if over < 0.85:
        drifted = round(1_875 + 200_000 * (over - 0.45))
        return Clock(ClockState.FREERUN, Role.LISTENING, drifted, 248, delay)
    return Clock(ClockState.LOCKED, Role.SLAVE, calm + round(500 * (1 - over)), 6, delay)


def used(cluster: Cluster, node: Node, pool: Pool) -> int:
    """How many virtual functions the pods of a node have."""
    return sum(pool.users.get(pod.app, 0) for pod in functions(cluster) if pod.node == node.name)


def allocatable(cluster: Cluster, node: Node, pool: Pool, at: float) -> int:
    """How many there are to be given: on the last node of a cluster sometimes no more than used."""
    last = list(cluster.cnf_nodes())[-1].name == node.name
    short = last and progress(cluster, Incident.VF_SHORTAGE, at) is not None
    return used(cluster, node, pool) if short else pool.vfs


def functions(cluster: Cluster) -> list[Pod]:
    """The pods of network functions."""
    return cluster.remembered("functions", lambda here: list(_functions(here)))


def _functions(cluster: Cluster) -> Iterator[Pod]:
    for kind in sorted(cluster.traits.cnf):
        yield from cluster.pods(f"{kind}-site-1")


def with_dpdk(cluster: Cluster) -> Iterator[Pod]:
    """Those that take packets past the kernel."""
    return (pod for pod in functions(cluster) if uses_dpdk(pod))


def uses_dpdk(pod: Pod) -> bool:
    """True for a pod that takes packets past the kernel."""
    return pod.app in _DPDK


def asked_for(pod: Pod) -> Mapping[str, int]:
    """The virtual functions that a pod asks for, by resource."""
    return {pool.resource: pool.users[pod.app] for pool in POOLS if pod.app in pool.users}


def packets(cluster: Cluster, pod: Pod, port: int, at: float) -> Packets:
    """What a port has counted until a moment."""
    mark = f"{seed_of(cluster)}/{pod.namespace}/{pod.name}/{port}"
    came, went = (grown(f"{mark}/{way}", _PACKETS_PER_SECOND)(at) for way in ("rx", "tx"))
    drops = port == 0 and dropping(cluster) == pod
    lost = suffered(cluster, Incident.DPDK_DROPS, at) if drops else 0.0
    return Packets(
        ipackets=int(came),
        opackets=int(went),
        ibytes=int(came) * 1_100,
        obytes=int(went) * 900,
        imissed=round(lost * _DROPS_PER_SECOND),
        ierrors=0,
        oerrors=0,
        rx_nombuf=round(lost * _DROPS_PER_SECOND / 9),
    )


def crashing(cluster: Cluster, pod: Pod, at: float) -> bool:
    """True while a pod is failing again and again."""
    return fragile(cluster) == pod and happening(cluster, Incident.POD_CRASH, at) is not None


def restarts(cluster: Cluster, pod: Pod, at: float) -> int:
    """How often a pod's container was started again."""
    found = 0
    drawn = hashlib.blake2b(f"{seed_of(cluster)}/{pod.name}/restarts".encode(), digest_size=2)
    first, second = drawn.digest()
    # Most pods never are; some fail again each half an hour.
    if first < 4:
        found = int((at + second * 7) % 100_000_000 // 1800)
    if fragile(cluster) == pod:
        found += int(suffered(cluster, Incident.POD_CRASH, at) // _CRASH_SECONDS)
    return found


def dropping(cluster: Cluster) -> Pod | None:
    """The pod whose first port gets too much."""
    return next(with_dpdk(cluster), None)


def fragile(cluster: Cluster) -> Pod | None:
    """The pod that crashes: of a distributed unit, where there is one."""
    known = functions(cluster)
    return next((each for each in known if each.app == "du-main"), next(iter(known), None))
