"""What programs of network functions print in a simulated pod.

``pmc`` is the management client of linuxptp (https://github.com/richardcochran/linuxptp);
``dpdk-telemetry.py`` belongs to DPDK (https://doc.dpdk.org/guides/howto/telemetry.html) and prints
nothing but answers where its input is no terminal.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from deploy.simulator import telco
from deploy.simulator.cluster import Cluster, Pod
from deploy.simulator.shell import Outcome
from deploy.simulator.telco import Clock, ClockState

_CONFIG = "/var/run/ptp4l.0.config"
_MASTER = "507c6f.fffe.1fb16c"
_FAILED = 255
_STATS = "/ethdev/stats"
_QUEUES = 16


def pmc(node: str, clock: Clock, options: Sequence[str], at: datetime) -> Outcome:
    """The replies of a node's clock to some questions."""
    file = options[options.index("-f") + 1] if "-f" in options[:-1] else _CONFIG
    if file != _CONFIG:
        return Outcome(
            stderr=f"failed to open configuration file {file}: No such file or directory\n",
            code=_FAILED,
        )
    asked = [each.removeprefix("GET ") for each in options if each.startswith("GET ")]
    own = _identity(node)
    replies = _replies(own, clock, at)
    text = "".join(
        f"sending: GET {what}\n" + _reply(own, number, what, replies.get(what))
        for number, what in enumerate(asked)
    )
    return Outcome(text)


def _identity(node: str) -> str:
    hashed = hashlib.blake2b(node.encode(), digest_size=3).hexdigest()
    return f"b49691.fffe.{hashed}"


def _reply(own: str, number: int, what: str, fields: Mapping[str, object] | None) -> str:
    if fields is None:
        return f"\t{own}-1 seq {number} RESPONSE MANAGEMENT_ERROR_STATUS {what} \n"
    port = "1" if what.startswith("PORT_") else "0"
    width = 1 + max(map(len, fields))
    lines = [f"\t{own}-{port} seq {number} RESPONSE MANAGEMENT {what} \n"]
    lines += [f"\t\t{name:<{width}}{value}\n" for name, value in fields.items()]
    return "".join(lines)


def _replies(own: str, clock: Clock, at: datetime) -> Mapping[str, Mapping[str, object]]:
    follows = clock.state is ClockState.LOCKED
    master = _MASTER if follows else own
    return {
        "PORT_DATA_SET": {
            "portIdentity": f"{own}-1",
            "portState": clock.role.name,
            "logMinDelayReqInterval": -4,
            "peerMeanPathDelay": 0,
            "logAnnounceInterval": 1,
            "announceReceiptTimeout": 3,
            "logSyncInterval": 0,
            "delayMechanism": 1,
            "logMinPdelayReqInterval": 0,
            "versionNumber": 2,
        },
        "PORT_PROPERTIES_NP": {
            "portIdentity": f"{own}-1",
            "portState": clock.role.name,
            "timestamping": "HARDWARE",
            "interface": telco.INTERFACE,
        },
        "CURRENT_DATA_SET": {
            "stepsRemoved": int(follows),
            "offsetFromMaster": float(clock.offset_ns if follows else 0),
            "meanPathDelay": float(clock.delay_ns if follows else 0),
        },
        "TIME_STATUS_NP": {
            "master_offset": clock.offset_ns,
            "ingress_time": int(at.timestamp()) * 1_000_000_000 if follows else 0,
            "cumulativeScaledRateOffset": "+0.000000000",
            "scaledLastGmPhaseChange": 0,
            "gmTimeBaseIndicator": 0,
            "lastGmPhaseChange": "0x0000'0000000000000000.0000",
            "gmPresent": str(follows).lower(),
            "gmIdentity": master,
        },
        "PARENT_DATA_SET": {
            "parentPortIdentity": f"{master}-{int(follows)}",
            "parentStats": 0,
            "observedParentOffsetScaledLogVariance": "0xffff",
            "observedParentClockPhaseChangeRate": "0x7fffffff",
            "grandmasterPriority1": 128,
            "gm.ClockClass": clock.clock_class,
            "gm.ClockAccuracy": "0x21" if follows else "0xfe",
            "gm.OffsetScaledLogVariance": "0x4e5d",
            "grandmasterPriority2": 128,
            "grandmasterIdentity": master,
        },
        "GRANDMASTER_SETTINGS_NP": {
            "clockClass": clock.clock_class,
            "clockAccuracy": "0xfe",
            "offsetScaledLogVariance": "0xffff",
            "currentUtcOffset": 37,
            "leap61": 0,
            "leap59": 0,
            "currentUtcOffsetValid": 0,
            "ptpTimescale": 1,
            "timeTraceable": 0,
            "frequencyTraceable": 0,
            "timeSource": "0xa0",
        },
    }


def dpdk_telemetry(cluster: Cluster, pod: Pod, given: str, at: float) -> str:
    """The answers to commands, one a line; what nobody knows is answered with null."""
    asked = (line.strip() for line in given.splitlines())
    return "".join(
        json.dumps(_answer(cluster, pod, line, at)) + "\n" for line in asked if line.startswith("/")
    )


def _answer(cluster: Cluster, pod: Pod, line: str, at: float) -> Mapping[str, object]:
    command, _, port = line.partition(",")
    if command == "/ethdev/list":
        return {command: list(range(telco.DPDK_PORTS))}
    known = {str(number): number for number in range(telco.DPDK_PORTS)}
    if command != _STATS or port not in known:
        return {command: None}
    counted = asdict(telco.packets(cluster, pod, known[port], at))
    none = [0] * (_QUEUES - 1)
    queues = {
        "q_ipackets": [counted["ipackets"], *none],
        "q_opackets": [counted["opackets"], *none],
        "q_ibytes": [counted["ibytes"], *none],
        "q_obytes": [counted["obytes"], *none],
        "q_errors": [0, *none],
    }
    return {command: counted | queues}
