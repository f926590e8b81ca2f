"""The few programs that the pods of a simulated cluster know."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.simulator import gpus, nvidia_smi, objects, telco, telco_programs
from deploy.simulator.cluster import Cluster, Node, Pod
from deploy.simulator.shell import MISSING, Outcome, script

__all__ = ["Outcome", "Place", "run"]

_GPU_DRIVER = "nvidia-driver-daemonset"
_WITH_SMI = frozenset({_GPU_DRIVER, "nvidia-device-plugin-daemonset", "nvidia-dcgm-exporter"})
_SHELLS = frozenset({"sh", "/bin/sh", "bash", "/bin/bash"})
_CONTROL_GROUP = re.compile(r"/proc/([0-9]{1,9})/cgroup")
_NO_FILE = "No such file or directory"


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a program runs."""

    cluster: Cluster
    pod: Pod
    at: datetime

    @property
    def node(self) -> Node:
        """The node of the pod."""
        return next(each for each in self.cluster.nodes() if each.name == self.pod.node)


def run(place: Place, command: Sequence[str]) -> Outcome:
    """What comes of a command; the runtime's own complaint if there is no such program."""
    if len(command) == 3 and command[0] in _SHELLS and command[1] == "-c":
        return script(lambda words, given: _program(place, words, given), command[2])
    found = _program(place, command, "")
    if found is None:
        # As crun says it.
        text = f"executable file `{command[0]}` not found in $PATH: {_NO_FILE}\n"
        return Outcome(stderr=text, code=MISSING)
    return found


def _program(place: Place, command: Sequence[str], given: str) -> Outcome | None:
    match command:
        case ["echo", *words]:
            return Outcome(" ".join(words) + "\n")
        case ["printf", text]:
            return Outcome(text.replace("\\n", "\n"))
        case ["cat", *files]:
            return _shown(place, "cat", files)
        case ["grep", "-H", "", *files]:
            return _shown(place, "grep", files)
        case _:
            return _special(place, command, given)


def _special(place: Place, command: Sequence[str], given: str) -> Outcome | None:
    pod, at = place.pod, place.at.timestamp()
    match command:
        case ["nvidia-smi" | "/usr/bin/nvidia-smi", *options] if pod.app in _WITH_SMI:
            stdout, code = nvidia_smi.run(place.cluster, place.node, options, place.at)
            return Outcome(stdout, code=code)
        case ["pmc" | "/usr/sbin/pmc", *options] if pod.app == "linuxptp-daemon":
            clock = telco.clock(place.cluster, place.node, at)
            return telco_programs.pmc(place.node.name, clock, options, place.at)
        case ["dpdk-telemetry.py", *_] if telco.uses_dpdk(pod):
            return Outcome(telco_programs.dpdk_telemetry(place.cluster, pod, given, at))
        case _:
            return None


def _shown(place: Place, program: str, files: Sequence[str]) -> Outcome:
    """The control groups of processes: the only files that there are."""
    stdout, stderr = "", ""
    known = _control_groups(place)
    for file in files:
        pid = _CONTROL_GROUP.fullmatch(file)
        text = known.get(int(pid[1])) if pid else None
        if text is None:
            stderr += f"{program}: {file}: {_NO_FILE}\n"
        else:
            head = f"{file}:" if program == "grep" else ""
            stdout += "".join(f"{head}{line}\n" for line in text.splitlines())
    failed = 2 if program == "grep" else 1
    return Outcome(stdout, stderr, failed if stderr else 0)


def _control_groups(place: Place) -> dict[int, str]:
    """Of every process on the GPUs of a node, where the pod sees the node's processes."""
    if place.pod.app != _GPU_DRIVER:
        return {}
    found: dict[int, str] = {}
    for gpu in gpus.of_node(place.cluster, place.node, place.at.timestamp()):
        for process in gpu.processes:
            path = "/user.slice/user-1000.slice/session-3.scope"
            if process.pod is not None:
                path = _path(place.cluster, process.pod)
            found[process.pid] = _lines(place.cluster, path)
    return found


def _path(cluster: Cluster, pod: Pod) -> str:
    uid = objects.pod_uid(cluster, pod).replace("-", "_")
    slices = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid}.slice"
    return f"{slices}/crio-{objects.container_id(cluster, pod)}.scope"


def _lines(cluster: Cluster, path: str) -> str:
    """Nodes with an old driver are old in this as well."""
    if nvidia_smi.driver_of(cluster) is nvidia_smi.NEW:
        return f"0::{path}\n"
    named = ("12:pids", "9:memory", "4:cpu,cpuacct", "2:devices", "1:name=systemd")
    return "".join(f"{each}:{path}\n" for each in named)
