"""Clocks out of what ``pmc``, the management client of linuxptp, prints: pure.

Source: https://github.com/richardcochran/linuxptp, ``pmc.8`` and ``pmc.c``. It tells of ports and
offsets, not whether a clock is locked: that is concluded as the PTP operator does it by default,
from a port that follows a master within 100 ns; a clock that is its own master is as good as its
class says (IEEE 1588-2019, table 4: 6 is locked to a primary reference, 7 in holdover).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from contracts.cnf import ClockState, PtpPort, PtpRole, PtpStatus
from services.cnf.ptp_roles import weightiest
from services.cnf.vectors import count

QUESTIONS: Final = (
    "GET PORT_DATA_SET",
    "GET PORT_PROPERTIES_NP",
    "GET TIME_STATUS_NP",
    "GET PARENT_DATA_SET",
)
"""Older daemons do not know the second one: then ports have numbers instead of names."""

_WITHIN = 100.0
"""Nanoseconds: ``maxOffsetThreshold`` of the PTP operator unless it is set."""
_CLASSES: Mapping[int, ClockState] = {6: ClockState.LOCKED, 7: ClockState.HOLDOVER}
_HEAD = re.compile(r"([0-9a-f.]+)-([0-9]{1,5}) seq [0-9]+ RESPONSE MANAGEMENT ([A-Z_]+)")
_PORT = re.compile(r".*-([0-9]{1,5})")
_ROLES = {
    "SLAVE": PtpRole.SLAVE,
    "UNCALIBRATED": PtpRole.LISTENING,
    "LISTENING": PtpRole.LISTENING,
    "MASTER": PtpRole.MASTER,
    "GRAND_MASTER": PtpRole.MASTER,
    "PASSIVE": PtpRole.PASSIVE,
    "FAULTY": PtpRole.FAULTY,
}


@dataclass(slots=True)
class _Block:
    """One reply."""

    clock: str
    port: int
    what: str
    fields: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class _Port:
    role: PtpRole | None = None
    interface: str | None = None


def clock(output: str, node_name: str, configuration: int = 0) -> PtpStatus | None:
    """The clock of one configuration with its ports, under the name of the first one.

    That is always the same, whichever port it follows a master by. None if nobody replies.
    """
    which = f" of ptp4l.{configuration}" if configuration else ""
    blocks = _blocks(output)
    if not blocks:
        return None
    ours = blocks[0].clock  # Other clocks may reply too, after the local one.
    local = [each for each in blocks if each.clock == ours]
    ports = _ports(local)
    told = {each.what: each.fields for each in reversed(local)}
    time, parent = told.get("TIME_STATUS_NP", {}), told.get("PARENT_DATA_SET", {})
    follows = any(port.role is PtpRole.SLAVE for port in ports.values())
    offset = _number(time.get("master_offset")) if follows else None
    clock_class = count(_number(parent.get("gm.ClockClass")))
    its = tuple(
        PtpPort(interface=port.interface or f"port {number}{which}", role=port.role)
        for number, port in sorted(ports.items())
    )
    if not its:
        return None
    return PtpStatus(
        node_name=node_name,
        interface=its[0].interface,
        process="ptp4l",
        role=weightiest(its),
        offset_ns=offset,
        clock_state=_state(offset, clock_class, time, follows=follows),
        clock_class=clock_class,
        ports=its,
    )


def _blocks(output: str) -> Sequence[_Block]:
    found: list[_Block] = []
    current: _Block | None = None
    for line in output.splitlines():
        text = line.strip()
        if match := _HEAD.match(text):
            current = _Block(match[1], int(match[2]), match[3])
            found.append(current)
        elif " seq " in text or text.startswith("sending:"):
            current = None  # An error, or the next question.
        elif current is not None and text:
            name, _, value = text.partition(" ")
            current.fields[name] = value.strip()
    return found


def _ports(blocks: Sequence[_Block]) -> dict[int, _Port]:
    ports: dict[int, _Port] = {}
    for block in blocks:
        if block.what not in {"PORT_DATA_SET", "PORT_PROPERTIES_NP"}:
            continue
        # The reply may come from port 0, and say inside of which port it tells.
        inside = _PORT.fullmatch(block.fields.get("portIdentity", ""))
        port = ports.setdefault(int(inside[1]) if inside else block.port, _Port())
        port.role = _ROLES.get(block.fields.get("portState", ""), port.role)
        port.interface = block.fields.get("interface") or port.interface
    return ports


def _state(
    offset: float | None, clock_class: int | None, time: Mapping[str, str], *, follows: bool
) -> ClockState | None:
    if offset is not None:
        return ClockState.LOCKED if abs(offset) <= _WITHIN else ClockState.FREERUN
    if follows or time.get("gmPresent") == "true" or clock_class is None:
        return None  # On the way to or from a master.
    return _CLASSES.get(clock_class, ClockState.FREERUN)


def _number(text: str | None) -> float | None:
    try:
        value = None if text is None else float(text)
    except ValueError:
        return None
    return value if value is not None and isfinite(value) else None
