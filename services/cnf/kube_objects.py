"""Pages of an API server's lists, as far as network functions need them: pure.

Nothing that may hold a secret (a pod's environment) is looked at.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from services.runtime.kube.failures import UnreadablePage

Quantities = Mapping[str, str]
_WHOLE = re.compile(r"[0-9]{1,9}")


class Meta(msgspec.Struct, gc=False, frozen=True):
    """Who an object is."""

    name: str
    namespace: str = ""
    labels: dict[str, str] | None = None


class Named(msgspec.Struct, gc=False, frozen=True):
    """Any object of which only the metadata counts."""

    metadata: Meta


class _NodeStatus(msgspec.Struct, gc=False, frozen=True):
    capacity: dict[str, str] | None = None
    allocatable: dict[str, str] | None = None


class Node(msgspec.Struct, gc=False, frozen=True):
    """A node and what it offers."""

    metadata: Meta
    status: _NodeStatus | None = None

    @property
    def capacity(self) -> Quantities:
        """What there is on it."""
        return (self.status and self.status.capacity) or {}

    @property
    def allocatable(self) -> Quantities:
        """What pods may have of it."""
        return (self.status and self.status.allocatable) or {}


class _Resources(msgspec.Struct, gc=False, frozen=True):
    requests: dict[str, str] | None = None
    limits: dict[str, str] | None = None


class _Container(msgspec.Struct, gc=False, frozen=True):
    name: str = ""
    resources: _Resources | None = None

    @property
    def wanted(self) -> Quantities:
        # Of whole devices, limits are requests too.
        given = self.resources
        return {} if given is None else (given.limits or {}) | (given.requests or {})


class _PodSpec(msgspec.Struct, gc=False, frozen=True):
    nodeName: str = ""  # noqa: N815 - its name on the wire
    containers: list[_Container] = []
    initContainers: list[_Container] | None = None  # noqa: N815 - its name on the wire


class _Reasoned(msgspec.Struct, gc=False, frozen=True):
    reason: str = ""


class _ContainerState(msgspec.Struct, gc=False, frozen=True):
    waiting: _Reasoned | None = None
    terminated: _Reasoned | None = None


class _ContainerStatus(msgspec.Struct, gc=False, frozen=True):
    restartCount: int = 0  # noqa: N815 - its name on the wire
    state: _ContainerState | None = None


class _Condition(msgspec.Struct, gc=False, frozen=True):
    type: str
    status: str = ""
    reason: str = ""


class _PodStatus(msgspec.Struct, gc=False, frozen=True):
    phase: str = ""
    reason: str = ""
    conditions: list[_Condition] | None = None
    containerStatuses: list[_ContainerStatus] | None = None  # noqa: N815 - its name on the wire
    initContainerStatuses: list[_ContainerStatus] | None = None  # noqa: N815 - as above


class Pod(msgspec.Struct, gc=False, frozen=True):
    """A pod: where it runs, what it asks for, how it is."""

    metadata: Meta
    spec: _PodSpec = _PodSpec()
    status: _PodStatus = _PodStatus()

    @property
    def over(self) -> bool:
        """True if it uses nothing any more."""
        return self.status.phase in {"Succeeded", "Failed"}

    @property
    def ready(self) -> bool | None:
        """None if it does not say."""
        found = [each.status for each in self.status.conditions or () if each.type == "Ready"]
        return found[0] == "True" if found else None

    @property
    def restarts(self) -> int | None:
        """Of all its containers; None before there are any."""
        told = self.status.containerStatuses
        return None if told is None else sum(each.restartCount for each in told)

    @property
    def reason(self) -> str | None:
        """Why it is not running, if it says so: itself, a container, or the scheduler."""
        states = [
            each.state
            for each in (
                *(self.status.initContainerStatuses or ()),
                *(self.status.containerStatuses or ()),
            )
            if each.state is not None
        ]
        waiting = [each.waiting.reason for each in states if each.waiting is not None]
        ended = [each.terminated.reason for each in states if each.terminated is not None]
        ended = [each for each in ended if each not in {"", "Completed"}]
        unplaced = [
            each.reason
            for each in self.status.conditions or ()
            if each.type == "PodScheduled" and each.status == "False"
        ]
        # A pod whose other containers run is waiting where it says so.
        return next(filter(None, (self.status.reason, *waiting, *ended, *unplaced)), None)

    def asks(self, resource: str) -> int:
        """How many of a device it has from its node."""
        running = sum(_amount(each, resource) for each in self.spec.containers)
        # Those that run first, one after the other, give back what they have.
        first = (_amount(each, resource) for each in self.spec.initContainers or ())
        return max(running, *first, 0)

    @property
    def resources(self) -> Iterable[str]:
        """The names of all that it asks for."""
        return {name for each in self.spec.containers for name in each.wanted}


class _VfGroup(msgspec.Struct, gc=False, frozen=True):
    resourceName: str = ""  # noqa: N815 - its name on the wire
    policyName: str = ""  # noqa: N815 - its name on the wire
    vfRange: str = ""  # noqa: N815 - its name on the wire


class _WantedInterface(msgspec.Struct, gc=False, frozen=True):
    name: str = ""
    pciAddress: str = ""  # noqa: N815 - its name on the wire
    numVfs: int = 0  # noqa: N815 - its name on the wire
    vfGroups: list[_VfGroup] | None = None  # noqa: N815 - its name on the wire


class _Vf(msgspec.Struct, gc=False, frozen=True):
    vfID: int = 0  # noqa: N815 - its name on the wire


class _Interface(msgspec.Struct, gc=False, frozen=True):
    name: str = ""
    pciAddress: str = ""  # noqa: N815 - its name on the wire
    numVfs: int = 0  # noqa: N815 - its name on the wire
    Vfs: list[_Vf] | None = None


class _Wanted(msgspec.Struct, gc=False, frozen=True):
    interfaces: list[_WantedInterface] | None = None


class _Made(msgspec.Struct, gc=False, frozen=True):
    interfaces: list[_Interface] | None = None


class NodeState(msgspec.Struct, gc=False, frozen=True):
    """A SriovNetworkNodeState: which virtual functions a node should have, and which it has."""

    metadata: Meta
    spec: _Wanted = _Wanted()
    status: _Made = _Made()


class _ListMeta(msgspec.Struct, gc=False, frozen=True, rename={"next": "continue"}):
    next: str = ""


_Item = TypeVar("_Item", Node, Pod, Named, NodeState)


class _Page(msgspec.Struct, Generic[_Item], gc=False, frozen=True):
    items: list[_Item] | None
    metadata: _ListMeta | None = None


_NODES = msgspec.json.Decoder(_Page[Node])
_PODS = msgspec.json.Decoder(_Page[Pod])
_NAMED = msgspec.json.Decoder(_Page[Named])
_NODE_STATES = msgspec.json.Decoder(_Page[NodeState])


def nodes(body: bytes) -> tuple[Sequence[Node], str | None]:
    """The nodes of a page, and where the list goes on; UnreadablePage if it is none."""
    return _page(_NODES, body)


def pods(body: bytes) -> tuple[Sequence[Pod], str | None]:
    """The same for pods."""
    return _page(_PODS, body)


def named(body: bytes) -> tuple[Sequence[Named], str | None]:
    """The same for objects of any kind, of which only the metadata counts."""
    return _page(_NAMED, body)


def node_states(body: bytes) -> tuple[Sequence[NodeState], str | None]:
    """The same for SriovNetworkNodeStates."""
    return _page(_NODE_STATES, body)


def _page(
    decoder: "msgspec.json.Decoder[_Page[_Item]]", body: bytes
) -> tuple[Sequence[_Item], str | None]:
    try:
        decoded = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # The text of a DecodeError names a place and types, never a value.
        text = str(error) if isinstance(error, msgspec.DecodeError) else "it is not UTF-8"
        raise UnreadablePage(text) from None
    return decoded.items or [], (decoded.metadata and decoded.metadata.next) or None


def whole(quantity: str | None) -> int | None:
    """A quantity of devices, None if it is no whole number."""
    return int(quantity) if quantity and _WHOLE.fullmatch(quantity) else None


def _amount(container: _Container, resource: str) -> int:
    return whole(container.wanted.get(resource)) or 0
