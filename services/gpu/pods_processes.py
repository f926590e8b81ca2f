"""In which pod of a node a process runs, by its control groups: pure.

The kubelet makes a group for each pod, with its UID in the name, and the container's runtime one
below it for each container. Sources: proc_pid_cgroup(5), cgroup_namespaces(7), and the kubelet's
``pkg/kubelet/cm``: ``/kubepods/burstable/pod<uid>/<id>`` with its own driver, and with that of
systemd ``…/kubepods-burstable-pod<uid>.slice/crio-<id>.scope``, where the UID has ``_`` for ``-``.
Seen from a pod with control groups of its own, paths begin with as many ``..`` as it takes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.gpu import Attribution, GpuProcess
from services.gpu.pods import Inhabitant

_LINE = re.compile(r"/proc/(\d{1,10})/cgroup:\d{1,5}:[^:]*:(/.*)")
_UID = r"[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}"
_POD = re.compile(rf"(?:^|[/-])pod({_UID})(?=[./]|\Z)")
_CONTAINER = re.compile(r"(?:^|[/:-])([0-9a-f]{64})(?=[./]|\Z)")
_HOST = re.compile(r"/(?:\.\./)*(?:system\.slice|user\.slice|init\.scope|machine\.slice)(?=/|\Z)")


@dataclass(frozen=True, slots=True)
class Group:
    """Where a process belongs, as far as its control groups say it."""

    pod: str | None = None
    """A UID."""
    container: str | None = None
    host: bool = False


def question(pids: Iterable[int]) -> tuple[str, ...]:
    """The command that tells the control groups of these processes; it needs no shell."""
    return ("grep", "-H", "", *(f"/proc/{pid}/cgroup" for pid in pids))


def groups(output: str) -> dict[int, Group]:
    """What it says, by process; one that has ended meanwhile is missing."""
    paths: dict[int, list[str]] = {}
    for line in output.splitlines():
        found = _LINE.fullmatch(line)
        if found is not None:
            paths.setdefault(int(found[1]), []).append(found[2])
    return {pid: _group(told) for pid, told in paths.items()}


def attributed(
    process: GpuProcess, group: Group | None, inhabitants: Mapping[str, Inhabitant]
) -> GpuProcess:
    """A process with the pod that it runs in, if that is known."""
    if group is None:
        return process
    pod = _pod(group, inhabitants)
    if pod is not None:
        changes = {
            "attribution": Attribution.POD,
            "namespace": pod.namespace,
            "pod": pod.name,
            "container": pod.containers.get(group.container or ""),
        }
        return process.model_copy(update=changes)
    if group.pod is None and group.host:
        return process.model_copy(update={"attribution": Attribution.HOST})
    return process


def unknown(groups: Iterable[Group], inhabitants: Mapping[str, Inhabitant]) -> bool:
    """True if one of them belongs to a pod that is not known."""
    return any(_pod(group, inhabitants) is None for group in groups if group.pod or group.container)


def _pod(group: Group, inhabitants: Mapping[str, Inhabitant]) -> Inhabitant | None:
    known = inhabitants.get(group.pod or "")
    if known is not None or group.container is None:
        return known
    # A pod that a node runs by itself has another UID there than the API server knows it by.
    return next((each for each in inhabitants.values() if group.container in each.containers), None)


def _group(paths: Sequence[str]) -> Group:
    """Of the hierarchies, the one that knows most: not all of them need know pods."""
    for path in paths:
        pod = _POD.search(path)
        if pod is not None:
            return Group(pod[1].replace("_", "-"), _innermost(path))
    container = next(filter(None, map(_innermost, paths)), None)
    return Group(None, container, any(_HOST.match(path) for path in paths))


def _innermost(path: str) -> str | None:
    """The container, which may itself be in one that plays a node."""
    found = _CONTAINER.findall(path)
    return found[-1] if found else None
