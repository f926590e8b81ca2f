"""Clocks out of the metrics of the PTP operator: pure.

Sources: ``pkg/daemon/metrics.go`` of https://github.com/openshift/linuxptp-daemon, and the plugin
``ptp_operator`` of https://github.com/redhat-cne/cloud-event-proxy. Clocks are told under the name
of their card, with an ``x`` for the number of the port (``ens1fx``), roles under that of the port
(``ens1f0``). A port of which no clock is told stands for a clock of which nothing else is known.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.cnf import ClockState, PtpPort, PtpRole, PtpStatus
from services.cnf.ptp_roles import weightiest
from services.cnf.vectors import Sample, own

QUERY: Final = '{__name__=~"openshift_ptp_(offset_ns|clock_state|interface_role|clock_class)"}'

_STATES = {0: ClockState.FREERUN, 1: ClockState.LOCKED, 2: ClockState.HOLDOVER}
_ROLES = {
    0: PtpRole.PASSIVE,
    1: PtpRole.SLAVE,
    2: PtpRole.MASTER,
    3: PtpRole.FAULTY,
    5: PtpRole.LISTENING,
}
"""4 is "unknown"."""
_SPEAKERS = ("GM", "T-GM", "T-BC", "ptp4l", "ts2phc", "dpll", "gnss", "phc2sys")
"""Who tells of a clock, the one that knows the whole of it first."""
SYSTEM = "CLOCK_REALTIME"
_NUMBER, _PART = re.compile(r"\d{1,3}$"), re.compile(r"np\d+$")


@dataclass(slots=True)
class _Clock:
    """What all processes tell of one clock."""

    states: dict[str, ClockState] = field(default_factory=dict[str, ClockState])
    offsets: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(slots=True)
class _Node:
    clocks: dict[str, _Clock] = field(default_factory=dict[str, _Clock])
    roles: dict[str, PtpRole] = field(default_factory=dict[str, PtpRole])
    classes: set[int] = field(default_factory=set[int])


def clocks(samples: Iterable[Sample]) -> tuple[PtpStatus, ...]:
    """The clocks of all nodes, with their ports."""
    nodes: dict[str, _Node] = {}
    for sample in samples:
        name = own(sample.labels, "node")
        if name is not None:
            _take(nodes.setdefault(name, _Node()), sample)
    return tuple(status for name, node in sorted(nodes.items()) for status in _statuses(name, node))


def _take(node: _Node, sample: Sample) -> None:
    interface, process = sample.labels.get("iface", ""), sample.labels.get("process", "")
    match sample.metric:
        case "openshift_ptp_clock_class" if sample.count is not None:
            node.classes.add(sample.count)
        case "openshift_ptp_interface_role" if interface and sample.value in _ROLES:
            node.roles[interface] = _ROLES[int(sample.value)]
        case "openshift_ptp_clock_state" if interface and sample.value in _STATES:
            clock = node.clocks.setdefault(interface, _Clock())
            clock.states[process] = _STATES[int(sample.value)]
        case "openshift_ptp_offset_ns" if interface:
            node.clocks.setdefault(interface, _Clock()).offsets[process] = sample.value
        case _:
            return


def _statuses(name: str, node: _Node) -> Sequence[PtpStatus]:
    ports: dict[str, list[PtpPort]] = {interface: [] for interface in node.clocks}
    for interface, role in sorted(node.roles.items()):
        owner = _owner(interface, node.clocks)
        ports.setdefault(owner, []).append(PtpPort(interface=interface, role=role))
    return [_status(name, interface, node, its) for interface, its in sorted(ports.items())]


def _status(name: str, interface: str, node: _Node, ports: Sequence[PtpPort]) -> PtpStatus:
    clock = node.clocks.get(interface)
    if clock is None:  # It is ptp4l that tells of roles.
        role = weightiest(ports)
        return PtpStatus(
            node_name=name, interface=interface, process="ptp4l", role=role, ports=tuple(ports)
        )
    speaker = _first(clock.states) or _first(clock.offsets)
    measured = speaker if speaker in clock.offsets else _first(clock.offsets)
    # Where a node has several clocks of different classes, nothing says whose is whose.
    one_class = next(iter(node.classes)) if len(node.classes) == 1 else None
    return PtpStatus(
        node_name=name,
        interface=interface,
        process=speaker or None,
        offset_ns=None if measured is None else clock.offsets[measured],
        clock_state=None if speaker is None else clock.states.get(speaker),
        role=weightiest(ports),
        clock_class=None if interface == SYSTEM else one_class,
        ports=tuple(ports),
    )


def _first(told: Mapping[str, object]) -> str | None:
    known = [each for each in _SPEAKERS if each in told]
    return next(iter(known or sorted(told)), None)


def _owner(port: str, clocks: Collection[str]) -> str:
    """The name of the clock that a port belongs to; its own, if no clock is told for it."""
    return next((each for each in (port, *_aliases(port)) if each in clocks), port)


def _aliases(port: str) -> Iterator[str]:
    """Under which names the clock of its card may be told: ``ens1fx`` for ``ens1f0``.

    ``ens1fx.100`` with a VLAN, ``ens1fx`` or ``ens1f0npx`` for ``ens1f0np0``.
    """
    card, dot, vlan = port.partition(".")
    for name in (card, _PART.sub("", card)):
        found = _NUMBER.search(name)
        for digits in range(1, 1 + (len(found[0]) if found is not None else 0)):
            yield f"{name[:-digits]}x{dot}{vlan}"
