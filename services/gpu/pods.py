"""The pods in which nvidia-smi is run, and those that use GPUs, out of lists of pods: pure.

Names are those of NVIDIA's GPU operator: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from services.runtime.kube.exec import PodContainer
from services.runtime.kube.failures import UnreadablePage

_KINDS = (
    "nvidia-driver-daemonset",
    "nvidia-device-plugin",
    "nvidia-dcgm-exporter",
    "nvidia-dcgm",
)
"""Where nvidia-smi is, the best place first: the driver's pod sees the processes of the node."""
_DRIVER = "nvidia-driver-ctr"
_RUNNING = "Running"
_LONGEST = 253
"""Characters of a name."""


class _Metadata(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    deletion: str | None = msgspec.field(default=None, name="deletionTimestamp")


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Spec(msgspec.Struct, frozen=True):
    node: str | None = msgspec.field(default=None, name="nodeName")
    host_pid: bool | None = msgspec.field(default=None, name="hostPID")
    containers: list[_Named] | None = None


class _ContainerStatus(msgspec.Struct, frozen=True):
    name: str = ""
    id: str | None = msgspec.field(default=None, name="containerID")


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    phase: str | None = None
    container_statuses: list[_ContainerStatus] | None = None


class _Pod(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    spec: _Spec | None = None
    status: _Status | None = None


class _ListMetadata(msgspec.Struct, frozen=True):
    following: str | None = msgspec.field(default=None, name="continue")


class _Page(msgspec.Struct, frozen=True):
    metadata: _ListMetadata | None = None
    items: list[_Pod] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where nvidia-smi is run for a node."""

    node: str
    where: PodContainer
    sees_all: bool
    """True if the pod has the process numbers of the node (``hostPID``)."""


@dataclass
class Places:
    """Gathers where to run it, page by page."""

    _best: dict[str, tuple[int, Place]] = field(default_factory=dict[str, tuple[int, Place]])

    def take(self, body: bytes) -> str | None:
        """Take a page in and give the token of the next one; UnreadablePage if it is none."""
        items, following = _read(body)
        for pod in items:
            self._consider(pod)
        return following

    @property
    def found(self) -> dict[str, Place]:
        """By node; one pod a node."""
        return {node: self._best[node][1] for node in sorted(self._best)}

    def _consider(self, pod: _Pod) -> None:
        place, rank = _place(pod), _rank(pod.metadata.name)
        if place is None or rank is None:
            return
        known = self._best.get(place.node)
        # By name among equals, so that it stays the same one from list to list.
        if known is None or (rank, place.where.pod) < (known[0], known[1].where.pod):
            self._best[place.node] = rank, place


@dataclass(frozen=True, slots=True)
class Inhabitant:
    """A pod of a node."""

    namespace: str
    name: str
    containers: dict[str, str]
    """Their names, by the number that the container's runtime has given them."""


@dataclass
class Inhabitants:
    """Gathers the pods of a node, by UID."""

    found: dict[str, Inhabitant] = field(default_factory=dict[str, Inhabitant])

    def take(self, body: bytes) -> str | None:
        """As `Places.take`."""
        items, following = _read(body)
        for pod in items:
            metadata = pod.metadata
            if metadata.uid and _is_name(metadata.namespace) and _is_name(metadata.name):
                ids = _ids(pod.status)
                self.found[metadata.uid] = Inhabitant(metadata.namespace, metadata.name, ids)
        return following


def _read(body: bytes) -> tuple[Iterable[_Pod], str | None]:
    try:
        page = msgspec.json.decode(body, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadablePage from error
    following = page.metadata.following if page.metadata is not None else None
    return page.items or (), following or None


def _place(pod: _Pod) -> Place | None:
    """Where to run a program, if the pod runs and is to stay."""
    spec, metadata = pod.spec, pod.metadata
    if spec is None or not _is_name(spec.node or "") or metadata.deletion is not None:
        return None
    if pod.status is None or pod.status.phase != _RUNNING:
        return None
    names = [each.name for each in spec.containers or ()]
    if not names:
        return None
    container = _DRIVER if _DRIVER in names else names[0]
    where = PodContainer(metadata.namespace, metadata.name, container)
    return Place(spec.node or "", where, bool(spec.host_pid))


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and text.isprintable()


def _rank(name: str) -> int | None:
    ranks = (
        rank for rank, kind in enumerate(_KINDS) if name == kind or name.startswith(f"{kind}-")
    )
    return next(ranks, None)


def _ids(status: _Status | None) -> dict[str, str]:
    """A container's number is told with the name of its runtime: ``cri-o://0a1b…``."""
    statuses = status.container_statuses if status is not None else None
    return {
        each.id.rpartition("/")[2]: each.name
        for each in statuses or ()
        if each.id and _is_name(each.name)
    }
