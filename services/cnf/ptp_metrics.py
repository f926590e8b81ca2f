"""Clocks out of the metrics of the PTP operator: pure.

Sources: ``pkg/daemon/metrics.go`` of https://github.com/openshift/linuxptp-daemon, and the plugin
``ptp_operator`` of https://github.com/redhat-cne/cloud-event-proxy. Clocks are told under the name
of their card, with an ``x`` for the number of the port (``ens1fx``), roles under that of the port
(``ens1f0``): where the names differ, a clock has the weightiest role of its ports, and each port is
told by itself with its role alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.cnf import ClockState, PtpRole, PtpStatus
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
_WEIGHTIEST = (
    PtpRole.SLAVE,
    PtpRole.FAULTY,
    PtpRole.LISTENING,
    PtpRole.PASSIVE,
    PtpRole.MASTER,
)
_SPEAKERS = ("GM", "T-GM", "T-BC", "ptp4l", "ts2phc", "dpll", "gnss", "phc2sys")
"""Who tells of a clock, the one that knows the whole of it first."""
SYSTEM = "CLOCK_REALTIME"


@dataclass(slots=True)
class _Clock:
    """What all processes tell of one clock."""

    states: dict[str, ClockState] = field(default_factory=dict[str, ClockState])
    offsets: dict[str, float] = field(default_factory=dict[str, float])
    role: PtpRole | None = None


@dataclass(slots=True)
class _Node:
    clocks: dict[str, _Clock] = field(default_factory=dict[str, _Clock])
    roles: dict[str, PtpRole] = field(default_factory=dict[str, PtpRole])
    classes: set[int] = field(default_factory=set[int])


def clocks(samples: Iterable[Sample]) -> tuple[PtpStatus, ...]:
    """The clocks of all nodes, and the ports that are told of by themselves."""
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
    found = [_clock(name, interface, node) for interface in sorted(node.clocks)]
    ports = [
        PtpStatus(node_name=name, interface=interface, process="ptp4l", role=role)
        for interface, role in sorted(node.roles.items())
        if interface not in node.clocks
    ]
    return [*found, *ports]


def _clock(name: str, interface: str, node: _Node) -> PtpStatus:
    clock = node.clocks[interface]
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
        role=_role(interface, node.roles),
        clock_class=None if interface == SYSTEM else one_class,
    )


def _first(told: Mapping[str, object]) -> str | None:
    known = [each for each in _SPEAKERS if each in told]
    return next(iter(known or sorted(told)), None)


def _role(interface: str, roles: Mapping[str, PtpRole]) -> PtpRole | None:
    if interface in roles:
        return roles[interface]
    pattern = _ports(interface)
    its = {role for port, role in roles.items() if pattern is not None and pattern.fullmatch(port)}
    return next((role for role in _WEIGHTIEST if role in its), None)


def _ports(alias: str) -> re.Pattern[str] | None:
    """The names of ports that an alias stands for: ``ens1fx``, and ``ens1fx.100`` with a VLAN."""
    card, dot, vlan = alias.partition(".")
    if not card.endswith("x"):
        return None
    return re.compile(rf"{re.escape(card[:-1])}\d+(np\d+)?{re.escape(dot + vlan)}")
