"""The GPUs of a simulated cluster: what they are, who holds them, and how they are at a moment.

Everything follows from what the fleet's seed has drawn, from the time, and from the incidents of
the cluster; nothing is kept. ``nvidia-smi`` and the metrics of DCGM both tell of this.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from random import Random

from deploy.simulator.cluster import Cluster, Node, Pod
from deploy.simulator.incidents import Incident, progress
from deploy.simulator.workloads import INFERENCE, TRAINING

UNUSED_MIB = 4
SW_POWER_CAP, HW_SLOWDOWN, SW_THERMAL, HW_THERMAL = 0x4, 0x8, 0x20, 0x40
GPU_IDLE = 0x1
"""Why clocks are held back, as NVML counts the reasons."""
_HOTTEST, _SLOWED_AT = 92, 85
_HBM_HOTTER = 9
_HELD_BY_PODS = 5
"""So many GPUs of a node are held by pods, if it has as many and one more."""
_PROGRAMS = {"llm-train": "python3", "triton": "/opt/tritonserver/bin/tritonserver"}
_SERVING = "VLLM::EngineCore"
_HOST_PROGRAM = "/usr/bin/ffmpeg"
_LAYOUTS = (
    (("3g.40gb", 2), ("2g.20gb", 3), ("1g.10gb", 9), ("1g.10gb", 10)),
    tuple(("1g.10gb", number) for number in range(7, 14)),
)
"""How a GPU is cut: profiles, and the numbers of the instances."""
_PROFILE_MIB = {"1g.10gb": 9_728, "2g.20gb": 19_968, "3g.40gb": 40_192}
_LOST_AFTER, _BACK_AFTER = 0.15, 0.85
"""Within the incident: when a GPU that is lost is not listed any more, and when it is again."""


@dataclass(frozen=True, slots=True)
class Model:
    """What does not change about a kind of GPU."""

    name: str
    memory_mib: int
    reserved_mib: int
    idle_watts: float
    limit_watts: float
    sm_mhz: int
    memory_mhz: int
    links: int = 0
    """NVLinks. Models with links have memory of the kind whose temperature is known."""


MODELS = {
    "NVIDIA-A100-SXM4-80GB": Model("NVIDIA A100-SXM4-80GB", 81_920, 614, 62, 400, 1410, 1593, 12),
    "NVIDIA-H100-80GB-HBM3": Model("NVIDIA H100 80GB HBM3", 81_559, 568, 70, 700, 1980, 2619, 18),
    "NVIDIA-L40S": Model("NVIDIA L40S", 46_068, 597, 33, 350, 2520, 9001),
    "NVIDIA-A10": Model("NVIDIA A10", 23_028, 475, 16, 150, 1695, 6251),
}


@dataclass(frozen=True, slots=True)
class Process:
    """One program that computes on a GPU."""

    pid: int
    name: str
    used_mib: int
    pod: Pod | None
    """None: it runs on the node itself."""
    instance: int | None
    """The number of the instance of the GPU that it runs in."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A part of a GPU."""

    number: int
    profile: str
    uuid: str
    memory_mib: int
    used_mib: int = 0
    load: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """What does not change about one GPU."""

    index: int
    uuid: str
    bus: str
    model: Model
    busy: "Wave"
    held: "Wave"
    process: Process | None
    instances: tuple[Instance, ...]
    struck: frozenset[Incident]
    """What can go wrong with it."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU at one moment."""

    card: Card
    load: float
    """How busy it is, from 0 to 1."""
    used_mib: int
    celsius: int
    watts: float
    sm_mhz: int
    reasons: int
    """Why its clocks are held back: a sum of bits."""
    xid: int
    ecc: int
    """Errors of its memory that could not be corrected."""
    lost: bool
    """It is listed still, and answers nothing."""
    processes: tuple[Process, ...]
    instances: tuple[Instance, ...]

    @property
    def memory_celsius(self) -> int | None:
        """None for memory that does not tell it."""
        return self.celsius + _HBM_HOTTER if self.card.model.links else None

    @property
    def free_mib(self) -> int:
        """The memory that is neither in use nor reserved."""
        model = self.card.model
        return model.memory_mib - model.reserved_mib - self.used_mib


@dataclass(frozen=True, slots=True)
class Wave:
    """Up and down within ten minutes to an hour, between 0 and 1."""

    middle: float
    swing: float
    period: float
    phase: float

    def at(self, moment: float) -> float:
        """Its height at a unix time."""
        return self.middle + self.swing * math.sin(
            2 * math.pi * (moment / self.period + self.phase)
        )


def of_node(cluster: Cluster, node: Node, at: float) -> Iterator[Gpu]:
    """The GPUs of a node that are listed at a unix time."""
    found = (state(cluster, card, at) for card in cards(cluster).get(node.name, ()))
    return (each for each in found if each is not None)


def cards(cluster: Cluster) -> Mapping[str, tuple[Card, ...]]:
    """All GPUs by the names of their nodes."""
    return cluster.remembered("cards", _cards)


def gpu_nodes(cluster: Cluster) -> Iterator[Node]:
    """The nodes that have some."""
    first = cluster.node_count - cluster.traits.gpu_nodes
    return map(cluster.node, range(first, cluster.node_count))


def requests(cluster: Cluster) -> Mapping[tuple[str, str], str]:
    """What pods have asked for, by their namespaces and names: one GPU, or one instance."""
    return cluster.remembered("gpu requests", _requests)


def state(cluster: Cluster, card: Card, at: float) -> Gpu | None:
    """How a GPU is at a moment; None if it is not there."""
    states: dict[Card, tuple[float, int, Gpu | None]]
    states = cluster.remembered("gpu states", lambda _: dict[Card, tuple[float, int, Gpu | None]]())
    known = states.get(card)
    version = cluster.stage.version
    if known is None or known[:2] != (at, version):
        # Twenty metrics of one GPU are asked for together.
        known = states[card] = (at, version, _state(cluster, card, at))
    return known[2]


def _state(cluster: Cluster, card: Card, at: float) -> Gpu | None:
    struck = {each: progress(cluster, each, at) for each in card.struck}
    gone = struck.get(Incident.GPU_LOST)
    if gone is not None and _LOST_AFTER <= gone < _BACK_AFTER:
        return None
    lost = gone is not None and gone < _LOST_AFTER
    hot = _heat(struck.get(Incident.GPU_HOT))
    failed = struck.get(Incident.GPU_MEMORY)
    well = _well(card, at, hot)
    if failed is not None:
        second = failed >= 0.5
        return replace(well, xid=48 if second else 63, ecc=int(second))
    return replace(well, lost=True, xid=79) if lost else well


def _heat(over: float | None) -> float:
    """From 0 to 1: quickly up, for a while at the top, and down again."""
    return 0.0 if over is None else max(0.0, min(1.0, 4 * over, 4 * (1 - over)))


def _well(card: Card, at: float, hot: float) -> Gpu:
    model, process = card.model, card.process
    load = max(card.busy.at(at), 0.95 * hot) if process else 0.0
    room = card.instances[0].memory_mib if card.instances else model.memory_mib - model.reserved_mib
    held = round(card.held.at(at) * 0.9 * (room - UNUSED_MIB)) if process else 0
    celsius = 31 + 46 * load
    celsius = round(celsius + (_HOTTEST - celsius) * hot)
    slowed = celsius >= _SLOWED_AT
    return Gpu(
        card=card,
        load=load,
        used_mib=UNUSED_MIB + held,
        celsius=celsius,
        watts=round(model.idle_watts + (model.limit_watts - model.idle_watts) * 0.95 * load, 2),
        sm_mhz=_clock(model, load, slowed=slowed),
        reasons=_reasons(load, slowed=slowed),
        xid=0,
        ecc=0,
        lost=False,
        processes=(replace(process, used_mib=held),) if process else (),
        instances=_instances(card, held, load),
    )


def _clock(model: Model, load: float, *, slowed: bool) -> int:
    if slowed:
        return round(0.55 * model.sm_mhz)
    return round(model.sm_mhz * (0.9 if load > 0.85 else 1.0)) if load else 210


def _reasons(load: float, *, slowed: bool) -> int:
    if slowed:
        return HW_SLOWDOWN | SW_THERMAL | HW_THERMAL
    if not load:
        return GPU_IDLE
    return SW_POWER_CAP if load > 0.85 else 0


def _instances(card: Card, held: int, load: float) -> tuple[Instance, ...]:
    """The first one is in use, if any is."""
    if not card.instances:
        return ()
    first, *others = card.instances
    return (replace(first, used_mib=held, load=load), *others)


def _cards(cluster: Cluster) -> Mapping[str, tuple[Card, ...]]:
    found: dict[str, tuple[Card, ...]] = {}
    for place, node in enumerate(gpu_nodes(cluster)):
        pods = _pods(cluster, place)
        # The tokens are what the seed has drawn for every cluster.
        mark = f"{cluster.accounts[0].token}/{node.name}"
        found[node.name] = tuple(
            _card(f"{mark}/{index}", node, index, _holder(node, index, pods), first=place == 0)
            for index in range(node.gpus)
        )
    return found


def _pods(cluster: Cluster, place: int) -> list[Pod]:
    """What computes on the GPU node of this place, in the order in which it gets GPUs."""
    apps = {"llm-train": (TRAINING, 3), "triton": (INFERENCE, 1), "vllm": (INFERENCE, 1)}
    every, found = cluster.traits.gpu_nodes, dict[str, list[Pod]]()
    for workload in cluster.workloads:
        if workload.app in apps and workload.on_gpu_nodes:
            ordinals = islice(range(place, workload.pods, every), apps[workload.app][1])
            found[workload.app] = [cluster.pod(workload, ordinal) for ordinal in ordinals]
    train = found.get("llm-train", [])
    rest = [pod for app in ("triton", "vllm") for pod in found.get(app, [])]
    return [*train[:1], *rest, *train[1:]]


def _holder(node: Node, index: int, pods: Sequence[Pod]) -> tuple[Pod | None, bool]:
    """Who uses a GPU, and whether anybody does."""
    held = min(_HELD_BY_PODS, max(1, node.gpus - 1), len(pods))
    # The last GPUs are those that are cut: some of the pods shall have them.
    turned = node.gpus - 1 - index if node.mig else index
    if turned < held:
        return pods[turned], True
    return None, turned == held


def _card(
    mark: str, node: Node, index: int, holder: tuple[Pod | None, bool], *, first: bool
) -> Card:
    draw = Random(mark)  # noqa: S311 - a simulation, and it has to be repeatable
    hashed = hashlib.blake2b(mark.encode(), digest_size=16).hexdigest()
    pod, used = holder
    instances = _cut_up(mark, index) if index >= node.gpus - node.mig else ()
    instance = instances[0].number if instances else None
    busy = _wave(draw)
    if pod is not None and pod.app == "vllm":
        # It holds a GPU and does next to nothing with it.
        busy = replace(busy, middle=0.02, swing=0.01)
    process = Process(
        10_000 * (index + 1) + draw.randrange(10_000), _program(pod), 0, pod, instance
    )
    return Card(
        index=index,
        uuid=f"GPU-{_dashed(hashed)}",
        bus=f"00000000:{0x10 + 0x1A * index:02X}:00.0",
        model=MODELS[node.gpu_type or ""],
        busy=busy,
        held=_wave(draw),
        process=process if used else None,
        instances=instances,
        struck=_struck(node, index) if first else frozenset(),
    )


def _struck(node: Node, index: int) -> frozenset[Incident]:
    """Those that are in use and whole come first."""
    kinds = (Incident.GPU_HOT, Incident.GPU_LOST, Incident.GPU_MEMORY)
    turned = node.gpus - 1 - node.mig - index if node.mig else index
    return frozenset(each for place, each in enumerate(kinds) if place % node.gpus == turned)


def _cut_up(mark: str, index: int) -> tuple[Instance, ...]:
    layout = _LAYOUTS[index % len(_LAYOUTS)]
    return tuple(
        Instance(number, profile, f"MIG-{_mig_uuid(mark, number)}", _PROFILE_MIB[profile])
        for profile, number in layout
    )


def _mig_uuid(mark: str, number: int) -> str:
    return _dashed(hashlib.blake2b(f"{mark}/{number}".encode(), digest_size=16).hexdigest())


def _program(pod: Pod | None) -> str:
    return _HOST_PROGRAM if pod is None else _PROGRAMS.get(pod.app, _SERVING)


def _wave(draw: Random) -> Wave:
    swing = draw.uniform(0.1, 0.3)
    return Wave(draw.uniform(0.3, 0.7), swing, draw.uniform(600, 3600), draw.random())


def _dashed(text: str) -> str:
    ends = (0, 8, 12, 16, 20, 32)
    return "-".join(text[a:b] for a, b in pairwise(ends))


def _requests(cluster: Cluster) -> Mapping[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for each in (card for node in cards(cluster).values() for card in node):
        pod = each.process.pod if each.process else None
        if pod is not None:
            kind = f"mig-{each.instances[0].profile}" if each.instances else "gpu"
            found[pod.namespace, pod.name] = f"nvidia.com/{kind}"
    return found
